"""Average wage and contribution base: two measures of one growth, forecast by the mean of both.

The base follows the average wage, by law within its window of floor and ceiling. Each by itself
is forecast from its own past; what one of them says of next year's wages the other says with
other errors, and the mean of two growths is nearer than either. Where the wage is known or
entered it moves the base by what the past taught of that (`macro`).
"""

from __future__ import annotations

from collections.abc import Container

import numpy as np
import numpy.typing as npt

from sibforecast.forecasting import scales as sc
from sibforecast.forecasting.entered import WAGE
from sibforecast.forecasting.fund_forecast import WITH_BASE, WITH_WAGE, FundForecast
from sibforecast.forecasting.macro import BASES
from sibforecast.tables.panel import Floats, Panel


def draw_together(
    panel: Panel, out: FundForecast, errors: dict[str, Floats], horizons: npt.NDArray[np.int64], chosen: Container[str]
) -> None:
    """The growth of base and average wage as the mean of both forecasts, and their errors as they would have been.

    Parameters
    ----------
    panel : Panel
        What is fitted.
    out : FundForecast
        Its points and labels are moved where both end in the same year, on logs.
    errors : dict
        Errors (areas, origins, horizons) of each item at earlier origins, on the working scale.
    horizons : array of int
        Years ahead, from 1.
    chosen : container of str
        Items whose method somebody chose: these stay, and move nothing.

    Examples
    --------
    >>> import numpy as np
    >>> p = Panel("f", ("a",), (1, 2), {"contribution_base": np.array([[90.0, 100.0]]), "average_wage": np.array([[9.0, 10.0]])})
    >>> out = FundForecast(p, (3,), point={"contribution_base": np.array([[121.0]]), "average_wage": np.array([[10.0]])})
    >>> out.scale = {i: np.array([sc.LOG], dtype=np.int8) for i in out.point}
    >>> out.label = {i: np.array([["forecast"]], dtype=object) for i in out.point}
    >>> draw_together(p, out, {}, np.array([1]), ())
    >>> {i: round(float(v[0, 0]), 6) for i, v in out.point.items()}  # growth of 21 and 0 %: both by the root of 1.21
    {'contribution_base': 110.0, 'average_wage': 11.0}
    """
    if WAGE not in out.point or WAGE in chosen:
        return
    ahead, wrong = _growth(panel, out, WAGE), _grown(panel, errors, WAGE, horizons)
    for base in BASES:
        if base not in out.point or base in chosen:
            continue
        half = 0.5 * (ahead - _growth(panel, out, base))
        _move(out, base, half, WITH_WAGE)
        then = None if wrong is None else _grown(panel, errors, base, horizons)
        was = None if wrong is None or then is None else 0.5 * (wrong - then)
        if was is not None:
            errors[base] = np.where(np.isfinite(was), errors[base] - was, errors[base])
        if base == BASES[0]:  # the base of employees; the wage is not drawn to that of others
            _move(out, WAGE, -half, WITH_BASE)
            if was is not None:
                errors[WAGE] = np.where(np.isfinite(was), errors[WAGE] + was, errors[WAGE])


def _growth(panel: Panel, out: FundForecast, item: str) -> Floats:
    """Growth of a forecast since the last year, on logs; unknown where that has no figure or the scale is another."""
    on_logs = (out.scale[item] == sc.LOG)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(on_logs, np.log(out.point[item]) - np.log(panel.get(item)[:, -1:]), np.nan))


def _grown(panel: Panel, errors: dict[str, Floats], item: str, horizons: npt.NDArray[np.int64]) -> Floats | None:
    """Growth that was forecast at earlier origins: what came less the error; as far as it came."""
    if item not in errors:
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log(panel.get(item))
    years, origins = logs.shape[1], errors[item].shape[1]
    first = np.arange(years - 1 - origins, years - 1)
    target = first[:, None] + horizons
    came = logs[:, np.minimum(target, years - 1)] - logs[:, first][:, :, None]
    return np.asarray(np.where(target < years, came - errors[item], np.nan))


def _move(out: FundForecast, item: str, by: Floats, words: str) -> None:
    moved = np.isfinite(by) & (by != 0.0)
    out.point[item] = np.where(moved, out.point[item] * np.exp(np.where(moved, by, 0.0)), out.point[item])
    out.label[item] = np.where(moved, out.label[item] + words, out.label[item])
