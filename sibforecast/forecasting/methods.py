"""Forecasts of many short series at once.

All series are rows of one array (series, years) with NaN where nothing is known; every
method treats all rows together, on the working scale (logs of what grows, logits of rates).

No single method is reliably better on six to thirty yearly points, so different ones are
combined with equal weights, and the plain ones stay in the race as rivals:

* *momentum*: the last growth goes on; *fading*: it fades (factor 0.8 a year);
* *drift*: the mean growth of all known years goes on;
* *theta*: half the long trend on top of a smoothed level (see `bank`).

Heads, wages and levels grow steadily: all four count. Amounts of money move in lumps, where
last year's growth says less about next year's: fading growth, drift and theta. Where many
areas report the same item, growth is drawn towards the growth of all of them together.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sibforecast.forecasting import bank

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

DAMPING = 0.8
RECENT_YEARS = 3
STALE_YEARS = 3
#: Known years from which a panel's long run is taken to be known.
LONG_RUN = 12
#: Growth beyond this (a year, on logs) is a break, not a trend, and is not carried on.
GROWTH_LIMIT = 0.25
#: Areas from which a growth of all together is drawn towards, the weight of an area's own
#: growth there, and how many median deviations from the others' it may lie.
PANEL = 8
OWN_WEIGHT = 0.7
OUTLIER = 3.0


def ends(known: Bools, window: int) -> tuple[Ints, Ints]:
    """Index of the last known year, and of the first known one within `window` before it."""
    years = np.arange(known.shape[1])
    last = np.where(known, years, -1).max(axis=1)
    inside = known & (years >= (last - window)[:, None])
    first = np.where(inside, years, known.shape[1]).min(axis=1)
    return last, np.minimum(first, np.maximum(last, 0))


def _growth(series: Floats, known: Bools, window: int, limit: float) -> Floats:
    """Mean yearly change, within a limit, over the last `window` years (more where they hold one figure only)."""
    rows = np.arange(len(series))
    last, first = ends(known, window)
    before = known & (np.arange(known.shape[1]) < last[:, None])
    nearest = np.where(before, np.arange(known.shape[1]), -1).max(axis=1)
    first = np.where((first == last) & (nearest >= 0), nearest, first)
    span = last - first
    filled = np.where(known, series, 0.0)
    change = filled[rows, np.maximum(last, 0)] - filled[rows, np.maximum(first, 0)]
    return np.clip(np.where(span > 0, change / np.maximum(span, 1), 0.0), -limit, limit)


def _level(series: Floats, known: Bools) -> tuple[Floats, Ints]:
    """The last known value of each series, and how many years ago it was."""
    last, _ = ends(known, 0)
    value = np.where(known, series, 0.0)[np.arange(len(series)), np.maximum(last, 0)]
    return np.where(known.any(axis=1), value, np.nan), series.shape[1] - 1 - last


def _straight(series: Floats, horizons: Ints, window: int, damping: float = 1.0, limit: float = GROWTH_LIMIT) -> Floats:
    """The growth of a window goes on, or fades."""
    known = np.asarray(~np.isnan(series))
    level, lag = _level(series, known)
    steps = (lag[:, None] + horizons[None, :]).astype(np.float64)
    if damping < 1.0:
        steps = damping * (1.0 - damping**steps) / (1.0 - damping)
    return level[:, None] + _growth(series, known, window, limit)[:, None] * steps


def last_value(series: Floats, horizons: Ints) -> Floats:
    """The last known value goes on."""
    level, _ = _level(series, np.asarray(~np.isnan(series)))
    return np.repeat(level[:, None], len(horizons), axis=1)


def drift(series: Floats, horizons: Ints, limit: float = GROWTH_LIMIT) -> Floats:
    """The mean growth of all known years goes on; `limit` is for logs, figures as they are have none."""
    return _straight(series, horizons, series.shape[1], limit=limit)


def growth_of_three(series: Floats, horizons: Ints, limit: float = GROWTH_LIMIT) -> Floats:
    """The mean growth of three years goes on: the compilers' 平均增长法; `limit` as in `drift`."""
    return _straight(series, horizons, RECENT_YEARS, limit=limit)


def momentum(series: Floats, horizons: Ints) -> Floats:
    """The last growth goes on."""
    return _straight(series, horizons, 1)


def fading(series: Floats, horizons: Ints) -> Floats:
    """The last growth goes on and fades."""
    return _straight(series, horizons, 1, DAMPING)


def recent_mean(series: Floats, horizons: Ints) -> Floats:
    """The mean of the last three known years goes on: for lumps and sums of either sign."""
    known = ~np.isnan(series)
    rank = known[:, ::-1].cumsum(axis=1)[:, ::-1]
    used = known & (rank <= RECENT_YEARS)
    total = np.where(used, series, 0.0).sum(axis=1)
    count = used.sum(axis=1)
    value = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return np.repeat(value[:, None], len(horizons), axis=1)


def smoother(family: str) -> Callable[[Floats, Ints], Floats]:
    """A family of the bank as a method; half the growth where too few years are known."""

    def method(series: Floats, horizons: Ints) -> Floats:
        ahead = bank.fit(series, family, int(horizons.max())).ahead[:, horizons - 1]
        level, lag = _level(series, np.asarray(~np.isnan(series)))
        reach = GROWTH_LIMIT * (lag[:, None] + horizons[None, :])
        inside = np.clip(ahead, level[:, None] - reach, level[:, None] + reach)
        return np.where(np.isnan(ahead), _half(series, horizons), inside)

    return method


theta = smoother("theta")


def _half(series: Floats, horizons: Ints) -> Floats:
    """Two years: one growth rate is hardly a trend, half of it; one year: kept."""
    level, _ = _level(series, np.asarray(~np.isnan(series)))
    moved = 0.5 * (momentum(series, horizons) + fading(series, horizons))
    return level[:, None] + 0.5 * (moved - level[:, None])


def combination(series: Floats, horizons: Ints) -> Floats:
    """Heads, wages, levels: momentum, fading growth, drift and theta."""
    count = (~np.isnan(series)).sum(axis=1)[:, None]
    three = fading(series, horizons) + drift(series, horizons) + theta(series, horizons)
    return np.where(count >= 3, 0.25 * (momentum(series, horizons) + three), _half(series, horizons))


def amount(series: Floats, horizons: Ints) -> Floats:
    """Amounts of money: fading growth, drift and theta."""
    count = (~np.isnan(series)).sum(axis=1)[:, None]
    mean = (fading(series, horizons) + drift(series, horizons) + theta(series, horizons)) / 3.0
    return np.where(count >= 3, mean, _half(series, horizons))


def panel(series: Floats, horizons: Ints) -> Floats:
    """The base of a panel's growth: all four in a long history, fading growth in a short one."""
    count = (~np.isnan(series)).sum(axis=1)[:, None]
    return np.where((count >= LONG_RUN) | (count < 3), combination(series, horizons), fading(series, horizons))


#: Methods by name; ``combination`` and ``amount`` are the defaults of levels and of money.
METHODS: dict[str, Callable[[Floats, Ints], Floats]] = {
    "combination": combination, "amount": amount, "theta": theta, "last_value": last_value, "drift": drift,
    "growth_of_three": growth_of_three, "momentum": momentum, "fading": fading, "recent_mean": recent_mean,
    "simple": smoother("simple"), "holt": smoother("holt"), "damped": smoother("damped"),
}  # fmt: skip


def carried(method: str, horizons: Ints, years: int) -> Floats:
    """How far a forecast moves with an error in the last known figure: it bears on the level and on the growth.

    Parameters
    ----------
    method : str
        A key of `METHODS`.
    horizons : array of int
        Years ahead.
    years : int
        Known years, the last one included.

    Returns
    -------
    array (horizons,)
        On the working scale: 1 where the last figure is kept, 1 + h where its growth goes on.

    Examples
    --------
    >>> carried("momentum", np.array([1, 2]), 6).tolist(), carried("fading", np.array([1, 2]), 6).round(2).tolist()
    ([2.0, 3.0], [1.8, 2.44])
    """
    h = horizons.astype(np.float64)
    faded = DAMPING * (1.0 - DAMPING**h) / (1.0 - DAMPING)
    own = {"momentum": 1.0 + h, "fading": 1.0 + faded, "drift": 1.0 + h / max(years - 1, 1),
           "growth_of_three": 1.0 + h / RECENT_YEARS, "recent_mean": np.full(len(h), 1.0 / RECENT_YEARS)}  # fmt: skip
    kept = np.ones(len(h))  # a smoothed level takes up less than the error, its trend a little more of it
    parts = {"combination": ("momentum", "fading", "drift", "theta"), "amount": ("fading", "drift", "theta")}
    return np.asarray(np.mean([own.get(name, kept) for name in parts.get(method, (method,))], axis=0))


def towards_all(paths: Floats, weight: Floats, groups: Ints) -> Floats:
    """Growth drawn towards that of all areas of a group together.

    Parameters
    ----------
    paths : array (series, horizons)
        Growth since the last known year, on logs.
    weight : array (series,)
        Size of each series: heads, amounts; equal for levels.
    groups : array (series,)
        Rows of one group are areas of one item.

    Returns
    -------
    array (series, horizons)
        Unchanged in groups of fewer than eight known areas.
    """
    out = paths.copy()
    order = np.argsort(groups, kind="stable")
    bounds = np.flatnonzero(np.diff(groups[order])) + 1
    for rows in np.split(order, bounds):
        here = rows[~np.isnan(paths[rows]).any(axis=1)]
        if len(here) < PANEL:
            continue
        share = weight[here] / weight[here].sum()
        together = (share[:, None] * paths[here]).sum(axis=0)
        apart = paths[here] - together
        reach = OUTLIER * np.median(np.abs(apart), axis=0)
        out[here] = together + OWN_WEIGHT * np.clip(apart, -reach, reach)
    return out


def forecast(series: Floats, horizons: Ints, method: str, groups: Ints | None, additive: Bools | None) -> Floats:
    """One method on all rows; the combination draws panels together.

    Parameters
    ----------
    series : array (series, years)
        On the working scale.
    horizons : array of int
        Years ahead of the last column.
    method : str
        A key of `METHODS`.
    groups : array of int, optional
        Rows of one item and fund; without it every row stands alone.
    additive : array of bool, optional
        Rows whose size is their weight among the others.
    """
    if method != "combination" or groups is None:
        return METHODS[method](series, horizons)
    size = np.bincount(groups[~np.isnan(series).all(axis=1)], minlength=int(groups.max()) + 1)
    many = size[groups] >= PANEL
    if not many.any():
        return combination(series, horizons)
    out = np.empty((len(series), len(horizons)))
    out[~many] = combination(series[~many], horizons)
    block = series[many]
    level, _ = _level(block, np.asarray(~np.isnan(block)))
    top = np.nanmax(level) if len(level) else 0.0
    weight = np.where(additive[many] if additive is not None else False, np.exp(np.nan_to_num(level) - top), 1.0)
    paths = panel(block, horizons) - level[:, None]
    out[many] = level[:, None] + towards_all(paths, weight, groups[many])
    return out
