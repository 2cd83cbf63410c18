"""Spending that rests on a decision of league or county, or on none that is registered: facts for class X2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sibforecast.oversight.standing import LINES, REVENUE, Floats, wide_accounts
from sibforecast.periods import Period, months_in_force
from sibforecast.tables.data import FundData
from sibforecast.tables.units import parse_unit

#: Whose decisions are local: those of the sharing rules' class X2.
LOCAL = ("league", "county")
_SPENDING = (LINES - REVENUE) | {"benefit_level"}
COLUMNS = ("region", "programme", "item", "policy", "decided_by", "amount", "ground")


def without_ground(
    data: FundData, year: int, stage: str, frame: pd.DataFrame, heads: Floats, allowed: Floats
) -> pd.DataFrame:
    """Spending of local decisions in force, then levels beyond comparable areas that no local decision explains.

    What is left of a level's excess beside the local decisions counts where it is more than `allowed`.

    Of a decision on the level: ``add × heads × months``; ``level × (1 − 1 ÷ (1 + (factor − 1) × months ÷ 12)) × heads
    × 12`` for a factor. On a line: the amount added, or the same share of the line. Blank where
    the decision sets, floors or caps, or adds an amount over several years.
    """
    account = wide_accounts(data, year, stage).set_index(["region", "programme"])
    rows: list[tuple[str, str, str, str, str, float, str]] = []
    explained: dict[int, float] = {}
    for policy in data.table("policies").to_dict("records"):
        for at in _places(policy, data, frame, year):
            region, programme = str(frame["region"].iloc[at]), str(frame["programme"].iloc[at])
            item = str(policy["item"])
            value = account[item].get((region, programme), np.nan) if item in account else np.nan
            amount = _amount(policy, year, item, float(value), float(heads[at]))
            name = str(policy.get("id") or policy.get("title") or "")
            rows.append((region, programme, item, name, str(policy["decided_by"]), amount, "a decision of league or county"))
            if item == "benefit_level":
                explained[at] = explained.get(at, 0.0) + amount
    for at in np.flatnonzero(frame["level_excess"] > 0).tolist():
        left = float(frame["excess_paid"].iloc[at]) - float(np.nan_to_num(explained.get(at, 0.0)))
        if left > allowed[at]:
            rows.append((str(frame["region"].iloc[at]), str(frame["programme"].iloc[at]), "benefit_level", "", "", left,
                         "none registered"))  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _places(policy: Mapping[Any, Any], data: FundData, frame: pd.DataFrame, year: int) -> Iterator[int]:
    """Rows of the frame that a local decision on spending concerns in the year."""
    if str(policy.get("decided_by") or "") not in LOCAL or str(policy["item"]) not in _SPENDING or not _months(policy, year):
        return
    funds = {p.strip() for p in str(policy.get("programme") or "*").split(",")}
    areas = {a.strip() for a in str(policy.get("regions") or "*").split(",")}
    tree = data.regions
    for at, (region, programme) in enumerate(zip(frame["region"], frame["programme"], strict=True)):
        above = {region, *(tree.ancestors(region) if region in tree.areas else ())}
        if ("*" in funds or programme in funds) and ("*" in areas or above & areas):
            yield at


def _end(policy: Mapping[Any, Any]) -> Period | None:
    cell = policy.get("end")
    return Period.parse(cell) if isinstance(cell, str) and cell else None


def _months(policy: Mapping[Any, Any], year: int) -> int:
    return months_in_force(year, Period.parse(policy["start"]), _end(policy))


def _number(policy: Mapping[Any, Any], column: str) -> float:
    cell = policy.get(column)
    return float(cell) if cell is not None and cell == cell and cell != "" else float("nan")


def _amount(policy: Mapping[Any, Any], year: int, item: str, value: float, heads: float) -> float:
    """What a decision makes an area spend in the year; NaN where that is not told."""
    part = _months(policy, year) / 12.0
    factor, added = _number(policy, "multiply"), _number(policy, "add")
    whole = value * heads * 12.0 if item == "benefit_level" else value
    if factor == factor:
        return whole * (1.0 - 1.0 / (1.0 + (factor - 1.0) * part))
    if item == "benefit_level":
        return added * _factor(policy) * heads * 12.0 * part
    start, end = Period.parse(policy["start"]), _end(policy)
    within = start.year == year and (end or start).year == year
    return added * _factor(policy) if within else float("nan")


def _factor(policy: Mapping[Any, Any]) -> float:
    unit = policy.get("unit")
    return parse_unit(unit).factor if isinstance(unit, str) and unit else 1.0
