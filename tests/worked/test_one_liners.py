"""One-line examples: resident pension, employee medical, unemployment.

By hand (万元): RP 180,000 × 90 % × 400 = 6,480.00 and 60,000 × 143 × 12 = 10,296.00;
EM 150,000 × 6,000 × 12 × 8.5 % × 99 % = 90,882.00; UI 130,000 × 5,800 × 12 × 1 % × 98.5 %
= 8,912.28 and 1,680 × 12 × 2,156.50 = 4,347.50 (rounded half-up from 4,347.504).
"""

import pytest

import sibforecast as sib
from sibforecast.results import round_half_up
from tests.datasets import dataset

CASES = {
    "resident contributions": (
        "resident_pension", "contribution_revenue", "6480.00",
        [("insured_active", 180_000, "人")],
        [("insured_active", 180_000, "人"), ("contributor_ratio", 90, "%"), ("personal_contribution", 400, "元/年")],
    ),
    "resident pensions": (
        "resident_pension", "pension_expenditure", "10296.00",
        [("beneficiaries", 60_000, "人")],
        [("beneficiaries", 60_000, "人"), ("benefit_level", 143, "元/月")],
    ),
    "resident pensions by standard": (
        "resident_pension", "pension_expenditure", "10296.00",
        [("beneficiaries", 60_000, "人")],
        [("beneficiaries", 60_000, "人"), ("benefit_standard", 143, "元/月")],
    ),
    "employee medical": (
        "employee_medical", "contribution_revenue", "90882.00",
        [("insured", 200_000, "人")],
        [("contributors", 150_000, "人"), ("contribution_base", 6_000, "元/月"), ("contribution_rate", "8.5%", "%"), ("collection_rate", 99, "%")],
    ),
    "unemployment contributions": (
        "unemployment", "contribution_revenue", "8912.28",
        [("insured", 150_000, "人")],
        [("contributors", 130_000, "人"), ("contribution_base", 5_800, "元/月"), ("contribution_rate", 1, "%"), ("collection_rate", 0.985, "share")],
    ),
    "unemployment benefits": (
        "unemployment", "unemployment_expenditure", "4347.50",
        [("insured", 150_000, "人")],
        [("recipient_months", 1_680 * 12, "人月"), ("benefit_standard", 2_156.50, "元/月")],
    ),
    "unemployment benefits by heads": (
        "unemployment", "unemployment_expenditure", "4347.50",
        [("beneficiaries", 1_680, "人")],
        [("beneficiaries", 1_680, "人"), ("benefit_level", 2_156.50, "元/月")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_one_liner(tmp_path, case):
    programme, item, wan, before, now = CASES[case]
    path = dataset(
        tmp_path,
        [("150100", programme, i, 2025, v, u, "final") for i, v, u in before],
        [(i, 2026, v, u, "150100", programme, "example", "analyst") for i, v, u in now],
    )
    frame = sib.draft_budget(sib.load(path), year=2026).frame
    got = frame[(frame["item"] == item) & (frame["stage"] == "draft")]["value"]
    assert len(got) == 1
    assert str(round_half_up(got.iloc[0] / 1e4, 2)) == wan
