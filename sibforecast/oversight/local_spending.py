"""Spending that rests on a decision of league or county, or on none that is registered: facts for class X2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sibforecast.items import BENEFIT_LINES, CATALOGUE
from sibforecast.oversight.adjustment import reach
from sibforecast.oversight.standing import LINES, REVENUE, Floats, wide_accounts
from sibforecast.periods import Period, months_in_force
from sibforecast.tables.data import FundData
from sibforecast.tables.units import parse_unit

#: Whose decisions are local: those of the sharing rules' class X2.
LOCAL = ("league", "county")
#: Standards of which a line is so many times.
_COUNTED: dict[str, tuple[str, str, float]] = {  # standard: line, how many times, months of a year each is paid
    "death_benefit": ("death_expenditure", "deaths", 1.0),
    "disability_level": ("disability_expenditure", "disability_recipients", 12.0),
}
#: What a factor makes dearer by itself.
_MONEY = (LINES - REVENUE) | set(BENEFIT_LINES) | {"benefit_level"}
COLUMNS = ("region", "programme", "item", "policy", "decided_by", "amount", "ground")


def without_ground(
    data: FundData, year: int, stage: str, frame: pd.DataFrame, heads: Floats, allowed: Floats
) -> pd.DataFrame:
    """Spending of local decisions in force, then levels beyond comparable areas that no local decision explains.

    What is left of a level's excess beside the local decisions counts where it is more than `allowed`.

    Of a decision on the level: ``add × heads × months``; ``level × (1 − 1 ÷ (1 + (factor − 1) × months ÷ 12)) × heads
    × 12`` for a factor. On a line: the amount added, or the same share of the line. On another standard of which a line is
    so many times: its part of the line. Blank where the decision sets, floors or caps, adds an amount over several years, or
    touches what no line is a multiple of (a rate of reimbursement, heads): listed, its amount to be entered.
    """
    account = wide_accounts(data, year, stage).set_index(["region", "programme"])
    told = dict(zip(account.index, account.to_dict("records"), strict=True))
    place = {key: at for at, key in enumerate(zip(frame["region"], frame["programme"], strict=True))}
    rows: list[tuple[str, str, str, str, str, float, str]] = []
    explained: dict[int, float] = {}
    for policy in data.table("policies").to_dict("records"):
        item = str(policy["item"])
        for region, programme in _places(policy, data, account.index, year):
            at = place.get((region, programme))
            amount = _amount(policy, year, item, told[region, programme], np.nan if at is None else float(heads[at]))
            name = str(policy.get("id") or policy.get("title") or "")
            rows.append((region, programme, item, name, str(policy["decided_by"]), amount, "a decision of league or county"))
            if item == "benefit_level" and at is not None:
                explained[at] = explained.get(at, 0.0) + amount
    for at in np.flatnonzero(frame["level_excess"] > 0).tolist():
        left = float(frame["excess_paid"].iloc[at]) - float(np.nan_to_num(explained.get(at, 0.0)))
        if left > allowed[at]:
            rows.append((str(frame["region"].iloc[at]), str(frame["programme"].iloc[at]), "benefit_level", "", "", left,
                         "none registered"))  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _places(policy: Mapping[Any, Any], data: FundData, accounts: Iterable[Any], year: int) -> Iterator[tuple[str, str]]:
    """Areas and funds with an account of the year that a local decision on spending concerns."""
    if str(policy.get("decided_by") or "") not in LOCAL or not _months(policy, year):
        return
    funds = {p.strip() for p in str(policy.get("programme") or "*").split(",")}
    areas = {a.strip() for a in str(policy.get("regions") or "*").split(",")}
    item, tree = str(policy["item"]), data.regions
    spent = {code: item in LINES - REVENUE or item in reach(fund, "total_expenditure") for code, fund in data.programmes.items()}
    for region, programme in accounts:
        above = {region, *(tree.ancestors(region) if region in tree.areas else ())}
        if spent[programme] and ("*" in funds or programme in funds) and ("*" in areas or above & areas):
            yield str(region), str(programme)


def _end(policy: Mapping[Any, Any]) -> Period | None:
    cell = policy.get("end")
    return Period.parse(cell) if isinstance(cell, str) and cell else None


def _months(policy: Mapping[Any, Any], year: int) -> int:
    return months_in_force(year, Period.parse(policy["start"]), _end(policy))


def _number(policy: Mapping[Any, Any], column: str) -> float:
    cell = policy.get(column)
    return float(cell) if cell is not None and cell == cell and cell != "" else float("nan")


def _amount(policy: Mapping[Any, Any], year: int, item: str, account: Mapping[Any, Any], heads: float) -> float:
    """What a decision makes an area spend in the year; NaN where that is not told."""
    part = _months(policy, year) / 12.0
    factor, added = _number(policy, "multiply"), _number(policy, "add")
    line, number, paid = _COUNTED.get(item, ("", "", 12.0))
    value, whole, times = (float(account.get(name, np.nan)) for name in (item, line or item, number))
    if item == "benefit_level":
        times, whole = heads, value * heads * paid
    elif line and whole != whole:
        whole = value * times * paid
    if factor == factor:
        return whole * (1.0 - 1.0 / (1.0 + (factor - 1.0) * part)) if line or item in _MONEY else float("nan")
    if times == times:
        return added * _factor(policy) * times * paid * part
    start, end = Period.parse(policy["start"]), _end(policy)
    within = start.year == year and (end or start).year == year and CATALOGUE[item].unit == "currency"
    return added * _factor(policy) if within else float("nan")


def _factor(policy: Mapping[Any, Any]) -> float:
    unit = policy.get("unit")
    return parse_unit(unit).factor if isinstance(unit, str) and unit else 1.0
