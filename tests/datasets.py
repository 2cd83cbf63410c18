"""Small data sets written by the tests, in the contract's form."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

WAN = "万元"


def write_table(folder: Path, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """One CSV table."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return folder


ONE_LEAGUE = [("150000", "内蒙古自治区", "", "region"), ("150100", "呼和浩特市", "150000", "league")]
HISTORY = ("region", "programme", "item", "period", "value", "unit", "stage")
ASSUMPTIONS = ("item", "period", "value", "unit", "region", "programme", "source", "author")


def dataset(
    folder: Path,
    history: Iterable[Sequence[object]],
    assumptions: Iterable[Sequence[object]] = (),
    regions: Iterable[Sequence[object]] = ONE_LEAGUE,
    **tables: tuple[Sequence[str], Iterable[Sequence[object]]],
) -> Path:
    """A data set of one league unless said otherwise."""
    write_table(folder, "regions", ("region", "name", "parent", "level"), regions)
    write_table(folder, "history", HISTORY, history)
    rows = list(assumptions)
    if rows:
        write_table(folder, "assumptions", ASSUMPTIONS, rows)
    for name, (header, content) in tables.items():
        write_table(folder, name, header, content)
    return folder


#: The drivers of the enterprise pension example: opening stocks of the year before …
EP_OPENING = (
    ("insured_active", 210_000, "人"),
    ("beneficiaries", 70_000, "人"),
    ("benefit_level", 2_900, "元/月"),
    ("closing_balance", 90_000, WAN),
)
#: … and those of the budget year.
EP_DRIVERS = (
    ("insured_active", 220_000, "人"),
    ("contributor_ratio", "80%", "%"),
    ("flexible_share", 52_000 / 172_000, "share"),
    ("contribution_base", 5_500, "元/月"),
    ("contribution_rate", 24, "%"),
    ("collection_rate", 98, "%"),
    ("contribution_base_flexible", 3_800, "元/月"),
    ("contribution_rate_flexible", 20, "%"),
    ("arrears_recovered", 1_500, WAN),
    ("back_payments", 2_000, WAN),
    ("prepayments", 300, WAN),
    ("fiscal_subsidy", 23_000, WAN),
    ("movers_in", 800, "人"),
    ("transfer_level_in", 31_250, "元"),
    ("other_revenue", 150, WAN),
    ("grant_per_beneficiary", 6_200, "元/年"),
    ("new_beneficiaries", 4_500, "人"),
    ("beneficiary_exits", 1_500, "人"),
    ("benefit_adjustment", 2.5, "%"),
    ("deaths", 1_500, "人"),
    ("death_benefit", 45_000, "元"),
    ("disability_recipients", 100, "人"),
    ("disability_level", 1_500, "元/月"),
    ("movers_out", 600, "人"),
    ("transfer_level_out", 28_000, "元"),
    ("other_expenditure", 50, WAN),
    ("remittance_wage", 6_500, "元/月"),
    ("remittance_share", 90, "%"),
    ("remittance_heads", 230_000, "人"),
    ("remittance_rate", 3, "%"),
)
EP_DEPOSITS = (
    ("region", "programme", "kind", "bank", "balance", "unit", "rate", "start", "term_months"),
    [
        ("150100", "enterprise_pension", "定期", "甲", 60_000, WAN, 0.0175, "2025-01", 36),
        ("150100", "enterprise_pension", "活期", "乙", 30_000, WAN, 0.0055, "", ""),
    ],
)
#: What compilers get by hand, 万元.
EP_LINES = {
    "assessed": 190_080.00,
    "collected": 186_278.40,
    "collected_flexible": 47_424.00,
    "contribution_revenue": 237_502.40,
    "fiscal_subsidy": 23_000.00,
    "interest": 1_215.00,
    "transfer_in": 2_500.00,
    "other_revenue": 150.00,
    "revenue_subtotal": 264_367.40,
    "upper_grant": 44_330.00,
    "total_revenue": 308_697.40,
    "pension_expenditure": 255_040.50,
    "death_expenditure": 6_750.00,
    "disability_expenditure": 180.00,
    "benefit_expenditure": 261_970.50,
    "transfer_out": 1_680.00,
    "other_expenditure": 50.00,
    "expenditure_subtotal": 263_700.50,
    "upper_remittance": 48_438.00,
    "total_expenditure": 312_138.50,
    "current_balance": -3_441.10,
    "opening_balance": 90_000.00,
    "closing_balance": 86_558.90,
    "gap": 3_441.10,
}


def enterprise_pension(folder: Path, year: int = 2026, more: Iterable[Sequence[object]] = ()) -> Path:
    """The worked example of the enterprise pension, drivers as the analyst's assumptions.

    `more` are further figures of `year`: programme, item, value before, value now, unit.
    """
    rows = list(more)
    return dataset(
        folder,
        [("150100", "enterprise_pension", i, year - 1, v, u, "final") for i, v, u in EP_OPENING]
        + [("150100", p, i, year - 1, before, u, "final") for p, i, before, _, u in rows if before != ""],
        [(i, year, v, u, "150100", "enterprise_pension", "example", "analyst") for i, v, u in EP_DRIVERS]
        + [(i, year, now, u, "150100", p, "example", "analyst") for p, i, _, now, u in rows if now != ""],
        deposits=EP_DEPOSITS,
    )


#: Small funds beside it: programme, item, figure of the year before, of the year, unit.
SMALL_FUNDS = (
    ("enterprise_pension", "average_wage", "", 78_000, "元/年"),
    ("unemployment", "insured_active", 150_000, 150_000, "人"),
    ("unemployment", "contributors", "", 130_000, "人"),
    ("unemployment", "contribution_base", "", 5_800, "元/月"),
    ("unemployment", "contribution_rate", "", 1, "%"),
    ("unemployment", "collection_rate", "", 98.5, "%"),
    ("unemployment", "recipient_months", "", 20_160, "人月"),
    ("unemployment", "benefit_standard", "", 2_156.50, "元/月"),
    ("unemployment", "non_benefit_expenditure", 1_000, 1_000, WAN),
    ("unemployment", "contribution_revenue", 8_500, "", WAN),
    ("unemployment", "unemployment_expenditure", 4_000, "", WAN),
    ("unemployment", "closing_balance", 20_000, "", WAN),
    ("work_injury", "insured_active", 110_000, 110_000, "人"),
    ("work_injury", "contributors", "", 100_000, "人"),
    ("work_injury", "contribution_base", "", 5_500, "元/月"),
    ("work_injury", "contribution_rate", "", 0.5, "%"),
    ("work_injury", "collection_rate", "", 100, "%"),
    ("work_injury", "contribution_revenue", 3_000, "", WAN),
    ("work_injury", "injury_expenditure", 3_000, 3_000, WAN),
    ("work_injury", "closing_balance", 5_000, "", WAN),
    ("resident_pension", "insured_active", 180_000, 180_000, "人"),
    ("resident_pension", "contributor_ratio", "", 90, "%"),
    ("resident_pension", "personal_contribution", "", 400, "元/年"),
    ("resident_pension", "subsidy_per_head", "", 60, "元/年"),
    ("resident_pension", "beneficiaries", 60_000, 60_000, "人"),
    ("resident_pension", "benefit_level", "", 160, "元/月"),
    ("resident_pension", "benefit_standard", "", 143, "元/月"),
    ("resident_medical", "insured", 500_000, 500_000, "人"),
    ("resident_medical", "personal_contribution", "", 400, "元/年"),
    ("resident_medical", "subsidy_per_head", "", 700, "元/年"),
    ("resident_medical", "medical_expenditure", 50_000, 52_000, WAN),
    ("employee_medical", "insured", 1_000_000, 1_000_000, "人"),
    ("employee_medical", "admissions_per_insured", "", 0.2, "次/人·年"),
    ("employee_medical", "cost_per_admission", "", 9_000, "元"),
    ("employee_medical", "pooled_pay_rate", "", 75, "%"),
    ("employee_medical", "medical_expenditure", 120_000, "", WAN),
    ("employee_medical", "contribution_revenue", 130_000, 140_000, WAN),
)
