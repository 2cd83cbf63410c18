"""Forecasts that add up: each area's own beside those of the areas above it, reconciled.

Heads and amounts of the areas above are forecast too, from their sums; then all are made to
add up, each moved by its own variance (`reconcile`). Rates and levels are never reconciled:
they are worked out again from what was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.forecasting import scales as sc
from sibforecast.forecasting.fund_forecast import LABELS, FundForecast, Options, worded
from sibforecast.forecasting.identities import driven
from sibforecast.forecasting.reconcile import Tree, reconcile
from sibforecast.forecasting.series import forecast_items
from sibforecast.tables.panel import Floats, Panel
from sibforecast.tables.regions import Regions

RECONCILED = "; reconciled with the areas above"


def upper_areas(areas: tuple[str, ...], regions: Regions) -> tuple[tuple[str, ...], Tree]:
    """Areas above some areas that hold several of them, and the tree of both (areas first)."""
    above: dict[str, list[str]] = {}
    for code in areas:
        for upper in regions.ancestors(code):
            above.setdefault(upper, []).append(code)
    many = tuple(u for u, below in above.items() if len(below) > 1)
    place = {name: i for i, name in enumerate((*areas, *many))}
    parent = [next((place[u] for u in regions.ancestors(name) if u in place), -1) for name in place]
    return many, Tree.of(parent)


def cohere(
    panel: Panel, kind: str, out: FundForecast, options: Options, regions: Regions, guessed: Mapping[str, npt.NDArray[np.bool_]]
) -> None:
    """Make the forecasts of a fund's areas agree with those of the areas above them; lines follow their drivers."""
    upper, tree = upper_areas(panel.areas, regions)
    names = [item for item in out.point if _in_scope(item, panel, out)]
    if not upper or not names:
        return
    place = {a: i for i, a in enumerate(panel.areas)}
    below = [[place[c] for c in regions.below(u) if c in place] for u in upper]
    sums = {item: np.stack([panel.items[item][rows].sum(axis=0) for rows in below]) for item in names}
    steps = len(out.years)
    unproven = {i: np.stack([guessed[i][rows].any(axis=0) for rows in below]) for i in names if i in guessed}
    plain = replace(options, economy={})  # what moved the areas moves their sums: by as much as those
    above = forecast_items(Panel(panel.programme, upper, panel.years, sums), "totals_only", steps, plain, unproven)
    for item in out.by_economy.keys() & above.point.keys():
        own = out.point[item]
        without = own / out.by_economy[item]
        above.point[item] *= np.stack([own[rows].sum(axis=0) / without[rows].sum(axis=0) for rows in below])
    before = driven(panel, kind, out.point, steps)
    for item in names:
        if item not in above.point:  # the sum is known in years only that an event marks
            continue
        own = out.point[item]
        values = np.vstack([own, above.point[item]])
        variances = np.vstack([(own * out.spread[item]) ** 2, (above.point[item] * above.spread[item]) ** 2])
        moved = reconcile(values, variances, tree)[: len(own)]
        if not np.isfinite(moved).all() or (moved <= 0).any():
            continue
        out.point[item], out.moved[item] = moved, moved / own - 1.0
        for words in set(out.label[item].ravel().tolist()):
            out.label[item] = worded(out.label[item] == words, words + RECONCILED, out.label[item])
    for line, after in driven(panel, kind, out.point, steps).items():
        follows = (out.label[line] == LABELS["identity"]) & (after != before[line]) & (before[line] > 0)
        out.point[line] = np.where(follows, out.point[line] * after / np.where(follows, before[line], 1.0), out.point[line])


def _in_scope(item: str, panel: Panel, out: FundForecast) -> bool:
    """Heads and amounts of which every area has a forecast of its own, on logs."""
    series = panel.items.get(item)
    if series is None or not items.CATALOGUE[item].is_additive or np.isnan(series[:, -1]).any():
        return False
    own: Floats = out.point[item]
    if np.isnan(own).any() or (own <= 0).any() or (out.scale[item] != sc.LOG).any():
        return False
    return not (out.label[item] == LABELS["identity"]).any() and not np.isnan(out.spread[item]).any()
