"""What shows that an item exists: figures of its own, or of a driver of it, in some period."""

from __future__ import annotations

from collections.abc import Iterable

from sibforecast.items import EXPENDITURE_LINES, REVENUE_LINES

#: An item counts as existing where one of these has a figure, beside its own.
EVIDENCE: dict[str, tuple[str, ...]] = {
    "collected": ("collection_rate", "assessed", "contribution_base"),
    "collected_flexible": ("contributors_flexible", "contribution_base_flexible", "assessed_flexible", "flexible_share"),
    "contribution_revenue": (
        "contribution_base", "contribution_rate", "collection_rate", "assessed", "collected",
        "personal_contribution", "contribution_base_flexible", "arrears_recovered",
        "contribution_revenue_per_insured",
    ),
    "standing_subsidy": ("fiscal_subsidy", "subsidy_per_head"),
    "fiscal_subsidy": ("subsidy_per_head", "standing_subsidy"),
    "standing_grant": ("upper_grant", "grant_per_beneficiary"),
    "upper_grant": ("grant_per_beneficiary", "standing_grant"),
    "upper_remittance": ("remittance_wage", "remittance_rate", "remittance_heads"),
    "gap_subsidy": ("fiscal_subsidy",),
    "gap_grant": ("upper_grant",),
    "interest": ("deposit_rate", "interest_rate"),
    "transfer_in": ("movers_in", "transfer_level_in"),
    "transfer_out": ("movers_out", "transfer_level_out"),
    "pension_expenditure": ("benefit_level", "benefit_adjustment", "benefit_level_end"),
    "injury_expenditure": ("benefit_level", "benefit_adjustment"),
    "death_expenditure": ("death_benefit",),
    "disability_expenditure": ("disability_level", "disability_recipients"),
    "medical_expenditure": ("cost_per_admission", "admissions_per_insured", "pooled_pay_rate", "outpatient_per_insured"),
    "unemployment_expenditure": ("recipient_months", "benefit_level", "benefit_standard"),
    "benefit_expenditure": (
        "benefit_level", "benefit_adjustment", "recipient_months", "cost_per_admission",
        "death_benefit", "disability_level", "benefit_expenditure_per_insured",
        "pension_expenditure", "death_expenditure", "disability_expenditure",
        "medical_expenditure", "unemployment_expenditure", "injury_expenditure",
    ),
}  # fmt: skip


def _with_drivers(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for line in lines for name in (line, *EVIDENCE.get(line, ()))))


EVIDENCE["revenue_subtotal"] = _with_drivers(REVENUE_LINES)
EVIDENCE["expenditure_subtotal"] = _with_drivers(EXPENDITURE_LINES)

#: Their evidence holds in every fund: a subsidy that is not split may have filled a gap.
ALWAYS = frozenset({"gap_subsidy", "gap_grant"})
