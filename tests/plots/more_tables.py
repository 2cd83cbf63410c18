"""Small tables of the further charts, each with figures that can be checked by hand."""

from __future__ import annotations

import pandas as pd

KEY = {"region": "150100", "programme": "unemployment"}


def _frame(columns: list[str], rows: list[tuple[object, ...]], **same: object) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns).assign(**same)


def sensitivity() -> pd.DataFrame:
    """Two areas; a rate moved up only, a level moved up and down."""
    rows = [
        ("150100", "benefit_level", 0.01, 3e8), ("150200", "benefit_level", 0.01, 2e8), ("150100", "benefit_level", -0.01, -2.5e8),
        ("150200", "benefit_level", -0.01, -1.5e8), ("150100", "collection_rate", 0.01, -1e8), ("150200", "collection_rate", 0.01, -0.5e8),
    ]  # fmt: skip
    return _frame(["region", "item", "by", "value"], rows, programme="unemployment", period="2027", gap=5e8)


def leagues() -> pd.DataFrame:
    """A draft of three areas: past years, the outturn beside the budget, the draft; money and months."""
    rows = []
    for region, size in (("150100", 10e8), ("150200", 6e8), ("150300", 1e8)):
        for item, factor in (("total_revenue", 1.0), ("total_expenditure", 1.1), ("closing_balance", 2.2)):
            for period, stage, growth in (("2024", "final", 1.0), ("2025", "final", 1.1), ("2026", "budget", 1.3),
                                          ("2026", "expected", 1.2), ("2027", "draft", 1.4)):  # fmt: skip
                rows.append((region, item, period, stage, size * factor * growth))
    return _frame(["region", "item", "period", "stage", "value"], rows, programme="unemployment")


def months_payable() -> pd.DataFrame:
    rows = [
        ("150100", "unemployment", 5.9), ("150200", "unemployment", 12.0), ("150300", "unemployment", 24.1),
        ("150100", "enterprise_pension", -0.2), ("150200", "enterprise_pension", 5.5), ("150300", "enterprise_pension", None),
        ("150100", "resident_pension", 6.0), ("150200", "resident_pension", 9.0), ("150300", "resident_pension", 3.0),
    ]  # fmt: skip
    return _frame(["region", "programme", "value"], rows, item="months_payable", period="2027", stage="draft")


def year_in_execution(budget: bool = True) -> pd.DataFrame:
    """By June 40 % of 2024 and 50 % of 2025 had come; of 2026 6 of a budget of 12 (all in 亿元)."""
    rows = [("2024-06", "executed", 4e8), ("2024-12", "executed", 10e8), ("2025-06", "executed", 5e8), ("2025", "final", 10e8),
            ("2026-03", "executed", 2.5e8), ("2026-06", "executed", 6e8)]  # fmt: skip
    if budget:
        rows += [("2026", "budget", 11e8), ("2026", "adjusted", 12e8), ("2026", "expected", 12.5e8)]
    return _frame(["period", "stage", "value"], rows, item="benefit_expenditure", **KEY)


def monitoring() -> pd.DataFrame:
    rows = [("150100", 10e8, None, 8e8, 0.70, "red"), ("150200", 5e8, 4e8, 3e8, 0.74, "green"), ("150300", None, None, 1e8, 0.75, "")]
    columns = ["region", "budget", "adjusted", "executed", "season_share", "status"]
    return _frame(columns, rows, programme="unemployment", item="benefit_expenditure", period="2026-09")


def heads() -> pd.DataFrame:
    rows = []
    for item, size in (("insured", 3e6), ("contributors", 2e6), ("beneficiaries", 1e6)):
        for period, stage, growth in (("2024", "final", 1.0), ("2025", "final", 1.02), ("2026", "expected", 1.03), ("2027", "draft", 1.05)):
            rows.append((item, period, stage, size * growth))
    rows.append(("gap", "2027", "draft", 1e8))
    return _frame(["item", "period", "stage", "value"], rows, **KEY)


def scenarios(years: int = 1) -> pd.DataFrame:
    """Two areas, two funds: the baseline, pensions raised, the rate cut."""
    rows = []
    for year in range(years):
        for scenario, change in ((None, 0.0), ("提高养老金", 2e8), ("rate cut", 1e8)):
            for region in ("150100", "150200"):
                rows.append((scenario, region, "enterprise_pension", str(2027 + year), 3e8 + change + year * 1e8))
                rows.append((scenario, region, "unemployment", str(2027 + year), -1e8 - year * 0.5e8))
    return _frame(["scenario", "region", "programme", "period", "value"], rows, item="gap")


def simulation() -> pd.DataFrame:
    rows = []
    for region, middle in (("150100", 1e8), ("150200", 4e8)):
        for quantile, by in ((None, 0.1), (0.025, -4.0), (0.1, -2.0), (0.5, 0.0), (0.9, 2.0), (0.975, 5.0)):
            rows.append((region, quantile, middle + by * 1e8))
    frame = _frame(["region", "quantile", "value"], rows, programme="unemployment", item="gap", period="2027", scenario="")
    return frame.astype({"quantile": float})


def chances() -> pd.DataFrame:
    return _frame(["region", "gap_chance"], [("150100", 0.655), ("150200", 0.98)], programme="unemployment", period="2027")
