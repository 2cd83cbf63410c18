"""Thresholds: whose goes first, what a declared fund takes, and that a worse figure never looks better."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.assumptions.law_records import read_day
from sibforecast.oversight.limits import COLOURS, Limits, at_most, worst
from sibforecast.oversight.scorecard_file import Indicator

CHINA = sib.load(sib.sample("china"))
OASDI = sib.load(sib.sample("oasdi"))
DEFAULT = Limits.of(CHINA, read_day("2020-03"), None, None)


@pytest.mark.parametrize(("name", "fund", "value"), [
    ("warning_months_red", "unemployment", 6.0), ("warning_months_red", "enterprise_pension", 3.0), ("warning_months_orange", "work_injury", 12.0),
    ("warning_months_red", "urban_employee_pension", 3.0), ("progress_band_orange", "medical", 0.10), ("adjustment_item", "medical", 0.10),
])  # fmt: skip
def test_defaults_by_fund(name, fund, value):
    assert DEFAULT.get(name, fund, "CN") == value


def test_there_is_no_excess_where_none_is_set():
    assert DEFAULT.get("warning_months_excess", "enterprise_pension", "CN") != DEFAULT.get("warning_months_excess", "enterprise_pension", "CN")
    assert DEFAULT.months(60.0, "enterprise_pension", "CN")[0] == "green"
    assert DEFAULT.months(60.0, "unemployment", "CN")[0] == "excess"


def test_a_default_holds_before_its_first_day_too():
    assert Limits.of(CHINA, read_day("2013-01"), None, None).get("warning_months_red", "enterprise_pension", "CN") == 3.0


def test_a_declared_fund_takes_its_kinds_thresholds(tmp_path):
    """oasi is a wage-based pension: what a law file says of the enterprise pension holds for it."""
    file = tmp_path / "own.toml"
    file.write_text('[[parameter]]\nid = "warning_months_red"\nprogramme = "enterprise_pension"\ndecided_by = "nation"\nsource = "example"\nstatus = "unverified"\n'
                    '[[parameter.value]]\nvalue = 12\nstart = "2000-01-01"\nend = "2015-12-31"\n', encoding="utf-8")  # fmt: skip
    assert Limits.of(OASDI, read_day("2005-01"), sib.current_law(file), None).get("warning_months_red", "oasi", "US") == 12.0


def test_an_argument_goes_before_the_law_and_one_fund_before_all():
    own = {"warning_months_red": 2.0, ("warning_months_red", "unemployment"): 8.0}
    limits = Limits.of(CHINA, read_day("2020-03"), None, own)
    assert [limits.get("warning_months_red", f, "CN") for f in ("enterprise_pension", "unemployment")] == [2.0, 8.0]


def test_colours_in_words():
    assert (worst("green", "red", "yellow"), worst("", ""), at_most("red", "yellow"), at_most("green", "yellow")) == ("red", "", "yellow", "green")
    assert DEFAULT.deviation(float("nan"), "medical", "CN") == ""
    assert DEFAULT.months(-0.04, "medical", "CN") == ("red", "the balance ends the year below nothing, at -0.04 months of spending")


def test_far_beyond_on_the_good_side_is_yellow_and_no_more():
    """Beyond the orange band of 10 %: the budget was set too low, which is a hint; the month and the settled year alike."""
    assert [DEFAULT.both_sides(b, "medical", "CN") for b in (-0.10, -0.101, -0.9, 0.02, 0.11)] == ["green", "yellow", "yellow", "green", "red"]


@given(st.floats(-1, 1), st.floats(0, 1))
def test_a_worse_deviation_never_looks_better(bad, more):
    first, second = (COLOURS.index(DEFAULT.deviation(b, "medical", "CN")) for b in (bad, bad + more))
    assert first <= second


@given(st.floats(-5, 100), st.floats(0, 50))
def test_fewer_months_never_look_better(months, fewer):
    first, second = (COLOURS.index(DEFAULT.months(m, "enterprise_pension", "CN")[0]) for m in (months, months - fewer))
    assert first <= second


@given(st.sampled_from(["completion", "entered", "reported", "rectified"]), st.floats(-1, 200), st.floats(0, 5), st.floats(1, 40))
def test_points_lie_within_the_weight_and_rise_with_the_figure(measure, value, more, weight):
    indicator = Indicator("i", "g", weight, measure)
    low, high = indicator.points(value), indicator.points(value + more)
    assert 0.0 <= low <= high + 1e-9
    assert high <= weight + 1e-9


@given(st.floats(0, 1), st.floats(0, 1))
def test_points_fall_with_the_distance(value, more):
    indicator = Indicator("i", "g", 10.0, "deviation", full=0.05, zero=0.15)
    assert indicator.points(value) >= indicator.points(value + more) >= 0.0
    assert indicator.points(-value) == indicator.points(value)
