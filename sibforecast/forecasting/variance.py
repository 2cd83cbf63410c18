"""How far forecasts were off: variances of their errors, and how well these are known.

Few origins say little: a series' own squares are drawn towards those of its item, these towards
what is usual of items of their kind. What all areas share in a year is known from as many shocks
as there are origins, what is their own from many more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.forecasting import methods as m

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: A group's spread counts as so many origins of a series' own, and the usual one of its kind as so many
#: errors of the group's.
PRIOR = 4.0
USUAL = 1.0
#: Weight of an origin one year further back, and the fewest degrees of freedom assumed (one more than
#: origins, where they are fewer).
FORGETTING = 0.8
LEAST_FREEDOM = 3.0
#: What is assumed of a year's error where no origin can be tried, on the working scale, by kind: rounded
#: medians over the series named in `spread`.
KINDS = ("heads", "level", "money", "rate")
ASSUMED = np.array([0.03, 0.03, 0.08, 0.08])
#: Signal to noise, for one normal error a year, of how unsettled the years of a panel are (`as_of_late`); at 0.05 one series
#: would be forgotten by 0.8 a year. On provincial panels that no benchmark uses, interval scores are 2 to 3 % lower than at
#: 0.05; higher values gain another 2 % there, but these panels all settled down in the same years.
DRIFT = 0.1
#: Origins without any error from which a constant is taken as one.
STEADY = 3


def kind_of(item: str) -> int:
    """The kind of an item, as a place in `KINDS`: what errors of its like may be compared with.

    Examples
    --------
    >>> [KINDS[kind_of(i)] for i in ("beneficiaries", "benefit_level", "interest", "collection_rate")]
    ['heads', 'level', 'money', 'rate']
    """
    unit = items.CATALOGUE[item].unit
    if unit in ("persons", "person-months"):
        return 0
    return 2 if unit == "currency" else 1 if unit.startswith("currency") else 3


@dataclass(frozen=True)
class Found:
    """Variances of errors, the weight of a series' own origins in them, and their degrees of freedom: (series, horizons)."""

    variance: Floats
    origins: Floats
    freedom: Floats


def once(found: Found, calm: Found) -> Found:
    """Variances that hold jumps in the first year, and at later horizons what they put into that one."""
    by_jumps = np.maximum(found.variance[:, :1] - calm.variance[:, :1], 0.0)
    variance = np.hstack([found.variance[:, :1], calm.variance[:, 1:] + by_jumps])
    with np.errstate(invalid="ignore", divide="ignore"):
        both = variance**2 / (calm.variance**2 / calm.freedom + by_jumps**2 / found.freedom[:, :1])
    freedom = np.hstack([found.freedom[:, :1], np.where(np.isfinite(both), both, calm.freedom)[:, 1:]])
    return Found(variance, np.hstack([found.origins[:, :1], calm.origins[:, 1:]]), np.minimum.accumulate(freedom, axis=1))


@dataclass(frozen=True)
class Late:
    """Variances as the last years were, their degrees of freedom, and what was foreseen of each year, in usual variances.

    The first two are (series, horizons), the last (series, origins, horizons).
    """

    variance: Floats
    freedom: Floats
    foreseen: Floats


def as_of_late(found: Found, errors: Floats, weight: Floats, groups: Ints, drift: float) -> Late:
    """Variances of panels as their last years were: calm and unsettled times come and go.

    How unsettled a year was is a level that drifts, seen through the errors of that year. One
    series tells it badly, hence the slow weights; a panel tells it the better the more
    different things its errors say and the lighter their tails, and the gain of the filter
    rises with that: at signal to noise x a year (`drift` of one normal error), (√(x² + 4x) − x) / 2.
    What it would have made of each past year, from the years before that, is kept as well: half-widths
    are told by errors in deviations as they were foreseen, so that a filter that lags, or follows
    noise, is made up for. Areas keep their sizes to one another: the slow weights tell them.
    """
    variance, freedom = found.variance.copy(), found.freedom.copy()
    foreseen = np.ones(errors.shape)
    back = np.arange(errors.shape[1], dtype=np.float64)[::-1, None]
    for group in np.flatnonzero(np.bincount(groups) >= m.PANEL) if len(groups) else ():
        rows = np.flatnonzero(groups == group)
        told = ~np.isnan(errors[rows]) & (found.variance[rows, None] > 0)
        number = told.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            squares = np.where(told, errors[rows] ** 2 / found.variance[rows, None], 0.0)
            unsettled = np.where(number > 0, squares.sum(axis=0) / number, 0.0)
            of_a_year = np.nan_to_num((squares**2).sum(axis=0) / number / unsettled**2)
            tails = (weight[0] * number * of_a_year).sum(axis=0) / (weight[0] * number).sum(axis=0)  # 3 of normal errors
            a_year = np.median(found.freedom[rows] / _counted(weight * told), axis=0)
            noise = np.maximum(np.nan_to_num(tails, nan=3.0) - 1.0, 2.0) / np.maximum(a_year, 1.0)
            signal = drift * 2.0 / noise
            gain = 0.5 * (np.sqrt(signal**2 + 4.0 * signal) - signal)
            late, slow = (1.0 - gain) ** back * (number > 0), weight[0] * (number > 0)
            usual = (slow * unsettled).sum(axis=0) / slow.sum(axis=0)
            moved = (late * unsettled).sum(axis=0) / late.sum(axis=0) / usual
            for place in range(1, errors.shape[1]):  # at each origin, by the errors that were known then
                then = (number[:place] > 0) & (np.arange(place)[:, None] < place - np.arange(errors.shape[2]))
                earlier = (1.0 - gain) ** back[-place:] * then
                told_by = (earlier * unsettled[:place]).sum(axis=0) / earlier.sum(axis=0) / usual
                foreseen[rows, place] = np.where(np.isfinite(told_by), told_by, 1.0)
        years = _counted(late[None])[0]
        variance[rows] *= np.where(np.isfinite(moved) & (moved > 0), moved, 1.0)
        freedom[rows] *= years / _counted(slow[None])[0]
    least = np.minimum(found.freedom, LEAST_FREEDOM)
    return Late(variance, np.minimum.accumulate(np.maximum(freedom, least), axis=1), foreseen)


def _counted(weight: Floats) -> Floats:
    """As how many equal origins weighted ones count (Kish): (series, horizons)."""
    return np.asarray(np.maximum(weight.sum(axis=1) ** 2 / np.maximum((weight**2).sum(axis=1), 1e-12), 1.0))


def found_in(errors: Floats, weight: Floats, groups: Ints, horizons: Ints, kinds: Ints) -> Found:
    """Mean squares of each series, drawn towards its group's."""
    told = ~np.isnan(errors)
    own, origins = (weight * np.where(told, errors, 0.0) ** 2).sum(axis=1), (weight * told).sum(axis=1)
    pooled = _pooled(errors, own, origins, groups, horizons, kinds)
    variance = (own + PRIOR * pooled[groups]) / (origins + PRIOR)
    return Found(variance, origins, _freedom(errors, weight, groups, variance))


def _freedom(errors: Floats, weight: Floats, groups: Ints, variance: Floats) -> Floats:
    """Degrees of freedom of the variances: of the part shared in a year, and of what is each series' own.

    Weighted origins count as so many equal ones (Kish). No more at a later horizon than before it.
    """
    size = int(groups.max()) + 1 if len(groups) else 0
    used = weight * ~np.isnan(errors)
    counted = _counted(used)
    told_years = np.where((used > 0).any(axis=1), counted, 0.0)
    shared = np.minimum(_common(errors, groups, size) ** 2, variance)
    members = np.bincount(groups, minlength=size)[groups][:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = variance**2 / (shared**2 / counted + (variance - shared) ** 2 / (counted * members))
    freedom = np.where(np.isfinite(freedom), freedom, counted)
    least = np.where(told_years > 0, np.minimum(LEAST_FREEDOM, 1.0 + told_years), LEAST_FREEDOM)
    return np.asarray(np.minimum.accumulate(np.maximum(freedom, least), axis=1))


def _pooled(errors: Floats, own: Floats, origins: Floats, groups: Ints, horizons: Ints, kinds: Ints) -> Floats:
    """Mean square errors of each group, drawn towards the usual ones of its kind: (groups, horizons).

    The usual one is the median over the groups of a kind, the assumed one among them: a single
    group has little to compare itself with. They are drawn together on logs, for one kind holds
    steady items and wild ones. A group that was never wrong keeps its nothing where it was tried
    often enough to be called constant, and is taken as usual where it was not.
    """
    told = (~np.isnan(errors)).sum(axis=1)
    size = int(groups.max()) + 1 if len(groups) else 0
    total, weight, number = (np.zeros((size, len(horizons))) for _ in range(3))
    for table, values in ((total, own), (weight, origins), (number, told)):
        np.add.at(table, groups, values)
    kind, tried = np.zeros(size, dtype=np.int64), np.zeros(size)
    kind[groups] = kinds
    np.maximum.at(tried, groups, told[:, 0])
    with np.errstate(invalid="ignore", divide="ignore"):
        alone = total / weight
    out = np.empty_like(alone)
    for j, ahead in enumerate(horizons):
        for k in np.unique(kind):
            rows = kind == k
            known = alone[rows, j][np.isfinite(alone[rows, j]) & (alone[rows, j] > 0)]
            usual = float(np.median(np.append(known, ASSUMED[k] ** 2 * float(ahead))))
            count = number[rows, j]
            own_log = np.log(np.where(alone[rows, j] > 0, alone[rows, j], usual))
            out[rows, j] = np.exp((own_log * count + USUAL * np.log(usual)) / (count + USUAL))
        if j:  # a horizon no origin reaches grows with the square root of time
            out[:, j] = np.where(number[:, j] > 0, out[:, j], out[:, j - 1] * horizons[j] / horizons[j - 1])
    out[(alone[:, 0] == 0.0) & (tried >= STEADY)] = 0.0
    return out


def _common(errors: Floats, groups: Ints, size: int) -> Floats:
    """Root mean square of the yearly mean error of each group, less what own errors put into it."""
    told = ~np.isnan(errors)
    filled = np.where(told, errors, 0.0)
    total = np.zeros((size, *errors.shape[1:]))
    squares, number = np.zeros_like(total), np.zeros_like(total)
    np.add.at(total, groups, filled)
    np.add.at(squares, groups, filled**2)
    np.add.at(number, groups, told)
    n = np.maximum(number, 1)
    mean = total / n
    own = np.maximum(squares / n - mean**2, 0.0) / np.maximum(n - 1, 1)  # variance of that mean by own errors
    some = number > 1
    years = np.maximum(some.sum(axis=1), 1)
    shared = np.where(some, mean**2 - own, 0.0).sum(axis=1) / years
    return np.asarray(np.sqrt(np.maximum(shared, 0.0))[groups])
