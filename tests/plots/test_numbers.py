"""The numbers behind each chart, and the choices a chart refuses to make."""

from __future__ import annotations

import pandas as pd
import pytest

from sibforecast.errors import SibError
from sibforecast.plots import fan_table, sharing_table, waterfall_table
from tests.plots import tables

KEYS = {"programme": "unemployment", "item": "contributors"}


def test_fan_takes_final_years_from_the_history_and_points_and_quantiles_from_the_forecast() -> None:
    rows = fan_table(tables.forecast(), region="150100", history=tables.history(), **KEYS)
    past = rows[rows["kind"] == "history"]
    assert past["year"].tolist() == list(range(2020, 2026))
    assert past["value"].tolist()[-1] == 425_000.0  # the final account, not the execution of the same year
    ahead = rows[rows["kind"] == "forecast"]
    assert ahead[ahead["quantile"].isna()]["value"].tolist() == [430_000.0, 430_000.0]
    assert sorted(ahead["quantile"].dropna().unique()) == [0.025, 0.1, 0.9, 0.975]


def test_fan_keeps_the_stages_of_a_draft_apart() -> None:
    rows = fan_table(tables.named(tables.draft()), region="150200", item="gap")
    assert dict(zip(rows["kind"], rows["value"], strict=True)) == {
        "history": -3.2e8, "budget": 1.1e8, "expected": -0.4e8, "draft": 2.5e8,
    }  # fmt: skip


def test_blank_is_not_drawn_as_zero() -> None:
    rows = fan_table(tables.draft(), region="150100", item="months_payable")
    assert rows["kind"].tolist() == ["history", "expected", "draft"]


def test_an_open_choice_is_refused_and_the_choices_named() -> None:
    with pytest.raises(SibError, match=r"several values of region.*150100, 150200"):
        fan_table(tables.forecast(), **KEYS)
    with pytest.raises(SibError, match=r"no item 'contributor'.*did you mean 'contributors'"):
        fan_table(tables.forecast(), region="150100", item="contributor")
    with pytest.raises(SibError, match="lacks the columns period"):
        fan_table(pd.DataFrame({"value": [1.0]}))
    with pytest.raises(SibError, match="a result or a tidy table"):
        fan_table([1.0])


def test_two_figures_for_one_year_are_refused() -> None:
    frame = tables.forecast()
    with pytest.raises(SibError, match="keep one series"):
        fan_table(pd.concat([frame, frame]), region="150100", **KEYS)


def test_waterfall_adds_up_from_the_budget_gap_to_the_gap_after() -> None:
    rows = waterfall_table(tables.attribution())
    assert rows["cause"].tolist() == [
        "budget_gap", "contributors", "benefit_level", "raise-2026", "residual", "gap_after",
    ]  # fmt: skip
    # what was known at the budget is part of the budget gap
    assert rows["value"].tolist() == pytest.approx([7e8, -2.5e8, 4e8, 1.25e8, 0.05e8, 9.8e8])
    steps = rows.iloc[:-1]
    assert steps["start"].tolist()[1:] == steps["end"].tolist()[:-1]
    assert rows["value"].iloc[-1] == pytest.approx(tables.attribution()["value"].sum())


def test_waterfall_of_one_area() -> None:
    rows = waterfall_table(tables.attribution(), region="150200", programme="unemployment")
    assert rows["value"].iloc[-1] == pytest.approx(9.8e8 / 4)


def test_waterfall_without_budget_rows_ends_at_the_change() -> None:
    rows = waterfall_table(pd.DataFrame({"cause": ["a", "b", "a"], "value": [1.0, -3.0, 1.0]}))
    assert rows[["cause", "value"]].values.tolist() == [["a", 2.0], ["b", -3.0], ["change", -1.0]]


def test_small_causes_stand_together_and_nothing_is_lost() -> None:
    frame = pd.DataFrame({"cause": [f"c{i}" for i in range(20)] + ["residual"], "value": [float(i) for i in range(20)] + [50.0]})
    rows = waterfall_table(frame, largest=5)
    assert rows["cause"].tolist() == ["c17", "c18", "c19", "others", "residual", "change"]
    assert rows["count"].tolist() == [1, 1, 1, 17, 1, 1]
    assert rows["value"].iloc[-1] == frame["value"].sum()


def test_years_and_scenarios_are_never_summed() -> None:
    frame = tables.attribution()
    with pytest.raises(SibError, match=r"several values of period.*2026, 2027"):
        waterfall_table(pd.concat([frame, frame.assign(period="2027")]))
    with pytest.raises(SibError, match=r"several values of scenario.*the baseline"):
        waterfall_table(pd.concat([frame, frame.assign(scenario="raise")]))
    assert len(waterfall_table(pd.concat([frame, frame.assign(scenario="raise")]), scenario="raise")) == 6


@pytest.mark.parametrize("chart", [waterfall_table, sharing_table])
def test_a_blank_value_is_not_summed_over(chart) -> None:  # type: ignore[no-untyped-def]
    frame = pd.DataFrame({"cause": ["a", "b"], "region": "x", "payer": "league", "value": [1.0, None]})
    with pytest.raises(SibError, match="would hide it"):
        chart(frame)


def test_sharing_sums_by_area_and_payer_largest_gap_first() -> None:
    rows = sharing_table(tables.bill())
    assert rows.index.tolist() == ["150100", "150200", "150300"]
    assert list(rows.columns) == ["region", "league", "county", "fund", "pending", "total", "count"]
    assert rows.loc["150100", ["region", "league", "county", "fund", "pending"]].tolist() == pytest.approx(
        [5.5e8, 2e8, 0.01e8, 1e8, 0.0]
    )
    assert rows["total"].tolist() == pytest.approx([8.51e8, 2.5e8, -0.7e8])


def test_small_areas_stand_together_and_nothing_is_lost() -> None:
    frame = pd.DataFrame({"region": [f"r{i}" for i in range(40)], "payer": "league", "value": [float(i) for i in range(40)]})
    rows = sharing_table(frame, largest=10)
    assert len(rows) == 10
    assert rows.index[-1] == "others"
    assert rows["count"].tolist() == [1] * 9 + [31]
    assert rows["total"].sum() == frame["value"].sum()
