"""What a check of the review is, and what it hits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sibforecast.items import CATALOGUE
from sibforecast.oversight.review_accounts import Accounts

#: Identities of the forms need no rule; what is a matter of judgement bears a date.
IDENTITY = "identity"
DEFAULT = "unverified default of 2026-01-01; override it by `tolerances`"
NOT_A_NUMBER = float("nan")


@dataclass(frozen=True)
class Hit:
    """One place where a check fails.

    `account` is the number of the account; `found` and `expected` are in base units of the
    item; `at_stake` is money (blank: worked out from the difference).
    """

    account: int
    item: str
    found: float = NOT_A_NUMBER
    expected: float = NOT_A_NUMBER
    cause: str = ""
    detail: str = ""
    at_stake: float = NOT_A_NUMBER
    severity: str = ""
    follows: str = ""
    said: str = ""  # what is told as expected where it is no figure
    table: str = "history"
    row: int = 0
    region: str = ""  # whose finding it is, where it is not the account's area's alone


Run = Callable[[Accounts, Mapping[str, float]], Iterable[Hit]]


@dataclass(frozen=True)
class Check:
    """One check of the review.

    Parameters
    ----------
    id : str
        R-01 … R-19.
    title : str
        What must hold, in a line; it opens the message of a finding.
    severity : str
        error or warning.
    tolerance : mapping
        Named tolerances with their defaults; the first is the one a bare number overrides.
    source : str
        Where the rule is from.
    status : str
        Whether it is an identity or a dated default that is not verified.
    mend : str
        What to do about it.
    consequences : tuple of str
        Checks that fail with it in the same account (R-04, R-05: in the sums above it); their
        findings say that they follow from this one.
    run : callable
        A plain function of the accounts and the tolerances.
    """

    id: str
    title: str
    severity: str
    tolerance: Mapping[str, float]
    source: str
    status: str
    mend: str
    run: Run
    consequences: tuple[str, ...] = ()


def written(item: str, value: float) -> str:
    """A figure as it is told: shares in per cent, heads whole, all else with two decimals."""
    unit = CATALOGUE[item].unit if item in CATALOGUE else "currency"
    if value != value:
        return ""
    if unit == "share":
        return f"{value:.2%}"
    return f"{value:,.0f}" if unit in ("persons", "person-months") else f"{value:,.2f}"
