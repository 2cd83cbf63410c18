"""Forms of the year behind and of the year under way: final accounts (社决02–11), execution (社预执行02–08).

Two-sided as the budget forms, in 万元: last year, budget, adjusted budget and final account, with the
account in per cent of the budget and of last year; of the year under way the columns of a published
table of execution. Form numbers follow the list of 2016; its forms for funds since merged, and its
balance sheet (社决01), have no figures here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xlsxwriter.utility import xl_rowcol_to_cell as at

from sibforecast.items import CATALOGUE, EXPENDITURE_LINES, INTER_LEVEL_EXPENDITURE, INTER_LEVEL_REVENUE, REVENUE_LINES
from sibforecast.periods import Period
from sibforecast.phrases import Teller
from sibforecast.report.account import Account, tops_of
from sibforecast.report.grid import Cell, Grid, note_height
from sibforecast.report.known import same
from sibforecast.report.official import FORMS, Line, Words, live, not_summed, sides, total_form, total_of_side
from sibforecast.sheets import REPEATS

if TYPE_CHECKING:
    import pandas as pd

#: Numbers of the final forms; those of execution are the budget's.
_FINAL = {
    "enterprise_pension": "03", "resident_pension": "04", "civil_servant_pension": "05", "employee_medical": "06",
    "resident_medical": "07", "work_injury": "10", "unemployment": "11",
}  # fmt: skip
_LINES = ("revenue", "expenditure", "revenue_total", "expenditure_total", "benefit")
#: The month alone, as a stage of its own within a form.
_ALONE = "alone"
#: Each side with its lines, and those that pass between levels.
_SIDES = (("revenue", REVENUE_LINES, INTER_LEVEL_REVENUE), ("expenditure", EXPENDITURE_LINES, INTER_LEVEL_EXPENDITURE))
#: What stands where a figure is not known: a blank cell of a form is an error when it is read.
_UNKNOWN = "…"
Column = tuple[str, str]


@dataclass(frozen=True)
class _Ratio:
    """A column in per cent: one column ÷ the first known of others, less one where it is a growth."""

    head: str
    above: Column
    below: tuple[Column, ...]
    growth: bool = False

    def cell(self, words: Words, line: Line, fund: str, places: Mapping[tuple[str, Column], str], look: str) -> Cell:
        """A live formula; blank where the divisor is not known or not positive."""
        over = _value(words, fund, line.item, self.above)
        for column in self.below:
            under = _value(words, fund, line.item, column)
            if math.isfinite(under):
                break
        if not math.isfinite(over) or not under > 0:
            return Cell(None, look)
        text = f"={places[line.item, self.above]}/{places[line.item, column]}"
        return Cell(over / under - self.growth, look, text + ("-1" if self.growth else ""))


@dataclass(frozen=True)
class _Kind:
    """A kind of form: its title, its numbers, its columns of amounts with their headings, its ratios, its note."""

    title: str
    total: str
    numbers: Mapping[str, str]
    series: str
    columns: tuple[tuple[Column, str], ...]
    ratios: tuple[_Ratio, ...]
    note: str


def account_sheets(named: Mapping[str, Any], language: str, note: str, repeated: bool) -> dict[str, Grid]:
    """The forms of each settlement and each monitoring among the results, by sheet name.

    Of several areas the forms are those of the area they make up. `repeated`: whether the workbook
    holds the figures in sheets that are read back, so that the forms are not.
    """
    sheets: dict[str, Grid] = {}
    for result in named.values():
        kind_of = {"Settlement": _final, "Monitoring": _execution}.get(type(result).__name__)
        if kind_of is None or result.source is None:
            continue
        zh = language == "zh"
        made = kind_of(result, zh)
        rows = _rows_of(result.source, [c for c, _ in made.columns if c[1] != _ALONE], [_month_before(made), *_ends(made)])
        account = _account(result, rows, made, language)
        if account is None:
            continue
        words = Words(account, zh, bool(note), Teller(language), wan=account.currency == "yuan")
        for title, grid in _forms(words, made, repeated, _lacking(result)):
            grid.note = note
            sheets.setdefault(title, grid)
    return sheets


def _lacking(result: Any) -> dict[str, int]:
    """Of each fund how many areas have not handed in what the form is of: the sum is not known then."""
    frame = result.findings.frame
    bare = frame[frame["id"].isin(["not_reported", "account_missing"]) & frame["item"].isna()]
    return {str(fund): int(part["region"].nunique()) for fund, part in bare.groupby("programme")}


def _final(result: Any, zh: bool) -> _Kind:
    """Final account, or the year's execution where there is none yet."""
    year = int(result.year)
    frame = result.source._view()
    lines = [i for i, entry in CATALOGUE.items() if entry.side in _LINES]  # heads alone are no account
    told = frame.loc[frame["item"].isin(lines), ["period", "stage"]].drop_duplicates().astype(str)
    stages = set(told.itertuples(index=False, name=None))
    last, this = (_best(stages, y) for y in (year - 1, year))
    word = {"final": ("决算", "final account"), "executed": ("执行", "executed")}

    def said(chinese: str, english: str) -> str:
        return chinese if zh else english

    def head(column: Column) -> str:
        return said(f"{column[0][:4]}年{word[column[1]][0]}数", f"{column[0][:4]} {word[column[1]][1]}")

    budget, adjusted = (str(year), "budget"), (str(year), "adjusted")
    closed = this[1] == "final"
    name = said("决算数" if closed else "执行数", "the account")
    return _Kind(
        said(f"{year}年{{}}收支{'决算' if closed else '执行'}表", f"{{}}: {'final account' if closed else 'execution'}, {year}"),
        said(f"{year}年社会保险基金收支{'决算' if closed else '执行'}总表",
             f"Social insurance funds: {'final accounts' if closed else 'execution'} in total, {year}"),
        _FINAL if closed else {f: n for f, (n, _) in FORMS.items()}, "社决" if closed else "社预执行",
        ((last, head(last)), (budget, said(f"{year}年预算数", f"{year} budget")),
         (adjusted, said(f"{year}年调整预算数", f"{year} adjusted budget")), (this, head(this))),
        (_Ratio(said("完成预算%", "% of budget"), this, (adjusted, budget)),
         _Ratio(said("为上年%", "% of last year"), this, (last,))),
        said(f"未报的结余按收支合计推算。完成预算%：{name}÷调整预算数（没有调整的÷预算数）；为上年%：{name}÷上年数。",
             f"Balances not reported follow from the totals. % of budget: {name} ÷ adjusted budget (else budget); "
             f"% of last year: {name} ÷ last year."),
    )  # fmt: skip


def _best(stages: set[Column], year: int) -> Column:
    """Where a year's account stands: final, executed, or December's cumulative months."""
    places = ((str(year), "final"), (str(year), "executed"), (f"{year}-12", "executed"))
    return next((p for p in places if p in stages), (str(year), "final"))


def _execution(result: Any, zh: bool) -> _Kind:
    """The year to a month; columns as in a published quarterly table."""
    month = Period.parse(result.provenance["asof"])
    year, now, before = str(month.year), (str(month), "executed"), (str(Period(month.year - 1, month.month)), "executed")
    budget, adjusted, alone = (year, "budget"), (year, "adjusted"), (str(month), _ALONE)

    def said(chinese: str, english: str) -> str:
        return chinese if zh else english

    to = f"1-{month.month}月" if (month.month or 0) > 1 else "1月"
    return _Kind(
        said(f"{year}年{to}{{}}收支执行情况表", f"{{}}: execution to {month}"),
        said(f"{year}年{to}社会保险基金收支执行情况总表", f"Social insurance funds: execution in total to {month}"),
        {f: n for f, (n, _) in FORMS.items()}, "社预执行",
        ((budget, said("年预算数", "budget")), (adjusted, said("年调整后预算数", "adjusted budget")),
         (alone, said("当期执行数", f"{month} alone")), (now, said("累计执行数", f"to {month}")),
         (before, said("上年同期累计执行数", f"to {before[0]}"))),
        (_Ratio(said("预算执行进度(%)", "% of budget"), now, (adjusted, budget)),
         _Ratio(said("比上年同期增长(%)", "growth, %"), now, (before,), growth=True)),
        said("当期为本月，不列上年结余、滚存结余和总计；未报的结余按收支合计推算，累计执行的上年结余取上年决算；预算执行进度：累计执行数÷年调整后预算数（没有调整的÷年预算数）。",
             "A month alone opens and closes no year. Balances not reported follow from the totals; what is executed opens "
             "with last year's account. % of budget: executed since January ÷ adjusted budget (else budget)."),
    )  # fmt: skip


def _month_before(kind: _Kind) -> Column | None:
    """The month before the one that stands alone; none for January."""
    alone = next((c for c, _ in kind.columns if c[1] == _ALONE), None)
    month = Period.parse(alone[0]) if alone is not None else None
    return (str(Period(month.year, month.month - 1)), "executed") if month is not None and (month.month or 1) > 1 else None


def _ends(kind: _Kind) -> Iterator[Column]:
    """The accounts at whose end the years of outturn begin."""
    for (period, stage), _ in kind.columns:
        if stage in ("final", "executed"):
            yield (str(int(period[:4]) - 1), "final")


def _rows_of(data: Any, columns: Sequence[Column], more: Sequence[Column | None]) -> pd.DataFrame:
    """The figures of the columns, of the one area the data set's areas make up."""
    import pandas as pd

    from sibforecast.rollup.roll import roll_items

    frame = data._view()
    wanted = pd.MultiIndex.from_tuples(list(dict.fromkeys([*columns, *(column for column in more if column)])))
    keys = ["region", "programme", "item", "period", "stage"]
    here = pd.MultiIndex.from_frame(frame[["period", "stage"]].astype(str)).isin(wanted)
    rows = frame.loc[here, [*keys, "value"]].astype(dict.fromkeys(keys, "object"))
    tops = tops_of(data.regions)
    if rows["region"].nunique() > 1 and len(tops) == 1:
        rows = roll_items(rows, data.regions, data.regions.areas[tops[0]].level, [])
    one: pd.DataFrame = rows if rows["region"].nunique() == 1 else rows.iloc[:0]
    return one


def _account(result: Any, rows: pd.DataFrame, kind: _Kind, language: str) -> Account | None:
    """The figures as the forms need them, the month alone among them; ``None`` where there is no one area."""
    if rows.empty:
        return None
    data, names = result.source, result.labels(language)
    keys = rows[["programme", "item", "period", "stage"]].itertuples(index=False, name=None)
    values = dict(zip(keys, rows["value"].astype(float), strict=True))
    for column, _ in kind.columns:
        if column[1] == _ALONE:
            values |= dict(_alone(values, column[0], _month_before(kind)))
    columns = [column for column, _ in kind.columns]
    values |= dict(_subtotals(values, columns))
    values = dict(_balances(values, columns)) | values
    this = next(c for c in (r.above for r in kind.ratios))
    there = {key[0] for key in values if key[2].startswith(this[0][:4])}  # a budget of the year is enough
    funds = [c for c in data.programmes if c in there and c != "all"]
    area = str(rows["region"].iloc[0])
    return Account(
        names.get(area, area), int(this[0][:4]), {c: (names.get(c, c), data.programmes[c].kind) for c in funds},
        tuple(c for c, _ in kind.columns), str(data.currency), values, {}, frozenset((p, i) for p, i, _, _ in values), this,
        data.programmes,
    )  # fmt: skip


def _alone(values: Mapping[tuple[str, ...], float], month: str, before: Column | None) -> Iterator[tuple[tuple[str, ...], float]]:
    """Flows of a month: the sum since January less that to the month before; a stock has none."""
    for (fund, item, period, stage), value in values.items():
        if (period, stage) == (month, "executed") and CATALOGUE[item].timing == "flow":
            earlier = values.get((fund, item, *before), float("nan")) if before is not None else 0.0
            yield (fund, item, month, _ALONE), value - earlier


def _subtotals(values: Mapping[tuple[str, ...], float], columns: Sequence[Column]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Subtotals not reported, of sides whose known lines make up the total to the cent: what is not told adds nothing."""
    blank = float("nan")
    for fund in dict.fromkeys(key[0] for key in values):
        for column in columns:
            for side, lines, between in _SIDES:
                keys = [[(fund, line, *column) for line in of] for of in (lines, between)]
                own, passed = ([values[k] for k in of if math.isfinite(values.get(k, blank))] for of in keys)
                told = values.get((fund, f"total_{side}", *column), blank)
                if math.isfinite(values.get((fund, f"{side}_subtotal", *column), blank)) or not own:
                    continue
                if same(sum(own) + sum(passed), told):
                    yield (fund, f"{side}_subtotal", *column), sum(own)


def _balances(values: Mapping[tuple[str, ...], float], columns: Sequence[Column]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Balances that the totals of a column give where they are not reported themselves.

    Balance of the year = revenue − expenditure. What a year of outturn opens with is what the account of
    the year before closed with, else closing balance less balance and adjustment; and the other way round.
    """
    blank = float("nan")
    for fund in dict.fromkeys(key[0] for key in values):
        for period, stage in columns:
            def get(item: str, fund: str = fund, period: str = period, stage: str = stage) -> float:
                return values.get((fund, item, period, stage), blank)

            revenue, spent, adjusted = get("total_revenue"), get("total_expenditure"), get("balance_adjustment")
            told = {item: get(item) for item in ("current_balance", "opening_balance", "closing_balance")}
            full, moved = dict(told), 0.0 if math.isnan(adjusted) else adjusted
            full["current_balance"] = revenue - spent if math.isnan(told["current_balance"]) else told["current_balance"]
            if stage != _ALONE:  # a month alone begins and ends no year
                if math.isnan(full["opening_balance"]) and stage in ("final", "executed"):
                    full["opening_balance"] = values.get((fund, "closing_balance", str(int(period[:4]) - 1), "final"), blank)
                if math.isnan(full["opening_balance"]):
                    full["opening_balance"] = full["closing_balance"] - full["current_balance"] - moved
                if math.isnan(full["closing_balance"]):
                    full["closing_balance"] = full["opening_balance"] + full["current_balance"] + moved
            for item, value in full.items():
                if math.isnan(told[item]) and not math.isnan(value):
                    yield (fund, item, period, stage), value


def _forms(words: Words, kind: _Kind, repeated: bool, lacking: Mapping[str, int]) -> Iterator[tuple[str, Grid]]:
    """The total table and one form a fund."""
    account, yuan = words.account, words.account.currency == "yuan"
    marks = f"{REPEATS}。" if repeated and words.zh else ""
    crossed = words("×：按规定本基金无此项。…：没有数据，不是零。合计和百分比为公式。",
                    "×: no such line by the rules. …: not known, never zero. Totals and percentages are live formulas. ")
    note = words("注：", "Notes: ") + (crossed if yuan else crossed[crossed.index("…") :]) + kind.note + marks
    number = {"社决": "02", "社预执行": "01"}[kind.series]
    series = words(kind.series, "Final" if kind.series == "社决" else "Execution")
    shown = dict(kind.columns)[account.draft]
    left = not_summed(words)
    told = words(f"注：本表为{shown}，各基金上年数和预算数见各表。×：按规定无此项。…：没有数据，不是零。{left}{marks}",
                 f"Notes: {shown}; budgets and last year are in the forms of the funds. …: not known, never zero.{left}")
    whole = total_form(words, kind.total, f"{series}{number}{words('表', '')}" if yuan else "", told)
    for row in whole.rows[4:-1]:
        row[:] = [Cell(_UNKNOWN, "na") if c is None or c.value is None or c.value != c.value else c for c in row]
    yield f"{series}{words('', ' ')}{number} {words('总表', 'total')}", whole
    numbered = [f for f in account.funds if f in kind.numbers]
    for fund in numbered or account.funds:  # a form without number would not be known again as whose it is
        name = account.funds[fund][0]
        here = kind.numbers.get(fund, "")
        short = FORMS[fund][1] if fund in FORMS and words.zh else name if words.zh else fund.replace("_", " ")
        title = f"{series}{here} {short}" if words.zh else f"{series} {here} {short}".replace("  ", " ")
        full = name if name.endswith("基金") or not words.zh else f"{name}基金"
        sign = f"{series}{here}表" if words.zh and here else ""
        silent = lacking.get(fund, 0)
        told = words(f"{silent}个地区未报送，合计数不明。", f" {silent} areas have not reported: their sum is not known.")
        yield title[:31], _form(words, fund, kind, kind.title.format(full), sign, note + (told if silent else ""))


def _form(words: Words, fund: str, kind: _Kind, title: str, number: str, note: str) -> Grid:
    """The two-sided form of one fund."""
    heads = [words("项目", "Line"), *(h for _, h in kind.columns), *(r.head for r in kind.ratios)]
    wide = len(heads)
    rows, merged = words.top(title, number, 2 * wide)
    rows.append([Cell(text, "head") for _ in range(2) for text in heads])
    left, right = sides(words, fund)
    first = len(rows)
    places = {
        (line.item, column): at(first + n, start + 1 + k)
        for start, side in ((0, left), (wide, right)) for n, line in enumerate(side) if line is not None
        for k, (column, _) in enumerate(kind.columns)
    }  # fmt: skip
    rows += [[*_side(words, fund, one, kind, places), *_side(words, fund, other, kind, places)]
             for one, other in zip(left, right, strict=True)]  # fmt: skip
    merged.append((len(rows), 0, len(rows), 2 * wide - 1))
    rows.append([Cell(note, "note"), *[None] * (2 * wide - 1)])
    widths = [29 if words.zh else 37, *[15.5] * len(kind.columns), *[9.5] * len(kind.ratios)] * 2
    heights = {0: 28.0, 3: 36.0} | note_height(rows, widths) | dict.fromkeys(range(first, first + len(left)), 23.0)
    return Grid(rows, widths, (0, 3), 0, merged, heights, pages=(1, 1))


def _value(words: Words, fund: str, item: str, column: Column) -> float:
    return total_of_side(words, fund, item, column) if item in ("left", "right") else words.shown(fund, item, column)


def _side(
    words: Words, fund: str, line: Line | None, kind: _Kind, places: Mapping[tuple[str, Column], str]
) -> Iterator[Cell | None]:
    """Label, amounts and per cents of one side of a line."""
    amounts, ratios = len(kind.columns), len(kind.ratios)
    if line is None:
        yield from (Cell(None, "text") for _ in range(1 + amounts + ratios))
        return
    yield Cell(line.label, line.look)
    if words.account.lacks(fund, line.item):
        yield from (Cell("×", "na") for _ in range(amounts + ratios))
        return
    total = "total " if line.look == "band" else ""
    for column, _ in kind.columns:
        cells = {item: address for (item, where), address in places.items() if where == column}
        figures = {item: words.shown(fund, item, column) for item in cells if item not in ("left", "right")}
        if not math.isfinite(_value(words, fund, line.item, column)):
            yield Cell(_UNKNOWN, "na")
            continue
        yield live(line, _value(words, fund, line.item, column), cells, figures, f"{total}currency",
                   words.scale if words.wan else 1.0)
    for ratio in kind.ratios:
        yield ratio.cell(words, line, fund, places, f"{total}share")
