"""Stayers, newcomers and leavers: the average level by hand, and what it is worth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast import items
from sibforecast.forecasting import composition as co
from sibforecast.forecasting.fund_forecast import LABELS
from tests.datasets import ONE_LEAGUE, dataset

FUND = "enterprise_pension"
AREA = "150100"
UNITS = {"beneficiaries": "人", "new_beneficiaries": "人", "beneficiary_exits": "人", "entrant_level": "元/月",
         "benefit_level": "元/月", "benefit_level_end": "元/月"}  # fmt: skip
#: Straight continuation of every part, so that the arithmetic can be written down.
PLAIN = dict.fromkeys(("benefit_level", "new_beneficiaries", "beneficiary_exits", "entrant_level"), "momentum")


def economy(years, new, adjustment=0.025, entrant=3400.0, growth=0.0):
    """Figures of a fund year by year, made forwards: stock, flows, average level, level at the end."""
    stock, stay, rows = 70_000.0, 2900.0, []
    for k, (year, n) in enumerate(zip(years, new, strict=True)):
        exits, e = 1500.0, entrant * (1 + growth) ** k
        heads = stock + n / 2 - exits / 2
        average = (stock * stay + n / 2 * e - exits / 2 * stay) / heads
        end = ((stock - exits) * stay + n * e) / (stock + n - exits)
        stock = stock + n - exits
        rows.append({"year": year, "beneficiaries": stock, "new_beneficiaries": n, "beneficiary_exits": exits,
                     "entrant_level": e, "benefit_level": average, "stay": stay, "end": end})  # fmt: skip
        stay = end * (1 + adjustment)
    return pd.DataFrame(rows)


def data_of(folder, table, without=(), end=None):
    history = [
        (AREA, FUND, item, int(row["year"]), row[item], unit, "final")
        for row in table.to_dict("records") for item, unit in UNITS.items() if item in row and item not in without
    ]  # fmt: skip
    if end is not None:
        history += [(AREA, FUND, "benefit_level_end", int(y), v, "元/月", "final") for y, v in zip(table["year"], end, strict=True)]
    return sib.load(dataset(folder, history, regions=ONE_LEAGUE))


def level(forecast, year):
    frame = forecast.frame
    frame = frame[frame["quantile"].isna() & (frame["item"] == "benefit_level") & (frame["period"] == str(year))]
    return frame.iloc[0]


def test_the_average_by_hand():
    """70,000 of 2,972.50 yuan, 4,500 newcomers of 3,400 for half a year, 1,500 leavers gone for half a year."""
    paid = 70_000 * 2972.5 * 12 + 4_500 * 3400 * 6 - 1_500 * 2972.5 * 6
    assert paid == 2_561_947_500
    average = co.average_level(2972.5, 70_000, 4_500, 1_500, 3_400)
    assert average == pytest.approx(paid / (71_500 * 12))
    assert round(float(average), 2) == 2985.95
    assert co.stayers(average, 70_000, 4_500, 1_500, 3_400) == pytest.approx(2972.5)
    at_end = (68_500 * 2972.5 + 4_500 * 3400) / 73_000  # all newcomers count in full in December
    assert co.closing_level(2972.5, 70_000, 4_500, 1_500, 3_400) == pytest.approx(at_end)


def test_next_year_by_hand(tmp_path):
    """Steady flows and adjustments of 2.5 %: next year's average is what the accounts will show."""
    table = economy(range(2018, 2026), [4500.0] * 8)
    said = sib.forecast(data_of(tmp_path, table.iloc[:-1]), [2025], methods=PLAIN)
    last = table.iloc[-2]
    stay = last["end"] * 1.025
    opening = last["beneficiaries"]
    heads = opening + 4500 / 2 - 1500 / 2
    expected = (opening * stay + 4500 / 2 * 3400 - 1500 / 2 * stay) / heads
    row = level(said, 2025)
    assert row["value"] == pytest.approx(expected, rel=1e-9)
    assert row["value"] == pytest.approx(table.iloc[-1]["benefit_level"], rel=1e-9)
    assert row["method"] == LABELS["composed"]


def test_several_years_by_hand(tmp_path):
    """Each year's stock starts from the last one's end, newcomers now counted in full."""
    table = economy(range(2018, 2029), [4500.0] * 11, growth=0.04)
    said = sib.forecast(data_of(tmp_path, table.iloc[:-3]), [2026, 2027, 2028], methods=PLAIN)
    for year, truth in zip((2026, 2027, 2028), table["benefit_level"].iloc[-3:], strict=True):
        assert level(said, year)["value"] == pytest.approx(truth, rel=1e-9)


def test_newcomers_who_are_known_by_name_are_worth_it(tmp_path):
    """Entered newcomers of the year to come: half of them at their own level, and the error falls by more than half."""
    wrong = []
    for seed in range(5):
        new = 4500 * np.exp(0.4 * np.random.default_rng(seed).normal(size=9))
        table = economy(range(2017, 2026), new, entrant=4300.0)
        known, last = table.iloc[:-1], table.iloc[-1]
        inforce = list(known["end"] * 1.025)
        judged = [{"item": "new_beneficiaries", "period": "2025", "value": float(new[-1]), "region": AREA},
                  {"item": "entrant_level", "period": "2025", "value": 4300.0}]  # fmt: skip
        told = []
        for n, gone in (("whole", ()), ("bare", ("entrant_level",))):
            data = data_of(tmp_path / f"{seed}{n}", known, without=gone, end=inforce).with_judgement(judged, author="x")
            told.append(level(sib.forecast(data, 2025), 2025))
        wrong.append([abs(t["value"] / last["benefit_level"] - 1) for t in told])
        assert told[0]["method"] == LABELS["composed_end"] + co.AS_ENTERED
    whole, bare = np.mean(wrong, axis=0)
    assert whole < 0.5 * bare


def test_newcomers_entered_by_hand(tmp_path):
    """9,000 newcomers of 3,400 yuan instead of the usual 4,500."""
    table = economy(range(2018, 2025), [4500.0] * 7)
    data = data_of(tmp_path, table).with_judgement([{"item": "new_beneficiaries", "period": "2025", "value": 9000.0}], author="x")
    opening, stay = table["beneficiaries"].iloc[-1], table["end"].iloc[-1] * 1.025
    expected = (opening * stay + 4500 * 3400 - 750 * stay) / (opening + 4500 - 750)
    assert level(sib.forecast(data, 2025, methods=PLAIN), 2025)["value"] == pytest.approx(expected, rel=1e-9)


def test_the_level_in_force_in_december_is_the_stayers_level(tmp_path):
    """An adjustment of 6 % announced for the year to come stands in December's level: no trend is needed."""
    table = economy(range(2020, 2026), [4500.0] * 6, adjustment=0.02)
    known = table.iloc[:-1].copy()
    inforce = list(known["end"] * 1.02)
    inforce[-1] = known["end"].iloc[-1] * 1.06
    row = level(sib.forecast(data_of(tmp_path, known, end=inforce), 2025, methods=PLAIN), 2025)
    stay = inforce[-1]  # last year's stayers were paid exactly their December level
    opening = known["beneficiaries"].iloc[-1]
    assert row["value"] == pytest.approx((opening * stay + 2250 * 3400 - 750 * stay) / (opening + 1500), rel=1e-9)
    assert row["method"] == LABELS["composed_end"]


@pytest.mark.parametrize("gone", ["entrant_level", "new_beneficiaries", "beneficiary_exits", "beneficiaries"])
def test_where_a_part_is_not_known_nothing_changes(tmp_path, gone):
    table = economy(range(2018, 2025), [4500.0] * 7)
    some = data_of(tmp_path / "a", table, without=(gone,))
    bare = data_of(tmp_path / "b", table, without=("entrant_level", "new_beneficiaries", "beneficiary_exits"))
    a, b = (level(sib.forecast(d, 2025), 2025) for d in (some, bare))
    assert (a["value"], a["method"]) == (b["value"], b["method"])
    assert "stayers" not in a["method"]


def test_an_area_that_does_not_tell_keeps_its_own_forecast(tmp_path):
    """One area of two tells its newcomers' level; the other's forecast is what it was."""
    table = economy(range(2018, 2025), [4500.0] * 7)
    regions = [*ONE_LEAGUE, ("150200", "包头市", "150000", "league")]
    rows = [
        (area, FUND, item, int(r["year"]), r[item], unit, "final")
        for area in (AREA, "150200") for r in table.to_dict("records") for item, unit in UNITS.items()
        if item in r and not (area == "150200" and item == "entrant_level")
    ]  # fmt: skip
    bare = [r for r in rows if r[2] != "entrant_level"]
    said, plain = (sib.forecast(sib.load(dataset(tmp_path / n, r, regions=regions)), 2025).frame for n, r in (("a", rows), ("b", bare)))
    said, plain = (f[(f["item"] == "benefit_level") & f["quantile"].isna()].set_index("region") for f in (said, plain))
    assert said.loc["150200", ["value", "method"]].tolist() == plain.loc["150200", ["value", "method"]].tolist()
    assert said.loc[AREA, "method"] == LABELS["composed"]


def test_its_errors_are_its_own(tmp_path):
    """Where all parts go on steadily nothing is missed at any origin, and the interval is narrow."""
    table = economy(range(2014, 2026), [4500.0] * 12)
    said = sib.forecast(data_of(tmp_path, table.iloc[:-1]), 2025, methods=PLAIN)
    record = said.track_record().loc[(FUND, "benefit_level")]
    assert record["sibforecast"] < 1e-6 < record["naive"]
    assert record["number"] >= 5


def test_money_follows_the_level(tmp_path):
    """Pensions of the draft are average heads × the composed level × 12, to the cent."""
    table = economy(range(2018, 2025), [4500.0] * 7)
    data = data_of(tmp_path, table)
    frame = sib.draft_budget(data, 2025).frame
    draft = frame[frame["stage"] == "draft"].astype({"item": str}).set_index("item")["value"]
    assert draft["pension_expenditure"] == pytest.approx(draft["beneficiaries_average"] * draft["benefit_level"] * 12, abs=0.005)
    assert draft["benefit_level"] == pytest.approx(level(sib.forecast(data, 2025), 2025)["value"])


@settings(max_examples=60, deadline=None)
@given(st.floats(500, 5000), st.floats(1e3, 1e7), st.floats(0, 0.3), st.floats(0, 0.3), st.floats(500, 9000))
def test_the_average_lies_between_its_parts_and_gives_them_back(stay, opening, new, exits, entrant):
    n, x = new * opening, exits * opening
    average = co.average_level(stay, opening, n, x, entrant)
    low, high = min(stay, entrant), max(stay, entrant)
    assert low * (1 - 1e-12) <= average <= high * (1 + 1e-12)
    assert low * (1 - 1e-12) <= co.closing_level(stay, opening, n, x, entrant) <= high * (1 + 1e-12)
    assert co.stayers(average, opening, n, x, entrant) == pytest.approx(stay, rel=1e-9)


def test_the_item_is_a_mean_of_newcomers():
    entry = items.item("entrant_level")
    assert (entry.rollup, entry.unit, entry.zh) == ("mean:new_beneficiaries", "currency/person-month", "新增人员待遇水平")


def test_an_announced_adjustment_is_never_counted_twice(tmp_path):
    """January's 6 % stand in December's level already; without that level it comes on top of the level in force."""
    table = economy(range(2020, 2026), [4500.0] * 6, adjustment=0.02)
    known = table.iloc[:-1].copy()
    inforce = [*(known["end"].iloc[:-1] * 1.02), known["end"].iloc[-1] * 1.06]
    columns = ("item", "programme", "regions", "multiply", "start", "decided_by", "known_at_budget", "known_from", "id")
    rows = [("benefit_level", FUND, "*", 1.06, "2025-01", "nation", "true", "2024-11", "raise-2025")]
    history = [
        (AREA, FUND, item, int(r["year"]), r[item], unit, "final")
        for r in known.to_dict("records") for item, unit in UNITS.items() if item in r
    ]  # fmt: skip
    december = [(AREA, FUND, "benefit_level_end", int(y), v, "元/月", "final") for y, v in zip(known["year"], inforce, strict=True)]
    drafted = {}
    for name, more in (("with", december), ("without", [])):
        data = sib.load(dataset(tmp_path / name, history + more, regions=ONE_LEAGUE, policies=(columns, rows)))
        frame = sib.draft_budget(data, 2025).frame
        drafted[name] = frame[(frame["stage"] == "draft") & (frame["item"] == "benefit_level")].iloc[0]
    held = level(sib.forecast(data_of(tmp_path / "plain", known, end=inforce), 2025), 2025)
    assert drafted["with"]["value"] == pytest.approx(held["value"])
    assert drafted["without"]["value"] == pytest.approx(known["benefit_level"].iloc[-1] * 1.06)
