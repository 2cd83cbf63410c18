"""The years of one fund: what is known of them, the outturn of the one under way, the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.forecasting import methods as m
from sibforecast.forecasting import nowcast as nc
from sibforecast.forecasting.known import STAGE_WORDS, account_years
from sibforecast.forecasting.reconcile import scaled_to
from sibforecast.periods import Period
from sibforecast.programmes.implied import IDENTITIES, averages, implied
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Floats, Panel

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
    stages: Panel | None = None  # at which stage each figure of the panel is known
    point: dict[str, Floats] = field(default_factory=dict)
    spread: dict[str, Floats] = field(default_factory=dict)
    on_logs: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    label: dict[str, npt.NDArray[np.object_]] = field(default_factory=dict)
    nowcast: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    unplaced: list[tuple[str, str]] = field(default_factory=list)  # (upper area, item) known by months, of nobody below
    left_out: Mapping[str, int] = field(default_factory=dict)  # areas whose accounts are too old, with their year

    def known(self, item: str, year: int) -> Floats:
        """What accounts or months say of a year after the base year: (areas, 1), unknown where they say nothing."""
        blank = np.full((len(self.panel.areas), 1), np.nan)
        if item not in self.nowcast or year not in self.years:
            return blank
        column = slice(self.years.index(year), self.years.index(year) + 1)
        return np.where(self.nowcast[item][:, column], self.point[item][:, column], blank)

    def by_account(self, item: str, year: int) -> npt.NDArray[np.bool_]:
        """Where a figure of a year is of an account: (areas, 1)."""
        found = self.stages.year(item, year) if self.stages else np.full((len(self.panel.areas), 1), np.nan)
        return np.asarray(~np.isnan(found))

    def words(self, item: str, year: int) -> npt.NDArray[np.object_]:
        """What the figures of a year are called, by the stage they are known at: (areas, 1)."""
        return stage_words(self.stages, item, year) if self.stages else np.full((len(self.panel.areas), 1), "data", dtype=object)


@dataclass(frozen=True)
class Span:
    """The years of a forecast: what is known, and what is asked for."""

    last: int  # the last year any figure is known of
    first: int  # the first year asked for
    until: int
    limit: Period  # nothing later is used

    @property
    def oldest(self) -> int:
        """Accounts before this year are too old to forecast from."""
        return min(self.first, self.last + 2) - m.STALE_YEARS


def stage_words(stages: Panel, item: str, year: int) -> npt.NDArray[np.object_]:
    """The word for the stage of each figure of an item and year."""
    rank = stages.year(item, year)
    table = np.array([*STAGE_WORDS, ""], dtype=object)
    return np.asarray(table[np.where(np.isnan(rank), len(STAGE_WORDS), rank).astype(np.int64)])


def _opening(series: Floats) -> Floats:
    """A series one year later: each year's opening stock."""
    return np.hstack([np.full((len(series), 1), np.nan), series[:, :-1]])


def with_implied(panel: Panel, kind: str) -> Panel:
    """The panel with the drivers that its figures imply."""
    return panel.with_items(implied(kind, panel.get, lambda item: _opening(panel.get(item))))


def fund_years(
    data: FundData, panel: Panel, stages: Panel, span: Span, chosen: Mapping[str, str]
) -> FundForecast | None:
    """All items of one fund: years partly known one by one, the rest from them in one go.

    The base year is the last of which every area has an account (areas whose last one is
    too old are left out); what is known of later years, and the months of the year under
    way, stand in those years as they are. ``None`` where no area has a recent account.
    """
    kind = data.programmes[panel.programme].kind
    latest = account_years(panel)
    recent = latest >= span.oldest
    if not recent.any():
        return None
    base = int(latest[recent].min())
    left_out = {a: int(y) for a, y, keep in zip(panel.areas, latest, recent, strict=True) if not keep}
    panel, stages = panel.only(recent), stages.only(recent)
    years = tuple(range(base + 1, span.until + 1))
    if not years:
        return None
    grown = panel.until(base)
    out = FundForecast(with_implied(grown, kind), years, frozenset(panel.items), stages, left_out=left_out)
    under_way = span.limit.year if 0 < span.limit.month < 12 else span.last
    steps: list[FundForecast] = []
    for year in years:
        if year > max(span.last, under_way):
            break
        ahead = _forecast_items(with_implied(grown, kind), 1, chosen)
        if year <= span.last:
            _lay_account(panel, stages, ahead, year)
        elif year == span.limit.year:
            expected = nc.outturn(data, year, span.limit)
            here = {item: o for (programme, item), o in expected.items() if programme == panel.programme}
            _lay_nowcast(data, ahead, grown, here, span.limit)
        known = {i: p[:, :1] for i, p in ahead.point.items() if i not in IDENTITIES or i in panel.items}
        grown = grown.extended(year, known)
        if year <= span.last:
            _lay_implied(with_implied(grown, kind), panel, ahead, (latest[recent] >= year)[:, None])
        steps.append(ahead)
    if len(steps) < len(years):
        steps.append(_forecast_items(with_implied(grown, kind), len(years) - len(steps), chosen))
    _join(out, steps)
    return out


def _join(out: FundForecast, steps: list[FundForecast]) -> None:
    """Put the years of several steps side by side; doubt adds up along the way."""
    areas = len(out.panel.areas)
    out.unplaced = [place for step in steps for place in step.unplaced]
    for item in dict.fromkeys(i for step in steps for i in step.point):
        points, spreads, labels, nows = [], [], [], []
        before = np.zeros((areas, 1))
        for step in steps:
            shape = (areas, len(step.years))
            points.append(step.point.get(item, np.full(shape, np.nan)))
            spread = np.sqrt(step.spread.get(item, np.full(shape, np.nan)) ** 2 + before**2)
            spreads.append(spread)
            before = np.where(np.isnan(spread[:, -1:]), before, spread[:, -1:])
            labels.append(step.label.get(item, np.full(shape, "", dtype=object)))
            nows.append(step.nowcast.get(item, np.zeros(shape, dtype=bool)))
        out.point[item], out.spread[item] = np.hstack(points), np.hstack(spreads)
        out.label[item], out.nowcast[item] = np.hstack(labels), np.hstack(nows)
        out.on_logs[item] = next(step.on_logs[item] for step in reversed(steps) if item in step.on_logs)


def _lay_account(panel: Panel, stages: Panel, ahead: FundForecast, year: int) -> None:
    """What is already known of a year stands in it."""
    for item in panel.items:
        value = panel.year(item, year)
        known = ~np.isnan(value)
        if item == "opening_balance" or not known.any():
            continue
        _room(ahead, item)
        ahead.point[item] = np.where(known, value, ahead.point[item])
        ahead.spread[item] = np.where(known, 0.0, ahead.spread[item])
        ahead.label[item] = np.where(known, stage_words(stages, item, year), ahead.label[item])
        ahead.nowcast[item] = known


def _lay_implied(grown: Panel, panel: Panel, ahead: FundForecast, full: npt.NDArray[np.bool_]) -> None:
    """What an account of the year implies goes before what was forecast for it."""
    for item, series in grown.items.items():
        value = series[:, -1:]
        where = full & ~np.isnan(value) & ~ahead.nowcast.get(item, np.zeros_like(full))
        if item in panel.items or not where.any():
            continue
        _room(ahead, item)
        ahead.point[item] = np.where(where, value, ahead.point[item])
        ahead.spread[item] = np.where(where, 0.0, ahead.spread[item])
        ahead.label[item] = np.where(where, implied_words(item), ahead.label[item])


def implied_words(item: str) -> str:
    """The method of a driver that an account implies."""
    return f"implied: {IDENTITIES.get(item, 'amount / average insured')}"


def _room(ahead: FundForecast, item: str) -> None:
    """Room for an item that was not forecast itself."""
    if item not in ahead.point:
        areas = len(ahead.panel.areas)
        ahead.point[item] = np.full((areas, 1), np.nan)
        ahead.spread[item] = np.full((areas, 1), np.nan)
        ahead.on_logs[item] = np.zeros(areas, dtype=bool)
        ahead.label[item] = np.full((areas, 1), "", dtype=object)


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
    data: FundData, ahead: FundForecast, panel: Panel, expected: dict[str, nc.Outturn], limit: Period
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
        _room(ahead, item)
        point, label = ahead.point[item], ahead.label[item]
        set_ = ahead.nowcast.setdefault(item, np.zeros((len(panel.areas), 1), dtype=bool))
        # an area's own months stand; those of an area above are shared by what is still open below, nearest first
        told = sorted(zip(outturn.areas, outturn.value, outturn.method, strict=True), key=lambda t: -len(tree.ancestors(t[0])))
        for area, value, method in told:
            if area in place:
                point[place[area], 0], label[place[area], 0] = value, method
                set_[place[area], 0] = True
                continue
            below = [place[c] for c in tree.below(area) if c in place]
            open_ = np.array([not set_[b, 0] for b in below], dtype=bool)
            if not open_.any():
                continue
            parts = point[below, 0]
            moved = scaled_to(value, parts, item, lambda n, b=below: weight(n)[b], open_)  # type: ignore[misc]
            if moved is None:
                ahead.unplaced.append((area, item))
                continue
            point[below, 0] = moved
            free = [b for b, o in zip(below, open_, strict=True) if o]
            label[free, 0] = f"{method}; scaled to {tree.label(area)}"
            set_[free, 0] = True
        ahead.spread[item][set_[:, 0]] *= left
