"""The rise of the retirement age, cohort by cohort, worked by hand.

Cohorts of men who reach 60 in 2025, month by month: delay 1 1 1 1 2 2 2 2 3 3 3 3, so they retire in
Feb Mar Apr May | Jul Aug Sep Oct | Dec 2025, Jan Feb Mar 2026. Nine of twelve in 2025.
Of 2026: delay 4 4 4 4 5 5 5 5 6 6 6 6: May Jun Jul Aug | Oct Nov Dec 2026, Jan 2027 | Mar … Jun 2027.
In 2026 retire three of 2025 and seven of 2026: ten.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.programmes import cohorts


def months(year):
    return np.arange(year * 12, year * 12 + 12)


def words(numbers):
    return [f"{n // 12}-{n % 12 + 1:02d}" for n in np.atleast_1d(numbers)]


def test_men_reaching_sixty_in_2025_and_2026():
    assert cohorts.delay(months(2025), "men").tolist() == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]
    assert words(cohorts.retirement_month(months(2025), "men")) == [
        "2025-02", "2025-03", "2025-04", "2025-05", "2025-07", "2025-08", "2025-09", "2025-10",
        "2025-12", "2026-01", "2026-02", "2026-03",
    ]  # fmt: skip
    assert words(cohorts.retirement_month(months(2026), "men")) == [
        "2026-05", "2026-06", "2026-07", "2026-08", "2026-10", "2026-11", "2026-12", "2027-01",
        "2027-03", "2027-04", "2027-05", "2027-06",
    ]  # fmt: skip


def test_women_at_fifty_in_2025():
    """Delay 1 1 2 2 3 3 4 4 5 5 6 6: Feb Mar May Jun Aug Sep Nov Dec 2025, then Feb Mar May Jun 2026."""
    assert words(cohorts.retirement_month(months(2025), "women_50")) == [
        "2025-02", "2025-03", "2025-05", "2025-06", "2025-08", "2025-09", "2025-11", "2025-12",
        "2026-02", "2026-03", "2026-05", "2026-06",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("group", "years", "counts"),
    [
        ("men", range(2023, 2031), [12, 12, 9, 10, 9, 10, 10, 9]),
        ("women_55", range(2024, 2031), [12, 9, 10, 9, 10, 10, 9]),
        ("women_50", range(2024, 2032), [12, 8, 8, 8, 8, 8, 8, 8]),
        # men of May … Dec 2035 (m 124 … 131) wait 32 and 33 months: Jan Feb Mar Apr, Jun Jul Aug Sep 2038; those of
        # Jan … Dec 2036 (m 132 …) wait 34 ×4, 35 ×4, 36 ×4: Nov Dec 2038, Jan Feb | Apr May Jun Jul | Sep Oct Nov Dec
        # 2039. So 2038 has 8 + 2 = 10, 2039 2 + 4 + 4 = 10, and 2040 all twelve of 2037.
        ("men", range(2038, 2043), [10, 10, 12, 12, 12]),
        # of women at 50, m 110 … 117 (Mar … Oct 2034) wait 56 56 57 57 58 58 59 59 months: Nov Dec 2038, Feb Mar May Jun
        # Aug Sep 2039; m 118, 119 sixty: Nov Dec 2039. So 2039 has 6 + 2 = 8 and 2040 twelve.
        ("women_50", range(2038, 2042), [8, 8, 12, 12]),
    ],
)
def test_cohort_months_by_calendar_year(group, years, counts):
    assert cohorts.cohort_months(years, group).tolist() == counts
    assert [int(cohorts.cohort_months(y, group)) for y in years] == counts  # one year at a time, the same


@pytest.mark.parametrize(
    ("group", "last_before", "first_full", "age"),
    [("men", "2036-08", "2036-09", 63), ("women_55", "2036-08", "2036-09", 58), ("women_50", "2034-10", "2034-11", 55)],
)
def test_the_end_of_the_transition(group, last_before, first_full, age):
    """m = 140 is September 2036 (140 // 4 + 1 = 36), m = 118 November 2034 (118 // 2 + 1 = 60)."""
    before, full, late = (cohorts.month_number(m) for m in (last_before, first_full, "2060-01"))
    assert cohorts.retirement_age([full, late], group).tolist() == [age, age]
    assert cohorts.retirement_age(before, group) == pytest.approx(age - 1 / 12)
    assert cohorts.transition(group).new_age == age


def test_nobody_is_delayed_before_2025():
    assert not cohorts.delay(months(2024), "women_50").any()
    assert cohorts.waiting_months(2024, "men") == 0


def test_those_who_wait_in_2025_and_2026():
    """Men. At work in month t though 60: cohorts m with m ≤ t < retirement month.

    2025: Jan {1} Feb {2} Mar {3} Apr {4} May {5} (Apr's retire in May, May's wait)  1 1 1 1 1
    Jun {5,6} 2 Jul {6,7} 2 Aug 2 Sep 2 Oct {9,10} 2 Nov {9,10,11} 3 Dec {10,11,12} 3: 21 in all, 21/12 = 1.75.
    """
    assert cohorts.waiting_months(2025, "men") == 1.75
    by_hand = 0
    for t in months(2026):
        everyone = np.arange(2025 * 12, 2027 * 12)
        by_hand += sum(1 for m in everyone if m <= t < m + (m - 2025 * 12) // 4 + 1)
    assert cohorts.waiting_months(2026, "men") == by_hand / 12


def test_a_mix_of_groups():
    """2027: men and women at 55 nine of twelve, women at 50 eight: 0.75 × 9/12 + 0.25 × 8/12 = 0.729166…"""
    mix = {"men": 55, "women_55": 20, "women_50": 25}
    assert cohorts.retiring_share(2027, mix) == pytest.approx(0.75 * 9 / 12 + 0.25 * 8 / 12)
    assert cohorts.retiring_share([2024, 2041], mix).tolist() == [1.0, 1.0]
    assert cohorts.extra_months(2025, {"men": 1, "women_55": 1}) == 1.75


@pytest.mark.parametrize("mix", [{"men": -1, "women_50": 2}, {"men": 0}, {}, {"mne": 1}, {"men": float("nan")}])
def test_a_mix_that_is_none_is_refused(mix):
    with pytest.raises(SibError, match=r"parts|unknown group"):
        cohorts.retiring_share(2027, mix)


def test_minimum_contribution_years_and_their_standing():
    assert cohorts.minimum_years(range(2028, 2042)).tolist() == [
        15, 15, 15.5, 16, 16.5, 17, 17.5, 18, 18.5, 19, 19.5, 20, 20, 20,
    ]  # fmt: skip
    assert cohorts.MINIMUM_YEARS.status == "unverified"
    assert {t.status for t in cohorts.TRANSITIONS.values()} == {"statute"}


def test_a_rule_of_ones_own():
    """One month for every month, two at most: of 2030 delay 1 2 2 2 …, so Feb Apr May … Dec 2030, Jan Feb 2031: ten."""
    own = cohorts.Transition(65, 1, 2, first="2030-01", source="illustrative", status="unverified")
    assert cohorts.cohort_months([2029, 2030, 2031], own).tolist() == [12, 10, 12]


@pytest.mark.parametrize("group", sorted(cohorts.TRANSITIONS))
def test_the_default_is_the_current_law(group):
    """The records of current law and the defaults here say the same of every month."""
    from sibforecast.assumptions.retirement import retirement_delay

    law = sib.current_law()
    for month in range(2024 * 12, 2042 * 12, 5):
        assert retirement_delay(law, group, words(month)[0]) == int(cohorts.delay(month, group))


def test_a_month_is_needed():
    with pytest.raises(SibError, match="not a month"):
        cohorts.month_number("2025")


@given(st.sampled_from(sorted(cohorts.TRANSITIONS)), st.integers(2020, 2060))
def test_nobody_is_lost(group, year):
    """Whoever has not retired by the end of a year waits: Σ (12 − retiring) = cohorts waiting in December."""
    missing = int((12 - cohorts.cohort_months(np.arange(2020, year + 1), group)).sum())
    december = year * 12 + 11
    everyone = np.arange(2019 * 12, december + 1)
    assert missing == int((cohorts.retirement_month(everyone, group) > december).sum())


@given(st.sampled_from(sorted(cohorts.TRANSITIONS)), st.integers(2010 * 12, 2070 * 12))
def test_the_later_born_never_retire_earlier(group, month):
    first, second = cohorts.retirement_month([month, month + 1], group)
    assert second > first
