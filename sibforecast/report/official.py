"""The official forms: the total table, and one two-sided form for each fund.

Layout: the published 2021 set of budget forms (社预01–08, 单位:元) and a county's published table
in six columns with ``×`` where a line does not apply.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from xlsxwriter.utility import xl_rowcol_to_cell as at

from sibforecast import items
from sibforecast.phrases import Teller
from sibforecast.report.account import Account
from sibforecast.report.grid import Cell, Grid, note_height
from sibforecast.report.known import same
from sibforecast.sheets import REPEATS

#: Form numbers of the seven funds, and the short names of their sheets.
FORMS = {
    "enterprise_pension": ("02", "企业职工养老"), "resident_pension": ("03", "城乡居民养老"),
    "civil_servant_pension": ("04", "机关事业养老"), "employee_medical": ("05", "职工医保"),
    "resident_medical": ("06", "居民医保"), "work_injury": ("07", "工伤保险"), "unemployment": ("08", "失业保险"),
}  # fmt: skip
#: Parts that are shown below a line where they are known and not nothing.
_PARTS = {
    "contribution_revenue": ("arrears_recovered", "back_payments"), "fiscal_subsidy": ("gap_subsidy",),
    "upper_grant": ("gap_grant",), "benefit_expenditure": items.BENEFIT_LINES,
}  # fmt: skip
_NUMERALS = "一二三四五六七八九"
#: Amounts of other currencies than the yuan are shown in millions.
MILLION = 1e6
_STAGES = {
    "final": ("{}年决算数", "{} final"), "executed": ("{}年执行数", "{} executed"), "budget": ("{}年预算数", "{} budget"),
    "adjusted": ("{}年调整预算数", "{} adjusted budget"), "expected": ("{}年预计执行数", "{} expected outturn"),
    "draft": ("{}年预算数（草案）", "{} draft budget"),
}  # fmt: skip


@dataclass(frozen=True)
class Words:
    """What the forms say, in one of two languages."""

    account: Account
    zh: bool
    illustrative: bool
    teller: Teller = field(default_factory=lambda: Teller("en"))
    wan: bool = False  # amounts in 万元

    def __call__(self, zh: str, en: str) -> str:
        """One of two texts."""
        return zh if self.zh else en

    @property
    def scale(self) -> float:
        """By what amounts are divided."""
        return MILLION if self.account.currency != "yuan" else 1e4 if self.wan else 1.0

    @property
    def money(self) -> str:
        """The unit of amounts."""
        if self.account.currency == "yuan":
            return self("万元", "10k yuan") if self.wan else self("元", "yuan")
        return f"{self.account.currency} m"

    def column(self, column: tuple[str, str]) -> str:
        """The heading of a year and stage."""
        return _STAGES[column[1]][not self.zh].format(column[0])

    def item(self, code: str) -> str:
        """The name of an item."""
        label = items.CATALOGUE[code].label("zh" if self.zh else "en")
        return label[:1].upper() + label[1:]

    def unit(self, code: str) -> str:
        """The unit of an item, as it is shown."""
        unit = items.CATALOGUE[code].unit
        if unit == "currency":
            return self.money
        if unit == "share":
            return "%"
        text = items.UNITS[unit][self.zh]
        name = self.account.currency
        return text if name == "yuan" else text.replace("yuan", name).replace("元", name)

    def shown(self, fund: str, item: str, column: tuple[str, str]) -> float:
        """A figure in the unit it is shown in."""
        value = self.account.get(fund, item, column)
        return value / self.scale if items.CATALOGUE[item].unit == "currency" else value

    def top(self, title: str, number: str, columns: int) -> tuple[list[list[Cell | None]], list[tuple[int, int, int, int]]]:
        """Title, form number at the right, reporting area and unit line, and the merged ranges."""
        half = max(columns // 2, 1)
        who = self("编报单位：", "Reporting area: ") + self.account.region
        unit = self("单位：", "Unit: ") + self.money
        mark = self("示例数据，不是真实数据", "ILLUSTRATIVE DATA, NOT REAL") if self.illustrative else ""
        blank: list[Cell | None] = [None] * columns
        rows = [blank[:], blank[:], blank[:]]
        rows[0][0] = Cell(title, "title")
        rows[1][0], rows[1][-1] = Cell(mark, "warn"), Cell(number, "right")
        rows[2][0], rows[2][half] = Cell(who, "left"), Cell(unit, "right")
        merged = [(0, 0, 0, columns - 1)]
        merged += [(2, 0, 2, half - 1)] if half > 1 else []
        merged += [(2, half, 2, columns - 1)] if columns - half > 1 else []
        return rows, merged


@dataclass(frozen=True)
class Line:
    """A line of a form: the item, what it is called, and the lines it is the sum of."""

    label: str
    item: str
    look: str = "text"
    sums: Callable[[dict[str, str]], str] | None = None  # the formula from the addresses of items


def _sum(codes: Iterable[str], minus: Iterable[str] = ()) -> Callable[[dict[str, str]], str]:
    """A formula that adds the cells of items up; text such as × counts for nothing in it."""
    plus, less = tuple(codes), tuple(minus)

    def formula(cells: dict[str, str]) -> str:
        text = "=SUM(" + ",".join(cells[c] for c in plus if c in cells) + ")"
        return text + "".join(f"-SUM({cells[c]})" for c in less if c in cells)

    return formula


def _lines(codes: Sequence[str], words: Words, fund: str, first: int) -> list[Line]:
    """Numbered lines, each followed by its parts."""
    account, out = words.account, []
    for n, code in enumerate(codes, start=first):
        out.append(Line(words(f"{_NUMERALS[n]}、{words.item(code)}", f"{n + 1}. {words.item(code)}"), code))
        parts = [p for p in _PARTS.get(code, ()) if any(
            account.get(fund, p, c) not in (0.0,) and math.isfinite(account.get(fund, p, c))
            for c in account.on_forms)]  # fmt: skip
        for place, part in enumerate(parts):
            lead = words("    其中：", "    of which ") if place == 0 else words("          ", "             ")
            out.append(Line(f"{lead}{words.item(part)}", part))
    return out


def sides(words: Words, fund: str) -> tuple[list[Line | None], list[Line | None]]:
    """The lines of both sides, totals beside totals."""
    revenue, between = items.REVENUE_LINES, items.INTER_LEVEL_REVENUE
    spending, passed = items.EXPENDITURE_LINES, items.INTER_LEVEL_EXPENDITURE
    adjusted = words.account.has(fund, "balance_adjustment")
    left: list[Line | None] = []
    right: list[Line | None] = []

    def both(one: Sequence[Line | None], other: Sequence[Line | None]) -> None:
        height = max(len(one), len(other))
        left.extend([*one, *[None] * (height - len(one))])
        right.extend([*other, *[None] * (height - len(other))])

    both(_lines(revenue, words, fund, 0), _lines(spending, words, fund, 0))
    both([Line(words.item("revenue_subtotal"), "revenue_subtotal", "band", _sum(revenue))],
         [Line(words.item("expenditure_subtotal"), "expenditure_subtotal", "band", _sum(spending))])
    both(_lines(between, words, fund, len(revenue)), _lines(passed, words, fund, len(spending)))
    both([Line(words.item("total_revenue"), "total_revenue", "band", _sum(("revenue_subtotal", *between)))],
         [Line(words.item("total_expenditure"), "total_expenditure", "band", _sum(("expenditure_subtotal", *passed)))])
    carried = [Line(words.item("balance_adjustment"), "balance_adjustment")] if adjusted else [None]
    both([*carried, Line(words.item("opening_balance"), "opening_balance")],
         [Line(words.item("current_balance"), "current_balance", sums=_sum(["total_revenue"], ["total_expenditure"])),
          Line(words.item("closing_balance"), "closing_balance",
               sums=_sum(["opening_balance", "current_balance", "balance_adjustment"]))])
    total = words("总计", "Total of both sides")
    both([Line(total, "left", "band", _sum(("total_revenue", "balance_adjustment", "opening_balance")))],
         [Line(total, "right", "band", _sum(("total_expenditure", "closing_balance")))])
    return left, right


def total_of_side(words: Words, fund: str, side: str, column: tuple[str, str]) -> float:
    """总计: revenue and opening balance, or expenditure and closing balance."""
    parts = ("total_revenue", "opening_balance") if side == "left" else ("total_expenditure", "closing_balance")
    value = sum(words.shown(fund, p, column) for p in parts)
    adjustment = words.shown(fund, "balance_adjustment", column)
    return value + adjustment if side == "left" and math.isfinite(adjustment) else value


def _reckoned(formula: Callable[[dict[str, str]], str], figures: dict[str, float]) -> float:
    """What a formula gives with these figures; blank cells count for nothing."""
    text = formula({code: code for code in figures})
    plus, *less = text.removeprefix("=SUM(").replace(")", "").split("-SUM(")
    told = [figures[c] for c in plus.split(",") if c]
    taken = [figures[c] for c in less]
    return sum(v for v in told if math.isfinite(v)) - sum(v for v in taken if math.isfinite(v))


def live(
    line: Line, value: float, cells: dict[str, str], figures: dict[str, float], look: str, scale: float = 1.0
) -> Cell:  # fmt: skip
    """A total as a formula where its lines, times the scale, make it up to the cent; else the figure as it is."""
    if line.sums is None or not same(_reckoned(line.sums, figures) * scale, value * scale):
        return Cell(value, look)
    return Cell(value, look, line.sums(cells))


def fund_form(words: Words, fund: str) -> Grid:
    """The two-sided form of one fund: six columns, last year's outturn and the draft."""
    account = words.account
    name, columns = account.funds[fund][0], (account.before, account.draft)
    number = FORMS.get(fund, ("", ""))[0]
    fund_name = name if name.endswith("基金") or not words.zh else f"{name}基金"
    title = words(f"{account.year}年{fund_name}收支预算表", f"{name}: budget of revenue and expenditure, {account.year}")
    top, merged = words.top(title, words(f"社预{number}表", f"Form {number}") if number else "", 6)
    head = [Cell(text, "head") for _ in range(2) for text in (words("项目", "Line"), *(words.column(c) for c in columns))]
    rows: list[list[Cell | None]] = [*top, list(head)]
    left, right = sides(words, fund)
    first = len(rows)
    rows += [[None] * 6 for _ in left]
    where: dict[tuple[str, int], str] = {}
    for start, side in ((0, left), (3, right)):
        for n, line in enumerate(side):
            for k in range(2):
                if line is not None:
                    where[line.item, k] = at(first + n, start + 1 + k)
    for start, side in ((0, left), (3, right)):
        for n, line in enumerate(side):
            rows[first + n][start : start + 3] = _row(words, fund, line, columns, where)
    notes = _notes(words, fund)
    for text in notes:
        merged.append((len(rows), 0, len(rows), 5))
        rows.append([Cell(text, "note"), *[None] * 5])
    heights = {0: 28.0, 3: 22.0} | dict.fromkeys(range(first, first + len(left)), 23.0)
    return Grid(rows, [36, 22, 22, 36, 22, 22], (0, 3), 0, merged, heights, pages=(1, 1))


def _row(
    words: Words, fund: str, line: Line | None, columns: Sequence[tuple[str, str]], where: dict[tuple[str, int], str]
) -> list[Cell | None]:
    """Label and two figures of one side of a form."""
    if line is None:
        return [Cell("", "text"), Cell(None, "text"), Cell(None, "text")]
    out: list[Cell | None] = [Cell(line.label, line.look)]
    for k, column in enumerate(columns):
        side = line.item in ("left", "right")
        value = total_of_side(words, fund, line.item, column) if side else words.shown(fund, line.item, column)
        look = "total currency" if line.look == "band" else "currency"
        if words.account.lacks(fund, line.item):
            out.append(Cell("×", "na"))
            continue
        cells = {item: address for (item, place), address in where.items() if place == k}
        figures = {item: words.shown(fund, item, column) for item in cells if item not in ("left", "right")}
        out.append(live(line, value, cells, figures, look))
    return out


def _notes(words: Words, fund: str) -> list[str]:
    """What stands below a form."""
    account = words.account
    months = account.get(fund, "months_payable", account.draft)
    gap = words.shown(fund, "gap", account.draft)
    if account.currency != "yuan":
        mended = "A blank is not known, never zero. Totals are live formulas."
    else:
        mended = words("×：按规定本基金无此项。空白：没有数据，不是零。合计为公式。",
                       "×: no such line by the rules of the fund. Blank: not known, never zero. Totals are live formulas.")
    notes = [words(f"注：{mended}{REPEATS}。", f"Notes: {mended}")]
    if math.isfinite(gap):
        told = words("可支付月数", "months payable")
        reserve = f"{months:.1f}" if math.isfinite(months) else "—"
        notes.append(words(
            f"   弥补前收支缺口（正数为收不抵支）{gap:,.2f}{words.money}；年末结余{told}{reserve}个月。",
            f"   Gap before filling (positive is a deficit) {gap:,.2f} {words.money}; {told} at year's end {reserve}.",
        ))
    return notes


def total_form(words: Words, title: str = "", number: str = "", note: str = "") -> Grid:
    """The total table over all funds: lines down, funds across; that of the draft year unless another title is given."""
    account, funds = words.account, list(words.account.summed)
    columns = 2 + len(funds)
    if not title:
        title = words(f"{account.year}年社会保险基金收支预算总表", f"Social insurance funds: budget in total, {account.year}")
        number = words("社预01表", "Form 01") if account.currency == "yuan" else ""
    top, merged = words.top(title, number, columns)
    heads = [words("项目", "Line"), words("合计", "All funds"), *(account.funds[f][0] for f in funds)]
    rows: list[list[Cell | None]] = [*top, [Cell(text, "head") for text in heads]]
    lines = _total_lines(words)
    first = len(rows)
    places = {line.item: first + n for n, line in enumerate(lines)}
    rows += [_total_row(words, line, places) for line in lines]
    merged.append((len(rows), 0, len(rows), columns - 1))
    rows.append([Cell(note or _total_note(words), "note"), *[None] * (columns - 1)])
    widths = [30, 22, *[20] * len(funds)]
    heights = {0: 28.0, 3: 48.0} | note_height(rows, widths) | {first + n: 23.0 for n in range(len(lines))}
    return Grid(rows, widths, (0, 3), 1, merged, heights, pages=(1, 1))


def _total_note(words: Words) -> str:
    """What stands below the total table of a draft."""
    told = words.column(words.account.draft)
    crossed = " ×: no such line by the rules." if words.account.currency == "yuan" else ""
    return words(f"注：本表为{told}，各基金上年数见各表。×：按规定无此项。{not_summed(words)}{REPEATS}。",
                 f"Notes: {told}; last year's figures are in the forms of the funds.{crossed}{not_summed(words)}")


def not_summed(words: Words) -> str:
    """What is not added up, where there is anything."""
    left = words.account.left_out
    return words(f"未计入合计（与所列基金重复，或未说明含哪些险种）：{left}。",
                 f" Not added up (held by funds shown or holding them, or not said which it holds): {left}.") if left else ""


def _total_lines(words: Words) -> list[Line]:
    """The lines of the total table."""
    revenue, between = items.REVENUE_LINES, items.INTER_LEVEL_REVENUE
    spending, passed = items.EXPENDITURE_LINES, items.INTER_LEVEL_EXPENDITURE
    sums = {
        "revenue_subtotal": _sum(revenue), "total_revenue": _sum(("revenue_subtotal", *between)),
        "expenditure_subtotal": _sum(spending), "total_expenditure": _sum(("expenditure_subtotal", *passed)),
        "current_balance": _sum(["total_revenue"], ["total_expenditure"]),
        "closing_balance": _sum(["opening_balance", "current_balance", "balance_adjustment"]),
    }  # fmt: skip
    adjusted = any(words.account.has(f, "balance_adjustment") for f in words.account.summed)
    order = (*revenue, "revenue_subtotal", *between, "total_revenue", *spending, "expenditure_subtotal", *passed,
             "total_expenditure", "opening_balance", "current_balance", *(["balance_adjustment"] if adjusted else []),
             "closing_balance")  # fmt: skip
    return [Line(words.item(i), i, "band" if i in sums else "text", sums.get(i)) for i in order]


def _total_row(words: Words, line: Line, rows: dict[str, int]) -> list[Cell | None]:
    """A line of the total table, with its sum over the funds."""
    account, look = words.account, "total currency" if line.look == "band" else "currency"
    cells: list[Cell | None] = []
    told: list[float] = []
    for place, fund in enumerate(account.summed):
        if account.lacks(fund, line.item):
            cells.append(Cell("×", "na"))
            continue
        value = words.shown(fund, line.item, account.draft)
        if not account.adds_nothing(fund, line.item, account.draft):
            told.append(value)
        figures = {i: words.shown(fund, i, account.draft) for i in rows}
        addresses = {i: at(r, 2 + place) for i, r in rows.items()}
        cells.append(live(line, value, addresses, figures, look, words.scale if words.wan else 1.0))
    whole = sum(told)
    if all(account.lacks(f, line.item) for f in account.summed):
        across = Cell("×", "na")
    elif not told:
        across = Cell(None, look)
    elif not math.isfinite(whole):
        across = Cell(None, look)  # of some funds is not of all
    else:
        across = Cell(whole, look, f"=SUM({at(rows[line.item], 2)}:{at(rows[line.item], 1 + len(account.summed))})")
    return [Cell(line.label, line.look), across, *cells]
