"""Which changes of a scenario reach a line, and which do nothing: said, never swallowed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sibforecast import items
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.effects import Effects, effects_on, interval
from sibforecast.assumptions.scenario import Change, Scenario
from sibforecast.programmes.programme import LINKED, Year
from sibforecast.projection.fund import FundPath
from sibforecast.tables.read import Collector

_RESULTS = (*items.STATUTORY_LINES, "total_revenue", "total_expenditure", "balance_adjustment", "gap_subsidy", "gap_grant")


def without_effect(
    assumptions: Assumptions, scenario: Scenario, paths: Mapping[str, FundPath], last: int, found: Collector
) -> None:
    """A change that meets no fund, area, year or line."""
    reached: dict[str, frozenset[tuple[str, int]]] = {}
    for change in scenario.changes:
        words = {"table": "scenario", "item": change.item}
        if not any(interval(change, year)[0] for year in range(assumptions.first, last + 1)):
            later = int(change.start[:4]) > last  # a measure of years to come is no slip of the pen
            found.add("no_effect", "note" if later else "warning", f"the change {change.cause!r} of {scenario.title!r} is not "
                      f"in force in {assumptions.first}-{last}", mend="project more years" if later else "check its months",
                      **words)
            continue
        met = [code for code, path in paths.items() if _meets(assumptions, change, code, path)]
        if not met:
            found.add("no_effect", "warning", f"the change {change.cause!r} of {scenario.title!r} meets nothing",
                      mend="check programme, regions and item", **words)
            continue
        moved = [code for code in met if _moves(paths[code], assumptions, scenario, change)]
        for code in moved:
            reached.setdefault(code, reach(paths[code], assumptions.first))
        idle = [code for code in met if code not in moved or not any(item == change.item for item, _ in reached[code])]
        if idle:  # of a change of all funds, those it cannot concern are worth a note
            level = "note" if "*" in change.programme and len(idle) < len(met) else "warning"
            found.add("no_effect", level, f"the change {change.cause!r} of {scenario.title!r} moves no line of "
                      f"{', '.join(idle)}: none is computed from {change.item} there", programme=", ".join(idle),
                      mend="change the line, or a driver it is computed from (see explain)", **words)


def _meets(assumptions: Assumptions, change: Change, code: str, path: FundPath) -> bool:
    basis = path.basis
    item, first = change.item, assumptions.first
    known = item in basis.programme.by_item or any(item in y.given for y in basis.years.values())
    if not known:  # a line that was not there is brought by the change itself
        known = any(name == item for name, _ in reach(path, first)) and any(
            not np.isnan(y.get(item)).all() for number, y in path.years.items() if number >= first
        )
    return known and bool(effects_on([change], code, basis.areas, assumptions.source.regions).effects)


def _moves(path: FundPath, assumptions: Assumptions, scenario: Scenario, change: Change) -> bool:
    """Whether a figure of the item is another with the change than with only those before it."""
    basis = path.basis
    effects = effects_on(scenario.in_order, basis.programme.code, basis.areas, assumptions.source.regions).effects
    until = [i for i, e in enumerate(effects) if e.change is change]
    for place in until:
        without, with_it = (Effects(effects[:n]) for n in (place, place + 1))
        for number, year in path.years.items():
            if number < assumptions.first:
                continue
            before, after = (year.laid(change.item, e.adjuster(number)) for e in (without, with_it))
            if not np.array_equal(before, after, equal_nan=True):
                return True
    return False


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
    if item in year.driven:
        out.append((year.driven[item].by, number))
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
