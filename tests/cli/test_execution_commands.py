"""The commands of the year in execution as processes: exit codes, tables, workbooks, JSON, faulty data."""

import contextlib
import io
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import jsonschema
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.cli.main import main
from tests import datasets
from tests.oversight.test_monitoring import R, budget, months, past, this_year


def run(*words):
    return subprocess.run([sys.executable, "-m", "sibforecast", *map(str, words)], capture_output=True, text=True, check=False, timeout=300)


def called(*words):
    """The same without a process of its own: its exit code, and what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(w) for w in words])
        except SystemExit as stop:
            code = stop.code
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    rows = past() + budget() + this_year() + [(R, "unemployment", "total_revenue", 2024, 990, "万元", "budget"), (R, "unemployment", "total_expenditure", 2024, 900, "万元", "budget")]
    assessments = (("region", "indicator", "period", "value"), [(R, group, "2024", 90) for group in ("compilation", "execution", "supervision")])
    rows += [(R, "unemployment", item, 2024, value, unit, "final") for item, value, unit in FACTS]
    more = {"deposits": DEPOSITS, "ledgers": LEDGERS}
    return datasets.dataset(tmp_path_factory.mktemp("e"), rows, assessments=assessments, **more)


#: What collection and benefits need beside the totals: heads, base, rate, what was assessed and collected, who is paid.
FACTS = [
    ("contributors", 10_000, "人"), ("contribution_base", 5_000, "元/月"), ("contribution_rate", 1, "%"), ("assessed", 500, "万元"),
    ("collected", 490, "万元"), ("beneficiaries", 500, "人"), ("benefit_level", 1_500, "元/月"),
]
DEPOSITS = (
    ("region", "programme", "kind", "bank", "balance", "unit", "rate", "start", "term_months"),
    [(R, "unemployment", "活期", "工商银行", 80, "万元", "0.5%", "2024-01", ""), (R, "unemployment", "定期", "工商银行", 120, "万元", "1.5%", "2024-03", 12)],
)
LEDGERS = (
    ("region", "programme", "item", "period", "ledger", "amount", "unit"),
    [(R, "unemployment", "interest", "2024-12", book, amount, "元") for book, amount in (("经办", 100), ("财政", 100), ("银行", 10))],
)
#: A year later than 2024 is placed for; the drivers of this small set do not make one.
MONEY = [(("collection", "--year", "2024"), "Collection"), (("benefits", "--year", "2024"), "BenefitStock"),
         (("reserves", "--year", "2025"), "Reserves"), (("match",), "LedgerMatch"), (("adjust", "--asof", "2025-06"), "Adjustment"),
         (("ladder", "--fund", "unemployment", "--draws", "50"), "Ladder")]  # fmt: skip
COMMANDS = [(("monitor", "--asof", "2025-06"), "Monitoring"), (("settle", "--year", "2024"), "Settlement"), (("assess", "--year", "2024"), "Scorecard")]


@pytest.mark.parametrize(("words", "kind", "how"), [*((*c, run) for c in COMMANDS), *((*c, called) for c in MONEY)])
def test_result_on_the_terminal_as_json_and_as_table(example, tmp_path, words, kind, how):
    told = how(words[0], example, *words[1:], "--out", tmp_path / "t.csv")
    assert told.returncode == (1 if words[0] == "match" else 0), told.stderr  # the books differ: the data have errors
    assert told.stdout.startswith(f"<{kind}>")
    assert told.stderr == ""
    assert list(pd.read_csv(tmp_path / "t.csv", encoding="utf-8-sig").columns) == list(getattr(sib, kind).columns)
    record = json.loads(how(words[0], example, *words[1:], "--json").stdout)
    jsonschema.validate(record, sib.schema(kind))


def test_the_terminal_names_the_figure(example):
    assert "29.0% of the budget to date" in run("monitor", example, "--asof", "2025-06").stdout


def test_a_bill_and_what_is_due_with_rules(example):
    """Budget 990 − 900, account 1,000 − 900 by its December: a surplus, 90 of it by the budget, stays in the fund."""
    told = run("settle", example, "--year", 2024, "--rules", "nmg_2016")
    assert told.returncode == 0, told.stderr
    assert "still to be paid" in told.stdout
    assert "not_final" in told.stdout
    assert re.search(r"unemployment +total_revenue +budget +1 +0\.0101 +0\.0101", told.stdout)  # 1,000 ÷ 990 − 1
    assert "causes by class of the rules" in told.stdout


def test_a_workbook_of_the_year_holds_the_official_forms(example, tmp_path):
    """Of 2024 there is December alone: forms of execution; they read back, 1,000 of revenue in 万元."""
    for words, sheet in ((("settle", "--year", 2024), "社预执行08 失业保险"), (("monitor", "--asof", "2025-06"), "社预执行08 失业保险")):
        told = called(words[0], example, *words[1:], "--out", tmp_path / f"{words[0]}.xlsx")
        assert told.returncode == 0, told.stderr
        with pd.ExcelFile(tmp_path / f"{words[0]}.xlsx", engine="openpyxl") as book:
            assert sheet in book.sheet_names
    back = sib.load(tmp_path / "monitor.xlsx").frame
    assert back.query("period == '2025-06' and item == 'total_revenue'")["value"].unique().tolist() == [290e4]


def test_what_one_more_point_is_worth_on_the_terminal(example):
    """The fund has a surplus: nothing is granted, so nothing is gained; 90 of 100 points is the best grade already."""
    told = called("assess", example, "--year", 2024, "--rules", "nmg_2016").stdout
    assert "what one more point is worth, by the settlement of 2024" in told
    assert re.search(r"150100 +9\d\.\d\d +优秀 +0\.0000 +0\.0000", told)


def test_the_rules_of_reserves_on_the_terminal(example):
    """45.6 at the end of the year for 75 a month (see test_monitoring): below twelve months."""
    told = called("monitor", example, "--asof", "2025-06").stdout
    assert re.search(r"unemployment refund_reserve_months +0\.6083 +12\.00", told)


def test_the_form_follows_the_ending_and_json_stays_alone(example, tmp_path):
    """A workbook is a workbook, JSON on the terminal is not mixed with what was written where."""
    told = run("reserves", example, "--year", "2025", "--json", "--out", tmp_path / "r.xlsx")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["kind"] == "Reserves"
    assert "written:" in told.stderr
    assert pd.read_excel(tmp_path / "r.xlsx", engine="openpyxl")["balance"].sum() == pytest.approx(2_000_000)
    told = called("match", example, "--out", tmp_path / "m.json")
    assert json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))["kind"] == "LedgerMatch"
    assert "unit slip (× 10)" in " ".join(told.stdout.split())


def test_interest_on_the_terminal(example):
    """80 × 0.5 % + 120 × 1.5 % = 2.2 (10,000 yuan) a year."""
    assert "2 deposits earn 2.20 (10k yuan)" in called("reserves", example, "--year", "2025").stdout


def test_what_was_not_assessed_on_the_terminal(example):
    """10,000 × 5,000 × 1 % × 12 = 600 are due, 500 assessed."""
    told = called("collection", example, "--year", "2024").stdout
    assert "expected 6,000,000.00; found 5,000,000.00" in told
    assert "not_assessed" in told


def test_a_ladder_with_rates_of_its_own():
    """All at 3 % would be 3, all at 1 % one: most of it goes for a year, what that frees within it is placed again."""
    told = called("ladder", "oasdi", "--fund", "di", "--draws", "50", "--rate", "0=0.01", "--rate", "12=0.03")
    assert told.returncode == 0, told.stderr
    rate = re.search(r"<Ladder> di 2006: (\d\.\d\d)% a year", told.stdout)
    assert 2.5 < float(rate[1]) < 3.0
    bare = called("ladder", "oasdi", "--fund", "di", "--draws", "50")
    assert bare.returncode == 2
    assert "not USD: give rates" in bare.stderr


@pytest.mark.parametrize(("words", "kind", "how"), [*((*c, run) for c in COMMANDS), *((*c, called) for c in MONEY)])
def test_faulty_data_is_1_with_every_finding(tmp_path, words, kind, how):
    rows = [*past(), *months("total_revenue", 2025, 500, (1.0,) * 12, 2), (R, "unemployment", "total_revenues", "2025-02", 1, "万元", "executed"),
            (R, "no_fund", "interest", "2025-02", 1, "万元", "executed"), (R, "unemployment", "total_revenue", "2025-02", 400, "万元", "executed")]  # fmt: skip
    told = how(words[0], datasets.dataset(tmp_path / "d", rows), *words[1:], "--out", tmp_path / "t.csv")
    assert told.returncode == 1
    assert all(word in told.stderr for word in ("unknown_item", "unknown_programme", "duplicate"))
    assert not (tmp_path / "t.csv").exists()


@pytest.mark.parametrize("words", [
    ("monitor", "oasdi"), ("monitor", "oasdi", "--asof", "2006"), ("monitor", "no/such", "--asof", "2025-06"), ("settle", "oasdi", "--year", "1900"),
    ("assess", "oasdi", "--year", "2005", "--scorecard", "none.toml"),
])  # fmt: skip
def test_wrong_usage_is_2(words):
    told = run(*words)
    assert told.returncode == 2
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("words", [
    ("match", "oasdi"), ("reserves", "oasdi", "--year", "2005"),
    ("collection", "oasdi", "--year", "1990"), ("collection", "nmg", "--year", "2025", "--out", "t.txt"), ("ladder", "nmg"),
    ("ladder", "oasdi", "--fund", "no_fund", "--rate", "0=0.01"), ("ladder", "oasdi", "--fund", "di", "--level", "2"),
    ("ladder", "nmg", "--fund", "unemployment", "--rate", "twelve"), ("benefits", "oasdi", "--year", "1900"), ("adjust", "oasdi", "--asof", "2006"),
])  # fmt: skip
def test_what_cannot_be_asked_is_2_without_a_trace(words):
    told = called(*words)
    assert told.returncode == 2
    assert told.stderr
    assert "Traceback" not in told.stderr
