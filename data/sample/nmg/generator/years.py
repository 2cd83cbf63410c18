"""The years of one fund: drivers, lines and filling, the budget and the drafts, the region's own level."""

from __future__ import annotations

import numpy as np

from generator.counties import (
    BASES, BEFORE, C, COLLECTED, COSTS, EP_END, EP_LEVEL, FLEXIBLE, GP_END, GP_LEVEL, N, NOISE, PAYING, SICK, STOCK,
    TARGET, TOPUP, rich, wages,
)
from generator.formulas import close, formula
from generator.paths import (
    BASE_2014, BENEFITS, BUDGET_YEAR, DRAFT_YEAR, EM, EP, EXEMPTED_2020, FIRST, FUNDS, GP, INTEREST, LAST_FINAL,
    RATE, RM, RM_PERSONAL, RM_SUBSIDY, RP, RP_ACCOUNT, RP_MINIMUM, RP_PERSONAL, RP_SUBSIDY, RP_TOP_UP, SEED, TOTALS,
    UI, UI_LEVEL, UI_NON_BENEFIT, UI_RECIPIENTS, WAGE_LINES, WI, WI_DEATH, YEARS, cents, parts, rng, whole,
)

ZERO = np.zeros(N, np.int64)


def people_flows(r, before, exits):
    """New entrants and exits that carry the stock from one year's end to the next."""
    out = whole(before["beneficiaries"] * exits)
    new = r["beneficiaries"] - before["beneficiaries"] + out
    r["beneficiary_exits"] = out + np.maximum(0, -new)
    r["new_beneficiaries"] = np.maximum(0, new)
    r["deaths"] = whole(r["beneficiary_exits"] * .97)


def drivers(fund, k, before):
    """The path's drivers of year k (index into YEARS); `before` gives opening balance and stocks."""
    r, z, opening = {}, NOISE[fund][k], before["closing_balance"]
    for item in ("insured", "insured_active", "beneficiaries"):
        if (fund, item) in STOCK:
            r[item] = STOCK[fund, item][k].copy()
    if fund in RATE:
        mean = (before["insured_active"] + r["insured_active"]) / 2
        r["contributors"] = np.minimum(whole(mean * PAYING[fund][k]), r["insured_active"] - 1)
        r["contribution_base"] = BASES[fund][k].copy()
        r["contribution_rate"] = parts(np.full(N, RATE[fund][k]))
        r["collection_rate"] = parts(COLLECTED[fund][k] - (.008 if YEARS[k] == 2020 else 0))
        due = r["contributors"] * r["contribution_base"] * 12.0 * RATE[fund][k]
        if fund != GP:
            r["exempted"] = whole(due * EXEMPTED_2020[fund] * np.exp(.08 * z[0]), 100) if YEARS[k] == 2020 else ZERO.copy()
        if fund in (EP, GP):
            r["arrears_recovered"] = whole(before["arrears"] * (.38 if fund == EP else .55) * np.exp(.10 * z[1]), 100)
            r["death_benefit"] = cents((18000 if fund == EP else 42000) * wages[k] * np.exp(.02 * z[2]))
    if fund == EP:
        r["contributors_flexible"] = np.minimum(whole(mean * FLEXIBLE[k]), r["insured_active"] - r["contributors"])
        r["contribution_base_flexible"] = cents(BASES[EP][k] / 100 * .70)
        r["contribution_rate_flexible"] = parts(np.full(N, .20))
        r["collection_rate_flexible"] = parts(np.full(N, 1.0))
        r["back_payments"] = whole(due * .020 * np.exp(.15 * z[3]), 100)
        r["deferred_out"] = whole(due * .018 * np.exp(.15 * z[4]), 100) if YEARS[k] == 2022 else ZERO.copy()
        r["deferred_in"] = before.get("deferred_out", ZERO).copy() if YEARS[k] == 2023 else ZERO.copy()
        r["benefit_level"], r["benefit_level_end"] = EP_LEVEL[k].copy(), EP_END[k].copy()
        people_flows(r, before, .024)
        r["movers_in"] = whole(r["insured_active"] * .0060 * np.exp(.12 * z[5]))
        r["movers_out"] = whole(r["insured_active"] * .0050 * np.exp(.12 * z[0]))
        r["transfer_level_in"] = cents(16000 * wages[k] * np.exp(.03 * z[1]))
        r["transfer_level_out"] = cents(15000 * wages[k] * np.exp(.03 * z[2]))
        r["other_revenue"] = whole(due * .002 * np.exp(.3 * z[3]), 100)
        r["other_expenditure"] = whole(due * .001 * np.exp(.3 * z[4]), 100)
    if fund == GP:
        r["benefit_level"], r["benefit_level_end"] = GP_LEVEL[k].copy(), GP_END[k].copy()
        people_flows(r, before, .022)
    if fund == RP:
        r["contributors"] = whole((before["insured_active"] + r["insured_active"]) / 2 * (.80 - .004 * k) * np.exp(.012 * z[0]))
        r["personal_contribution"] = cents(RP_PERSONAL[k] * rich * np.exp(.01 * z[1]))
        r["subsidy_per_head"] = cents(np.full(N, RP_SUBSIDY[k]))
        ordos = 10 * (C.parent == "150600").to_numpy() * (YEARS[k] >= 2027)
        r["benefit_standard"] = cents(RP_MINIMUM[k] + np.maximum(0, RP_TOP_UP[k] + TOPUP) + ordos)
        r["benefit_level"] = r["benefit_standard"] + cents(RP_ACCOUNT[k] * rich * np.exp(.01 * z[2]))
        people_flows(r, before, .040)
        r["death_benefit"] = cents((900 + 60 * k) * np.exp(.03 * z[3]))
        r["collective_aid"] = whole(r["contributors"] * 150.0 * np.exp(.3 * z[4]), 100)
    if fund in (EM, RM):
        reserve = opening / np.maximum(before["spent"], 1) * 12
        control = np.clip(1 + .030 * (reserve - (11 if fund == EM else 6)), .85, 1.20)
        if YEARS[k] == 2020:
            control = control * .90
        first, cost, pay = ((.175, 8900, .74), (.140, 5600, .53))[fund == RM]
        r["admissions_per_insured"] = parts(first * (1 + (.018, .040)[fund == RM] * k) * SICK[fund] * control * np.exp(.012 * z[0]))
        r["cost_per_admission"] = cents(cost * (1 + (.026, .025)[fund == RM] * k) * COSTS[fund] * np.exp(.01 * z[1]))
        r["pooled_pay_rate"] = parts(np.clip(pay + (.002, .001)[fund == RM] * k + .004 * z[2], .4, .9))
        r["outpatient_per_insured"] = cents((1240 * wages[k] if fund == EM else 32 * 1.15 ** k) * control * np.exp(.015 * z[3]))
        if fund == EM:
            r["other_revenue"] = whole(r["insured"] * 260.0 * np.exp(.3 * z[4]), 100)
    if fund == RM:
        r["personal_contribution"] = cents(np.full(N, RM_PERSONAL[k]))
        r["subsidy_per_head"] = cents(np.full(N, RM_SUBSIDY[k]))
        r["non_benefit_expenditure"] = r["insured"] * cents(min(25 + 5.5 * k, 90))     # premium of catastrophic-illness cover
    if fund == WI:
        r["benefit_level"] = cents(1720 * wages[k] ** .80 * rich * np.exp(.02 * z[1]))
        r["deaths"] = rng.poisson(r["insured_active"] * 5.2e-5)
        r["death_benefit"] = cents(np.full(N, WI_DEATH[k]))
        r["non_benefit_expenditure"] = whole(due * (.025 + .002 * k) * np.exp(.15 * z[2]), 100)
    if fund == UI:
        share = r["insured_active"] / r["insured_active"].sum()
        r["recipient_months"] = whole(UI_RECIPIENTS[k] * 120000 * share * np.exp(.05 * z[1]))
        r["benefit_level"] = cents(UI_LEVEL[k] * rich ** .3 * np.exp(.01 * z[2]))
        r["medical_expenditure"] = r["recipient_months"] * cents(BASE_2014[UI] * .07 * wages[k])
        r["non_benefit_expenditure"] = whole(opening * UI_NON_BENEFIT[k] * np.exp(.08 * z[3]), 100)
    r["interest"] = cents(opening / 100 * INTEREST[k] * np.exp(.06 * z[5]))
    return r


def fill(fund, r, k, before):
    """Subsidies and grants that are notified amounts, then all lines."""
    if fund != GP:
        r["gap_subsidy"], r["gap_grant"], r["upper_grant"] = ZERO.copy(), ZERO.copy(), ZERO.copy()
    else:
        r["gap_grant"] = ZERO.copy()
    if fund in (EM, WI, UI):
        r["fiscal_subsidy"] = ZERO.copy()
    if fund != EP:
        formula(fund, r, before)
        low = np.maximum(0, -r["closing_balance"])                        # the county treasury pays what is missing
        if low.any():
            r["gap_subsidy"] = np.where(low > 0, whole(low + 2 * 10 ** 7, 10 ** 6), 0)
            r["fiscal_subsidy"] = r["fiscal_subsidy"] + r["gap_subsidy"]
            formula(fund, r, before)
        return r
    million = 10 ** 6                                                     # notified in whole 万元
    r["fiscal_subsidy"] = ZERO.copy()
    r["upper_remittance"] = ZERO.copy()
    formula(EP, r, before)
    r["fiscal_subsidy"] = whole(r["pension_expenditure"] * .035, million)  # the county's own standing subsidy
    quota = (.03, .06, .10)[(YEARS[k] >= 2020) + (YEARS[k] >= 2022)]
    r["upper_remittance"] = whole(r["contribution_revenue"] * quota, million)
    formula(EP, r, before)
    need = r["total_expenditure"] - r["total_revenue"]
    months = before["closing_balance"] / (r["expenditure_subtotal"] / 12)
    cover = np.clip(1 + .05 * (TARGET - months) + .03 * NOISE[EP][k][5], .80, 1.15)
    r["upper_grant"] = np.where(need > 0, whole(need * cover, million), 0)
    r["upper_remittance"] += np.where(need < 0, whole(-need * np.clip(.05 * months, .2, .85), million), 0)
    formula(EP, r, before)
    short = np.maximum(0, r["expenditure_subtotal"] // 6 - r["closing_balance"])    # at least two months are kept
    r["gap_grant"] = -(-short // million) * million
    r["upper_grant"] = r["upper_grant"] + r["gap_grant"]
    return formula(EP, r, before)


def start_state(fund):
    """Stocks and balance at the end of the year before the first (not published)."""
    k = YEARS.index(FIRST.get(fund, YEARS[0]))
    state = {i: whole(STOCK[fund, i][k] * f) for i, f in BEFORE.items() if (fund, i) in STOCK}
    state["closing_balance"] = ZERO.copy()
    state["arrears"] = ZERO.copy()
    state["spent"] = np.ones(N, np.int64)
    if fund == GP:
        return k, state
    months = {EP: 5.5, RP: 20, EM: 11, RM: 6, WI: 16, UI: 50}[fund]
    trial = drivers(fund, k, state)
    if fund == EP:
        state["arrears"] = whole(trial["contributors"] * trial["contribution_base"] * 12 * .28 * .10, 100)
    trial = fill(fund, drivers(fund, k, state), k, state)
    spent = trial["expenditure_subtotal"]
    spread_ = rng.lognormal(0, .2, N) if fund != EP else TARGET / TARGET.mean()
    state["closing_balance"] = whole(spent / 12 * months * spread_, 100)
    state["spent"] = spent
    return k, state


def carry(r):
    keep = ("insured", "insured_active", "beneficiaries", "arrears", "closing_balance", "deferred_out")
    state = {i: r[i] for i in keep if i in r}
    state["spent"] = r["expenditure_subtotal"]
    return state


def as_budget(r, k, fund, noise):
    """Drivers as a cautious budget states them: contributions 3-6 % below the path, spending a little above."""
    inputs = {"medical_expenditure"} if fund == UI else set()                # everything else there is recomputed
    b = {i: v.copy() for i, v in r.items() if i in inputs or i not in {*TOTALS, *BENEFITS, *WAGE_LINES}}
    low = lambda mid, w: mid + w * noise.standard_normal(N)
    if fund in RATE:
        b["contributors"] = whole(b["contributors"] * low(.984, .004))
        b["contribution_base"] = cents(b["contribution_base"] / 100 * low(.972, .006))
    if fund == EP:
        b["contributors_flexible"] = whole(b["contributors_flexible"] * low(.975, .006))
        b["contribution_base_flexible"] = cents(b["contribution_base_flexible"] / 100 * .985)
    if fund == RP:
        b["personal_contribution"] = cents(b["personal_contribution"] / 100 * low(.955, .006))
        late = cents(RP_MINIMUM[k] - RP_MINIMUM[k - 1]) if YEARS[k] == BUDGET_YEAR else 0     # decided after the budget
        b["benefit_standard"] = b["benefit_standard"] - late
        b["benefit_level"] = b["benefit_level"] - late
    if fund == RM:
        b["insured"] = whole(b["insured"] * low(.958, .005))
        b["non_benefit_expenditure"] = b["insured"] * cents(90)
    if fund in (EP, GP):
        b["benefit_level"] = cents(b["benefit_level"] / 100 * low(1.003, .002))
        b["benefit_level_end"] = np.maximum(b["benefit_level_end"], b["benefit_level"])
    if "admissions_per_insured" in b:
        b["admissions_per_insured"] = parts(b["admissions_per_insured"] / 10000 * (1.006, .965)[fund == RM])
    return b


def run(fund):
    """Finals to 2025, the path of 2026, the budget of 2026 and the clean drafts of 2027."""
    first, before = start_state(fund)
    final = {}
    for k in range(first, YEARS.index(LAST_FINAL) + 1):
        final[YEARS[k]] = fill(fund, drivers(fund, k, before), k, before)
        before = carry(final[YEARS[k]])
    k += 1
    path = fill(fund, drivers(fund, k, before), k, before)
    noise = np.random.default_rng([SEED, FUNDS.index(fund)])
    plan = as_budget(path, k, fund, noise)
    if "beneficiaries" in plan and fund != WI:
        people_flows(plan, before, {EP: .024, GP: .022, RP: .040}[fund])
    budget = fill_again(fund, plan, k, before)
    later = carry(budget)
    after = drivers(fund, k + 1, carry(path))
    draft = {i: v for i, v in as_budget(after, k + 1, fund, noise).items()}
    if "beneficiaries" in draft and fund != WI:
        people_flows(draft, later, {EP: .024, GP: .022, RP: .040}[fund])
    draft["interest"] = cents(later["closing_balance"] / 100 * INTEREST[k + 1])
    if fund == EP:
        draft["arrears_recovered"] = whole(later["arrears"] * .38, 100)
    draft = fill_again(fund, draft, k + 1, later)
    return {"final": final, "path": path, "budget": budget, "draft": draft,
            "before": {LAST_FINAL: carry(final[LAST_FINAL - 1]), BUDGET_YEAR: before, DRAFT_YEAR: later}}


def fill_again(fund, r, k, before):
    for item in ("gap_subsidy", "gap_grant", "upper_grant", "upper_remittance", "fiscal_subsidy"):
        r.pop(item, None)
    return fill(fund, r, k, before)


# ------------------------------------------------------------------ the region's own level (EP only)
def own_level(counties, year, opening):
    """Mirror sums of the counties, the nation's grants, and the central subsidy that balances them."""
    k, r = YEARS.index(year), {}
    r["lower_remittance"] = counties["upper_remittance"].sum(keepdims=True)
    r["lower_grant"] = counties["upper_grant"].sum(keepdims=True)
    wage = 58000 * wages[k]
    rate = {2018: .03, 2019: .035, 2020: .04, 2021: .045}.get(year)
    million = 10 ** 6
    if year < 2018:
        up, down = 0.0, 0.0
    elif rate:
        up = wage * .9 * 2.70e6 * rate * (.5 if year == 2018 else 1)
        down = up * 1.30
    else:
        up = counties["contribution_revenue"].sum() / 100 * .12
        down = up * 1.45 + 2.0e9
    r["upper_remittance"] = whole([up * 100], million)
    r["upper_grant"] = whole([down * 100], million)
    r["interest"] = cents(opening / 100 * INTEREST[k])
    target = r["lower_grant"] // 6
    need = r["lower_grant"] + r["upper_remittance"] - r["lower_remittance"] - r["upper_grant"] - r["interest"] + (target - opening)
    r["fiscal_subsidy"] = whole(np.maximum(need, 0), million)
    r["gap_subsidy"], r["gap_grant"] = np.zeros(1, np.int64), np.zeros(1, np.int64)
    r = close(r, opening)
    del r["benefit_expenditure"]
    return r
