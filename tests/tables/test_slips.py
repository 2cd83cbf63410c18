"""Figures in another unit than their own series, and sums that only fail because of one."""

import pytest

import sibforecast as sib
from sibforecast.phrases import Teller
from tests.datasets import HISTORY, dataset, write_table

AREA, FUND = "150100", "enterprise_pension"
YEARS = range(2020, 2025)


def checked(folder, more=(), **series):
    """A fund's final accounts 2020-2024 in 万元, and what is to be added to them."""
    rows = [(AREA, FUND, item, str(y), v, "万元", "final") for item, values in series.items() for y, v in zip(YEARS, values, strict=True)]
    return sib.check(dataset(folder, [*rows, *more])).frame


SPENT = (300_000, 310_000, 325_000, 335_000, 348_000)  # 万元: 3.0 to 3.48 billion yuan


def test_a_detail_and_its_total_slipped_together_are_both_told(tmp_path):
    """348,000 万元 typed in yuan and labelled 万元: 34.8 trillion yuan. They foot, and fit no other year."""
    wrong = (*SPENT[:4], SPENT[4] * 10_000)
    found = checked(tmp_path, benefit_expenditure=wrong, total_expenditure=wrong)
    assert list(zip(found["id"], found["item"], found["period"], found["severity"], strict=True)) == [
        ("unit_slip", "benefit_expenditure", "2024", "error"), ("unit_slip", "total_expenditure", "2024", "error")]
    assert found["expected"][0] == "about 3,480,000,000.00 (348,000 万元)"
    assert "unit slip (× 10,000)" in found["message"][0]
    assert Teller("zh").text(found["message"][0], "unit_slip").startswith("与本序列其他年份的数相差悬殊；可能原因：单位错位（× 10,000）")
    assert Teller("zh").text(found["expected"][0], "unit_slip").startswith("约3,480,000,000.00")


@pytest.mark.parametrize("year", range(1, 5))
def test_a_slip_the_other_way_is_told_in_any_year_but_the_first(tmp_path, year):
    wrong = [v / 10_000 if k == year else v for k, v in enumerate(SPENT)]
    found = checked(tmp_path, total_expenditure=wrong)
    assert found["period"].tolist() == [str(2020 + year)]
    assert "unit slip (÷ 10,000)" in found["message"][0]


@pytest.mark.parametrize("series", [
    {"total_expenditure": SPENT},
    {"total_expenditure": (30, *SPENT[1:])},  # a scheme begins
    {"total_expenditure": (3, 400, 20_000, 150_000, 348_000)},  # and grows
    {"transfer_in": (0.01, 0.02, 0.01, 100, 0.02)},  # a small lump: 1 million yuan
    {"gap_subsidy": (5, 40_000, 3, 60_000, 4)},  # every other year
    {"other_revenue": (300_000, 30, 300_000, 30, 30)},  # nothing steady to be held against
])  # fmt: skip
def test_growth_starts_and_lumps_are_no_slips(tmp_path, series):
    assert "unit_slip" not in set(checked(tmp_path, **series)["id"])


def test_what_comes_in_lumps_and_what_has_a_reason_is_a_warning(tmp_path):
    found = checked(tmp_path / "lump", other_revenue=(3, 3, 3, 30_000, 3))  # 30,000 yuan, then 300 million
    assert found[["id", "severity"]].to_numpy().tolist() == [["unit_slip", "warning"]]
    rows = [(AREA, FUND, "total_expenditure", str(y), v * (10_000 if y == 2024 else 1), "万元", "final", "new" if y == 2024 else "")
            for y, v in zip(YEARS, SPENT, strict=True)]  # fmt: skip
    write_table(dataset(tmp_path, []), "history", (*HISTORY, "caliber"), rows)
    assert sib.check(tmp_path).frame[["id", "severity"]].to_numpy().tolist() == [["unit_slip", "warning"]]


def test_a_month_is_held_against_months(tmp_path):
    """Cumulative 10, 20, 30, 40 thousand 万元; the fourth typed ten thousand times as large."""
    months = [(AREA, FUND, "contribution_revenue", f"2025-{m:02d}", 10_000 * m * (10_000 if m == 4 else 1), "万元", "executed")
              for m in range(1, 6)]  # fmt: skip
    found = checked(tmp_path, months, contribution_revenue=(110_000, 112_000, 115_000, 118_000, 119_000))
    assert found.loc[found["id"] == "unit_slip", "period"].tolist() == ["2025-04"]


def test_a_footing_error_names_the_line_that_slipped(tmp_path):
    """5 + 2 × 10,000 ≠ 7: the second line in yuan makes the sum right, so it is named with its row, not the total."""
    rows = [("contribution_revenue", 5.0), ("fiscal_subsidy", 20_000.0), ("interest", 1.0), ("revenue_subtotal", 8.0)]
    found = checked(tmp_path, [(AREA, FUND, item, "2024", v, "万元", "final") for item, v in rows])
    one = found[found["id"] == "I1_revenue_subtotal"].iloc[0]
    assert (one["item"], one["row"], one["expected"]) == ("fiscal_subsidy", 3, "20,000.00 (2 万元)")
    assert "unit slip (× 10,000)" in one["message"]


def test_a_total_that_slipped_alone_is_named_itself(tmp_path):
    rows = [("contribution_revenue", 5.0), ("fiscal_subsidy", 2.0), ("interest", 1.0), ("revenue_subtotal", 80_000.0)]
    one = checked(tmp_path, [(AREA, FUND, item, "2024", v, "万元", "final") for item, v in rows]).iloc[0]
    assert (one["id"], one["item"], one["expected"]) == ("I1_revenue_subtotal", "revenue_subtotal", "80,000.00 (8 万元)")
    assert "unit slip (× 10,000)" in one["message"]


@pytest.mark.parametrize("name", ["nmg", "china", "oasdi"])
def test_no_sample_has_a_slip(name):
    assert "unit_slip" not in set(sib.check(sib.sample(name)).frame["id"])
