"""Drivers that published figures imply: the formulas of `formulas`, solved for the driver.

Where a fund reports contributors, base, rate and revenue, its collection rate follows;
where it reports spending and heads, the level paid. The same functions serve the history
(areas × years) and a single year (areas × 1).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Get = Callable[[str], Floats]

IDENTITIES = {
    "contributor_ratio": "contributors / average active insured",
    "flexible_share": "flexible contributors / all contributors",
    "collected": "contribution revenue − flexible − arrears − back-payments − prepayments − repaid",
    "assessed": "contributors × base × months × rate",
    "collection_rate": "(collected + deferred + exempted) / assessed",
    "collected_flexible": "assessed (flexible) × collection rate",
    "collection_rate_flexible": "collected / assessed, flexible group",
    "assessed_flexible": "flexible contributors × base × months × rate",
    "benefit_level": "benefits / heads / months",
    "interest_rate": "interest / opening balance",
    "standing_subsidy": "fiscal subsidy − gap filling",
    "standing_grant": "upper grant − gap filling",
    "benefit_coverage": "benefits / (heads × level × months)",
    "death_benefit": "death expenditure / deaths",
    "disability_level": "disability expenditure / recipients / months",
    "transfer_level_in": "transfers in / persons",
    "transfer_level_out": "transfers out / persons",
    "subsidy_per_head": "subsidy / insured",
    "personal_contribution": "contribution revenue / payers",
}


def _or_zero(value: Floats) -> Floats:
    return np.where(np.isnan(value), 0.0, value)


def _first(*candidates: Floats) -> Floats:
    """The first known of several."""
    value = candidates[0]
    for other in candidates[1:]:
        value = np.where(np.isnan(value), other, value)
    return value


def _divided(amount: Floats, by: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(by > 0, amount / by, np.nan)


def _without_filling(line: Floats, filling: Floats) -> Floats:
    """A line less what filled a gap; an area that reports filling has no standing part without it."""
    never = np.isnan(filling).all(axis=-1, keepdims=True)
    return line - np.where(never, 0.0, filling)


def averages(get: Get, opening: Get) -> dict[str, Floats]:
    """Average heads of the year: the middle of two stocks, else what stands for it."""
    out = {}
    for stock in ("insured", "insured_active", "beneficiaries"):
        middle = (opening(stock) + get(stock)) / 2.0
        if stock == "beneficiaries":
            middle = _first(middle, get("recipient_months") / 12.0)
        no_middle = np.isnan(middle).all(axis=-1, keepdims=True)
        out[f"{stock}_average"] = np.where(no_middle, get(stock), middle)
    return out


def implied(kind: str, get: Get, opening: Get) -> dict[str, Floats]:
    """Every driver of a fund that its figures imply and that is not reported itself."""
    heads = averages(get, opening)
    out: dict[str, Floats] = {}

    def put(item: str, value: Floats) -> Floats:
        value = np.where(np.isnan(get(item)), value, get(item))
        if not np.isnan(value).all():
            out[item] = value
        return value

    every = get("contributors") + _or_zero(get("contributors_flexible"))
    put("contributor_ratio", _divided(every, heads["insured_active_average"]))
    put("flexible_share", _divided(get("contributors_flexible"), every))
    if kind not in ("flat_pension", "resident_medical", "totals_only"):
        _contributions(get, put)
    else:
        payers = get("insured") if kind == "resident_medical" else get("contributors")
        put("personal_contribution", _divided(get("contribution_revenue"), payers))
    subsidy = _without_filling(get("fiscal_subsidy"), get("gap_subsidy"))
    if kind == "closing_subsidy_pension":  # there the subsidy is the filling, unless it was split
        subsidy = np.where(np.isnan(get("gap_subsidy")).all(axis=-1, keepdims=True), np.nan, subsidy)
    subsidy = put("standing_subsidy", subsidy)
    put("standing_grant", _without_filling(get("upper_grant"), get("gap_grant")))
    if kind == "resident_medical":
        put("subsidy_per_head", _divided(subsidy, get("insured")))
    _benefits(kind, get, heads, put)
    balance = _first(get("opening_balance"), opening("closing_balance"))
    rate = _divided(get("interest"), balance)
    put("interest_rate", np.where((rate >= 0) & (rate < 0.25), rate, np.nan))
    put("transfer_level_in", _divided(get("transfer_in"), get("movers_in")))
    put("transfer_level_out", _divided(get("transfer_out"), get("movers_out")))
    for amount in (
        "total_revenue", "total_expenditure", "contribution_revenue", "benefit_expenditure",
        "medical_expenditure",
    ):  # fmt: skip
        put(f"{amount}_per_insured", _divided(get(amount), heads["insured_average"]))
    return out


def _contributions(get: Get, put: Callable[[str, Floats], Floats]) -> None:
    """Assessed, collected and the collection rate of wage-based contributions."""
    wages = get("contributors") * get("contribution_base") * 12.0
    due = put("assessed", wages * get("contribution_rate"))
    wages_flexible = get("contributors_flexible") * get("contribution_base_flexible") * 12.0
    due_flexible = put("assessed_flexible", wages_flexible * get("contribution_rate_flexible"))
    if not np.isnan(get("collected_flexible")).all():
        put("collection_rate_flexible", _divided(get("collected_flexible"), due_flexible))
    rate = _first(get("collection_rate_flexible"), np.ones_like(due))
    paid_flexible = put("collected_flexible", due_flexible * rate)
    extra = sum(
        (_or_zero(get(i)) for i in ("arrears_recovered", "back_payments", "prepayments", "deferred_in")),
        start=_or_zero(paid_flexible),
    )  # fmt: skip
    parts = ("arrears_recovered", "back_payments", "prepayments", "deferred_in", "collected_flexible")
    split = ~np.isnan(due) | np.logical_or.reduce([~np.isnan(get(p)) for p in parts])
    paid = put("collected", np.where(split, get("contribution_revenue") - extra, np.nan))
    settled = paid + _or_zero(get("deferred_out")) + _or_zero(get("exempted"))
    put("collection_rate", _divided(settled, due))


def _beside(paid: Floats, formula: Floats, put: Callable[[str, Floats], Floats]) -> None:
    """What a published sum of benefits holds beside heads × level, as a ratio."""
    ratio = _divided(paid, formula)
    put("benefit_coverage", np.where(np.abs(ratio - 1.0) > 1e-9, ratio, np.nan))


def _benefits(
    kind: str, get: Get, heads: dict[str, Floats], put: Callable[[str, Floats], Floats]
) -> None:
    """Levels that spending and heads imply."""
    main = {
        "wage_based_pension": "pension_expenditure",
        "flat_pension": "pension_expenditure",
        "closing_subsidy_pension": "pension_expenditure",
        "injury": "injury_expenditure",
        "unemployment": "unemployment_expenditure",
    }.get(kind)
    if main:
        parts = ("pension_expenditure", "death_expenditure", "disability_expenditure",
                 "medical_expenditure", "unemployment_expenditure", "injury_expenditure")  # fmt: skip
        alone = np.isnan(np.stack([get(p) for p in parts])).all(axis=0)
        amount = _first(get(main), np.where(alone, get("benefit_expenditure"), np.nan))
        stock = heads["beneficiaries_average"] * 12.0
        if kind == "unemployment":
            stock = _first(get("recipient_months"), stock)
        given = get("benefit_level")
        put("benefit_level", _divided(amount, stock))
        _beside(np.where(alone, get("benefit_expenditure"), np.nan), stock * given, put)
    if kind in ("employee_medical", "resident_medical"):
        cost = heads["insured_average"] * get("admissions_per_insured") * get("cost_per_admission") * get("pooled_pay_rate")
        alone = np.isnan(get("medical_expenditure"))
        drugs = heads["insured_average"] * _or_zero(get("outpatient_per_insured"))
        _beside(np.where(alone, get("benefit_expenditure"), np.nan), cost + drugs, put)
    put("death_benefit", _divided(get("death_expenditure"), get("deaths")))
    put("disability_level", _divided(get("disability_expenditure"), get("disability_recipients") * 12.0))
