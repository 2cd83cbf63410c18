"""Draws of the drivers of some areas: the same for any chunk, thread, engine or scenario.

Every stream of random numbers belongs to an area, fund and driver (or, for what all areas
share, to a driver or a factor) and to the seed, never to the order of work.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from sibforecast.analysis.doubts import AMOUNT, FACTOR, FARTHEST, UTMOST, FundDoubts

Floats = npt.NDArray[np.float64]
Shocks = npt.NDArray[np.float32]

_GRID = np.linspace(-8.0, 8.0, 1601)
_WEIGHT = np.exp(-0.5 * _GRID**2)
_WEIGHT /= _WEIGHT.sum()


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
    key = tuple(crc32(n.encode()) for n in names)
    many = int(np.prod(size))
    words = np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)).random_raw((many + 3) // 4)
    return np.take(_NORMALS, words.astype("<u8", copy=False).view("<u2")[:many]).reshape(size)


def bent(z: Floats, level: float, bend: float) -> Floats:
    """A standard normal with the tails of the errors: ``z (a + b z²)``, beyond five as at five."""
    if bend == 0.0:
        return np.asarray(z * level)
    held = np.clip(z, -FARTHEST, FARTHEST)
    return np.asarray(held * (level + bend * held * held))


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
    error = errors * level if bend == 0.0 else deviation * bent(errors / deviation, level, bend)
    if way == AMOUNT:
        error += value
        return error
    widest = deviation * abs(float(bent(np.array([_GRID[-1]]), level, bend)[0]))
    if way == FACTOR and bend == 0.0 and widest <= UTMOST:  # the mean of a lognormal is known
        np.exp(error, out=error)
        error *= value / float(np.exp(0.5 * (deviation * level) ** 2))
        return error
    grid = deviation * bent(_GRID, level, bend)
    if way == FACTOR:
        if widest > UTMOST:
            grid = np.clip(grid, -UTMOST, UTMOST)
            np.clip(error, -UTMOST, UTMOST, out=error)
        np.exp(error, out=error)
        error *= value / float((_WEIGHT * np.exp(grid)).sum())
        return error
    centre = float(np.log(value) - np.log1p(-value))
    for _ in range(30):  # the logit whose draws have the mean wanted
        share = 1.0 / (1.0 + np.exp(-(centre + grid)))
        apart = float((_WEIGHT * share).sum()) - value
        centre -= apart / float((_WEIGHT * share * (1.0 - share)).sum())
        if abs(apart) < 1e-13:
            break
    return np.asarray(1.0 / (1.0 + np.exp(-(centre + error))))


class Draws:
    """Draws of a fund's drivers for some of its areas.

    `shared` holds what all areas share, for the next few areas of the same job.
    """

    def __init__(
        self, doubts: FundDoubts, rows: npt.NDArray[np.int64], draws: int, seed: int, shared: dict[str, Shocks] | None = None
    ) -> None:
        self.doubts, self.rows, self.number, self.seed = doubts, rows, draws, seed
        self.names = list(doubts.items)
        self._shared = {} if shared is None else shared
        self._pure: dict[str, Shocks] = {}
        self._new: dict[str, Shocks] = {}
        self._far: dict[str, tuple[int, Floats]] = {}

    def has(self, item: str, year: int) -> bool:
        """Whether an item is in doubt in a year, in any of the areas."""
        doubt = self.doubts.items.get(item)
        if doubt is None or year not in self.doubts.years:
            return False
        return bool((doubt.deviation[self.rows, self._column(year)] > 0).any())

    def move(self, item: str, year: int, value: Floats) -> Floats:
        """Figures (areas, 1) with their errors laid on: (areas, draws)."""
        doubt, column = self.doubts.items[item], self._column(year)
        errors = self.errors(item, column)
        out = np.empty(errors.shape)
        for place, row in enumerate(self.rows):
            level, bend = doubt.tail[row]
            out[place] = moved(float(value[place, 0]), errors[place], int(doubt.way[row, column]),
                               float(doubt.deviation[row, column]), float(level), float(bend))  # fmt: skip
        return out

    def _column(self, year: int) -> int:
        return self.doubts.years.index(year)

    def errors(self, item: str, column: int) -> Floats:
        """Normal errors of a year, those of the years before in them, on the scale of the driver: (areas, draws)."""
        doubt = self.doubts.items[item]
        place, here = self._far.get(item, (-1, np.zeros((len(self.rows), self.number))))
        if place > column:  # asked for an earlier year again: from the start
            place, here = -1, np.zeros((len(self.rows), self.number))
        while place < column:
            place += 1
            keep, step = doubt.keep[self.rows, place, None], doubt.step[self.rows, place, None]
            new = self._news(item)[:, place] * step
            if place and keep.any():
                new += here if (keep == 1.0).all() else keep * here
            here = new
        self._far[item] = (place, here)
        return here

    def _news(self, item: str) -> Shocks:
        """What each year brings: each area's own, mixed so that drivers go together, and what all areas share."""
        found = self._new.get(item)
        if found is not None:
            return found
        alone = (1.0 - self.doubts.items[item].shared) ** 0.5
        weights = (self.doubts.own[self.names.index(item)] * alone).astype(np.float32)
        mixed = [(name, weight) for name, weight in zip(self.names, weights, strict=True) if weight != 0.0]
        common = self._common(item)
        if mixed:
            out: Shocks = self._single(mixed[0][0]) * mixed[0][1]
            for name, weight in mixed[1:]:
                out += weight * self._single(name)
            out += common
        else:
            out = np.broadcast_to(common, (len(self.rows), *common.shape))
        self._new[item] = out
        return out

    def _single(self, item: str) -> Shocks:
        found = self._pure.get(item)
        if found is None:
            size = (len(self.doubts.years), self.number)
            found = np.empty((len(self.rows), *size), dtype=np.float32)
            for place, row in enumerate(self.rows):
                found[place] = shocks(self.seed, "own", self.doubts.areas[row], self.doubts.programme, item, size=size)
            self._pure[item] = found
        return found

    def _common(self, item: str) -> Shocks:
        """What all areas share: factors of the years, and what is the driver's alone."""
        found = self._shared.get(item)
        if found is not None:
            return found
        part = self.doubts.items[item].shared ** 0.5
        loadings = self.doubts.loadings[self.names.index(item)] * part
        alone = np.float32(max(part**2 - float((loadings**2).sum()), 0.0) ** 0.5)
        out = alone * self._of_all("common", self.doubts.programme, item)
        for factor, loading in enumerate(loadings.astype(np.float32)):
            if loading != 0.0:
                out += loading * self._of_all("factor", str(factor))
        self._shared[item] = out
        return out

    def _of_all(self, *names: str) -> Shocks:
        return shocks(self.seed, *names, size=(len(self.doubts.years), self.number))
