"""Which way the forecasts of several areas lean: what they got wrong in the same direction year after year.

Growth that fades is the safer guess over few years. Over many the past tells whether it
was: the mean error of all areas in a year is known from as many years as there are origins, and
what of its mean over the years chance does not explain is added to the forecast. A series by
itself is left as it is: its lean of the past was no guide on US series.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sibforecast.forecasting.events import across, jumps
from sibforecast.forecasting.spread import Run

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Origins from which areas may be said to lean together, how many areas a year's mean error takes, and how many of
#: its standard errors are chance.
FEWEST = 8
TOGETHER = 2
CHANCE = 2.0


def upright(run: Run, series: Floats, groups: Ints, horizons: Ints) -> Run:
    """The same forecasts without what leans, and their errors as they would have been.

    The mean error one year ahead of a year over the areas, m, its mean over the years, M, and the
    standard error of that, s: M (1 − 4 s²/M²) is added a year where M is beyond two of them, nothing
    where not (a positive-part James–Stein estimate). What a year misses, the years after miss again:
    errors of later years overlap and would say so less surely. At an earlier origin only errors
    known by then count. A jump is an event, not a habit: errors that hold one tell nothing.

    Parameters
    ----------
    run : Run
    series : array (series, years)
        What was forecast, on the working scale.
    groups : array of int (series,)
        Areas of one item on one scale; one area, or fewer than eight origins, lean nowhere.
    horizons : array of int
        Years ahead, from 1.

    Examples
    --------
    >>> import numpy as np
    >>> wrong = np.full((8, 10, 1), 0.01)
    >>> low = Run(np.zeros((8, 1)), wrong, np.full(8, 12), np.zeros(8, dtype=np.int64))
    >>> upright(low, np.ones((8, 12)), np.zeros(8, dtype=np.int64), np.array([1])).point[0].round(4).tolist()
    [0.01]
    """
    point, errors = run.point.copy(), run.errors.copy()
    origins = errors.shape[1]
    if origins < FEWEST:
        return run
    for group in np.flatnonzero(np.bincount(groups) >= TOGETHER) if len(groups) else ():
        rows = np.flatnonzero(groups == group)
        first = run.errors[rows, :, 0]
        told = ~np.isnan(first) & ~across(jumps(series[rows]), origins, horizons[:1])[:, :, 0]
        number = told.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(told, first, 0.0).sum(axis=0) / number
        line = np.where(number >= TOGETHER, mean, np.nan)
        point[rows] += _beyond_chance(line) * horizons
        known_then = np.array([_beyond_chance(line[:place]) for place in range(origins)])
        if known_then.any():
            errors[rows] -= known_then[:, None] * horizons
    return Run(point, errors, run.known, run.lag)


def _beyond_chance(line: Floats) -> float:
    """What of the mean of yearly errors is more than chance."""
    known = line[~np.isnan(line)]
    if len(known) < FEWEST:
        return 0.0
    mean, square = float(known.mean()), float(known.var(ddof=1)) / len(known)
    return mean * max(0.0, 1.0 - CHANCE**2 * square / mean**2) if mean else 0.0
