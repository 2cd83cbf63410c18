"""Charts take names for codes, and say of a change without a name of its own what it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

import sibforecast as sib
from sibforecast.phrases import Teller
from tests.datasets import dataset

AREA, FUND = "150102", "unemployment"


@pytest.fixture(scope="module")
def drafted(nmg: sib.FundData) -> sib.BudgetDraft:
    return sib.draft_budget(nmg, 2027)


def ticks(causes: sib.Attribution, language: str) -> list[str]:
    ax = Figure(layout="constrained").subplots()
    sib.plots.waterfall(causes, region=AREA, programme=FUND, ax=ax, language=language)
    return [t.get_text().replace("\n", "") for t in ax.get_yticklabels()]


def change(**what: object) -> sib.Change:
    return sib.Change(programme=FUND, start="2027-01", decided_by="region", **what)


@pytest.mark.parametrize(("region", "programme", "item"), [
    (AREA, FUND, "closing_balance"), ("新城区", "失业保险", "年末滚存结余"), ("Xincheng", "Unemployment insurance", "closing balance"),
])  # fmt: skip
def test_a_chart_takes_codes_and_names(drafted: sib.BudgetDraft, region: str, programme: str, item: str) -> None:
    by_code = sib.plots.fan_table(drafted, region=AREA, programme=FUND, item="closing_balance")
    assert sib.plots.fan_table(drafted, region=region, programme=programme, item=item).equals(by_code)
    assert set(sib.plots.heat_table(drafted, regions=[region], period=2027)["region"]) == {AREA}


def test_a_name_of_nobody_is_refused_with_the_choices(drafted: sib.BudgetDraft) -> None:
    with pytest.raises(sib.SibError, match="no region '东林县' in the table"):
        sib.plots.fan_table(drafted, region="东林县", programme=FUND, item="gap")


def test_a_fan_of_a_draft_shows_the_intervals_of_its_forecast(drafted: sib.BudgetDraft) -> None:
    """Two intervals are two areas; bounds and points are the forecast's, which the years to come after the draft are of too."""
    ax = Figure(layout="constrained").subplots()
    sib.plots.fan(drafted, region="新城区", programme=FUND, item="contribution_base", ax=ax, language="zh")
    assert len(ax.collections) == 2
    rows = sib.plots.fan_table(drafted, region=AREA, programme=FUND, item="contribution_base").query("kind == 'forecast'")
    frame = drafted.forecast.frame.query(f"region == '{AREA}' and programme == '{FUND}' and item == 'contribution_base'")
    assert sorted(rows["value"]) == sorted(frame["value"])
    assert set(rows["year"]) == {2026, 2027, 2028, 2029, 2030, 2031}
    sib.plots.fan(drafted, region=AREA, programme=FUND, item="gap", ax=ax, language="zh")
    assert "无区间" in ax.get_xlabel().replace("\n", "")


def test_a_fan_of_a_forecast_takes_names_and_shows_the_past(drafted: sib.BudgetDraft) -> None:
    rows = sib.plots.fan_table(drafted.forecast, region="新城区", programme="失业保险", item="缴费基数")
    known = drafted.source.frame.query(
        f"region == '{AREA}' and programme == '{FUND}' and item == 'contribution_base' and stage == 'final'")  # fmt: skip
    assert rows.loc[rows["kind"] == "history", "value"].tolist() == known.sort_values("period")["value"].tolist()


def test_a_fan_that_widens_for_want_of_origins_says_so(tmp_path: Path) -> None:
    """Five years of steady growth: two origins one year ahead, none three years ahead."""
    rows = [("A", FUND, item, year, value * 1.03 ** (year - 2020), unit, "final") for year in range(2020, 2025)
            for item, value, unit in (("contributors", 1000.0, "人"), ("contribution_base", 5000.0 + year % 2, "元/月"))]  # fmt: skip
    made = sib.forecast(sib.load(dataset(tmp_path, rows, regions=[("A", "甲", "", "county")])), [2025, 2026, 2027])
    assert made.origins("A", FUND, "contributors") == 2
    assert made.origins("A", FUND, "beneficiaries") == 0
    ax = Figure(layout="constrained").subplots()
    sib.plots.fan(made, region="甲", item="contribution_base", ax=ax, language="zh")
    assert "历史预测少（提前1年：2次）" in ax.get_xlabel().replace("\n", "")


def test_a_draft_is_no_waterfall(drafted: sib.BudgetDraft) -> None:
    with pytest.raises(sib.SibError, match=r"pass sib.attribute\(before, after\)"):
        sib.plots.waterfall(drafted)


def test_changes_without_a_name_are_told_by_their_item(drafted: sib.BudgetDraft) -> None:
    """One alone is called as its scenario is; two are told apart by what they change. The frame keeps its causes."""
    rate, level = change(item="contribution_rate", add=-0.005), change(item="benefit_level", multiply=1.02)
    one, two = (sib.attribute(drafted, sib.project(drafted.assumptions, s))
                for s in (sib.Scenario("降低费率", rate), sib.Scenario("两项", rate, level)))  # fmt: skip
    assert set(two.frame["cause"]) >= {"contribution_rate −0.005", "benefit_level ×1.02"}
    assert ticks(one, "zh") == ["预算缺口", "降低费率", "变动后缺口"]
    assert ticks(two, "zh") == ["预算缺口", "缴费比例 −0.005", "人均待遇水平 ×1.02", "变动后缺口"]
    assert ticks(two, "en")[1:3] == ["contribution rate −0.005", "benefit level ×1.02"]
    assert Teller("zh").word("benefit_level ×1.02 (2)") == "人均待遇水平 ×1.02 (2)"
    bill = sib.share(two, sib.read_rules("nmg_2016"))
    told = sib.explain(bill, AREA, FUND, "gap", language="zh").text
    assert "“缴费比例 −0.005”" in told
    assert "+-" not in told


def test_an_area_above_those_of_the_table_is_told_how_to_be_had(nmg_draft):
    with pytest.raises(sib.SibError, match=r"no region '呼和浩特市' in the table.*the data set knows it: roll_up"):
        sib.plots.fan(nmg_draft, region="呼和浩特市", programme="enterprise_pension", item="benefit_expenditure")
