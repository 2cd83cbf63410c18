"""Intervals on panels whose truth is known: growth with memory, a shock all areas share in a year and one of each area's own."""

import numpy as np
import pytest

from sibforecast.forecasting import spread as sp
from sibforecast.forecasting.events import across, jumps, together
from sibforecast.forecasting.leaning import upright

MEMORY, GROWTH = 0.3, 0.04


def panel(rng, areas, years, shared, own, freedom, unlike=0.0, calmer=1.0):
    """Logs of levels; `freedom` of the shocks, `unlike` how far areas differ in the size of theirs, each year's times `calmer`."""
    one = np.sqrt((freedom - 2.0) / freedom)
    size = own * np.exp(unlike * rng.standard_normal((areas, 1)))
    shock = one * (shared * rng.standard_t(freedom, (1, years)) + size * rng.standard_t(freedom, (areas, years)))
    shock *= calmer ** np.arange(years)
    change = np.full_like(shock, GROWTH)
    for t in range(1, years):
        change[:, t] = GROWTH + MEMORY * (change[:, t - 1] - GROWTH) + shock[:, t]
    return rng.uniform(4.0, 8.0, (areas, 1)) + np.cumsum(change, axis=1)


def covered(areas, years, shared, own, freedom, unlike=0.0, horizons=(1,), replications=60, jump=0.0, broke=None, calmer=1.0):
    """How often the 80 and 95 % intervals held what came, by horizon: (2, horizons); all areas break together in a year `broke`."""
    rng, ahead = np.random.default_rng(5), np.array(horizons)
    groups, held = np.zeros(areas, dtype=np.int64), []
    for _ in range(replications):
        logs = panel(rng, areas, years + ahead[-1], shared, own, freedom, unlike, calmer)
        if jump:
            logs += np.cumsum((rng.random(logs.shape) < jump) * rng.normal(0.0, 0.4, logs.shape), axis=1)
        if broke is not None:
            logs[:, broke:] += 0.4
        past = logs[:, :years]
        run = sp.run(past, ahead, "combination", groups, np.ones(areas, dtype=bool))
        origins, breaks = run.errors.shape[1], together(jumps(past), groups)
        errors = np.where(across(breaks, origins, ahead), np.nan, run.errors)
        found = sp.spread_of(errors, groups, ahead, groups, jumped=across(jumps(past), origins, ahead), broken=breaks[:, -origins:])
        apart = np.abs(logs[:, years - 1 + ahead] - run.point) / found.deviation
        held.append([(apart <= found.shape[:, :, place]).mean(axis=0) for place in (1, 3)])
    return np.mean(held, axis=0)


@pytest.mark.parametrize(("freedom", "unlike"), [(500.0, 0.0), (4.0, 0.7)])
@pytest.mark.parametrize(("areas", "years"), [(31, 7), (31, 9), (8, 9)])
def test_panels_of_few_years_are_covered_as_told(areas, years, freedom, unlike):
    """Held against deviations an error has itself widened, 95 % intervals of seven years held 90 to 93 %."""
    inside80, inside95 = covered(areas, years, 0.0, 0.02, freedom, unlike, replications=3200 // areas)[:, 0]
    assert 0.77 < inside80 < 0.83
    assert 0.93 < inside95 < 0.97


@pytest.mark.parametrize(("calmer", "least", "most"), [(0.8, 0.80, 0.91), (1.2, 0.72, 0.80)])
def test_panels_that_settle_down_or_up_are_followed(calmer, least, most):
    """By a fifth a year: what the filter lags behind is made up for in part, as errors were foreseen with the same lag."""
    inside80, inside95 = covered(31, 9, 0.0, 0.04, 5.0, 0.5, replications=80, calmer=calmer)[:, 0]
    assert least < inside80 < most
    assert inside95 > 0.91


@pytest.mark.parametrize("freedom", [500.0, 4.0])
def test_a_year_that_all_areas_share_is_one_shock(freedom):
    """Three origins of 31 areas are three shocks: their largest error is no 95 % interval."""
    inside80, inside95 = covered(31, 6, 0.02, 0.0001, freedom, replications=150)[:, 0]
    assert 0.74 < inside80 < 0.86
    assert 0.90 < inside95 < 0.98


def test_later_horizons_of_panels_with_breaks_go_by_their_own_past():
    """One break in 25 years of an area: half-widths of one year ahead, in deviations, held 26 % of five years ahead at 80 %."""
    inside = covered(31, 10, 0.007, 0.01, 8.0, horizons=(1, 2, 3, 4, 5), replications=60, jump=0.04)
    for place, (low, high) in enumerate([(0.74, 0.88), (0.89, 0.97)]):
        assert (inside[place] > low).all()
        assert (inside[place] < high).all()


@pytest.mark.parametrize("broke", [9, 15])
def test_a_break_of_all_areas_says_how_often_one_comes_and_no_more(broke):
    """×1.5 in all areas in one of 25 years: with its errors in the spread, intervals of years without one held 99.8 and 100 %."""
    inside80, inside95 = covered(8, 25, 0.01, 0.01, 8.0, replications=60, broke=broke)[:, 0]
    assert 0.76 < inside80 < 0.88
    assert 0.93 < inside95 < 0.99


def test_breaks_are_reached_out_for_as_often_as_they_came_by_hand():
    """Six years, a break in the third of five origins' years: weights 0.8⁴ … 1, so p = 0.64 / 3.3616 = 0.19039.

    80 %: (0.2 − p) ÷ (1 − p) is less than half of 0.2, so 90 % of the other years are held; 50 %: 1 − (0.5 − p) ÷ (1 − p) = 0.61758.
    """
    errors, broken = np.zeros((2, 5, 1)), np.zeros((2, 5), dtype=bool)
    errors[:, 2], broken[:, 2] = np.nan, True
    weight = 0.8 ** np.arange(5)[::-1][None, :, None]
    reached = sp._reached(errors, weight, np.array([1]), broken)
    np.testing.assert_allclose(reached[0, 0, :2], [0.61758, 0.9], atol=5e-6)
    np.testing.assert_array_equal(sp._reached(errors, weight, np.array([1]), ~(broken | True))[0, 0], sp.LEVELS)


def test_what_most_areas_do_in_one_year_is_one_event():
    jumped = np.zeros((5, 6), dtype=bool)
    jumped[:2, 2], jumped[3:, 2], jumped[0, 4], jumped[2, 5] = True, True, True, True
    groups = np.array([0, 0, 0, 1, 2])
    found = together(jumped, groups)
    assert found[:3].astype(int).tolist() == [[0, 0, 1, 0, 0, 0]] * 3  # two of three; one of three is its own
    assert not found[3:].any()  # an area by itself shares nothing
    jumped[:, 5] = True
    assert not together(jumped, groups).any()  # the last year broke: the forecast carries it on


def test_a_jump_nobody_announced_counts_once():
    """×3 in the fifth of eight years: all later horizons together are hardly wider than the first; without it they grow."""
    logs = np.cumsum(0.05 + 0.01 * np.random.default_rng(1).standard_normal((1, 8)), axis=1)
    steady, broken = logs, logs + np.log(3.0) * (np.arange(8) >= 4)
    ahead, alone, kinds = np.arange(1, 6), np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64)
    wide = {}
    for name, series in (("steady", steady), ("broken", broken)):
        run = sp.run(series, ahead, "combination")
        jumped = across(jumps(series), run.errors.shape[1], ahead)
        found = sp.spread_of(run.errors, alone, ahead, kinds, jumped=jumped)
        wide[name] = (found.deviation[0, :, None] * found.shape[0])[:, 3]
        assert (np.diff(wide[name]) >= 0.0).all()
    assert np.exp(wide["broken"][0]) > 2.5  # a year ahead it may come again
    assert wide["broken"][4] < 1.1 * wide["broken"][0]
    assert wide["steady"][4] > 2.0 * wide["steady"][0]


def test_errors_across_a_jump_by_hand():
    """Six years, a jump into the fourth; origins are years 2 to 5."""
    found = across(np.array([[False, False, False, True, False, False]]), 4, np.array([1, 2]))
    # origin 2 sees it two years ahead, origin 3 one and two, origin 4 carries it on; origin 5 has it behind
    assert found[0].astype(int).tolist() == [[0, 1], [1, 1], [1, 1], [0, 0]]


def test_a_panel_that_leans_is_put_upright_by_what_chance_does_not_explain():
    """Yearly mean errors of 0.02 and 0.04 in turn: mean 0.03, variance 10/9 · 0.01² over ten years, so s² = 0.01²/9;
    0.03 (1 − 4 · 0.0001/9 / 0.0009) = 0.03 · (1 − 4/81) = 0.028519. Seven years are too few; errors about nothing stay."""
    groups, ahead = np.zeros(8, dtype=np.int64), np.array([1])
    turns = np.tile([0.02, 0.04], 5)[None, :, None] * np.ones((8, 1, 1))
    run = sp.Run(np.full((8, 1), 5.0), turns, np.full(8, 13), np.zeros(8, dtype=np.int64))
    past = np.zeros((8, 12))
    moved = upright(run, past, groups, ahead)
    np.testing.assert_allclose(moved.point, 5.0 + 0.03 * (1 - 4 / 81), rtol=1e-12)
    np.testing.assert_array_equal(moved.errors[:, :8], turns[:, :8])  # until eight errors were known nobody could tell
    assert (moved.errors[:, 9] < turns[:, 9]).all()
    for errors in (turns[:, :7], np.tile([-0.01, 0.01], 5)[None, :, None] * np.ones((8, 1, 1))):
        np.testing.assert_array_equal(upright(sp.Run(run.point, errors, run.known, run.lag), past, groups, ahead).point, 5.0)
    np.testing.assert_allclose(upright(sp.Run(run.point[:2], turns[:2], run.known, run.lag), past[:2], groups[:2], ahead).point, moved.point[:2])
    np.testing.assert_array_equal(upright(sp.Run(run.point[:1], turns[:1], run.known, run.lag), past[:1], groups[:1], ahead).point, 5.0)


def test_a_panel_follows_how_unsettled_its_last_years_were():
    """Errors of 0.04 for six years, of 0.01 for three: a panel of 31 leaves the unsettled years behind, a series alone hardly."""
    rng = np.random.default_rng(3)
    errors = rng.standard_normal((31, 9, 1)) * np.repeat([0.04, 0.01], [6, 3])[None, :, None]
    groups, ahead = np.zeros(31, dtype=np.int64), np.array([1])
    many = float(np.median(sp.spread_of(errors, groups, ahead, groups).deviation))
    alone = float(np.median(sp.spread_of(errors, np.arange(31), ahead, groups).deviation))
    assert 0.01 < many < 0.015 < 0.02 < alone
