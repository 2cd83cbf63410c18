"""The other tables of a data set: assumptions, policies, pooling, deposits, scores, …"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sibforecast.errors import SibError
from sibforecast.tables.cells import read_cell, read_code, read_truth
from sibforecast.tables.figures import Names, parse_values, translate
from sibforecast.tables.read import Collector, RawTable
from sibforecast.tables.schema import LEVEL_LOOKUP, LEVELS
from sibforecast.tables.units import parse_unit


def read_others(
    raw: Mapping[str, RawTable], names: Names, found: Collector
) -> dict[str, pd.DataFrame]:
    """Every table beside regions, history and programmes, checked."""
    out: dict[str, pd.DataFrame] = {}
    for name, table in raw.items():
        if name in ("regions", "history", "programmes"):
            continue
        if name == "assumptions":
            out[name] = _assumptions(table, names, found)
        else:
            out[name] = _plain(table, names, found)
    return out


def _assumptions(raw: RawTable, names: Names, found: Collector) -> pd.DataFrame:
    """Macro figures and judgement, in base units; blank region or programme means all."""
    frame, rows = raw.frame, raw.row_numbers
    empty = pd.Series([""] * len(frame), dtype=object)
    keys = {
        "region": translate(frame.get("region", empty), names.region, raw.name, "region", rows, found, blank=""),
        "programme": translate(frame.get("programme", empty), names.programme, raw.name, "programme", rows, found, blank=""),
        "item": translate(frame["item"], names.item, raw.name, "item", rows, found),
        "period": translate(frame["period"], names.period, raw.name, "period", rows, found),
    }
    out = pd.DataFrame(keys)
    out["value"], _, _ = parse_values(frame["value"], frame["unit"], out["item"], raw, found, keys)
    for column in ("source", "author"):
        out[column] = frame[column].map(read_code) if column in frame else ""
    out["file"], out["row"] = raw.file, rows
    for i in np.flatnonzero(out["value"].isna()):
        if read_cell(frame["value"].iloc[i]).state == "blank":
            found.add("blank_value", "error", "the cell is blank; blank is not zero and no figure is assumed",
                      table=raw.name, row=int(rows[i]), column="value", region=out["region"].iloc[i],
                      programme=out["programme"].iloc[i], item=out["item"].iloc[i], period=out["period"].iloc[i],
                      expected="a figure", found="blank", mend="enter the figure, or delete the row")
    out = out[out["value"].notna() & out["item"].notna() & out["period"].notna()]
    doubled = out.duplicated(["region", "programme", "item", "period"], keep="first")
    for i in out.index[doubled]:
        found.add("duplicate", "error", "the assumption stands twice", table=raw.name, row=int(out.loc[i, "row"]),
                  column="value", item=out.loc[i, "item"], period=out.loc[i, "period"], mend="keep the right one")
    return out[~doubled].reset_index(drop=True)


def _plain(raw: RawTable, names: Names, found: Collector) -> pd.DataFrame:
    """A table whose columns are read one by one, each cell by what the column is."""
    records = []
    for number, record in zip(raw.row_numbers, raw.frame.to_dict("records"), strict=True):
        row: dict[str, Any] = {"file": raw.file, "row": int(number)}
        for column, cell in record.items():
            try:
                row[str(column)] = _read_one(raw.name, str(column), cell, names)
            except SibError as fault:
                row[str(column)] = None
                found.add(f"bad_{column}", "error", str(fault), table=raw.name, row=int(number), column=str(column),
                          found=read_code(cell), mend="correct the cell")
        for amount in ("balance", "amount"):
            if row.get(amount) is not None and "unit" in row:
                row[amount] = _in_base_units(row, amount, raw, int(number), found)
        records.append(row)
    columns = [*raw.frame.columns, "file", "row"]
    return pd.DataFrame.from_records(records, columns=columns)


def _in_base_units(row: dict[str, Any], amount: str, raw: RawTable, number: int, found: Collector) -> float | None:
    try:
        unit = parse_unit(str(row["unit"]))
        if unit.family != "currency":
            raise SibError("does not fit: expected an amount of money")
        return float(row[amount]) * unit.factor
    except SibError as fault:
        found.add("bad_unit", "error", str(fault), table=raw.name, row=number, column="unit", found=str(row["unit"]))
        return None


_NUMBERS = {"balance", "amount", "rate", "term_months", "set", "add", "multiply", "floor", "cap", "before_value"}
_PERIODS = {"start", "end", "paid", "period"}


def _read_one(table: str, column: str, cell: Any, names: Names) -> Any:
    """One cell of a table, by what its column holds."""
    text = read_code(cell)
    if column == "value" or column in _NUMBERS:
        return _number(table, column, cell)
    if not text:
        return "" if column not in ("start",) or table == "deposits" else _blank(column)
    if column == "region":
        return names.region(text)
    if column == "programme" and table != "policies":
        return names.programme(text)
    if column == "item":
        return names.item(text)
    if column in _PERIODS:
        return text[:10] if table == "pooling" and len(text) == 10 else names.period(cell)
    if column == "level":
        if text.lower() not in LEVEL_LOOKUP:
            raise SibError(f"unknown level {text!r}; expected one of {', '.join(LEVELS)}")
        return LEVEL_LOOKUP[text.lower()]
    if column in ("known_at_budget", "rectified"):
        return read_truth(cell) if read_truth(cell) is not None else text
    return text


def _blank(column: str) -> str:
    raise SibError(f"{column} is blank")


def _number(table: str, column: str, cell: Any) -> float | None:
    read = read_cell(cell)
    if read.state == "fault":
        raise SibError(read.fault)
    if read.state != "number":
        return None
    value = read.value * read.scale * (0.01 if read.percent else 1.0)
    if table == "deposits" and column == "rate" and not read.percent and value > 0.3:
        return value * 0.01  # no deposit bears 30 %: the cell can only mean per cent
    return value
