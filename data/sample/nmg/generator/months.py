"""The months of a year by league: cumulative, December the year exactly."""

from __future__ import annotations

import numpy as np

from generator.counties import C
from generator.formulas import close
from generator.paths import (
    BENEFITS, EM, EP, FUNDS, GP, LAST_FINAL, LAST_MONTH, LEAGUES, OWN, PER_MONTH, PER_YEAR, RATE, REVENUE, RM, RP,
    RP_MINIMUM, SEED, SHARES, SPENDING, TOTALS, UI, WI, YEARS, cents, half_up, parts, whole,
)
from generator.rows import ROWS
from generator.years import carry

EVEN = np.full(12, 1 / 12)
SEASON = {
    "flexible": np.array([.05, .05, .06, .06, .06, .07, .08, .08, .09, .11, .13, .16]),
    (RP, "contribution_revenue"): np.array([.04, .03, .03, .02, .02, .03, .04, .05, .08, .16, .24, .26]),
    (RM, "contribution_revenue"): np.array([.13, .09, .03, .01, .01, .01, .01, .02, .04, .14, .23, .28]),
    (RP, "fiscal_subsidy"): np.array([.20, .02, .14, .05, .06, .14, .10, .04, .11, .05, .05, .04]),
    (RM, "fiscal_subsidy"): np.array([.05, .10, .27, .05, .08, .16, .05, .05, .12, .03, .02, .02]),
    (EP, "fiscal_subsidy"): np.array([.10, .05, .25, .03, .05, .18, .08, .03, .12, .03, .04, .04]),
    (GP, "fiscal_subsidy"): np.array([.22, .12, .16, .07, .05, .09, .12, .05, .05, .03, .02, .02]),
    "interest": np.array([.01, .01, .20, .01, .02, .26, .01, .01, .21, .01, .02, .23]),
    "upper_grant": np.array([.13, .10, .10, .08, .08, .09, .10, .08, .07, .06, .06, .05]),
    "upper_remittance": np.array([.02, .03, .16, .04, .05, .14, .06, .05, .16, .06, .06, .17]),
    "lumpy": np.array([.02, .03, .08, .05, .06, .10, .08, .08, .12, .10, .12, .16]),
    "medical": np.array([.075, .058, .086, .084, .083, .086, .084, .083, .085, .082, .087, .107]),
    "central": np.array([.22, .06, .12, .12, .05, .10, .08, .05, .06, .06, .04, .04]),
}
MONTH_DRIVERS = {
    EP: ["insured_active", "contributors", "contributors_flexible", "contribution_base", "contribution_base_flexible",
         "contribution_rate", "contribution_rate_flexible", "collection_rate", "arrears_recovered", "back_payments",
         "beneficiaries", "benefit_level", "arrears"],
    GP: ["insured_active", "contributors", "contribution_base", "contribution_rate", "collection_rate",
         "arrears_recovered", "beneficiaries", "benefit_level", "arrears"],
    RP: ["insured_active", "beneficiaries", "benefit_level", "benefit_standard"],
    EM: ["insured", "insured_active", "contributors", "contribution_base", "contribution_rate", "collection_rate"],
    RM: ["insured", "personal_contribution", "subsidy_per_head"],
    WI: ["insured_active", "contributors", "contribution_base", "contribution_rate", "collection_rate", "beneficiaries", "benefit_level"],
    UI: ["insured_active", "contributors", "contribution_base", "contribution_rate", "collection_rate", "recipient_months", "benefit_level"],
}
LEAGUE = [row[0] for row in LEAGUES]
MEMBERS = np.array([(C.parent == code).to_numpy() for code in LEAGUE])


def to_league(values):
    return np.array([values[m].sum() for m in MEMBERS])


def mean_by(values, weights):
    return np.array([(values[m].astype(float) * weights[m]).sum() / weights[m].sum() for m in MEMBERS])


def cumulative(total, season, noise, size=.05):
    """Cumulative amounts (12, leagues) in cents; December is the year exactly."""
    w = season[:, None] * np.exp(size * noise.standard_normal((12, len(total))))
    c = np.cumsum(w, axis=0) / w.sum(axis=0)
    out = np.floor(total * c + .5).astype(np.int64)
    out[-1] = total
    return out


MONTH = np.arange(1, 13)[:, None]


def wobble(noise, size):
    """Noise of the months before December: (12, leagues)."""
    return size * noise.standard_normal((12, 12)) * (MONTH < 12)


def months_of_wages(fund, r, year, old, noise):
    """Contributors, base, rate and collection, and the contributions that follow from them."""
    out, m = {}, MONTH
    due = year["assessed"].astype(float)
    base = mean_by(r["contribution_base"], r["contributors"])
    rate = float(r["contribution_rate"][0])
    collected = year["collected"] + year.get("deferred_out", 0) + year.get("exempted", 0)
    share = collected / due
    out["contributors"] = whole(year["contributors"] * (1 - .0012 * (12 - m) + wobble(noise, .001)))
    step = np.where(np.arange(12) < 6, .978, 1.022)                       # the new base is set in July
    out["contribution_base"] = cents(base / 100 * (np.cumsum(step) / np.arange(1, 13))[:, None])
    out["contribution_rate"] = np.full((12, 12), int(rate))
    lag = (1 - .055 / m + .055 / 12) * np.exp(wobble(noise, .003))
    out["collection_rate"] = parts(np.minimum(share * lag, 1))
    assessed = half_up(out["contributors"] * out["contribution_base"] * m * out["contribution_rate"], 10000)
    paid = half_up(assessed * out["collection_rate"], 10000)
    assessed[-1], paid[-1] = year["assessed"], collected
    line = paid.copy()
    if fund in (EP, GP):
        out["arrears_recovered"] = cumulative(year["arrears_recovered"], SEASON["lumpy"], noise)
        out["arrears"] = old["arrears"] + assessed - paid - out["arrears_recovered"]
        line = line + out["arrears_recovered"]
    if fund == EP:
        flex = mean_by(r["contribution_base_flexible"], r["contributors_flexible"])
        run_ = np.cumsum(SEASON["flexible"])[:, None] * 12 / m
        out["contributors_flexible"] = whole(year["contributors_flexible"] * run_)
        out["contribution_base_flexible"] = cents(np.ones((12, 1)) * flex / 100)
        out["contribution_rate_flexible"] = np.full((12, 12), 2000)
        out["back_payments"] = cumulative(year["back_payments"], SEASON["lumpy"], noise)
        freely = half_up(out["contributors_flexible"] * out["contribution_base_flexible"] * m * 2000, 10000)
        freely[-1] = year["collected_flexible"]
        line = line + freely + out["back_payments"]
    line[-1] = year["contribution_revenue"]
    out["contribution_revenue"] = np.maximum.accumulate(line, axis=0)
    return out


def months_of_benefits(fund, r, before, year, old, heads_now, noise, rise):
    """Benefits paid as heads x level; July brings the back-pay from January."""
    out = {}
    heads = to_league(before["beneficiaries"] + r["beneficiaries"])
    line = "injury_expenditure" if fund == WI else "pension_expenditure"
    level = year[line] / (heads * 6.0)
    if fund in (EP, GP):
        first = mean_by(before["level"], before["beneficiaries"])
    elif fund == RP:
        first = level - rise * 100
    else:
        first = level
    paid = np.where(MONTH < 7, np.minimum(first, level), level)
    out["benefit_level"] = cents(paid * np.exp(wobble(noise, .012 if fund == WI else .001)) / 100)
    out[line] = half_up((old["beneficiaries"] + heads_now) * out["benefit_level"] * MONTH, 2)
    out[line][-1] = year[line]
    return out


def months_of(fund, r, before, noise, rise):
    """The twelve cumulative months of one year for all leagues: dict of (12, leagues)."""
    year = {i: to_league(v) for i, v in r.items() if i not in SHARES | PER_MONTH | PER_YEAR}
    old = {i: to_league(v) for i, v in before.items()}
    out = {}
    for item in ("insured", "insured_active", "beneficiaries"):
        if item in year:
            moved = np.maximum(0, np.minimum(1, MONTH / 12 + wobble(noise, .02)))
            out[item] = whole(old[item] + (year[item] - old[item]) * moved)
    if fund in RATE:
        out |= months_of_wages(fund, r, year, old, noise)
    else:
        out["contribution_revenue"] = cumulative(year["contribution_revenue"], SEASON[fund, "contribution_revenue"], noise)
    if fund in (EP, GP, RP, WI):
        out |= months_of_benefits(fund, r, before, year, old, out["beneficiaries"], noise, rise)
    if fund == RP:
        std = mean_by(r["benefit_standard"], r["beneficiaries"])
        out["benefit_standard"] = cents(np.where(MONTH < 7, std - rise * 100, std) / 100)
    if fund == RM:
        for item in ("personal_contribution", "subsidy_per_head"):
            out[item] = np.full((12, 12), int(r[item][0]))
    if fund == UI:
        out["recipient_months"] = cumulative(year["recipient_months"], EVEN, noise, .02)
        level = year["unemployment_expenditure"] / year["recipient_months"]
        out["benefit_level"] = cents(np.ones((12, 1)) * level / 100)
        out["unemployment_expenditure"] = out["recipient_months"] * out["benefit_level"]
        out["unemployment_expenditure"][-1] = year["unemployment_expenditure"]
    for item in REVENUE + BENEFITS + ["non_benefit_expenditure", "transfer_out", "other_expenditure", "upper_grant",
                                      "upper_remittance"]:
        if item in year and item not in out:
            season = SEASON.get((fund, item), SEASON.get(item, SEASON["lumpy"]))
            if item in ("medical_expenditure", "death_expenditure"):
                season = SEASON["medical"]
            out[item] = cumulative(year[item], season, noise)
    for item, whole_line in (("gap_subsidy", "fiscal_subsidy"), ("gap_grant", "upper_grant")):
        if (year[item] > 0).any():
            out[item] = np.floor(out[whole_line] * (year[item] / np.maximum(year[whole_line], 1)) + .5).astype(np.int64)
            out[item][-1] = year[item]
        else:
            out[item] = np.zeros((12, 12), np.int64)
    close(out, np.ones((12, 1), np.int64) * old["closing_balance"])
    return out


RISE = {y: RP_MINIMUM[YEARS.index(y)] - RP_MINIMUM[YEARS.index(y) - 1] for y in (2024, 2025, 2026)}
MONTH_SKIP = {"opening_balance", "current_balance", "revenue_subtotal", "expenditure_subtotal"}


def put_months(year, ledger, own):
    noise = np.random.default_rng([SEED, year])
    last = 12 if year <= LAST_FINAL else LAST_MONTH
    mirror = None
    for fund in FUNDS:
        data = ledger[fund]
        r = data["final"][year] if year <= LAST_FINAL else data["path"]
        past = data["final"][year - 1]
        before = carry(past)
        if fund in (EP, GP):
            before["level"] = past["benefit_level_end"]
        out = months_of(fund, r, before, noise, RISE[year])
        keep = [i for i in out if i not in MONTH_SKIP and (i in MONTH_DRIVERS[fund] or i in REVENUE + SPENDING + BENEFITS + TOTALS
                or i in ("upper_grant", "upper_remittance", "gap_subsidy", "gap_grant"))]
        for item in keep:
            for month in range(last):
                ROWS.append((LEAGUE, fund, item, f"{year}-{month + 1:02d}", out[item][month], "executed"))
        if fund == EP:
            mirror = out
    top = own[year]
    out = {"lower_remittance": mirror["upper_remittance"].sum(1, keepdims=True),
           "lower_grant": mirror["upper_grant"].sum(1, keepdims=True)}
    for item, season in (("fiscal_subsidy", "central"), ("upper_grant", "central"), ("interest", "interest"),
                         ("upper_remittance", "upper_remittance")):
        out[item] = cumulative(top[item], SEASON[season], noise, .03)
    close(out, np.ones((12, 1), np.int64) * top["opening_balance"])
    del out["benefit_expenditure"]
    out["gap_subsidy"] = out["gap_grant"] = np.zeros((12, 1), np.int64)
    for item in out:
        if item not in MONTH_SKIP:
            for month in range(last):
                ROWS.append(([OWN], EP, item, f"{year}-{month + 1:02d}", out[item][month], "executed"))
