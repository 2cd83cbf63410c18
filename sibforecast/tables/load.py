"""Reading a data set: every cell understood for certain, or named with its mend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sibforecast import __version__
from sibforecast.errors import DataError, SibError
from sibforecast.programmes import registry
from sibforecast.programmes.programme import Programme
from sibforecast.results import Findings
from sibforecast.tables import checks, figures, others
from sibforecast.tables.cells import read_code, read_codes
from sibforecast.tables.data import FundData
from sibforecast.tables.names import Names, each
from sibforecast.tables.read import Collector, RawTable, input_hash, read_tables
from sibforecast.tables.regions import Area, Regions, read_regions
from sibforecast.tables.schema import LEVELS
from sibforecast.tables.slips import rate_jumps, unit_slips


def load(path: str | Path) -> FundData:
    """Read and check a data set.

    Parameters
    ----------
    path : path
        A folder of CSV files (``history.csv``, ``regions.csv``, … ; UTF-8 or GB18030, also
        ``.csv.gz``) or one workbook whose sheets bear these names. Sheets laid out as
        official forms (社预01–08, 社决, 社预执行) are read as they stand, from the workbook or
        from every workbook in the folder: figures join ``history``, notes ``statements``;
        without a table ``regions`` the reporting units are the areas.

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
    data, findings = read(Path(path))
    if data is None or not findings.ok:
        errors = findings.count("error")
        waiting = [str(r["message"]) for r in findings.records() if r["id"] == "not_checked"]
        raise DataError("; ".join([f"{path}: {errors} error{'s' if errors != 1 else ''}", *waiting]), findings)
    return data


def check(path: str | Path) -> Findings:
    """All findings of a data set; never raises for what it contains.

    Examples
    --------
    >>> import sibforecast as sib
    >>> sib.check(sib.sample("oasdi")).ok
    True
    """
    return read(Path(path))[1]


def read(path: Path) -> tuple[FundData | None, Findings]:
    """A data set as far as it can be read, and all findings; it never raises for what the set contains."""
    found = Collector()
    raw = read_tables(path, found)
    for table in ("regions", "history"):
        told = any(r["severity"] == "error" and r.get("table") in (table, None) for r in found.rows)
        if table not in raw and not told:
            found.add("missing_table", "error", f"the data set has no table {table}", table=table,
                      mend=f"add {table}.csv, or a sheet {table}")
    provenance: dict[str, Any] = {
        "input": path.name,
        "input_hash": input_hash(path) if path.exists() else None,
        "version": __version__,
    }
    whole_tree = found.errors == 0
    regions = read_regions(raw["regions"], found) if "regions" in raw else _as_written(raw.get("history"))
    whole_tree = whole_tree and found.errors == 0
    declared = _declared(raw.get("programmes"), found)
    names = Names(regions, registry.words(declared), declared)
    read = figures.read_history(raw.pop("history"), names, found) if "history" in raw else None
    tables = others.read_others(raw, names, found, read.currency if read else "")
    if read is None or "regions" not in raw:
        return None, Findings.of(found.rows, provenance)
    checks.identities(read, regions if whole_tree else None, found)
    unit_slips(read, found)
    rate_jumps(read, found)
    programmes = {**registry.SEVEN, **declared}
    used = {c: programmes[c] for c in read.history["programme"].cat.categories if c in programmes}
    provenance |= {"currency": read.currency, "illustrative": read.illustrative}
    findings = Findings.of(found.rows, provenance)
    history = read.history  # all that stays of the cells
    data = FundData(
        lambda: history,
        provenance=provenance,
        regions=regions,
        programmes=used | declared,
        tables=tables,
        findings=findings,
        currency=read.currency,
        illustrative=read.illustrative,
    )
    return data, findings


def _as_written(history: RawTable | None) -> Regions:
    """Without a tree every code stands for itself, so that all other mistakes can be told."""
    codes: Iterable[str] = [] if history is None else read_codes(history.frame["region"]).unique()
    return Regions.of(Area(code, code, "", LEVELS[-1]) for code in codes if code)


def _declared(raw: RawTable | None, found: Collector) -> dict[str, Programme]:
    """The funds declared beyond the seven."""
    declared: dict[str, Programme] = {}
    rows: dict[str, int] = {}
    held: dict[str, str] = {}
    if raw is None:
        return declared
    for number, record in zip(raw.row_numbers, raw.frame.to_dict("records"), strict=True):
        cell = {k: read_code(v) for k, v in record.items()}
        where: dict[str, Any] = {"table": "programmes", "row": int(number), "programme": cell["programme"]}
        code = cell["programme"]
        if not code or code in declared:
            found.add("duplicate" if code else "blank_code", "error",
                      "the programme stands twice" if code else "a programme without a code", column="programme",
                      found=code or "blank", mend="keep one row" if code else "give the programme a code", **where)
            continue
        if code in registry.SEVEN and cell["kind"] != registry.SEVEN[code].kind:
            found.add("kind_of_seven", "error", "one of the seven funds is declared with another kind",
                      column="kind", expected=registry.SEVEN[code].kind, found=cell["kind"],
                      mend="give the fund a code of its own, or this kind", **where)
            continue
        try:
            declared[code] = registry.declare(code, cell["kind"], cell["name"], cell.get("name_en", ""), cell.get("includes", ""))
        except SibError as fault:
            found.add("unknown_kind", "error", str(fault), column="kind", found=cell["kind"],
                      expected=", ".join(registry.KINDS), mend="use one of these kinds", **where)
        rows[code], held[code] = int(number), cell.get("includes", "")
    names = Names(Regions.of(()), registry.words(declared), declared)
    for code, programme in declared.items():
        if programme.includes:
            declared[code] = _holding(programme, held[code], names, rows[code], found)
    for code, programme in declared.items():
        _parts(code, programme, declared, rows[code], found)
    return declared


def _holding(programme: Programme, text: str, names: Names, row: int, found: Collector) -> Programme:
    """A fund with the codes of the funds that its cell ``includes`` names."""
    try:
        parts = each(text, names.fund).split(",")
        if "*" in parts:
            raise SibError("unknown programme '*'")
        return replace(programme, includes=tuple(parts))
    except SibError as fault:
        known = [c for c in (*registry.SEVEN, *names.declared) if c != programme.code]
        found.add("unknown_part", "error", f"a total holds a fund that is not declared; {fault}",
                  expected=f"codes or names of {', '.join(known)}", found=text, table="programmes", row=row,
                  programme=programme.code, column="includes", mend="declare the fund in this table, or mend its code or name")
        return replace(programme, includes=())


def _parts(code: str, programme: Programme, declared: dict[str, Programme], row: int, found: Collector) -> None:
    """What a published total is said to hold: funds without formulas of their own, and not, through others, itself."""
    where: dict[str, Any] = {"table": "programmes", "row": row, "programme": code, "column": "includes"}
    parts = programme.includes or ()
    if parts and programme.kind != registry.TOTALS:
        found.add("unknown_part", "error", "a fund with formulas of its own is said to hold others", expected="blank",
                  found=", ".join(parts), mend=f"clear the cell, or make the kind {registry.TOTALS}", **where)
    queue, seen = [*parts], set[str]()
    while queue:
        part = queue.pop()
        if part in seen:
            continue
        seen.add(part)
        queue += (declared[part].includes or ()) if part in declared else ()
    if code in seen:
        found.add("unknown_part", "error", "a total holds itself, through the funds it holds",
                  expected="funds that do not hold it", found=", ".join(parts),
                  mend="take it out of one of the cells includes", **where)


