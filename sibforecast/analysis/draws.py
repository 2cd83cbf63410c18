"""Draws of the drivers of some areas: the same for any chunk, thread, engine or scenario.

Every stream of random numbers belongs to an area, fund and driver (or, for what all areas
share, to a driver or a factor) and to the seed, never to the order of work.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from sibforecast.analysis.doubts import AMOUNT, FACTOR, FARTHEST, UTMOST, Doubt, FundDoubts

Floats = npt.NDArray[np.float64]
Shocks = npt.NDArray[np.float32]
Errors = npt.NDArray[Any]  # float32 or float64
Ints = npt.NDArray[np.int64]

_NOTHING = np.zeros((0, 0), dtype=np.float32)
_GRID = np.linspace(-8.0, 8.0, 1601)
_WEIGHT = np.exp(-0.5 * _GRID**2)
_WEIGHT /= _WEIGHT.sum()
#: Every twentieth point: exact to six digits and more where nothing but the farthest draws is held (the mean of a smooth
#: function of a normal).
_FEW = slice(0, None, 20)


#: Standard normals at the middles of 65,536 equal chances, with a variance of exactly one: a draw is two bytes
#: and a look at this table, five times as fast as drawing normals and as fine as anything estimated here.
_NORMALS = ndtri((np.arange(65_536) + 0.5) / 65_536)
_NORMALS = (_NORMALS / _NORMALS.std()).astype(np.float32)


def shocks(seed: int, *names: str, size: tuple[int, ...]) -> Shocks:
    """Standard normal draws of the stream that bears a name.

    Examples
    --------
    >>> a, b = (shocks(7, "150100", "wages", size=(3,)) for _ in range(2))
    >>> bool((a == b).all()), a.dtype.name
    (True, 'float32')
    """
    stream = _stream(seed, *names)
    out = np.empty(size, dtype=np.float32)
    for row in out.reshape(-1, size[-1]):
        _take(stream, row)
    return out


def _stream(seed: int, *names: str) -> np.random.SFC64:
    """The stream of ``SeedSequence(seed, spawn_key=…)`` of the names; its words put together here, which takes half the time."""
    words = seed.to_bytes(4 * max(4, (seed.bit_length() + 31) // 32), "little")
    key = np.frombuffer(words, dtype="<u4").tolist() + [crc32(n.encode()) for n in names]
    return np.random.SFC64(np.random.SeedSequence(np.array(key, dtype=np.uint32)))


def _take(stream: np.random.SFC64, out: Shocks) -> None:
    """The next draws of a stream; each year begins with a word of its own, so that a year can be taken by itself."""
    words = stream.random_raw((len(out) + 3) // 4).astype("<u8", copy=False).view("<u2")
    _NORMALS.take(words[: len(out)], out=out, mode="clip")


def bent(errors: Errors, deviation: Floats, level: Floats, bend: Floats) -> Errors:
    """Normal errors with the tails of past ones: ``z (a + b z²)`` deviations, beyond five as at five.

    As exact as the errors are given (float32 or float64).

    Parameters
    ----------
    errors : array (areas, draws)
    deviation, level, bend : array (areas, 1)
    """
    return _Tails.of(deviation, level, bend, errors.dtype).bent(errors)


@dataclass(frozen=True)
class _Tails:
    """What bends the errors of some areas, worked out once for all their draws: each (areas, 1)."""

    edge: Errors  # five deviations; none where nothing is bent
    curve: Errors
    level: Errors
    bends: bool

    @classmethod
    def of(cls, deviation: Floats, level: Floats, bend: Floats, kind: npt.DTypeLike) -> _Tails:
        edge = np.where(bend == 0.0, np.inf, FARTHEST * deviation)
        curve = bend / np.where(deviation > 0, deviation, 1.0) ** 2
        return cls(edge.astype(kind), curve.astype(kind), level.astype(kind), bool(bend.any()))

    def cut(self, rows: Ints) -> _Tails:
        return _Tails(self.edge[rows], self.curve[rows], self.level[rows], self.bends)

    def bent(self, errors: Errors) -> Errors:
        if not self.bends:
            return np.asarray(errors * self.level)
        out = np.clip(errors, -self.edge, self.edge)
        curve = out * out
        curve *= self.curve
        curve += self.level
        out *= curve
        return out


@dataclass(frozen=True)
class Factors:
    """Factors that errors of some areas make, of mean one: what all their draws need of deviations and tails.

    A factor is as exact as the error it comes from (a drawn one: float32, a seventh digit of a number drawn by
    chance); the figure, and its mean, are float64. No error is a factor of exactly one. Nobody's factors depend on
    who else is asked for.
    """

    tails: _Tails
    utmost: Errors  # (areas, 1); none where errors do not reach so far
    mean: Floats  # (areas, 1)
    is_wide: bool

    @classmethod
    def of(cls, deviation: Floats, level: Floats, bend: Floats, kind: npt.DTypeLike) -> Factors:
        """By deviation, level and bend, each (areas, 1); errors will be of a kind (float32 or float64)."""
        wide = np.abs(bent(deviation * _GRID[-1:], deviation, level, bend)) > UTMOST
        mean = np.exp(0.5 * (deviation * level) ** 2)  # of a lognormal it is known
        some = (bend != 0.0) & ~wide
        for rows, points in ((np.flatnonzero(some), _FEW), (np.flatnonzero(wide), slice(None))):
            if len(rows):
                grid, weight = _GRID[points], _WEIGHT[points] / _WEIGHT[points].sum()
                far = np.clip(bent(deviation[rows] * grid, deviation[rows], level[rows], bend[rows]), -UTMOST, UTMOST)
                mean[rows, 0] = (weight * np.exp(far)).sum(axis=1)
        utmost = np.where(wide, UTMOST, np.inf).astype(kind)
        return cls(_Tails.of(deviation, level, bend, kind), utmost, mean, bool(wide.any()))

    def cut(self, rows: Ints) -> Factors:
        """Of some of the areas."""
        return Factors(self.tails.cut(rows), self.utmost[rows], self.mean[rows], self.is_wide)

    def on(self, value: Floats, errors: Errors) -> Floats:
        """Figures (areas, 1) with errors (areas, draws) laid on; their means stay what they were."""
        out = self.tails.bent(errors)
        if self.is_wide:
            np.clip(out, -self.utmost, self.utmost, out=out)
        np.exp(out, out=out)
        figures = out.astype(np.float64, copy=False)
        figures *= value / self.mean
        return figures


def moved(value: float, errors: Errors, way: int, deviation: float, level: float, bend: float) -> Floats:
    """A figure with normal errors of a deviation laid on it, their tails bent; its mean stays what it was.

    Examples
    --------
    >>> errors = 0.2 * shocks(1, "x", size=(200_000,)).astype(float)
    >>> bool(abs(moved(100.0, errors, FACTOR, 0.2, 1.0, 0.0).mean() / 100 - 1) < 0.002)
    True
    >>> moved(100.0, errors[:1], FACTOR, 0.0, 1.0, 0.0).tolist()
    [100.0]
    """
    if deviation == 0.0 or value != value:
        return np.full(errors.shape, value)
    form = tuple(np.array([[v]]) for v in (deviation, level, bend))
    if way == FACTOR:
        return np.asarray(Factors.of(form[0], form[1], form[2], errors.dtype).on(np.array([[value]]), errors[None, :])[0])
    error = bent(errors[None, :].astype(np.float64), *form)[0]
    if way == AMOUNT:
        return np.asarray(error + value)
    grid = bent(deviation * _GRID[None, :], *form)[0]
    centre = float(np.log(value) - np.log1p(-value))
    for _ in range(30):  # the logit whose draws have the mean wanted
        share = 1.0 / (1.0 + np.exp(-(centre + grid)))
        apart = float((_WEIGHT * share).sum()) - value
        centre -= apart / float((_WEIGHT * share * (1.0 - share)).sum())
        if abs(apart) < 1e-13:
            break
    return np.asarray(1.0 / (1.0 + np.exp(-(centre + error))))


class _Year:
    """A driver's year for the areas of a job: what lays its errors on, worked out once for all of them."""

    def __init__(self, doubt: Doubt, column: int) -> None:
        self.deviation, self.way = doubt.deviation[:, column], doubt.way[:, column]
        self.keep, self.step = (a[:, column, None].astype(np.float32) for a in (doubt.keep, doubt.step))
        self.goes_on, self.all_goes_on = bool(column and self.keep.any()), bool((self.keep == 1.0).all())
        known = self.deviation > 0  # what has no doubt keeps its figure
        by_factor = (known & (self.way == FACTOR))[:, None]
        size, level, bend = (np.where(by_factor, a[:, None], 0.0) for a in (self.deviation, *doubt.tail.T))
        self.factors = Factors.of(size, level, bend, np.float32)
        self.all_by_factor = bool((by_factor[:, 0] == known).all())


class Shared:
    """What the areas of a job share, kept from one few of them to the next."""

    def __init__(self, doubts: FundDoubts) -> None:
        self.common: dict[tuple[str, ...], Shocks] = {}
        self.years: dict[tuple[str, int], _Year] = {}
        self.doubts = doubts

    @cached_property
    def mixed(self) -> dict[str, list[tuple[str, np.float32]]]:
        """Whose own shocks each driver's own part holds, and how much of them."""
        names, out = list(self.doubts.items), {}
        for item, mix in zip(names, self.doubts.own, strict=True):
            weights = (mix * (1.0 - self.doubts.items[item].shared) ** 0.5).astype(np.float32)
            out[item] = [(name, weight) for name, weight in zip(names, weights, strict=True) if weight != 0.0]
        return out

    @cached_property
    def mixing(self) -> dict[str, int]:
        """How many drivers hold the own shocks of each."""
        return dict(zip(self.doubts.items, (self.doubts.own != 0.0).sum(axis=0).tolist(), strict=True))


class Draws:
    """Draws of a fund's drivers for some of its areas, a year after the other.

    `shared` holds what all areas share, for the next few areas of the same job.
    """

    def __init__(self, doubts: FundDoubts, rows: Ints, draws: int, seed: int, shared: Shared | None = None) -> None:
        self.doubts, self.rows, self.number, self.seed = doubts, rows, draws, seed
        self.names = list(doubts.items)
        self.shared = Shared(doubts) if shared is None else shared
        self._streams: dict[str, tuple[int, list[np.random.SFC64]]] = {}  # the next year of each, and where it stands
        self._pure: dict[tuple[str, int], Shocks] = {}
        self._far: dict[str, tuple[int, Shocks]] = {}

    def move(self, item: str, year: int, value: Floats) -> Floats:
        """Figures (areas, 1) with their errors laid on: (areas, draws)."""
        column = self.doubts.years.index(year)
        here, errors, rows = self._year(item, column), self.errors(item, column), self.rows
        if here.all_by_factor:  # the usual case, all areas at once
            return here.factors.cut(rows).on(value, errors)
        tail, out = self.doubts.items[item].tail[rows], np.empty(errors.shape)
        for place, row in enumerate(rows):
            out[place] = moved(float(value[place, 0]), errors[place], int(here.way[row]), float(here.deviation[row]),
                               float(tail[place, 0]), float(tail[place, 1]))  # fmt: skip
        return out

    def _year(self, item: str, column: int) -> _Year:
        found = self.shared.years.get((item, column))
        if found is None:
            found = self.shared.years[item, column] = _Year(self.doubts.items[item], column)
        return found

    def errors(self, item: str, column: int) -> Shocks:
        """Normal errors of a year, those of the years before in them, on the scale of the driver: (areas, draws).

        Good until the next year of the item is asked for.
        """
        place, so_far = self._far.get(item, (-1, _NOTHING))
        if place > column:  # asked for an earlier year again: from the start
            place, so_far = -1, _NOTHING
        while place < column:
            place += 1
            year, new = self._year(item, place), self._news(item, place)
            new *= year.step[self.rows]
            if year.goes_on:
                if not year.all_goes_on:
                    so_far *= year.keep[self.rows]
                new += so_far
            so_far = new
        self._far[item] = (place, so_far)
        return so_far

    def _news(self, item: str, column: int) -> Shocks:
        """What a year brings: each area's own, mixed so that drivers go together, and what all areas share."""
        mixed, common = self.shared.mixed[item], self._common(item)[column]
        if not mixed:
            return np.repeat(common[None], len(self.rows), axis=0)
        out: Shocks = self._single(mixed[0][0], column) * mixed[0][1]
        for name, weight in mixed[1:]:
            out += weight * self._single(name, column)
        out += common
        return out

    def _single(self, item: str, column: int) -> Shocks:
        """An area's own shocks of a driver in a year, each driver by itself: (areas, draws)."""
        found = self._pure.get((item, column))
        if found is not None:
            return found
        nothing_yet: tuple[int, list[np.random.SFC64]] = (0, [])
        at, streams = self._streams.get(item, nothing_yet)
        if not streams or at > column:
            areas, fund = self.doubts.areas, self.doubts.programme
            at, streams = 0, [_stream(self.seed, "own", areas[row], fund, item) for row in self.rows]
        found = np.empty((len(self.rows), self.number), dtype=np.float32)
        for _ in range(at, column + 1):
            for place, stream in enumerate(streams):
                _take(stream, found[place])
        self._streams[item] = (column + 1, streams)
        if self.shared.mixing[item] > 1:
            for key in [k for k in self._pure if k[0] == item and k[1] < column - 1]:
                del self._pure[key]
            self._pure[item, column] = found
        return found

    def _common(self, item: str) -> Shocks:
        """What all areas share: factors of the years, and what is the driver's alone: (years, draws)."""
        known = self.shared.common
        found = known.get((item,))
        if found is not None:
            return found
        part = self.doubts.items[item].shared ** 0.5
        loadings = self.doubts.loadings[self.names.index(item)] * part
        alone = np.float32(max(part**2 - float((loadings**2).sum()), 0.0) ** 0.5)
        out = alone * self._of_all("common", self.doubts.programme, item)
        for factor, loading in enumerate(loadings.astype(np.float32)):
            if loading != 0.0:
                name = ("factor", str(factor))
                if name not in known:
                    known[name] = self._of_all(*name)
                out += loading * known[name]
        known[item,] = out
        return out

    def _of_all(self, *names: str) -> Shocks:
        return shocks(self.seed, *names, size=(len(self.doubts.years), self.number))
