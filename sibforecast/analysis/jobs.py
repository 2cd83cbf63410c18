"""One job of a simulation: some areas of one fund, all their draws, and what is told of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.analysis.doubts import FundDoubts
from sibforecast.analysis.draws import Draws, Shared
from sibforecast.analysis.replay import Mirrored, Replay

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Key = TypeVar("Key")

QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
#: Bytes from which freed memory may go back to the system at once: more than the arrays of a few areas.
KEPT = 1 << 22
#: Lines whose sum over areas is the figure of the area above; totals hold what areas send each other.
SUMMED = frozenset({*items.REVENUE_LINES, "revenue_subtotal", *items.EXPENDITURE_LINES, "expenditure_subtotal", "gap",
                    "current_balance", "closing_balance"})  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is asked of draws: how often a figure lies above or below a value, or how much of it on average."""

    name: str
    item: str
    above: float | None = None
    below: float | None = None
    amount: bool = False

    def of(self, values: Floats) -> Floats:
        """The answer of each area: (areas, draws) in, (areas,) out; unknown where the figure is."""
        return self.of_ordered(np.sort(values, axis=1))

    def of_ordered(self, ordered: Floats) -> Floats:
        """The same of draws in their order: what lies beyond a value is found by halving."""
        out, number = np.full(len(ordered), np.nan), ordered.shape[1]
        for area in np.flatnonzero(~np.isnan(ordered[:, -1])).tolist():  # what is no number comes last
            row = ordered[area]
            if self.above is None and not self.amount:
                out[area] = row.searchsorted(self.below or 0.0) / number
                continue
            edge = self.above or 0.0
            first = int(row.searchsorted(edge, side="right"))
            out[area] = ((row[first:] - edge).sum() if self.amount else number - first) / number
        return out


@dataclass(frozen=True)
class Job:
    """Some areas of one fund, with all that is needed for them and no more."""

    areas: tuple[str, ...]
    parts: tuple[tuple[Replay, Ints], ...]  # areas that use the same rules, and their places among the job's
    piece: tuple[int, ...]  # of each area: areas of one piece are summed together
    doubts: FundDoubts
    draws: int
    seed: int
    cells: int
    lines: tuple[str, ...]
    questions: tuple[Question, ...] = ()
    links: tuple[tuple[int, str, str, frozenset[int]], ...] = ()  # own level, its line, theirs, places of those below it
    mirrored: Mirrored = field(default_factory=dict)
    spread: str = ""  # the line whose deviations are asked for
    kept: tuple[str, ...] = ()  # lines whose draws are handed back, summed by unit
    units: tuple[str, ...] = ()  # the unit of each area


@dataclass
class Answer:
    """What a job found; sums are (1,) where no draw reaches any of their areas."""

    areas: tuple[str, ...]
    stats: dict[tuple[str, int], Floats] = field(default_factory=dict)  # (areas, mean and quantiles)
    told: dict[tuple[str, int], Floats] = field(default_factory=dict)  # (areas,)
    sums: dict[tuple[int, str, int], Floats] = field(default_factory=dict)  # by piece, line and year: (draws,)
    mirrors: dict[tuple[int, str, int], Floats] = field(default_factory=dict)  # (draws,)
    kept: dict[tuple[str, str, int], Floats] = field(default_factory=dict)  # (draws,)
    deviations: dict[int, Floats] = field(default_factory=dict)  # (areas,)


def work(job: Job) -> Answer:
    """All figures of some areas, a few areas at a time in their order; so are sums."""
    _keep_what_is_freed()
    out = Answer(job.areas)
    many = max(1, job.cells // job.draws)
    part, inside = np.zeros(len(job.areas), dtype=np.int64), np.zeros(len(job.areas), dtype=np.int64)
    for number, (_, places) in enumerate(job.parts):
        part[places], inside[places] = number, np.arange(len(places))
    shared = Shared(job.doubts)
    start = 0
    while start < len(part):  # neighbours that use the same rules
        stop = start + 1
        while stop < len(part) and stop - start < many and part[stop] == part[start]:
            stop += 1
        draws = Draws(job.doubts, np.arange(start, stop), job.draws, job.seed, shared)
        first = int(inside[start])
        for line, year, value in job.parts[part[start]][0].told(first, first + stop - start, draws, job.mirrored):
            _note(out, job, line, year, value, start)
        start = stop
    return out


def _keep_what_is_freed() -> None:
    """Let the allocator hand out again what arrays of draws leave, instead of giving pages back and asking for them anew.

    Letting a large block go makes it so where the allocator learns (glibc); elsewhere nothing happens.
    A tenth of the time of a job is saved by it. The block is never touched.
    """
    np.empty(KEPT, dtype=np.uint8)


def _note(out: Answer, job: Job, line: str, year: int, value: Floats, start: int) -> None:
    """What is told of a line from the draws of some of the job's areas.

    What is no number in any draw of an area is unknown there.
    """
    for area, item, mirror, below in job.links:
        if mirror == line:
            for place, draws in enumerate(value, start):
                if place in below:
                    add(out.mirrors, (area, item, year), np.nan_to_num(draws))
    if line not in job.lines:
        return
    total = value.sum(axis=1)
    fine = np.isfinite(total)
    if not fine.any():
        return
    if not fine.all():
        value = np.where(fine[:, None], value, np.nan)
        total = np.where(fine, total, np.nan)
    number, here = len(job.areas), slice(start, start + len(value))
    if (line, year) not in out.stats:
        out.stats[line, year] = np.full((number, 1 + len(QUANTILES)), np.nan)
    ordered = np.sort(value, axis=1)  # vectorised; faster than the partition of ten places
    out.stats[line, year][here] = stats_of(ordered, total)
    if job.spread == line:
        out.deviations.setdefault(year, np.zeros(number))[here] = value.std(axis=1)
    for question in job.questions:
        if question.item == line:
            out.told.setdefault((question.name, year), np.full(number, np.nan))[here] = question.of_ordered(ordered)
    for place in np.flatnonzero(fine).tolist() if line in SUMMED else ():
        add(out.sums, (job.piece[start + place], line, year), value[place])
    for place, draws in enumerate(value, start) if line in job.kept else ():
        add(out.kept, (job.units[place], line, year), draws)


def add(sums: dict[Key, Floats], key: Key, draws: Floats) -> None:
    """Add the draws of an area to a sum, in place where it is as wide."""
    found = sums.get(key)
    if found is None:
        sums[key] = draws.copy()
    elif len(found) >= len(draws):
        found += draws
    else:
        sums[key] = found + draws


def stats_of(ordered: Floats, total: Floats) -> Floats:
    """Mean and exact quantiles of draws in their order: (areas, 1 + quantiles); `total` is their sum."""
    if ordered.shape[1] == 1:
        return np.repeat(ordered, 1 + len(QUANTILES), axis=1)
    last = ordered.shape[1] - 1
    at = np.array(QUANTILES) * last
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, last)
    part = at - low
    quantiles = ordered[:, low] * (1.0 - part) + ordered[:, high] * part
    return np.column_stack([total / ordered.shape[1], quantiles])
