"""What a fund's last accounts show: which sides they itemise, which lines exist, which mirror."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.assumptions.fitting import FILLED_LINES, YearBasis
from sibforecast.forecasting.fund_forecast import FundForecast
from sibforecast.forecasting.methods import STALE_YEARS
from sibforecast.programmes.ties import Link, UpperSide
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Floats, Panel
from sibforecast.tables.read import Collector

Bools = npt.NDArray[np.bool_]


#: Each side of a fund: its flag, total, subtotal, lines, and lines between levels.
SIDES = (
    ("revenue_itemised", "total_revenue", "revenue_subtotal", items.REVENUE_LINES, items.INTER_LEVEL_REVENUE),
    ("expenditure_itemised", "total_expenditure", "expenditure_subtotal", items.EXPENDITURE_LINES,
     items.INTER_LEVEL_EXPENDITURE),
)  # fmt: skip
#: What a total published alone leaves unknown beside its lines.
_BESIDE = {
    "revenue_itemised": ("gap_subsidy", "gap_grant", "standing_subsidy", "standing_grant"),
    "expenditure_itemised": items.BENEFIT_LINES,
}


def _reference(panel: Panel, total: str, lines: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Index of the account that tells how a total is made up; -1 where there is no total.

    The last year with the total, or the year before where only that one is without lines.
    """
    whole = ~np.isnan(panel.get(total))
    parts = ~np.isnan(np.stack([panel.get(x) for x in lines])).all(axis=0) | (panel.get(total) == 0)  # nothing needs no lines
    index = np.arange(whole.shape[1])
    last = np.where(whole, index, -1).max(axis=1)
    told = np.where(whole & parts, index, -1).max(axis=1)
    return np.asarray(np.where((told >= 0) & (last - told <= 1), told, last), dtype=np.int64)


def _at(series: Floats, index: npt.NDArray[np.int64]) -> Floats:
    """The figure of each area in a year of its own."""
    value = series[np.arange(len(series)), np.maximum(index, 0)]
    return np.where(index >= 0, value, np.nan)[:, None]


def itemised(panel: Panel) -> dict[str, Floats]:
    """Which sides of a fund are itemised, by its last accounts: totals never split by invention."""
    shape = (len(panel.areas), 1)
    on, off = np.ones(shape), np.full(shape, np.nan)

    def foots(total: str, lines: tuple[str, ...]) -> tuple[Bools, Bools]:
        """Whether there is a total at all, and whether its lines make it up."""
        index = _reference(panel, total, lines)
        whole = _at(panel.get(total), index)
        parts = np.stack([_at(panel.get(x), index) for x in lines])
        some = ~np.isnan(parts).all(axis=0) | (whole == 0)
        fine = np.abs(np.where(np.isnan(parts), 0.0, parts).sum(axis=0) - whole) <= 1e-3 * np.abs(whole) + 1.0
        return ~np.isnan(whole), some & fine

    out = {}
    for flag, total, subtotal, lines, between in SIDES:
        has_sub, sub_foots = foots(subtotal, lines)
        has, all_foot = foots(total, (*lines, *between))
        out[flag] = np.where(np.where(has_sub, sub_foots, ~has | all_foot), on, off)
    has, fine = foots("benefit_expenditure", items.BENEFIT_LINES)
    split = np.zeros(shape, dtype=bool)
    for item in items.BENEFIT_LINES:
        split = split | np.asarray(~np.isnan(panel.get(item)).all(axis=1))[:, None]
    out["benefits_itemised"] = np.where(~has | fine, on, off)
    out["benefits_lumped"] = np.where(has & ~split, on, off)
    return out


def existing(panel: Panel, flags: Mapping[str, Floats]) -> dict[str, Bools]:
    """Items that exist: known lately, and not absent from a last account that foots without."""
    recent = slice(-(STALE_YEARS + 1), None)
    out = {i: np.asarray((~np.isnan(series[:, recent])).any(axis=1))[:, None] for i, series in panel.items.items()}
    for item, gone in ended(panel, flags).items():
        out[item] = out[item] & ~gone
    return out


def ended(panel: Panel, flags: Mapping[str, Floats]) -> dict[str, Bools]:
    """Lines of earlier years that the last account foots without: there is nothing of them any more."""
    out = {}
    for flag, total, _, lines, between in SIDES:
        index = _reference(panel, total, (*lines, *between))
        full = (flags[flag] == 1.0) & (index >= panel.get(total).shape[1] - 2)[:, None] & (index >= 0)[:, None]
        for item in (*lines, *between):
            if item in panel.items:
                out[item] = full & np.isnan(_at(panel.items[item], index))
    return out


def alone(
    known: Callable[[str], Floats], ever: Mapping[str, Bools], by_account: Callable[[str], Bools] | None = None
) -> dict[str, Bools]:
    """Items that a total published without (all) its lines leaves unknown in its year.

    Parameters
    ----------
    known : callable
        The year's known figures of an item, as an array (areas, 1).
    ever : mapping
        Items that exist for each area.
    by_account : callable, optional
        Where a figure is of an account; months may lack small lines, and leave a total alone
        only where they tell none of its lines. All, by default.

    Returns
    -------
    dict
        Masks (areas, 1) of cells to leave blank, and of the sides concerned by their flag.
    """
    out: dict[str, Bools] = {}
    for flag, total, _, lines, between in SIDES:
        exists = {i: ever[i] for i in (*lines, *between) if i in ever}
        lacking = {i: there & np.isnan(known(i)) for i, there in exists.items()}
        if not exists:
            continue
        none = np.logical_and.reduce([~there | lacking[i] for i, there in exists.items()])
        some = np.logical_or.reduce(list(lacking.values()))
        account = by_account(total) if by_account else np.ones_like(some)
        side = ~np.isnan(known(total)) & some & (none | account)
        if not side.any():
            continue
        out[flag] = side
        for item in (*exists, *_BESIDE[flag]):
            out[item] = side & np.isnan(known(item))
    return out


def unsplit(ahead: FundForecast, kind: str) -> dict[str, Bools]:
    """Standing parts of subsidies and grants that are whole lines, as nothing tells what filled a gap.

    Parameters
    ----------
    ahead : FundForecast
        Its panel ends with the last account.
    kind : str
        Of the fund; the subsidy of a closing fund is its filling.

    Returns
    -------
    dict
        Masks (areas, 1) by standing part, where the line of the last account is above nothing;
        `subsidy_per_head` where that follows from such a line.
    """
    out: dict[str, Bools] = {}
    for line, filling, standing in FILLED_LINES:
        if kind == "closing_subsidy_pension" and filling == "gap_subsidy":
            continue
        never = np.isnan(ahead.panel.get(filling)).all(axis=1, keepdims=True)
        told = ahead.nowcast.get(filling)
        never = never if told is None else never & ~told.any(axis=1, keepdims=True)
        out[standing] = never & (np.nan_to_num(ahead.panel.get(line)[:, -1:]) > 0)
    if kind == "resident_medical" and "standing_subsidy" in out:
        known = ahead.stages or ahead.panel  # without what an account implies
        out["subsidy_per_head"] = out["standing_subsidy"] & np.isnan(known.get("subsidy_per_head")).all(axis=1, keepdims=True)
    return out


def entered(now: YearBasis, standing: str) -> Bools:
    """Where a standing part is the analyst's own, or the side is a total alone, whose gap is blank already."""
    blank = now.given["revenue_itemised"] != 1.0
    lines = [line for line, _, part in FILLED_LINES if part == standing]
    for item in (standing, *lines):
        blank = blank | now.judged.get(item, np.zeros_like(blank))
    return np.asarray(blank)


#: A line of an upper area and the line of those below that it mirrors.
MIRRORED_LINES = (("lower_remittance", "upper_remittance"), ("lower_grant", "upper_grant"))
#: Two sides of a flow agree within this share of it.
_AGREES = 1e-3


def mirrors(data: FundData, panel: Panel) -> tuple[Link, ...]:
    """Own levels whose last account mirrors the areas below them go on doing so."""
    out = []
    for index, area in enumerate(panel.areas):
        if not data.regions.is_own_level(area):
            continue
        inside = set(data.regions.below(data.regions.areas[area].parent)) - {area}
        below = tuple(i for i, a in enumerate(panel.areas) if a in inside)
        for item, mirror in MIRRORED_LINES:
            own, other = panel.get(item)[index, -1], panel.get(mirror)[list(below), -1]
            total = np.where(np.isnan(other), 0.0, other).sum()
            if total > 0 and abs(own - total) <= _AGREES * total:
                out.append(Link(item, index, mirror, below))
    return tuple(out)


def upper_rows(data: FundData, programme: str, areas: tuple[str, ...]) -> pd.DataFrame:
    """What areas made of other areas report of flows between them and those: yearly rows, as given."""
    frame = data._view()
    own = [item for item, _ in MIRRORED_LINES]
    rows = frame[(frame["programme"] == programme) & frame["item"].isin(own)]
    above = {a for code in areas for a in data.regions.ancestors(code)}
    rows = rows[rows["region"].isin(above)]
    return rows[~rows["period"].astype(str).str.contains("-")]


def upper_sides(data: FundData, panel: Panel, found: Collector) -> tuple[UpperSide, ...]:
    """Upper areas whose own row mirrored those below in the last account go on doing so."""
    out = []
    rows = upper_rows(data, panel.programme, panel.areas)
    rows = rows[(rows["period"] == str(panel.years[-1])) & rows["stage"].isin(["final", "executed"])]
    for region, item, value in rows[["region", "item", "value"]].itertuples(index=False):
        mirror = dict(MIRRORED_LINES)[str(item)]
        inside = set(data.regions.below(str(region)))
        side = UpperSide(str(region), str(item), mirror, tuple(i for i, a in enumerate(panel.areas) if a in inside))
        sent = float(side.total(panel.year(mirror, panel.years[-1]))[0])
        if abs(value - sent) <= _AGREES * abs(sent):
            out.append(side)
        elif value:
            found.add("mirror_not_drafted", "warning", f"{item} of the upper area is not {mirror} of those below it; it is not "
                      "drafted, and that area's totals hold the flow gross", region=str(region), programme=panel.programme,
                      item=str(item), period=str(panel.years[-1]), expected="0.00" if np.isnan(sent) else f"{sent:,.2f}",
                      found=f"{value:,.2f}", mend="make both sides agree")
    return tuple(out)
