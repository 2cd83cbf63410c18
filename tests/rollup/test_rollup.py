"""Roll-up: sums to half a cent, ratios computed again, mirrored flows eliminated once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast import items
from sibforecast.errors import RollUpError
from sibforecast.rollup.roll import roll_items
from sibforecast.tables.regions import Area, Regions

BETWEEN = {*items.INTER_LEVEL_REVENUE, *items.INTER_LEVEL_EXPENDITURE, "total_revenue", "total_expenditure", "revenue_before_filling"}


def test_103_12_region_within_half_a_cent(nmg_draft):
    """Every additive item, every stage; lines between levels apart."""
    keys = ["programme", "item", "period", "stage"]
    leaf = nmg_draft.frame
    leagues = sib.roll_up(nmg_draft, "league").frame
    region = sib.roll_up(nmg_draft, "region").frame
    assert region["region"].nunique() == 1
    assert leagues["region"].nunique() == 13  # 12 leagues and cities, and the region's own level
    additive = [i for i in leaf["item"].unique() if items.CATALOGUE[i].is_additive and i not in BETWEEN]
    assert len(additive) > 30
    sums = [f[f["item"].isin(additive)].groupby(keys, observed=True)["value"].sum() for f in (leaf, leagues, region)]
    assert np.abs(sums[0] - sums[1]).max() < 0.005
    assert np.abs(sums[0] - sums[2]).max() < 0.005
    assert len(sums[0]) == len(sums[1]) == len(sums[2])


def test_no_ratio_is_summed_or_averaged(nmg_draft):
    leaf = nmg_draft.frame
    region = sib.roll_up(nmg_draft, "region").frame
    rows = region[(region["programme"] == "enterprise_pension") & (region["stage"] == "draft")].set_index("item")
    parts = leaf[(leaf["programme"] == "enterprise_pension") & (leaf["stage"] == "draft")]
    wide = parts.pivot_table(index="region", columns="item", values="value", observed=True)
    weighted = (wide["collection_rate"] * wide["assessed"]).sum() / wide["assessed"].sum()
    assert rows.loc["collection_rate", "value"] == pytest.approx(weighted, rel=1e-12)
    months = rows.loc["closing_balance", "value"] * 12 / rows.loc["expenditure_subtotal", "value"]
    assert rows.loc["months_payable", "value"] == pytest.approx(months, rel=1e-12)
    for item in set(rows.index):
        if items.CATALOGUE[item].rollup.startswith(("mean", "ratio")):
            low, high = wide[item].min(), wide[item].max()
            if items.CATALOGUE[item].rollup.startswith("mean"):
                assert low * (1 - 1e-9) <= rows.loc[item, "value"] <= high * (1 + 1e-9), item
            assert rows.loc[item, "value"] != pytest.approx(wide[item].sum(), rel=1e-3), item


def test_flows_inside_the_region_are_eliminated(nmg_draft):
    region = sib.roll_up(nmg_draft, "region").frame
    rows = region[(region["programme"] == "enterprise_pension")].pivot_table(
        index="stage", columns="item", values="value", observed=True
    )
    assert (rows["lower_remittance"] == 0).all()
    assert (rows["lower_grant"] == 0).all()
    assert (rows["upper_grant"] > 0).all()  # from the nation: a level outside the tree stays
    assert rows["total_revenue"].to_numpy() == pytest.approx((rows["revenue_subtotal"] + rows["upper_grant"]).to_numpy())
    rolled = sib.roll_up(nmg_draft, "league")
    assert "mirror_unmatched" not in set(rolled.findings.frame["id"])  # the own level's other side lies outside it
    leagues = rolled.frame
    assert (leagues.loc[leagues["item"] == "upper_remittance", "value"] >= 0).all()


TREE = Regions.of([
    Area("R", "R", "", "region"), Area("R0", "R 本级", "R", "region"), Area("A", "A", "R", "league"),
    Area("B", "B", "R", "league"), Area("A1", "A1", "A", "county"), Area("A2", "A2", "A", "county"), Area("B1", "B1", "B", "county"),
])  # fmt: skip


def frame(cells):
    rows = [(r, "enterprise_pension", i, "2026", "draft", v, "") for r, line in cells.items() for i, v in line.items()]
    return pd.DataFrame(rows, columns=["region", "programme", "item", "period", "stage", "value", "method"])


amounts = st.integers(0, 10**10).map(lambda n: n / 100)


@settings(max_examples=100, deadline=None)
@given(sent=st.tuples(amounts, amounts, amounts), granted=st.tuples(amounts, amounts, amounts), own=amounts, order=st.permutations(range(4)))
def test_mirrors_vanish_whatever_the_order_of_areas(sent, granted, own, order):
    cells = {
        area: {"revenue_subtotal": own, "upper_remittance": s, "upper_grant": g, "total_revenue": own + g, "total_expenditure": own + s}
        for area, s, g in zip(("A1", "A2", "B1"), sent, granted, strict=True)
    }
    cells["R0"] = {
        "revenue_subtotal": own, "lower_remittance": sum(sent), "lower_grant": sum(granted), "upper_remittance": 5.0,
        "upper_grant": 7.0, "total_revenue": own + sum(sent) + 7.0, "total_expenditure": own + sum(granted) + 5.0,
    }  # fmt: skip
    names = list(cells)
    found: list[dict] = []
    rolled = roll_items(frame({names[i]: cells[names[i]] for i in order}), TREE, "region", found)
    got = rolled.set_index("item")["value"]
    assert not found
    assert got["lower_remittance"] == got["lower_grant"] == 0
    assert got["upper_remittance"] == pytest.approx(5.0, abs=1e-3)
    assert got["upper_grant"] == pytest.approx(7.0, abs=1e-3)
    assert got["total_revenue"] == pytest.approx(4 * own + 7.0, rel=1e-12, abs=1e-3)
    leagues = roll_items(frame(cells), TREE, "league", [])
    assert leagues[leagues["region"] == "A"].set_index("item")["value"]["upper_remittance"] == pytest.approx(sent[0] + sent[1])


def test_sides_that_differ_are_a_finding():
    found: list[dict] = []
    cells = {"A1": {"upper_remittance": 100.0, "total_expenditure": 100.0}, "R0": {"lower_remittance": 130.0, "total_revenue": 130.0}}
    got = roll_items(frame(cells), TREE, "region", found).set_index("item")["value"]
    assert [f["id"] for f in found] == ["mirror_unmatched"]
    assert got["lower_remittance"] == 30.0
    assert got["total_revenue"] == 30.0


def test_a_published_parent_is_not_added_to_its_parts():
    cells = {"A": {"interest": 30.0}, "A1": {"interest": 10.0}, "A2": {"interest": 20.0}}
    got = roll_items(frame(cells), TREE, "league", [])
    assert got.set_index("region")["value"].to_dict() == {"A": 30.0}


def test_quantiles_are_refused(nmg):
    with pytest.raises(RollUpError, match="quantiles"):
        sib.roll_up(sib.forecast(sib.load(sib.sample("oasdi")), 2006), "nation")


def test_unknown_level_is_refused(nmg_draft):
    with pytest.raises(RollUpError, match="expected one of"):
        sib.roll_up(nmg_draft, "village")


def test_one_areas_balance_fills_no_other_areas_gap(nmg_draft):
    leaf, region = nmg_draft.balance, sib.roll_up(nmg_draft, "region").balance
    both = leaf.groupby("programme", observed=True)[["own_balance", "open"]].sum()
    rolled = region.set_index("programme")[["own_balance", "open"]]
    assert np.allclose(rolled, both.loc[rolled.index])


def test_results_with_other_numbers_beside_a_value_are_refused():
    """A sensitivity has the gap beside what moves it, a backtest what came beside what was told: no rule adds them up."""
    draft = sib.draft_budget(sib.load(sib.sample("oasdi")), 2006)
    for result in (sib.sensitivity(draft.assumptions, ["contributors"]), sib.backtest(draft.source, origins=[2003], items=["contributors"])):
        with pytest.raises(RollUpError, match="roll up what it was made from"):
            sib.roll_up(result, "nation")
