"""Law files: dated, bounded, sourced records in TOML, read with all their faults at once.

A file holds parameters; each has its dated values, and every value says since when it is in
force, who decided it, where that is written and how far it was checked. A later file may
overlay earlier ones: what it dates alike it replaces, what it dates later supersedes.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

from sibforecast.assumptions.law_records import ALL, STATUSES, Key, Law, Parameter, Record, read_day
from sibforecast.errors import NoSuchFileError, PolicyError, SibError, all_faults
from sibforecast.items import did_you_mean
from sibforecast.programmes import registry
from sibforecast.tables.schema import LEVELS
from sibforecast.tables.units import parse_unit

#: Units of law beside those of figures: ages, a month of the year, a multiple, and words.
UNITS = ("years", "month of the year", "times", "word")
_HEAD = ("title", "note", "funds", "renamed", "parameter")
_PER_VALUE = ("region", "decided_by", "source", "status", "note")
_VALUE = ("value", "start", "end", *_PER_VALUE)
_PARAMETER = ("id", "title_en", "title_zh", "programme", "unit", "range", "words", "sum", "product", "value", *_PER_VALUE)
_ID = re.compile(r"[a-z][a-z0-9_]*")


def read_law(files: Iterable[Path], known: Law | None = None) -> Law:
    """Read law files that belong together, over a law already known.

    Raises
    ------
    PolicyError
        With every fault of every file: unknown keys, units and words, a value out of its
        range, records that overlap, a missing source, bad dates.
    NoSuchFileError
        If a file does not exist.
    """
    reader = _Reader(known or Law())
    for path in files:
        if not path.exists():
            raise NoSuchFileError(f"no law file {str(path)!r}")
        reader.read(path)
    reader.check_overlaps()
    reader.check_links()
    if reader.faults:
        raise all_faults(PolicyError, "law files", reader.faults)
    return Law(
        {**reader.known.parameters, **reader.parameters},
        {**reader.known.records, **reader.records},
        {**reader.known.renamed, **reader.renamed},
    )


class _Reader:
    """One layer of files, and what is wrong with them."""

    def __init__(self, known: Law) -> None:
        self.known = known
        self.parameters: dict[Key, Parameter] = {}
        self.records: dict[tuple[str, str, str, dt.date], Record] = {}
        self.renamed: dict[str, str] = {}
        self.faults: list[str] = []
        self.where = ""
        self.places: dict[str, str] = {}

    def fault(self, text: str) -> None:
        """Note a fault at the present place."""
        self.faults.append(f"{self.where}: {text}")

    def read(self, path: Path) -> None:
        """One file."""
        self.where = path.name
        try:
            content = tomllib.loads(path.read_text("utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
            self.fault(f"not a TOML file: {fault}")
            return
        self._keys(content, _HEAD)
        funds = content.get("funds", [])
        if not _are_texts(funds):
            self.fault(f"funds must be a list of codes in quotes; found {funds!r}")
            funds = []
        names = content.get("renamed", {})
        if not isinstance(names, dict) or not all(isinstance(v, str) for v in names.values()):
            self.fault("[renamed] must hold lines such as former_name = \"present_name\"")
        else:
            self.renamed |= names
            self.places |= dict.fromkeys(names, path.name)
        listed = content.get("parameter", [])
        if not isinstance(listed, list) or not all(isinstance(p, dict) for p in listed):
            self.fault("write each parameter as [[parameter]] with its keys below")
            return
        if not listed and not names:
            self.fault("no [[parameter]]")
        for number, entry in enumerate(listed, start=1):
            self.where = f"{path.name}, {entry.get('id') or f'parameter {number}'}"
            self._parameter(entry, (*registry.SEVEN, *funds))

    def _keys(self, record: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in record:
            if key not in known:
                self.fault(f"unknown key {key!r}{did_you_mean(key, known)}; expected {', '.join(known)}")

    def _parameter(self, entry: Mapping[str, Any], funds: tuple[str, ...]) -> None:
        self._keys(entry, _PARAMETER)
        name = entry.get("id")
        if not isinstance(name, str) or not _ID.fullmatch(name):
            self.fault(f"the id must be small letters, digits and _; found {name!r}")
            return
        programmes = entry.get("programme", "")
        programmes = (programmes,) if isinstance(programmes, str) else programmes
        if not _are_texts(programmes) or not programmes:
            self.fault(f"programme must be a fund or a list of funds; found {programmes!r}")
            return
        place = self.where
        for programme in programmes:
            if programme != ALL and programme not in funds:
                known = (*funds, ALL)
                self.fault(f"unknown fund {programme!r}{did_you_mean(programme, known)}; "
                           "expected one of the seven, one listed under funds, or *")  # fmt: skip
                continue
            parameter = self._described(entry, name, programme)
            if parameter is None:
                return  # told once, not for every fund
            if (name, programme) in self.parameters:
                self.where = place
                self.fault(f"stands twice for {programme}; put all its values under one [[parameter]]")
                continue
            self.parameters[name, programme] = parameter
            count = len(self.faults)
            self._values(entry, parameter)
            self.where = place
            if len(self.faults) > count:
                return

    def _described(self, entry: Mapping[str, Any], name: str, programme: str) -> Parameter | None:
        """The parameter; what an overlay leaves out is as in the law it lies upon."""
        before = self.known.parameters.get((name, programme))
        count = len(self.faults)
        if before is None:
            missing = [k for k in ("title_en", "title_zh", "unit") if not str(entry.get(k, "")).strip()]
            if missing:
                self.fault(f"{', '.join(missing)} missing: a parameter needs titles in both languages and a unit")
        texts = {k: entry[k] for k in ("title_en", "title_zh", "unit") if k in entry}
        for key, text in texts.items():
            if not isinstance(text, str):
                self.fault(f"{key} must be text in quotes; found {text!r}")
        unit = str(entry.get("unit", before.unit if before else ""))
        if unit and not _is_unit(unit):
            self.fault(f"unknown unit {unit!r}; expected share, yuan/month, yuan/year, months, {', '.join(UNITS)}")
        if before is not None and unit != before.unit:
            self.fault(f"the unit is {before.unit!r}; found {unit!r}")
        low, high, words = self._bounds(entry, before, unit)
        how = [k for k in ("sum", "product") if k in entry]
        parts = entry[how[0]] if how else ()
        if len(how) > 1 or not _are_texts(parts) or (how and len(parts) < 2):
            self.fault("a derived parameter has one list of at least two others, sum or product")
            parts = ()
        if how and before is not None:
            self.fault("it is known already: give values, or derive a parameter of another name")
        decided = str(entry.get("decided_by", ""))
        if len(how) == 1 and (decided not in LEVELS or "value" in entry):
            self.fault(f"a derived parameter has no values of its own and says who decided it ({', '.join(LEVELS)})")
        if len(self.faults) > count:
            return None
        en, zh = (str(entry.get(k, "")) for k in ("title_en", "title_zh"))
        made = Parameter(name, programme, en, zh, unit, low, high, words, how[0] if how else "", tuple(parts), decided)
        if before is None:
            return made
        return replace(before, title=en or before.title, title_zh=zh or before.title_zh, low=low, high=high, words=words)

    def _bounds(
        self, entry: Mapping[str, Any], before: Parameter | None, unit: str
    ) -> tuple[float, float, tuple[str, ...]]:
        """Bounds of a number, or the words a parameter may have."""
        none = float("nan")
        if unit == "word":
            words = entry.get("words", before.words if before else ())
            if not _are_texts(words) or not words:
                self.fault("a parameter that is a word needs words, the list of those allowed")
                return none, none, ()
            if before is not None and not set(words) <= set(before.words):
                self.fault(f"words may only be fewer than those of the law: {', '.join(before.words)}")
            return none, none, tuple(words)
        given = entry.get("range", [before.low, before.high] if before else None)
        if "words" in entry or not isinstance(given, list) or len(given) != 2 or not all(map(_is_number, given)):
            self.fault(f"range must be two numbers, the bounds that a value must keep; found {given!r}")
            return none, none, ()
        low, high = float(given[0]), float(given[1])
        if low > high:
            self.fault(f"the range ends before it begins: {given}")
        if before is not None and not (before.low <= low and high <= before.high):
            self.fault(f"the range [{low:g}, {high:g}] goes beyond that of the law, [{before.low:g}, {before.high:g}]")
        return low, high, ()

    def _values(self, entry: Mapping[str, Any], parameter: Parameter) -> None:
        listed = entry.get("value", [])
        if not isinstance(listed, list) or not all(isinstance(v, dict) for v in listed):
            self.fault("write each value as [[parameter.value]] with its keys below")
            return
        if not listed and not parameter.parts and "range" not in entry and "words" not in entry:
            self.fault("no [[parameter.value]]")
        place = self.where
        for number, value in enumerate(listed, start=1):
            self.where = f"{place}, value {value.get('start') or number}"
            self._keys(value, _VALUE)
            record = self._record({k: entry[k] for k in _PER_VALUE if k in entry} | value, parameter)
            if record is None:
                continue
            key = (parameter.id, parameter.programme, record.region, record.start)
            if key in self.records:
                self.fault(f"two values for {record.region} start on {record.start}; keep one")
            self.records[key] = record

    def _record(self, value: Mapping[str, Any], parameter: Parameter) -> Record | None:
        count = len(self.faults)
        if parameter.parts:
            self.fault(f"{parameter.id} follows from {', '.join(parameter.parts)}; give their values")
        number, word = self._worth(value.get("value"), parameter)
        days: dict[str, dt.date | None] = {"start": None, "end": None}
        for name in days:
            if name not in value:
                if name == "start":
                    self.fault("the start is missing; expected a date such as 2019-05-01")
                continue
            try:
                days[name] = read_day(value[name], last=name == "end")
            except SibError as fault:
                self.fault(f"{name}: {fault}")
        start, end = days["start"], days["end"]
        if start and end and end < start:
            self.fault(f"the end {end} lies before the start {start}")
        for name, known in (("decided_by", LEVELS), ("status", STATUSES)):
            if value.get(name) not in known:
                self.fault(f"{name} must be one of {', '.join(known)}; found {value.get(name, 'nothing')!r}")
        for name in ("source", "region", "note"):
            text = value.get(name, ALL if name == "region" else "")
            if not isinstance(text, str):
                self.fault(f"{name} must be text in quotes; found {text!r}")
            elif name != "note" and not text.strip():
                mend = "; name the document, or say that the value is own knowledge" if name == "source" else ""
                self.fault(f"the {name} is missing{mend}")
        if len(self.faults) > count or start is None:
            return None
        told = {k: str(value[k]).strip() for k in ("decided_by", "source", "status")}
        region, note = str(value.get("region", ALL)).strip(), str(value.get("note", "")).strip()
        return Record(parameter, region, number, word, start, end, note=note, **told)

    def _worth(self, value: object, parameter: Parameter) -> tuple[float, str]:
        """The number or the word of a value."""
        if parameter.unit == "word":
            if value not in parameter.words:
                self.fault(f"the value must be one of {', '.join(parameter.words)}; found {value!r}")
            return float("nan"), str(value)
        if not _is_number(value):
            self.fault(f"the value must be a number; found {value!r}")
        elif not parameter.keeps(float(value)):  # type: ignore[arg-type]
            self.fault(f"{value} lies outside the range [{parameter.low:g}, {parameter.high:g}]; correct the value")
        else:
            return float(value), ""  # type: ignore[arg-type]
        return float("nan"), ""

    def check_overlaps(self) -> None:
        """A stated end must lie before the next start: else the file says two things of one day."""
        series: dict[tuple[str, str, str], list[Record]] = {}
        for key, record in self.records.items():
            series.setdefault(key[:3], []).append(record)
        for (name, programme, region), records in series.items():
            ordered = sorted(records, key=lambda r: r.start)
            for earlier, later in pairwise(ordered):
                if earlier.end is not None and earlier.end >= later.start:
                    self.where = f"{name} of {programme} for {region}"
                    self.fault(f"the value from {earlier.start} until {earlier.end} overlaps that from {later.start}; "
                               "end it the day before, or leave its end out")  # fmt: skip

    def check_links(self) -> None:
        """Former names lead to a parameter that exists; parts of derived ones exist for the fund."""
        keys = {**self.known.parameters, **self.parameters}
        ids = {id for id, _ in keys}
        for old, new in self.renamed.items():
            self.where = f"{self.places[old]}, [renamed]"
            if old in ids:
                self.fault(f"{old!r} is still the name of a parameter; a former name must be free")
            if new not in ids:
                self.fault(f"{old!r} leads to {new!r}, which is no parameter{did_you_mean(new, ids)}")
        for parameter in self.parameters.values():
            for part in parameter.parts:
                found = keys.get((part, parameter.programme), keys.get((part, ALL)))
                self.where = f"{parameter.id} of {parameter.programme}"
                if found is None:
                    self.fault(f"its part {part!r} is no parameter of the fund{did_you_mean(part, ids)}")
                elif found.parts or found.unit == "word":
                    self.fault(f"its part {part!r} must be a number with values of its own")


def _are_texts(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(v, str) and v.strip() for v in value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _is_unit(text: str) -> bool:
    if text in UNITS:
        return True
    try:
        parse_unit(text)
    except SibError:
        return False
    return True
