"""`benefit_stock`: expected deaths against exits, levels against peers and standards, grounds of spending."""

import json

import jsonschema
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from tests.datasets import WAN, dataset

EP = "enterprise_pension"
REGIONS = [("150000", "内蒙古自治区", "", "region"), *((f"15{i:02d}00", f"盟{i}", "150000", "league") for i in range(1, 9))]
POLICY = ("item", "start", "id", "programme", "regions", "add", "multiply", "unit", "end", "decided_by", "known_at_budget")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Eight leagues of 10,000 and 10,200 paid, 200 dead and gone of each; three with something of their own."""
    rows = []
    for i in range(1, 9):
        area = f"15{i:02d}00"
        exits = {1: 100}.get(i, 210)
        level = {2: 3_300, 3: 3_400, 7: 3_245}.get(i, 3_090)
        figures = {"new_beneficiaries": 200 + exits, "beneficiary_exits": exits, "deaths": {1: 90}.get(i, 202)}
        rows += [(area, EP, "beneficiaries", 2024, 10_000, "人", "final"), (area, EP, "benefit_level", 2024, 3_000, "元/月", "final"),
                 (area, EP, "beneficiaries", 2025, {4: 10_300}.get(i, 10_200), "人", "final"),
                 (area, EP, "benefit_level", 2025, level, "元/月", "final"), (area, EP, "pension_expenditure", 2025, 38_000, WAN, "final"),
                 (area, EP, "benefit_standard", 2025, {5: 3_100}.get(i, 3_000), "元/月", "final")]  # fmt: skip
        rows += [(area, EP, item, 2025, v, "人", "final") for item, v in figures.items()]
    policies = [
        ("benefit_level", "2025-01", "own", EP, "150300,150700", 150, "", "元/月", "", "league", "true"),
        ("pension_expenditure", "2025-07", "more", EP, "150600", "", 1.02, "", "", "county", "true"),
        ("pension_expenditure", "2025-03", "gift", EP, "150600", 10, "", WAN, "2025-05", "county", "true"),
        ("benefit_level", "2025-01", "nation", EP, "*", "", 1.03, "", "", "nation", "true"),
    ]
    path = dataset(tmp_path_factory.mktemp("b"), rows, regions=REGIONS, policies=(POLICY, policies))
    return sib.benefit_stock(sib.load(path), 2025)


def row_of(made, region):
    return made.frame.set_index("region").loc[region]


def test_exits_that_are_missing(made):
    """Peers' deaths 202 ÷ 10,100 = 2 %; 202 expected, less 3 × √202 = 42.6: 159.4 at least; 100 recorded: 102 missing.

    Of them 102 × 3,090 × 12 = 3,782,160 a year. The 90 deaths recorded do not hide it.
    """
    row = row_of(made, "150100")
    assert row["expected_deaths"] == pytest.approx(202.0)
    assert row["fewest_exits"] == pytest.approx(202 - 3 * 202**0.5)
    assert row["missing_exits"] == pytest.approx(102.0)
    assert row["paid_after"] == pytest.approx(3_782_160.0)
    assert made.frame.set_index("region")["missing_exits"].drop("150100").eq(0).all()


def test_a_life_table_of_ones_own(made):
    """1 % of 10,100: 101 expected, so 100 exits are enough."""
    own = sib.benefit_stock(made.data, 2025, mortality={EP: 0.01})
    assert row_of(own, "150100")["expected_deaths"] == pytest.approx(101.0)
    assert row_of(own, "150100")["missing_exits"] == 0


def test_level_beyond_comparable_areas(made):
    """Others grow 3 %: 3,090 expected, 3,300 paid: 210 × 10,100 × 12 = 25,452,000. Where 3,400 are paid and 150 are the league's
    own decision, 310 − 150 = 160 are left, × 10,100 × 12 = 19,392,000. Where 3,245 are paid, 155 too many, and 150
    decided, the 5 left are within 3 % of 3,000."""
    assert row_of(made, "150200")["level_excess"] == pytest.approx(210.0)
    bare = made.local.query("policy == ''").set_index("region")["amount"]
    assert bare.to_dict() == pytest.approx({"150200": 25_452_000.0, "150300": 19_392_000.0})


def test_local_decisions_by_hand(made):
    """Own: 18,180,000. 2 % on a line for half a year: 38,000 × (1 − 1 ÷ 1.01) = 376.2376; 10 given within the year (10k yuan)."""
    told = made.local.query("policy != '' and region != '150700'").set_index("policy")
    assert told["amount"].to_dict() == pytest.approx({"own": 18_180_000.0, "more": 380_000_000 * (1 - 1 / 1.01), "gift": 100_000.0})
    assert told.loc["more", "amount"] / 1e4 == pytest.approx(376.2376, abs=1e-4)
    assert "nation" not in told.index


def test_findings_by_the_money_at_stake(made):
    """150300 level 37.6 m; 150200 25.5 m; 150100 exits 3.8 m; 150400 100 heads too many × 3,090 × 12 = 3.7 m; 150500 10 short of 3,100."""
    told = made.findings.frame
    assert told[["id", "region"]].to_numpy().tolist() == [
        ["level_above_peers", "150300"], ["level_above_peers", "150200"], ["exits_missing", "150100"],
        ["stock_does_not_roll", "150400"], ["below_standard", "150500"],
    ]  # fmt: skip


def test_status_is_what_is_found(made):
    told = made.frame.set_index("region")["status"]
    assert told[[f"150{i}00" for i in range(1, 7)]].tolist() == ["orange"] * 5 + ["green"]


def test_the_planted_level_of_the_draft_and_no_other(nmg):
    """The draft's level of 150622 is 30 % too high (4,912.73 for 3,779.02); Ordos' own top-up is its decision, not without ground."""
    made = sib.benefit_stock(nmg, 2027, stage="reported")
    assert made.local.query("policy == ''")[["region", "programme"]].to_numpy().tolist() == [["150622", EP]]
    own = made.local.query("policy == 'rp-ordos-2027-level'")
    assert (own["decided_by"] == "league").all()
    assert own["region"].str.startswith("1506").all()
    assert made.findings.frame["id"].tolist() == ["level_above_peers"]


def test_clean_accounts_have_no_finding(nmg):
    made = sib.benefit_stock(nmg, 2025)
    assert len(made.findings) == 0
    assert made.frame["missing_exits"].sum() == 0
    jsonschema.validate(json.loads(made.to_json()), sib.schema("BenefitStock"))
    assert "ILLUSTRATIVE" in repr(made)


def test_what_is_not_known_is_no_zero_in_the_headline(tmp_path, nmg):
    """One area with heads and level alone: no exits, no peers. In the sample three funds of four record exits: 309 of 412."""
    rows = [("150100", EP, "beneficiaries", 2025, 500, "人", "final"), ("150100", EP, "benefit_level", 2025, 1_500, "元/月", "final")]
    bare = sib.benefit_stock(sib.load(dataset(tmp_path, rows, regions=REGIONS)), 2025)
    assert bare.frame[["missing_exits", "level_excess"]].isna().all(axis=None)
    assert bare.headline() == ("2025: exits missing are not known (beneficiary_exits, and deaths of enough areas or mortality=, are needed); "
                               "spending without a ground is not known (levels of last year and of enough areas are needed)")  # fmt: skip
    assert "0 exits missing (of 309 of 412 areas and funds; of the rest not known)" in sib.benefit_stock(nmg, 2025).headline()


def test_faults(nmg):
    with pytest.raises(SibError) as fault:
        sib.benefit_stock(nmg, 2025, mortality={"pensions": 0.02, EP: 2.0})
    assert "unknown fund 'pensions'" in str(fault.value)
    assert "found 2.0" in str(fault.value)
    with pytest.raises(SibError, match="nobody is known"):
        sib.benefit_stock(nmg, 2040)
    with pytest.raises(SibError, match="2015: 31 areas and funds tell how many \\(beneficiaries\\), none what"):
        sib.benefit_stock(sib.load(sib.sample("provinces")), 2015)


def test_local_decisions_of_any_kind_are_listed(tmp_path):
    """284 yuan more for each of 1,500 deaths: 42.60 (10k yuan); 10 % more from July on a line of 210: 210 × (1 − 1 ÷ 1.05) = 10;
    a rate of reimbursement moves no line by itself: listed, its amount to be entered. Contributions are no spending."""
    a, med = "150100", "employee_medical"
    rows = [(a, EP, "deaths", 2025, 1_500, "人", "final"), (a, EP, "death_benefit", 2025, 47_564, "元/例", "final"), (a, EP, "total_expenditure", 2025, 9_000, WAN, "final"),
            (a, EP, "beneficiaries", 2025, 10_000, "人", "final"), (a, EP, "benefit_level", 2025, 3_000, "元/月", "final"),
            (a, med, "medical_expenditure", 2025, 210, WAN, "final"), (a, med, "total_expenditure", 2025, 210, WAN, "final")]  # fmt: skip
    policies = [
        ("death_benefit", "2025-01", "l2", EP, "*", 284, "", "元/例", "", "league", "true"),
        ("medical_expenditure", "2025-07", "more", med, "*", "", 1.1, "", "", "county", "true"),
        ("pooled_pay_rate", "2025-01", "rate", med, "*", 0.05, "", "", "", "league", "true"),
        ("contribution_rate", "2025-01", "cut", EP, "*", -0.01, "", "", "", "league", "true"),
    ]
    told = sib.benefit_stock(sib.load(dataset(tmp_path, rows, regions=REGIONS, policies=(POLICY, policies))), 2025).local
    assert told[["policy", "programme"]].to_numpy().tolist() == [["l2", EP], ["more", med], ["rate", med]]
    assert told["amount"].tolist()[:2] == pytest.approx([426_000.0, 100_000.0])
    assert told["amount"].isna().tolist() == [False, False, True]
