"""monitor, settle and assess as processes: exit codes, tables, JSON, faulty data."""

import json
import subprocess
import sys

import jsonschema
import pandas as pd
import pytest

import sibforecast as sib
from tests import datasets
from tests.oversight.test_monitoring import R, budget, months, past, this_year


def run(*words):
    return subprocess.run([sys.executable, "-m", "sibforecast", *map(str, words)], capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    rows = past() + budget() + this_year() + [(R, "unemployment", "total_revenue", 2024, 990, "万元", "budget"), (R, "unemployment", "total_expenditure", 2024, 900, "万元", "budget")]
    assessments = (("region", "indicator", "period", "value"), [(R, group, "2024", 90) for group in ("compilation", "execution", "supervision")])
    return datasets.dataset(tmp_path_factory.mktemp("e"), rows, assessments=assessments)


COMMANDS = [(("monitor", "--asof", "2025-06"), "Monitoring"), (("settle", "--year", "2024"), "Settlement"), (("assess", "--year", "2024"), "Scorecard")]


@pytest.mark.parametrize(("words", "kind"), COMMANDS)
def test_result_on_the_terminal_as_json_and_as_table(example, tmp_path, words, kind):
    told = run(words[0], example, *words[1:], "--out", tmp_path / "t.csv")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(f"<{kind}>")
    assert told.stderr == ""
    assert list(pd.read_csv(tmp_path / "t.csv", encoding="utf-8-sig").columns) == list(getattr(sib, kind).columns)
    record = json.loads(run(words[0], example, *words[1:], "--json").stdout)
    jsonschema.validate(record, sib.schema(kind))


def test_the_terminal_names_the_figure(example):
    assert "29.0% of the budget to date" in run("monitor", example, "--asof", "2025-06").stdout


def test_a_bill_and_what_is_due_with_rules(example):
    """Budget 990 − 900, account 1,000 − 900 by its December: a surplus, 90 of it by the budget, stays in the fund."""
    told = run("settle", example, "--year", 2024, "--rules", "nmg_2016")
    assert told.returncode == 0, told.stderr
    assert "still to be paid" in told.stdout
    assert "not_final" in told.stdout


@pytest.mark.parametrize(("words", "kind"), COMMANDS)
def test_faulty_data_is_1_with_every_finding(tmp_path, words, kind):
    rows = [*past(), *months("total_revenue", 2025, 500, (1.0,) * 12, 2), (R, "unemployment", "total_revenues", "2025-02", 1, "万元", "executed"),
            (R, "no_fund", "interest", "2025-02", 1, "万元", "executed"), (R, "unemployment", "total_revenue", "2025-02", 400, "万元", "executed")]  # fmt: skip
    told = run(words[0], datasets.dataset(tmp_path / "d", rows), *words[1:], "--out", tmp_path / "t.csv")
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
