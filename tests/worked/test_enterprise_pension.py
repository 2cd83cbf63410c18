"""The enterprise pension example, to the cent, through load and draft_budget.

By hand (万元): (210,000 + 220,000) / 2 = 215,000 active insured × 80 % = 172,000 contributors,
120,000 of them employed; 120,000 × 5,500 × 12 × 24 % = 190,080.00 assessed × 98 % = 186,278.40;
52,000 × 3,800 × 12 × 20 % = 47,424.00; + 1,500 + 2,000 + 300 = 237,502.40, and so on.
"""

import pytest

import sibforecast as sib
from tests import datasets


@pytest.fixture(scope="module")
def draft(tmp_path_factory):
    path = datasets.enterprise_pension(tmp_path_factory.mktemp("ep"))
    return sib.draft_budget(sib.load(path), year=2026)


def value(draft, item, stage="draft"):
    frame = draft.frame
    rows = frame[(frame["item"] == item) & (frame["stage"] == stage)]
    assert len(rows) == 1, item
    return rows["value"].iloc[0]


@pytest.mark.parametrize(("item", "wan"), datasets.EP_LINES.items())
def test_line_to_the_cent(draft, item, wan):
    assert value(draft, item) == pytest.approx(wan * 1e4, abs=0.004)


def test_heads(draft):
    assert value(draft, "contributors") == pytest.approx(120_000, abs=1e-6)
    assert value(draft, "contributors_flexible") == pytest.approx(52_000, abs=1e-6)
    assert value(draft, "beneficiaries") == 73_000
    assert value(draft, "beneficiaries_average") == 71_500
    assert value(draft, "benefit_level") == pytest.approx(2_972.50, abs=1e-9)


def test_months_payable(draft):
    assert round(value(draft, "months_payable"), 2) == 3.94
    with_total = value(draft, "closing_balance") / (value(draft, "total_expenditure") / 12)
    assert round(with_total, 2) == 3.33


def test_gap_is_told_before_filling_and_met_by_the_balance(draft):
    row = draft.balance.iloc[0]
    assert row["gap"] == pytest.approx(3_441.10e4, abs=0.004)
    assert row["own_balance"] == pytest.approx(3_441.10e4, abs=0.004)
    assert row["gap_subsidy"] == row["gap_grant"] == row["open"] == 0


def test_the_same_by_contributors_instead_of_ratio(tmp_path):
    drivers = [d for d in datasets.EP_DRIVERS if d[0] not in ("contributor_ratio", "flexible_share")]
    drivers += [("contributors", 120_000, "人"), ("contributors_flexible", 52_000, "人")]
    path = datasets.dataset(
        tmp_path,
        [("150100", "enterprise_pension", i, 2025, v, u, "final") for i, v, u in datasets.EP_OPENING],
        [(i, 2026, v, u, "", "", "example", "analyst") for i, v, u in drivers],
        deposits=datasets.EP_DEPOSITS,
    )
    other = sib.draft_budget(sib.load(path), year=2026)
    assert value(other, "contribution_revenue") == pytest.approx(237_502.40e4, abs=0.004)
    assert value(other, "closing_balance") == pytest.approx(86_558.90e4, abs=0.004)


def test_the_same_entered_as_a_draft(tmp_path):
    rows = [("150100", "enterprise_pension", i, 2025, v, u, "final") for i, v, u in datasets.EP_OPENING]
    rows += [("150100", "enterprise_pension", i, 2026, v, u, "draft") for i, v, u in datasets.EP_DRIVERS]
    path = datasets.dataset(tmp_path, rows, deposits=datasets.EP_DEPOSITS)
    other = sib.draft_budget(sib.load(path), year=2026)
    assert value(other, "closing_balance") == pytest.approx(86_558.90e4, abs=0.004)


def test_adjustment_alone(draft):
    """2.5 % on 71,500 × 2,900 × 12 costs 6,220.50 in a year and 3,110.25 in half of one."""
    for months, wan in ((12, 6_220.50), (6, 3_110.25)):
        start = f"2026-{13 - months:02d}"
        none = sib.Change(item="benefit_adjustment", set=0.0, start="2026-01", decided_by="nation")
        part = sib.Change(item="benefit_adjustment", set=0.025, start=start, decided_by="nation")
        without = sib.project(draft.assumptions, sib.Scenario("none", none)).frame
        with_it = sib.project(draft.assumptions, sib.Scenario("part", none, part)).frame
        cost = [f.loc[f["item"] == "total_expenditure", "value"].iloc[0] for f in (with_it, without)]
        assert cost[0] - cost[1] == pytest.approx(wan * 1e4, abs=0.01)
