"""What moved a figure: each change of a scenario, what it says, and by how much, in the order they are laid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.assumptions.effects import Effects, effects_on
from sibforecast.assumptions.scenario import Change, Scenario
from sibforecast.projection.audit import one_by_one
from sibforecast.projection.fund import FundPath
from sibforecast.tables.regions import Regions

Floats = npt.NDArray[np.float64]

WITHOUT = "without the scenario"
_SIGNS = {"set": "=", "add": "+", "multiply": "×", "floor": "≥", "cap": "≤"}
_DECIDERS = {"nation": ("the nation", "国家"), "region": ("the region", "自治区"), "league": ("the league", "盟市"),
             "county": ("the county", "旗县"), "event": ("an event", "事件")}  # fmt: skip


@dataclass(frozen=True)
class Moves:
    """The changes of a scenario as they meet one fund, laid one by one.

    Attributes
    ----------
    scenario : Scenario
        Whose changes they are.
    effects : Effects
        What of them meets the fund.
    path : FundPath
        The fund with all of them.
    last : int
        The last year.
    """

    scenario: Scenario
    effects: Effects
    path: FundPath = field(repr=False)
    last: int

    @classmethod
    def of(cls, scenario: Scenario | None, path: FundPath, regions: Regions) -> Moves | None:
        """The moves of a scenario in a fund; ``None`` where it has none there."""
        if scenario is None:
            return None
        effects = effects_on(scenario.in_order, path.basis.programme.code, path.basis.areas, regions)
        return cls(scenario, effects, path, max(path.years)) if effects.effects else None

    @property
    def touched(self) -> frozenset[str]:
        """Items that the changes name."""
        return frozenset(e.change.item for e in self.effects.effects)

    @cached_property
    def _steps(self) -> FundPath:
        return one_by_one(self.effects, self.path.basis, self.last)

    def rows(self, item: str, year: int, areas: Sequence[int], depth: int) -> list[dict[str, Any]]:
        """A figure without the scenario, and what each change moves it by: together they are the figure.

        Parameters
        ----------
        item : str
            The figure.
        year : int
            Of it.
        areas : sequence of int
            Whose figures are added up; those that are not known are left out.
        depth : int
            Of the rows.

        Returns
        -------
        list of dict
            Empty where no change moves it.
        """
        if year not in self._steps.years or year == self.path.basis.base_year:
            return []
        players = self.effects.players
        value = np.broadcast_to(self._steps.value(item, year), (len(self.path.basis.areas), len(players) + 1))[list(areas)]
        moves = np.diff(np.where(np.isnan(value), 0.0, value), axis=1).sum(axis=0)
        if not np.any(moves):
            return []
        unit = items.CATALOGUE[item].unit if item in items.CATALOGUE else ""
        same = {"depth": depth, "item": item, "period": str(year), "unit": unit, "formula": ""}
        rows: list[dict[str, Any]] = []
        if not np.isnan(value[:, 0]).all():  # a measure may bring a line that was not there
            without = {"value": float(np.nansum(value[:, 0])), "origin": WITHOUT, "told": (f"{WITHOUT} = {{}}", "不含情景 = {}")}
            rows.append(same | without)
        names, titles = self.scenario.causes(), self.scenario.titles()
        for place, player in enumerate(players):
            if moves[place]:
                name = names[player]
                en, zh = self._said(tuple(titles.get(name) or items.cause_name(name, way) for way in ("en", "zh")), player)
                rows.append(same | {"value": float(moves[place]), "origin": en, "told": (f"{en}: {{}}", f"{zh}：{{}}")})
        return rows

    def _said(self, names: tuple[str, ...], player: int) -> tuple[str, str]:
        """A change in words, English and Chinese; of a measure with an amount for each area only what is common."""
        changes = [e.change for e in self.effects.effects if e.player == player]
        name_en, name_zh = (n.replace("{", "(").replace("}", ")").replace("“", "‘").replace("”", "’") for n in names)
        change = changes[0]
        label = tuple(items.CATALOGUE[change.item].label(language) for language in ("en", "zh"))
        amounts = {_amount(c) for c in changes}
        what = f" {amounts.pop()}" if len(amounts) == 1 else ""
        who = _DECIDERS[change.decided_by]
        span = f"{change.start}–{change.end}" if change.end else ""
        when = f"{span or f'from {change.start}'}" + (f", paid {change.paid}" if change.paid else "")
        zh = f"{span or f'自{change.start}起'}" + (f"，{change.paid}发放" if change.paid else "")
        said = ["" if name == f"{word}{what}" else f"{word}{what}{comma}"  # it may have no other name than that
                for name, word, comma in zip((name_en, name_zh), label, (", ", "，"), strict=True)]
        return (
            f"moved by “{name_en}” ({said[0]}{when}, decided by {who[0]})",
            f"“{name_zh}”（{said[1]}{zh}，{who[1]}决定）变动",
        )


def _amount(change: Change) -> str:
    """What a change does, as it was written: ``×1.05``, ``+20 yuan``."""
    amount, sign = float(getattr(change, change.operation)), _SIGNS[change.operation]
    if amount < 0:
        amount, sign = -amount, "−" if change.operation == "add" else f"{sign}−"
    text = f"{amount:,.6f}".rstrip("0").rstrip(".")
    return f"{sign}{text}" + (f" {change.unit}" if change.unit and change.operation != "multiply" else "")


def sentence(row: Mapping[str, Any], figure: str, chinese: bool) -> str:
    """A row of `Moves.rows` as a line: its words around the figure, which is signed where a change moved it."""
    signed = figure if row["origin"] == WITHOUT or row["value"] < 0 else f"+{figure}"
    template: str = row["told"][chinese]
    return template.format(signed)
