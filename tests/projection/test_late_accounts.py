"""Accounts that are late, partial or only a total: what is known stands, the balance is never lost."""

import numpy as np
import pytest

import sibforecast as sib
from tests.datasets import WAN, dataset
from tests.projection.test_edges import CS, EP, TWO, R, drafted, series, simple

LATE = [
    ("insured_active", 210_000, "人"),
    ("contribution_base", 5_500, "元/月"),
    ("contribution_revenue", 104, WAN),
]


def full(region=R, years=3, first=2023):
    """Revenue 100 (of which contributions 80), expenditure 90, closing 50, 60, 70 …"""
    flat = [("contribution_revenue", 80), ("fiscal_subsidy", 20), ("gap_subsidy", 0), ("total_revenue", 100), ("benefit_expenditure", 90), ("total_expenditure", 90)]
    rows = [r for item, v in flat for r in series(EP, item, [v] * years, region=region, first=first)]
    return rows + series(EP, "closing_balance", [50 + 10 * i for i in range(years)], region=region, first=first)


def column(draft, stage, region=R):
    frame = draft.frame[(draft.frame["stage"] == stage) & (draft.frame["region"] == region)]
    return frame[frame["period"].astype(str) == frame["period"].astype(str).max()].set_index("item")["value"]


@pytest.mark.parametrize("late", LATE, ids=[i for i, _, _ in LATE])
def test_a_single_late_figure_loses_no_balance(tmp_path, late):
    """Accounts to 2024 (closing 60), one figure of 2025: 2025 is expected, and the draft opens where it closes."""
    item, value, unit = late
    draft, got = drafted(tmp_path, [*full(years=2), *series(EP, item, [value], first=2025, unit=unit)])
    expected = column(draft, "expected")
    revenue = 100 if item != "contribution_revenue" else 124
    assert expected["total_revenue"] == pytest.approx(revenue * 1e4)
    assert expected["opening_balance"] == pytest.approx(60e4)
    assert expected["closing_balance"] == pytest.approx((60 + revenue - 90) * 1e4)
    assert expected[item] == pytest.approx(value * (1e4 if unit == WAN else 1))
    assert got["opening_balance"] == pytest.approx(expected["closing_balance"])
    assert got["closing_balance"] == pytest.approx(got["opening_balance"] + got["total_revenue"] - got["total_expenditure"])


def test_lines_without_a_closing_balance_are_an_account(tmp_path):
    """2025 has every line and no balance: it closes at 60 + 110 − 90."""
    late = [*series(EP, "contribution_revenue", [90], first=2025), *series(EP, "fiscal_subsidy", [20], first=2025),
            *series(EP, "gap_subsidy", [0], first=2025), *series(EP, "benefit_expenditure", [90], first=2025)]  # fmt: skip
    draft, got = drafted(tmp_path, [*full(years=2), *late])
    assert column(draft, "final")["total_revenue"] == pytest.approx(110e4)
    assert got["opening_balance"] == pytest.approx(80e4)


@pytest.mark.parametrize("known", [("total_revenue",), ("total_revenue", "total_expenditure")])
def test_a_last_account_that_is_only_a_total(tmp_path, known):
    """The published total stands in its year, without invented lines; the draft goes on line by line."""
    late = [r for item, v in (("total_revenue", 70), ("total_expenditure", 95)) if item in known for r in series(EP, item, [v], first=2025)]
    draft, got = drafted(tmp_path, [*full(years=2), *late])
    expected = column(draft, "expected")
    assert expected["total_revenue"] == pytest.approx(70e4)
    assert not {"contribution_revenue", "fiscal_subsidy", "gap"} & set(expected.index)
    spent = 95 if len(known) == 2 else 90
    assert expected["closing_balance"] == pytest.approx((60 + 70 - spent) * 1e4)
    assert got["contribution_revenue"] + got["fiscal_subsidy"] == pytest.approx(got["total_revenue"])
    assert got["gap"] == pytest.approx(got["total_expenditure"] - got["total_revenue"])
    assert got["opening_balance"] == pytest.approx(expected["closing_balance"])
    assert "total_without_lines" in set(draft.findings.frame["id"])


@pytest.mark.parametrize(("years", "is_drafted"), [(3, True), (2, True), (1, False)])
def test_a_late_area_neither_stops_nor_moves_the_others(tmp_path, years, is_drafted):
    """Accounts from 2022: up to 2024, 2023 (three years before 2026) or 2022 only, beside an area up to date."""
    alone, one = drafted(tmp_path / "one", full(first=2022, years=4), regions=TWO)
    both, _ = drafted(tmp_path / "two", full(first=2022, years=4) + full(region="150200", first=2022, years=years), regions=TWO)
    assert ("150200" in set(both.frame["region"])) is is_drafted
    notes = both.findings.frame
    noted = set(notes.loc[notes["id"] == "not_drafted", "region"].dropna())
    assert noted == (set() if is_drafted else {"150200"})
    here = column(both, "draft")
    for item in ("contribution_revenue", "total_revenue", "closing_balance", "gap"):
        assert here[item] == pytest.approx(one[item])
    assert np.allclose(column(both, "expected")[["closing_balance", "gap"]], column(alone, "expected")[["closing_balance", "gap"]])


def test_a_fund_none_of_whose_areas_is_recent_is_said_once(tmp_path):
    old = series(CS, "contribution_revenue", [100, 100], first=2018)
    draft, _ = drafted(tmp_path, full() + old)
    notes = draft.findings.frame
    here = notes[(notes["id"] == "not_drafted") & (notes["programme"] == CS)]
    assert len(here) == 1


def test_december_is_not_called_a_final_account(tmp_path):
    """Months to December 2025 and no annual account: the year is executed, not final."""
    months = [(R, EP, item, "2025-12", v, WAN, "executed") for item, v in (("contribution_revenue", 82), ("fiscal_subsidy", 20), ("gap_subsidy", 0), ("benefit_expenditure", 91), ("closing_balance", 71))]
    draft, got = drafted(tmp_path, [*full(years=2), *months])
    rows = draft.frame[(draft.frame["stage"] == "expected") & (draft.frame["item"] == "contribution_revenue")]
    assert rows["value"].tolist() == [82e4]
    assert rows["method"].tolist() == ["executed: December's cumulative figure"]
    assert got["opening_balance"] == pytest.approx(71e4)


def test_a_year_known_as_expected_only_can_open_a_draft(tmp_path):
    """In autumn the column of this year is itself an estimate; it may be all there is."""
    rows = [(*r[:6], "expected") for r in full(years=1, first=2025)]
    draft, got = drafted(tmp_path, rows)
    assert got["opening_balance"] == pytest.approx(50e4)
    assert got["contribution_revenue"] == pytest.approx(80e4)
    told = draft.frame[(draft.frame["stage"] == "expected") & (draft.frame["item"] == "contribution_revenue")]
    assert told["method"].tolist() == ["data (expected)"]


def test_a_split_of_subsidies_known_long_ago_is_not_carried_silently(tmp_path):
    """Filling was told apart in 2019 only: of later years the standing part is unknown, and said so."""
    rows = [*simple(), *series(EP, "fiscal_subsidy", [30] * 7, first=2019), *series(EP, "gap_subsidy", [10], first=2019)]
    draft, got = drafted(tmp_path, rows)
    assert got["fiscal_subsidy"] == pytest.approx(30e4)
    assert "gap_filled_unknown" in set(draft.findings.frame["id"])


def test_load_and_draft_agree_on_what_a_region_row_mirrors(tmp_path):
    """Both leagues remit 10; the region's own row receives 20: rolled up, nobody pays anybody."""
    rows = [r for region in ("150100", "150200") for r in [*full(region=region), *series(EP, "upper_remittance", [10] * 3, region=region)]]
    rows = [(*r[:4], 100, *r[5:]) if r[2] == "total_expenditure" else r for r in rows]
    rows = [(*r[:4], 50, *r[5:]) if r[2] == "closing_balance" else r for r in rows]
    rows += series(EP, "lower_remittance", [20] * 3, region="150000")
    data = sib.load(dataset(tmp_path, rows, regions=TWO))
    draft = sib.draft_budget(data, 2026)
    told = sib.roll_up(data, "region").frame
    told = told[told["period"].astype(str) == "2025"].set_index("item")["value"]
    for stage in ("final", "expected", "draft"):
        region = column(sib.roll_up(draft, "region"), stage, "150000")
        for item in ("total_revenue", "total_expenditure"):
            assert region[item] == pytest.approx(told[item]), stage
        assert region.get("lower_remittance", 0.0) == region.get("upper_remittance", 0.0) == 0.0
    assert draft.summary()["total_expenditure"].tolist() == pytest.approx([round(told["total_expenditure"] / 1e8, 2)])
    own = sib.explain(draft, "150000", EP, "lower_remittance")
    assert own.frame["value"].iloc[0] == pytest.approx(20e4)
    assert sib.roll_up(draft, "region").findings.frame["id"].tolist().count("mirror_unmatched") == 0
