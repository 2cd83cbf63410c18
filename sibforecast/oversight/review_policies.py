"""Effects that reports claim for policies, against the decisions and our own reckoning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.oversight.review_accounts import PLANS, Accounts
from sibforecast.oversight.review_formulas import again
from sibforecast.oversight.review_registry import DEFAULT, Check, Hit
from sibforecast.periods import Period, months_in_force
from sibforecast.tables.panel import Floats
from sibforecast.tables.units import conversion, parse_unit

Tolerance = Mapping[str, float]
Record = Mapping[Any, Any]


def effects(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-17: a listed effect is of a decision in force, and of its size."""
    known = {str(p.get("id") or p.get("title") or ""): p for p in accounts.data.table("policies").to_dict("records")}
    for record in accounts.data.table("effects").to_dict("records"):
        rows = claimed_rows(accounts, str(record.get("region") or ""), str(record.get("programme") or ""))
        if not len(rows):
            continue
        first, name = int(rows[0]), str(record["policy"])
        place: dict[str, Any] = {"table": "effects", "row": int(record.get("row") or 0)}
        claimed = float(record["value"]) * parse_unit(str(record["unit"])).factor
        policy = known.get(name)
        if policy is None:
            yield Hit(
                first,
                "total_expenditure",
                claimed,
                said="a decision of the table policies",
                at_stake=abs(claimed),
                detail=f"the policy {name!r} is not registered{items.did_you_mean(name, known)}",
                **place,
            )
            continue
        item, fault = str(policy["item"]), _misfit(accounts, rows, policy)
        if fault:
            yield Hit(first, item, claimed, said="a decision in force", at_stake=abs(claimed), detail=f"{name}: {fault}", **place)
            continue
        due = _effect(accounts, rows, policy)
        if due != due:
            yield Hit(first, item, claimed, said="an effect that a formula tells", at_stake=abs(claimed),
                      detail=f"the effect of {name} cannot be worked out: its item is not reported, or set needs before_value",
                      **place)  # fmt: skip
            continue
        if abs(claimed - due) > tolerance["share"] * abs(due):
            yield Hit(
                first,
                item,
                claimed,
                due,
                at_stake=abs(claimed - due),
                detail=f"the effect of {name}",
                cause=_cause(claimed, due, policy),
                **place,
            )


def claimed_rows(accounts: Accounts, region: str, programme: str) -> np.ndarray:
    """The yearly accounts a claim is about: the area's own, or those of the areas in it."""
    fits = np.array([not programme or p == programme for p in accounts.programme]) & np.array(
        ["-" not in p for p in accounts.period]
    )
    fits &= accounts.is_fund
    own = fits & (accounts.region == region)
    if own.any():
        return np.flatnonzero(own)
    tree = accounts.data.regions
    inside = set(tree.below(region)) if region else set(tree.areas)
    there = {a for a, ok in zip(accounts.region, fits, strict=True) if ok and a in inside}
    lowest = {a for a in there if not there.intersection(tree.below(a))}
    return np.flatnonzero(fits & np.isin(accounts.region, list(lowest)))


def _months(policy: Record, year: int, until: int = 12) -> int:
    """Months of a year, up to one of them, in which a decision holds."""
    cell = policy.get("end")
    end, last = Period.parse(cell) if cell and cell == cell else None, Period(year, until)
    if end is None or (end.year, end.month or 12) > (last.year, last.month):
        end = last
    return months_in_force(year, Period.parse(policy["start"]), end)


def _misfit(accounts: Accounts, rows: np.ndarray, policy: Record) -> str:
    """Why a decision cannot have had an effect there; blank where it can."""
    region, programme, period = accounts.keys[int(rows[0])]
    funds = [p.strip() for p in str(policy.get("programme") or "*").split(",")]
    if "*" not in funds and programme not in funds:
        return f"it is a decision on {', '.join(funds)}, not on {programme}"
    areas = [a.strip() for a in str(policy.get("regions") or "*").split(",")]
    if "*" not in areas and not {region, *accounts.data.regions.ancestors(region)} & set(areas):
        return f"it holds in {', '.join(areas)}, not in {region}"
    if not _months(policy, int(period[:4])):
        return f"it is not in force in {period} (from {policy['start']})"
    return ""


def _effect(accounts: Accounts, rows: np.ndarray, policy: Record) -> float:
    """The money by which the lines would be smaller without the decision; NaN where no formula tells."""
    item = str(policy["item"])
    keep = np.zeros(len(accounts), dtype=bool)
    keep[rows] = True
    with_it = accounts.only(keep)
    if item not in accounts.columns:
        return float("nan")
    value = with_it.value.copy()
    column = accounts.columns[item]
    for i, period in enumerate(with_it.period):
        value[i, column] = _without(value[i, column], policy, item, _months(policy, int(period[:4])) / 12.0)
    without = replace(with_it, value=value, shared={})
    if items.CATALOGUE[item].unit == "currency":
        return float(np.nansum(with_it.value[:, column] - value[:, column]))
    lines = again(with_it), again(without)
    moved = [float(np.nansum(lines[0][x] - lines[1][x])) for x in lines[0]]
    largest = max(moved, key=abs)
    return largest if largest else float("nan")


def undecided(accounts: Accounts) -> dict[str, Floats]:
    """The reported figures of items and lines without what registered decisions changed since last year.

    A decision counts with the months it adds to last year's: all of them where last year's
    figure is a budget that did not know it. Items that no decision touches are left out.
    """
    out: dict[str, Floats] = accounts.shared.get("undecided", {})
    policies = accounts.data.table("policies").to_dict("records")
    if out or not policies:
        return out
    value = accounts.value.copy()
    for policy in policies:
        column = accounts.columns.get(str(policy["item"]))
        if column is None:
            continue
        for i in np.flatnonzero(~np.isnan(value[:, column]) & accounts.is_fund):
            weight = _since_last_year(accounts, int(i), policy)
            if weight:
                value[i, column] = _without(value[i, column], policy, str(policy["item"]), weight)
    for item, column in accounts.columns.items():
        if not np.array_equal(value[:, column], accounts.value[:, column], equal_nan=True):
            out[item] = value[:, column]
    if out:
        out |= _lines_without(accounts, value)
    accounts.shared["undecided"] = out
    return out


def _since_last_year(accounts: Accounts, account: int, policy: Record) -> float:
    """The part of its months by which a decision weighs more in an account than in last year's."""
    year = int(accounts.year[account])
    if int(str(policy["start"])[:4]) < year - 1 or _misfit(accounts, np.array([account]), policy):
        return 0.0
    unknown = accounts.last_stage[account] in PLANS and policy.get("known_at_budget") is not True
    until = int(accounts.months[account])
    return (_months(policy, year, until) - (0 if unknown else _months(policy, year - 1, until))) / until


def _lines_without(accounts: Accounts, value: Floats) -> dict[str, Floats]:
    """Lines and totals less what the decisions on their drivers made."""
    now, then = again(accounts), again(replace(accounts, value=value, shared={}))
    effect = {"fiscal_subsidy" if x == "standing_subsidy" else x: np.nan_to_num(now[x] - then[x]) for x in now}
    benefits = np.sum([effect[x] for x in items.BENEFIT_LINES], axis=0)
    effect["benefit_expenditure"] = np.where(benefits != 0, benefits, effect["benefit_expenditure"])
    for item in ("revenue_subtotal", "total_revenue"):
        effect[item] = effect["contribution_revenue"] + effect["fiscal_subsidy"]
    for item in ("expenditure_subtotal", "total_expenditure"):
        effect[item] = effect["benefit_expenditure"]
    return {item: accounts.get(item) - moved for item, moved in effect.items() if moved.any() and item in accounts.columns}


def _without(value: float, policy: Record, item: str, weight: float) -> float:
    """A driver of a year without the part of it that a decision made."""

    def given(name: str) -> float:
        cell = policy.get(name)
        return float(cell) if cell is not None and cell == cell and cell != "" else float("nan")

    multiply, add = given("multiply"), given("add")
    if multiply == multiply:
        return value / (1.0 + (multiply - 1.0) * weight)
    if add == add:
        try:
            factor = conversion(parse_unit(str(policy.get("unit"))), items.CATALOGUE[item].unit)[0]
        except SibError:
            factor = 1.0
        return value - add * factor * weight
    before = given("before_value")
    return value + (before - value) * weight


def _cause(claimed: float, due: float, policy: Record) -> str:
    """Whether months or the paying date were mistaken."""
    months = 13 - (Period.parse(policy["start"]).month or 1)
    if months < 12 and due and abs(claimed / due - 12.0 / months) < 0.02 * 12.0 / months:
        return "a full year counted for a part of it"
    return ""


CHECKS = (
    Check("R-17", "a policy effect does not fit the registered decision", "warning", {"share": 0.1},
          "table effects against policies: date, area, fund, and the size by heads × change × months, ±10 %", DEFAULT,
          "correct the effect, or register the decision in the table policies", effects),
)  # fmt: skip
