"""The bill of every draw is the bill that `share` writes of its gap, but for rounding."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.analysis.bill import Unit
from sibforecast.analysis.bills_of_draws import DEPARTURES, bills_of, bills_of_units
from sibforecast.analysis.facts import Facts
from sibforecast.analysis.runs import Run, _only
from sibforecast.tables.regions import Regions

CAUSES = (
    {"stage": "budget", "kind": "budget", "cause": "budget_gap", "known_at_budget": True},
    {"stage": "budget", "kind": "policy", "cause": "own top-up", "decided_by": "league", "known_at_budget": True, "side": "expenditure"},
    {"stage": "execution", "kind": "policy", "cause": "raise", "decided_by": "nation", "side": "expenditure"},
    {"stage": "execution", "kind": "policy", "cause": "deferral", "decided_by": "nation", "side": "revenue"},
    {"stage": "execution", "kind": "driver", "cause": "collection", "line": "contribution_revenue", "side": "revenue"},
    {"stage": "execution", "kind": "driver", "cause": "heads", "line": "benefit_expenditure", "side": "expenditure"},
)
money = st.integers(-50_000, 50_000).map(lambda v: v * 1000.0)


@settings(max_examples=150, deadline=None)
@given(values=st.lists(money, min_size=6, max_size=6), rules=st.sampled_from(["nmg_2016", "leshan_2021"]), grade=st.sampled_from([None, 0.9, 1.0]))
def test_payers_of_a_draw_are_those_of_share(values, rules, grade):
    table = pd.DataFrame([{"region": "A", "programme": "enterprise_pension", "period": "2027", **c, "value": v}
                          for c, v in zip(CAUSES, values, strict=True)])  # fmt: skip
    book = sib.read_rules(rules)
    grades = {} if grade is None else {"A": grade}
    told = sib.share(table, book, assessments=grades).frame.groupby("payer")["value"].sum()
    blank = {"scenario": "", "decided_by": "", "line": "", "side": "", "evidence": "", "known_at_budget": False, "_own": False}
    records = [blank | {"region": "A", "programme": "enterprise_pension", "period": "2027"} | c | {"value": np.array([v, v])}
               for c, v in zip(CAUSES, values, strict=True)]  # fmt: skip
    key = {"region": "A", "programme": "enterprise_pension", "period": "2027", "scenario": ""}
    facts = Facts.of(book, None, None, None, None, None)
    drawn = bills_of_units([Unit(key, records, book, Regions.of([]), [], grades, facts)], book, 2)[0][1]
    step = 20 * book.round_to
    for payer in {*told.index, *drawn} - {"_granted"}:
        assert drawn.get(payer, np.zeros(2))[0] == pytest.approx(told.get(payer, 0.0), abs=step)
    assert sum((v for p, v in drawn.items() if p != "_granted"), start=np.zeros(2))[1] == pytest.approx(sum(values), abs=1e-6)


def test_the_payers_of_every_draw_sum_to_its_gap_and_a_mean_draw_is_the_drafts_bill():
    draft = sib.draft_budget(sib.load(sib.sample("nmg")), 2027)
    rules = sib.read_rules("nmg_2016")
    for stage in ("budget", "execution"):
        lines = ("gap",) if stage == "budget" else ("gap", *DEPARTURES)
        run = Run(draft.assumptions, None, 60, 5, (2027,), lines, (), kept=lines, unit=rules.unit)
        run.go()
        facts = dict.fromkeys(("pooling", "audits", "balances", "remitted", "conditions"))
        for unit, bill in bills_of(run, rules, stage, assessments={}, **facts):
            paid = sum(v for p, v in bill.items() if p != "_granted")
            assert paid == pytest.approx(run.kept[unit.key["region"], unit.key["programme"], "gap", 2027], rel=1e-9, abs=0.01)
    told = sib.share(draft, rules).frame.groupby(["region", "programme", "payer"])["value"].sum()
    still = Run(draft.assumptions, None, 2, 5, (2027,), ("gap",), (), kept=("gap",), unit=rules.unit)
    still.doubts = {code: _only(fund, frozenset()) for code, fund in still.doubts.items()}
    still.go()
    for unit, bill in bills_of(still, rules, "budget", assessments={}, **facts):
        for payer, value in bill.items():
            if payer != "_granted":
                key = (unit.key["region"], unit.key["programme"], payer)
                assert value + np.zeros(2) == pytest.approx(np.full(2, told.get(key, 0.0)), abs=300.0)


def test_what_to_set_aside_reads_from_the_table():
    draft = sib.draft_budget(sib.load(sib.sample("nmg")), 2027)
    s = sib.simulate(draft.assumptions, draws=100, seed=1)
    table = s.bill(sib.read_rules("nmg_2016"))
    all_ = table[(table["region"] == "") & (table["payer"] == "region")]
    assert len(all_) == 6
    quantiles = all_.dropna(subset=["quantile"])["value"].to_numpy()
    assert (np.diff(quantiles) >= 0).all()
    with pytest.raises(sib.SibError, match="stage"):
        s.bill(sib.read_rules("nmg_2016"), stage="final")
