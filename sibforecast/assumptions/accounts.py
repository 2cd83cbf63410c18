"""What a fund's last accounts show: which sides they itemise, which lines exist, which mirror."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.forecasting.methods import STALE_YEARS
from sibforecast.programmes.programme import Link
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Floats, Panel

Bools = npt.NDArray[np.bool_]


def itemised(panel: Panel) -> dict[str, Floats]:
    """Which sides of a fund are itemised, by its last figures: totals never split by invention."""
    shape = (len(panel.areas), 1)
    on, off = np.ones(shape), np.full(shape, np.nan)

    def foots(total: str, lines: tuple[str, ...]) -> tuple[Bools, Bools]:
        """Whether there is a total at all, and whether its lines make it up."""
        whole = panel.get(total)
        parts = np.stack([panel.get(x) for x in lines])
        some = (~np.isnan(parts).all(axis=0) | (whole == 0)) & ~np.isnan(whole)  # nothing needs no lines
        added = np.where(np.isnan(parts), 0.0, parts).sum(axis=0)
        fine = np.abs(added - whole) <= 1e-3 * np.abs(whole) + 1.0
        index = np.where(~np.isnan(whole), np.arange(whole.shape[1]), -1).max(axis=1)
        rows = np.arange(len(whole))
        return (index >= 0)[:, None], (some & fine)[rows, np.maximum(index, 0)][:, None] & (index >= 0)[:, None]

    out = {}
    for flag, total, subtotal, lines, between in (
        ("revenue_itemised", "total_revenue", "revenue_subtotal", items.REVENUE_LINES, items.INTER_LEVEL_REVENUE),
        ("expenditure_itemised", "total_expenditure", "expenditure_subtotal", items.EXPENDITURE_LINES,
         items.INTER_LEVEL_EXPENDITURE),
    ):  # fmt: skip
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
    out: dict[str, Bools] = {}
    recent = slice(-(STALE_YEARS + 1), None)
    sides = {
        "revenue": (*items.REVENUE_LINES, *items.INTER_LEVEL_REVENUE),
        "expenditure": (*items.EXPENDITURE_LINES, *items.INTER_LEVEL_EXPENDITURE),
    }
    lines = {line: (f"{side}_itemised", f"total_{side}") for side, many in sides.items() for line in many}
    for item, series in panel.items.items():
        known = np.asarray((~np.isnan(series[:, recent])).any(axis=1))[:, None]
        if item in lines:
            flag, total = lines[item]
            full = (flags[flag] == 1.0) & ~np.isnan(panel.get(total)[:, -1:])
            known = known & ~(full & np.isnan(series[:, -1:]))
        out[item] = known
    return out


def mirrors(data: FundData, panel: Panel) -> tuple[Link, ...]:
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
