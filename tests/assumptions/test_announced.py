"""Announced decisions in a draft: on top of drivers that hold no adjustments of their own, never twice."""

import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.programmes.registry import SEVEN
from tests import datasets

POLICIES = ("id", "item", "programme", "regions", "multiply", "add", "unit", "start", "paid", "decided_by", "known_at_budget",
            "known_from")
REGIONS = [*datasets.ONE_LEAGUE, ("150200", "包头市", "150000", "league")]


def history(years=range(2020, 2026), growth=1.05, areas=("150100", "150200")):
    """Level grows 5 % a year to 3,000 in the last year; heads stay; a balance to roll on."""
    last = max(years)
    for area in areas:
        for year in years:
            yield (area, "enterprise_pension", "beneficiaries", year, 1000, "人", "final")
            yield (area, "enterprise_pension", "benefit_level", year, 3000 / growth ** (last - year), "元/月", "final")
            yield (area, "enterprise_pension", "pension_expenditure", year, 36e6 / growth ** (last - year), "元", "final")
            yield (area, "enterprise_pension", "contribution_revenue", year, 40e6, "元", "final")
            yield (area, "enterprise_pension", "closing_balance", year, 50e6, "元", "final")


def drafted(tmp_path, *policies, year=2026, **more):
    tables = {"policies": (POLICIES, policies)} if policies else {}
    data = sib.load(datasets.dataset(tmp_path, history(**more), regions=REGIONS, **tables))
    return sib.draft_budget(data, year)


def figure(result, item, area="150100", period="2026", stage="draft"):
    frame = result.frame.astype({"region": str, "item": str, "period": str, "stage": str})
    rows = frame[(frame["region"] == area) & (frame["item"] == item) & (frame["period"] == period) & (frame["stage"] == stage)]
    return float(rows["value"].iloc[0])


def row(name="raise", multiply="", add="", unit="", start="2026-07", paid="", by="nation", known="true", since="", regions="*",
        item="benefit_level"):  # fmt: skip
    return (name, item, "enterprise_pension", regions, multiply, add, unit, start, paid, by, known, since)


def test_an_announced_raise_stands_for_the_trend_of_past_ones(tmp_path):
    """3,000 in force, +4 % from July: 3,000 × (6 + 6 × 1.04) / 12 = 3,060; the trend of 5 % is not laid on as well."""
    draft = drafted(tmp_path / "a", row(multiply=1.04))
    assert figure(draft, "benefit_level") == pytest.approx(3060.0)
    assert figure(draft, "pension_expenditure") == pytest.approx(1000 * 12 * 3060.0)
    assert figure(drafted(tmp_path / "b"), "benefit_level") > 3100  # nothing announced: the trend goes on
    notes = [f for f in draft.findings.records() if f["id"] == "announced_applied"]
    assert len(notes) == 1
    assert "raise" in notes[0]["message"]


@pytest.mark.parametrize("fund", ["企业职工基本养老保险基金", "企业养老，工伤", "unemployment、Enterprise pension"])
def test_a_decision_on_a_fund_by_its_name_is_laid_on(tmp_path, fund):
    """As by its code: 3,000 × (6 + 6 × 1.04) / 12 = 3,060; a name that nobody read left the trend as it was."""
    named = [fund.replace("Enterprise pension", SEVEN["enterprise_pension"].name_en) if c == "enterprise_pension" else c
             for c in row(multiply=1.04, regions="呼市、150200")]  # fmt: skip
    draft = drafted(tmp_path, named)
    assert [figure(draft, "benefit_level", area) for area in ("150100", "150200")] == pytest.approx([3060.0, 3060.0])


def test_paid_late_with_back_pay_is_the_whole_year(tmp_path):
    draft = drafted(tmp_path, row(multiply=1.04, start="2026-01", paid="2026-07"))
    assert figure(draft, "benefit_level") == pytest.approx(3120.0)


def test_a_raise_in_the_last_account_is_annualised_and_not_laid_on_again(tmp_path):
    """2025's average holds half of a July raise of 4 %: 3,000 / 1.02 × 1.04 in force; 2026 adds 50 from January."""
    draft = drafted(tmp_path, row("old", multiply=1.04, start="2025-07"), row("new", add=50, unit="元/月", start="2026-01"))
    assert figure(draft, "benefit_level") == pytest.approx(3000 / 1.02 * 1.04 + 50)


def test_growth_goes_on_after_the_last_announced_year(tmp_path):
    data = sib.load(datasets.dataset(tmp_path, history(), regions=REGIONS, policies=(POLICIES, [row(add=60, unit="元/月", start="2026-01")])))
    ahead = sib.forecast(data, range(2026, 2029))
    two = sib.project(sib.assume(data, ahead), years=2)
    frame = two.frame.astype({"region": str, "item": str, "period": str})
    level = frame[(frame["item"] == "benefit_level") & (frame["region"] == "150100")].set_index("period")["value"]
    assert level["2026"] == pytest.approx(3060.0)
    assert level["2027"] - 60 > 3000 * 1.02  # the trend's growth on 3,000, the 60 on top


def test_a_local_top_up_comes_on_top_of_the_trend_and_is_a_row_of_its_own(tmp_path):
    """Hohhot adds 10 yuan: 1,000 heads × 12 × 10 = 120,000 are its own part of its budget gap."""
    draft = drafted(tmp_path / "a", row("top-up", add=10, unit="元/月", start="2026-01", by="league", regions="呼和浩特市"))
    plain = drafted(tmp_path / "b")
    assert figure(draft, "benefit_level") == pytest.approx(figure(plain, "benefit_level") + 10)
    assert figure(draft, "benefit_level", "150200") == pytest.approx(figure(plain, "benefit_level", "150200"))
    why = sib.attribute(draft, sib.project(draft.assumptions, sib.Scenario("nothing"))).frame
    own = why[why["cause"] == "top-up"]
    assert own["value"].sum() == pytest.approx(120_000.0)
    assert own[["region", "stage", "decided_by", "line"]].values.tolist() == [["150100", "budget", "league", "benefit_expenditure"]]
    assert why.loc[why["region"] == "150100", "value"].sum() == pytest.approx(figure(draft, "gap"))
    pooling = [{"programme": "enterprise_pension", "level": "region", "start": "2009-10"}]

    bill = sib.share(draft, sib.read_rules("nmg_2016"), pooling=pd.DataFrame(pooling)).frame
    local = bill[(bill["cause"] == "top-up")]
    assert set(local["class"]) <= {"X2", ""}
    assert bill.loc[bill["region"] == "150100", "value"].sum() == pytest.approx(
        figure(draft, "gap"), abs=0.01)


def test_what_nobody_could_know_is_told_and_left_out(tmp_path):
    draft = drafted(tmp_path, row(multiply=1.04, known="false"))
    assert figure(draft, "benefit_level") > 3100
    assert [f["severity"] for f in draft.findings.records() if f["id"] == "announced_not_applied"] == ["note"]
    known = drafted(tmp_path / "k", row(multiply=1.04, known="false", since="2025-11"))
    assert figure(known, "benefit_level") == pytest.approx(3060.0)


def test_an_earlier_origin_sees_no_later_decision(tmp_path):
    """A backtest at the end of 2023 is the same with and without a raise of 2026."""
    with_, without = (
        sib.forecast(sib.load(datasets.dataset(tmp_path / name, history(), regions=REGIONS, **tables)), 2024, asof="2023").frame
        for name, tables in (("a", {"policies": (POLICIES, [row(multiply=1.5)])}), ("b", {}))
    )
    assert with_["value"].tolist() == without["value"].tolist()


def test_policy_may_be_given_or_left_out(tmp_path):
    data = sib.load(datasets.dataset(tmp_path, history(), regions=REGIONS, policies=(POLICIES, [row(add=60, unit="元/月", start="2026-01")])))
    ahead = sib.forecast(data, 2026)
    bare = sib.project(sib.assume(data, ahead, policy=sib.Scenario("none")))
    other = sib.Change(item="benefit_level", add=90, unit="元/月", start="2026-01", decided_by="nation")
    given = sib.project(sib.assume(data, ahead, policy=sib.Scenario("other", other)))
    assert figure(bare, "benefit_level") == pytest.approx(3000.0)
    assert figure(given, "benefit_level") == pytest.approx(3090.0)
    with pytest.raises(SibError, match="Scenario"):
        sib.assume(data, ahead, policy="none")


def test_the_baseline_with_announced_decisions_is_the_empty_scenario_to_the_bit(tmp_path):
    draft = drafted(tmp_path, row(multiply=1.04), row("late", add=30, unit="元/月", start="2026-10"))
    empty = sib.project(draft.assumptions, sib.Scenario("empty")).frame
    base = sib.project(draft.assumptions).frame
    assert empty["value"].tolist() == base["value"].tolist()


def test_a_decision_on_an_item_the_fund_does_not_have_is_told(tmp_path):
    draft = drafted(tmp_path, row(item="subsidy_per_head", add=30, unit="元/年", start="2026-01"))
    told = [f for f in draft.findings.records() if f["id"] == "announced_not_applied"]
    assert [f["severity"] for f in told] == ["warning"]
