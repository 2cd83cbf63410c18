"""Forecasts of many short series at once.

All series are rows of one array (series, years) with NaN where nothing is known; every
function treats all rows together. Levels that grow are forecast on logs by the mean of two
different methods, because on six to ten yearly points no single one is reliably better:

* *drift*: the mean growth of the last ten years goes on;
* *damped growth*: the growth of the last three years fades (factor 0.8 a year).

Rates keep their last value; lumpy amounts that cross zero keep the mean of three years.
The errors of rolling origins give the intervals.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAMPING = 0.8
DRIFT_YEARS = 10
RECENT_YEARS = 3
STALE_YEARS = 3
#: Growth beyond this (a year, on logs) is a break, not a trend, and is not carried on.
GROWTH_LIMIT = 0.25


class Points(NamedTuple):
    """Forecasts, their one-step spread and how much each series had to go on."""

    point: Floats  # (series, horizons)
    spread: Floats  # (series, horizons) standard deviation of the error, on the working scale
    known: Ints  # how many years are known
    lag: Ints  # years between the last known one and the origin


def _ends(known: npt.NDArray[np.bool_], window: int) -> tuple[Ints, Ints]:
    """Index of the last known year, and of the first known one within `window` before it."""
    years = np.arange(known.shape[1])
    last = np.where(known, years, -1).max(axis=1)
    inside = known & (years >= (last - window)[:, None])
    first = np.where(inside, years, known.shape[1]).min(axis=1)
    return last, np.minimum(first, np.maximum(last, 0))


def _growth(series: Floats, known: npt.NDArray[np.bool_], window: int) -> Floats:
    """Mean yearly change over the last `window` years; 0 where only one year is known."""
    last, first = _ends(known, window)
    rows = np.arange(len(series))
    span = last - first
    change = series[rows, np.maximum(last, 0)] - series[rows, np.maximum(first, 0)]
    return np.where(span > 0, change / np.maximum(span, 1), 0.0)


def trend(series: Floats, horizons: Ints) -> Floats:
    """Mean of drift and damped growth; `series` on the working scale (logs of levels)."""
    known = ~np.isnan(series)
    filled = np.where(known, series, 0.0)
    last, _ = _ends(known, 0)
    level = filled[np.arange(len(series)), np.maximum(last, 0)]
    lag = series.shape[1] - 1 - last
    steps = lag[:, None] + horizons[None, :]
    drift = np.clip(_growth(filled, known, DRIFT_YEARS), -GROWTH_LIMIT, GROWTH_LIMIT)
    recent = np.clip(_growth(filled, known, RECENT_YEARS), -GROWTH_LIMIT, GROWTH_LIMIT)
    fading = DAMPING * (1.0 - DAMPING**steps) / (1.0 - DAMPING)
    short = np.asarray(known.sum(axis=1) < 3)  # one growth rate is hardly a trend: half of it
    weight = np.where(short, 0.5, 1.0)[:, None]
    moved = weight * 0.5 * (drift[:, None] * steps + recent[:, None] * fading)
    some = np.asarray(known.any(axis=1))
    return np.where(some[:, None], level[:, None] + moved, np.nan)


def last_value(series: Floats, horizons: Ints) -> Floats:
    """The last known value goes on."""
    known = np.asarray(~np.isnan(series))
    last, _ = _ends(known, 0)
    value = np.where(known, series, 0.0)[np.arange(len(series)), np.maximum(last, 0)]
    value = np.where(known.any(axis=1), value, np.nan)
    return np.repeat(value[:, None], len(horizons), axis=1)


def recent_mean(series: Floats, horizons: Ints) -> Floats:
    """The mean of the last three known years goes on: for lumps and sums of either sign."""
    known = ~np.isnan(series)
    rank = known[:, ::-1].cumsum(axis=1)[:, ::-1]
    used = known & (rank <= RECENT_YEARS)
    total = np.where(used, series, 0.0).sum(axis=1)
    count = used.sum(axis=1)
    value = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return np.repeat(value[:, None], len(horizons), axis=1)


METHODS = {"trend": trend, "last_value": last_value, "recent_mean": recent_mean}


def points(series: Floats, horizons: Ints, method: str, groups: Ints) -> Points:
    """Forecast all rows and learn their spread from rolling origins.

    Parameters
    ----------
    series : array (series, years)
        On the working scale.
    horizons : array of int
        Years ahead of the last column.
    method : str
        A key of `METHODS`.
    groups : array of int
        Rows of one group (an item of a fund) lend each other strength: a series' own
        spread counts as its number of origins, the group's as three.
    """
    forecast = METHODS[method]
    known = ~np.isnan(series)
    count = known.sum(axis=1)
    last, _ = _ends(known, 0)
    lag = series.shape[1] - 1 - last
    point = forecast(series, horizons)
    squares = np.zeros((len(series), len(horizons)))
    origins = np.zeros((len(series), len(horizons)))
    for origin in range(2, series.shape[1] - 1):
        past = series[:, : origin + 1]
        enough = (known[:, : origin + 1].sum(axis=1) >= 3) & known[:, origin]
        if not enough.any():
            continue
        ahead = forecast(past, horizons)
        for j, h in enumerate(horizons):
            if origin + h >= series.shape[1]:
                break
            error = series[:, origin + h] - ahead[:, j]
            use = enough & ~np.isnan(error)
            squares[use, j] += error[use] ** 2
            origins[use, j] += 1
    return Points(point, _shrunk(squares, origins, groups, horizons), count, lag)


def _shrunk(squares: Floats, origins: Floats, groups: Ints, horizons: Ints) -> Floats:
    """Spread of each series, drawn towards its group; never falling with the horizon."""
    size = int(groups.max()) + 1 if len(groups) else 0
    group_squares = np.zeros((size, len(horizons)))
    group_origins = np.zeros((size, len(horizons)))
    np.add.at(group_squares, groups, squares)
    np.add.at(group_origins, groups, origins)
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = group_squares / group_origins
    # a horizon no origin reaches: one year's spread grows with the square root of time
    for j in range(len(horizons)):
        if j and np.isnan(pooled[:, j]).any():
            grown = pooled[:, j - 1] * horizons[j] / horizons[j - 1]
            pooled[:, j] = np.where(np.isnan(pooled[:, j]), grown, pooled[:, j])
    prior = 3.0
    mean = pooled[groups]
    variance = (squares + prior * np.where(np.isnan(mean), 0.0, mean)) / (origins + prior)
    variance = np.where(np.isnan(mean), np.nan, variance)
    few = np.sqrt(1.0 + 1.0 / (origins + prior))
    return np.asarray(np.maximum.accumulate(np.sqrt(variance) * few, axis=1))
