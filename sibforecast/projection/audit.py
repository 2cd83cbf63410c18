"""Before and after: what each change of a scenario did to the item it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.effects import Effect, Effects, effects_on, interval
from sibforecast.assumptions.fitting import FundBasis
from sibforecast.assumptions.scenario import Scenario
from sibforecast.projection.fund import FundPath, roll_forward

COLUMNS = ("scenario", "change", "item", "region", "programme", "period", "before", "after", "unit", "decided_by", "reference")


def audit_table(assumptions: Assumptions, scenarios: Mapping[str, Scenario | None], years: Sequence[int]) -> pd.DataFrame:
    """Item, area, fund, year, before and after of every change, in the order they are laid.

    Each change is laid on what those before it left: the first ``before`` of an item is the
    baseline's, the last ``after`` of a chain of changes on one item is what the scenario uses.
    """
    rows: list[pd.DataFrame] = []
    for title, scenario in scenarios.items():
        if scenario is None or not scenario.changes:
            continue
        for code, basis in assumptions.funds.items():
            effects = effects_on(scenario.in_order, code, basis.areas, assumptions.source.regions)
            if effects.effects:
                path = one_by_one(effects, basis, years[-1])
                rows.extend(_rows(title, scenario, code, path, effects.effects, years))
    columns = list(COLUMNS)
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)


def one_by_one(effects: Effects, basis: FundBasis, last: int) -> FundPath:
    """The fund with no change, the first, the first two, …: one column each."""
    players = effects.players
    laid = np.zeros((max(players) + 1, len(players) + 1), dtype=bool)
    for place, player in enumerate(players):
        laid[player, place + 1 :] = True
    return roll_forward(basis, Effects(effects.effects, laid), last)


def _rows(
    title: str, scenario: Scenario, code: str, path: FundPath, effects: Sequence[Effect], years: Iterable[int]
) -> Iterable[pd.DataFrame]:
    names = scenario.causes()
    areas = np.array(path.basis.areas, dtype=object)
    players = Effects(tuple(effects)).players
    for effect in effects:
        if effect.player is None:  # announced, and part of the baseline
            continue
        change, place = effect.change, players.index(effect.player)
        for year in years:
            value = path.value(change.item, year)
            value = np.broadcast_to(value, (len(areas), len(players) + 1))
            before, after = value[:, place], value[:, place + 1]
            moved = ~((before == after) | (np.isnan(before) & np.isnan(after)))
            in_force = interval(change, year)[0] > 0.0
            shown = np.flatnonzero(effect.where[:, 0] & (moved | (in_force & ~np.isnan(after))))
            if len(shown):
                yield pd.DataFrame({
                    "scenario": title, "change": names[effect.player], "item": change.item, "region": areas[shown],
                    "programme": code, "period": str(year), "before": before[shown], "after": after[shown],
                    "unit": items.item(change.item).unit, "decided_by": change.decided_by,
                    "reference": change.reference or scenario.reference,
                })  # fmt: skip
