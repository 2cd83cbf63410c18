"""The game between a budget and its outturn: what each driver and decision did to each line.

A line's formula is evaluated with some drivers of the budget and some of the outturn, with and
without each decision; what a driver or decision did is its Shapley value, or its step in the
official chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.analysis.shapley import coalitions, shapley
from sibforecast.assumptions.effects import Effect, Effects
from sibforecast.periods import Period
from sibforecast.programmes.programme import GIVEN, Adjust, Programme, Year, no_change

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: The official order of the chain: heads, base, rate, collection, others; then who decided.
CHAIN = (
    "insured_active", "insured", "insured_active_average", "insured_average", "contributor_ratio", "flexible_share",
    "contributors", "contributors_flexible", "beneficiaries", "beneficiaries_average", "recipient_months", "deaths",
    "contribution_base", "contribution_base_flexible", "benefit_level", "benefit_standard",
    "contribution_rate", "contribution_rate_flexible", "collection_rate", "collection_rate_flexible",
)  # fmt: skip
DECIDERS = ("nation", "region", "event", "league", "county")
#: Cells of one array of a game.
_CELLS = 4_000_000
_REVENUE = (*items.REVENUE_LINES, *items.INTER_LEVEL_REVENUE)
_LINES = (*_REVENUE, *items.EXPENDITURE_LINES, *items.INTER_LEVEL_EXPENDITURE)
_FILLING = {"fiscal_subsidy": "gap_subsidy", "upper_grant": "gap_grant"}


@dataclass
class Side:
    """One slice of one fund: its figures, solved."""

    programme: Programme
    areas: tuple[str, ...]
    given: dict[str, Floats]
    year: Year


@dataclass
class Game:
    """Budget and outturn of one fund, and the changes between them."""

    programme: Programme
    areas: tuple[str, ...]
    period: Period
    before: Side
    after: Side
    opening: Year
    effects: Effects
    method: str
    drivers: tuple[str, ...] = ()
    base: dict[str, Floats] = field(default_factory=dict)  # drivers of the budget
    bare: dict[str, Floats] = field(default_factory=dict)  # actual drivers without the changes

    def run(self) -> Iterator[tuple[str, str, str, Floats]]:
        """(line, kind, cause, value of each area, as it moves the gap), line by line."""
        for line in _LINES:
            sign = -1.0 if line in _REVENUE else 1.0
            told, came = (self._line(side, line) for side in (self.before, self.after))
            if told is None and came is None:
                continue
            apart = self._told_by_one(line, told, came)
            moved = np.where(apart, 0.0, _known(came) - _known(told))
            split = self._split(line)
            for (kind, cause), whole in split.items():
                value = np.where(apart, 0.0, whole)
                yield line, kind, cause, sign * value
                moved = moved - value
            if np.abs(moved).max() > 1e-9 * max(1.0, float(np.abs(_known(came)).max())):
                named = line in self.after.year.programme.by_item and bool(split)
                yield line, "residual" if named else "driver", "residual" if named else line, sign * moved

    def gap(self, side: Side) -> Floats:
        """Gap of a slice: its totals, else the sum of its lines, without what filled it; NaN where unknown."""
        blank = np.full((len(self.areas), 1), np.nan)
        filled = sum((_known(side.given.get(f, blank)[:, 0]) for f in _FILLING.values()), start=np.zeros(len(self.areas)))
        totals = {}
        for total, lines in (("total_revenue", _REVENUE), ("total_expenditure", _LINES[len(_REVENUE) :])):
            parts = [p for p in (self._line(side, line) for line in lines) if p is not None]
            added = np.sum([_known(p) for p in parts], axis=0) if parts else blank[:, 0]
            given = side.given.get(total, blank)[:, 0] - (filled if total == "total_revenue" else 0.0)
            totals[total] = np.where(np.isnan(given), added, given)
        gap: Floats = totals["total_expenditure"] - totals["total_revenue"]
        closed = self.programme.kind == "closing_subsidy_pension" and "gap_subsidy" not in side.given
        unsplit = closed & ~np.isnan(side.given.get("fiscal_subsidy", blank)[:, 0])  # the subsidy filled what it filled
        return np.where(unsplit, np.nan, gap)

    def _told_by_one(self, line: str, told: Floats | None, came: Floats | None) -> Bools:
        """Where only one side tells a line of a total that both tell: blank is not zero, it is in the total's residual."""
        blank = np.full(len(self.areas), np.nan)
        one = np.isnan(blank if told is None else told) != np.isnan(blank if came is None else came)
        total = "total_revenue" if line in _REVENUE else "total_expenditure"
        for side in (self.before, self.after):
            one = one & ~np.isnan(side.given.get(total, blank[:, None])[:, 0])
        return np.asarray(one)

    def _line(self, side: Side, line: str) -> Floats | None:
        """A line of a slice without what filled a gap: as reported, else by its formula."""
        value = side.given.get(line)
        if value is None or np.isnan(value).all():
            value = side.year.get(line)
        if np.isnan(value).all():
            return None
        filling = side.given.get(_FILLING.get(line, ""))
        return np.asarray(value[:, 0] - (_known(filling[:, 0]) if filling is not None else 0.0))

    def _split(self, line: str) -> dict[tuple[str, str], Floats]:
        """The formula's change of a line, by driver and change."""
        probe = self._solve({}, None)
        value = probe.get(line)
        if np.isnan(value).all() or (probe.used[line] == GIVEN).all():
            return {}
        reached = _reach(probe, line)
        drivers = [d for d in self.drivers if d in reached]
        changes = [p for p in self.effects.players if self._item(p) in reached or self._item(p) == line]
        players = len(drivers) + len(changes)
        if not players:
            return {}
        order = sorted(range(players), key=lambda i: self._rank(i, drivers, changes))
        member = coalitions(players) if self.method == "shapley" else np.arange(players + 1)[None, :] > np.argsort(order)[:, None]
        out = {("driver", d): np.zeros(len(self.areas)) for d in drivers}
        out |= {("policy", str(p)): np.zeros(len(self.areas)) for p in changes}
        rows = max(1, _CELLS // member.shape[1])
        for start in range(0, len(self.areas), rows):
            part = slice(start, min(start + rows, len(self.areas)))
            worth = self._worth(line, drivers, changes, member, part)
            worth = np.where(np.isnan(worth), 0.0, worth)
            split = shapley(worth) if self.method == "shapley" else np.diff(worth, axis=1)[:, np.argsort(order)]
            for place, name in enumerate(out):
                out[name][part] = split[:, place]
        return out

    def _worth(self, line: str, drivers: list[str], changes: list[int], member: Bools, part: slice) -> Floats:
        """The line in every coalition, for some areas."""
        width = member.shape[1]
        given: dict[str, Floats] = {}
        for place, driver in enumerate(drivers):
            given[driver] = np.where(member[place][None, :], self.bare[driver][part], self.base[driver][part])
        most = max(self.effects.players, default=-1) + 1
        switch = np.zeros((most, width), dtype=bool)
        for place, player in enumerate(changes):
            switch[player] = member[len(drivers) + place]
        year = self._solve(given, switch, part)
        size = part.stop - part.start
        return np.broadcast_to(year.get(line), (size, width))

    def _solve(self, given: Mapping[str, Floats], switch: Bools | None, part: slice | None = None) -> Year:
        """A year with some drivers of the budget or the outturn, and some changes in force."""
        part = part or slice(0, len(self.areas))
        figures = {i: v[part] for i, v in self.base.items()} | dict(given)
        areas = part.stop - part.start
        direct = {i: ~np.isnan(v) for i, v in figures.items()}
        adjust: Adjust = no_change
        if switch is not None and self.effects.effects:
            chosen = tuple(Effect(e.change, e.player, e.where[part]) for e in self.effects.effects)
            adjust = Effects(chosen, switch).adjuster(self.period.year)
        return Year(
            self.programme, figures | itemised(areas), areas=areas, direct=direct, before=_cut(self.opening, part),
            adjust=adjust, months=float(self.period.month or 12),
        )  # fmt: skip

    def _item(self, player: int) -> str:
        return next(e.change.item for e in self.effects.effects if e.player == player)

    def _rank(self, place: int, drivers: list[str], changes: list[int]) -> tuple[int, int]:
        if place < len(drivers):
            name = drivers[place]
            return (0, CHAIN.index(name) if name in CHAIN else len(CHAIN) + place)
        decider = next(e.change.decided_by for e in self.effects.effects if e.player == changes[place - len(drivers)])
        return (1 + DECIDERS.index(decider), place)


def _cut(year: Year, part: slice) -> Year:
    """The opening year of some areas."""
    given = {i: v[part] for i, v in year.given.items()}
    direct = {i: ~np.isnan(v) for i, v in given.items()}
    return Year(year.programme, given, areas=part.stop - part.start, direct=direct)


def _known(value: Floats | None) -> Floats:
    return np.zeros(1) if value is None else np.where(np.isnan(value), 0.0, value)


def _reach(year: Year, line: str) -> frozenset[str]:
    """Items a line is computed from, by the rules used."""
    seen: set[str] = set()
    queue = [line]
    while queue:
        item = queue.pop()
        if item in seen or item.endswith("_opening"):
            continue
        seen.add(item)
        year.get(item)
        rules = year.programme.by_item.get(item, ())
        for index in np.unique(year.used[item]):
            if index >= 0:
                names = [n for n, _ in rules[index].parameters if n != "months"] + [rules[index].follows or line]
                queue.extend(n.removesuffix("_raw").removesuffix("_in_force") for n in names)
    return frozenset(seen - {line})


def itemised(areas: int) -> dict[str, Floats]:
    """Lines are looked at one by one: every side counts as itemised."""
    return {f: np.ones((areas, 1)) for f in ("revenue_itemised", "expenditure_itemised", "benefits_itemised")}
