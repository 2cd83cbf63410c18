"""Causes and facts of a bill as people write them: names are resolved, what is not understood is refused with its row."""

import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from tests import datasets

RULES = sib.read_rules("nmg_2016")
PENSION = "enterprise_pension"


def cause(region="150100", programme=PENSION, value=10_000.0, **more):
    return {"region": region, "programme": programme, "period": "2026", "stage": "budget", "value": value} | more


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    regions = [("15", "示范区", "", "region"), ("150100", "呼和浩特市", "15", "league"), ("150102", "新城区", "150100", "county"), ("150103", "回民区", "150100", "county")]
    folder = datasets.dataset(tmp_path_factory.mktemp("d"), [("150102", PENSION, "closing_balance", 2025, 1, "万元", "final")])
    datasets.write_table(folder, "regions", ("region", "name", "parent", "level"), regions)
    datasets.write_table(folder, "pooling", ("programme", "level", "start", "end"), [(PENSION, "region", "2020-01-01", "")])
    return sib.load(folder)


def paid(bill):
    return {p: round(v, 2) for p, v in bill.frame.groupby("payer")["value"].sum().items() if v}


def test_names_of_areas_and_funds_are_resolved(data):
    """10,000 by names: 6,000 the region's, 4,000 the league's, as by codes."""
    by_name = sib.share(sib.Attribution.of(pd.DataFrame([cause("呼和浩特市", "企业职工基本养老保险")]), data), RULES)
    assert paid(by_name) == {"region": 6_000.0, "league": 4_000.0}
    assert set(by_name.frame["region"]) == {"150100"}
    pooling = pd.DataFrame([{"programme": PENSION, "level": "region", "start": "2020-01-01", "end": None, "region": ""}])
    without = sib.share(pd.DataFrame([cause("A", "企业职工基本养老保险")]), RULES, pooling=pooling)
    assert paid(without) == {"region": 6_000.0, "league": 4_000.0}


def test_unknown_words_of_causes_are_refused_at_once(data):
    rows = [cause("呼和浩特"), cause(""), cause("999999"), cause(programme="work_injry"), cause(programme=None), cause(period="next year")]
    with pytest.raises(SibError) as told:
        sib.share(sib.Attribution.of(pd.DataFrame(rows), data), RULES)
    message = str(told.value)
    assert message.count("\n  - ") == 5
    for part in ("region, row 1: the region is blank", "region, row 2: unknown area '999999'", "'work_injury'", "row 4: the programme is blank", "row 5: not a period: 'next year'"):
        assert part in message


def test_a_fund_nobody_knows_is_said_without_a_data_set():
    bill = sib.share(pd.DataFrame([cause("A", "work_injry")]), RULES)
    found = bill.findings.frame.set_index("id")
    assert found.loc["unknown_programme", ["found", "expected"]].tolist() == ["work_injry", "work_injury"]


def test_funds_out_of_scope_for_want_of_an_entry_are_listed(data):
    rows = pd.DataFrame([cause(programme="work_injury"), cause()])
    found = sib.share(sib.Attribution.of(rows, data), RULES).findings.frame
    assert found[["id", "severity", "programme", "region"]].values.tolist() == [["no_pooling_entry", "warning", "work_injury", "150100"]]
    named = sib.share(pd.DataFrame([cause("A"), cause("B")]), sib.read_rules("anhui_injury")).findings.frame
    assert named[["id", "programme", "found"]].values.tolist() == [["not_in_the_rules", PENSION, "A, B"]]


@pytest.mark.parametrize(("cells", "told"), [
    ({"stage": "budgt"}, "unknown stage 'budgt'"), ({"known_at_budget": "maybe"}, "'maybe', expected true or false"), ({"decided_by": "leage"}, "did you mean 'league'"),
    ({"side": "left"}, "unknown side 'left'"), ({"kind": "x"}, "unknown kind 'x'"), ({"value": "nan"}, "'nan' is not an amount"), ({"value": "12%"}, "'12%' is not an amount"),
    ({"value": float("inf")}, "not a finite amount"), ({"value": 1e308}, "not a finite amount"), ({"value": None}, "blank is not zero"), ({"programme": "合计"}, "the total over funds"), ({"cause": ["x"]}, "one cell holds several things"),
])  # fmt: skip
def test_words_and_amounts_of_causes_are_checked(cells, told):
    with pytest.raises(SibError, match=r"rows? 1") as fault:
        sib.share(pd.DataFrame([cause("A"), cause("A") | cells]), RULES)
    assert told in str(fault.value)


def test_a_grade_that_is_none_is_refused():
    with pytest.raises(SibError, match="assessment \\[1\\] of A"):
        sib.share(pd.DataFrame([cause("A")]), RULES, assessments={"A": [1]})


def test_words_of_causes_may_be_chinese():
    """A local decision, written in Chinese, is the league's alone."""
    row = cause("A", "企业养老", "1万", stage="执行", kind="policy", decided_by="盟市", side="支出", known_at_budget="否")
    assert paid(sib.share(pd.DataFrame([row]), RULES)) == {"league": 10_000.0}


def test_two_columns_of_amounts_are_refused():
    table = pd.DataFrame([["A", PENSION, 1.0, 2.0]], columns=["region", "programme", "value", "value"])
    with pytest.raises(SibError, match="have value twice"):
        sib.share(table, RULES)


def share_file(tmp_path, text, *more, encoding="utf-8"):
    from sibforecast.cli.main import main

    (tmp_path / "c.csv").write_bytes(text.encode(encoding))
    return main(["share", str(tmp_path / "c.csv"), "--rules", "nmg_2016", "--out", str(tmp_path / "bill.csv"), *more])


def test_a_file_of_causes_may_be_chinese_and_gb18030(tmp_path):
    assert share_file(tmp_path, "地区,险种,年度,阶段,金额\nA,企业养老,2026年,预算,1万\n", encoding="gb18030") == 0
    bill = pd.read_csv(tmp_path / "bill.csv", dtype=str)
    assert bill[["programme", "period", "payer"]].values.tolist() == [[PENSION, "2026", "region"], [PENSION, "2026", "league"]]
    assert bill["value"].astype(float).tolist() == [6_000.0, 4_000.0]


@pytest.mark.parametrize(("text", "told"), [
    ("region,programme,stage,value\nA,work_injury,budget,1,000\n", "ragged_row"), ("region,programme,value,value\nA,work_injury,1,2\n", "two columns mean value"),
    ("region,value\nA,1\n", "lacks programme"), ("region,programme,value\nA,work_injury,12%\n", "not an amount"), ("", "empty_table"), ('region,programme,value\nA,"work\n', "unclosed_quote"),
])  # fmt: skip
def test_a_faulty_file_of_causes_is_refused(tmp_path, capsys, text, told):
    assert share_file(tmp_path, text) == 1
    assert told in capsys.readouterr().err


def test_conditions_without_areas_are_refused(tmp_path, capsys):
    (tmp_path / "k.csv").write_text("remitted_on_time,task_completed\ntrue,true\n")
    assert share_file(tmp_path, f"region,programme,value\nA,{PENSION},1\n", "--conditions", str(tmp_path / "k.csv")) == 1
    assert "k.csv lacks region" in capsys.readouterr().err
