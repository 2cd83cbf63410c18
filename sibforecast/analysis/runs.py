"""One simulation as jobs: blocks of areas of one fund, put together in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import engine, items
from sibforecast.analysis.doubts import FACTORS, FundDoubts, doubts_of
from sibforecast.analysis.draws import Draws, Shocks
from sibforecast.analysis.replay import Replay, alike
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.effects import Effects, effects_on
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
BLOCK, CELLS = 64, 120_000



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


class Run:
    """One simulation: its jobs, and their answers put together in a fixed order."""

    def __init__(
        self, assumptions: Assumptions, scenario: Scenario | None, draws: int, seed: int, years: tuple[int, ...],
        lines: tuple[str, ...], questions: tuple[Question, ...], cells: int = CELLS,
        keep: Callable[[str, str], bool] | None = None, only: frozenset[tuple[str, str]] | None = None,
    ) -> None:  # fmt: skip
        self.assumptions, self.scenario, self.draws, self.seed = assumptions, scenario, draws, seed
        self.years, self.lines, self.questions, self.cells = years, lines, questions, cells
        many = run_scenarios(assumptions, [scenario] if scenario else [], years=len(years), baseline=scenario is None)
        self.title = scenario.title if scenario else ""
        self.paths = many.paths[self.title]
        self.doubts = doubts_of(assumptions, self.paths, years[-1])
        if only is not None:  # some drivers only: what each one's doubt is worth
            self.doubts = {code: _only(fund, only) for code, fund in self.doubts.items()}
        self.keep = keep or (lambda region, line: False)
        self.kept: dict[tuple[str, str, str, int], Floats] = {}
        self.rows: list[tuple[str, str, str, int, float, float]] = []
        self.told: list[dict[str, Any]] = []
        self._sums: dict[tuple[str, str, str, int], Floats] = {}

    def go(self, on: Executor | None = None) -> None:
        """Do all jobs: areas by themselves first, then own levels that mirror them."""
        first, second = self._jobs()
        linked: dict[tuple[str, int, str, int], Floats] = {}
        for job, answer in zip(first, engine.run(_work, first, on, title="simulating"), strict=True):
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
        self._uppers()

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
                                   self.questions)  # fmt: skip
                        (second if linked else first).append(job)
        return first, second

    def _take(self, job: Job, answer: Answer) -> None:
        """An answer of some areas: their figures, and their part of the sums above them."""
        code = job.path.basis.programme.code
        for (line, year), stats in answer.stats.items():
            for place, row in enumerate(job.rows):
                self._add(job.path.basis.areas[row], code, line, year, stats[place])
        for (name, year), told in answer.told.items():
            for place, row in enumerate(job.rows):
                self._tell(job.path.basis.areas[row], code, year, name, float(told[place]))
        for (line, year), total in answer.sums.items():
            for upper in job.uppers:
                key = (upper, code, line, year)
                self._sums[key] = self._sums[key] + total if key in self._sums else total

    def _uppers(self) -> None:
        """Figures of upper areas: quantiles of the sums of those below, draw by draw."""
        for path in self.paths.values():  # flows whose other side is an area made of these
            for side in path.basis.upper:
                for year in self.years:
                    flow = float(np.nan_to_num(side.total(path.value(side.mirror, year))[0]))
                    sign = 1.0 if side.item == "lower_grant" else -1.0
                    for upper in (side.region, *self.assumptions.source.regions.ancestors(side.region)):
                        key = (upper, path.basis.programme.code, "gap", year)
                        if key in self._sums:
                            self._sums[key] = self._sums[key] + sign * flow
        for (upper, code, line, year), total in self._sums.items():
            self._add(upper, code, line, year, _stats(total[None])[0])
            for question in self.questions:
                if question.item == line:
                    self._tell(upper, code, year, question.name, float(question.of(total[None])[0]))
            if self.keep(upper, line):
                self.kept[upper, code, line, year] = total
        self._months()

    def _months(self) -> None:
        """Months payable of upper areas, from their sums."""
        for upper, code, line, year in list(self._sums):
            spending = self._sums.get((upper, code, "expenditure_subtotal", year))
            if line != "closing_balance" or spending is None or "months_payable" not in self.lines:
                continue
            with np.errstate(invalid="ignore", divide="ignore"):
                months = (self._sums[upper, code, line, year] * 12.0 / spending)[None]
            self._add(upper, code, "months_payable", year, _stats(months)[0])
            for question in self.questions:
                if question.item == "months_payable":
                    self._tell(upper, code, year, question.name, float(question.of(months)[0]))

    def _add(self, region: str, code: str, line: str, year: int, stats: Floats) -> None:
        if not np.isnan(stats[0]):
            for quantile, value in zip((np.nan, *QUANTILES), stats, strict=True):
                self.rows.append((region, code, line, year, quantile, float(value)))

    def _tell(self, region: str, code: str, year: int, name: str, value: float) -> None:
        if value == value:
            self.told.append({"region": region, "programme": code, "period": str(year), "name": name, "value": value})

    def frame(self) -> pd.DataFrame:
        """The tidy table."""
        table = pd.DataFrame(self.rows, columns=["region", "programme", "item", "period", "quantile", "value"])
        table["period"] = table["period"].astype(str)
        table.insert(4, "scenario", self.title)
        return table.astype(dict.fromkeys(("region", "programme", "item", "period", "scenario"), "category"))

    def chances(self) -> pd.DataFrame:
        """Answers to the questions, one row an area, fund and year."""
        table = pd.DataFrame(self.told, columns=["region", "programme", "period", "name", "value"])
        wide = table.pivot_table(index=["region", "programme", "period"], columns="name", values="value", sort=False)
        wide = wide.reindex(columns=[q.name for q in self.questions])
        wide.columns.name = None
        return wide.reset_index()


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
            for line, year, value in _values(job, replay):
                here = [place[int(r)] for r in rows]
                out.stats.setdefault((line, year), np.full((number, 1 + len(QUANTILES)), np.nan))[here] = _stats(value)
                for question in job.questions:
                    if question.item == line:
                        answer = out.told.setdefault((question.name, year), np.full(number, np.nan))
                        answer[here] = question.of(value)
                if line in _SUMMED:
                    table = summed.setdefault((line, year), {})
                    table.update(dict(zip(here, value, strict=True)))
            for link in job.path.basis.links:
                for year in job.years:
                    _mirror(out, replay, link.area, link.item, link.mirror, set(link.below), year, job.draws)
    for key, table in summed.items():
        whole = len(table) == number and not any(np.isnan(v).any() for v in table.values())
        if whole:  # a sum of some areas is not the sum of all
            total = np.zeros(job.draws)
            for index in range(number):
                total = total + table[index]
            out.sums[key] = total
    return out


def _values(job: Job, replay: Replay) -> Iterator[tuple[str, int, Floats]]:
    for year in job.years:
        for line in job.lines:
            value = replay.get(line, year)
            if np.isfinite(value).any():
                yield line, year, np.where(np.isfinite(value), value, np.nan)


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
    ordered = np.partition(value, np.unique(np.concatenate([low, high])), axis=1)
    part = at - low
    quantiles = ordered[:, low] * (1.0 - part) + ordered[:, high] * part
    return np.column_stack([value.mean(axis=1), quantiles])
