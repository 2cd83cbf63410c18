"""A sum of some areas is not the sum of all: what is missing is named, never counted as nothing."""

import numpy as np
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.rollup.roll import roll_items
from sibforecast.tables.regions import Area, Regions
from tests.datasets import WAN, dataset
from tests.projection.test_edges import EP, TWO, series

A, B, TOP = "150100", "150200", "150000"
TREE = Regions.of([Area(*r) for r in TWO] + [Area("150099", "自治区本级", "150000", "region")])
FIGURES = {"contribution_revenue": 100.0, "total_revenue": 100.0, "benefit_expenditure": 90.0, "total_expenditure": 90.0,
           "opening_balance": 50.0, "current_balance": 10.0, "closing_balance": 60.0, "insured": 5.0, "gap": -10.0}  # fmt: skip


def frame(cells, programme=EP, stage="final"):
    rows = [(r, programme, i, p, stage, v) for (r, p), figures in cells.items() for i, v in figures.items()]
    out = pd.DataFrame(rows, columns=["region", "programme", "item", "period", "stage", "value"])
    return out.astype({"region": "category", "programme": "category", "item": "category", "stage": "category"})


def rolled(cells, **words):
    found: list[dict] = []
    out = roll_items(frame(cells, **words), TREE, "region", found)
    return out.pivot_table(index="period", columns="item", values="value", observed=True), found


def without(*names):
    return {i: v for i, v in FIGURES.items() if i not in names}


@pytest.mark.parametrize("item", ["closing_balance", "opening_balance", "gap", "total_revenue", "insured"])
def test_a_figure_that_one_area_lacks_is_unknown_above(item):
    got, found = rolled({(A, "2025"): FIGURES, (B, "2025"): without(item)})
    assert item not in got.columns or np.isnan(got.loc["2025", item])
    assert got.loc["2025", "benefit_expenditure"] == 180.0
    assert [(f["id"], f["region"], f["item"], f["found"]) for f in found] == [("partial_sum", TOP, item, f"no figure of {B}")]


def test_identity_i3_holds_above_or_is_blank():
    """B tells no balances: the region's opening and closing stay blank, not A's alone beside the flow of both."""
    got, _ = rolled({(A, "2025"): FIGURES, (B, "2025"): without("opening_balance", "closing_balance")})
    assert got.loc["2025", "current_balance"] == 20.0
    assert not {"opening_balance", "closing_balance"} & set(got.columns)


def test_a_line_that_foots_without_an_area_is_nothing_there():
    """B never had other revenue, A has: B's total foots without it."""
    mine = {**FIGURES, "other_revenue": 7.0, "total_revenue": 107.0, "closing_balance": 67.0}
    got, found = rolled({(A, "2025"): mine, (B, "2025"): FIGURES})
    assert got.loc["2025", "other_revenue"] == 7.0
    assert found == []


def test_a_line_that_was_there_and_is_missing_now_is_unknown():
    """B's total of 2025 does not foot without the interest it had in 2024."""
    before = {**FIGURES, "interest": 3.0, "total_revenue": 103.0}
    now = {**FIGURES, "total_revenue": 103.0}
    got, found = rolled({(A, "2024"): before, (B, "2024"): before, (A, "2025"): before, (B, "2025"): now})
    assert got.loc["2024", "interest"] == 6.0
    assert np.isnan(got.loc["2025", "interest"])
    assert got.loc["2025", "total_revenue"] == 206.0
    assert {f["item"] for f in found} == {"interest"}


def test_an_area_that_has_not_reported_leaves_the_sum_unknown():
    got, found = rolled({(A, "2024"): FIGURES, (B, "2024"): FIGURES, (A, "2025"): FIGURES})
    assert list(got.index) == ["2024"]
    assert [(f["period"], f["found"]) for f in found] == [("2025", f"no figure of {B}")]


def test_an_area_founded_later_or_long_gone_is_not_missing():
    later, found = rolled({(A, "2014"): FIGURES, (A, "2016"): FIGURES, (B, "2016"): FIGURES})
    assert later["total_revenue"].tolist() == [100.0, 200.0]
    assert found == []
    gone, found = rolled({(A, "2014"): FIGURES, (B, "2014"): FIGURES, (A, "2020"): FIGURES})
    assert gone["total_revenue"].tolist() == [200.0, 100.0]
    assert found == []


def test_an_own_level_has_no_heads_and_that_is_no_gap():
    got, found = rolled({(A, "2025"): FIGURES, (B, "2025"): FIGURES, ("150099", "2025"): without("insured")})
    assert got.loc["2025", "insured"] == 10.0
    assert got.loc["2025", "total_revenue"] == 300.0
    assert found == []


def test_months_told_by_leagues_are_not_dropped_for_years_told_by_counties(tmp_path):
    regions = [*TWO, ("150102", "新城区", A, "county"), ("150203", "昆都仑区", B, "county")]
    rows = [r for c in ("150102", "150203") for r in series(EP, "contribution_revenue", [100] * 2, region=c)]
    rows += [(r, EP, "contribution_revenue", "2025-09", 70, WAN, "executed") for r in (A, B)]
    data = sib.load(dataset(tmp_path, rows, regions=regions))
    got = sib.roll_up(data, "region").frame.set_index("period")["value"]
    assert got["2024"] == pytest.approx(200e4)
    assert got["2025-09"] == pytest.approx(140e4)


def test_the_balance_table_of_a_region_knows_what_it_does_not_know(tmp_path):
    """One area's gap is unknown (its filling was never told): so is the region's."""
    told = [*series(EP, "contribution_revenue", [100] * 3), *series(EP, "benefit_expenditure", [130] * 3), *series(EP, "closing_balance", [70, 40, 10])]
    total = [*series(EP, "total_revenue", [100] * 3, region=B), *series(EP, "total_expenditure", [90] * 3, region=B)]
    draft = sib.draft_budget(sib.load(dataset(tmp_path, told + total, regions=TWO)), 2026)
    table = sib.roll_up(draft, "region").balance
    assert table["gap"].isna().all()
    assert table["open"].isna().all()
    assert "partial_sum" in set(sib.roll_up(draft, "region").findings.frame["id"])
