"""The economy in a fund's drivers: average wage, GDP and urban employment.

A driver moves with a figure of the economy by an elasticity learned from the panel: growth
of the driver on growth of the figure over all areas and years (least squares, statsmodels;
errors clustered by year, as areas share a year's shock). What is learned is shrunk:

* the contribution base on the average wage towards *one*, which the law's window between
  floor and ceiling makes it in the long run; the estimate weighs n / (n + 10);
* heads on urban employment, and the base or revenue on GDP (revenue also on wages), towards
  *nought*: at least eight years of growth, an estimate beyond its interval of 95 per cent
  (the further, the more of it is kept) and, each year left out in turn, smaller errors with
  the figure than without it.

The driver's forecast then moves by the elasticity times how far the figure's path lies from
what the driver's own method makes of the figure: what the figure does not explain goes on by
itself. The path of GDP and employment is fading growth, and it moves a driver only if that
made its earlier errors smaller. What is already known of a later year goes before that, and
what somebody entered for one before both; either moves the years after it too. The average
wage moves the base where it is known or entered; merely forecast, both go by the mean of
their growths (`wages`).

Figures of GDP and employment may stand with any fund and with an area above: the nearest
counts, of the fund itself before those of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from sibforecast import items
from sibforecast.forecasting import methods as m
from sibforecast.forecasting import scales as sc
from sibforecast.forecasting.entered import WAGE, Figure
from sibforecast.forecasting.fund_forecast import FundForecast, worded
from sibforecast.periods import Period
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import ECONOMY, Floats, Panel

#: What follows the average wage by law.
BASES = ("contribution_base", "contribution_base_flexible")
#: What may follow which figure; the first that is known counts.
FOLLOWS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("contributors", "insured_active"), ("urban_employment",)),
    **dict.fromkeys((*BASES, "contribution_revenue", "total_revenue"), (WAGE, "gdp")),
}
#: Observations that the elasticity of one counts as.
PRIOR = 10.0
#: Years of growth from which anything but the base on wages is regressed.
FEWEST_YEARS = 8
FORECAST = "; moved with the fading growth of "
_LEARNED = {"elasticity": "value"} | {n: n for n in ("estimate", "error", "years", "number", "shrinkage", "gain", "gain_ahead")}


@dataclass(frozen=True)
class Elasticity:
    """By how much a driver moves with a figure of the economy.

    Attributes
    ----------
    value : float
        Per cent for each per cent, as used: drawn towards one (base on wages) or nought.
    estimate, error : float
        Least squares as it was, and its standard error; NaN with too few years.
    number, years : int
        Observations, and years they are of.
    shrinkage : float
        Weight of the estimate in `value`; the rest is the prior.
    gain : float
        By what share one-year errors at earlier origins fall with the figure of the year known
        and the elasticity of the other years; NaN where no origin tells.
    gain_ahead : float
        The same with the figure only forecast, by fading growth.
    """

    value: float
    estimate: float
    error: float
    number: int
    years: int = 0
    shrinkage: float = float("nan")
    gain: float = float("nan")
    gain_ahead: float = float("nan")


def elasticity(panel: Panel, item: str) -> Elasticity:
    """The elasticity of a contribution base to the average wage.

    Examples
    --------
    >>> import numpy as np
    >>> wage = 100 * 1.05 ** np.arange(9) * (1 + 0.01 * np.sin(np.arange(9)))
    >>> p = Panel("f", ("a",), tuple(range(9)), {"average_wage": wage[None], "contribution_base": 30 * wage[None] ** 0.8})
    >>> e = elasticity(p, "contribution_base")
    >>> round(e.estimate, 6), round(e.value, 3), e.number
    (0.8, 0.911, 8)
    """
    moved, wage = (_growth(panel.get(i)) for i in (item, WAGE))
    known = np.isfinite(moved) & np.isfinite(wage)
    number, years = int(known.sum()), int(known.any(axis=0).sum())
    if number < 5 or np.ptp(wage[known]) < 1e-9:
        return Elasticity(1.0, float("nan"), float("nan"), number, years, 0.0)
    from statsmodels.api import OLS

    fit = OLS(moved[known], np.column_stack([np.ones(number), wage[known]])).fit()
    weight = number / (number + PRIOR)
    value = float(weight * fit.params[1] + 1.0 - weight)
    return Elasticity(value, float(fit.params[1]), float(fit.bse[1]), number, years, weight)


def _growth(series: Floats) -> Floats:
    """Yearly growth on logs: (areas, years − 1)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.diff(np.log(series), axis=1))


def regressed(driver: Floats, figure: Floats, errors: Floats, surprise: Floats, foreseen: Floats) -> Elasticity:
    """The elasticity of any other driver, drawn towards nought.

    Parameters
    ----------
    driver, figure : array (areas, years)
        As they are; NaN where unknown.
    errors : array (areas, origins)
        One-year errors (on logs) of the driver's own forecasts; the last origin is the year
        before the last.
    surprise : array (areas, origins)
        How far the figure came (on logs) from what the same method made of it.
    foreseen : array (areas, origins)
        How far its own forecast lay from that.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> jobs = 1e6 * np.cumprod(1.02 + 0.02 * rng.normal(size=(3, 13)), axis=1)
    >>> heads = 0.5 * jobs**0.9 * np.exp(0.001 * rng.normal(size=(3, 13)))
    >>> nothing = np.full((3, 10), np.nan)
    >>> e = regressed(heads, jobs, nothing, nothing, nothing)
    >>> round(e.estimate, 1), e.years, e.shrinkage  # no origin says that it helps
    (0.9, 12, 0.0)
    """
    moved, by = _growth(driver), _growth(figure)
    known = np.isfinite(moved) & np.isfinite(by) & (np.abs(moved) < m.GROWTH_LIMIT) & (np.abs(by) < m.GROWTH_LIMIT)
    number, years = int(known.sum()), int(known.any(axis=0).sum())
    if years < FEWEST_YEARS or np.ptp(by[known]) < 1e-9:
        return Elasticity(0.0, float("nan"), float("nan"), number, years, 0.0)
    from statsmodels.api import OLS

    year = np.broadcast_to(np.arange(moved.shape[1]), moved.shape)[known]
    shared = {"cov_type": "cluster", "cov_kwds": {"groups": year}} if number > years else {}
    fit = OLS(moved[known], np.column_stack([np.ones(number), by[known]])).fit(**shared)
    slope, error = float(fit.params[1]), float(fit.bse[1])
    gain = _gain(moved, by, known, errors, surprise)
    limit = float(stdtrit(years - 2, 0.975)) * error
    kept = max(0.0, 1.0 - (limit / slope) ** 2) if slope and gain > 0 else 0.0
    return Elasticity(kept * slope, slope, error, number, years, kept, gain, _gain(moved, by, known, errors, foreseen))


def _gain(moved: Floats, by: Floats, known: npt.NDArray[np.bool_], errors: Floats, surprise: Floats) -> float:
    """By what share errors fall, each year's by the slope of the other years."""
    before = after = 0.0
    for place in range(errors.shape[1]):
        column = moved.shape[1] - errors.shape[1] + place  # growth of the year this origin forecast
        others = known.copy()
        others[:, column] = False
        told = np.isfinite(errors[:, place]) & np.isfinite(surprise[:, place])
        x = by[others] - by[others].mean() if others.any() else np.zeros(0)
        if not told.any() or float(x @ x) <= 0:
            continue
        slope = float(x @ moved[others]) / float(x @ x)
        wrong, apart = errors[told, place], surprise[told, place]
        before += float(wrong @ wrong)
        after += float((wrong - slope * apart) @ (wrong - slope * apart))
    return 1.0 - float(np.sqrt(after / before)) if before > 0 else float("nan")


def move(
    panel: Panel, out: FundForecast, known: Mapping[str, Figure], errors: Mapping[str, Floats], methods: Mapping[str, str],
    guessed: Mapping[str, npt.NDArray[np.bool_]],
) -> None:  # fmt: skip
    """Move the drivers of a fund's forecast with what is known, entered and forecast of the economy.

    Parameters
    ----------
    panel : Panel
        What is fitted.
    out : FundForecast
        Its points and labels are moved; what moved them is kept in ``learned`` and ``by_economy``.
    known : dict
        Figures of the economy.
    errors : dict
        Errors (areas, origins, steps) of each item at earlier origins.
    methods : dict
        The method of each item.
    guessed : dict
        Which figures of the panel are forecasts of earlier steps: they teach nothing.
    """
    for item, names in FOLLOWS.items():
        name = next((n for n in names if n in known), None)
        if name is None or item not in out.point or item not in panel.items:
            continue
        figure = known[name]
        past = figure.of(panel.areas, panel.years)
        if name == WAGE and WAGE not in out.point:
            continue
        path, words = _path(out, figure, name, past)
        told = words != ""
        if not told.any():
            continue
        reference = out.point[WAGE] if name == WAGE else _ahead(past, len(out.years), methods[item])
        on_logs = (out.scale[item] == sc.LOG)[:, None]
        wrong = np.where(on_logs, errors[item][:, :, 0], np.nan) if item in errors else np.full((len(on_logs), 0), np.nan)
        driver = np.where(guessed.get(item, False) | ~on_logs, np.nan, panel.items[item])
        learned = _learn(panel.with_items({item: driver}), item, name, past, wrong, methods[item])
        out.learned[item, name] = learned
        with np.errstate(invalid="ignore", divide="ignore"):
            factor = (path / reference) ** learned.value
        told &= (words != FORECAST + items.CATALOGUE[name].en) | (learned.gain_ahead > 0)
        moves = told & np.isfinite(factor) & (factor != 1.0) & on_logs
        if not moves.any():
            continue
        out.by_economy[item] = np.where(moves, factor, 1.0)
        out.point[item] = out.point[item] * out.by_economy[item]
        said = words + f" (elasticity {learned.value:.2f})"
        out.label[item] = np.where(moves, out.label[item] + said, out.label[item])


def _ahead(past: Floats, steps: int, method: str) -> Floats:
    """A figure of the economy carried on by a method."""
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log(np.where(past > 0, past, np.nan))
    return np.exp(m.forecast(logs, np.arange(1, steps + 1), method, np.zeros(len(logs), dtype=np.int64), None))


def _path(out: FundForecast, figure: Figure, name: str, past: Floats) -> tuple[Floats, npt.NDArray[np.object_]]:
    """The figure in the years ahead, and words for what it rests on (none: it moves nothing)."""
    areas, steps = out.panel.areas, len(out.years)
    base = out.point[WAGE] if name == WAGE else _ahead(past, steps, "fading")
    label = items.CATALOGUE[name].en
    words = np.full((len(areas), steps), "" if name == WAGE else FORECAST + label, dtype=object)
    ahead, factor = base.copy(), np.ones(len(areas))
    known, given = figure.of(areas, out.years), figure.given(areas, out.years)
    for j in range(steps):
        for value, word in ((known[:, j], "known"), (given[:, j], "entered")):
            with np.errstate(invalid="ignore", divide="ignore"):
                apart = value / base[:, j]
            told = np.isfinite(apart) & (apart > 0)
            factor = np.where(told, apart, factor)  # a level that was entered goes on in later years
            words[told, j:] = f"; moved with the {word} {label}"
        ahead[:, j] *= factor
    return ahead, words


def _learn(panel: Panel, item: str, name: str, past: Floats, wrong: Floats, method: str) -> Elasticity:
    """The elasticity of an item, by what the prior of the pair is."""
    if item in BASES and name == WAGE:
        return elasticity(panel, item)
    surprise, foreseen = np.full((2, *wrong.shape), np.nan)
    for place in range(wrong.shape[1]):
        origin = past.shape[1] - 1 - wrong.shape[1] + place
        with np.errstate(invalid="ignore", divide="ignore"):
            same = _ahead(past[:, : origin + 1], 1, method)
            surprise[:, place] = np.log(past[:, origin + 1] / same[:, 0])
            foreseen[:, place] = np.log(_ahead(past[:, : origin + 1], 1, "fading") / same)[:, 0]
    return regressed(panel.items[item], past, wrong, surprise, foreseen)


def lay_known(out: FundForecast, known: Mapping[str, Figure]) -> None:
    """Figures of the economy that are already known of a year ahead stand in it."""
    for name, figure in known.items():
        if name in out.point:
            told = figure.of(out.panel.areas, out.years)
            there = ~np.isnan(told)
            out.point[name] = np.where(there, told, out.point[name])
            out.spread[name] = np.where(there, 0.0, out.spread[name])
            out.label[name] = worded(there, "data", out.label[name])
            out.nowcast[name] = out.nowcast.get(name, np.zeros_like(there)) | there


def table(funds: Mapping[str, FundForecast]) -> pd.DataFrame:
    """What each fund's drivers learned of the economy: one row a driver and figure."""
    rows = [
        (programme, item, name, *(getattr(e, n) for n in _LEARNED.values()))
        for programme, fund in funds.items() for (item, name), e in fund.learned.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["programme", "item", "figure", *_LEARNED])


def unused(
    data: FundData, known: Mapping[str, Iterable[str]], funds: Mapping[str, FundForecast], limit: Period, until: int
) -> Iterator[dict[str, Any]]:
    """Findings on entered figures of the economy that move nothing, and why.

    `known` has the figures with earlier years, by fund.
    """
    under_way = 0 < limit.month < 12
    for row in data.table("assumptions").to_dict("records"):
        name = str(row["item"])
        if name not in ECONOMY or not limit.year + (not under_way) <= int(str(row["period"])[:4]) <= until:
            continue
        label = items.CATALOGUE[name].en
        held = {p for p, many in known.items() if name in many and row["programme"] in ("", p)}
        moved = {i for p in held if p in funds for (i, n), e in funds[p].learned.items() if n == name and e.value}
        if not held:
            why = f"no {label} is known of earlier years, so what might follow it is forecast without it"
            mend = f"add {name} of earlier years to the history, or enter the driver itself"
        elif under_way and str(row["period"]) == str(limit.year):
            why = f"the year is under way: its drivers follow from its own figures, not from this {label}"
            mend = "enter the figure of the year to come, or the driver of this one"
        elif name != WAGE and not moved:
            why = f"no driver was found to follow {label} ({FEWEST_YEARS} years and a clear elasticity are needed)"
            mend = "enter the driver itself, or add earlier years of both"
        else:
            continue
        yield {"id": "wage_not_used" if name == WAGE else "macro_not_used", "severity": "note",
               "region": str(row["region"]) or None, "programme": str(row["programme"]) or None, "item": name,
               "period": str(row["period"]), "table": "assumptions", "row": int(row["row"]), "column": "value",
               "message": why, "mend": mend}
