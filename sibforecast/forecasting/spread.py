"""How wrong forecasts were: errors of rolling origins, and the intervals they give.

Each origin is forecast from what was known at it, by the same method, and compared with
what came. An area's error has a part that all areas of the item share in a year and a part
of its own; as both count in an interval, the mean square of all its errors does. Few
origins say little: a series' own squares are drawn towards those of its item, these towards
what is usual of items of their kind, and the quantiles are Student's, with as many degrees
of freedom as there are origins at that horizon. A panel with many of them goes by its own past.

The weights were chosen by interval scores on series of the US funds before 1986 in windows of
four to twenty years, and on provincial panels of output, budgets and population.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from sibforecast import items
from sibforecast.forecasting import methods as m
from sibforecast.forecasting import scales as sc

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: Rolling origins looked back on at most, and known years before one is tried.
ORIGINS = 16
FEWEST = 3
#: A group's spread counts as so many origins of a series' own, and the usual one of its kind as so many
#: errors of the group's.
PRIOR = 4.0
USUAL = 1.0
#: Weight of an origin one year further back, and the fewest degrees of freedom assumed (one more than
#: origins, where they are fewer).
FORGETTING = 0.8
LEAST_FREEDOM = 3.0
#: Intervals whose half-widths are kept, and degrees of freedom at which a panel's own past gives them alone: a hundred
#: errors of three years that all areas share are three shocks, which say nothing of one in twenty.
LEVELS = np.array([0.5, 0.8, 0.9, 0.95, 0.99])
CONFORMAL = 40
#: What is assumed of a year's error where no origin can be tried, on the working scale, by kind: rounded
#: medians over the series named above.
KINDS = ("heads", "level", "money", "rate")
ASSUMED = np.array([0.03, 0.03, 0.08, 0.08])
#: Origins without any error from which a constant is taken as one.
STEADY = 3


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


def spread_of(
    errors: Floats, groups: Ints, horizons: Ints, kinds: Ints, size_of: Floats | None = None, forgetting: float = FORGETTING,
    jumped: Bools | None = None,
) -> Spread:
    """The spread of each series, drawn towards its group, and its group towards the usual; never falling with the horizon.

    Recent origins count more (factor 0.8 a year); in a panel, where many areas tell how
    unsettled a year was, its last years count more still. What all areas of a group share in a year
    is known from as many shocks as there are origins, what is their own from many more: the
    degrees of freedom are Satterthwaite's for the sum of the two, horizon by horizon. The
    half-widths are Student's, in a panel drawn towards those that held in its past
    (conformal), the more the more different things its errors say.

    A jump is one event: the year after tells how large it was and how often it came. Later
    horizons hold it once, not in every window that lies across it.

    Parameters
    ----------
    errors : array (series, origins, horizons)
        On the working scale; NaN where nothing is known.
    groups : array of int (series,)
        The areas of one item on one working scale.
    horizons : array (horizons,)
        In years; parts of a year for the one under way.
    kinds : array of int (series,)
        Places in `KINDS`, one for each group.
    size_of : array (series,), optional
        Sizes by which plain figures are made relative.
    jumped : array of bool (series, origins, horizons), optional
        Errors that hold a jump of the series (`events.across`).
    """
    relative = np.ones(len(errors)) if size_of is None else np.where(size_of > 0, size_of, 1.0)
    errors = np.where(np.isfinite(errors), errors, np.nan)  # a figure of nothing has no error on logs
    errors = errors / relative[:, None, None]  # plain figures of areas of different size lend each other relative errors
    weight = np.asarray(forgetting ** np.arange(errors.shape[1], dtype=np.float64)[::-1][None, :, None])
    found, used = _found(errors, weight, groups, horizons, kinds), errors
    if jumped is not None and jumped[:, :, 1:].any():
        used = np.where(jumped, np.nan, errors)
        found = _once(found, _found(used, weight, groups, horizons, kinds))
        used[:, :, 0] = errors[:, :, 0]
    late = _as_of_late(found, used, weight, groups, forgetting)
    deviation = np.maximum.accumulate(np.sqrt(late.variance), axis=1)
    shape = _held(errors, used, weight, groups, found, late)
    with np.errstate(invalid="ignore", divide="ignore"):  # never narrower at a later horizon
        wider = np.maximum.accumulate(shape * deviation[:, :, None], axis=1) / deviation[:, :, None]
    return Spread(deviation * relative[:, None], np.asarray(np.where(np.isfinite(wider), wider, shape)))


@dataclass(frozen=True)
class _Found:
    """Variances of errors, the weight of a series' own origins in them, and their degrees of freedom: (series, horizons)."""

    variance: Floats
    origins: Floats
    freedom: Floats


def _once(found: _Found, calm: _Found) -> _Found:
    """Variances that hold jumps in the first year, and at later horizons what they put into that one."""
    by_jumps = np.maximum(found.variance[:, :1] - calm.variance[:, :1], 0.0)
    variance = np.hstack([found.variance[:, :1], calm.variance[:, 1:] + by_jumps])
    with np.errstate(invalid="ignore", divide="ignore"):
        both = variance**2 / (calm.variance**2 / calm.freedom + by_jumps**2 / found.freedom[:, :1])
    freedom = np.hstack([found.freedom[:, :1], np.where(np.isfinite(both), both, calm.freedom)[:, 1:]])
    return _Found(variance, np.hstack([found.origins[:, :1], calm.origins[:, 1:]]), np.minimum.accumulate(freedom, axis=1))


@dataclass(frozen=True)
class _Late:
    """Variances as the last years were, their degrees of freedom, and those of how unsettled these years were."""

    variance: Floats
    freedom: Floats
    settled: Floats


def _as_of_late(found: _Found, errors: Floats, weight: Floats, groups: Ints, forgetting: float) -> _Late:
    """Variances of panels as their last years were: calm and unsettled times come and go.

    How unsettled a year was is a level that drifts, seen through the errors of that year. One
    series tells it badly, hence the slow `forgetting`; a panel tells it the better the more
    different things its errors say and the lighter their tails, and the gain of the filter
    rises with that: at signal to noise x a year, (√(x² + 4x) − x) / 2. What the filter does not
    know makes the tails of the next errors. Areas keep their sizes to one another: the slow
    weights tell them.
    """
    variance, freedom = found.variance.copy(), found.freedom.copy()
    settled = np.full_like(variance, np.inf)
    back = np.arange(errors.shape[1], dtype=np.float64)[::-1, None]
    alone = (1.0 - forgetting) ** 2 / forgetting  # signal to noise at which one series is forgotten as fast as that
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
            signal = alone * 2.0 / noise
            gain = 0.5 * (np.sqrt(signal**2 + 4.0 * signal) - signal)
            late, slow = (1.0 - gain) ** back * (number > 0), weight[0] * (number > 0)
            moved = (late * unsettled).sum(axis=0) / late.sum(axis=0) / ((slow * unsettled).sum(axis=0) / slow.sum(axis=0))
        years = _counted(late[None])[0]
        variance[rows] *= np.where(np.isfinite(moved) & (moved > 0), moved, 1.0)
        freedom[rows] *= years / _counted(slow[None])[0]
        settled[rows] = 2.0 / (noise * np.maximum(gain, 1.0 / years))
    least = np.minimum(found.freedom, LEAST_FREEDOM)
    return _Late(variance, np.minimum.accumulate(np.maximum(freedom, least), axis=1), np.maximum(settled, least))


def _counted(weight: Floats) -> Floats:
    """As how many equal origins weighted ones count (Kish): (series, horizons)."""
    return np.asarray(np.maximum(weight.sum(axis=1) ** 2 / np.maximum((weight**2).sum(axis=1), 1e-12), 1.0))


def _held(errors: Floats, used: Floats, weight: Floats, groups: Ints, found: _Found, late: _Late) -> Floats:
    """Half-widths of `LEVELS`: Student's, in a panel drawn towards those that held in its past.

    Its past counts as many degrees of freedom, against `CONFORMAL` of Student's, and is taken
    wider by what is not known of how unsettled the last years were. Each error is
    held against the deviation without it: with it, a large one would have widened its own.
    """
    shape = np.asarray(stdtrit(late.freedom[:, :, None], 0.5 + LEVELS / 2.0))
    deviation = np.maximum.accumulate(np.sqrt(found.variance), axis=1)
    for group in np.flatnonzero(np.bincount(groups) >= m.PANEL) if len(groups) else ():
        rows = np.flatnonzero(groups == group)
        seen = weight * ~np.isnan(used[rows])
        origins = found.origins[rows, None] + PRIOR
        others = found.variance[rows, None] * origins - np.where(seen > 0, seen * used[rows] ** 2, 0.0)
        others = np.sqrt(np.maximum(others, 0.0) / (origins - seen))
        others[:, :, 1:] = np.maximum(others[:, :, 1:], deviation[rows, None, :-1])  # as never falling with the horizon
        with np.errstate(invalid="ignore", divide="ignore"):
            scores = np.abs(errors[rows]) / others
        told = np.isfinite(scores)
        part = np.minimum(np.median(late.freedom[rows], axis=0) / CONFORMAL, 1.0)
        wider = stdtrit(late.settled[rows].min(axis=0)[:, None], 0.5 + LEVELS / 2.0) / ndtri(0.5 + LEVELS / 2.0)
        for j in np.flatnonzero(told.any(axis=(0, 1))):
            here = told[:, :, j]
            own = _empirical(scores[:, :, j][here], np.broadcast_to(weight[:, :, 0], here.shape)[here])
            shape[rows, j] = part[j] * own * wider[j] + (1.0 - part[j]) * shape[rows, j]
    return shape


def _found(errors: Floats, weight: Floats, groups: Ints, horizons: Ints, kinds: Ints) -> _Found:
    """Mean squares of each series, drawn towards its group's."""
    told = ~np.isnan(errors)
    own, origins = (weight * np.where(told, errors, 0.0) ** 2).sum(axis=1), (weight * told).sum(axis=1)
    pooled = _pooled(errors, own, origins, groups, horizons, kinds)
    variance = (own + PRIOR * pooled[groups]) / (origins + PRIOR)
    return _Found(variance, origins, _freedom(errors, weight, groups, variance))


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


def _empirical(scores: Floats, weight: Floats) -> Floats:
    """How far the errors of a panel went, in deviations: conformal half-widths of `LEVELS`."""
    order = np.argsort(scores)
    reached = (np.cumsum(weight[order]) - 0.5 * weight[order]) / weight.sum()
    return np.asarray(np.interp(LEVELS, reached, scores[order]))


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


def beside_rules(series: Floats, errors: Floats, scale: npt.NDArray[np.int8]) -> tuple[float, ...]:
    """Number of one-year errors, and mean absolute percentage error of ours and of three plain rules.

    Parameters
    ----------
    series : array (series, years)
        As it is.
    errors : array (series, origins)
        Ours, on the working scales; the last origin is the year before the last.
    scale : array (series,)
        The working scale of each series.
    """
    told = ~np.isnan(errors) & (scale != sc.PLAIN)[:, None]
    years, count = series.shape[1], errors.shape[1]
    if not told.any():
        return (0, *(float("nan"),) * 4)
    targets = np.arange(years - count, years)
    actual = series[:, targets]
    errors = np.where(told, errors, np.nan)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        logs = np.exp(-errors) - 1.0
        share = sc.from_scale(sc.to_scale(actual, sc.LOGIT) - errors, sc.LOGIT) / actual - 1.0
        ours = np.where((scale == sc.LOG)[:, None], logs, share)
        work = np.log(series)
        out = [float(np.abs(ours[told]).mean() * 100.0)]
        for rule in (m.last_value, m.drift, m.growth_of_three):
            ahead = np.column_stack([rule(work[:, :t], np.array([1]))[:, 0] for t in targets])
            wrong = np.abs(np.exp(ahead) / actual - 1.0)[told]
            out.append(float(wrong[np.isfinite(wrong)].mean() * 100.0) if np.isfinite(wrong).any() else float("nan"))
    return (int(told.sum()), *out)


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
