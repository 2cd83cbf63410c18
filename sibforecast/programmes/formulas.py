"""The law as plain functions from drivers to lines.

Each function is a formula of the field; its parameters are *named after the items* they
take, so that a rule needs no wiring: the engine reads the signature. Arguments are numbers
or arrays of any shape that broadcast; money is in currency units, heads in persons, rates
are shares. A parameter with a default is a part that many funds do not have: the default
stands in only where the item has no figure in any period, never for a figure that is
missing now.

Three suffixes are understood: ``_opening`` is the value at the end of the year before,
``_raw`` a stock before policy changes are laid upon it (so that a change is never applied
twice along the years), ``_in_force`` the value in force in December.

Sources: the formulas used by compilers of fund budgets (budget forms 社预01-08 and their
parameter tables); the social insurance law of 2010 for who pays what.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any  # a float or an array of floats; every formula broadcasts



def unchanged(value: Array) -> Array:
    """The figure itself."""
    return value


def added(first: Array, *others: Array) -> Array:
    """Amounts added in their order; what is nothing in every area costs no pass over the draws.

    Examples
    --------
    >>> added(1.0, 0.0, 2.5)
    3.5
    """
    total = first
    for part in others:
        if not _is_nothing(part):
            total = total + part
    return total


def _is_nothing(part: Array) -> bool:
    if isinstance(part, np.ndarray):
        return part.shape[-1:] == (1,) and not part.any()
    return bool(part == 0.0)


def within(base: Array, floor: Array, ceiling: Array) -> Array:
    """A base within its statutory window; as it is where there is none."""
    if not isinstance(base, np.ndarray) or base.shape[-1:] == (1,):
        return np.clip(base, floor, ceiling)
    open_ = _is_nothing(floor) and np.all(np.isinf(ceiling))  # over draws: two passes saved
    return base if open_ else np.clip(base, floor, ceiling)


# --- heads -----------------------------------------------------------------------------


def mean_of_stocks(opening: Array, closing: Array) -> Array:
    """Average heads of a year: half of opening plus closing stock."""
    return (opening + closing) / 2.0


def insured_average(insured_raw_opening: Array, insured_raw: Array) -> Array:
    """Average insured = (opening + closing) / 2."""
    return mean_of_stocks(insured_raw_opening, insured_raw)


def insured_active_average(
    insured_active_raw_opening: Array, insured_active_raw: Array
) -> Array:
    """Average active insured = (opening + closing) / 2."""
    return mean_of_stocks(insured_active_raw_opening, insured_active_raw)


def beneficiaries_average(beneficiaries_raw_opening: Array, beneficiaries_raw: Array) -> Array:
    """Average beneficiaries = (opening + closing) / 2."""
    return mean_of_stocks(beneficiaries_raw_opening, beneficiaries_raw)


def beneficiaries_from_recipient_months(recipient_months: Array, months: float) -> Array:
    """Average beneficiaries = recipient-months / months of the period."""
    return recipient_months / months


def beneficiaries(
    beneficiaries_raw_opening: Array, new_beneficiaries: Array, beneficiary_exits: Array
) -> Array:
    """Closing stock = opening + entrants - exits.

    Examples
    --------
    >>> beneficiaries(70_000, 4_500, 1_500)
    73000
    """
    return beneficiaries_raw_opening + new_beneficiaries - beneficiary_exits


def contributors(
    insured_active_average: Array, contributor_ratio: Array, flexible_share: Array = 0.0
) -> Array:
    """Employed contributors = average active insured x contributor ratio x (1 - flexible share)."""
    return insured_active_average * contributor_ratio * (1.0 - flexible_share)


def contributors_flexible(
    insured_active_average: Array, contributor_ratio: Array, flexible_share: Array
) -> Array:
    """Flexible contributors = average active insured x contributor ratio x flexible share."""
    return insured_active_average * contributor_ratio * flexible_share


# --- contributions ---------------------------------------------------------------------


def wage_bill(
    contributors: Array,
    contribution_base: Array,
    months: float,
    base_floor: Array = 0.0,
    base_ceiling: Array = np.inf,
) -> Array:
    """Contributory wage bill = contributors x base within its statutory window x months."""
    return contributors * within(contribution_base, base_floor, base_ceiling) * months


def wage_bill_flexible(
    contributors_flexible: Array,
    contribution_base_flexible: Array,
    months: float,
    base_floor: Array = 0.0,
    base_ceiling: Array = np.inf,
) -> Array:
    """The same of the flexible group, within the same window."""
    return (
        contributors_flexible
        * within(contribution_base_flexible, base_floor, base_ceiling)
        * months
    )


def assessed(wage_bill: Array, contribution_rate: Array) -> Array:
    """Contributions assessed = wage bill x rate.

    Examples
    --------
    >>> round(float(assessed(wage_bill(120_000, 5_500, 12), 0.24)), 2)
    1900800000.0
    """
    return wage_bill * contribution_rate


def assessed_flexible(wage_bill_flexible: Array, contribution_rate_flexible: Array) -> Array:
    """The same of the flexible group."""
    return wage_bill_flexible * contribution_rate_flexible


def collected(
    assessed: Array, collection_rate: Array, deferred_out: Array = 0.0, exempted: Array = 0.0
) -> Array:
    """Cash of the period = assessed x collection rate - deferred - exempted.

    The collection rate counts what was deferred or exempted by law as settled:
    (collected + deferred + exempted) / assessed.
    """
    cash = assessed * collection_rate
    for part in (deferred_out, exempted):
        cash = cash if _is_nothing(part) else cash - part
    return cash


def collected_flexible(assessed_flexible: Array, collection_rate_flexible: Array = 1.0) -> Array:
    """The same of the flexible group; an absent collection rate is 1, which is noted."""
    return assessed_flexible * collection_rate_flexible


def contribution_revenue(
    collected: Array,
    collected_flexible: Array = 0.0,
    arrears_recovered: Array = 0.0,
    back_payments: Array = 0.0,
    prepayments: Array = 0.0,
    deferred_in: Array = 0.0,
) -> Array:
    """Contribution revenue = collected of both groups + arrears + back- and prepayments + repaid.

    Examples
    --------
    >>> contribution_revenue(186_278.40, 47_424.00, 1_500, 2_000, 300)
    237502.4
    """
    return added(collected, collected_flexible, arrears_recovered, back_payments, prepayments, deferred_in)


def resident_contributions(contributors: Array, personal_contribution: Array) -> Array:
    """Resident pension contributions = payers x average yearly contribution."""
    return contributors * personal_contribution


def resident_medical_contributions(insured: Array, personal_contribution: Array) -> Array:
    """Resident medical contributions = insured x yearly personal standard."""
    return insured * personal_contribution


def arrears(
    arrears_opening: Array,
    assessed: Array,
    collected: Array,
    deferred_out: Array = 0.0,
    exempted: Array = 0.0,
    arrears_recovered: Array = 0.0,
    written_off: Array = 0.0,
) -> Array:
    """Arrears at the end = opening + assessed but not settled - recovered - written off."""
    unsettled = assessed - (collected + deferred_out + exempted)
    return arrears_opening + unsettled - arrears_recovered - written_off


# --- subsidies, interest, transfers, inter-level lines -----------------------------------


def resident_pension_subsidy(
    contributors: Array,
    subsidy_per_head: Array,
    beneficiaries_average: Array,
    benefit_standard: Array,
    months: float,
) -> Array:
    """Subsidy = payers x subsidy per head + beneficiaries x basic pension x months."""
    return contributors * subsidy_per_head + beneficiaries_average * benefit_standard * months


def contribution_subsidy(contributors: Array, subsidy_per_head: Array) -> Array:
    """The part of the subsidy that matches contributions, where no more is known."""
    return contributors * subsidy_per_head


def basic_pension_subsidy(
    beneficiaries_average: Array, benefit_standard: Array, months: float
) -> Array:
    """The part of the government that pays the basic pension, where no more is known."""
    return beneficiaries_average * benefit_standard * months


def resident_medical_subsidy(insured: Array, subsidy_per_head: Array) -> Array:
    """Subsidy = insured x subsidy standard."""
    return insured * subsidy_per_head


def closing_gap_subsidy(
    total_expenditure: Array, revenue_before_filling: Array, opening_balance: Array = 0.0
) -> Array:
    """Government-staff pensions: the treasury closes what revenue and balance leave open.

    max(0, expenditure - revenue before filling - usable balance)
    """
    usable = np.maximum(opening_balance, 0.0)
    return np.maximum(total_expenditure - revenue_before_filling - usable, 0.0)


def interest_on_deposits(deposit_rate: Array, opening_balance: Array) -> Array:
    """Interest = average rate of the deposits in force x opening balance; a debt earns none."""
    return deposit_rate * np.maximum(opening_balance, 0.0)


def interest_on_balance(interest_rate: Array, opening_balance: Array) -> Array:
    """Interest = last year's yield on the opening balance x opening balance; a debt earns none."""
    return interest_rate * np.maximum(opening_balance, 0.0)


def transfer_in(movers_in: Array, transfer_level_in: Array) -> Array:
    """Transfers in = persons x average amount."""
    return movers_in * transfer_level_in


def transfer_out(movers_out: Array, transfer_level_out: Array) -> Array:
    """Transfers out = persons x average amount."""
    return movers_out * transfer_level_out


def standing_grant(beneficiaries_average: Array, grant_per_beneficiary: Array) -> Array:
    """Grant of the upper level = beneficiaries x grant per head and year."""
    return beneficiaries_average * grant_per_beneficiary


def upper_remittance(
    remittance_wage: Array,
    remittance_share: Array,
    remittance_heads: Array,
    remittance_rate: Array,
    months: float,
) -> Array:
    """Remittance = monthly wage x months x share of the wage x heads x rate.

    Independent of actual collection (central adjustment of 2018, 国发〔2018〕18号).
    """
    return remittance_wage * months * remittance_share * remittance_heads * remittance_rate


def per_head(heads: Array, amount_per_head: Array) -> Array:
    """An amount = average heads x amount per head: what is left where no finer driver is."""
    return heads * amount_per_head
