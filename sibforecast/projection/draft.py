"""`draft_budget`: next year's draft in one call, beside outturn, budget and last year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.assumptions.accounts import MIRRORED_LINES, alone, upper_rows
from sibforecast.assumptions.basis import STOCKS, Assumptions, assume
from sibforecast.assumptions.fitting import FundBasis
from sibforecast.errors import SibError
from sibforecast.forecasting.drivers import Forecast, forecast_from, showing
from sibforecast.forecasting.known import known_until
from sibforecast.periods import Period
from sibforecast.projection.fund import FundPath, account_year, labels
from sibforecast.projection.project import Projection, Rows, project
from sibforecast.projection.scrutiny import overdrawn, scrutinise
from sibforecast.results import Findings, Result
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Panel, annual_rows, panels
from sibforecast.tables.read import Collector

#: Years beyond the draft year that its assumptions carry, for projections over several years.
HORIZON = 4


@dataclass(frozen=True, repr=False)
class BudgetDraft(Result):
    """Next year's draft budget.

    The frame holds side by side last year's ``final``, this year's ``budget``, this year's
    ``expected`` outturn and next year's ``draft``: region, programme, item, period, stage,
    value, method. `balance` is the table between gap and balance: how a gap is filled and
    what stays open.
    """

    year: int = 0
    assumptions: Assumptions | None = None
    projection: Projection | None = None
    forecast: Forecast | None = None
    findings: Findings = field(default_factory=lambda: Findings.of([]))
    balance_rows: pd.DataFrame | None = field(default=None, repr=False)

    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "item", "period", "stage", "value", "method",
    )  # fmt: skip

    @property
    def source(self) -> FundData:
        """The data set behind it."""
        if self.assumptions is None:
            raise SibError("this draft has no assumptions behind it")
        return self.assumptions.source

    @property
    def balance(self) -> pd.DataFrame:
        """Gap, how it is filled (own balance, subsidy, grant) and what stays open, in currency units.

        A gap is first met by the fund's own opening balance; closing subsidies of
        government-staff pensions are gap subsidies. Blank where the gap is unknown.
        """
        if self.balance_rows is not None:  # rolled up: one area's balance fills no other area's gap
            return self.balance_rows.copy()
        return balance_table(self.frame, str(self.year))

    def headline(self) -> str:
        """Year, funds, areas and what to watch."""
        data = self.source
        mark = "ILLUSTRATIVE " if data.illustrative else ""
        areas = _made_of(self.frame)["region"].nunique()
        unit = f"100 million {data.currency}"
        return f"{mark}{self.year}, {areas} area{'s' if areas != 1 else ''}, {unit}; {self.findings.headline()}"

    def summary(self) -> pd.DataFrame:
        """Revenue, expenditure, gap and closing balance by fund, in 100 million."""
        frame = self.frame
        draft = frame[frame["stage"] == "draft"]
        shown = ["total_revenue", "total_expenditure", "gap", "closing_balance"]
        areas = _made_of(draft)
        table = areas.groupby(["programme", "item"], observed=True)["value"].sum().unstack("item")
        if draft["region"].nunique() > 1:  # what the areas send each other is counted once, not twice
            every = draft.groupby(["programme", "item"], observed=True)["value"].sum().unstack("item").reindex(table.index)
            for total, received, paid in (
                ("total_revenue", "lower_remittance", "lower_grant"), ("total_expenditure", "lower_grant", "lower_remittance"),
            ):  # fmt: skip
                for source, item in ((table, received), (every, paid)):
                    if item in source:
                        table[total] = table[total] - source[item].fillna(0.0)
        keys = [areas["programme"], areas["item"]]
        told = areas.groupby(keys, observed=True)["region"].nunique().unstack("item")
        count: Any = areas.groupby("programme", observed=True)["region"].nunique()
        whole = told.reindex(columns=shown).ge(count.reindex(told.index), axis=0)  # of some areas is not of all
        return (table.reindex(columns=shown).where(whole.reindex(table.index)) / 1e8).round(2)


def draft_budget(data: FundData, year: int, *, asof: str | None = None) -> BudgetDraft:
    """Draft next year's budget of every fund and area.

    Nowcast of the year under way, forecast of the drivers, assumptions and projection in
    one call. Figures of `year` itself and later are never looked at, except what the
    compilers entered for it (assumptions, stage ``draft``).

    Parameters
    ----------
    data : FundData
        The data set.
    year : int
        The budget year.
    asof : str, optional
        Use nothing after this period (``2026-06``).

    Returns
    -------
    BudgetDraft

    Raises
    ------
    DataError
        If a line that has figures or drivers cannot be computed: the missing driver is
        named, never filled in.
    SibError
        If nothing is known before `year`.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    >>> sorted(draft.frame["stage"].unique())
    ['draft', 'expected', 'final']
    """
    if not isinstance(data, FundData):
        raise SibError(f"draft_budget takes a data set, load(path); found {type(data).__name__}")
    year = int(year)
    limit = _asof(data, year, asof)
    told = limit if asof is not None else Period(year - 1, 12)  # law may be announced after the last month of data
    ahead = forecast_from(data, tuple(range(year, year + HORIZON + 1)), limit, told)
    assumptions = assume(data, ahead)
    if not assumptions.funds:
        raise SibError(f"no fund has figures late enough to draft {year}")
    projection = project(assumptions)
    scrutiny = Collector()
    scrutinise(assumptions, scrutiny)
    overdrawn(projection.paths[""], year, scrutiny)
    findings = Findings.of(
        [
            *(r for part in (data.findings, ahead.findings, assumptions.findings, projection.findings) for r in part.records()),
            *scrutiny.rows,
        ],
        projection.provenance,
    )
    return BudgetDraft(
        lambda: _frame(data, ahead, assumptions, projection, year),
        {**projection.provenance, "asof": str(limit), "year": year},
        year=year, assumptions=assumptions, projection=projection,
        forecast=showing(ahead, range(year - 1, year + HORIZON + 1)), findings=findings,
    )  # fmt: skip


def _asof(data: FundData, year: int, asof: str | None) -> Period:
    """The last period that may be used: before the budget year."""
    if asof is not None:
        limit = Period.parse(asof)
        if limit.year >= year:
            raise SibError(f"asof {asof} is not before the budget year {year}")
        return limit
    known = known_until(data, year)
    if known is None:
        raise SibError(f"nothing is known before {year}: the data set must hold figures of at least one earlier year, "
                       "at stage final, executed or expected")
    return known


def _frame(data: FundData, ahead: Forecast, assumptions: Assumptions, projection: Projection, year: int) -> pd.DataFrame:
    """The four columns in one tidy frame."""
    rows = Rows()
    known = {code: fund.panel for code, fund in ahead.funds.items()}
    wanted = {(year - 2, "final"), (year - 1, "final"), (year - 1, "budget"), (year - 1, "adjusted")}
    for stage in ("final", "budget", "adjusted"):
        years = sorted(y for y, s in wanted if s == stage)
        part = annual_rows(data, (stage,))
        part = part[part["period"].astype(str).isin([str(y) for y in years])]
        for code, panel in panels(part, data).items():
            for y in years:
                if y in panel.years:
                    _add_account(rows, data, assumptions.funds.get(code), known.get(code), panel, y, stage)
            _add_upper_account(rows, data, panel, years, stage)
    for code, path in projection.paths[next(iter(projection.paths))].items():
        for y, stage in ((year - 1, "expected"), (year, "draft")):
            if y in path.years:
                _add_projected(rows, code, path, y, stage)
    frame = rows.frame(BudgetDraft.columns)
    order = [s for s in ("final", "budget", "adjusted", "expected", "draft") if s in frame["stage"].cat.categories]
    frame["stage"] = frame["stage"].cat.reorder_categories(order)
    return frame


def _add_account(
    rows: Rows, data: FundData, basis: FundBasis | None, known: Panel | None, panel: Panel, year: int, stage: str
) -> None:
    """Figures of an account as given; totals, balances and the gap computed where absent."""
    given = {item: panel.year(item, year) for item in panel.items}
    ever = dict(basis.ever) if basis and basis.areas == panel.areas else {i: ~np.isnan(v) for i, v in given.items()}
    if basis is not None and basis.areas == panel.areas:
        single = alone(lambda i: panel.year(i, year), ever)
        for flag, value in basis.flags.items():
            given[flag] = np.where(single.get(flag, False), np.nan, value)
    programme, before = data.programmes[panel.programme], None
    if known is not None and known.areas == panel.areas:  # opening stocks, for the average heads
        stocks = {i: known.year(i, year - 1) for i in STOCKS}
        before = account_year(programme, stocks, len(panel.areas), {})
    now = account_year(programme, given, len(panel.areas), ever, before).solve()
    for item in now.items():
        if item in items.CATALOGUE and item != "benefit_level_base":
            rows.add(now.get(item)[:, 0], panel.areas, labels(now, item, None), programme=panel.programme,
                     item=item, period=str(year), stage=stage)


def _made_of(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of areas with accounts of their own: of upper areas only their side of flows may be here."""
    whole = frame.loc[~frame["item"].isin([item for item, _ in MIRRORED_LINES]), "region"].unique()
    return frame[frame["region"].isin(whole)]


def _add_upper_account(rows: Rows, data: FundData, panel: Panel, years: Sequence[int], stage: str) -> None:
    """The own side of areas made of other areas, of flows between them, as reported."""
    own = upper_rows(data, panel.programme, panel.areas)
    own = own[(own["stage"] == stage) & own["period"].isin([str(y) for y in years])]
    for region, item, period, value in own[["region", "item", "period", "value"]].itertuples(index=False):
        rows.add(np.array([value]), (str(region),), "data", programme=panel.programme, item=str(item),
                 period=str(period), stage=stage)


def _add_projected(rows: Rows, code: str, path: FundPath, year: int, stage: str) -> None:
    basis = path.basis.years.get(year, path.basis.base)
    now = path.years[year]
    rows.add_upper(path, year, programme=code, period=str(year), stage=stage)
    for item in now.items():
        if item not in items.CATALOGUE or item in ("benefit_level_base", "standing_subsidy", "standing_grant"):
            continue
        method = labels(now, item, basis)
        rows.add(now.get(item)[:, 0], path.basis.areas, method, programme=code, item=item, period=str(year), stage=stage)


def balance_table(frame: pd.DataFrame, period: str) -> pd.DataFrame:
    """The balance table of a draft frame: gap, filling, what stays open."""
    wanted = ["opening_balance", "gap", "gap_subsidy", "gap_grant", "closing_balance", "months_payable"]
    drafted = frame[(frame["period"] == period) & (frame["stage"] == "draft")]
    rows = drafted[drafted["item"].isin([*wanted, "total_revenue", "total_expenditure"])]  # unknown gaps have a row too
    wide = rows.pivot_table(index=["region", "programme"], columns="item", values="value", observed=True, sort=False)
    wide = wide.reindex(columns=wanted).reset_index()
    wide.columns.name = None
    gap = wide["gap"].to_numpy()
    subsidy, grant = wide["gap_subsidy"].fillna(0.0).to_numpy(), wide["gap_grant"].fillna(0.0).to_numpy()
    left = np.maximum(gap, 0.0) - subsidy - grant
    usable = np.maximum(wide["opening_balance"].to_numpy(), 0.0)
    left = np.where(np.abs(left) < 0.005, 0.0, left)  # less than half a cent is nothing
    own = np.clip(left, 0.0, np.where(np.isnan(usable), 0.0, usable))
    unknown = np.isnan(gap)
    wide.insert(4, "own_balance", np.where(unknown, np.nan, own))
    still = np.where(left - own < 0.005, 0.0, left - own)
    wide.insert(7, "open", np.where(unknown, np.nan, still))
    wide.insert(2, "period", period)
    return wide
