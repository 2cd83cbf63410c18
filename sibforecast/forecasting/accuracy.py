"""Measures of how good forecasts and their intervals were: plain functions of arrays.

Sources: Hyndman and Koehler (2006) for MASE; Gneiting and Raftery (2007) for the interval
score. Blank pairs are left out; an actual of nothing has no percentage error.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
