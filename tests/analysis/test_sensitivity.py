"""What moves the gap, and what closes it: against projections made the long way."""

import pytest

import sibforecast as sib
from sibforecast import items
from sibforecast.errors import SibError
from tests import datasets


@pytest.fixture(scope="module")
def draft(tmp_path_factory):
    return sib.draft_budget(sib.load(datasets.enterprise_pension(tmp_path_factory.mktemp("ep"))), year=2026)


def gap(draft, *changes):
    frame = sib.project(draft.assumptions, sib.Scenario("s", *changes)).frame
    return frame[frame["item"] == "gap"]["value"].iloc[0]


def test_one_per_cent_more_of_a_driver_by_hand(draft):
    """Pensions 255,040.50 万元: 1 % of the level costs 2,550.405; 1 % of collection brings 1,862.784."""
    frame = sib.sensitivity(draft.assumptions, ["人均待遇水平", "collection rate"]).frame.set_index("item")["value"]
    assert frame["benefit_level"] == pytest.approx(2_550.405e4)
    assert frame["collection_rate"] == pytest.approx(-1_862.784e4)


def test_it_is_what_a_scenario_says(draft):
    frame = sib.sensitivity(draft.assumptions, by=0.02).frame.set_index("item")
    for item in ("contribution_base", "insured_active", "remittance_rate"):
        change = sib.Change(item=item, multiply=1.02, start="2026-01", decided_by="nation")
        assert frame.loc[item, "value"] == pytest.approx(gap(draft, change) - 3_441.10e4, rel=1e-9)


@pytest.mark.parametrize("item", ["benefit_level", "collection_rate", "insured_active", "benefit_adjustment"])
def test_the_value_that_closes_the_gap_closes_it(draft, item):
    row = sib.break_even(draft.assumptions, items.CATALOGUE[item].zh, "企业职工基本养老保险").iloc[0]  # by its label
    change = sib.Change(item=item, multiply=float(row["factor"]), start="2026-01", decided_by="nation")
    assert gap(draft, change) == pytest.approx(0.0, abs=10.0)
    assert row["break_even"] == pytest.approx(row["value"] * row["factor"])


def test_the_level_that_closes_the_gap_by_hand(draft):
    """Gap 3,441.10 of pensions 255,040.50: 2,972.50 × (1 − 3,441.10 ÷ 255,040.50) = 2,932.39."""
    row = sib.break_even(draft.assumptions, "benefit_level", "enterprise_pension").iloc[0]
    assert row["break_even"] == pytest.approx(2_972.50 * (1 - 3_441.10 / 255_040.50), rel=1e-8)


def test_faults_are_told(draft):
    for call, words in (
        (lambda: sib.sensitivity(draft.assumptions, ["gap"]), "is a result"), (lambda: sib.break_even(draft.assumptions, "benefit_level", "x"), "no fund"),
        (lambda: sib.break_even(draft.assumptions, "average_wage", "enterprise_pension"), "no line"),
        (lambda: sib.break_even(draft.assumptions, "benefit_level", "enterprise_pension", target="profit"), "target must be"),
        (lambda: sib.sensitivity(draft), "takes assumptions"), (lambda: sib.break_even(draft, "benefit_level", "x"), "takes assumptions"),
    ):  # fmt: skip
        with pytest.raises(SibError, match=words):
            call()
