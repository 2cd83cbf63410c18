"""The numbers behind the further charts, worked by hand, and what each refuses."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.plots import (
    balance_table,
    bands,
    chances_chart,
    chances_table,
    execution_table,
    heads_table,
    heat_table,
    multiples_table,
    progress_table,
    reserves_table,
    scenarios_table,
    style,
    tornado_table,
)  # fmt: skip
from tests.plots import more_tables as tables


def test_tornado_sums_areas_and_keeps_the_sides_apart() -> None:
    rows = tornado_table(tables.sensitivity())
    assert rows["item"].tolist() == ["benefit_level", "collection_rate"]
    assert rows["high"].tolist() == [5e8, -1.5e8]  # 3 + 2; −1 − 0.5
    assert rows["low"].tolist()[0] == -4e8  # −2.5 − 1.5
    assert math.isnan(rows["low"].tolist()[1])  # never moved down: not guessed
    assert rows["of"].tolist() == [2, 2]
    one = tornado_table(tables.sensitivity(), region="150200", items=["collection_rate"])
    assert one[["item", "high"]].values.tolist() == [["collection_rate", -0.5e8]]


def test_tornado_keeps_the_strongest_and_says_of_how_many() -> None:
    frame = pd.DataFrame({"item": list("abcde"), "low": [-1.0, 5.0, 0.0, 2.0, 3.0], "high": [1.0, -9.0, 0.5, -2.0, -3.0]})
    rows = tornado_table(frame, largest=3)
    assert rows["item"].tolist() == ["b", "e", "d"]
    assert rows["of"].tolist() == [5, 5, 5]


def test_tornado_refuses_what_would_mislead() -> None:
    frame = tables.sensitivity()
    with pytest.raises(SibError, match="moved by several amounts"):
        tornado_table(pd.concat([frame, frame.assign(by=0.02)]))
    with pytest.raises(SibError, match=r"several values of period.*2027, 2028"):
        tornado_table(pd.concat([frame, frame.assign(period="2028")]))
    with pytest.raises(SibError, match="1 rows lack item"):
        tornado_table(pd.concat([frame, frame.head(1).assign(value=None)]))
    with pytest.raises(SibError, match="lacks the columns by, value"):
        tornado_table(pd.DataFrame({"item": ["a"]}))


def test_multiples_show_of_each_year_the_figure_nearest_to_the_truth() -> None:
    rows = multiples_table(tables.leagues(), item="total_revenue")
    one = rows[rows["region"] == "150200"]
    assert one["kind"].tolist() == ["history", "history", "expected", "draft"]  # not the budget of 2026
    assert one["value"].tolist() == pytest.approx([6e8, 6.6e8, 7.2e8, 8.4e8])
    chosen = multiples_table(tables.leagues(), item="total_revenue", regions=["150300", "150100"])
    assert list(dict.fromkeys(chosen["region"])) == ["150300", "150100"]
    with pytest.raises(SibError, match=r"no region '150101'.*did you mean '150100'"):
        multiples_table(tables.leagues(), item="total_revenue", regions=["150101"])


def test_multiples_take_the_years_before_from_the_history() -> None:
    before = pd.DataFrame({"region": ["150100", "150100", "150900"], "programme": "unemployment", "item": "total_revenue",
                           "period": ["2023", "2025", "2023"], "stage": "final", "value": [9e8, 11.5e8, 1.0]})  # fmt: skip
    rows = multiples_table(tables.leagues(), item="total_revenue", history=before)
    one = rows[rows["region"] == "150100"].set_index("year")["value"]
    assert one.to_dict() == pytest.approx({2023: 9e8, 2024: 10e8, 2025: 11.5e8, 2026: 12e8, 2027: 14e8})
    assert "150900" not in set(rows["region"])  # not on the chart


def test_more_areas_than_can_be_read_are_refused_or_chosen_by_level() -> None:
    many = pd.DataFrame({"region": [f"r{i}" for i in range(30)], "item": "insured", "period": "2026", "value": 1.0})
    with pytest.raises(SibError, match=r"30 values of region.*regions=\[…\]"):
        multiples_table(many)
    with pytest.raises(SibError, match="knows no levels"):
        multiples_table(many, level="league")
    areas = {f"r{i}": SimpleNamespace(level="league" if i < 3 else "county") for i in range(30)}
    known = SimpleNamespace(frame=many, regions=SimpleNamespace(areas=areas))
    assert multiples_table(known, level="league")["region"].tolist() == ["r0", "r1", "r2"]
    with pytest.raises(SibError, match=r"no area of level 'nation'.*county, league"):
        multiples_table(known, level="nation")


def test_execution_lays_the_season_of_past_years_on_the_adjusted_budget() -> None:
    rows = execution_table(tables.year_in_execution())
    at_june = rows[rows["month"] == 6].set_index("kind")["value"]
    # shares by June: 4/10 and 5/10 (its December is the final account); on the adjusted budget of 12
    assert at_june["season_low"] == pytest.approx(4.8e8)
    assert at_june["season_mean"] == pytest.approx(5.4e8)
    assert at_june["season_high"] == pytest.approx(6.0e8)
    assert at_june["even"] == pytest.approx(6e8)
    assert at_june["executed"] == 6e8
    ends = rows[rows["month"] == 12].set_index("kind")["value"]
    assert ends[["budget", "adjusted", "expected"]].tolist() == [11e8, 12e8, 12.5e8]
    assert ends["season_mean"] == pytest.approx(12e8)
    assert rows.loc[rows["kind"] == "past", "year"].unique().tolist() == [2025, 2024]


def test_execution_of_an_earlier_year_and_with_fewer_years_of_season() -> None:
    rows = execution_table(tables.year_in_execution(), year=2025, years=1)
    assert rows["kind"].unique().tolist() == ["executed", "past"]  # no budget of 2025: no season on it
    now = execution_table(tables.year_in_execution(), years=1)
    assert now.loc[(now["kind"] == "season_mean") & (now["month"] == 6), "value"].tolist() == [6e8]  # 5/10 of 12


def test_execution_takes_the_outturn_from_a_draft_or_a_monitoring() -> None:
    months = tables.year_in_execution(budget=False)
    seen = tables.monitoring().assign(expected=[11e8, 4e8, 1e8])
    assert execution_table(months, expected=seen).query("kind == 'expected'")["value"].tolist() == [11e8]
    draft = pd.DataFrame({"region": "150100", "programme": "unemployment", "item": "benefit_expenditure", "period": ["2026", "2027"],
                          "stage": ["expected", "draft"], "value": [12e8, 13e8]})  # fmt: skip
    assert execution_table(months, expected=draft).query("kind == 'expected'")["value"].tolist() == [12e8]


def test_a_whole_year_is_known_not_expected() -> None:
    whole = pd.DataFrame({"item": "interest", "period": ["2026-06", "2026-12", "2026"], "stage": ["executed", "executed", "expected"],
                          "value": [4.0, 9.0, 9.5]})  # fmt: skip
    assert execution_table(whole)["kind"].tolist() == ["executed", "executed"]


def test_execution_refuses_stocks_blurred_series_and_years_without_months() -> None:
    frame = tables.year_in_execution()
    with pytest.raises(SibError, match="does not add up over the months"):
        execution_table(frame.assign(item="closing_balance"))
    with pytest.raises(SibError, match=r"no months of 2023.*2024, 2025, 2026"):
        execution_table(frame, year=2023)
    with pytest.raises(SibError, match="second figure"):
        execution_table(pd.concat([frame, frame]))
    with pytest.raises(SibError, match="no month at stage executed"):
        execution_table(frame[frame["stage"] == "budget"])


def test_progress_holds_the_year_against_the_adjusted_budget() -> None:
    rows = progress_table(tables.monitoring())
    assert rows["progress"].tolist()[:2] == pytest.approx([0.8, 0.75])  # 8/10; 3 of the adjusted 4
    assert math.isnan(rows["progress"].tolist()[2])  # no budget is no progress, not nothing
    assert rows["deviation"].tolist()[:2] == pytest.approx([0.1, 0.01])
    assert rows["time_share"].tolist() == [0.75] * 3
    with pytest.raises(SibError, match="is no month"):
        progress_table(tables.monitoring().assign(period="2026"))
    with pytest.raises(SibError, match="neither budget nor adjusted"):
        progress_table(tables.monitoring().drop(columns=["budget", "adjusted"]))


def test_balance_of_a_year_is_revenue_less_expenditure_unless_told() -> None:
    rows = balance_table(tables.leagues(), region="150100")
    assert rows["kind"].tolist() == ["history", "history", "expected", "draft"]
    assert rows["current"].tolist() == pytest.approx([-1e8, -1.1e8, -1.2e8, -1.4e8])  # 10 − 11, times the growth
    assert rows["closing"].tolist() == pytest.approx([22e8, 24.2e8, 26.4e8, 30.8e8])
    told = pd.DataFrame({"region": "150100", "programme": "unemployment", "item": "current_balance", "period": "2025", "stage": "final",
                         "value": [-7.0]})  # fmt: skip
    given = balance_table(pd.concat([tables.leagues(), told]), region="150100", years=3)
    assert given["year"].tolist() == [2025, 2026, 2027]
    assert given["current"].tolist()[0] == -7.0
    with pytest.raises(SibError, match="neither total_revenue nor total_expenditure"):
        balance_table(told)


def test_months_payable_are_told_or_computed_from_balance_and_spending() -> None:
    rows = reserves_table(tables.leagues(), region="150100")
    assert rows["value"].tolist() == pytest.approx([24.0] * 4)  # 22 × 12 ÷ 11, both growing alike
    assert rows["light"].tolist() == ["green"] * 4  # 24 is not more than 24
    told = pd.DataFrame({"region": "150100", "programme": "unemployment", "item": "months_payable", "period": "2024", "stage": "final",
                         "value": [4.0]})  # fmt: skip
    known = reserves_table(pd.concat([tables.leagues(), told]), region="150100")
    assert known[["value", "light"]].values.tolist()[0] == [4.0, "red"]
    subtotal = tables.leagues().query("item == 'total_expenditure'").assign(item="expenditure_subtotal")
    halved = pd.concat([tables.leagues(), subtotal.assign(value=subtotal["value"] / 2)])
    assert reserves_table(halved, region="150100")["value"].tolist() == pytest.approx([48.0] * 4)


def test_reserves_show_one_fund_or_one_area_with_one_set_of_bands() -> None:
    frame = tables.months_payable()
    with pytest.raises(SibError, match="several areas and several funds"):
        reserves_table(frame)
    with pytest.raises(SibError, match="different bands"):
        reserves_table(frame, region="150100")
    own = reserves_table(frame, region="150100", bands={"red": 3, "orange": 6})
    assert dict(zip(own["line"], own["light"], strict=True)) == {
        "unemployment": "orange", "enterprise_pension": "red", "resident_pension": "green",
    }  # fmt: skip
    assert reserves_table(frame, programme="enterprise_pension")["line"].tolist() == ["150100", "150200"]  # blank is not drawn as zero


def test_default_bands_are_the_thresholds_of_the_law() -> None:
    import datetime as dt

    policy = sib.current_law()
    for fund in ("enterprise_pension", "resident_medical", "unemployment", "work_injury"):
        for light, limit in bands.bands_of(fund).items():
            name = f"warning_months_{light}"
            found = [p for (parameter, scope), p in policy.law.parameters.items() if parameter == name and scope == fund]
            assert found, (name, fund)
            value = policy.law.in_force(found[0], ("*",), dt.date.fromisoformat(bands.SINCE))
            assert value is not None
            assert value.value == limit
            assert value.start.isoformat() == bands.SINCE


def test_bands_that_make_no_sense_are_refused_all_at_once() -> None:
    with pytest.raises(SibError, match=r"unknown band 'amber'(.|\n)*must rise"):
        bands.bands_of(None, {"amber": 1.0, "red": 9.0, "orange": 3.0})


@given(st.floats(-50, 100), st.floats(-50, 100))
def test_more_months_are_never_a_worse_light(a: float, b: float) -> None:
    order = ["red", "orange", "yellow", "green", "excess"]
    for fund in ("enterprise_pension", "unemployment"):
        limits = bands.bands_of(fund)
        low, high = (order.index(bands.light_of(m, limits)) for m in sorted((a, b)))
        assert low <= high
        light = bands.light_of(a, limits)
        inside = [name for name, start, end in bands.ranges(limits) if start <= a < end or (name == "green" and a == end)]
        assert light in inside


def test_heat_takes_each_funds_own_bands_and_shows_what_is_not_known() -> None:
    rows = heat_table(tables.months_payable()).set_index(["region", "programme"])["light"]
    assert rows["150100", "unemployment"] == "red"  # 5.9 < 6
    assert rows["150200", "unemployment"] == "green"  # 12 is not below 12
    assert rows["150300", "unemployment"] == "excess"  # 24.1 > 24
    assert rows["150100", "enterprise_pension"] == "red"
    assert rows["150300", "enterprise_pension"] == "unknown"
    assert rows["150100", "resident_pension"] == "yellow"  # 6 is not below 6
    assert rows["150300", "resident_pension"] == "orange"


def test_heat_of_a_monitoring_shows_the_worst_of_each_area_and_fund() -> None:
    seen = pd.concat([tables.monitoring(), tables.monitoring().assign(item="interest", status=["yellow", "orange", ""])])
    assert heat_table(seen)["light"].tolist() == ["red", "orange", "unknown"]
    assert heat_table(seen, item="interest")["light"].tolist() == ["yellow", "orange", "unknown"]
    told = heat_table(tables.monitoring().assign(expected=[11e8, 4e8, None]), item="benefit_expenditure")
    assert told["value"].tolist()[:2] == [11e8, 4e8]
    with pytest.raises(SibError, match="status amber"):
        heat_table(seen.assign(status="amber"))
    with pytest.raises(SibError, match="no default bands for gap"):
        heat_table(tables.months_payable().assign(item="gap"), item="gap")


def test_heads_are_those_known_in_persons() -> None:
    rows = heads_table(tables.heads())
    assert list(dict.fromkeys(rows["item"])) == ["insured", "contributors", "beneficiaries"]
    assert rows[rows["item"] == "beneficiaries"]["value"].tolist() == pytest.approx([1e6, 1.02e6, 1.03e6, 1.05e6])
    with pytest.raises(SibError, match="gap: no count of persons"):
        heads_table(tables.heads(), items=["insured", "gap"])
    with pytest.raises(SibError, match="on no one scale"):
        heads_table(tables.heads().replace({"item": {"beneficiaries": "recipient_months"}}), items=["insured", "recipient_months"])


def test_scenarios_add_up_areas_and_stand_beside_the_baseline() -> None:
    rows = scenarios_table(tables.scenarios())
    assert rows["scenario"].tolist() == ["", "", "提高养老金", "提高养老金", "rate cut", "rate cut"]
    pensions = rows[rows["programme"] == "enterprise_pension"]
    assert pensions["value"].tolist() == [6e8, 10e8, 8e8]  # two areas: 2 × 3, 2 × 5, 2 × 4
    assert pensions["difference"].tolist() == [0.0, 4e8, 2e8]
    assert scenarios_table(tables.scenarios(), scenarios=["rate cut"])["scenario"].unique().tolist() == ["", "rate cut"]


def test_scenarios_take_the_baseline_from_a_draft() -> None:
    frame = tables.scenarios()
    base = frame[frame["scenario"].isna()].drop(columns="scenario").assign(stage="draft")
    other = base.assign(stage="final", value=99.0)
    rows = scenarios_table(frame[frame["scenario"].notna()], baseline=pd.concat([base, other]))
    pd.testing.assert_frame_equal(rows, scenarios_table(frame))


def test_scenarios_of_different_areas_are_not_compared() -> None:
    frame = tables.scenarios()
    with pytest.raises(SibError, match=r"rate cut lacks 2 of 4"):
        scenarios_table(frame[~((frame["scenario"] == "rate cut") & (frame["region"] == "150200"))])
    with pytest.raises(SibError, match="would hide it"):
        scenarios_table(frame.assign(value=[None, *frame["value"][1:]]))
    with pytest.raises(SibError, match="stand twice"):
        scenarios_table(pd.concat([frame, frame]))
    with pytest.raises(SibError, match="may not be added up"):
        scenarios_table(frame.assign(item="months_payable"), item="months_payable")


def test_chances_keep_quantiles_as_they_are_and_bring_the_chance_of_a_gap() -> None:
    rows = chances_table(tables.simulation(), chances=tables.chances())
    assert rows["region"].tolist() == ["150200", "150100"]
    assert rows["mean"].tolist() == pytest.approx([4.1e8, 1.1e8])
    assert rows[0.1].tolist() == [2e8, -1e8]
    assert rows["chance"].tolist() == [0.98, 0.655]
    assert chances_table(tables.simulation())["chance"].isna().all()
    with pytest.raises(SibError, match="second figure of one quantile"):
        chances_table(pd.concat([tables.simulation(), tables.simulation()]))
    with pytest.raises(SibError, match=r"several values of programme"):
        chances_table(pd.concat([tables.simulation(), tables.simulation().assign(programme="work_injury")]))


@pytest.mark.parametrize(
    ("chance", "words"),
    [(1.0, "virtually certain"), (0.985, "virtually certain"), (0.9, "very likely"), (0.655, "likely"), (0.33, "about as likely as not"),
     (0.1, "unlikely"), (0.098, "unlikely"), (0.094, "very unlikely"), (0.0, "exceptionally unlikely")],
)  # fmt: skip
def test_the_words_of_a_chance_are_those_of_the_per_cent_shown(chance: float, words: str) -> None:
    assert chances_chart.in_words(chance, style.Look("en")) == words


def test_a_simulation_brings_its_own_chances() -> None:
    draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    made = sib.simulate(draft.assumptions, draws=200, seed=1)
    rows = chances_table(made, programme="oasi")
    known = made.chances.query("programme == 'oasi'").set_index("region")["gap_chance"]
    assert rows["chance"].tolist() == [known[r] for r in rows["region"]]
    frame = made.frame
    mean = frame[(frame["programme"] == "oasi") & (frame["item"] == "gap") & frame["quantile"].isna()]["value"]
    assert rows["mean"].tolist() == mean.tolist()


def test_a_monitoring_is_shown_as_it_is(nmg: sib.FundData) -> None:
    seen = sib.monitor(nmg, "2026-09")
    rows = progress_table(seen, item="benefit_expenditure", programme="enterprise_pension", level="league")
    frame = seen.frame
    own = frame[(frame["item"] == "benefit_expenditure") & (frame["programme"] == "enterprise_pension")].set_index("region")
    assert len(rows) == 12
    for column in ("progress", "season_share", "time_share", "deviation"):
        assert rows[column].tolist() == pytest.approx(own.loc[rows["line"], column].tolist())
    lights = heat_table(seen, level="league").set_index(["region", "programme"])["light"]
    order = ["green", "excess", "yellow", "orange", "red"]
    worst = frame[frame["region"] == "150100"].groupby("programme")["status"].agg(lambda s: max(s, key=order.index))
    assert lights["150100"].to_dict() == worst.to_dict()
    months = heat_table(seen, item="months_payable", level="league")
    told = frame[frame["item"] == "months_payable"].set_index(["region", "programme"])["expected"]
    assert months["value"].tolist() == [told[key] for key in zip(months["region"], months["programme"], strict=True)]
