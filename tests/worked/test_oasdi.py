"""One-year errors on US social security: payroll × rate × collection, beneficiaries × level.

The table is computed here from the official figures, never stored. Naive is last year's
figure again. "Given" takes payroll and heads of the year as known (as the Trustees' economic
and demographic assumptions would), "forecast" uses nothing of the year but the legislated rate.
"""

import numpy as np
import pandas as pd
import pytest

import sibforecast as sib

LINES = {"contribution_revenue": range(1986, 2006), "benefit_expenditure": range(1992, 2006)}
LAW = ["contribution_rate"]
GIVEN = [*LAW, "contributors", "contribution_base", "beneficiaries"]


@pytest.fixture(scope="module")
def data():
    return sib.load(sib.sample("oasdi"))


@pytest.fixture(scope="module")
def errors(data):
    history = data.history
    actual = history.pivot_table(index=["programme", "item"], columns="period", values="value", observed=True)
    rows = []
    for year in LINES["contribution_revenue"]:
        for case, items in (("given", GIVEN), ("forecast", LAW)):
            known = history[(history["period"] == str(year)) & history["item"].isin(items)]
            judged = data.with_judgement(known[["programme", "item", "period", "value"]], author="as published")
            frame = sib.draft_budget(judged, year).frame
            draft = frame[frame["stage"] == "draft"].set_index(["programme", "item"])["value"]
            for item, years in LINES.items():
                if year not in years:
                    continue
                for fund in ("oasi", "di"):
                    truth = actual.loc[(fund, item), str(year)]
                    naive = actual.loc[(fund, item), str(year - 1)]
                    rows.append((fund, item, year, case, draft[fund, item] / truth - 1, naive / truth - 1))
    return pd.DataFrame(rows, columns=["fund", "item", "year", "case", "ours", "naive"])


def test_table_of_one_year_errors(errors):
    table = errors.assign(ours=errors["ours"].abs(), naive=errors["naive"].abs())
    table = table.groupby(["item", "fund", "case"])[["ours", "naive"]].mean() * 100
    print("\n", table.round(2).to_string())
    given = table.xs("given", level="case")
    contributions = given.loc["contribution_revenue"]
    assert (contributions["ours"] < 1.25).all()
    assert contributions["naive"].between(5, 9).all()
    benefits = given.loc["benefit_expenditure"]
    assert (benefits["ours"] < 1.0).all()
    assert benefits["naive"].between(3, 9).all()
    forecast = table.xs("forecast", level="case")
    assert (forecast["ours"] < forecast["naive"]).all()


def test_contributions_are_payroll_times_rate_times_last_collection(data):
    """The formula itself, from the table's own columns."""
    history = data.history
    wide = history[history["programme"] == "di"].pivot_table(index="period", columns="item", values="value", observed=True)
    bill = wide["contributors"] * wide["contribution_base"] * 12 * wide["contribution_rate"]
    rate = wide["contribution_revenue"] / bill
    for year in (1986, 1994, 2005):
        known = history[(history["period"] == str(year)) & history["item"].isin(GIVEN)]
        judged = data.with_judgement(known[["programme", "item", "period", "value"]], author="as published")
        frame = sib.draft_budget(judged, year).frame
        got = frame[(frame["programme"] == "di") & (frame["item"] == "contribution_revenue") & (frame["stage"] == "draft")]
        assert got["value"].iloc[0] == pytest.approx(bill[str(year)] * rate[str(year - 1)], rel=1e-12)


def test_benefits_are_heads_times_level_in_force(data):
    history = data.history
    wide = history[history["programme"] == "oasi"].pivot_table(index="period", columns="item", values="value", observed=True)
    year = 1999
    heads = {y: (wide.loc[str(y), "beneficiaries"] + wide.loc[str(y - 1), "beneficiaries"]) / 2 for y in (year - 1, year)}
    paid = wide.loc[str(year - 1), "benefit_expenditure"] / heads[year - 1] / 12
    level = wide.loc[str(year - 1), "benefit_level_end"] * paid / wide.loc[str(year - 2), "benefit_level_end"]
    known = history[(history["period"] == str(year)) & history["item"].isin(GIVEN)]
    judged = data.with_judgement(known[["programme", "item", "period", "value"]], author="as published")
    frame = sib.draft_budget(judged, year).frame
    rows = frame[(frame["programme"] == "oasi") & (frame["stage"] == "draft")].set_index("item")
    assert rows.loc["benefit_level", "value"] == pytest.approx(level, rel=1e-12)
    assert rows.loc["benefit_expenditure", "value"] == pytest.approx(heads[year] * 12 * level, rel=1e-12)
    assert "level" in rows.loc["benefit_expenditure", "method"]


def test_nothing_of_the_budget_year_is_looked_at(data):
    """A planted future value changes no forecast."""
    clean = sib.draft_budget(data, 2000).frame
    history = data.history
    later = history["period"].astype(str) >= "2000"
    history.loc[later, "value"] = history.loc[later, "value"] * 7.0
    dirty = sib.draft_budget(data.replaced(lambda: history), 2000).frame
    ours = clean["stage"] == "draft"
    assert np.array_equal(clean.loc[ours, "value"], dirty.loc[dirty["stage"] == "draft", "value"])


def test_loans_between_funds_are_adjustments(data):
    """1982-86: the balances follow the published loans, and nothing else."""
    wide = data.history.pivot_table(index=["programme", "period"], columns="item", values="value", observed=True)
    moved = wide["balance_adjustment"].dropna()
    years = set(moved.index.get_level_values("period"))
    assert years
    assert years <= {str(y) for y in range(1982, 1987)}
    rest = wide["opening_balance"] + wide["current_balance"] + wide["balance_adjustment"].fillna(0) - wide["closing_balance"]
    assert rest.abs().max() <= 1e6  # published in whole millions
    draft = sib.draft_budget(data, 1987).frame
    rows = draft[(draft["stage"] == "draft") & (draft["item"] == "balance_adjustment")]
    assert (rows["value"] == 0).all()
