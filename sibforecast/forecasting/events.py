"""Events and breaks: what happened once, or changed what is counted, and since when that is known.

A waiver of contributions or a programme of one year says nothing of other years: what is
fitted leaves it out. A change of definition makes earlier figures another series. Both must
be dated and announced; a forecast made before `known_from` cannot know of them. Jumps that
nobody announced are told, never smoothed away.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sibforecast.errors import SibError
from sibforecast.periods import Period, months_in_force
from sibforecast.tables.data import FundData
from sibforecast.tables.schema import EVENT_KINDS

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Months of a year from which an event marks the year as a whole (`marked`).
MONTHS = 3
#: A break leaves out what came before it once so many later years are known.
LATER_YEARS = 3
#: A jump is told where growth lies so many median deviations, and this much, off the others.
JUMP_DEVIATIONS, JUMP_LEAST = 6.0, 0.08
#: Areas that one finding names.
NAMED = 6


@dataclass(frozen=True)
class Event:
    """One dated event.

    Parameters
    ----------
    kind : str
        ``one_off``: the months from start to end are left out of what is fitted. ``break``:
        what came before the start is another series.
    programme, item : tuple of str
        Funds and items it concerns; ``*`` for all.
    start, end : Period
        First and last month.
    known_from : Period
        The month from which a forecast may know of it.
    """

    id: str
    kind: str
    programme: tuple[str, ...]
    item: tuple[str, ...]
    start: Period
    end: Period
    known_from: Period
    note: str = ""
    source: str = ""
    status: str = "unverified"

    def concerns(self, programme: str, item: str) -> bool:
        """Whether a series is meant; amounts per head follow their amount."""
        whole = item.removesuffix("_per_insured")
        return ("*" in self.programme or programme in self.programme) and ("*" in self.item or whole in self.item)

    def is_known(self, limit: Period) -> bool:
        """Whether a forecast made at `limit` may know of it."""
        return (self.known_from.year, self.known_from.month or 1) <= (limit.year, limit.month or 12)


def _words(value: Any) -> tuple[str, ...]:
    many = value if isinstance(value, list) else str(value).replace("，", ",").split(",")
    return tuple(str(v).strip() for v in many if str(v).strip()) or ("*",)


def event_from(record: Mapping[Any, Any]) -> Event:
    """An event from a record of a file or a row of the table ``events``.

    Raises
    ------
    SibError
        If the kind is unknown or a date is missing.
    """
    name = str(record.get("id") or record.get("note") or "event")
    kind = str(record.get("kind") or "one_off")
    if kind not in EVENT_KINDS:
        raise SibError(f"event {name!r}: unknown kind {kind!r}; expected one of {', '.join(EVENT_KINDS)}")
    if not record.get("start"):
        raise SibError(f"event {name!r}: the start is missing")
    start = Period.parse(record["start"])
    end = Period.parse(record["end"]) if record.get("end") else Period(start.year, 12)
    known = Period.parse(record["known_from"]) if record.get("known_from") else start
    return Event(
        name, kind, _words(record.get("programme") or "*"), _words(record.get("item") or "*"),
        start, end, known, str(record.get("note") or ""), str(record.get("source") or ""),
        str(record.get("status") or "unverified"),
    )  # fmt: skip


@cache
def shipped() -> tuple[Event, ...]:
    """The events of `events.toml`."""
    text = (Path(__file__).parent / "events.toml").read_text("utf-8")
    return tuple(event_from(record) for record in tomllib.loads(text)["event"])


def events_of(data: FundData, limit: Period) -> tuple[Event, ...]:
    """What a forecast made at `limit` may know: the data set's own events, and shipped ones for yuan."""
    rows = data.table("events").to_dict("records")
    own = [event_from({**row, "id": row.get("id") or row.get("note") or f"event of row {row.get('row')}"}) for row in rows]
    names = {e.id for e in own}
    more = [e for e in shipped() if e.id not in names] if data.currency == "yuan" else []
    return tuple(e for e in (*own, *more) if e.is_known(limit))


def marked(event: Event) -> set[int]:
    """Years that a one-off event marks as a whole: those that hold three of its months.

    An event as long as that, of which the turn of a year leaves neither three, marks the year
    that holds more of it, and both where they hold as many.

    Examples
    --------
    >>> winter = {"id": "winter", "kind": "one_off", "start": "2020-11", "end": "2021-02"}
    >>> sorted(marked(event_from(winter))), sorted(marked(event_from({**winter, "end": "2021-03"})))
    ([2020, 2021], [2021])
    """
    months = {y: months_in_force(y, event.start, event.end) for y in range(event.start.year, event.end.year + 1)}
    most = max(months.values(), default=0)
    least = MONTHS if most >= MONTHS or sum(months.values()) < MONTHS else most
    return {y for y, n in months.items() if n >= least}


def left_out(events: Iterable[Event], programme: str, item: str, years: Iterable[int]) -> dict[int, str]:
    """Years of a series that say nothing of others, with the event's name."""
    out: dict[int, str] = {}
    span = list(years)
    for event in events:
        if not event.concerns(programme, item):
            continue
        if event.kind == "one_off":
            gone = marked(event)
            out |= {y: event.id for y in span if y in gone}
        elif span and span[-1] - event.start.year + 1 >= LATER_YEARS:
            out |= {y: event.id for y in span if y < event.start.year}
    return out


def jumps(series: Floats) -> Bools:
    """Years whose growth lies far off the others of the series: array (series, years)."""
    out = np.zeros(series.shape, dtype=bool)
    if series.shape[1] < 5:
        return out
    growth = np.diff(series, axis=1)
    known = ~np.isnan(growth)
    enough = known.sum(axis=1) >= 4
    apart = np.abs(growth - _median(growth)[:, None])
    spread = _median(apart)
    limit = np.maximum(JUMP_DEVIATIONS * spread, JUMP_LEAST)
    out[:, 1:] = enough[:, None] & known & (np.nan_to_num(apart) > limit[:, None])
    return out


def _median(values: Floats) -> Floats:
    """Median of what is known of each row."""
    count = (~np.isnan(values)).sum(axis=1)
    rows, ordered = np.arange(len(values)), np.sort(values, axis=1)  # unknown ones last
    last = np.maximum(count - 1, 0)
    return np.asarray((ordered[rows, last // 2] + ordered[rows, np.minimum(count // 2, last)]) / 2.0)


def jump_places(found: Sequence[tuple[int, int]], areas: Sequence[str], years: Sequence[int]) -> str:
    """How many jumps there are and in which areas, for a finding: each area once, with its years.

    Examples
    --------
    >>> jump_places([(0, 1), (0, 2), (1, 2)], ("150100", "150200"), (2018, 2019, 2020))
    '3 places: 150100 (2019, 2020), 150200 (2020)'
    """
    by_area: dict[str, list[str]] = {}
    for area, year in found:
        by_area.setdefault(areas[area], []).append(str(years[year]))
    told = [f"{area} ({', '.join(many)})" for area, many in list(by_area.items())[:NAMED]]
    left = len(by_area) - NAMED
    more = f" and {left} more area{'s' * (left > 1)}" if left > 0 else ""
    return f"{len(found)} place{'s' * (len(found) > 1)}: {', '.join(told)}{more}"


def across(jumps: Bools, origins: int, horizons: npt.NDArray[np.int64]) -> Bools:
    """Errors that hold a jump: it fell between origin and target, or was the last growth known: (series, origins, horizons).

    Parameters
    ----------
    jumps : array of bool (series, years)
        Years in which a series jumped.
    origins : int
        How many there are; the last is the year before the last.
    horizons : array of int
        Years ahead.

    Examples
    --------
    >>> import numpy as np
    >>> across(np.array([[False, False, False, True, False, False]]), 4, np.array([1, 2]))[0].astype(int).tolist()
    [[0, 1], [1, 1], [1, 1], [0, 0]]
    """
    years = jumps.shape[1]
    so_far = np.hstack([np.zeros((len(jumps), 1), dtype=np.int64), jumps.cumsum(axis=1)])  # jumps before each year
    first = np.arange(years - 1 - origins, years - 1)
    until = np.minimum(first[:, None] + horizons[None, :], years - 1)
    return np.asarray(so_far[:, until + 1] > so_far[:, first][:, :, None])


def together(jumps: Bools, groups: npt.NDArray[np.int64]) -> Bools:
    """Jumps that most areas of an item made in one year: one event of them all, not one of each: (series, years).

    Nothing of an item whose last known year is such a one: the forecast carries it on.

    Parameters
    ----------
    jumps : array of bool (series, years)
        Years in which a series jumped.
    groups : array of int (series,)
        The areas of one item; one area by itself has no event it shares.

    Examples
    --------
    >>> import numpy as np
    >>> jumped = np.array([[0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], dtype=bool)
    >>> together(jumped, np.zeros(3, dtype=np.int64))[2].tolist()
    [False, True, False, False]
    """
    size = int(groups.max()) + 1 if len(groups) else 0
    number, members = np.zeros((size, jumps.shape[1])), np.bincount(groups, minlength=size)[:, None]
    np.add.at(number, groups, jumps)
    found = (members > 1) & (number > members / 2.0)
    return np.asarray((found & ~found[:, -1:])[groups])
