"""Cells of the tables that `share` is given: names, amounts, periods; what is not understood is a fault with its rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from sibforecast.errors import SibError
from sibforecast.items import did_you_mean
from sibforecast.programmes.registry import PRINTED_TOTAL, words
from sibforecast.tables.cells import read_cell, read_code, read_period
from sibforecast.tables.data import FundData
from sibforecast.tables.names import Names
from sibforecast.tables.regions import Regions

#: Beyond it a cent is lost in a float, and no fund is near it.
LARGEST = 1e15


def names_of(data: FundData | None) -> Names:
    """How words become codes of a data set, or of the seven funds alone."""
    declared = {} if data is None else dict(data.programmes)
    return Names(Regions.of([]) if data is None else data.regions, words(declared), declared)


def area_reader(data: FundData | None, names: Names) -> Callable[[str], str]:
    """The area a word means; without a data set the word itself."""
    if data is None:
        return str

    def read(word: str) -> str:
        try:
            return names.region(word)
        except SibError as fault:
            known = [w for a in names.regions.areas.values() for w in (a.code, a.name)]
            raise SibError(f"{fault}{'' if 'may mean' in str(fault) else did_you_mean(word, known)}") from None

    return read


def fund_reader(data: FundData | None, names: Names) -> Callable[[str], str]:
    """The fund a word means; without a data set a word nobody knows is a code of its own."""

    def read(word: str) -> str:
        try:
            code = names.programme(word)
        except SibError:
            if data is not None:
                raise
            return word
        if code == PRINTED_TOTAL:
            raise SibError(f"{word!r} is the total over funds, not a fund")
        return code

    return read


def read_words(cells: pd.Series, read: Callable[[Any], Any], column: str, faults: list[str]) -> list[Any]:
    """Each distinct cell once; a cell that is not understood is a fault with its rows."""
    heaped = cells.map(lambda cell: isinstance(cell, (list, tuple, dict, set))).to_numpy(dtype=bool)
    if heaped.any():
        faults.append(f"{column}, {rows_told(cells.index[heaped])}: one cell holds several things")
        return [""] * len(cells)
    codes, distinct = pd.factorize(cells.astype(object), use_na_sentinel=False)
    meaning: list[Any] = []
    for place, cell in enumerate(distinct):
        try:
            meaning.append(read(cell))
        except SibError as fault:
            meaning.append("")
            faults.append(f"{column}, {rows_told(cells.index[codes == place])}: {fault}")
    return [meaning[code] for code in codes]


def rows_told(rows: pd.Index[Any]) -> str:
    """Rows by their labels; of many the first and how many more."""
    shown = ", ".join(map(str, rows[:20]))
    more = f" and {len(rows) - 20} more" if len(rows) > 20 else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"


def amounts(cells: pd.Series, table: str, column: str, faults: list[str], blank: bool = False) -> list[float]:
    """Amounts in currency units; every cell that is none is a fault, a blank one too unless `blank` is allowed."""
    out = []
    for row, cell in zip(cells.index, cells.tolist(), strict=True):
        value = float("nan")
        read = read_cell(cell.item() if hasattr(cell, "item") else None if cell is pd.NA or cell is pd.NaT else cell)
        where = f"{table}: {column}, row {row}"
        if read.state == "blank":
            if not blank:
                faults.append(f"{where}: blank, and blank is not zero; give the amount, or 0")
        elif read.state != "number" or read.percent or read.family not in ("", "currency"):
            faults.append(f"{where}: {str(cell)!r} is not an amount; write a plain number")
        elif not math.isfinite(read.value) or abs(read.value * read.scale) > LARGEST:
            faults.append(f"{where}: {str(cell)!r} is not a finite amount of money (at most {LARGEST:g})")
        else:
            value = read.value * read.scale
        out.append(value)
    return out


def plain(cell: Any) -> Any:
    """A cell as it is; blank where nothing is."""
    return "" if cell is None or cell is pd.NA or cell is pd.NaT or cell != cell else cell


def period_of(cell: Any) -> str:
    """A year or month, or blank."""
    if not read_code(plain(cell)):
        return ""
    code = read_period(cell.item() if hasattr(cell, "item") else cell)
    if code is None:
        raise SibError(f"not a period: {str(cell)!r}; write a year 2026 or a month 2026-09, or leave it blank")
    return code
