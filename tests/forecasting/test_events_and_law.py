"""What is announced: one-off years, breaks, rates fixed for years to come — and since when it is known."""

import numpy as np
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.forecasting.events import event_from, jumps, left_out, shipped
from sibforecast.forecasting.law import Setting, in_force
from sibforecast.periods import Period
from tests.datasets import dataset

WI = "work_injury"
EVENTS = ("programme", "item", "start", "end", "known_from", "kind", "id", "note", "source")


def history(items, years=range(2010, 2021), region="150100"):
    return [(region, WI, i, y, v(y), "元", "final") for i, v in items.items() for y in years]


def steady(year):
    return 1e6 * 1.05 ** (year - 2010)


def waived(year):
    return steady(year) * (0.5 if year == 2020 else 1.0)


def point(data, item, year, **words):
    frame = sib.forecast(data, year, **words).frame
    return frame[(frame["item"] == item) & frame["quantile"].isna()]["value"].iloc[0]


def test_a_waiver_is_left_out_once_it_is_known_and_both_figures_are_there(tmp_path):
    data = sib.load(dataset(tmp_path, history({"total_revenue": waived, "total_expenditure": steady})))
    mended, as_is = point(data, "total_revenue", 2021), point(data, "total_revenue", 2021, events=False)
    assert mended == pytest.approx(steady(2021), rel=0.05)
    assert as_is < 0.7 * steady(2021)
    told = sib.forecast(data, 2021).findings.frame
    assert told.loc[told["id"] == "event_left_out", "period"].tolist() == ["2020"]
    assert point(data, "total_expenditure", 2021) == point(data, "total_expenditure", 2021, events=False)


def test_an_own_event_counts_from_the_month_it_is_known(tmp_path):
    rows = history({"total_revenue": lambda y: steady(y) * (1.5 if y == 2018 else 1.0)})
    lump = [(WI, "total_revenue", "2018-01", "2018-12", "2019-06", "one_off", "lump", "a lump", "memo")]
    data = sib.load(dataset(tmp_path, rows, events=(EVENTS, lump)))
    assert data.findings.ok
    before, after = (point(data, "total_revenue", 2019, asof=a) for a in ("2018", "2018"))
    assert before == after == point(data, "total_revenue", 2019, asof="2018", events=False)  # not known in 2018
    late = [(WI, "total_revenue", "2018-01", "2018-12", "2018-02", "one_off", "lump", "a lump", "memo")]
    known = sib.load(dataset(tmp_path / "b", rows, events=(EVENTS, late)))
    assert point(known, "total_revenue", 2019, asof="2018") == pytest.approx(steady(2019), rel=0.06)


def test_a_break_leaves_out_what_came_before_once_three_years_are_known():
    event = event_from({"id": "scope", "kind": "break", "start": "2016-01", "programme": "x", "item": "insured"})
    assert left_out([event], "x", "insured", range(2010, 2018)) == {}
    assert set(left_out([event], "x", "insured", range(2010, 2019))) == set(range(2010, 2016))
    assert left_out([event], "x", "total_revenue", range(2010, 2019)) == {}


@pytest.mark.parametrize(("start", "end", "years"), [
    ("2020-11", "2021-02", [2020, 2021]),  # two months each
    ("2020-12", "2021-02", [2021]),  # one and two
    ("2020-11", "2021-01", [2020]),  # two and one
    ("2020-12", "2021-01", []),  # two months in all are too few
    ("2020-11", "2021-03", [2021]),  # two and three
    ("2020-10", "2021-12", [2020, 2021]),
    ("2021-01", "2021-02", []),
])  # fmt: skip
def test_years_an_event_across_the_turn_of_a_year_marks(start, end, years):
    event = event_from({"id": "e", "kind": "one_off", "start": start, "end": end})
    assert sorted(left_out([event], "x", "total_revenue", range(2018, 2024))) == years


def test_shipped_events_name_their_source_and_bad_ones_are_refused():
    assert all(e.source and e.status in ("statute", "unverified") for e in shipped())
    with pytest.raises(SibError, match="unknown kind"):
        event_from({"kind": "magic", "start": "2020-01"})


def test_dollars_know_nothing_of_a_chinese_waiver():
    data = sib.load(sib.sample("oasdi"))
    assert "event_left_out" not in set(sib.forecast(data, 2006).findings.frame["id"])


def test_an_unannounced_jump_is_told_and_not_smoothed(tmp_path):
    def jump(year):
        return steady(year) * (1.6 if year >= 2017 else 1.0)

    data = sib.load(dataset(tmp_path, history({"insured": jump}) and [(*r[:5], "人", r[6]) for r in history({"insured": jump})]))
    told = sib.forecast(data, 2021).findings.frame
    row = told[told["id"] == "level_jump"].iloc[0]
    assert (row["item"], row["period"], row["found"]) == ("insured", "2017", "+68.0%")
    assert point(data, "insured", 2021) > jump(2020)


def test_jumps_by_hand():
    series = np.log(np.array([[100, 105, 110, 116, 180, 189, 198]], dtype=float))
    assert np.argwhere(jumps(series)).tolist() == [[0, 4]]
    assert not jumps(series[:, :4]).any()


def test_law_in_force_is_weighed_by_months():
    """0.10 until June 2020, then 0.08; from 2022 0.06."""
    law = [Setting(Period(2020, 7), None, 0.08), Setting(Period(2022, 1), None, 0.06)]
    value, spoken = in_force(law, np.array([[0.10]]), (2018,), (2019, 2020, 2021, 2022), np.array([0.10]))
    assert value[0] == pytest.approx([0.10, 0.09, 0.08, 0.06])
    assert spoken.tolist() == [False, True, True, True]


def test_legislated_rates_are_known_ahead_from_the_day_of_the_act_only():
    data = sib.load(sib.sample("oasdi"))

    def rate(year, asof):
        frame = sib.forecast(data, year, asof=asof).frame
        rows = frame[(frame["item"] == "contribution_rate") & (frame["programme"] == "oasi") & frame["quantile"].isna()]
        return rows["value"].iloc[0], rows["method"].iloc[0]

    assert rate(1988, "1987") == (pytest.approx(0.1106), "forecast: announced law")
    assert rate(1990, "1987")[0] == pytest.approx(0.1120)
    assert rate(1984, "1982")[0] != pytest.approx(0.1040)  # the act is of April 1983
    assert rate(2000, "1994")[0] == pytest.approx(0.1060)
    assert rate(2000, "1993")[0] == pytest.approx(0.1098)


def test_a_jump_names_its_areas_and_alike_notes_are_shown_as_one(tmp_path):
    """Four leagues jump in four items: four notes in the frame, two lines where they are shown."""
    leagues = [(f"150{k}00", f"L{k}", "150000", "league") for k in range(1, 5)]
    items = (("insured", "人"), ("contributors", "人"), ("beneficiaries", "人"), ("interest", "元"))
    rows = [
        (area, "enterprise_pension", item, year, 1000 * 1.05 ** (year - 2012) * (1.6 if year >= 2017 else 1.0), unit, "final")
        for area, *_ in leagues for item, unit in items for year in range(2012, 2021)
    ]  # fmt: skip
    data = sib.load(dataset(tmp_path, rows, regions=[("150000", "内蒙古自治区", "", "region"), *leagues]))
    findings = sib.forecast(data, 2021).findings
    told = findings.frame[findings.frame["id"] == "level_jump"]
    assert len(told) == 4
    assert "4 places: 150100 (2017), 150200 (2017), 150300 (2017), 150400 (2017)" in told["message"].iloc[0]
    shown = findings.summary().splitlines()
    assert sum("level_jump:" in line for line in shown) == 1
    assert sum(line.startswith("… and 3 more notes level_jump (1 fund, 3 items, 1 area)") for line in shown) == 1
    assert len(findings.lines()) == len(findings.frame)
