"""A bill in sentences: every number in them is read back and compared, in English and Chinese, and they add up."""

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.results import round_half_up
from tests.analysis import test_sharing_properties as random
from tests.analysis.test_sharing import EXAMPLE, RULES, row

FUND = "enterprise_pension"
FACTOR = {"元": (1, 2), "万元": (10_000, 2)}
NUMBER = re.compile(r"(?<![\w.,])-?\d[\d,]*(?:\.\d+)?(?![\w])", re.ASCII)


def numbers(text, period):
    """Every number outside of names, without the year of the first sentence."""
    bare = re.sub(r"“[^”]*”", "", text)
    found = [Decimal(n.replace(",", "")) for n in NUMBER.findall(bare)]
    assert found[0] == int(period)
    return found[1:]


def stated(row):
    """What a row of the frame must look like in a sentence."""
    if row.unit == "share":
        return round_half_up(row.value * 100, 4)
    if row.unit in ("factor", "months"):
        return round_half_up(row.value, 4 if row.unit == "factor" else 2)
    factor, places = FACTOR[row.unit]
    return round_half_up(row.value / factor, places)


def read_back(bill, payer, region="150100", programme=FUND):
    """Both languages against the explanation's frame, and the frame against the bill."""
    told = {language: sib.explain(bill, region, programme, payer, language=language) for language in ("en", "zh")}
    frame = told["en"].frame
    pd.testing.assert_frame_equal(frame, told["zh"].frame)
    expected = [stated(r) for r in frame.itertuples()]
    period = frame["period"].iloc[0]
    assert numbers(told["en"].text, period) == expected  # in the very order of the sentences
    assert sorted(numbers(told["zh"].text, period)) == sorted(expected)
    rows = bill.frame[(bill.frame["region"] == region) & (bill.frame["programme"] == programme)]
    for who in [payer] if payer != "gap" else rows["payer"].unique():
        own = rows[rows["payer"] == who]
        total = frame[(frame["item"] == "total") & (frame["origin"] == who)]["value"]
        assert total.tolist() == [pytest.approx(own["value"].sum(), abs=1e-6)]
    if payer != "gap":  # what the sentences say one payer carries adds up to what it carries, in the digits shown
        parts = frame[frame["item"].isin(["payment", "change"])]
        assert sum(stated(r) for r in parts.itertuples()) == stated(frame[frame["item"] == "total"].iloc[0])
        cuts = {"C2", "C1", "K1", "CAP", "MIN", "POOL"}
        given = rows[(rows["payer"] == payer) & (rows["value"] != 0)]
        assert sorted(round(v, 2) for v in parts[parts["item"] == "change"]["value"]) == sorted(
            round(v, 2) for v in given[given["class"].isin(cuts)]["value"])  # fmt: skip
        causes = given[~given["class"].isin(cuts)].groupby(["cause", "treat", "class"])["value"].sum()
        assert sorted(round(v, 2) for v in parts[parts["item"] == "payment"]["value"]) == sorted(round(v, 2) for v in causes if v)
    return told


@pytest.mark.parametrize("payer", ["league", "region", "pending", "gap", "county"])
@pytest.mark.parametrize("grade", [None, 0.95, "合格"])
def test_the_settlement_example_reads_back(payer, grade):
    bill = sib.share(pd.DataFrame(EXAMPLE), RULES, assessments={"150100": grade} if grade else None)
    read_back(bill, payer)


def test_the_sentences_of_the_settlement_example():
    """1,376.44 + 480 + 280 of the shared, 2,500 + 300 local, 160.23 for the assessment: 5,096.67."""
    bill = sib.share(pd.DataFrame(EXAMPLE), RULES, assessments={"150100": 0.95})
    english = sib.explain(bill, "150100", FUND, "league", language="en").text.splitlines()
    assert english[0] == "In 2026 “enterprise_pension” of “150100” has a gap of 9,941.10. Amounts are in 10k yuan."
    assert "Of “budget gap” the league carries 40 %, that is 1,376.44." in english
    assert "The assessment multiplies the grant by 0.95: what the league carries changes by 160.23." in english
    assert "Together the league carries 5,096.67." in english
    assert "The other payers: the region 3,044.43, pending 1,800.00." in english
    chinese = sib.explain(bill, "150100", FUND, "盟市").text.splitlines()  # Chinese by default where money is yuan
    assert "“预算收支缺口”由盟市承担40%，计1,376.44。" in chinese
    assert "合计盟市承担5,096.67。" in chinese
    assert "X1类（“未完成基金预算收入形成的短收,自治区不予补助”）：“未完成收入”增加缺口2,500.00，不予分担，由当地政府承担。" in chinese


def test_netting_is_told_by_hand():
    """L 300, S 1,000, savings of the same kind 200 and elsewhere 400: of the shared 1,000 there remain 400; 60 % of it 240."""
    rows = [row("l", 300, decided_by="league"), row("n", 1_000, decided_by="nation"), row("less", -200, decided_by="nation"),
            row("fewer", -400, kind="driver")]  # fmt: skip
    text = read_back(sib.share(pd.DataFrame(rows), RULES), "region")["en"].text
    assert "Savings come off first: of the shared 1,000.00 there remain 400.00." in text
    assert "Of “n” the region carries 60 %, that is 240.00." in text
    assert "takes “less”, which lightens the gap by 200.00." in text


def test_a_surplus_and_what_is_out_of_scope_are_told():
    bill = sib.share(pd.DataFrame([row("budget_gap", -500, stage="budget", kind="budget")]), RULES)
    assert "surplus of 500.00 stays in the fund" in read_back(bill, "fund")["en"].text
    assert "因此盟市不承担：0.00。" in read_back(bill, "league")["zh"].text
    pooled = pd.DataFrame([{"programme": FUND, "level": "county", "start": "2000-01-01", "end": "", "region": ""}])
    bill = sib.share(pd.DataFrame([row("budget_gap", 500, stage="budget", kind="budget")]), RULES, pooling=pooled)
    assert "该险种由旗县统筹" in read_back(bill, "county")["zh"].text


def test_the_way_through_every_cut_reads_back(tmp_path):
    """1,000 after 200 of own balance: 800 × 0.6 = 480; × 0.9 = 432; − 32 audit = 400; cap 350; pool 300."""
    path = tmp_path / "r.toml"
    path.write_text(
        'ruleset = "t"\n[gap]\nbasis = "after_balance"\nkeep_months = 1\n[[classes]]\nid = "S"\ntreat = "shared"\n'
        '[ratio]\ndefault = { region = 0.5, league = 0.5 }\nrows = [{ months_from = 2, months_to = 6, region = 0.6, league = 0.4 }]\n'
        '[linkage]\nassessment = { "C" = 0.9 }\naudit_deduction = "amount"\n[rounding]\nunit = "万元"\n'
        '[caps]\nper_unit = { value = 350, unit = "万元" }\nbudget_pool = { value = 300, unit = "万元" }\n', encoding="utf-8")  # fmt: skip
    here = {"region": ["150100"], "programme": [FUND]}
    bill = sib.share(
        pd.DataFrame([row("budget_gap", 1_000, stage="budget", kind="budget")]), sib.read_rules(path), assessments={"150100": "C"},
        balances=pd.DataFrame(here | {"opening": [300e4], "monthly": [100e4]}),
        audits=pd.DataFrame(here | {"period": ["2026"], "amount": [32e4], "rectified": [False]}),
    )  # fmt: skip
    text = read_back(bill, "region")["en"].text
    for words in ("own balance of 300.00 goes first, but for 1 months of spending at 100.00 a month: it meets 200.00; 800.00 is left",
                  "its reserve of 3 months lies from 2 to below 6", "carries 60 %, that is 480.00", "assessment “C” multiplies the grant by 0.9",
                  "changes by -48.00", "Audit findings of 32.00", "changes by -32.00", "capped at 350.00", "changes by -50.00",
                  "pool of 300.00 pays 85.7143 % of the 350.00 due", "the region carries 300.00"):  # fmt: skip
        assert words in text
    for payer in ("league", "fund", "gap"):
        read_back(bill, payer)


def test_conditions_and_caps_by_remittance_read_back():
    table = pd.DataFrame([row("budget_gap", 1_000, stage="budget", kind="budget") | {"programme": "work_injury"}])
    balances = pd.DataFrame({"region": ["150100"], "programme": ["work_injury"], "opening": [300e4], "monthly": [1e4]})
    met = pd.DataFrame({"region": ["150100"], "remitted_on_time": [True], "task_completed": [False]})
    bill = sib.share(table, sib.read_rules("gansu_injury"), balances=balances, conditions=met)
    assert "未满足条件（“完成上年任务”），不予补助：盟市承担额变动5,600,000.00。" in read_back(bill, "league", programme="work_injury")["zh"].text
    table["programme"], balances["programme"] = "unemployment", "unemployment"
    remitted = pd.DataFrame({"region": ["150100"], "programme": ["unemployment"], "amount": [250e4]})
    bill = sib.share(table, sib.read_rules("henan_unemployment_2001"), balances=balances, remitted=remitted)
    assert "capped at 2 times the 2,500,000.00 remitted, 5,000,000.00" in read_back(bill, "region", programme="unemployment")["en"].text


case = st.builds(
    lambda wan, stage, side, who, kind, known, evidence, line: row("c", wan / 1e6, stage, side, who, kind, known, evidence, line),
    st.integers(-10**11, 10**11), st.sampled_from(["budget", "execution"]), st.sampled_from(["revenue", "expenditure"]),
    st.sampled_from(["nation", "region", "league", "county", "event", ""]), st.sampled_from(["budget", "driver", "policy", "event", "residual"]),
    st.booleans(), st.sampled_from(["", "decree"]), st.sampled_from(["contribution_revenue", "benefit_expenditure"]),
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(
    rows=st.lists(case, min_size=1, max_size=7), rules=st.sampled_from(["nmg_2016", "leshan_2021", "tiers_and_reserve"]),
    grade=st.sampled_from([None, 0.9, 0.977, 1.0]), opening=st.floats(-1e7, 9e7), audited=st.floats(0, 5e5),
)  # fmt: skip
def test_every_number_of_random_bills_reads_back(rows, rules, grade, opening, audited):
    rows = [r | {"cause": f"c{i % 4}"} for i, r in enumerate(rows)]
    here = {"region": ["150100"], "programme": [FUND]}
    bill = sib.share(
        pd.DataFrame(rows), sib.read_rules(rules), assessments={"150100": grade} if grade else None,
        balances=pd.DataFrame(here | {"opening": [opening], "monthly": [1e7]}),
        audits=pd.DataFrame(here | {"period": ["2026"], "amount": [audited], "rectified": [False]}),
    )  # fmt: skip
    for payer in [*bill.frame["payer"].unique(), "gap"]:
        read_back(bill, payer)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_bills_by_rules_of_any_format_read_back(seed):
    """Own balance, bands, every cut, a pool, national shares and what is out of scope: areas and funds at random."""
    rng = np.random.default_rng(seed)
    table, law, known = (make(rng, 2) for make in (random.causes, lambda rng, areas: random.rules(rng), random.facts))
    for cap in ("per_unit", "budget_pool"):  # caps that bite among two areas
        law = replace(law, caps=replace(law.caps, **{cap: getattr(law.caps, cap) / 10}))
    law = replace(law, money="元", places=2)
    bill = sib.share(table, law, **known)
    for region, fund in bill.frame[["region", "programme"]].drop_duplicates().itertuples(index=False):
        rows = bill.frame[(bill.frame["region"] == region) & (bill.frame["programme"] == fund)]
        for payer in [*rows["payer"].unique(), "gap"]:
            read_back(bill, payer, region, fund)
        for row_ in sib.explain(bill, region, fund, "gap").frame.query("item in ('before_netting', 'after_netting')").itertuples():
            assert row_.value >= 0


def test_a_bill_of_the_sample_is_told_by_name(nmg_draft):
    raised = sib.Scenario("s", sib.Change(item="benefit_level", programme=FUND, multiply=1.05, start="2027-01", decided_by="nation", id="提高5%"))
    bill = sib.share(sib.attribute(nmg_draft, sib.project(nmg_draft.assumptions, raised)), RULES)
    for region in bill.frame["region"].unique()[:4]:
        for payer in ("league", "region", "gap"):
            read_back(bill, payer, region)
    told = sib.explain(bill, "呼市", "企业职工基本养老保险", "league").text
    assert told.startswith("2027年“呼和浩特市”“企业职工基本养老保险基金”收支缺口为")


def test_asked_for_a_county_the_bill_of_its_league_is_told_as_such(nmg_draft):
    bill = sib.share(nmg_draft, RULES)
    league, county = (sib.explain(bill, code, FUND, "league", language="en").text for code in ("150100", "150102"))
    first, rest = county.split("\n", 1)
    assert first == "“Xincheng” lies in “Hohhot”: the rules draw up bills by league, and what follows is the bill of “Hohhot”."
    assert rest == league
    assert "规则按盟市计算分担" in sib.explain(bill, "150102", FUND, "league").text


def test_what_cannot_be_told_is_refused():
    bill = sib.share(pd.DataFrame(EXAMPLE), RULES)
    for words, told in ((("X", FUND, "league"), "no bill of X"), (("150100", "x", "league"), "there are"),
                        (("150100", FUND, "somebody"), "explained by payer")):  # fmt: skip
        with pytest.raises(SibError, match=told):
            sib.explain(bill, *words)
    with pytest.raises(SibError, match="unknown language"):
        sib.explain(bill, "150100", FUND, "league", language="fr")
    with pytest.raises(SibError, match="1999"):
        sib.explain(bill, "150100", FUND, "league", period=1999)


def test_pending_and_unlisted_stand_out():
    rows = [*EXAMPLE, row("benefit_level", 50, kind="driver")]
    bill = sib.share(pd.DataFrame(rows), RULES)
    shown = repr(bill).splitlines()
    assert [line[:22] for line in shown if line.startswith("!")] == ["! pending: d1 (A1) 0.1", "! unlisted: benefit_le"]
    assert max(map(len, shown)) <= 80
    assert bill.notices()[1].endswith("is in no list of the rules: carried by the league, shown apart")
    assert bill._repr_html_().count("#b00020") == 2


def test_the_note_of_the_rules_is_told_in_the_readers_language():
    bill = sib.share(pd.DataFrame([row("budget_gap", 500, stage="budget", kind="budget")]), RULES)
    told = {language: sib.explain(bill, "150100", FUND, "league", language=language).text.splitlines()[-1] for language in ("en", "zh")}
    assert told == {"en": "The rules note: “60 / 40 and the multipliers of the assessment are placeholders, not law”.",
                    "zh": "规则注：“60/40和考核系数为占位数，不是规定”。"}  # fmt: skip


def test_every_shipped_note_has_its_chinese_and_a_note_without_one_stays_as_it_is(tmp_path):
    folder = Path(sib.__file__).parent / "analysis" / "rules"
    rules = [sib.read_rules(path) for path in folder.glob("*.toml")]
    assert [r.ruleset for r in rules if r.note and not re.search("[一-鿿]", r.note_zh)] == []
    text = re.sub("^note_zh.*\n", "", (folder / "nmg_2016.toml").read_text("utf-8"), flags=re.M)
    (tmp_path / "own.toml").write_text(text, "utf-8")
    bill = sib.share(pd.DataFrame([row("budget_gap", 500, stage="budget", kind="budget")]), sib.read_rules(tmp_path / "own.toml"))
    assert "规则注：“60 / 40 and" in sib.explain(bill, "150100", FUND, "league", language="zh").text
