"""Formulas of the field: from rounded drivers to lines and totals, exact to the cent."""

from __future__ import annotations

import numpy as np

from generator.counties import N
from generator.paths import BENEFITS, EM, EP, GP, REVENUE, RM, RP, SPENDING, UI, WI, half_up


def close(r, opening):
    """Totals of one fund from its lines, exact to the cent."""
    def add(items):
        return sum((r[i] for i in items if i in r), np.zeros_like(opening))
    r["benefit_expenditure"] = add(BENEFITS)
    r["revenue_subtotal"] = add(REVENUE)
    r["total_revenue"] = r["revenue_subtotal"] + add(["upper_grant", "lower_remittance"])
    r["expenditure_subtotal"] = add(SPENDING)
    r["total_expenditure"] = r["expenditure_subtotal"] + add(["lower_grant", "upper_remittance"])
    r["opening_balance"] = opening
    r["current_balance"] = r["total_revenue"] - r["total_expenditure"]
    r["closing_balance"] = opening + r["current_balance"]
    return r


def formula(fund, r, before):
    """Every line of one fund and year from the rounded drivers in `r`; `before` holds last year's stocks."""
    if "contribution_base" in r:
        r["assessed"] = half_up(r["contributors"] * r["contribution_base"] * 12 * r["contribution_rate"], 10000)
        given = half_up(r["assessed"] * r["collection_rate"], 10000)
        r["collected"] = given - r.get("deferred_out", 0) - r.get("exempted", 0)
        r["contribution_revenue"] = r["collected"] + sum(r.get(i, 0) for i in ("arrears_recovered", "back_payments", "deferred_in"))
        if "arrears_recovered" in r:
            r["arrears"] = before["arrears"] + r["assessed"] - given - r["arrears_recovered"]
    if fund == EP:
        r["assessed_flexible"] = half_up(r["contributors_flexible"] * r["contribution_base_flexible"] * 12
                                         * r["contribution_rate_flexible"], 10000)
        r["collected_flexible"] = r["assessed_flexible"]
        r["contribution_revenue"] = r["contribution_revenue"] + r["collected_flexible"]
        r["transfer_in"] = r["movers_in"] * r["transfer_level_in"]
        r["transfer_out"] = r["movers_out"] * r["transfer_level_out"]
    if fund in (EP, GP, RP):
        heads = before["beneficiaries"] + r["beneficiaries"]
        r["pension_expenditure"] = heads * r["benefit_level"] * 6
        r["death_expenditure"] = r["deaths"] * r["death_benefit"]
    if fund == RP:
        r["contribution_revenue"] = r["contributors"] * r["personal_contribution"]
        r["fiscal_subsidy"] = r["contributors"] * r["subsidy_per_head"] + heads * r["benefit_standard"] * 6 + r["gap_subsidy"]
    if fund in (EM, RM):
        heads = (before["insured"] + r["insured"]).astype(object)
        stay = heads * r["admissions_per_insured"] * r["cost_per_admission"] * r["pooled_pay_rate"]
        visit = heads * r["outpatient_per_insured"] * 10 ** 8
        r["medical_expenditure"] = half_up(stay + visit, 2 * 10 ** 8).astype(np.int64)
    if fund == RM:
        r["contribution_revenue"] = r["insured"] * r["personal_contribution"]
        r["fiscal_subsidy"] = r["insured"] * r["subsidy_per_head"] + r["gap_subsidy"]
    if fund == WI:
        r["injury_expenditure"] = (before["beneficiaries"] + r["beneficiaries"]) * r["benefit_level"] * 6
        r["death_expenditure"] = r["deaths"] * r["death_benefit"]
    if fund == UI:
        r["unemployment_expenditure"] = r["recipient_months"] * r["benefit_level"]
    if fund == GP and "gap_subsidy" not in r:                            # the closing item: the treasury pays the rest
        r["fiscal_subsidy"] = np.zeros(N, np.int64)
        r["upper_grant"] = np.zeros(N, np.int64)
        close(r, before["closing_balance"])
        r["gap_subsidy"] = np.maximum(0, -r["closing_balance"])
        r["fiscal_subsidy"] = r["gap_subsidy"]
    return close(r, before["closing_balance"])
