"""How wrong forecasts were: errors of rolling origins, and the intervals they give.

Each origin is forecast from what was known at it, by the same method, and compared with
what came. An area's error has a part that all areas of the item share in a year and a part
of its own; as both count in an interval, the mean square of all its errors does. Few
origins say little: a series' own squares are drawn towards those of its item, these towards
what is usual of items of their kind, and the quantiles are Student's, with as many degrees
of freedom as there are origins at that horizon. A panel with many of them goes by its own past.

The weights, here and in `variance`, were chosen by interval scores on series of the US funds before
1986 in windows of four to twenty years, and on provincial panels of output, budgets and population.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from sibforecast.forecasting import methods as m
from sibforecast.forecasting import scales as sc
from sibforecast.forecasting import variance as va

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: Rolling origins looked back on at most, and known years before one is tried.
ORIGINS = 16
FEWEST = 3
#: Intervals whose half-widths are kept, and degrees of freedom at which a panel's own past gives them alone: a hundred
#: errors of three years that all areas share are three shocks, which say nothing of one in twenty.
LEVELS = np.array([0.5, 0.8, 0.9, 0.95, 0.99])
CONFORMAL = 40


@dataclass
class Run:
    """Forecasts of many series and their errors at earlier origins."""

    point: Floats  # (series, horizons)
    errors: Floats  # (series, origins, horizons): what came less the forecast; NaN where not both are known
    known: Ints  # how many years are known
    lag: Ints  # years between the last known one and the origin


def run(
    series: Floats, horizons: Ints, method: str, groups: Ints | None = None, additive: Bools | None = None
) -> Run:
    """Forecast all rows, and forecast them again at earlier origins.

    Parameters
    ----------
    series : array (series, years)
        On the working scale.
    horizons, method, groups, additive
        See `methods.forecast`.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.log(100 * 1.05 ** np.arange(8))[None]
    >>> r = run(line, np.array([1]), "drift")
    >>> bool(np.allclose(r.errors[~np.isnan(r.errors)], 0.0))
    True
    """
    known = np.asarray(~np.isnan(series))
    count, years = known.sum(axis=1), series.shape[1]
    last, _ = m.ends(known, 0)
    point = m.forecast(series, horizons, method, groups, additive)
    first = max(FEWEST - 1, years - 1 - ORIGINS)
    origins = range(first, years - 1)
    errors = np.full((len(series), len(origins), len(horizons)), np.nan)
    for place, origin in enumerate(origins):
        rows = np.flatnonzero((known[:, : origin + 1].sum(axis=1) >= FEWEST) & known[:, origin])
        if not len(rows):
            continue
        part = None if groups is None else np.unique(groups[rows], return_inverse=True)[1].astype(np.int64)
        sizes = None if additive is None else additive[rows]
        ahead = m.forecast(series[rows, : origin + 1], horizons, method, part, sizes)
        for j, h in enumerate(horizons):
            if origin + h < years:
                errors[rows, place, j] = series[rows, origin + h] - ahead[:, j]
    return Run(point, errors, count, np.asarray(years - 1 - last, dtype=np.int64))


@dataclass(frozen=True)
class Spread:
    """Standard deviation of forecast errors on the working scale, and how well it is known."""

    deviation: Floats  # (series, horizons)
    shape: Floats  # (series, horizons, len(LEVELS)): half-widths of the intervals of LEVELS, in deviations


def spread_of(
    errors: Floats, groups: Ints, horizons: Ints, kinds: Ints, size_of: Floats | None = None, forgetting: float = va.FORGETTING,
    jumped: Bools | None = None, broken: Bools | None = None, drift: float = va.DRIFT,
) -> Spread:
    """The spread of each series, drawn towards its group, and its group towards the usual; never falling with the horizon.

    Recent origins count more (factor 0.8 a year); in a panel, where many areas tell how
    unsettled a year was, its last years count more still. What all areas of a group share in a year
    is known from as many shocks as there are origins, what is their own from many more: the
    degrees of freedom are Satterthwaite's for the sum of the two, horizon by horizon. The
    half-widths are Student's, in a panel drawn towards those that held in its past
    (conformal), the more the more different things its errors say.

    A jump is one event: the year after tells how large it was and how often it came. Later
    horizons hold it once, not in every window that lies across it. A break that all areas make
    together is one event of them all, whose errors are not given here: that it came tells how
    often one comes, and the half-widths are taken as much further out.

    Parameters
    ----------
    errors : array (series, origins, horizons)
        On the working scale; NaN where nothing is known.
    groups : array of int (series,)
        The areas of one item on one working scale.
    horizons : array (horizons,)
        In years; parts of a year for the one under way.
    kinds : array of int (series,)
        Places in `variance.KINDS`, one for each group.
    size_of : array (series,), optional
        Sizes by which plain figures are made relative.
    jumped : array of bool (series, origins, horizons), optional
        Errors that hold a jump of the series (`events.across`).
    broken : array of bool (series, origins), optional
        Years after an origin in which all areas broke together (`events.together`).
    forgetting, drift : float
        How fast origins fade for one series, and how readily a panel follows its last years.
    """
    relative = np.ones(len(errors)) if size_of is None else np.where(size_of > 0, size_of, 1.0)
    errors = np.where(np.isfinite(errors), errors, np.nan)  # a figure of nothing has no error on logs
    errors = errors / relative[:, None, None]  # plain figures of areas of different size lend each other relative errors
    weight = np.asarray(forgetting ** np.arange(errors.shape[1], dtype=np.float64)[::-1][None, :, None])
    found, used = va.found_in(errors, weight, groups, horizons, kinds), errors
    if jumped is not None and jumped[:, :, 1:].any():
        used = np.where(jumped, np.nan, errors)
        found = va.once(found, va.found_in(used, weight, groups, horizons, kinds))
        used[:, :, 0] = errors[:, :, 0]
    late = va.as_of_late(found, used, weight, groups, drift)
    deviation = np.maximum.accumulate(np.sqrt(late.variance), axis=1)
    shape = _held(errors, used, weight, groups, found, late, _reached(errors, weight, horizons, broken))
    with np.errstate(invalid="ignore", divide="ignore"):  # never narrower at a later horizon
        wider = np.maximum.accumulate(shape * deviation[:, :, None], axis=1) / deviation[:, :, None]
    return Spread(deviation * relative[:, None], np.asarray(np.where(np.isfinite(wider), wider, shape)))


def _reached(errors: Floats, weight: Floats, horizons: Ints, broken: Bools | None) -> Floats:
    """How much of the errors of years without a break of all areas an interval must hold: (series, horizons, LEVELS).

    A share p of years, weighed by how long ago they are, breaks and is beyond any of them; at most half of
    what an interval may miss is kept for that.
    """
    if broken is None or not broken.any():
        return np.broadcast_to(LEVELS, (len(errors), len(horizons), len(LEVELS)))
    seen = (weight[:, :, 0] * (broken | ~np.isnan(errors[:, :, 0]))).sum(axis=1)
    a_year = (weight[:, :, 0] * broken).sum(axis=1) / np.maximum(seen, 1e-12)
    chance = np.minimum(1.0 - (1.0 - a_year[:, None]) ** horizons, 0.5)[:, :, None]  # of no more than half of the years
    return np.asarray(1.0 - np.maximum((1.0 - LEVELS - chance) / (1.0 - chance), (1.0 - LEVELS) / 2.0))


def _held(
    errors: Floats, used: Floats, weight: Floats, groups: Ints, found: va.Found, late: va.Late, reached: Floats
) -> Floats:
    """Half-widths of `LEVELS`: Student's, in a panel drawn towards those that held in its past.

    Its past counts as many degrees of freedom, against `CONFORMAL` of Student's, and is taken
    wider as these are. Each error is held against the deviation without it (with it, a large one
    would have widened its own), as unsettled as its year was foreseen to be.
    """
    shape = np.asarray(stdtrit(late.freedom[:, :, None], 0.5 + reached / 2.0))
    deviation = np.maximum.accumulate(np.sqrt(found.variance), axis=1)
    for group in np.flatnonzero(np.bincount(groups) >= m.PANEL) if len(groups) else ():
        rows = np.flatnonzero(groups == group)
        seen = weight * ~np.isnan(used[rows])
        origins = found.origins[rows, None] + va.PRIOR
        others = found.variance[rows, None] * origins - np.where(seen > 0, seen * used[rows] ** 2, 0.0)
        others = np.sqrt(np.maximum(others, 0.0) / (origins - seen))
        others[:, :, 1:] = np.maximum(others[:, :, 1:], deviation[rows, None, :-1])  # as never falling with the horizon
        with np.errstate(invalid="ignore", divide="ignore"):
            scores = np.abs(errors[rows]) / (others * np.sqrt(late.foreseen[rows]))
        told = np.isfinite(scores)
        freedom, inside = np.median(late.freedom[rows], axis=0), np.median(reached[rows], axis=0)  # breaks are of all of them
        part = np.minimum(freedom / CONFORMAL, 1.0)
        wider = stdtrit(freedom[:, None], 0.5 + inside / 2.0) / ndtri(0.5 + inside / 2.0)
        for j in np.flatnonzero(told.any(axis=(0, 1))):
            here = told[:, :, j]
            own = _empirical(scores[:, :, j][here], np.broadcast_to(weight[:, :, 0], here.shape)[here], inside[j])
            shape[rows, j] = part[j] * own * wider[j] + (1.0 - part[j]) * shape[rows, j]
    return shape


def _empirical(scores: Floats, weight: Floats, levels: Floats) -> Floats:
    """How far the errors of a panel went, in deviations: conformal half-widths of some levels."""
    order = np.argsort(scores)
    reached = (np.cumsum(weight[order]) - 0.5 * weight[order]) / weight.sum()
    return np.asarray(np.interp(levels, reached, scores[order]))


def quantile(point: Floats, deviation: Floats, shape: Floats, scale: npt.NDArray[np.int8], q: float) -> Floats:
    """A quantile of a forecast, from its spread on the working scale: on logs never negative.

    Examples
    --------
    >>> import numpy as np
    >>> normal = stdtrit(1e9, 0.5 + LEVELS / 2.0)[None]
    >>> low = quantile(np.array([100.0]), np.array([0.1]), normal, np.array([sc.LOG], dtype=np.int8), 0.1)
    >>> round(float(low[0]), 2)
    87.97
    """
    inside = abs(2.0 * q - 1.0)
    place = int(np.searchsorted(LEVELS, inside))
    low = 0.0 if place == 0 else LEVELS[place - 1]
    high = LEVELS[min(place, len(LEVELS) - 1)]
    left = 0.0 if place == 0 else shape[:, place - 1]
    right = shape[:, min(place, len(LEVELS) - 1)]
    part = 1.0 if high <= low else (inside - low) / (high - low)
    moved = np.sign(q - 0.5) * deviation * (left + part * (right - left))
    moved = np.where(np.isnan(moved), 0.0, moved)
    logs = np.where(scale == sc.LOG, point, 1.0) * np.exp(np.where(scale == sc.LOG, moved, 0.0))
    is_share = (scale == sc.LOGIT) & (point > 0) & (point < 1)
    logits = sc.from_scale(sc.to_scale(np.where(is_share, point, 0.5), sc.LOGIT) + np.where(is_share, moved, 0.0), sc.LOGIT)
    out = np.where(is_share, logits, np.where(scale == sc.LOG, logs, point + moved))
    return np.asarray(np.where(moved == 0.0, point, out))  # what is sure is the point itself
