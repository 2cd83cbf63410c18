"""The identities every fund table must satisfy (I1-I4), and that parts sum to the whole.

Tolerance: half a unit of the last digit shown, for each addend, as published figures are
rounded one by one. Reported drafts are under review: their breaks are warnings here.
"""

from __future__ import annotations

from itertools import chain

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.programmes.registry import PRINTED_TOTAL
from sibforecast.tables.figures import Figures, shown
from sibforecast.tables.read import Collector
from sibforecast.tables.regions import Regions
from sibforecast.tables.slips import slipped_part, slips

_SUMS = (
    ("I1", "revenue_subtotal", items.REVENUE_LINES),
    ("I1", "expenditure_subtotal", items.EXPENDITURE_LINES),
    ("I1", "benefit_expenditure", items.BENEFIT_LINES),
)
_TOTALS = (
    ("total_revenue", "revenue_subtotal", items.INTER_LEVEL_REVENUE, items.REVENUE_LINES),
    ("total_expenditure", "expenditure_subtotal", items.INTER_LEVEL_EXPENDITURE, items.EXPENDITURE_LINES),
)
#: What does not add up over areas that pay one another.
_APART = {
    *items.INTER_LEVEL_REVENUE, *items.INTER_LEVEL_EXPENDITURE, "total_revenue", "total_expenditure", "current_balance",
}  # fmt: skip
_KEYS = ["region", "programme", "period", "stage"]
#: What to do where a sum only fails because a figure stands in another unit.
UNIT_MEND = "correct the figure or the unit of its row, whichever is wrong"
_BALANCES = frozenset({"opening_balance", "closing_balance"})
#: What the identities of an account are about: an error elsewhere does not keep them from being checked.
_ACCOUNT = frozenset({
    *items.REVENUE_LINES, *items.EXPENDITURE_LINES, *items.BENEFIT_LINES, *_APART, *_BALANCES,
    "revenue_subtotal", "expenditure_subtotal", "benefit_expenditure", "balance_adjustment",
})  # fmt: skip
#: Last year's closing by area, fund, period and stage, where the opening is another.
_Openings = dict[tuple[str, ...], float]


def identities(figures: Figures, regions: Regions | None, found: Collector) -> None:
    """Check I1-I4 and the sums of children on every area, fund, period and stage.

    Where a row was left out because of an error, what it belongs to cannot be checked, and a
    note says so; without a sound tree (`regions` is ``None``) no sums of children can.
    """
    _say_unchecked(figures, found)
    openings = _openings(figures, found)
    history = _certain(figures, _ACCOUNT)
    if history.empty:
        return
    wide = _Wide(history, figures.units)
    for name, total, lines in _SUMS:
        _sum_check(wide, name, total, lines, found)
    for total, subtotal, extra, lines in _TOTALS:
        _total_check(wide, total, subtotal, extra, lines, found)
    _balance_checks(wide, openings, found)
    if regions is not None:
        _children(_certain(figures), figures.units, regions, found)


def _say_unchecked(figures: Figures, found: Collector) -> None:
    """How many accounts wait for other errors to be mended; in silence they would pass for sound."""
    history = figures.history
    if figures.doubtful.empty:
        return
    accounts = history[history["item"].isin(_ACCOUNT)]
    checked = _certain(figures, _ACCOUNT)
    whole, sound = (len(f[_KEYS].drop_duplicates()) for f in (accounts, checked[checked["item"].isin(_ACCOUNT)]))
    if whole > sound or history.empty:
        found.add("not_checked", "note",
                  f"sums and balances of {whole - sound} of {whole} accounts are checked once the errors are mended"
                  if whole else "sums and balances are checked once the errors are mended",
                  table="history", mend="mend the errors and check again")  # fmt: skip


def _certain(figures: Figures, about: frozenset[str] = frozenset()) -> pd.DataFrame:
    """Figures of those areas, funds, periods and stages of which no row `about` these items (blank: any) is in doubt."""
    history, rows = figures.history, figures.doubtful
    doubtful = (rows[rows["item"].isna() | rows["item"].isin(about)] if about else rows)[_KEYS].drop_duplicates()
    if doubtful.empty or history.empty:
        return history
    doubt = np.zeros(len(history), dtype=bool)
    known = doubtful.notna()
    for pattern, rows in doubtful.groupby([known[k] for k in _KEYS], sort=False):
        by = [k for k, is_known in zip(_KEYS, pattern, strict=True) if is_known]
        if not by:  # it may belong anywhere
            return history.iloc[:0]
        places = pd.MultiIndex.from_frame(rows[by].astype(object))
        doubt |= pd.MultiIndex.from_frame(history[by].astype(object)).isin(places)
    return history[~doubt].reset_index(drop=True)


class _Wide:
    """Figures of one area, fund, period and stage side by side."""

    def __init__(self, history: pd.DataFrame, units: pd.Series) -> None:
        self.units = units
        flat = np.zeros(len(history), dtype=np.int64)
        for key in _KEYS:
            flat = flat * (len(history[key].cat.categories) + 1) + history[key].cat.codes.to_numpy()
        _, first, group = np.unique(flat, return_index=True, return_inverse=True)
        self.first = history.iloc[first]
        self.group = group
        self.count = len(first)
        self.item = history["item"].astype(object).to_numpy()
        self.values = history["value"].to_numpy()
        self.rows = history["row"].to_numpy()
        self.quantum = history["quantum"].to_numpy()

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

    def footing(
        self, bad: np.ndarray, name: str, message: str, total: str, lines: tuple[str, ...],
        tolerance: np.ndarray, found: Collector, mend: str,
    ) -> None:  # fmt: skip
        """Report sums that do not come to their total; where one figure only stands in another unit, that figure."""
        whole, _, rows = self.column(total)
        parts, _ = self.table(lines)
        added = np.where(np.isnan(parts), 0.0, parts).sum(axis=1)
        plain = bad.copy()
        for i in np.flatnonzero(bad):
            one = np.arange(self.count) == i
            part = slipped_part(parts[i], whole[i], tolerance[i])
            if part is not None:
                place, way, words = part
                value, _, where = self.column(lines[place])
                self.report(one, name, f"{message}; likely cause: {words}", lines[place], where, value / way, value, found,
                            UNIT_MEND)  # fmt: skip
            else:
                told = next((words for way, words, near in slips(whole[i], added[i], "currency") if near.any()
                             and abs(whole[i] / way - added[i]) <= tolerance[i]), "")  # fmt: skip
                if not told:
                    continue
                self.report(one, name, f"{message}; likely cause: {told}", total, rows, added, whole, found, UNIT_MEND)
            plain[i] = False
        self.report(plain, name, message, total, rows, added, whole, found, mend)

    def places(self) -> list[tuple[str, ...]]:
        """Area, fund, period and stage of each place."""
        return list(zip(*(self.first[k].astype(str) for k in _KEYS), strict=True))

    def report(
        self, bad: np.ndarray, name: str, message: str, item: str, rows: np.ndarray,
        expected: np.ndarray, got: np.ndarray, found: Collector, mend: str, severity: str = "error",
    ) -> None:  # fmt: skip
        """One finding for each broken place."""
        for i in np.flatnonzero(bad):
            place = {k: str(self.first[k].iloc[i]) for k in _KEYS}
            level = "warning" if place.pop("stage") == "reported" else severity
            row = int(rows[i])
            found.add(name, level, message, table="history", row=row or None, column="value", item=item,
                      expected=shown(expected[i], row, self.units), found=shown(got[i], row, self.units), mend=mend, **place)


def _sum_check(wide: _Wide, name: str, total: str, lines: tuple[str, ...], found: Collector) -> None:
    whole, quantum, _ = wide.column(total)
    parts, quanta = wide.table(lines)
    known = ~np.isnan(parts)
    some = known.any(axis=1) & ~np.isnan(whole)
    added = np.where(known, parts, 0.0).sum(axis=1)
    tolerance = 0.5 * (quanta.sum(axis=1) + quantum) + 1e-9 * np.abs(whole)
    bad = some & (np.abs(added - whole) > tolerance)
    wide.footing(bad, f"{name}_{total}", "the lines do not add up to their total", total, lines, tolerance, found,
                 "correct the line or the total, or add the line that is missing")


def _total_check(
    wide: _Wide, total: str, subtotal: str, extra: tuple[str, ...], lines: tuple[str, ...], found: Collector
) -> None:
    whole, quantum, _ = wide.column(total)
    sub, sub_quantum, _ = wide.column(subtotal)
    more, quanta = wide.table(extra)
    between = np.where(np.isnan(more), 0.0, more).sum(axis=1)
    tolerance = 0.5 * (quanta.sum(axis=1) + quantum + sub_quantum) + 1e-9 * np.abs(whole)
    expected = sub + between
    bad = np.abs(expected - whole) > tolerance
    wide.footing(bad, f"I1_{total}", "subtotal and inter-level lines do not add up to the total", total, (subtotal, *extra),
                 tolerance, found, "correct the subtotal, the inter-level lines or the total")
    parts, quanta = wide.table(lines)
    known = ~np.isnan(parts)
    added = np.where(known, parts, 0.0).sum(axis=1) + between
    tolerance = 0.5 * (quanta.sum(axis=1) + quantum) + 1e-9 * np.abs(whole)
    alone = np.isnan(sub) & ~np.isnan(whole) & known.any(axis=1)
    itemised = known.sum(axis=1) >= 3  # fewer lines beside a total are "of which" figures
    bad = alone & np.where(itemised, np.abs(added - whole) > tolerance, added > whole + tolerance)
    wide.footing(bad, f"I1_{total}", "the lines do not add up to the total", total, (*lines, *extra), tolerance, found,
                 "correct the line or the total, or add the line that is missing")


def _balance_checks(wide: _Wide, openings: _Openings, found: Collector) -> None:
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
    before = np.array([openings.get(k, np.nan) for k in wide.places()]) if openings else np.full(wide.count, np.nan)
    expected = opening + current + adjustment
    tolerance = 0.5 * (q3 + q4 + q5 + q6) + 1e-9 * np.abs(closing)
    told = np.abs(expected - opening + before - closing) <= tolerance  # the opening is the slip, and it is told
    bad3 = (np.abs(expected - closing) > tolerance) & ~told
    wide.report(bad3, "I3", "closing is not opening plus current-year balance plus adjustment", "closing_balance",
                rows, expected, closing, found, "correct the balances, or give the difference as balance_adjustment")
    left, right = revenue + opening, spending + closing - adjustment
    tolerance = 0.5 * (q1 + q2 + q4 + q5 + q6) + 1e-9 * np.abs(left)
    told |= np.abs(left - opening + before - right) <= tolerance
    bad4 = (np.abs(left - right) > tolerance) & ~bad & ~bad3 & ~told
    wide.report(bad4, "I4", "the two sides of the form do not agree: revenue + opening, expenditure + closing",
                "closing_balance", rows, left, right, found, "correct the balances")


def _openings(figures: Figures, found: Collector) -> _Openings:
    """Opening of a year is the closing of the year before (final accounts); those closings that are not."""
    history = _certain(figures, _BALANCES)
    history = history[history["item"].isin(_BALANCES) & (history["stage"] == "final")]
    if history.empty:
        return {}
    wide = _Wide(history, figures.units)
    opening, q1, rows = wide.column("opening_balance")
    closing, q2, _ = wide.column("closing_balance")
    keys = wide.places()
    place = {key: i for i, key in enumerate(keys)}
    before = np.full(wide.count, np.nan)
    quantum = np.zeros(wide.count)
    for i in np.flatnonzero(~np.isnan(opening)):
        region, programme, period, stage = keys[i]
        last = None if "-" in period else place.get((region, programme, str(int(period) - 1), stage))
        if last is not None:
            before[i], quantum[i] = closing[last], q2[last]
    bad = np.abs(opening - before) > 0.5 * (q1 + quantum) + 1e-9 * np.abs(opening)
    wide.report(bad, "I3_opening", "the opening is not the closing of the year before", "opening_balance", rows,
                before, opening, found, "correct the opening, or give the difference as balance_adjustment of the year before")
    return {keys[i]: before[i] for i in np.flatnonzero(bad)}


def _children(history: pd.DataFrame, units: pd.Series, regions: Regions, found: Collector) -> None:
    """Published parents equal the sum of their children; inter-level lines apart."""
    present = set(history["region"].cat.categories[np.unique(history["region"].cat.codes)])
    below = {p: children for p in regions.order if p in present and present.issuperset(children := regions.children(p))}
    below = {p: children for p, children in below.items() if children}
    if not below:
        return
    additive = [c for c in history["item"].cat.categories if items.CATALOGUE[c].is_additive and c not in _APART]
    relevant = history[history["region"].isin({*below, *chain(*below.values())})
                       & history["item"].isin(additive) & (history["programme"] != PRINTED_TOTAL)]  # fmt: skip
    index = ["programme", "item", "period", "stage"]
    by_area = {str(area): part.set_index(index)[["value", "quantum", "row"]]
               for area, part in relevant.groupby("region", observed=True)}  # fmt: skip
    for parent, children in below.items():
        if parent in by_area and all(c in by_area for c in children):
            _parent(parent, by_area[parent], [by_area[c] for c in children], units, found)


def _parent(parent: str, own: pd.DataFrame, parts: list[pd.DataFrame], units: pd.Series, found: Collector) -> None:
    """One area against the areas below it, wherever all of them have the figure."""
    value, total, slack = own["value"].to_numpy(), np.zeros(len(own)), own["quantum"].to_numpy(copy=True)
    for part in parts:
        aligned = part.reindex(own.index)
        total += aligned["value"].to_numpy()
        slack += aligned["quantum"].to_numpy()
    bad = np.abs(total - value) > 0.5 * slack + 1e-9 * np.abs(value)
    for i in np.flatnonzero(bad):
        programme, item, period, stage = own.index[int(i)]
        row = int(own["row"].iloc[i])
        found.add("children_sum", "warning" if stage == "reported" else "error",
                  "the areas below do not add up to this area", table="history", row=row,
                  column="value", region=parent, programme=programme, item=item, period=period,
                  expected=shown(total[i], row, units), found=shown(value[i], row, units), mend="correct the area or its parts")
