"""The gradual rise of the retirement age, from the dated law."""

from __future__ import annotations

from sibforecast.assumptions.law_records import read_day
from sibforecast.assumptions.policy import Policy
from sibforecast.errors import PolicyError

#: Groups by the age at which they used to retire.
GROUPS = ("men", "women_55", "women_50")
_FUND = "enterprise_pension"


def retirement_delay(law: Policy, group: str, reached: object, region: str = "*") -> int:
    """Months by which retirement is put off for those who reach the former age in a month.

    One month for each `retirement_step` begun since the rise is in force, at most
    `retirement_delay_limit`: ``min(limit, m // step + 1)``, with m the months since then.

    Parameters
    ----------
    law : Policy
        For example `sibforecast.current_law()`.
    group : str
        ``men``, ``women_55`` or ``women_50``: by the former age.
    reached : str or date
        The month in which the former age is reached.
    region : str
        As in `Policy.at`.

    Raises
    ------
    PolicyError
        If there is no such group.

    Examples
    --------
    >>> import sibforecast as sib
    >>> law = sib.current_law()
    >>> [retirement_delay(law, "men", month) for month in ("2024-12", "2025-01", "2025-05", "2040-01")]
    [0, 1, 2, 36]
    """
    if group not in GROUPS:
        raise PolicyError(f"no group {group!r}; expected one of {', '.join(GROUPS)}")
    day = read_day(reached)
    history = law.history(f"retirement_step_{group}", _FUND)
    if day < read_day(history["start"].min()):
        return 0
    step = law.record(f"retirement_step_{group}", day, region, _FUND)
    passed = (day.year - step.start.year) * 12 + day.month - step.start.month
    return int(min(law.value(f"retirement_delay_limit_{group}", day, region, _FUND), passed // step.value + 1))
