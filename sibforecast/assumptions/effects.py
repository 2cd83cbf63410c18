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
        entry = items.CATALOGUE.get(item)
        timing = "average" if average or entry is None else entry.timing
        if timing == "closing" or self.at_end:
            return self._at_end(effects, item, value)
        amounts = [e for e in effects if timing == "flow" and e.change.operation != "multiply"]
        value = self._by_months([e for e in effects if e not in amounts], item, value)
        for effect in amounts:
            weight, share = interval(effect.change, self.year)
            if weight > 0.0:
                value = np.where(self._where(effect), _amount(effect.change, value, weight, share), value)
        return value

    def _where(self, effect: Effect) -> npt.NDArray[np.bool_]:
        if self.coalitions is None:
            return effect.where
        return np.asarray(effect.where & self.coalitions[effect.player][None, :])

    def _at_end(self, effects: list[Effect], item: str, value: Floats) -> Floats:
        """What is in force on 31 December."""
        for effect in effects:
            start, end = _dates(effect.change)
            if in_force_at_end(self.year, start, end) and _counts(effect.change, item, self.year):
                value = np.where(self._where(effect), _operate(effect.change.operation, value, effect.change.amount), value)
        return value

    def _by_months(self, effects: list[Effect], item: str, value: Floats) -> Floats:
        """The year's average: each month with the changes in force in it, in their order."""
        moved = value
        for months, active in _spells(effects, item, self.year):
            inside = value
            for effect in active:
                changed = _operate(effect.change.operation, inside, effect.change.amount)
                inside = np.where(self._where(effect), changed, inside)
            if months == 12.0 and moved is value:
                moved = inside
            else:
                moved = moved + months / 12.0 * (inside - value)
        return moved


def _dates(change: Change) -> tuple[Period, Period | None]:
    return Period.parse(change.start), Period.parse(change.end) if change.end else None


def _counts(change: Change, item: str, year: int) -> bool:
    """An adjustment of benefits is an event of its year: the level keeps it, it is not made again."""
    return item != "benefit_adjustment" or year == Period.parse(change.start).year


def _spells(effects: Sequence[Effect], item: str, year: int) -> list[tuple[float, tuple[Effect, ...]]]:
    """Months of the year by the changes in force in them; arrears paid now count as months of now."""
    spells: dict[tuple[int, ...], float] = {}
    arrears: list[tuple[float, tuple[Effect, ...]]] = []
    active: list[list[int]] = [[] for _ in range(12)]
    for index, effect in enumerate(effects):
        start, end = _dates(effect.change)
        if not _counts(effect.change, item, year):
            continue
        if effect.change.paid:
            paid = Period.parse(effect.change.paid)
            if year < paid.year:
                continue
            if year == paid.year:
                late = sum(months_in_force(y, start, end) for y in range(start.year, year))
                arrears.append((float(late), (effect,)))
        for month in range(1, 13):
            if _covers(start, end, year, month):
                active[month - 1].append(index)
    for names in active:
        if names:
            spells[tuple(names)] = spells.get(tuple(names), 0.0) + 1.0
    listed = [(months, tuple(effects[i] for i in names)) for names, months in spells.items()]
    return listed + [a for a in arrears if a[0] > 0]


def _covers(start: Period, end: Period | None, year: int, month: int) -> bool:
    here = year * 12 + month
    return start.year * 12 + (start.month or 1) <= here <= (end.year * 12 + (end.month or 12) if end else here)


def interval(change: Change, year: int) -> tuple[float, float]:
    """Share of the year a change is in force, and the part of its amount that falls in it.

    An amount with an end is spread over its months; without one it counts once, in the year
    of its start (`set`, `floor` and `cap` without an end hold every year).
    """
    start, end = _dates(change)
    months = months_in_force(year, start, end)
    if end is not None:
        whole = (end.year - start.year) * 12 + end.month - start.month + 1
        return months / 12.0, months / whole
    once = change.operation != "add" or year == start.year
    return (months / 12.0, 1.0) if once else (0.0, 0.0)


def _amount(change: Change, value: Floats, weight: float, share: float) -> Floats:
    """A flow with an amount added, set, floored or capped within the interval."""
    amount, operation = change.amount * share, change.operation
    if operation in ("add", "set"):  # a measure may bring a line that was not there
        value = np.where(np.isnan(value), 0.0, value)
    if operation == "add":
        return value + amount
    inside = value * weight
    return value - inside + _operate(operation, inside, amount)


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
