"""The ratio from data, what a change of it does to every league, the true-up, and counties by a second rules file."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.analysis.rules_compared import compare_rules, with_ratio_from_data
from sibforecast.errors import SibError
from tests import datasets
from tests.analysis.test_rules_formats import WAN, causes, paid

RULES = sib.read_rules("nmg_2016")
EP = "enterprise_pension"


@settings(max_examples=100, deadline=None)
@given(base=st.floats(0.3, 0.9), per_month=st.floats(0, 0.1), per_tier=st.floats(0, 0.1))
def test_the_table_is_monotone_and_leaves_no_hole(base, per_month, per_tier):
    rules = with_ratio_from_data(RULES, base=base, per_month=per_month, per_tier=per_tier)
    months = np.linspace(-3, 40, 60)
    shares = np.array([[rules.ratio_for("A", EP, str(t), m).shares["region"] for m in months] for t in (1, 2, 3, 4)])
    assert (np.diff(shares, axis=1) <= 1e-12).all()  # more reserve, a smaller share
    assert (np.diff(shares, axis=0) >= -1e-12).all()  # poorer, a larger one
    assert all(math.isclose(sum(r.shares.values()), 1.0) for r in rules.rows)
    assert all(any(r.fits("A", EP, str(t), m) for r in rules.rows) for t in (1, 2, 3, 4) for m in months)


def leagues(tmp_path):
    """Two leagues of tiers 1 and 3 with 8 and 2 months of reserve (800 and 200 万元 at 100 a month), gaps of 1,000 each."""
    regions = [("150000", "内蒙古自治区", "", "region", ""), ("150100", "呼和浩特市", "150000", "league", "1"), ("152200", "兴安盟", "150000", "league", "3")]
    folder = datasets.dataset(tmp_path, [("150100", EP, "closing_balance", 2025, 1, "万元", "final"), ("152200", EP, "closing_balance", 2025, 1, "万元", "final")])
    datasets.write_table(folder, "regions", ("region", "name", "parent", "level", "econ_tier"), regions)
    table = pd.concat([causes(("budget_gap", 1_000), region=r, programme=EP) for r in ("150100", "152200")])
    for column in sib.Attribution.columns:
        if column not in table:
            table[column] = ""
    balances = pd.DataFrame({"region": ["150100", "152200"], "programme": EP, "opening": [800 * WAN, 200 * WAN], "monthly": [100 * WAN] * 2})
    return sib.Attribution(lambda: table, {}, data=sib.load(folder)), balances


def test_what_a_table_does_to_two_leagues_by_hand(tmp_path):
    """Middle of 6 to 9 months, tier 1: 0.6 − 0.02 × 1.5 = 0.57; below 3 months (1.5), tier 3: 0.6 + 0.02 × 4.5 + 0.1 = 0.79."""
    known, balances = leagues(tmp_path)
    table = compare_rules(known, RULES, with_ratio_from_data(RULES), balances=balances).set_index(["region", "payer"])
    assert (table["difference"] / WAN).round(6).to_dict() == {
        ("150100", "region"): -30.0, ("150100", "league"): 30.0, ("152200", "region"): 190.0, ("152200", "league"): -190.0}  # fmt: skip
    assert table.loc[("150100", "region"), ["ratio_before", "ratio_after"]].tolist() == [0.6, 0.57]
    assert table.loc[("152200", "league"), ["ratio_before", "ratio_after"]].tolist() == [0.6, 0.79]


def test_every_league_of_the_sample_and_nothing_lost(nmg_draft):
    why = sib.attribute(nmg_draft, sib.project(nmg_draft.assumptions, sib.read_scenario("demo_nmg")))
    table = compare_rules(why, RULES, with_ratio_from_data(RULES, tiers=()))
    moved = table.groupby(["region", "programme"])["difference"].agg(math.fsum)
    assert moved.abs().max() < 0.005
    assert (table["difference"].abs() > 1e4).sum() >= 4
    before = sib.share(why, RULES).frame.groupby("payer")["value"].agg(math.fsum)
    assert (table.groupby("payer")["before"].agg(math.fsum) - before).abs().max() < 0.005


def test_faulty_tables_are_refused():
    with pytest.raises(SibError, match="rising edges"):
        with_ratio_from_data(RULES, months=(6, 3))
    import dataclasses

    three = dataclasses.replace(RULES, default=dataclasses.replace(RULES.default, shares={"nation": 0.2, "region": 0.4, "league": 0.4}))
    with pytest.raises(SibError, match="two levels"):
        with_ratio_from_data(three)


def test_last_years_settlement_is_trued_up_by_area_and_fund():
    """Due by the final bill 60 % of 1,000 and of 500: 600 and 300; advanced 650 and nothing; C was advanced 40 and is due nothing."""
    table = pd.concat([causes(("budget_gap", 1_000), programme=EP), causes(("budget_gap", 500), region="B", programme=EP)])
    bill = sib.share(table, RULES)
    advanced = pd.DataFrame({"region": ["A", "A", "C"], "programme": EP, "value": [600 * WAN, 50 * WAN, 40 * WAN]})
    trued = bill.true_up(advanced).set_index("region")
    assert (trued["difference"] / WAN).to_dict() == {"A": -50.0, "B": 300.0, "C": -40.0}
    assert (trued["due"] / WAN).to_dict() == {"A": 600.0, "B": 300.0, "C": 0.0}
    with pytest.raises(SibError, match="blank is not zero"):
        bill.true_up(pd.DataFrame({"region": ["A"], "programme": [EP], "value": [float("nan")]}))
    counties = sib.share(causes(("budget_gap", 1_000), programme=EP), sib.read_rules("leshan_2021"))  # there the city grants
    assert counties.true_up(pd.DataFrame({"region": ["A"], "programme": [EP], "value": [200 * WAN]}))["difference"].tolist() == [300 * WAN]


SECOND = """
ruleset = "league and its banners"
[[classes]]
id = "X1"
cause = "under_collection"
treat = "local"
[[classes]]
id = "B"
treat = "shared"
[ratio]
default = { league = 0.3, county = 0.7 }
[rounding]
unit = "万元"
residual_to = "county"
"""


def test_counties_by_a_second_rules_file_by_hand(tmp_path):
    """The league carries 40 % of 1,000 and its missed collection of 500: its banners take 70 % of 400 and all of the 500."""
    missed = ("under_collection", 500, {"stage": "execution", "kind": "driver", "line": "contribution_revenue", "side": "revenue"})
    first = sib.share(causes(("budget_gap", 1_000), missed, programme=EP), RULES)
    assert paid(first) == {"region": 600.0, "league": 900.0}
    path = tmp_path / "second.toml"
    path.write_text(SECOND, encoding="utf-8")
    handed = first.carried_by("league")
    assert handed["value"].sum() == 900 * WAN
    assert handed["evidence"].str.split().str[0].tolist() == ["X1", "S1"]
    assert paid(sib.share(handed, sib.read_rules(path))) == {"league": 120.0, "county": 780.0}


def test_counties_of_the_sample_straight_from_their_causes(nmg_draft):
    frame = sib.share(nmg_draft, sib.read_rules("leshan_2021")).frame
    gaps = nmg_draft.frame
    gaps = gaps[(gaps["item"] == "gap") & (gaps["stage"] == "draft")].astype({"region": str, "programme": str}).set_index(["region", "programme"])["value"]
    paid_ = frame.groupby(["region", "programme"])["value"].agg(math.fsum)
    assert len(paid_) > 600
    assert (paid_ - gaps.loc[paid_.index]).abs().max() <= 0.0051
