"""A scorecard as data: indicators, weights, rules and grades, read from TOML and refused with all faults at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sibforecast import items
from sibforecast.assumptions.law_records import STATUSES, read_day
from sibforecast.errors import NoSuchFileError, RulesError, SibError, all_faults
from sibforecast.items import did_you_mean
from sibforecast.tables.schema import LEVELS

#: How a figure comes about: by hand; account ÷ plan; their distance; months received; audit findings ÷ spending; put right.
MEASURES = ("entered", "completion", "deviation", "reported", "audited", "rectified")
_KEYS = ("title", "source", "status", "start", "unit", "note", "routine", "grade", "indicator")
_GRADE = ("name", "from")
_INDICATOR = ("id", "title_en", "title_zh", "group", "weight", "measure", "of", "one_of", "against", "full", "zero",
              "points_per_percent", "note")  # fmt: skip
_SHIPPED = Path(__file__).parent / "scorecard.toml"
TOTAL = "total"
_BANDS = ("green", "yellow", "orange", "red")


@dataclass(frozen=True)
class Indicator:
    """One thing that is scored: its weight in points, its measure and its rule."""

    id: str
    group: str
    weight: float
    measure: str
    title_en: str = ""
    title_zh: str = ""
    of: tuple[str, ...] = ()
    one_of: bool = False
    against: str = "adjusted"
    full: float = 0.0
    zero: float = 1.0
    points_per_percent: float = 1.0

    def points(self, value: float) -> float:
        """The score of a figure: of the weight, never below nothing; NaN where the figure is unknown.

        Entered figures run to 100; a completion is full from 100 % and loses `points_per_percent`
        for each percentage point below; a deviation or audit is full up to `full` and nothing from
        `zero`; shares reported or rectified count as they are.

        Examples
        --------
        >>> Indicator("r", "execution", 15, "completion").points(0.979)
        12.9
        >>> Indicator("a", "compilation", 10, "deviation", full=0.05, zero=0.15).points(-0.10)
        5.0
        """
        if value != value:
            return float("nan")
        if self.measure == "entered":
            got = self.weight * value / 100.0
        elif self.measure == "completion":
            got = self.weight - self.points_per_percent * max(0.0, 100.0 - 100.0 * value)
        elif self.measure in ("deviation", "audited"):
            got = self.weight * (self.zero - abs(value)) / (self.zero - self.full)
        else:
            got = self.weight * value
        return round(min(self.weight, max(0.0, got)), 10)


@dataclass(frozen=True)
class Card:
    """A scorecard: its indicators, and grades from the best down."""

    title: str
    source: str
    status: str
    unit: str
    indicators: tuple[Indicator, ...]
    grades: tuple[tuple[str, float], ...]
    routine: float = 0.5  # weight of the months' entries beside the year-end one

    @property
    def whole(self) -> float:
        """All points together."""
        return sum(i.weight for i in self.indicators)

    def grade(self, points: float) -> str:
        """The grade of a total of 100; blank where the total is unknown."""
        return next((name for name, least in self.grades if points >= least), "")


    def colour(self, points: float) -> str:
        """Green for the best grade, red for the worst, those between in order; blank where the points are unknown.

        Examples
        --------
        >>> card = read_scorecard()
        >>> [card.colour(points) for points in (95, 85, 70, 10, float("nan"))]
        ['green', 'yellow', 'orange', 'red', '']
        """
        place = next((i for i, (_, least) in enumerate(self.grades) if points >= least), -1)
        last = max(len(self.grades) - 1, 1)
        return _BANDS[-(-place * (len(_BANDS) - 1) // last)] if place >= 0 else ""


def read_scorecard(source: str | Path | None = None) -> Card:
    """Read a scorecard from a TOML file; without one the package's own default (status unverified).

    Raises
    ------
    RulesError
        With all faults at once: unknown keys, measures and items, weights that are none, a rule
        without room between full and zero, grades that are not in order or do not reach 0.

    Examples
    --------
    >>> card = read_scorecard()
    >>> card.whole, card.status, card.grade(85)
    (100.0, 'unverified', '良好')
    """
    path = _SHIPPED if source is None else Path(source)
    if not path.exists():
        raise NoSuchFileError(f"no scorecard {str(source)!r}")
    try:
        record = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise RulesError(f"{path.name}: not a TOML file: {fault}") from fault
    faults = list(_faults(record))
    if faults:
        raise all_faults(RulesError, path.name, faults)
    indicators = tuple(_indicator(entry) for entry in record["indicator"])
    grades = tuple((str(g["name"]), float(g["from"])) for g in record["grade"])
    return Card(str(record.get("title", "")), str(record["source"]), str(record["status"]), str(record.get("unit", "league")),
                indicators, grades, float(record.get("routine", 0.5)))  # fmt: skip


def _indicator(entry: Mapping[str, Any]) -> Indicator:
    words = {k: str(entry[k]) for k in ("id", "group", "measure", "title_en", "title_zh", "against") if k in entry}
    numbers = {k: float(entry[k]) for k in ("weight", "full", "zero", "points_per_percent") if k in entry}
    return Indicator(**words, **numbers, of=tuple(entry.get("of", ())), one_of=bool(entry.get("one_of", False)))  # type: ignore[arg-type]


def _faults(record: Mapping[str, Any]) -> Iterable[str]:
    for key in record:
        if key not in _KEYS:
            yield f"unknown key {key!r}{did_you_mean(key, _KEYS)}"
    if not record.get("source"):
        yield "the key source is missing: where the weights stand, or that no document names them"
    if record.get("status") not in STATUSES:
        yield f"status must be one of {', '.join(STATUSES)}; found {record.get('status')!r}"
    if record.get("unit", "league") not in LEVELS:
        yield f"unit must be one of {', '.join(LEVELS)}; found {record.get('unit')!r}"
    routine = record.get("routine", 0.5)
    if isinstance(routine, bool) or not isinstance(routine, (int, float)) or not 0 <= routine <= 1:
        yield f"routine must be a share from 0 to 1; found {routine!r}"
    if "start" in record:
        try:
            read_day(record["start"])
        except SibError as fault:
            yield f"start: {fault}"
    entries = record.get("indicator")
    if not isinstance(entries, list) or not entries:
        yield "no [[indicator]]"
    else:
        names = [e.get("id") for e in entries]
        yield from (f"indicator {n!r} stands twice" for n in dict.fromkeys(names) if names.count(n) > 1)
        for number, entry in enumerate(entries, start=1):
            yield from (f"indicator {entry.get('id', number)}: {fault}" for fault in _indicator_faults(entry))
    yield from _grade_faults(record.get("grade"))


def _indicator_faults(entry: Mapping[str, Any]) -> Iterable[str]:
    for key in entry:
        if key not in _INDICATOR:
            yield f"unknown key {key!r}{did_you_mean(key, _INDICATOR)}"
    for key in ("id", "group"):
        if not isinstance(entry.get(key), str) or not entry.get(key):
            yield f"the {key} is missing"
    if entry.get("id") == TOTAL:
        yield f"{TOTAL!r} is the name of the sum"
    measure = entry.get("measure")
    if measure not in MEASURES:
        yield f"measure must be one of {', '.join(MEASURES)}; found {measure!r}"
    numbers = {k: entry[k] for k in ("weight", "full", "zero", "points_per_percent") if k in entry}
    wrong = [k for k, v in numbers.items() if isinstance(v, bool) or not isinstance(v, (int, float)) or not 0 <= v < float("inf")]
    yield from (f"{k} must be a number from 0; found {numbers[k]!r}" for k in wrong)
    if not wrong and not numbers.get("weight"):
        yield "the weight is missing"
    if not wrong and measure in ("deviation", "audited") and numbers.get("full", 0.0) >= numbers.get("zero", 1.0):
        yield f"full ({numbers.get('full', 0.0):g}) must lie below zero ({numbers.get('zero', 1.0):g})"
    if measure in ("completion", "deviation"):
        of = entry.get("of")
        if not isinstance(of, list) or not of:
            yield "of must name the items"
        else:
            yield from (f"unknown item {i!r}{did_you_mean(str(i), items.CATALOGUE)}" for i in of if i not in items.CATALOGUE)
    if entry.get("against", "adjusted") not in ("budget", "adjusted"):
        yield f"against must be budget or adjusted; found {entry.get('against')!r}"


def _grade_faults(grades: Any) -> Iterable[str]:
    if not isinstance(grades, list) or not grades:
        yield "no [[grade]]"
        return
    for number, entry in enumerate(grades, start=1):
        for key in entry:
            if key not in _GRADE:
                yield f"grade {entry.get('name', number)}: unknown key {key!r}{did_you_mean(key, _GRADE)}"
        if not entry.get("name") or isinstance(entry.get("from"), bool) or not isinstance(entry.get("from"), (int, float)):
            yield f"grade {entry.get('name', number)}: expected a name and a number from"
            return
    starts = [float(g["from"]) for g in grades]
    if starts != sorted(starts, reverse=True) or len(set(starts)) < len(starts):
        yield "grades must stand from the best down"
    if starts[-1] != 0:
        yield "the last grade must start at 0"
