"""The head of a table: which columns mean what, which unit it states, which rows below are no data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sibforecast.errors import SibError
from sibforecast.tables.cells import read_cell, read_code, read_period
from sibforecast.tables.schema import HEADER_LOOKUP, Table
from sibforecast.tables.units import parse_unit

if TYPE_CHECKING:
    from sibforecast.tables.read import Collector

#: Columns of figures whose heading may state their unit: 数值（万元）.
_FIGURES = ("value", "amount", "balance")
_WITH_UNIT = re.compile(r"(.+?)\(([^()]+)\)")
_TITLE_UNIT = re.compile(r"单位 ?[::] ?(\S+)")
#: Words of a printed total.
_TOTALS = frozenset({"合计", "总计", "共计", "小计", "total", "sum"})


def meaning(word: object, known: set[str]) -> tuple[str, str]:
    """What a heading means in a table, and the unit it states; the bare word where it means nothing.

    Examples
    --------
    >>> meaning("数值（万元）", {"value", "unit"}), meaning("期限（月）", {"term_months"}), meaning("Rate", {"value"})
    (('value', '万元'), ('term_months', ''), ('rate', ''))
    """
    text = read_code(word)
    plain = "".join(text.lower().split())
    meant = [c for w in (plain, text.lower()) for c in (w, *HEADER_LOOKUP.get(w, ())) if c in known]
    if meant:
        return meant[0], ""
    parts = _WITH_UNIT.fullmatch(plain)
    if parts and _is_unit(parts[2]):
        head = meaning(parts[1], known)[0]
        if head in _FIGURES and head in known:
            return head, parts[2]
    return plain, ""


def _is_unit(word: str) -> bool:
    try:
        return bool(parse_unit(word))
    except SibError:
        return False


def header_row(cells: pd.DataFrame, filled: np.ndarray, known: set[str], required: tuple[str, ...]) -> int:
    """The header: below a title where one stands above it, else the first row with anything.

    A column `unit` may be missing from it, where its unit is stated elsewhere.
    """
    rows = np.flatnonzero(filled)
    for row in rows[:10]:
        if set(required) - {"unit"} <= {meaning(word, known)[0] for word in cells.iloc[row]}:
            return int(row)
    return int(rows[0])


def stated_unit(cells: pd.DataFrame, top: int, known: set[str]) -> str:
    """The unit that the heading of the figures states, or the title above the header; blank where none or several."""
    units = {unit for _, unit in (meaning(word, known) for word in cells.iloc[top]) if unit}
    if not units:
        above = [read_code(cell) for row in range(top) for cell in cells.iloc[row]]
        units = {match[1] for text in above if (match := _TITLE_UNIT.search(text)) and _is_unit(match[1])}
    return units.pop() if len(units) == 1 else ""


def not_data(
    schema: Table, file: str, cells: pd.DataFrame, keep: np.ndarray, columns: Mapping[str, int], known: set[str],
    found: Collector,
) -> np.ndarray:
    """Rows amid the data that hold a lone text, a note, a printed total, or the header again: one error each, not one a cell."""
    out = np.zeros(len(cells), dtype=bool)
    table, required = schema.name, [c for c in schema.required if c in columns]
    if len(required) < 3:
        return out
    last = required[-1]  # such a row has no cell of its own there, or a heading: most rows need no further look
    codes, distinct = pd.factorize(cells[columns[last]], use_na_sentinel=False)
    few = [n for n, c in enumerate(distinct) if not read_code(c) or meaning(c, known)[0] == last]
    for i in np.flatnonzero(keep & np.isin(codes, few)).tolist():
        texts = [read_code(c) for c in cells.iloc[i]]
        there = [c for c, text in zip(cells.iloc[i], texts, strict=True) if text]
        lone = len(there) == 1 and read_cell(there[0]).state == "fault"
        again = all(meaning(texts[columns[c]], known)[0] == c for c in required)
        empty = sum(not texts[columns[c]] for c in required) >= 2 and len(there) > 1
        total = empty and any(text.lower() in _TOTALS for text in texts)
        figures = [c for c in _FIGURES if c in columns]
        dated = "period" not in columns or read_period(cells.iloc[i, columns["period"]]) is not None
        told = [c for c in figures if read_cell(cells.iloc[i, columns[c]]).state not in ("fault", "blank")]
        note = (empty or not dated) and len(there) > 1 and bool(figures) and not told
        if total:
            out[i] = True
            found.add("total_row", "error", f"row {i + 1} looks like a printed total, not like data ({file}, row {i + 1})",
                      table=table, row=i + 1, found=", ".join(t for t in texts if t), expected="a row of data",
                      mend="delete the row; totals are computed")
        elif lone or again or note:
            out[i] = True
            found.add("heading_row", "error", f"row {i + 1} looks like a heading or a note, not like data ({file}, row {i + 1})",
                      table=table, row=i + 1, found=str(there[0]).strip(), expected="a row of data", mend="delete the row")
    return out
