"""The bank against statsmodels, at the same parameters and initial state, and by its own properties."""

import warnings

import numpy as np
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from sibforecast.forecasting import bank

RNG = np.random.default_rng(3)
SERIES = 4.0 + np.cumsum(RNG.normal(0.04, 0.03, (6, 18)), axis=1)


def fitted(row, family, horizons=3):
    """The bank's choice for one row: parameters and initial state in units of the data."""
    got = bank.fit(row[None], family, horizons)
    pattern = ~np.isnan(row)
    data, centre, scale = bank.standard(row[None], pattern)
    ops = bank.operators(family, pattern.tobytes(), horizons)
    choice = got.choice[0]
    level, trend = ops.state[choice] @ data[0]
    grid = bank.Grid.of(family)
    return got, grid.alpha[choice], grid.beta[choice], grid.phi[choice], level * scale[0, 0] + centre[0, 0], trend * scale[0, 0]


@pytest.mark.parametrize("row", range(6))
@pytest.mark.parametrize("family", ["simple", "holt", "damped"])
def test_forecasts_and_squares_are_those_of_statsmodels(row, family):
    got, alpha, beta, phi, level, trend = fitted(SERIES[row], family)
    words = {} if family == "simple" else {"trend": "add", "damped_trend": family == "damped", "initial_trend": trend}
    model = ExponentialSmoothing(SERIES[row], initialization_method="known", initial_level=level, **words)
    given = {"smoothing_level": alpha}
    if family != "simple":
        given["smoothing_trend"] = beta / alpha  # statsmodels counts the trend's share of the level's smoothing
    if family == "damped":
        given["damping_trend"] = phi
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = model.fit(**given, optimized=False)
    assert got.ahead[0] == pytest.approx(reference.forecast(3), abs=1e-8)
    assert got.squares[0] == pytest.approx(reference.sse, abs=1e-8)


def test_no_state_fits_better_than_the_profiled_one():
    """The initial state is the least-squares one: an optimiser at the same parameters finds no smaller sum."""
    got, alpha, beta, phi, level, trend = fitted(SERIES[0], "damped")
    model = ETSModel(SERIES[0], error="add", trend="add", damped_trend=True, initialization_method="known", initial_level=level, initial_trend=trend)
    with model.fix_params({"smoothing_level": alpha, "smoothing_trend": beta, "damping_trend": phi}), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = model.fit(disp=False)
    assert got.squares[0] <= best.sse * (1 + 1e-9)


def test_a_shorter_history_is_a_leading_block():
    """Squares of a rolling origin use the first rows of the pairs: the pairs of a shorter history come first."""
    long, short = bank.pairs(9), bank.pairs(6)
    assert all(np.array_equal(a[: len(b)], b) for a, b in zip(long, short, strict=True))


@pytest.mark.parametrize("family", bank.FAMILIES)
def test_gaps_size_and_company_do_not_matter(family):
    holed = SERIES.copy()
    holed[:, 5] = np.nan
    holed[3, 9:11] = np.nan
    together = bank.fit(holed, family, 2).ahead
    alone = np.vstack([bank.fit(row[None], family, 2).ahead for row in holed])
    assert np.allclose(together, alone, rtol=1e-12)
    moved = bank.fit(1e6 * holed + 5.0, family, 2).ahead
    assert np.allclose(moved, 1e6 * together + 5.0, rtol=1e-9)
    assert np.isfinite(together).all()


@pytest.mark.parametrize("family", bank.FAMILIES)
def test_too_short_is_unknown_not_guessed(family):
    few = bank.FEWEST[family] - 1
    assert np.isnan(bank.fit(SERIES[:1, :few], family, 1).ahead).all()
    assert np.isfinite(bank.fit(SERIES[:1, : few + 1], family, 1).ahead).all()


def test_theta_is_half_the_line_and_half_the_smoothed_level():
    """On a straight line the level is at its end (smoothing 0.99): half a step a year."""
    line = np.arange(10.0)[None]
    ahead = bank.fit(line, "theta", 3).ahead[0]
    assert ahead == pytest.approx(9.0 + np.array([0.5, 1.0, 1.5]), abs=0.01)


def test_all_origins_at_once_are_the_origins_one_by_one():
    together = bank.fit_origins(SERIES, bank.FAMILIES, 2, 10)
    for place, origin in enumerate(range(10, 19)):
        for number, family in enumerate(bank.FAMILIES):
            alone = bank.fit(SERIES[:, :origin], family, 2).ahead
            assert np.allclose(together[:, place, number], alone, rtol=1e-9)
