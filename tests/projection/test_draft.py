"""Drafts: four columns, identities to the cent, published totals, months, own levels."""

import numpy as np
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast import items
from sibforecast.errors import DataError, SibError
from tests import datasets


def wide(draft, stage):
    frame = draft.frame
    part = frame[frame["stage"] == stage]
    return part.pivot_table(index=["programme", "region"], columns="item", values="value", observed=True)


def test_four_columns_side_by_side(nmg_draft):
    frame = nmg_draft.frame
    pairs = frame[["stage", "period"]].drop_duplicates().astype(str)
    assert set(map(tuple, pairs.to_numpy())) == {("final", "2025"), ("budget", "2026"), ("expected", "2026"), ("draft", "2027")}
    assert list(frame.columns) == list(nmg_draft.columns)
    assert frame["value"].notna().all()
    assert (frame["method"].astype(str).str.len() > 0).all()


@pytest.mark.parametrize("stage", ["final", "budget", "expected", "draft"])
def test_identities_hold_to_the_cent(nmg_draft, stage):
    table = wide(nmg_draft, stage)
    zero = table.reindex(columns=list(items.CATALOGUE)).fillna(0.0)
    for total, lines in (
        ("revenue_subtotal", items.REVENUE_LINES),
        ("expenditure_subtotal", items.EXPENDITURE_LINES),
        ("benefit_expenditure", items.BENEFIT_LINES),
    ):
        assert np.abs(zero[list(lines)].sum(axis=1) - zero[total]).max() < 0.005, total
    revenue = zero["revenue_subtotal"] + zero["upper_grant"] + zero["lower_remittance"]
    spending = zero["expenditure_subtotal"] + zero["lower_grant"] + zero["upper_remittance"]
    assert np.abs(revenue - zero["total_revenue"]).max() < 0.005
    assert np.abs(spending - zero["total_expenditure"]).max() < 0.005
    assert np.abs(zero["total_revenue"] - zero["total_expenditure"] - zero["current_balance"]).max() < 0.005
    closing = zero["opening_balance"] + zero["current_balance"] + zero["balance_adjustment"]
    assert np.abs(closing - zero["closing_balance"]).max() < 0.005
    gap = zero["total_expenditure"] - (zero["total_revenue"] - zero["gap_subsidy"] - zero["gap_grant"])
    assert np.abs(gap - zero["gap"]).max() < 0.005


def test_years_are_chained(nmg_draft):
    final, expected, draft = (wide(nmg_draft, s) for s in ("final", "expected", "draft"))
    assert (final["closing_balance"] - expected["opening_balance"]).abs().max() == 0
    assert (expected["closing_balance"] - draft["opening_balance"]).abs().max() == 0


def test_an_expected_outturn_sums_to_the_leagues_nowcast(nmg, nmg_draft):
    """A county's figure is its forecast, scaled so that the league's months are met."""
    from sibforecast.forecasting.nowcast import outturn
    from sibforecast.periods import Period

    expected = outturn(nmg, 2026, Period(2026, 9))
    leagues = sib.roll_up(nmg_draft, "league").frame
    rows = leagues[(leagues["stage"] == "expected") & (leagues["programme"] == "resident_medical")].set_index(["region", "item"])["value"]
    for item in ("contribution_revenue", "fiscal_subsidy", "insured"):
        told = expected["resident_medical", item]
        for region, value in zip(told.areas, told.value, strict=True):
            if (region, item) in rows.index:
                assert rows[region, item] == pytest.approx(value, rel=1e-9), (region, item)


def test_the_regions_own_level_mirrors_the_counties(nmg_draft):
    for stage in ("expected", "draft"):
        table = wide(nmg_draft, stage).loc["enterprise_pension"]
        counties = table.drop(index="150099")
        assert table.loc["150099", "lower_remittance"] == pytest.approx(counties["upper_remittance"].sum(), abs=0.005)
        assert table.loc["150099", "lower_grant"] == pytest.approx(counties["upper_grant"].sum(), abs=0.005)


def test_government_staff_gap_is_closed_by_the_subsidy(nmg_draft):
    table = wide(nmg_draft, "draft").loc["civil_servant_pension"]
    assert (table["gap_subsidy"] > 0).sum() > 90
    closed = table[table["gap_subsidy"] > 0]
    assert closed["closing_balance"].to_numpy() == pytest.approx(np.minimum(closed["opening_balance"], 0).to_numpy(), abs=0.01)
    assert (closed["gap"] >= closed["gap_subsidy"] - 0.01).all()


def test_before_filling_and_after_are_two_numbers(nmg_draft):
    balance = nmg_draft.balance
    gaps = balance[balance["gap"] > 0]
    filled = gaps["own_balance"] + gaps["gap_subsidy"] + gaps["gap_grant"] + gaps["open"]
    assert np.allclose(filled, gaps["gap"], atol=0.01)
    assert {"opening_balance", "closing_balance", "months_payable"} <= set(balance.columns)


def test_published_totals_are_drafted_as_totals(china):
    draft = sib.draft_budget(china, 2022)
    frame = draft.frame
    rows = frame[(frame["stage"] == "draft") & (frame["programme"] == "urban_employee_pension")].set_index("item")
    assert "insured" in rows.loc["total_revenue", "method"]
    invented = set(items.STATUTORY_LINES) | set(items.BENEFIT_LINES) | {"revenue_subtotal", "expenditure_subtotal"}
    assert not invented & set(rows.index)
    assert "gap" not in rows.index
    assert "gap_filled_unknown" in set(draft.findings.frame["id"])
    assert rows.loc["closing_balance", "value"] == rows.loc["opening_balance", "value"] + rows.loc["current_balance", "value"]


def test_old_figures_are_not_carried_on(china):
    draft = sib.draft_budget(china, 2022)
    assert "medical" not in set(draft.frame["programme"])
    notes = draft.findings.frame
    assert "medical" in set(notes.loc[notes["id"] == "not_drafted", "programme"])


def test_asof_hides_later_months(nmg):
    june = sib.draft_budget(nmg, 2027, asof="2026-06")
    assert june.provenance["asof"] == "2026-06"
    september = sib.draft_budget(nmg, 2027)
    expected = [wide(d, "expected")["contribution_revenue"].sum() for d in (june, september)]
    assert expected[0] != expected[1]
    assert expected[0] == pytest.approx(expected[1], rel=0.05)
    with pytest.raises(SibError, match="not before"):
        sib.draft_budget(nmg, 2027, asof="2027-01")


def test_a_missing_driver_is_named_not_filled(tmp_path):
    drivers = [d for d in datasets.EP_DRIVERS if d[0] != "collection_rate"]
    path = datasets.dataset(
        tmp_path,
        [("150100", "enterprise_pension", i, 2025, v, u, "final") for i, v, u in datasets.EP_OPENING],
        [(i, 2026, v, u, "150100", "enterprise_pension", "example", "analyst") for i, v, u in drivers],
    )
    with pytest.raises(DataError) as told:
        sib.draft_budget(sib.load(path), 2026)
    findings = told.value.findings.frame
    assert findings["id"].tolist() == ["missing_driver"]
    assert findings["item"].iloc[0] == "collection_rate"
    assert "contribution_revenue" in findings["message"].iloc[0]


def test_a_line_that_never_was_is_left_out(tmp_path):
    path = datasets.enterprise_pension(tmp_path)
    frame = sib.draft_budget(sib.load(path), 2026).frame
    assert "investment_return" not in set(frame["item"])
    assert "collective_aid" not in set(frame["item"])


def test_an_amount_of_an_upper_area_is_never_split(nmg):
    given = pd.DataFrame([{"region": "150100", "programme": "enterprise_pension", "item": "fiscal_subsidy", "period": "2027", "value": 1e9}])
    with pytest.raises(DataError, match="area above"):
        sib.draft_budget(nmg.with_judgement(given, author="analyst"), 2027)


def test_permuting_areas_changes_no_total(tmp_path):
    regions = [("R", "R", "", "region"), ("A", "Aa", "R", "league"), ("B", "Bb", "R", "league")]
    rng = np.random.default_rng(3)
    rows = [
        (area, "work_injury", item, year, round(float(base * 1.05 ** (year - 2018) * rng.uniform(0.98, 1.02)), 2), unit, "final")
        for area in ("A", "B") for year in range(2018, 2026)
        for item, base, unit in (("contributors", 1e5, "人"), ("contribution_base", 5e3, "元/月"), ("contribution_revenue", 3e7, "元"),
                                 ("benefit_expenditure", 2e7, "元"), ("closing_balance", 5e7, "元"))
    ]  # fmt: skip
    rows += [(a, "work_injury", "contribution_rate", y, 0.5, "%", "final") for a in ("A", "B") for y in range(2018, 2026)]
    one = sib.draft_budget(sib.load(datasets.dataset(tmp_path / "1", rows, regions=regions)), 2026)
    two = sib.draft_budget(sib.load(datasets.dataset(tmp_path / "2", rows[::-1], regions=[regions[0], regions[2], regions[1]])), 2026)
    a, b = (d.frame[d.frame["stage"] == "draft"].astype({"region": str}).pivot_table(index="region", columns="item", values="value", observed=True)
            for d in (one, two))  # fmt: skip
    assert len(a.columns) > 15
    assert np.allclose(a.sort_index(), b.sort_index()[list(a.columns)], rtol=1e-12)


def test_nothing_known_before_is_said(tmp_path):
    path = datasets.enterprise_pension(tmp_path)
    with pytest.raises(SibError, match="nothing is known before"):
        sib.draft_budget(sib.load(path), 2020)


def test_explanations_name_origin_and_formula(nmg_draft):
    told = sib.explain(nmg_draft, "新城区", "enterprise_pension", "contribution_revenue")
    frame = told.frame
    assert frame["depth"].iloc[0] == 0
    leaves = frame[frame["formula"] == ""]
    assert (leaves["origin"] != "").all()
    assert "contributors × base × months × rate" in set(frame["formula"])
    assert sib.explain(nmg_draft, "新城区", "enterprise_pension", "contribution_revenue", language="zh").text.splitlines()[1].startswith(f"社会保险费收入 2027 = {frame['value'].iloc[0]:,.2f} 元 ")
    league = sib.explain(nmg_draft, "呼市", "enterprise_pension", "contribution_revenue").frame
    assert league["value"].iloc[0] == pytest.approx(league["value"].iloc[1:].sum())


def test_results_say_what_they_are(nmg_draft):
    for result in (nmg_draft, nmg_draft.projection, nmg_draft.forecast, nmg_draft.assumptions, nmg_draft.source):
        text = repr(result)
        assert text.startswith(f"<{type(result).__name__}>")
        assert max(map(len, text.splitlines())) <= 80
        assert "<table" in result._repr_html_()
    assert "ILLUSTRATIVE" in repr(nmg_draft)
    frame = nmg_draft.frame
    frame["value"] = 0.0
    assert (nmg_draft.frame["value"] != 0).any()
