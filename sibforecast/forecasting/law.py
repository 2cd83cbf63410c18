"""Announced law: rates and standards that are fixed for years to come.

Rows of ``policies`` that *set* an item, with a ``known_from`` month, are known to every
forecast made from then on. Rows without it are left to scenarios: they may be wishes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from sibforecast.periods import Period
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Floats
from sibforecast.tables.units import conversion, parse_unit


@dataclass(frozen=True)
class Setting:
    """An item set to a value from a month on."""

    start: Period
    end: Period | None
    value: float

    def covers(self, year: int, month: int) -> bool:
        """Whether it is in force in a month."""
        here = (year, month)
        last = (self.end.year, self.end.month or 12) if self.end else (9999, 12)
        return (self.start.year, self.start.month or 1) <= here <= last


def announced(data: FundData, programme: str, limit: Period) -> dict[str, list[Setting]]:
    """What is set by law for a fund, as known at `limit`, in order of start."""
    from sibforecast import items

    out: dict[str, list[Setting]] = defaultdict(list)
    for row in data.table("policies").to_dict("records"):
        known, value = row.get("known_from"), row.get("set")
        regions = str(row.get("regions") or "*").strip()
        funds = [p.strip() for p in str(row.get("programme") or "*").replace("，", ",").split(",")]
        if not known or value is None or value != value or regions != "*" or ("*" not in funds and programme not in funds):
            continue
        since = Period.parse(known)
        if (since.year, since.month or 1) > (limit.year, limit.month or 12):
            continue
        item = str(row["item"])
        factor = conversion(parse_unit(str(row["unit"])), items.CATALOGUE[item].unit)[0] if row.get("unit") else 1.0
        end = Period.parse(row["end"]) if row.get("end") else None
        out[item].append(Setting(Period.parse(row["start"]), end, float(value) * factor))
    return {item: sorted(many, key=lambda s: (s.start.year, s.start.month or 1)) for item, many in out.items()}


def in_force(
    settings: list[Setting], series: Floats, past: tuple[int, ...], years: tuple[int, ...], otherwise: Floats
) -> tuple[Floats, np.ndarray]:
    """Yearly averages of an item under announced law, and the years it speaks of.

    Where nothing is set, what was in force before goes on: the last figure of a year in which
    nothing was set. So a measure that ends gives way to the rate before it, even where the
    last known year holds months of both.

    Parameters
    ----------
    settings : list of Setting
        In order of start; the later goes before the earlier.
    series : array (areas, years of `past`)
        What is known.
    past, years : tuple of int
        Known years, and years ahead.
    otherwise : array (areas,)
        Its own forecast, for areas where no figure is known.
    """
    touched = np.array([any(s.covers(year, month) for s in settings for month in range(1, 13)) for year in past], dtype=bool)
    known = ~np.isnan(series)
    free = known & ~touched
    column = np.where(free, np.arange(len(past)), -1).max(axis=1)
    latest = np.where(known, np.arange(len(past)), -1).max(axis=1)
    column = np.where(column >= 0, column, latest)
    before = np.where(column >= 0, series[np.arange(len(series)), np.maximum(column, 0)], otherwise)
    mixed = bool(touched.any() and touched[-1])  # its last figure is not what will be in force
    out = np.repeat(before[:, None], len(years), axis=1)
    spoken = np.full(len(years), mixed)
    for place, year in enumerate(years):
        months = []
        for month in range(1, 13):
            here = [s for s in settings if s.covers(year, month)]
            months.append(np.full(len(before), here[-1].value) if here else before)
            spoken[place] |= bool(here)
        out[:, place] = np.mean(months, axis=0)
    return out, spoken
