"""The gradual rise of the retirement age as the dated law has it, for the arithmetic of cohorts."""

from __future__ import annotations

from sibforecast.assumptions.law_records import read_day
from sibforecast.assumptions.policy import Policy
from sibforecast.programmes.cohorts import Transition, delay, month_number, transition

_FUND = "enterprise_pension"


def transition_in_law(law: Policy, group: str, region: str = "*") -> Transition:
    """How the age of a group rises by the records of the law, as `cohorts` understands it.

    Parameters
    ----------
    law : Policy
        For example `sibforecast.current_law()`.
    group : str
        ``men``, ``women_55`` or ``women_50``: by the former age.
    region : str
        As in `Policy.at`.

    Raises
    ------
    SibError
        If there is no such group.
    PolicyError
        If the law holds no rise.

    Examples
    --------
    >>> import sibforecast as sib
    >>> found = transition_in_law(sib.current_law(), "women_50")
    >>> found.step, found.longest, found.first
    (2, 60, '2025-01')
    """
    transition(group)  # a name that is none is told before the law is asked
    day = read_day(law.history(f"retirement_step_{group}", _FUND)["start"].min())
    step = law.record(f"retirement_step_{group}", day, region, _FUND)
    longest = law.value(f"retirement_delay_limit_{group}", day, region, _FUND)
    old_age = law.value(f"retirement_age_{group}", day, region, _FUND)
    return Transition(int(old_age), int(step.value), int(longest), f"{day:%Y-%m}", step.source, step.status)


def retirement_delay(law: Policy, group: str, reached: object, region: str = "*") -> int:
    """Months by which retirement is put off for those who reach the former age in a month.

    Parameters
    ----------
    law, group, region
        See `transition_in_law`.
    reached : str or date
        The month in which the former age is reached.

    Raises
    ------
    SibError
        If there is no such group.

    Examples
    --------
    >>> import sibforecast as sib
    >>> law = sib.current_law()
    >>> [retirement_delay(law, "men", month) for month in ("2024-12", "2025-01", "2025-05", "2040-01")]
    [0, 1, 2, 36]
    """
    return int(delay(month_number(f"{read_day(reached):%Y-%m}"), transition_in_law(law, group, region)))

