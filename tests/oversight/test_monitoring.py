"""`monitor` on one fund worked by hand, and on reports with the usual faults.

Years 2022-2024 alike: revenue 1,000, of which 5, 10, 15, 20, 30, 40 … 100 % have come by January, February …
December; expenditure 900 in twelfths; balance of 2024: 200 (all 万元). Budget 2025: revenue 1,000, expenditure 900.
"""

import json
from string import Formatter

import jsonschema
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.oversight import sentences
from sibforecast.screen import columns_of
from tests import datasets
from tests.datasets import WAN

R, UI = "150100", "unemployment"
COURSE = (0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90, 1.00)
TWELFTHS = tuple(m / 12 for m in range(1, 13))


def months(item, year, total, course, last=12, region=R, programme=UI):
    return [(region, programme, item, f"{year}-{m:02d}", total * course[m - 1], WAN, "executed") for m in range(1, last + 1)]


def past(region=R, programme=UI):
    rows = [(region, programme, "closing_balance", 2024, 200, WAN, "final")]
    for year in (2022, 2023, 2024):
        rows += months("total_revenue", year, 1000, COURSE, region=region, programme=programme)
        rows += months("total_expenditure", year, 900, TWELFTHS, region=region, programme=programme)
    return rows


def budget(revenue=1000, spending=900, stage="budget", region=R):
    return [(region, UI, "total_revenue", 2025, revenue, WAN, stage), (region, UI, "total_expenditure", 2025, spending, WAN, stage)]


def this_year(revenue=725, spending=900, last=6, region=R):
    return months("total_revenue", 2025, revenue, COURSE, last, region) + months("total_expenditure", 2025, spending, TWELFTHS, last, region)


def load(tmp_path, rows, **more):
    return sib.load(datasets.dataset(tmp_path, rows, **more))


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """290 of 1,000 have come by June, where 400 are normal."""
    return sib.monitor(load(tmp_path_factory.mktemp("m"), past() + budget() + this_year()), "2025-06")


def row(monitoring, item):
    return monitoring.frame.set_index("item").loc[item]


def test_progress_against_budget_twelfths_and_season(short):
    revenue = row(short, "total_revenue")
    assert (revenue["budget"], revenue["executed"]) == pytest.approx((1_000e4, 290e4))
    assert revenue["progress"] == pytest.approx(0.29)  # 290 / 1,000
    assert revenue["time_share"] == 0.5  # 6 / 12
    assert revenue["season_share"] == pytest.approx(0.40)
    assert revenue["deviation"] == pytest.approx(-0.11)
    assert revenue["status"] == "red"  # beyond 10 points on the bad side
    assert "29.0% of the budget to date, 11.0 points below the season's 40.0%, 1/12 being 50.0%" in revenue["reason"]


def test_estimated_outturn(short):
    """Share and pace say 290 / 0.4 = 725, the rest of last year 290 + 600 × (1 + 0.5 × (0.725 − 1)) = 807.5: mean of four 745.625."""
    revenue = row(short, "total_revenue")
    assert revenue["expected"] == pytest.approx(745.625e4)
    assert revenue["expected_low"] < revenue["expected"] < revenue["expected_high"] < 1_000e4
    assert row(short, "total_expenditure")["expected"] == pytest.approx(900e4)
    assert row(short, "total_expenditure")["status"] == "green"


def test_what_the_year_ends_at(short):
    """Closing 200 + 745.625 − 900 = 45.625; a month's spending 75: 0.6 months, after 200 / 75 = 2.7."""
    assert row(short, "current_balance")["expected"] == pytest.approx(-154.375e4)
    assert row(short, "current_balance")["status"] == "yellow"  # one year of deficit
    assert row(short, "closing_balance")[["executed", "expected"]].tolist() == pytest.approx([40e4, 45.625e4])  # 200 + 290 − 450
    payable = row(short, "months_payable")
    assert payable["expected"] == pytest.approx(45.625 / 75)
    assert payable["status"] == "red"
    assert "0.6 months payable at the end of the year, less than 6" in payable["reason"]


def test_month_of_exhaustion(short):
    """45.625 at the year's end; January brings 37.28 and takes 75, leaving 7.91; February 37.28 − 75 leaves −29.8."""
    closing = row(short, "closing_balance")
    assert closing["exhaustion"] == "2026-02"
    assert closing["status"] == "orange"  # within 24 months, not within the year
    assert "used up in 2026-02" in closing["reason"]


@pytest.mark.parametrize(("spending", "exhaustion", "colour"), [(900, "", "green"), (1_140, "2026-02", "orange"), (1_500, "2025-06", "red")])
def test_exhaustion_later_or_within_the_year_or_never(tmp_path, spending, exhaustion, colour):
    """Revenue 1,000 as ever, 400 to June and 100 a month from there.

    Spending 900: a surplus. 1,140 by twelfths: June leaves 200 + 400 − 570 = 30. Share and pace say 1,140, the rest of
    last year 570 + 450 × (1 + 0.5 × (1.2667 − 1)) = 1,080: mean 1,125, 92.5 a month, so 75 are left in December; in
    January come 50 and go 93.75: 31.25; February 50 − 93.75 leaves nothing. 1,500: June leaves 200 + 400 − 750 < 0.
    """
    got = row(sib.monitor(load(tmp_path, past() + budget() + this_year(1_000, spending)), "2025-06"), "closing_balance")
    assert (got["exhaustion"], got["status"]) == (exhaustion, colour)


def test_two_deficits_running_and_a_fast_fall(tmp_path):
    """2024: 1,000 − 1,100; 2025 the same again: closing 1,000 − 100; months from 10.9 to 9.8; with a limit of 1 it falls too fast."""
    rows = [r for r in past() if not (r[2] == "total_expenditure" and str(r[3]).startswith("2024")) and r[2] != "closing_balance"]
    rows += [*months("total_expenditure", 2024, 1_100, TWELFTHS), (R, UI, "closing_balance", 2024, 1_000, WAN, "final")]
    data = load(tmp_path, rows + budget(1_000, 1_100) + this_year(1_000, 1_100))
    got = sib.monitor(data, "2025-06")
    assert row(got, "current_balance")["status"] == "orange"
    assert "the second year running" in row(got, "current_balance")["reason"]
    assert row(got, "months_payable")["reason"] == (  # 900 / (1,100 / 12)
        "9.8 months payable at the end of the year, less than 12; at 9.8 months the 12 that refunds to employers and skill subsidies "
        "require are not there")  # fmt: skip
    fast = sib.monitor(data, "2025-06", limits={"warning_months_fall": 1, ("warning_months_orange", UI): 9})
    assert row(fast, "months_payable")["status"] == "orange"
    assert "they fall from 10.9 within the year, by more than 1" in row(fast, "months_payable")["reason"]


def test_the_adjusted_budget_goes_before_the_budget(tmp_path):
    data = load(tmp_path, past() + budget() + budget(725, 900, "adjusted") + this_year())
    revenue = row(sib.monitor(data, "2025-06"), "total_revenue")
    assert (revenue["budget"], revenue["adjusted"]) == pytest.approx((1_000e4, 725e4))
    assert revenue["progress"] == pytest.approx(0.4)  # 290 / 725
    assert (revenue["status"], revenue["plan"]) == ("green", "adjusted budget")


@pytest.mark.parametrize(("come", "colour", "trigger"), [
    (0.396, "green", "0.4 points below"), (0.365, "yellow", "3.5 points below"), (0.34, "orange", "6.0 points below"),
    (0.29, "red", "11.0 points below"), (0.45, "green", "5.0 points above"), (0.52, "yellow", "12.0 points above"),
])  # fmt: skip
def test_bands(tmp_path, come, colour, trigger):
    """Up to 3 points below the season's 40 % green, 5 yellow, 10 orange, beyond red; above it yellow beyond 10, never more."""
    got = row(sib.monitor(load(tmp_path, past() + budget() + this_year(come * 2_500)), "2025-06"), "total_revenue")
    assert got["status"] == colour
    assert trigger in got["reason"]


def lumps(shares, now):
    """A subsidy of 100 a year of which these shares came by June, the rest in December; this year `now` by June."""
    rows = []
    for year, share in zip(range(2024 - len(shares) + 1, 2025), shares, strict=True):
        rows += months("fiscal_subsidy", year, 100, (share,) * 11 + (1.0,), programme="resident_medical")
    rows.append((R, "resident_medical", "fiscal_subsidy", 2025, 100, WAN, "budget"))
    return [*rows, *months("fiscal_subsidy", 2025, 100, (now,) * 12, 6, programme="resident_medical")]


def test_a_line_that_comes_in_lumps_is_no_warning(tmp_path):
    """By June 20, 80, 20, 80 %: after 20 the second year strayed by 60 points, the third from their mean 50 by −30, the
    fourth from 40 by 40. √((60² + 30² + 40²) ÷ 3) = 45.1; Student's 90 % at 3 years 1.638: 73.8 points. The season is the
    mean of the last three, 60 %: 20 % lie 40 points below it, as in one year of two."""
    wild = row(sib.monitor(load(tmp_path / "w", lumps((0.2, 0.8, 0.2, 0.8), 0.2)), "2025-06"), "fiscal_subsidy")
    assert wild["season_share"] == pytest.approx(0.60)
    assert wild["season_scatter"] == pytest.approx(0.739, abs=0.001)
    assert wild["deviation"] == pytest.approx(-0.40)
    assert wild["status"] == "yellow"
    assert wild["reason"].endswith("(yellow, not more: nine years in ten stray by up to 73.8 points)")
    steady = row(sib.monitor(load(tmp_path / "s", lumps((0.6, 0.6, 0.6, 0.6), 0.2)), "2025-06"), "fiscal_subsidy")
    assert (steady["season_scatter"], steady["status"]) == (0.0, "red")


def test_few_years_take_the_scatter_of_all_areas(tmp_path):
    """Two years each, one error an area: 10 points here, −20 there. √((10² + 20²) ÷ 2) = 15.8, one year: Student's 90 % 3.078."""
    other = "150200"
    regions = [*datasets.ONE_LEAGUE, (other, "包头市", "150000", "league")]
    rows = []
    for area, shares in ((R, (0.4, 0.5)), (other, (0.6, 0.4))):
        for year, share in zip((2023, 2024), shares, strict=True):
            rows += months("total_revenue", year, 100, (share,) * 11 + (1.0,), region=area)
        rows += months("total_revenue", 2025, 100, (0.45,) * 12, 6, region=area)
        rows.append((area, UI, "total_revenue", 2025, 100, WAN, "budget"))
    got = sib.monitor(load(tmp_path, rows, regions=regions), "2025-06").frame
    assert got["season_scatter"].tolist() == pytest.approx([0.4866, 0.4866], abs=1e-4)


def test_how_many_calls_are_expected_false(short):
    """Revenue of 290 where 400 are normal: that the year still ends at 950 or more, 5 % short, has next to no chance."""
    revenue = row(short, "total_revenue")
    assert 0.0 <= revenue["chance"] < 0.02
    assert row(short, "total_expenditure")["chance"] > 0.5  # on its plan
    assert pd.isna(row(short, "months_payable")["chance"])
    assert short.expected_false == pytest.approx(revenue["chance"])
    assert "; 3 red and orange, 1 of them with a forecast of the year's end: 0.0 expected to be false alarms" in short.headline()


def test_an_outturn_that_misses_the_budget_beyond_doubt_is_told_before_the_pace(tmp_path):
    """In March 12 of the season's 15 % have come: 3 points are yet green, the outturn of 80 to 87 % is not.

    Share and pace 12 / 0.15 = 80, rest 12 + 85 × (1 + 0.5 × (0.8 − 1)) = 88.5: mean 82.125 % of the budget.
    """
    data = load(tmp_path, past() + budget() + this_year(800, last=3))
    got = row(sib.monitor(data, "2025-03"), "total_revenue")
    assert got["expected"] == pytest.approx(821.25e4)
    assert got["deviation"] == pytest.approx(-0.03)
    assert got["status"] in ("orange", "red")
    assert got["reason"].startswith("the year ends at 821.25 (10k yuan); even ")
    assert f"closest to the budget that the 80 % interval allows, is {1 - got['expected_high'] / 1_000e4:.1%} below it" in got["reason"]


def test_budgets_of_counties_for_months_of_a_league(tmp_path):
    """Two counties with 400 and 600 make the league's 1,000."""
    regions = [*datasets.ONE_LEAGUE, ("150102", "新城区", "150100", "county"), ("150103", "回民区", "150100", "county")]
    rows = past() + budget(400, 500, region="150102") + budget(600, 400, region="150103") + this_year()
    revenue = row(sib.monitor(load(tmp_path, rows, regions=regions), "2025-06"), "total_revenue")
    assert revenue["budget"] == pytest.approx(1_000e4)
    assert revenue["deviation"] == pytest.approx(-0.11)


def test_months_below_the_area_of_the_budget(tmp_path):
    """Two counties report, the budget is the league's: told; rolled up, 2 × 290 of 1,000 have come, 18 points above the season."""
    regions = [*datasets.ONE_LEAGUE, ("150102", "新城区", "150100", "county"), ("150103", "回民区", "150100", "county")]
    rows = budget()
    for county in ("150102", "150103"):
        rows += past(county) + this_year(region=county)
    data = load(tmp_path, rows, regions=regions)
    got = sib.monitor(data, "2025-06")
    assert found(got, "budget_above")["region"].tolist() == [R]
    assert set(got.frame.loc[got.frame["item"] == "total_revenue", "plan"]) == {"forecast to 2024-12"}
    rolled = row(sib.monitor(sib.roll_up(data, "league"), "2025-06"), "total_revenue")
    assert (rolled["plan"], rolled["progress"], rolled["deviation"]) == ("budget", pytest.approx(0.58), pytest.approx(0.18))


def test_printed_totals_over_funds_are_not_watched(tmp_path):
    rows = past() + past(programme="all") + budget() + this_year() + [(R, "all", *r[2:]) for r in this_year()]
    data = load(tmp_path, rows)
    assert set(sib.monitor(data, "2025-06").frame["programme"]) == {UI}
    assert "all" not in set(sib.adjust(data, "2025-06").frame["programme"])
    only = load(tmp_path / "o", [(R, "all", *r[2:]) for r in this_year()] + past())
    with pytest.raises(SibError, match="no month of 2025"):
        sib.monitor(only, "2025-06")


def test_without_a_budget_the_forecast_to_december_is_the_plan(tmp_path):
    data = load(tmp_path, past() + this_year())
    got = sib.monitor(data, "2025-06")
    revenue = row(got, "total_revenue")
    assert revenue["plan"] == "forecast to 2024-12"
    assert revenue["budget"] == pytest.approx(1_000e4, rel=0.01)  # three years alike
    assert revenue["status"] == "red"
    given = pd.DataFrame({"region": [R], "programme": [UI], "item": ["total_revenue"], "value": [725e4]})
    told = row(sib.monitor(data, "2025-06", plan=given), "total_revenue")
    assert (told["status"], told["plan"], told["progress"]) == ("green", "plan", pytest.approx(0.4))


def test_a_faulty_plan_or_limit_is_told_whole(tmp_path):
    data = load(tmp_path, past() + budget() + this_year())
    plan = pd.DataFrame({"region": ["999999", R], "programme": ["unemploymnt", UI], "item": ["total_revenu", "total_revenue"], "value": [1.0, 1.0]})
    with pytest.raises(SibError) as fault:
        sib.monitor(data, "2025-06", plan=plan)
    assert all(word in str(fault.value) for word in ("'999999'", "did you mean 'unemployment'", "did you mean 'total_revenue'"))
    with pytest.raises(SibError, match="unknown threshold 'progress_band_gren'") as fault:
        sib.monitor(data, "2025-06", limits={"progress_band_gren": 0.1, ("warning_months_red", "no_fund"): 2, "adjustment_item": "5 %"})
    assert all(word in str(fault.value) for word in ("progress_band_green", "no_fund", "'5 %'"))
    with pytest.raises(SibError, match="must be a month"):
        sib.monitor(data, "2025")
    with pytest.raises(SibError, match="no month of 2026"):
        sib.monitor(data, "2026-03")


def found(monitoring, name):
    frame = monitoring.findings.frame
    return frame[frame["id"] == name]


def test_who_has_not_reported(tmp_path):
    other = "150200"
    regions = [*datasets.ONE_LEAGUE, (other, "包头市", "150000", "league")]
    rows = past() + past(other) + budget() + this_year(last=5)
    got = sib.monitor(load(tmp_path, rows, regions=regions), "2025-06")
    silent = found(got, "not_reported").set_index("region")["message"]
    assert silent[R] == "2025-06 is not reported; the last report is of 2025-05"
    assert silent[other] == "2025-06 is not reported; nothing is reported of 2025"
    assert row(got, "total_revenue")["period"] == "2025-05"
    assert "2 reports missing" in got.headline()


def test_a_missing_month_a_fall_and_a_report_sent_twice_are_findings(tmp_path):
    rows = [r for r in past() + budget() + this_year() if r[3] not in ("2025-03",)]
    rows = [(*r[:4], 100, *r[5:]) if r[2] == "total_revenue" and r[3] == "2025-05" else r for r in rows]
    got = sib.monitor(load(tmp_path, rows), "2025-06")
    assert found(got, "missing_month")["period"].tolist() == ["2025-03"]
    fell = found(got, "cumulative_fell").iloc[0]
    assert (fell["item"], fell["period"], fell["expected"], fell["found"]) == ("total_revenue", "2025-05", "at least 1,450,000.00", "1,000,000.00")
    assert "the cumulative figure fell" in row(got, "total_revenue")["reason"]
    assert found(got, "report_repeated").empty


def test_the_same_report_twice(tmp_path):
    rows = past() + budget() + [r if r[3] != "2025-06" else None for r in this_year()]
    rows = [r for r in rows if r] + [(*r[:3], "2025-06", *r[4:]) for r in this_year() if r[3] == "2025-05"]
    got = sib.monitor(load(tmp_path, rows), "2025-06")
    assert found(got, "report_repeated")["period"].tolist() == ["2025-06"]
    assert found(got, "cumulative_fell").empty


def test_an_item_that_lags_behind_its_report(tmp_path):
    rows = [r for r in past() + budget() + this_year() if not (r[2] == "total_revenue" and r[3] == "2025-06")]
    got = sib.monitor(load(tmp_path, rows), "2025-06")
    assert found(got, "item_not_reported")["item"].tolist() == ["total_revenue"]
    assert row(got, "total_revenue")["period"] == "2025-05"


def test_unknown_items_and_funds_and_doubles_are_findings_of_the_check(tmp_path):
    rows = past() + budget() + this_year() + [(R, UI, "total_revenues", "2025-06", 1, WAN, "executed"), (R, "no_fund", "interest", "2025-06", 1, WAN, "executed")]
    rows += [(R, UI, "total_revenue", "2025-06", 291, WAN, "executed")]
    findings = sib.check(datasets.dataset(tmp_path, rows)).frame
    assert {"unknown_item", "unknown_programme", "duplicate"} <= set(findings["id"])


def test_a_result_like_all_others(short, tmp_path):
    jsonschema.validate(json.loads(short.to_json()), sib.schema("Monitoring"))
    assert all(len(line) <= 80 for line in repr(short).splitlines())
    assert "red" in short._repr_html_()
    assert short.to_excel(tmp_path / "m.xlsx").exists()
    assert short.warnings["status"].iloc[0] == "red"
    assert short.provenance["asof"] == "2025-06"


def test_the_bands_used_name_their_source_and_status(tmp_path):
    made = sib.monitor(load(tmp_path, past() + budget() + this_year()), "2025-06", limits={"warning_months_red": 4})
    table = made.thresholds.set_index(["threshold", "programme"])
    assert table.loc[("progress_band_orange", UI), ["value", "source", "status"]].tolist() == [0.10, "no document: a default of this package", "unverified"]
    assert table.loc[("warning_months_red", UI), ["value", "source"]].tolist() == [4.0, "given as an argument"]


def test_reasons_in_chinese(tmp_path):
    """The same figures: 29.0 % where 40.0 % are normal; 0.6 months, less than 6."""
    data = load(tmp_path, past() + budget() + this_year())
    got = sib.monitor(data, "2025-06", language="zh")
    assert row(got, "total_revenue")["reason"] == "累计完成预算的29.0%，低于季节进度40.0%（时序进度50.0%）11.0个百分点"
    assert row(got, "months_payable")["reason"].startswith("年末可支付0.6个月，低于6个月；")
    assert row(got, "current_balance")["reason"] == "预计当期收不抵支154.38万元"
    assert got.frame["status"].tolist() == sib.monitor(data, "2025-06").frame["status"].tolist()
    assert got.headline() == "截至2025-06：红色2项、橙色1项、黄色1项、绿色1项；红色和橙色合计3项，其中1项按全年预测判定，预测会有误差，估计其中约0.0项到年末不会达到橙色标准（误报）"
    assert "红色: 呼和浩特市 失业保险基金 本年收入合计: 累计完成预算的29.0%" in got.summary()
    assert all(columns_of(line) <= 80 for line in repr(got).splitlines())
    with pytest.raises(SibError, match="unknown language 'fr'"):
        sib.monitor(data, "2025-06", language="fr")


def test_every_sentence_has_both_languages_and_the_same_figures():
    for english, chinese in sentences._SAID.values():
        assert chinese.strip()
        named = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, chinese)]
        assert named[0] - {"ordinal", "s"} == named[1] - ({"number"} if "ordinal" in named[0] else set())
