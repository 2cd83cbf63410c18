"""Which changes of a scenario reach a line, and which do nothing: said, never swallowed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sibforecast import items
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.effects import effects_on, interval
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
            found.add("no_effect", "warning", f"the change {change.cause!r} of {scenario.title!r} is not in force in "
                      f"{assumptions.first}-{last}", mend="check its months", **words)
            continue
        met = [code for code, path in paths.items() if _meets(assumptions, change, code, path)]
        if not met:
            found.add("no_effect", "warning", f"the change {change.cause!r} of {scenario.title!r} meets nothing",
                      mend="check programme, regions and item", **words)
            continue
        moved = [code for code in met if _moves(paths[code], change, assumptions.first)]
        for code in moved:
            reached.setdefault(code, reach(paths[code], assumptions.first))
        idle = [code for code in met if code not in moved or not any(item == change.item for item, _ in reached[code])]
        if idle:
            found.add("no_effect", "warning", f"the change {change.cause!r} of {scenario.title!r} moves no line of "
                      f"{', '.join(idle)}: none is computed from {change.item} there", programme=", ".join(idle),
                      mend="change the line, or a driver it is computed from (see explain)", **words)


def _meets(assumptions: Assumptions, change: Change, code: str, path: FundPath) -> bool:
    basis = path.basis
    known = change.item in basis.programme.by_item or any(change.item in y.given for y in basis.years.values())
    return known and bool(effects_on([change], code, basis.areas, assumptions.source.regions).effects)


def _moves(path: FundPath, change: Change, first: int) -> bool:
    """Whether a figure of the item is another with the scenario than without."""
    for number, year in path.years.items():
        if number < first:
            continue
        value = year.get(change.item)
        if not np.array_equal(value, year.raw[change.item], equal_nan=True):
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
