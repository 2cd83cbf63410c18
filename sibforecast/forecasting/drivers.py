"""`forecast`: every driver of every fund and area, with its method and its doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.forecasting import methods as m
from sibforecast.forecasting import nowcast as nc
from sibforecast.forecasting.reconcile import scaled_to
from sibforecast.periods import Period
from sibforecast.programmes.implied import IDENTITIES, averages, implied
from sibforecast.results import Result
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Floats, Panel, annual_rows, panels

#: Measures of policy: what was exempted or deferred last year says nothing about next year.
POLICY_ITEMS = frozenset({"deferred_out", "deferred_in", "exempted", "written_off"})
#: Sums that come in lumps: their recent mean, not their trend.
LUMPS = frozenset({"arrears_recovered", "back_payments", "prepayments"})
#: Computed by the projection, never extrapolated.
COMPUTED = frozenset(
    {"opening_balance", "current_balance", "closing_balance", "balance_adjustment", "gap", "gap_subsidy",
     "gap_grant", "months_payable", "completion", "growth", "revenue_before_filling", "benefit_adjustment",
     "insured_average", "insured_active_average", "beneficiaries_average", "wage_bill", "wage_bill_flexible"}
)  # fmt: skip

LABELS = {
    "trend": "forecast: mean of drift and damped growth on logs",
    "last_value": "forecast: last value",
    "recent_mean": "forecast: mean of the last three years",
    "policy": "no measure announced: nothing is extrapolated",
    "level_end": "forecast: level in force in December × last year's paid level / its own December level",
    "short": "forecast: fewer than three years known; half the growth",
    "one": "forecast: one year known; kept",
    "stale": "none: last figure older than three years",
}


@dataclass
class FundForecast:
    """Point forecasts of one fund as arrays (areas, years); part of a `Forecast`."""

    panel: Panel  # what was known, implied drivers included, up to the base year
    years: tuple[int, ...]
    reported: frozenset[str] = frozenset()  # items of the panel that are not implied
    point: dict[str, Floats] = field(default_factory=dict)
    spread: dict[str, Floats] = field(default_factory=dict)
    on_logs: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    label: dict[str, npt.NDArray[np.object_]] = field(default_factory=dict)
    nowcast: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Forecast(Result):
    """Forecasts of drivers with their intervals.

    The frame has region, programme, item, period, quantile (blank: the point), value and
    method. Quantiles come from the errors of rolling origins, pooled with the same item of
    other areas where a series is short.
    """

    funds: Mapping[str, FundForecast] = field(default_factory=dict)
    data: FundData | None = field(default=None, repr=False)
    periods: tuple[int, ...] = ()
    level: tuple[int, ...] = (80, 95)

    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "item", "period", "quantile", "value", "method",
    )  # fmt: skip

    def headline(self) -> str:
        """Series and periods."""
        series = sum(len(f.point) * len(f.panel.areas) for f in self.funds.values())
        return f"{series:,} series, {self.periods[0]}-{self.periods[-1]}"


def forecast(
    data: FundData,
    periods: int | Iterable[int],
    *,
    asof: str | None = None,
    level: Sequence[int] = (80, 95),
    methods: Mapping[str, str] | None = None,
) -> Forecast:
    """Forecast every driver.

    Parameters
    ----------
    data : FundData
        The history; months of the year under way are used for its outturn.
    periods : int or iterable of int
        Years to forecast.
    asof : str, optional
        Nothing after this period is used; by default everything before the first year, and
        the months of the first year if it is the one under way.
    level : sequence of int
        Coverage of the intervals in per cent.
    methods : mapping, optional
        Method by item: ``trend``, ``last_value`` or ``recent_mean``.

    Returns
    -------
    Forecast

    Raises
    ------
    SibError
        If nothing is known before the periods, or a method is unknown.

    Examples
    --------
    >>> import sibforecast as sib
    >>> f = sib.forecast(sib.load(sib.sample("oasdi")), 2005, asof="2004")
    >>> point = f.frame.query("item == 'beneficiaries' and programme == 'oasi' and quantile.isna()")
    >>> bool(abs(point["value"].iloc[0] / 40_128_579 - 1) < 0.01)
    True
    """
    wanted = (periods,) if isinstance(periods, int) else tuple(sorted(int(p) for p in periods))
    if not wanted:
        raise SibError("no period to forecast")
    for name in (methods or {}).values():
        if name not in m.METHODS:
            raise SibError(f"unknown method {name!r}; expected one of {', '.join(m.METHODS)}")
    limit = Period.parse(asof) if asof else _known_until(data, wanted[0])
    rows = known_rows(data, limit)
    funds: dict[str, FundForecast] = {}
    for programme, panel in panels(rows, data).items():
        last = max(y for i, y in enumerate(panel.years) if _any_known(panel, i))
        if last >= wanted[0] and not asof:
            raise SibError(f"{programme}: {last} is already known; ask for later years")
        years = tuple(range(last + 1, wanted[-1] + 1))
        if years:
            funds[programme] = _fund(data, panel, years, limit, methods or {})
    if not funds:
        raise SibError(f"nothing is known before {wanted[0]}")
    provenance = {**data.provenance, "asof": str(limit)}
    frame_level = tuple(level)
    return Forecast(
        lambda: _frame(funds, wanted, frame_level),
        provenance,
        funds=funds,
        data=data,
        periods=wanted,
        level=frame_level,
    )


def showing(result: Forecast, periods: Sequence[int]) -> Forecast:
    """The same forecast whose frame shows these years, the one under way among them."""
    return replace(result, build=lambda: _frame(result.funds, tuple(periods), result.level))


def _any_known(panel: Panel, year_index: int) -> bool:
    return any(not np.isnan(series[:, year_index]).all() for series in panel.items.values())


def _known_until(data: FundData, first: int) -> Period:
    """The default as-of date: the end of the data before `first`, or within it if under way."""
    frame = data._view()
    actual = frame["stage"].isin(["final", "executed"])
    years = [Period.parse(p) for p in frame.loc[actual, "period"].cat.remove_unused_categories().cat.categories]
    latest = max((p for p in years if p.year <= first), default=None, key=lambda p: (p.year, p.month or 12))
    later = any(p.year > first or (p.year == first and not p.is_month) for p in years)
    if latest is not None and latest.year == first and latest.is_month and latest.month < 12 and not later:
        return latest
    return Period(first - 1, 12)


def known_rows(data: FundData, limit: Period) -> pd.DataFrame:
    """Yearly figures known at `limit`: final accounts, else the year's execution.

    A year without either is taken from December's cumulative months.
    """
    last_full = limit.year if limit.month in (0, 12) else limit.year - 1
    rows = annual_rows(data, ("final", "executed"))
    year_of = np.array([Period.parse(p).year for p in rows["period"].cat.categories])
    rows = rows[year_of[rows["period"].cat.codes.to_numpy()] <= last_full]
    months = nc.month_rows(data, limit)
    december = months[(months["month"] == 12) & (months["year"] <= last_full)]
    if december.empty:
        return rows
    december = december.assign(period=pd.Categorical(december["year"].astype(str)), rank=9)
    keys = ["region", "programme", "item", "period", "value", "rank"]
    joined = pd.concat([rows[keys], december[keys]])
    joined["period"] = pd.Categorical(joined["period"].astype(str))
    return joined.drop_duplicates(keys[:4], keep="first")


def _opening(series: Floats) -> Floats:
    """A series one year later: each year's opening stock."""
    return np.hstack([np.full((len(series), 1), np.nan), series[:, :-1]])


def with_implied(panel: Panel, kind: str) -> Panel:
    """The panel with the drivers that its figures imply."""
    return panel.with_items(implied(kind, panel.get, lambda item: _opening(panel.get(item))))


def _fund(
    data: FundData, panel: Panel, years: tuple[int, ...], limit: Period, chosen: Mapping[str, str]
) -> FundForecast:
    """All items of one fund: the year under way first, then the rest from it."""
    kind = data.programmes[panel.programme].kind
    full = with_implied(panel, kind)
    ahead = _forecast_items(full, 1, chosen)
    expected = nc.outturn(data, years[0], limit)
    out = FundForecast(full, years, frozenset(panel.items))
    here = {item: o for (programme, item), o in expected.items() if programme == panel.programme}
    if here:
        _lay_nowcast(data, full, ahead, here, limit)
    rest = len(years) - 1
    later = None
    if rest:
        first = {i: p[:, :1] for i, p in ahead.point.items() if i not in IDENTITIES or i in panel.items}
        longer = with_implied(panel.extended(years[0], first), kind)
        later = _forecast_items(longer, rest, chosen)
    for item, point in ahead.point.items():
        more = later is not None and item in later.point
        blank = np.full((len(panel.areas), rest), np.nan)
        out.point[item] = np.hstack([point, later.point[item] if more and later else blank])
        wide = later.spread[item] if more and later else blank
        out.spread[item] = np.hstack([ahead.spread[item], np.sqrt(wide**2 + ahead.spread[item] ** 2)])
        out.on_logs[item] = ahead.on_logs[item]
        text = later.label[item] if more and later else ahead.label[item]
        out.label[item] = np.hstack([ahead.label[item], np.repeat(text[:, :1], rest, axis=1)])
        if item in ahead.nowcast:
            out.nowcast[item] = ahead.nowcast[item]
    return out


def _forecast_items(panel: Panel, steps: int, chosen: Mapping[str, str]) -> FundForecast:
    """Forecast all series of a panel in a few large arrays, one for each method."""
    last = panel.years[-1]
    out = FundForecast(panel, tuple(range(last + 1, last + 1 + steps)))
    horizons = np.arange(1, steps + 1)
    jobs: dict[tuple[str, bool], list[tuple[str, npt.NDArray[np.bool_]]]] = {}
    for item, series in panel.items.items():
        if item in COMPUTED or np.isnan(series).all():
            continue
        areas = len(panel.areas)
        out.point[item] = np.full((areas, steps), np.nan)
        out.spread[item] = np.full((areas, steps), np.nan)
        out.on_logs[item] = np.zeros(areas, dtype=bool)
        out.label[item] = np.full((areas, steps), "", dtype=object)
        if item in POLICY_ITEMS:
            given = np.asarray(~np.isnan(series).all(axis=1))
            out.point[item][given], out.spread[item][given] = 0.0, 0.0
            out.label[item][:] = LABELS["policy"]
            continue
        positive = np.asarray((np.isnan(series) | (series > 0)).all(axis=1) & ~np.isnan(series).all(axis=1))
        method = chosen.get(item) or _method(item)
        logs = positive if items.CATALOGUE[item].side != "rate" else np.zeros(areas, dtype=bool)
        jobs.setdefault((method, True), []).append((item, logs))
        plain = "last_value" if method == "last_value" else "recent_mean"
        jobs.setdefault((plain, False), []).append((item, ~logs))
    for (method, on_logs), parts in jobs.items():
        _run(panel, out, horizons, method, on_logs, parts)
    _level_in_force(panel, out)
    return out


def _method(item: str) -> str:
    if items.CATALOGUE[item].side == "rate":
        return "last_value"
    return "recent_mean" if item in LUMPS else "trend"


def _run(
    panel: Panel, out: FundForecast, horizons: npt.NDArray[np.int64], method: str, logs: bool,
    parts: list[tuple[str, npt.NDArray[np.bool_]]],
) -> None:  # fmt: skip
    """One method on all series that use it."""
    blocks = [panel.items[item][mask] for item, mask in parts if mask.any()]
    if not blocks:
        return
    groups = np.concatenate([np.full(int(mask.sum()), g) for g, (_, mask) in enumerate(parts)])
    _, groups = np.unique(groups, return_inverse=True)
    series = np.vstack(blocks)
    got = m.points(np.log(series) if logs else series, horizons, method, groups)
    point = np.exp(got.point) if logs else got.point
    stale = got.lag > m.STALE_YEARS
    point[stale] = np.nan
    label = np.full(len(series), LABELS[method], dtype=object)
    if method == "trend":
        label[got.known < 3] = LABELS["short"]
        label[got.known == 1] = LABELS["one"]
    label[stale] = LABELS["stale"]
    start = 0
    for item, mask in parts:
        stop = start + int(mask.sum())
        out.point[item][mask] = point[start:stop]
        out.spread[item][mask] = got.spread[start:stop]
        out.on_logs[item][mask] = logs
        out.label[item][mask] = label[start:stop, None]
        start = stop


def _level_in_force(panel: Panel, out: FundForecast) -> None:
    """Benefits in force in December already hold the adjustment of the year to come."""
    if "benefit_level" not in out.point or "benefit_level_end" not in panel.items:
        return
    end, level = panel.get("benefit_level_end"), panel.get("benefit_level")
    if end.shape[1] < 2:
        return
    paid = end[:, -1] * level[:, -1] / end[:, -2]
    known = ~np.isnan(paid)
    trend_first = out.point["benefit_level"][:, :1]
    moved = out.point["benefit_level"] * (paid[:, None] / trend_first)
    out.point["benefit_level"] = np.where(known[:, None], moved, out.point["benefit_level"])
    out.label["benefit_level"][known, :1] = LABELS["level_end"]


def _lay_nowcast(
    data: FundData, panel: Panel, ahead: FundForecast, expected: dict[str, nc.Outturn], limit: Period
) -> None:
    """Put the year's expected outturn in place, areas below scaled to the area above."""
    tree = data.regions
    place = {a: i for i, a in enumerate(panel.areas)}
    heads = averages(lambda i: ahead.point.get(i, np.full((len(panel.areas), 1), np.nan))[:, :1],
                     lambda i: panel.get(i)[:, -1:])  # fmt: skip

    def weight(item: str) -> Floats:
        if item in heads:
            return heads[item][:, 0]
        if item == "wage_bill":
            return weight("contributors") * weight("contribution_base") * 12.0
        if item == "wage_bill_flexible":
            return weight("contributors_flexible") * weight("contribution_base_flexible") * 12.0
        found = ahead.point.get(item)
        return found[:, 0] if found is not None else np.full(len(panel.areas), np.nan)

    ordered = sorted(expected, key=lambda i: not items.CATALOGUE[i].is_additive)
    left = 1.0 - (limit.month or 12) / 12.0
    for item in ordered:
        if item in COMPUTED and item not in ("gap_subsidy", "gap_grant"):
            continue
        outturn = expected[item]
        if item not in ahead.point:
            ahead.point[item] = np.full((len(panel.areas), 1), np.nan)
            ahead.spread[item] = np.full((len(panel.areas), 1), np.nan)
            ahead.on_logs[item] = np.zeros(len(panel.areas), dtype=bool)
            ahead.label[item] = np.full((len(panel.areas), 1), "", dtype=object)
        point, label = ahead.point[item], ahead.label[item]
        set_ = ahead.nowcast.setdefault(item, np.zeros((len(panel.areas), 1), dtype=bool))
        for area, value, method in zip(outturn.areas, outturn.value, outturn.method, strict=True):
            if area in place:
                point[place[area], 0], label[place[area], 0] = value, method
                set_[place[area], 0] = True
                continue
            below = [place[c] for c in tree.below(area) if c in place]
            if not below:
                continue
            parts = point[below, 0]
            moved = scaled_to(value, parts, item, lambda n, b=below: weight(n)[b])  # type: ignore[misc]
            if moved is not parts:
                point[below, 0] = moved
                label[below, 0] = f"{method}; scaled to {tree.label(area)}"
                set_[below, 0] = True
        ahead.spread[item][set_[:, 0]] *= left


def _frame(funds: Mapping[str, FundForecast], periods: tuple[int, ...], level: tuple[int, ...]) -> pd.DataFrame:
    """The tidy table of points and quantiles."""
    tails = sorted({q for p in level for q in ((1 - p / 100) / 2, (1 + p / 100) / 2)})
    blocks = []
    for programme, fund in funds.items():
        columns = [i for i, y in enumerate(fund.years) if y in periods]
        for item, point in fund.point.items():
            for j in columns:
                known = np.flatnonzero(~np.isnan(point[:, j]))
                if len(known):
                    blocks.append(_block(programme, item, fund, j, known, tails))
    if not blocks:
        return pd.DataFrame(columns=list(Forecast.columns))
    return pd.concat(blocks, ignore_index=True).astype(
        {"region": "category", "programme": "category", "item": "category", "method": "category"}
    )


def _block(
    programme: str, item: str, fund: FundForecast, j: int, known: npt.NDArray[np.int64], tails: list[float]
) -> pd.DataFrame:
    point, spread = fund.point[item][known, j], fund.spread[item][known, j]
    values, quantiles = [point], [np.full(len(known), np.nan)]
    floor = 0.0 if items.CATALOGUE[item].unit in ("persons", "person-months", "share") else -np.inf
    for q in tails:
        z = float(ndtri(q))
        logs = fund.on_logs[item][known]
        wide = np.where(logs, point * np.exp(z * np.where(logs, spread, 0.0)), point + z * spread)
        values.append(np.maximum(wide, floor) if floor == 0.0 else wide)
        quantiles.append(np.full(len(known), round(q, 6)))
    times = len(values)
    areas = np.array(fund.panel.areas, dtype=object)[known]
    return pd.DataFrame(
        {
            "region": np.tile(areas, times),
            "programme": programme,
            "item": item,
            "period": str(fund.years[j]),
            "quantile": np.concatenate(quantiles),
            "value": np.concatenate(values),
            "method": np.tile(fund.label[item][known, j], times),
        }
    )
