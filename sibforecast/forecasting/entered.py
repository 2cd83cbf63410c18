"""What is known or entered for years that accounts do not tell yet, by area.

Figures of the economy (average wage, GDP, urban employment) may stand with any fund and with
an area above: the nearest counts, of the fund itself before those of others; the average wage
only with the fund and its areas. What somebody entered stands in the table ``assumptions``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import ECONOMY, Floats, Panel

#: The figure that the contribution base follows by law.
WAGE = "average_wage"


@dataclass(frozen=True)
class Figure:
    """A figure of the economy as known for the areas of a fund: area, year, value."""

    past: Mapping[str, Mapping[int, float]]
    entered: Mapping[str, Mapping[int, float]] = field(default_factory=dict)

    def of(self, areas: Sequence[str], years: Sequence[int]) -> Floats:
        """What is known: (areas, years)."""
        return _table(self.past, areas, years)

    def given(self, areas: Sequence[str], years: Sequence[int]) -> Floats:
        """What was entered: (areas, years)."""
        return _table(self.entered, areas, years)


def _table(values: Mapping[str, Mapping[int, float]], areas: Sequence[str], years: Sequence[int]) -> Floats:
    blank = float("nan")
    return np.array([[values.get(a, {}).get(y, blank) for y in years] for a in areas]).reshape(len(areas), len(years))


def figures(data: FundData, rows: pd.DataFrame, panel: Panel, later: range) -> dict[str, Figure]:
    """What is known and entered of the economy where a fund's areas are.

    Parameters
    ----------
    data : FundData
        Its table ``assumptions`` and its tree of areas.
    rows : DataFrame
        Yearly figures known at the origin.
    panel : Panel
        Of the fund.
    later : range
        Years to come, for which entered figures count.
    """
    out = {}
    for item in ECONOMY:
        some = rows[rows["item"] == item]
        past = {a: dict(zip(panel.years, panel.items[item][i].tolist(), strict=True)) for i, a in enumerate(panel.areas)} \
            if item in panel.items else {}
        if item != WAGE and not some.empty:
            past = _nearest(data, some, panel)
        if past:
            out[item] = Figure(past, given(data, panel, (item,), later).get(item, Figure({})).entered)
    return out


def given(data: FundData, panel: Panel, wanted: Sequence[str], later: range) -> dict[str, Figure]:
    """What somebody entered of some items for years to come, by item; items of which nothing was entered are left out."""
    there = set(data.table("assumptions")["item"]) if "assumptions" in data.tables else set()
    out = {}
    for item in wanted:
        table = {year: entered(data, panel, item, year) for year in later} if item in there else {}
        cells = {a: {y: float(v[i]) for y, v in table.items() if not np.isnan(v[i])} for i, a in enumerate(panel.areas)}
        if any(cells.values()):
            out[item] = Figure({}, cells)
    return out


def _nearest(data: FundData, rows: pd.DataFrame, panel: Panel) -> dict[str, dict[int, float]]:
    """Each area's figure by year: its own before those of areas above, of the fund before those of others."""
    table: dict[tuple[str, str], dict[int, float]] = {}
    for region, programme, period, value in rows[["region", "programme", "period", "value"]].astype({"period": str}).to_numpy():
        table.setdefault((region, programme), {})[int(period)] = float(value)
    funds = (panel.programme, *(p for p in data.programmes if p != panel.programme))
    out = {}
    for area in panel.areas:
        places = ((region, fund) for region in (area, *data.regions.ancestors(area)) for fund in funds)
        found = next((table[p] for p in places if p in table), None)
        if found is not None:
            out[area] = found
    return out


def entered(data: FundData, panel: Panel, item: str, year: int) -> Floats:
    """What somebody entered of an item for a year, by area: the more specific before the general, sums never from above."""
    rows = [
        row for row in data.table("assumptions").to_dict("records")
        if row["item"] == item and str(row["period"]) == str(year) and row["programme"] in ("", panel.programme)
    ]  # fmt: skip
    rows.sort(key=lambda row: bool(row["programme"]))  # of one area, the fund's own goes before that of all funds
    known = {str(row["region"]): float(row["value"]) for row in rows}
    blank = float("nan")
    split = items.CATALOGUE[item].is_additive and len(panel.areas) > 1
    upper = () if split else ("",)
    lineage = ((a, *(data.regions.ancestors(a) if upper else ()), *upper) for a in panel.areas)
    return np.array([next((known[r] for r in line if r in known), blank) for line in lineage])
