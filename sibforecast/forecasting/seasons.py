"""The seasonal bank: exponential smoothers of many short monthly series as matrix products.

As in `bank`, a smoother whose parameters are fixed is linear in the data once its initial
states are profiled out by least squares: errors are ``P y``, forecasts ``W y``, and the sum
of squares of all series on all parameters is one product of ``y yᵀ`` with a matrix that
depends on the pattern of known months only.

Model, with smoothing ``alpha`` (level), ``beta`` (trend), ``gamma`` (season) and damping
``phi``; time in months, the season of period twelve::

    forecast  f(t) = l(t-1) + phi b(t-1) + s(t-12),   error  e(t) = y(t) - f(t)
    level     l(t) = l(t-1) + phi b(t-1) + alpha e(t)
    trend     b(t) = phi b(t-1) + beta e(t),          season s(t) = s(t-12) + gamma e(t)

Two families: ``seasonal`` without a trend (A,N,A) and ``seasonal_damped`` with a damped one
(A,Ad,A). The level before the first month and the mean of the first twelve seasons are the
same thing: that level is nought and the twelve seasons are free. Months of no figure move
the states on and teach nothing; months before the first figure are left out. A month of the
calendar never seen has no season, and no forecast.

Reference: Hyndman et al., Forecasting with Exponential Smoothing (2008), chapters 2-3.
``statsmodels`` is what the tests compare with, at the same parameters and initial states.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sibforecast.forecasting.bank import Fit, outer, pairs, standard

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SEASON = 12
FAMILIES = ("seasonal", "seasonal_damped")
#: A small grid: months of few years cannot tell neighbours apart.
_ALPHA = (0.05, 0.2, 0.4, 0.6, 0.8)
_GAMMA = (0.0, 0.1, 0.3)  # gamma = (1 - alpha) × share: a season moves less than its level
_BETA = (0.05, 0.2)  # beta = alpha × share
_PHI = (0.85, 0.95)  # of a trend, 14 or 54 per cent are left after a year
#: Fewest known months: half a year more than the seasons, a year and a half where a trend is fitted too.
FEWEST = {"seasonal": 18, "seasonal_damped": 30}
_CHUNK = 512


@dataclass(frozen=True)
class Grid:
    """Parameters of one family, one row a grid point."""

    family: str
    alpha: Floats
    beta: Floats
    gamma: Floats
    phi: Floats

    @classmethod
    def of(cls, family: str) -> Grid:
        """The grid that a family is searched on."""
        plain = [(a, 0.0, (1.0 - a) * g, 1.0) for a in _ALPHA for g in _GAMMA]
        damped = [(a, a * b, (1.0 - a) * g, p) for a in _ALPHA for b in _BETA for g in _GAMMA for p in _PHI]
        return cls(family, *np.array({"seasonal": plain, "seasonal_damped": damped}[family]).T)

    @property
    def has_trend(self) -> bool:
        """Whether a trend is smoothed."""
        return self.family == "seasonal_damped"


@dataclass(frozen=True)
class Operators:
    """Of one family and pattern of known months: squares on the grid, and forecasts from it."""

    squares: Floats  # (pairs of months, grid): half of PᵀP
    ahead: Floats  # (grid, horizons, months): W; NaN for months of the calendar never seen
    state: Floats  # (grid, 13, months): the profiled first twelve seasons, and the trend before the first month

    def __post_init__(self) -> None:
        for array in (self.squares, self.ahead, self.state):
            array.flags.writeable = False  # kept and shared


def _paths(grid: Grid, known: Bools, horizons: int) -> tuple[Floats, Floats]:
    """Errors, and forecasts after the last month, as functions of (data, first seasons, first trend)."""
    months, size = len(known), len(grid.alpha)
    width = months + SEASON + 1
    level, trend = np.zeros((2, size, width))
    season = np.zeros((SEASON, size, width))
    season[np.arange(SEASON), :, months + np.arange(SEASON)] = 1.0
    if grid.has_trend:
        trend[:, -1] = 1.0
    alpha, beta, gamma, phi = (p[:, None] for p in (grid.alpha, grid.beta, grid.gamma, grid.phi))
    errors = np.zeros((size, months, width))
    for t in range(months):
        level, trend = level + phi * trend, phi * trend
        if not known[t]:  # the states move on
            continue
        error = -(level + season[t % SEASON])
        error[:, t] += 1.0
        errors[:, t] = error
        level, trend = level + alpha * error, trend + beta * error
        season[t % SEASON] += gamma * error
    ahead = np.empty((size, horizons, width))
    for h in range(horizons):
        level, trend = level + phi * trend, phi * trend
        ahead[:, h] = level + season[(months + h) % SEASON]
    return errors, ahead


@lru_cache(maxsize=64)
def operators(family: str, pattern: bytes, horizons: int) -> Operators:
    """The operators for a pattern of known months (bytes of booleans, the first one known)."""
    known = np.frombuffer(pattern, dtype=np.bool_)
    months, grid = len(known), Grid.of(family)
    errors, ahead = _paths(grid, known, horizons)
    on_data, on_state = errors[:, :, :months], errors[:, :, months:]
    turned = on_state.transpose(0, 2, 1)
    state = -np.linalg.pinv(turned @ on_state, rcond=1e-12, hermitian=True) @ (turned @ on_data)
    residual = on_data + on_state @ state
    whole = residual.transpose(0, 2, 1) @ residual
    first, second = pairs(months)
    squares = whole[:, first, second] * np.where(first == second, 1.0, 2.0)
    weights = ahead[:, :, :months] + ahead[:, :, months:] @ state
    seen = np.zeros(SEASON, dtype=bool)
    seen[np.flatnonzero(known) % SEASON] = True
    weights[:, ~seen[(months + np.arange(horizons)) % SEASON]] = np.nan
    return Operators(np.ascontiguousarray(squares.T), weights, state)


def fit(series: Floats, family: str, horizons: int) -> Fit:
    """Fit one family to all rows and forecast them.

    Parameters
    ----------
    series : array (series, months)
        On the working scale (logs of what each month brought); NaN where unknown. The last
        column is the origin: cut the array to forecast from an earlier one.
    family : str
        ``seasonal`` or ``seasonal_damped``.
    horizons : int
        Months ahead of the last column.

    Returns
    -------
    Fit
        NaN where fewer months are known than the family needs, and in months of the calendar
        never seen.

    Examples
    --------
    >>> import numpy as np
    >>> season = np.array([1.0, 2.0, 4.0, 2.0, 1.0, 1.0, 1.0, 1.0, 3.0, 1.0, 1.0, 6.0])
    >>> fit(np.tile(season, 3)[None], "seasonal", 3).ahead.round(6)
    array([[1., 2., 4.]])
    """
    size = len(series)
    ahead, squares = np.full((size, horizons), np.nan), np.full(size, np.nan)
    choice = np.full(size, -1, dtype=np.int64)
    known = ~np.isnan(series)
    patterns, which = np.unique(known, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if pattern.sum() < FEWEST[family]:
            continue
        start = int(pattern.argmax())
        ops = operators(family, pattern[start:].tobytes(), horizons)
        rows = np.flatnonzero(which.ravel() == number)
        for begin in range(0, len(rows), _CHUNK):
            here = rows[begin : begin + _CHUNK]
            data, centre, scale = standard(series[here, start:], pattern[start:])
            sums = outer(data) @ ops.squares
            best = sums.argmin(axis=1)
            least = np.maximum(sums[np.arange(len(best)), best], 0.0)
            ahead[here] = np.einsum("shy,sy->sh", ops.ahead[best], data) * scale + centre
            squares[here], choice[here] = least * scale[:, 0] ** 2, best
    return Fit(ahead, squares, choice)


def both(series: Floats, horizons: int) -> Floats:
    """The mean of both families, or of the one that has months enough: (series, horizons)."""
    plain, damped = (fit(series, family, horizons).ahead for family in FAMILIES)
    return np.where(np.isnan(damped), plain, 0.5 * (plain + damped))
