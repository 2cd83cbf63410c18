"""One simulation as jobs: blocks of areas of one fund, put together in a fixed order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import engine, items
from sibforecast.analysis.doubts import FACTORS, FundDoubts, doubts_of
from sibforecast.analysis.jobs import QUANTILES, SUMMED, Answer, Job, Question, add, stats_of, work
from sibforecast.analysis.replay import Replay, alike
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.effects import effects_on
from sibforecast.assumptions.scenario import Scenario
from sibforecast.projection.project import run_scenarios

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LINES = (
    *items.REVENUE_LINES, "revenue_subtotal", *items.INTER_LEVEL_REVENUE, "total_revenue", *items.EXPENDITURE_LINES,
    "expenditure_subtotal", *items.INTER_LEVEL_EXPENDITURE, "total_expenditure", "gap", "current_balance", "closing_balance",
    "months_payable",
)  # fmt: skip
#: Areas of one job, figures of one array, and bytes that a job hands back of sums for the areas above.
#: None of them changes a number but BLOCK, which says in what order sums are made.
BLOCK, CELLS, SUMS = 64, 80_000, 1 << 22


@dataclass(frozen=True)
class Block:
    """Areas of a fund that make one job; those with the same areas above them are one piece, summed by itself."""

    code: str
    pieces: tuple[tuple[Ints, tuple[str, ...]], ...]

    @property
    def rows(self) -> Ints:
        """The areas, by their places in the fund."""
        return np.concatenate([rows for rows, _ in self.pieces])


class Jobs(Sequence[Job]):
    """Jobs made when they are asked for: what waits takes no room."""

    def __init__(self, makers: Sequence[Callable[[], Job]]) -> None:
        self.makers = makers

    def __len__(self) -> int:
        return len(self.makers)

    def __getitem__(self, place: Any) -> Any:
        return self.makers[place]()


class Run:
    """One simulation: its jobs, and their answers put together in a fixed order."""

    def __init__(
        self, assumptions: Assumptions, scenario: Scenario | None, draws: int, seed: int, years: tuple[int, ...],
        lines: tuple[str, ...], questions: tuple[Question, ...], cells: int = CELLS,
        kept: tuple[str, ...] = (), unit: str = "",
    ) -> None:  # fmt: skip
        self.assumptions, self.scenario, self.draws, self.seed = assumptions, scenario, draws, seed
        self.years, self.lines, self.questions, self.cells = years, lines, questions, cells
        many = run_scenarios(assumptions, [scenario] if scenario else [], years=len(years), baseline=scenario is None)
        self.title = scenario.title if scenario else ""
        self.paths = many.paths[self.title]
        self.doubts = doubts_of(assumptions, self.paths, years[-1])
        self._start()
        self.keeping, self.unit, self.spread = kept, unit, ""

    def _start(self) -> None:
        """Nothing is known yet."""
        self.deviations: dict[tuple[str, str, int], float] = {}  # by area, fund and year, of the last line asked for
        self.kept: dict[tuple[str, str, str, int], Floats] = {}  # draws by unit, fund, line and year
        self._stats: list[tuple[tuple[str, ...], str, str, int, Floats]] = []  # areas, fund, line, year, mean and quantiles
        self._table, self._filled = np.empty((self._most(), 1 + len(QUANTILES))), 0  # where they lie, one after the other
        self._told: list[tuple[tuple[str, ...], str, str, int, Floats]] = []  # areas, fund, question, year, answers
        self._sums: dict[tuple[str, str], dict[tuple[str, int], Floats]] = {}  # of upper areas not yet complete
        self._open: Counter[tuple[str, str]] = Counter()  # how many of their jobs are
        self._unknown: set[tuple[str, str, str, int]] = set()

    def of_drivers(self, line: str, drivers: frozenset[tuple[str, str]] | None) -> Run:
        """The same simulation of one line, its deviations wanted, with some drivers drawn and the funds they are in."""
        out = copy(self)
        out.lines, out.questions, out.spread = (line,), (), line
        if drivers is not None:
            codes = {code for code, _ in drivers}
            out.paths = {code: path for code, path in self.paths.items() if code in codes}
            out.doubts = {code: _only(fund, drivers) for code, fund in self.doubts.items() if code in codes}
        out._start()
        return out

    def go(self, on: Executor | None = None) -> None:
        """Do all jobs: areas by themselves first, then own levels that mirror them."""
        first, second = self._blocks()
        self._open = Counter((upper, b.code) for b in (*first, *second) for _, uppers in b.pieces for upper in uppers)
        self._find_unknown()
        linked: dict[str, dict[tuple[int, str, int], Floats]] = {}
        for block, answer in zip(first, self._done(first, {}, on, "simulating"), strict=True):
            self._take(block, answer)
            mine = linked.setdefault(block.code, {})
            for key, part in answer.mirrors.items():
                add(mine, key, part)
        for block, answer in zip(second, self._done(second, linked, on, "own levels"), strict=True):
            self._take(block, answer)

    def _done(
        self, blocks: list[Block], linked: Mapping[str, Mapping[tuple[int, str, int], Floats]], on: Executor | None, title: str
    ) -> Iterator[Answer]:
        """The answers of blocks of areas, in their order."""
        replays: dict[str, _Replays] = {}

        def job(block: Block) -> Job:
            code = block.code
            if code not in replays:
                replays.clear()  # one fund after the other
                replays[code] = _Replays(self, code)
            return replays[code].job(block, linked.get(code, {}))

        yield from engine.run(work, Jobs([partial(job, block) for block in blocks]), on, title=title)

    def _blocks(self) -> tuple[list[Block], list[Block]]:
        """Blocks of areas below one another's nearest area; own levels apart."""
        first: list[Block] = []
        second: list[Block] = []
        tree = self.assumptions.source.regions
        for code, path in self.paths.items():
            own = {link.area for link in path.basis.links}
            below: dict[tuple[str, ...], list[int]] = {}
            for place, area in enumerate(path.basis.areas):
                below.setdefault(tuple(tree.ancestors(area)) if area in tree.areas else (), []).append(place)
            pieces: list[tuple[Ints, tuple[str, ...]]] = []
            for uppers, places in below.items():
                group = [p for p in places if p not in own]
                pieces.extend((np.array(group[i : i + BLOCK], dtype=np.int64), uppers) for i in range(0, len(group), BLOCK))
                second.extend(Block(code, ((np.array([p], dtype=np.int64), uppers),)) for p in places if p in own)
            first.extend(self._packed(code, pieces, not own))
        return first, second

    def _packed(self, code: str, pieces: list[tuple[Ints, tuple[str, ...]]], may_join: bool) -> Iterator[Block]:
        """Small pieces joined, so that what every job costs is shared; no sum runs across pieces."""
        bytes_each = 8 * self.draws * len(self.years) * sum(line in SUMMED for line in self.lines)
        most = max(1, SUMS // max(bytes_each, 1)) if may_join and not self.keeping else 1
        waiting: list[tuple[Ints, tuple[str, ...]]] = []
        for piece in pieces:
            if waiting and (len(waiting) == most or sum(len(rows) for rows, _ in waiting) + len(piece[0]) > BLOCK):
                yield Block(code, tuple(waiting))
                waiting = []
            waiting.append(piece)
        if waiting:
            yield Block(code, tuple(waiting))

    def unit_of(self, area: str) -> str:
        """The area whose draws an area's are part of."""
        tree = self.assumptions.source.regions
        return tree.at_level(area, self.unit) if self.unit and area in tree.areas else area

    def _take(self, block: Block, answer: Answer) -> None:
        """An answer of some areas: their figures, and their part of the sums above them."""
        names, code = answer.areas, block.code
        for (line, year), stats in answer.stats.items():
            self._keep(names, code, line, year, stats)
        self._told.extend((names, code, name, year, told) for (name, year), told in answer.told.items())
        for year, spread in answer.deviations.items():
            self.deviations |= {(name, code, year): float(one) for name, one in zip(names, spread, strict=True)}
        for (unit, line, year), part in answer.kept.items():
            add(self.kept, (unit, code, line, year), part)
        for number, (_, uppers) in enumerate(block.pieces):
            for upper in uppers:
                mine = self._sums.setdefault((upper, code), {})
                for (piece, line, year), total in answer.sums.items():
                    if piece == number:
                        add(mine, (line, year), total)
                self._open[upper, code] -= 1
                if not self._open[upper, code]:
                    self._finish(upper, code, self._sums.pop((upper, code)))

    def _most(self) -> int:
        """How many figures there may be at most."""
        tree = self.assumptions.source.regions
        areas = [p.basis.areas for p in self.paths.values()]
        known = [{*mine, *(upper for area in mine if area in tree.areas for upper in tree.ancestors(area))} for mine in areas]
        return sum(map(len, known)) * len(set(self.lines)) * len(self.years)

    def _keep(self, areas: tuple[str, ...], code: str, line: str, year: int, stats: Floats) -> None:
        """Take figures over: nothing of the answer itself stays, and its memory is free for the next one."""
        place = self._table[self._filled : self._filled + len(areas)]
        place[:] = stats
        self._filled += len(areas)
        self._stats.append((areas, code, line, year, place))

    def _finish(self, upper: str, code: str, sums: dict[tuple[str, int], Floats]) -> None:
        """Figures of an upper area: quantiles of the sums of those below, draw by draw; blank where one of them is unknown."""
        for year in self.years:
            flow = self._own_side(upper, code, year)
            if flow and ("gap", year) in sums:
                sums["gap", year] = sums["gap", year] + flow
            balance, spending = sums.get(("closing_balance", year)), sums.get(("expenditure_subtotal", year))
            if balance is not None and spending is not None and "months_payable" in self.lines and (spending != 0).all():
                sums["months_payable", year] = balance * 12.0 / spending
        for (line, year), total in sums.items():
            parts = ("closing_balance", "expenditure_subtotal") if line == "months_payable" else (line,)
            if any((upper, code, part, year) in self._unknown for part in parts):
                continue
            ordered = np.sort(total)[None]
            self._keep((upper,), code, line, year, stats_of(ordered, total[None].sum(axis=1)))
            if self.spread == line:
                self.deviations[upper, code, year] = float(total.std())
            for question in self.questions:
                if question.item == line:
                    self._told.append(((upper,), code, question.name, year, question.of_ordered(ordered)))

    def _own_side(self, upper: str, code: str, year: int) -> float:
        """What flows whose other side is an area made of areas move its gap by."""
        path, tree, out = self.paths[code], self.assumptions.source.regions, 0.0
        for side in path.basis.upper:
            if upper == side.region or upper in tree.ancestors(side.region):
                flow = float(np.nan_to_num(side.total(path.value(side.mirror, year))[0]))
                out += flow if side.item == "lower_grant" else -flow
        return out

    def _find_unknown(self) -> None:
        """Lines of upper areas that some area below does not know: a sum of some is not the sum of all.

        A line that an area with lines of its own does not have is none of it.
        """
        tree = self.assumptions.source.regions
        for code, path in self.paths.items():
            for year in self.years:
                now = path.years[year]
                for line in (line for line in self.lines if line in SUMMED):
                    blank = np.isnan(now.get(line)[:, 0])
                    side = "revenue" if items.CATALOGUE[line].side == "revenue" else "expenditure"
                    flag = now.given.get(f"{side}_itemised")
                    if line in items.STATUTORY_LINES and flag is not None:
                        blank &= flag[:, 0] != 1.0
                    if not blank.any() or blank.all():
                        continue
                    for place in np.flatnonzero(blank):
                        area = path.basis.areas[int(place)]
                        above = tree.ancestors(area) if area in tree.areas else ()
                        self._unknown |= {(upper, code, line, year) for upper in above}

    def frame(self) -> pd.DataFrame:
        """The tidy table."""
        each = 1 + len(QUANTILES)
        table = _tidy(self._stats, ("region", "programme", "item", "period"), self._table[: self._filled])
        title = pd.Categorical.from_codes(np.zeros(len(table), dtype=np.int8), categories=pd.Index([self.title], dtype=object))
        table.insert(4, "scenario", pd.Series(title))
        table.insert(5, "quantile", np.tile([np.nan, *QUANTILES], len(table) // each))
        return table

    def chances(self) -> pd.DataFrame:
        """Answers to the questions, one row an area, fund and year."""
        names = [q.name for q in self.questions]
        blocks: dict[tuple[tuple[str, ...], str, int], Floats] = {}
        for areas, code, name, year, told in self._told:
            table = blocks.setdefault((areas, code, year), np.full((len(areas), len(names)), np.nan))
            table[:, names.index(name)] = told
        values = np.concatenate([np.empty((0, len(names))), *blocks.values()])
        keys = {
            "region": [area for areas, _, _ in blocks for area in areas],
            "programme": [code for areas, code, _ in blocks for _ in areas],
            "period": [period for areas, _, year in blocks for period in [str(year)] * len(areas)],
        }
        is_told = ~np.isnan(values).all(axis=1)
        columns = {key: pd.Series(np.array(words, dtype=object)[is_told], dtype="str") for key, words in keys.items()}
        return pd.DataFrame(columns | dict(zip(names, values[is_told].T, strict=True)))


def _tidy(blocks: list[tuple[tuple[str, ...], str, str, int, Floats]], names: tuple[str, ...], figures: Floats) -> pd.DataFrame:
    """Blocks of areas × figures as one table without what is unknown; words as categories: there are many rows and few words.

    The figures of the blocks lie one after the other in `figures`.
    """
    words: list[dict[str, int]] = [{} for _ in names]
    for areas, code, line, year, _ in blocks:
        for known, told in zip(words, (areas, (code,), (line,), (str(year),)), strict=True):
            for word in told:
                known.setdefault(word, len(known))
    kinds = [np.int8 if len(known) < 128 else np.int16 if len(known) < 32_768 else np.int32 for known in words]
    codes: list[npt.NDArray[np.signedinteger[Any]]] = [np.empty(len(figures), dtype=kind) for kind in kinds]
    start = 0
    for areas, code, line, year, _ in blocks:
        here = slice(start, start + len(areas))
        codes[0][here] = [words[0][area] for area in areas]
        for column, word in enumerate((code, line, str(year)), 1):
            codes[column][here] = words[column][word]
        start += len(areas)
    is_told = ~np.isnan(figures[:, 0])
    if not is_told.all():
        figures, codes = figures[is_told], [code[is_told] for code in codes]
    table: dict[str, Any] = {
        name: pd.Categorical.from_codes(np.repeat(code, figures.shape[1]), categories=pd.Index(list(known), dtype=object))
        for name, known, code in zip(names, words, codes, strict=True)
    }
    table["value"] = figures.reshape(-1)
    return pd.DataFrame(table, copy=False)


def _only(fund: FundDoubts, drivers: frozenset[tuple[str, str]]) -> FundDoubts:
    """The doubts of some drivers alone."""
    others = {i: d for i, d in fund.items.items() if (fund.programme, i) not in drivers}
    sure = {i: replace(d, deviation=np.zeros_like(d.deviation)) for i, d in others.items()}
    return replace(fund, items={**fund.items, **sure})


class _Replays:
    """The replays of a fund: one for all areas that use the same rules."""

    def __init__(self, run: Run, code: str) -> None:
        self.run, self.path = run, run.paths[code]
        basis = self.path.basis
        self.doubts = run.doubts.get(code) or FundDoubts(code, basis.areas, (), {}, np.zeros((0, 0)), np.zeros((0, FACTORS)))
        changes = run.scenario.in_order if run.scenario else ()
        self.effects = effects_on(changes, code, basis.areas, run.assumptions.source.regions) if changes else None
        wanted = dict.fromkeys((*run.lines, *(link.mirror for link in basis.links)))
        self.asked = [(line, year) for year in run.years for line in wanted]
        self.own = {link.area for link in basis.links}
        self.made: dict[int, Replay] = {}
        rows = np.arange(len(basis.areas))
        years = tuple(y for y in self.path.years if y <= run.years[-1])
        self.groups = alike(self.path, rows, years) if len(rows) else []
        self.group, self.place = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
        for number, group in enumerate(self.groups):
            self.group[group], self.place[group] = number, np.arange(len(group))

    def job(self, block: Block, linked: Mapping[tuple[int, str, int], Floats]) -> Job:
        """A job of some areas."""
        rows = block.rows
        run, areas = self.run, tuple(self.path.basis.areas[r] for r in rows)
        mirrored = {(item, year): draws for (area, item, year), draws in linked.items() if area == rows[0]}
        if mirrored:
            drawn = {key for key, draws in mirrored.items() if len(draws) > 1}
            whole = Replay.of(self.path, rows, self.doubts, self.effects, self.asked, drawn)
            parts: tuple[tuple[Replay, Ints], ...] = ((whole, np.arange(1)),)
        else:
            parts = tuple((self._replay(number).cut(self.place[rows[here]]), here) for number, here in self._by_group(rows))
        place = {int(row): i for i, row in enumerate(rows)}
        links = [(k.area, k.item, k.mirror, frozenset(place[b] for b in k.below if b in place)) for k in self.path.basis.links]
        units = tuple(run.unit_of(a) for a in areas)
        piece = tuple(number for number, (below, _) in enumerate(block.pieces) for _ in below)
        return Job(areas, parts, piece, self.doubts.cut(rows), run.draws, run.seed, run.cells, run.lines, run.questions,
                   tuple(links), mirrored, run.spread, run.keeping, units)  # fmt: skip

    def _by_group(self, rows: Ints) -> Iterator[tuple[int, Ints]]:
        for number in np.unique(self.group[rows]):
            yield int(number), np.flatnonzero(self.group[rows] == number)

    def _replay(self, number: int) -> Replay:
        if number not in self.made:
            self.made[number] = Replay.of(self.path, self.groups[number], self.doubts, self.effects, self.asked)
        return self.made[number]


