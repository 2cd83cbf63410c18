"""Backtests: the rivals by hand, the measures by hand, and the record that travels."""

import numpy as np
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.forecasting import accuracy as ac
from tests.datasets import dataset

WI = "work_injury"


def growing(tmp_path, rate=1.05, **tables):
    rows = [("150100", WI, i, y, round(v * rate ** (y - 2010), 6), u, "final")
            for i, v, u in (("insured", 1000, "人"), ("total_revenue", 1e6, "元")) for y in range(2010, 2021)]  # fmt: skip
    rows += [("150100", WI, "total_revenue", 2019, 9e5 * 1.05**9, "元", "budget")]
    give = [("total_revenue", 2019, 1.1e6 * 1.05**9, "元", "150100", WI, "", "analyst")]
    return sib.load(dataset(tmp_path, rows, give, **tables))


def test_rivals_by_hand(tmp_path):
    frame = sib.backtest(growing(tmp_path), origins=[2018], horizon=2).frame
    rows = frame[(frame["item"] == "total_revenue")].set_index(["method", "horizon"])
    actual = {h: 1e6 * 1.05 ** (8 + h) for h in (1, 2)}
    for h in (1, 2):
        assert rows.loc[("naive", h), "forecast"] == pytest.approx(1e6 * 1.05**8)
        assert rows.loc[("drift", h), "forecast"] == pytest.approx(actual[h])
        assert rows.loc[("growth_of_three", h), "forecast"] == pytest.approx(actual[h])
        assert rows.loc[("sibforecast", h), "actual"] == pytest.approx(actual[h])
    assert rows.loc[("budget", 1), "forecast"] == pytest.approx(0.9 * actual[1])
    assert rows.loc[("judgement", 1), "forecast"] == pytest.approx(1.1 * actual[1])
    assert ("budget", 2) not in rows.index
    ours = rows.loc[("sibforecast", 1)]
    assert ours["lower95"] < ours["lower80"] < ours["forecast"] < ours["upper80"] < ours["upper95"]


def test_summary_by_any_key(tmp_path):
    table = sib.backtest(growing(tmp_path), origins=[2017, 2018]).summary(("item", "method"))
    assert table.loc[("insured", "naive"), "MAPE"] == pytest.approx((1 - 1 / 1.05) * 100, abs=1e-3)
    assert table.loc[("insured", "drift"), "MAPE"] == pytest.approx(0, abs=1e-3)
    assert table.loc[("insured", "naive"), "bias"] < 0
    assert np.isnan(table.loc[("insured", "naive"), "covered80"])


def test_months_bring_the_year_under_way():
    data = sib.load(sib.sample("china"))
    test = sib.backtest(data, origins=["2018-09", "2019-09"], items=["total_revenue", "total_expenditure"])
    frame = test.frame
    assert set(frame["horizon"]) == {0, 1}
    assert {"year_to_date_growth", "year_to_date_share"} <= set(frame.loc[frame["horizon"] == 0, "method"].astype(str))
    assert set(frame["origin"].astype(str)) == {"2018-09", "2019-09"}
    assert "all" not in set(frame["programme"].astype(str))


def test_measures_by_hand():
    told, came = np.array([110.0, 80.0, np.nan, 5.0]), np.array([100.0, 100.0, 50.0, 0.0])
    assert ac.mape(told, came) == pytest.approx(15)
    assert ac.bias(told, came) == pytest.approx(-5)
    assert ac.wape(told, came) == pytest.approx(35 / 200 * 100)
    assert ac.mase(told[:2], came[:2], np.array([10.0, 10.0])) == pytest.approx(1.5)
    assert ac.coverage(came[:2], np.array([90.0, 101.0]), np.array([120.0, 130.0])) == 0.5
    assert ac.interval_score(came[:1], np.array([101.0]), np.array([111.0]), 0.95) == pytest.approx(10 + 40)


def test_faults_are_told(tmp_path):
    data = growing(tmp_path)
    with pytest.raises(SibError, match="unknown rival"):
        sib.backtest(data, methods=["magic"])
    with pytest.raises(SibError, match="no origin leaves"):
        sib.backtest(data, origins=[2020])


def test_ours_beats_the_plain_rules_on_official_figures():
    """The point of it: on every official sample the record is better than that of each rival."""
    for name, origins, items in (
        ("oasdi", range(1990, 2005), ["contributors", "contribution_base", "average_wage", "recipient_months", "benefit_expenditure"]),
        ("provinces", [2012, 2013, 2014], ["insured_active", "beneficiaries", "insured"]),
    ):
        table = sib.backtest(sib.load(sib.sample(name)), origins=origins, items=items).summary(("method",))
        assert (table["MAPE"].drop("sibforecast") > table.loc["sibforecast", "MAPE"]).all(), name


@pytest.mark.parametrize("values", [[100], [100, 104], [100, 104, 109], [50] * 8, [0] * 6, [100, 104, None, 113, 118], [100, 101, 102, 160, 161, 163, 165]])
def test_odd_series_give_a_sensible_forecast_and_say_how(tmp_path, values):
    last = 2025
    rows = [("150100", WI, "insured", last - len(values) + 1 + i, v, "人", "final") for i, v in enumerate(values) if v is not None]
    frame = sib.forecast(sib.load(dataset(tmp_path, rows)), [2026, 2027]).frame
    rows = frame[(frame["item"] == "insured")]
    points = rows[rows["quantile"].isna()]["value"]
    known = [v for v in values if v is not None]
    assert len(points) == 2
    assert points.between(0.7 * known[-1], 1.4 * known[-1] + 1e-9).all()
    assert rows["method"].astype(str).str.startswith("forecast:").all()
    assert (rows["value"] >= 0).all()


def test_methods_are_compared_like_for_like():
    """Rivals on months forecast flows only: beside each stands our own error on the same figures."""
    test = sib.backtest(sib.load(sib.sample("china")), origins=["2018-09", "2019-09"])
    frame, table = test.frame, test.summary().loc[0]
    cells = ["region", "programme", "item", "origin", "period"]
    both = frame[frame["horizon"] == 0].astype(dict.fromkeys(cells, str))
    ours = both[both["method"] == "sibforecast"].set_index(cells)
    rival = both[both["method"] == "year_to_date_growth"].set_index(cells)
    assert len(rival) < len(ours)
    same = ours.loc[rival.index]
    by_hand = (same["forecast"] / same["actual"] - 1).abs().mean() * 100
    assert table.loc["year_to_date_growth", "ours"] == pytest.approx(by_hand, abs=1e-3)
    assert table.loc["sibforecast", "ours"] == table.loc["sibforecast", "MAPE"]
    chart = sib.plots.accuracy_table(test, horizon=0)
    assert chart.groupby("programme")["number"].nunique().eq(1).all()
