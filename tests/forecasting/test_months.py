"""The year under way: each rule by hand, gaps, lumps, events, and no look ahead."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.forecasting import months as mo
from tests import datasets

#: A season: two thirds of the usual month for ten months, then a double November and a lump in December.
SEASON = np.array([8.0] * 10 + [15.0, 25.0])


def table(*years, known=9):
    """Cumulative months of one series; the last year to `known`."""
    values = np.stack([np.cumsum(y) for y in years])[None].astype(float)
    values[0, -1, known:] = np.nan
    return mo.Months(values, np.array([True]), np.ones((1, len(years)), dtype=bool))


def test_every_rule_knows_a_season_that_repeats():
    data = table(SEASON, SEASON * 1.1, SEASON * 1.21)
    said = mo.rules(data, 9)[0]
    assert said[:3] == pytest.approx([145.2 * 1.0] * 3, rel=1e-12)  # 120 × 1.21: the share, and both paces
    rest = 1.1 * (8 + 15 + 25)
    assert said[3] == pytest.approx(9 * 8 * 1.21 + rest * 1.05)  # half of the growth of 10 % goes on
    assert mo.outturn(data, 9)[0][0] == pytest.approx(said.mean())


def test_rivals_by_hand():
    data = table(SEASON, SEASON * 1.1, SEASON * 1.21)
    assert mo.year_to_date_growth(data, 9)[0] == pytest.approx(120 * 1.1 * 1.1)
    assert mo.year_to_date_share(data, 9)[0] == pytest.approx(120 * 1.21)


def test_a_fall_in_recent_months_is_seen_by_the_pace_before_the_share():
    """From June on 60 % only: the share believes the year to date, the pace the last months."""
    now = SEASON.copy()
    now[5:] *= 0.6
    share, pace, quick, _ = mo.rules(table(SEASON, SEASON, now), 9)[0]
    truth = now.sum()
    assert share > pace > quick > truth * 0.99
    assert abs(quick - truth) < abs(share - truth) / 3


def test_missing_months_are_bridged_on_cumulative_figures():
    data = table(SEASON, SEASON)
    values = data.values.copy()
    values[0, 1, 3:5] = np.nan
    assert mo.outturn(mo.Months(values, data.flow, data.usable), 9)[0] == pytest.approx(mo.outturn(data, 9)[0])


def test_a_year_marked_by_an_event_does_not_shape_others():
    waived = SEASON.copy()
    waived[2:] *= 0.3
    data = table(SEASON, waived, SEASON)
    usable = data.usable.copy()
    usable[0, 1] = False
    assert mo.outturn(mo.Months(data.values, data.flow, usable), 9)[0][0] == pytest.approx(120.0)
    assert mo.outturn(data, 9)[0][0] < 118


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.01, 1e9), min_size=12, max_size=12), st.lists(st.floats(0.01, 1e9), min_size=12, max_size=12), st.integers(1, 11))
def test_positive_months_never_give_less_than_nothing(before, now, month):
    """Twelve positive months: whatever the rules say, the year is positive, or no rule speaks."""
    value = mo.outturn(table(np.array(before), np.array(now), known=month), month)[0][0]
    assert np.isnan(value) or value > 0


@pytest.fixture(scope="module")
def china():
    return sib.load(sib.sample("china"))


def test_nowcast_of_a_planted_future_is_the_same(china):
    asof = "2019-09"
    clean = sib.nowcast(china, asof).frame
    frame = china.history
    later = frame["period"].astype(str).str.slice(0, 7) > asof
    later &= ~(frame["period"].astype(str) == "2019")
    frame.loc[later, "value"] *= 7.0
    frame.loc[frame["period"].astype(str) == "2019", "value"] *= 7.0  # the year's account is not known in September either
    dirty = sib.nowcast(china.replaced(lambda: frame), asof).frame
    pd.testing.assert_frame_equal(clean, dirty)


def test_forecast_of_a_planted_future_is_the_same(china):
    clean = sib.forecast(china, [2020], asof="2019-09").frame
    frame = china.history
    text = frame["period"].astype(str)
    frame.loc[(text > "2019-09") | (text == "2019"), "value"] *= 7.0
    dirty = sib.forecast(china.replaced(lambda: frame), [2020], asof="2019-09").frame
    pd.testing.assert_frame_equal(clean, dirty)


def test_intervals_hold_the_point_and_december_is_sure(china):
    frame = sib.nowcast(china, "2018-06").frame
    for _, part in frame.groupby(["programme", "item"], observed=True):
        values = part.set_index(part["quantile"].fillna(0.5))["value"].sort_index()
        assert values.is_monotonic_increasing
        assert (values > 0).all()
    december = sib.nowcast(china, "2021-12").frame
    spread = december.groupby(["programme", "item"], observed=True)["value"].agg(lambda v: v.max() - v.min())
    assert (spread == 0).all()


def test_faults_are_told(china):
    with pytest.raises(SibError, match="must be a month"):
        sib.nowcast(china, "2019")
    with pytest.raises(SibError, match="no month of 2030"):
        sib.nowcast(china, "2030-06")


def test_a_budget_whose_bias_is_known_counts(tmp_path):
    """Four budgets, each 10 % too low to the cent: the fifth, of 200, is as good as an outturn of 220."""
    rng = np.random.default_rng(1)
    rows = []
    for i, year in enumerate(range(2021, 2026)):
        course = np.cumsum(SEASON * (1 + 0.2 * rng.normal(size=12)).clip(0.2))
        course *= 120 * 1.1**i / course[-1]
        last = 12 if year < 2025 else 6
        rows += [("150100", "work_injury", "total_revenue", f"{year}-{m + 1:02d}", course[m], "元", "executed") for m in range(last)]
        rows.append(("150100", "work_injury", "total_revenue", year, course[-1] / 1.1 if year < 2025 else 200, "元", "budget"))
    frame = sib.nowcast(sib.load(datasets.dataset(tmp_path, rows)), "2025-06").frame
    point = frame[frame["quantile"].isna()].iloc[0]
    assert "budget less its bias of +9.5% weighs 100%" in point["method"]
    assert point["value"] == pytest.approx(220, rel=1e-6)
