"""Draws: their means and spreads, the same bits for any chunk or engine, sums draw by draw."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from zlib import crc32

import numpy as np
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.analysis import doubts as db
from sibforecast.analysis import runs
from sibforecast.analysis.draws import Draws, Factors, _stream, bent, moved, shocks
from sibforecast.analysis.jobs import Question, stats_of
from sibforecast.analysis.replay import Replay, alike
from sibforecast.analysis.runs import LINES, Run
from sibforecast.assumptions.effects import effects_on
from sibforecast.errors import SibError

KEYS = ["region", "programme", "item", "period"]


@pytest.fixture(scope="module")
def draft():
    return sib.draft_budget(sib.load(sib.sample("nmg")), 2027)


@pytest.fixture(scope="module")
def small():
    return sib.draft_budget(sib.load(sib.sample("oasdi")), 2006)


def run_of(assumptions, draws=300, seed=3, **more):
    run = Run(assumptions, more.pop("scenario", None), draws, seed, more.pop("years", (assumptions.first,)), LINES, (), **more)
    run.go()
    return run


def same(a, b):
    return a.sort_values([*KEYS, "quantile"]).reset_index(drop=True).equals(b.sort_values([*KEYS, "quantile"]).reset_index(drop=True))


def test_the_same_bits_for_any_chunk_and_any_number_of_threads(draft):
    base = run_of(draft.assumptions).frame()
    assert same(base, run_of(draft.assumptions, cells=300).frame())  # one area at a time
    assert same(base, run_of(draft.assumptions, cells=10**7).frame())
    with ThreadPoolExecutor(1) as one:
        again = sib.simulate(draft.assumptions, draws=300, seed=3, on=one).frame
    assert same(base.astype(str), again.astype(str))
    other = sib.simulate(draft.assumptions, draws=300, seed=4).frame
    assert not same(base, other)


def test_small_groups_of_areas_that_share_a_job_give_the_same_bits(draft, monkeypatch):
    """Leagues by themselves, or several in one job: the sums of each are its own."""
    joined = Run(draft.assumptions, None, 40, 3, (2027,), ("gap", "contribution_revenue"), ())
    blocks = [b for b in joined._blocks()[0] if b.code == "work_injury"]
    assert any(len(b.pieces) > 1 for b in blocks)
    joined.go()
    monkeypatch.setattr(runs, "SUMS", 1)
    alone = Run(draft.assumptions, None, 40, 3, (2027,), ("gap", "contribution_revenue"), ())
    assert all(len(b.pieces) == 1 for b in alone._blocks()[0])
    alone.go()
    assert same(joined.frame(), alone.frame())


def test_areas_moved_by_factor_amount_and_logit_do_not_hang_on_who_else_is_asked_for():
    """Area a by factor with bent tails, b by amount, c by logit, d not in doubt: together or one by one, the same bits."""
    way = np.array([[db.FACTOR], [db.AMOUNT], [db.LOGIT], [db.FACTOR]], dtype=np.int8)
    size = np.array([[0.2], [3.0], [0.5], [0.0]])
    tail = np.array([[0.7, 0.2], [1.0, 0.0], [1.0, 0.0], [0.7, 0.2]])
    one = db.Doubt(way, size, np.zeros((4, 1), dtype=bool), size.astype(np.float32), tail, 0.5)
    fund = db.FundDoubts("x", tuple("abcd"), (2027,), {"contributors": one}, np.eye(1), np.zeros((1, 3)))
    value = np.array([[80.0], [-5.0], [0.9], [7.1]])
    together = Draws(fund, np.arange(4), 101, 9).move("contributors", 2027, value)
    for area in range(4):
        alone = Draws(fund, np.array([area]), 101, 9).move("contributors", 2027, value[area : area + 1])
        assert np.array_equal(alone[0], together[area])
    assert (together[3] == 7.1).all()
    assert together[:3].std(axis=1).min() > 0


def test_the_mean_of_bent_factors_is_held_to_six_digits():
    """Against the same mean by ten times as many points as are used: error a deviation of 0.2 with tails z (0.5 + 0.05 z²)."""
    z = np.linspace(-8.0, 8.0, 160_001)
    weight = np.exp(-0.5 * z**2)
    held = np.clip(z, -5.0, 5.0)
    mean = (weight * np.exp(0.2 * held * (0.5 + 0.05 * held**2))).sum() / weight.sum()
    form = (np.array([[v]]) for v in (0.2, 0.5, 0.05))
    assert Factors.of(*form, np.float32).mean[0, 0] == pytest.approx(mean, rel=5e-7)


def test_streams_are_those_of_numpys_seed_sequence():
    """Seeds of any length, names by their checksums."""
    for seed in (0, 7, 2**31, 2**40 + 5, 2**130 + 9):
        key = tuple(crc32(n.encode()) for n in ("own", "150100"))
        told = np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)).random_raw(4)
        assert (_stream(seed, "own", "150100").random_raw(4) == told).all()


def test_without_doubt_every_draw_is_the_draft_to_the_bit(draft):
    """Deviations of nothing: quantiles and mean of every line are the deterministic figure."""
    run = Run(draft.assumptions, None, 50, 1, (2027,), LINES, ())
    run.doubts = {c: replace(d, items={i: replace(x, deviation=x.deviation * 0) for i, x in d.items.items()}) for c, d in run.doubts.items()}
    run.go()
    frame = run.frame().astype(dict.fromkeys(KEYS, str))
    told = draft.frame[draft.frame["stage"] == "draft"].astype(dict.fromkeys(KEYS, str)).set_index(KEYS)["value"]
    own = frame[frame["region"].isin(draft.assumptions.funds["enterprise_pension"].areas)]  # own levels, which mirror others, too
    assert len(own) > 10_000
    assert (own["value"].to_numpy() == told.reindex(pd.MultiIndex.from_frame(own[KEYS])).to_numpy()).all()


def test_formulas_over_draws_are_the_projection_again(draft):
    """Drivers moved by a factor of exactly one go through every formula and give the draft to the bit."""
    scenario = sib.read_scenario("demo_nmg")
    run = Run(draft.assumptions, scenario, 4, 1, (2027,), LINES, ())
    path, doubts = run.paths["enterprise_pension"], run.doubts["enterprise_pension"]

    class Still(Draws):
        def move(self, item, year, value):
            return np.repeat(value, self.number, axis=1)

    rows = np.arange(1, 20)
    effects = effects_on(scenario.in_order, "enterprise_pension", path.basis.areas, draft.source.regions)
    for group in alike(path, rows, (2026, 2027)):
        replay = Replay.of(path, group, doubts, effects, [(line, 2027) for line in LINES])
        widths = {}
        for line, year, value in replay.told(0, len(group), Still(doubts, group, 4, 1)):
            told = path.years[year].get(line)[group]
            assert np.array_equal(value, np.broadcast_to(told, value.shape), equal_nan=True), line
            widths[line] = value.shape[1]
        assert tuple(widths) == tuple(dict.fromkeys(LINES))
        assert widths["contribution_revenue"] == 4


def test_means_of_draws_are_the_draft(small):
    s = sib.simulate(small.assumptions, draws=20_000, seed=11)
    mean = s.frame[s.frame["quantile"].isna()].astype(dict.fromkeys(KEYS, str)).set_index(KEYS)["value"]
    told = small.frame[small.frame["stage"] == "draft"].astype(dict.fromkeys(KEYS, str)).set_index(KEYS)["value"]
    for item in ("contribution_revenue", "benefit_expenditure", "total_expenditure"):
        ratio = (mean / told.reindex(mean.index)).dropna().xs(item, level="item")
        assert len(ratio) >= 2
        assert (ratio - 1).abs().max() < 0.01


def test_a_factor_an_amount_and_a_share_keep_their_means_and_their_deviation():
    z = shocks(5, "z", size=(400_000,)).astype(float)
    for way, value, deviation in ((db.FACTOR, 80.0, 0.1), (db.AMOUNT, -5.0, 2.0), (db.LOGIT, 0.97, 0.5)):
        drawn = moved(value, z * deviation, way, deviation, 1.0, 0.0)
        assert drawn.mean() == pytest.approx(value, rel=2e-3)
    assert np.log(moved(80.0, z * 0.1, db.FACTOR, 0.1, 1.0, 0.0)).std() == pytest.approx(0.1, rel=0.01)
    assert moved(-5.0, z * 2.0, db.AMOUNT, 2.0, 1.0, 0.0).std() == pytest.approx(2.0, rel=0.01)
    shares = moved(0.97, z * 0.5, db.LOGIT, 0.5, 1.0, 0.0)
    assert ((shares > 0) & (shares < 1)).all()
    assert (moved(80.0, z * 0.9, db.FACTOR, 0.9, 0.2, 0.3) > 0).all()


def test_tails_have_the_shape_of_the_half_widths_and_add_up():
    """Half-widths 1.5 (80 %) and 4.0 (95 %) make z (0.52040 + 0.39580 z²), of variance 3.85654 (a² + 6ab + 15b²): a line of
    one driver reaches as far; of two, half of what is above one is drawn, 2.42827, in the same shape."""
    shape = np.array([[0.7, 1.5, 2.4, 4.0, 7.0]] * 2)
    tails = db._tail(shape, np.array([1.0, 2.0]))
    np.testing.assert_allclose(tails[0], [0.52040, 0.39580], atol=5e-6)
    errors = shocks(6, "t", size=(1, 400_000)).astype(float)
    one, two = (bent(errors, *(np.array([[v]]) for v in (1.0, *tail))) for tail in tails)
    assert np.quantile(np.abs(one), [0.80, 0.95]) == pytest.approx([1.5, 4.0], rel=0.01)
    assert two.var() == pytest.approx(2.42827, rel=0.02)
    np.testing.assert_allclose(two * np.sqrt(3.85654 / 2.42827), one, rtol=1e-5)


def test_a_driver_counts_those_of_its_product_as_their_doubt_weighs(small):
    """Benefits are heads × level: with variances v and w they count as (v + w)² ÷ (v² + w²) drivers; a wage is its own line."""
    ahead = small.assumptions.forecast.funds["oasi"]
    number = db._beside(ahead, "wage_based_pension", 0)
    v, w = (float(ahead.spread[item][0, 0] ** 2) for item in ("recipient_months", "benefit_level"))
    assert number["benefit_level"][0] == pytest.approx((v + w) ** 2 / (v**2 + w**2))
    assert 1.0 < number["benefit_level"][0] < 2.0
    assert number["recipient_months"][0] == number["benefit_level"][0]
    assert "average_wage" not in number


def test_common_and_own_parts_and_correlations_are_those_specified():
    """Two drivers, own parts 0.6 together, half of the variance common with loadings (0.8, 0.6) on one factor."""
    n, years = 60_000, (2027, 2028)
    ones = np.ones((3, 2))
    one = db.Doubt(np.zeros((3, 2), dtype=np.int8), 0.1 * ones * [1, 2**0.5], np.array([[0.0, 1.0]] * 3), 0.1 * ones, np.tile([1.0, 0.0], (3, 1)), 0.5)
    own = np.linalg.cholesky(np.array([[1.0, 0.6], [0.6, 1.0]]))
    fund = db.FundDoubts("x", ("a", "b", "c"), years, {"contributors": one, "contribution_base": one}, own, np.array([[0.8, 0, 0], [0.6, 0, 0]]))
    draws = Draws(fund, np.arange(3), n, 9)
    a, b = (np.stack([draws.errors(i, c) / (0.1 * 2 ** (c / 2)) for c in (0, 1)], axis=1) for i in ("contributors", "contribution_base"))
    assert a.std(axis=2) == pytest.approx(np.ones((3, 2)), abs=0.01)
    assert np.corrcoef(a[0, 0], a[1, 0])[0, 1] == pytest.approx(0.5, abs=0.015)  # areas share the common half
    assert np.corrcoef(a[0, 0], b[0, 0])[0, 1] == pytest.approx(0.5 * 0.6 + 0.5 * 0.48, abs=0.015)
    assert np.corrcoef(a[0, 0], b[2, 0])[0, 1] == pytest.approx(0.5 * 0.48, abs=0.015)
    assert np.corrcoef(a[0, 0], a[0, 1])[0, 1] == pytest.approx(1 / 2**0.5, abs=0.015)  # the error of a year goes on


def test_a_break_of_long_ago_fades_from_what_areas_share():
    """Two areas, three origins weighted 0.64, 0.8 and 1: (2.905 × 10.04 / 12.04 + 2 × 0.5) / 4.905."""
    assert db._shared(np.array([[4.0, 1.0, 1.0], [4.0, 1.0, -1.0]])) == pytest.approx(0.6978, abs=1e-4)


def test_only_what_is_asked_for_is_computed_and_let_go_after_its_last_use(draft):
    """Contributions of 2027 need no benefit; after the last step nothing is held."""
    run = Run(draft.assumptions, None, 4, 1, (2027,), ("contribution_revenue",), ())
    path, doubts = run.paths["work_injury"], run.doubts["work_injury"]
    rows = np.arange(4)
    replay = Replay.of(path, rows, doubts, None, [("contribution_revenue", 2027)])
    assert {s.item for s in replay.steps} >= {"contribution_base", "wage_bill", "contribution_revenue"}
    assert not any("benefit" in s.item or s.year != 2027 for s in replay.steps)
    places = [s.place for s in replay.steps if s.place >= 0]
    assert sorted(p for s in replay.steps for p in s.last) == sorted(places)
    whole = next(iter(replay.told(0, 4, Draws(doubts, rows, 50, 1))))[2]
    part = next(iter(replay.cut(np.array([2])).told(0, 1, Draws(doubts, np.array([2]), 50, 1))))[2]
    assert np.array_equal(whole[2], part[0])
    assert whole.shape == (4, 50)


def test_streams_do_not_overlap(draft):
    """No two of the streams of an area give the same numbers."""
    names = [("own", a, f, i) for a in ("150102", "150103") for f in ("work_injury", "unemployment") for i in ("contributors", "benefit_level")]
    heads = {tuple(shocks(1, *n, size=(8,))) for n in names} | {tuple(shocks(1, "factor", str(k), size=(8,))) for k in range(3)}
    assert len(heads) == len(names) + 3


def test_quantiles_are_exact_and_of_sums_draw_by_draw(draft):
    values = np.random.default_rng(0).normal(size=(3, 1001))
    assert stats_of(np.sort(values, axis=1), values.sum(axis=1))[:, 1:] == pytest.approx(np.quantile(values, (0.025, 0.1, 0.5, 0.9, 0.975), axis=1).T, abs=1e-12)
    run = run_of(draft.assumptions, kept=("gap",), unit="league")
    frame = run.frame().astype(dict.fromkeys(KEYS, str)).set_index([*KEYS, "quantile"])["value"]
    leagues = {r: v for (r, f, _, _), v in run.kept.items() if f == "work_injury"}
    assert len(leagues) == 12
    for region, draws in (*leagues.items(), ("150000", np.sum(list(leagues.values()), axis=0))):
        assert frame[region, "work_injury", "gap", "2027", 0.9] == pytest.approx(np.quantile(draws, 0.9), rel=1e-9)


def test_scenarios_are_compared_on_the_same_draws(draft):
    """A raise of 2 % of an item nothing else caps: every quantile of benefits moves by exactly 2 %."""
    change = sib.Change(item="benefit_level", programme="work_injury", multiply=1.02, start="2027-01", decided_by="nation")
    base = sib.simulate(draft.assumptions, draws=300, seed=3).frame
    more = sib.simulate(draft.assumptions, sib.Scenario("raise", change), draws=300, seed=3).frame
    pick = lambda f: f[(f["programme"] == "work_injury") & (f["item"] == "contribution_revenue")]["value"].to_numpy()  # noqa: E731
    assert (pick(base) == pick(more)).all()
    assert set(more["scenario"]) == {"raise"}


def test_a_chance_asked_later_is_the_one_of_the_same_draws(draft):
    s = sib.simulate(draft.assumptions, draws=200, seed=8)
    again = s.probability("gap", above=0.0).set_index(["region", "programme"])["probability"]
    first = s.chances.set_index(["region", "programme"])["gap_chance"]
    assert again.reindex(first.index).to_numpy() == pytest.approx(first.to_numpy(), nan_ok=True)
    assert (s.probability("closing_balance", below=1e15)["probability"] == 1.0).all()
    assert "ILLUSTRATIVE" in repr(s)
    assert max(map(len, repr(s).splitlines())) <= 80
    with pytest.raises(sib.SibError):
        sib.roll_up(s, "region")


def test_questions_by_hand():
    values = np.array([[-1.0, 2.0, 3.0, 0.0]])
    assert Question("q", "gap", above=0.0).of(values).tolist() == [0.5]
    assert Question("q", "gap", above=0.0, amount=True).of(values).tolist() == [1.25]
    assert Question("q", "gap", below=0.0).of(values).tolist() == [0.25]
    assert Question("q", "gap", above=2.0).of(values).tolist() == [0.25]  # what equals the value lies neither above nor below
    assert Question("q", "gap", below=2.0).of(values).tolist() == [0.5]
    assert Question("q", "gap", above=2.5, amount=True).of(values).tolist() == [0.125]
    assert np.isnan(Question("q", "gap", above=0.0).of(np.array([[1.0, np.nan]]))).all()


def test_judgement_keeps_its_authors_spread(tmp_path):
    """10 % entered with a spread of 5 % (one standard deviation); without one it is sure."""
    from tests import datasets
    from tests.assumptions.test_announced import REGIONS, history

    header = (*datasets.ASSUMPTIONS, "spread", "reason")
    for spread, deviation in (("5%", 0.05), ("", 0.0)):
        folder = tmp_path / (spread.strip("%") or "none")
        rows = [("benefit_level", "2026", 3300, "元/月", "150100", "enterprise_pension", "panel", "office", spread, "test")]
        data = sib.load(datasets.write_table(datasets.dataset(folder, history(), regions=REGIONS), "assumptions", header, rows))
        d = sib.draft_budget(data, 2026)
        found = db.doubts_of(d.assumptions, d.projection.paths[""], 2026)["enterprise_pension"].items["benefit_level"]
        assert found.deviation[0, -1] == pytest.approx(deviation)


def test_wrong_numbers_are_refused(small):
    for wrong in ({"draws": 0}, {"seed": -1}, {"seed": 1.5}, {"years": 0}, {"lines": ["gpa"]}):
        with pytest.raises(SibError):
            sib.simulate(small.assumptions, **{"draws": 10, "seed": 1, **wrong})
    with pytest.raises(SibError):
        sib.simulate(small, draws=10, seed=1)


def test_what_is_sent_away_gives_the_same_bits_over_years_and_with_policies(draft):
    """Jobs cut to their own areas, three years and a scenario: not a bit differs from the jobs done here."""
    scenario = sib.read_scenario("demo_nmg")
    here = sib.simulate(draft.assumptions, scenario, draws=60, seed=3, years=3).frame
    with ThreadPoolExecutor(2) as away:
        there = sib.simulate(draft.assumptions, scenario, draws=60, seed=3, years=3, on=away).frame
    assert same(here.astype(dict.fromkeys(KEYS, str)), there.astype(dict.fromkeys(KEYS, str)))
