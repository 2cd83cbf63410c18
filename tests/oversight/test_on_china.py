"""The monitor on official months, 2015-2021: few false reds, early true ones, and the waiver of 2020 by its March figures."""

import pandas as pd
import pytest

import sibforecast as sib
from tests.oversight import china_years as cy


@pytest.fixture(scope="module")
def china():
    return sib.load(sib.sample("china"))


@pytest.fixture(scope="module")
def plan(china):
    return cy.plan_of(china, 2020)


def test_false_reds_and_lead_times_by_year(china):
    """Of 18 lines that end their year red all are warned of by September; one red is false: maternity spending of 2015, 9.8 % over."""
    table = cy.called(china)
    years = cy.by_year(table)
    print("\n" + years.to_string(float_format="%.1f"))
    assert years.index.tolist() == list(cy.YEARS)
    assert years["ended red"].sum() == 18
    assert years["warned by September"].sum() == 18
    assert (years["lead, months"].dropna() >= 7).all()
    assert years[["false in June", "false in September"]].sum().tolist() == [1, 1]
    false = table[(table["status"] == "red") & (table["ended"] <= cy.RED) & table["month"].isin([6, 9])]
    assert false[["year", "programme", "item"]].drop_duplicates().to_numpy().tolist() == [[2015, "maternity", "total_expenditure"]]
    assert false["ended"].iloc[0] == pytest.approx(0.098, abs=0.001)


def test_the_waiver_is_called_by_its_march_figures(china, plan):
    """Employers' contributions were waived from February 2020: all three funds are red at the end of March."""
    assert cy.waiver(china, plan).to_dict() == dict.fromkeys(cy.WAIVED, "red")


def test_a_month_shuffled_control_is_not(china, plan):
    """With the months of revenue since 2017 shuffled nine controls in ten are green or yellow at the end of March."""
    controls = pd.concat([cy.waiver(cy.shuffled(china, seed), plan) for seed in range(10)])
    print("\n", controls.value_counts().to_dict())
    assert controls.isin(["green", "yellow"]).mean() >= 0.9
    assert (controls == "red").mean() <= 0.05


def test_shuffling_moves_months_and_nothing_else(china):
    """The same deviations, elsewhere: every other figure stays, and the first shuffle differs from the second."""
    frame, once, twice = china.history, cy.shuffled(china, 1).history, cy.shuffled(china, 2).history
    moved = once["value"] != frame["value"]
    assert set(frame.loc[moved, "item"]) == {"total_revenue"}
    assert set(frame.loc[moved, "programme"]) == set(cy.WAIVED)
    assert frame.loc[moved, "period"].astype(str).between("2017-01", "2020-03").all()
    assert (once["value"] != twice["value"]).any()
