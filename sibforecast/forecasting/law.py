"""Announced law: what decisions of the ``policies`` table say of the years to come.

A decision is known from its ``known_from`` month; without one from its start, or, where the
budget of that year knew it (``known_at_budget``), from July of the year before, when budgets
are drafted. What it *sets* for all areas is the forecast of the item. What it adds or
multiplies comes on top of the forecast, which then holds no adjustments of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sibforecast import items
from sibforecast.periods import Period
from sibforecast.tables.cells import read_truth
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Floats
from sibforecast.tables.units import conversion, parse_unit

#: Budgets of a year are drafted from this month of the year before.
DRAFTING = 7
#: No date at all: everything is known.
ALWAYS = Period(9999, 12)


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


@dataclass(frozen=True)
class Adjustment:
    """An item multiplied, or something added to it, from a month on."""

    start: Period
    end: Period | None
    paid: Period  # from here it is in the figures
    factor: float
    amount: float
    general: bool  # decided by nation or region: it stands for what the item's trend would hold
    areas: frozenset[str] | None  # None: all

    def covers(self, year: int, month: int) -> bool:
        """Whether it is in force in a month."""
        return Setting(self.start, self.end, 0.0).covers(year, month)


def known_by(row: Mapping[Any, Any], told: Period) -> bool:
    """Whether a decision of ``policies`` is known at a date.

    Examples
    --------
    >>> raise_ = {"start": "2027-01", "known_at_budget": True}
    >>> known_by(raise_, Period(2026, 9)), known_by(raise_, Period(2026, 6))
    (True, False)
    >>> known_by(raise_ | {"known_from": "2026-03"}, Period(2026, 6))
    True
    """
    since = Period.parse(row.get("known_from") or row["start"])
    if not row.get("known_from") and read_truth(row.get("known_at_budget")):
        since = Period(since.year - 1, DRAFTING)
    return (since.year, since.month or 1) <= (told.year, told.month or 12)


def is_law(row: Mapping[Any, Any]) -> bool:
    """Whether a decision sets an item for all areas: then it is the item's forecast."""
    value = row.get("set")
    return value is not None and value == value and str(row.get("regions") or "*").strip() == "*"


def concerns(row: Mapping[Any, Any], programme: str) -> bool:
    """Whether a fund is meant."""
    funds = [p.strip() for p in str(row.get("programme") or "*").replace("，", ",").split(",")]
    return "*" in funds or programme in funds


def paid_from(row: Mapping[Any, Any]) -> Period:
    """The month from which a decision is in the figures: it may be paid later than it starts."""
    return Period.parse(row.get("paid") or row["start"])


def adjustments(data: FundData, programme: str, told: Period) -> dict[str, list[Adjustment]]:
    """What decisions known at a date add to or multiply items of a fund by."""
    out: dict[str, list[Adjustment]] = defaultdict(list)
    for row in data.table("policies").to_dict("records"):
        times, plus = row.get("multiply"), row.get("add")
        times, plus = (None if v is None or v != v or v == "" else float(v) for v in (times, plus))
        if (times is None and plus is None) or not concerns(row, programme) or not known_by(row, told):
            continue
        item = str(row["item"])
        unit = conversion(parse_unit(str(row["unit"])), items.CATALOGUE[item].unit)[0] if row.get("unit") else 1.0
        words = [w.strip() for w in str(row.get("regions") or "*").replace("，", ",").split(",")]
        codes = [data.regions.resolve(w) for w in words if w != "*"]
        areas = None if "*" in words else frozenset({c for code in codes for c in (code, *data.regions.below(code))})
        out[item].append(Adjustment(
            Period.parse(row["start"]), Period.parse(row["end"]) if row.get("end") else None, paid_from(row),
            1.0 if times is None else times, 0.0 if plus is None else plus * unit,
            str(row.get("decided_by") or "") in ("nation", "region"), areas,
        ))  # fmt: skip
    return {item: sorted(many, key=lambda a: (a.start.year, a.start.month or 1)) for item, many in out.items()}


def at_year_end(last: Floats, year: int, many: list[Adjustment], areas: tuple[str, ...]) -> Floats:
    """The last year's average as it would be with all of December in force the whole year long.

    Each month's value is ``factor × what was there + amount``, so the average is an affine map of
    what was there, and that is solved for.

    Parameters
    ----------
    last : array (areas,)
        Average of the year.
    year : int
    many : list of Adjustment
        In order of start; those that are in the figures.
    areas : tuple of str

    Examples
    --------
    >>> july = Adjustment(Period(2026, 7), None, Period(2026, 7), 1.04, 0.0, True, None)
    >>> at_year_end(np.array([102.0]), 2026, [july], ("a",)).round(6).tolist()
    [104.0]
    """
    slope, level = np.zeros(len(areas)), np.zeros(len(areas))
    for month in range(1, 13):
        factor, amount = np.ones(len(areas)), np.zeros(len(areas))
        for one in many:
            if one.covers(year, month):
                here = np.array([one.areas is None or a in one.areas for a in areas])
                factor = np.where(here, factor * one.factor, factor)
                amount = np.where(here, amount * one.factor + one.amount, amount)
        slope, level = slope + factor / 12.0, level + amount / 12.0
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(slope != 0, factor * (last - level) / slope + amount, last))


def announced(data: FundData, programme: str, limit: Period) -> dict[str, list[Setting]]:
    """What is set by law for a fund, as known at `limit`, in order of start."""
    out: dict[str, list[Setting]] = defaultdict(list)
    for row in data.table("policies").to_dict("records"):
        if not is_law(row) or not concerns(row, programme) or not known_by(row, limit):
            continue
        item, value = str(row["item"]), row["set"]
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
