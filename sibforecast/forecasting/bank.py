"""The bank: exponential smoothers of many short series as matrix products.

With its parameters fixed, every additive-error smoother (simple, Holt's trend, damped
trend) is linear in the data once the initial state is profiled out by least squares: its
residuals are ``P y`` and its forecasts ``W y``. So the sum of squares of all series on all
parameters is *one* product of the outer products ``y yᵀ`` (half of them: they are
symmetric) with a matrix that depends on the length only; ordered so that a shorter history
is a leading block, a rolling origin is a product with fewer rows. The parameters are then
those of the least sum of squares, series by series, with no optimiser.

Model, with smoothing ``alpha`` (level), ``beta`` (trend) and damping ``phi``::

    forecast  f(t) = l(t-1) + phi b(t-1),    error  e(t) = y(t) - f(t)
    level     l(t) = f(t) + alpha e(t),      trend  b(t) = phi b(t-1) + beta e(t)

References: Hyndman et al., Forecasting with Exponential Smoothing (2008), chapters 2-3;
Assimakopoulos and Nikolopoulos (2000) for theta. ``statsmodels`` is the reference the
tests compare with, at the same parameters and initial state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

FAMILIES = ("simple", "holt", "damped", "theta")
_ALPHA = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99)
_SHARE = (0.01, 0.1, 0.2, 0.4, 0.6, 0.9)  # beta = alpha × share
_PHI = (0.8, 0.88, 0.94, 0.98)
#: Fewest known points a family is fitted to.
FEWEST = {"simple": 2, "holt": 4, "damped": 4, "theta": 3}
_CHUNK = 512


@dataclass(frozen=True)
class Grid:
    """Parameters of one family, one row a grid point."""

    family: str
    alpha: Floats
    beta: Floats
    phi: Floats

    @classmethod
    def of(cls, family: str) -> Grid:
        """The grid that a family is searched on."""
        rows = {
            "simple": [(a, 0.0, 1.0) for a in _ALPHA],
            "theta": [(a, 0.0, 1.0) for a in _ALPHA],
            "holt": [(a, a * s, 1.0) for a in _ALPHA for s in _SHARE],
            "damped": [(a, a * s, p) for a in _ALPHA for s in _SHARE for p in _PHI],
        }[family]
        table = np.array(rows)
        return cls(family, *table.T)

    @property
    def has_trend(self) -> bool:
        """Whether a trend is smoothed."""
        return self.family in ("holt", "damped")


@dataclass(frozen=True)
class Operators:
    """Of one family and history: squares on the grid, and forecasts from it."""

    squares: Floats  # (pairs of years, grid): half of PᵀP
    ahead: Floats  # (grid, horizons, years): W
    state: Floats  # (grid, 2, years): the profiled initial level and trend

    def __post_init__(self) -> None:
        for array in (self.squares, self.ahead, self.state):
            array.flags.writeable = False  # kept and shared


def pairs(years: int) -> tuple[Ints, Ints]:
    """Pairs (i, j ≤ i) of years, by i: those of a shorter history come first."""
    return np.tril_indices(years)


def outer(data: Floats) -> Floats:
    """Products of all pairs of years of each row, in the order of `pairs`."""
    years = data.shape[1]
    out = np.empty((len(data), years * (years + 1) // 2))
    for i in range(years):
        start = i * (i + 1) // 2
        np.multiply(data[:, i : i + 1], data[:, : i + 1], out=out[:, start : start + i + 1])
    return out


def _errors(grid: Grid, known: Bools, horizons: int) -> tuple[Floats, Floats, Floats]:
    """Errors, and forecasts after the last year, as functions of (data, initial level and trend)."""
    years, size = len(known), len(grid.alpha)
    level, trend = np.zeros((2, size, years + 2))
    level[:, years] = 1.0
    if grid.has_trend:
        trend[:, years + 1] = 1.0
    alpha, beta, phi = (p[:, None] for p in (grid.alpha, grid.beta, grid.phi))
    errors = np.zeros((size, years, years + 2))
    for t in range(years):
        ahead = level + phi * trend
        error = np.zeros_like(ahead)
        if known[t]:  # an unknown year moves the state on and teaches nothing
            error = -ahead
            error[:, t] += 1.0
        errors[:, t] = error
        level, trend = ahead + alpha * error, phi * trend + beta * error
    steps, damping, out = np.zeros_like(alpha), np.ones_like(alpha), []
    for _ in range(horizons):
        damping = damping * phi
        steps = steps + damping
        out.append(level + steps * trend)
    return errors, np.stack(out, axis=1), level


@lru_cache(maxsize=512)
def operators(family: str, pattern: bytes, horizons: int) -> Operators:
    """The operators for a pattern of known years (bytes of booleans), all parameters together."""
    known = np.frombuffer(pattern, dtype=np.bool_)
    years, grid = len(known), Grid.of(family)
    errors, ahead, _ = _errors(grid, known, horizons)
    bend = _theta_line(known) if family == "theta" else None
    on_data, on_state = errors[:, :, :years], errors[:, :, years:]
    if bend is not None:
        on_data = on_data @ bend
    normal = np.einsum("gti,gtj->gij", on_state, on_state)
    if not grid.has_trend:
        normal[:, 1, 1] = 1.0
    cross = np.einsum("gti,gty->giy", on_state, on_data)
    state = -np.linalg.solve(normal, cross)  # the initial state that fits best, linear in the data
    residual = on_data + on_state @ state
    whole = np.einsum("gti,gtj->gij", residual, residual)
    first, second = pairs(years)
    squares = whole[:, first, second] * np.where(first == second, 1.0, 2.0)
    weights = ahead[:, :, :years] @ bend if bend is not None else ahead[:, :, :years]
    weights = weights + ahead[:, :, years:] @ state
    if family == "theta":
        weights = 0.5 * (weights + _line(known, horizons)[None])
    return Operators(np.ascontiguousarray(squares.T), weights, state)


def _line(known: Bools, horizons: int) -> Floats:
    """Extrapolation of the straight line through the known years: (horizons, years)."""
    years = len(known)
    design = np.stack([np.ones(years), np.arange(years)], axis=1) * known[:, None]
    fit = np.linalg.pinv(design) * known[None, :]
    later = np.stack([np.ones(horizons), np.arange(years, years + horizons)], axis=1)
    return np.asarray(later @ fit)


def _theta_line(known: Bools) -> Floats:
    """The data bent twice away from their straight line: (years, years)."""
    years = len(known)
    design = np.stack([np.ones(years), np.arange(years)], axis=1) * known[:, None]
    fit = design @ np.linalg.pinv(design)
    return np.asarray(2.0 * np.diag(known.astype(np.float64)) - fit)


@dataclass(frozen=True)
class Fit:
    """What the bank says of many series: forecasts, and the parameters behind them."""

    ahead: Floats  # (series, horizons)
    squares: Floats  # (series,): the least sum of squares, in units of the data
    choice: Ints  # (series,): place on the family's grid; -1 where too short


def fit(series: Floats, family: str, horizons: int) -> Fit:
    """Fit one family to all rows and forecast them.

    Parameters
    ----------
    series : array (series, years)
        On the working scale (logs of levels that grow); NaN where unknown.
    family : str
        ``simple``, ``holt``, ``damped`` or ``theta``.
    horizons : int
        Years ahead of the last column.

    Returns
    -------
    Fit
        NaN where fewer years are known than the family needs.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    >>> fit(line, "holt", 2).ahead.round(6)
    array([[7., 8.]])
    """
    size = len(series)
    ahead, squares = np.full((size, horizons), np.nan), np.full(size, np.nan)
    choice = np.full(size, -1, dtype=np.int64)
    known = ~np.isnan(series)
    patterns, which = np.unique(known, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if pattern.sum() < FEWEST[family]:
            continue
        ops = operators(family, pattern.tobytes(), horizons)
        rows = np.flatnonzero(which.ravel() == number)
        for start in range(0, len(rows), _CHUNK):
            here = rows[start : start + _CHUNK]
            ahead[here], squares[here], choice[here] = _fit_chunk(series[here], pattern, ops)
    return Fit(ahead, squares, choice)


def fit_origins(series: Floats, families: Sequence[str], horizons: int, first: int) -> Floats:
    """Fit families at every origin of complete series: one product a family set and origin.

    Parameters
    ----------
    series : array (series, years)
        Without gaps.
    families : sequence of str
        Searched together; each gives its own forecast.
    horizons : int
        Years ahead of each origin.
    first : int
        Years known at the first origin; the last origin knows all.

    Returns
    -------
    array (series, origins, families, horizons)

    Examples
    --------
    >>> import numpy as np
    >>> line = np.arange(1.0, 9.0)[None]
    >>> fit_origins(line, ["holt"], 1, 6)[0, :, 0, 0].round(6)
    array([7., 8., 9.])
    """
    years = series.shape[1]
    origins = range(first, years + 1)
    table = [[operators(f, np.ones(o, dtype=bool).tobytes(), horizons) for f in families] for o in origins]
    joined = [np.concatenate([ops.squares for ops in row], axis=1) for row in table]
    edges = np.cumsum([0, *(ops.squares.shape[1] for ops in table[0])])
    out = np.empty((len(series), len(origins), len(families), horizons))
    for start in range(0, len(series), _CHUNK):
        block = series[start : start + _CHUNK]
        data, centre, scale = standard(block, np.arange(years) < first)  # by what the first origin knows
        data = (block - centre) / scale
        products = outer(data)
        for place, origin in enumerate(origins):
            count = origin * (origin + 1) // 2
            sums = products[:, :count] @ joined[place]
            for number, ops in enumerate(table[place]):
                best = sums[:, edges[number] : edges[number + 1]].argmin(axis=1)
                ahead = np.einsum("shy,sy->sh", ops.ahead[best], data[:, :origin])
                out[start : start + _CHUNK, place, number] = ahead * scale + centre
    return out


def standard(block: Floats, pattern: Bools) -> tuple[Floats, Floats, Floats]:
    """Rows moved and scaled to their own size, so that squares lose no digits."""
    centre = block[:, pattern].mean(axis=1, keepdims=True)
    scale = np.maximum(np.abs(block[:, pattern] - centre).max(axis=1, keepdims=True), 1e-300)
    return np.where(pattern, (block - centre) / scale, 0.0), centre, scale


def _fit_chunk(block: Floats, pattern: Bools, ops: Operators) -> tuple[Floats, Floats, Ints]:
    data, centre, scale = standard(block, pattern)
    sums = outer(data) @ ops.squares
    best = sums.argmin(axis=1)
    least = np.maximum(sums[np.arange(len(best)), best], 0.0)
    ahead = np.einsum("shy,sy->sh", ops.ahead[best], data) * scale + centre
    return ahead, least * scale[:, 0] ** 2, best.astype(np.int64)
