"""The value column: cells to numbers in base units, each certain or a finding.

A figure is the number in the cell times what the unit column says one of it is worth. A
unit word or a per cent sign inside the cell must agree with that column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.tables.cells import Cell, PerCent, read_cell, read_codes
from sibforecast.tables.read import Collector, RawTable
from sibforecast.tables.units import Unit, conversion, parse_unit

Floats = npt.NDArray[np.float64]

#: Heads and stocks that cannot be below nothing; money may (corrections, reimbursements).
_NEVER_NEGATIVE = {"persons", "person-months"}
#: Where a share must lie to be read as one; a figure outside is a slip of the unit.
_SHARE_BOUNDS = {
    "collection_rate": (0.2, 1.5), "collection_rate_flexible": (0.2, 1.5), "contribution_rate": (0.0005, 0.6),
    "contribution_rate_flexible": (0.0005, 0.6), "contributor_ratio": (0.05, 1.2), "pooled_pay_rate": (0.05, 1.0),
    "flexible_share": (0.0, 1.0), "benefit_adjustment": (-0.5, 1.0), "remittance_rate": (0.0, 0.5),
    "remittance_share": (0.05, 1.0), "interest_rate": (-0.1, 0.3), "deposit_rate": (0.0, 0.3),
}  # fmt: skip


_SAVE_AGAIN = "open it in a spreadsheet, let it calculate and save it; or write the number"
#: What is wrong with 12% as an amount, and what to do.
NO_SHARE = "a per cent sign on a figure that is no share"
NO_SHARE_MEND = "write the amount itself, without %"


@dataclass(frozen=True)
class Values:
    """A value column that was read.

    `value` in base units, NaN where there is no figure; `quantum` is what one step of the
    last digit shown is worth; `state` as in :class:`~sibforecast.tables.cells.Cell`, and
    ``fault`` wherever a finding took the figure away; `units` with the row each first stands in.
    """

    value: Floats
    quantum: Floats
    state: npt.NDArray[np.object_]
    units: Mapping[Unit, int]


class Place:
    """The place of a figure, for findings."""

    def __init__(self, raw: RawTable, keys: Mapping[str, pd.Categorical[Any]]) -> None:
        self.raw, self.keys = raw, keys

    def at(self, index: int | np.integer[Any]) -> dict[str, Any]:
        """Table, row and keys of one row."""
        place: dict[str, Any] = {"table": self.raw.name, "row": int(self.raw.row_numbers[index])}
        for key in ("region", "programme", "item", "period"):
            if key in self.keys:
                word = self.keys[key][int(index)]
                place[key] = word if isinstance(word, str) else None
        return place


@dataclass(frozen=True)
class _Column:
    """Cells side by side: plain numbers as they are, all others through `read_cell`."""

    cells: pd.Series
    value: Floats
    state: npt.NDArray[np.object_]
    special: Mapping[int, Cell]  # cells that are no plain number
    odd: npt.NDArray[np.bool_]  # where those are
    percent: Floats  # what one of a cell with a per cent sign is worth; NaN without the sign

    @classmethod
    def of(cls, cells: pd.Series) -> _Column:
        value = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan).copy()
        state = np.full(len(value), "number", dtype=object)
        percent = np.full(len(value), np.nan)
        odd = ~np.isfinite(value)
        if {bool, PerCent} & set(map(type, cells)):
            odd |= cells.map(lambda c: isinstance(c, (bool, PerCent))).to_numpy(dtype=bool)
        special = {int(i): read_cell(cells.iloc[i]) for i in np.flatnonzero(odd)}
        for index, cell in special.items():
            value[index], state[index] = cell.value, cell.state
            if cell.percent:
                percent[index] = cell.scale
        return cls(cells, value, state, special, odd, percent)


def parse_values(
    cells: pd.Series, unit_cells: pd.Series, item: pd.Series, raw: RawTable,
    found: Collector, keys: Mapping[str, pd.Categorical[Any]],
) -> Values:  # fmt: skip
    """Values in base units; every cell that is no certain figure is a finding.

    Blank cells are left to the caller, who knows what a blank means in that table.
    """
    column = _Column.of(cells)
    place = Place(raw, keys)
    for index, cell in column.special.items():
        if cell.state == "fault":
            found.add("not_a_number", "error", cell.fault, column="value", found=str(cells.iloc[index]),
                      expected="a number",
                      mend=_SAVE_AGAIN if cell.fault.startswith("a formula") else "write a plain number", **place.at(index))
        elif cell.state == "missing":
            found.add("marked_missing", "note", "marked as not available", column="value",
                      found=str(cells.iloc[index]).strip(), **place.at(index))
    factor, units = _factors(column, unit_cells, item, place, found)
    with np.errstate(over="ignore"):
        value = column.value * factor
    huge = np.flatnonzero(np.isinf(value))
    for at in huge.tolist():
        found.add("bad_value", "error", "not a finite number in its unit", **place.at(at), mend="correct the figure or its unit")
    value[huge] = np.nan
    column.state[(column.state == "number") & np.isnan(value)] = "fault"
    _bounds(value, item, found, place)
    return Values(value, _quantum(column, factor), column.state, units)


def _factors(
    column: _Column, unit_cells: pd.Series, item: pd.Series, place: Place, found: Collector
) -> tuple[Floats, dict[Unit, int]]:
    """What one of each cell is worth in base units (NaN where unknown), and the units used."""
    unit_codes, unit_words = pd.factorize(read_codes(unit_cells), use_na_sentinel=False)
    item_codes = item.cat.codes.to_numpy().astype(np.int64)
    factor = np.full(len(column.value), np.nan)
    used: dict[Unit, int] = {}
    pairs = np.where(item_codes >= 0, item_codes * len(unit_words) + unit_codes, -1)
    order = np.argsort(pairs, kind="stable")
    starts = np.flatnonzero(np.diff(pairs[order], prepend=-1))
    for here in np.split(order, starts)[1:] if len(starts) else ():
        code = str(item.cat.categories[item_codes[here[0]]])
        word = str(unit_words[unit_codes[here[0]]])
        if not word:
            _without_unit(here, items.CATALOGUE[code].unit, column, factor, place, found)
            continue
        unit = _unit(here, word, items.CATALOGUE[code].unit, factor, place, found)
        if unit is not None:
            used.setdefault(unit, int(place.raw.row_numbers[here[0]]))
            _unseen_per_cents(here, unit, column, place, found)
            _cell_words(here, unit, column, factor, place, found)
    return factor, used


def _unit(
    here: npt.NDArray[np.intp], word: str, base: str, factor: Floats, place: Place, found: Collector
) -> Unit | None:
    """The unit these cells are in, if it is known and fits the item."""
    first = place.at(here[0])
    try:
        unit = parse_unit(word)
        factor[here], assumed = conversion(unit, base)
    except SibError as fault:
        more = f" (and {len(here) - 1} more rows)" if len(here) > 1 else ""
        found.add("bad_unit", "error", f"{fault}{more}", column="unit", found=word,
                  expected=items.UNITS[base][0], mend="state the unit of this item", **first)
        return None
    if assumed:
        found.add("period_of_level", "note", f"{word} was read as per month", column="unit", found=word,
                  mend="write 元/月 or 元/年", **first)
    return unit


def _without_unit(
    here: npt.NDArray[np.intp], base: str, column: _Column, factor: Floats, place: Place, found: Collector
) -> None:
    """Without a unit only a share can be read, and only if its cell bears the per cent sign."""
    factor[here] = column.percent[here] if base == "share" else np.nan
    open_ = here[np.isnan(factor[here]) & (column.state[here] == "number")]
    if len(open_):
        more = f" (and {len(open_) - 1} more rows)" if len(open_) > 1 else ""
        found.add("blank_unit", "error", f"the unit is blank{more}", column="unit", found="blank",
                  expected="% or share" if base == "share" else items.UNITS[base][0],
                  mend="state the unit of this item", **place.at(open_[0]))


def _unseen_per_cents(here: npt.NDArray[np.intp], unit: Unit, column: _Column, place: Place, found: Collector) -> None:
    """In a file whose formats are not seen, 0.24 with the unit % may be what its author sees as 24%."""
    if not place.raw.per_cents_unseen or (unit.family, unit.factor) != ("share", 0.01):
        return
    small = (np.abs(column.value[here]) <= 1.0) & (column.value[here] != 0.0) & ~column.odd[here]
    for first in here[small][:1]:
        more = f" (and {int(small.sum()) - 1} more rows)" if small.sum() > 1 else ""
        tell_unseen(float(column.value[first]), found, more, column="value", **place.at(first))


def tell_unseen(value: float, found: Collector, more: str = "", **where: Any) -> None:
    """Warn that a number up to 1 with the unit % may be a share that its author sees in per cent."""
    cell = f"{value:g}"
    found.add("per_cent_unseen", "warning", f"{cell} with the unit % was read as {cell}%; whether the cell shows a per cent "
              f"is not seen in this kind of file{more}", found=cell, expected="16 with unit %, or 0.16 with unit share",
              mend="save it as .xlsx or CSV; or write 0.16 with unit share for 16%", **where)


def _cell_words(
    here: npt.NDArray[np.intp], unit: Unit, column: _Column, factor: Floats, place: Place, found: Collector
) -> None:
    """A unit word or per cent sign inside a cell must agree with the unit column."""
    for index in here[column.odd[here]]:
        cell = column.special[int(index)]
        if cell.state != "number":
            continue
        try:
            factor[index] *= worth(cell, unit) / unit.factor
        except SibError as fault:
            factor[index] = np.nan
            found.add("unit_conflict", "error", str(fault), column="value", found=str(column.cells.iloc[index]),
                      expected="one unit, that of the unit column",
                      mend=NO_SHARE_MEND if cell.percent else "state the unit once, in the unit column", **place.at(index))


def worth(cell: Cell, unit: Unit) -> float:
    """What one of a cell is worth, in the unit's family: by the cell's own word, else the unit.

    Raises
    ------
    SibError
        If the cell says one unit and the unit column another.

    Examples
    --------
    >>> worth(read_cell("1.2亿"), parse_unit("元")), worth(read_cell("1.2"), parse_unit("万元"))
    (100000000.0, 10000.0)
    """
    if cell.percent:
        if unit.family != "share":
            raise SibError(NO_SHARE)
        return cell.scale
    if not cell.unit_word:
        return unit.factor
    counted = unit.family in ("currency", "persons", "person-months")
    same_kind = cell.family == unit.family if cell.family else counted
    yuan = cell.family != "currency" or unit.currency == "yuan"
    if not (same_kind and yuan and unit.factor in (1.0, cell.scale)):
        raise SibError("the cell and the unit column state different units")
    return cell.scale


def _quantum(column: _Column, factor: Floats) -> Floats:
    """What one step of the last digit shown is worth in base units; money at least a cent."""
    quantum = np.full(len(factor), 0.01)
    for i in np.flatnonzero(factor > 1.0):
        cell = column.cells.iloc[i]
        whole = isinstance(cell, float) and cell.is_integer()  # a workbook has no whole numbers
        digits = None if whole else re.search(r"[.．](\d+)", str(cell))
        quantum[i] = factor[i] * 10.0 ** -(len(digits[1]) if digits else 0)
    return quantum


def _bounds(value: Floats, item: pd.Series, found: Collector, place: Place) -> None:
    """Heads below zero, and shares that only a slip of the unit explains."""
    codes = item.cat.codes.to_numpy()
    for index, code in enumerate(item.cat.categories):
        if items.CATALOGUE[code].unit in _NEVER_NEGATIVE:
            for i in np.flatnonzero((codes == index) & (value < 0)):
                found.add("negative_heads", "error", "heads cannot be negative", column="value", found=f"{value[i]:g}",
                          expected="0 or more", mend="correct the number", **place.at(i))
        if code in _SHARE_BOUNDS:
            low, high = _SHARE_BOUNDS[code]
            for i in np.flatnonzero((codes == index) & ((value < low) | (value > high))):
                found.add("share_out_of_range", "error", "the share is out of range; is the unit right?",
                          column="value", expected=f"{low:g} to {high:g} as a share", found=f"{value[i]:g}",
                          mend="98 with unit %, 0.98 with unit share, or 98% in the cell", **place.at(i))
