"""Sheets laid out cell by cell: printed forms, live totals, cells to fill in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sibforecast.screen import columns_of

_MONEY = "#,##0.00;[Red]-#,##0.00"
_GAP = "[Red]#,##0.00;-#,##0.00;0.00"  # a gap above zero is a deficit: it is the one that is red
_LINE = {"border": 1, "border_color": "#8C9AA8", "valign": "vcenter"}
#: How each kind of cell looks. Totals are bold on grey, cells to fill in are yellow and blue.
_LOOKS: dict[str, dict[str, Any]] = {
    "plain": {"valign": "vcenter"},
    "title": {"bold": True, "font_size": 15, "align": "center", "valign": "vcenter"},
    "left": {"valign": "vcenter"},
    "right": {"align": "right", "valign": "vcenter"},
    "warn": {"bold": True, "font_color": "#B00020", "valign": "vcenter"},
    "head": {**_LINE, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#E3EAF2"},
    "text": {**_LINE, "num_format": "@", "indent": 1},
    "wrapped": {**_LINE, "num_format": "@", "text_wrap": True, "indent": 1},
    "band": {**_LINE, "num_format": "@", "bold": True, "bg_color": "#F2F2F2", "indent": 1},
    "na": {**_LINE, "align": "center", "font_color": "#7F7F7F"},
    "note": {"text_wrap": True, "valign": "top", "font_size": 10},
    "entry": {**_LINE, "num_format": "@", "bg_color": "#FFF9DB", "font_color": "#1F4E9E"},
    "entry_number": {**_LINE, "num_format": "General", "bg_color": "#FFF9DB", "font_color": "#1F4E9E"},
}  # fmt: skip
#: Number codes by the unit of an item; `gap` turns the colours round.
NUMBERS = {
    "currency": _MONEY, "currency/person-month": _MONEY, "currency/person-year": _MONEY, "currency/case": _MONEY,
    "persons": "#,##0", "person-months": "#,##0", "share": "0.00%", "per person-year": "0.0000", "months": "0.0",
    "number": "General", "amount": "#,##0.00", "gap": _GAP, "change": "0.0%;[Red]-0.0%",
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """A cell: what it holds, how it looks, and the formula that gives its number.

    Attributes
    ----------
    value : str, float or None
        Its content; with a formula, the number the formula gives. Text is never executed.
    look : str
        A key of the looks, or of the number codes with ``total`` before it for totals.
    formula : str
        The formula, if it is a live total.
    """

    value: Any = None
    look: str = "text"
    formula: str = ""


@dataclass
class Grid:
    """A sheet by rows of cells, and how it is read and printed.

    Attributes
    ----------
    rows : list of list
        The cells; ``None`` stays empty.
    widths : sequence of float
        Of the columns.
    head : tuple of int
        First and last row of the header, which stays in sight and on every printed page.
    frozen : int
        Columns that stay in sight.
    merged : list of tuple
        Ranges written as one cell: first row, first column, last row, last column.
    heights : dict of int to float
        Rows that are not of the usual height.
    printed_rows : int, optional
        Only so many rows are printed.
    note : str
        Printed at the head of every page.
    lists : list of tuple
        Columns to choose from a list: first row, column, last row, source.
    comments : list of tuple
        Row, column and text of comments.
    pages : tuple of int
        Pages it is printed on, across and down; 0 is as many as it takes.
    """

    rows: list[list[Cell | None]]
    widths: Sequence[float]
    head: tuple[int, int] = (0, 0)
    frozen: int = 1
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    heights: dict[int, float] = field(default_factory=dict)
    printed_rows: int | None = None
    note: str = ""
    lists: list[tuple[int, int, int, Any]] = field(default_factory=list)
    comments: list[tuple[int, int, str]] = field(default_factory=list)
    pages: tuple[int, int] = (1, 0)

    def draw(self, sheet: Any, styles: Any) -> None:
        """Write the cells and set up the page."""
        sheet.set_default_row(18)
        for place, width in enumerate(self.widths):
            sheet.set_column(place, place, width)
        whole = {(r, c): (r2, c2) for r, c, r2, c2 in self.merged}
        for r, row in enumerate(self.rows):
            for c, cell in enumerate(row):
                if cell is None:
                    continue
                quoted = isinstance(cell.value, str) and cell.value[:1] in ("=", "+", "-", "@")
                look = _look(styles, cell.look, quoted)
                if (r, c) in whole:
                    sheet.merge_range(r, c, *whole[r, c], "", look)
                _put(sheet, r, c, cell, look)
        for r, height in self.heights.items():
            sheet.set_row(r, height)
        for first, column, last, source in self.lists:
            sheet.data_validation(first, column, last, column, {"validate": "list", "source": source, "show_error": False})
        for r, c, text in self.comments:
            sheet.write_comment(r, c, text, {"x_scale": 3, "y_scale": 2})
        self._page(sheet)

    def _page(self, sheet: Any) -> None:
        """A4 landscape, as wide as the page, the header on every page."""
        sheet.freeze_panes(self.head[1] + 1, self.frozen)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{len(self.rows) + 1}"})
        sheet.print_area(0, 0, (self.printed_rows or len(self.rows)) - 1, max(map(len, self.rows)) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.fit_to_pages(*self.pages)
        sheet.center_horizontally()
        sheet.hide_gridlines(2)
        sheet.repeat_rows(*self.head)
        sheet.set_footer("&L&A&R&P / &N")
        if self.note:
            sheet.set_header(f"&C{self.note.replace('&', '&&')}")


def _look(styles: Any, name: str, quoted: bool) -> Any:
    """The format of a look, made when first needed; a quoted cell stays text even after someone edits it."""
    key = f"look {name}{' quoted' if quoted else ''}"
    if key not in styles.made:
        total, entered = name.startswith("total "), name.startswith("entered ")
        code = name.removeprefix("total ").removeprefix("entered ")
        made = dict(_LOOKS[code]) if code in _LOOKS else {**_LINE, "num_format": NUMBERS[code]}
        if entered:
            made |= {"bg_color": "#FFF9DB", "font_color": "#1F4E9E"}
        if total:
            made |= {"bold": True, "bg_color": "#F2F2F2"}
        if quoted:
            made["quote_prefix"] = True
        styles.made[key] = styles.book.add_format(made)
    return styles.made[key]


def _put(sheet: Any, row: int, column: int, cell: Cell, look: Any) -> None:
    """One cell: a formula with the number it gives, a number, text, or nothing."""
    value = cell.value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        sheet.write_blank(row, column, None, look)
    elif cell.formula:
        sheet.write_formula(row, column, cell.formula, look, float(value))
    elif isinstance(value, str):
        sheet.write_string(row, column, value, look)
    else:
        sheet.write_number(row, column, float(value), look)


def note_height(rows: Sequence[Sequence[Cell | None]], widths: Sequence[float]) -> dict[int, float]:
    """The height of the last row in points, a note that runs across all columns: as many lines as it takes.

    Examples
    --------
    >>> note_height([[Cell("注" * 45, "note"), None]], [40, 20])  # ninety columns wide, on sixty
    {0: 32.0}
    """
    told = str(rows[-1][0].value) if rows and rows[-1][0] is not None else ""
    return {len(rows) - 1: 4.0 + 14.0 * max(-(-columns_of(told) // int(0.95 * sum(widths))), 1)}
