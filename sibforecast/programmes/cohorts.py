"""The gradual rise of the retirement age: which birth cohorts retire in which month.

From January 2025 whoever reaches the old retirement age works longer: one month more for
every four months (men at 60, women at 55) or every two months (women at 50) that the old age
is reached later, up to three and five years. With m the months since January 2025 at which
the old age is reached,

    delay = min(36, m // 4 + 1)   men, and women whose age was 55
    delay = min(60, m // 2 + 1)   women whose age was 50

A *cohort month* is everybody who reaches the old age in one month. In a usual year twelve
cohort months retire. While the age rises fewer do, and those who wait go on contributing.

Source: 国务院关于渐进式延迟法定退休年龄的办法, in force 2025-01-01. The choice to retire up to
three years earlier or later is not in this arithmetic: nobody knows its take-up beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sibforecast.errors import SibError
from sibforecast.items import did_you_mean
from sibforecast.periods import Period

Ints = npt.NDArray[np.int64]

SOURCE = "国务院关于渐进式延迟法定退休年龄的办法"


@dataclass(frozen=True)
class Transition:
    """How the age of one group rises: a dated default, to be replaced by another of its kind.

    Attributes
    ----------
    old_age : int
        Age before the reform, in years.
    step : int
        For every so many months, one month more.
    longest : int
        The delay at the end, in months.
    first : str
        Month from which whoever reaches the old age is delayed.
    source, status : str
        Where it stands, and whether it was read there (statute) or not (unverified).
    """

    old_age: int
    step: int
    longest: int
    first: str = "2025-01"
    source: str = SOURCE
    status: str = "statute"

    @property
    def new_age(self) -> float:
        """Age at the end of the transition, in years."""
        return self.old_age + self.longest / 12


#: The groups of the reform.
TRANSITIONS: dict[str, Transition] = {
    "men": Transition(60, 4, 36),
    "women_55": Transition(55, 4, 36),
    "women_50": Transition(50, 2, 60),
}


@dataclass(frozen=True)
class MinimumYears:
    """Least contribution years for a monthly pension: a dated default.

    The steps are of general knowledge, not read in the source: status ``unverified``.
    """

    before: float = 15.0
    after: float = 20.0
    first: int = 2030
    step: float = 0.5
    source: str = SOURCE
    status: str = "unverified"


MINIMUM_YEARS = MinimumYears()


def transition(group: str | Transition) -> Transition:
    """The rule of a group by its name, or the one given.

    Raises
    ------
    SibError
        If there is no such group.
    """
    if isinstance(group, Transition):
        return group
    if group not in TRANSITIONS:
        raise SibError(f"unknown group {group!r}{did_you_mean(group, TRANSITIONS)}; expected one of {', '.join(TRANSITIONS)}")
    return TRANSITIONS[group]


def month_number(month: str) -> int:
    """A month such as ``2025-01`` as a whole number, so that months can be counted.

    Raises
    ------
    SibError
        If the text is no month.

    Examples
    --------
    >>> month_number("2025-03") - month_number("2024-12")
    3
    """
    period = Period.parse(month)
    if not period.is_month:
        raise SibError(f"not a month: {month!r}; expected one such as 2025-01")
    return period.year * 12 + period.month - 1


def delay(reached: Any, group: str | Transition) -> Ints:
    """Months by which cohorts retire later, which are their months of extra contribution.

    Parameters
    ----------
    reached : int or array of int
        Month numbers (`month_number`) in which the old age is reached.
    group : str or Transition
        ``men``, ``women_55``, ``women_50``, or a rule of one's own.

    Returns
    -------
    array of int
        min(longest, m // step + 1) with m the months since the first; 0 before it.

    Raises
    ------
    SibError
        If there is no such group.

    Examples
    --------
    >>> delay([month_number(m) for m in ("2024-12", "2025-01", "2025-05", "2036-09")], "men").tolist()
    [0, 1, 2, 36]
    """
    rule = transition(group)
    since = np.asarray(reached, dtype=np.int64) - month_number(rule.first)
    return np.where(since < 0, 0, np.minimum(rule.longest, since // rule.step + 1))


def retirement_month(reached: Any, group: str | Transition) -> Ints:
    """Month numbers in which cohorts retire: the month of the old age + delay.

    Raises
    ------
    SibError
        If there is no such group.

    Examples
    --------
    >>> month = int(retirement_month(month_number("2025-09"), "men"))
    >>> f"{month // 12}-{month % 12 + 1:02d}"
    '2025-12'
    """
    return np.asarray(reached, dtype=np.int64) + delay(reached, group)


def retirement_age(reached: Any, group: str | Transition) -> npt.NDArray[np.float64]:
    """Age at which cohorts retire, in years: the old age + delay / 12.

    Raises
    ------
    SibError
        If there is no such group.

    Examples
    --------
    >>> retirement_age([month_number("2025-01"), month_number("2036-09")], "men").round(4).tolist()
    [60.0833, 63.0]
    """
    return transition(group).old_age + delay(reached, group) / 12.0


def cohort_months(years: Any, group: str | Transition) -> Ints:
    """Cohort months that retire in calendar years; twelve in a usual year.

    Parameters
    ----------
    years : int or array of int
        Calendar years.
    group : str or Transition
        The group.

    Raises
    ------
    SibError
        If there is no such group.

    Examples
    --------
    >>> cohort_months(range(2024, 2031), "men").tolist()
    [12, 9, 10, 9, 10, 10, 9]
    >>> cohort_months([2025, 2026], "women_50").tolist()
    [8, 8]
    """
    year, retired = np.asarray(years, dtype=np.int64), _cohorts(years, group)[1]
    return np.asarray((retired // 12 == year[..., None]).sum(axis=-1))


def waiting_months(years: Any, group: str | Transition) -> npt.NDArray[np.float64]:
    """Cohort months that wait, on the average of calendar years: at the old age, not yet retired.

    Whoever reaches the old age in month m and retires in month r waits in m … r − 1. With a
    twelfth of a usual year's retirees in each cohort month, usual retirees × waiting / 12 is
    the average number of people who contribute longer; times twelve, their extra months.

    Raises
    ------
    SibError
        If there is no such group.

    Examples
    --------
    >>> float(waiting_months(2025, "men"))  # (1+1+1+1+1+2+2+2+2+2+3+3)/12
    1.75
    """
    year = np.asarray(years, dtype=np.int64)
    reached, retired = _cohorts(years, group)
    months = year[..., None] * 12 + np.arange(12)
    waits = (reached <= months[..., None]) & (months[..., None] < retired)
    return np.asarray(waits.sum(axis=-1).mean(axis=-1))


def retiring_share(years: Any, mix: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """Share of a usual year's new retirees who retire, for a mix of groups.

    Parameters
    ----------
    years : int or array of int
        Calendar years.
    mix : mapping of str to float
        The groups' parts of usual new retirees; they need not sum to one.

    Returns
    -------
    array
        Σ part × cohort months / 12 ÷ Σ part.

    Raises
    ------
    SibError
        If a group is unknown, a part negative, or all are nothing.

    Examples
    --------
    >>> float(retiring_share(2026, {"men": 0.5, "women_50": 0.5}))  # (10/12 + 8/12) / 2
    0.75
    """
    return _mixed(mix, lambda group: cohort_months(years, group) / 12.0)


def extra_months(years: Any, mix: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """Cohort months that wait on the average of calendar years, for a mix of groups.

    Raises
    ------
    SibError
        If a group is unknown, a part negative, or all are nothing.

    Examples
    --------
    >>> float(extra_months(2025, {"men": 1}))
    1.75
    """
    return _mixed(mix, lambda group: waiting_months(years, group))


def minimum_years(years: Any, rule: MinimumYears = MINIMUM_YEARS) -> npt.NDArray[np.float64]:
    """Least contribution years for a monthly pension, for those retiring in calendar years.

    Fifteen, from 2030 half a year more each year, twenty at the end (unverified default).

    Examples
    --------
    >>> minimum_years([2029, 2030, 2038, 2039, 2040]).tolist()
    [15.0, 15.5, 19.5, 20.0, 20.0]
    """
    steps = np.maximum(0, np.asarray(years, dtype=np.int64) - rule.first + 1)
    return np.minimum(rule.after, rule.before + steps * rule.step)


def _cohorts(years: Any, group: str | Transition) -> tuple[Ints, Ints]:
    """Every cohort month that may matter for some years, and the months in which they retire."""
    rule, year = transition(group), np.asarray(years, dtype=np.int64)
    reached = np.arange(int(year.min()) * 12 - rule.longest, int(year.max()) * 12 + 12)
    return reached, retirement_month(reached, rule)


def _mixed(mix: Mapping[str, float], of: Any) -> npt.NDArray[np.float64]:
    for group in mix:
        transition(group)
    if any(not part >= 0 for part in mix.values()) or not sum(mix.values()) > 0:
        raise SibError(f"the parts of the groups must be 0 or more and not all 0; found {dict(mix)}")
    return np.asarray(sum(part * of(group) for group, part in mix.items()) / sum(mix.values()))
