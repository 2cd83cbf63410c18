"""Benefits as plain functions: heads × level × months, pension by pension and case by case.

Written and read like `formulas`: parameters are named after the items they take.
"""

from __future__ import annotations

from sibforecast.programmes.formulas import Array


def benefit_level(benefit_level_base_opening: Array, benefit_adjustment: Array) -> Array:
    """Benefit level paid = last year's level x (1 + adjustment).

    Examples
    --------
    >>> round(benefit_level(2_900, 0.025), 2)
    2972.5
    """
    return benefit_level_base_opening * (1.0 + benefit_adjustment)


def benefit_level_base(
    benefit_level_base_opening: Array, benefit_adjustment_in_force: Array
) -> Array:
    """The level the next year starts from: a part-year adjustment counts in full."""
    return benefit_level_base_opening * (1.0 + benefit_adjustment_in_force)


def stock_times_level(
    beneficiaries_average: Array, benefit_level: Array, months: float
) -> Array:
    """Benefits = average stock of beneficiaries x level x months.

    Examples
    --------
    >>> stock_times_level(71_500, 2_972.5, 12)
    2550405000.0
    """
    return beneficiaries_average * benefit_level * months


def stock_times_standard(
    beneficiaries_average: Array, benefit_standard: Array, months: float
) -> Array:
    """Benefits = average stock of beneficiaries x statutory standard x months."""
    return beneficiaries_average * benefit_standard * months


def recipient_months_times_level(recipient_months: Array, benefit_level: Array) -> Array:
    """Unemployment benefits = recipient-months x level paid."""
    return recipient_months * benefit_level


def recipient_months_times_standard(recipient_months: Array, benefit_standard: Array) -> Array:
    """Unemployment benefits = recipient-months x standard.

    Examples
    --------
    >>> recipient_months_times_standard(1_680 * 12, 2_156.50)
    43475040.0
    """
    return recipient_months * benefit_standard


def scaled(benefit_formula: Array, benefit_coverage: Array) -> Array:
    """Benefits = what heads and level give x what the last account had beside it."""
    return benefit_formula * benefit_coverage


def death_expenditure(deaths: Array, death_benefit: Array) -> Array:
    """Funeral and survivors' benefits = deaths x average payment."""
    return deaths * death_benefit


def disability_expenditure(
    disability_recipients: Array, disability_level: Array, months: float
) -> Array:
    """Disability allowances = recipients x level x months."""
    return disability_recipients * disability_level * months


def admissions(insured_average: Array, admissions_per_insured: Array) -> Array:
    """Admissions = average insured x admissions per insured and year."""
    return insured_average * admissions_per_insured


def inpatient_cost(admissions: Array, cost_per_admission: Array) -> Array:
    """Inpatient cost = admissions x cost per admission."""
    return admissions * cost_per_admission


def medical_expenditure(
    inpatient_cost: Array,
    pooled_pay_rate: Array,
    insured_average: Array,
    outpatient_per_insured: Array = 0.0,
) -> Array:
    """Medical benefits = inpatient cost x pooled share + outpatient payment per insured."""
    return inpatient_cost * pooled_pay_rate + insured_average * outpatient_per_insured
