"""Where the changes of a scenario stand in each other's way: said, never settled in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sibforecast import items
from sibforecast.assumptions.effects import Effect, Effects
from sibforecast.assumptions.scenario import Change, Scenario
from sibforecast.periods import Period
from sibforecast.tables.read import Collector

_OPEN = 9999 * 12


def conflicts(
    scenario: Scenario, funds: Mapping[str, Effects], announced: Mapping[str, Sequence[Effect]], found: Collector
) -> None:
    """Note changes of one item that meet in the same months and areas and undo each other.

    Two changes that set an item: the later one stands. A later set also wipes what an earlier
    change multiplied, added, floored or capped. A change that takes over from an open one at a
    later start is the ordinary course of law, and only a note.

    Parameters
    ----------
    scenario : Scenario
    funds : mapping of str to Effects
        The changes as they meet each fund.
    announced : mapping of str to sequence of Effect
        Decisions that the baseline holds already.
    found : Collector
        Takes the findings: id ``conflict``; ``laid_twice`` where a change is an announced decision
        that the baseline holds; ``amount_for_each`` where an amount given for several areas at
        once is laid on each of them.
    """
    ordered, causes = scenario.in_order, scenario.causes()
    pairs: dict[tuple[int, int], list[str]] = {}
    each: dict[int, list[tuple[str, int]]] = {}
    twice: dict[int, list[str]] = {}
    for code, met in funds.items():
        for place, second in enumerate(met.effects):
            if second.change.operation != "set":
                continue
            for first in met.effects[:place]:
                if first.player is None or second.player is None:
                    continue
                key = (first.player, second.player)
                if code not in pairs.get(key, ()) and _undone(first, second):
                    pairs.setdefault(key, []).append(code)
        for effect in met.effects:
            if effect.player is None:
                continue
            if any(_again(e, effect) for e in announced[code]):
                twice.setdefault(effect.player, []).append(code)
            count = int(effect.where.sum())  # of one change: amounts of single areas are meant as they stand
            if count > 1 and _is_amount(effect.change):
                each.setdefault(effect.player, []).append((code, count))
    for (i, j), codes in sorted(pairs.items()):
        _tell(scenario, ordered[i], ordered[j], (causes[i], causes[j]), codes, found)
    for i, codes in sorted(twice.items()):
        found.add("laid_twice", "warning", f"{causes[i]!r} of {scenario.title!r} is an announced decision that the draft of "
                  f"{', '.join(dict.fromkeys(codes))} holds already: it is laid on again", table="scenario", item=ordered[i].item,
                  mend="leave it out here or in the table policies; "
                       "in Python draft without announced decisions: assume(..., policy=Scenario('none'))")
    for i, many in sorted(each.items()):
        where = ", ".join(f"{count} areas of {code}" for code, count in many)
        found.add("amount_for_each", "note", f"the amount of {causes[i]!r} of {scenario.title!r} is laid on each of {where}",
                  table="scenario", item=ordered[i].item, mend="name single areas where the amount is meant once")


def _undone(first: Effect, second: Effect) -> bool:
    """Whether the second sets what the first moved, in some month and area."""
    one, other = first.change, second.change
    if one.item != other.item or not bool(np.any(first.where & second.where)):
        return False
    (start, end), (begin, finish) = _span(one), _span(other)
    return start <= finish and begin <= end


def _again(announced: Effect, effect: Effect) -> bool:
    """Whether a change is an announced one, by what it does, where and from when."""
    one, other = announced.change, effect.change
    same = (one.item, one.operation, one.amount, one.start) == (other.item, other.operation, other.amount, other.start)
    return same and bool(np.any(announced.where & effect.where))


def _span(change: Change) -> tuple[int, int]:
    """First and last month in which a change acts, as whole numbers."""
    start = Period.parse(change.start)
    first = start.year * 12 + start.month
    if change.end:
        end = Period.parse(change.end)
        return first, end.year * 12 + end.month
    once = change.item == "benefit_adjustment" or (items.item(change.item).timing == "flow" and change.operation == "add")
    return first, start.year * 12 + 12 if once else _OPEN


def _is_amount(change: Change) -> bool:
    """Amounts and heads that would add up: an amount for an upper area is not shared out below it."""
    return items.item(change.item).is_additive and change.operation != "multiply" and getattr(change, change.operation) != 0


def _tell(
    scenario: Scenario, one: Change, other: Change, names: tuple[str, str], codes: Sequence[str], found: Collector
) -> None:
    succession = one.operation == "set" and not one.end and other.start > one.start
    what = "sets again what" if one.operation == "set" else "wipes what"
    verb = {"set": "set", "multiply": "multiplied", "add": "added", "floor": "floored", "cap": "capped"}[one.operation]
    found.add("conflict", "note" if succession else "warning",
              f"{names[1]!r} of {scenario.title!r} {what} {names[0]!r} {verb} from {other.start}: {names[1]!r} stands",
              table="scenario", item=other.item, programme=", ".join(codes), period=other.start,
              expected="changes of one item that do not undo each other",
              found=f"{names[0]} from {one.start} and {names[1]} from {other.start}",
              mend=f"give {names[0]} the end before {other.start}, or leave one out")
