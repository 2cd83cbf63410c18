"""What the budget rests on: base data, parameters of revenue and spending, balance and filling."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell as at

from sibforecast import items
from sibforecast.report.grid import Cell, Grid, note_height
from sibforecast.report.known import same
from sibforecast.report.official import Words, not_summed

#: The three tables of base data: kinds of funds that stand in each, and their names.
BASES = {
    "01": (("wage_based_pension", "flat_pension", "closing_subsidy_pension"), "基本养老保险基础资料表", "Base data of pensions"),
    "02": (("employee_medical", "resident_medical"), "基本医疗保险基础资料表", "Base data of medical insurance"),
    "03": (("unemployment", "injury"), "失业、工伤保险基础资料表", "Base data of unemployment and work injury"),
}  # fmt: skip
#: Sections of the base data, by the units of their items.
_SECTIONS = (
    (("persons", "person-months"), "一、人数", "1. Heads"),
    (("currency/person-month", "currency/person-year", "currency/case"), "二、工资、标准和待遇水平",
     "2. Wages, standards and levels"),
    (("share", "per person-year"), "三、费率和比例", "3. Rates and shares"),
)  # fmt: skip
#: Drivers of revenue; all others drive expenditure.
_OF_REVENUE = frozenset((
    "insured", "insured_active", "insured_average", "insured_active_average", "contributors", "contributors_flexible",
    "flexible_share", "contributor_ratio", "contribution_base", "contribution_rate", "collection_rate",
    "contribution_base_flexible", "contribution_rate_flexible", "collection_rate_flexible", "wage_bill",
    "wage_bill_flexible", "base_floor", "base_ceiling", "average_wage", "gdp", "urban_employment", "personal_contribution",
    "subsidy_per_head", "movers_in", "transfer_level_in", "interest_rate", "deposit_rate", "grant_per_beneficiary",
    "assessed", "assessed_flexible", "collected", "collected_flexible", "arrears", "arrears_recovered", "back_payments",
    "prepayments", "deferred_out", "deferred_in", "exempted", "written_off", "standing_subsidy", "standing_grant",
    "total_revenue_per_insured", "contribution_revenue_per_insured",
))  # fmt: skip
#: Rows of an annex that are drawn together on one page.
_ONE_PAGE = 45


def _number(item: str, value: float) -> Cell:
    """A figure in the format of its item."""
    unit = items.CATALOGUE[item].unit
    return Cell(value, "gap" if item == "gap" else unit)


def _drivers(words: Words, funds: Iterable[str]) -> list[str]:
    """Drivers and rates the funds know, in the order of the catalogue."""
    known = {i for f in funds for i in words.account.items(f)}
    return [c for c, entry in items.CATALOGUE.items() if c in known and entry.side in ("driver", "rate")]


def base_form(words: Words, number: str) -> Grid | None:
    """One of the three tables of base data; ``None`` where no fund belongs to it.

    The official columns were not found: heads, wages and rates by fund, for the last final
    account, the outturn expected and the draft, are a proposal of ours.
    """
    account = words.account
    kinds, zh, en = BASES[number]
    funds = [f for f, (_, kind) in account.funds.items() if kind in kinds]
    if not funds:
        return None
    shown = [c for c in account.columns if c[1] in ("final", "expected", "draft")]
    width = 2 + len(funds) * len(shown)
    top, merged = words.top(words(f"{account.year}年{zh}", f"{en}, {account.year}"),
                            words(f"社预附{number}表", f"Annex {number}") if account.currency == "yuan" else "", width)
    top[2][max(width // 2, 1)] = Cell(words("单位：见各行", "Units: in each row"), "right")
    one: list[Cell | None] = [Cell(words("指标", "Indicator"), "head"), Cell(words("单位", "Unit"), "head")]
    two: list[Cell | None] = [None, None]
    merged += [(3, 0, 4, 0), (3, 1, 4, 1)]
    for f in funds:
        if len(shown) > 1:
            merged.append((3, len(one), 3, len(one) + len(shown) - 1))
        one += [Cell(account.funds[f][0], "head"), *[None] * (len(shown) - 1)]
        two += [Cell(words.column(c), "head") for c in shown]
    rows: list[list[Cell | None]] = [*top, one, two]
    for units, in_zh, in_en in _SECTIONS:
        codes = [c for c in _drivers(words, funds) if items.CATALOGUE[c].unit in units]
        if codes:
            rows.append([Cell(words(in_zh, in_en), "band"), *[Cell(None, "band")] * (width - 1)])
        for code in codes:
            figures = [_number(code, account.get(f, code, c)) if account.has(f, code) else Cell("—", "na")
                       for f in funds for c in shown]  # fmt: skip
            rows.append([Cell(words.item(code), "text"), Cell(words.unit(code), "text"), *figures])
    text = words("注：官方附表的栏目未查到，本表栏目为本软件所设。—：无此项或无数据。",
                 "Note: the columns of the official annex were not found; these are ours. —: none, or not known.")
    merged.append((len(rows), 0, len(rows), width - 1))
    rows.append([Cell(text, "note"), *[None] * (width - 1)])
    widths = [30, 13, *[19] * (width - 2)]
    pages = (1, 1) if len(rows) <= _ONE_PAGE else (1, 0)  # no two rows on a page of their own
    return Grid(rows, widths, (0, 4), 2, merged, {0: 28.0, 3: 22.0, 4: 34.0} | note_height(rows, widths), pages=pages)


def parameter_form(words: Words, revenue: bool) -> Grid:
    """Drivers of revenue or of spending, fund by fund: last year, budget, outturn, draft and how it was found.

    Drivers that people entered (judgement) look like cells to fill in.
    """
    account, shown = words.account, words.account.columns
    title = words(f"{account.year}年{'收入' if revenue else '支出'}参数表",
                  f"Parameters of {'revenue' if revenue else 'expenditure'}, {account.year}")
    width = 4 + len(shown)
    top, merged = words.top(title, "", width)
    told = words("单位：见各行；黄色为人工录入", "Units: in each row; yellow was entered by people")
    top[2][max(width // 2, 1)] = Cell(told, "right")
    head = [words("项目", "Driver"), words("单位", "Unit"), *(words.column(c) for c in shown),
            words("草案比预计", "Draft on outturn"), words("草案方法", "Method of the draft")]  # fmt: skip
    head[0] = words("指标", "Driver")  # 项目 heads official forms alone
    rows: list[list[Cell | None]] = [*top, [Cell(text, "head") for text in head]]
    wide: dict[int, float] = {}
    for fund in account.funds:
        codes = [c for c in _drivers(words, [fund]) if (c in _OF_REVENUE) == revenue]
        if codes:
            rows.append([Cell(account.funds[fund][0], "band"), *[Cell(None, "band")] * (width - 1)])
        for code in codes:
            rows.append(_parameter_row(words, fund, code, len(rows)))
            method = words.teller.text(account.methods.get((fund, code), ""))
            lines = -(-sum(1 if letter.isascii() else 2 for letter in method) // 40)
            wide |= {len(rows) - 1: 14.0 * lines} if lines > 1 else {}
    heights = {0: 28.0, 3: 34.0} | wide
    return Grid(rows, [30, 15, *[22] * len(shown), 12, 46], (0, 3), 2, merged, heights)


def _parameter_row(words: Words, fund: str, code: str, row: int) -> list[Cell | None]:
    """One driver of one fund."""
    account, shown = words.account, words.account.columns
    figures = [words.shown(fund, code, c) for c in shown]
    method = account.methods.get((fund, code), "")
    cells = [_number(code, v) for v in figures]
    if method.startswith("judgement"):
        cells[-1] = Cell(figures[-1], f"entered {items.CATALOGUE[code].unit}")
    places = {c: 2 + n for n, c in enumerate(shown)}
    change = Cell(None, "change")
    if account.before in places and account.draft in places:
        old, new = (words.shown(fund, code, c) for c in (account.before, account.draft))
        if math.isfinite(new) and math.isfinite(old) and old > 0:
            cells_of = f"{at(row, places[account.draft])}/{at(row, places[account.before])}"
            change = Cell(round(new / old - 1, 6) + 0.0, "change", f"=ROUND({cells_of}-1,6)")
    return [Cell(words.item(code), "text"), Cell(words.unit(code), "text"), *cells, change,
            Cell(words.teller.text(method), "wrapped")]  # fmt: skip


#: Columns of the balance table: revenue, spending, and how the gap between them is filled.
_BALANCE = (
    "opening_balance", "total_revenue", "total_expenditure", "gap", "own_balance", "gap_subsidy", "gap_grant", "open",
    "closing_balance", "months_payable",
)  # fmt: skip
_BALANCE_WORDS = {"own_balance": ("动用结余", "Met by own balance"), "open": ("未弥补缺口", "Left open")}


def balance_form(words: Words, balance: Any) -> Grid:
    """The balance table: gap before filling, how it is filled, what stays open, the closing balance."""
    account = words.account
    title = words(f"{account.year}年基金平衡表（缺口及弥补）", f"Balance of the funds: gap and filling, {account.year}")
    top, merged = words.top(title, "", 1 + len(_BALANCE))
    names = [_BALANCE_WORDS[i][not words.zh] if i in _BALANCE_WORDS else words.item(i) for i in _BALANCE]
    rows: list[list[Cell | None]] = [*top, [Cell(t, "head") for t in (words("险种", "Fund"), *names)]]
    first = len(rows)
    given = {str(r["programme"]): r for r in balance.astype({"programme": object}).to_dict("records")}
    columns: dict[str, list[float]] = {i: [] for i in _BALANCE}
    for fund, name in ((f, account.funds[f][0]) for f in account.summed):
        figures = {i: _of_balance(words, given.get(fund, {}), fund, i) for i in _BALANCE}
        for item, value in figures.items():
            columns[item].append(value)
        rows.append([Cell(name, "wrapped"), *_balance_row(figures, len(rows))])
    last: list[Cell | None] = [Cell(words("合计", "All funds"), "band")]
    for place, item in enumerate(_BALANCE, start=1):
        told = [0.0 if item in ("gap_subsidy", "gap_grant") and math.isnan(v) else v for v in columns[item]]
        whole = sum(told)
        look = "total gap" if item in ("gap", "open") else "total currency"
        formula = f"=SUM({at(first, place)}:{at(len(rows) - 1, place)})"
        last.append(Cell("", "band") if item == "months_payable" else Cell(whole, look, formula))
    rows.append(last)
    text = words("注：缺口为正数表示收不抵支；缺口＝支出合计－（收入合计－缺口补助－缺口上级补助）。"
                 "一个地区、一个险种的结余不弥补其他地区、其他险种的缺口。",
                 "Note: a positive gap is a deficit; gap = expenditure − (revenue − gap-filling subsidy − gap-filling grant). "
                 "The balance of one fund or area fills the gap of no other.") + not_summed(words)
    merged.append((len(rows), 0, len(rows), len(_BALANCE)))
    rows.append([Cell(text, "note"), *[None] * len(_BALANCE)])
    widths = [30, *[19] * (len(_BALANCE) - 1), 9]
    heights = {0: 28.0, 3: 34.0} | note_height(rows, widths) | {first + n: 30.0 for n in range(len(account.summed) + 1)}
    return Grid(rows, widths, (0, 3), 1, merged, heights, pages=(1, 1))


def _of_balance(words: Words, row: Any, fund: str, item: str) -> float:
    if item in ("total_revenue", "total_expenditure") or item not in row:
        return words.shown(fund, item, words.account.draft) if item in items.CATALOGUE else math.nan
    return float(row[item]) / (1.0 if item == "months_payable" else words.scale)


def _balance_row(figures: dict[str, float], row: int) -> Sequence[Cell]:
    """Figures of one fund; the gap follows from revenue, spending and filling where it does so to the cent."""
    place = {item: at(row, n) for n, item in enumerate(_BALANCE, start=1)}
    filled = [0.0 if math.isnan(figures[i]) else figures[i] for i in ("gap_subsidy", "gap_grant")]
    reckoned = figures["total_expenditure"] - (figures["total_revenue"] - sum(filled))
    out = []
    for item, value in figures.items():
        look = "gap" if item in ("gap", "open") else "months" if item == "months_payable" else "currency"
        live = item == "gap" and same(reckoned, value)
        filling = f"{place['gap_subsidy']}-{place['gap_grant']}"
        out.append(Cell(value, look, f"={place['total_expenditure']}-({place['total_revenue']}-{filling})" if live else ""))
    return out
