"""Forecasts of short series: exact where the truth is simple, cautious where it is not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.forecasting import methods as m
from sibforecast.forecasting import spread as sp
from sibforecast.forecasting.reconcile import scaled_to
from sibforecast.forecasting.variance import KINDS
from tests import datasets

H = np.array([1, 2, 3])


def one(values, method="combination", logs=True):
    series = np.array([values], dtype=float)
    run = sp.run(np.log(series) if logs else series, H, method, np.zeros(1, dtype=int))
    spread = sp.spread_of(run.errors, np.zeros(1, dtype=int), H, np.zeros(1, dtype=int)).deviation
    return np.exp(run.point[0]) if logs else run.point[0], spread[0]


def test_steady_growth_by_hand():
    """5 % a year for 15 years: last growth and drift give 1.05, fading growth 1.05^0.8, theta half of it."""
    point, spread = one(100 * 1.05 ** np.arange(15))
    last = 100 * 1.05**14
    fading = np.cumsum(0.8**H)
    theta = np.log(one(100 * 1.05 ** np.arange(15), "theta")[0] / last) / np.log(1.05)
    assert point == pytest.approx(last * 1.05 ** ((H + fading + H + theta) / 4))
    assert theta == pytest.approx(H / 2, rel=0.02)  # the level is smoothed with 0.99 at most
    assert (spread > 0).all()
    assert (np.diff(spread) >= 0).all()


def test_the_combination_is_the_mean_of_its_four_and_money_of_three():
    values = [100, 105, 112, 118, 127, 133]
    parts = [one(values, name)[0] for name in ("fading", "drift", "theta", "momentum")]
    assert one(values)[0] == pytest.approx(np.prod(parts, axis=0) ** (1 / 4))
    assert one(values, "amount")[0] == pytest.approx(np.prod(parts[:3], axis=0) ** (1 / 3))


def test_a_constant_stays_and_one_year_is_kept():
    assert one(np.full(6, 42.0))[0] == pytest.approx(42.0)
    assert one([7.0])[0] == pytest.approx(7.0)


def test_two_years_give_half_their_growth():
    assert one([100.0, 110.0])[0][0] == pytest.approx(110 * 1.1 ** (0.5 * (1 + 0.8) / 2))


@pytest.mark.parametrize("method", ["drift", "momentum", "combination"])
def test_a_gap_is_bridged_and_a_series_that_ended_grows_from_its_end(method):
    full = 100 * 1.04 ** np.arange(15)
    holed = full.copy()
    holed[4] = np.nan
    assert one(holed, method)[0] == pytest.approx(one(full, method)[0], rel=1e-3)
    ended = full.copy()
    ended[-1] = np.nan
    assert one(ended, "drift")[0][0] == pytest.approx(one(full[:-1], "drift")[0][1])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(1e-3, 1e12), min_size=1, max_size=15), st.sampled_from(["combination", "theta"]))
def test_positive_series_never_give_a_negative_or_wild_forecast(values, method):
    point, _ = one(values, method)
    assert (point > 0).all()
    assert (point <= max(values) * np.exp(0.3 * H)).all()


def test_rates_keep_their_last_value_and_lumps_their_mean():
    assert one([0.96, 0.97, 0.95], "last_value", logs=False)[0] == pytest.approx(0.95)
    assert one([-2.0, 5.0, 3.0, 4.0], "recent_mean", logs=False)[0] == pytest.approx(4.0)


def test_short_series_borrow_their_groups_spread():
    rng = np.random.default_rng(1)
    panel = np.cumsum(rng.normal(0, 0.05, (40, 12)), axis=1)
    panel[0, :-2] = np.nan
    groups = np.zeros(40, dtype=int)
    spread = sp.spread_of(sp.run(panel, H, "combination", groups).errors, groups, H, groups).deviation
    assert spread[0, 0] > 0.02
    assert (np.diff(spread, axis=1) >= 0).all()


def test_a_panel_is_drawn_together_by_hand():
    """Nine areas grow 4 %, one 10 %: all together (equal weights) 4.6 %; the one keeps 0.7 of what it may lie apart."""
    paths = np.full((10, 1), 0.04)
    paths[0] = 0.10
    got = m.towards_all(paths, np.ones(10), np.zeros(10, dtype=int))
    apart = np.abs(paths - 0.046)
    reach = 3 * np.median(apart)
    assert got[0, 0] == pytest.approx(0.046 + 0.7 * min(0.054, reach))
    assert got[1, 0] == pytest.approx(0.046 - 0.7 * 0.006)
    few = m.towards_all(paths[:5], np.ones(5), np.zeros(5, dtype=int))
    assert np.array_equal(few, paths[:5])


def history(tmp_path, items, years=range(2015, 2026), months=()):
    rows = [("150100", "work_injury", i, y, round(v * g ** (y - 2015), 6), u, "final") for i, v, g, u in items for y in years]
    return sib.load(datasets.dataset(tmp_path, [*rows, *months]))


def test_intervals_hold_the_point_and_heads_stay_above_zero(tmp_path):
    data = history(tmp_path, [("insured", 1000, 1.03, "人"), ("beneficiaries", 5, 0.8, "人"), ("interest", 4e4, 1.1, "元")])
    frame = sib.forecast(data, [2026, 2027], level=(80, 95)).frame
    for _, part in frame.groupby(["item", "period"], observed=True):
        values = part.set_index(part["quantile"].fillna(0.5))["value"].sort_index()
        assert values.is_monotonic_increasing
        assert list(values.index) == [0.025, 0.1, 0.5, 0.9, 0.975]
    heads = frame[frame["item"].isin(["insured", "beneficiaries"])]
    assert (heads["value"] >= 0).all()
    assert (frame["method"].astype(str).str.startswith("forecast:")).all()


def test_the_future_is_not_seen(tmp_path):
    items = [("insured", 1000, 1.03, "人"), ("contribution_revenue", 1e6, 1.06, "元")]
    until = sib.forecast(history(tmp_path / "a", items, range(2015, 2021)), [2021, 2022]).frame
    later = sib.forecast(history(tmp_path / "b", items), [2021, 2022], asof="2020").frame
    pd.testing.assert_frame_equal(until, later)


def test_known_years_and_empty_pasts_are_refused(tmp_path):
    data = history(tmp_path, [("insured", 1000, 1.03, "人")])
    with pytest.raises(SibError, match="nothing is known"):
        sib.forecast(data, 2010)
    with pytest.raises(SibError, match="unknown method"):
        sib.forecast(data, 2026, methods={"insured": "magic"})


def test_nowcast_by_hand(tmp_path):
    """Half of 2025's 120 had come by June, 2026 brings 66: 66 × 120 ÷ 60 = 132."""
    months = [("150100", "work_injury", "contribution_revenue", p, v, "元", "executed")
              for p, v in (("2025-06", 60), ("2025-12", 120), ("2026-06", 66))]  # fmt: skip
    data = history(tmp_path, [("contribution_revenue", 120, 1.0, "元"), ("benefit_expenditure", 80, 1.0, "元")], months=months)
    draft = sib.draft_budget(data, 2027).frame
    rows = draft[(draft["stage"] == "expected") & (draft["item"] == "contribution_revenue")]
    assert rows["value"].iloc[0] == pytest.approx(132)
    assert "year to date" in rows["method"].iloc[0]


def test_months_without_an_earlier_year_are_scaled_by_twelfths(tmp_path):
    months = [("150100", "work_injury", "contribution_revenue", "2026-06", 66, "元", "executed")]
    data = history(tmp_path, [("contribution_revenue", 120, 1.0, "元")], months=months)
    frame = sib.draft_budget(data, 2027).frame
    row = frame[(frame["stage"] == "expected") & (frame["item"] == "contribution_revenue")].iloc[0]
    assert row["value"] == pytest.approx(132)
    assert "for want of earlier months" in row["method"]


def test_scaling_keeps_sums_and_means():
    ones = np.array([1.0, 3.0])
    assert scaled_to(50.0, np.array([10.0, 30.0]), "interest", lambda i: ones).sum() == pytest.approx(50)
    levels = scaled_to(220.0, np.array([100.0, 200.0]), "contribution_base", lambda i: ones)
    assert (levels * ones).sum() / ones.sum() == pytest.approx(220)
    unknown = np.array([np.nan, 30.0])
    assert scaled_to(50.0, unknown, "interest", lambda i: ones) is None


def test_intervals_cover_about_what_they_say_on_steady_noise():
    """Random growth of 3 % ± 2 %: over many series the 80 % interval holds most, the 95 % nearly all."""
    rng = np.random.default_rng(7)
    logs = np.cumsum(rng.normal(0.03, 0.02, (400, 20)), axis=1)
    groups = np.zeros(400, dtype=int)
    run = sp.run(logs[:, :-1], np.array([1]), "combination", groups)
    found = sp.spread_of(run.errors, groups, np.array([1]), groups)
    apart = np.abs(logs[:, -1] - run.point[:, 0]) / found.deviation[:, 0]
    assert 0.74 < (apart < found.shape[:, 0, 1]).mean() < 0.86
    assert 0.91 < (apart < found.shape[:, 0, 3]).mean() < 0.98


def test_groups_are_drawn_towards_the_usual_of_their_kind_by_hand():
    """One item of money with one error of 2 %: usual is the mean of 2 % squared and the assumed 8 % squared.

    On logs, one error against the usual one: (ln 0.0004 + ln 0.0034) / 2; the series' own error and
    four of the group's make (0.0004 + 4 × that) / 5.
    """
    errors = np.array([[[0.02]]])
    found = sp.spread_of(errors, np.array([0]), np.array([1]), np.array([KINDS.index("money")]))
    group = (0.0004 * 0.0034) ** 0.5
    assert found.deviation[0, 0] == pytest.approx(np.sqrt((0.0004 + 4 * group) / 5))
    assert found.shape[0, 0, 1] == pytest.approx(1.885618, abs=1e-5)  # Student's 90 % point at two degrees of freedom


def test_a_constant_of_four_years_is_not_sure_and_one_of_ten_is():
    kinds = np.array([KINDS.index("level")])
    few = sp.spread_of(np.zeros((1, 1, 1)), np.array([0]), np.array([1]), kinds)
    many = sp.spread_of(np.zeros((1, 7, 1)), np.array([0]), np.array([1]), kinds)
    assert few.deviation[0, 0] == pytest.approx(0.03 * np.sqrt(0.8))  # its one origin counts one, the usual 3 % four
    assert many.deviation[0, 0] == 0.0


def test_the_last_figure_bears_on_level_and_growth_by_hand():
    """Momentum doubles an error, fading growth makes it 1.8, drift over 5 years 1.25, theta keeps it."""
    assert m.carried("combination", np.array([1]), 5) == pytest.approx((2.0 + 1.8 + 1.25 + 1.0) / 4)
    assert m.carried("amount", np.array([2]), 5) == pytest.approx((2.44 + 1.5 + 1.0) / 3)
    assert m.carried("last_value", H, 5).tolist() == [1.0, 1.0, 1.0]
    series = np.log(np.array([[100.0, 104, 109, 111, 120]]))
    moved = series + np.array([[0, 0, 0, 0, 0.01]])
    for name in ("momentum", "fading", "drift"):
        ahead = m.METHODS[name](moved, H) - m.METHODS[name](series, H)
        assert ahead[0] / 0.01 == pytest.approx(m.carried(name, H, 5))
