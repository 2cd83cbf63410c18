"""Measures of how good forecasts and their intervals were: plain functions of arrays.

Sources: Hyndman and Koehler (2006) for MASE; Gneiting and Raftery (2007) for the interval
score. Blank pairs are left out; an actual of nothing has no percentage error.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sibforecast.forecasting import methods as m
from sibforecast.forecasting import scales as sc

Floats = npt.NDArray[np.float64]


def mape(forecast: Floats, actual: Floats) -> float:
    """Mean absolute percentage error, in per cent.

    Examples
    --------
    >>> import numpy as np
    >>> mape(np.array([110.0, 90.0]), np.array([100.0, 100.0]))
    10.0
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.abs(forecast - actual) / np.abs(actual)
    error = error[np.isfinite(error)]
    return round(float(error.mean() * 100.0), 10) if len(error) else float("nan")


def wape(forecast: Floats, actual: Floats) -> float:
    """Sum of absolute errors over the sum of what came, in per cent: big areas count as they are."""
    known = ~np.isnan(forecast) & ~np.isnan(actual)
    total = np.abs(actual[known]).sum()
    return float(np.abs(forecast - actual)[known].sum() / total * 100.0) if total > 0 else float("nan")


def bias(forecast: Floats, actual: Floats) -> float:
    """Mean percentage error, in per cent: positive where forecasts are too high."""
    with np.errstate(invalid="ignore", divide="ignore"):
        error = (forecast - actual) / np.abs(actual)
    error = error[np.isfinite(error)]
    return float(error.mean() * 100.0) if len(error) else float("nan")


def mase(forecast: Floats, actual: Floats, scale: Floats) -> float:
    """Mean absolute error over the mean yearly change of each series: below 1 beats "as last year"."""
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.abs(forecast - actual) / scale
    error = error[np.isfinite(error)]
    return float(error.mean()) if len(error) else float("nan")


def coverage(actual: Floats, lower: Floats, upper: Floats) -> float:
    """Share of actual figures inside their interval."""
    known = ~np.isnan(actual) & ~np.isnan(lower) & ~np.isnan(upper)
    inside = (actual >= lower) & (actual <= upper)
    return float(inside[known].mean()) if known.any() else float("nan")


def interval_score(actual: Floats, lower: Floats, upper: Floats, level: float) -> float:
    """Width of intervals plus what lies outside × 2 / (1 − level), relative to what came, in per cent.

    Smaller is better: it rewards narrow intervals and charges for misses.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones(1)
    >>> interval_score(100 * one, 90 * one, 110 * one, 0.8), interval_score(100 * one, 101 * one, 110 * one, 0.8)
    (20.0, 19.0)
    """
    penalty = 2.0 / (1.0 - level)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = upper - lower + penalty * (np.maximum(lower - actual, 0.0) + np.maximum(actual - upper, 0.0))
        relative = score / np.abs(actual) * 100.0
    relative = relative[np.isfinite(relative)]
    return round(float(relative.mean()), 10) if len(relative) else float("nan")


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
