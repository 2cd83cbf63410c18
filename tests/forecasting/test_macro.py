"""The economy in the drivers: what is learned, what it moves, and that noise moves next to nothing."""

import numpy as np
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast import items
from sibforecast.forecasting import macro
from tests.datasets import dataset

FUND = "enterprise_pension"
CITIES = ("150100", "150200", "150300", "150400")
REGIONS = [("150000", "内蒙古自治区", "", "region"), *((c, f"市{c}", "150000", "league") for c in CITIES)]
FIRST, YEARS = 2008, 16
LAST = FIRST + YEARS - 1


def economy(seed, *, drives, persistence=0.0):
    """Employment of the region by year, and heads of four cities that follow it by 0.8 or not at all."""
    rng = np.random.default_rng(seed)
    growth, shock = np.zeros(YEARS), 0.025 * rng.normal(size=YEARS)
    for i in range(YEARS):
        growth[i] = shock[i] + (persistence * growth[i - 1] if i else 0.0)
    jobs = 8e6 * np.cumprod(1.02 + growth)
    own = 0.02 + 0.01 * rng.normal(size=(4, YEARS))
    heads = 1e5 * np.arange(1, 5)[:, None] * np.cumprod(1 + own + (0.8 * growth if drives else 0.0), axis=1)
    return jobs, heads


def history(jobs, heads, fund=FUND, region="150000", until=LAST):
    """Accounts to the year before the last; employment to the year before `until`."""
    out = [(region, fund, "urban_employment", FIRST + i, v, "人", "final") for i, v in enumerate(jobs) if FIRST + i < until]
    for city, row in zip(CITIES, heads, strict=True):
        out += [(city, FUND, "contributors", FIRST + i, v, "人", "final") for i, v in enumerate(row[:-1])]
    return out


def data_of(folder, rows, jobs=None):
    data = sib.load(dataset(folder, rows, regions=REGIONS))
    if jobs is None:
        return data
    return data.with_judgement([{"item": "urban_employment", "period": str(LAST), "value": float(jobs[-1])}], author="macro desk")


def points(forecast, item="contributors", year=LAST):
    frame = forecast.frame
    frame = frame[frame["quantile"].isna() & (frame["item"] == item) & (frame["period"] == str(year))]
    return frame.astype({"region": str}).set_index("region")["value"]


def errors(folder, seed, **words):
    """Mean absolute errors in per cent: without employment, with its history, with the year's own figure; and the forecasts."""
    jobs, heads = economy(seed, **words)
    rows = history(jobs, heads)
    bare = [r for r in rows if r[2] != "urban_employment"]
    said = [
        points(sib.forecast(data, LAST))
        for data in (data_of(folder / "bare", bare), data_of(folder / "known", rows), data_of(folder / "entered", rows, jobs))
    ]
    return [100 * float((s[list(CITIES)] / heads[:, -1] - 1).abs().mean()) for s in said], said


def test_where_employment_drives_heads_an_entered_figure_halves_the_error(tmp_path):
    told = np.array([errors(tmp_path / str(seed), seed, drives=True)[0] for seed in range(8)]).mean(axis=0)
    assert told[2] < 0.5 * told[0]


def test_merely_forecast_it_moves_heads_only_if_that_helped_before(tmp_path):
    moved = set()
    for seed in range(6):
        jobs, heads = economy(seed, drives=True, persistence=0.8)
        rows = history(jobs, heads)
        said = sib.forecast(data_of(tmp_path / f"{seed}a", rows), LAST)
        bare = sib.forecast(data_of(tmp_path / f"{seed}b", [r for r in rows if r[2] == "contributors"]), LAST)
        helped = bool(said.economy()["gain_ahead"].iloc[0] > 0)
        assert ((points(said) != points(bare)).any()) == helped
        assert said.frame["method"].str.contains("fading growth of urban employment").any() == helped
        moved.add(helped)
    assert moved == {True, False}


def test_where_employment_is_noise_the_forecast_hardly_moves(tmp_path):
    moved = []
    for seed in range(8):
        bare, known, entered = errors(tmp_path / str(seed), seed, drives=False)[1]
        moved += [(known / bare - 1).abs().max(), (entered / bare - 1).abs().max()]
    assert np.mean(moved) < 0.0005
    assert np.median(moved) == 0.0


def test_the_move_by_hand_and_what_is_told(tmp_path):
    """Factor = (entered ÷ what the heads' own method makes of employment) ** elasticity; the table says how it was found."""
    jobs, heads = economy(0, drives=True)
    rows = [r for r in history(jobs, heads[:, :]) if r[0] in ("150000", "150100")]
    bare = points(sib.forecast(data_of(tmp_path / "a", [r for r in rows if r[2] == "contributors"]), LAST))["150100"]
    said = sib.forecast(data_of(tmp_path / "b", rows, jobs), LAST)
    table = said.economy().set_index("item").loc["contributors"]
    logs = np.log(jobs[:-1])
    steps = np.diff(logs)
    fading, drift = steps[-1] * 0.8, steps.mean()
    from sibforecast.forecasting import bank

    theta = bank.fit(logs[None], "theta", 1).ahead[0, 0] - logs[-1]
    own = np.exp(logs[-1] + (steps[-1] + fading + drift + theta) / 4)
    factor = (jobs[-1] / own) ** table["elasticity"]
    assert points(said)["150100"] == pytest.approx(bare * factor, rel=1e-9)
    assert table["figure"] == "urban_employment"
    assert (table["years"], table["number"]) == (14, 14)
    moved = np.diff(np.log(heads[0, :-1]))
    slope = np.cov(steps, moved)[0, 1] / np.var(steps, ddof=1)
    assert table["estimate"] == pytest.approx(slope, rel=1e-9)
    left = moved - moved.mean() - slope * (steps - steps.mean())
    error = np.sqrt(left @ left / 12 / ((steps - steps.mean()) @ (steps - steps.mean())))
    assert table["error"] == pytest.approx(error, rel=1e-9)
    kept = 1 - (2.178812829663418 * error / slope) ** 2  # Student's 97.5 % at 12 degrees of freedom
    assert table["shrinkage"] == pytest.approx(kept, rel=1e-9)
    assert table["elasticity"] == pytest.approx(kept * slope, rel=1e-9)
    assert table["gain"] > 0
    method = said.frame.query("region == '150100' and item == 'contributors'")["method"].iloc[0]
    assert method.endswith(f"; moved with the entered urban employment (elasticity {table['elasticity']:.2f})")


def test_sums_of_areas_move_with_them(tmp_path):
    """The region's sum is reconciled with its cities: both move alike, so nothing of the move is lost."""
    jobs, heads = economy(1, drives=True)
    rows = history(jobs, heads)
    bare = points(sib.forecast(data_of(tmp_path / "a", [r for r in rows if r[2] == "contributors"]), LAST))
    said = sib.forecast(data_of(tmp_path / "b", rows, jobs), LAST)
    ratio = points(said) / bare
    assert ratio.max() / ratio.min() == pytest.approx(1.0, abs=1e-6)
    assert ratio.max() != pytest.approx(1.0, abs=1e-3)


def test_a_figure_known_of_a_later_year_is_no_account_and_counts_like_an_entered_one(tmp_path):
    jobs, heads = economy(1, drives=True)
    rows = history(jobs, heads)
    entered = points(sib.forecast(data_of(tmp_path / "a", rows, jobs), LAST))
    later = history(jobs, heads, until=LAST + 1)  # employment of the year the accounts are not there for
    known = points(sib.forecast(data_of(tmp_path / "b", later), LAST, asof=str(LAST)))
    pd.testing.assert_series_equal(known, entered)
    before = sib.forecast(data_of(tmp_path / "c", later), LAST, asof=str(LAST - 1))  # not yet known then
    pd.testing.assert_series_equal(points(before), points(sib.forecast(data_of(tmp_path / "d", rows), LAST)))


def test_employment_may_stand_with_another_fund_and_with_each_area(tmp_path):
    jobs, heads = economy(1, drives=True)
    here = points(sib.forecast(data_of(tmp_path / "a", history(jobs, heads), jobs), LAST))
    other = points(sib.forecast(data_of(tmp_path / "b", history(jobs, heads, fund="unemployment"), jobs), LAST))
    pd.testing.assert_series_equal(here, other)
    own = history(jobs, heads)
    own += [(c, FUND, "urban_employment", FIRST + i, v / 9, "人", "final") for c in CITIES for i, v in enumerate(jobs[:-1])]
    data = sib.load(dataset(tmp_path / "c", own, regions=REGIONS))
    judged = [{"item": "urban_employment", "period": str(LAST), "value": float(jobs[-1] / 9), "region": c} for c in CITIES]
    each = sib.forecast(data.with_judgement(judged, author="x"), LAST)
    pd.testing.assert_series_equal(points(each), here, rtol=1e-6)  # spreads lend each other a little, and they weigh in reconciling
    shown = points(each, "urban_employment")["150100"]
    growth = np.log(jobs[-2] / jobs[-3])
    assert shown == pytest.approx(jobs[-2] / 9 * np.exp(0.8 * growth))  # its own forecast: fading growth


def test_too_few_years_teach_nothing_and_it_is_told(tmp_path):
    jobs, heads = economy(0, drives=True)
    rows = [r for r in history(jobs, heads) if r[3] >= LAST - 8]  # eight years, seven of growth
    said = sib.forecast(data_of(tmp_path / "a", rows, jobs), LAST)
    assert said.economy()[["elasticity", "years"]].to_numpy().tolist() == [[0.0, 7]]
    told = said.findings.frame
    assert told["id"].tolist() == ["macro_not_used"]
    assert "no driver was found to follow urban employment (8 years" in told["message"].iloc[0]
    bare = sib.forecast(data_of(tmp_path / "b", [r for r in rows if r[2] == "contributors"]), LAST)
    pd.testing.assert_series_equal(points(said), points(bare))


def test_without_earlier_figures_an_entered_one_moves_nothing_and_it_is_told(tmp_path):
    jobs, heads = economy(0, drives=True)
    rows = [r for r in history(jobs, heads) if r[2] == "contributors"]
    plain, mine = (sib.forecast(data_of(tmp_path / n, rows, j), LAST) for n, j in (("a", None), ("b", jobs)))
    pd.testing.assert_frame_equal(plain.frame, mine.frame)
    assert mine.findings.frame["id"].tolist() == ["macro_not_used"]
    assert "no urban employment is known of earlier years" in mine.findings.frame["message"].iloc[0]
    assert mine.economy().empty


def test_revenue_follows_gdp_where_no_wage_is_known(tmp_path):
    rng = np.random.default_rng(3)
    growth = 1.07 + 0.03 * rng.normal(size=YEARS)
    gdp, money = 2e12 * np.cumprod(growth), 3e10 * np.cumprod(1 + 1.1 * (growth - 1) + 0.004 * rng.normal(size=YEARS))
    rows = [("150100", FUND, "gdp", FIRST + i, v, "元", "final") for i, v in enumerate(gdp[:-1])]
    rows += [("150100", FUND, "total_revenue", FIRST + i, v, "元", "final") for i, v in enumerate(money[:-1])]
    data = sib.load(dataset(tmp_path, rows, regions=REGIONS))
    plain = sib.forecast(data, LAST)
    mine = sib.forecast(data.with_judgement([{"item": "gdp", "period": str(LAST), "value": float(gdp[-1])}], author="x"), LAST)
    assert mine.economy()["figure"].tolist() == ["gdp"]
    assert mine.economy()["elasticity"].iloc[0] == pytest.approx(1.1, abs=0.1)
    wrong = [abs(points(f, "total_revenue")["150100"] / money[-1] - 1) for f in (plain, mine)]
    assert wrong[1] < 0.5 * wrong[0]


def test_an_entered_wage_and_an_area_whose_accounts_are_too_old(tmp_path):
    """The wage is laid by the area's name: an area left out does not disturb the others."""
    rows = [(c, FUND, "average_wage", 2010 + i, 6e4 * 1.06**i, "元/年", "final") for c in CITIES[:2] for i in range(10 if c == CITIES[0] else 3)]
    rows += [(c, FUND, "contribution_base", 2010 + i, 4e3 * 1.05**i, "元/月", "final") for c in CITIES[:2] for i in range(10 if c == CITIES[0] else 3)]
    data = sib.load(dataset(tmp_path, rows, regions=REGIONS))
    plain = points(sib.forecast(data, 2020), "contribution_base", 2020)
    wage = points(sib.forecast(data, 2020), "average_wage", 2020)
    judged = data.with_judgement([{"item": "average_wage", "period": "2020", "value": 1.1 * float(wage.iloc[0])}], author="x")
    said = points(sib.forecast(judged, 2020), "contribution_base", 2020)
    assert said.index.tolist() == [CITIES[0]]
    assert said.iloc[0] == pytest.approx(1.1 * plain.iloc[0], rel=1e-9)  # a steady wage teaches no elasticity: one


def wages(folder, years):
    """Wage and base of two cities that share a wandering growth, up to some years."""
    rng = np.random.default_rng(7)
    growth = 0.06 + 0.02 * rng.normal(size=12)
    table = {i: first * np.exp(np.cumsum(growth + 0.01 * rng.normal(size=(2, 12)), axis=1)) for i, first in (("average_wage", 6e4), ("contribution_base", 4e3))}
    units = {"average_wage": "元/年", "contribution_base": "元/月"}
    rows = [(c, FUND, item, 2010 + i, float(v), units[item], "final")
            for item, values in table.items() for c, row in zip(CITIES, values, strict=False) for i, v in enumerate(row[:years])]  # fmt: skip
    folder.mkdir()
    return sib.load(dataset(folder, rows, regions=REGIONS)), table


def test_wage_and_base_are_forecast_by_the_mean_of_their_growths_now_and_at_every_origin(tmp_path):
    """√(growth × growth) of what each is forecast alone; the error on record is that of the forecast made a year before."""
    data, table = wages(tmp_path / "all", 12)
    before, _ = wages(tmp_path / "before", 11)
    both = ("contribution_base", "average_wage")
    free = {i: points(sib.forecast(data, 2022, methods={i: "combination"}), i, 2022) for i in both}  # chosen: left alone
    mine = sib.forecast(data, 2022)
    growth = np.sqrt(np.prod([free[i].to_numpy() / table[i][:, -1] for i in both], axis=0))
    for item in both:
        np.testing.assert_allclose(points(mine, item, 2022).to_numpy(), table[item][:, -1] * growth, rtol=1e-9)
        told = np.log(table[item][:, -1] / points(sib.forecast(before, 2021), item, 2021).to_numpy())
        np.testing.assert_allclose(mine.funds[FUND].record[item][:, -1], told, rtol=1e-9, atol=1e-12)


def test_the_figures_are_in_the_catalogue_and_are_never_added_up():
    assert {items.item(i).rollup for i in ("gdp", "urban_employment", "average_wage")} == {"never"}
    assert (items.item("gdp").zh, items.item("urban_employment").zh) == ("地区生产总值", "城镇就业人员")
    assert items.item("gdp").unit == "currency"
    assert set(macro.FOLLOWS) <= set(items.CATALOGUE)
