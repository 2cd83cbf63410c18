"""The other tables of a data set: assumptions, policies, pooling, deposits, scores, …"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.items import did_you_mean
from sibforecast.periods import Period
from sibforecast.tables.cells import read_cell, read_code, read_truth
from sibforecast.tables.figures import BLANK, one_currency, without_days
from sibforecast.tables.names import Names, each, fault_id, mend_of, translate
from sibforecast.tables.read import Collector, RawTable
from sibforecast.tables.schema import DECIDER_LOOKUP, EVENT_KINDS, EVENT_LOOKUP, LEVEL_LOOKUP, LEVELS, TABLES
from sibforecast.tables.units import Unit, parse_unit
from sibforecast.tables.values import NO_SHARE, NO_SHARE_MEND, parse_values, tell_unseen, worth

_NUMBERS = {"value", "balance", "amount", "rate", "term_months", "set", "add", "multiply", "floor", "cap", "before_value"}
#: Columns of a change whose unit stands beside them.
_IN_UNIT = {"set", "add", "floor", "cap", "before_value"}
_PERIODS = {"start", "end", "paid", "period", "known_from"}
_WORDS = {"region", "regions", "programme", "item", "period"}
#: How the words of a column are read.
_READERS = {"region": Names.region, "regions": Names.region, "programme": Names.programme, "item": Names.item}
#: Columns that may hold several words, or ``*``.
_SEVERAL = {("events", "programme"), ("events", "item"), ("policies", "programme"), ("policies", "regions")}
#: Columns every table of this name has, but whose cells may be blank.
MAY_BE_BLANK = {
    "deposits": {"bank", "start", "term_months"}, "pooling": {"end"}, "audits": {"programme", "rectified"},
    "statements": {"programme"}, "effects": {"region", "programme"},
}  # fmt: skip
#: Amounts that are kept in base units of the currency.
_AMOUNTS = {"balance", "amount"}
#: A deposit rate without a per cent sign in this range may be a share or be in per cent.
_UNCERTAIN_RATE = (0.05, 0.3)


def read_others(
    raw: Mapping[str, RawTable], names: Names, found: Collector, currency: str
) -> dict[str, pd.DataFrame]:
    """Every table beside regions, history and programmes, checked; money in `currency`."""
    return {
        name: _assumptions(table, names, found, currency) if name == "assumptions" else _plain(table, names, found, currency)
        for name, table in raw.items()
        if name not in ("regions", "history", "programmes")
    }


def _assumptions(raw: RawTable, names: Names, found: Collector, currency: str) -> pd.DataFrame:
    """Macro figures and judgement, in base units; blank region or programme means all."""
    frame, rows = raw.frame, raw.row_numbers
    empty = pd.Series([""] * len(frame), dtype=object)
    keys = {
        "region": translate(frame.get("region", empty), names.region, raw.name, "region", rows, found, blank=""),
        "programme": translate(frame.get("programme", empty), names.programme, raw.name, "programme", rows, found, blank=""),
        "item": translate(frame["item"], names.item, raw.name, "item", rows, found),
        "period": translate(without_days(frame["period"]), names.period, raw.name, "period", rows, found),
    }
    out = pd.DataFrame(keys)
    values = parse_values(frame["value"], frame["unit"], out["item"], raw, found, keys)
    out["value"] = values.value
    one_currency(values.units, raw.name, found, currency)
    for column in ("source", "author", "reason"):
        out[column] = frame[column].map(read_code) if column in frame else ""
    out["spread"] = [_spread(cell, int(row), raw.name, found) for cell, row in zip(frame.get("spread", empty), rows, strict=True)]
    out["file"], out["row"] = raw.file, rows
    for record in out.iloc[np.flatnonzero(values.state == "blank")].to_dict("records"):
        _told(record, "blank_value", BLANK, raw, found,
              expected="a figure", found="blank", mend="enter the figure, or delete the row")
    out = out[out["value"].notna() & out[list(keys)].notna().all(axis=1)]
    doubled = out.duplicated(list(keys), keep="first")
    for record in out[doubled].to_dict("records"):
        _told(record, "duplicate", "the assumption stands twice", raw, found, mend="keep the right one")
    return out[~doubled].reset_index(drop=True)


def _spread(cell: Any, row: int, table: str, found: Collector) -> float:
    """A judgement's own doubt: a standard deviation as a share of its value; NaN where none is given."""
    read = read_cell(cell)
    if read.state != "number":
        if read.state == "fault":
            found.add("bad_spread", "error", read.fault, table=table, row=row, column="spread",
                      mend="write 2% or 0.02, or leave it blank")
        return float("nan")
    value = read.value * read.scale
    if not 0.0 <= value <= 1.0:
        found.add("bad_spread", "error", "a spread is a share of the value between 0 and 1", table=table, row=row,
                  column="spread", found=f"{value:g}", expected="2% or 0.02", mend="write it as a share, or with a per cent sign")
        return float("nan")
    return value


def _told(record: Mapping[Any, Any], id: str, message: str, raw: RawTable, collector: Collector, **more: str) -> None:
    """An error at the value of one assumption."""
    place = {k: record[k] if isinstance(record[k], str) else None for k in ("region", "programme", "item", "period")}
    collector.add(id, "error", message, table=raw.name, row=int(record["row"]), column="value", **place, **more)


def _plain(raw: RawTable, names: Names, found: Collector, currency: str) -> pd.DataFrame:
    """A table whose columns are read one by one, each cell by what the column is."""
    records = []
    needed = set(TABLES[raw.name].required) - MAY_BE_BLANK.get(raw.name, set())
    units: dict[Unit, int] = {}
    for number, values in zip(raw.row_numbers, raw.frame.itertuples(index=False, name=None), strict=True):
        cells = dict(zip(raw.frame.columns, values, strict=True))  # pandas' own records lose the per cent of a cell
        row: dict[str, Any] = {"file": raw.file, "row": int(number)}
        unit = _unit_of(raw, cells, int(number), units, found)
        in_per_cent = unit is not None and (unit.family, unit.factor) == ("share", 0.01)
        for name, cell in cells.items():
            column = str(name)
            if raw.per_cents_unseen and in_per_cent and column in _IN_UNIT and isinstance(cell, float) and 0 < abs(cell) <= 1:
                tell_unseen(cell, found, table=raw.name, row=int(number), column=column)
            try:
                row[column] = _read_one(raw.name, column, cell, names, unit, column in needed)
                if column == "item" and raw.name == "policies":
                    _part(read_code(cell), cells)
                if raw.name == "policies" and column in _IN_UNIT and unit is None:
                    _no_share(cell, cells.get("item"))
            except SibError as fault:
                row[column] = None
                text, word = read_code(cell), "period" if column in _PERIODS else column
                known = fault_id(word, text, fault) if word in _WORDS or not text else f"bad_{column}"
                found.add(known if text or column not in _NUMBERS else "blank_value", "error", str(fault), table=raw.name,
                          row=int(number), column=column, found=text or "blank",
                          mend=NO_SHARE_MEND if str(fault) == NO_SHARE else mend_of(word))
        if raw.name == "events" and row.get("start") and row.get("end") and _ends_early(row["start"], row["end"]):
            found.add("end_before_start", "error", "it ends before it starts, so it would have no effect", table=raw.name,
                      row=int(number), column="end", found=str(row["end"]), expected=f"{row['start']} or later",
                      mend="correct the start or the end")
        if unit is not None and unit.family == "currency" and _AMOUNTS & row.keys():
            row["unit"] = unit.currency  # the amounts are in base units now
        records.append(row)
    one_currency(units, raw.name, found, currency)
    return pd.DataFrame.from_records(records, columns=[*raw.frame.columns, "file", "row"])


def _part(word: str, cells: Mapping[Any, Any]) -> None:
    """A part of an item can be raised or lowered, not set: what the others are worth is not told here."""
    if items.whole_of(word) and not read_code(cells.get("add")):
        raise SibError(items.part_fault(word))


def _no_share(cell: Any, word: Any) -> None:
    """Without a unit a per cent sign makes a share, which only an item that is one can be set to."""
    item = items.CATALOGUE.get(items.words().get(read_code(word).lower(), ""))
    if item is not None and item.unit != "share" and read_cell(cell).percent:
        raise SibError(NO_SHARE)


def _ends_early(start: str, end: str) -> bool:
    """Whether a span's last month lies before its first."""
    first, last = Period.parse(start), Period.parse(end)
    return (last.year, last.month or 12) < (first.year, first.month or 1)


def _unit_of(
    raw: RawTable, cells: Mapping[Any, Any], number: int, units: dict[Unit, int], found: Collector
) -> Unit | None:
    """The unit a row states, if it states one that is known; amounts must be money."""
    word = read_code(cells.get("unit"))
    amounts = _AMOUNTS & {str(c) for c in cells}
    if not word:  # a table that must have a unit says so itself
        return None
    try:
        unit = parse_unit(word)
        if amounts and unit.family != "currency":
            raise SibError("does not fit: expected an amount of money")
    except SibError as fault:
        found.add("bad_unit", "error", str(fault), table=raw.name, row=number, column="unit", found=word,
                  expected="an amount of money" if amounts else "a unit", mend="state the unit of this row")
        return None
    units.setdefault(unit, number)
    return unit


def _read_one(table: str, column: str, cell: Any, names: Names, unit: Unit | None, needed: bool) -> Any:
    """One cell of a table, by what its column holds."""
    text = read_code(cell)
    if not text and needed:
        raise SibError(BLANK if column in _NUMBERS else "the cell is blank")
    if column in _NUMBERS:
        return _number(table, column, cell, unit)
    if not text:
        return ""
    if column in _READERS:
        if column == "item" and table == "policies" and items.whole_of(text):
            return items.whole_of(text)
        several = (table, column) in _SEVERAL
        read = partial(Names.fund if several and column == "programme" else _READERS[column], names)
        return each(text, read) if several else read(text)
    if column in _PERIODS:
        return text[:10] if table == "pooling" and len(text) == 10 else names.period(cell)
    if column == "level":
        if text.lower() not in LEVEL_LOOKUP:
            raise SibError(f"unknown level {text!r}; expected one of {', '.join(LEVELS)}")
        return LEVEL_LOOKUP[text.lower()]
    if column == "kind" and table == "events":
        if text.lower() not in EVENT_LOOKUP:
            near = did_you_mean(text, EVENT_KINDS if text.isascii() else EVENT_LOOKUP)
            raise SibError(f"unknown kind {text!r}; expected one of {', '.join(EVENT_KINDS)}{near}")
        return EVENT_LOOKUP[text.lower()]
    if column == "decided_by":
        if text.lower() not in DECIDER_LOOKUP:
            raise SibError(f"unknown level {text!r}; expected one of {', '.join((*LEVELS, 'event'))}")
        return DECIDER_LOOKUP[text.lower()]
    if column in ("known_at_budget", "rectified"):
        truth = read_truth(cell)
        if truth is None and column == "known_at_budget":
            raise SibError(f"neither yes nor no: {text!r}")
        return text if truth is None else truth
    return text


def _number(table: str, column: str, cell: Any, unit: Unit | None) -> float | None:
    """A number of a table: amounts in base units, shares as shares, else as its row's unit has it."""
    read = read_cell(cell)
    if read.state == "fault":
        raise SibError(read.fault)
    if read.state != "number":
        return None
    if column in _AMOUNTS and unit is not None:
        return read.value * worth(read, unit)
    if read.percent and column in ("term_months", *_AMOUNTS):
        raise SibError(NO_SHARE)
    if column in ("rate", "multiply", "term_months") or unit is None:
        value = read.value * read.scale
        if table == "deposits" and column == "rate" and not read.percent:
            return _deposit_rate(value)
        return value
    return read.value * worth(read, unit) / unit.factor


def _deposit_rate(value: float) -> float:
    """A share; above 30 % it can only have been meant in per cent, just below it may be either."""
    low, high = _UNCERTAIN_RATE
    if low <= value <= high:
        raise SibError(f"{value:g} may be {value:g} % or {value:.0%}; write 0.15% or 0.0015")
    return value * 0.01 if value > high else value
