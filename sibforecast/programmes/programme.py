"""Rules, programmes, and the year that they compute.

A :class:`Rule` says how one item follows from others; a programme is a list of rules,
finest first. :class:`Year` evaluates them for all areas at once: each item is the first
rule whose needs are known *for that area*, else the figure that was given. The identity
that was used is kept beside every number.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from sibforecast.programmes.evidence import ALWAYS, EVIDENCE
from sibforecast.programmes.ties import Driven, Floats, Link

Earlier = Callable[[int], Floats | None]
Adjust = Callable[[str, Floats, bool, Earlier], Floats]

GIVEN = -1
UNKNOWN = -2
LINKED = -3


@dataclass(frozen=True)
class Rule:
    """How `item` follows from other items.

    Parameters
    ----------
    item : str
        What the rule computes.
    identity : str
        The formula in words; it becomes the ``method`` of the line.
    formula : callable
        A plain function whose parameters are item names (see `formulas`).
    names : tuple of str, optional
        Item names in the order of the parameters, where the signature has others.
    defaults : mapping, optional
        Values for items that have no figure in any period.
    when : tuple of str
        Conditions that must hold (flags such as ``revenue_itemised``).
    follows : str
        The item whose policy changes weigh on this one by months (averages of a stock).
    also : tuple of str
        Items that must be known for the identity to hold, though they are no arguments.
    fallback : bool
        Used only where the item's own figure is unknown: a part of the truth at best.
    """

    item: str
    identity: str
    formula: Callable[..., Any]
    names: tuple[str, ...] = ()
    defaults: Mapping[str, float] | None = None
    when: tuple[str, ...] = ()
    follows: str = ""
    also: tuple[str, ...] = ()
    fallback: bool = False

    @cached_property
    def parameters(self) -> tuple[tuple[str, float | None], ...]:
        """(item, default) of each argument; ``None`` where the item is needed."""
        if self.names:
            known = dict(self.defaults or {})
            return tuple((name, known.get(name)) for name in self.names)
        signature = inspect.signature(self.formula).parameters.values()
        return tuple((p.name, None if p.default is p.empty else float(p.default)) for p in signature)

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Items that must be known."""
        return tuple(n for n, default in self.parameters if default is None and n != "months")


@dataclass(frozen=True)
class Programme:
    """One fund: its code, kind, names and rules; of a published total also the funds it holds, `None` where nobody said."""

    code: str
    kind: str
    name_zh: str
    name_en: str
    rules: tuple[Rule, ...] = field(repr=False, default=())
    includes: tuple[str, ...] | None = ()

    def label(self, language: str = "en") -> str:
        """The name in ``en`` or ``zh``."""
        return self.name_zh if language == "zh" else self.name_en

    @cached_property
    def by_item(self) -> dict[str, tuple[Rule, ...]]:
        """Rules of each item, finest first."""
        table: dict[str, list[Rule]] = {}
        for rule in self.rules:
            table.setdefault(rule.item, []).append(rule)
        return {item: tuple(rules) for item, rules in table.items()}


def no_change(item: str, value: Floats, average: bool, earlier: Earlier) -> Floats:
    """The adjustment of the baseline: none."""
    return value


class Year:
    """All items of one programme in one year, for all its areas.

    Parameters
    ----------
    programme : Programme
        Whose rules are evaluated.
    given : mapping of str to array (areas, 1)
        Known figures; NaN where unknown.
    direct : mapping of str to bool array (areas, 1)
        Cells where the given figure stands whatever the rules say (judgement, a nowcast).
    ever : mapping of str to bool array (areas, 1)
        Whether an item has a figure in any period; governs the defaults.
    before : Year, optional
        The year before, for opening stocks.
    adjust : callable
        Lays policy changes on an item: ``adjust(item, value, average, earlier)``.
    months : float
        Months of the period (12 for a year).
    links : iterable of Link
        Lines that mirror lines of other areas.
    blank : mapping of str to bool array (areas, 1)
        Cells that stay unknown whatever the rules say.
    driven : mapping of str to tuple of Driven
        Items that move with figures of the economy where a change moves those.
    """

    def __init__(
        self,
        programme: Programme,
        given: Mapping[str, Floats],
        *,
        areas: int,
        direct: Mapping[str, npt.NDArray[np.bool_]] | None = None,
        ever: Mapping[str, npt.NDArray[np.bool_]] | None = None,
        before: Year | None = None,
        adjust: Adjust = no_change,
        adjust_end: Adjust | None = None,
        months: float = 12.0,
        links: Iterable[Link] = (),
        blank: Mapping[str, npt.NDArray[np.bool_]] | None = None,
        driven: Mapping[str, tuple[Driven, ...]] | None = None,
    ) -> None:
        self.programme = programme
        self.given = given
        self.direct = direct or {}
        self.ever = ever or {}
        self.before = before
        self.adjust = adjust
        self.adjust_end = adjust_end or adjust
        self.months = months
        self.areas = areas
        self.links = tuple(links)
        self.blank = blank or {}
        self.driven = driven or {}
        self._nothing = np.full((areas, 1), np.nan), np.full((areas, 1), UNKNOWN, dtype=np.int16)  # most items of most funds
        self.values: dict[str, Floats] = {}
        self.raw: dict[str, Floats] = {}
        self.used: dict[str, npt.NDArray[np.int16]] = {}

    def items(self) -> list[str]:
        """Every item that can have a value this year, each once."""
        return list(dict.fromkeys([*self.given, *self.programme.by_item, *self.values]))

    def solve(self) -> Year:
        """Evaluate all items (they are otherwise evaluated when asked for)."""
        for item in self.items():
            self.get(item)
        return self

    def get(self, name: str) -> Floats:
        """The value of an item, or of an item with a suffix (see `formulas`)."""
        found = self.values.get(name)
        if found is not None:
            return found
        if name.endswith("_raw_opening"):
            return self._opening(name.removesuffix("_raw_opening"), raw=True)
        if name.endswith("_opening"):
            return self._opening(name.removesuffix("_opening"), raw=False)
        if name.endswith("_raw"):
            self.get(name.removesuffix("_raw"))
            return self.raw[name.removesuffix("_raw")]
        if name.endswith("_in_force"):
            item = name.removesuffix("_in_force")
            self.get(item)
            return self.adjust_end(item, self.raw[item], False, self._earlier(item))
        return self._compute(name)

    def _earlier(self, item: str) -> Earlier:
        """The values of an item in earlier years, before any change."""

        def value(back: int) -> Floats | None:
            year: Year | None = self
            for _ in range(back):
                year = year.before if year is not None else None
            if year is None:
                return None
            year.get(item)
            return year.raw[item]

        return value

    def _opening(self, item: str, raw: bool) -> Floats:
        if self.before is None:
            return np.full((self.areas, 1), np.nan)
        value = self.before.get(item)
        return self.before.raw.get(item, value) if raw else value

    def argument(self, name: str, default: float | None) -> Floats:
        """An argument of a formula: the default only where the item never had a figure."""
        value = self.get(name)
        if default is None:
            return value
        known = self.exists(name)
        return np.where(np.isnan(value) & ~known, default, value)

    def exists(self, name: str) -> npt.NDArray[np.bool_]:
        """Where an item has a figure, or drivers, in any period."""
        known = np.zeros((self.areas, 1), dtype=bool)
        drivers = EVIDENCE.get(name, ()) if name in self.programme.by_item or name in ALWAYS else ()
        for item in (name, *drivers):
            if item in self.ever:
                known = known | self.ever[item]
        return known

    def _compute(self, item: str) -> Floats:
        given = self.given.get(item)
        value, used = self._nothing
        stands = self.direct.get(item)
        if given is not None and stands is not None:
            value = np.where(stands, given, value)
            used = np.where(stands & ~np.isnan(given), np.int16(GIVEN), used)
        rules = self.programme.by_item.get(item, ())
        follows = rules[0].follows if rules else ""
        for fallback in (False, True):
            for index, rule in enumerate(rules):
                if rule.fallback == fallback and np.isnan(value).any():
                    value, used = self._apply(rule, index, value, used)
            if given is not None and not fallback and np.isnan(value).any():
                open_ = np.isnan(value)
                used = np.where(open_ & ~np.isnan(given), np.int16(GIVEN), used)
                whole = len(given) == len(value) and bool(open_.all())  # the usual case: nothing is copied
                value = given if whole else np.where(open_, given, value)
        for link in self.links:
            if link.item == item:
                value, used = self._mirror(link, value, used, stands)
        if item in self.blank:
            value, used = np.where(self.blank[item], np.nan, value), np.where(self.blank[item], np.int16(UNKNOWN), used)
        self.raw[item] = value
        self.used[item] = used
        adjusted = self.adjust(follows or item, self._with_economy(follows or item, value, bool(follows)), bool(follows), self._earlier(item))
        if follows:  # an average follows its stock and may be changed itself
            adjusted = self.adjust(item, adjusted, False, self._earlier(item))
        self.values[item] = adjusted
        return adjusted

    def laid(self, item: str, adjust: Adjust) -> Floats:
        """An item as it would be under other changes of its own, all else as it is."""
        self.get(item)
        return adjust(item, self._with_economy(item, self.raw[item], False), False, self._earlier(item))

    def moved(self, item: str, average: bool = False) -> Floats | None:
        """What changes of the economy multiply an item by: ratio ^ elasticity, (areas, width); none where they do nothing.

        The average of a stock (`average`) moves by the months in which the figure is another.
        """
        out: Floats | None = None
        for driven in self.driven.get(item, ()):
            now, before = self.get(driven.by), self.raw[driven.by]
            if average:
                now = self.adjust(driven.by, before, True, self._earlier(driven.by))
            if np.array_equal(now, before, equal_nan=True):
                continue
            with np.errstate(divide="ignore", invalid="ignore"):
                factor = (now / before) ** driven.elasticity()
            moves = np.isfinite(factor) & ((self.used[item] == GIVEN) | (not driven.given_only))
            factor = np.where(moves, factor, 1.0)
            out = factor if out is None else out * factor
        return out

    def _with_economy(self, item: str, value: Floats, average: bool) -> Floats:
        factor = self.moved(item, average)
        return value if factor is None else value * factor

    def _mirror(
        self, link: Link, value: Floats, used: npt.NDArray[np.int16], stands: npt.NDArray[np.bool_] | None
    ) -> tuple[Floats, npt.NDArray[np.int16]]:
        """The own level's side of a flow between levels: the sum of the other side."""
        if stands is not None and stands[link.area, 0]:
            return value, used
        below = self.get(link.mirror)[list(link.below)]
        total = np.where(np.isnan(below), 0.0, below).sum(axis=0)
        value = np.broadcast_to(value, (self.areas, max(value.shape[1], below.shape[1]))).copy()
        used = np.broadcast_to(used, value.shape).copy()
        value[link.area], used[link.area] = total, LINKED
        return value, used

    def _apply(
        self, rule: Rule, index: int, value: Floats, used: npt.NDArray[np.int16]
    ) -> tuple[Floats, npt.NDArray[np.int16]]:
        """Fill what is still unknown by one rule."""
        ok = np.isnan(value)
        for flag in rule.when:
            on = self.given.get(flag)
            ok = ok & (on == 1.0) if on is not None else np.zeros_like(ok)
            if not ok.any():
                return value, used
        for name in rule.also:
            ok = ok & ~np.isnan(self.get(name))
        arguments: list[Any] = []
        if not rule.needs:  # a sum of parts needs one part that exists
            ok = ok & reduce(np.logical_or, (~np.isnan(self.get(n)) for n, _ in rule.parameters))
            if not ok.any():
                return value, used
        for name, default in rule.parameters:
            if name == "months":
                arguments.append(self.months)
                continue
            argument = self.argument(name, default)
            ok = ok & ~np.isnan(argument)
            if not ok.any():
                return value, used
            arguments.append(argument)
        computed = rule.formula(*arguments)
        ok = ok & ~np.isnan(computed)
        return np.where(ok, computed, value), np.where(ok, np.int16(index), used)

    def rule_of(self, item: str, area: int) -> Rule | None:
        """The rule that gave an area's value; ``None`` where a figure was given."""
        self.get(item)
        index = int(np.broadcast_to(self.used[item], self.raw[item].shape)[area, 0])
        return self.programme.by_item[item][index] if index >= 0 else None

    def missing(self, item: str, area: int) -> tuple[str, ...]:
        """What keeps an item of an area from being computed, by the nearest rule."""
        best: tuple[str, ...] = (item,)
        fewest = None
        for rule in self.programme.by_item.get(item, ()):
            if any(np.isnan(self.given.get(f, np.full((self.areas, 1), np.nan))[area, 0]) for f in rule.when):
                continue
            lacking = [
                n for n, default in rule.parameters
                if n != "months" and np.isnan(self.get(n)[area, 0]) and (default is None or self.exists(n)[area, 0])
            ]  # fmt: skip
            if not lacking:
                continue
            score = (len(lacking) - len(rule.parameters), len(lacking))
            if fewest is None or score < fewest:
                fewest, best = score, tuple(lacking)
        deeper: list[str] = []
        for name in best:
            stem = name.removesuffix("_opening").removesuffix("_raw")
            inner = self.missing(name, area) if stem in self.programme.by_item and name != item and stem != item else (name,)
            deeper.extend(inner)
        return tuple(dict.fromkeys(n.removesuffix("_opening").removesuffix("_raw") for n in deeper))


def select(rules: Iterable[Rule], *items: str) -> tuple[Rule, ...]:
    """The rules of some items, in their order."""
    return tuple(rule for rule in rules if rule.item in items)
