"""Law as records: what a parameter is, its dated values, and what of them is in force.

Of one parameter the nearest area with a value in force wins. Within an area a later start
supersedes what was before, for good: a value that ends leaves nothing behind it but the law of
the areas above, so that no old figure comes back unasked. A derived parameter is the sum or
product of others of its fund, in force while all of them are.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import zip_longest
from math import isfinite, prod
from typing import TYPE_CHECKING

from sibforecast.errors import SibError
from sibforecast.periods import Period

if TYPE_CHECKING:
    from sibforecast.tables.regions import Regions

#: What a document says; what was seen in reports; what is own knowledge and waits for its document.
STATUSES = ("statute", "observed", "unverified")
#: Every fund, every area.
ALL = "*"
_AREA = re.compile(r"(\d{2})(\d{2})\d{2}")
Key = tuple[str, str]


@dataclass(frozen=True)
class Parameter:
    """What a parameter of a fund is: its name, unit and bounds; its parts where it follows from others."""

    id: str
    programme: str
    title: str
    title_zh: str
    unit: str
    low: float = float("nan")
    high: float = float("nan")
    words: tuple[str, ...] = ()
    how: str = ""  # sum or product of the parts
    parts: tuple[str, ...] = ()
    decided_by: str = ""

    def keeps(self, value: float) -> bool:
        """Whether a number lies in the bounds."""
        return isfinite(value) and self.low <= value <= self.high


@dataclass(frozen=True)
class Record:
    """One dated value; a word where the parameter is no number (`value` is blank then)."""

    parameter: Parameter
    region: str
    value: float
    word: str
    start: dt.date
    end: dt.date | None
    decided_by: str
    source: str
    status: str
    note: str = ""

    @property
    def last(self) -> dt.date:
        """The last day in force; the end of time where none is set."""
        return self.end or dt.date.max

    def covers(self, day: dt.date) -> bool:
        """Whether it is in force on a day; first and last day included."""
        return self.start <= day <= self.last


def read_day(value: object, last: bool = False) -> dt.date:
    """A day, or the first (`last`: the last) day of a month or year.

    Raises
    ------
    SibError
        If it is no date.

    Examples
    --------
    >>> str(read_day("2019-05")), str(read_day("2019", last=True))
    ('2019-05-01', '2019-12-31')
    """
    if isinstance(value, dt.date):
        return dt.date(value.year, value.month, value.day)
    text = str(value).strip()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError as fault:
            raise SibError(f"not a date: {text!r}; {fault}") from fault
    try:
        period = Period.parse(text)
    except SibError as fault:
        raise SibError(f"not a date: {value!r}; expected 2019-05-01, 2019-05 or 2019") from fault
    if not last:
        return dt.date(period.year, period.month or 1, 1)
    year, month = divmod(period.year * 12 + (period.month or 12), 12)
    return dt.date(year, month + 1, 1) - dt.timedelta(days=1)


@dataclass(frozen=True)
class Law:
    """Parameters by (id, fund), records by (id, fund, area, start), and former names."""

    parameters: Mapping[Key, Parameter] = field(default_factory=dict)
    records: Mapping[tuple[str, str, str, dt.date], Record] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Names of the parameters, each once."""
        return tuple(dict.fromkeys(id for id, _ in self.parameters))

    @cached_property
    def _records(self) -> Mapping[Key, tuple[Record, ...]]:
        table: dict[Key, list[Record]] = {key: [] for key in self.parameters}
        for (name, programme, _, _), record in self.records.items():
            table[name, programme].append(record)
        return {key: tuple(sorted(many, key=lambda r: (r.region, r.start))) for key, many in table.items()}

    def made_of(self, parameter: Parameter) -> list[tuple[Record, ...]]:
        """The records a parameter is made of: its own, or those of each of its parts."""
        return [self._records[part.id, part.programme] for part in self.parts(parameter) or (parameter,)]

    def parts(self, parameter: Parameter) -> tuple[Parameter, ...]:
        """What a derived parameter follows from: parameters of its fund, else of every fund."""
        keys = [(id, parameter.programme) for id in parameter.parts]
        return tuple(self.parameters[key if key in self.parameters else (key[0], ALL)] for key in keys)

    def areas(self, parameter: Parameter) -> tuple[str, ...]:
        """Areas of which anything is recorded."""
        return tuple(dict.fromkeys(r.region for records in self.made_of(parameter) for r in records))

    def in_force(self, parameter: Parameter, lineage: tuple[str, ...], day: dt.date) -> Record | None:
        """The record in force on a day for the nearest area of a lineage; ``None`` if there is none."""
        found = [_nearest(records, lineage, day) for records in self.made_of(parameter)]
        parts = [p for p in found if p is not None]
        if len(parts) < len(found):
            return None
        return _derived(parameter, parts, lineage) if parameter.parts else parts[0]

    def pieces(self, parameter: Parameter, lineage: tuple[str, ...]) -> list[Record]:
        """What was in force from when to when for one area: no gap filled, no two at once."""
        own = [r for records in self.made_of(parameter) for r in records if r.region in lineage]
        days = sorted({r.start for r in own} | {r.end + dt.timedelta(days=1) for r in own if r.end is not None})
        out: list[Record] = []
        for day, after in zip_longest(days, days[1:]):
            found = self.in_force(parameter, lineage, day)
            if found is None:
                continue
            piece = replace(found, start=day, end=after - dt.timedelta(days=1) if after is not None else found.end)
            if out and out[-1].end == day - dt.timedelta(days=1) and replace(out[-1], start=day, end=piece.end) == piece:
                out[-1] = replace(out[-1], end=piece.end)
            else:
                out.append(piece)
        return out

    def steps(self, parameter: Parameter) -> list[Record]:
        """Dated values as written; of a derived parameter its steps, for every area its parts name."""
        if not parameter.parts:
            return list(self._records[parameter.id, parameter.programme])
        return [p for area in self.areas(parameter) for p in self.pieces(parameter, lineage_of(area)) if p.region == area]


def lineage_of(region: str, regions: Regions | None = None) -> tuple[str, ...]:
    """The areas whose law an area is under, nearest first, the nation's last.

    By the pooling tree where one is given, else by the digits of the code (GB/T 2260).

    Raises
    ------
    SibError
        If the tree knows no such area.

    Examples
    --------
    >>> lineage_of("150202"), lineage_of("")
    (('150202', '150200', '150000', '*'), ('*',))
    """
    if region in ("", ALL):
        return (ALL,)
    if regions is not None:
        code = regions.resolve(region)
        return (code, *regions.ancestors(code), ALL)
    match = _AREA.fullmatch(region)
    above = (f"{match[1]}{match[2]}00", f"{match[1]}0000") if match else ()
    return tuple(dict.fromkeys((region, *above, ALL)))


def _nearest(records: Iterable[Record], lineage: tuple[str, ...], day: dt.date) -> Record | None:
    """Of the nearest area where it has not ended, the record with the latest start."""
    begun = [r for r in records if r.start <= day]
    for region in lineage:
        latest = max((r for r in begun if r.region == region), key=lambda r: r.start, default=None)
        if latest is not None and latest.covers(day):
            return latest
    return None


def _derived(parameter: Parameter, parts: list[Record], lineage: tuple[str, ...]) -> Record:
    """The sum or product of its parts, in decimals: 0.16 + 0.08 is 0.24; as sure as the least sure."""
    numbers = [Decimal(repr(p.value)) for p in parts]
    value = float(sum(numbers) if parameter.how == "sum" else prod(numbers))
    sign = " + " if parameter.how == "sum" else " × "
    ends = [p.end for p in parts if p.end is not None]
    return Record(
        parameter, min((p.region for p in parts), key=lineage.index), value, "",
        max(p.start for p in parts), min(ends) if ends else None, parameter.decided_by,
        "; ".join(dict.fromkeys(p.source for p in parts)), max((p.status for p in parts), key=STATUSES.index),
        sign.join(f"{p.parameter.id} {n.normalize():f}" for p, n in zip(parts, numbers, strict=True)),
    )  # fmt: skip
