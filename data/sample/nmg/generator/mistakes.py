"""Mistakes planted in the drafts."""

from __future__ import annotations

from generator.counties import C
from generator.formulas import close, formula
from generator.paths import DRAFT_YEAR, EM, EP, GP, RM, RP, UI, WI, cents, whole
from generator.rows import text


def plant(drafts, ledger):
    """Twelve kinds of mistakes in the drafts of 2027. Returns the list of them."""
    listed = []
    place = {code: i for i, code in enumerate(C.region)}

    def change(region, fund, item, kind, new, follow):
        i, r = place[region], drafts[fund]
        before = {k: v[i:i + 1] for k, v in ledger[fund]["before"][DRAFT_YEAR].items()}
        one = {k: v[i:i + 1].copy() for k, v in r.items()}
        right = int(one[item][0])
        one[item][0] = wrong = int(new(one, i))
        if follow == "formula":
            formula(fund, one, before)
        elif follow == "totals":
            opening = one["opening_balance"]
            close(one, opening)
        for k in r:
            r[k][i] = one[k][0]
        listed.append((region, fund, item, kind, text(right, item), text(wrong, item)))

    change("150423", RP, "contribution_revenue", "unit_slip_x10000", lambda r, i: r["contribution_revenue"][0] * 10000, "totals")
    keep = {}
    i = place["150302"]
    for item in ("unemployment_expenditure", "medical_expenditure"):
        keep[item] = int(drafts[UI][item][i])
    change("150302", UI, "unemployment_expenditure", "swapped_lines", lambda r, i: keep["medical_expenditure"], None)
    change("150302", UI, "medical_expenditure", "swapped_lines", lambda r, i: keep["unemployment_expenditure"], "totals")
    change("150722", EM, "medical_expenditure", "last_year_repeated",
           lambda r, i: ledger[EM]["budget"]["medical_expenditure"][i], "totals")
    change("150822", RM, "opening_balance", "opening_not_previous_closing",
           lambda r, i: r["opening_balance"][0] + 345_678_900, "totals")
    change("150926", GP, "revenue_subtotal", "does_not_foot", lambda r, i: r["revenue_subtotal"][0] + 90_000_000, None)
    change("152202", EP, "upper_remittance", "mirror_mismatch", lambda r, i: r["upper_remittance"][0] + 250_000_000, "totals")
    change("150625", WI, "contributors", "contributors_above_insured", lambda r, i: whole(r["insured_active"][0] * 1.06), "formula")
    change("150622", EP, "benefit_level", "benefit_level_up_30_percent", lambda r, i: cents(r["benefit_level"][0] / 100 * 1.30), "formula")
    change("150204", EM, "interest", "interest_times_3", lambda r, i: r["interest"][0] * 3, "totals")
    change("150523", RM, "fiscal_subsidy", "subsidy_not_standard_times_heads",
           lambda r, i: whole(r["fiscal_subsidy"][0] * 1.12, 100), "totals")
    change("152530", RP, "closing_balance", "closing_identity_broken", lambda r, i: r["closing_balance"][0] + 123_456_700, None)
    change("152921", EM, "contribution_base", "base_growth_25_percent",
           lambda r, i: cents(ledger[EM]["budget"]["contribution_base"][i] / 100 * 1.25), "formula")
    return listed
