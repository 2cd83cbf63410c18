"""The projection again, with drivers that have many values at once.

The deterministic projection says by which rule each figure of each area came; the same
formulas are evaluated over the draws wherever a driver in doubt reaches, and nowhere else.
What no draw reaches is the draft's own figure, to the bit.

Which figures draws reach is found once for all areas that use the same rules: a `Replay` is the list
of what is asked for and of what it needs, in order. Areas then go through it a few at a time, and
each array is let go with its last use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sibforecast.analysis.doubts import FundDoubts
from sibforecast.assumptions.effects import Effect, Effects
from sibforecast.programmes.programme import LINKED, Adjust, Earlier, Rule, no_change
from sibforecast.projection.fund import FundPath

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: A figure of the list: the place of its draws, or what every draw has (areas, 1), or a number all areas share.
Source = int | Floats | float
#: What those below an own level have of a line in a year, draw by draw.
Mirrored = Mapping[tuple[str, int], Floats]


class Moves(Protocol):
    """What lays errors on figures: see `draws.Draws`."""

    def move(self, item: str, year: int, value: Floats) -> Floats:
        """Figures (areas, 1) with their errors laid on: (areas, draws)."""


def alike(path: FundPath, rows: Ints, years: tuple[int, ...]) -> list[Ints]:
    """Areas in groups that use the same rules for everything."""
    group = np.zeros(len(rows), dtype=np.int64)
    for now in (path.years[y] for y in years):
        for item in sorted(now.used):
            rule = now.used[item][rows, 0].astype(np.int64)
            if len(rule) and (rule != rule[0]).any():  # few items: what all share parts nobody
                rule -= rule.min()
                group = np.unique(group * (rule.max() + 1) + rule, return_inverse=True)[1]
    return [rows[group == number] for number in range(int(group.max(initial=0)) + 1)]


@dataclass
class Here:
    """Some areas on their way through a replay."""

    start: int
    stop: int
    draws: Moves
    effects: Effects | None
    mirrored: Mirrored
    figures: dict[int, Floats] = field(default_factory=dict)
    adjusters: dict[tuple[int, bool], Adjust] = field(default_factory=dict)

    def get(self, source: Source) -> Floats:
        """The draws of a source: (areas, draws); what every draw has as (areas, 1)."""
        if isinstance(source, int):
            return self.figures[source]
        assert isinstance(source, np.ndarray)
        return source[self.start : self.stop]

    def argument(self, source: Source) -> Floats | float:
        """The same; a number all areas share as it is."""
        return source if isinstance(source, float) else self.get(source)

    def adjust(self, year: int, at_end: bool = False) -> Adjust:
        """What lays the changes on an item of a year."""
        if (year, at_end) not in self.adjusters:
            self.adjusters[year, at_end] = self.effects.adjuster(year, at_end) if self.effects else no_change
        return self.adjusters[year, at_end]

    def earlier(self, known: Mapping[int, Source]) -> Earlier:
        """An item in earlier years, before any change."""
        return lambda back: self.get(known[back]) if back in known else None


@dataclass(frozen=True)
class Step:
    """One figure that draws reach. Sources are taken from `Here`; the figure is put at `place`."""

    item: str
    year: int
    place: int
    sources: tuple[Source, ...] = ()
    #: What is needed of earlier years where a change is laid on, by how many years back.
    known: Mapping[int, Source] = field(default_factory=dict)
    last: tuple[int, ...] = ()  # places not needed after this step

    def made(self, here: Here) -> Floats:
        """The figure: (areas, draws)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Drawn(Step):
    """A driver in doubt: its figure with an error laid on."""

    def made(self, here: Here) -> Floats:
        """See `Step`."""
        return here.draws.move(self.item, self.year, here.get(self.sources[0]))


@dataclass(frozen=True)
class Follows(Step):
    """What follows from others by a formula."""

    formula: Callable[..., Floats] = np.asarray

    def made(self, here: Here) -> Floats:
        """See `Step`."""
        return np.asarray(self.formula(*[here.argument(s) for s in self.sources]))


@dataclass(frozen=True)
class Mirrors(Step):
    """The own level's side of a flow: what those below it have, draw by draw."""

    def made(self, here: Here) -> Floats:
        """See `Step`."""
        return here.mirrored[self.item, self.year][None]


@dataclass(frozen=True)
class Changed(Step):
    """A figure with the changes of the economy and of the scenario laid on."""

    follows: str = ""  # the stock whose changes weigh on this average
    factor: Floats | None = None
    at_end: bool = False

    def made(self, here: Here) -> Floats:
        """See `Step`."""
        value, earlier = here.get(self.sources[0]), here.earlier(self.known)
        adjust = here.adjust(self.year, self.at_end)
        if self.factor is not None:
            value = value * here.get(self.factor)
        value = adjust(self.follows or self.item, value, bool(self.follows), earlier)
        return adjust(self.item, value, False, earlier) if self.follows else value


@dataclass(frozen=True)
class Told(Step):
    """A figure that is asked for."""

    def made(self, here: Here) -> Floats:
        """See `Step`."""
        return here.get(self.sources[0])


@dataclass(frozen=True)
class Replay:
    """What is asked of areas that use the same rules, and all it needs, in order."""

    areas: int
    steps: tuple[Step, ...]
    effects: Effects | None = None

    @classmethod
    def of(
        cls, path: FundPath, rows: Ints, doubts: FundDoubts, effects: Effects | None, asked: Sequence[tuple[str, int]],
        mirrored: AbstractSet[tuple[str, int]] = frozenset(),
    ) -> Replay:  # fmt: skip
        """Find the steps that lead to what is asked.

        Parameters
        ----------
        path : FundPath
            The deterministic projection.
        rows : array of int
            Areas that use the same rules (see `alike`).
        doubts : FundDoubts
            Tell which drivers are drawn.
        effects : Effects, optional
            Changes of a scenario, by area of the path.
        asked : sequence of (item, year)
            In the order in which they are wanted.
        mirrored : set of (item, year)
            Lines of an own level of which draws are known from those below.
        """
        made = _Making(path, rows, doubts, effects, mirrored)
        for item, year in asked:
            made.steps.append(Told(item, year, -1, (made.of(item, year)[1],)))
        return cls(len(rows), _freeing(made.steps), made.effects)

    def cut(self, places: Ints) -> Replay:
        """The same for some of its areas: light enough to be sent away."""

        def part(source: Source) -> Source:
            return source[places] if isinstance(source, np.ndarray) else source

        steps = []
        for step in self.steps:
            known = {back: part(s) for back, s in step.known.items()}
            cut = replace(step, sources=tuple(part(s) for s in step.sources), known=known)
            if isinstance(cut, Changed) and cut.factor is not None:
                cut = replace(cut, factor=cut.factor[places])
            steps.append(cut)
        return Replay(len(places), tuple(steps), _cut_effects(self.effects, places))

    def told(self, start: int, stop: int, draws: Moves, mirrored: Mirrored | None = None) -> Iterator[tuple[str, int, Floats]]:
        """What was asked, of the areas from `start` up to `stop`: item, year, (areas, draws).

        The array is (areas, 1) where no draw reaches.
        """
        effects = _cut_effects(self.effects, np.arange(start, stop))
        here = Here(start, stop, draws, effects, mirrored or {})
        for step in self.steps:
            figure = step.made(here)
            if isinstance(step, Told):
                yield step.item, step.year, figure
            else:
                here.figures[step.place] = figure
            del figure
            for place in step.last:
                del here.figures[place]


class _Making:
    """The steps so far, and where each figure is found."""

    def __init__(
        self, path: FundPath, rows: Ints, doubts: FundDoubts, effects: Effects | None, mirrored: AbstractSet[tuple[str, int]]
    ) -> None:
        self.path, self.rows, self.doubts, self.mirrored = path, rows, doubts, mirrored
        every = Effects((*path.basis.policy, *(effects.effects if effects else ())))
        self.effects = _cut_effects(every, rows)
        changes = [e.change for e in self.effects.effects] if self.effects else []
        self.changed, self.late = {c.item for c in changes}, {c.item for c in changes if c.paid}
        self.steps: list[Step] = []
        self._places = 0
        self._known: dict[tuple[str, int], tuple[Source, Source]] = {}
        self._at_end: dict[tuple[str, int], Source] = {}

    def of(self, item: str, year: int) -> tuple[Source, Source]:
        """An item before changes, and with changes laid on."""
        if (item, year) not in self._known:
            self._known[item, year] = self._found(item, year)
        return self._known[item, year]

    def _found(self, item: str, year: int) -> tuple[Source, Source]:
        now = self.path.years[year]
        value = now.get(item)[self.rows]
        raw = now.raw[item][self.rows]
        if year == self.path.basis.base_year:
            return raw, value
        if self.doubts.draws(item, year, self.rows):
            with_it = self._step(lambda place: Drawn(item, year, place, (value,)))
            if np.array_equal(raw, value, equal_nan=True):
                return with_it, with_it
            return self._step(lambda place: Drawn(item, year, place, (raw,))), with_it
        index = int(now.used[item][self.rows[0], 0])
        if index == LINKED:
            if (item, year) not in self.mirrored:
                return raw, value
            before = self._step(lambda place: Mirrors(item, year, place))
            return before, self._changed(item, year, before)
        if index < 0:
            return raw, value
        rules = now.programme.by_item[item]
        sources = self._arguments(rules[index], year)
        if not any(isinstance(s, int) for s in sources):
            return raw, value
        formula = rules[index].formula
        before = self._step(lambda place: Follows(item, year, place, sources, formula=formula))
        return before, self._changed(item, year, before, rules[0].follows, economy=True)

    def _arguments(self, rule: Rule, year: int) -> tuple[Source, ...]:
        now, out = self.path.years[year], []
        for name, default in rule.parameters:
            source: Source = now.months if name == "months" else self._named(name, year)
            out.append(now.argument(name, default)[self.rows] if isinstance(source, np.ndarray) else source)
        return tuple(out)

    def _named(self, name: str, year: int) -> Source:
        """An item, or an item with a suffix of the formulas."""
        for suffix, raw in (("_raw_opening", True), ("_opening", False)):
            if name.endswith(suffix):
                if year - 1 in self.path.years and year > self.path.basis.base_year:
                    return self.of(name.removesuffix(suffix), year - 1)[0 if raw else 1]
                return self.path.years[year].get(name)[self.rows]
        if name.endswith("_raw"):
            return self.of(name.removesuffix("_raw"), year)[0]
        if name.endswith("_in_force"):
            item = name.removesuffix("_in_force")
            before = self.of(item, year)[0]
            if not isinstance(before, int):
                return self.path.years[year].get(name)[self.rows]
            if (item, year) not in self._at_end:
                self._at_end[item, year] = self._changed(item, year, before, at_end=True)
            return self._at_end[item, year]
        return self.of(name, year)[1]

    def _changed(
        self, item: str, year: int, before: Source, follows: str = "", economy: bool = False, at_end: bool = False
    ) -> Source:
        """A figure with changes laid on; itself where there are none."""
        factor = self.path.years[year].moved(follows or item, bool(follows)) if economy else None
        if factor is None and not self.changed & {item, follows}:
            return before
        known: dict[int, Source] = {}
        if self.late & {item, follows}:  # what is paid late is due on the level of its own year
            known = {year - then: self.of(item, then)[0] for then in self.path.years if then < year}
        here = None if factor is None else factor[self.rows]
        return self._step(lambda place: Changed(item, year, place, (before,), known, (), follows, here, at_end))

    def _step(self, made: Callable[[int], Step]) -> int:
        self._places += 1
        self.steps.append(made(self._places))
        return self._places


def _freeing(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps, each with the places that nothing after it needs."""
    out: list[Step] = []
    needed: set[int] = set()
    for step in reversed(steps):
        places = {s for s in (*step.sources, *step.known.values()) if isinstance(s, int)} | ({step.place} - {-1})
        out.append(replace(step, last=tuple(sorted(places - needed))))
        needed |= places
    return tuple(reversed(out))


def _cut_effects(effects: Effects | None, places: Ints) -> Effects | None:
    """Changes by some of the areas; none where they meet none of these."""
    if effects is None:
        return None
    here = tuple(Effect(e.change, e.player, e.where[places]) for e in effects.effects)
    return Effects(here) if any(e.where.any() for e in here) else None
