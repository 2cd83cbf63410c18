"""The identities every fund table must satisfy (I1-I4), and that parts sum to the whole.

Tolerance: half a unit of the last digit shown, for each addend, as published figures are
rounded one by one. Reported drafts are under review: their breaks are warnings here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.programmes.programme import Programme
from sibforecast.programmes.registry import PRINTED_TOTAL
from sibforecast.tables.read import Collector
from sibforecast.tables.regions import Regions

_SUMS = (
    ("I1", "revenue_subtotal", items.REVENUE_LINES),
    ("I1", "expenditure_subtotal", items.EXPENDITURE_LINES),
    ("I1", "benefit_expenditure", items.BENEFIT_LINES),
)
_TOTALS = (
    ("total_revenue", "revenue_subtotal", items.INTER_LEVEL_REVENUE, items.REVENUE_LINES),
    ("total_expenditure", "expenditure_subtotal", items.INTER_LEVEL_EXPENDITURE, items.EXPENDITURE_LINES),
)
_BALANCES = ("opening_balance", "current_balance", "balance_adjustment", "closing_balance")
_KEYS = ["region", "programme", "period", "stage"]


def identities(
    history: pd.DataFrame, regions: Regions, programmes: Mapping[str, Programme], found: Collector
) -> None:
    """Check I1-I4 and the sums of children on every area, fund, period and stage."""
    if history.empty:
        found.add("no_figures", "error", "the table has no figures", table="history", mend="add rows")
        return
    wide = _Wide(history)
    for name, total, lines in _SUMS:
        _sum_check(wide, name, total, lines, found)
    for total, subtotal, extra, lines in _TOTALS:
        _total_check(wide, total, subtotal, extra, lines, found)
    _balance_checks(wide, found)
    _openings(wide, found)
    _children(history, wide, regions, found)


class _Wide:
    """Figures of one area, fund, period and stage side by side."""

    def __init__(self, history: pd.DataFrame) -> None:
        codes = history[_KEYS].apply(lambda c: c.cat.codes.astype(np.int64))
        sizes = [len(history[k].cat.categories) + 1 for k in _KEYS]
        flat = np.zeros(len(history), dtype=np.int64)
        for key, size in zip(_KEYS, sizes, strict=True):
            flat = flat * size + codes[key].to_numpy()
        _, first, group = np.unique(flat, return_index=True, return_inverse=True)
        self.first = history.iloc[first]
        self.group = group
        self.count = len(first)
        self.history = history
        self.item = history["item"].astype(object).to_numpy()
        self.values = history["value"].to_numpy()
        self.rows = history["row"].to_numpy()
        self.quantum = history["quantum"].to_numpy() if "quantum" in history else np.full(len(history), 0.01)

    def column(self, item: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values, quanta and row numbers of an item; NaN where there is none."""
        value, quantum = np.full(self.count, np.nan), np.zeros(self.count)
        row = np.zeros(self.count, dtype=np.int64)
        here = np.flatnonzero(self.item == item)
        value[self.group[here]] = self.values[here]
        quantum[self.group[here]] = self.quantum[here]
        row[self.group[here]] = self.rows[here]
        return value, quantum, row

    def table(self, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Values and quanta of several items, one column each."""
        columns = [self.column(n) for n in names]
        return np.column_stack([c[0] for c in columns]), np.column_stack([c[1] for c in columns])

    def report(
        self, bad: np.ndarray, name: str, message: str, item: str, rows: np.ndarray,
        expected: np.ndarray, got: np.ndarray, found: Collector, mend: str, severity: str = "error",
    ) -> None:  # fmt: skip
        """One finding for each broken place."""
        for i in np.flatnonzero(bad):
            place = {k: str(self.first[k].iloc[i]) for k in _KEYS}
            level = "warning" if place.pop("stage") == "reported" else severity
            found.add(name, level, message, table="history", row=int(rows[i]) or None, column="value", item=item,
                      expected=f"{expected[i]:,.2f}", found=f"{got[i]:,.2f}", mend=mend, **place)


def _sum_check(wide: _Wide, name: str, total: str, lines: tuple[str, ...], found: Collector) -> None:
    whole, quantum, rows = wide.column(total)
    parts, quanta = wide.table(lines)
    known = ~np.isnan(parts)
    some = known.any(axis=1) & ~np.isnan(whole)
    added = np.where(known, parts, 0.0).sum(axis=1)
    tolerance = 0.5 * (quanta.sum(axis=1) + quantum) + 1e-9 * np.abs(whole)
    bad = some & (np.abs(added - whole) > tolerance)
    wide.report(bad, f"{name}_{total}", "the lines do not add up to their total", total, rows, added, whole, found,
                "correct the line or the total, or add the line that is missing")


def _total_check(
    wide: _Wide, total: str, subtotal: str, extra: tuple[str, ...], lines: tuple[str, ...], found: Collector
) -> None:
    whole, quantum, rows = wide.column(total)
    sub, sub_quantum, _ = wide.column(subtotal)
    more, quanta = wide.table(extra)
    between = np.where(np.isnan(more), 0.0, more).sum(axis=1)
    tolerance = 0.5 * (quanta.sum(axis=1) + quantum + sub_quantum) + 1e-9 * np.abs(whole)
    expected = sub + between
    bad = np.abs(expected - whole) > tolerance
    wide.report(bad, f"I1_{total}", "subtotal and inter-level lines do not add up to the total", total, rows,
                expected, whole, found, "correct the subtotal, the inter-level lines or the total")
    parts, quanta = wide.table(lines)
    known = ~np.isnan(parts)
    added = np.where(known, parts, 0.0).sum(axis=1) + between
    tolerance = 0.5 * (quanta.sum(axis=1) + quantum) + 1e-9 * np.abs(whole)
    alone = np.isnan(sub) & ~np.isnan(whole) & known.any(axis=1)
    itemised = known.sum(axis=1) >= 3  # fewer lines beside a total are "of which" figures
    bad = alone & np.where(itemised, np.abs(added - whole) > tolerance, added > whole + tolerance)
    wide.report(bad, f"I1_{total}", "the lines do not add up to the total", total, rows, added, whole, found,
                "correct the line or the total, or add the line that is missing")


def _balance_checks(wide: _Wide, found: Collector) -> None:
    revenue, q1, _ = wide.column("total_revenue")
    spending, q2, _ = wide.column("total_expenditure")
    current, q3, rows = wide.column("current_balance")
    expected = revenue - spending
    bad = np.abs(expected - current) > 0.5 * (q1 + q2 + q3) + 1e-9 * np.abs(current)
    wide.report(bad, "I2", "the current-year balance is not revenue minus expenditure", "current_balance", rows,
                expected, current, found, "correct revenue, expenditure or the balance")
    opening, q4, _ = wide.column("opening_balance")
    closing, q5, rows = wide.column("closing_balance")
    adjustment, q6, _ = wide.column("balance_adjustment")
    adjustment = np.where(np.isnan(adjustment), 0.0, adjustment)
    expected = opening + current + adjustment
    bad3 = np.abs(expected - closing) > 0.5 * (q3 + q4 + q5 + q6) + 1e-9 * np.abs(closing)
    wide.report(bad3, "I3", "closing is not opening plus current-year balance plus adjustment", "closing_balance",
                rows, expected, closing, found, "correct the balances, or give the difference as balance_adjustment")
    left, right = revenue + opening, spending + closing - adjustment
    tolerance = 0.5 * (q1 + q2 + q4 + q5 + q6) + 1e-9 * np.abs(left)
    bad4 = (np.abs(left - right) > tolerance) & ~bad & ~bad3
    wide.report(bad4, "I4", "the two sides of the form do not agree: revenue + opening, expenditure + closing",
                "closing_balance", rows, left, right, found, "correct the balances")


def _openings(wide: _Wide, found: Collector) -> None:
    """Opening of a year is the closing of the year before (final accounts)."""
    opening, q1, rows = wide.column("opening_balance")
    closing, q2, _ = wide.column("closing_balance")
    final = (wide.first["stage"] == "final").to_numpy()
    period = wide.first["period"].astype(object).to_numpy()
    keys = list(zip(wide.first["region"].astype(object), wide.first["programme"].astype(object), strict=True))
    place = {(*k, p): i for i, (k, p) in enumerate(zip(keys, period, strict=True)) if final[i]}
    before = np.full(wide.count, np.nan)
    quantum = np.zeros(wide.count)
    for i in np.flatnonzero(final & ~np.isnan(opening)):
        if "-" not in period[i]:
            last = place.get((*keys[i], str(int(period[i]) - 1)))
            if last is not None:
                before[i], quantum[i] = closing[last], q2[last]
    bad = np.abs(opening - before) > 0.5 * (q1 + quantum) + 1e-9 * np.abs(opening)
    wide.report(bad, "I3_opening", "the opening is not the closing of the year before", "opening_balance", rows,
                before, opening, found, "correct the opening, or give the difference as balance_adjustment of the year before")


def _children(history: pd.DataFrame, wide: _Wide, regions: Regions, found: Collector) -> None:
    """Published parents equal the sum of their children; inter-level lines apart."""
    present = set(history["region"].cat.categories[np.unique(history["region"].cat.codes)])
    parents = [p for p in present if any(c in present for c in regions.children(p))]
    if not parents:
        return
    apart = {*items.INTER_LEVEL_REVENUE, *items.INTER_LEVEL_EXPENDITURE, "total_revenue", "total_expenditure",
             "current_balance"}  # fmt: skip
    additive = [c for c in history["item"].cat.categories if items.CATALOGUE[c].is_additive and c not in apart]
    relevant = history[history["region"].isin([*parents, *(c for p in parents for c in regions.children(p))])
                       & history["item"].isin(additive) & (history["programme"] != PRINTED_TOTAL)]  # fmt: skip
    index = ["programme", "item", "period", "stage"]
    by_area = {area: part.set_index(index)[["value", "quantum", "row"]]
               for area, part in relevant.groupby("region", observed=True)}  # fmt: skip
    for parent in parents:
        children = regions.children(parent)
        if parent not in by_area or any(c not in by_area for c in children):
            continue
        joined: Any = by_area[parent]
        total, slack = 0.0, joined["quantum"]
        for child in children:
            part = by_area[child].reindex(joined.index)
            total, slack = total + part["value"], slack + part["quantum"]
        bad = (total - joined["value"]).abs() > 0.5 * slack + 1e-9 * joined["value"].abs()
        for key, row in joined[bad].iterrows():
            level = "warning" if key[3] == "reported" else "error"
            found.add("children_sum", level, "the areas below do not add up to this area", table="history",
                      row=int(row["row"]), column="value", region=parent, programme=key[0], item=key[1], period=key[2],
                      expected=f"{total[key]:,.2f}", found=f"{row['value']:,.2f}", mend="correct the area or its parts")
