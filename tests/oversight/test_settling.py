"""`settle`: domain example 5.6 from tables to bill and true-up, and an account beside its two budgets."""

import json

import jsonschema
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from tests import datasets
from tests.datasets import WAN, write_table
from tests.worked import test_settlement as example

R, EP = example.R, example.EP
#: What the region and the league advanced during the year, 万元.
GRANT, SUBSIDY = 3_000, 500


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Example 5.6, with a gap-filling grant of 3,000 and a subsidy of 500 in the account: they fill the gap, they are no part of it."""
    drivers = {i: (v, u) for i, v, u in datasets.EP_DRIVERS} | dict.fromkeys(("deferred_out", "gap_subsidy", "gap_grant"), (0, WAN))
    lines = ("contribution_revenue", "fiscal_subsidy", "interest", "transfer_in", "other_revenue", "upper_grant", "benefit_expenditure",
             "transfer_out", "other_expenditure", "upper_remittance", "total_revenue", "total_expenditure")  # fmt: skip
    budget = drivers | {i: (datasets.EP_LINES[i], WAN) for i in lines}
    final = budget | example.CHANGED | {"gap_grant": (GRANT, WAN), "gap_subsidy": (SUBSIDY, WAN)}
    final["upper_grant"] = (datasets.EP_LINES["upper_grant"] + GRANT, WAN)
    final["fiscal_subsidy"] = (datasets.EP_LINES["fiscal_subsidy"] + SUBSIDY, WAN)
    final["total_revenue"] = (datasets.EP_LINES["total_revenue"] - 5_000 + GRANT + SUBSIDY, WAN)
    final["total_expenditure"] = (datasets.EP_LINES["total_expenditure"] + 1_500, WAN)
    rows = [(R, EP, i, 2025, v, u, "final") for i, v, u in datasets.EP_OPENING]
    rows += [(R, EP, i, 2026, v, u, stage) for stage, table in (("budget", budget), ("final", final)) for i, (v, u) in table.items()]
    pooling = (("programme", "level", "start", "end"), [(EP, "region", "2009-10-01", "")])
    path = datasets.dataset(tmp_path_factory.mktemp("s"), rows, pooling=pooling)
    decisions = [(n, i, EP, "*", a, u, s, d, "false", "document 7" if d == "event" else "") for n, i, a, u, s, d in example.DECISIONS]
    write_table(path, "policies", example.POLICY, decisions)
    return sib.settle(sib.load(path), 2026)


@pytest.fixture(scope="module")
def rules():
    return sib.read_rules("nmg_2016")


def wan(table, *keys):
    return {k: round(v / 1e4, 2) for k, v in table.groupby(list(keys))["value"].sum().items()}


def test_from_tables_to_bill(made, rules):
    """Budget gap 3,441.10, net gap 9,941.10; payers 3,204.66 / 2,136.44 + 2,800 / 1,800 (domain 5.6)."""
    assert wan(made.causes.frame, "stage") == {"budget": 3_441.10, "execution": 6_500.00}
    assert wan(made.bill(rules).frame, "payer") == {"region": 3_204.66, "league": 4_936.44, "pending": 1_800.00}


def test_causes_by_class(made, rules):
    """S1 3,441.10; S2 858 + 342 = 1,200; S3 700; X1 1,900.80 + 599.20 = 2,500; X2 257.40 + 42.60 = 300; A1 1,800."""
    assert wan(made.classes(rules), "class") == {"A1": 1_800.00, "S1": 3_441.10, "S2": 1_200.00, "S3": 700.00, "X1": 2_500.00, "X2": 300.00}


def test_true_up_against_what_was_advanced(made, rules):
    """Region 3,204.66 − 3,000 = 204.66 still due; the league's treasury 4,936.44 − 500 = 4,436.44; pending 1,800."""
    table = made.true_up(rules).set_index("payer")
    got = {p: tuple(round(float(v) / 1e4, 2) for v in r) for p, r in zip(table.index, table[["due", "advanced", "difference"]].to_numpy(), strict=True)}
    assert got == {"region": (3_204.66, 3_000.00, 204.66), "own treasury": (4_936.44, 500.00, 4_436.44), "pending": (1_800.00, 0.00, 1_800.00)}


def test_lines_against_the_budget_with_their_largest_causes(made):
    """Contributions 232,502.40 of 237,502.40: 97.9 %, short by 1,900.80 + 1,800 + 700 + 599.20 = 5,000."""
    row = made.frame.set_index("item").loc["contribution_revenue"]
    assert row["completion"] == pytest.approx(232_502.40 / 237_502.40)
    assert row["deviation"] == pytest.approx(-5_000 / 237_502.40)
    assert row["status"] == "green"  # 2.1 % short
    assert row["reason"] == "97.9% of the budget; chiefly collection rate -1,900.80 (10k yuan), d1 -1,800.00 (10k yuan), e1 -700.00 (10k yuan)"
    benefits = made.frame.set_index("item").loc["benefit_expenditure", "reason"]
    assert benefits == "100.6% of the budget; chiefly n1 +858.00 (10k yuan), n2 +342.00 (10k yuan), l1 +257.40 (10k yuan)"


def test_a_settlement_in_chinese(made):
    """Labels for codes, 万元 for 10k yuan; final accounts are called that, causes are no measures, rows bear no numbers."""
    told = made.in_language("zh").frame.set_index("item").loc["contribution_revenue", "reason"]
    assert told == "完成预算的97.9%；主要原因：征缴率 −1,900.80万元、d1 −1,800.00万元、e1 −700.00万元"
    lines = made.shown("zh").splitlines()
    causes = made.causes.frame.query("cause != 'budget_gap'")
    measures = causes[causes["kind"].isin(["policy", "event"])]["cause"].nunique()
    assert f"原因{causes['cause'].nunique()}项，其中措施{measures}项" in "".join(line.strip() for line in lines)
    head = next(line.split() for line in lines if "预算" in line and "项目" in line)
    assert head == ["险种", "项目", "预算", "决算数"]
    assert lines[-1].split()[0] == "企业职工基本养老保险基金"
    assert made.errors(forecast=False).columns[-2:].tolist() == ["error", "bias"]


def test_forecast_error_and_bias_of_a_fund(made):
    """Spending 313,638.50 of 312,138.50: 0.48 % more than told; one area, so error and bias agree."""
    row = made.errors(forecast=False).set_index(["item", "against"]).loc["total_expenditure", "budget"]
    assert row[["number", "error", "bias"]].tolist() == pytest.approx([1, 1_500 / 312_138.50, 1_500 / 312_138.50])


def account(stage="final", period=2025):
    """Two areas: 1,080 and 510 came; budgets 1,000 and 500, adjusted 1,100 (the first), last year 900 and 480, expected 1,090."""
    rows = []
    for region, told, came, before in (("150100", 1_000, 1_080, 900), ("150200", 500, 510, 480)):
        for item in ("total_revenue", "total_expenditure"):
            rows += [(region, "unemployment", item, 2025, told, WAN, "budget"), (region, "unemployment", item, period, came, WAN, stage),
                     (region, "unemployment", item, 2024, before, WAN, "final")]  # fmt: skip
    rows += [("150100", "unemployment", "total_expenditure", 2025, 1_100, WAN, "adjusted"), ("150100", "unemployment", "total_expenditure", 2025, 1_090, WAN, "expected")]
    return rows


REGIONS = [*datasets.ONE_LEAGUE, ("150200", "包头市", "150000", "league")]


def test_against_original_adjusted_and_last_year(tmp_path):
    made = sib.settle(sib.load(datasets.dataset(tmp_path, account(), regions=REGIONS)), 2025)
    row = made.frame.set_index(["region", "item"]).loc["150100", "total_expenditure"]
    assert row[["completion", "against_original", "growth"]].tolist() == pytest.approx([1_080 / 1_100, 0.08, 0.20])
    assert row["expected"] == pytest.approx(1_090e4)
    assert row["status"] == "green"
    table = made.errors(forecast=False).set_index(["item", "against"])
    # |1,080/1,000 − 1| = 8 %, |510/500 − 1| = 2 %: mean 5 %; Σ 1,590 / 1,500 − 1 = 6 %
    assert table.loc["total_revenue", "budget"][["number", "error", "bias"]].tolist() == pytest.approx([2, 0.05, 0.06])
    assert table.loc["total_expenditure", "adjusted"]["bias"] == pytest.approx(-20 / 1_100)
    revenue = made.frame.set_index(["region", "item"]).loc["150100", "total_revenue"]
    assert (revenue["status"], revenue["deviation"]) == ("green", pytest.approx(0.08))  # more revenue than budgeted is no bad side
    jsonschema.validate(json.loads(made.to_json()), sib.schema("Settlement"))
    assert all(len(line) <= 80 for line in repr(made).splitlines())


def test_overspending_is_shown(tmp_path):
    rows = [(*r[:4], 1_120, *r[5:]) if r[2] == "total_expenditure" and r[6] == "final" and r[3] == 2025 and r[0] == "150100" else r for r in account()]
    rows = [r for r in rows if r[6] != "adjusted"]
    frame = sib.settle(sib.load(datasets.dataset(tmp_path, rows, regions=REGIONS)), 2025).frame.set_index(["region", "item"])
    assert frame.loc[("150100", "total_expenditure"), "status"] == "red"  # 12 % above the budget
    rows = [(*r[:4], 1_120, *r[5:]) if r[2] == "total_revenue" and r[6] == "final" and r[3] == 2025 and r[0] == "150100" else r for r in account()]
    frame = sib.settle(sib.load(datasets.dataset(tmp_path / "more", rows, regions=REGIONS)), 2025).frame.set_index(["region", "item"])
    assert frame.loc[("150100", "total_revenue"), "status"] == "yellow"  # 12 % more came: budgeted too low, as the monitor has it


@pytest.mark.parametrize(("stage", "period", "word"), [("executed", 2025, "the year's figure"), ("executed", "2025-12", "December's")])
def test_without_a_final_account_the_settlement_is_provisional(tmp_path, stage, period, word):
    made = sib.settle(sib.load(datasets.dataset(tmp_path, account(stage, period), regions=REGIONS)), 2025)
    note = made.findings.frame.set_index("id").loc["not_final"]
    assert word in note["found"]
    assert made.frame["executed"].notna().all()
    assert made.causes.frame["cause"].tolist() == ["budget_gap", "budget_gap"]  # both sides moved alike in either area


def test_no_account_no_budget_one_side_only(tmp_path):
    data = sib.load(datasets.dataset(tmp_path / "a", account(), regions=REGIONS))
    with pytest.raises(SibError, match="no account of 2023"):
        sib.settle(data, 2023)
    earlier = sib.settle(data, 2024)
    assert earlier.findings.frame["id"].tolist() == ["no_budget"]
    with pytest.raises(SibError, match="causes of 2024 are unknown"):
        earlier.bill(sib.read_rules("nmg_2016"))
    rows = [r for r in account() if not (r[2] == "total_expenditure" and r[6] == "final" and r[3] == 2025)]
    half = sib.settle(sib.load(datasets.dataset(tmp_path / "b", rows, regions=REGIONS)), 2025)
    assert half.causes is None
    assert {"gap_unknown", "causes_unknown"} <= set(half.findings.frame["id"])


def test_a_line_that_only_the_account_tells_is_no_cause_of_its_own(tmp_path):
    """Total spending 1,000 → 1,080; the account alone tells benefits of 900: blank in the budget is not zero, the gap moved by 80."""
    rows = [*account(), ("150100", "unemployment", "benefit_expenditure", 2025, 900, WAN, "final")]
    causes = sib.settle(sib.load(datasets.dataset(tmp_path, rows, regions=REGIONS)), 2025).causes.frame
    here = causes[causes["region"] == "150100"]
    assert "benefit_expenditure" not in set(here["line"])
    assert here.loc[here["stage"] == "execution", "value"].sum() == pytest.approx(0.0, abs=0.01)  # 80 more on both sides
