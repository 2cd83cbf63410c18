"""Who is missing from a sum: areas that should have a figure and do not.

A sum over some of the areas is not the sum of all of them. Where an area reports a fund and
one of its figures is missing, the upper figure is unknown: blank is not zero. A line is
known to be nothing where the area's total foots without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.rollup.tree import Tree

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: An area that has not reported for longer than this is gone, not late.
GONE_YEARS = 3
_SIDES = (
    ("total_revenue", (*items.REVENUE_LINES, *items.INTER_LEVEL_REVENUE)),
    ("total_expenditure", (*items.EXPENDITURE_LINES, *items.INTER_LEVEL_EXPENDITURE)),
    ("benefit_expenditure", items.BENEFIT_LINES),
)
#: What every area with lines has: without it the fund of the area is not told.
_BALANCES = ("total_revenue", "total_expenditure", "opening_balance", "current_balance", "closing_balance", "gap")
_FIGURES = (*items.STATUTORY_LINES, "total_revenue", "total_expenditure")
#: Subtotals: the total above them, and what else that total holds.
_SUBTOTALS = {
    "revenue_subtotal": ("total_revenue", items.INTER_LEVEL_REVENUE),
    "expenditure_subtotal": ("total_expenditure", items.INTER_LEVEL_EXPENDITURE),
}
#: What every area has that is not somebody's own level.
_HEADS = ("insured", "insured_active", "contributors", "beneficiaries", "insured_average", "insured_active_average",
          "beneficiaries_average")  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Rows of areas, one a (fund, period, stage …, area), and what is to be known of each."""

    heads: pd.DataFrame  # the keys and the area
    values: Mapping[str, Floats]
    placed: Bools  # a row put in for an area that reports at other times
    upper: Bools  # an upper area's own side of flows, no account of its own
    before: npt.NDArray[np.int64]  # the row of the same area in the period before; -1 without one


def absent(heads: pd.DataFrame, keys: Sequence[str], regions: Tree) -> pd.DataFrame:
    """Rows for areas that report a fund at a stage before a period and not in it, nor anyone in or above them."""
    rows: list[dict[str, Any]] = []
    same = [k for k in keys if k != "period"]
    text = heads.astype(dict.fromkeys([*keys, "region"], str))
    monthly = text["period"].str.contains("-")
    for words, part in text.groupby([*same, monthly.rename("monthly")], observed=True, sort=False):
        areas, area = np.unique(part["region"].to_numpy(dtype=object), return_inverse=True)
        periods, period_of = np.unique(part["period"].to_numpy(dtype=object), return_inverse=True)
        seen = np.zeros((len(areas), len(periods)), dtype=bool)
        seen[area, period_of] = True
        for place in np.flatnonzero(~seen.all(axis=1)):
            region = str(areas[int(place)])
            if region not in regions.areas:
                continue
            kin = {*regions.below(region), *regions.ancestors(region)}
            covered = seen[[r in kin for r in areas]].any(axis=0) | seen[place]
            last: int | None = None
            for index, period in enumerate(periods):
                if seen[place, index]:
                    last = int(str(period)[:4])
                elif last is not None and not covered[index] and int(str(period)[:4]) - last <= GONE_YEARS:
                    rows.append({**dict(zip(same, words[:-1], strict=True)), "period": str(period), "region": region})
    return pd.DataFrame(rows, columns=list(heads.columns))


def rows_before(heads: pd.DataFrame, keys: Sequence[str]) -> npt.NDArray[np.int64]:
    """For each row the row of the same area, fund and stage in the period before."""
    same = [k for k in keys if k != "period"] + ["region"]
    text = heads.astype(dict.fromkeys([*keys, "region"], str))
    text["monthly"] = text["period"].str.contains("-")
    ordered = text.sort_values("period", kind="stable")
    index = pd.Series(ordered.index.to_numpy(), index=ordered.index)
    groups = [ordered[c] for c in [*same, "monthly"]]
    shifted = index.groupby(groups, sort=False).shift(1)
    return np.asarray(shifted.reindex(heads.index).fillna(-1).to_numpy(), dtype=np.int64)


def lacking(rows: Rows, item: str, regions: Tree) -> Bools:
    """Rows without a figure of an item that they should have."""
    value = rows.values[item]
    open_ = np.isnan(value) & ~rows.upper
    if not open_.any():
        return open_
    had = np.where(rows.before >= 0, ~np.isnan(value[rows.before]), False)
    nothing = _is_nothing(rows, item)
    missing = open_ & (had | _total_alone(rows, item)) & ~nothing
    if item in _BALANCES:
        missing |= open_ & ~rows.placed & _has_lines(rows, dict(_SIDES).get(item, _FIGURES))
    if item in _SUBTOTALS:
        missing |= open_ & ~nothing & _has_lines(rows, (_SUBTOTALS[item][0],))
    if item in _HEADS:
        own = {r for r in rows.heads["region"].astype(str).unique() if r in regions.areas and regions.is_own_level(r)}
        missing |= open_ & ~rows.heads["region"].astype(str).isin(own).to_numpy()
    return np.asarray(missing, dtype=bool)


def _is_nothing(rows: Rows, item: str) -> Bools:
    """Whether an absent line is none: the total above it foots without it."""
    blank = np.full(len(rows.heads), np.nan)
    for total, lines in (*_SIDES, *_SUBTOTALS.values()):
        if item in lines or _SUBTOTALS.get(item) == (total, lines):
            parts = np.stack([rows.values.get(line, blank) for line in lines])
            whole = rows.values.get(total, blank)
            added = np.where(np.isnan(parts), 0.0, parts).sum(axis=0)
            return np.asarray(np.abs(added - whole) <= 1e-3 * np.abs(whole) + 1.0)
    return np.zeros(len(rows.heads), dtype=bool)


def _total_alone(rows: Rows, item: str) -> Bools:
    """Whether the total that a line is part of is known, and none of its lines is."""
    for total, lines in _SIDES:
        if item in lines and total in rows.values:
            return np.asarray(~np.isnan(rows.values[total]) & ~_has_lines(rows, lines))
    return np.zeros(len(rows.heads), dtype=bool)


def _has_lines(rows: Rows, lines: Iterable[str]) -> Bools:
    known = [~np.isnan(rows.values[i]) for i in lines if i in rows.values]
    return np.asarray(np.logical_or.reduce([np.zeros(len(rows.heads), dtype=bool), *known]))


def findings(
    groups: pd.DataFrame, group: npt.NDArray[np.int64], region: npt.NDArray[np.object_],
    missing: Mapping[str, Bools], shown: Mapping[str, Bools],
) -> Iterable[dict[str, Any]]:  # fmt: skip
    """One finding for each upper area, fund and period whose sums are left blank."""
    told: dict[int, tuple[set[str], list[str]]] = {}
    for item, where in missing.items():
        for row in np.flatnonzero(where):
            number = int(group[row])
            if shown[item][number]:
                names, lines = told.setdefault(number, (set(), []))
                names.add(str(region[row]))
                if item not in lines:
                    lines.append(item)
    for number, (names, lines) in told.items():
        place = {k: str(groups[k].iloc[number]) for k in ("region", "programme", "period") if k in groups}
        stage = f" ({groups['stage'].iloc[number]})" if "stage" in groups else ""
        who = ", ".join(sorted(names)[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        what = ", ".join(lines[:6]) + (f" and {len(lines) - 6} more" if len(lines) > 6 else "")
        yield {
            "id": "partial_sum", "severity": "warning", "item": lines[0], "found": f"no figure of {who}",
            "expected": "a figure of every area", "message": f"not every area has {what}{stage}: a sum of some areas is not "
            "the sum of all, and is left blank", "mend": "enter what is missing, or roll up a period all areas report", **place,
        }  # fmt: skip
