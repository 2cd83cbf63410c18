"""The command line in Chinese and in English: every command, what it refuses, what goes into files; places that cannot be written."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.cli import main as front
from sibforecast.cli import speech
from sibforecast.cli.execution import _meaning
from sibforecast.phrases import SCREEN, Teller
from sibforecast.screen import columns_of
from tests import datasets
from tests.cli.test_execution_commands import COMMANDS, MONEY, called, example  # noqa: F401

#: Words that stay: options and files to type, ids of findings, our name, the terminal's mark of a blank.
KEPT = re.compile(r"--\w+|[\w./-]+\.(?:csv|xlsx|json|frame|findings|warnings|toml)\b|\.findings|\.frame|\.warnings|sibforecast[^（\n]*|NaN|"
                  r"rates=|mortality=|错误 unmatched|\b[a-z]+(?:_[a-z0-9]+)+\b|R-\d\d|r[pm]-[\w-]+|nmg_2016|theta|X1|USD|oasdi|\bdi\b")  # fmt: skip


def english(text):
    """English words left in what is printed in Chinese."""
    return re.findall(r"[A-Za-z]{3,}", KEPT.sub("", text))


@pytest.fixture(scope="module")
def fund(tmp_path_factory):
    return datasets.enterprise_pension(tmp_path_factory.mktemp("ep"))


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    path = tmp_path_factory.mktemp("s") / "s.toml"
    path.write_text('title = "加发"\n[[change]]\nid = "加发20元"\nitem = "benefit_level"\nadd = 20\nunit = "元/月"\nstart = "2026-07"\n'
                    'decided_by = "nation"\nknown_at_budget = false\n', encoding="utf-8")  # fmt: skip
    return path


@pytest.mark.parametrize("words", [*(words for words, _ in (*COMMANDS, *MONEY)), ("nowcast", "--asof", "2025-06"), ("check",),
                                   ("review", "--stage", "final"), ("settle", "--year", "2024", "--rules", "nmg_2016")])  # fmt: skip
def test_every_command_speaks_chinese(example, words):  # noqa: F811
    said = called(words[0], example, *words[1:], "--language", "zh")
    assert said.returncode in (0, 1), said.stderr
    assert english(said.stdout + said.stderr) == []
    assert re.search("[一-鿿]", said.stdout)
    if words[0] in ("check", "reserves"):  # without being asked the terminal's language is spoken, English here
        asked = called(words[0], example, *words[1:], "--language", "en").stdout
        assert asked.replace(" --language en", "") == called(words[0], example, *words[1:]).stdout  # what comes next keeps it
        assert ("--stage final --language zh" in said.stdout) == (words[0] == "check")


def test_a_draft_its_causes_and_its_bill_in_chinese(fund, scenario, tmp_path):
    """Hand-worked gap 3,441.10 of the draft; 20 yuan × heads × 6 months come on top. In files codes stay, sentences are told."""
    said = called("draft", fund, "--year", "2026", "--scenario", scenario, "--rules", "nmg_2016", "--language", "zh", "--out", tmp_path / "o")
    for name, column in (("draft", "method"), ("scenario", "method"), ("sharing", "reason")):
        table = pd.read_csv(tmp_path / "o" / f"{name}.csv", dtype=str, keep_default_na=False)
        told = table[column][table[column] != ""]
        assert len(told), name
        assert english(" ".join(told)) == [], name
        assert set(table["programme"]) == {"enterprise_pension"}
    assert said.returncode == 0, said.stderr
    assert english(said.stdout.replace(str(tmp_path), "")) == []
    head, columns, *_ = said.stdout.splitlines()
    assert head.startswith("<草案> 2026年，1个地区，单位：亿元；错误0项")
    assert columns.split() == ["项目", "本年收入合计", "本年支出合计", "收支缺口", "年末滚存结余"]
    row = next(line for line in said.stdout.splitlines() if line.startswith("企业职工基本养老保险基金"))
    assert row.split()[3] == "0.34"  # 3,441.10 (10k yuan) are 0.34411 (100m yuan)
    assert "<成因> 收支缺口0.34 → " in said.stdout
    assert "<分担> " in said.stdout


def test_tables_of_causes_bear_titles_and_are_shared_again(fund, tmp_path):
    """Names stay, for rules go by them; the title of each stands beside it, and in the summary; reading it back tells of nothing."""
    cut = tmp_path / "s.toml"
    cut.write_text('title = "降费"\n[[change]]\ntitle = "缴费比例下调0.5个百分点"\nitem = "缴费比例"\nadd = "-0.5%"\nstart = "2026-07"\n'
                   'decided_by = "自治区"\n', encoding="utf-8")  # fmt: skip
    said = called("draft", fund, "--year", "2026", "--scenario", cut, "--language", "zh", "--out", tmp_path / "o")
    assert "缴费比例下调0.5个百" in said.stdout
    for name, column in (("causes", "cause"), ("audit", "change")):
        table = pd.read_csv(tmp_path / "o" / f"{name}.csv", dtype=str, keep_default_na=False)
        assert {"contribution_rate −0.005": "缴费比例下调0.5个百分点"}.items() <= dict(zip(table[column], table["title"], strict=True)).items()
    draft = sib.draft_budget(sib.load(fund), 2026)
    causes = sib.attribute(draft, sib.project(draft.assumptions, sib.read_scenario(cut)))
    assert causes.summary().index.tolist() == ["budget_gap", "缴费比例下调0.5个百分点"]
    assert "contribution_rate −0.005" in set(causes.frame["cause"])
    again = called("share", tmp_path / "o" / "causes.csv", "--rules", "nmg_2016", "--data", fund, "--language", "zh")
    assert (again.returncode, again.stderr) == (0, "")


def test_faults_of_a_scenario_at_once_with_funds_and_areas(fund, tmp_path):
    """What the file alone tells and what only the data set tells; deciders in both languages."""
    bad = tmp_path / "bad.toml"
    bad.write_text('title = "x"\n[[change]]\nitem = "人均待遇"\nprogramme = "馅饼基金，企业职工基本养老保险"\nregions = ["乱写县"]\nadd = 1\n'
                   'start = "2027-13"\ndecided_by = "村里"\n', encoding="utf-8")  # fmt: skip
    said = called("draft", fund, "--year", "2026", "--scenario", bad, "--language", "zh").stderr
    for part in ("未知的项目'人均待遇'", "start须为月份", "region (自治区)", "未知的险种'馅饼基金'", "未知的地区'乱写县'"):
        assert said.count(part) == 1, part
    assert len(said.splitlines()) == 6  # the file, and these five
    bad.write_text('title = "x"\n[[change]]\nitem = "人均待遇水平"\nprogramme = "馅饼基金"\nadd = 1\nunit = "元/月"\n'
                   'start = "2026-01"\ndecided_by = "旗县"\n', encoding="utf-8")  # fmt: skip
    said = called("draft", fund, "--year", "2026", "--scenario", bad, "--language", "zh").stderr
    assert "变动'人均待遇水平 +1'：未知的险种'馅饼基金'" in said


def test_a_refused_data_set_is_told_by_names(tmp_path):
    rows = [("150300", "enterprise_pension", "insured", year, value, "人", "final") for year, value in ((2024, 10), (2025, -5))]
    data = datasets.dataset(tmp_path / "d", rows, regions=[("150000", "内蒙古自治区", "", "region"), ("150300", "乌海市", "150000", "league")])
    checked, drafted = (called(*words, "--language", "zh") for words in (("check", data), ("draft", data, "--year", "2026")))
    line = next(line for line in checked.stdout.splitlines() if line.startswith("错误"))
    assert "乌海市，企业职工基本养老保险基金，参保人数，2025" in line
    assert f"  {line}" in drafted.stderr.splitlines()


@pytest.mark.parametrize(("payer", "due", "difference", "told"), [
    ("fund", -10.0, -10.0, "结余，留存基金，无须支付"), ("fund", 10.0, 10.0, "由基金结余负担"), ("pending", 5.0, 5.0, "待裁定"),
    ("region", 5.0, 2.0, "尚待支付"), ("own treasury", 0.0, -14.9, "已拨付多于应负担，应退回"), ("region", 5.0, 0.0, "已付清"),
])  # fmt: skip
def test_what_an_amount_of_the_bill_means(payer, due, difference, told):
    assert Teller("zh").text(_meaning(payer, due, difference), SCREEN) == told


def test_columns_stand_under_each_other(example):  # noqa: F811
    """Every line of a table is as wide as its heading, a Chinese character taking two columns."""
    said = called("nowcast", example, "--asof", "2025-06", "--language", "zh").stdout.splitlines()
    table = said[said.index("单位：亿元") + 1 :]
    assert len(table) == 3
    assert len({columns_of(line) for line in table}) == 1
    assert table[2].split()[1] == "失业保险基金"


def test_forecasts_and_draws_in_chinese():
    said = called("backtest", "oasdi", "--origin", "2003", "--language", "zh").stdout
    assert english(said) == []
    assert all(word in said for word in ("个序列", "平均绝对误差", "与上年相同", "本软件"))
    said = called("simulate", "oasdi", "--year", "2006", "--draws", "20", "--language", "zh").stdout
    assert english(said) == []
    assert "20次抽样" in said


def test_what_is_refused_is_told_in_chinese(tmp_path, fund):
    bad = tmp_path / "bad.toml"
    bad.write_text('title = ""\n[[change]]\nitem = "benefit_levle"\nadd = 1\nstart = "2026-13"\n', encoding="utf-8")
    said = called("draft", fund, "--year", "2026", "--scenario", bad, "--language", "zh")
    assert said.returncode == 1
    assert all(word in said.stderr for word in ("缺少标题", "第1项变动：未知的项目'benefit_levle'", "是否指'benefit_level'"))
    rows = [("150300", "enterprise_pension", "insured", 2025, "many", "人", "final")]
    regions = [("150000", "内蒙古自治区", "", "region"), ("150300", "乌海市", "150000", "league")]
    data = datasets.dataset(tmp_path / "d", rows, regions=regions)
    said = called("draft", data, "--year", "2026", "--language", "zh")
    assert said.returncode == 1
    assert "错误1项" in said.stderr
    assert "错误 not_a_number" in said.stderr
    assert english(said.stderr.split("：", 1)[1]) == ["many"]
    for words, part in ((("check", "no/such"), "没有文件或文件夹no/such"), (("nowcast", fund, "--asof", "2021"), "截止期应为月份"),
                        (("match", fund), "没有账簿表"), (("draft", fund, "--year", "1900"), "1900年以前没有数据"),
                        (("draft", fund, "--year", "2026", "--rules", "none.toml"), "没有分担规则'none.toml'；自带")):  # fmt: skip
        said = called(*words, "--language", "zh")
        assert said.returncode == 2
        assert said.stderr.startswith("sibforecast: ")
        assert part in said.stderr, said.stderr


def test_files_are_english_unless_a_language_is_asked_for(example, tmp_path, monkeypatch):  # noqa: F811
    """A Chinese terminal reads Chinese; what it writes is what any other machine writes."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    plain, told = tmp_path / "plain.json", tmp_path / "told.json"
    assert "执行监测" in called("monitor", example, "--asof", "2025-06", "--out", plain).stdout
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert "Monitoring" in called("monitor", example, "--asof", "2025-06", "--out", told).stdout
    assert plain.read_bytes() == told.read_bytes()
    book, beside = tmp_path / "told.xlsx", tmp_path / "beside.xlsx"
    called("review", example, "--stage", "budget", "--out", book, "--recomputed", beside, "--language", "zh")
    for file in (book, beside):
        heads = [str(h) for table in pd.read_excel(file, sheet_name=None, engine="openpyxl").values() for h in table.columns]
        assert heads
        assert not [head for head in heads if re.search("[a-z]{3}", head)]
    for words in (("monitor", "--asof", "2025-06"), ("settle", "--year", "2024")):
        called(words[0], example, *words[1:], "--out", told, "--language", "zh")
        record = json.loads(told.read_text("utf-8"))
        reasons = [row[record["columns"].index("reason")] for row in record["rows"]]
        assert any(reasons)
        assert english(" ".join(filter(None, reasons))) == []
        assert [row[2] for row in record["rows"] if row[2] == "total_revenue"]  # codes stay codes


def test_the_language_of_the_terminal(monkeypatch):
    for places, language in (({"LANG": "zh_CN.UTF-8"}, "zh"), ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"), ({}, "en"),
                             ({"LC_MESSAGES": "zh_TW", "LANG": "en_GB"}, "zh")):  # fmt: skip
        for place in ("LC_ALL", "LC_MESSAGES", "LANG"):
            monkeypatch.delenv(place, raising=False)
        for place, value in places.items():
            monkeypatch.setenv(place, value)
        assert speech.terminal_language() == language
    assert speech.speaks(argparse.Namespace(language="en")) == "en"


def test_workbook_page_and_charts_follow_the_language(fund, tmp_path):
    """Yuan data are drawn in Chinese, in English if that is asked for."""
    said = called("draft", fund, "--year", "2026", "--out", tmp_path / "o", "--language", "en")
    assert said.returncode == 0, said.stderr
    assert 'lang="en"' in (tmp_path / "o" / "page.html").read_text("utf-8")[:200]
    with pd.ExcelFile(tmp_path / "o" / "draft.xlsx", engine="openpyxl") as book:
        assert not any(re.search("[一-鿿]", str(name)) for name in book.sheet_names)


# -- places ----------------------------------------------------------------------------------


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    def nothing_read(*_):
        raise AssertionError("computed before the place was looked at")

    monkeypatch.setattr(front, "_run", nothing_read)
    (tmp_path / "file").write_text("x")
    folder, file, inside = tmp_path, tmp_path / "file", tmp_path / "file" / "t.csv"
    for words, said in ((("review", "nmg", "--out", folder), "is a folder; give a file"), (("draft", "nmg", "--year", "2027", "--out", file), "is a file; give a folder"),
                        (("review", "nmg", "--recomputed", folder), "is a folder"), (("settle", "nmg", "--year", "2025", "--out", inside), "is a file, not a folder"),
                        (("demo", "--out", file), "give a folder"), (("review", "nmg", "--recomputed", "t.json"), "expected a file that ends in .csv, .xlsx")):  # fmt: skip
        told = called(*words)
        assert told.returncode == 2
        assert said in told.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="who is root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    assert "no permission" in called("review", "nmg", "--out", tmp_path / "t.csv").stderr


def test_what_was_recomputed_is_written_by_its_ending(example, tmp_path):  # noqa: F811
    """The same table as a workbook and as CSV."""
    for name in ("r.csv", "r.xlsx"):
        said = called("review", example, "--stage", "budget", "--recomputed", tmp_path / name)
        assert f"written: {tmp_path / name}" in said.stdout, said.stderr
    book = pd.read_excel(tmp_path / "r.xlsx", engine="openpyxl")
    table = pd.read_csv(tmp_path / "r.csv", encoding="utf-8-sig")
    assert list(book.columns) == list(table.columns)
    assert book["reported"].tolist() == table["reported"].tolist()
    assert len(book)


@pytest.mark.parametrize("after", [0.1, 0.3])
def test_ctrl_c_while_loading_is_130_without_a_trace(after):
    """Once Python itself has started and before there is anything to compute."""
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); print(flush=True); import runpy, sys; " \
           "sys.argv = ['sibforecast', 'draft', 'nmg', '--year', '2027']; runpy.run_module('sibforecast', run_name='__main__')"  # fmt: skip
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err in ("", "sibforecast: stopped; nothing was written\n")


# -- results in a language -------------------------------------------------------------------


def test_findings_are_a_list_of_findings(nmg_draft):
    found = nmg_draft.findings
    listed = list(found)
    assert [f.id for f in listed] == found.frame["id"].tolist() == [r["id"] for r in found.records()]
    assert len(listed) == len(found)
    assert str(listed[0]) == found.lines()[0]
    assert (found[0], found[-1], found[1]["severity"]) == (listed[0], listed[-1], "warning")
    part = found[:3]
    assert isinstance(part, sib.Findings)
    assert list(part) == listed[:3]
    assert part.headline() == "0 errors, 3 warnings, 0 notes"
    assert bool(found)
    assert not found[:0]
    assert repr(found[:0]).splitlines() == ["<Findings> 0 errors, 0 warnings, 0 notes", "nothing found"]
    assert len(found) == len(nmg_draft.findings)  # looking changed nothing
    with pytest.raises(IndexError):
        found[len(found)]
    with pytest.raises(TypeError, match=r"columns are in \.frame"):
        found["severity"]
    with pytest.raises(AttributeError, match="a finding has no 'severty'"):
        _ = listed[0].severty
    assert json.loads(json.dumps(listed[0], default=str))["id"] == listed[0].id


def test_a_review_is_sliced_as_a_review(nmg):
    found = sib.review(nmg, "reported")
    part = found[2:5]
    assert type(part) is type(found)
    assert [f.id for f in part] == [f.id for f in found][2:5]
    assert part.stage == "reported"


def test_a_result_in_chinese_leaves_the_result_alone(nmg_draft):
    before = nmg_draft.to_json()
    told = nmg_draft.in_language("zh")
    assert english(" ".join(told.frame["method"].astype(str).unique())) == []
    assert (told.frame["value"] == nmg_draft.frame["value"]).sum() == nmg_draft.frame["value"].notna().sum()
    assert [f.id for f in told.findings] == [f.id for f in nmg_draft.findings]
    assert told.findings[0].message.startswith("分项之和不等于合计")
    assert nmg_draft.in_language("en") is nmg_draft
    assert nmg_draft.to_json() == before
    for call in (nmg_draft.shown, nmg_draft.in_language):
        with pytest.raises(sib.SibError, match="unknown language 'fr'"):
            call("fr")


def test_a_repr_with_chinese_names_is_aligned_and_no_wider_than_80_columns(nmg, nmg_draft):
    card, bill = sib.assess(nmg, 2025), sib.share(nmg_draft, sib.read_rules("nmg_2016"))
    for result in (card, bill):
        head, *rows = repr(result).splitlines()
        table = [line for line in rows if not line.startswith(("!", "  "))]
        assert len(table) >= 12
        assert len({columns_of(line.rstrip()) for line in table[2:]}) <= 2  # the last column may be of words
        assert all(columns_of(line) <= 80 for line in rows)
        assert head.startswith(f"<{type(result).__name__}>")
    with pd.option_context("display.unicode.east_asian_width", True):
        wide = repr(card)
    assert wide == repr(card)
