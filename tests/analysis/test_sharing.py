"""Who carries a gap: the worked example to the cent, the netting rule, the scope, the faults."""

from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.errors import RulesError, SibError

RULES = sib.read_rules("nmg_2016.toml")


def row(cause, wan, stage="execution", side="expenditure", decided_by="", kind="policy", known=False, evidence="", line=""):
    return {"region": "150100", "programme": "enterprise_pension", "period": "2026", "stage": stage, "line": line, "cause": cause,
            "kind": kind, "decided_by": decided_by, "side": side, "known_at_budget": known, "evidence": evidence, "value": wan * 1e4}  # fmt: skip


#: The settlement example, 万元: the net gap of 9,941.10 by cause.
EXAMPLE = [
    row("budget_gap", 3_441.10, stage="budget", side="", kind="budget", known=True),
    row("n1", 1_200, decided_by="nation"),
    row("e1", 700, side="revenue", decided_by="event", kind="event", evidence="disaster declaration"),
    row("d1", 1_800, side="revenue", decided_by="nation"),
    row("under_collection", 2_500, side="revenue", kind="driver", line="contribution_revenue"),
    row("l1", 300, decided_by="league"),
]


def payers(bill):
    return (bill.frame.groupby("payer")["value"].sum() / 1e4).round(6).to_dict()


def test_settlement_example():
    """Shared 3,441.10 + 1,200 + 700 = 5,341.10 × 60 % = 3,204.66; local 2,500 + 300; pending 1,800."""
    bill = sib.share(pd.DataFrame(EXAMPLE), RULES)
    assert payers(bill) == pytest.approx({"region": 3_204.66, "league": 2_136.44 + 2_800, "pending": 1_800}, abs=1e-6)
    classes = bill.frame.groupby("cause")["class"].first().to_dict()
    assert classes == {"budget_gap": "S1", "n1": "S2", "e1": "S3", "d1": "A1", "under_collection": "X1", "l1": "X2"}
    assert bill.frame["value"].sum() == pytest.approx(9_941.10e4, abs=1e-6)


def test_settlement_example_with_a_poor_assessment():
    """3,204.66 × 0.95 = 3,044.43; the league carries the 160.23."""
    bill = sib.share(pd.DataFrame(EXAMPLE), RULES, assessments={"150100": 0.95})
    assert payers(bill) == {"region": 3_044.43, "league": 5_096.67, "pending": 1_800}


def test_a_surplus_stays_in_the_fund():
    bill = sib.share(pd.DataFrame([row("budget_gap", -500, stage="budget", kind="budget"), row("n", 200, decided_by="nation")]), RULES)
    assert payers(bill) == {"fund": -300}


def test_a_local_cause_stays_with_its_author_and_savings_help_everyone():
    """L 300, S 1,000, savings elsewhere −600: N 700, local 300, the rest 400 shared."""
    saving = row("fewer retirees", -600, kind="driver")
    bill = sib.share(pd.DataFrame([row("l", 300, decided_by="league"), row("n", 1_000, decided_by="nation"), saving]), RULES)
    assert payers(bill) == {"region": 240, "league": 300 + 160}
    hidden = sib.share(pd.DataFrame([row("l", 900, decided_by="league"), row("n", -600, decided_by="nation")]), RULES)
    assert payers(hidden) == {"league": 300}


def test_an_event_without_evidence_is_pending():
    bill = sib.share(pd.DataFrame([row("flood", 700, side="revenue", decided_by="event", kind="event")]), RULES)
    assert payers(bill) == {"pending": 700}
    assert "evidence" in bill.frame["reason"].iloc[0]


POOLING = pd.DataFrame([
    {"programme": "unemployment", "level": "league", "start": "2000-01-01", "end": "2021-09-30", "region": ""},
    {"programme": "unemployment", "level": "region", "start": "2021-10-01", "end": "", "region": ""},
])  # fmt: skip


@pytest.mark.parametrize(("year", "expected"), [("2021", {"league": 100.0}), ("2022", {"region": 60.0, "league": 40.0})])
def test_scope_is_a_matter_of_fund_and_date(year, expected):
    cause = row("budget_gap", 100, stage="budget", kind="budget") | {"programme": "unemployment", "period": year}
    assert payers(sib.share(pd.DataFrame([cause]), RULES, pooling=POOLING)) == expected


def test_every_row_says_why(nmg_draft):
    bill = sib.share(nmg_draft, RULES).frame
    assert (bill["reason"].str.len() > 5).all()
    shared = bill[bill["treat"] == "shared"]
    assert (shared["clause"].str.len() > 5).all()
    assert shared["ratio"].isin([0.6, 0.4]).all()


def test_a_draft_is_shared_to_the_cent(nmg_draft):
    bill = sib.share(nmg_draft, RULES).frame
    leagues = sib.roll_up(nmg_draft, "league").frame
    gaps = leagues[(leagues["item"] == "gap") & (leagues["stage"] == "draft")].groupby(["region", "programme"], observed=True)["value"].sum()
    paid = bill.groupby(["region", "programme"])["value"].sum()
    assert (paid - gaps.loc[paid.index]).abs().max() <= 0.0051
    own = bill[bill["region"] == "150099"]
    assert set(own["payer"]) <= {"region", "fund", "pending"}


causes = st.lists(
    st.builds(
        lambda wan, stage, side, who, kind, known, evidence, line: row("c", wan / 100, stage, side, who, kind, known, evidence, line),
        st.integers(-10**9, 10**9), st.sampled_from(["budget", "execution"]), st.sampled_from(["revenue", "expenditure"]),
        st.sampled_from(["nation", "region", "league", "county", "event", ""]), st.sampled_from(["budget", "driver", "policy", "event", "residual"]),
        st.booleans(), st.sampled_from(["", "decree"]), st.sampled_from(["contribution_revenue", "benefit_expenditure"]),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(rows=causes, data=st.data())
def test_payers_sum_to_the_gap_and_nobody_is_paid(rows, data):
    rows = [r | {"cause": f"c{i}"} for i, r in enumerate(rows)]
    bill = sib.share(pd.DataFrame(rows), RULES).frame
    total = sum(r["value"] for r in rows)
    assert bill["value"].sum() == pytest.approx(total, abs=0.006)
    by_payer = bill.groupby("payer")["value"].sum()
    if total > 0:
        assert "fund" not in by_payer
        assert (by_payer >= -100.01).all()  # nobody gains by a gap, rounding to 0.01 万元 apart
    order = data.draw(st.permutations(rows))
    again = sib.share(pd.DataFrame(order), RULES).frame.groupby("payer")["value"].sum()
    assert (again - by_payer).abs().max() <= 200  # the rounding remainder may fall elsewhere


def test_collecting_more_never_raises_the_bill():
    def bill(missed):
        rows = [*EXAMPLE[:4], row("under_collection", missed, side="revenue", kind="driver", line="contribution_revenue"), EXAMPLE[5]]
        return payers(sib.share(pd.DataFrame(rows), RULES)).get("league", 0.0)

    burdens = [bill(m) for m in range(3_000, -9_000, -250)]
    assert all(a >= b - 0.011 for a, b in pairwise(burdens))


FAULTS = {
    'ruleset = "x"\n[[classes]]\nid = "a"\ntreat = "shared"\n[ratio]\ndefault = { region = 0.7, league = 0.4 }': "do not sum to one",
    'ruleset = "x"\n[[classes]]\nid = "a"\ntreat = "shared"\n[ratio]\ndefault = { region = 1.2, league = -0.2 }': "must lie in",
    'ruleset = "x"\n[[classes]]\nid = "a"\ntreat = "given"\n[ratio]\ndefault = { region = 0.6, league = 0.4 }': "treat must be one of",
    'ruleset = "x"\nrules = 1\n[[classes]]\nid = "a"\ntreat = "shared"\n[ratio]\ndefault = { region = 0.6, league = 0.4 }': "unknown key 'rules'",
    'ruleset = "x"\n[[classes]]\nid = "a"\ntreat = "shared"\n[[classes]]\nid = "b"\nside = "revenue"\ntreat = "local"\n[ratio]\ndefault = { region = 0.6, league = 0.4 }': "never reached",
    'ruleset = "x"\n[[classes]]\nid = "a"\nside = "left"\ntreat = "shared"\n[ratio]\ndefault = { region = 0.6, league = 0.4 }': "side must be one of",
}  # fmt: skip


@pytest.mark.parametrize("text", FAULTS)
def test_contradictory_rules_are_refused(tmp_path, text):
    path = tmp_path / "r.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RulesError, match=FAULTS[text]):
        sib.read_rules(path)


def test_all_faults_of_rules_at_once(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('x = 1\n[[classes]]\ntreat = "no"\n[ratio]\ndefault = { region = 2 }', encoding="utf-8")
    with pytest.raises(RulesError) as told:
        sib.read_rules(path)
    assert str(told.value).count("\n  - ") >= 5


def test_causes_need_their_columns_and_values():
    with pytest.raises(SibError, match="lack region"):
        sib.share(pd.DataFrame({"value": [1.0]}), RULES)
    with pytest.raises(SibError, match="blank is not zero"):
        sib.share(pd.DataFrame([EXAMPLE[0] | {"value": None}]), RULES)
