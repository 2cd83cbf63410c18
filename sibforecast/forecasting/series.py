"""All series of one fund, forecast together: each by what it is.

Heads, wages and levels by the combination, amounts by their own, rates by their last value or
announced law, lumps by their recent mean; lines by their drivers where they have them
(`identities`). Years an event marks are left out of what is fitted (`events`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.forecasting import macro
from sibforecast.forecasting import methods as m
from sibforecast.forecasting import scales as sc
from sibforecast.forecasting import spread as sp
from sibforecast.forecasting.composition import by_composition
from sibforecast.forecasting.events import Event, across, jumps, left_out, together
from sibforecast.forecasting.fund_forecast import (
    COMPUTED,
    LABELS,
    POLICY_ITEMS,
    UPRIGHT,
    FundForecast,
    Options,
    from_december,
    room,
    worded,
)
from sibforecast.forecasting.identities import by_identity
from sibforecast.forecasting.law import Setting, at_year_end, in_force
from sibforecast.forecasting.leaning import upright
from sibforecast.forecasting.variance import kind_of
from sibforecast.forecasting.wages import draw_together
from sibforecast.tables.panel import Floats, Panel

#: Sums that come in lumps: their recent mean, not their trend.
LUMPS = frozenset({"arrears_recovered", "back_payments", "prepayments"})


@dataclass
class _Job:
    """Series that use one method on one working scale."""

    method: str
    scale: int
    parts: list[tuple[str, npt.NDArray[np.bool_]]] = field(default_factory=list)


def forecast_items(
    panel: Panel, kind: str, steps: int, options: Options, guessed: Mapping[str, npt.NDArray[np.bool_]]
) -> FundForecast:
    """Forecast all series of a panel in a few large arrays, one for each method and scale.

    Figures that are `guessed`, forecasts of earlier steps, are built upon but prove nothing.
    """
    panel, last = _without_corrections(panel), panel.years[-1]
    out = FundForecast(panel, tuple(range(last + 1, last + 1 + steps)))
    horizons = np.arange(1, steps + 1)
    fitted = _without_marked(panel, options.events, out)
    errors: dict[str, Floats] = {}
    jobs = _jobs(fitted, out, steps, options)
    for job in jobs:
        _run(fitted, out, horizons, job, errors)
    for item in errors:
        _only_proven(errors[item], guessed.get(item), horizons)
    draw_together(fitted, out, errors, horizons, options.chosen)
    _level_in_force(fitted, out, errors)
    by_composition(fitted, kind, out, errors, options.chosen.get("benefit_level") or default_method("benefit_level"),
                   options.entered)
    _announced(panel, out, options.law)
    _adjusted(panel, out, options, guessed)
    if options.economy:
        chosen = {item: options.chosen.get(item) or default_method(item) for item in out.point}
        macro.move(fitted, out, options.economy, errors, chosen, guessed)
    _lines(fitted, kind, out, errors, options)
    for line in errors:
        _only_proven(errors[line], guessed.get(line), horizons)
    _spreads(out, errors, horizons)
    macro.lay_known(out, options.economy)
    return out


def _only_proven(errors: Floats, guessed: npt.NDArray[np.bool_] | None, horizons: npt.NDArray[np.int64]) -> None:
    """Errors between a guess and a figure are none: neither how far off we were nor how near."""
    if guessed is None or not guessed.any():
        return
    years = guessed.shape[1]
    for place in range(errors.shape[1]):
        origin = years - 1 - errors.shape[1] + place
        errors[guessed[:, origin], place] = np.nan
        for j, h in enumerate(horizons):
            if origin + h < years:
                errors[guessed[:, origin + h], place, j] = np.nan


def _without_marked(panel: Panel, events: Sequence[Event], out: FundForecast) -> Panel:
    """The panel as it is fitted: without years that say nothing of others."""
    if not events:
        return panel
    table = {}
    for item, series in panel.items.items():
        gone = left_out(events, panel.programme, item, panel.years)
        if gone and not set(panel.years) <= set(gone):
            out.marked[item] = gone
            series = series.copy()
            series[:, [y in gone for y in panel.years]] = np.nan
        table[item] = series
    return Panel(panel.programme, panel.areas, panel.years, table)


def corrected_interest(panel: Panel) -> npt.NDArray[np.bool_]:
    """Years whose interest is below nothing on a balance that is not: a booked correction, no yield (areas, years)."""
    closing = panel.get("closing_balance")
    balance = panel.get("opening_balance")
    for other in (np.hstack([np.full((len(panel.areas), 1), np.nan), closing[:, :-1]]), closing):
        balance = np.where(np.isnan(balance), other, balance)
    return np.asarray((panel.get("interest") < 0) & ~(balance < 0))


def _without_corrections(panel: Panel) -> Panel:
    """The panel without interest that only corrects earlier years: it is not carried on."""
    gone = corrected_interest(panel)
    if not gone.any():
        return panel
    return panel.with_items({"interest": np.where(gone, np.nan, panel.get("interest"))})


def _jobs(panel: Panel, out: FundForecast, steps: int, options: Options) -> list[_Job]:
    """Which series go by which method, on which scale."""
    jobs: dict[tuple[str, int], _Job] = {}
    areas = len(panel.areas)
    for item, series in panel.items.items():
        if item in COMPUTED or np.isnan(series).all():
            continue
        room(out, item, steps)
        if item in POLICY_ITEMS:
            given = np.asarray(~np.isnan(series).all(axis=1))
            out.point[item][given], out.spread[item][given] = 0.0, 0.0
            out.label[item][:] = LABELS["policy"]
            continue
        known = ~np.isnan(series)
        some = np.asarray(known.any(axis=1))
        method = options.chosen.get(item) or default_method(item)
        if items.CATALOGUE[item].side == "rate":
            fine = np.asarray((~known | ((series > 0) & (series < 1))).all(axis=1)) & some
            scale, other = sc.LOGIT, "last_value"
        else:
            fine = np.asarray((~known | (series > 0)).all(axis=1)) & some
            scale, other = sc.LOG, "last_value" if method == "last_value" else "recent_mean"
        for name, on, mask in ((method, scale, fine), (other, sc.PLAIN, ~fine)):
            if mask.any():
                jobs.setdefault((name, on), _Job(name, on)).parts.append((item, mask))
        out.scale[item] = np.where(fine, np.int8(scale), np.int8(sc.PLAIN)).astype(np.int8)
        out.label[item] = np.full((areas, steps), "", dtype=object)
    return list(jobs.values())


def default_method(item: str) -> str:
    """The method of an item: by what it is."""
    entry = items.CATALOGUE[item]
    if entry.side == "rate":
        return "last_value"
    if item in LUMPS:
        return "recent_mean"
    if item in ("gdp", "urban_employment"):
        return "fading"
    is_sum_of_money = entry.unit == "currency" or item.endswith("_per_insured")
    return "amount" if is_sum_of_money else "combination"


def _run(
    panel: Panel, out: FundForecast, horizons: npt.NDArray[np.int64], job: _Job, errors: dict[str, Floats]
) -> None:
    """One method on all series that use it."""
    series = np.vstack([panel.items[item][mask] for item, mask in job.parts])
    groups = np.concatenate([np.full(int(mask.sum()), g) for g, (_, mask) in enumerate(job.parts)]).astype(np.int64)
    additive = np.concatenate([np.full(int(mask.sum()), items.CATALOGUE[i].is_additive) for i, mask in job.parts])
    work = sc.to_scale(series, job.scale)
    raw = got = sp.run(work, horizons, job.method, groups, additive)
    if job.method in ("combination", "amount"):
        got = upright(raw, work, groups, horizons)
    point = sc.from_scale(got.point, job.scale)
    stale = got.lag > m.STALE_YEARS
    point[stale] = np.nan
    label = _labels(job.method, got.known, groups)
    moved = np.asarray((got.point != raw.point).any(axis=1))
    label[moved] = label[moved] + UPRIGHT
    label[stale] = LABELS["stale"]
    start = 0
    for item, mask in job.parts:
        stop = start + int(mask.sum())
        out.point[item][mask] = point[start:stop]
        out.label[item][mask] = label[start:stop, None]
        room_ = errors.setdefault(item, np.full((len(mask), got.errors.shape[1], len(horizons)), np.nan))
        room_[mask] = got.errors[start:stop]
        start = stop


def _labels(method: str, known: npt.NDArray[np.int64], groups: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    """What each forecast is called, by how much its series had to go on."""
    label: npt.NDArray[np.object_] = np.full(len(known), LABELS[method], dtype=object)
    if method == "combination":
        many = np.where(np.bincount(groups)[groups] >= m.PANEL, 1, 0)
        table = np.array([[LABELS["combination"], LABELS["panel"]], [LABELS["combination"], LABELS["long_panel"]]], dtype=object)
        label = np.asarray(table[np.where(known >= m.LONG_RUN, 1, 0), many], dtype=object)
    if method not in ("last_value", "recent_mean"):
        label[known < 3], label[known == 1] = LABELS["short"], LABELS["one"]
    return label


def _level_in_force(panel: Panel, out: FundForecast, errors: dict[str, Floats]) -> None:
    """Benefits in force in December already hold the adjustment of the year to come."""
    if "benefit_level" not in out.point or "benefit_level_end" not in panel.items:
        return
    end, level = panel.get("benefit_level_end"), panel.get("benefit_level")
    if end.shape[1] < 2:
        return
    with np.errstate(invalid="ignore", divide="ignore"):
        paid = end[:, 1:] * level[:, 1:] / end[:, :-1]  # of the year after each column
    now = paid[:, -1]
    known = ~np.isnan(now)
    trend_first = out.point["benefit_level"][:, :1]
    moved = out.point["benefit_level"] * (now[:, None] / trend_first)
    out.point["benefit_level"] = np.where(known[:, None], moved, out.point["benefit_level"])
    out.label["benefit_level"][known, :1] = LABELS["level_end"]
    if "benefit_level" not in errors or level.shape[1] < 4:
        return
    trend = errors["benefit_level"]
    first = level.shape[1] - 1 - trend.shape[1]  # the column of the first origin
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.log(level[:, 2:]) - np.log(paid[:, :-1])  # error of the forecast made a year before, by that year's column − 1
    exact = np.full(trend.shape[:2], np.nan)
    for place in range(trend.shape[1]):
        if first + place >= 1:
            exact[:, place] = apart[:, first + place - 1]
    by_level = trend - trend[:, :, :1] + exact[:, :, None]
    errors["benefit_level"] = np.where(known[:, None, None], by_level, trend)


def _announced(panel: Panel, out: FundForecast, law: Mapping[str, list[Setting]]) -> None:
    """Rates and standards that the law has fixed for years to come."""
    for item, settings in law.items():
        if item not in out.point:
            continue
        value, spoken = in_force(settings, panel.get(item), panel.years, out.years, out.point[item][:, 0])
        out.point[item][:, spoken] = value[:, spoken]
        out.label[item][:, spoken] = LABELS["law"]


def _adjusted(panel: Panel, out: FundForecast, options: Options, guessed: Mapping[str, npt.NDArray[np.bool_]]) -> None:
    """Levels and rates with a general adjustment announced: in force as they are, until the last one; it comes on top.

    Their trend is made of past adjustments: with it an announced one would count twice.
    """
    last = panel.years[-1]
    for item, many in options.adjusted.items():
        entry = items.CATALOGUE[item]
        if item not in out.point or entry.unit in ("persons", "person-months", "currency"):
            continue
        series = panel.get(item)[:, -1]
        known = ~guessed[item][:, -1] if item in guessed else np.ones(len(series), dtype=bool)
        seen = min((options.limit.year, options.limit.month or 12), (last, 12))
        inside = [a for a in many if (a.paid.year, a.paid.month or 1) <= seen]
        ahead = [a for a in many if a.general and a.paid.year in out.years]
        if not ahead:
            continue
        value = np.where(known, at_year_end(series, last, inside, panel.areas), series)
        meant = np.any([[a.areas is None or code in a.areas for code in panel.areas] for a in ahead], axis=0)
        until = out.years.index(max(a.paid.year for a in ahead))
        trend = out.point[item]
        with np.errstate(invalid="ignore", divide="ignore"):
            grown = value[:, None] * trend / trend[:, until : until + 1]
        path = np.where(np.arange(len(out.years)) > until, grown, value[:, None])
        free = (out.label[item] != LABELS["law"]) & ~from_december(out.label[item])
        here = (meant & ~np.isnan(value))[:, None] & np.isfinite(path) & free
        out.point[item] = np.where(here, path, trend)
        out.label[item] = worded(here & (np.arange(len(out.years)) <= until), LABELS["in_force"], out.label[item])


def _lines(panel: Panel, kind: str, out: FundForecast, errors: dict[str, Floats], options: Options) -> None:
    """Lines that have drivers follow from them, unless a method was chosen for them."""
    steps = len(out.years)
    count = next(iter(errors.values())).shape[1] if errors else 0
    years = len(panel.years)
    origins = range(years - 1 - count, years - 1)
    on_logs = {item: _on_logs(out, item, wrong) for item, wrong in errors.items()}
    for line, (value, wrong) in by_identity(panel, kind, out.point, on_logs, steps, origins).items():
        if line in options.chosen:
            continue
        room(out, line, steps)
        told = ~np.isnan(value)
        out.point[line] = np.where(told, value, out.point[line])
        out.label[line] = worded(told, LABELS["identity"], out.label[line])
        whole = np.asarray(told.all(axis=1))
        out.scale[line] = np.where(whole, np.int8(sc.LOG), out.scale[line]).astype(np.int8)
        if errors:
            before = errors.get(line, np.full_like(wrong, np.nan))
            errors[line] = np.where(whole[:, None, None], wrong, before)


def _on_logs(out: FundForecast, item: str, wrong: Floats) -> Floats:
    """Errors of a driver on logs, whatever scale it was forecast on; unknown where that has no logs."""
    scale, point = out.scale[item], np.abs(out.point[item][:, :1])
    share = np.where(scale == sc.LOGIT, 1.0 - np.nan_to_num(point[:, 0]), 1.0)  # d log p = (1 − p) d logit p
    return np.where((scale == sc.PLAIN)[:, None, None], np.nan, wrong * share[:, None, None])


def _size(out: FundForecast, item: str) -> Floats:
    """The usual size of each area's figures."""
    series = out.panel.get(item)
    known = ~np.isnan(series)
    mean = np.where(known, np.abs(series), 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(np.maximum(mean, np.abs(np.nan_to_num(out.point[item][:, 0]))))


def _lag(panel: Panel, item: str) -> Floats:
    """Years since the last known figure of each area; none where there is none at all."""
    known = ~np.isnan(panel.get(item))
    last = np.where(known, np.arange(known.shape[1]), -1).max(axis=1)
    return np.where(last >= 0, known.shape[1] - 1.0 - last, 0.0)


def _jumps(series: Floats, scales: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Years of a jump nobody announced, on the working scale; sums that come in lumps have no level to jump from."""
    scale = scales[:, None]
    work = np.full(series.shape, np.nan)
    for one in (sc.LOG, sc.LOGIT):
        work = np.where(scale == one, sc.to_scale(np.where(scale == one, series, np.nan), one), work)
    return jumps(work)


def _spreads(out: FundForecast, errors: Mapping[str, Floats], horizons: npt.NDArray[np.int64]) -> None:
    """The spread of all series at once: groups are an item's areas on one scale."""
    names = [item for item in errors if item in out.point]
    if not names:
        return
    areas = len(out.panel.areas)
    stacked = np.concatenate([errors[item] for item in names])
    scales = np.concatenate([out.scale[item] for item in names])
    item_of = np.repeat(np.arange(len(names)), areas)
    groups = np.unique(item_of * 3 + scales, return_inverse=True)[1].astype(np.int64)
    size = np.concatenate([_size(out, item) for item in names])
    kinds = np.repeat([kind_of(item) for item in names], areas)
    series = np.concatenate([out.panel.get(item) for item in names])
    origins, jumped = stacked.shape[1], _jumps(series, scales)
    breaks = together(jumped, groups)  # said in a finding; how often they come is all they tell of other years
    stacked = np.where(across(breaks, origins, horizons), np.nan, stacked)
    later = across(jumped, origins, horizons) if len(horizons) > 1 else None  # one year ahead a jump of one area counts in full
    broken = breaks[:, breaks.shape[1] - origins :]
    size = np.where(scales == sc.PLAIN, size, 1.0)
    found = sp.spread_of(stacked, groups, horizons, kinds, size, jumped=later, broken=broken)
    for place, item in enumerate(names):
        rows = slice(place * areas, (place + 1) * areas)
        longer = np.sqrt((horizons + _lag(out.panel, item)[:, None]) / horizons)  # years since the last known one count
        spread = np.where(out.label[item] == LABELS["law"], 0.0, found.deviation[rows] * longer)  # the law is sure
        out.spread[item] = np.where(np.isnan(out.point[item]), np.nan, spread)
        out.shape[item] = found.shape[rows].astype(np.float32)  # the largest table; so finely nobody knows it
        out.record[item] = errors[item][:, :, 0].copy()  # the errors of later years need not stay
        if breaks[rows].any():
            out.broken[item] = across(breaks[rows], origins, horizons[:1])[:, :, 0]
