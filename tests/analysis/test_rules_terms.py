"""Terms of rules by hand: reserves with a ceiling, base and increment, ratios that follow a figure, minimum input, tolerance."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.analysis.across import apportioned
from sibforecast.analysis.bill import Unit
from sibforecast.analysis.bills_of_draws import bills_of_units
from sibforecast.analysis.facts import Facts
from sibforecast.errors import RulesError, SibError
from sibforecast.tables.regions import Regions
from tests import datasets
from tests.analysis.test_why_a_league_pays import read_back

WAN = 1e4
FUND = "work_injury"
PENSION = "enterprise_pension"
MISSED = {"stage": "execution", "kind": "driver", "line": "contribution_revenue", "side": "revenue"}


def causes(*rows, programme=FUND, period="2026"):
    """(area, cause, value in 万元, and what else a row says)."""
    return pd.DataFrame([{"region": a, "programme": programme, "period": period, "stage": "budget", "kind": "budget", "cause": c, "value": v * WAN, **more}
                         for a, c, v, more in ((*r, {})[:4] for r in rows)])  # fmt: skip


def figures(**items):
    """item={area: amount in 万元}."""
    return pd.DataFrame([{"region": a, "programme": "", "item": i, "value": v * WAN} for i, areas in items.items() for a, v in areas.items()])


def remitted(**areas):
    return pd.DataFrame({"region": list(areas), "programme": "", "amount": [v * WAN for v in areas.values()]})


def paid(bill):
    table = bill.frame.groupby(["region", "payer"])["value"].sum() / WAN
    return {r: {p: round(v, 2) for (_, p), v in part.items() if round(v, 2)} for r, part in table.groupby("region")}


def test_huangshi_the_reserve_pays_first():
    """Gap 1,000: 300 held in reserve; the area's treasury the other 700."""
    bill = sib.share(causes(("A", "budget_gap", 1000)), sib.read_rules("huangshi_injury"), figures=figures(reserve_fund={"A": 300}))
    assert paid(bill) == {"A": {"fund": 300.0, "league": 700.0}}
    assert bill.frame["class"].tolist() == ["R0", "R2", "R2"]


def test_huangshi_sets_aside_ten_per_cent_up_to_thirty():
    """Of 1,000 collected 100, unless 300 are held then: 250 + 50; 320 + 0; an unknown holding gives none."""
    year = pd.DataFrame({"region": list("ABCD"), "collected": 1000.0, "held": [100.0, 250.0, 320.0, np.nan]})
    made = sib.read_rules("huangshi_injury").set_aside(year)
    assert made["kept"].tolist()[:3] == [100.0, 50.0, 0.0]
    assert made["held_after"].tolist()[:3] == [200.0, 300.0, 320.0]
    assert np.isnan(made.loc[3, ["kept", "remitted", "held_after"]].astype(float)).all()
    with pytest.raises(SibError, match="accounts lack held"):
        sib.read_rules("huangshi_injury").set_aside(year.drop(columns="held"))
    with pytest.raises(SibError, match="have no \\[reserve\\]"):
        sib.read_rules("nmg_2016").set_aside(year)


def test_anhui_by_hand():
    """A: 1,000 − 400 in reserve = 600, half of it 300; B: 600, 300. The pool of 90 + 30 remitted pays 120 of 600: a fifth."""
    bill = sib.share(causes(("A", "budget_gap", 1000), ("B", "budget_gap", 600)), sib.read_rules("anhui_injury"),
                     figures=figures(reserve_fund={"A": 400, "B": 0}), remitted=remitted(A=90, B=30))  # fmt: skip
    assert paid(bill) == {"A": {"fund": 400.0, "region": 60.0, "league": 540.0}, "B": {"region": 60.0, "league": 540.0}}
    year = pd.DataFrame({"region": ["A", "B"], "collected": [1000.0, 1000.0], "held": [100.0, 0.0]})
    made = sib.read_rules("anhui_injury").set_aside(year)  # 30 % of 1,000 less 100 held: 200, of it 30 % remitted
    assert made["kept"].tolist() == pytest.approx([140.0, 210.0])
    assert made["remitted"].tolist() == pytest.approx([60.0, 90.0])


def test_hainan_by_hand():
    """500 − 100 of own balance = 400, half of it 200; the pool holds the 80 remitted. Of a surplus of 200 60 are remitted."""
    known = pd.DataFrame({"region": ["A"], "programme": [FUND], "opening": [100 * WAN]})
    bill = sib.share(causes(("A", "budget_gap", 500)), sib.read_rules("hainan_injury"), balances=known, remitted=remitted(A=80))
    assert paid(bill) == {"A": {"fund": 100.0, "region": 80.0, "league": 320.0}}
    made = sib.read_rules("hainan_injury").set_aside(pd.DataFrame({"region": ["A", "B"], "surplus": [200.0, -50.0]}))
    assert made["remitted"].tolist() == [60.0, 0.0]


@pytest.mark.parametrize(("rules", "held", "parts"), [
    ("henan_unemployment_2001", 0.0, (0.0, 50.0)), ("henan_injury_2007", 480.0, (20 * 5 / 7, 20 * 2 / 7)), ("gansu_injury", 0.0, (0.0, 50.0))])  # fmt: skip
def test_what_other_rules_set_aside(rules, held, parts):
    """5 % of 1,000 remitted; 7 % kept and remitted as 5 to 2, but only the 20 that are missing to half of 1,000."""
    made = sib.read_rules(rules).set_aside(pd.DataFrame({"region": ["A"], "collected": [1000.0], "held": [held]}))
    assert (made["kept"][0], made["remitted"][0]) == pytest.approx(parts)


@pytest.mark.parametrize(("period", "gap", "grade", "region", "league"), [
    ("2026", 1000, None, 723.6, 376.4), ("2025", 1000, None, 720.0, 380.0), ("2026", 200, None, 200.0, 100.0), ("2026", 1000, 0.9, 651.24, 448.76)])  # fmt: skip
def test_base_and_increment_by_hand(period, gap, grade, region, league):
    """300 × 1.03 = 309 the region's; (1,000 − 309) × 0.6 = 414.60; 100 not collected are the league's. A gap below the base is all of it."""
    table = causes(("A", "budget_gap", gap), ("A", "collection_rate", 100, MISSED), programme=PENSION, period=period)
    bill = sib.share(table, sib.read_rules("base_and_increment"), figures=figures(gap_base={"A": 300}), assessments={"A": grade} if grade else None)
    assert paid(bill) == {"A": {"region": region, "league": league}}


def test_apportioning_fills_up_and_hands_on():
    """0.4 × 1,600 = 640 by 3 : 2 : 1 would be 320 of the 100 due in A: A 100, the other 540 as 2 : 1."""
    due = np.array([[100.0], [1000.0], [500.0]])
    assert apportioned(due, np.array([3.0, 2.0, 1.0]), 0.4)[:, 0] == pytest.approx([100, 360, 180])
    assert apportioned(due, np.array([3.0, 0.0, 0.0]), 0.4)[:, 0] == pytest.approx([100, 360, 180])  # no weights left: by what is due
    bill = sib.share(causes(*((a, "budget_gap", v) for a, v in zip("CAB", (500, 100, 1000), strict=True)), programme=PENSION),
                     sib.read_rules("by_pension_spending"), figures=figures(benefit_expenditure={"A": 3000, "B": 2000, "C": 1000}))  # fmt: skip
    assert paid(bill) == {"A": {"league": 100.0}, "B": {"league": 360.0, "region": 640.0}, "C": {"league": 180.0, "region": 320.0}}


def test_dependency_by_hand():
    """40 of 100 in A, 60 of 300 in B, 100 of 400 in all: 0.6 × 0.4 ÷ 0.25 = 0.96, bounded to 0.9; 0.6 × 0.2 ÷ 0.25 = 0.48."""
    heads = figures(beneficiaries={"A": 40, "B": 60}, insured_active={"A": 100, "B": 300})
    table = causes(("A", "budget_gap", 1000), ("B", "budget_gap", 1000), programme=PENSION)
    bill = sib.share(table, sib.read_rules("by_dependency"), figures=heads)
    assert paid(bill) == {"A": {"region": 900.0, "league": 100.0}, "B": {"region": 480.0, "league": 520.0}}
    with pytest.raises(SibError, match="contributors of B, enterprise_pension, 2026 is unknown"):
        sib.share(table, sib.read_rules("by_dependency"), figures=heads[:3])


@pytest.mark.parametrize(("last", "region"), [(350, 600.0), (550, 450.0), (1200, 0.0)])
def test_minimum_local_input_by_hand(last, region):
    """0.4 × 1,000 is more than 350; 550 last year take 150 off the grant; 1,200 all of it, and no more than the gap."""
    bill = sib.share(causes(("A", "budget_gap", 1000), programme=PENSION), sib.read_rules("minimum_local_input"), figures=figures(local_input={"A": last}))
    assert paid(bill)["A"].get("region", 0.0) == region
    assert sum(paid(bill)["A"].values()) == 1000.0


def with_tolerance(tmp_path, treat):
    path = tmp_path / "t.toml"
    path.write_text('ruleset = "t"\n[tolerance]\ncompletion = 0.995\n' + f'treat = "{treat}"\n'
                    '[[classes]]\nid = "X1"\ncause = "under_collection"\ntreat = "local"\n[[classes]]\nid = "S"\ntreat = "shared"\n'
                    '[ratio]\ndefault = { region = 0.6, league = 0.4 }\n[rounding]\nunit = "万元"\n')  # fmt: skip
    return sib.read_rules(path)


@pytest.mark.parametrize(("missed", "treat", "region"), [(100, "shared", 660.0), (100, "unlisted", 600.0), (101, "shared", 600.0), (-50, "shared", 570.0)])
def test_tolerance_by_hand(tmp_path, missed, treat, region):
    """20,000 budgeted: 100 missed are 99.5 % and count as none; 101 are missed. 50 more lighten the shared 1,000 as ever."""
    table = causes(("A", "budget_gap", 1000), ("A", "collection_rate", missed, MISSED), programme=PENSION)
    bill = sib.share(table, with_tolerance(tmp_path, treat), figures=figures(contribution_revenue={"A": 20_000}))
    assert paid(bill)["A"]["region"] == region
    classes = set(bill.frame["class"]) - {""}
    assert classes == {"S", "T0"} if missed == 100 else classes == {"S", "X1"} if missed == 101 else classes == {"S"}


def test_a_data_set_tells_the_figures(tmp_path):
    """Reserve of last December, the budget's contributions, last year's input: from the accounts, summed over the counties."""
    regions = [("15", "R", "", "region"), ("151", "L", "15", "league"), ("1511", "a", "151", "county"), ("1512", "b", "151", "county")]
    rows = [(c, FUND, i, y, v, "万元", s) for c, part in (("1511", 1), ("1512", 2)) for i, y, v, s in (
        ("reserve_fund", 2025, 100 * part, "final"), ("contribution_revenue", 2026, 500 * part, "budget"), ("local_input", 2025, 50 * part, "executed"))]  # fmt: skip
    folder = datasets.dataset(tmp_path, rows)
    datasets.write_table(folder, "regions", ("region", "name", "parent", "level"), regions)
    data = sib.load(folder)
    facts = Facts.of(sib.read_rules("huangshi_injury"), data, None, None, None, None)
    key = {"region": "151", "programme": FUND, "period": "2026"}
    assert [facts.figure(key, i) / WAN for i in ("reserve_fund", "contribution_revenue", "local_input")] == [300.0, 1500.0, 150.0]
    with pytest.raises(SibError, match="the rules use the base amount, and that of 151, work_injury, 2026 is unknown: give figures= with gap_base"):
        facts.figure(key, "gap_base")


def test_the_draft_tells_what_no_account_does():
    """A bill of the sample's draft, a year after its last account, by each ratio that follows a figure: payers sum to the gap."""
    draft = sib.draft_budget(sib.load(sib.sample("nmg")), 2027)
    gaps = draft.frame.query("stage == 'draft' and item == 'gap'")["value"].sum()
    for rules in ("by_pension_spending", "by_dependency"):
        bill = sib.share(draft, replace(sib.read_rules(rules), programmes=("civil_servant_pension",)))
        assert bill.frame["value"].sum() == pytest.approx(gaps, abs=0.005 * 103)  # each of 103 areas to the cent
        followed = [way.ratio.followed for key, way in bill.workings.items() if way.ratio is not None and key[0] != "150099"]
        assert set(followed) == {sib.read_rules(rules).terms.proportional.to}


@pytest.mark.parametrize(("section", "told"), [
    ('[reserve]\nkeep = 1.2', "keep and remit must lie"), ("[reserve]\nceiling = 0.3", "together must be more than 0"), ('[reserve]\nkeep = 0.1\nof = "gap"', "of must be"),
    ('[reserve]\nkeep = 0.1\nfirst = "yes"', "first must be"), ("[reserve]\nkeep = 0.1\nceiling = -1", "ceiling must be"), ('[base]\npayer = "bank"', "payer must be"),
    ('[base]\npayer = "region"\ngrowth = 0.03', "growth needs the year"), ('[base]\npayer = "region"\nyear = "x"', "year must be"), ("[tolerance]\ncompletion = 2", "completion must lie"),
    ('[tolerance]\ncompletion = 0.9\ntreat = "override"', "treat must be one of shared, local, pending, unlisted"), ('[proportional]\nto = "benefit"', "to must be one of"),
    ('[proportional]\nto = "dependency"\nlowest = 0.9\nhighest = 0.3', "must lie in \\[0, 1\\] and rise"), ('[proportional]\nto = "benefit_expenditure"\nlowest = 0.1', "spending only apportions"),
    ('[local_input]\nat_least = "all"', "at_least must be a multiple"), ("[reserve]\nput = 0.1", "unknown key 'put'"), ('[caps]\nbudget_pool = "all"', 'or "remitted"'), ("[tolerance]", "completion must lie"),
])  # fmt: skip
def test_faulty_terms_are_refused(tmp_path, section, told):
    path = tmp_path / "t.toml"
    path.write_text('ruleset = "t"\n[[classes]]\nid = "S"\ntreat = "shared"\n[ratio]\ndefault = { region = 0.6, league = 0.4 }\n' + section + "\n")
    with pytest.raises(RulesError, match=told):
        sib.read_rules(path)


money = st.integers(-5_000, 5_000).map(float)
KNOWN = {"reserve_fund": {"A": 400, "B": 0}, "gap_base": {"A": 300, "B": 900}, "local_input": {"A": 700, "B": 10}, "contribution_revenue": {"A": 9_000, "B": 400_000},
         "benefit_expenditure": {"A": 3_000, "B": 1_000}, "beneficiaries": {"A": 40, "B": 60}, "contributors": {"A": 100, "B": 300}}  # fmt: skip
TERMS = ("huangshi_injury", "anhui_injury", "base_and_increment", "by_pension_spending", "by_dependency", "minimum_local_input", "tolerance")


@settings(max_examples=200, deadline=None)
@given(values=st.lists(money, min_size=6, max_size=6), name=st.sampled_from(TERMS), grade=st.sampled_from([None, 0.9]), turn=st.booleans())
def test_bills_with_terms_sum_hold_for_draws_and_any_order(tmp_path_factory, values, name, grade, turn):
    """Payers sum to each gap, nobody gets more than it; the bill of a draw is the bill; the order of areas moves nothing; more collected costs nobody more."""
    rules = with_tolerance(tmp_path_factory.getbasetemp(), "shared") if name == "tolerance" else sib.read_rules(name)
    kinds = [(a, c, {} if c == "budget_gap" else MISSED if c == "missed" else {"stage": "execution", "kind": "policy", "decided_by": "league"})
             for a in "AB" for c in ("budget_gap", "missed", "own")]  # fmt: skip
    fund = FUND if name.endswith("injury") else PENSION
    table = causes(*((a, c, v, more) for (a, c, more), v in zip(kinds, values, strict=True)), programme=fund)
    known = {"figures": figures(**KNOWN), "remitted": remitted(A=50, B=500), "assessments": {"A": grade} if grade else None}
    told = sib.share(table[::-1] if turn else table, rules, **known).frame.groupby(["region", "payer"])["value"].sum()
    again = sib.share(table, rules, **known).frame.groupby(["region", "payer"])["value"].sum()
    assert again.round(2).to_dict() == told.round(2).to_dict()
    for area, part in told.groupby("region"):
        gap = table.loc[table["region"] == area, "value"].sum()
        assert part.sum() == pytest.approx(gap, abs=0.0051)
        assert all(-0.01 <= v <= max(gap, 0) + 100.0 for (_, payer), v in part.items() if payer != "fund")
    blank = {"scenario": "", "decided_by": "", "line": "", "side": "", "evidence": "", "known_at_budget": False, "_own": False}
    facts = Facts.of(rules, None, None, None, known["remitted"], None, known["figures"])
    units = []
    for area, part in table.groupby("region"):
        records = [blank | {k: "" if v != v else v for k, v in r.items()} | {"value": np.array([r["value"]] * 2)} for r in part.to_dict("records")]
        key = {"region": area, "programme": fund, "period": "2026", "scenario": ""}
        units.append(Unit(key, records, rules, Regions.of([]), [], known["assessments"] or {}, facts))
    step = 20 * rules.round_to
    for unit, drawn in bills_of_units(units, rules, 2):
        mine = told.loc[unit.key["region"]]
        for payer in {*mine.index, *drawn} - {"_granted"}:
            assert drawn.get(payer, np.zeros(2))[1] == pytest.approx(mine.get(payer, 0.0), abs=step)
    better = table.copy()
    better.loc[(better["region"] == "A") & (better["cause"] == "missed"), "value"] -= 750 * WAN
    after = sib.share(better, rules, **known).frame.groupby(["region", "payer"])["value"].sum()
    assert after.get(("A", "league"), 0.0) <= told.get(("A", "league"), 0.0) + 2 * rules.round_to


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("payer", ["league", "region", "fund", "gap"])
def test_the_sentences_of_terms_read_back(tmp_path, name, payer):
    rules = with_tolerance(tmp_path, "shared") if name == "tolerance" else sib.read_rules(name)
    table = causes(("150100", "budget_gap", 1000), ("150100", "missed", 40, MISSED), ("150200", "budget_gap", 700), programme=(fund := FUND if name.endswith("injury") else PENSION))
    codes = {i: {"150100": v["A"], "150200": v["B"]} for i, v in KNOWN.items()}
    bill = sib.share(table, rules, figures=figures(**codes), remitted=remitted(**{"150100": 50, "150200": 500}), assessments={"150100": 0.9})
    read_back(bill, payer, programme=fund)


def test_each_year_and_scenario_has_its_pool(tmp_path):
    """A pool of 300 a year: 600 are due in each of two years and two scenarios, and every one of them is paid 300."""
    path = tmp_path / "t.toml"
    path.write_text('ruleset = "t"\n[[classes]]\nid = "S"\ntreat = "shared"\n[ratio]\ndefault = { region = 0.6, league = 0.4 }\n[caps]\nbudget_pool = { value = 300, unit = "万元" }\n')
    parts = [causes(("A", "budget_gap", 1000), period=y).assign(scenario=s) for y in ("2026", "2027") for s in ("", "rate cut")]
    frame = sib.share(pd.concat(parts), sib.read_rules(path)).frame
    granted = frame[frame["payer"] == "region"].groupby(["period", "scenario"])["value"].sum() / WAN
    assert granted.tolist() == [300.0] * 4


def between(tmp_path, ratio, more=""):
    path = tmp_path / "t.toml"
    path.write_text(f'ruleset = "t"\n[[classes]]\nid = "S"\ntreat = "shared"\n[ratio]\ndefault = {{ {ratio} }}\n{more}\n[rounding]\nunit = "万元"\n')
    return sib.read_rules(path)


def test_the_nation_grants_where_it_shares_with_one_level(tmp_path):
    """Half of 2,000 is the leagues', by spending 3 : 1: 750 and 250. A grade of 0.9 takes a tenth off the nation's 500 of 1,000."""
    table = causes(("A", "budget_gap", 1000), ("B", "budget_gap", 1000), programme=PENSION)
    rules = between(tmp_path, "nation = 0.5, league = 0.5", '[proportional]\nto = "benefit_expenditure"')
    assert (rules.grantor, rules.carrier) == ("nation", "league")
    bill = sib.share(table, rules, figures=figures(benefit_expenditure={"A": 300, "B": 100}))
    assert paid(bill) == {"A": {"nation": 250.0, "league": 750.0}, "B": {"nation": 750.0, "league": 250.0}}
    cut = sib.share(table[:1], between(tmp_path, "nation = 0.5, league = 0.5"), assessments={"A": 0.9})
    assert paid(cut) == {"A": {"nation": 450.0, "league": 550.0}}
    assert between(tmp_path, "nation = 0.2, region = 0.4, league = 0.4").grantor == "region"


def test_a_pool_of_negative_remittances_is_refused(tmp_path):
    """A surplus of 100 is due nothing: a pool of nothing divides by nothing."""
    pool = between(tmp_path, "region = 0.6, league = 0.4", '[caps]\nbudget_pool = "remitted"')
    assert paid(sib.share(causes(("A", "budget_gap", -100)), pool, remitted=remitted(A=0))) == {"A": {"fund": -100.0}}
    assert paid(sib.share(causes(("A", "budget_gap", 100)), pool, remitted=remitted(A=0))) == {"A": {"league": 100.0}}
    for fact in ({"remitted": remitted(A=-5)}, {"figures": figures(upper_remittance={"A": -5})}):
        with pytest.raises(SibError, match="is below nothing"):
            sib.share(causes(("A", "budget_gap", -100)), pool, **fact)


@pytest.mark.parametrize("more", [
    "[local_input]\nat_least = 1.0", "[conditions]\ntask_completed = true", "[caps]\nmultiple_of_remitted = 2", '[base]\npayer = "region"'])  # fmt: skip
def test_the_regions_own_level_is_not_asked_what_cannot_matter(tmp_path, more):
    """It would grant to itself: 100 of its own level are the region's, whatever the terms."""
    folder = datasets.dataset(tmp_path, [("1599", FUND, "closing_balance", 2025, 1, "万元", "budget")])
    datasets.write_table(folder, "regions", ("region", "name", "parent", "level"), [("15", "R", "", "region"), ("1599", "R本级", "15", "region"), ("151", "L", "15", "league")])
    data, rules = sib.load(folder), between(tmp_path, "region = 0.6, league = 0.4", more)
    assert paid(sib.share(sib.Attribution.of(causes(("1599", "budget_gap", 100)), data), rules)) == {"1599": {"region": 100.0}}
    with pytest.raises(SibError, match=r"of 151, work_injury, 2026 is unknown|unknown for 151"):
        sib.share(sib.Attribution.of(causes(("151", "budget_gap", 100)), data), rules)


def test_the_tolerance_is_explained_in_chinese(tmp_path):
    table = causes(("A", "missed", 100, MISSED), programme=PENSION)
    bill = sib.share(table, with_tolerance(tmp_path, "shared"), figures=figures(contribution_revenue={"A": 20_000}))
    told = str(bill.explained("A", PENSION, "gap", language="zh"))
    assert "在视为完成的幅度以内" in told
    assert "within the tolerance" not in told


def test_the_regions_own_level_takes_nothing_from_the_pool(tmp_path):
    """The region's own level carries its 1,000 itself; of the league's 600 the pool of 300 pays 300, all there is."""
    path = tmp_path / "t.toml"
    path.write_text('ruleset = "t"\n[[classes]]\nid = "S"\ntreat = "shared"\n[ratio]\ndefault = { region = 0.6, league = 0.4 }\n[caps]\nbudget_pool = { value = 300, unit = "万元" }\n')
    regions = [("150000", "内蒙古自治区", "", "region"), ("150099", "自治区本级", "150000", "region"), ("150100", "呼和浩特市", "150000", "league")]
    folder = datasets.dataset(tmp_path / "d", [("150100", FUND, "closing_balance", 2025, 1, "万元", "final")])
    datasets.write_table(folder, "regions", ("region", "name", "parent", "level"), regions)
    table = causes(("150099", "budget_gap", 1000), ("150100", "budget_gap", 1000))
    pooling = pd.DataFrame([{"programme": FUND, "level": "region", "start": "2000-01-01", "end": "", "region": ""}])
    bill = sib.share(sib.Attribution.of(table, sib.load(folder)), sib.read_rules(path), pooling=pooling)
    assert paid(bill) == {"150099": {"region": 1000.0}, "150100": {"region": 300.0, "league": 700.0}}
