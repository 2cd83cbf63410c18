"""`simulate`: the draft over thousands of futures, and what they say of gaps and reserves."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.analysis.runs import LINES, Question, Run
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.scenario import Scenario
from sibforecast.errors import SibError
from sibforecast.items import did_you_mean
from sibforecast.results import Result
from sibforecast.tables.data import FundData

#: Below so many months payable the reserve is low (a default; see the law's thresholds).
FLOOR_MONTHS = 3.0
CHANCES = (
    Question("gap_chance", "gap", above=0.0), Question("expected_shortfall", "gap", above=0.0, amount=True),
    Question("closing_below_zero", "closing_balance", below=0.0),
    Question("months_below_floor", "months_payable", below=FLOOR_MONTHS),
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Simulation(Result):
    """A draft, or a scenario of it, over many draws.

    The frame has region, programme, item, period, scenario, quantile (blank: the mean) and
    value, for every area and every area above. Quantiles are never summed: the figures of
    upper areas are quantiles of sums, draw by draw.

    Attributes
    ----------
    chances : DataFrame
        By area, fund and year: chance of a gap; expected shortfall (the gap where there is one,
        averaged over all draws, in currency units); chance of a closing balance below nothing, and of
        less than three months payable.
    """

    assumptions: Assumptions | None = None
    scenario: Scenario | None = None
    draws: int = 0
    seed: int = 0
    years: tuple[int, ...] = ()
    chances: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)

    columns: ClassVar[tuple[str, ...]] = ("region", "programme", "item", "period", "scenario", "quantile", "value")

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.assumptions.source if self.assumptions else None

    def headline(self) -> str:
        """Years, draws and seed."""
        mark = "ILLUSTRATIVE " if self.source is not None and self.source.illustrative else ""
        return f"{mark}{self.years[0]}-{self.years[-1]}, {self.draws:,} draws, seed {self.seed}; gap in 100 million"

    def summary(self) -> pd.DataFrame:
        """The gap of the highest area by fund: mean, 80 % interval and chance."""
        frame = self.frame
        top = _top(self.source, list(frame["region"].astype(str).unique()))
        rows = frame[(frame["region"] == top) & (frame["item"] == "gap")]
        wide = rows.assign(quantile=rows["quantile"].fillna(-1.0)).pivot_table(
            index=["programme", "period"], columns="quantile", values="value", observed=True
        )
        table = pd.DataFrame({name: wide[q] / 1e8 for name, q in (("mean", -1.0), ("10 %", 0.1), ("90 %", 0.9)) if q in wide})
        told = self.chances[self.chances["region"] == top].set_index(["programme", "period"])
        return table.round(2).join(told[["gap_chance"]].round(3))

    def probability(
        self, item: str = "gap", *, above: float | None = None, below: float | None = None, on: Executor | None = None
    ) -> pd.DataFrame:
        """How often a figure lies above or below a value.

        The same draws are made again (they belong to the seed), so nothing needs to be kept.

        Parameters
        ----------
        item : str
            A line, balance or result.
        above, below : float
            One of them, in base units; by default above nothing.
        on : Executor, optional
            See `simulate`.

        Returns
        -------
        DataFrame
            region, programme, period, probability.

        Raises
        ------
        SibError
            If both or an unknown item are given.
        """
        if above is not None and below is not None:
            raise SibError("give above or below, not both")
        question = Question("probability", item, above=0.0 if above is None and below is None else above, below=below)
        if self.assumptions is None:
            raise SibError("this simulation has no assumptions behind it")
        _line(item)
        run = Run(self.assumptions, self.scenario, self.draws, self.seed, self.years, (item,), (question,))
        run.go(on)
        return run.chances()[["region", "programme", "period", "probability"]]


def simulate(
    assumptions: Assumptions, scenario: Scenario | None = None, *, draws: int = 10_000, seed: int, on: Executor | None = None,
    years: int = 1, lines: Sequence[str] = LINES,
) -> Simulation:  # fmt: skip
    """Project every fund over many draws of its drivers.

    Each driver in doubt is drawn about the draft's own figure, which stays its mean: with a
    part of the error that all areas share in a year and a part of each area's own, correlated
    across drivers and funds, all estimated from the errors of past forecasts. Judgement keeps its
    author's spread; what is certain (law, accounts) is not drawn. The same seed gives the same
    draws for every scenario, so that differences between scenarios are differences.

    Parameters
    ----------
    assumptions : Assumptions
        ``draft.assumptions``.
    scenario : Scenario, optional
    draws : int
    seed : int
        Whole number from 0; recorded in the provenance.
    on : Executor, optional
        Where jobs run: threads of this process by default; ``client.get_executor()`` of a
        dask cluster. The result is the same to the bit.
    years : int
        How many years from the draft year.
    lines : sequence of str
        Which figures are reported.

    Returns
    -------
    Simulation

    Raises
    ------
    SibError
        If a number makes no sense, or a line is unknown.
    ProjectionError
        If the assumptions do not reach that far.

    Notes
    -----
    Quantiles are exact (linear between order statistics). Memory is bounded by areas times draws of
    one block, not by the whole.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    >>> s = sib.simulate(draft.assumptions, draws=400, seed=1)
    >>> bool(0.0 <= s.chances["gap_chance"].min() <= s.chances["gap_chance"].max() <= 1.0)
    True
    """
    if not isinstance(assumptions, Assumptions):
        raise SibError(f"simulate takes assumptions, such as draft.assumptions; found {type(assumptions).__name__}")
    for name, number, least in (("draws", draws, 2), ("seed", seed, 0), ("years", years, 1)):
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < least:
            raise SibError(f"{name}: expected a whole number from {least}; found {number!r}")
    for line in lines:
        _line(line)
    span = tuple(range(assumptions.first, assumptions.first + years))
    run = Run(assumptions, scenario, int(draws), int(seed), span, tuple(lines), CHANCES)
    run.go(on)
    frame, chances = run.frame(), run.chances()
    provenance = {**assumptions.provenance, "draws": int(draws), "seed": int(seed), "scenario": run.title}
    return Simulation(lambda: frame, provenance, assumptions=assumptions, scenario=scenario, draws=int(draws), seed=int(seed),
                      years=span, chances=chances)  # fmt: skip


def _line(name: str) -> None:
    if name not in items.CATALOGUE:
        raise SibError(f"unknown item {name!r}{did_you_mean(name, items.CATALOGUE)}")


def _top(data: FundData | None, regions: Sequence[str]) -> str:
    """The highest area shown."""
    if data is None:
        return regions[0]
    return min(regions, key=lambda r: len(data.regions.ancestors(r)) if r in data.regions.areas else 0)
