"""Totals, balances and the gap: identities I1-I5 as plain functions (see `formulas`)."""

from __future__ import annotations

import numpy as np

from sibforecast.programmes.formulas import Array, added


def fiscal_subsidy(standing_subsidy: Array, gap_subsidy: Array = 0.0) -> Array:
    """Fiscal subsidy = standing subsidy + gap-filling subsidy."""
    return added(standing_subsidy, gap_subsidy)


def upper_grant(standing_grant: Array, gap_grant: Array = 0.0) -> Array:
    """Grant of the upper level = standing grant + gap-filling grant."""
    return added(standing_grant, gap_grant)


def sum_of_lines(*lines: Array) -> Array:
    """Lines added in the order of the official form."""
    return added(*lines)


def current_balance(total_revenue: Array, total_expenditure: Array) -> Array:
    """Current-year balance = total revenue - total expenditure (identity I2)."""
    return total_revenue - total_expenditure


def closing_balance(
    opening_balance: Array, current_balance: Array, balance_adjustment: Array = 0.0
) -> Array:
    """Closing = opening + current-year balance + adjustment (identity I3)."""
    return added(opening_balance + current_balance, balance_adjustment)


def gap(
    total_expenditure: Array, total_revenue: Array, gap_subsidy: Array, gap_grant: Array
) -> Array:
    """Gap before filling = expenditure - (revenue - gap-filling subsidy and grant)."""
    return total_expenditure - (total_revenue - gap_subsidy - gap_grant)


def months_of(closing: Array, spending: Array, months: float) -> Array:
    """Months payable = closing balance / (spending of the year / 12) (identity I5).

    Examples
    --------
    >>> round(float(months_of(86_558.90, 263_700.50, 12)), 2)
    3.94
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spending > 0, closing / (spending / months), np.nan)
