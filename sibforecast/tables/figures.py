"""The table of figures: words to codes, cells to numbers, blanks and doubles named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.tables.cells import read_code, read_codes, read_period
from sibforecast.tables.names import Names, translate
from sibforecast.tables.read import Collector, RawTable
from sibforecast.tables.schema import STAGES
from sibforecast.tables.units import Unit, parse_unit
from sibforecast.tables.values import parse_values

SERIES = ["region", "programme", "item"]
KEYS = [*SERIES, "period", "stage"]
BLANK = "the cell is blank; blank is not zero and no figure is assumed"


@dataclass(frozen=True)
class Figures:
    """What the table of figures says.

    `doubtful` holds the keys of rows that were left out because of an error (NaN where the
    key itself is unknown): what should add up with them cannot be checked. `units` are the
    words of the unit column by row.
    """

    history: pd.DataFrame
    currency: str
    illustrative: bool
    doubtful: pd.DataFrame
    units: pd.Series


def shown(value: float, row: int, units: pd.Series) -> str:
    """A figure in base units and, where its row has a larger one, in the unit of the person who wrote it.

    Examples
    --------
    >>> shown(137_876_900.0, 5, pd.Series(["万元"], index=[5]))
    '137,876,900.00 (13,787.69 万元)'
    """
    plain = f"{value:,.2f}"
    words = set(units.loc[[row]]) if row in units.index else set()  # sheets of forms may share a row number
    try:
        unit = parse_unit(word := words.pop()) if len(words) == 1 else None
    except SibError:
        unit = None
    if unit is None or unit.factor <= 1.0:
        return plain
    return f"{plain} ({f'{value / unit.factor:,.6f}'.rstrip('0').rstrip('.')} {word})"


def read_history(raw: RawTable, names: Names, found: Collector) -> Figures:
    """The tidy table of figures, its currency, and whether the data are illustrative."""
    frame, rows = raw.frame, raw.row_numbers
    blank = pd.Series([""] * len(frame), dtype=object)
    period_cells = _with_months(frame) if "month" in frame else frame["period"]
    stage = translate(frame.get("stage", blank), names.stage, raw.name, "stage", rows, found, blank="-")
    keys = {
        "region": translate(frame["region"], names.region, raw.name, "region", rows, found),
        "programme": translate(frame["programme"], names.programme, raw.name, "programme", rows, found),
        "item": translate(frame["item"], names.item, raw.name, "item", rows, found),
    }
    cells = without_days(period_cells, stage, list(keys.values()))
    keys |= {"period": translate(cells, names.period, raw.name, "period", rows, found), "stage": stage}
    out = pd.DataFrame(keys)
    out["stage"] = _default_stage(out)
    values = parse_values(frame["value"], frame["unit"], out["item"], raw, found, keys)
    columns = {column: pd.Categorical(read_codes(frame[column])) for column in ("caliber", "source") if column in frame}
    units = pd.Series(pd.Categorical(read_codes(frame["unit"])), index=rows)
    raw.frame = frame = pd.DataFrame()  # a nation's cells as text are the largest thing there is
    out["value"] = values.value
    out["method"] = _constant("data", len(out))
    for column, words in columns.items():
        out[column] = words
    out["file"] = _constant(raw.file, len(out))
    out["row"] = np.asarray(rows, dtype=np.int32)
    out["quantum"] = values.quantum
    _blanks(out, values.state, found)
    known = out[KEYS].notna().all(axis=1)
    read = out["value"].notna()
    doubtful = [out.loc[~known | (values.state == "fault"), KEYS], _ragged(raw.ragged, names)]
    history, doubled = _without_doubles(out[known & read].reset_index(drop=True), units, found)
    if history.empty:
        _no_figures(out, values.state, found)
    return Figures(
        history, one_currency(values.units, raw.name, found), _is_illustrative(out),
        pd.concat([part.astype(object) for part in (*doubtful, doubled)], ignore_index=True), units,
    )  # fmt: skip


def _ragged(rows: pd.DataFrame, names: Names) -> pd.DataFrame:
    """The area and fund that rows whose cells have moved seem to belong to; None where that is unclear."""

    def meant(read: Callable[[str], str], cell: object) -> str | None:
        try:
            return read(read_code(cell))
        except SibError:
            return None

    out = pd.DataFrame(None, index=rows.index, columns=KEYS, dtype=object)
    for key, read in (("region", names.region), ("programme", names.programme)):
        if len(rows):
            out[key] = [meant(read, cell) for cell in rows[key]]
    return out


def _constant(word: str, size: int) -> pd.Categorical[Any]:
    return pd.Categorical.from_codes(np.zeros(size, dtype=np.int8), pd.Index([word]))


def _is_illustrative(out: pd.DataFrame) -> bool:
    """Whether a source says that its figures are made up."""
    words = out["source"].cat.categories if "source" in out else ()
    return any(str(word).lower().startswith(("illustrative", "示例")) for word in words)


def _with_months(frame: pd.DataFrame) -> pd.Series:
    """A year column and a month column together name the period."""
    years = [c if _is_day(c) else read_period(c) or read_code(c) for c in frame["period"]]
    months = frame["month"].map(lambda c: read_code(c).removesuffix("月").removeprefix("1-"))
    joined = [y if not m else f"{y}-{m}" for y, m in zip(years, months, strict=True)]
    return pd.Series(joined, dtype=object)


def _is_day(cell: object) -> bool:
    """Whether a workbook keeps the cell as a date."""
    return hasattr(cell, "month") and hasattr(cell, "day")


def without_days(
    cells: pd.Series, stage: pd.Categorical[Any] | None = None, series: Sequence[pd.Categorical[Any]] = ()
) -> pd.Series:
    """Periods with those dates as texts that are no month for certain, so that they are told.

    A spreadsheet makes 2024-09-01 of the month 2024-09 typed in. At a yearly stage no month is
    meant; without a stage the last day of a year may stand for the year, and so may the first
    where the `series` has years and no other month of that year.
    """
    if not any(_is_day(kind) for kind in set(map(type, cells))):
        return cells
    words = ["-"] * len(cells) if stage is None else list(stage)
    doubtful = [
        _is_day(cell) and word != "executed" and (word != "-" or (cell.month, cell.day) == (12, 31))
        for cell, word in zip(cells, words, strict=True)
    ]
    for place in _lone_januaries(cells, words, series):
        doubtful[place] = True
    told = [f"{c.year}-{c.month:02d}-{c.day:02d}" if bad else c for c, bad in zip(cells, doubtful, strict=True)]
    return pd.Series(told, dtype=object)


def _lone_januaries(cells: pd.Series, words: Sequence[str], by: Sequence[pd.Categorical[Any]]) -> list[int]:
    """Rows without a stage that hold the first of January as a date, in a series of years."""
    places = enumerate(zip(cells, words, strict=True))
    first = [i for i, (cell, word) in places if word == "-" and _is_day(cell) and (cell.month, cell.day) == (1, 1)]
    if not first or not by:
        return []
    series = list(zip(*(word.codes.tolist() for word in by), strict=True))
    wanted = {series[i] for i in first}
    told: dict[tuple[int, ...], set[str]] = {}
    for cell, key in zip(cells, series, strict=True):
        if key in wanted:
            told.setdefault(key, set()).add(read_period(cell) or "")
    return [
        i for i in first
        for year in [str(cells.iloc[i].year)]
        if {p for p in told[series[i]] if p.startswith(f"{year}-")} == {f"{year}-01"}
        and any(p and p[:4] != year and p[4:] in ("", "-01") for p in told[series[i]])
    ]  # fmt: skip


def _default_stage(out: pd.DataFrame) -> pd.Categorical[Any]:
    """Years are final accounts and months execution unless the stage says otherwise."""
    periods, stages = out["period"].cat, out["stage"].cat
    monthly = np.array([*("-" in str(p) for p in periods.categories), False])  # the last: no period
    default = np.where(monthly[periods.codes.to_numpy()], STAGES.index("executed"), STAGES.index("final"))
    position = np.array([*(STAGES.index(s) if s in STAGES else len(STAGES) for s in stages.categories), -1])
    code = position[stages.codes.to_numpy()]
    return pd.Categorical.from_codes(np.where(code == len(STAGES), default, code), pd.Index(STAGES))


def _blanks(out: pd.DataFrame, state: npt.NDArray[np.object_], found: Collector) -> None:
    """Blank is not zero: a blank cell in a series that lives elsewhere, or in a driver, is a fault."""
    blank = np.flatnonzero(state == "blank")
    if not len(blank):
        return
    alive = set(out.loc[out["value"].notna(), SERIES].itertuples(index=False, name=None))
    for index, record in zip(blank, out.iloc[blank].to_dict("records"), strict=True):
        key = {k: record[k] if isinstance(record[k], str) else None for k in (*SERIES, "period")}
        driver = key["item"] is not None and items.CATALOGUE[key["item"]].side in ("driver", "rate")
        needed = driver or tuple(key[k] for k in SERIES) in alive
        state[index] = "fault" if needed else "blank"
        found.add("blank_value", "error" if needed else "warning", BLANK, table="history",
                  row=int(record["row"]), column="value", expected="a figure", found="blank",
                  mend="enter the figure, or — if there is none", **key)


def _without_doubles(out: pd.DataFrame, units: pd.Series, found: Collector) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same figure twice is kept once; two different figures are an error and doubtful."""
    cell = np.zeros(len(out), dtype=np.int64)
    for column in KEYS:
        cell = cell * len(out[column].cat.categories) + out[column].cat.codes.to_numpy()
    doubled = pd.Series(cell).duplicated(keep=False)
    if not doubled.any():
        return out, out.iloc[:0][KEYS]
    different: list[int] = []
    for key, group in out[doubled].groupby(KEYS, observed=True, sort=False):
        told = [shown(v, r, units) for v, r in zip(group["value"], group["row"], strict=True)]
        same = bool(np.ptp(group["value"]) <= 1e-9 * group["value"].abs().max())
        listed = ", ".join(str(r) for r in group["row"])
        found.add("duplicate_same" if same else "duplicate", "warning" if same else "error",
                  f"rows {listed} give {'the same figure' if same else 'different figures'}",
                  table="history", row=int(group["row"].iloc[1]), column="value",
                  **dict(zip((*SERIES, "period"), key, strict=False)),
                  expected="one row", found=" and ".join(told[:3]),
                  mend="keep one of them" if same else "keep the right one")
        if not same:
            different.append(int(group.index[0]))
    return out.drop_duplicates(KEYS, keep="first").reset_index(drop=True), out.loc[different, KEYS]


def _no_figures(out: pd.DataFrame, state: npt.NDArray[np.object_], found: Collector) -> None:
    """A table without any figure: empty, or a form that is still to be filled in."""
    if len(out) and (state == "missing").all():
        found.add("nothing_filled_in", "note", "every figure is marked as not available", table="history",
                  mend="overwrite the marks with figures")
    elif not len(out):
        found.add("no_figures", "error", "the table has no figures", table="history", mend="add rows")


def one_currency(units: Mapping[Unit, int], table: str, found: Collector, currency: str = "") -> str:
    """The one currency of the amounts; a second one is an error."""
    first = currency
    for unit, row in units.items():
        if not unit.currency:
            continue
        first = first or unit.currency
        if unit.currency != first:
            found.add("two_currencies", "error", f"amounts in {first} and in {unit.currency}", table=table, row=row,
                      column="unit", expected=first, found=unit.currency, mend="convert all amounts to one currency")
            break
    return first or "yuan"
