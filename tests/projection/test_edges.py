"""Odd histories, each of which once broke a draft."""

import numpy as np
import pytest

import sibforecast as sib
from sibforecast.errors import ScenarioError, SibError
from sibforecast.phrases import Teller
from tests.datasets import WAN, dataset

R, EP, CS, RP = "150100", "enterprise_pension", "civil_servant_pension", "resident_pension"
TWO = [("150000", "内蒙古自治区", "", "region"), ("150100", "呼和浩特市", "150000", "league"), ("150200", "包头市", "150000", "league")]


def series(programme, item, values, first=2023, region=R, unit=WAN, stage="final"):
    return [(region, programme, item, first + i, v, unit, stage) for i, v in enumerate(values)]


def drafted(tmp_path, rows, year=2026, **words):
    draft = sib.draft_budget(sib.load(dataset(tmp_path, rows, **words)), year)
    return draft, draft.frame[draft.frame["stage"] == "draft"].set_index("item")["value"]


def simple(programme=EP, region=R, years=3):
    return [
        *series(programme, "contribution_revenue", [100] * years, region=region),
        *series(programme, "benefit_expenditure", [90] * years, region=region),
        *series(programme, "closing_balance", [50 + 10 * i for i in range(years)], region=region),
    ]


def test_a_past_adjustment_does_not_lose_the_balance(tmp_path):
    _, got = drafted(tmp_path, [*simple(), *series(EP, "balance_adjustment", [5])])
    assert got["closing_balance"] == pytest.approx(80e4)


def test_an_area_one_year_behind_is_rolled_from_its_own_last_account(tmp_path):
    draft, _ = drafted(tmp_path, simple() + simple(region="150200", years=2), regions=TWO)
    late = draft.frame[(draft.frame["region"] == "150200") & (draft.frame["item"] == "closing_balance")]
    assert late.set_index("stage")["value"].to_dict() == pytest.approx({"final": 60e4, "expected": 70e4, "draft": 80e4})
    region = sib.roll_up(draft, "region").frame
    closing = region[(region["item"] == "closing_balance") & (region["stage"] == "draft")]["value"]
    assert closing.iloc[0] == pytest.approx(160e4)


def test_an_area_of_long_ago_is_left_out_and_said(tmp_path):
    old = series(EP, "contribution_revenue", [100, 100], first=2019, region="150200")
    draft, _ = drafted(tmp_path, simple() + old, regions=TWO)
    assert "150200" not in set(draft.frame["region"])
    notes = draft.findings.frame
    assert "150200" in set(notes.loc[notes["id"] == "not_drafted", "region"])


def test_a_closing_subsidy_that_was_never_paid_before(tmp_path):
    """Expenditure 130, revenue 100, balance 10: the treasury closes 20; the gap before filling is 30."""
    rows = [*series(CS, "contribution_revenue", [100] * 3), *series(CS, "benefit_expenditure", [130] * 3), *series(CS, "closing_balance", [70, 40, 10])]
    _, got = drafted(tmp_path, rows)
    assert got[["gap_subsidy", "fiscal_subsidy", "total_revenue", "gap"]].tolist() == pytest.approx([20e4, 20e4, 120e4, 30e4])
    assert got["closing_balance"] == pytest.approx(0, abs=0.005)


def test_an_unsplit_subsidy_of_government_staff_is_the_filling(tmp_path):
    rows = [*series(CS, "contribution_revenue", [100] * 3), *series(CS, "fiscal_subsidy", [30] * 3),
            *series(CS, "benefit_expenditure", [130] * 3), *series(CS, "closing_balance", [0] * 3)]  # fmt: skip
    draft, got = drafted(tmp_path, rows)
    assert got["gap"] == pytest.approx(30e4)
    final = draft.frame[(draft.frame["stage"] == "final") & (draft.frame["item"] == "gap")]
    assert final.empty
    assert "gap_filled_unknown" in set(draft.findings.frame["id"])


def test_a_partial_formula_does_not_replace_a_known_subsidy(tmp_path):
    rows = [
        *series(RP, "fiscal_subsidy", [9_100] * 3), *series(RP, "contributors", [100_000] * 3, unit="人"),
        *series(RP, "beneficiaries", [50_000] * 3, unit="人"), *series(RP, "subsidy_per_head", [70] * 3, unit="元/年"),
    ]  # fmt: skip
    _, got = drafted(tmp_path, rows)
    assert got["fiscal_subsidy"] == pytest.approx(9_100e4)


def test_a_lumped_benefit_total_stays_tied_to_its_level(tmp_path):
    """The total holds more than heads × level: the ratio is kept, and a raise costs what it should."""
    rows = [
        *series(EP, "beneficiaries", [70_000] * 3, unit="人"), *series(EP, "benefit_level", [2_900] * 3, unit="元/月"),
        *series(EP, "deaths", [1_500] * 3, unit="人"), *series(EP, "death_benefit", [45_000] * 3, unit="元"),
        *series(EP, "benefit_expenditure", [250_350] * 3),
    ]  # fmt: skip
    draft, got = drafted(tmp_path, rows)
    assert got["benefit_expenditure"] == pytest.approx(250_350e4)
    assert "death_expenditure" not in got.index  # no sub-line stands under a sum it does not make up
    raise_ = sib.Change(item="benefit_level", multiply=1.1, start="2026-01", decided_by="nation")
    reform = sib.project(draft.assumptions, sib.Scenario("r", raise_)).frame.set_index("item")["value"]
    assert reform["benefit_expenditure"] == pytest.approx(1.1 * 250_350e4)
    for item in ("deaths", "death_benefit"):  # the sum is heads × level × ratio: these do not move it, and that is said
        idle = sib.project(draft.assumptions, sib.Scenario("d", sib.Change(item=item, multiply=2, start="2026-01", decided_by="nation")))
        assert idle.frame.set_index("item")["value"]["benefit_expenditure"] == pytest.approx(250_350e4)
        assert idle.findings.frame[["id", "item"]].to_numpy().tolist() == [["no_effect", item]]
    assert "no_effect" not in set(sib.project(draft.assumptions, sib.Scenario("r", raise_)).findings.frame["id"])


def test_months_count_although_the_year_before_has_no_account(tmp_path):
    rows = [*series(EP, "contribution_revenue", [100, 100]), (R, EP, "contribution_revenue", "2026-09", 225, WAN, "executed")]
    draft, _ = drafted(tmp_path, rows, year=2027)
    expected = draft.frame[draft.frame["stage"] == "expected"].set_index("item")["value"]
    assert expected["contribution_revenue"] == pytest.approx(300e4)


def test_a_total_entered_for_a_fund_of_totals_is_used(tmp_path):
    rows = [*series(EP, "total_revenue", [100, 110, 120]), *series(EP, "total_expenditure", [90, 95, 99]),
            *series(EP, "total_revenue", [210], first=2026, stage="draft")]  # fmt: skip
    _, got = drafted(tmp_path, rows)
    assert got["total_revenue"] == 210e4


def test_expected_is_the_final_account_where_there_is_one(tmp_path):
    rows = simple() + series(EP, "beneficiaries", [72_000, 73_000, 76_000], unit="人")
    draft, _ = drafted(tmp_path, rows)
    year = draft.frame[draft.frame["period"] == "2025"].pivot_table(index="item", columns="stage", values="value", observed=True)
    both = year.dropna()
    assert {"total_revenue", "gap", "opening_balance", "beneficiaries_average"} <= set(both.index)
    assert np.allclose(both["final"], both["expected"])


def test_the_method_names_the_identity_that_was_used(tmp_path):
    draft, _ = drafted(tmp_path, simple())
    row = draft.frame[(draft.frame["stage"] == "draft") & (draft.frame["item"] == "contribution_revenue")]
    assert row["method"].iloc[0].startswith("forecast:")


def test_drivers_that_contradict_their_line_are_said(tmp_path):
    rows = [
        *series(EP, "contributors", [60_000] * 3, unit="人"), *series(EP, "contribution_base", [5_000] * 3, unit="元/月"),
        *series(EP, "contribution_rate", [24] * 3, unit="%"), *series(EP, "collection_rate", [95] * 3, unit="%"),
        *series(EP, "contribution_revenue", [60_000 * 5_000 * 12 * 0.24 * 0.95 / 1e4] * 2 + [123_120]),
    ]  # fmt: skip
    draft, _ = drafted(tmp_path, rows)
    found = draft.findings.frame
    assert found.loc[found["id"] == "drivers_contradict_line", ["item", "period"]].to_numpy().tolist() == [["contribution_revenue", "2025"]]
    clean, _ = drafted(tmp_path / "clean", [*rows[:-1], (*rows[-1][:4], rows[-2][4], WAN, "final")])
    assert "drivers_contradict_line" not in set(clean.findings.frame["id"])


def test_a_balance_that_does_not_roll_is_said(tmp_path):
    rows = [r for r in simple() if r[2] != "closing_balance"] + series(EP, "closing_balance", [50, 60, 95])
    rows += series(EP, "total_revenue", [100] * 3) + series(EP, "total_expenditure", [90] * 3)
    draft, _ = drafted(tmp_path, rows)
    assert "balance_does_not_roll" in set(draft.findings.frame["id"])


def test_a_city_level_own_unit_pays_as_the_city(tmp_path):
    regions = [*TWO[:2], ("150199", "市本级", "150100", "county")]
    rows = [("150199", EP, i, y, v, WAN, "final") for y in (2024, 2025) for i, v in (("contribution_revenue", 100), ("benefit_expenditure", 120))]
    draft, _ = drafted(tmp_path, rows, regions=regions)
    bill = sib.share(draft, sib.read_rules("nmg_2016.toml")).frame
    assert bill.groupby("payer")["value"].sum().to_dict() == pytest.approx({"region": 12e4, "league": 8e4})
    assert set(sib.roll_up(draft, "county").frame["region"]) == {"150199"}
    assert set(sib.roll_up(draft, "league").frame["region"]) == {"150100"}


def test_a_debt_earns_no_interest(tmp_path):
    rows = [*simple()[:6], *series(EP, "closing_balance", [-10, -20, -30]), *series(EP, "interest", [1, 1, 1])]
    _, got = drafted(tmp_path, rows)
    assert got["interest"] >= 0


def test_a_fund_that_exists_nowhere_is_refused_and_idle_months_are_said(tmp_path):
    draft, _ = drafted(tmp_path, simple())
    typo = sib.Change(item="contribution_revenue", multiply=1.1, start="2026-01", decided_by="nation", programme="enterprise_pensions")
    with pytest.raises(ScenarioError, match="did you mean 'enterprise_pension'"):
        sib.project(draft.assumptions, sib.Scenario("t", typo))
    late = sib.Change(item="contribution_revenue", multiply=1.1, start="2030-07", decided_by="nation", programme="企业养老")
    found = sib.project(draft.assumptions, sib.Scenario("l", late)).findings
    assert found.frame["id"].tolist() == ["no_effect"]
    assert found.lines("warning") == [
        "warning no_effect: scenario [contribution_revenue]: the change 'contribution_revenue ×1.1' of 'l' starts in 2030-07, after the years projected, 2026: "
        "it has no effect; mend: draft that year, project more years, or change the start"
    ]
    assert Teller("zh").text(found.frame["message"].iloc[0], "no_effect").endswith("自2030-07起执行，晚于测算年度（2026），不起作用")
    lost = sib.Change(item="average_wage", multiply=1.1, start="2026-01", decided_by="nation", programme="企业养老")
    told = sib.project(draft.assumptions, sib.Scenario("n", lost)).findings.frame["message"].tolist()
    assert told == ["the change 'average_wage ×1.1' of 'n' finds no average_wage in enterprise_pension: it has no effect"]


def test_a_change_of_nothing_is_said(tmp_path):
    draft, _ = drafted(tmp_path, simple())
    same = sib.Change(item="contribution_revenue", multiply=1.0, start="2026-01", decided_by="nation")
    assert sib.project(draft.assumptions, sib.Scenario("same", same)).findings.frame["id"].tolist() == ["no_effect"]


def test_a_filled_in_template_is_never_overwritten(tmp_path):
    path = sib.template(tmp_path / "mine.xlsx")
    with pytest.raises(SibError, match="may be filled in"):
        sib.template(path)


def test_explain_agrees_with_a_rolled_up_frame(nmg_draft):
    region = sib.roll_up(nmg_draft, "region")
    told = sib.explain(region, "150000", EP, "total_revenue").frame
    shown = region.frame[(region.frame["programme"] == EP) & (region.frame["item"] == "total_revenue") & (region.frame["stage"] == "draft")]
    assert told["value"].iloc[0] == pytest.approx(shown["value"].iloc[0])
    assert told["value"].iloc[1:].sum() == pytest.approx(told["value"].iloc[0])


def test_a_balance_that_ends_below_nothing_is_told(tmp_path):
    """100 in, 150 out, 20 in hand: 30 are missing."""
    rows = [*series(EP, "contribution_revenue", [100] * 3), *series(EP, "benefit_expenditure", [150] * 3),
            *series(EP, "closing_balance", [120, 70, 20])]  # fmt: skip
    draft, values = drafted(tmp_path, rows)
    assert values["closing_balance"] == pytest.approx(-30e4)
    told = draft.findings.frame.query("id == 'balance_below_nothing'").iloc[0]
    assert told["found"] == "-300,000.00 after an opening balance of 200,000.00"
    assert draft.balance["open"].iloc[0] == pytest.approx(30e4)
