"""`reserves`: interest accrued, preferential and booked, deposit by deposit, fund by fund."""

import json

import jsonschema
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.phrases import Teller
from tests.datasets import WAN, dataset

COLUMNS = ("region", "programme", "kind", "bank", "balance", "unit", "rate", "start", "term_months")
A, EP, UI = "150100", "enterprise_pension", "unemployment"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two funds: 90,000 and 10,000 (10k yuan); the second's deposits are 500 short of its balance."""
    history = [(A, EP, "closing_balance", 2025, 90_000, WAN, "final"), (A, UI, "closing_balance", 2025, 10_000, WAN, "final"),
               (A, EP, "interest", 2026, 1_100, WAN, "executed"), (A, UI, "interest", 2026, 60, WAN, "executed")]  # fmt: skip
    deposits = [
        (A, EP, "定期", "甲", 60_000, WAN, 0.0175, "2025-01", 36),  # 1,050 a year
        (A, EP, "活期", "乙", 20_000, WAN, 0.0055, "", ""),  # 110; preferential 0.65 %: 130
        (A, EP, "国债", "乙", 10_000, WAN, 0.0238, "2026-07", 60),  # half a year: 119
        (A, UI, "定期", "甲", 9_500, WAN, 0.0050, "2025-06", 12),  # 47.5; preferential 0.95 %: 90.25
    ]
    path = dataset(tmp_path_factory.mktemp("r"), history, deposits=(COLUMNS, deposits))
    return sib.reserves(sib.load(path), 2026)


def test_interest_by_hand(made):
    """60,000 × 1.75 % = 1,050; 20,000 × 0.55 % = 110; 10,000 × 2.38 % × 6 ÷ 12 = 119; 9,500 × 0.5 % = 47.5."""
    assert (made.frame["accrued"] / 1e4).round(6).tolist() == [1_050.0, 110.0, 119.0, 47.5]
    assert made.frame["months"].tolist() == [12, 12, 6, 12]


def test_preferential_by_hand(made):
    """Three years from January 2025 at 2.75 %: 1,650; demand 0.65 %: 130; a bond: none; a year from June 2025 at 0.95 %: 90.25."""
    told = (made.frame["preferential"] / 1e4).round(6)
    assert told.drop(2).tolist() == [1_650.0, 130.0, 90.25]
    assert told.isna().tolist() == [False, False, True, False]
    assert (made.frame["forgone"] / 1e4).round(6).drop(2).tolist() == [600.0, 20.0, 42.75]


def test_funds_are_never_pooled(made):
    """EP 1,050 + 110 + 119 = 1,279 accrued against 1,100 booked; UI 47.5 against 60."""
    funds = made.funds.set_index("programme")
    assert (funds["accrued"] / 1e4).round(6).to_dict() == {EP: 1_279.0, UI: 47.5}
    assert (funds["difference"] / 1e4).round(6).to_dict() == {EP: -179.0, UI: 12.5}
    assert funds.loc[UI, "rate"] == pytest.approx(0.005)


def test_a_deposit_matures_or_was_renewed(made):
    """36 months from January 2025: January 2028. A year from June 2025: June 2026. A bond of July 2026: July 2031."""
    assert made.frame["matures"].tolist() == ["2028-01", "", "2031-07", "2026-06"]


def test_deposits_that_are_not_the_balance(made):
    rows = made.findings.frame.query("id == 'deposits_not_balance'")
    assert rows[["programme", "expected", "found"]].to_numpy().tolist() == [[UI, "100,000,000.00", "95,000,000.00"]]


def test_banks_below_the_preferential_rate_are_told_fund_by_fund(made):
    """Forgone: 600 at the first bank for pensions, 42.75 there for unemployment, 20 at the second; largest first."""
    rows = made.findings.frame.query("id == 'below_preferential'")
    assert rows["programme"].tolist() == [EP, UI, EP]
    assert "6,000,000.00 forgone" in rows["message"].iloc[0]
    assert set(rows["severity"]) == {"note"}  # the rates are unverified


def test_the_illustrative_deposits_are_the_balances(nmg):
    made = sib.reserves(nmg, 2026)
    rows = made.findings.frame.query("id == 'deposits_not_balance'")
    assert rows[["region", "programme"]].to_numpy().tolist() == [["150099", EP]]  # the own level's deposits are not part of the set
    assert made.structure("kind", "term_months")["balance"].sum() == pytest.approx(nmg.table("deposits")["balance"].sum())
    assert "ILLUSTRATIVE" in repr(made)
    jsonschema.validate(json.loads(made.to_json()), sib.schema("Reserves"))


def test_status_of_deposits_and_funds(made):
    """Below an unverified rate: yellow; a bond has none to be held against. Booked 1,100 against 1,279: a warning; the other fund's
    difference is a note, for 500 of its balance are not among the deposits, which is a warning of its own."""
    assert made.frame["status"].tolist() == ["yellow", "yellow", "", "yellow"]
    assert made.funds.set_index("programme")["status"].to_dict() == {EP: "orange", UI: "orange"}


def test_interest_booked_that_is_not_what_accrued_is_a_finding(made):
    """1,100 − 1,279 = −179, −14.0 %; 60 − 47.5 = +12.5, +26.3 %. Within 30 % there is none."""
    rows = made.findings.frame.query("id == 'R-13'")
    assert rows[["programme", "item", "severity", "expected", "found"]].to_numpy().tolist() == [
        [EP, "interest", "warning", "12,790,000.00", "11,000,000.00"], [UI, "interest", "note", "475,000.00", "600,000.00"]]  # fmt: skip
    assert rows["message"].iloc[0] == "interest booked is not what deposits accrue: -1,790,000.00, -14.0%"
    assert Teller("zh").text(rows["message"].iloc[1], "R-13") == "入账利息与存款应计利息不符，相差+125,000.00（+26.3%）；该险种存款资料不全"
    assert "R-13" not in set(sib.reserves(made.data, 2026, tolerance=0.3).findings.frame["id"])
    with pytest.raises(SibError, match="tolerance"):
        sib.reserves(made.data, 2026, tolerance=-0.1)


def test_deposits_without_rate_or_balance_are_told_and_never_dropped(made):
    """The 20,000 at sight lose their rate: the rest accrues 1,050 + 119 = 1,169, at (1,050 + 238) ÷ 70,000 a year."""
    table = made.data.table("deposits").copy()
    table.loc[1, "rate"] = float("nan")
    bare = sib.reserves(made.data.replaced(made.data._view, tables={**made.data.tables, "deposits": table}), 2026)
    fund = bare.funds.set_index("programme").loc[EP]
    assert (fund["balance"] / 1e4, fund["without_rate"] / 1e4, fund["accrued"] / 1e4) == pytest.approx((90_000, 20_000, 1_169))
    assert fund["rate"] == pytest.approx((60_000 * 0.0175 + 10_000 * 0.0238) / 70_000)
    assert bare.frame["status"].tolist() == ["yellow", "orange", "", "yellow"]
    told = bare.findings.frame.query("id == 'deposit_without_rate'")
    assert told[["region", "programme", "found"]].to_numpy().tolist() == [[A, EP, "200,000,000.00"]]
    assert "2.00 (100m yuan) in 1 without a rate" in bare.headline()
    assert "deposits_not_balance" not in set(bare.findings.frame.query("programme == @EP")["id"])
    table.loc[2, "balance"] = float("nan")
    less = sib.reserves(made.data.replaced(made.data._view, tables={**made.data.tables, "deposits": table}), 2026)
    assert less.findings.frame.query("id == 'deposit_without_balance'")["row"].tolist() == [4]
    assert less.structure()["average_rate"].iloc[0] == pytest.approx(0.0175)


def test_without_deposits(china):
    with pytest.raises(SibError, match="no table deposits"):
        sib.reserves(china, 2021)
