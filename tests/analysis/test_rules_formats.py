"""Every shipped rules file by hand, the order of the cuts, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.analysis.ratio_table import smooth_ratio
from sibforecast.errors import RulesError, SibError
from tests import datasets

WAN = 1e4


def causes(*rows, region="A", programme="unemployment", period="2026"):
    """(cause, value in 万元, and what else a row says)."""
    table = [{"region": region, "programme": programme, "period": period, "stage": "budget", "kind": "budget", "cause": c, "value": v * WAN, **more}
             for c, v, more in ((*r, {})[:3] for r in rows)]  # fmt: skip
    return pd.DataFrame(table)


def balances(opening, monthly=100.0, programme="unemployment"):
    return pd.DataFrame({"region": ["A"], "programme": [programme], "opening": [opening * WAN], "monthly": [monthly * WAN]})


def paid(bill):
    return {p: round(v / WAN, 2) for p, v in bill.frame.groupby("payer")["value"].sum().items() if round(v) != 0}


def test_henan_unemployment_by_hand():
    """Gap 1,000: own balance 300 first; of the 700 left at most 2 × 250 remitted; the treasury 200."""
    remitted = pd.DataFrame({"region": ["A"], "programme": ["unemployment"], "amount": [250 * WAN]})
    bill = sib.share(causes(("budget_gap", 1000)), sib.read_rules("henan_unemployment_2001"), balances=balances(300), remitted=remitted)
    assert paid(bill) == {"fund": 300.0, "region": 500.0, "league": 200.0}
    assert bill.frame["class"].tolist()[0] == "B0"
    assert "at most 2 times the 2,500,000.00 remitted" in set(bill.frame["reason"])


def test_henan_injury_by_hand():
    bill = sib.share(causes(("budget_gap", 1000), programme="work_injury"), sib.read_rules("henan_injury_2007"), balances=balances(300, programme="work_injury"))
    assert paid(bill) == {"fund": 300.0, "league": 700.0}


@pytest.mark.parametrize(("met", "payers"), [((True, True), {"fund": 300.0, "region": 560.0, "league": 140.0}), ((True, False), {"fund": 300.0, "league": 700.0})])
def test_gansu_injury_by_hand(met, payers):
    """80 % of the 700 the reserve leaves, if remitted on time and the tasks done; else nothing."""
    conditions = pd.DataFrame({"region": ["A"], "remitted_on_time": [met[0]], "task_completed": [met[1]]})
    rules = sib.read_rules("gansu_injury")
    table = causes(("budget_gap", 1000), programme="work_injury")
    assert paid(sib.share(table, rules, balances=balances(300, programme="work_injury"), conditions=conditions)) == payers
    with pytest.raises(SibError, match="remitted_on_time, and it is unknown for A"):
        sib.share(table, rules, balances=balances(300, programme="work_injury"))


def test_leshan_by_hand():
    """General gap 600 shared half and half; 250 not collected and 150 by the county's own policy are the county's."""
    table = causes(("budget_gap", 600), ("collection_rate", 250, {"stage": "execution", "kind": "driver", "line": "contribution_revenue", "side": "revenue"}),
                   ("own", 150, {"stage": "execution", "kind": "policy", "decided_by": "county", "side": "expenditure"}), programme="enterprise_pension")  # fmt: skip
    assert paid(sib.share(table, sib.read_rules("leshan_2021"))) == {"league": 300.0, "county": 700.0}


@pytest.mark.parametrize(("opening", "region"), [(300.0, 0.6), (700.0, 0.6)])
def test_tiers_and_reserve_without_a_tier_use_the_default(opening, region):
    bill = sib.share(causes(("budget_gap", 1000)), sib.read_rules("tiers_and_reserve"), balances=balances(opening))
    assert paid(bill) == {"region": 1000 * region, "league": 1000 * (1 - region)}


@pytest.mark.parametrize(("tier", "opening", "region"), [
    ("1", 599.99, 0.5), ("1", 600, 0.3), ("2", 0, 0.6), ("2", 900, 0.4), ("3", -50, 0.7), ("3", 600, 0.5), ("4", 600, 0.6)])  # fmt: skip
def test_tiers_and_reserve_by_hand(tmp_path, tier, opening, region):
    """1,000 of the budget and 200 of a national raise are shared by tier and months (100 a month); 150 not collected and 50 by the league's own stay.

    Shared 1,200 × the region's share; a tier that no row names takes the default of 0.6; a fund below nothing is in the lowest band.
    """
    regions = [("150000", "内蒙古自治区", "", "region", ""), ("150100", "呼和浩特市", "150000", "league", tier)]
    folder = datasets.dataset(tmp_path, [("150100", "unemployment", "closing_balance", 2025, 1, "万元", "final")])
    datasets.write_table(folder, "regions", ("region", "name", "parent", "level", "econ_tier"), regions)
    table = causes(
        ("budget_gap", 1000), ("raise", 200, {"stage": "execution", "kind": "policy", "decided_by": "nation", "side": "expenditure"}),
        ("collection_rate", 150, {"stage": "execution", "kind": "driver", "line": "contribution_revenue", "side": "revenue"}),
        ("own", 50, {"stage": "execution", "kind": "policy", "decided_by": "league", "side": "expenditure"}), region="150100",
    )  # fmt: skip
    known = balances(opening).assign(region="150100")
    bill = sib.share(sib.Attribution.of(table, sib.load(folder)), sib.read_rules("tiers_and_reserve"), balances=known)
    assert paid(bill) == {"region": round(1_200 * region, 2), "league": round(1_200 * (1 - region) + 200, 2)}
    assert bill.frame.groupby("cause")["class"].first().to_dict() == {"budget_gap": "S", "raise": "S", "collection_rate": "X1", "own": "X2"}


def test_ratio_by_tier_and_months():
    rules = sib.read_rules("tiers_and_reserve")
    assert [rules.ratio_for("A", "x", t, m).shares["region"] for t, m in (("1", 3), ("1", 6), ("3", 5.99), ("3", 40), ("", 3))] == [0.5, 0.3, 0.7, 0.5, 0.6]
    assert rules.ratio_for("A", "x", "1", float("nan")).shares["region"] == 0.6  # unknown months: no band fits


def rules_file(tmp_path, extra="", **sections):
    text = 'ruleset = "t"\nunit = "league"\n' + extra
    text += '\n[[classes]]\nid = "S"\ntreat = "shared"\n' if "[[classes]]" not in extra else ""
    text += "\n[ratio]\ndefault = { region = 0.6, league = 0.4 }\n" if "ratio" not in sections else f"\n[ratio]\n{sections.pop('ratio')}\n"
    for name, body in sections.items():
        text += f"\n[{name}]\n{body}\n"
    path = tmp_path / "t.toml"
    path.write_text(text)
    return path


def test_the_order_of_cuts_by_hand(tmp_path):
    """1,000 after 200 of own balance: 800 × 0.6 = 480; × 0.9 = 432; − 32 audit = 400; cap 350; pool 300."""
    path = rules_file(
        tmp_path, gap='basis = "after_balance"\nkeep_months = 1', linkage='assessment = { "C" = 0.9 }\naudit_deduction = "amount"',
        caps='per_unit = { value = 350, unit = "万元" }\nbudget_pool = { value = 300, unit = "万元" }')  # fmt: skip
    audits = pd.DataFrame({"region": ["A", "A"], "programme": ["unemployment"] * 2, "period": ["2026"] * 2, "amount": [32 * WAN, 99 * WAN], "rectified": [False, True]})
    bill = sib.share(causes(("budget_gap", 1000)), sib.read_rules(path), balances=balances(300), assessments={"A": "C"}, audits=audits)
    frame = bill.frame
    cuts = {k: round(-v / WAN, 2) for k, v in frame[(frame["payer"] == "region") & (frame["value"] < 0)].set_index("class")["value"].items()}
    assert cuts == {"C2": 48.0, "C1": 32.0, "CAP": 50.0, "POOL": 50.0}
    assert paid(bill) == {"fund": 200.0, "region": 300.0, "league": 500.0}


def test_a_pool_too_small_pays_all_the_same_part(tmp_path):
    rules = sib.read_rules(rules_file(tmp_path, caps='budget_pool = { value = 600, unit = "万元" }'))
    table = pd.concat([causes(("budget_gap", 1000)), causes(("budget_gap", 3000), region="B")])
    frame = sib.share(table, rules).frame
    got = frame[frame["payer"] == "region"].groupby("region")["value"].sum() / WAN
    assert got.to_dict() == pytest.approx({"A": 150.0, "B": 450.0})


def test_national_rules_leave_before_netting(tmp_path):
    extra = '\n[[classes]]\nid = "N0"\ncause = "national minimum"\ntreat = "override"\n\n[[classes]]\nid = "S"\ntreat = "shared"\n'
    rules = sib.read_rules(rules_file(tmp_path, extra, national="nation = 0.8\nleague = 0.2"))
    bill = sib.share(causes(("national minimum", 500), ("budget_gap", 300), ("savings", -100)), rules)
    # 500 by the nation's shares; 200 is left: the 300 are netted to 200 and shared 60/40
    assert paid(bill) == {"nation": 400.0, "region": 120.0, "league": 180.0}


def test_true_up(tmp_path):
    bill = sib.share(causes(("budget_gap", 1000)), sib.read_rules(rules_file(tmp_path)))
    row = bill.true_up(pd.DataFrame({"region": ["A"], "programme": ["unemployment"], "value": [650 * WAN]})).iloc[0]
    assert (row["due"], row["advanced"], row["difference"]) == (600 * WAN, 650 * WAN, -50 * WAN)


def test_ids_of_the_bill_itself_are_refused(tmp_path):
    with pytest.raises(RulesError, match="class CAP: the id is kept"):
        sib.read_rules(rules_file(tmp_path, '\n[[classes]]\nid = "CAP"\ntreat = "shared"\n'))


@pytest.mark.parametrize(("sections", "told"), [
    ({"ratio": "default = { region = 0.6, league = 0.5 }"}, "do not sum to one"),
    ({"ratio": "default = { region = 1.6, league = -0.6 }"}, "must lie in"),
    ({"ratio": 'default = { region = 0.6, league = 0.4 }\nrows = [{ months_from = 0, months_to = 6, region = 0.5, league = 0.5 }, { months_from = 7, months_to = 9, region = 0.5, league = 0.5 }]'}, "leaves a gap from 6 to 7"),
    ({"ratio": 'default = { region = 0.6, league = 0.4 }\nrows = [{ months_from = 0, months_to = 6, region = 0.5, league = 0.5 }, { months_from = 5, months_to = 9, region = 0.5, league = 0.5 }]'}, "overlap from 5 to 6"),
    ({"caps": "per_unit = 5"}, "write { value"), ({"caps": "multiple_of_remitted = -1"}, "at least 0"),
    ({"conditions": 'task_completed = "yes"'}, "must be true or false"), ({"national": "nation = 0.5\nleague = 0.4"}, "sum to one"),
    ({"rounding": 'unit = "人"'}, "must be money"), ({"rounding": 'unit = "元"\nplaces = 3'}, "finer than a cent"),
    ({"rounding": "places = -1"}, "whole number"), ({"gap": "keep_months = -1"}, "keep_months must be"),
    ({"linkage": 'audit_deduction = "half"'}, 'only be "amount"'), ({"wether": "x = 1"}, "unknown key"),
])  # fmt: skip
def test_faulty_rules_are_refused(tmp_path, sections, told):
    with pytest.raises(RulesError, match=told):
        sib.read_rules(rules_file(tmp_path, **dict(sections)))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["budget_gap", "n", "x", "own", "odd", "disaster"]), st.floats(-5e3, 5e3)), min_size=1, max_size=6),
    st.sampled_from(["nmg_2016", "leshan_2021", "tiers_and_reserve"]), st.floats(0.5, 1.0),
)
def test_payers_sum_to_the_gap_to_the_cent(rows, rules, grade):
    kinds = {
        "budget_gap": {}, "n": {"stage": "execution", "kind": "policy", "decided_by": "nation", "side": "expenditure"},
        "x": {"stage": "execution", "kind": "driver", "line": "contribution_revenue", "side": "revenue"},
        "own": {"stage": "execution", "kind": "policy", "decided_by": "league", "side": "expenditure"},
        "odd": {"stage": "execution", "kind": "driver", "line": "benefit_expenditure", "side": "expenditure"},
        "disaster": {"stage": "execution", "kind": "event", "decided_by": "event", "evidence": "doc", "side": "revenue"},
    }  # fmt: skip
    table = causes(*((c, round(v, 6), kinds[c]) for c, v in rows), programme="enterprise_pension")
    frame = sib.share(table, sib.read_rules(rules), assessments={"A": grade}, balances=balances(50, programme="enterprise_pension")).frame
    assert frame["value"].sum() == pytest.approx(table["value"].sum(), abs=0.0051)
    upper = frame[frame["payer"].isin(["region", "league"]) & (rules == "leshan_2021")]
    granted = frame[frame["payer"] == "region"]["value"].sum() if rules != "leshan_2021" else upper[upper["payer"] == "league"]["value"].sum()
    assert granted <= max(table["value"].sum(), 0) + 100.0  # never more than the gap, but for rounding


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 4e3), st.floats(0, 4e3), st.floats(0, 3e3))
def test_collecting_more_never_costs_an_area_more(gap, missed, better):
    """With all else the same, a smaller shortfall never raises the league's own burden."""
    rules = sib.read_rules("nmg_2016")
    more = {"stage": "execution", "kind": "driver", "line": "contribution_revenue", "side": "revenue"}

    def burden(short):
        frame = sib.share(causes(("budget_gap", gap), ("collection_rate", short, more), programme="enterprise_pension"), rules).frame
        return frame[frame["payer"] == "league"]["value"].sum()

    assert burden(missed - better) <= burden(missed) + 100.0


def test_the_smooth_ratio_is_monotone():
    months = np.linspace(-5, 40, 91)
    for tier in (1, 2, 3, 4):
        values = [smooth_ratio(m, tier) for m in months]
        assert (np.diff(values) <= 0).all()
        assert all(smooth_ratio(m, tier + 1) >= v for m, v in zip(months, values, strict=True))
