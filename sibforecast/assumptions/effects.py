"""What a scenario does to the items of one fund in one year.

Rates, levels and standards take effect by month: a July start weighs 6/12 this year and in
full from the next. Stocks: the closing takes the value in force on 31 December, the average
weighs the months. Amounts on flows are totals for the interval of the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.assumptions.scenario import Change
from sibforecast.errors import ScenarioError, SibError
from sibforecast.periods import Period, in_force_at_end, months_in_force
from sibforecast.programmes.programme import Adjust, Earlier
from sibforecast.tables.regions import Regions

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """One change as it meets one fund."""

    change: Change
    # its place among the scenario's changes, of a measure with an amount for each area that of the first; none: always in force
    player: int | None
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

    def after(self, first: tuple[Effect, ...]) -> Effects:
        """The same with effects that are laid on before them, month by month together."""
        return Effects((*first, *self.effects), self.coalitions)

    @property
    def players(self) -> tuple[int, ...]:
        """Places of the changes that touch the fund."""
        return tuple(sorted({e.player for e in self.effects if e.player is not None}))


class Laid(Protocol):
    """What `roll_forward` lays on a fund: changes of a scenario, or factors of drivers."""

    def adjuster(self, year: int, at_end: bool = False) -> Adjust:
        """The function that moves an item of a year."""

    def after(self, first: tuple[Effect, ...]) -> Laid:
        """The same after effects that are laid on before."""


def effects_on(
    changes: Sequence[Change], programme: str, areas: Sequence[str], regions: Regions
) -> Effects:
    """The changes that concern a fund, with the areas each one meets.

    Changes of one item, `id` and decider that meet no area twice are one measure with an amount
    of its own in each: one player, so that its causes can be told apart from others'.

    Raises
    ------
    ScenarioError
        If a change names an unknown area.
    """
    out = []
    measures: dict[tuple[object, ...], tuple[int, npt.NDArray[np.bool_]]] = {}
    for place, change in enumerate(changes):
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
        if not where.any():
            continue
        measure = (change.id or place, change.item, change.decided_by, change.known_at_budget, change.evidence)
        player, met = measures.get(measure, (place, np.zeros_like(where)))
        if bool(np.any(met & where)):  # the same areas again: a step of its own
            player, met = place, np.zeros_like(where)
        measures[measure] = (player, met | where)
        out.append(Effect(change, player, where))
    return Effects(tuple(out))


@dataclass(frozen=True)
class _Adjuster:
    table: dict[str, list[Effect]]
    year: int
    at_end: bool
    coalitions: npt.NDArray[np.bool_] | None

    def __call__(self, item: str, value: Floats, average: bool, earlier: Earlier) -> Floats:
        effects = self.table.get(item)
        if not effects:
            return value
        entry = items.CATALOGUE.get(item)
        timing = "average" if average or entry is None else entry.timing
        if timing == "closing" or self.at_end:
            return self._at_end(effects, item, value)
        for amounts, run in _runs(effects, timing == "flow"):
            if not amounts:
                value = self._by_months(run, item, value, earlier)
                continue
            for effect in run:
                weight, share = interval(effect.change, self.year)
                if weight > 0.0:
                    value = np.where(self._where(effect), _amount(effect.change, value, weight, share), value)
        return value

    def _where(self, effect: Effect) -> npt.NDArray[np.bool_]:
        if self.coalitions is None or effect.player is None:
            return effect.where
        return np.asarray(effect.where & self.coalitions[effect.player][None, :])

    def _at_end(self, effects: list[Effect], item: str, value: Floats) -> Floats:
        """What is in force on 31 December."""
        for effect in effects:
            start, end = _dates(effect.change)
            if in_force_at_end(self.year, start, end) and _counts(effect.change, item, self.year):
                value = np.where(self._where(effect), _operate(effect.change.operation, value, effect.change.amount), value)
        return value

    def _by_months(self, effects: list[Effect], item: str, value: Floats, earlier: Earlier) -> Floats:
        """The year's average: each month with the changes in force in it, in their order."""
        moved = value
        for months, active in _spells(effects, item, self.year):
            inside = self._laid(active, value)
            if months == 12.0 and moved is value:
                moved = inside
            else:
                moved = moved + months / 12.0 * (inside - value)
        for spell in _arrears(effects, item, self.year):
            base = earlier(spell.back)  # what is paid late is due on the level of its own year
            base = value if base is None else np.where(np.isnan(base), value, base)
            moved = moved + spell.months / 12.0 * (self._laid(spell.due, base) - self._laid(spell.paid, base))
        return moved

    def _laid(self, active: Sequence[Effect], value: Floats) -> Floats:
        for effect in active:
            changed = _operate(effect.change.operation, value, effect.change.amount)
            value = np.where(self._where(effect), changed, value)
        return value


def _runs(effects: list[Effect], is_flow: bool) -> list[tuple[bool, list[Effect]]]:
    """Changes in their order, in runs of amounts for an interval (of flows) and of changes by month."""
    runs: list[tuple[bool, list[Effect]]] = []
    for effect in effects:
        amounts = is_flow and effect.change.operation != "multiply"
        if not runs or runs[-1][0] != amounts:
            runs.append((amounts, []))
        runs[-1][1].append(effect)
    return runs


def _dates(change: Change) -> tuple[Period, Period | None]:
    return _month(change.start), _month(change.end) if change.end else None


@cache
def _month(text: str) -> Period:
    return Period.parse(text)


def _counts(change: Change, item: str, year: int) -> bool:
    """An adjustment of benefits is an event of its year: the level keeps it, it is not made again."""
    return item != "benefit_adjustment" or year == _month(change.start).year


def _spells(effects: Sequence[Effect], item: str, year: int) -> list[tuple[float, tuple[Effect, ...]]]:
    """Months of the year by the changes in force and paid in it."""
    spells: dict[tuple[int, ...], float] = {}
    for month in range(1, 13):
        active = tuple(i for i, e in enumerate(effects) if _in_month(e, item, year, month) and _paid_in(e) <= year)
        if active:
            spells[active] = spells.get(active, 0.0) + 1.0
    return [(months, tuple(effects[i] for i in names)) for names, months in spells.items()]


@dataclass(frozen=True)
class _Arrears:
    """Months of an earlier year for which something is paid now."""

    back: int  # how many years ago
    months: float
    due: tuple[Effect, ...]  # in force then, paid by now
    paid: tuple[Effect, ...]  # in force then, paid before


def _arrears(effects: Sequence[Effect], item: str, year: int) -> list[_Arrears]:
    """What is paid this year for earlier ones: with the late changes less without them."""
    late = [e for e in effects if _paid_in(e) == year and _dates(e.change)[0].year < year]
    spells: dict[tuple[int, tuple[int, ...], tuple[int, ...]], float] = {}
    for then in range(min((_dates(e.change)[0].year for e in late), default=year), year):
        for month in range(1, 13):
            here = [i for i, e in enumerate(effects) if _in_month(e, item, then, month)]
            due = tuple(i for i in here if _paid_in(effects[i]) <= year)
            paid = tuple(i for i in here if _paid_in(effects[i]) < year)
            if due != paid:
                key = (year - then, due, paid)
                spells[key] = spells.get(key, 0.0) + 1.0
    return [
        _Arrears(back, months, tuple(effects[i] for i in due), tuple(effects[i] for i in paid))
        for (back, due, paid), months in spells.items()
    ]


def _paid_in(effect: Effect) -> int:
    """The year from which a change is paid."""
    return _month(effect.change.paid or effect.change.start).year


def _in_month(effect: Effect, item: str, year: int, month: int) -> bool:
    start, end = _dates(effect.change)
    return _counts(effect.change, item, year) and _covers(start, end, year, month)


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
