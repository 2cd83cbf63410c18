"""Draws of the drivers of some areas: the same for any chunk, thread, engine or scenario.

Every stream of random numbers belongs to an area, fund and driver (or, for what all areas
share, to a driver or a factor) and to the seed, never to the order of work.
"""

from __future__ import annotations

from functools import cached_property
from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from sibforecast.analysis.doubts import AMOUNT, FACTOR, FARTHEST, UTMOST, FundDoubts

Floats = npt.NDArray[np.float64]
Shocks = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_NOTHING = np.zeros((0, 0))
_GRID = np.linspace(-8.0, 8.0, 1601)
_WEIGHT = np.exp(-0.5 * _GRID**2)
_WEIGHT /= _WEIGHT.sum()
#: Every fifth point: as exact where nothing is held (the mean of a smooth function of a normal).
_FEW = slice(0, None, 5)


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
    return np.random.SFC64(np.random.SeedSequence(seed, spawn_key=tuple(crc32(n.encode()) for n in names)))


def _take(stream: np.random.SFC64, out: Shocks) -> None:
    """The next draws of a stream; each year begins with a word of its own, so that a year can be taken by itself."""
    words = stream.random_raw((len(out) + 3) // 4).astype("<u8", copy=False).view("<u2")
    _NORMALS.take(words[: len(out)], out=out, mode="clip")


def bent(errors: Floats, deviation: Floats, level: Floats, bend: Floats) -> Floats:
    """Normal errors with the tails of past ones: ``z (a + b z²)`` deviations, beyond five as at five.

    Parameters
    ----------
    errors : array (areas, draws)
    deviation, level, bend : array (areas, 1)
    """
    if not bend.any():
        return np.asarray(errors * level)
    edge = np.where(bend == 0.0, np.inf, FARTHEST * deviation)
    out = np.minimum(errors, edge)
    np.maximum(out, -edge, out=out)
    curve = out * out
    curve *= bend / np.where(deviation > 0, deviation, 1.0) ** 2
    curve += level
    out *= curve
    return out


def factors(value: Floats, errors: Floats, deviation: Floats, level: Floats, bend: Floats) -> Floats:
    """Figures with errors laid on as factors; their means stay what they were: (areas, draws), the others (areas, 1).

    Nobody's factors depend on who else is asked for.
    """
    out = bent(errors, deviation, level, bend)
    widest = np.abs(bent(deviation * _GRID[-1:], deviation, level, bend))
    wide = widest[:, 0] > UTMOST
    if wide.any():
        np.clip(out, -UTMOST, UTMOST, out=out, where=wide[:, None])
    np.exp(out, out=out)
    mean = np.exp(0.5 * (deviation * level) ** 2)  # of a lognormal it is known
    for rows, points in ((np.flatnonzero((bend[:, 0] != 0.0) & ~wide), _FEW), (np.flatnonzero(wide), slice(None))):
        if len(rows):
            grid, weight = _GRID[points], _WEIGHT[points] / _WEIGHT[points].sum()
            far = np.clip(bent(deviation[rows] * grid, deviation[rows], level[rows], bend[rows]), -UTMOST, UTMOST)
            mean[rows, 0] = (weight * np.exp(far)).sum(axis=1)
    out *= value / mean
    return out


def moved(value: float, errors: Floats, way: int, deviation: float, level: float, bend: float) -> Floats:
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
        return np.asarray(factors(np.array([[value]]), errors[None, :], *form)[0])
    error = bent(errors[None, :], *form)[0]
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


class Draws:
    """Draws of a fund's drivers for some of its areas, a year after the other.

    `shared` holds what all areas share, for the next few areas of the same job.
    """

    def __init__(
        self, doubts: FundDoubts, rows: Ints, draws: int, seed: int, shared: dict[tuple[str, ...], Shocks] | None = None
    ) -> None:
        self.doubts, self.rows, self.number, self.seed = doubts, rows, draws, seed
        self.names = list(doubts.items)
        self._shared = {} if shared is None else shared
        self._streams: dict[str, tuple[int, list[np.random.SFC64]]] = {}  # the next year of each, and where it stands
        self._pure: dict[tuple[str, int], Shocks] = {}
        self._far: dict[str, tuple[int, Floats]] = {}

    def move(self, item: str, year: int, value: Floats) -> Floats:
        """Figures (areas, 1) with their errors laid on: (areas, draws)."""
        doubt, column = self.doubts.items[item], self.doubts.years.index(year)
        errors = self.errors(item, column)
        deviation, way, tail = doubt.deviation[self.rows, column], doubt.way[self.rows, column], doubt.tail[self.rows]
        known = (deviation > 0) & ~np.isnan(value[:, 0])
        if ((way == FACTOR) | ~known).all():  # the usual case, all areas at once; what has no doubt keeps its figure
            level, bend = (np.where(known, tail[:, i], 0.0)[:, None] for i in (0, 1))
            return factors(value, errors, np.where(known, deviation, 0.0)[:, None], level, bend)
        out = np.empty(errors.shape)
        for place in range(len(self.rows)):
            out[place] = moved(float(value[place, 0]), errors[place], int(way[place]), float(deviation[place]),
                               float(tail[place, 0]), float(tail[place, 1]))  # fmt: skip
        return out

    def errors(self, item: str, column: int) -> Floats:
        """Normal errors of a year, those of the years before in them, on the scale of the driver: (areas, draws).

        Good until the next year of the item is asked for.
        """
        doubt = self.doubts.items[item]
        place, here = self._far.get(item, (-1, _NOTHING))
        if place > column:  # asked for an earlier year again: from the start
            place, here = -1, _NOTHING
        while place < column:
            place += 1
            keep, step = doubt.keep[self.rows, place, None], doubt.step[self.rows, place, None]
            new = self._news(item, place).astype(np.float64)
            new *= step
            if place and keep.any():
                if not (keep == 1.0).all():
                    here *= keep
                new += here
            here = new
        self._far[item] = (place, here)
        return here

    def _news(self, item: str, column: int) -> Shocks:
        """What a year brings: each area's own, mixed so that drivers go together, and what all areas share."""
        alone = (1.0 - self.doubts.items[item].shared) ** 0.5
        weights = (self.doubts.own[self.names.index(item)] * alone).astype(np.float32)
        mixed = [(name, weight) for name, weight in zip(self.names, weights, strict=True) if weight != 0.0]
        common = self._common(item)[column]
        if not mixed:
            return np.broadcast_to(common, (len(self.rows), *common.shape))
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
        if self.mixing[item] > 1:
            for key in [k for k in self._pure if k[0] == item and k[1] < column - 1]:
                del self._pure[key]
            self._pure[item, column] = found
        return found

    @cached_property
    def mixing(self) -> dict[str, int]:
        """How many drivers hold the own shocks of each."""
        return dict(zip(self.names, (self.doubts.own != 0.0).sum(axis=0).tolist(), strict=True))

    def _common(self, item: str) -> Shocks:
        """What all areas share: factors of the years, and what is the driver's alone: (years, draws)."""
        found = self._shared.get((item,))
        if found is not None:
            return found
        part = self.doubts.items[item].shared ** 0.5
        loadings = self.doubts.loadings[self.names.index(item)] * part
        alone = np.float32(max(part**2 - float((loadings**2).sum()), 0.0) ** 0.5)
        out = alone * self._of_all("common", self.doubts.programme, item)
        for factor, loading in enumerate(loadings.astype(np.float32)):
            if loading != 0.0:
                name = ("factor", str(factor))
                if name not in self._shared:
                    self._shared[name] = self._of_all(*name)
                out += loading * self._shared[name]
        self._shared[item,] = out
        return out

    def _of_all(self, *names: str) -> Shocks:
        return shocks(self.seed, *names, size=(len(self.doubts.years), self.number))
