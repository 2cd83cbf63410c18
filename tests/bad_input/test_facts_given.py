"""Tables of facts beside a bill: by county they are summed, by name resolved, and what is said twice or not understood is refused."""

import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from tests import datasets

FUND = "work_injury"
REGIONS = [("15", "示范区", "", "region"), ("1599", "区本级", "15", "region"), ("151", "甲市", "15", "league"), ("1511", "乙县", "151", "county"), ("1512", "丙县", "151", "county")]


@pytest.fixture(scope="module")
def causes(tmp_path_factory):
    folder = datasets.dataset(tmp_path_factory.mktemp("d"), [("1511", FUND, "closing_balance", 2025, 1, "万元", "budget")])
    datasets.write_table(folder, "regions", ("region", "name", "parent", "level"), REGIONS)
    table = pd.DataFrame([{"region": "甲市", "programme": FUND, "period": "2026", "stage": "budget", "value": 1_000.0}])
    return sib.Attribution.of(table, sib.load(folder))


def facts(*rows, columns=("region", "amount")):
    return pd.DataFrame([*rows], columns=list(columns))


MET = ("region", "remitted_on_time", "task_completed")
BALANCES = ("region", "opening", "monthly")


def paid(bill):
    return {p: round(v, 2) for p, v in bill.frame.groupby("payer")["value"].sum().items() if v}


@pytest.mark.parametrize("turn", [1, -1])
def test_facts_by_county_are_summed_whatever_their_order(causes, turn):
    """Own balance 100 + 200 of 1,000; 80 % of the 700 left if both counties met the conditions, else nothing."""
    rules = sib.read_rules("gansu_injury")
    opening = facts(("乙县", 100.0, 10.0), ("1512", "200", None), columns=BALANCES)[::turn]
    met = facts(("1511", True, "是"), ("1512", True, True), columns=MET)
    assert paid(sib.share(causes, rules, balances=opening, conditions=met[::turn])) == {"fund": 300.0, "region": 560.0, "league": 140.0}
    missed = facts(("1511", True, True), ("1512", True, False), columns=MET)
    assert paid(sib.share(causes, rules, balances=opening, conditions=missed[::turn])) == {"fund": 300.0, "league": 700.0}


def test_remittances_by_county_are_summed(causes):
    """Half of 1,000 is due; the pool holds the 30 + 50 remitted."""
    bill = sib.share(causes, sib.read_rules("hainan_injury"), balances=facts(("151", 0.0, 0.0), columns=BALANCES), remitted=facts(("1511", 30.0), ("丙县", 50.0)))
    assert paid(bill) == {"region": 80.0, "league": 920.0}


def with_audits(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('ruleset = "t"\n[[classes]]\nid = "S"\ntreat = "shared"\n[ratio]\ndefault = { region = 0.6, league = 0.4 }\n[linkage]\naudit_deduction = "amount"\n')
    return sib.read_rules(path)


def test_audits_by_the_name_of_an_area_count(causes, tmp_path):
    """600 less the 100 + 50 found."""
    audits = facts(("甲市", 100.0, "否"), ("乙县", 50.0, ""), ("丙县", 900.0, "是"), columns=("region", "amount", "rectified"))
    assert paid(sib.share(causes, with_audits(tmp_path), audits=audits)) == {"region": 450.0, "league": 550.0}


FIGURES = ("region", "programme", "item", "period", "value")


@pytest.mark.parametrize(("given", "told"), [
    ({"remitted": facts(("151", 1.0), ("151", 2.0))}, "rows 0 and 1 both say it of 151"), ({"remitted": facts(("1511", 1.0), ("151", 2.0))}, "row 1 says it of 151, and row 0 of its part 1511"),
    ({"figures": facts(("151", FUND, "reserve_fund", "", 1.0), ("151", "工伤保险", "reserve_fund", None, 2.0), columns=FIGURES)}, "both say it of 151, reserve_fund"),
    ({"figures": facts(("151", FUND, "reserve_fund", "2026", 1.0), ("151", "", "reserve_fund", "", 2.0), columns=FIGURES)}, "row 0 says it of 151, reserve_fund, work_injury, 2026, and row 1"),
    ({"figures": facts(("1511", FUND, "reserve_fund", "2026", 1.0), ("151", "", "reserve_fund", "", 2.0), columns=FIGURES)}, "of its part 1511"),
    ({"figures": facts(("151", FUND, "reserve_fund", "", "abc"), columns=FIGURES)}, "figures: value, row 0: 'abc' is not an amount"),
    ({"figures": facts(("151", FUND, "reserve_fund", "", float("inf")), columns=FIGURES)}, "not a finite amount"), ({"figures": facts(("151", FUND, "reserve_fond", "", 1), columns=FIGURES)}, "unknown item"),
    ({"balances": pd.DataFrame({"opening": [1.0]})}, "balances lack region"), ({"conditions": pd.DataFrame({"task_completed": [True]})}, "conditions lack region"),
    ({"remitted": pd.DataFrame({"region": ["151"]})}, "remitted lack amount"), ({"audits": pd.DataFrame({"region": ["151"]})}, "audits lack amount"),
    ({"remitted": facts(("151", -5.0))}, "-5.00 is below nothing"), ({"remitted": facts(("戊市", 5.0))}, "row 0: unknown area '戊市'"), ({"remitted": facts(("151", 1e308))}, "not a finite amount"),
    ({"conditions": facts(("151", "maybe", True), columns=MET)}, "'maybe', expected true or false"), ({"assessments": [1]}, "expected area to grade"), ({"balances": [1]}, "expected a table with region, opening"),
])  # fmt: skip
def test_faulty_facts_are_refused(causes, given, told):
    with pytest.raises(SibError) as fault:
        sib.share(causes, sib.read_rules("nmg_2016"), **given)
    assert told in str(fault.value)


def test_faults_of_all_tables_are_told_at_once(causes):
    with pytest.raises(SibError) as fault:
        sib.share(causes, sib.read_rules("nmg_2016"), remitted=facts(("x", "y")), conditions=facts(("", "x", "是"), columns=MET))
    assert str(fault.value).count("\n  - ") == 4


def test_texts_of_amounts_are_read(causes):
    """1,000 less a reserve of 0.05万, that is 500."""
    bill = sib.share(causes, sib.read_rules("huangshi_injury"), figures=facts(("甲市", "工伤保险", "储备金", "2026年", "0.05万"), columns=FIGURES))
    assert paid(bill) == {"fund": 500.0, "league": 500.0}


@pytest.mark.parametrize(("name", "table", "item", "about"), [
    ("figures", facts(("1511", FUND, "reserve_fund", "2026", 300.0), columns=FIGURES), "reserve_fund", (FUND, "2026")),
    ("figures", facts(("1511", "", "reserve_fund", "", 300.0), columns=FIGURES), "reserve_fund", ("", "")),
    ("balances", facts(("乙县", 300.0, 10.0), columns=BALANCES), "", ("", "")),
    ("remitted", facts(("乙县", 300.0)), "", ("", "")), ("conditions", facts(("1511", True, True), columns=MET), "", ("", "")),
])  # fmt: skip
def test_facts_of_one_county_of_two_are_not_taken_for_the_city_in_silence(causes, name, table, item, about):
    (told,) = [f for f in sib.share(causes, sib.read_rules("huangshi_injury"), **({"figures": facts(("1511", FUND, "reserve_fund", "", 1.0), ("1512", FUND, "reserve_fund", "", 1.0), columns=FIGURES)} | {name: table})).findings.records() if f["id"] == "facts_of_some_parts"]
    assert (told["severity"], told["table"], told["region"], told["item"], told["expected"]) == ("warning", name, "151", item, "rows of 1512")
    assert (told["programme"], told["period"]) == about
    assert told["found"] == "rows of 1 of 2 areas"


@pytest.mark.parametrize("rows", [
    [("151", FUND, "reserve_fund", "", 500.0)], [("1511", FUND, "reserve_fund", "", 500.0), ("1512", FUND, "reserve_fund", "", 0)],
    [("1511", FUND, "reserve_fund", "2026", 500.0), ("1512", "", "reserve_fund", "", 0)],
])  # fmt: skip
def test_facts_of_all_parts_or_of_the_whole_are_silent(causes, rows):
    bill = sib.share(causes, sib.read_rules("huangshi_injury"), figures=facts(*rows, columns=FIGURES))
    assert "facts_of_some_parts" not in set(bill.findings.frame["id"])
    assert paid(bill) == {"fund": 500.0, "league": 500.0}
