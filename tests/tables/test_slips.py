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


def test_a_balance_that_runs_out_is_asked_about_and_one_ten_thousand_times_as_large_refused(tmp_path):
    found = checked(tmp_path / "out", closing_balance=(410_000, 400_000, 380_000, 30, -250_000))
    assert list(zip(found["id"], found["period"], found["severity"], strict=True)) == [("unit_slip", "2023", "warning")]
    found = checked(tmp_path / "large", closing_balance=(410_000, 400_000, 380_000, 3_700_000_000, 350_000))
    assert list(zip(found["id"], found["period"], found["severity"], strict=True)) == [("unit_slip", "2023", "error")]


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


@pytest.mark.parametrize("name", ["nmg", "china", "oasdi", "provinces"])
def test_no_sample_has_a_slip(name):
    assert not {"unit_slip", "rate_jump"} & set(sib.check(sib.sample(name)).frame["id"])


def rates(folder, item, values, unit="%", caliber=""):
    """What is told of a fund's rates of 2019, 2020, …"""
    rows = [(AREA, FUND, item, str(2019 + k), v, unit, "final", caliber if k == len(values) - 1 else "") for k, v in enumerate(values)]
    write_table(dataset(folder, []), "history", (*HISTORY, "caliber"), rows)
    return sib.check(folder).frame


@pytest.mark.parametrize(("item", "values", "row", "cause", "expected"), [
    ("contribution_rate", (8, 8, 8, 8, 1.2), 6, "a digit or the decimal point (÷ 10)", "about 0.08"),  # 8 / 1.2 = 6.7
    ("contribution_rate", (0.8, 8, 8, 8, 8), 2, "a digit or the decimal point (÷ 10)", "about 0.08"),  # the first year too
    ("contribution_rate", (1, 1, 1, 12, 1), 5, "a digit or the decimal point (× 10)", "about 0.01"),
    ("contribution_rate", (8, 8, 0.08, 8, 8), 4, "percent/share slip (÷ 100)", "about 0.08"),
    ("pooled_pay_rate", (60, 61, 62, 6.3, 64), 5, "a digit or the decimal point (÷ 10)", "about 0.6299"),  # √(0.62 × 0.64)
    ("collection_rate", (95, 96, 120, 97, 96), 4, "more is collected than is due", "about 0.965"),  # √(0.96 × 0.97)
])  # fmt: skip
def test_a_rate_far_from_its_own_years_is_asked_about(tmp_path, item, values, row, cause, expected):
    found = rates(tmp_path, item, values)
    assert found[["id", "severity", "row", "column", "expected"]].to_numpy().tolist() == [["rate_jump", "warning", row, "value", expected]]
    assert f"likely cause: {cause}" in found["message"][0]
    assert f"together say {values[row - 2]:g} %: correct" in found["mend"][0]
    told = "".join(Teller("zh").text(found[c][0], "rate_jump") for c in ("message", "mend", "expected"))
    assert not {"rate", "likely", "about", "value", "caliber"} & set(told.split())


@pytest.mark.parametrize(("item", "values"), [
    ("contribution_rate", (8, 8, 8, 2, 2)),  # changed for good, and no more than four times
    ("contribution_rate", (8, 8, 8, 1, 1)),  # eight times, and there it stays
    ("contribution_rate", (3, 2, 1.5, 1, 0.5)),  # step by step
    ("contribution_rate", (8, 8, 1.2)),  # two years are too few to be held against
    ("collection_rate", (95, 96, 104, 97, 96)),  # arrears came in
    ("collection_rate", (108, 112, 109, 113, 107)),  # as in every year
    ("collection_rate", (70, 40, 85, 60, 95)),
    ("interest_rate", (3, 3, 3, 3, 0.3)),
    ("benefit_adjustment", (5, 5, 4, 4, 0.4)),
])  # fmt: skip
def test_rates_that_may_be_right_are_not_asked_about(tmp_path, item, values):
    assert "rate_jump" not in set(rates(tmp_path, item, values)["id"])


def test_a_rate_with_a_reason_or_an_error_is_not_asked_about(tmp_path):
    assert rates(tmp_path / "a", "contribution_rate", (8, 8, 8, 8, 1.2), caliber="pilot").empty
    assert rates(tmp_path / "b", "contribution_rate", (0.08, 0.08, 0.08, 0.08, 1.2), "share")["id"].tolist() == ["share_out_of_range"]


def test_the_mend_names_value_and_unit_of_the_row(tmp_path):
    """4,410.64 in 万元, with 元 written into the column of units: either cell may be the wrong one."""
    rows = [(AREA, FUND, "benefit_expenditure", str(y), v, "元" if y == 2024 else "万元", "final")
            for y, v in zip(YEARS, (4000, 4100, 4200, 4300, 4410.64), strict=True)]  # fmt: skip
    found = sib.check(dataset(tmp_path, rows)).frame
    assert found["id"].tolist() == ["unit_slip"]
    assert found["mend"][0].startswith("value and unit of this row together say 4,410.64 元: correct the one that is wrong;")
