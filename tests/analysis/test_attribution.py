"""Causes of a gap: exact sums, zero for what has no effect, equal parts for equals."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.analysis.shapley import coalitions, shapley, weights
from sibforecast.errors import SibError
from tests import datasets


@cache
def drafted():
    with TemporaryDirectory() as folder:
        return sib.draft_budget(sib.load(datasets.enterprise_pension(Path(folder))), year=2026)


@pytest.fixture
def draft():
    return drafted()


def change(**words):
    return sib.Change(**({"start": "2026-01", "decided_by": "nation"} | words))


def gaps(draft, scenario, years=1):
    frame = sib.project(draft.assumptions, scenario, years=years).frame
    return frame[frame["item"] == "gap"].set_index("period")["value"]


def test_shapley_by_hand():
    """Left glove a, right gloves b and c: a pair is worth 1. Orders: a 4/6, b 1/6, c 1/6."""
    member = coalitions(3)
    worth = (member[0] & (member[1] | member[2])).astype(float)
    assert shapley(worth) == pytest.approx([4 / 6, 1 / 6, 1 / 6])
    assert weights(3).sum() == pytest.approx(0)


effect = st.sampled_from([
    {"item": "benefit_level"}, {"item": "contribution_rate"}, {"item": "collection_rate"}, {"item": "contribution_base"},
    {"item": "insured_active"}, {"item": "fiscal_subsidy"}, {"item": "new_beneficiaries"}, {"item": "deposit_rate"},
])  # fmt: skip
measure = st.tuples(effect, st.floats(0.5, 1.5), st.integers(1, 12)).map(
    lambda t: change(**t[0], multiply=round(t[1], 4), start=f"2026-{t[2]:02d}")
)


@settings(max_examples=60, deadline=None)
@given(changes=st.lists(measure, min_size=1, max_size=5), years=st.integers(1, 3), method=st.sampled_from(["shapley", "chain"]))
def test_rows_sum_to_the_gap_after(changes, years, method):
    draft = drafted()
    scenario = sib.Scenario("s", *changes)
    why = sib.attribute(draft, sib.project(draft.assumptions, scenario, years=years), method=method).frame
    after = gaps(draft, scenario, years)
    sums = why.groupby("period")["value"].sum()
    scale = why["value"].abs().max()
    assert np.abs(sums - after).max() <= 1e-9 * scale
    assert np.abs(sums - after).max() < 0.005


def test_no_effect_gets_exactly_zero_and_equals_get_equal_parts(draft):
    a, b = change(item="benefit_level", multiply=1.03, id="a"), change(item="benefit_level", multiply=1.03, id="b")
    idle = change(item="collection_rate_flexible", multiply=1.0, id="idle")
    frame = sib.attribute(draft, sib.project(draft.assumptions, sib.Scenario("s", a, b, idle))).frame
    parts = frame[frame["kind"] != "budget"].groupby("cause")["value"].sum()
    assert "idle" not in parts
    assert parts["a"] == pytest.approx(parts["b"], rel=1e-12)
    lines = frame[frame["cause"] == "a"]["line"]
    assert set(lines) == {"benefit_expenditure"}


def test_each_row_says_who_decided_and_when_it_was_known(draft):
    known = change(item="contribution_rate", multiply=0.9, id="cut", known_at_budget=True, decided_by="region")
    flood = change(item="contribution_revenue", add=-700, unit="万元", id="flood", decided_by="event", evidence="decree")
    frame = sib.attribute(draft, sib.project(draft.assumptions, sib.Scenario("s", known, flood))).frame
    rows = frame.set_index("cause")
    assert rows.loc["cut", "stage"] == "budget"
    assert rows.loc["flood", ["stage", "kind", "side", "evidence"]].tolist() == ["execution", "event", "revenue", "decree"]
    assert rows.loc["flood", "value"] == pytest.approx(700e4)
    assert rows.loc["budget_gap", "value"] == pytest.approx(3_441.10e4)


def test_chain_adds_changes_in_the_official_order(draft):
    """Nation before league, although the league's comes first in time: the nation's is priced alone."""
    league = change(item="contribution_base", multiply=1.1, decided_by="league", id="league")
    nation = change(item="contribution_rate", multiply=1.1, decided_by="nation", id="nation", start="2026-02")
    frame = sib.attribute(draft, sib.project(draft.assumptions, sib.Scenario("s", league, nation)), method="chain").frame
    alone = gaps(draft, sib.Scenario("n", nation))["2026"] - gaps(draft, None)["2026"]
    assert frame.loc[frame["cause"] == "nation", "value"].sum() == pytest.approx(alone, rel=1e-12)


def test_other_assumptions_are_refused(draft):
    other = sib.draft_budget(draft.source, 2026)
    with pytest.raises(SibError, match="same assumptions"):
        sib.attribute(draft, sib.project(other.assumptions, sib.Scenario("s")))


def test_closing_subsidy_and_interest_are_evaluated_together(nmg_draft):
    """Government-staff pensions: what a raise costs is met by the subsidy, but the gap before filling shows it."""
    raise_ = sib.Change(item="benefit_level", programme="civil_servant_pension", multiply=1.03, start="2027-01", decided_by="nation", id="r")
    scenario = sib.Scenario("s", raise_)
    reform = sib.project(nmg_draft.assumptions, scenario)
    frame = sib.attribute(nmg_draft, reform).frame
    part = frame[(frame["programme"] == "civil_servant_pension") & (frame["cause"] == "r")]["value"].sum()
    after = reform.frame[(reform.frame["programme"] == "civil_servant_pension") & (reform.frame["item"] == "gap")]["value"].sum()
    before = nmg_draft.frame
    before = before[(before["programme"] == "civil_servant_pension") & (before["item"] == "gap") & (before["stage"] == "draft")]["value"].sum()
    assert part == pytest.approx(after - before, rel=1e-9)
    assert part > 0
