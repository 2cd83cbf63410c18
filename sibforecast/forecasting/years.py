"""The years of one fund: what is known of them, the outturn of the one under way, the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.forecasting import methods as m
from sibforecast.forecasting import nowcast as nc
from sibforecast.forecasting.coherence import cohere
from sibforecast.forecasting.fund_forecast import COMPUTED, LABELS, NORMAL, FundForecast, Options, room, stage_words, worded
from sibforecast.forecasting.known import account_years
from sibforecast.forecasting.reconcile import scaled_to
from sibforecast.forecasting.series import default_method, forecast_items
from sibforecast.periods import Period
from sibforecast.programmes.implied import IDENTITIES, averages, implied
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Floats, Panel

#: What fills a gap is part of a line.
_PART_OF = {"gap_subsidy": "fiscal_subsidy", "gap_grant": "upper_grant"}


@dataclass(frozen=True)
class Span:
    """The years of a forecast: what is known, and what is asked for."""

    last: int  # the last year any figure of the fund is known of
    first: int  # the first year asked for
    until: int
    limit: Period  # nothing later is used
    newest: int  # the last year any figure of any fund is known of

    @property
    def oldest(self) -> int:
        """Accounts before this year are too old to forecast from."""
        return min(self.first, self.newest + 2) - m.STALE_YEARS


def _opening(series: Floats) -> Floats:
    """A series one year later: each year's opening stock."""
    return np.hstack([np.full((len(series), 1), np.nan), series[:, :-1]])


def with_implied(panel: Panel, kind: str) -> Panel:
    """The panel with the drivers that its figures imply."""
    return panel.with_items(implied(kind, panel.get, lambda item: _opening(panel.get(item))))


def fund_years(
    data: FundData, panel: Panel, stages: Panel, span: Span, options: Options, expected: Mapping[tuple[str, str], nc.Outturn]
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
    here = {item: o for (programme, item), o in expected.items() if programme == panel.programme}
    under_way = span.limit.year if here else span.last
    guessed: dict[str, npt.NDArray[np.bool_]] = {}
    steps: list[FundForecast] = []
    for year in years:
        if year > max(span.last, under_way):
            break
        ahead = forecast_items(with_implied(grown, kind), kind, 1, options, guessed)
        if year <= span.last:
            _lay_account(panel, stages, ahead, year)
        elif year == span.limit.year:
            _lay_nowcast(data, ahead, grown, here)
        follows = {*IDENTITIES, "wage_bill"}  # what follows from others is worked out again
        known = {i: p[:, :1] for i, p in ahead.point.items() if i not in follows or i in panel.items}
        grown = grown.extended(year, known)
        full = (latest[recent] >= year)[:, None]
        if year <= span.last:
            _lay_implied(with_implied(grown, kind), panel, ahead, full)
        guessed = _guessed(guessed, with_implied(grown, kind), panel, ahead, full | (year > span.last))
        steps.append(ahead)
    if len(steps) < len(years):
        last = with_implied(grown, kind)
        steps.append(forecast_items(last, kind, len(years) - len(steps), options, guessed))
        cohere(last, kind, steps[-1], options, data.regions, guessed)
        for item, moved in steps[-1].moved.items():
            out.moved[item] = np.hstack([np.zeros((len(moved), len(years) - moved.shape[1])), moved])
    _join(out, steps, options)
    _say_implied(out, panel.until(base))
    return out


def _say_implied(out: FundForecast, panel: Panel) -> None:
    """Where a last value that is carried on is no cell: the last account only implies it, and earlier ones have their own."""
    for item in sorted(set(IDENTITIES) & set(panel.items) & set(out.label)):
        own, known = ~np.isnan(panel.get(item)), ~np.isnan(out.panel.get(item))
        last = known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
        for area in np.flatnonzero(own.any(axis=1) & known.any(axis=1) & ~own[np.arange(len(own)), last]):
            words = (f"{LABELS['last_value']}; {implied_words(item)}; the account of {out.panel.years[last[area]]} has no figure "
                     "of its own")  # fmt: skip
            out.label[item][area] = worded(out.label[item][area] == LABELS["last_value"], words, out.label[item][area])


def _join(out: FundForecast, steps: list[FundForecast], options: Options) -> None:
    """Put the years of several steps side by side.

    Doubt adds up along the way: a year that is itself expected bears on the level and on the
    growth of those after it (`methods.carried`).
    """
    areas = len(out.panel.areas)
    out.unplaced = [place for step in steps for place in step.unplaced]
    for item in dict.fromkeys(i for step in steps for i in step.point):
        method = options.chosen.get(item) or default_method(item)
        points, spreads, labels, nows = [], [], [], []
        before, scales, forms = np.zeros((areas, 1)), [], []
        last = np.zeros(areas, dtype=np.int8)
        for step in steps:
            shape = (areas, len(step.years))
            points.append(step.point.get(item, np.full(shape, np.nan)))
            scale = step.scale.get(item, np.zeros(areas, dtype=np.int8))
            before = np.where((scale == last)[:, None], before, 0.0)  # doubt adds up on one scale only
            own = step.spread.get(item, np.full(shape, np.nan))
            label = step.label.get(item, np.full(shape, "", dtype=object))
            sure = step.nowcast.get(item, np.zeros(shape, dtype=bool)) | (label == LABELS["law"])
            known = sure & (own == 0.0)  # an account is sure, and so is the law
            carried = m.carried(method, np.arange(1, shape[1] + 1), step.panel.years[-1] - step.panel.years[0] + 1)
            spread = np.where(known, 0.0, np.sqrt(own**2 + (before * carried) ** 2))
            spreads.append(spread)
            before, last = np.where(np.isnan(spread[:, -1:]), before, spread[:, -1:]), scale
            scales.append(np.repeat(scale[:, None], shape[1], axis=1))
            forms.append(step.shape.get(item, np.broadcast_to(NORMAL, (*shape, len(NORMAL)))))
            labels.append(label)
            nows.append(step.nowcast.get(item, np.zeros(shape, dtype=bool)))
        out.point[item], out.spread[item] = np.hstack(points), np.hstack(spreads)
        out.label[item], out.nowcast[item] = np.hstack(labels), np.hstack(nows)
        out.scale[item] = np.hstack(scales)
        out.shape[item] = np.hstack(forms) if len(forms) > 1 else forms[0]  # the largest table: not a copy for each year
    out.record, out.broken = steps[-1].record, steps[-1].broken
    out.tried, out.learned = steps[-1].panel, steps[-1].learned
    out.marked = {item: gone for step in steps for item, gone in step.marked.items()}


def _guessed(
    before: Mapping[str, npt.NDArray[np.bool_]], grown: Panel, panel: Panel, ahead: FundForecast,
    full: npt.NDArray[np.bool_],
) -> dict[str, npt.NDArray[np.bool_]]:
    """Which figures of a grown panel are our own forecasts, of which neither accounts nor months tell.

    They prove nothing about forecasts; a nowcast does, as most of its year has come.
    """
    none = np.zeros((len(grown.areas), len(grown.years) - 1), dtype=bool)
    out = {}
    for item in grown.items:
        told = ahead.nowcast.get(item, np.zeros_like(full) if item in panel.items else full)
        out[item] = np.hstack([before.get(item, none), ~told])
    return out


def _lay_account(panel: Panel, stages: Panel, ahead: FundForecast, year: int) -> None:
    """What is already known of a year stands in it."""
    for item in panel.items:
        value = panel.year(item, year)
        known = ~np.isnan(value)
        if item == "opening_balance" or not known.any():
            continue
        room(ahead, item)
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
        room(ahead, item)
        ahead.point[item] = np.where(where, value, ahead.point[item])
        ahead.spread[item] = np.where(where, 0.0, ahead.spread[item])
        ahead.label[item] = worded(where, implied_words(item), ahead.label[item])


def implied_words(item: str) -> str:
    """The method of a driver that an account implies."""
    return f"implied: {IDENTITIES.get(item, 'amount / average insured')}"


def _lay_nowcast(data: FundData, ahead: FundForecast, panel: Panel, expected: Mapping[str, nc.Outturn]) -> None:
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

    for item in sorted(expected, key=lambda i: (i in _PART_OF, not items.CATALOGUE[i].is_additive)):
        if item in COMPUTED and item not in ("gap_subsidy", "gap_grant"):
            continue
        outturn = expected[item]
        room(ahead, item)
        set_ = ahead.nowcast.setdefault(item, np.zeros((len(panel.areas), 1), dtype=bool))
        # an area's own months stand; those of an area above are shared by what is still open below, nearest first
        for told in sorted(range(len(outturn.areas)), key=lambda t: -len(tree.ancestors(outturn.areas[t]))):
            area, value = outturn.areas[told], float(outturn.value[told])
            if area in place:
                _put(ahead, item, [place[area]], np.array([value]), outturn, told, outturn.method[told])
                continue
            below = [place[c] for c in tree.below(area) if c in place]
            open_ = np.array([not set_[b, 0] for b in below], dtype=bool)
            if not open_.any():
                continue
            parts = ahead.point[item][below, 0]
            if np.isnan(parts).all() and _PART_OF.get(item) in ahead.point:  # shared as the line it is part of
                parts = ahead.point[_PART_OF[item]][below, 0]
            moved = scaled_to(value, parts, item, lambda n, b=below: weight(n)[b], open_)  # type: ignore[misc]
            if moved is None:
                if value:  # months of nothing are shared by nobody, and nothing is lost
                    ahead.unplaced.append((area, item))
                continue
            free = [b for b, o in zip(below, open_, strict=True) if o]
            _put(ahead, item, free, moved[open_], outturn, told, f"{outturn.method[told]}; scaled to {tree.label(area)}")


def _put(
    ahead: FundForecast, item: str, rows: list[int], value: Floats, outturn: nc.Outturn, told: int, words: str
) -> None:
    """Figures of the year under way, with the doubt of the area whose months they rest on."""
    ahead.point[item][rows, 0] = value
    ahead.label[item][rows, 0] = words
    ahead.nowcast[item][rows, 0] = True
    ahead.scale[item][rows] = outturn.scale[told]
    ahead.shape[item][rows, 0] = outturn.shape[told]
    relative = outturn.deviation[told] / (abs(float(outturn.value[told])) or 1.0)
    here = outturn.deviation[told] if outturn.scale[told] else relative * np.abs(value)
    ahead.spread[item][rows, 0] = here
