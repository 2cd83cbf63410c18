"""Announced decisions: laid on the drivers before any scenario.

The table ``policies`` holds what is in force or announced. What is in the figures already is
left there; what *sets* an item for all areas is its forecast (`forecasting.law`); the rest
comes on top of the drivers, judgement included, from its month on, and is part of the
baseline. Decisions that nobody could know when the draft is made are told and left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sibforecast.assumptions.effects import Effect, effects_on, interval
from sibforecast.assumptions.fitting import FundBasis
from sibforecast.assumptions.scenario import Change, Scenario
from sibforecast.assumptions.scenario_files import from_policies
from sibforecast.forecasting.drivers import Forecast
from sibforecast.forecasting.fund_forecast import FundForecast, from_december
from sibforecast.forecasting.law import concerns, is_law, known_by
from sibforecast.periods import Period
from sibforecast.tables.data import FundData
from sibforecast.tables.read import Collector


def lay_announced(
    data: FundData, forecast: Forecast, fund: FundBasis, first: int, policy: Scenario | None, found: Collector
) -> None:
    """Give a fund the announced decisions that its figures do not hold, as effects that are always in force.

    Parameters
    ----------
    data : FundData
    forecast : Forecast
        Says until when figures and decisions are known.
    fund : FundBasis
        Gets ``policy``; labels of what is moved say so.
    first : int
        The first year drafted.
    policy : Scenario or None
        Decisions to lay on instead of the announced ones.
    found : Collector
        Is told what is laid on, and what is not.
    """
    code = fund.programme.code
    ahead = forecast.funds[code]
    effects: list[Effect] = []
    for change, row in _decisions(data, forecast, code, first, policy, found):
        for effect in effects_on([change], code, fund.areas, data.regions).effects:
            where = effect.where & ~_in_figures(change, ahead, fund, forecast.limit)
            years = [y for y in fund.years if interval(change, y)[0] > 0]
            if not where.any() or not years:
                continue
            words = {"table": "policies", "row": row, "programme": code, "item": change.item, "period": change.start}
            if change.item not in fund.programme.by_item and not any(change.item in y.given for y in fund.years.values()):
                found.add("announced_not_applied", "warning", f"{change.cause}: this fund has no {change.item} to change",
                          mend="give the item's figures, or change another item", **words)
                continue
            effects.append(replace(effect, player=None, where=where))
            _label(fund, change, where, years)
            areas = "all areas" if where.all() else f"{int(where.sum())} area{'s' * (int(where.sum()) != 1)}"
            found.add("announced_applied", "note", f"{change.cause}, announced, is part of the draft in {areas}",
                      mend="to leave it out, delete its row of the table policies; "
                           "in Python assume(..., policy=Scenario('none'))", **words)
    fund.policy = tuple(effects)


def _decisions(
    data: FundData, forecast: Forecast, code: str, first: int, policy: Scenario | None, found: Collector
) -> Iterator[tuple[Change, int | None]]:
    """The decisions to lay on, by start, with their rows."""
    if policy is not None:
        yield from ((change, None) for change in policy.in_order if change.concerns(code))
        return
    rows = [r for r in data.table("policies").to_dict("records") if concerns(r, code) and not is_law(r)]
    for row in sorted(rows, key=lambda r: str(r["start"])):
        if known_by(row, forecast.told):
            yield from_policies([row])[0], int(row["row"])  # type: ignore[list-item]
        elif Period.parse(row["start"]).year <= first:
            found.add("announced_not_applied", "note", "a decision that was not known when the draft is made is no part of it",
                      table="policies", row=int(row["row"]), programme=code, item=str(row["item"]), period=str(row["start"]),
                      mend="give known_from, or lay it on as a scenario")


def _in_figures(change: Change, ahead: FundForecast, fund: FundBasis, limit: Period) -> np.ndarray:
    """Areas whose figures hold a decision: by their account, by the months of its year, or by December's level."""
    since = Period.parse(change.paid or change.start)
    none = np.zeros((len(fund.areas), 1), dtype=bool)
    if since.year <= fund.base_year:
        return ~none
    if since.year not in ahead.years:
        return none
    place = ahead.years.index(since.year)
    column = slice(place, place + 1)
    inside = none
    if (since.year, since.month or 1) <= (limit.year, limit.month or 12) and change.item in ahead.nowcast:
        inside = ahead.nowcast[change.item][:, column]
    if change.item in ahead.label and (since.month or 1) == 1:  # December's level holds January's adjustment
        inside = inside | from_december(ahead.label[change.item][:, column])
    return np.asarray(inside)


def _label(fund: FundBasis, change: Change, where: np.ndarray, years: list[int]) -> None:
    for year in years:
        now = fund.years[year]
        if change.item in now.label:
            text = now.label[change.item]
            now.label[change.item] = np.where(where, text + f"; {change.cause} announced", text)
