"""The tables of facts a caller gives beside causes: read by code or name, refused with all their faults at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pandas as pd

from sibforecast.analysis.reading import amounts, area_reader, fund_reader, names_of, period_of, plain, read_words
from sibforecast.errors import SibError, all_faults
from sibforecast.tables.cells import read_code, read_truth
from sibforecast.tables.data import FundData
from sibforecast.tables.regions import Regions
from sibforecast.tables.schema import LEVEL_LOOKUP

Row = dict[str, Any]


@dataclass(frozen=True)
class _Kind:
    """Columns of a table of facts; `negative` where an amount may be below nothing, `many` where rows add up."""

    required: tuple[str, ...]
    amounts: tuple[str, ...] = ()
    truths: tuple[str, ...] = ()
    negative: bool = True
    many: bool = False


_KINDS = {
    "audits": _Kind(("region", "amount"), ("amount",), ("rectified",), many=True),
    "balances": _Kind(("region", "opening"), ("opening", "monthly")),
    "remitted": _Kind(("region", "amount"), ("amount",), negative=False),
    "conditions": _Kind(("region",), (), ("remitted_on_time", "task_completed")),
    "figures": _Kind(("region", "item", "value"), ("value",)),
}


def read_given(tables: Mapping[str, pd.DataFrame | None], data: FundData | None, unit: str) -> dict[str, list[Row]]:
    """The rows of each table that is given: ``area`` as written, ``region`` the unit it lies in, blank where nothing is.

    Raises
    ------
    SibError
        With all faults of all tables: columns that are missing, cells that are not
        understood, and rows that speak of the same thing twice.
    """
    faults: list[str] = []
    out = {name: _read(name, table, data, unit, faults) for name, table in tables.items() if table is not None}
    if faults:
        raise all_faults(SibError, "the facts given cannot be used", faults)
    return out


def _read(name: str, table: object, data: FundData | None, unit: str, faults: list[str]) -> list[Row]:
    """One table."""
    kind = _KINDS[name]
    if not isinstance(table, pd.DataFrame):
        faults.append(f"{name}: expected a table with {', '.join(kind.required)}; found {type(table).__name__}")
        return []
    twice = sorted({str(c) for c in table.columns[table.columns.duplicated()]})
    missing = [c for c in kind.required if c not in table]
    faults += [f"{name} lack {', '.join(missing)}; expected at least {', '.join(kind.required)}"] if missing else []
    faults += [f"{name} have {c} twice: keep one column" for c in twice]
    if missing or twice:
        return []
    names = names_of(data)
    readers: dict[str, Callable[[Any], Any]] = {
        "region": lambda c: area_reader(data, names)(_named(c)), "period": period_of,
        "item": lambda c: names.item(read_code(plain(c))),
        "programme": lambda c: fund_reader(data, names)(read_code(c)) if read_code(plain(c)) else "",
    } | dict.fromkeys(kind.truths, _truth)  # fmt: skip
    before = len(faults)
    columns: dict[str, list[Any]] = {"row": list(table.index)}
    for column, reader in readers.items():
        told: list[str] = []
        columns[column] = read_words(table[column], reader, column, told) if column in table else [None] * len(table)
        faults += [f"{name}: {fault}" for fault in told]
    for column in kind.amounts:
        cells = table[column] if column in table else pd.Series([None] * len(table), dtype=object)
        columns[column] = amounts(cells, name, column, faults, blank=True)
        faults += [
            f"{name}: {column}, row {row}: {value:,.2f} is below nothing; give what was remitted, or 0"
            for row, value in zip(table.index, columns[column], strict=True) if not kind.negative and value < 0
        ]  # fmt: skip
    if len(faults) > before:
        return []
    tree = names.regions
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    rows = [row | {"area": row["region"], "region": _unit(row["region"], tree, unit)} for row in rows]
    faults += () if kind.many else [f"{name}: {fault}" for fault in _twice(rows, tree)]
    return rows


def _twice(rows: list[Row], tree: Regions) -> Iterator[str]:
    """Rows that speak of the same area, fund, item and year, or one of an area and one of a part of it."""
    own: dict[tuple[str, ...], Row] = {}
    parts: dict[tuple[str, ...], Row] = {}
    keyed = [(row, (row["item"] or "", row["programme"] or "", row["period"] or "")) for row in rows]
    for row, key in keyed:
        first = own.setdefault((row["area"], *key), row)
        if first is not row:
            yield f"rows {first['row']} and {row['row']} both say it of {_told(row)}: keep one"
        for above in tree.ancestors(row["area"]) if row["area"] in tree.areas else ():
            parts.setdefault((above, *key), row)
    for row, (item, fund, period) in keyed:
        for wider in product(dict.fromkeys((fund, "")), dict.fromkeys((period, ""))):  # blank is every fund, every year
            at: tuple[str, ...] = (row["area"], item, *wider)
            if at in own and wider != (fund, period):
                yield f"row {row['row']} says it of {_told(row)}, and row {own[at]['row']} of {_told(own[at])}: keep one"
            if at in parts:
                yield _part_told(row, parts[at])
            lineage = tree.ancestors(row["area"]) if row["area"] in tree.areas and wider != (fund, period) else ()
            found = next((own[a, item, *wider] for a in lineage if (a, item, *wider) in own), None)
            if found is not None:
                yield _part_told(found, row)


def partly_told(given: Mapping[str, list[Row]], tree: Regions) -> Iterator[dict[str, Any]]:
    """Findings: facts summed over the parts of a unit of which some parts say nothing."""
    for name, rows in given.items():
        if _KINDS[name].many:  # each row is one more of them: none is none
            continue
        told: dict[tuple[str, ...], set[str]] = {}
        for row in rows:
            if row["region"] in tree.areas:
                key = (row["region"], row["item"] or "", row["programme"] or "", row["period"] or "")
                told.setdefault(key, set()).update(_lowest(tree, row["area"]))
        for (unit, item, fund, period), parts in told.items():
            lacking = [area for area in _lowest(tree, unit) if area not in parts and not _elsewhere(told, (unit, item), area)]
            if lacking:
                more = f" and {len(lacking) - 5} more" if lacking[5:] else ""
                yield {"id": "facts_of_some_parts", "severity": "warning", "table": name, "region": unit, "programme": fund,
                       "item": item, "period": period, "expected": f"rows of {', '.join(lacking[:5])}{more}",
                       "found": f"rows of {len(parts)} of {len(parts) + len(lacking)} areas",
                       "message": "the facts given are of some parts of the area only: their sum was taken for all of it",
                       "mend": "give the other parts too, 0 where there is none; or one row of the whole area"}  # fmt: skip


def _lowest(tree: Regions, area: str) -> list[str]:
    """The areas that an area is made of at last; itself where of none."""
    inside = [a for a in tree.below(area) if a != area]
    return [a for a in inside if not set(tree.below(a)) - {a}] or [area]


def _elsewhere(told: Mapping[tuple[str, ...], set[str]], about: tuple[str, str], area: str) -> bool:
    """Whether a row for all funds or years, or of another, says the same of an area."""
    return any(key[:2] == about and area in parts for key, parts in told.items())


def _part_told(whole: Row, part: Row) -> str:
    return f"row {whole['row']} says it of {_told(whole)}, and row {part['row']} of its part {part['area']}: keep one"


def _told(row: Row) -> str:
    return ", ".join(str(row[k]) for k in ("area", "item", "programme", "period") if row[k])


def _named(cell: Any) -> str:
    """The word of an area."""
    text = read_code(plain(cell))
    if not text:
        raise SibError("the region is blank; give it a code or name")
    return text


def _truth(cell: Any) -> bool | None:
    """True, false, or ``None`` where the cell is blank."""
    text = read_code(plain(cell))
    met = read_truth(text)
    if text and met is None:
        raise SibError(f"found {text!r}, expected true or false")
    return met


def _unit(code: str, tree: Regions, unit: str) -> str:
    return tree.at_level(code, unit) if code in tree.areas else code


def read_pooling(pooling: pd.DataFrame | None, data: FundData | None) -> list[Row]:
    """Entries of the pooling table, by code; days as texts, blank where open.

    Raises
    ------
    SibError
        If a column is missing, or a fund or level is unknown; an area that is none of the data set's is left out of account.
    """
    if pooling is None or pooling.empty:
        return []
    missing = [c for c in ("programme", "level") if c not in pooling]
    if missing:
        raise SibError(f"pooling lacks {', '.join(missing)}; expected programme, level, start, end and perhaps region")
    names, faults = names_of(data), list[str]()

    def area(cell: Any) -> str:  # entries of other areas may stand in a table for all of them
        text = read_code(plain(cell))
        try:
            return names.region(text) if text else ""
        except SibError:
            return text

    readers: dict[str, Callable[[Any], Any]] = {
        "region": area, "programme": lambda c: fund_reader(data, names)(read_code(plain(c))), "level": _level,
        "start": lambda c: read_code(plain(c))[:10], "end": lambda c: read_code(plain(c))[:10],
    }  # fmt: skip
    columns = {
        column: read_words(pooling[column], reader, column, faults) if column in pooling else [""] * len(pooling)
        for column, reader in readers.items()
    }
    if faults:
        raise all_faults(SibError, "the pooling table cannot be used", faults)
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _level(cell: Any) -> str:
    text = read_code(plain(cell))
    level = LEVEL_LOOKUP.get(text.lower())
    if level is None:
        raise SibError(f"unknown level {text!r}; expected nation, region, league or county")
    return level
