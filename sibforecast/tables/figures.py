"""The table of figures: cells to numbers in base units, words to codes, doubles named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.programmes.programme import Programme
from sibforecast.tables.cells import read_cell, read_code, read_codes, read_period
from sibforecast.tables.read import Collector, RawTable
from sibforecast.tables.regions import Regions
from sibforecast.tables.schema import STAGE_LOOKUP, STAGES
from sibforecast.tables.units import Unit, conversion, parse_unit

#: Heads and stocks that cannot be below nothing; money may (corrections, reimbursements).
_NEVER_NEGATIVE = {"persons", "person-months"}
#: Where a share must lie to be read as one; a figure outside is a slip of the unit.
_SHARE_BOUNDS = {
    "collection_rate": (0.2, 1.5), "collection_rate_flexible": (0.2, 1.5), "contribution_rate": (0.0005, 0.6),
    "contribution_rate_flexible": (0.0005, 0.6), "contributor_ratio": (0.05, 1.2), "pooled_pay_rate": (0.05, 1.0),
    "flexible_share": (0.0, 1.0), "benefit_adjustment": (-0.5, 1.0), "remittance_rate": (0.0, 0.5),
    "remittance_share": (0.05, 1.0),
}  # fmt: skip


@dataclass(frozen=True)
class Names:
    """How words become codes."""

    regions: Regions
    programmes: Mapping[str, str]
    declared: Mapping[str, Programme]

    def region(self, word: str) -> str:
        """The area a word means."""
        return self.regions.resolve(word)

    def programme(self, word: str) -> str:
        """The fund a word means."""
        code = self.programmes.get("".join(word.lower().split())) or self.programmes.get(word.lower())
        if code is None:
            raise SibError(f"unknown programme {word!r}{items.did_you_mean(word, set(self.programmes.values()))}")
        return code

    def item(self, word: str) -> str:
        """The item a word means."""
        code = items.words().get("".join(word.lower().split())) or items.words().get(word.lower())
        if code is None:
            raise SibError(f"unknown item {word!r}{items.did_you_mean(word, items.CATALOGUE)}")
        return code

    @staticmethod
    def period(word: object) -> str:
        """The period a cell means."""
        code = read_period(word)
        if code is None:
            raise SibError(f"not a period: {word!r}")
        return code

    @staticmethod
    def stage(word: str) -> str:
        """The stage a word means."""
        code = STAGE_LOOKUP.get(word.lower())
        if code is None:
            raise SibError(f"unknown stage {word!r}; expected one of {', '.join(STAGES)}")
        return code


_MENDS = {
    "region": "use the code or full name of the regions table",
    "programme": "use a code of the seven funds, or declare the fund in the table programmes",
    "item": "use a code of the catalogue (the workbook of `sibforecast template` lists them)",
    "period": "write a year 2024 or a month 2024-09",
    "stage": "use a stage of the list",
}


def translate(
    cells: pd.Series, read: Callable[[Any], str], table: str, column: str, numbers: np.ndarray,
    found: Collector, blank: str | None = None,
) -> pd.Categorical:  # fmt: skip
    """Words to codes, each distinct word once; unknown ones are findings with their rows."""
    codes, distinct = pd.factorize(cells, use_na_sentinel=False)
    meaning: list[str | None] = []
    for index, word in enumerate(distinct):
        text = read_code(word)
        rows = numbers[codes == index]
        if not text and blank is not None:
            meaning.append(blank)
            continue
        try:
            if not text:
                raise SibError("the cell is blank")
            meaning.append(read(word if column == "period" else text))
        except SibError as fault:
            meaning.append(None)
            more = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
            ids = "blank_key" if not text else f"unknown_{column}"
            if "may mean" in str(fault):
                ids = f"ambiguous_{column}"
            if column == "period":
                ids = "bad_period" if text else "blank_key"
            found.add(ids, "error", f"{fault}{more}", table=table, row=int(rows[0]), column=column,
                      found=text, mend=_MENDS.get(column, "correct the cell"))
    known = list(dict.fromkeys(m for m in meaning if m is not None))
    position = {m: i for i, m in enumerate(known)}
    table_of = np.array([position.get(m, -1) if m is not None else -1 for m in meaning], dtype=np.int64)
    return pd.Categorical.from_codes(table_of[codes] if len(codes) else codes, known)


def read_history(
    raw: RawTable, names: Names, found: Collector
) -> tuple[pd.DataFrame, str, bool]:
    """The tidy table of figures, the currency, and whether the data are illustrative."""
    frame, rows = raw.frame, raw.row_numbers
    blank = pd.Series([""] * len(frame), dtype=object)
    period_cells = frame["period"]
    if "month" in frame:
        period_cells = _with_months(frame)
    keys = {
        "region": translate(frame["region"], names.region, "history", "region", rows, found),
        "programme": translate(frame["programme"], names.programme, "history", "programme", rows, found),
        "item": translate(frame["item"], names.item, "history", "item", rows, found),
        "period": translate(period_cells, names.period, "history", "period", rows, found),
        "stage": translate(frame.get("stage", blank), names.stage, "history", "stage", rows, found, blank="-"),
    }
    out = pd.DataFrame(keys)
    out["stage"] = _default_stage(out)
    values, units, factor = parse_values(frame["value"], frame["unit"], out["item"], raw, found, keys)
    out["value"] = values
    out["method"] = pd.Categorical.from_codes(np.zeros(len(out), dtype=np.int8), ["data"])
    for column in ("caliber", "source"):
        if column in frame:
            out[column] = pd.Categorical(read_codes(frame[column]))
    out["file"] = pd.Categorical.from_codes(np.zeros(len(out), dtype=np.int8), [raw.file])
    out["row"] = rows
    out["quantum"] = _quantum(frame["value"], factor)
    illustrative = "source" in out and any(
        str(s).lower().startswith(("illustrative", "示例")) for s in out["source"].cat.categories
    )
    _blanks(out, frame["value"], found)
    keep = out["value"].notna() & (out[["region", "programme", "item", "period", "stage"]].notna().all(axis=1))
    out = out[keep].reset_index(drop=True)
    return _without_doubles(out, found), _currency(units, raw, found), illustrative


def _quantum(cells: pd.Series, factor: np.ndarray) -> np.ndarray:
    """What one step of the last digit shown is worth in base units; money at least a cent."""
    quantum = np.full(len(factor), 0.01)
    for i in np.flatnonzero(factor > 1.0):
        digits = str(cells.iloc[i]).strip().rpartition(".")
        places = len(digits[2]) if digits[1] else 0
        quantum[i] = factor[i] * 10.0**-places
    return quantum


def _with_months(frame: pd.DataFrame) -> pd.Series:
    """A year column and a month column together name the period."""
    years = frame["period"].map(lambda c: read_period(c) or read_code(c))
    months = frame["month"].map(lambda c: read_code(c).removesuffix("月").removeprefix("1-"))
    joined = [y if not m else f"{y}-{m}" for y, m in zip(years, months, strict=True)]
    return pd.Series(joined, dtype=object)


def _default_stage(out: pd.DataFrame) -> pd.Categorical:
    """Years are final accounts and months execution unless the stage says otherwise."""
    stage = out["stage"].astype(object)
    month = out["period"].astype(object).map(lambda p: isinstance(p, str) and "-" in p)
    default = np.where(month, "executed", "final")
    return pd.Categorical(np.where(stage == "-", default, stage), categories=list(STAGES))


def parse_values(
    cells: pd.Series, unit_cells: pd.Series, item: pd.Series, raw: RawTable,
    found: Collector, keys: Mapping[str, pd.Categorical],
) -> tuple[np.ndarray, set[Unit], np.ndarray]:  # fmt: skip
    """Values in base units and the unit's factor; NaN where blank, marked missing or faulty (each a finding)."""
    value, scale, percent, state = _numbers(cells)
    unit_codes, unit_words = pd.factorize(read_codes(unit_cells), use_na_sentinel=False)
    item_codes = item.cat.codes.to_numpy().astype(np.int64)
    factor = np.ones(len(value))
    used: set[Unit] = set()
    where = _Where(raw, keys)
    pairs = item_codes * len(unit_words) + unit_codes
    for pair in np.unique(pairs[item_codes >= 0]):
        mask = pairs == pair
        code = item.cat.categories[pair // len(unit_words)]
        word = unit_words[pair % len(unit_words)]
        base = items.CATALOGUE[code].unit
        if not word and base == "share":  # the cell itself may bear the per cent sign
            plain = mask & ~percent & (state == "number")
            if plain.any():
                found.add("blank_unit", "error", "the unit is blank", column="unit", expected="% or share", **where(plain))
            continue
        try:
            if not word:
                raise SibError("the unit is blank")
            unit = parse_unit(word)
            factor[mask], assumed = conversion(unit, base)
        except SibError as fault:
            found.add("blank_unit" if not word else "bad_unit", "error", str(fault), column="unit", found=word,
                      expected=items.UNITS[base][0], mend="state the unit of this item", **where(mask))
            value[mask] = np.nan
            continue
        used.add(unit)
        if assumed:
            found.add("period_of_level", "note", f"{word} was read as per month", column="unit", found=word,
                      mend="write 元/月 or 元/年", **where(mask))
        _cell_words(mask, unit, base, scale, percent, factor, value, found, where)
    value = np.where(percent, value * 0.01, value * factor)
    bad = np.array([s == "fault" for s in state])
    for index in np.flatnonzero(bad):
        cell = read_cell(cells.iloc[index])
        found.add("not_a_number", "error", cell.fault, column="value", found=str(cells.iloc[index]),
                  mend="write a plain number", **where.at(index))
    for index in np.flatnonzero(state == "missing"):
        found.add("marked_missing", "note", "marked as not available", column="value",
                  found=str(cells.iloc[index]).strip(), **where.at(index))
    value[bad] = np.nan
    _bounds(value, item, found, where)
    return value, used, factor


def _numbers(cells: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Value, scale of a unit word, per cent sign and state of each cell; fast where plain."""
    plain = pd.to_numeric(cells, errors="coerce")
    value = plain.to_numpy(dtype=np.float64, na_value=np.nan).copy()
    scale = np.ones(len(value))
    percent = np.zeros(len(value), dtype=bool)
    state = np.full(len(value), "number", dtype=object)
    for index in np.flatnonzero(~np.isfinite(value)):
        cell = read_cell(cells.iloc[index])
        state[index] = cell.state
        value[index] = cell.value
        scale[index] = cell.scale if not cell.unit_word else -cell.scale
        percent[index] = cell.percent
    for index in np.flatnonzero([isinstance(c, bool) for c in cells]):
        state[index] = "fault"
    return value, scale, percent, state


def _cell_words(
    mask: np.ndarray, unit: Unit, base: str, scale: np.ndarray, percent: np.ndarray,
    factor: np.ndarray, value: np.ndarray, found: Collector, where: _Where,
) -> None:  # fmt: skip
    """A unit word inside a cell must agree with the unit column, or the column be plain."""
    for index in np.flatnonzero(mask & (scale < 0)):
        inner = -scale[index]
        if unit.factor in (1.0, inner):
            factor[index] = factor[index] / unit.factor * inner
        else:
            found.add("unit_conflict", "error", "the cell and the unit column state different units",
                      column="value", mend="state the unit once, in the unit column", **where.at(index))
            value[index] = np.nan
    for index in np.flatnonzero(mask & percent):
        if base not in ("share",):
            found.add("unit_conflict", "error", "a per cent sign on an item that is no share",
                      column="value", mend="write the figure in the item's unit", **where.at(index))
            value[index] = np.nan


class _Where:
    """The place of a figure, for findings."""

    def __init__(self, raw: RawTable, keys: Mapping[str, pd.Categorical]) -> None:
        self.raw, self.keys = raw, keys

    def at(self, index: int) -> dict[str, Any]:
        place: dict[str, Any] = {"table": self.raw.name, "row": int(self.raw.row_numbers[index])}
        for key in ("region", "programme", "item", "period"):
            if key in self.keys:
                word = self.keys[key][index]
                place[key] = word if isinstance(word, str) else None
        return place

    def __call__(self, mask: np.ndarray) -> dict[str, Any]:
        return self.at(int(np.flatnonzero(mask)[0]))


def _bounds(value: np.ndarray, item: pd.Series, found: Collector, where: _Where) -> None:
    """Heads below zero, and shares that only a slip of the unit explains."""
    codes = item.cat.codes.to_numpy()
    for index, code in enumerate(item.cat.categories):
        here = codes == index
        if items.CATALOGUE[code].unit in _NEVER_NEGATIVE:
            for i in np.flatnonzero(here & (value < 0)):
                found.add("negative_heads", "error", "heads cannot be negative", column="value",
                          found=f"{value[i]:g}", expected="0 or more", **where.at(int(i)))
        if code in _SHARE_BOUNDS:
            low, high = _SHARE_BOUNDS[code]
            for i in np.flatnonzero(here & ((value < low) | (value > high))):
                found.add("share_out_of_range", "error", "the share is out of range; is the unit right?",
                          column="value", expected=f"{low:g} to {high:g} as a share", found=f"{value[i]:g}",
                          mend="98 with unit %, 0.98 with unit share, or 98% in the cell", **where.at(int(i)))


def _blanks(out: pd.DataFrame, cells: pd.Series, found: Collector) -> None:
    """Blank is not zero: a blank cell in a series that lives elsewhere, or in a driver, is an error."""
    suspects = np.flatnonzero(out["value"].isna())
    blank = [i for i in suspects if read_cell(cells.iloc[i]).state == "blank"]
    if not blank:
        return
    series = ["region", "programme", "item"]
    alive = set(out.loc[out["value"].notna(), series].itertuples(index=False, name=None))
    for i in blank:
        key = tuple(out.loc[i, series])
        driver = isinstance(key[2], str) and items.CATALOGUE[key[2]].side in ("driver", "rate")
        severity = "error" if key in alive or driver else "warning"
        found.add("blank_value", severity, "the cell is blank; blank is not zero and no figure is assumed",
                  table="history", row=int(out.loc[i, "row"]), column="value", region=key[0], programme=key[1],
                  item=key[2], period=out.loc[i, "period"], expected="a figure", found="blank",
                  mend="enter the figure, or — if there is none")


def _without_doubles(out: pd.DataFrame, found: Collector) -> pd.DataFrame:
    """The same figure twice is kept once; two different figures are an error."""
    keys = ["region", "programme", "item", "period", "stage"]
    doubled = out.duplicated(keys, keep=False)
    if not doubled.any():
        return out
    for key, group in out[doubled].groupby(keys, observed=True, sort=False):
        same = group["value"].nunique() == 1
        listed = ", ".join(str(r) for r in group["row"])
        found.add("duplicate_same" if same else "duplicate", "warning" if same else "error",
                  f"rows {listed} give the same figure twice" if same else f"rows {listed} give different figures",
                  table="history", row=int(group["row"].iloc[1]), column="value", region=key[0], programme=key[1],
                  item=key[2], period=key[3], expected="one row", found=" and ".join(f"{v:,.2f}" for v in group["value"][:3]),
                  mend="keep the right one")
    return out.drop_duplicates(keys, keep="first").reset_index(drop=True)


def _currency(units: set[Unit], raw: RawTable, found: Collector) -> str:
    """The one currency of the data set."""
    used = sorted({u.currency for u in units if u.currency})
    if len(used) > 1:
        found.add("two_currencies", "error", f"amounts in {', '.join(used)}", table=raw.name, column="unit",
                  expected="one currency", mend="convert all amounts to one currency")
    return used[0] if used else "yuan"
