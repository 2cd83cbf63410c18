"""Domain example 5.6 from tables to bill: budget, outturn and decisions, no cause amounts but two."""

import pytest

import sibforecast as sib
from tests import datasets
from tests.analysis.test_why_a_league_pays import read_back
from tests.datasets import WAN, write_table

R, EP = "150100", "enterprise_pension"
POLICY = ("id", "item", "programme", "regions", "add", "unit", "start", "decided_by", "known_at_budget", "evidence")
DECISIONS = [
    ("n1", "benefit_level", 20, "元/月", "2026-07", "nation"), ("n2", "death_benefit", 2280, "元", "2026-01", "nation"),
    ("l1", "benefit_level", 3, "元/月", "2026-01", "league"), ("l2", "death_benefit", 284, "元", "2026-01", "league"),
    ("e1", "contribution_revenue", -700, WAN, "2026-01", "event"), ("d1", "deferred_out", 1800, WAN, "2026-07", "nation"),
]  # fmt: skip
CHANGED = {
    "collection_rate": (97, "%"), "arrears_recovered": (900.80, WAN), "deferred_out": (1800, WAN), "benefit_level": (2985.50, "元/月"),
    "death_benefit": (47_564, "元"), "contribution_revenue": (232_502.40, WAN), "benefit_expenditure": (263_470.50, WAN),
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    drivers = {i: (v, u) for i, v, u in datasets.EP_DRIVERS} | dict.fromkeys(("deferred_out", "gap_subsidy", "gap_grant"), (0, WAN))
    lines = ("contribution_revenue", "fiscal_subsidy", "interest", "transfer_in", "other_revenue", "upper_grant", "benefit_expenditure",
             "transfer_out", "other_expenditure", "upper_remittance", "total_revenue", "total_expenditure")  # fmt: skip
    budget = drivers | {i: (datasets.EP_LINES[i], WAN) for i in lines}
    final = budget | CHANGED
    final["total_revenue"] = (datasets.EP_LINES["total_revenue"] - 5_000, WAN)
    final["total_expenditure"] = (datasets.EP_LINES["total_expenditure"] + 1_500, WAN)
    rows = [(R, EP, i, 2025, v, u, "final") for i, v, u in datasets.EP_OPENING]
    rows += [(R, EP, i, 2026, v, u, stage) for stage, table in (("budget", budget), ("final", final)) for i, (v, u) in table.items()]
    pooling = (("programme", "level", "start", "end"), [(EP, "region", "2009-10-01", "")])
    path = datasets.dataset(tmp_path_factory.mktemp("s"), rows, pooling=pooling)
    write_table(path, "policies", POLICY, [(n, i, EP, "*", a, u, s, d, "false", "document 7" if d == "event" else "") for n, i, a, u, s, d in DECISIONS])
    return sib.load(path)


@pytest.fixture(scope="module", params=["shapley", "chain"])
def causes(data, request):
    return sib.attribute(data.at("2026", "budget"), data.at("2026", "final"), method=request.param)


def test_every_cause_to_the_cent(causes):
    frame = causes.frame
    got = {(r.cause, r.line): round(r.value / 1e4, 2) for r in frame.itertuples()}
    assert got == {
        ("budget_gap", ""): 3_441.10, ("n1", "benefit_expenditure"): 858.00, ("n2", "benefit_expenditure"): 342.00,
        ("l1", "benefit_expenditure"): 257.40, ("l2", "benefit_expenditure"): 42.60, ("e1", "contribution_revenue"): 700.00,
        ("d1", "contribution_revenue"): 1_800.00, ("collection_rate", "contribution_revenue"): 1_900.80,
        ("arrears_recovered", "contribution_revenue"): 599.20,
    }  # fmt: skip
    assert frame["value"].sum() == pytest.approx(9_941.10 * 1e4, abs=0.005)


@pytest.mark.parametrize(("grade", "payers"), [
    (None, {"region": 3_204.66, "league": 4_936.44, "pending": 1_800.00}),
    (0.95, {"region": 3_044.43, "league": 5_096.67, "pending": 1_800.00}),
])  # fmt: skip
def test_the_bill(causes, grade, payers):
    bill = sib.share(causes, sib.read_rules("nmg_2016"), assessments={R: grade} if grade else None).frame
    assert {p: round(v / 1e4, 2) for p, v in bill.groupby("payer")["value"].sum().items()} == payers
    local = bill[bill["treat"] == "local"]["value"].sum()
    assert local == pytest.approx(2_800e4, abs=0.005)


@pytest.mark.parametrize(("treat", "grade", "payers"), [
    ("shared", None, {"region": 3_204.66 + 1_080.00, "league": 4_936.44 + 720.00}), ("local", None, {"region": 3_204.66, "league": 4_936.44 + 1_800.00}),
    # 3,204.66 + 1,080.00 = 4,284.66, times 0.95 = 4,070.427; the league carries the other 214.23
    ("shared", 0.95, {"region": 4_070.43, "league": 5_656.44 + 214.23}), ("local", 0.95, {"region": 3_044.43, "league": 5_096.67 + 1_800.00}),
])  # fmt: skip
def test_the_deferral_ruled_either_way(causes, treat, grade, payers):
    rules = sib.read_rules("nmg_2016").ruled("A1", treat, "ruling 8")
    given = causes.frame[["region", "programme", "period", "stage", "line", "cause", "kind", "decided_by", "side", "known_at_budget", "evidence", "value"]]
    for known in (causes, given):  # from the data set, and from a table of causes
        bill = sib.share(known, rules, assessments={R: grade} if grade else None).frame
        assert {p: round(v / 1e4, 2) for p, v in bill.groupby("payer")["value"].sum().items()} == {p: round(v, 2) for p, v in payers.items()}
    assert bill.loc[bill["cause"] == "d1", "clause"].str.endswith("; ruling 8").all()


def test_the_bill_of_the_data_set_is_told(causes):
    """Every number of the sentences read back (tests/analysis/test_why_a_league_pays.py); the amounts are those of the example."""
    bill = sib.share(causes, sib.read_rules("nmg_2016"), assessments={R: 0.95})
    for payer in ("league", "region", "pending", "gap"):
        read_back(bill, payer, R, EP)
    told = sib.explain(bill, "呼和浩特市", "企业职工基本养老保险", "盟市").text
    for words in ("2026年“呼和浩特市”", "收支缺口为9,941.10", "“征缴率”增加缺口1,900.80", "“n1”由盟市承担40%，计343.20", "合计盟市承担5,096.67"):
        assert words in told


def test_a_ruling_on_what_is_not_there_is_refused():
    rules = sib.read_rules("nmg_2016")
    for words, told in ((("A9", "shared"), "no class 'A9'"), (("A1", "paid"), "treat must be one of"), (("A1", "override"), "no \\[national\\] shares")):
        with pytest.raises(sib.SibError, match=told):
            rules.ruled(*words)


def test_rows_say_what_they_are(causes):
    frame = causes.frame.set_index("cause")
    assert frame.loc["budget_gap", ["stage", "kind", "known_at_budget"]].tolist() == ["budget", "budget", True]
    assert frame.loc["e1", ["stage", "kind", "decided_by", "evidence", "side"]].tolist() == ["execution", "event", "event", "document 7", "revenue"]
    assert frame.loc["collection_rate", ["kind", "side"]].tolist() == ["driver", "revenue"]


def test_chain_substitution_of_official_analysis_to_the_wan(tmp_path):
    """Domain example 3.3: agency pension, first quarter of 2018 against 2017, 万元: heads 2,642, base 4,219, rest 228."""
    def quarter(year, heads, base, revenue):
        period = f"{year}-03"
        return [(R, "civil_servant_pension", i, period, v, u, "executed") for i, v, u in (
            ("contributors", heads, "人"), ("contribution_base", base, "元/月"), ("contribution_rate", 28, "%"), ("contribution_revenue", revenue, WAN))]  # fmt: skip

    rows = quarter(2017, 26_547, 5_313.46, 19_724 - 7_089) + quarter(2018, 32_466, 6_860.60, 19_724)
    data = sib.load(datasets.dataset(tmp_path, rows))
    causes = sib.attribute(data.at("2017-03", "executed"), data.at("2018-03", "executed"), method="chain").frame
    got = {r.cause: round(-r.value / 1e4) for r in causes.itertuples() if r.stage == "execution"}
    assert got == {"contributors": 2_642, "contribution_base": 4_219, "residual": 228}


def test_stripping_undoes_what_was_laid(data):
    """Any composition of multiplying and adding changes, months apart: strip(lay(x)) is x."""
    import numpy as np

    from sibforecast.analysis.outturn import stripped
    from sibforecast.assumptions.effects import Effect, Effects
    from sibforecast.errors import ScenarioError

    rng = np.random.default_rng(0)
    for _ in range(200):
        changes = []
        for k in range(rng.integers(1, 4)):
            how = {"multiply": float(rng.uniform(0.8, 1.3))} if rng.random() < 0.5 else {"add": float(rng.uniform(-50, 90)), "unit": "元/月"}
            changes.append(sib.Change(item="benefit_level", start=f"2026-{rng.integers(1, 13):02d}", decided_by="nation", id=str(k), **how))
        effects = Effects(tuple(Effect(c, i, np.ones((2, 1), dtype=bool)) for i, c in enumerate(sib.Scenario("s", *changes).in_order)))
        bare = rng.uniform(1_000, 4_000, (2, 1))
        laid = effects.adjuster(2026)("benefit_level", bare, False, lambda back: None)
        assert np.allclose(stripped(laid, "benefit_level", effects, 2026), bare)
    lost = sib.Change(item="benefit_level", set=3_000, unit="元/月", start="2026-01", decided_by="nation")
    effects = Effects((Effect(lost, 0, np.ones((1, 1), dtype=bool)),))
    with pytest.raises(ScenarioError, match="before_value"):
        stripped(np.array([[3_000.0]]), "benefit_level", effects, 2026)


def test_a_local_decision_the_budget_knew_stands_apart_in_its_gap(tmp_path):
    """Budget benefits 1,000 people × 1,100 × 12 of which 100 by the league's own raise: 120 万 of the gap are its."""
    rows = [(R, EP, i, 2025, v, u, "final") for i, v, u in (("beneficiaries", 1000, "人"), ("benefit_level", 1000, "元/月"), ("closing_balance", 0, WAN))]
    for stage, level in (("budget", 1100), ("final", 1100)):
        rows += [(R, EP, i, 2026, v, u, stage) for i, v, u in (
            ("beneficiaries", 1000, "人"), ("benefit_level", level, "元/月"), ("benefit_expenditure", 1320, WAN), ("contribution_revenue", 1000, WAN),
            ("gap_subsidy", 0, WAN), ("gap_grant", 0, WAN))]  # fmt: skip
    local = sib.Change(item="benefit_level", add=100, unit="元/月", start="2026-01", decided_by="league", known_at_budget=True, id="own raise")
    data = sib.load(datasets.dataset(tmp_path, rows))
    frame = sib.attribute(data.at("2026", "budget"), data.at("2026", "final"), changes=[local]).frame
    got = {(r.stage, r.cause): round(r.value / 1e4, 2) for r in frame.itertuples()}
    assert got == {("budget", "budget_gap"): 200.00, ("budget", "own raise"): 120.00}
