"""Flows between levels, months of part of the figures, and areas of several kinds side by side."""

import numpy as np
import pytest

import sibforecast as sib
from sibforecast.errors import DataError, ScenarioError, SibError
from tests.datasets import WAN, dataset

EP, WI = "enterprise_pension", "work_injury"
OWN = [("1", "区", "", "region"), ("10", "区本级", "1", "league"), ("11", "甲市", "1", "league")]
PLAIN = [("1", "区", "", "region"), ("11", "甲市", "1", "league"), ("12", "乙市", "1", "league")]


def account(region, programme, year, stage="final", **lines):
    return [(region, programme, item, year, value, WAN, stage) for item, value in lines.items()]


def load(folder, rows, regions=PLAIN, assumptions=(), **tables):
    return sib.load(dataset(folder, rows, assumptions, regions, **tables))


def figures(result, region, stage="draft", programme=None):
    frame = result.frame[(result.frame["region"] == region) & (result.frame["stage"] == stage)]
    frame = frame if programme is None else frame[frame["programme"] == programme]
    frame = frame[frame["period"].astype(str) == frame["period"].astype(str).max()]
    return frame.set_index("item")["value"]


def injury(region, k=1, years=(2023, 2024, 2025)):
    return [r for i, y in enumerate(years) for r in account(
        region, WI, y, contribution_revenue=100 * k, total_revenue=100 * k, benefit_expenditure=60 * k, total_expenditure=60 * k,
        closing_balance=500 * k + 40 * k * i)]  # fmt: skip


def test_an_own_level_with_nothing_but_flows_between_levels(tmp_path):
    """What the city remits and receives doubles inside the region: no area's identity breaks, the region's gap stays."""
    rows = []
    for i, year in enumerate((2023, 2024, 2025)):
        a, b, c, e = (round(v * 1.1**i, 2) for v in (200, 150, 900, 800))
        rows += account("11", EP, year, contribution_revenue=c, upper_grant=b, gap_grant=0, gap_subsidy=0, total_revenue=round(c + b, 2),
                        benefit_expenditure=e, upper_remittance=a, total_expenditure=round(e + a, 2), closing_balance=5000)  # fmt: skip
        rows += account("10", EP, year, lower_remittance=a, gap_subsidy=0, gap_grant=0, total_revenue=a, lower_grant=b,
                        total_expenditure=b, closing_balance=300)  # fmt: skip
    draft = sib.draft_budget(load(tmp_path, rows, OWN), 2026)
    changes = [sib.Change(item=i, multiply=m, start="2026-01", decided_by="region") for i, m in (("upper_remittance", 2), ("upper_grant", 1.5))]
    reform = sib.project(draft.assumptions, sib.Scenario("s", *changes))
    own = figures(reform, "10")
    assert own["total_revenue"] == own["lower_remittance"]
    assert own["total_expenditure"] == own["lower_grant"]
    before, after = (figures(sib.roll_up(p, "region"), "1") for p in (sib.project(draft.assumptions), reform))
    for item in ("gap", "total_revenue", "total_expenditure"):
        assert after[item] == pytest.approx(before[item])


def test_a_gap_filled_inside_the_tree_is_filled_by_its_own_money(tmp_path):
    """The city's gap of 100 is granted by the region: the region as a whole spends 1000 and takes 920."""
    rows = []
    for i, year in enumerate((2023, 2024, 2025)):
        rows += account("11", EP, year, contribution_revenue=900, upper_grant=100, gap_grant=100, gap_subsidy=0, fiscal_subsidy=0,
                        total_revenue=1000, benefit_expenditure=1000, total_expenditure=1000, closing_balance=50)  # fmt: skip
        rows += account("10", EP, year, interest=20, gap_grant=0, gap_subsidy=0, total_revenue=20, lower_grant=100,
                        total_expenditure=100, closing_balance=5000 - 80 * i)  # fmt: skip
    region = sib.roll_up(sib.draft_budget(load(tmp_path, rows, OWN), 2026), "region")
    final = figures(region, "1", "final")
    assert final["gap"] == pytest.approx(80e4)
    assert final["gap_grant"] == final["upper_grant"] == 0.0
    assert final["total_revenue"] == pytest.approx(920e4)
    assert final.get("revenue_before_filling", 920e4) == pytest.approx(920e4)


def test_months_of_a_total_count_though_the_accounts_have_lines(tmp_path):
    """90 spent by June, no earlier months: 180 by twelfths, not the 60 of the lines' trend."""
    draft = sib.draft_budget(load(tmp_path, [*injury("11"), ("11", WI, "total_expenditure", "2026-06", 90, WAN, "executed")]), 2027)
    expected = figures(draft, "11", "expected")
    assert expected["total_expenditure"] == pytest.approx(180e4)
    assert "benefit_expenditure" not in expected.index
    assert figures(draft, "11")["opening_balance"] == pytest.approx((580 + 100 - 180) * 1e4)
    assert "total_without_lines" in set(draft.findings.frame["id"])


def test_lines_of_one_area_are_not_the_lines_of_all(tmp_path):
    """12 publishes totals only: the region's lines are blank, its reserve 12 × 1800 ÷ 300."""
    rows = injury("11")
    rows += [r for y in (2023, 2024, 2025) for r in account("11", WI, y, interest=0, revenue_subtotal=100, expenditure_subtotal=60)]
    for i, y in enumerate((2023, 2024, 2025)):
        rows += account("12", WI, y, total_revenue=300, total_expenditure=240, closing_balance=1000 + 60 * i)
    draft = sib.draft_budget(load(tmp_path, rows), 2026)
    region = sib.roll_up(draft, "region")
    got = figures(region, "1")
    assert not {"contribution_revenue", "revenue_subtotal", "benefit_expenditure", "expenditure_subtotal"} & set(got.index)
    assert got["total_revenue"] == pytest.approx(400e4)
    assert got["months_payable"] == pytest.approx(got["closing_balance"] * 12 / got["total_expenditure"])
    assert "partial_sum" in set(region.findings.frame["id"])
    assert draft.summary()["gap"].isna().all()  # 12's gap is unknown: so is the fund's
    assert sib.project(draft.assumptions).summary().isna().all().all()
    assert np.isnan(sib.explain(draft, "1", WI, "gap").frame["value"].iloc[0])
    bill = sib.share(draft, sib.read_rules("nmg_2016"))
    assert bill.findings.frame[["id", "region"]].to_numpy().tolist() == [["gap_unknown", "12"]]


@pytest.mark.parametrize("turned", [False, True])
def test_a_countys_own_months_stand_and_the_league_shares_the_rest(tmp_path, turned):
    """League 480 a year by twelfths, county 111 120 by its own: 360 are left for 112, whatever the order of rows."""
    regions = [("1", "区", "", "region"), ("11", "甲市", "1", "league"), ("111", "甲县", "11", "county"), ("112", "乙县", "11", "county")]
    months = [("11", WI, "contribution_revenue", "2026-06", 240, WAN, "executed"), ("111", WI, "contribution_revenue", "2026-06", 60, WAN, "executed")]
    months.append(("11", WI, "other_revenue", "2026-06", 5, WAN, "executed"))
    rows = injury("111") + injury("112", 2)
    draft = sib.draft_budget(load(tmp_path, rows + (months[::-1] if turned else months), regions), 2027)
    assert [figures(draft, r, "expected")["contribution_revenue"] for r in ("111", "112")] == pytest.approx([120e4, 360e4])
    told = draft.findings.frame
    assert told.loc[told["id"] == "months_not_used", ["region", "item"]].to_numpy().tolist() == [["11", "other_revenue"]]


def test_judgement_that_meets_nothing_is_said(tmp_path):
    regions = [*PLAIN, ("111", "甲县", "11", "county")]
    give = [("contribution_revenue", 2026, 5, WAN, "111", WI, "", "a"), ("contribution_revenue", 2062, 5, WAN, "11", WI, "", "a"),
            ("contribution_revenue", 2026, 5, WAN, "11", EP, "", "a"), ("contribution_revenue", 2026, 150, WAN, "11", WI, "", "a")]  # fmt: skip
    deposits = (("region", "programme", "kind", "bank", "balance", "unit", "rate", "start", "term_months"),
                [("1", WI, "定期", "甲", 1500, WAN, "5.1%", "2025-01", 36)])  # fmt: skip
    draft = sib.draft_budget(load(tmp_path, injury("11"), regions, give, deposits=deposits), 2026)
    told = draft.findings.frame
    idle = told[told["id"] == "not_used"]
    assert idle[["table", "row"]].to_numpy().tolist() == [["assumptions", 2], ["assumptions", 3], ["assumptions", 4], ["deposits", 2]]
    assert figures(draft, "11")["contribution_revenue"] == pytest.approx(150e4)


@pytest.mark.parametrize("item", ["closing_balance", "gap", "months_payable"])
def test_a_result_is_not_judged(tmp_path, item):
    give = [(item, 2026, 5, "months" if item == "months_payable" else WAN, "11", WI, "", "a")]
    with pytest.raises(DataError) as told:
        sib.draft_budget(load(tmp_path, injury("11"), PLAIN, give), 2026)
    assert told.value.findings.frame["id"].tolist() == ["result_not_assumed"]


def test_a_county_under_the_region_stands_for_itself(tmp_path):
    regions = [("1", "区", "", "region"), ("13", "省管县", "1", "county"), ("11", "甲市", "1", "league")]
    rows = [r for y in (2024, 2025) for region, k in (("13", 1), ("11", 3)) for r in account(
        region, EP, y, contribution_revenue=100 * k, gap_subsidy=0, gap_grant=0, total_revenue=100 * k, benefit_expenditure=160 * k,
        total_expenditure=160 * k, closing_balance=5000)]  # fmt: skip
    draft = sib.draft_budget(load(tmp_path, rows, regions), 2026)
    assert set(sib.roll_up(draft, "league").frame["region"]) == {"13", "11"}
    rules = sib.read_rules("nmg_2016")
    bill = sib.share(draft, rules).frame
    assert bill[bill["region"] == "13"].set_index("payer")["value"].to_dict() == pytest.approx({"region": 36e4, "county": 24e4})
    graded = sib.share(draft, rules, assessments={"甲市": 0.9}).frame
    assert graded[graded["class"] == "C2"].set_index("payer")["value"].to_dict() == pytest.approx({"region": -10.8e4, "league": 10.8e4})
    with pytest.raises(SibError, match="unknown area"):
        sib.share(draft, rules, assessments={"丙市": 0.9})


def test_a_late_neighbour_moves_no_figure_of_an_area(tmp_path):
    def pension(region, years):
        rows = []
        for i in range(years):
            rows += [(region, EP, "beneficiaries", 2022 + i, 1000 + 30 * i, "人", "final")]
            rows += account(region, EP, 2022 + i, contribution_revenue=4000 + 300 * i, interest=80 + i, benefit_expenditure=3900 + 350 * i,
                            closing_balance=5000 + 100 * i)  # fmt: skip
        return rows

    alone = sib.draft_budget(load(tmp_path / "a", pension("11", 4)), 2026)
    both = sib.draft_budget(load(tmp_path / "b", pension("11", 4) + pension("12", 3)), 2026)
    for stage in ("final", "expected", "draft"):
        one, other = figures(alone, "11", stage), figures(both, "11", stage)
        assert set(one.index) <= set(other.index), stage
        exact = 1e-12 if stage != "draft" else 1e-4  # forecasts of areas are reconciled with each other
        assert np.allclose(one, other.reindex(one.index), rtol=exact, atol=exact * one["total_revenue"]), stage


def test_wrong_kinds_of_things_are_told_plainly(tmp_path):
    data = load(tmp_path, injury("11"))
    draft = sib.draft_budget(data, 2026)
    rules = sib.read_rules("nmg_2016")
    for call, words in (
        (lambda: sib.draft_budget("nmg", 2026), "takes a data set"), (lambda: sib.project(draft), "takes assumptions"),
        (lambda: sib.share(draft, "nmg_2016.toml"), "read_rules"), (lambda: sib.share(draft.projection, rules), "takes an attribution"),
        (lambda: sib.attribute(draft, draft), "and a projection"), (lambda: sib.explain(data, "11", WI, "gap"), "draft or a projection"),
        (lambda: sib.explain(draft, "11", WI, "gap", period="abc"), "must be a year"), (lambda: sib.explain(draft, "1", WI, "gap", period=1999), "no figures of 1999"),
    ):  # fmt: skip
        with pytest.raises(SibError, match=words):
            call()
    assert sib.explain(draft, "甲市", "工伤保险", "保险费收入").frame["value"].iloc[0] == pytest.approx(100e4)


@pytest.mark.parametrize(("words", "told"), [
    ({"set": 10.6, "item": "contribution_rate"}, "is a share"), ({"multiply": float("inf")}, "must be a number"), ({"regions": [150100]}, "codes in quotes"),
    ({"end": 2027}, "text in quotes"), ({"programme": 5}, "codes in quotes"), ({"known_at_budget": "perhaps"}, "true or false, yes or no"),
])  # fmt: skip
def test_slips_in_a_change_are_told(words, told):
    record = {"item": "contribution_revenue", "multiply": 1.1, "start": "2026-01", "decided_by": "nation", **words}
    if "set" in words:
        del record["multiply"]
    with pytest.raises(ScenarioError, match=told):
        sib.Change(**record)


def test_months_without_a_zero_are_the_same_months():
    short, long = (sib.Change(item="contribution_revenue", multiply=1.1, start=s, end="2026-12", decided_by="nation") for s in ("2026-7", "2026-07"))
    assert short == long


def test_another_currency_and_a_blank_title_are_refused(tmp_path):
    draft = sib.draft_budget(load(tmp_path, injury("11")), 2026)
    dollars = sib.Change(item="contribution_revenue", add=1, unit="USD m", start="2026-01", decided_by="nation")
    with pytest.raises(ScenarioError, match="is USD, the data set's money is yuan"):
        sib.project(draft.assumptions, sib.Scenario("s", dollars))
    with pytest.raises(ScenarioError, match="needs a title"):
        sib.Scenario("", dollars)


def test_scenarios_in_one_attribution_are_not_added_up(tmp_path):
    draft = sib.draft_budget(load(tmp_path, injury("11")), 2026)
    packages = [sib.Scenario(t, sib.Change(item="benefit_expenditure", multiply=m, start="2026-01", decided_by="nation")) for t, m in (("a", 2), ("b", 3))]
    told = sib.attribute(draft, sib.run_scenarios(draft.assumptions, packages)).headline()
    assert "a: gap -0.00 → 0.00" in told
    assert "b: gap -0.00 → 0.01" in told
