"""Figures as arrays: areas × years of each fund and item, for the leaves of the tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast.tables.data import FundData

Floats = npt.NDArray[np.float64]

#: Figures of the economy: they stand with a fund's figures, but are no account of it.
ECONOMY = ("average_wage", "gdp", "urban_employment")


@dataclass(frozen=True)
class Panel:
    """The series of one fund: each item an array (areas, years), NaN where unknown."""

    programme: str
    areas: tuple[str, ...]
    years: tuple[int, ...]
    items: dict[str, Floats] = field(repr=False)

    def get(self, item: str) -> Floats:
        """The series of an item; all unknown if it has none."""
        found = self.items.get(item)
        return found if found is not None else np.full((len(self.areas), len(self.years)), np.nan)

    def year(self, item: str, year: int) -> Floats:
        """One year of an item as a column (areas, 1)."""
        if year not in self.years:
            return np.full((len(self.areas), 1), np.nan)
        column = self.years.index(year)
        return self.get(item)[:, column : column + 1]

    def until(self, year: int) -> Panel:
        """The same without the years after `year`."""
        count = max(0, min(len(self.years), year - self.years[0] + 1))
        return Panel(self.programme, self.areas, self.years[:count], {i: v[:, :count] for i, v in self.items.items()})

    def only(self, areas: npt.NDArray[np.bool_]) -> Panel:
        """The same for some of its areas."""
        kept = tuple(a for a, keep in zip(self.areas, areas, strict=True) if keep)
        return Panel(self.programme, kept, self.years, {i: v[areas] for i, v in self.items.items()})

    def with_items(self, more: dict[str, Floats]) -> Panel:
        """The same with further items."""
        return Panel(self.programme, self.areas, self.years, {**self.items, **more})

    def extended(self, year: int, values: dict[str, Floats]) -> Panel:
        """The same with one more year; items without a figure there are unknown in it."""
        blank = np.full((len(self.areas), 1), np.nan)
        table = {
            item: np.hstack([self.get(item), values.get(item, blank)])
            for item in dict.fromkeys([*self.items, *values])
        }
        return Panel(self.programme, self.areas, (*self.years, year), table)


def annual_rows(data: FundData, stages: Sequence[str]) -> pd.DataFrame:
    """Yearly figures at the first of `stages` that has them."""
    frame = data._view()
    yearly = ~frame["period"].cat.categories.str.contains("-")
    is_year = yearly[frame["period"].cat.codes.to_numpy()] if len(frame) else np.zeros(0, dtype=bool)
    parts = []
    for rank, stage in enumerate(stages):
        part = frame[is_year & (frame["stage"] == stage).to_numpy()]
        parts.append(part.assign(rank=rank))
    rows = pd.concat(parts) if len(parts) > 1 else parts[0]
    if len(stages) > 1:
        keys = ["region", "programme", "item", "period"]
        rows = rows.sort_values("rank", kind="stable").drop_duplicates(keys, keep="first")
    return rows


def leaves(data: FundData, areas: Iterable[str]) -> tuple[str, ...]:
    """Areas of a set that have no other of the set below them, in the order of the tree."""
    present = set(areas)
    above = {a for code in present for a in data.regions.ancestors(code)}
    return tuple(code for code in data.regions.order if code in present and code not in above)


def panels(rows: pd.DataFrame, data: FundData) -> dict[str, Panel]:
    """One panel for each fund from yearly rows (one stage an entry), leaves only."""
    out: dict[str, Panel] = {}
    if rows.empty:
        return out
    names = rows["region"].cat.categories
    codes = rows["programme"].cat.codes.to_numpy()
    periods = rows["period"].cat.categories
    region_codes, item_codes, period_codes, values = (
        rows["region"].cat.codes.to_numpy(), rows["item"].cat.codes.to_numpy(),
        rows["period"].cat.codes.to_numpy(), rows["value"].to_numpy(),
    )  # fmt: skip
    for index, programme in enumerate(rows["programme"].cat.categories):
        here = codes == index
        if programme not in data.programmes or not here.any():
            continue
        areas = leaves(data, names[np.unique(region_codes[here])])
        seen = sorted({int(periods[p]) for p in np.unique(period_codes[here])})
        years = tuple(range(seen[0], seen[-1] + 1))
        area_of = {a: i for i, a in enumerate(areas)}
        area_index = np.array([area_of.get(n, -1) for n in names])[region_codes[here]]
        year_index = np.array([int(p) - years[0] if "-" not in p else -1 for p in periods])[period_codes[here]]
        used, item_index = np.unique(item_codes[here], return_inverse=True)
        cube = np.full((len(used), len(areas), len(years)), np.nan, dtype=values.dtype)
        leaf = area_index >= 0
        cube[item_index[leaf], area_index[leaf], year_index[leaf]] = values[here][leaf]
        item_names = rows["item"].cat.categories
        table = {str(item_names[u]): cube[i] for i, u in enumerate(used)}
        out[programme] = Panel(programme, areas, years, table)
    return out
