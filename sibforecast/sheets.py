"""Tables into an Excel file: text stays text, numbers stay numbers, blank stays blank."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sibforecast.errors import SibError
from sibforecast.items import CATALOGUE
from sibforecast.writing import written_whole

#: Said below a form whose figures stand in the table ``history`` too, so that they are read once.
REPEATS = "本表数字取自数据表"
#: Codes: text even where they look like numbers.
CODES = frozenset(
    {"region", "programme", "item", "period", "origin", "stage", "scenario", "cause", "line", "class", "clause",
     "payer", "policy", "parent", "code", "id", "key"}
)  # fmt: skip
#: Numbers that are not in the unit of the row's item.
_OWN_FORMAT = {
    "quantile": "0.0##", "ratio": "0.00%", "share": "0.00%", "season_share": "0.00%", "completion": "0.00%", "growth": "0.00%",
    "row": "0", "horizon": "0", "count": "#,##0", "weight": "0.0##", "score": "0.0##",
    "own_balance": "#,##0.00;[Red]-#,##0.00", "open": "[Red]#,##0.00;-#,##0.00;0.00", "at_stake": "#,##0.00",
    "months_covered": "0.0", "month": "0", "months": "0", "term_months": "0", "peers": "0",
    **dict.fromkeys(("opening", "rolled", "expected_deaths", "fewest_exits", "missing_exits"), "#,##0"),
    **dict.fromkeys(("rate", "preferential_rate", "peer_rate", "recovery", "present_share", "yield", "present_yield",
                     "present_contract", "equal_yield", "price", "falls_short", "present_falls_short", "chosen_level"), "0.00%"),
}  # fmt: skip
_UNIT_FORMAT = {
    "currency": "#,##0.00;[Red]-#,##0.00",
    "currency/person-month": "#,##0.00;[Red]-#,##0.00",
    "currency/person-year": "#,##0.00;[Red]-#,##0.00",
    "currency/case": "#,##0.00;[Red]-#,##0.00",
    "persons": "#,##0",
    "person-months": "#,##0",
    "share": "0.00%",
    "per person-year": "0.0000",
    "months": "0.0",
}
#: Columns that hold money in a table without an item column.
_MONEY = frozenset(
    {"value", "budget", "adjusted", "executed", "expected", "balance", "amount", "difference",
     "due", "not_assessed", "unsettled", "received", "not_transferred", "arrears_opening", "arrears_rolled", "worth",
     "paid_after", "standard", "expected_level", "level_excess", "excess_paid",
     "accrued", "preferential", "forgone", "without_rate", "booked", "present", "kept", "needed", "available", "short",
     "uncovered", "gained", "gained_equally"}
)  # fmt: skip

#: A gap above zero is a deficit: it is the one that is red.
_GAP_FORMAT = "[Red]#,##0.00;-#,##0.00;0.00"

_MAX_ROWS = 1_048_575  # of data; one more is the header
_MAX_TEXT = 32_767
_SAMPLED = 300


@dataclass(frozen=True)
class Sheet:
    """A table for one sheet.

    Attributes
    ----------
    columns : sequence of str
        What the columns are; decides which are codes and how numbers look.
    data : list of list
        The values, column by column.
    header : sequence of str, optional
        What is written above the columns, if not their names.
    note : str
        Printed at the head of every page.
    frozen : int
        Columns that stay in sight when the sheet is moved sideways.
    printed : int, optional
        Only so many columns are printed.
    printed_rows : int, optional
        Only so many rows are printed; the others are for reading on the screen.
    wrapped : mapping of str to int
        Columns of sentences, and the width at which they are wrapped.
    marked : mapping of str to sequence of str
        Columns, and the words in them whose rows are coloured: they must not be overlooked.
    """

    columns: Sequence[str]
    data: list[list[Any]]
    header: Sequence[str] | None = None
    note: str = ""
    frozen: int = 0
    printed: int | None = None
    printed_rows: int | None = None
    wrapped: Mapping[str, int] = field(default_factory=dict)
    marked: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Any) -> Sheet:
        """A sheet of a frame, or of column names and rows; a sheet is kept as it is.

        Examples
        --------
        >>> Sheet.of((("key", "value"), [("seed", 1)])).data
        [['seed'], [1]]
        """
        if isinstance(table, Sheet):
            return table
        if hasattr(table, "columns"):
            return cls([str(c) for c in table.columns], [table.iloc[:, i].tolist() for i in range(table.shape[1])])
        columns: Sequence[str] = table[0]
        rows: Iterable[Sequence[Any]] = table[1]
        listed = [list(row) for row in rows]
        wrong = next((row for row in listed if len(row) != len(columns)), None)
        if wrong is not None:
            raise SibError(f"a row of {len(wrong)} cells under {len(columns)} columns: {wrong[:6]}")
        return cls([str(c) for c in columns], [[row[i] for row in listed] for i in range(len(columns))])

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.data[0]) if self.data else 0

    def part(self, start: int) -> Sheet:
        """The rows that fit on one sheet, from this one on."""
        return replace(self, data=[column[start : start + _MAX_ROWS] for column in self.data])


def write_sheets(path: str | Path, sheets: Mapping[str, Any]) -> Path:
    """Write tables to an Excel file, one sheet each.

    Codes and all other texts are written as text, so that a cell beginning with ``=`` is
    never a formula; blanks are empty cells, never zero. Numbers take the format of their
    item: money ``#,##0.00`` with deficits red, persons ``#,##0``, shares ``0.00%``, months
    ``0.0``. The file is written whole or not at all; a table longer than a sheet goes on
    on the next.

    Parameters
    ----------
    path : str or Path
        The ``.xlsx`` file.
    sheets : mapping of str to pandas.DataFrame, (columns, rows), or what draws itself
        The tables by the name of their sheet; names are cut to what Excel allows. An object
        with ``draw(worksheet, styles)`` writes its own cells: a printed form.

    Returns
    -------
    Path

    Raises
    ------
    SibError
        If there is no sheet, the file is not ``.xlsx``, or a row does not fit its columns.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = write_sheets(f"{folder}/plain.xlsx", {"areas": (("region", "name"), [("150100", "=Hohhot")])})
    ...     print(file.name, file.stat().st_size > 0)
    plain.xlsx True
    """
    from xlsxwriter import Workbook

    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise SibError(f"{target.name}: a workbook is written as .xlsx")
    if not sheets:
        raise SibError("no sheet to write")
    tables = {name: table if hasattr(table, "draw") else Sheet.of(table) for name, table in sheets.items()}
    with written_whole(target) as temporary:
        book = Workbook(str(temporary), {"in_memory": False, "nan_inf_to_errors": False, "strings_to_formulas": False,
                                         "strings_to_urls": False})
        styles = _Styles(book)
        taken: set[str] = set()
        for name, sheet in tables.items():
            if not isinstance(sheet, Sheet):
                sheet.draw(book.add_worksheet(sheet_name(name, taken)), styles)
                continue
            for start in range(0, max(sheet.rows, 1), _MAX_ROWS):
                _write(book.add_worksheet(sheet_name(name, taken)), sheet.part(start), styles)
        book.close()
    return target


def sheet_name(name: str, taken: set[str]) -> str:
    """A name that Excel accepts and no other sheet has; it is added to `taken`.

    Examples
    --------
    >>> taken = set()
    >>> sheet_name("2026/2027", taken), sheet_name("2026:2027", taken)
    ('2026_2027', '2026_2027 (2)')
    """
    clean = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", str(name)).strip().strip("'")[:31].strip("' ") or "sheet"
    if clean.lower() == "history":  # a name Excel keeps for itself
        clean = "history_"
    found, number = clean, 1
    while found.lower() in taken:
        number += 1
        tail = f" ({number})"
        found = clean[: 31 - len(tail)] + tail
    taken.add(found.lower())
    return found


class _Styles:
    """Cell formats of one workbook, made when first needed."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.made: dict[str, Any] = {}
        self.head = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "vcenter", "bg_color": "#E3EAF2", "bottom": 1}
        )
        # A quoted cell stays text even after someone edits it.
        plain = {"num_format": "@", "align": "left", "indent": 1, "valign": "vcenter"}
        self.text, self.wrapped = book.add_format(plain), book.add_format({**plain, "text_wrap": True})
        self.quoted = book.add_format({**plain, "quote_prefix": True})
        self.marked = book.add_format({"bg_color": "#FCE4D6"})

    def number(self, code: str) -> Any:
        """The format of this number code."""
        if code and code not in self.made:
            self.made[code] = self.book.add_format({"num_format": code, "valign": "vcenter"})
        return self.made.get(code)


def _write(sheet: Any, table: Sheet, styles: _Styles) -> None:
    """Header, cells and widths."""
    header = [str(text) for text in table.header or table.columns]
    widths = [
        table.wrapped.get(column) or _width(text, values)
        for column, text, values in zip(table.columns, header, table.data, strict=True)
    ]
    sheet.set_row(0, 32 if any(_cells(text) + 4 > width for text, width in zip(header, widths, strict=True)) else 20)
    items = table.data[table.columns.index("item")] if "item" in table.columns else None
    codes = [_item_format(item) for item in items] if items is not None else None
    for place, (column, values) in enumerate(zip(table.columns, table.data, strict=True)):
        sheet.write_string(0, place, header[place], styles.head)
        sheet.set_column(place, place, widths[place])
        own = _column_format(column, codes is not None)
        text = styles.wrapped if column in table.wrapped else styles.text
        _write_column(sheet, place, column, values, codes if own is None else [own] * len(values), styles, text)
    for row, lines in _lines(table).items():
        sheet.set_row(row, 16.5 * lines)  # Chinese letters are taller
    _mark(sheet, table, styles)
    _lay_out(sheet, table)


def _lines(table: Sheet) -> dict[int, int]:
    """Rows that need more than one line for their wrapped sentences, and how many."""
    lines: dict[int, int] = {}
    for column, width in table.wrapped.items():
        for row, value in enumerate(table.data[table.columns.index(column)], start=1):
            need = -(-(_cells(value) + 1) // int(width * 1.1)) if isinstance(value, str) else 1
            if need > lines.get(row, 1):
                lines[row] = need
    return lines


def _mark(sheet: Any, table: Sheet, styles: _Styles) -> None:
    """Rows that must not be overlooked: coloured by a rule, so that they stay so when sorted."""
    from xlsxwriter.utility import xl_col_to_name

    for column, words in table.marked.items():
        place = xl_col_to_name(list(table.columns).index(column), col_abs=True)
        tests = ",".join(f'{place}2="{word}"' for word in words)
        rule = {"type": "formula", "criteria": f"=OR({tests})", "format": styles.marked}
        if table.rows:
            sheet.conditional_format(1, 0, table.rows, len(table.columns) - 1, rule)


def _lay_out(sheet: Any, table: Sheet) -> None:
    """How the sheet is read and printed: A4 landscape, the header on every page."""
    sheet.freeze_panes(1, table.frozen)
    if table.rows:
        sheet.autofilter(0, 0, table.rows, len(table.columns) - 1)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{table.rows + 1}"})
    if table.printed or table.printed_rows:
        sheet.print_area(0, 0, min(table.rows, table.printed_rows or table.rows), (table.printed or len(table.columns)) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&R&P / &N")
    if table.note:
        sheet.set_header(f"&C{table.note.replace('&', '&&')}")


def _item_format(item: Any) -> str:
    if item == "gap":
        return _GAP_FORMAT
    entry = CATALOGUE.get(item) if isinstance(item, str) else None
    return _UNIT_FORMAT.get(entry.unit, "") if entry else ""


def _column_format(column: str, by_item: bool) -> str | None:
    """The number format of a column; None where it is that of each row's item."""
    if column in _OWN_FORMAT:
        return _OWN_FORMAT[column]
    if column in CATALOGUE and column not in _MONEY:
        return _item_format(column)
    if by_item:
        return None
    return _UNIT_FORMAT["currency"] if column in _MONEY else ""


def _write_column(
    sheet: Any, place: int, column: str, values: list[Any], codes: list[str] | None, styles: _Styles, plain: Any
) -> None:
    """One column, each cell as what it is."""
    as_text = column in CODES
    for row, value in enumerate(values, start=1):
        if _blank(value):
            continue
        if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
            sheet.write_boolean(row, place, bool(value))
        elif not as_text and _is_number(value):
            sheet.write_number(row, place, value, styles.number(codes[row - 1] if codes else ""))
        else:
            text = str(value)
            text = text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
            sheet.write_string(row, place, text, styles.quoted if text[:1] in ("=", "+", "-", "@") else plain)


def _blank(value: Any) -> bool:
    """Whether a cell stays empty: not given, not a number, not a time."""
    if isinstance(value, float):
        return value != value
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _is_number(value: Any) -> bool:
    """Whether a cell is a finite number; infinities are written out as text."""
    if isinstance(value, str):
        return False
    try:
        return math.isfinite(value)
    except (TypeError, OverflowError):
        return False


def _width(header: str, values: list[Any]) -> float:
    """A width that fits most of a column: Chinese characters count twice."""
    step = max(1, len(values) // _SAMPLED)
    full = _cells(header) + 4  # with room for the filter button
    sizes = [full if full <= 26 else _cells(max(header.split(" "), key=_cells)) + 4]
    for value in values[::step]:
        if isinstance(value, float):
            sizes.append(len(f"{value:,.2f}") + 2 if math.isfinite(value) else 0)
        elif value is not None:
            sizes.append(_cells(str(value)) + 3)
    return float(min(max(*sizes, 8), 46))


def _cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
