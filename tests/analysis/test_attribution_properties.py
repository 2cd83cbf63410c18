"""What must hold of any attribution, on thousands of random cases: exact sums, nothing for nothing, like for like."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.analysis.attribution import COLUMNS, Attribution
from sibforecast.analysis.shapley import coalitions, shapley
from sibforecast.results import round_half_up
from tests import datasets
from tests.analysis.test_attribution import change, drafted, gaps, measure

EP = "enterprise_pension"
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, players=st.integers(2, 7))
def test_shapley_of_random_games(seed, players):
    """4,000 games: parts sum to the whole, a player without effect gets nothing, two alike get alike."""
    rng = np.random.default_rng(seed)
    member = coalitions(players)
    worth = rng.normal(size=(100, member.shape[1])) * 10.0 ** rng.uniform(-3, 9, (100, 1))
    number = np.arange(member.shape[1])
    worth = worth[:, number & ~1]  # the first player adds nothing to any coalition
    split = shapley(worth)
    scale = np.abs(worth).max(axis=1, keepdims=True)
    assert np.abs(split.sum(axis=1) - (worth[:, -1] - worth[:, 0])).max() <= 1e-9 * scale.max()
    assert np.abs(split[:, :1] / scale).max() <= 1e-12
    swapped = (number & ~(2 | 1 << players - 1)) | ((number >> 1) & 1) << players - 1 | ((number >> players - 1) & 1) << 1
    alike = (worth + worth[:, swapped]) / 2  # the second and the last may stand for each other
    parts = shapley(alike)
    assert np.abs((parts[:, 1] - parts[:, -1]) / scale[:, 0]).max() <= 1e-12


@settings(max_examples=60, deadline=None)
@given(others=st.lists(measure, min_size=0, max_size=3), twin=measure, years=st.integers(1, 2))
def test_twins_get_like_parts_and_the_idle_nothing(others, twin, years):
    draft = drafted()
    record = {"item": twin.item, "multiply": twin.multiply, "start": str(twin.start)}
    a, b = (change(**record, id=i) for i in ("a", "b"))
    idle = change(item="collection_rate_flexible", multiply=1.0, id="idle")
    named = [change(item=c.item, multiply=c.multiply, start=str(c.start), id=f"o{i}") for i, c in enumerate(others)]
    scenario = sib.Scenario("s", a, *named, idle, b)
    why = sib.attribute(draft, sib.project(draft.assumptions, scenario, years=years))
    frame = why.frame
    parts = frame[frame["kind"] != "budget"].pivot_table(index=["period", "line"], columns="cause", values="value", aggfunc="sum")
    scale = max(frame["value"].abs().max(), 1.0)
    assert "idle" not in parts
    if "a" in parts or "b" in parts:
        assert (parts["a"] - parts["b"]).abs().max() <= 1e-9 * scale
    sums = frame.groupby("period")["value"].agg(math.fsum)
    after = gaps(draft, scenario, years)
    assert (sums - after).abs().max() <= 1e-9 * scale
    cents = why.rounded().groupby("period")["value"].agg(math.fsum)
    assert [round(v, 2) for v in cents] == [float(round_half_up(v, 2)) for v in sums]


@settings(max_examples=100, deadline=None)
@given(seed=seeds, step=st.sampled_from([0.01, 1.0, 1e4]))
def test_rounded_causes_add_up(seed, step):
    """3,000 areas: every value within a step of its own, every sum the sum's own rounding."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(30, 200))
    table = pd.DataFrame({"region": rng.integers(0, 30, count).astype(str), "programme": EP, "period": "2026", "scenario": "", "cause": "c",
                          "value": rng.normal(size=count) * 10.0 ** rng.uniform(-2, 8)}).reindex(columns=list(COLUMNS))  # fmt: skip
    causes = Attribution(lambda: table, {})
    told = causes.rounded(step)
    assert (told["value"] - table["value"]).abs().max() <= step * 1.000001
    sums, whole = (t.groupby("region")["value"].agg(math.fsum) for t in (table, told))
    expected = sums.map(lambda v: float(round_half_up(round(v / step, 6))) * step)
    assert (whole - expected).abs().max() <= 1e-9 * max(1.0, table["value"].abs().max())


AREAS = 40
DRIVERS = {"contributors": (2e4, 2e5, "人"), "contribution_base": (3e3, 9e3, "元/月"), "contribution_rate": (0.16, 0.28, "share"),
           "collection_rate": (0.9, 1.0, "share"), "benefit_level": (1e3, 4e3, "元/月"), "beneficiaries_average": (1e4, 9e4, "人")}  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(seed=seeds)
def test_random_outturns_against_their_budgets(tmp_path_factory, seed):
    """Forty areas a time: rows sum to the outturn's gap, a driver that did not move has no row, twin areas like parts."""
    rng = np.random.default_rng(seed)
    areas = [f"{150100 + i}" for i in range(AREAS)]
    regions = [("150000", "内蒙古自治区", "", "region"), *((a, f"area {a}", "150000", "league") for a in areas)]
    still = set(rng.choice(list(DRIVERS), size=2, replace=False))
    rows, gap = [], {}
    told = {}
    for number, area in enumerate(areas):
        budget = {i: float(rng.uniform(low, high)) for i, (low, high, _) in DRIVERS.items()}
        final = {i: v if i in still else v * float(rng.uniform(0.9, 1.1)) for i, v in budget.items()}
        if number == 1:
            budget, final = told["0"]  # the twin of the first area
        told[str(number)] = (budget, final)
        for stage, drivers in (("budget", budget), ("final", final)):
            revenue = drivers["contributors"] * drivers["contribution_base"] * 12 * drivers["contribution_rate"] * drivers["collection_rate"]
            benefits = drivers["beneficiaries_average"] * drivers["benefit_level"] * 12
            lines = {"contribution_revenue": revenue * 1.01, "benefit_expenditure": benefits, "gap_subsidy": 0.0, "gap_grant": 0.0}
            rows += [(area, EP, i, 2026, repr(v), DRIVERS[i][2], stage) for i, v in drivers.items()]
            rows += [(area, EP, i, 2026, repr(v), "元", stage) for i, v in lines.items()]
            gap[area, stage] = benefits - revenue * 1.01
    data = sib.load(datasets.dataset(tmp_path_factory.mktemp("r"), rows, regions=regions))
    n1 = sib.Change(item="benefit_level", add=20, unit="元/月", start="2026-07", decided_by="nation", id="n1")
    for method in ("shapley", "chain"):
        why = sib.attribute(data.at("2026", "budget"), data.at("2026", "final"), changes=[n1], method=method)
        frame = why.frame
        sums = frame.groupby("region")["value"].agg(math.fsum)
        scale = max(abs(v) for v in gap.values())
        assert max(abs(sums[a] - gap[a, "final"]) for a in areas) <= 1e-9 * scale
        budget_rows = frame[frame["stage"] == "budget"].groupby("region")["value"].sum()
        assert max(abs(budget_rows[a] - gap[a, "budget"]) for a in areas) <= 1e-9 * scale
        silent = still - {"benefit_level"}  # the decision is stripped from it, so it moved
        assert not set(frame.loc[frame["value"].abs() > 1e-9 * scale, "cause"]) & silent
        first, twin = (frame[frame["region"] == a].set_index(["line", "cause"])["value"] for a in areas[:2])
        assert (first - twin.loc[first.index]).abs().max() == pytest.approx(0.0, abs=1e-9 * scale)
        cents = why.rounded().groupby("region")["value"].agg(math.fsum)
        assert all(round(cents[a], 2) == float(round_half_up(sums[a], 2)) for a in areas)
