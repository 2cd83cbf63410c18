"""The seasonal bank: by hand, against statsmodels, and by its properties; and as a rival of the nowcast."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.forecasting import months as mo
from sibforecast.forecasting import seasons
from sibforecast.forecasting.bank import standard

RNG = np.random.default_rng(5)
SHAPE = np.log(np.array([8.0, 6, 9, 9, 9, 10, 9, 9, 10, 9, 12, 25]))
SERIES = np.tile(SHAPE, 5)[:54] + 0.006 * np.arange(54) + np.cumsum(RNG.normal(0, 0.02, (4, 54)), axis=1) + RNG.normal(0, 0.05, (4, 54))


def states(row, family, horizons):
    """The bank's choice for one row, with its parameters and first states in units of the data."""
    got = seasons.fit(row[None], family, horizons)
    pattern = ~np.isnan(row)
    data, centre, scale = standard(row[None], pattern)
    ops = seasons.operators(family, pattern.tobytes(), horizons)
    grid, place = seasons.Grid.of(family), got.choice[0]
    first = ops.state[place] @ data[0] * scale[0, 0]
    return got, [float(p[place]) for p in (grid.alpha, grid.beta, grid.gamma, grid.phi)], first[:12] + centre[0, 0], first[12]


def reference(row, family, parameters, season, trend):
    """statsmodels at the same parameters and states: its errors and forecasts."""
    alpha, beta, gamma, phi = parameters
    level = float(season.mean())  # the level and the mean of the seasons are the same thing
    words = {"initial_level": level, "initial_seasonal": season - level, "seasonal": "add", "seasonal_periods": 12}
    given = [alpha, gamma]
    if family == "seasonal_damped":
        words |= {"trend": "add", "damped_trend": True, "initial_trend": trend}
        given = [alpha, beta, gamma, phi]
    model = ETSModel(row, error="add", initialization_method="known", **words)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.smooth(np.array(given))


@pytest.mark.parametrize("row", range(4))
@pytest.mark.parametrize("family", seasons.FAMILIES)
def test_forecasts_and_squares_are_those_of_statsmodels(row, family):
    got, parameters, season, trend = states(SERIES[row], family, 15)
    other = reference(SERIES[row], family, parameters, season, trend)
    assert got.ahead[0] == pytest.approx(np.asarray(other.forecast(15)), abs=1e-8)
    assert got.squares[0] == pytest.approx(float(np.sum(np.asarray(other.resid) ** 2)), abs=1e-8)


@pytest.mark.parametrize("family", seasons.FAMILIES)
def test_gaps_are_those_of_a_filter_that_moves_on(family):
    """Errors month by month, in plain Python, with months unknown in the middle."""
    row = SERIES[0].copy()
    row[[3, 17, 18, 40]] = np.nan
    got, (alpha, beta, gamma, phi), season, trend = states(row, family, 3)
    level, slope, waves, squares = 0.0, trend, list(season), 0.0
    for t, y in enumerate(row):
        level, slope = level + phi * slope, phi * slope
        if np.isnan(y):
            continue
        error = y - level - waves[t % 12]
        squares += error**2
        level, slope, waves[t % 12] = level + alpha * error, slope + beta * error, waves[t % 12] + gamma * error
    ahead = []
    for t in range(54, 57):
        level, slope = level + phi * slope, phi * slope
        ahead.append(level + waves[t % 12])
    assert got.squares[0] == pytest.approx(squares, abs=1e-9)
    assert got.ahead[0] == pytest.approx(ahead, abs=1e-9)


@pytest.mark.parametrize("family", seasons.FAMILIES)
def test_no_states_fit_better_than_the_profiled_ones(family):
    """Least squares: at the same parameters any other seasons and trend have a larger sum."""
    got, parameters, season, trend = states(SERIES[1], family, 1)
    for _ in range(20):
        moved = season + RNG.normal(0, 1e-3, 12)
        other = reference(SERIES[1], family, parameters, moved, trend + (RNG.normal(0, 1e-4) if family != "seasonal" else 0.0))
        assert np.sum(np.asarray(other.resid) ** 2) > got.squares[0]


def test_a_season_that_repeats_goes_on():
    assert seasons.fit(np.tile(SHAPE, 2)[None], "seasonal", 12).ahead[0] == pytest.approx(SHAPE, abs=1e-9)


def test_half_a_year_at_twice_the_size_moves_the_level_by_hand():
    """Two years alike, then six months at twice the size.

    The first seasons are free, so they take a part of the jump; the months after, never seen
    doubled, are forecast at 1.6 to 2 times their size.
    """
    row = np.concatenate([SHAPE, SHAPE, SHAPE[:6] + np.log(2)])
    got, (alpha, _, gamma, _), season, _ = states(row, "seasonal", 6)
    assert (alpha, gamma) == (0.8, 0.0)
    level = 0.0
    for t in range(30):
        level += alpha * (row[t] - level - season[t % 12])
    assert got.ahead[0] == pytest.approx(level + season[6:12], abs=1e-9)
    times = np.exp(got.ahead[0] - SHAPE[6:12])
    assert ((times > 1.6) & (times < 2.0)).all()


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-6, 1e9), st.integers(0, 3), st.sampled_from(seasons.FAMILIES))
def test_scale_does_not_matter(size, row, family):
    """A series in other units has the same forecast in those units: on logs, moved by the log of the unit."""
    plain = seasons.fit(SERIES[row : row + 1], family, 12).ahead
    moved = seasons.fit(SERIES[row : row + 1] + np.log(size), family, 12).ahead
    assert np.allclose(np.exp(moved), size * np.exp(plain), rtol=1e-8)


@pytest.mark.parametrize("family", seasons.FAMILIES)
@pytest.mark.parametrize("years", [1, 4])
def test_a_history_that_starts_later_in_the_table_is_the_same_history(family, years):
    later = np.hstack([np.full((4, 12 * years), np.nan), SERIES])
    assert np.array_equal(seasons.fit(later, family, 9).ahead, seasons.fit(SERIES, family, 9).ahead)


@pytest.mark.parametrize("family", seasons.FAMILIES)
def test_company_does_not_matter(family):
    holed = SERIES.copy()
    holed[1, 20:23], holed[2, :5] = np.nan, np.nan
    together = seasons.fit(holed, family, 4).ahead
    alone = np.vstack([seasons.fit(row[None], family, 4).ahead for row in holed])
    assert np.allclose(together, alone, rtol=1e-12)
    assert np.isfinite(together).all()


@pytest.mark.parametrize("family", seasons.FAMILIES)
def test_too_short_is_unknown_not_guessed(family):
    few = seasons.FEWEST[family]
    assert np.isnan(seasons.fit(SERIES[:, : few - 1], family, 1).ahead).all()
    assert np.isfinite(seasons.fit(SERIES[:, :few], family, 1).ahead).all()


def test_a_month_never_seen_has_no_forecast():
    never = SERIES.copy()
    never[:, 7::12] = np.nan  # no August: 54 months end in June
    ahead = seasons.fit(never, "seasonal", 12).ahead
    assert np.isnan(ahead[:, 1]).all()
    assert np.isfinite(np.delete(ahead, 1, axis=1)).all()


def year_table(rows, known):
    values = np.cumsum(np.array(rows, dtype=float), axis=1)[None]
    values[0, -1, known:] = np.nan
    return mo.Months(values, np.array([True]), np.ones((1, len(rows)), dtype=bool))


def test_the_rest_of_the_year_is_the_season_of_a_history_that_repeats():
    """Three years alike, the fourth 10 % up: nine months have come, three more by the season."""
    shape = np.exp(SHAPE)
    data = year_table([shape, shape, shape, shape], 9)
    assert mo.seasonal(data, 9)[0] == pytest.approx(125.0)  # 8+6+9+9+9+10+9+9+10+9+12+25
    assert mo.completed(data, 9, "seasonal")[0] == pytest.approx(125.0)
    assert mo.completed(data, 9, "share")[0] == pytest.approx(125.0)


def test_a_month_of_nothing_has_no_logs_unless_its_year_is_marked():
    shape = np.exp(SHAPE)
    gone = shape.copy()
    gone[4] = 0.0
    data = year_table([shape, shape, gone, shape], 9)
    assert np.isnan(mo.seasonal(data, 9)[0])
    usable = data.usable.copy()
    usable[0, 2] = False
    assert mo.seasonal(mo.Months(data.values, data.flow, usable), 9)[0] == pytest.approx(125.0)


@pytest.fixture(scope="module")
def china():
    return sib.load(sib.sample("china"))


def point(forecast, programme, item):
    frame = forecast.frame
    return frame[(frame["programme"] == programme) & (frame["item"] == item) & frame["quantile"].isna()].iloc[0]


def test_the_nowcast_goes_by_it_where_asked_and_says_so(china):
    asked = sib.nowcast(china, "2021-09", methods={"total_revenue": "seasonal"})
    plain = sib.nowcast(china, "2021-09")
    row = point(asked, "work_injury", "total_revenue")
    assert row["method"] == "nowcast: year to date completed by the method asked for, seasonal"
    assert row["value"] != point(plain, "work_injury", "total_revenue")["value"]
    assert row["value"] == pytest.approx(point(plain, "work_injury", "total_revenue")["value"], rel=0.05)
    same = point(asked, "work_injury", "total_expenditure")
    assert same.equals(point(plain, "work_injury", "total_expenditure"))


def test_where_it_has_nothing_to_go_on_the_rules_stand_in_and_it_is_told(china):
    asked = point(sib.nowcast(china, "2014-03", methods={"total_revenue": "seasonal"}), "work_injury", "total_revenue")
    plain = point(sib.nowcast(china, "2014-03"), "work_injury", "total_revenue")
    assert asked["value"] == plain["value"]
    assert asked["method"] == plain["method"] + "; not by seasonal: too few months, or one of nothing or less"


def test_a_planted_future_changes_nothing(china):
    clean = sib.nowcast(china, "2019-06", methods={"total_revenue": "seasonal"}).frame
    frame = china.history
    text = frame["period"].astype(str)
    frame.loc[(text > "2019-06") | (text == "2019"), "value"] *= 7.0
    dirty = sib.nowcast(china.replaced(lambda: frame), "2019-06", methods={"total_revenue": "seasonal"}).frame
    assert clean.equals(dirty)


@pytest.mark.parametrize(
    ("methods", "told"),
    [({"total_revenue": "arima"}, "unknown method 'arima'; expected one of share"), ({"insured": "seasonal"}, "insured is no flow of the year")],
)
def test_faults_are_told(china, methods, told):
    with pytest.raises(SibError, match=told):
        sib.nowcast(china, "2021-09", methods=methods)
