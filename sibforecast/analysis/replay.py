"""The projection again, with drivers that have many values at once.

The deterministic projection says by which rule each figure of each area came; the same
formulas are evaluated over the draws wherever a driver in doubt reaches, and nowhere else.
What no draw reaches is the draft's own figure, to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from sibforecast.analysis.draws import Draws
from sibforecast.assumptions.effects import Effect, Effects
from sibforecast.programmes.programme import LINKED, Adjust, Earlier, no_change
from sibforecast.projection.fund import FundPath

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def alike(path: FundPath, rows: Ints, years: tuple[int, ...]) -> list[Ints]:
    """Areas in groups that use the same rules for everything."""
    table = [path.years[y].used[i][rows, 0] for y in years for i in sorted(path.years[y].used)]
    if not table:
        return [rows]
    patterns = np.unique(np.stack(table, axis=1), axis=0, return_inverse=True)[1].ravel()
    return [rows[patterns == p] for p in range(int(patterns.max()) + 1)]


class Replay:
    """A fund's figures over draws, for areas that use the same rules."""

    def __init__(
        self, path: FundPath, rows: Ints, draws: Draws, effects: Effects | None,
        mirrored: Mapping[tuple[int, str, int], Floats] | None = None,
    ) -> None:
        self.path, self.rows, self.draws = path, rows, draws
        every = (*path.basis.policy, *(effects.effects if effects else ()))
        here = tuple(Effect(e.change, e.player, e.where[rows]) for e in every)
        self.effects = Effects(here) if any(e.where.any() for e in here) else None
        self.mirrored = mirrored or {}
        self._raw: dict[tuple[str, int], Floats] = {}
        self._value: dict[tuple[str, int], Floats] = {}

    def get(self, name: str, year: int) -> Floats:
        """An item, or an item with a suffix of the formulas: (areas, draws), or (areas, 1) where no draw reaches."""
        if name.endswith("_raw_opening"):
            return self._opening(name.removesuffix("_raw_opening"), year, raw=True)
        if name.endswith("_opening"):
            return self._opening(name.removesuffix("_opening"), year, raw=False)
        if name.endswith("_raw"):
            return self._of(name.removesuffix("_raw"), year, raw=True)
        if name.endswith("_in_force"):
            item = name.removesuffix("_in_force")
            raw = self._of(item, year, raw=True)
            if raw.shape[1] == 1:
                return self.path.years[year].get(name)[self.rows]
            return self._adjust(year, at_end=True)(item, raw, False, self._earlier(item, year))
        return self._of(name, year, raw=False)

    def forget(self, before: int) -> None:
        """Let figures of earlier years go: memory; what is asked for again is computed again."""
        for table in (self._raw, self._value):
            for key in [k for k in table if k[1] < before]:
                del table[key]

    def _opening(self, item: str, year: int, raw: bool) -> Floats:
        if year - 1 in self.path.years and year > self.path.basis.base_year:
            return self._of(item, year - 1, raw)
        return self.path.years[year].get(f"{item}_raw_opening" if raw else f"{item}_opening")[self.rows]

    def _of(self, item: str, year: int, raw: bool) -> Floats:
        table = self._raw if raw else self._value
        if (item, year) not in table:
            self._raw[item, year], self._value[item, year] = self._computed(item, year)
        return table[item, year]

    def _computed(self, item: str, year: int) -> tuple[Floats, Floats]:
        """The raw value and the value with changes laid on."""
        now = self.path.years[year]
        value = now.get(item)[self.rows]
        raw = now.raw[item][self.rows]
        if year == self.path.basis.base_year:
            return raw, value
        if self.draws.has(item, year):
            out = self.draws.move(item, year, value)
            same = np.array_equal(raw, value, equal_nan=True)
            return (out if same else self.draws.move(item, year, raw)), out
        index = int(now.used[item][self.rows[0], 0])
        if index == LINKED:
            return self._linked(item, year, raw, value)
        if index < 0:
            return raw, value
        rules = now.programme.by_item[item]
        rule = rules[index]
        arguments: list[Floats | float] = []
        reached = False
        for name, default in rule.parameters:
            if name == "months":
                arguments.append(now.months)
                continue
            argument = self.get(name, year)
            if argument.shape[1] == 1:
                argument = now.argument(name, default)[self.rows]
            else:
                reached = True
            arguments.append(argument)
        if not reached:
            return raw, value
        computed = np.asarray(rule.formula(*arguments))
        follows = rules[0].follows
        adjust = self._adjust(year)
        factor = now.moved(follows or item, bool(follows))
        moved = computed if factor is None else computed * factor[self.rows]
        adjusted = adjust(follows or item, moved, bool(follows), self._earlier(item, year))
        if follows:
            adjusted = adjust(item, adjusted, False, self._earlier(item, year))
        return computed, adjusted

    def _linked(self, item: str, year: int, raw: Floats, value: Floats) -> tuple[Floats, Floats]:
        """The own level's side of a flow: what those below it have, draw by draw."""
        area = int(self.rows[0])
        found = self.mirrored.get((area, item, year))
        if found is None or len(self.rows) != 1:
            return raw, value
        return found[None], self._adjust(year)(item, found[None], False, self._earlier(item, year))

    def _adjust(self, year: int, at_end: bool = False) -> Adjust:
        return self.effects.adjuster(year, at_end) if self.effects else no_change

    def _earlier(self, item: str, year: int) -> Earlier:
        def value(back: int) -> Floats | None:
            then = year - back
            if then in self.path.years:
                return self._of(item, then, raw=True)
            return None

        return value
