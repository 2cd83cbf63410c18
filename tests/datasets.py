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


def enterprise_pension(folder: Path) -> Path:
    """The worked example of the enterprise pension, drivers as the analyst's assumptions."""
    return dataset(
        folder,
        [("150100", "enterprise_pension", i, 2025, v, u, "final") for i, v, u in EP_OPENING],
        [(i, 2026, v, u, "150100", "enterprise_pension", "example", "analyst") for i, v, u in EP_DRIVERS],
        deposits=EP_DEPOSITS,
    )
