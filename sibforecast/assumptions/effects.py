"""What a scenario does to the items of one fund in one year.

Rates, levels and standards take effect by month: a July start weighs 6/12 this year and in
full from the next. Stocks: the closing takes the value in force on 31 December, the average
weighs the months. Amounts on flows are totals for the interval of the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.assumptions.scenario import Change
from sibforecast.errors import ScenarioError, SibError
from sibforecast.periods import Period, in_force_at_end, months_in_force
from sibforecast.tables.regions import Regions

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """One change as it meets one fund."""

    change: Change
    player: int  # its place among the scenario's changes
    where: npt.NDArray[np.bool_]  # (areas, 1)


@dataclass(frozen=True)
class Effects:
    """All changes of a scenario that meet one fund; `coalitions` switches them on and off.

    Parameters
    ----------
    effects : sequence of Effect
        In order of application.
    coalitions : array (players, width), optional
        Which changes are in force in each column; all of them, in one column, by default.
    """

    effects: tuple[Effect, ...]
    coalitions: npt.NDArray[np.bool_] | None = None

    def adjuster(self, year: int, at_end: bool = False) -> _Adjuster:
        """The function that lays the changes on an item of `year`."""
        table: dict[str, list[Effect]] = {}
        for effect in self.effects:
            table.setdefault(effect.change.item, []).append(effect)
        return _Adjuster(table, year, at_end, self.coalitions)

    @property
    def players(self) -> tuple[int, ...]:
        """Places of the changes that touch the fund."""
        return tuple(sorted({e.player for e in self.effects}))


def effects_on(
    changes: Sequence[Change], programme: str, areas: Sequence[str], regions: Regions
) -> Effects:
    """The changes that concern a fund, with the areas each one meets.

    Raises
    ------
    ScenarioError
        If a change names an unknown area.
    """
    out = []
    for player, change in enumerate(changes):
        if not change.concerns(programme):
            continue
        where = np.zeros((len(areas), 1), dtype=bool)
        for word in change.regions:
            if word == "*":
                where[:] = True
                continue
            try:
                code = regions.resolve(word)
            except SibError as fault:
                raise ScenarioError(f"change {change.cause!r}: {fault}") from fault
            inside = {code, *regions.below(code)}
            where[:, 0] |= [a in inside for a in areas]
        if where.any():
            out.append(Effect(change, player, where))
    return Effects(tuple(out))


@dataclass(frozen=True)
class _Adjuster:
    table: dict[str, list[Effect]]
    year: int
    at_end: bool
    coalitions: npt.NDArray[np.bool_] | None

    def __call__(self, item: str, value: Floats, average: bool) -> Floats:
        effects = self.table.get(item)
        if not effects:
            return value
        for effect in effects:
            weight, share = weights(effect.change, item, self.year, average, self.at_end)
            if weight == 0.0 and share == 0.0:
                continue
            changed = _applied(effect.change, value, weight, share, item, average)
            where = effect.where
            if self.coalitions is not None:
                where = where & self.coalitions[effect.player][None, :]
            value = np.where(where, changed, value)
        return value


def weights(change: Change, item: str, year: int, average: bool, at_end: bool) -> tuple[float, float]:
    """How much of the year a change is in force, and which part of its amount falls in it."""
    start = Period.parse(change.start)
    end = Period.parse(change.end) if change.end else None
    months = months_in_force(year, start, end)
    entry = items.CATALOGUE.get(item)
    timing = "average" if average or entry is None else entry.timing
    if timing == "closing" or at_end:
        return float(in_force_at_end(year, start, end)), 1.0
    if timing == "flow":
        if end is not None:
            whole = (end.year - start.year) * 12 + end.month - start.month + 1
            return months / 12.0, months / whole
        once = change.operation != "add" or year == start.year
        return months / 12.0, float(once and months > 0)
    if change.paid:
        paid = Period.parse(change.paid)
        if year < paid.year:
            return 0.0, 0.0
        if year == paid.year:  # arrears back to the start are paid now
            months = sum(months_in_force(y, start, end) for y in range(start.year, year + 1))
    return months / 12.0, 1.0


def _applied(
    change: Change, value: Floats, weight: float, share: float, item: str, average: bool
) -> Floats:
    """The value with the change in force for its part of the year."""
    amount, operation = change.amount, change.operation
    timing = "average" if average else items.CATALOGUE[item].timing
    if timing == "flow" and operation in ("add", "set"):  # a measure may bring a line that was not there
        value = np.where(np.isnan(value), 0.0, value)
    if timing == "flow" and operation == "add":
        return value + amount * share
    if timing == "flow" and operation in ("set", "floor", "cap"):
        inside, part = value * weight, amount * share
        return value - inside + _operate(operation, inside, part)
    if weight == 1.0:
        return _operate(operation, value, amount)
    return value + weight * (_operate(operation, value, amount) - value)


def _operate(operation: str, value: Floats, amount: float) -> Floats:
    if operation == "multiply":
        return value * amount
    if operation == "add":
        return value + amount
    if operation == "floor":
        return np.where(np.isnan(value), value, np.maximum(value, amount))
    if operation == "cap":
        return np.where(np.isnan(value), value, np.minimum(value, amount))
    return np.where(np.isnan(value), value, amount)
