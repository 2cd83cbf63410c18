"""Building blocks of programmes: the rules that several funds share.

A fund's file lists its blocks; what differs between funds stands in the fund's own file.
"""

from __future__ import annotations

from collections.abc import Callable

from sibforecast import items
from sibforecast.programmes import balances as b
from sibforecast.programmes import benefit_formulas as bf
from sibforecast.programmes import formulas as f
from sibforecast.programmes.programme import Rule

HEADS = (
    Rule("insured_average", "(opening + closing insured) / 2", f.insured_average, follows="insured"),
    Rule("insured_average", "closing insured; the opening is unknown", f.unchanged, names=("insured_raw",), follows="insured"),
    Rule("insured_active_average", "(opening + closing active insured) / 2", f.insured_active_average, follows="insured_active"),
    Rule("insured_active_average", "closing active insured; the opening is unknown", f.unchanged, names=("insured_active_raw",), follows="insured_active"),
    Rule("contributors", "average active insured × contributor ratio × (1 − flexible share)", f.contributors),
    Rule("contributors_flexible", "average active insured × contributor ratio × flexible share", f.contributors_flexible),
)  # fmt: skip

BENEFICIARIES = (
    Rule("beneficiaries", "opening + new − exits", f.beneficiaries),
    Rule("beneficiaries_average", "(opening + closing beneficiaries) / 2", f.beneficiaries_average, follows="beneficiaries"),
    Rule("beneficiaries_average", "recipient-months / months", f.beneficiaries_from_recipient_months, follows="beneficiaries"),
    Rule("beneficiaries_average", "closing beneficiaries; the opening is unknown", f.unchanged, names=("beneficiaries_raw",), follows="beneficiaries"),
    Rule("benefit_level", "last year's level × (1 + adjustment)", bf.benefit_level),
    Rule("benefit_level_base", "level in force carried to next year", bf.benefit_level_base),
    Rule("benefit_level_base", "level paid", f.unchanged, names=("benefit_level_raw",)),
)  # fmt: skip

WAGE_CONTRIBUTIONS = (
    Rule("wage_bill", "contributors × base × months", f.wage_bill),
    Rule("wage_bill_flexible", "flexible contributors × base × months", f.wage_bill_flexible),
    Rule("assessed", "contributors × base × months × rate", f.assessed),
    Rule("assessed_flexible", "flexible contributors × base × months × rate", f.assessed_flexible),
    Rule("collected", "assessed × collection rate − deferred − exempted", f.collected),
    Rule("collected_flexible", "assessed (flexible) × collection rate", f.collected_flexible),
    Rule(
        "contribution_revenue", "contributors × base × rate × collection, both groups, + arrears + back-payments + prepayments + repaid deferrals",
        f.contribution_revenue, also=("contributors", "contribution_base", "contribution_rate", "collection_rate"),
    ),
    Rule("contribution_revenue", "collected of both groups + arrears + back-payments + prepayments + repaid deferrals", f.contribution_revenue),
    Rule("contribution_revenue", "average insured × contribution revenue per insured", f.per_head, names=("insured_average", "contribution_revenue_per_insured")),
    Rule("arrears", "opening + assessed − settled − recovered − written off", f.arrears),
)  # fmt: skip

DEATHS_AND_DISABILITY = (
    Rule("death_expenditure", "deaths × death benefit", bf.death_expenditure, when=("benefits_itemised",)),
    Rule("disability_expenditure", "recipients × level × months", bf.disability_expenditure, when=("benefits_itemised",)),
)

def lumped(identity: str, formula: Callable[..., object]) -> tuple[Rule, ...]:
    """Benefits published as one sum: heads × level, and what the last account has beside it."""
    return (
        Rule("benefit_formula", identity, formula, when=("benefits_lumped",)),
        Rule("benefit_expenditure", f"{identity} × the last account's ratio to it", bf.scaled, when=("benefits_lumped",)),
        Rule("benefit_expenditure", identity, formula, when=("benefits_lumped",)),
    )


PENSIONS = (
    *BENEFICIARIES,
    Rule("pension_expenditure", "average beneficiaries × level × months", bf.stock_times_level, when=("benefits_itemised",)),
    *DEATHS_AND_DISABILITY,
    *lumped("average beneficiaries × level × months", bf.stock_times_level),
)  # fmt: skip

MEDICAL = (
    Rule("admissions", "average insured × admissions per insured", bf.admissions),
    Rule("inpatient_cost", "admissions × cost per admission", bf.inpatient_cost),
    Rule("medical_expenditure", "average insured × admissions × cost × pooled share + outpatient", bf.medical_expenditure, when=("benefits_itemised",)),
    Rule("medical_expenditure", "average insured × medical benefits per insured", f.per_head, names=("insured_average", "medical_expenditure_per_insured"), when=("benefits_itemised",)),
    *lumped("average insured × admissions × cost × pooled share + outpatient", bf.medical_expenditure),
)  # fmt: skip


def _sum(item: str, identity: str, names: tuple[str, ...], when: tuple[str, ...] = ()) -> Rule:
    return Rule(item, identity, b.sum_of_lines, names=names, defaults=dict.fromkeys(names, 0.0), when=when)


def _total(item: str, identity: str, itemised: str, names: tuple[str, str, str]) -> tuple[Rule, Rule]:
    """A total of lines; an own level may have none but those between levels."""
    between = dict.fromkeys(names[1:], 0.0)
    return (
        Rule(item, identity, b.sum_of_lines, names=names, defaults={names[0]: 0.0, **between}, when=(itemised,)),
        Rule(item, identity, b.sum_of_lines, names=names, defaults=between),
    )


_BEFORE_FILLING = (
    *("standing_subsidy" if n == "fiscal_subsidy" else n for n in items.REVENUE_LINES),
    "standing_grant",
    "lower_remittance",
)  # fmt: skip

COMMON = (
    Rule("interest", "average rate of the deposits × opening balance", f.interest_on_deposits),
    Rule("interest", "last year's yield × opening balance", f.interest_on_balance),
    Rule("transfer_in", "persons × average amount", f.transfer_in),
    Rule("transfer_out", "persons × average amount", f.transfer_out),
    Rule("standing_grant", "average beneficiaries × grant per head", f.standing_grant),
    Rule("upper_remittance", "wage × months × share × heads × rate", f.upper_remittance),
    Rule("fiscal_subsidy", "standing subsidy + gap filling", b.fiscal_subsidy),
    Rule("upper_grant", "standing grant + gap filling", b.upper_grant),
    _sum("benefit_expenditure", "sum of its lines", items.BENEFIT_LINES, ("benefits_itemised",)),
    Rule("benefit_expenditure", "average insured × benefits per insured", f.per_head, names=("insured_average", "benefit_expenditure_per_insured")),
)  # fmt: skip

TOTALS = (
    _sum("revenue_subtotal", "sum of the revenue lines", items.REVENUE_LINES, ("revenue_itemised",)),
    *_total("total_revenue", "revenue subtotal + upper grant + lower remittance", "revenue_itemised",
            ("revenue_subtotal", "upper_grant", "lower_remittance")),
    Rule("total_revenue", "average insured × total revenue per insured", f.per_head, names=("insured_average", "total_revenue_per_insured")),
    _sum("expenditure_subtotal", "sum of the expenditure lines", items.EXPENDITURE_LINES, ("expenditure_itemised",)),
    *_total("total_expenditure", "expenditure subtotal + lower grant + upper remittance", "expenditure_itemised",
            ("expenditure_subtotal", "lower_grant", "upper_remittance")),
    Rule("total_expenditure", "average insured × total expenditure per insured", f.per_head, names=("insured_average", "total_expenditure_per_insured")),
    _sum("revenue_before_filling", "revenue lines without gap filling", _BEFORE_FILLING, ("revenue_itemised",)),
    Rule("opening_balance", "closing balance of the year before", f.unchanged, names=("closing_balance_opening",)),
    Rule("current_balance", "total revenue − total expenditure", b.current_balance),
    Rule("closing_balance", "opening + current-year balance + adjustment", b.closing_balance),
    Rule(
        "gap", "total expenditure − (total revenue − gap subsidy − gap grant)", b.gap,
        names=("total_expenditure", "total_revenue", "gap_subsidy", "gap_grant"),
        defaults={"gap_subsidy": 0.0, "gap_grant": 0.0}, when=("revenue_itemised",),
    ),
    Rule("gap", "total expenditure − (total revenue − gap subsidy − gap grant)", b.gap),
    Rule("months_payable", "closing balance / (expenditure subtotal / 12)", b.months_of, names=("closing_balance", "expenditure_subtotal", "months")),
    Rule("months_payable", "closing balance / (total expenditure / 12)", b.months_of, names=("closing_balance", "total_expenditure", "months")),
)  # fmt: skip
