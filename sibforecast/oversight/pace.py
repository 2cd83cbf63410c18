"""What the season makes normal, how far it strays of itself, and the chance that a year still holds its plan.

A warning is one look among many: of all areas, funds and lines, month after month. What is called
is therefore first held against the scatter of earlier years, and the chances that each call is
false add up to how many of them are to be expected false.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtrit

from sibforecast.forecasting import months as mo
from sibforecast.forecasting import nowcast as nc
from sibforecast.oversight.standing import KEYS, Floats

#: Years from which a series' scatter is its own; with fewer it is that of all areas of the fund and line.
OWN = 3


def season(table: nc.Table, month: Any) -> Floats:
    """The part of the year that had come by a month in earlier years, by series; blank for stocks."""
    out = np.full(len(table.keys), np.nan)
    months = np.broadcast_to(month, len(out))
    for each, rows, part in _by_month(table, months):
        out[rows] = mo.season_share(part, each)
    return out


def scatter(table: nc.Table, month: Any, tail: float) -> Floats:
    """How far a year's share strays from the season as it was known before, by series.

    ``Student's quantile (1 − tail; number of years) × √(mean (share of a year − mean share of up to
    three years before)²)``: what is beyond it happens in one year of ``1 ÷ tail``. A series of fewer
    than three such years takes those of all areas of its fund and line, with as many degrees of
    freedom as there are years, for areas share what a year brings. Blank where no year can be held
    against an earlier one.
    """
    out = np.full(len(table.keys), np.nan)
    months = np.broadcast_to(month, len(out))
    names = (table.keys["programme"] + "|" + table.keys["item"]).to_numpy().astype(str)
    for each, rows, part in _by_month(table, months):
        strayed = mo.season_errors(part, each)
        own = _reach(strayed, tail)
        enough = (~np.isnan(strayed)).sum(axis=1) >= OWN
        for name in np.unique(names[rows]):
            mine = names[rows] == name
            many = strayed[mine]
            years = (~np.isnan(many)).any(axis=0).sum()
            told = many[~np.isnan(many)]
            shared = stdtrit(years, 1.0 - tail) * np.sqrt((told**2).mean()) if years else np.nan
            out[rows[mine]] = np.where(enough[mine], own[mine], shared)
    return out


def _by_month(table: nc.Table, months: Floats) -> list[tuple[int, Any, mo.Months]]:
    """Flows by the month they are known to."""
    out = []
    for each in np.unique(months):
        rows = np.flatnonzero((months == each) & table.data.flow)
        if len(rows):
            out.append((int(each), rows, mo.Months(table.data.values[rows], table.data.flow[rows], table.data.usable[rows])))
    return out


def _reach(strayed: Floats, tail: float) -> Floats:
    """Student's quantile of each series' own errors."""
    told = ~np.isnan(strayed)
    number = told.sum(axis=1)
    mean = np.where(told, strayed, 0.0) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        deviation = np.sqrt(mean.sum(axis=1) / number)
    return np.asarray(np.where(number > 0, stdtrit(np.maximum(number, 1), 1.0 - tail) * deviation, np.nan))


def quantiles(wide: pd.DataFrame, keys: pd.DataFrame) -> tuple[Floats, Floats]:
    """Quantiles of a forecast and their values, a row a series; the point counts as the median."""
    told = wide.assign(quantile=wide["quantile"].astype(float).fillna(0.5))
    table = told.pivot_table(index=KEYS, columns="quantile", values="value", sort=True)
    return table.columns.to_numpy(dtype=np.float64), table.reindex(pd.MultiIndex.from_frame(keys)).to_numpy(dtype=np.float64)


def chance_below(levels: Floats, values: Floats, edge: Floats) -> Floats:
    """The chance that a figure ends below an edge, by the quantiles known of it.

    Between two quantiles, and beyond the last, normal scores go on in a straight line. What is
    sure is below or not.

    Parameters
    ----------
    levels : ndarray
        Rising, as 0.1, 0.5, 0.9.
    values : ndarray
        (series, levels).
    edge : ndarray
        (series,).

    Examples
    --------
    >>> levels, values = np.array([0.1, 0.5, 0.9]), np.array([[80.0, 100.0, 120.0]])
    >>> [round(float(chance_below(levels, values, np.array([e]))[0]), 3) for e in (80.0, 110.0, 120.0)]
    [0.1, 0.739, 0.9]
    """
    scores = ndtri(levels)
    out = np.full(len(values), np.nan)
    for row in np.flatnonzero(np.isfinite(values).all(axis=1) & np.isfinite(edge)):
        line, x = values[row], edge[row]
        if not line[-1] > line[0]:
            out[row] = float(line[0] <= x)
            continue
        place = int(np.clip(np.searchsorted(line, x), 1, len(line) - 1))
        low, high = line[place - 1], line[place]
        part = (x - low) / (high - low) if high > low else 1.0
        out[row] = ndtr(scores[place - 1] + part * (scores[place] - scores[place - 1]))
    return out
