"""One simulation as jobs: blocks of areas of one fund, put together in a fixed order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import engine, items
from sibforecast.analysis.doubts import FACTORS, FundDoubts, doubts_of
from sibforecast.analysis.draws import Draws, Shocks
from sibforecast.analysis.replay import Replay, alike, cut_out
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.effects import Effect, Effects, effects_on
from sibforecast.assumptions.scenario import Scenario
from sibforecast.projection.fund import FundPath
from sibforecast.projection.project import run_scenarios

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
LINES = (
    *items.REVENUE_LINES, "revenue_subtotal", *items.INTER_LEVEL_REVENUE, "total_revenue", *items.EXPENDITURE_LINES,
    "expenditure_subtotal", *items.INTER_LEVEL_EXPENDITURE, "total_expenditure", "gap", "current_balance", "closing_balance",
    "months_payable",
)  # fmt: skip
#: Lines whose sum over areas is the figure of the area above; totals hold what areas send each other.
_SUMMED = frozenset({*items.REVENUE_LINES, "revenue_subtotal", *items.EXPENDITURE_LINES, "expenditure_subtotal", "gap",
                     "current_balance", "closing_balance"})  # fmt: skip
#: Areas of one job, and figures of one array: neither changes a number.
BLOCK, CELLS = 64, 60_000



@dataclass(frozen=True)
class Question:
    """What is asked of draws: how often a figure lies above or below a value, or how much of it on average."""

    name: str
    item: str
    above: float | None = None
    below: float | None = None
    amount: bool = False

    def of(self, values: Floats) -> Floats:
        """The answer of each area: (areas, draws) in, (areas,) out; unknown where the figure is."""
        if self.amount:
            over = np.maximum(values - (self.above or 0.0), 0.0)
            answer = over.mean(axis=1)
        elif self.above is not None:
            answer = (values > self.above).mean(axis=1)
        else:
            answer = (values < (self.below or 0.0)).mean(axis=1)
        return np.where(np.isnan(values).any(axis=1), np.nan, answer)


@dataclass(frozen=True)
class Job:
    """Some areas of one fund."""

    path: FundPath
    effects: Effects | None
    doubts: FundDoubts
    rows: Ints
    uppers: tuple[str, ...]  # areas above all of them, nearest first
    years: tuple[int, ...]
    lines: tuple[str, ...]
    draws: int
    seed: int
    cells: int
    questions: tuple[Question, ...]
    mirrored: Mapping[tuple[int, str, int], Floats] = field(default_factory=dict)
    moments: bool = False  # whether deviations are asked for
    kept: tuple[str, ...] = ()  # lines whose draws are handed back, summed by unit
    units: tuple[str, ...] = ()  # the unit of each row


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
        self.keeping, self.unit, self.moments = kept, unit, False

    def _start(self) -> None:
        """Nothing is known yet."""
        self.deviations: dict[tuple[str, str, int], float] = {}  # by area, fund and year, of the last line asked for
        self.kept: dict[tuple[str, str, str, int], Floats] = {}  # draws by unit, fund, line and year
        self._stats: list[tuple[tuple[str, ...], str, str, int, Floats]] = []  # areas, fund, line, year, mean and quantiles
        self._told: list[tuple[tuple[str, ...], str, str, int, Floats]] = []  # areas, fund, question, year, answers
        self._sums: dict[tuple[str, str], dict[tuple[str, int], Floats]] = {}  # of upper areas not yet complete
        self._open: Counter[tuple[str, str]] = Counter()  # how many of their jobs are
        self._unknown: set[tuple[str, str, str, int]] = set()

    def of_drivers(self, line: str, drivers: frozenset[tuple[str, str]] | None) -> Run:
        """The same simulation of one line, its deviations wanted, with some drivers drawn and the funds they are in."""
        out = copy(self)
        out.lines, out.questions, out.moments = (line,), (), True
        if drivers is not None:
            codes = {code for code, _ in drivers}
            out.paths = {code: path for code, path in self.paths.items() if code in codes}
            out.doubts = {code: _only(fund, drivers) for code, fund in self.doubts.items() if code in codes}
        out._start()
        return out

    def go(self, on: Executor | None = None) -> None:
        """Do all jobs: areas by themselves first, then own levels that mirror them."""
        first, second = self._jobs()
        self._open = Counter((upper, job.path.basis.programme.code) for job in (*first, *second) for upper in job.uppers)
        self._find_unknown()
        linked: dict[tuple[str, int, str, int], Floats] = {}
        sent = first if on is None else [_light(job) for job in first]
        for job, answer in zip(first, engine.run(_work, sent, on, title="simulating"), strict=True):
            self._take(job, answer)
            for (area, item, year), part in answer.mirrors.items():
                key = (job.path.basis.programme.code, area, item, year)
                linked[key] = linked[key] + part if key in linked else part
        second = [
            replace(job, mirrored={(a, i, y): v for (c, a, i, y), v in linked.items() if c == job.path.basis.programme.code})
            for job in second
        ]  # fmt: skip
        for job, answer in zip(second, engine.run(_work, second, on, title="own levels"), strict=True):
            self._take(job, answer)

    def _jobs(self) -> tuple[list[Job], list[Job]]:
        """Blocks of areas below one another's nearest area; own levels apart."""
        first: list[Job] = []
        second: list[Job] = []
        tree = self.assumptions.source.regions
        changes = self.scenario.in_order if self.scenario else ()
        for code, path in self.paths.items():
            doubts = self.doubts.get(code) or FundDoubts(code, path.basis.areas, (), {}, np.zeros((0, 0)), np.zeros((0, FACTORS)))
            effects = effects_on(changes, code, path.basis.areas, tree) if changes else None
            own = {link.area for link in path.basis.links}
            blocks: dict[tuple[str, ...], list[int]] = {}
            for place, area in enumerate(path.basis.areas):
                blocks.setdefault(tuple(tree.ancestors(area)) if area in tree.areas else (), []).append(place)
            for uppers, places in blocks.items():
                for linked, group in ((False, [p for p in places if p not in own]), (True, [p for p in places if p in own])):
                    for start in range(0, len(group), 1 if linked else BLOCK):
                        rows = np.array(group[start : start + (1 if linked else BLOCK)], dtype=np.int64)
                        job = Job(path, effects, doubts, rows, uppers, self.years, self.lines, self.draws, self.seed, self.cells,
                                   self.questions, moments=self.moments, kept=self.keeping,
                                   units=tuple(self.unit_of(path.basis.areas[r]) for r in rows))  # fmt: skip
                        (second if linked else first).append(job)
        return first, second

    def unit_of(self, area: str) -> str:
        """The area whose draws an area's are part of."""
        tree = self.assumptions.source.regions
        return tree.at_level(area, self.unit) if self.unit and area in tree.areas else area

    def _take(self, job: Job, answer: Answer) -> None:
        """An answer of some areas: their figures, and their part of the sums above them."""
        code = job.path.basis.programme.code
        names = tuple(job.path.basis.areas[row] for row in job.rows)
        self._stats.extend((names, code, line, year, stats) for (line, year), stats in answer.stats.items())
        self._told.extend((names, code, name, year, told) for (name, year), told in answer.told.items())
        for year, spread in answer.deviations.items():
            self.deviations |= {(name, code, year): float(one) for name, one in zip(names, spread, strict=True)}
        for (unit, line, year), part in answer.kept.items():
            here = (unit, code, line, year)
            self.kept[here] = self.kept[here] + part if here in self.kept else part
        for upper in job.uppers:
            mine = self._sums.setdefault((upper, code), {})
            for key, total in answer.sums.items():
                mine[key] = mine[key] + total if key in mine else total
            self._open[upper, code] -= 1
            if not self._open[upper, code]:
                self._finish(upper, code, self._sums.pop((upper, code)))

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
            self._stats.append(((upper,), code, line, year, _stats(total[None])))
            if self.moments:
                self.deviations[upper, code, year] = float(total.std())
            for question in self.questions:
                if question.item == line:
                    self._told.append(((upper,), code, question.name, year, question.of(total[None])))

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
                for line in (line for line in self.lines if line in _SUMMED):
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
        table = _tidy(self._stats, ("region", "programme", "item", "period"), each)
        table["quantile"] = np.tile([np.nan, *QUANTILES], len(table) // each)
        table["scenario"] = pd.Series([self.title] * len(table), dtype="category")
        table = table[["region", "programme", "item", "period", "scenario", "quantile", "value"]]
        return table[table["value"].notna()].reset_index(drop=True)

    def chances(self) -> pd.DataFrame:
        """Answers to the questions, one row an area, fund and year."""
        table = _tidy(self._told, ("region", "programme", "name", "period"), 1).dropna(subset=["value"])
        text = table.astype(dict.fromkeys(("region", "programme", "name", "period"), str))
        wide = text.pivot_table(index=["region", "programme", "period"], columns="name", values="value", sort=False)
        wide = wide.reindex(columns=[q.name for q in self.questions])
        wide.columns.name = None
        return wide.reset_index()


def _tidy(blocks: list[tuple[tuple[str, ...], str, str, int, Floats]], names: tuple[str, ...], each: int) -> pd.DataFrame:
    """Blocks of areas × figures as one table; words as categories, for there are many rows and few words."""
    words: list[dict[str, int]] = [{} for _ in names]
    codes: list[list[npt.NDArray[np.int32]]] = [[] for _ in names]
    for areas, code, line, year, values in blocks:
        for column, told in enumerate((areas, (code,), (line,), (str(year),))):
            places = np.array([words[column].setdefault(w, len(words[column])) for w in told], dtype=np.int32)
            codes[column].append(np.repeat(places, each) if column == 0 else np.full(values.size, places[0], dtype=np.int32))
    table: dict[str, Any] = {}
    for name, known, parts in zip(names, words, codes, strict=True):
        joined = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)
        table[name] = pd.Categorical.from_codes(joined, categories=pd.Index(list(known), dtype=object))
    table["value"] = np.concatenate([values.ravel() for *_, values in blocks]) if blocks else np.zeros(0)
    return pd.DataFrame(table)


def _only(fund: FundDoubts, drivers: frozenset[tuple[str, str]]) -> FundDoubts:
    """The doubts of some drivers alone."""
    others = {i: d for i, d in fund.items.items() if (fund.programme, i) not in drivers}
    sure = {i: replace(d, deviation=np.zeros_like(d.deviation)) for i, d in others.items()}
    return replace(fund, items={**fund.items, **sure})


@dataclass
class Answer:
    """What a job found."""

    stats: dict[tuple[str, int], Floats] = field(default_factory=dict)  # (areas, mean and quantiles)
    told: dict[tuple[str, int], Floats] = field(default_factory=dict)  # (areas,)
    sums: dict[tuple[str, int], Floats] = field(default_factory=dict)  # (draws,)
    mirrors: dict[tuple[int, str, int], Floats] = field(default_factory=dict)  # (draws,)
    kept: dict[tuple[str, str, int], Floats] = field(default_factory=dict)  # (draws,)
    deviations: dict[int, Floats] = field(default_factory=dict)  # (areas,)


def _light(job: Job) -> Job:
    """A job with its own areas alone, to be sent away."""
    if job.path.basis.links:
        return job
    rows, doubts = job.rows, job.doubts
    parts = {i: replace(d, way=d.way[rows], deviation=d.deviation[rows], keep=d.keep[rows], step=d.step[rows], tail=d.tail[rows])
             for i, d in doubts.items.items()}  # fmt: skip
    effects = job.effects and Effects(tuple(Effect(e.change, e.player, e.where[rows]) for e in job.effects.effects))
    own = replace(doubts, areas=tuple(doubts.areas[r] for r in rows), items=parts)
    return replace(job, path=cut_out(job.path, rows), doubts=own, effects=effects, rows=np.arange(len(rows)))


def _work(job: Job) -> Answer:
    """All figures of some areas, a few areas at a time; sums in the order of the areas."""
    out = Answer()
    number = len(job.rows)
    place = {int(row): i for i, row in enumerate(job.rows)}
    many = max(1, job.cells // job.draws)
    summed: dict[tuple[str, int], dict[int, Floats]] = {}
    shared: dict[str, Shocks] = {}
    for group in alike(job.path, job.rows, tuple(y for y in job.path.years if y <= job.years[-1])):
        for start in range(0, len(group), many):
            rows = group[start : start + many]
            replay = Replay(job.path, rows, Draws(job.doubts, rows, job.draws, job.seed, shared), job.effects, job.mirrored)
            for year in job.years:
                replay.forget(year - 1)
                here = [place[int(r)] for r in rows]
                for line, value in _values(job, replay, year):
                    _note(out, job, line, year, value, here)
                    if line in _SUMMED or line in job.kept:
                        table = summed.setdefault((line, year), {})
                        table.update(dict(zip(here, value, strict=True)))
                for link in job.path.basis.links:
                    _mirror(out, replay, link.area, link.item, link.mirror, set(link.below), year, job.draws)
    for key, table in summed.items():
        for index in sorted(table) if key[0] in job.kept else ():
            unit = (job.units[index], *key)
            out.kept[unit] = out.kept.get(unit, np.zeros(job.draws)) + table[index]
        if key[0] not in _SUMMED:
            continue
        total = np.zeros(job.draws)
        for index in range(number):
            if index in table and not np.isnan(table[index]).any():
                total = total + table[index]
        out.sums[key] = total
    return out


def _note(out: Answer, job: Job, line: str, year: int, value: Floats, here: list[int]) -> None:
    """Statistics and answers of a line for some of the job's areas."""
    number = len(job.rows)
    out.stats.setdefault((line, year), np.full((number, 1 + len(QUANTILES)), np.nan))[here] = _stats(value)
    if job.moments:
        out.deviations.setdefault(year, np.zeros(number))[here] = value.std(axis=1)
    for question in job.questions:
        if question.item == line:
            out.told.setdefault((question.name, year), np.full(number, np.nan))[here] = question.of(value)


def _values(job: Job, replay: Replay, year: int) -> Iterator[tuple[str, Floats]]:
    """Each line's draws; what is no number in any draw of an area is unknown there."""
    for line in job.lines:
        value = replay.get(line, year)
        fine = np.isfinite(value.sum(axis=1))
        if not fine.all():
            value = np.where(fine[:, None], value, np.nan)
        if fine.any():
            yield line, value


def _mirror(
    out: Answer, replay: Replay, area: int, item: str, mirror: str, below: set[int], year: int, draws: int
) -> None:
    value = replay.get(mirror, year)
    for index, row in enumerate(replay.rows):
        if int(row) in below:
            part = np.broadcast_to(np.nan_to_num(value[index]), (draws,))
            key = (area, item, year)
            out.mirrors[key] = out.mirrors[key] + part if key in out.mirrors else part


def _stats(value: Floats) -> Floats:
    """Mean and exact quantiles of draws: (areas, 1 + quantiles)."""
    if value.shape[1] == 1:
        return np.repeat(value, 1 + len(QUANTILES), axis=1)
    last = value.shape[1] - 1
    at = np.array(QUANTILES) * last
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, last)
    ordered = np.sort(value, axis=1)  # vectorised; faster than the partition of ten places
    part = at - low
    quantiles = ordered[:, low] * (1.0 - part) + ordered[:, high] * part
    return np.column_stack([value.mean(axis=1), quantiles])
