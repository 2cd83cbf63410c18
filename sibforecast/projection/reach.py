"""Which changes of a scenario reach a line, and which do nothing: said, never swallowed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sibforecast import items
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.effects import Effects, interval
from sibforecast.assumptions.scenario import Change, Scenario
from sibforecast.programmes.programme import GIVEN, LINKED, Year
from sibforecast.projection.fund import FundPath
from sibforecast.tables.read import Collector

_RESULTS = (*items.STATUTORY_LINES, "total_revenue", "total_expenditure", "balance_adjustment", "gap_subsidy", "gap_grant")


def without_effect(
    assumptions: Assumptions, scenario: Scenario, effects: Mapping[str, Effects], paths: Mapping[str, FundPath], last: int,
    found: Collector,
) -> None:  # fmt: skip
    """A change that meets no fund, area, year or line, or lays nothing on what those before it left.

    Parameters
    ----------
    effects, paths : mapping of str
        The changes as they meet each fund, and the fund's years under them.
    last : int
        The last year projected.
    found : Collector
        Takes the findings: id ``no_effect``. Warnings, but for a later step of a measure that is in
        force in the years projected, and funds of several that a change cannot concern: notes.
    """
    first = assumptions.first
    reached: dict[str, frozenset[tuple[str, int]]] = {}
    for change in scenario.in_order:
        words = {"table": "scenario", "item": change.item}
        name = f"the change {change.cause!r} of {scenario.title!r}"
        if not _in_force(change, first, last):
            years = str(first) if last == first else f"{first}-{last}"
            if int(change.start[:4]) > last:  # the next step of a measure that has begun is meant so
                level = "note" if any(_begins(o, change) and _in_force(o, first, last) for o in scenario.in_order) else "warning"
                found.add("no_effect", level, f"{name} starts in {change.start}, after the years projected, {years}: "
                          "it has no effect", mend="draft that year, project more years, or change the start", **words)
            else:
                gone = change.end or change.start
                found.add("no_effect", "warning", f"{name} is over after {gone}, before the years projected, {years}: "
                          "it has no effect", mend="check its months", **words)
            continue
        here = [code for code in paths if _met(effects[code], change)]
        met = [code for code in here if _known(change.item, paths[code], first)]
        if not met:
            mend = _INSTEAD.get(change.item, "check programme, regions and item")
            if here:
                found.add("no_effect", "warning", f"{name} finds no {change.item} in {', '.join(here)}: it has no effect",
                          mend=mend, **words)
            else:
                found.add("no_effect", "warning", f"{name} meets no fund and area drafted: it has no effect", mend=mend, **words)
            continue
        moved = [code for code in met if _moves(paths[code], effects[code], change, first)]
        for code in moved:
            if code not in reached:
                reached[code] = reach(paths[code], first)
        idle = [code for code in met if code not in moved or not any(item == change.item for item, _ in reached[code])]
        if idle:  # of a change of all funds, those it cannot concern are worth a note
            level = "note" if "*" in change.programme and len(idle) < len(met) else "warning"
            found.add("no_effect", level, f"{name} moves no line of {', '.join(idle)}: none is computed from {change.item} there",
                      programme=", ".join(idle), mend="change the line, or a driver it is computed from (see explain)", **words)


#: What to change where nobody gave a figure of the item.
_INSTEAD = {
    "base_floor": "lay a floor on contribution_base itself, or see levers.move_base_window",
    "base_ceiling": "lay a cap on contribution_base itself, or see levers.move_base_window",
    "average_wage": "no average wage is known there: change contribution_base, or enter the wage of the year",
    "gdp": "this fund's areas have no GDP of their own: change what follows it",
    "urban_employment": "this fund's areas have no employment of their own: change contributors or insured_active",
}


#: What is paid back later: its first step is another item.
_BEGUN_AS = {"deferred_in": "deferred_out"}


def _in_force(change: Change, first: int, last: int) -> bool:
    return any(interval(change, year)[0] for year in range(first, last + 1))


def _begins(other: Change, change: Change) -> bool:
    """Whether a change is an earlier step of the measure another one goes on with."""
    return other.programme == change.programme and other.item in (change.item, _BEGUN_AS.get(change.item))


def _known(item: str, path: FundPath, first: int) -> bool:
    """Whether a fund has the item, or a change brings it where a line asks for it."""
    if item in path.basis.programme.by_item or any(item in y.given for y in path.basis.years.values()):
        return True
    brought = any(not np.isnan(y.get(item)).all() for number, y in path.years.items() if number >= first)
    return brought and any(name == item for name, _ in reach(path, first))


def _met(effects: Effects, change: Change) -> bool:
    return any(e.change is change for e in effects.effects)


def _moves(path: FundPath, effects: Effects, change: Change, first: int) -> bool:
    """Whether a figure of the item is another with a change than with only those before it."""
    item, where = change.item, next(e.where for e in effects.effects if e.change is change)
    same = [e for e in effects.effects if e.change.item == item and bool(np.any(e.where & where))]
    place = next(i for i, e in enumerate(same) if e.change is change)
    before, after = (Effects((*path.basis.policy, *same[:n])) for n in (place, place + 1))
    return any(
        not np.array_equal(year.laid(item, before.adjuster(number)), year.laid(item, after.adjuster(number)), equal_nan=True)
        for number, year in path.years.items() if number >= first
    )  # fmt: skip


def reach(path: FundPath, first: int) -> frozenset[tuple[str, int]]:
    """Items, with their years, that lines are computed from, by the rules used in any area."""
    seen: set[tuple[str, int]] = set()
    queue = [(item, number) for number in path.years if number >= first for item in _RESULTS]
    while queue:
        item, number = queue.pop()
        if (item, number) in seen or number < first:
            continue
        seen.add((item, number))
        queue.extend(_drawn(path.years[number], item, number))
    return frozenset(seen)


def _drawn(year: Year, item: str, number: int) -> list[tuple[str, int]]:
    """What an item of a year is computed from."""
    year.get(item)
    out: list[tuple[str, int]] = []
    rules = year.programme.by_item.get(item, ())
    for driven in year.driven.get(item, ()):
        follows = not driven.given_only or bool((year.used[item] == GIVEN).any())
        if follows and not np.isnan(year.get(driven.by)).all():
            out.append((driven.by, number))
    for index in np.unique(year.used[item]):
        if index == LINKED:
            out.extend((link.mirror, number) for link in year.links if link.item == item)
        if index < 0:
            continue
        if rules[index].follows:
            out.append((rules[index].follows, number))
        for name, _ in rules[index].parameters:
            stem, at = name, number
            if stem.endswith("_opening"):
                stem, at = stem.removesuffix("_opening"), number - 1
            out.append((stem.removesuffix("_raw").removesuffix("_in_force"), at))
    return out
