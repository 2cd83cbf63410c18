"""A clean tiny data set, and how the tests spoil it: one mistake at a time."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

import sibforecast as sib
from sibforecast.results import Findings

LEAGUE = "150100"
FUND = "resident_medical"
PENSION = "enterprise_pension"

REGIONS = [
    ("150000", "内蒙古自治区", "", "region"),
    ("150100", "呼和浩特市", "150000", "league"),
    ("150300", "乌海市", "150000", "league"),
    ("150700", "呼伦贝尔市", "150000", "league"),
    ("150900", "乌兰察布市", "150000", "league"),
    ("152500", "锡林郭勒盟", "150000", "league"),
    ("150102", "新城区", "150100", "county"),
]
#: Two years of one county's fund as published, 万元: they foot.
LINES = {
    "contribution_revenue": (27_362, 28_219),
    "fiscal_subsidy": (50_441, 49_755),
    "interest": (376, 525),
    "other_revenue": (1_474, 0),
    "revenue_subtotal": (79_653, 78_499),
    "total_revenue": (79_653, 78_499),
    "benefit_expenditure": (70_764, 70_965),
    "other_expenditure": (7_270, 6_907),
    "expenditure_subtotal": (78_034, 77_872),
    "total_expenditure": (78_034, 77_872),
    "current_balance": (1_619, 627),
    "opening_balance": (35_226, 36_845),
    "closing_balance": (36_845, 37_472),
}
DRIVERS = {
    "contributors": (120_000, "人"),
    "contribution_base": (5_500, "元/月"),
    "contribution_rate": (24, "%"),
    "collection_rate": (0.96, "share"),
    "benefit_level": (2_900, "元/月"),
}


class Tables(dict[str, list[dict[str, object]]]):
    """Tables as lists of rows; the header is the columns of the first row."""

    def figure(self, item: str, period: str = "2024", region: str = LEAGUE) -> dict[str, object]:
        """The row of one figure."""
        return next(r for r in self["history"] if (r["item"], r["period"], r["region"]) == (item, period, region))

    def row(self, table: str, record: dict[str, object]) -> int:
        """The row as a person counts it in the file."""
        return next(i for i, r in enumerate(self[table]) if r is record) + 2

    def text(self, table: str) -> str:
        """The table as CSV text."""
        out = io.StringIO(newline="")
        rows = self[table]
        header = list(dict.fromkeys(k for r in rows for k in r))
        writer = csv.DictWriter(out, header)
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()

    def folder(self, path: Path) -> Path:
        """Written as CSV files, UTF-8."""
        path.mkdir(parents=True, exist_ok=True)
        for table in self:
            (path / f"{table}.csv").write_text(self.text(table), encoding="utf-8", newline="")
        return path

    def workbook(self, path: Path, names: dict[str, str] | None = None) -> Path:
        """Written as one workbook, cells with the types they have here."""
        import openpyxl

        book = openpyxl.Workbook()
        book.remove(book.active)
        for table, rows in self.items():
            sheet = book.create_sheet((names or {}).get(table, table))
            sheet.append(list(rows[0]))
            for row in rows:
                sheet.append(list(row.values()))
        path.parent.mkdir(parents=True, exist_ok=True)
        book.save(path)
        return path

    def check(self, path: Path) -> Findings:
        """Findings of the folder."""
        return sib.check(self.folder(path))

    def value(self, path: Path, item: str, period: str = "2024", region: str = LEAGUE) -> float:
        """What the package reads for one figure, in base units."""
        return value_of(sib.load(self.folder(path)), item, period, region)


def value_of(data: sib.FundData, item: str, period: str = "2024", region: str = LEAGUE) -> float:
    """One figure of a data set."""
    frame = data.frame
    rows = frame[(frame["item"] == item) & (frame["period"] == period) & (frame["region"] == region)]
    assert len(rows) == 1
    return float(rows["value"].iloc[0])


def clean() -> Tables:
    """The data set without a mistake."""
    history: list[dict[str, object]] = []
    for position, period in enumerate(("2023", "2024")):
        for item, values in LINES.items():
            history.append(_figure(FUND, item, period, f"{values[position]:.2f}", "万元"))
    for item, (value, unit) in DRIVERS.items():
        history.append(_figure(PENSION, item, "2024", value, unit))
    regions = [dict(zip(("region", "name", "parent", "level"), row, strict=True)) for row in REGIONS]
    return Tables(regions=regions, history=history)


def _figure(programme: str, item: str, period: str, value: object, unit: str) -> dict[str, object]:
    return {"region": LEAGUE, "programme": programme, "item": item, "period": period, "value": value, "unit": unit, "stage": ""}


def assert_only(
    found: Findings, id: str, severity: str = "error", table: str | None = "history", row: int | None = None,
    column: str | None = None, holds: str = "",
) -> None:  # fmt: skip
    """Exactly one finding of this name, at this place, with a mend; and no other error or warning."""
    frame = found.frame
    here = frame[frame["id"] == id]
    assert len(here) == 1, "\n".join(found.lines())
    one = here.iloc[0]
    assert one["severity"] == severity
    assert one["table"] == table
    assert pd.isna(one["row"]) if row is None else one["row"] == row
    assert one["column"] == column
    assert isinstance(one["mend"], str)
    assert one["mend"]
    if row is not None:
        assert str(row) in one["message"]
    assert holds in " ".join(str(one[c]) for c in ("message", "found", "expected"))
    others = frame[(frame["severity"] != "note") & (frame["id"] != id)]
    assert others.empty, "\n".join(found.lines())
