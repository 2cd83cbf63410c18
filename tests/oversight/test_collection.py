"""`collection`: due, assessed, collected, transferred; arrears; the gap to comparable areas."""

import json

import jsonschema
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from tests.datasets import WAN, dataset

EP = "enterprise_pension"
REGIONS = [("150000", "内蒙古自治区", "", "region", ""), *((f"15{i:02d}00", f"盟{i}", "150000", "league", "1" if i <= 7 else "2") for i in range(1, 10))]
#: Collected of 1,000 assessed: seven areas of the first tier, two of the second.
COLLECTED = {1: 900, 2: 950, 3: 960, 4: 970, 5: 980, 6: 940, 7: 990, 8: 500, 9: 600}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("c")
    rows = []
    for i, collected in COLLECTED.items():
        area = f"15{i:02d}00"
        figures = {"assessed": 1_000, "collected": collected, "contribution_revenue": collected}
        rows += [(area, EP, item, 2025, v, WAN, "final") for item, v in figures.items()]
    first = "150100"
    # 5,000 × 4,000 × 20.833…% × 12: due 1,050 (10k yuan 10,500,000 yuan) of which 1,000 was assessed
    rows += [(first, EP, "contributors", 2025, 1_000, "人", "final"), (first, EP, "contribution_base", 2025, 4_375, "元/月", "final"),
             (first, EP, "contribution_rate", 2025, 20, "%", "final")]  # fmt: skip
    rows += [(first, EP, "arrears", 2024, 200, WAN, "final"), (first, EP, "arrears", 2025, 270, WAN, "final"),
             (first, EP, "arrears_recovered", 2025, 50, WAN, "final"), (first, EP, "deferred_out", 2025, 20, WAN, "final")]  # fmt: skip
    dataset(path, rows)
    header = "region,name,parent,level,econ_tier\n"
    (path / "regions.csv").write_text(header + "".join(",".join(r) + "\n" for r in REGIONS), encoding="utf-8")
    return sib.collection(sib.load(path), 2025)


def row_of(made, region):
    return made.frame.set_index("region").loc[region]


def test_due_assessed_settled(made):
    """1,000 × 4,375 × 20 % × 12 = 1,050 due, 1,000 assessed; (900 + 20 deferred) ÷ 1,000 = 92 %; 80 unsettled."""
    row = row_of(made, "150100")
    assert (row["due"] / 1e4, row["not_assessed"] / 1e4) == pytest.approx((1_050.0, 50.0))
    assert row["rate"] == pytest.approx(0.92)
    assert row["unsettled"] / 1e4 == pytest.approx(80.0)
    assert row_of(made, "150200")["due"] != row_of(made, "150200")["due"]  # heads are not known: blank, never zero


def test_transferred(made):
    """Received 900 + 50 recovered = 950, the fund has 900: 50 are elsewhere."""
    row = row_of(made, "150100")
    assert (row["received"] / 1e4, row["not_transferred"] / 1e4) == pytest.approx((950.0, 50.0))
    told = made.findings.frame.query("id == 'not_transferred'")
    assert told["region"].tolist() == ["150100"]


def test_arrears_roll_forward(made):
    """200 + 80 − 50 = 230; 270 are reported; recovered 50 of 200: 25 %."""
    row = row_of(made, "150100")
    assert row["arrears_rolled"] / 1e4 == pytest.approx(230.0)
    assert row["recovery"] == pytest.approx(0.25)
    told = made.findings.frame.query("id == 'arrears_do_not_roll'").iloc[0]
    assert (told["expected"], told["found"]) == ("2,300,000.00", "2,700,000.00")


def test_the_gap_to_comparable_areas(made):
    """Peers of the first: 94, 95, 96, 97, 98, 99 %: median 96.5 %; gap 4.5 points of 1,000 = 45. One above its peers has none."""
    row = row_of(made, "150100")
    assert (row["peer_rate"], row["peers"]) == (pytest.approx(0.965), 6)
    assert row["worth"] / 1e4 == pytest.approx(45.0)
    assert row_of(made, "150700")["worth"] == 0


def test_status_is_what_is_found_or_the_gap(made):
    """The first area's findings are warnings; 940, 950 and the second tier collect less than their peers; 970 and more do not."""
    told = made.frame.set_index("region")["status"]
    assert told[["150100", "150200", "150600", "150800", "150500", "150700"]].tolist() == ["orange", "yellow", "yellow", "yellow", "green", "green"]


def test_a_tier_of_few_takes_all_tiers(made):
    """The eighth has one peer in its tier: the other eight count, 60, 92, 94 … 99 %: median of 95 and 96 is 95.5 %; 45.5 points of 1,000."""
    row = row_of(made, "150800")
    assert (row["peer_rate"], row["peers"]) == (pytest.approx(0.955), 8)
    assert row["worth"] / 1e4 == pytest.approx(455.0)
    assert made.gaps["region"].iloc[0] == "150800"


def test_the_illustrative_accounts_are_whole(nmg):
    made = sib.collection(nmg, 2025)
    assert len(made.findings) == 0
    assert len(made.frame) == 103 * 5
    assert made.frame["worth"].sum() > 0
    jsonschema.validate(json.loads(made.to_json()), sib.schema("Collection"))
    assert "ILLUSTRATIVE" in repr(made)


def test_what_the_fund_receives_is_the_sum_of_its_columns(nmg):
    """Enterprise pensions: 499.46 of the employed + 147.33 + 20.17 + 10.43 + 0.00 = 677.39 (100m yuan), as the table shows it."""
    made = sib.collection(nmg, 2025)
    row = made.summary().set_index("programme").loc[EP]
    parts = row[["collected", "collected_flexible", "arrears_recovered", "back_payments", "deferred_in"]]
    assert parts.sum() == pytest.approx(row["received"], abs=0.011)
    every = made.frame[["collected", "collected_flexible", "arrears_recovered", "back_payments", "prepayments", "deferred_in"]]
    assert every.sum(axis=1).to_numpy() == pytest.approx(made.frame["received"].to_numpy())
    assert "due, assessed and collected are of the employed" in made.notices()[0]


def test_what_better_collection_is_worth_is_not_zero_where_nobody_compares(tmp_path):
    rows = [("150100", EP, "assessed", 2025, 1_000, WAN, "final"), ("150100", EP, "collected", 2025, 900, WAN, "final")]
    told = sib.collection(sib.load(dataset(tmp_path, rows)), 2025).headline()
    assert told == "2025: what better collection is worth is not known (assessed, collected and enough comparable areas are needed)"


def test_a_year_without_collection(nmg):
    with pytest.raises(SibError, match="nothing assessed"):
        sib.collection(nmg, 2040)
