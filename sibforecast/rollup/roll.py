"""`roll_up`: from counties to leagues to the region, each item by its own rule.

Amounts and heads add up; rates and levels become weighted means or are computed again from
their two parts; quantiles are never added. Flows between levels that lie wholly inside an
area are eliminated on both sides; those with a level outside it stay.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.errors import RollUpError
from sibforecast.results import NUMBERS, Findings, Result
from sibforecast.rollup import coverage
from sibforecast.rollup.tree import LEVELS, Tree

R = TypeVar("R", bound=Result)
Floats = npt.NDArray[np.float64]

#: The two accounts of each flow between levels: the lower area's line and the upper's.
MIRRORS = (("upper_remittance", "lower_remittance"), ("upper_grant", "lower_grant"))
#: Lines of an upper area that mirror those below it; all its other rows are totals.
_OWN_SIDE = ("lower_remittance", "lower_grant")
#: Weights that follow from two items where they are not given themselves.
_PRODUCTS = {
    "assessed": ("wage_bill", "contribution_rate"),
    "assessed_flexible": ("wage_bill_flexible", "contribution_rate_flexible"),
    "admissions": ("insured_average", "admissions_per_insured"),
    "inpatient_cost": ("admissions", "cost_per_admission"),
}
_TOTALS_OF = {
    "lower_remittance": ("total_revenue", "revenue_before_filling"),
    "upper_grant": ("total_revenue",),
    "upper_remittance": ("total_expenditure",),
    "lower_grant": ("total_expenditure",),
}


def roll_up(result: R, level: str) -> R:
    """The same kind of result for the areas of an upper level.

    Parameters
    ----------
    result : Result
        A data set, draft, projection, attribution or bill.
    level : str
        nation, region, league or county.

    Returns
    -------
    Result
        Of the same kind; ``findings`` names flows between levels whose sides differ.

    Raises
    ------
    RollUpError
        For quantiles, for an unknown level, for results without areas, and for those with other numbers beside
        a value, which have no rule to be added up by.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    >>> sib.roll_up(draft, "nation").frame["region"].unique().tolist()
    ['US']
    """
    if level not in LEVELS:
        raise RollUpError(f"unknown level {level!r}; expected one of {', '.join(LEVELS)}")
    frame = result.frame
    frame.attrs = {}  # pandas would copy the provenance at every step; the result that is made has it
    if "quantile" in frame:
        raise RollUpError("quantiles of areas cannot be added; draw the areas together and take quantiles of the sum")
    beside = set(type(result).columns) & (NUMBERS - {"value", "ratio"})
    if beside:
        told = ", ".join(sorted(beside))
        raise RollUpError(f"a {type(result).__name__} has {told} beside a value; roll up what it was made from")
    regions = _regions_of(result)
    additive = "item" not in frame or "line" in frame or "payer" in frame
    found: list[dict[str, Any]] = []
    rolled = _sum_rows(frame, regions, level) if additive else roll_items(frame, regions, level, found)
    if type(result).categories:  # what reads a data set reads its codes as categories
        rolled = rolled.astype({c: "category" for c in rolled if isinstance(frame[c].dtype, pd.CategoricalDtype)})
    changes: dict[str, Any] = {"build": lambda: rolled}
    names = {f.name for f in dataclasses.fields(result)}
    if "findings" in names and found:
        before = result.findings.records()  # type: ignore[attr-defined]
        changes["findings"] = Findings.of([*before, *found], result.provenance)
    if "balance_rows" in names:
        changes["balance_rows"] = _roll_balance(result.balance, regions, level)  # type: ignore[attr-defined]
    return dataclasses.replace(result, **changes)


def _regions_of(result: Result) -> Tree:
    source = getattr(result, "regions", None) or getattr(getattr(result, "source", None), "regions", None)
    if source is None:
        raise RollUpError(f"a {type(result).__name__} knows no tree of areas")
    return cast(Tree, source)


def _target(frame: pd.DataFrame, regions: Tree, level: str) -> pd.Series:
    """The area each row goes to."""
    codes = frame["region"].astype("category")
    mapping = {c: regions.at_level(str(c), level) if c in regions.areas else str(c) for c in codes.cat.categories}
    return codes.map(mapping).astype(object)


def _sum_rows(frame: pd.DataFrame, regions: Tree, level: str) -> pd.DataFrame:
    """Causes and payers: the value adds up over everything else that is the same."""
    out = frame.copy()
    out["region"] = _target(frame, regions, level)
    keys = [c for c in frame.columns if c != "value"]
    summed = out.groupby(keys, observed=True, sort=False, dropna=False)["value"].sum().reset_index()
    return summed[list(frame.columns)]


def _roll_balance(balance: pd.DataFrame, regions: Tree, level: str) -> pd.DataFrame:
    """The balance table: gaps and fillings of areas add up, one area's balance fills no other's gap."""
    out = balance.copy()
    out["region"] = _target(balance, regions, level)
    amounts = [c for c in out.columns if c not in ("region", "programme", "period", "months_payable")]
    keys = ["region", "programme", "period"]
    summed = out.groupby(keys, sort=False, observed=True)[amounts].sum(min_count=1)
    filling = ("gap_subsidy", "gap_grant")  # an area without any has none; any other blank is unknown
    blank = out[[a for a in amounts if a not in filling]].isna()
    unknown = blank.groupby([out[k] for k in keys], sort=False, observed=True).any()
    summed[unknown.columns] = summed[unknown.columns].mask(unknown)
    return summed.reset_index()


class _Wide:
    """Figures of areas side by side: one row a (group, area), one array an item."""

    def __init__(self, frame: pd.DataFrame, regions: Tree, level: str, upper: frozenset[tuple[str, str]]) -> None:
        self.keys = [c for c in frame.columns if c in ("programme", "period", "stage", "scenario")]
        index = [*self.keys, "region"]
        codes = [frame[k].astype("category") for k in index]
        flat = np.zeros(len(frame), dtype=np.int64)
        for column in codes:
            flat = flat * (len(column.cat.categories) + 1) + column.cat.codes.to_numpy()
        _, first, row = np.unique(flat, return_index=True, return_inverse=True)
        seen = frame[index].iloc[first].astype(object).reset_index(drop=True)
        away = coverage.absent(seen, self.keys, regions)
        self.heads = pd.concat([seen, away.astype(object)], ignore_index=True) if len(away) else seen
        self.size = len(self.heads)
        self.values: dict[str, Floats] = {}
        item = frame["item"].astype("category")
        item_codes, value = item.cat.codes.to_numpy(), frame["value"].to_numpy()
        for position, name in enumerate(item.cat.categories):
            here = item_codes == position
            figures = np.full(self.size, np.nan)
            figures[row[here]] = value[here]
            self.values[str(name)] = figures
        self.region = self.heads["region"].to_numpy()
        self.target = _target(self.heads, regions, level).to_numpy()
        up = self.heads[self.keys].copy()
        up["region"] = self.target
        self.group, self.groups = _numbered(up)
        pairs = zip(self.heads["programme"].astype(str), self.region, strict=True)
        rows = coverage.Rows(
            self.heads, self.values, np.arange(self.size) >= len(seen), np.array([p in upper for p in pairs], dtype=bool),
            coverage.rows_before(self.heads, self.keys),
        )  # fmt: skip
        self.missing = {name: coverage.lacking(rows, name, regions) for name in self.values}

    def whole(self, name: str) -> npt.NDArray[np.bool_]:
        """Groups all of whose areas have an item, or have nothing of it."""
        missing = self.missing.get(name)
        if missing is None:
            return np.ones(len(self.groups), dtype=bool)
        return np.asarray(np.bincount(self.group[missing], minlength=len(self.groups)) == 0)

    def count(self, name: str) -> npt.NDArray[np.int64]:
        """How many areas of each group have a figure."""
        return np.bincount(self.group[~np.isnan(self.values[name])], minlength=len(self.groups))

    def get(self, item: str) -> Floats:
        """An item of all areas; auxiliary products where they are not given themselves."""
        found = self.values.get(item, np.full(self.size, np.nan))
        if item in ("wage_bill", "wage_bill_flexible"):
            tail = item.removeprefix("wage_bill")
            product = self.get(f"contributors{tail}") * self.get(f"contribution_base{tail}") * 12.0
            found = np.where(np.isnan(found), product, found)
        elif item in _PRODUCTS:
            first, second = _PRODUCTS[item]
            found = np.where(np.isnan(found), self.get(first) * self.get(second), found)
        return found

    def total(self, value: Floats) -> Floats:
        """Sum over the areas of each group; unknown where no area has the figure."""
        known = ~np.isnan(value)
        count = np.bincount(self.group[known], minlength=len(self.groups))
        total = np.bincount(self.group[known], weights=value[known], minlength=len(self.groups))
        return np.where(count > 0, total, np.nan)


def _numbered(frame: pd.DataFrame) -> tuple[npt.NDArray[np.int64], pd.DataFrame]:
    """Number of each distinct row, and the distinct rows in order of appearance."""
    codes = frame.groupby(list(frame.columns), observed=True, sort=False).ngroup().to_numpy()
    return codes.astype(np.int64), frame.drop_duplicates().reset_index(drop=True)


def roll_items(
    frame: pd.DataFrame, regions: Tree, level: str, found: list[dict[str, Any]]
) -> pd.DataFrame:
    """Roll a tidy frame of items up; differences between the sides of a flow go to `found`."""
    kept, upper = _without_parents(frame, regions)
    wide = _Wide(kept, regions, level, upper)
    rolled: dict[str, Floats] = {}
    for name in wide.values:
        if items.CATALOGUE[name].is_additive:
            rolled[name] = np.where(wide.whole(name), wide.total(wide.values[name]), np.nan)
    shown = {name: wide.count(name) > 0 for name in rolled}
    found.extend(coverage.findings(wide.groups, wide.group, wide.region, {n: wide.missing[n] for n in rolled}, shown))
    _eliminate(wide, rolled, regions, found)
    methods: dict[str, str] = {}
    for name in wide.values:
        entry = items.CATALOGUE[name]
        rule, _, names = entry.rollup.partition(":")
        if rule == "mean":
            rolled[name], methods[name] = _mean(wide, name, names)
        elif rule == "ratio":
            rolled[name] = _ratio(wide, rolled, names)
            parts = [f"({part})" if "+" in part else part for part in names.split("/")]  # a sum before a quotient
            methods[name] = f"computed again: {'/'.join(parts).replace('|', ' or ')}"
        elif rule == "never":
            rolled[name], methods[name] = _same(wide, name), "the same in all areas"
    return _long(frame, wide, rolled, methods)


def _long(frame: pd.DataFrame, wide: _Wide, rolled: Mapping[str, Floats], methods: Mapping[str, str]) -> pd.DataFrame:
    """The figures of the groups one below the other, item by item, with how each was rolled up."""
    known = {name: np.flatnonzero(~np.isnan(value)) for name, value in rolled.items()}
    known = {name: rows for name, rows in known.items() if len(rows)}
    if not known:
        return frame.iloc[:0]
    out = wide.groups.take(np.concatenate(list(known.values()))).reset_index(drop=True)
    out["item"] = np.repeat(np.array(list(known), dtype=object), [len(rows) for rows in known.values()])
    out["value"] = np.concatenate([rolled[name][rows] for name, rows in known.items()])
    told: list[str] = []
    for name, rows in known.items():
        text = methods.get(name)
        told += [text] * len(rows) if text else [f"sum of {n} areas" if n > 1 else "one area" for n in wide.count(name)[rows]]
    out["method"] = told
    return out[[c for c in frame.columns if c in out.columns]]


def _without_parents(frame: pd.DataFrame, regions: Tree) -> tuple[pd.DataFrame, frozenset[tuple[str, str]]]:
    """Leave out published totals of areas whose parts are there; keep their own side of flows.

    Parts count only in their own period and stage: months may be told by leagues, years by
    counties. Also returns the (fund, area) pairs of which only the own side of flows is kept.
    """
    keys = [c for c in ("programme", "period", "stage", "scenario") if c in frame]
    words = frame[keys].astype("category")
    number, _ = _numbered(words)
    region = frame["region"].astype("category")
    pair = number * len(region.cat.categories) + region.cat.codes.to_numpy()
    present: dict[int, set[str]] = {}
    names = [str(c) for c in region.cat.categories]
    for code in np.unique(pair):
        present.setdefault(int(code) // len(names), set()).add(names[int(code) % len(names)])
    place = {name: i for i, name in enumerate(names)}
    drop = [
        group * len(names) + place[a]
        for group, areas in present.items()
        for a in {a for c in areas if c in regions.areas for a in regions.ancestors(c)} & areas
    ]
    if not drop:
        return frame, frozenset()
    above_row = np.isin(pair, drop)
    own = above_row & frame["item"].isin(_OWN_SIDE).to_numpy()
    kept = frame[~above_row | own]
    if not own.any():
        return kept, frozenset()
    totals = frame[own].astype({"item": object})  # its side of a flow belongs into the totals it is taken from
    totals["item"] = totals["item"].map({"lower_remittance": "total_revenue", "lower_grant": "total_expenditure"})
    upper = frozenset(zip(frame.loc[own, "programme"].astype(str), frame.loc[own, "region"].astype(str), strict=True))
    return pd.concat([kept.astype({"item": object}), totals], ignore_index=True), upper


def _eliminate(wide: _Wide, rolled: dict[str, Floats], regions: Tree, found: list[dict[str, Any]]) -> None:
    """Take out flows between levels whose two sides both lie inside the upper area."""
    # what an area that heads its group sends up leaves the group; all other areas' stays inside
    heads = np.array([_heads(r, t, regions) for r, t in zip(wide.region, wide.target, strict=True)])
    for lower, upper in MIRRORS:
        if lower not in rolled or upper not in rolled:
            continue
        sent = wide.total(np.where(heads, np.nan, wide.get(lower)))
        seen = rolled[upper]
        both = ~np.isnan(sent) & ~np.isnan(seen)  # a side with nobody on the other lies outside the area
        sent, seen = (np.where(np.isnan(x), 0.0, x) for x in (sent, seen))
        same = np.abs(sent - seen) <= 0.005 + 1e-9 * np.abs(seen)
        matched = np.minimum(sent, seen)
        for item, side in ((lower, sent), (upper, seen)):
            out = np.where(same, side, matched)
            rolled[item] = rolled[item] - out
            for total in _TOTALS_OF[item]:
                if total in rolled:
                    rolled[total] = rolled[total] - out
        _refill(rolled, lower, upper)
        open_ = both & (seen > 0) & ~same
        for i in np.flatnonzero(open_):
            place = {k: str(wide.groups[k].iloc[i]) for k in ("region", "programme", "period") if k in wide.groups}
            found.append({
                "id": "mirror_unmatched", "severity": "warning", "item": upper, "expected": f"{sent[i]:,.2f}",
                "found": f"{seen[i]:,.2f}", "message": f"{upper} of the upper level and {lower} of those below differ; "
                "only what both report was eliminated", "mend": "make both sides agree", **place,
            })  # fmt: skip


def _refill(rolled: dict[str, Floats], lower: str, upper: str) -> None:
    """A grant that one part of the area gave another fills no gap of the area as a whole."""
    if "upper_grant" not in (lower, upper):
        return
    before = rolled.get("gap_grant", np.zeros_like(rolled["upper_grant"]))
    left = np.where(np.isnan(before), before, np.minimum(before, np.maximum(rolled["upper_grant"], 0.0)))
    left = np.where(np.isnan(rolled["upper_grant"]), before, left)
    for item in ("gap", "gap_grant"):
        if item in rolled:
            rolled[item] = rolled[item] - (before - left)
    if "revenue_before_filling" in rolled and "total_revenue" in rolled:
        subsidy = np.nan_to_num(rolled.get("gap_subsidy", np.zeros_like(left)))
        before = rolled["total_revenue"] - subsidy - np.nan_to_num(left)
        rolled["revenue_before_filling"] = np.where(np.isnan(rolled["revenue_before_filling"]), np.nan, before)


def _heads(region: str, target: str, regions: Tree) -> bool:
    """Whether an area stands at the top of its target: its flows upwards leave it."""
    if region == target or region not in regions.areas:
        return True
    return regions.is_own_level(region) and regions.areas[region].parent == target


def _mean(wide: _Wide, name: str, names: str) -> tuple[Floats, str]:
    """Weighted mean by the first weight that is known for every area that has the figure."""
    value = wide.values[name]
    known = ~np.isnan(value)
    out = np.full(len(wide.groups), np.nan)
    used = ""
    for alternative in names.split("|"):
        weight = wide.get(alternative)
        lacking = np.bincount(wide.group[known & np.isnan(weight)], minlength=len(wide.groups))
        below = wide.total(np.where(known, weight, np.nan))
        above = wide.total(np.where(known, weight * value, np.nan))
        ok = np.isnan(out) & (lacking == 0) & (below > 0)
        out = np.where(ok, above / np.where(below > 0, below, np.nan), out)
        used = used or (alternative if ok.any() else "")
    alone = np.bincount(wide.group[known], minlength=len(wide.groups)) == 1
    single = wide.total(value)
    out = np.where(np.isnan(out) & alone, single, out)
    return np.where(wide.whole(name), out, np.nan), f"mean weighted by {used or names}"


def _ratio(wide: _Wide, rolled: Mapping[str, Floats], names: str) -> Floats:
    """A ratio computed again from its parts at the upper level."""
    above, _, below = names.partition("/")

    def side(text: str) -> Floats:
        total = np.full(len(wide.groups), np.nan)
        for alternative in text.split("|"):
            times = 12.0 if alternative.endswith("*12") else 1.0
            parts = [_part(wide, rolled, p) for p in alternative.removesuffix("*12").split("+")]
            known = np.logical_or.reduce([~np.isnan(p) for p in parts])
            value = np.sum([np.where(np.isnan(p), 0.0, p) for p in parts], axis=0) * times
            total = np.where(np.isnan(total) & known, value, total)
        return total

    top, bottom = side(above), side(below)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)


def _part(wide: _Wide, rolled: Mapping[str, Floats], item: str) -> Floats:
    """A part of a ratio at the upper level; put together where it is not given itself."""
    given = rolled.get(item)
    if given is None or np.isnan(given).any():
        made = np.where(wide.whole(item), wide.total(wide.get(item)), np.nan)
        given = made if given is None else np.where(np.isnan(given), made, given)
    return given


def _same(wide: _Wide, name: str) -> Floats:
    """The value where all areas share it; otherwise it has no meaning above them."""
    value = wide.values[name]
    known = ~np.isnan(value)
    low = np.full(len(wide.groups), np.inf)
    high = np.full(len(wide.groups), -np.inf)
    np.minimum.at(low, wide.group[known], value[known])
    np.maximum.at(high, wide.group[known], value[known])
    return np.where(low == high, low, np.nan)
