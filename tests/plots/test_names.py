"""Charts take names for codes, and say of a change without a name of its own what it is."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

import sibforecast as sib
from sibforecast.phrases import Teller

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
