"""Who makes up the average pension: stayers, newcomers and leavers, each at their level.

The average level of a year moves not only by the adjustment: newcomers retire at another
level than those before them, and count for half of their first year but for the whole of
their second. Where a pension fund tells its newcomers, its leavers and the newcomers' level,
the average is taken apart and put together again. With the opening stock O, newcomers N,
leavers X, the stayers' level L and the newcomers' level E of a year::

    heads        H = O + N/2 - X/2              (newcomers and leavers: six months on average)
    level        A = (O L + N/2 E - X/2 L) / H  (leavers at the stayers' level: theirs is not told)
    at its end   S = ((O - X) L + N E) / (O + N - X)

Known levels give L by the second line, and S. The stayers' level of the year to come is S
times the adjustment, forecast from the adjustments of the past, L(t) / S(t-1); where the
level in force in December is known it is that, times last year's L by its own December level.
Newcomers, leavers and newcomers' levels that somebody entered for a year go before their
forecasts: who retires next year is often known by name, and there lies the gain. Without
that, newcomers are forecast themselves and the average is known no better than by its trend.
Where a general adjustment of the level is announced that December's level does not hold yet,
the level in force stands and the adjustment comes on top (`series`).

Source: the balance method of the field's handbooks, stayers × level × months + newcomers ×
their level × months paid − leavers × level × months unpaid; that both come evenly over the
year is an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sibforecast.forecasting import methods as m
from sibforecast.forecasting import scales as sc
from sibforecast.forecasting.entered import Figure
from sibforecast.forecasting.fund_forecast import LABELS, FundForecast
from sibforecast.tables.panel import Floats, Panel

#: Funds whose stock turns over slowly enough for it.
KINDS = frozenset({"wage_based_pension", "flat_pension", "closing_subsidy_pension"})
FLOWS = ("new_beneficiaries", "beneficiary_exits", "entrant_level")
#: Past adjustments from which the next is forecast.
FEWEST = 2
AS_ENTERED = "; newcomers or leavers as entered"


def stayers(level: Floats, opening: Floats, new: Floats, exits: Floats, entrant: Floats) -> Floats:
    """The stayers' level that an average level holds.

    Examples
    --------
    >>> average = average_level(2972.5, 70_000, 4_500, 1_500, 3_400)
    >>> round(float(stayers(average, 70_000, 4_500, 1_500, 3_400)), 6)
    2972.5
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (level * (opening + new / 2.0 - exits / 2.0) - new / 2.0 * entrant) / (opening - exits / 2.0)
    return np.where(found > 0, found, np.nan)


def average_level(stayers_level: Floats, opening: Floats, new: Floats, exits: Floats, entrant: Floats) -> Floats:
    """The average level of a year.

    Examples
    --------
    >>> round(float(average_level(2972.5, 70_000, 4_500, 1_500, 3_400)), 4)  # 213,495,625 / 71,500
    2985.9528
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        paid = opening * stayers_level + new / 2.0 * entrant - exits / 2.0 * stayers_level
        return np.asarray(paid / (opening + new / 2.0 - exits / 2.0))


def closing_level(stayers_level: Floats, opening: Floats, new: Floats, exits: Floats, entrant: Floats) -> Floats:
    """The average level of those in the stock at the end of a year.

    Examples
    --------
    >>> round(float(closing_level(2972.5, 70_000, 4_500, 1_500, 3_400)), 4)  # 218,916,250 / 73,000
    2998.8527
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(((opening - exits) * stayers_level + new * entrant) / (opening + new - exits))


def by_composition(
    panel: Panel, kind: str, out: FundForecast, errors: dict[str, Floats], method: str, entered: Mapping[str, Figure]
) -> None:
    """Put the benefit level together from those it is paid to, where a fund tells them.

    Parameters
    ----------
    panel : Panel
        What is fitted.
    kind : str
        Kind of the fund; only pensions (`KINDS`).
    out : FundForecast
        Its benefit level and label are replaced where all parts are known; elsewhere they stay.
    errors : dict
        Errors (areas, origins, steps) of each item at earlier origins; those of the benefit
        level are replaced likewise.
    method : str
        The method of the benefit level, by which adjustments are forecast.
    entered : dict
        What somebody entered of the flows (`FLOWS`) for years ahead.
    """
    there = {"beneficiaries", "benefit_level", *FLOWS} <= panel.items.keys() & out.point.keys()
    if kind not in KINDS or len(panel.years) < 2 or not there:
        return
    stock, level = panel.get("beneficiaries"), panel.get("benefit_level")
    new, exits, entrant = (panel.get(i) for i in FLOWS)
    opening = np.hstack([np.full((len(stock), 1), np.nan), stock[:, :-1]])
    stay = stayers(level, opening, new, exits, entrant)
    end = closing_level(stay, opening, new, exits, entrant)
    given = {i: figure.given(panel.areas, out.years) for i, figure in entered.items()}
    ahead = {i: np.where(np.isnan(given[i]), out.point[i], given[i]) if i in given else out.point[i] for i in FLOWS}
    found, by_december = _ahead(panel, stay, end, ahead, out.point["benefit_level"], method)
    told = np.asarray((np.isfinite(found) & (found > 0)).all(axis=1) & (out.scale["benefit_level"] == sc.LOG))[:, None]
    if not told.any():
        return
    out.point["benefit_level"] = np.where(told, found, out.point["benefit_level"])
    first = np.arange(found.shape[1]) == 0
    words = np.where(by_december[:, None] & first, LABELS["composed_end"], LABELS["composed"]).astype(object)
    for value in given.values():
        words = np.where(~np.isnan(value) & ~np.char.endswith(words.astype(str), AS_ENTERED), words + AS_ENTERED, words)
    out.label["benefit_level"] = np.where(told, words, out.label["benefit_level"])
    if "benefit_level" in errors:
        wrong = _errors(panel, stay, end, out, errors, method)
        errors["benefit_level"] = np.where(told[:, :, None], wrong, errors["benefit_level"])


def _ahead(
    panel: Panel, stay: Floats, end: Floats, ahead: Mapping[str, Floats], trend: Floats, method: str
) -> tuple[Floats, np.ndarray]:
    """Average levels of the years ahead, and where they start from the level in force in December."""
    steps = trend.shape[1]
    growth = _adjustments(stay, end, steps, method)
    december = _december(panel, stay)
    by_december = ~np.isnan(december)
    later = trend[:, 1:] / trend[:, :-1]  # too few adjustments known: as the average's own forecast
    growth = np.hstack([growth[:, :1], np.where(np.isnan(growth[:, 1:]) & by_december[:, None], later, growth[:, 1:])])
    now = np.where(by_december, december, end[:, -1] * growth[:, 0])
    opening, found = panel.get("beneficiaries")[:, -1], []
    for j in range(steps):
        new, exits, entrant = (ahead[i][:, j] for i in FLOWS)
        found.append(average_level(now, opening, new, exits, entrant))
        if j + 1 < steps:
            now = closing_level(now, opening, new, exits, entrant) * growth[:, j + 1]
            opening = opening + new - exits
    return np.stack(found, axis=1), by_december


def _december(panel: Panel, stay: Floats) -> Floats:
    """The stayers' level of the year to come, from the level in force in December; NaN where that is not known."""
    inforce = panel.get("benefit_level_end")
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(inforce[:, -1] * stay[:, -1] / inforce[:, -2])


def _adjustments(stay: Floats, end: Floats, steps: int, method: str) -> Floats:
    """Adjustments of the years ahead as factors, from those of the past; NaN where too few are known."""
    with np.errstate(invalid="ignore", divide="ignore"):
        past = np.log(stay[:, 1:] / end[:, :-1])
    known = np.logical_and.accumulate(np.isfinite(past)[:, ::-1], axis=1)[:, ::-1]  # without a gap, to the last year
    # an index of adjustments alone, from the year before the first of them
    index = np.hstack([np.zeros((len(past), 1)), np.where(known, past, 0.0).cumsum(axis=1)])
    logs = np.where(np.hstack([known, np.ones((len(known), 1), dtype=bool)]), index, np.nan)
    groups = np.zeros(len(logs), dtype=np.int64)
    path = m.forecast(logs, np.arange(1, steps + 1), method, groups, None)
    step = np.diff(np.hstack([index[:, -1:], path]), axis=1)
    return np.where((known.sum(axis=1) >= FEWEST)[:, None], np.exp(step), np.nan)


def _errors(
    panel: Panel, stay: Floats, end: Floats, out: FundForecast, errors: Mapping[str, Floats], method: str
) -> Floats:
    """Errors of the same at earlier origins: of the first year by doing it again, of later ones moved with it."""
    trend = errors["benefit_level"]
    exact = np.full(trend.shape[:2], np.nan)
    level, years = panel.get("benefit_level"), len(panel.years)
    for place in range(trend.shape[1]):
        origin = years - 1 - trend.shape[1] + place
        if origin < 1:
            continue
        part = panel.until(panel.years[origin])
        one = {i: _as_forecast(panel, out, errors, i, origin, place) for i in FLOWS}
        blank = np.full((len(level), 1), np.nan)
        found, _ = _ahead(part, stay[:, : origin + 1], end[:, : origin + 1], one, blank, method)
        with np.errstate(invalid="ignore", divide="ignore"):
            exact[:, place] = np.log(level[:, origin + 1] / found[:, 0])
    return np.asarray(trend - trend[:, :, :1] + np.where(np.isfinite(exact), exact, np.nan)[:, :, None])


def _as_forecast(panel: Panel, out: FundForecast, errors: Mapping[str, Floats], item: str, origin: int, place: int) -> Floats:
    """What was forecast of an item at an earlier origin for the year after it: what came, less the error."""
    came = panel.get(item)[:, origin + 1 : origin + 2]
    if item not in errors:
        return np.full_like(came, np.nan)
    wrong, scale = errors[item][:, place, :1], out.scale[item][:, None]
    return np.where(scale == sc.LOG, came * np.exp(-np.where(scale == sc.LOG, wrong, 0.0)), came - wrong)
