"""Every shipped preset on small funds, worked by hand, in 万元.

Enterprise pension (`tests.datasets`): 120,000 employed × 5,500 × 12 = 792,000 wages × 24 % = 190,080 assessed
× 98 % = 186,278.40 collected; flexible 47,424; arrears 1,500; revenue 237,502.40; pensions 71,500 × 2,972.50 × 12
= 255,040.50; interest 1,215; grant 71,500 × 6,200 = 44,330; remitted 48,438; gap 3,441.10.
Beside it, in 2027: unemployment 130,000 × 5,800 × 12 × 1 % × 98.5 % = 8,912.28, benefits 20,160 × 2,156.50 = 4,347.504;
work injury 100,000 × 5,500 × 12 × 0.5 % = 3,300; residents' pensions 60,000 × 160 × 12 = 11,520, their subsidy
162,000 × 60 + 60,000 × 143 × 12 = 11,268; residents' medical 500,000 × 400 = 20,000 and × 700 = 35,000;
employees' medical 1,000,000 × 0.2 × 9,000 × 75 % = 135,000.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from tests import datasets

EP, RP, RM, EM, WI, UI = (
    "enterprise_pension", "resident_pension", "resident_medical", "employee_medical", "work_injury", "unemployment",
)  # fmt: skip
RATE = 792_000 * 0.98  # what a contribution rate of 100 % would collect

#: By how much lines of 2027 move.
BY_HAND = {
    # one point for 8 of 12 months
    "rate_cut": {(EP, "contribution_revenue"): -RATE * 0.01 * 8 / 12, (EP, "gap"): 5_174.40},
    "rate_cut_injury": {(WI, "contribution_revenue"): -3_300 * 0.2 * 8 / 12},  # −440
    # 120,000 × 59.40 × 12 × 24 % × 98 %; 130,000 × 59.40 × 12 × 1 % × 98.5 %
    "base_floor_ceiling": {(EP, "contribution_revenue"): 2_011.80672, (UI, "contribution_revenue"): 91.27404},
    # from July: the average +1 %, both groups; the closing stock +2 %
    "coverage_expansion": {
        (EP, "contribution_revenue"): (186_278.40 + 47_424) * 0.01, (UI, "contribution_revenue"): 89.1228,
        (WI, "contribution_revenue"): 33.00, (EP, "insured_active"): 0.44,
    },
    # nine months: collection 98.375 %, contributors 80.75 % of the insured, ×1.009375 in both groups:
    # 190,080 × 1.009375 × 0.98375 = 188,744.2425; 47,424 × 1.009375 = 47,868.60
    "collection_campaign": {(EP, "contribution_revenue"): 188_744.2425 + 47_868.60 - 186_278.40 - 47_424},
    "arrears_recovery": {(EP, "contribution_revenue"): 1_500 * 0.3, (EP, "gap"): -450},
    "back_payments": {(EP, "contribution_revenue"): 50, (EP, "gap"): -50},
    # pensions: 12.8 points for 3 months and 9.6 for 2 = 3.2 + 1.6 points a year;
    # unemployment ×0.6 for 3 months and ×0.7 for 2: −(0.4 × 3 + 0.3 × 2) / 12 = −15 %; injury −(0.8 × 3 + 0.6 × 2) / 12 = −30 %
    "exemption": {
        (EP, "contribution_revenue"): -RATE * 0.048, (UI, "contribution_revenue"): -8_912.28 * 0.15,
        (WI, "contribution_revenue"): -3_300 * 0.30,
    },
    "deferral": {(EP, "contribution_revenue"): -100, (EP, "gap"): 100},
    # 2,972.50 × 0.5 % + 25 + 28 + 6 = 73.8625 yuan × 71,500 × 12; paid in July, due from January: the whole year
    "benefit_adjustment": {(EP, "pension_expenditure"): 6_337.4025, (EP, "gap"): 6_337.4025},
    # 15 + 8 + 5 = 28 yuan × 60,000 × 12, paid by those who decided it
    "basic_pension_minimum": {(RP, "pension_expenditure"): 2_016, (RP, "fiscal_subsidy"): 2_016, (RP, "gap"): 0},
    # 4,500 × (1 − 8.75/12) = 1,218.75 fewer, on the average 609.375 × 2,972.50 × 12 and × 6,200 of grant;
    # 7.5 cohort months wait: 4.5 % × 7.5 / 12 × 80 % = 2.25 % more contributors
    "retirement_age": {
        (EP, "new_beneficiaries"): -0.121875, (EP, "pension_expenditure"): -2_173.640625, (EP, "upper_grant"): -377.8125,
        (EP, "contribution_revenue"): 186_278.40 * 0.0225, (EP, "gap"): -2_173.640625 + 377.8125 - 4_191.264,
    },
    # 500,000 × (20 + 10), 500,000 × 20
    "subsidy_standard": {(RM, "fiscal_subsidy"): 1_500, (RM, "contribution_revenue"): 1_000, (RM, "gap"): -2_500},
    "pooling_upgrade": {
        (UI, "upper_remittance"): 100, (UI, "upper_grant"): 80, (UI, "gap"): 20, (UI, "closing_balance"): -20 - 200,
    },
    "national_pooling": {(EP, "upper_remittance"): 4_843.80, (EP, "upper_grant"): 2_216.50, (EP, "gap"): 2_627.30},
    "interest": {(EP, "interest"): -1_215 * 0.15},
    "entrusted_investment": {(EP, "investment_return"): 30, (EP, "total_revenue"): 30, (RP, "gap"): -30},
    "medical_payment_reform": {(EM, "inpatient_cost"): -180_000 * 0.03, (EM, "medical_expenditure"): 90_000 - 135_000},
    # a fifth more for ten months: 4,347.504 × 0.2 × 10 / 12
    "unemployment_extension": {(UI, "unemployment_expenditure"): 724.584, (UI, "non_benefit_expenditure"): 40},
    # a tenth less for three months: 2.5 %
    "force_majeure": {
        (EP, "contribution_revenue"): -186_278.40 * 0.025, (UI, "contribution_revenue"): -222.807, (WI, "contribution_revenue"): -82.50,
    },
    "local_policy": {(EP, "pension_expenditure"): 71_500 * 15 * 9 / 1e4},  # 965.25
    # nothing is known of earlier wages: elasticity one, both groups' bases +2 %
    "wage_growth": {(EP, "contribution_revenue"): (186_278.40 + 47_424) * 0.02},
    "raise_pensions": {(EP, "pension_expenditure"): 255_040.50 * 0.02 * 6 / 12},
}  # fmt: skip
ELSEWHERE = {"central_adjustment_2018", "demo_nmg", "payroll_tax"}


@pytest.fixture(scope="module")
def draft(tmp_path_factory):
    path = datasets.enterprise_pension(tmp_path_factory.mktemp("small"), 2027, datasets.SMALL_FUNDS)
    return sib.draft_budget(sib.load(path), 2027)


def values(projection, year="2027"):
    frame = projection.frame
    rows = frame[frame["period"] == year]
    return dict(zip(zip(rows["programme"].astype(str), rows["item"].astype(str), strict=True), rows["value"], strict=True))


@pytest.mark.parametrize("name", BY_HAND)
def test_a_preset_by_hand_to_the_cent(draft, name):
    before, after = values(sib.project(draft.assumptions)), values(sib.project(draft.assumptions, sib.read_scenario(name)))
    for key, expected in BY_HAND[name].items():
        assert (after[key] - before.get(key, 0.0)) / 1e4 == pytest.approx(expected, abs=5e-7), key


@pytest.mark.parametrize("name", BY_HAND)
def test_a_preset_moves_only_its_own_funds(draft, name):
    scenario = sib.read_scenario(name)
    before, after = values(sib.project(draft.assumptions)), values(sib.project(draft.assumptions, scenario))
    for key, value in before.items():
        if not any(c.concerns(key[0]) for c in scenario.changes):
            assert after[key] == value


def test_the_central_adjustment_in_2019(tmp_path):
    """6,500 × 12 × 90 % × 230,000 × 3.5 % = 56,511.00 instead of the example's 3 %, 48,438.00."""
    draft = sib.draft_budget(sib.load(datasets.enterprise_pension(tmp_path, 2019)), 2019)
    reform = sib.project(draft.assumptions, sib.read_scenario("central_adjustment_2018"), years=3)
    for year, wan in (("2019", 56_511.00), ("2020", 64_584.00), ("2021", 72_657.00)):
        value = values(reform, year)[EP, "upper_remittance"] / 1e4
        grown = values(sib.project(draft.assumptions, years=3), year)[EP, "upper_remittance"] / 48_438e4  # wage and heads as forecast
        assert value == pytest.approx(wan * grown, abs=1e-6)
    assert values(reform, "2019")[EP, "upper_remittance"] == pytest.approx(56_511e4, abs=0.004)


def test_all_presets_are_worked_by_hand_or_elsewhere():
    assert set(sib.presets()["name"]) == {*BY_HAND, *ELSEWHERE}


def test_presets_have_a_head_a_reference_and_one_line_of_explanation():
    table = sib.presets()
    assert (table["title"].str.len() > 4).all()
    for name in table["name"]:
        scenario = sib.read_scenario(name)
        assert scenario.author == "sibforecast preset"
        assert scenario.reference
        assert "\n" not in scenario.explanation
        assert len(scenario.explanation) > 40
        assert all(c.id and c.decided_by for c in scenario.changes), name
        assert len(set(scenario.causes())) == len({(c.id, c.programme) for c in scenario.changes}) == len(scenario.changes)
        if name not in ELSEWHERE | {"raise_pensions"}:  # told by the items it moves
            assert any(c.item in scenario.explanation for c in scenario.changes), name


def test_layers_of_a_basic_pension_stand_with_their_deciders(draft):
    """60,000 × 12 × (15, 8, 5) = 1,080, 576, 360, and the same paid by each layer's treasury."""
    causes = sib.attribute(draft, sib.project(draft.assumptions, sib.read_scenario("basic_pension_minimum"))).frame
    got = causes[causes["kind"] == "policy"].groupby(["decided_by", "side"])["value"].sum() / 1e4
    for who, wan in (("nation", 1_080), ("region", 576), ("league", 360)):
        assert got[who, "expenditure"] == pytest.approx(wan)
        assert got[who, "revenue"] == pytest.approx(-wan)


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("rate_cut", "revenue"), ("base_floor_ceiling", "revenue"), ("coverage_expansion", "revenue"), ("deferral", "revenue"),
        ("arrears_recovery", "revenue"), ("exemption", "revenue"), ("force_majeure", "revenue"), ("interest", "revenue"),
        ("subsidy_standard", "revenue"), ("benefit_adjustment", "expenditure"), ("local_policy", "expenditure"),
        ("medical_payment_reform", "expenditure"), ("unemployment_extension", "expenditure"),
    ],
)  # fmt: skip
def test_the_side_a_preset_falls_on(draft, name, side):
    causes = sib.attribute(draft, sib.project(draft.assumptions, sib.read_scenario(name))).frame
    assert set(causes.loc[causes["kind"] != "budget", "side"]) == {side}


@pytest.mark.parametrize(
    ("name", "treat"),
    [("force_majeure", "shared"), ("local_policy", "local"), ("raise_pensions", "shared"), ("deferral", "pending"), ("rate_cut", "pending")],
)
def test_how_the_rules_of_2015_treat_a_preset(draft, name, treat):
    pooling = pd.DataFrame([{"programme": EP, "level": "region", "start": "2009-10", "end": "", "region": ""}])
    scenario = sib.read_scenario(name)
    causes = sib.attribute(draft, sib.project(draft.assumptions, scenario))
    bill = sib.share(causes, sib.read_rules("nmg_2016"), pooling=pooling).frame
    mine = bill[(bill["programme"] == EP) & bill["cause"].isin([c.cause for c in scenario.changes])]
    assert set(mine["treat"]) == {treat}


@pytest.mark.parametrize("name", sorted({*BY_HAND} - {"central_adjustment_2018"}))
def test_presets_suit_the_illustrative_sample(nmg_draft, name):
    """No preset warns of itself there, and each changes what it names."""
    reform = sib.project(nmg_draft.assumptions, sib.read_scenario(name))
    own = reform.findings.frame
    assert own[(own["table"] == "scenario") & (own["severity"] != "note")].empty
    assert {c.cause for c in sib.read_scenario(name).changes if c.start < "2028"} == set(reform.audit["change"])


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(BY_HAND)),
    league=st.sampled_from(["150100", "150300", "150600", "150700", "152200", "152900", "150902", "150421"]),
)  # fmt: skip
def test_a_preset_changes_nothing_outside_its_areas_and_funds(nmg_draft, name, league):
    """Fitted to a league or county, only it moves, and the upper level's side of what is sent or got."""
    scenario = sib.levers.refit(sib.read_scenario(name), regions=(league,))
    inside = {league, *nmg_draft.source.regions.below(league), "150099"}
    base, reform = (sib.project(nmg_draft.assumptions, s, years=2) for s in (None, scenario))
    for code, path in base.paths[""].items():
        other = reform.paths[scenario.title][code]
        outside = np.array([a not in inside for a in path.basis.areas])
        touched = any(c.concerns(code) for c in scenario.changes)
        for year in base.years:
            for item in path.years[year].items():
                one, two = path.value(item, year)[:, 0], other.value(item, year)[:, 0]
                assert one[outside].tobytes() == two[outside].tobytes(), (code, item)
                if not touched:
                    assert one.tobytes() == two.tobytes()
