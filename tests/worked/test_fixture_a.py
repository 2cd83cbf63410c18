"""A county's published resident medical budget (万元): 2023 actual and 2024 budget foot.

By hand: 27,362 + 50,441 + 376 + 1,474 = 79,653; 70,764 + 7,270 = 78,034; 79,653 − 78,034 =
1,619; 35,226 + 1,619 = 36,845; both sides 114,879. Budget: 28,219 + 49,755 + 525 = 78,499;
70,965 + 6,907 = 77,872; 627; 37,472; both sides 115,344.
Source: county finance bureau, 2024 budget table of resident medical insurance.
"""

import pytest

import sibforecast as sib
from tests.datasets import WAN, dataset

REVENUE = ("contribution_revenue", "fiscal_subsidy", "interest", "other_revenue")
SPENDING = ("benefit_expenditure", "non_benefit_expenditure")
ACTUAL = {
    **dict(zip(REVENUE, (27_362, 50_441, 376, 1_474), strict=True)),
    "revenue_subtotal": 79_653, "total_revenue": 79_653,
    **dict(zip(SPENDING, (70_764, 7_270), strict=True)),
    "expenditure_subtotal": 78_034, "total_expenditure": 78_034,
    "current_balance": 1_619, "opening_balance": 35_226, "closing_balance": 36_845,
    "insured": 650_000,
}  # fmt: skip
BUDGET = {
    **dict(zip(REVENUE[:3], (28_219, 49_755, 525), strict=True)),
    "revenue_subtotal": 78_499, "total_revenue": 78_499,
    **dict(zip(SPENDING, (70_965, 6_907), strict=True)),
    "expenditure_subtotal": 77_872, "total_expenditure": 77_872,
    "current_balance": 627, "opening_balance": 36_845, "closing_balance": 37_472,
}  # fmt: skip


def rows(actual, budget):
    unit = {"insured": "人"}
    out = [("150100", "resident_medical", i, 2023, v, unit.get(i, WAN), "final") for i, v in actual.items()]
    return out + [("150100", "resident_medical", i, 2024, v, unit.get(i, WAN), "budget") for i, v in budget.items()]


def test_foots_as_published(tmp_path):
    findings = sib.check(dataset(tmp_path, rows(ACTUAL, BUDGET)))
    assert findings.ok, findings.lines()
    for year, side in ((ACTUAL, 114_879), (BUDGET, 115_344)):
        assert year["total_revenue"] + year["opening_balance"] == side
        assert year["total_expenditure"] + year["closing_balance"] == side


@pytest.mark.parametrize("item", [i for i in ACTUAL if i != "insured"])
def test_any_figure_off_by_more_than_rounding_is_found(tmp_path, item):
    wrong = ACTUAL | {item: ACTUAL[item] + 40}
    findings = sib.check(dataset(tmp_path, rows(wrong, BUDGET)))
    errors = findings.frame[findings.frame["severity"] == "error"]
    assert len(errors) >= 1
    assert errors["id"].str.startswith("I").all()


def test_the_lines_are_named_in_the_draft(tmp_path):
    data = sib.load(dataset(tmp_path, rows(ACTUAL, BUDGET)))
    draft = sib.draft_budget(data, 2024)
    drafted = draft.frame[draft.frame["stage"] == "draft"].set_index("item")["value"]
    for lines, subtotal in ((REVENUE, "revenue_subtotal"), (SPENDING, "expenditure_subtotal")):
        assert drafted[list(lines)].sum() == pytest.approx(drafted[subtotal], abs=0.005)
    assert drafted["opening_balance"] == 36_845e4
    final = draft.frame[(draft.frame["stage"] == "final") & (draft.frame["item"] == "closing_balance")]
    assert final["value"].iloc[0] == 36_845e4
