"""`assume`: drivers, judgement and opening balances, ready to be projected.

Judgement (the table ``assumptions``, or drivers entered at stage ``draft``) goes before a
forecast and is recorded as such. What must fit together is made to fit: where contributors
are known, the contributor ratio follows from them, so that a scenario may change either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.assumptions import judgement as jd
from sibforecast.assumptions.accounts import alone, ended, entered, existing, itemised, mirrors, unsplit, upper_sides
from sibforecast.assumptions.announced import lay_announced
from sibforecast.assumptions.fitting import FundBasis, YearBasis, all_filled, carry, settle
from sibforecast.assumptions.scenario import Scenario
from sibforecast.errors import DataError, ProjectionError, ScenarioError
from sibforecast.forecasting.drivers import Forecast
from sibforecast.forecasting.entered import WAGE
from sibforecast.forecasting.fund_forecast import FundForecast
from sibforecast.forecasting.macro import BASES, elasticity
from sibforecast.forecasting.methods import STALE_YEARS
from sibforecast.forecasting.series import corrected_interest
from sibforecast.forecasting.years import implied_words
from sibforecast.programmes.programme import Programme
from sibforecast.programmes.ties import Driven
from sibforecast.results import Findings, Result
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Panel
from sibforecast.tables.read import Collector

Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

#: Stocks whose opening makes the average of a year.
STOCKS = ("insured", "insured_active", "beneficiaries", "closing_balance")
_SUMS = {
    "revenue_subtotal": "revenue_itemised", "total_revenue": "revenue_itemised",
    "expenditure_subtotal": "expenditure_itemised", "total_expenditure": "expenditure_itemised",
    "benefit_expenditure": "benefits_itemised",
}  # fmt: skip


@dataclass(frozen=True, repr=False)
class Assumptions(Result):
    """Everything a projection needs: drivers, judgement, opening balances, flags.

    The frame lists each given figure: region, programme, item, period, value, method.
    """

    funds: Mapping[str, FundBasis] = field(default_factory=dict)
    data: FundData | None = None
    first: int = 0
    last: int = 0
    forecast: Forecast | None = field(default=None, repr=False)
    findings: Findings = field(default_factory=lambda: Findings.of([]))

    columns: ClassVar[tuple[str, ...]] = ("region", "programme", "item", "period", "value", "method")

    def headline(self) -> str:
        """Funds, areas and years."""
        areas = {a for fund in self.funds.values() for a in fund.areas}
        return f"{len(self.funds)} funds, {len(areas)} areas, {self.first}-{self.last}"

    def judgements(self) -> pd.DataFrame:
        """What people entered, beside what the model would have said.

        Returns
        -------
        DataFrame
            region, programme, item, period, value, model (the forecast it replaces), apart
            (value ÷ model − 1), spread (the author's own, a share), origin (file and row, author,
            reason, source). Scored against what came by `backtest` (method ``judgement``).
        """
        rows = []
        for code, fund in self.funds.items():
            ahead = self.forecast.funds.get(code) if self.forecast else None
            for year, now in fund.years.items():
                for item, origin in now.origin.items():
                    for a in np.flatnonzero(origin[:, 0] != ""):
                        model = float("nan")
                        if ahead is not None and item in ahead.point and year in ahead.years:
                            model = float(ahead.point[item][a, ahead.years.index(year)])
                        value = float(now.given[item][a, 0])
                        apart = value / model - 1.0 if model else float("nan")
                        doubt = float(now.doubt[item][a, 0])
                        rows.append((fund.areas[a], code, item, str(year), value, model, apart, doubt, str(origin[a, 0])))
        columns = ["region", "programme", "item", "period", "value", "model", "apart", "spread", "origin"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def source(self) -> FundData:
        """The data set the assumptions were made from."""
        if self.data is None:
            raise ProjectionError("these assumptions have no data set behind them")
        return self.data


def assume(data: FundData, forecast: Forecast, policy: Scenario | None = None) -> Assumptions:
    """Put drivers, judgement and opening balances together.

    Parameters
    ----------
    data : FundData
        Its tables ``assumptions`` and ``deposits`` and figures at stage ``draft`` are used.
    forecast : Forecast
        What `forecast` said.
    policy : Scenario, optional
        Decisions to lay on the drivers before any scenario; by default those of the data set's
        table ``policies`` that are known and that its figures do not hold yet. `Scenario("none")`
        lays on nothing.

    Returns
    -------
    Assumptions

    Raises
    ------
    DataError
        If a judgement cannot be applied; all such faults are listed.
    ScenarioError
        If `policy` is no scenario, or a decision cannot be read.

    Examples
    --------
    >>> import sibforecast as sib
    >>> data = sib.load(sib.sample("oasdi"))
    >>> a = sib.assume(data, sib.forecast(data, 2006))
    >>> a.frame.query("item == 'contribution_rate' and programme == 'oasi'")["method"].iloc[0]
    'judgement'
    """
    if policy is not None and not isinstance(policy, Scenario):
        raise ScenarioError(f"policy takes a scenario, such as Scenario('none'); found {type(policy).__name__}")
    found = Collector()
    used: set[tuple[str, int]] = set()
    first = _first_year(forecast)
    for code, year in forecast.too_old.items():
        _too_old(found, code, year, first)
    funds: dict[str, FundBasis] = {}
    for code, ahead in forecast.funds.items():
        basis = _fund(data, data.programmes[code], ahead, first, found, used)
        if basis is not None:
            _corrected_interest(ahead.panel, found)
            lay_announced(data, forecast, basis, first, policy, found)
            funds[code] = basis
    jd.note_unused(data, used, first, funds, found)
    if found.errors:
        raise DataError(f"{found.errors} assumptions cannot be applied", Findings.of(found.rows))
    return Assumptions(
        lambda: _frame(funds),
        forecast.provenance,
        funds=funds,
        data=data,
        first=first,
        last=forecast.periods[-1],
        forecast=forecast,
        findings=Findings.of(found.rows, forecast.provenance),
    )


def _first_year(forecast: Forecast) -> int:
    """The first year asked for that is not the one under way."""
    first = forecast.periods[0]
    under_way = any(
        now[:, f.years.index(first)].any() for f in forecast.funds.values() if first in f.years for now in f.nowcast.values()
    )
    return forecast.periods[1] if under_way and len(forecast.periods) > 1 else first


def _fund(
    data: FundData, programme: Programme, ahead: FundForecast, first: int, found: Collector, used: set[tuple[str, int]]
) -> FundBasis | None:
    """The basis of one fund; ``None`` (and a note) where its figures are too old."""
    panel = ahead.panel
    if first - panel.years[-1] > STALE_YEARS:
        _too_old(found, programme.code, panel.years[-1], first)
        return None
    for area, item in ahead.unplaced:
        found.add("months_not_used", "warning", f"months of {data.regions.label(area)} know {item}, which the areas below cannot "
                  "share (none has it, or one's is unknown); they are not part of the outturn", region=area,
                  programme=programme.code, item=item, mend="give the areas' own figures")
    for area, year in ahead.left_out.items():
        _too_old(found, programme.code, year, first, region=area)
    shape = (len(panel.areas), 1)
    base = YearBasis()
    for item in panel.items:
        value = panel.year(item, panel.years[-1])
        base.put(item, value, implied_words(item))
        if item in ahead.reported:
            stage = ahead.words(item, panel.years[-1])
            base.label[item] = np.where(stage == "", base.label[item], stage)
    flags = itemised(panel)
    for name, flag in flags.items():
        base.put(name, flag, "what the last figures itemise")
    ever = existing(panel, flags)
    gone = ended(panel, flags)
    _blank_lines(base, alone(lambda i: panel.year(i, panel.years[-1]), ever), {}, programme.code, panel.years[-1], found)
    fund = FundBasis(programme, panel.areas, panel.years[-1], base, {}, ever, mirrors(data, panel))
    fund.upper = upper_sides(data, panel, found)
    fund.flags = {name: flags[name] for name in ("revenue_itemised", "expenditure_itemised")}
    fund.stocks = {i: panel.year(i, panel.years[-1] - 1) for i in STOCKS}
    fund.driven = _driven(ahead)
    before = base
    for index, year in enumerate(ahead.years):
        now = YearBasis()
        for name, flag in flags.items():
            now.put(name, flag, "what the last figures itemise")
        _lay_forecast(now, ahead, index)
        for link in fund.links:
            if link.item in now.direct:
                now.direct[link.item][link.area] = False
        if index:
            last = {item: point[:, index - 1 : index] for item, point in ahead.point.items()}
            carry(now, before, last, year)
        judged = jd.judged(data, fund.areas, programme.code, year, found, used)
        _drop_summed(now, judged)
        for item, cells in judged.items():
            now.given[item] = np.where(cells.where, cells.value, now.get(item, cells.value))
            now.label[item] = np.where(cells.where, cells.label, now.label.get(item, np.full(shape, "", dtype=object)))
            now.origin[item], now.doubt[item] = cells.origin, cells.spread
            now.mark(now.direct, item, cells.where)
            now.mark(now.judged, item, cells.where)
            fund.ever[item] = fund.ever.get(item, np.zeros(shape, dtype=bool)) | cells.own
        _deposits(data, fund.areas, programme.code, year, now)
        known = alone(lambda i, y=year: ahead.known(i, y), ever, lambda i, y=year: ahead.by_account(i, y))  # type: ignore[misc]
        _blank_lines(now, known, gone, programme.code, year, found)
        settle(programme, now, before, fund.ever, shape)
        now.unsplit = {item: mask & ~entered(now, item) for item, mask in unsplit(ahead, programme.kind).items()}
        now.filled = all_filled(base, shape)
        if (rates := now.given.get("deposit_rate")) is not None:
            fund.ever["deposit_rate"] = ~np.isnan(rates)
        fund.years[year] = now
        before = now
    _note_defaults(fund, found)
    return fund


def _corrected_interest(panel: Panel, found: Collector) -> None:
    """Interest below nothing is told: the draft goes by other years, or by the rate that is entered."""
    late = corrected_interest(panel)[:, -(STALE_YEARS + 1) :]
    places = np.argwhere(late)
    if not len(places):
        return
    series = panel.get("interest")[:, -(STALE_YEARS + 1) :]
    worst, year = min(places.tolist(), key=lambda p: series[p[0], p[1]])
    found.add("interest_below_nothing", "warning", f"accounts with interest below nothing on a balance that is not: {len(places)}"
              "; taken as corrections, not carried on", region=panel.areas[worst], programme=panel.programme, item="interest",
              period=str(panel.years[-late.shape[1] :][year]), expected="0 or more", found=f"{series[worst, year]:,.2f}",
              mend="correct the figure, or give what corrects earlier years as balance_adjustment")


def _driven(ahead: FundForecast) -> dict[str, tuple[Driven, ...]]:
    """What a scenario's change of the economy moves, by the elasticities the forecast learned.

    A base follows the average wage whatever is known of it: the law ties the two. Contributors
    follow from the insured, where these move themselves.
    """
    out: dict[str, tuple[Driven, ...]] = {i: (Driven(WAGE, partial(_elasticity, ahead.panel, i)),) for i in BASES}
    for (item, figure), learned in ahead.learned.items():
        insured = ahead.learned.get(("insured_active", figure))
        doubled = item == "contributors" and insured is not None and insured.value != 0.0
        if learned.value and not doubled and not (item in BASES and figure == WAGE):
            line = items.CATALOGUE[item].side not in ("driver", "rate")
            out[item] = (*out.get(item, ()), Driven(figure, partial(float, learned.value), given_only=line))
    return out


def _elasticity(panel: Panel, item: str) -> float:
    return elasticity(panel, item).value


def _too_old(found: Collector, programme: str, year: int, first: int, region: str | None = None) -> None:
    found.add("not_drafted", "note", f"the last account is of {year}; one that old is not carried on",
              region=region, programme=programme, period=str(first),
              expected=f"an account of {first - STALE_YEARS} or later", mend="add later figures")


def _blank_lines(
    now: YearBasis, known: Mapping[str, Bools], gone: Mapping[str, Bools], programme: str, year: int, found: Collector
) -> None:
    """Beside a total published alone its lines stay unknown; lines that have ended are none."""
    for item, where in known.items():
        where = where & ~now.judged.get(item, np.zeros_like(where))
        if not item.endswith("_itemised"):
            now.blank[item] = where
            continue
        now.given[item] = np.where(where, np.nan, now.given[item])
        now.mark(now.direct, f"total_{item.removesuffix('_itemised')}", where)
        found.add("total_without_lines", "note", f"the total is known without its lines in {int(where.sum())} areas: it stands, "
                  "the lines are left blank; later years go on line by line", programme=programme,
                  item=f"total_{item.removesuffix('_itemised')}", period=str(year), mend="enter the lines")
    for item, where in gone.items():
        where = where & ~now.judged.get(item, np.zeros_like(where)) & ~now.direct.get(item, np.zeros_like(where))
        if item in now.given and (where & ~np.isnan(now.given[item])).any():
            now.given[item] = np.where(where, np.nan, now.given[item])


def _drop_summed(now: YearBasis, judged: dict[str, jd.Judged]) -> None:
    """A total that was entered stands only where its lines do not make it up themselves."""
    for total, name in _SUMS.items():
        flag = now.given.get(name)
        if total in judged and flag is not None and total != "benefit_expenditure":
            lines = [i for i in judged if i in items.STATUTORY_LINES]
            if lines or not np.isnan(flag).all():
                judged[total].where &= flag != 1.0


def _lay_forecast(now: YearBasis, ahead: FundForecast, index: int) -> None:
    for item, point in ahead.point.items():
        column = point[:, index : index + 1]
        if np.isnan(column).all():
            continue
        now.given[item] = column
        now.label[item] = ahead.label[item][:, index : index + 1]
        if item in ahead.nowcast:
            flag = now.given.get(_SUMS.get(item, ""))  # a total follows from its lines where it has them
            summed = flag == 1.0 if flag is not None else np.zeros(column.shape, dtype=bool)
            known = ahead.nowcast[item][:, index : index + 1]
            now.mark(now.direct, item, known & ~np.isnan(column) & ~summed)


def _deposits(data: FundData, areas: tuple[str, ...], programme: str, year: int, now: YearBasis) -> None:
    """The average rate of the deposits in force; matured ones count as renewed at their rate."""
    rates = jd.deposit_rates(data, areas, programme, year)
    if rates is not None and not np.isnan(rates).all():
        now.put("deposit_rate", rates, "deposits: Σ balance × rate × months / 12 ÷ Σ balance; renewed at maturity")


def _note_defaults(fund: FundBasis, found: Collector) -> None:
    """Say which absent parts count as one or as nothing."""
    flexible = fund.ever.get("contributors_flexible")
    rate = fund.ever.get("collection_rate_flexible")
    if flexible is not None and flexible.any() and (rate is None or not rate.any()):
        found.add("flexible_rate_one", "note", "no collection rate of the flexible group in any period: taken as 1",
                  programme=fund.programme.code, item="collection_rate_flexible")
    collection = fund.base.given.get("collection_rate")
    if collection is not None and (collection > 1.0).any():
        found.add("collection_above_one", "note", f"implied collection up to {np.nanmax(collection):.3f}: revenue counts "
                  "what the drivers do not", programme=fund.programme.code, item="collection_rate", period=str(fund.base_year))


def _frame(funds: Mapping[str, FundBasis]) -> pd.DataFrame:
    """Every given figure with its method."""
    blocks = []
    for code, fund in funds.items():
        for year, now in fund.years.items():
            for item, value in now.given.items():
                known = np.flatnonzero(~np.isnan(value[:, 0]))
                if item not in items.CATALOGUE or not len(known):
                    continue
                blocks.append(pd.DataFrame({
                    "region": np.array(fund.areas, dtype=object)[known], "programme": code, "item": item,
                    "period": str(year), "value": value[known, 0], "method": now.label[item][known, 0],
                }))  # fmt: skip
    if not blocks:
        return pd.DataFrame(columns=list(Assumptions.columns))
    return pd.concat(blocks, ignore_index=True)
