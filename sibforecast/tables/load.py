"""Reading a data set: every cell understood for certain, or named with its mend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from sibforecast import __version__
from sibforecast.errors import DataError, SibError
from sibforecast.programmes import registry
from sibforecast.programmes.programme import Programme
from sibforecast.results import Findings
from sibforecast.tables import checks, figures, others
from sibforecast.tables.cells import read_code
from sibforecast.tables.data import FundData
from sibforecast.tables.read import Collector, RawTable, input_hash, read_tables
from sibforecast.tables.regions import Area, Regions
from sibforecast.tables.schema import LEVEL_LOOKUP, LEVELS


def load(path: str | Path) -> FundData:
    """Read and check a data set.

    Parameters
    ----------
    path : path
        A folder of CSV files (``history.csv``, ``regions.csv``, … ; UTF-8 or GB18030, also
        ``.csv.gz``) or one workbook whose sheets bear these names.

    Returns
    -------
    FundData
        Figures in base units: currency units, persons, shares, months.

    Raises
    ------
    DataError
        If the data set has errors; all of them are listed, with file, row, column,
        expected, found and mend.

    Examples
    --------
    >>> import sibforecast as sib
    >>> data = sib.load(sib.sample("oasdi"))
    >>> sorted(data.programmes), data.currency
    (['di', 'oasi'], 'USD')
    """
    data, findings = _read(Path(path))
    if data is None or not findings.ok:
        errors = findings.count("error")
        raise DataError(f"{path}: {errors} error{'s' if errors != 1 else ''}", findings)
    return data


def check(path: str | Path) -> Findings:
    """All findings of a data set; never raises for what it contains.

    Examples
    --------
    >>> import sibforecast as sib
    >>> sib.check(sib.sample("oasdi")).ok
    True
    """
    return _read(Path(path))[1]


def _read(path: Path) -> tuple[FundData | None, Findings]:
    found = Collector()
    raw = read_tables(path, found)
    for table in ("regions", "history"):
        if table not in raw and not any(r.get("table") == table and r["severity"] == "error" for r in found.rows):
            if found.errors == 0 or path.exists():
                found.add("missing_table", "error", f"the data set has no table {table}", table=table,
                          mend=f"add {table}.csv, or a sheet {table}")
    provenance = {
        "input": path.name,
        "input_hash": input_hash(path) if path.exists() else None,
        "version": __version__,
    }
    if "regions" not in raw or "history" not in raw:
        return None, Findings.of(found.rows, provenance)
    regions = _regions(raw["regions"], found)
    declared = _declared(raw.get("programmes"), found)
    names = figures.Names(regions, registry.words(declared), declared)
    history, currency, illustrative = figures.read_history(raw["history"], names, found)
    tables = others.read_others(raw, names, found)
    programmes = {c: declared.get(c) or registry.SEVEN[c] for c in history["programme"].cat.categories
                  if c in declared or c in registry.SEVEN}  # fmt: skip
    for code, programme in declared.items():
        programmes.setdefault(code, programme)
    if found.errors == 0:
        checks.identities(history, regions, programmes, found)
    provenance |= {"currency": currency, "illustrative": illustrative}
    findings = Findings.of(found.rows, provenance)
    data = FundData(
        lambda: history,
        provenance=provenance,
        regions=regions,
        programmes=programmes,
        tables=tables,
        findings=findings,
        currency=currency,
        illustrative=illustrative,
    )
    return data, findings


def _regions(raw: RawTable, found: Collector) -> Regions:
    """The pooling tree, with its faults: unknown levels, parents, doubles, circles."""
    areas: dict[str, Area] = {}
    rows: dict[str, int] = {}
    frame = raw.frame
    for number, record in zip(raw.row_numbers, frame.to_dict("records"), strict=True):
        cell = {k: read_code(v) for k, v in record.items()}
        where: dict[str, Any] = {"table": "regions", "row": int(number), "region": cell["region"]}
        if not cell["region"]:
            found.add("blank_code", "error", "an area without a code", column="region", **where)
            continue
        level = LEVEL_LOOKUP.get(cell["level"].lower(), "")
        if not level:
            found.add("unknown_level", "error", "unknown level", column="level", found=cell["level"],
                      expected=", ".join(LEVELS), **where)
            level = "county"
        if cell["region"] in areas:
            found.add("duplicate", "error", "the area stands twice", column="region",
                      found=f"rows {rows[cell['region']]} and {number}", mend="keep one row", **where)
            continue
        areas[cell["region"]] = Area(
            cell["region"], cell["name"] or cell["region"], cell["parent"], level,
            cell.get("name_en", ""), cell.get("econ_tier", ""),
        )  # fmt: skip
        rows[cell["region"]] = int(number)
    for code, area in areas.items():
        where = {"table": "regions", "row": rows[code], "region": code, "column": "parent"}
        if area.parent and area.parent not in areas:
            found.add("unknown_parent", "error", "the parent is no area of the table", found=area.parent,
                      mend="add the parent, or leave the cell blank for the top", **where)
        walked, parent = {code}, area.parent
        while parent in areas:
            if parent in walked:
                found.add("circle", "error", "the area lies within itself", found=area.parent, **where)
                areas[code] = Area(code, area.name, "", area.level, area.name_en, area.econ_tier)
                break
            walked.add(parent)
            parent = areas[parent].parent
    return Regions.of(areas.values())


def _declared(raw: RawTable | None, found: Collector) -> dict[str, Programme]:
    """The funds declared beyond the seven."""
    declared: dict[str, Programme] = {}
    if raw is None:
        return declared
    for number, record in zip(raw.row_numbers, raw.frame.to_dict("records"), strict=True):
        cell = {k: read_code(v) for k, v in record.items()}
        where: dict[str, Any] = {"table": "programmes", "row": int(number), "programme": cell["programme"]}
        code = cell["programme"]
        if not code or code in declared:
            found.add("duplicate" if code else "blank_code", "error",
                      "the programme stands twice" if code else "a programme without a code", column="programme", **where)
            continue
        if code in registry.SEVEN and cell["kind"] != registry.SEVEN[code].kind:
            found.add("kind_of_seven", "error", "one of the seven funds is declared with another kind",
                      column="kind", expected=registry.SEVEN[code].kind, found=cell["kind"], **where)
            continue
        try:
            declared[code] = registry.declare(code, cell["kind"], cell["name"], cell.get("name_en", ""))
        except SibError as fault:
            found.add("unknown_kind", "error", str(fault), column="kind", found=cell["kind"], **where)
    return declared


