"""Scenarios as files, mappings and rows of the ``policies`` table: read, every fault told at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sibforecast import items
from sibforecast.assumptions.scenario import OPERATIONS, Change, Scenario
from sibforecast.errors import NoSuchFileError, ScenarioError, SibError, all_faults
from sibforecast.programmes import registry
from sibforecast.tables.cells import read_cell, read_code, read_truth

if TYPE_CHECKING:
    from sibforecast.tables.data import FundData

_PRESETS = Path(__file__).parent / "presets"
_HEAD = ("title", "author", "reference", "explanation", "change")
_FIELDS = tuple(f.name for f in fields(Change))


def read_scenario(source: str | Path | Mapping[str, Any], data: FundData | None = None) -> Scenario:
    """Read a scenario from a TOML file, a shipped one by its name, or the same record as a mapping.

    Parameters
    ----------
    source : str, Path or mapping
        A mapping has the keys of the file, its changes listed under ``change``: the body of a
        request to a service, for example. It is data only: nothing in it is looked up as a file.
    data : FundData, optional
        The data set it is meant for: funds and areas that it does not know are faults too.

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        With every fault of every change at once.

    Examples
    --------
    >>> read_scenario("raise_pensions").changes[0].multiply
    1.02
    >>> cut = {"item": "contribution_rate", "multiply": 0.9, "start": "2026-01", "decided_by": "nation"}
    >>> read_scenario({"title": "cut", "change": [cut]}).causes()
    ('contribution_rate ×0.9',)
    """
    if isinstance(source, Mapping):
        return _from_record(source, "scenario", data)
    path = Path(source)
    if not path.exists() and path.parent == Path("."):
        path = _PRESETS / f"{path.stem}.toml"
    if not path.exists():
        shipped = ", ".join(sorted(p.stem for p in _PRESETS.glob("*.toml")))
        raise NoSuchFileError(f"no scenario {str(source)!r}; shipped: {shipped}")
    try:
        return _from_record(tomllib.loads(path.read_text("utf-8-sig")), path.name, data)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ScenarioError(f"{path.name}: not a TOML file: {fault}") from fault


def _from_record(record: Mapping[str, Any], name: str, data: FundData | None = None) -> Scenario:
    faults = [f"unknown key {k!r}{items.did_you_mean(str(k), _HEAD)}" for k in record if k not in _HEAD]
    if faults:
        faults.append(f"the keys above the changes are {', '.join(_HEAD)} (a table in docs/cookbook.md says what each holds)")
    if not record.get("title"):
        faults.append("the title is missing")
    changes = []
    listed = record.get("change", [])
    if not isinstance(listed, list):
        faults.append("write each change as [[change]]")
        listed = []
    for number, entry in enumerate(listed, start=1):
        if not isinstance(entry, Mapping):
            faults.append(f"change {number}: write each change as [[change]] with its keys below; found {entry!r}")
            continue
        try:
            changes.append(change_from(entry))
        except ScenarioError as fault:
            faults.extend(f"change {number}: {line.strip(' -')}" for line in str(fault).splitlines()[1:])
        faults.extend(f"change {number}: {fault}" for fault in (_strangers(entry, data) if data is not None else ()))
    if faults:
        raise all_faults(ScenarioError, name, faults)
    head = {k: str(record.get(k, "")) for k in ("author", "reference", "explanation")}
    return Scenario(str(record["title"]), *changes, **head)


def _strangers(entry: Mapping[str, Any], data: FundData) -> Iterator[str]:
    """Funds and areas of a change that the data set does not know."""
    def words(key: str) -> list[str]:
        value = entry.get(key, ())
        parts = value.replace("，", ",").split(",") if isinstance(value, str) else value
        parts = parts if isinstance(parts, (list, tuple)) else ()  # what is neither is told by its kind
        return [part.strip() for part in parts if isinstance(part, str) and part.strip() not in ("", "*")]

    funds = registry.words(dict(data.programmes))
    for word in words("programme"):
        if "".join(word.lower().split()) not in funds and word.lower() not in funds:
            yield f"unknown programme {word!r}{items.did_you_mean(word, funds)}"
    for word in words("regions"):
        try:
            data.regions.resolve(word)
        except SibError as fault:
            yield str(fault)


def change_from(record: Mapping[str, Any]) -> Change:
    """A change from a record of a file or a row of ``policies``.

    Raises
    ------
    ScenarioError
        With every fault of the record.
    """
    faults = [f"unknown key {k!r}{items.did_you_mean(k, _FIELDS)}" for k in record if k not in _FIELDS]
    if faults:
        faults.append(f"the keys of a change are {', '.join(_FIELDS)} (a table in docs/cookbook.md says what each holds)")
    known = {k: v for k, v in record.items() if k in _FIELDS}
    for name in ("item", "start"):
        known.setdefault(name, "")
    try:
        change: Change | None = Change(**known)
    except ScenarioError as fault:
        faults.extend(line.strip(" -") for line in str(fault).splitlines()[1:])
        change = None
    if faults or change is None:
        raise all_faults(ScenarioError, "change", faults)
    return change


def from_policies(rows: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Changes from rows of the ``policies`` table (cells as read).

    Raises
    ------
    ScenarioError
        With every fault, named by its row.
    """
    changes: list[Change] = []
    faults: list[str] = []
    for row in rows:
        record: dict[str, Any] = {}
        for name in _FIELDS:
            cell = row.get(name)
            if cell is None or cell != cell or cell == "":
                continue
            if name in (*OPERATIONS, "before_value"):
                record[name] = read_cell(cell).value
            elif name == "known_at_budget":
                record[name] = bool(read_truth(cell))
            else:
                record[name] = read_code(cell)
        try:
            changes.append(change_from(record))
        except ScenarioError as fault:
            faults.extend(f"row {row.get('row', '?')}: {line.strip(' -')}" for line in str(fault).splitlines()[1:])
    if faults:
        raise all_faults(ScenarioError, "policies", faults)
    return tuple(changes)
