"""`simulate`: the draft over thousands of futures, and what they say of gaps and reserves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.analysis.jobs import Question
from sibforecast.analysis.rules_file import SharingRules
from sibforecast.analysis.runs import LINES, Run
from sibforecast.analysis.stress import chance_met, chances_moved, doubt_by_driver, fund_of
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.scenario import Scenario
from sibforecast.errors import SibError
from sibforecast.periods import years_told
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
        made = f"{self.draws:,} draws, seed {self.seed}"
        return f"{mark}{years_told(self.years)}, {made}; gap in {self._hundred_millions()}"

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
        item = _line(item)
        question = Question("probability", item, above=0.0 if above is None and below is None else above, below=below)
        if self.assumptions is None:
            raise SibError("this simulation has no assumptions behind it")
        run = Run(self.assumptions, self.scenario, self.draws, self.seed, self.years, (item,), (question,))
        run.go(on)
        return run.chances()[["region", "programme", "period", "probability"]]


    def _again(self, draws: int, assumptions: Assumptions | None = None) -> Run:
        """The same simulation with fewer draws, to ask it something else."""
        if self.assumptions is None:
            raise SibError("this simulation has no assumptions behind it")
        return Run(assumptions or self.assumptions, self.scenario, min(draws, self.draws), self.seed, self.years, ("gap",), ())

    def doubt(self, item: str = "gap", *, draws: int = 1000, on: Executor | None = None) -> pd.DataFrame:
        """Which driver the doubt comes from: the spread of a figure when each driver alone is drawn.

        Parameters
        ----------
        item : str
        draws : int
            How many of the draws are made again for each driver.

        Returns
        -------
        DataFrame
            region, programme, period, driver, deviation, share of the variance of all together.
        """
        item = _line(item)
        return doubt_by_driver(self._again(draws), item, on)

    def sensitivity(
        self, drivers: Sequence[str], by: float = 0.01, *, draws: int = 2000, on: Executor | None = None
    ) -> pd.DataFrame:
        """What a driver that is higher by a share does to the chance of a gap, on the same draws.

        Returns
        -------
        DataFrame
            region, programme, period, item, by, gap_chance, expected_shortfall, more_often, more.
        """
        drivers = [_line(driver) for driver in drivers]
        return chances_moved(self._again(draws), drivers, by, on)

    def break_even(
        self, item: str, programme: str, *, chance: float = 0.05, region: str | None = None, draws: int = 2000,
        on: Executor | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """The change of a driver at which the chance of a gap is what is wanted.

        Parameters
        ----------
        item, programme : str
        chance : float
            Between 0 and 1.
        region : str, optional
            Code or name of an area; by default the highest.

        Returns
        -------
        DataFrame
            region, programme, item, period, factor (of the draft's own value), chance.

        Raises
        ------
        SibError
            If no factor between a half and twice does it.
        """
        item = _line(item)
        if self.assumptions is None or not 0.0 < chance < 1.0:
            raise SibError(f"chance: expected a number between 0 and 1; found {chance!r}")
        alone = fund_of(self.assumptions, programme)
        (code, basis), = alone.funds.items()
        tree = self.assumptions.source.regions
        area = tree.resolve(region) if region is not None else _top(self.source, [*basis.areas, *tree.ancestors(basis.areas[0])])
        factor, met = chance_met(self._again(draws, alone), item, area, chance, on)
        row = (area, code, item, str(self.years[0]), factor, met)
        return pd.DataFrame([row], columns=["region", "programme", "item", "period", "factor", "chance"])

    def bill(
        self, rules: SharingRules, *, stage: str = "budget", pooling: pd.DataFrame | None = None,
        assessments: Mapping[str, object] | None = None, audits: pd.DataFrame | None = None,
        balances: pd.DataFrame | None = None, remitted: pd.DataFrame | None = None, conditions: pd.DataFrame | None = None,
        figures: pd.DataFrame | None = None, on: Executor | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """The rules applied to every draw: what each payer must set aside, and how sure that is.

        Parameters
        ----------
        rules : SharingRules
        stage : str
            ``budget``: each draw's gap is a budget gap; ``execution``: the draft is the budget and each draw
            an outturn, whose departures line by line are causes of their own.
        pooling, assessments, audits, balances, remitted, conditions, figures : optional
            See `share`.
        on : Executor, optional
            See `simulate`.

        Returns
        -------
        DataFrame
            region, programme, period, payer, quantile (blank: the mean), value; all areas and funds
            together where region and programme are blank: the 0.975 quantile of payer ``region`` there is
            what it must set aside to be covered in 39 of 40 futures. Amounts are not rounded; the payers
            of a draw sum to its gap.

        Raises
        ------
        SibError
            If the stage is unknown, or a fact that the rules use is.
        """
        from sibforecast.analysis.bills_of_draws import DEPARTURES, bills_of, told

        if stage not in ("budget", "execution"):
            raise SibError(f"unknown stage {stage!r}; expected budget or execution")
        if self.assumptions is None:
            raise SibError("this simulation has no assumptions behind it")
        lines = ("gap", *(DEPARTURES if stage == "execution" else ()))
        run = Run(self.assumptions, self.scenario, self.draws, self.seed, self.years, lines, (), kept=lines, unit=rules.unit)
        run.go(on)
        bills = bills_of(run, rules, stage, pooling=pooling, assessments=assessments or {}, audits=audits, balances=balances,
                         remitted=remitted, conditions=conditions, figures=figures)  # fmt: skip
        return told(bills)


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
    lines = [_line(line) for line in lines]
    span = tuple(range(assumptions.first, assumptions.first + years))
    run = Run(assumptions, scenario, int(draws), int(seed), span, tuple(lines), CHANCES)
    run.go(on)
    frame, chances = run.frame(), run.chances()
    provenance = {**assumptions.provenance, "draws": int(draws), "seed": int(seed), "scenario": run.title}
    return Simulation(lambda: frame, provenance, assumptions=assumptions, scenario=scenario, draws=int(draws), seed=int(seed),
                      years=span, chances=chances)  # fmt: skip


def _line(name: str) -> str:
    """The item a word means."""
    return items.item(name).code


def _top(data: FundData | None, regions: Sequence[str]) -> str:
    """The highest area shown."""
    if data is None:
        return regions[0]
    return min(regions, key=lambda r: len(data.regions.ancestors(r)) if r in data.regions.areas else 0)
