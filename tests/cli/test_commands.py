"""The command line as a process: exit codes, outputs whole or not at all, nothing in a pipe but results."""

import argparse
import csv
import json
import subprocess
import sys

import jsonschema
import pytest

import sibforecast as sib
from sibforecast.cli import output
from tests import datasets

ENGLISH = argparse.Namespace(language="en")


def run(*words, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "sibforecast", *map(str, words)], capture_output=True, text=True, cwd=cwd, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return datasets.enterprise_pension(tmp_path_factory.mktemp("ep"))


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    rows = [("150300", "enterprise_pension", "insured", 2025, "many", "人", "final"), ("乌", "enterprise_pension", "insured", 2024, 5, "人", "final")]
    regions = [("150000", "内蒙古自治区", "", "region"), ("150300", "乌海市", "150000", "league"), ("150900", "乌兰察布市", "150000", "league")]
    return datasets.dataset(tmp_path_factory.mktemp("bad"), rows, regions=regions)


def test_check_is_clean(example):
    done = run("check", example)
    assert done.returncode == 0
    *_, counts, then = done.stdout.splitlines()
    assert counts.startswith("0 errors")
    assert then.startswith(f"next: sibforecast review {example} --stage final ")


def test_what_check_names_next_finds_a_slip_of_the_unit(tmp_path):
    """45,583 persons typed beside the unit 万人 pass the check; the review it names tells them."""
    rows = [("150300", "enterprise_pension", item, year, value, unit, "final") for year in (2023, 2024, 2025)
            for item, value, unit in (("insured", 60_000, "人"), ("contributors", 45_583, "万人" if year == 2025 else "人"))]  # fmt: skip
    regions = [("150000", "内蒙古自治区", "", "region"), ("150300", "乌海市", "150000", "league")]
    data = datasets.dataset(tmp_path / "slip", rows, regions=regions)
    done = run("check", data)
    assert (done.returncode, done.stdout.splitlines()[0][:8]) == (0, "0 errors")
    words = done.stdout.splitlines()[-1].removeprefix("next: sibforecast ").partition("   (")[0].split()
    assert "contributors" in run(*words).stdout


def test_errors_are_all_listed_and_the_exit_code_is_1(broken, tmp_path):
    out = tmp_path / "out"
    for words in (("check", broken), ("draft", broken, "--year", 2026, "--out", out)):
        done = run(*words)
        assert done.returncode == 1
        text = done.stdout + done.stderr
        assert "not_a_number" in text
        assert "may mean" in text
        assert "row 2" in text
        assert "row 3" in text
    assert not out.exists()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words", [(), ("draft",), ("draft", ".", "--year", "soon"), ("nonsense",), ("check", "no/such/folder"), ("template", "x.txt")]
)
def test_wrong_usage_is_2(words, tmp_path):
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


def test_a_faulty_scenario_or_rules_file_is_1_and_writes_nothing(example, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text('title = ""\n[[change]]\nitem = "x"\n', encoding="utf-8")
    for option in ("--scenario", "--rules"):
        done = run("draft", example, "--year", 2026, option, bad, "--out", tmp_path / "out")
        assert done.returncode == 1, done.stderr
        assert "bad.toml" in done.stderr
    assert not (tmp_path / "out").exists()


def test_json_validates_against_the_schema(example):
    done = run("draft", example, "--year", 2026, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress bar in a pipe
    record = json.loads(done.stdout)
    jsonschema.validate(record, sib.schema("BudgetDraft"))
    gap = [r for r in record["rows"] if r[record["columns"].index("item")] == "gap"]
    assert gap[0][record["columns"].index("value")] == pytest.approx(34_411_000)


def test_draft_with_scenario_and_rules_writes_everything(example, tmp_path):
    scenario = tmp_path / "raise.toml"
    scenario.write_text(
        'title = "加发"\n[[change]]\nid = "n"\nitem = "benefit_level"\nadd = 20\nunit = "元/月"\nstart = "2026-07"\n'
        'decided_by = "nation"\nknown_at_budget = false\n',
        encoding="utf-8",
    )
    out = tmp_path / "out"
    done = run("draft", example, "--year", 2026, "--scenario", scenario, "--rules", "nmg_2016.toml", "--out", out)
    assert done.returncode == 0, done.stderr
    names = {f.name for f in out.iterdir()}
    assert {"draft.csv", "balance.csv", "draft.xlsx", "page.html", "fan.png", "waterfall.png", "sharing.png", "causes.csv", "sharing.csv"} <= names
    assert {"balance.png", "tornado.png", "scenarios.png"} <= names
    assert not {"execution.png", "heat.png", "multiples.png"} & names  # no months, and one area only
    assert (out / "sharing.csv").read_text("utf-8-sig").count("S2") >= 2
    assert not [f for f in tmp_path.iterdir() if f.name.startswith(".")]


def test_file_and_command_line_give_the_same_bits(example, tmp_path):
    scenario = tmp_path / "s.toml"
    scenario.write_text(
        'title = "s"\n[[change]]\nitem = "collection_rate"\nmultiply = 0.97\nstart = "2026-03"\ndecided_by = "league"\n', encoding="utf-8"
    )
    run("draft", example, "--year", 2026, "--scenario", scenario, "--out", tmp_path / "out")
    ours = sib.project(sib.draft_budget(sib.load(example), 2026).assumptions, sib.read_scenario(scenario)).frame
    with (tmp_path / "out" / "scenario.csv").open(encoding="utf-8-sig", newline="") as file:
        theirs = [float(row["value"]) for row in csv.DictReader(file)]
    assert theirs == ours["value"].tolist()
    with (tmp_path / "out" / "audit.csv").open(encoding="utf-8-sig", newline="") as file:
        audit = list(csv.DictReader(file))
    assert [(r["change"], r["item"], r["period"]) for r in audit] == [("collection_rate ×0.97", "collection_rate", "2026")]
    assert float(audit[0]["after"]) == pytest.approx(0.98 * (1 - 0.03 * 10 / 12))


def test_template_fills_and_checks(tmp_path):
    done = run("template", tmp_path / "t.xlsx", "--like", "oasdi")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "t.xlsx").exists()
    assert run("check", tmp_path / "t.xlsx").returncode == 0


def test_the_demonstration_of_the_blank_cell():
    done = run("check", sib.sample("blank_cell"))
    assert done.returncode == 1
    assert "collection_rate" in done.stdout
    assert "blank is not zero" in done.stdout


def test_json_holds_scenario_causes_and_bill(example, tmp_path):
    scenario = tmp_path / "s.toml"
    scenario.write_text(
        'title = "s"\n[[change]]\nid = "low"\nitem = "collection_rate"\nmultiply = 0.97\nstart = "2026-03"\ndecided_by = "league"\n', encoding="utf-8"
    )
    done = run("draft", example, "--year", 2026, "--scenario", scenario, "--rules", "nmg_2016.toml", "--json")
    record = json.loads(done.stdout)
    assert set(record) == {"draft", "scenario", "causes", "sharing"}
    for name, kind in (("draft", "BudgetDraft"), ("causes", "Attribution"), ("sharing", "Sharing")):
        jsonschema.validate(record[name], sib.schema(kind))
    assert "low" in {row[record["causes"]["columns"].index("cause")] for row in record["causes"]["rows"]}


def test_a_change_without_effect_is_told_wherever_the_draft_is(example, tmp_path):
    """The shipped cut starts in May 2027: a draft of 2026 alone does not meet it."""
    done = run("draft", example, "--year", 2026, "--scenario", "rate_cut", "--out", tmp_path / "out", "--json")
    assert done.returncode == 0
    assert "starts in 2027-05, after the years projected, 2026" in done.stderr
    assert [f["id"] for f in json.loads(done.stdout)["scenario"]["findings"]] == ["no_effect"]
    with (tmp_path / "out" / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [r["severity"] for r in csv.DictReader(file) if r["id"] == "no_effect"] == ["warning"]


def test_what_fills_a_gap_is_told_beside_it(nmg_draft):
    """Gap 171.51 before filling; 170.81 of it come as subsidies, which revenue holds: their difference is 0.71, as rounded."""
    from sibforecast.cli import commands

    told = list(commands._filled(commands._top(nmg_draft)))
    assert told == ["civil_servant_pension: gap before filling 171.51, filled by gap_subsidy 170.81, which revenue holds"]
    row = commands._top(nmg_draft).summary().loc["civil_servant_pension"]
    assert row["total_expenditure"] - row["total_revenue"] == pytest.approx(171.51 - 170.80)


def test_a_missing_scenario_or_rules_file_is_wrong_usage(example):
    for option in ("--scenario", "--rules"):
        done = run("draft", example, "--year", 2026, option, "no_such.toml")
        assert done.returncode == 2
        assert "shipped" in done.stderr


def test_bundled_data_sets_go_by_their_names():
    assert run("check", "oasdi").returncode == 0
    assert run("check", "blank_cell").returncode == 1


def test_nowcast_and_backtest_print_and_write(tmp_path):
    made = run("nowcast", "china", "--asof", "2021-09", "--out", str(tmp_path / "now.csv"))
    assert made.returncode == 0, made.stderr
    assert "urban_employee_pension" in made.stdout
    assert (tmp_path / "now.csv").read_text("utf-8-sig").startswith("region,programme,item,period,quantile,value,method")
    tested = run("backtest", "oasdi", "--origin", "2003", "--out", str(tmp_path / "test.csv"))
    assert tested.returncode == 0, tested.stderr
    assert "sibforecast" in tested.stdout
    assert run("nowcast", "china", "--asof", "2021").returncode == 2
    assert run("backtest", "oasdi", "--origin", "2005").returncode == 2


def test_share_a_table_of_causes(tmp_path):
    table = tmp_path / "causes.csv"
    table.write_text('region,programme,stage,value\nA,enterprise_pension,budget,"1,000,000"\n')
    made = run("share", str(table), "--rules", "nmg_2016", "--out", str(tmp_path / "bill.csv"))
    assert made.returncode == 0, made.stderr
    with (tmp_path / "bill.csv").open(encoding="utf-8-sig") as file:
        assert {r["payer"]: float(r["value"]) for r in csv.DictReader(file)} == {"region": 600_000.0, "league": 400_000.0}
    table.write_text("region,programme,stage,value\nA,enterprise_pension,budget,\nB,enterprise_pension,budget,abc\n")
    bad = run("share", str(table), "--rules", "nmg_2016", "--out", str(tmp_path / "no.csv"))
    assert bad.returncode == 1
    assert "row 2" in bad.stderr
    assert "row 3" in bad.stderr
    assert not (tmp_path / "no.csv").exists()


def test_a_draft_of_heads_alone_is_written_and_says_what_is_blank(tmp_path):
    done = run("draft", "provinces", "--year", "2016", "--out", tmp_path / "p")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "p" / "draft.csv").exists()
    assert "gap blank" in done.stdout


def test_a_bill_on_the_screen_shows_what_is_pending_and_unlisted(nmg_draft, tmp_path, capsys):
    """Causes written to disk and shared again with their data set make the same bill; the screen of a draft shows it as well."""
    from sibforecast.cli import commands

    results = commands._studies(nmg_draft, sib.read_scenario("demo_nmg"), sib.read_rules("nmg_2016"), ENGLISH)
    commands._tell(nmg_draft, results, ENGLISH)
    assert "! pending: 国家缓缴 (A1)" in capsys.readouterr().out
    results["causes"].frame.to_csv(tmp_path / "causes.csv", index=False, encoding="utf-8-sig")
    again = run("share", tmp_path / "causes.csv", "--rules", "nmg_2016", "--data", "nmg", "--out", tmp_path / "again.csv")
    assert again.returncode == 0, again.stderr
    assert "! pending: 国家缓缴 (A1)" in again.stdout
    with (tmp_path / "again.csv").open(encoding="utf-8-sig") as file:
        told = [(r["region"], r["programme"], r["payer"], r["cause"], float(r["value"])) for r in csv.DictReader(file)]
    bill = results["sharing"].frame
    assert told == list(bill[["region", "programme", "payer", "cause", "value"]].itertuples(index=False, name=None))
    table = tmp_path / "c.csv"
    table.write_text("region,programme,period,cause,stage,side,kind,value\nA,enterprise_pension,2015,benefit_level,execution,expenditure,driver,5e6\n", encoding="utf-8")
    screen = run("share", table, "--rules", "nmg_2016").stdout
    assert "! unlisted: benefit_level (A2) 0.0500 (100 million) in 1 area" in screen
    assert "rules_not_in_force" in screen  # the opinion is in force from 2016


def test_charts_of_a_draft_of_many_areas(nmg_draft, tmp_path):
    drawn = output.write_charts(nmg_draft, tmp_path, {}, "work_injury")
    assert drawn == [f"{name}.png" for name in ("fan", "balance", "execution", "tornado", "heat", "reserves", "multiples")]
    assert all((tmp_path / name).stat().st_size > 20_000 for name in drawn)


def test_review_lists_errors_and_the_dearest_warnings(tmp_path):
    done = run("review", "nmg", "--top", "3", "--out", tmp_path / "found.csv")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines if line.startswith("error")] == [f"error R-{n}" for n in ("01", "02", "03", "07", "09", "16")]
    assert sum(line.startswith("warning") for line in lines) == 3
    assert any(line.startswith("warning R-11") and "150622" in line for line in lines)
    with (tmp_path / "found.csv").open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert float(max(found, key=lambda r: float(r["at_stake"] or 0))["at_stake"]) > 2.5e11
    as_json = run("review", "nmg", "--stage", "budget", "--json")
    assert as_json.returncode == 0  # warnings only
    jsonschema.validate(json.loads(as_json.stdout), sib.schema("Review"))
    assert run("review", "oasdi").returncode == 2  # it has nothing at stage reported
    assert "final" in run("review", "oasdi").stderr


def test_share_takes_figures_and_conditions(tmp_path):
    """Gap 1,000 − 300 of own balance = 700, of it 80 % once the conditions are met; without the figures it says what to give."""
    (tmp_path / "c.csv").write_text("region,programme,period,value\nA,work_injury,2026,1000\n")
    (tmp_path / "f.csv").write_text("region,programme,item,value\nA,work_injury,opening_balance,300\n")
    (tmp_path / "k.csv").write_text("region,remitted_on_time,task_completed\nA,true,yes\n")
    facts = ("--figures", str(tmp_path / "f.csv"), "--conditions", str(tmp_path / "k.csv"))
    made = run("share", str(tmp_path / "c.csv"), "--rules", "gansu_injury", *facts, "--out", str(tmp_path / "bill.csv"))
    assert made.returncode == 0, made.stderr
    with (tmp_path / "bill.csv").open(encoding="utf-8-sig") as file:
        bill = {r["payer"]: float(r["value"]) for r in csv.DictReader(file)}
    assert bill == {"fund": 300.0, "league": 140.0, "region": 560.0}
    bare = run("share", str(tmp_path / "c.csv"), "--rules", "gansu_injury")
    assert bare.returncode == 2
    assert "figures= with opening_balance" in bare.stderr
