"""What is known late, in part, or put oddly: forecasts still say what the figures say."""

import numpy as np
import pytest

import sibforecast as sib
from sibforecast.errors import DataError, SibError
from tests.datasets import ONE_LEAGUE, dataset

FUND = "enterprise_pension"
TWO = [*ONE_LEAGUE, ("150200", "包头市", "150000", "league")]
UNITS = {"contributors": "人", "contributors_flexible": "人", "insured": "人", "contribution_base": "元/月",
         "contribution_base_flexible": "元/月", "average_wage": "元/年", "contribution_rate": "share",
         "contribution_rate_flexible": "share"}  # fmt: skip


def rows(item, first, values, region="150100", stage="final"):
    return [(region, FUND, item, first + k, v, UNITS.get(item, "元"), stage) for k, v in enumerate(values) if v is not None]


def months(item, year, values, region="150100"):
    return [(region, FUND, item, f"{year}-{k + 1:02d}", v, "元", "executed") for k, v in enumerate(values)]


def load(folder, history, **tables):
    return sib.load(dataset(folder, history, **tables))


def point(forecast, item, year, region="150100"):
    frame = forecast.frame
    frame = frame[(frame["item"] == item) & (frame["region"] == region) & (frame["period"] == str(year))]
    return frame.loc[frame["quantile"].isna(), "value"].iloc[0]


def test_months_of_a_year_without_account_count_however_the_forecast_is_asked(tmp_path):
    history = rows("total_revenue", 2014, [100e8 * 1.08**k for k in range(7)])
    for y in range(2016, 2021):
        history += months("total_revenue", y, [100e8 * 1.08 ** (y - 2014) * (m + 1) / 12 for m in range(12)])
    history += months("total_revenue", 2021, [50e8 * (m + 1) / 12 for m in range(9)])  # runs at a third
    data = load(tmp_path, history)
    said = [point(sib.forecast(data, 2022, asof=asof), "total_revenue", 2022) for asof in (None, "2021-09", "2021-12")]
    assert said[0] == said[1] == said[2] < 60e8


def test_law_announced_after_the_last_month_of_data_is_known(tmp_path):
    """Accounts to 2020, announced in March 2021, in force from 2022."""
    policies = (
        ("item", "start", "programme", "set", "unit", "known_from"),
        [("contribution_rate", "2022-01", FUND, "16%", "", "2021-03")],
    )
    data = load(tmp_path, rows("contribution_rate", 2014, [0.2] * 7), policies=policies)
    assert point(sib.forecast(data, 2022), "contribution_rate", 2022) == pytest.approx(0.16)
    assert point(sib.forecast(data, 2022, asof="2020"), "contribution_rate", 2022) == pytest.approx(0.2)


def test_a_measure_that_ends_gives_way_to_the_rate_before_it(tmp_path):
    columns = ("item", "start", "end", "programme", "set", "unit", "known_from")
    policies = (columns, [("contribution_rate", "2022-07", "2022-12", FUND, "12%", "", "2021-06")])
    data = load(tmp_path / "a", rows("contribution_rate", 2014, [0.24] * 8), policies=policies)
    for asof in ("2021-12", "2022-06"):
        told = sib.forecast(data, [2022, 2023, 2024], asof=asof)
        assert [point(told, "contribution_rate", y) for y in (2022, 2023, 2024)] == pytest.approx([0.18, 0.24, 0.24])
    longer = (columns, [("contribution_rate", "2022-07", "2023-06", FUND, "12%", "", "2021-06")])
    data = load(tmp_path / "b", rows("contribution_rate", 2014, [0.24] * 8 + [0.18]), policies=longer)
    told = sib.forecast(data, [2023, 2024])
    assert [point(told, "contribution_rate", y) for y in (2023, 2024)] == pytest.approx([0.18, 0.24])
    frame = told.frame.query("item == 'contribution_rate'")
    assert frame.groupby("period")["value"].nunique().eq(1).all()  # the law is sure


@pytest.mark.parametrize("late", [0, 1, 2, 3])
def test_a_late_second_group_of_payers_does_not_move_the_line(tmp_path, late):
    n = 8
    history = rows("contribution_base", 2014, [4000 * 1.05**k for k in range(n)]) + rows("contributors", 2014, [1e5] * n)
    history += rows("contribution_rate", 2014, [0.24] * n) + rows("contribution_rate_flexible", 2014, [0.2] * n)
    history += rows("contributors_flexible", 2014, [1e5] * (n - late))
    history += rows("contribution_base_flexible", 2014, [3000 * 1.05**k for k in range(n)])
    paid = 12 * 1e5 * (4000 * 0.24 + 3000 * 0.2)
    history += rows("contribution_revenue", 2014, [paid * 1.05**k for k in range(n)])
    said = point(sib.forecast(load(tmp_path, history), 2022), "contribution_revenue", 2022)
    assert said == pytest.approx(paid * 1.05**8, rel=0.015)


def test_the_wage_of_a_fund_goes_before_that_of_all_in_any_order(tmp_path):
    history = rows("average_wage", 2014, [60000 * 1.06**k for k in range(8)])
    history += rows("contribution_base", 2014, [4000 * 1.05**k for k in range(8)])
    given = [
        ("average_wage", 2022, 120000, "元/年", "", FUND, "s", "a"),
        ("average_wage", 2022, 100000, "元/年", "", "", "s", "b"),
    ]
    said = [
        point(sib.forecast(load(tmp_path / n, history, assumptions=many), 2022), "contribution_base", 2022)
        for n, many in (("a", given), ("b", given[::-1]), ("c", given[:1]))
    ]
    assert said[0] == said[1] == said[2]


def test_a_sum_known_in_years_only_that_an_event_marks_is_not_reconciled(tmp_path):
    history = [r for y in (2015, 2017, 2019, 2020) for r in rows("contribution_revenue", y, [1e9 * 1.05 ** (y - 2015)])]
    history += [
        r for y in (2016, 2018, 2020) for r in rows("contribution_revenue", y, [1e9 * 1.05 ** (y - 2015)], region="150200")
    ]
    assert point(sib.forecast(load(tmp_path, history, regions=TWO), 2021), "contribution_revenue", 2021) > 1e9


@pytest.mark.parametrize(("arguments", "words"), [
    ({"periods": "soon"}, "expected years such as 2027"),
    ({"periods": []}, "no period to forecast"),
    ({"periods": 2022, "level": (150,)}, "per cent from 1 to 99"),
    ({"periods": 2022, "level": (0.8,)}, "per cent from 1 to 99"),
    ({"periods": 2022, "level": 80}, "expected several"),
    ({"periods": 2022, "methods": {"insuredd": "drift"}}, "did you mean 'insured'"),
    ({"periods": 2015, "asof": "2019"}, "already known"),
])  # fmt: skip
def test_arguments_are_refused_in_words(tmp_path, arguments, words):
    data = load(tmp_path, rows("insured", 2010, [1e6 * 1.03**k for k in range(12)]))
    with pytest.raises(SibError, match=words):
        sib.forecast(data, **arguments)


def test_years_may_be_any_whole_number(tmp_path):
    data = load(tmp_path, rows("insured", 2010, [1e6 * 1.03**k for k in range(12)]))
    said = {point(sib.forecast(data, year), "insured", 2022) for year in (2022, "2022", 2022.0, np.int64(2022), [2022])}
    assert len(said) == 1


def width(forecast, item, year):
    frame = forecast.frame.query("item == @item and period == @year")
    by = frame.set_index("quantile")["value"]
    return np.log(by[0.9] / by[0.1])


@pytest.mark.parametrize("asof", [None, "2021-06"])
def test_what_is_known_late_is_as_doubtful_beside_an_account_as_alone(tmp_path, asof):
    """A walk with steps of 5 %, known to 2018 and asked for 2022, whatever else is known of 2021."""
    known = []
    for seed in range(8):
        walk = 1e6 * np.exp(np.cumsum(0.05 * np.random.default_rng(seed).standard_normal(14)))
        heads, money = rows("insured", 2005, list(walk)), rows("total_revenue", 2005, [1e9] * 17)
        alone = width(sib.forecast(load(tmp_path / f"{seed}a", heads), 2022), "insured", "2022")
        beside = width(sib.forecast(load(tmp_path / f"{seed}b", heads + money), 2022, asof=asof), "insured", "2022")
        known.append(beside / alone)
    assert 0.6 < np.median(known) < 1.6


def test_forecasts_laid_into_a_year_are_no_outturns(tmp_path):
    """Two areas of which one has its account two years before the other: its record holds what came only."""
    history = rows("insured", 2008, [1e6 * 1.05**k * (1 + 0.05 * (-1) ** k) for k in range(12)])
    history += rows("insured", 2008, [1e6 * 1.05**k * (1 + 0.05 * (-1) ** k) for k in range(10)], region="150200")
    for region, n in (("150100", 12), ("150200", 10)):
        history += rows("total_revenue", 2008, [1e9] * n, region=region)
    said = sib.forecast(load(tmp_path, history, regions=TWO), 2020)
    errors = said.funds[FUND].record["insured"]
    early, late = (said.funds[FUND].panel.areas.index(a) for a in ("150200", "150100"))
    assert np.isnan(errors[early, -2:]).all()  # origins 2017 and 2018 of the late area
    assert not np.isnan(errors[late, -2:]).any()


def test_a_fund_that_ended_years_before_the_others_is_too_old(tmp_path):
    history = rows("insured", 2003, [1e6 * 1.03**k for k in range(5)])
    history += [(r[0], "unemployment", *r[2:]) for r in rows("insured", 2012, [1e6 * 1.03**k for k in range(9)])]
    said = sib.forecast(load(tmp_path, history), 2021)
    assert set(said.funds) == {"unemployment"}
    assert said.too_old == {FUND: 2007}


def test_a_year_an_event_marks_does_not_shape_nowcasts(tmp_path):
    def flows(year, rest=1.0):
        monthly = 1e8 * 1.05 ** (year - 2015) * np.where(np.arange(12) < 6, 1.0, rest)
        return months("contribution_revenue", year, list(np.cumsum(monthly)))

    columns = ("id", "kind", "programme", "item", "start", "end")
    event = (columns, [("w", "one_off", FUND, "contribution_revenue", "2020-07", "2020-12")])

    def said(name, years, rest):
        history = [r for y in years for r in flows(y, rest if y == 2020 else 1.0)] + flows(2021)[:6]
        frame = sib.nowcast(load(tmp_path / name, history, events=event), "2021-06").frame
        return frame.set_index("quantile")["value"].to_numpy()

    assert said("a", range(2015, 2021), 0.6) == pytest.approx(said("b", range(2015, 2021), 1.0))
    assert said("c", [2020], 0.5)[0] == pytest.approx(12e8 * 1.05**6)  # twelfths, not the rest of a halved year


def test_a_misspelt_event_and_one_that_ends_early_are_told_at_the_table(tmp_path):
    events = (("id", "kind", "programme", "item", "start", "end"), [
        ("a", "brek", FUND, "insured", "2015-01", ""), ("b", "one_off", FUND, "insured", "2015-06", "2015-01"),
    ])  # fmt: skip
    with pytest.raises(DataError) as fault:
        load(tmp_path, rows("insured", 2010, [1e6] * 9), events=events)
    told = fault.value.findings.frame
    assert set(zip(told["table"], told["row"].astype(int), told["column"], strict=True)) == {
        ("events", 2, "kind"),
        ("events", 3, "end"),
    }
    assert told["mend"].ne("").all()


def test_rivals_of_a_late_area_know_as_much_as_we_do(tmp_path):
    """Area A has accounts to 2019, area B to 2015: last year's figure of A at 2017 is that of 2017."""
    history = rows("insured", 2008, [1e6 * 1.1**k for k in range(12)])
    history += rows("insured", 2008, [1e6 * 1.02**k for k in range(8)], region="150200")
    frame = sib.backtest(load(tmp_path, history, regions=TWO), origins=[2017]).frame
    naive = frame.query("region == '150100' and period == '2018' and method == 'naive'")["forecast"].iloc[0]
    assert naive == pytest.approx(1e6 * 1.1**9)


def test_rivals_on_figures_with_a_zero_grow_all_the_same(tmp_path):
    """0, 20, 30 … million: three years of +10 million each."""
    data = load(tmp_path, rows("interest", 2008, [0.0, *(1e7 * k for k in range(2, 13))]))
    frame = sib.backtest(data, origins=[2017]).frame.query("period == '2018'").set_index("method")["forecast"]
    assert frame["naive"] == pytest.approx(10e7)
    assert frame["growth_of_three"] == pytest.approx(11e7)
    assert frame["drift"] == pytest.approx(10e7 + 10e7 / 9)


def test_intervals_stay_within_what_an_item_can_be(tmp_path):
    history = rows("insured", 2000, [1e6, 0, 2e6, 0, 1e6, 3e6, 0, 1e6, 1e6, 1e6])
    history += rows("death_expenditure", 2000, [1e6, 0, 2e6, 0, 1e6, 3e6, 0, 1e6, 1e6, 1e6])
    history += [("150100", FUND, "pooled_pay_rate", 2005 + k, v, "share", "final") for k, v in enumerate([0.9, 0.95, 1, 1, 0.99])]
    data = load(tmp_path, history)
    frame = sib.forecast(data, [2010, 2011, 2012]).frame
    assert (frame["value"] >= 0).all()
    assert (frame.loc[frame["item"] == "pooled_pay_rate", "value"] <= 1).all()
    back = sib.backtest(data, origins=[2008]).frame
    assert (back["lower95"].dropna() >= 0).all()


def test_an_origin_too_early_is_left_out_and_told(tmp_path):
    data = load(tmp_path, rows("insured", 2000, [1e6 * 1.03**k for k in range(10)]))
    told = sib.backtest(data, origins=[1990, 2005])
    assert set(told.frame["origin"]) == {"2005"}
    assert told.findings.frame["id"].tolist() == ["origin_skipped"]
    with pytest.raises(SibError, match="1990"):
        sib.backtest(data, origins=[1990])
    with pytest.raises(SibError, match="did you mean 'insured'"):
        sib.backtest(data, items=["insuredd"])


def test_a_wage_entered_for_a_year_under_way_is_not_lost_without_a_word(tmp_path):
    history = rows("average_wage", 2014, [60000 * 1.06**k for k in range(8)])
    history += rows("contribution_base", 2014, [4000 * 1.05**k for k in range(8)])
    data = load(tmp_path, history, assumptions=[("average_wage", 2022, 120000, "元/年", "", "", "s", "a")])
    told = sib.forecast(data, 2023, asof="2022-06").findings.frame
    assert told["id"].tolist() == ["wage_not_used"]
    assert sib.forecast(data, 2023).findings.frame.empty
    without = load(tmp_path / "b", history)
    said = [point(sib.forecast(d, [2022, 2023]), "contribution_base", 2023) for d in (data, without)]
    assert said[0] > 1.2 * said[1]  # a wage of a year to come goes on in later years
    bare = [row for row in history if row[2] != "average_wage"]
    alone = load(tmp_path / "c", bare, assumptions=[("average_wage", 2022, 120000, "元/年", "", "", "s", "a")])
    assert "earlier years" in sib.forecast(alone, 2022).findings.frame["message"].iloc[0]


def test_lines_follow_their_drivers_after_reconciliation():
    said = sib.forecast(sib.load(sib.sample("nmg")), [2027])
    for fund in said.funds.values():
        if "wage_bill" in fund.point:
            bill = 12 * fund.point["contributors"] * fund.point["contribution_base"]
            np.testing.assert_allclose(fund.point["wage_bill"][:, -1], bill[:, -1], rtol=1e-12)
    assert not said.moved().empty


def test_the_track_record_is_what_origins_missed_by(tmp_path):
    """5 % a year, and one year of 10 %: each rule's errors can be written down."""
    values = [1e6 * 1.05**k for k in range(9)]
    values += [values[-1] * 1.1]
    told = sib.forecast(load(tmp_path, rows("insured", 2010, values)), 2020).track_record().loc[(FUND, "insured")]
    assert told["number"] == 7  # origins 2012 to 2018
    naive = 100 * (6 * (1 - 1 / 1.05) + (1 - 1 / 1.1)) / 7
    assert told["naive"] == pytest.approx(naive, abs=0.006)
    assert told["growth_of_three"] == pytest.approx(100 * (1 - 1.05 / 1.1) / 7, abs=0.006)
    assert told["sibforecast"] < told["naive"]


def test_the_way_back_from_a_marked_year_is_no_jump(tmp_path):
    values = [1e9 * 1.05**k for k in range(9)]
    values[6] *= 0.6
    columns = ("id", "kind", "programme", "item", "start", "end")
    event = (columns, [("w", "one_off", FUND, "contribution_revenue", "2020-02", "2020-12")])
    data = load(tmp_path, rows("contribution_revenue", 2014, values), events=event)
    assert sib.forecast(data, 2023).findings.frame["id"].tolist() == ["event_left_out"]
