"""Growth and money per head are judged beside the fund: what all areas share is nobody's mistake, and nobody's mistake is another's."""

import numpy as np
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.oversight.review_beside import beside
from sibforecast.phrases import Teller
from tests.datasets import dataset
from tests.oversight.test_review_corruptions import CORRUPTIONS, found_anew

FUND = "unemployment"
LEAGUES = [("150000", "内蒙古自治区", "", "region"), *((f"150{i}00", f"L{i}", "150000", "league") for i in range(1, 8))]


def accounts(now, last=100.0, item="unemployment_expenditure"):
    """Seven leagues: the figure of a line last year and this."""
    rows = []
    for i, value in enumerate(now, start=1):
        rows += [(f"150{i}00", FUND, item, year, v, "元", stage) for year, v, stage in (("2025", last, "final"), ("2026", value, "reported"))]
    return rows


def grown(folder, now, **more):
    frame = sib.review(sib.load(dataset(folder, accounts(now), regions=LEAGUES, **more))).frame
    return frame[frame["id"] == "R-11"].reset_index(drop=True)


def test_a_common_rise_is_one_finding_for_the_fund(tmp_path):
    """All rise by 50 %, above the 30 % of a small fund: 7 × 150 − 7 × 100 = 350 more, told once, for the region."""
    found = grown(tmp_path, [150.0] * 7)
    assert found[["region", "programme", "item", "period", "severity"]].to_numpy().tolist() == [
        ["150000", FUND, "unemployment_expenditure", "2026", "warning"]]  # fmt: skip
    assert found.loc[0, "difference"] == 350.0
    assert found.loc[0, "at_stake"] == 350.0
    assert "7 areas move together: unemployment_expenditure +50.0% (medians)" in found.loc[0, "message"]
    assert Teller("zh").text(found.loc[0, "message"], "R-11") == "增长须说明；7个地区同向变动：失业保险金支出+50.0%（中位数）；可能原因：政策统一调整或共同事件"


def test_who_stays_behind_a_common_rise_is_told_alone(tmp_path):
    """100 where the fund gives 150: 100 ÷ 150 − 1 = −33 %, more than 30; 120 is −20 %: no finding."""
    found = grown(tmp_path, [150.0, 149.0, 151.0, 150.0, 150.0, 120.0, 100.0])
    assert found["region"].tolist() == ["150700", "150000"]
    assert found.loc[0, "difference"] == -50.0
    assert "it changes by +0.0%, the fund by +50.0% (median of the level)" in found.loc[0, "message"]


def test_a_common_rise_that_is_explained_is_none(tmp_path):
    text = (("region", "programme", "period", "text"), [("150000", FUND, "2026", "失业保险金支出增长主要是标准调整")])
    assert grown(tmp_path, [150.0] * 7, statements=text).empty


def test_one_that_rises_as_far_in_a_calm_fund_and_in_a_wild_one(tmp_path):
    """+60 % beside 0 to 2 % stands out; beside leagues that swing by −25 to +29 % it is only noted.

    Median growth 0; distances 0.25, 0.25, 0.2, 0, 0.29, 0.28, 0.6: median 0.25, ÷ 0.6745 = 0.37; 0.6 is 1.6 of it.
    """
    calm = grown(tmp_path / "a", [100.0, 101.0, 102.0, 100.0, 101.0, 102.0, 160.0])
    wild = grown(tmp_path / "b", [75.0, 75.0, 80.0, 100.0, 129.0, 128.0, 160.0])
    assert [calm["severity"].tolist(), wild["severity"].tolist()] == [["warning"], ["note"]]
    assert set(calm["region"]) == set(wild["region"]) == {"150700"}


def test_levels_that_all_report_a_common_rise_tell_it_once(tmp_path):
    """Seven counties in two leagues, the leagues and the region: 150 for 100 everywhere; the sums follow from the counties."""
    tree = [("150000", "内蒙古自治区", "", "region"), ("150100", "L1", "150000", "league"), ("150200", "L2", "150000", "league"),
            *((f"1501{i:02d}", f"C{i}", "150100", "county") for i in range(1, 5)), *((f"1502{i:02d}", f"D{i}", "150200", "county") for i in range(1, 4))]  # fmt: skip
    sizes = {code: 100.0 for code, *_, level in tree if level == "county"} | {"150100": 400.0, "150200": 300.0, "150000": 700.0}
    rows = [(code, FUND, "unemployment_expenditure", year, size * factor, "元", stage) for code, size in sizes.items()
            for year, factor, stage in (("2025", 1.0, "final"), ("2026", 1.5, "reported"))]  # fmt: skip
    frame = sib.review(sib.load(dataset(tmp_path, rows, regions=tree))).frame
    told = frame[frame["id"] == "R-11"].set_index("region")
    assert sorted(told.index) == ["150000", "150000", "150100", "150200"]
    assert told.loc[told["follows"] == "", "message"].str.contains("7 areas move together").tolist() == [True]
    assert set(told.loc[told["follows"] != "", "follows"]) == {"R-11"}


def test_few_areas_are_held_against_last_year(tmp_path):
    """Of four no median is taken: each grows by 50 %."""
    assert grown(tmp_path, [150.0] * 4)["region"].tolist() == [f"150{i}00" for i in range(1, 5)]


def test_a_clean_history_asks_for_few_explanations(nmg):
    """Of 8,561 accounts: warnings that follow from no other, those of whole funds (the waiver of 2020, standards of 2018) among them."""
    found = sib.review(nmg, stage="final")
    assert found.ok
    rows = found.frame[found.frame["id"] == "R-11"]
    assert found.accounts == 8_561
    assert (rows["severity"] == "warning").sum() == 180
    assert (found.by_money().frame.query("id == 'R-11'")["severity"] == "warning").sum() == 86
    shared = rows[rows["region"] == "150000"]
    assert not shared.duplicated(["programme", "period"]).any()
    assert {("work_injury", "2020"), ("resident_pension", "2018"), ("enterprise_pension", "2021")} <= set(zip(shared["programme"], shared["period"], strict=True))
    assert len(shared) == 14


@pytest.mark.parametrize(("id", "seed"), [("R-06", 102), ("R-11", 107), ("R-16", 201)])
def test_a_mistake_moves_no_neighbour_across_the_border(id, seed):
    """Places where a neighbour once took the blame."""
    spoilt = CORRUPTIONS[id](np.random.default_rng([seed, int(id[2:])]))
    assert {(f[0], f[1], f[2]) for f in found_anew(spoilt) if not f[4]} == {(id, *spoilt.where)}


def planned(habit):
    """Twelve leagues, a base that grows by 5 % a year, budgets that lie below what came, and a draft for 2026."""
    areas = [("150000", "内蒙古自治区", "", "region"), *((f"15{i:02d}00", f"L{i}", "150000", "league") for i in range(1, 13))]
    rng, rows = np.random.default_rng(3), []
    for code, *_ in areas[1:]:
        path = 5_000 * np.exp(np.cumsum(rng.normal(0.05, 0.01, 13)))
        for year, value in zip(range(2014, 2027), path, strict=True):
            plan = "reported" if year == 2026 else "budget"
            rows.append((code, FUND, "contribution_base", year, round(value * habit, 2), "元/月", plan))
            if year < 2026:
                rows.append((code, FUND, "contribution_base", year, round(value, 2), "元/月", "final"))
    return rows, areas


def test_a_cautious_plan_is_plausible_where_plans_are_cautious(tmp_path):
    """Budgets were 6 % below what came: the band reaches 6 % further down, ln 0.94 = −0.0619, and no further up."""
    rows, areas = planned(0.94)
    table = beside(sib.load(dataset(tmp_path / "a", rows, regions=areas)), "reported")
    without = beside(sib.load(dataset(tmp_path / "b", [r for r in rows if r[6] != "budget"], regions=areas)), "reported")
    assert table["habit"].to_numpy() == pytest.approx(np.log(0.94), abs=1e-5)
    assert without["habit"].isna().all()
    pd.testing.assert_series_equal(table["upper"], without["upper"])
    assert table["lower"].to_numpy() == pytest.approx((without["lower"] - 0.06 * without["expected"]).to_numpy(), rel=1e-5)
    assert table["plausible"].all()
    assert without["plausible"].mean() < 0.5
