"""What must hold of any bill, on thousands of random cases: causes of either sign, surpluses, every format of the rules."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.analysis.ratio_table import Caps, Ratio
from sibforecast.analysis.rules_file import RuleClass, SharingRules
from sibforecast.results import round_half_up

FUNDS = ("enterprise_pension", "unemployment")
AREAS = 20  # with two funds, forty bills an example
KINDS = (
    {"stage": "budget", "kind": "budget", "known_at_budget": True},
    {"stage": "execution", "kind": "policy", "decided_by": "nation", "side": "expenditure"},
    {"stage": "execution", "kind": "policy", "decided_by": "region", "side": "revenue"},
    {"stage": "execution", "kind": "policy", "decided_by": "league", "side": "expenditure"},
    {"stage": "execution", "kind": "policy", "decided_by": "county", "side": "expenditure"},
    {"stage": "execution", "kind": "event", "decided_by": "event", "side": "revenue", "evidence": "document"},
    {"stage": "execution", "kind": "event", "decided_by": "event", "side": "revenue", "evidence": ""},
    {"stage": "execution", "kind": "driver", "line": "benefit_expenditure", "side": "expenditure"},
    {"stage": "execution", "kind": "residual", "line": "other_revenue", "side": "revenue"},
)
COLLECTION = {"stage": "execution", "kind": "driver", "line": "contribution_revenue", "side": "revenue", "cause": "collection_rate"}
CLASSES = tuple(
    RuleClass(f"T{i}", "shared", "", {k: (v,) for k, v in m.items()})
    for i, m in enumerate((
        {"decided_by": "league"}, {"decided_by": "nation"}, {"kind": "event"}, {"cause": "under_collection"}, {"stage": "budget"},
        {"kind": "residual"},
    ))
)  # fmt: skip


def causes(rng, areas=AREAS):
    """Causes of either sign over nine orders of magnitude, with a collection in every area and fund."""
    rows = []
    for area in range(areas):
        for fund in FUNDS:
            here = {"region": f"A{area}", "programme": fund, "period": "2026"}
            rows.append(here | COLLECTION | {"value": round(float(rng.normal() * 10.0 ** rng.uniform(1, 8)), 2)})
            for number in range(rng.integers(1, 6)):
                value = float(rng.normal() * 10.0 ** rng.uniform(-1, 8)) if rng.random() > 0.05 else 0.0
                rows.append(here | KINDS[rng.integers(len(KINDS))] | {"cause": f"c{number}", "value": value})
    return pd.DataFrame(rows).fillna({"decided_by": "", "line": "", "evidence": "", "side": "", "known_at_budget": False})


def rules(rng, step=None):
    """Rules of any format: classes, ratio, bands, own balance, cuts, caps, pool, national shares."""
    treats = ("shared", "local", "pending", "unlisted", "override", "out_of_scope")
    classes = [replace(c, treat=treats[rng.integers(len(treats))]) for c in CLASSES]
    share = float(rng.choice([0.0, 0.3, 0.5, 0.6, 2 / 3, 1.0]))
    rows = [Ratio({"region": float(r), "league": 1.0 - float(r)}, months_from=low, months_to=low + 6) for low, r in ((0, 0.7), (6, 0.4))]
    pick = rng.random(7) < 0.4
    return SharingRules(
        "random", (*classes, RuleClass("R", treats[rng.integers(4)])), Ratio({"region": share, "league": 1.0 - share}),
        rows=tuple(rows) if pick[0] else (), basis="after_balance" if pick[1] else "current_year", keep_months=float(rng.integers(3)),
        caps=Caps(1e6 if pick[2] else math.nan, 2.0 if pick[3] else math.nan, 2e7 if pick[4] else math.nan),
        audit_deduction=bool(pick[5]), conditions=("task_completed",) if pick[6] else (),
        national={"nation": 0.7, "region": 0.2, "league": 0.1}, round_to=step or float(rng.choice([0.01, 1.0, 100.0, 10_000.0])),
        residual_to=str(rng.choice(["league", "region"])),
    )  # fmt: skip


def facts(rng, areas=AREAS):
    """What rules may ask about an area, the same whatever it collects."""
    both = pd.DataFrame([(f"A{a}", f) for a in range(areas) for f in FUNDS], columns=["region", "programme"])
    size = len(both)
    return {
        "assessments": {f"A{a}": float(rng.choice([1.0, 0.95, 0.9, 0.0])) for a in range(areas)},
        "balances": both.assign(opening=rng.normal(5e5, 1e6, size), monthly=rng.uniform(0, 2e5, size)),
        "remitted": both.assign(amount=rng.uniform(0, 1e6, size)),
        "audits": both.assign(period="2026", amount=rng.uniform(0, 1e5, size), rectified=rng.random(size) < 0.5),
        "conditions": both.assign(task_completed=rng.random(size) < 0.8),
    }


def sums(frame, *keys):
    return frame.groupby(list(keys))["value"].agg(math.fsum)


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=200, deadline=None)
@given(seed=seeds)
def test_payers_sum_to_the_gap_and_nobody_is_paid(seed):
    """8,000 bills: to the cent for every area, fund and in total; nobody but a surplus is negative."""
    rng = np.random.default_rng(seed)
    table, law, known = causes(rng), rules(rng), facts(rng)
    bill = sib.share(table, law, **known)
    frame = bill.frame
    gaps = sums(table, "region", "programme").map(lambda g: float(round_half_up(g, 2)))
    paid = sums(frame, "region", "programme")
    assert (paid - gaps.loc[paid.index]).abs().max() < 0.005
    assert len(paid) == len(gaps) == 2 * AREAS
    assert math.fsum(frame["value"]) == pytest.approx(math.fsum(gaps), abs=0.005)
    payers = sums(frame, "region", "programme", "payer")
    assert (payers.drop("fund", level="payer", errors="ignore") > -0.005).all()
    # no area is granted more than its eligible gap: what is shared, and never more than the gap itself
    granted = sums(frame[(frame["payer"] == "region") & (frame["treat"] == "shared")], "region", "programme")
    for key, grant in granted.items():
        way = bill.workings[(*key, "2026", "")]
        eligible = math.fsum(t.value for t in way.taken if t.treat == "shared")
        others = math.fsum(max(way.sums.get(t, 0.0), 0.0) for t in ("override", "out_of_scope"))
        assert grant <= min(eligible, way.gap - others) + 0.0051
    if law.caps.budget_pool == law.caps.budget_pool:
        assert granted.sum() <= law.caps.budget_pool + 0.005


@settings(max_examples=100, deadline=None)
@given(seed=seeds)
def test_the_order_of_areas_and_causes_never_matters(seed):
    rng = np.random.default_rng(seed)
    table, law, known = causes(rng), rules(rng), facts(rng)
    keys = ("region", "programme", "payer", "class", "cause")
    told = sums(sib.share(table, law, **known).frame, *keys)
    for _ in range(2):
        shuffled = table.sample(frac=1, random_state=int(rng.integers(2**31)))
        again = sums(sib.share(shuffled, law, **known).frame, *keys)
        assert len(again) == len(told)
        assert (again.loc[told.index] - told).abs().max() < 0.005


@settings(max_examples=200, deadline=None)
@given(seed=seeds)
def test_collecting_more_never_raises_ones_own_burden(seed):
    """8,000 bills with assessment, audit, tier and opening balance fixed: what an area carries falls or stays, to the rounding of a cent."""
    rng = np.random.default_rng(seed)
    table, law, known = causes(rng), rules(rng, 0.01), facts(rng)
    if law.caps.budget_pool == law.caps.budget_pool:  # a pool joins the areas: only one of them collects more
        better = (table["region"] == "A0").to_numpy()
    else:
        better = np.ones(len(table), dtype=bool)
    more = table.copy()
    collected = better & (table["cause"] == "collection_rate").to_numpy()
    more.loc[collected, "value"] -= rng.uniform(0, 1, int(collected.sum())) * 10.0 ** rng.uniform(0, 8, int(collected.sum()))

    def burden(causes_):
        frame = sib.share(causes_, law, **known).frame
        own = frame[frame["payer"].isin(["league", "county"])]
        every = pd.MultiIndex.from_product([[f"A{a}" for a in range(AREAS)], FUNDS])
        return sums(own, "region", "programme").reindex(every, fill_value=0.0)

    raised = burden(more) - burden(table)
    chosen = raised[[key[0] == "A0" or bool(better.all()) for key in raised.index]]
    assert chosen.max() <= 0.10, (law, chosen.idxmax())


@settings(max_examples=100, deadline=None)
@given(seed=seeds, shipped=st.sampled_from(["nmg_2016", "leshan_2021", "tiers_and_reserve"]))
def test_shipped_rules_keep_the_same_promises(seed, shipped):
    rng = np.random.default_rng(seed)
    table, known = causes(rng), facts(rng)
    law = sib.read_rules(shipped)
    known["conditions"] = None
    frame = sib.share(table, law, **known).frame
    paid = sums(frame, "region", "programme")
    gaps = sums(table, "region", "programme")
    assert (paid - gaps.loc[paid.index]).abs().max() <= 0.0051
    payers = sums(frame, "region", "programme", "payer")
    assert (payers.drop("fund", level="payer", errors="ignore") > -0.005).all()
    grid = frame[frame["payer"] == law.grantor]["value"] / law.round_to
    assert ((grid - grid.round()).abs() < 1e-4).all()  # the granting level pays in the unit of the rules
