"""`assume`: drivers, judgement and opening balances, ready to be projected.

Judgement (the table ``assumptions``, or drivers entered at stage ``draft``) goes before a
forecast and is recorded as such. What must fit together is made to fit: where contributors
are known, the contributor ratio follows from them, so that a scenario may change either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.assumptions import judgement as jd
from sibforecast.errors import DataError, ProjectionError
from sibforecast.forecasting.drivers import POLICY_ITEMS, Forecast, FundForecast
from sibforecast.forecasting.methods import STALE_YEARS
from sibforecast.programmes.implied import IDENTITIES, averages
from sibforecast.programmes.programme import EVIDENCE, Link, Programme
from sibforecast.results import Findings, Result
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Floats, Panel
from sibforecast.tables.read import Collector

Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

NOT_ANNOUNCED = "no measure announced: nothing is extrapolated"
BEFORE_FILLING = "0 before filling"
_SUMS = {
    "revenue_subtotal": "revenue_itemised", "total_revenue": "revenue_itemised",
    "expenditure_subtotal": "expenditure_itemised", "total_expenditure": "expenditure_itemised",
    "benefit_expenditure": "benefits_itemised",
}  # fmt: skip


@dataclass
class YearBasis:
    """What is given for one fund and year; arrays (areas, 1)."""

    given: dict[str, Floats] = field(default_factory=dict)
    direct: dict[str, Bools] = field(default_factory=dict)
    fitted: dict[str, Bools] = field(default_factory=dict)  # computed, yet equal to what was given
    label: dict[str, Texts] = field(default_factory=dict)
    origin: dict[str, Texts] = field(default_factory=dict)

    def put(self, item: str, value: Floats, label: str, where: Bools | None = None) -> None:
        """Give an item a figure and say where it comes from."""
        where = ~np.isnan(value) if where is None else where
        old = self.given.get(item, np.full_like(value, np.nan))
        self.given[item] = np.where(where, value, old)
        text = self.label.get(item, np.full(value.shape, "", dtype=object))
        self.label[item] = np.where(where, label, text)

    def get(self, item: str, like: Floats) -> Floats:
        """The given figure, unknown where there is none."""
        found = self.given.get(item)
        return found if found is not None else np.full_like(like, np.nan)

    def mark(self, table: dict[str, Bools], item: str, where: Bools) -> None:
        """Note cells in one of the tables of flags."""
        table[item] = table.get(item, np.zeros(where.shape, dtype=bool)) | where


@dataclass
class FundBasis:
    """One fund: its areas, the base year and each year to project."""

    programme: Programme
    areas: tuple[str, ...]
    base_year: int
    base: YearBasis
    years: dict[int, YearBasis]
    ever: dict[str, Bools]  # items with a figure in some period, forecasts and judgement included
    own: dict[str, Bools] = field(default_factory=dict)  # the same, by the area's own figures alone
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, repr=False)
class Assumptions(Result):
    """Everything a projection needs: drivers, judgement, opening balances, flags.

    The frame lists each given figure: region, programme, item, period, value, method.
    """

    funds: Mapping[str, FundBasis] = field(default_factory=dict)
    data: FundData | None = None
    first: int = 0
    last: int = 0
    findings: Findings = field(default_factory=lambda: Findings.of([]))

    columns: ClassVar[tuple[str, ...]] = ("region", "programme", "item", "period", "value", "method")

    def headline(self) -> str:
        """Funds, areas and years."""
        areas = {a for fund in self.funds.values() for a in fund.areas}
        return f"{len(self.funds)} funds, {len(areas)} areas, {self.first}-{self.last}"

    @property
    def source(self) -> FundData:
        """The data set the assumptions were made from."""
        if self.data is None:
            raise ProjectionError("these assumptions have no data set behind them")
        return self.data


def assume(data: FundData, forecast: Forecast, policy: object | None = None) -> Assumptions:
    """Put drivers, judgement and opening balances together.

    Parameters
    ----------
    data : FundData
        Its tables ``assumptions`` and ``deposits`` and figures at stage ``draft`` are used.
    forecast : Forecast
        What `forecast` said.
    policy : optional
        Reserved for dated law; figures of the data set stand.

    Returns
    -------
    Assumptions

    Raises
    ------
    DataError
        If a judgement cannot be applied; all such faults are listed.

    Examples
    --------
    >>> import sibforecast as sib
    >>> data = sib.load(sib.sample("oasdi"))
    >>> a = sib.assume(data, sib.forecast(data, 2006))
    >>> a.frame.query("item == 'contribution_rate' and programme == 'oasi'")["method"].iloc[0]
    'judgement'
    """
    found = Collector()
    first = _first_year(forecast)
    funds: dict[str, FundBasis] = {}
    for code, ahead in forecast.funds.items():
        basis = _fund(data, data.programmes[code], ahead, first, found)
        if basis is not None:
            funds[code] = basis
    for error in ("error",):
        faulty = [r for r in found.rows if r["severity"] == error]
        if faulty:
            raise DataError(f"{len(faulty)} assumptions cannot be applied", Findings.of(found.rows))
    return Assumptions(
        lambda: _frame(funds),
        forecast.provenance,
        funds=funds,
        data=data,
        first=first,
        last=forecast.periods[-1],
        findings=Findings.of(found.rows, forecast.provenance),
    )


def _first_year(forecast: Forecast) -> int:
    """The first year asked for that is not the one under way."""
    first = forecast.periods[0]
    under_way = any(f.nowcast and f.years and f.years[0] == first for f in forecast.funds.values())
    return forecast.periods[1] if under_way and len(forecast.periods) > 1 else first


def _fund(
    data: FundData, programme: Programme, ahead: FundForecast, first: int, found: Collector
) -> FundBasis | None:
    """The basis of one fund; ``None`` (and a note) where its figures are too old."""
    panel = ahead.panel
    if first - panel.years[-1] > STALE_YEARS:
        found.add("not_drafted", "note", f"the last figures are of {panel.years[-1]}; older figures are not carried on",
                  programme=programme.code, period=str(first), mend="add later figures")
        return None
    shape = (len(panel.areas), 1)
    base = YearBasis()
    for item in panel.items:
        words = "data" if item in ahead.reported else f"implied: {IDENTITIES.get(item, 'amount / average insured')}"
        base.put(item, panel.year(item, panel.years[-1]), words)
    flags = _flags(panel)
    ever = _ever(panel, flags)
    fund = FundBasis(programme, panel.areas, panel.years[-1], base, {}, ever, dict(ever), _links(data, panel))
    before = base
    for index, year in enumerate(ahead.years):
        now = YearBasis()
        for name, flag in flags.items():
            now.put(name, flag, "what the last figures itemise")
        _lay_forecast(now, ahead, index)
        for link in fund.links:
            if link.item in now.direct:
                now.direct[link.item][link.area] = False
        judged = jd.judged(data, fund.areas, programme.code, year, found)
        for item, cells in judged.items():
            now.given[item] = np.where(cells.where, cells.value, now.get(item, cells.value))
            now.label[item] = np.where(cells.where, cells.label, now.label.get(item, np.full(shape, "", dtype=object)))
            now.origin[item] = cells.origin
            now.mark(now.direct, item, cells.where)
            fund.own[item] = fund.own.get(item, np.zeros(shape, dtype=bool)) | cells.own
        _deposits(data, fund.areas, programme.code, year, now)
        _settle(programme, now, before, judged, shape)
        for item, value in now.given.items():
            if item in items.CATALOGUE:
                fund.ever[item] = fund.ever.get(item, np.zeros(shape, dtype=bool)) | ~np.isnan(value)
        fund.years[year] = now
        before = now
    _note_defaults(fund, found)
    return fund


def _lay_forecast(now: YearBasis, ahead: FundForecast, index: int) -> None:
    for item, point in ahead.point.items():
        column = point[:, index : index + 1]
        if np.isnan(column).all():
            continue
        now.given[item] = column
        now.label[item] = ahead.label[item][:, index : index + 1]
        if index == 0 and item in ahead.nowcast:
            flag = now.given.get(_SUMS.get(item, ""))  # a total follows from its lines where it has them
            summed = flag == 1.0 if flag is not None else np.zeros(column.shape, dtype=bool)
            now.mark(now.direct, item, ahead.nowcast[item] & ~np.isnan(column) & ~summed)


def _settle(
    programme: Programme, now: YearBasis, before: YearBasis, judged: Mapping[str, jd.Judged], shape: tuple[int, int]
) -> None:
    """Make the given figures fit each other, and say what stands before filling."""
    blank = np.full(shape, np.nan)

    def is_judged(item: str) -> Bools:
        return judged[item].where if item in judged else np.zeros(shape, dtype=bool)

    heads = averages(lambda i: now.get(i, blank), lambda i: before.get(i, blank))
    active = heads["insured_active_average"]
    employed, flexible = now.get("contributors", blank), now.get("contributors_flexible", blank)
    every = employed + np.where(np.isnan(flexible), 0.0, flexible)
    contributors_judged = is_judged("contributors") | is_judged("contributors_flexible")
    fit = ~is_judged("contributor_ratio") & (contributors_judged | ~is_judged("insured_active"))
    _fit(now, "contributor_ratio", every, active, fit, ("contributors", "contributors_flexible"))
    _fit(now, "flexible_share", flexible, every, ~is_judged("flexible_share") & fit, ())
    for item in ("contributors", "contributors_flexible"):  # one judged without what it rests on stands alone
        if item in now.direct and "contributor_ratio" in now.fitted:
            now.direct[item] = now.direct[item] & ~now.fitted["contributor_ratio"]
    _level(now, before, is_judged("benefit_adjustment"), blank)
    _stock(now, before, is_judged, blank)
    _filling(programme, now, is_judged, blank)
    for item in ("balance_adjustment", *POLICY_ITEMS):
        if item not in now.given:
            known = np.isnan(before.get(item, blank))
            now.put(item, np.where(known, np.nan, 0.0), NOT_ANNOUNCED)


def _fit(
    now: YearBasis, ratio: str, above: Floats, below: Floats, where: Bools, fitted: tuple[str, ...]
) -> None:
    """Let a ratio follow from its two figures."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(below > 0, above / below, np.nan)
    where = where & ~np.isnan(value)
    if where.any():
        now.put(ratio, value, "implied by its parts", where)
        now.mark(now.fitted, ratio, where)
        for item in fitted:
            now.mark(now.fitted, item, where & ~np.isnan(now.get(item, value)))


def _level(now: YearBasis, before: YearBasis, adjustment_judged: Bools, blank: Floats) -> None:
    """The benefit adjustment that leads to the level; or the level that follows from it."""
    level, last = now.get("benefit_level", blank), before.get("benefit_level", blank)
    adjustment = now.get("benefit_adjustment", blank)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(last > 0, level / last - 1.0, np.nan)
    fit = ~adjustment_judged & ~np.isnan(value)
    if fit.any():
        now.put("benefit_adjustment", value, "implied by the level", fit)
        now.mark(now.fitted, "benefit_level", fit)
    if "benefit_level" in now.direct:
        now.direct["benefit_level"] = now.direct["benefit_level"] & ~fit
    follows = adjustment_judged & ~np.isnan(last)
    if follows.any():  # next year starts from here
        now.given["benefit_level"] = np.where(follows, last * (1.0 + adjustment), level)
        label = now.label.get("benefit_level", np.full(blank.shape, "", dtype=object))
        now.label["benefit_level"] = np.where(follows, "last year's level × (1 + adjustment)", label)


def _stock(now: YearBasis, before: YearBasis, is_judged, blank: Floats) -> None:  # type: ignore[no-untyped-def]
    """A judged closing stock fixes its entrants where exits are known."""
    where = is_judged("beneficiaries") & ~is_judged("new_beneficiaries")
    value = now.get("beneficiaries", blank) - before.get("beneficiaries", blank) + now.get("beneficiary_exits", blank)
    fit = where & ~np.isnan(value)
    if fit.any():
        now.put("new_beneficiaries", value, "implied by the stock and its exits", fit)
        now.mark(now.fitted, "beneficiaries", fit)
    if "beneficiaries" in now.direct:
        now.direct["beneficiaries"] = now.direct["beneficiaries"] & ~fit


def _filling(programme: Programme, now: YearBasis, is_judged, blank: Floats) -> None:  # type: ignore[no-untyped-def]
    """Before filling, gap subsidy and gap grant are nothing; standing parts are apart."""
    itemised = now.get("revenue_itemised", blank) == 1.0
    closing = programme.kind == "closing_subsidy_pension"
    for line, filling, standing in (
        ("fiscal_subsidy", "gap_subsidy", "standing_subsidy"),
        ("upper_grant", "gap_grant", "standing_grant"),
    ):
        known = is_judged(filling) | now.direct.get(filling, np.zeros(blank.shape, dtype=bool))
        if not (closing and filling == "gap_subsidy"):
            now.put(filling, np.zeros_like(blank), BEFORE_FILLING, itemised & ~known)
            known = known | itemised
        stands = now.direct.get(line, np.zeros(blank.shape, dtype=bool))
        if closing and filling == "gap_subsidy":  # an outturn of the line says what closed the gap
            rest = np.maximum(now.get(line, blank) - now.get(standing, np.zeros_like(blank)), 0.0)
            outturn = stands & ~known & ~is_judged(line) & ~np.isnan(rest)
            now.put(filling, rest, "outturn of the subsidy − standing subsidy", outturn)
            now.mark(now.direct, filling, outturn)
            known = known | outturn
        value = now.get(line, blank) - np.where(known, now.get(filling, blank), 0.0)
        fit = stands & ~np.isnan(value) & (known | is_judged(line))
        if fit.any():
            now.put(standing, value, "judgement" if is_judged(line)[fit].any() else "line without filling", fit)
            now.mark(now.direct, standing, fit)
            now.mark(now.fitted, line, fit)
            now.direct[line] = now.direct[line] & ~fit
    now.put("filling_open", np.where(itemised, 1.0, np.nan), "")


def _deposits(data: FundData, areas: tuple[str, ...], programme: str, year: int, now: YearBasis) -> None:
    """The average rate of the deposits in force; matured ones count as renewed at their rate."""
    rates = jd.deposit_rates(data, areas, programme, year)
    if rates is not None and not np.isnan(rates).all():
        now.put("deposit_rate", rates, "deposits: Σ balance × rate × months / 12 ÷ Σ balance; renewed at maturity")


def _flags(panel: Panel) -> dict[str, Floats]:
    """Which sides of a fund are itemised, by its last figures: totals never split by invention."""
    shape = (len(panel.areas), 1)
    on, off = np.ones(shape), np.full(shape, np.nan)

    def foots(total: str, lines: tuple[str, ...]) -> tuple[Bools, Bools]:
        """Whether there is a total at all, and whether its lines make it up."""
        whole = panel.get(total)
        parts = np.stack([panel.get(x) for x in lines])
        some = ~np.isnan(parts).all(axis=0) & ~np.isnan(whole)
        added = np.where(np.isnan(parts), 0.0, parts).sum(axis=0)
        fine = np.abs(added - whole) <= 1e-3 * np.abs(whole) + 1.0
        index = np.where(~np.isnan(whole), np.arange(whole.shape[1]), -1).max(axis=1)
        rows = np.arange(len(whole))
        return (index >= 0)[:, None], (some & fine)[rows, np.maximum(index, 0)][:, None] & (index >= 0)[:, None]

    out = {}
    for flag, total, subtotal, lines, between in (
        ("revenue_itemised", "total_revenue", "revenue_subtotal", items.REVENUE_LINES, items.INTER_LEVEL_REVENUE),
        ("expenditure_itemised", "total_expenditure", "expenditure_subtotal", items.EXPENDITURE_LINES, items.INTER_LEVEL_EXPENDITURE),
    ):  # fmt: skip
        has_sub, sub_foots = foots(subtotal, lines)
        has, all_foot = foots(total, (*lines, *between))
        out[flag] = np.where(np.where(has_sub, sub_foots, ~has | all_foot), on, off)
    has, fine = foots("benefit_expenditure", items.BENEFIT_LINES)
    apart = np.zeros(shape, dtype=bool)
    for item in (*items.BENEFIT_LINES, "death_benefit", "disability_level"):
        apart = apart | ~np.isnan(panel.get(item)).all(axis=1)[:, None]
    out["benefits_itemised"] = np.where(~has | fine | (apart & ~has), on, off)
    out["benefits_lumped"] = np.where(has & ~apart, on, off)
    return out


def _ever(panel: Panel, flags: Mapping[str, Floats]) -> dict[str, Bools]:
    """Items that exist: known lately, and not absent from a last account that foots without."""
    out: dict[str, Bools] = {}
    recent = slice(-(STALE_YEARS + 1), None)
    lines = {**dict.fromkeys((*items.REVENUE_LINES, *items.INTER_LEVEL_REVENUE), ("revenue_itemised", "total_revenue")),
             **dict.fromkeys((*items.EXPENDITURE_LINES, *items.INTER_LEVEL_EXPENDITURE), ("expenditure_itemised", "total_expenditure"))}  # fmt: skip
    for item, series in panel.items.items():
        known = (~np.isnan(series[:, recent])).any(axis=1)[:, None]
        if item in lines:
            flag, total = lines[item]
            full = (flags[flag] == 1.0) & ~np.isnan(panel.get(total)[:, -1:])
            known = known & ~(full & np.isnan(series[:, -1:]))
        out[item] = known
    return out


def _links(data: FundData, panel: Panel) -> tuple[Link, ...]:
    """Own levels whose last account mirrors the areas below them go on doing so."""
    out = []
    for index, area in enumerate(panel.areas):
        if not data.regions.is_own_level(area):
            continue
        inside = set(data.regions.below(data.regions.areas[area].parent)) - {area}
        below = tuple(i for i, a in enumerate(panel.areas) if a in inside)
        for item, mirror in (("lower_remittance", "upper_remittance"), ("lower_grant", "upper_grant")):
            own, other = panel.get(item)[index, -1], panel.get(mirror)[list(below), -1]
            total = np.where(np.isnan(other), 0.0, other).sum()
            if total > 0 and abs(own - total) <= 1e-3 * total:
                out.append(Link(item, index, mirror, below))
    return tuple(out)


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


def has_evidence(fund: FundBasis, item: str) -> Bools:
    """Areas that have a figure of their own of an item, or of a driver of it, in some period."""
    shape = (len(fund.areas), 1)
    known = np.zeros(shape, dtype=bool)
    drivers = EVIDENCE.get(item, ()) if item in fund.programme.by_item else ()
    for name in (item, *drivers):
        known = known | fund.own.get(name, np.zeros(shape, dtype=bool))
    return known


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
