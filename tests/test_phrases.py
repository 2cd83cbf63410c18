"""Sentences of tables in Chinese: every one the package can write is known, figures and names come through, nothing else changes."""

import ast
import re
from pathlib import Path
from string import Formatter

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.forecasting.fund_forecast import LABELS, UPRIGHT, WITH_BASE, WITH_WAGE
from sibforecast.forecasting.years import IDENTITIES
from sibforecast.items import CATALOGUE
from sibforecast.phrases import _GAP, Teller, _tables, section
from sibforecast.programmes.registry import KINDS
from sibforecast.projection.fund import _TOTAL_RULES, MIRRORED

PACKAGE = Path(sib.__file__).parent
TELLER = Teller("zh", {"150100": "呼和浩特市", "unemployment": "失业保险基金"})
#: Messages put together at the place from parts that are tested by their own samples below.
BUILT = {"conflicts.py", "announced.py", "scrutiny.py", "assessment.py", "values.py", "review_accounts.py"}


def english(text: str) -> list[str]:
    """English words left, codes and names of files aside."""
    bare = re.sub(r"[\w./]*\.(csv|xlsx|gz)|CSV|UTF-8|theta|explain|\bplan=|\brates=|\w+\(.*?\)+|events=\w+|类别 break|（单位 %）|share", "", text)
    return re.findall(r"[A-Za-z]{3,}", bare)


def pattern_of(node):
    """The text of a constant, an f-string or a sum of these with figures put into its gaps; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "1" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = pattern_of(node.left), pattern_of(node.right)
        return None if None in sides else "".join(sides)
    return None


def findings_in_code():
    """Id and text of every finding whose words stand in one place: file, id, text."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            fields = {}
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("found.add") and len(node.args) >= 3:
                fields = {"id": node.args[0], "message": node.args[2]} | {k.arg: k.value for k in node.keywords}
            elif isinstance(node, ast.Dict):
                fields = {k.value: v for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant)}
                if not {"id", "severity", "message"} <= set(fields):
                    continue
            for column in ("message", "mend", "expected", "found"):
                id, text = (pattern_of(fields[n]) if n in fields else None for n in ("id", column))
                if id and text and re.search("[a-z]{2}", text):
                    yield path.name, id, text


def test_every_finding_in_the_code_is_known():
    """Whoever writes a new message or changes one meets this test: its Chinese belongs into findings.toml."""
    seen = list(findings_in_code())
    assert len(seen) > 180
    left = [(file, id, text) for file, id, text in seen if file not in BUILT and english(TELLER.text(text, id))]
    assert [x for x in left if x[2] not in ("a jump nobody announced, in 1; it is not smoothed away",)] == []


def test_every_way_a_figure_is_found_is_known():
    rules = [rule.identity for kind in KINDS.values() for rule in kind] + [rule.identity for rule in _TOTAL_RULES]
    said = {*rules, *LABELS.values(), LABELS["amount"] + UPRIGHT, LABELS["combination"] + WITH_WAGE, LABELS["panel"] + UPRIGHT + WITH_BASE, *(f"implied: {v}" for v in IDENTITIES.values()), MIRRORED}
    assert len(said) > 100
    assert [s for s in said if english(TELLER.text(s))] == []


@pytest.mark.parametrize(("text", "id", "told"), [
    ("forecast: mean of fading growth, drift and theta; reconciled with the areas above; changed by the scenario", "",
     "预测：递减增速、平均增速、theta三种方法的平均；与上级地区数据协调一致；情景调整"),
    ("deposits: Σ balance × rate × months / 12 ÷ Σ balance; renewed at maturity", "", "存款：Σ 余额 × 利率 × 月数 ÷ 12 ÷ Σ 余额，到期续存"),
    ("nowcast: year to date completed by share, pace, quick pace, rest; scaled to 呼和浩特市", "",
     "当年预计：由累计数按进度占比、进度增速、近月增速、上年余月推算全年；按呼和浩特市合计数调整"),
    ("forecast: value in force at the end of the last year; rp-basic-2027 announced", "", "预测：按上年年末执行标准；已公布rp-basic-2027"),
    ("forecast: last value; moved with the entered average wage", "", "预测：沿用最近数值；随录入的平均工资变动"),
    ("computed again: closing_balance*12/expenditure_subtotal or total_expenditure", "", "重新计算：年末滚存结余 × 12 ÷ 本年支出小计或本年支出合计"),
    ("computed again: (contributors+contributors_flexible)/insured_active_average", "",
     "重新计算：（缴费人数 + 灵活就业缴费人数）÷ 平均在职参保人数"),
    ("100.8% of the budget; chiefly contribution base -675.68 (10k yuan), benefit level ×1.02 +1.50 (100m yuan), 扩面, 2026 +39.72 (yuan)", "",
     "完成预算的100.8%；主要原因：缴费基数 −675.68万元、人均待遇水平 ×1.02 +1.50亿元、扩面, 2026 +39.72元"),
    ("author 李会计; reason: 协议, 2027", "", "录入：李会计；理由：协议, 2027"),
    ("unknown programme '天上' (表 外.xlsx, sheet 统筹层次, A2)", "unknown_programme", "未知的险种'天上'（表 外.xlsx，工作表统筹层次，A2）"),
    ("6,256.57 and 6,256.57", "duplicate_same", "6,256.57和6,256.57"),
    ("sum of 12 areas (9/12)", "", "12个地区之和（9/12个地区）"),
    ("77.5% of the budget to date, 8.5 points below the season's 86.0%, 1/12 being 75.0%", "",
     "累计完成预算的77.5%，低于季节进度86.0% 8.5个百分点（时间进度75.0%）"),
    ("a deficit of 1.20 (100m yuan) is expected, the second year running (the subsidy closes this fund: yellow instead of orange)", "",
     "预计当年赤字1.20亿元，连续第二年（该险种由补贴兜底，由橙降为黄）"),
    ("stage execution, decided_by nation, known_at_budget False; netted against savings elsewhere", "",
     "阶段：执行，决定层级：国家，预算时已知：否；已与其他节余相抵"),
    ("80 of 100 entered for compilation; of its own: nothing entered", "", "录入编制评分80（满分100）；自行测算：没有录入"),
    ("the lines do not add up to their total (history.csv.gz, E14)", "I1_revenue_subtotal", "分项之和不等于合计（history.csv.gz，E14）"),
    ("the two sides of a flow between levels do not match; expected is the sum of upper_remittance of 3 areas below; likely cause: sign flipped",
     "R-07", "上下级往来双方不一致；应为3个下级地区上解上级支出之和；可能原因：正负号颠倒"),
    ("unknown programme '甲基金' (f.xlsx, sheet 政策调整, E2)", "unknown_programme", "未知的险种'甲基金'（f.xlsx，工作表政策调整，E2）"),
    ("sums and balances of 1 of 12 accounts are checked once the errors are mended", "not_checked",
     "更正错误后再核对12个账户中1个账户的合计与结余"),
    ("the drafted balance ends below nothing (and in 53 other areas)", "balance_below_nothing", "草案年末结余为负（另有53个地区）"),
    ("no figure of 150100 and 4 more", "partial_sum", "呼和浩特市等另有4个地区没有数据"),
    ("contribution_base of unemployment moves", "no_effect", "contribution_base of unemployment moves"),
    ("by hand; forecast: last value", "", "by hand；预测：沿用最近数值"),
])  # fmt: skip
def test_samples(text, id, told):
    assert TELLER.text(text, id) == told


def test_english_and_blank_stay_as_they_are():
    assert Teller("en").text("forecast: last value; changed by the scenario") == "forecast: last value; changed by the scenario"
    assert [TELLER.text(v) for v in (None, float("nan"), "", " ")] == ["", "", "", " "]
    assert TELLER.texts(["judgement", None, 3.5]) == ["人工判断", None, 3.5]
    assert (TELLER.word("150100"), TELLER.word("gap"), TELLER.word("nation"), TELLER.word("X1")) == ("呼和浩特市", "收支缺口", "国家", "X1")


@pytest.mark.parametrize("title", sorted(_tables()))
def test_gaps_of_both_languages_agree(title):
    """What the English names, the Chinese names too (a plural's s aside): no figure is lost on the way."""
    for told, chinese in _tables()[title].items():
        gaps = {name for name, kind in _GAP.findall(told) if kind != "s"}
        shown = {name for _, name, _, _ in Formatter().parse(chinese) if name}
        assert shown <= gaps, told
        assert gaps - shown <= {"b", "hint", "table", "c"}, told
        assert re.search("[一-鿿（：]", chinese) or "match" in told, told


@given(number=st.integers(0, 10**12), share=st.floats(-9, 9))
def test_figures_come_through(number, share):
    """Whatever the figure, it stands in the Chinese as it stands in the English."""
    assert TELLER.text("total_revenue is told without grants of the upper level") == "本年收入合计不含上级补助"
    said = TELLER.text(f"{share:+.1%} of its budget expected, total_revenue {share:+.1%}")
    told = f"{share:+.1%}".replace("-", "−")  # Chinese sentences have one minus sign
    assert said == f"预计与预算相差{told}，本年收入合计相差{told}"
    assert TELLER.text(f"at least {number:,.2f}", "cumulative_fell") == f"不低于{number:,.2f}"
    assert TELLER.text(f"the year ends with {number:,.2f} (100m yuan) of current balance") == f"预计本年收支结余{number:,.2f}亿元"


@given(st.text(max_size=60))
def test_any_text_is_read_without_harm(text):
    for id in ("", "level_jump", "R-07", "nobody"):
        assert isinstance(TELLER.text(text, id), str)


def test_all_methods_of_the_samples_are_told_in_chinese(nmg_draft, nmg, china):
    """Every method and finding of three samples, drafted, rolled up and under a scenario."""
    us = sib.draft_budget(sib.load(sib.sample("oasdi")), 2006)
    projected = sib.project(nmg_draft.assumptions, sib.read_scenario("demo_nmg"))
    methods = set()
    for result in (nmg_draft, us, projected, sib.roll_up(nmg_draft, "region"), sib.draft_budget(china, 2021), nmg_draft.forecast):
        methods |= set(map(str, result.frame["method"].unique()))
    left = {m: TELLER.text(m) for m in methods if english(re.sub(r"[a-z]{2}-[\w-]+", "", TELLER.text(m)))}
    assert left == {}
    monitored, adjusted = sib.monitor(nmg, "2026-09"), sib.adjust(nmg, "2026-09")
    reasons = {*monitored.frame["reason"], *adjusted.frame["reason"], *sib.settle(nmg, 2025).frame["reason"], *sib.assess(nmg, 2025).frame["reason"]}
    assert [r for r in reasons if english(TELLER.text(r))] == []


def test_a_chinese_workbook_has_no_english_sentence_and_its_frames_stay(nmg, nmg_draft, tmp_path):
    """Two small letters and a blank between words is a sentence; codes, file names and names in both languages are not."""
    rolled = sib.roll_up(nmg_draft, "region")
    before = rolled.frame
    more = [sib.reserves(nmg, 2026), sib.review(nmg, "reported"), sib.explain(nmg_draft, "150100", "enterprise_pension", "gap")]
    path = sib.report.workbook([rolled, nmg_draft.findings, *more], tmp_path / "b.xlsx", language="zh")
    pd.testing.assert_frame_equal(rolled.frame, before)
    assert "sum of 103 areas" in set(before["method"])
    book = openpyxl.load_workbook(path, read_only=True)
    assert all(re.search("[一-鿿]", name) for name in book.sheetnames)
    found = []
    for sheet in book:
        if sheet.title in ("数据", "地区", "险种", "清单", "政策调整"):
            continue
        for row in sheet.iter_rows(values_only=True):
            found += [cell for cell in row if isinstance(cell, str) and re.search(r"[a-z]{2} [a-z]{2,} [a-z]{2}", cell)]
    units = [row[4] for row in book["数字说明"].iter_rows(min_row=2, values_only=True)]
    assert units[-1] == "元"
    assert [f for f in dict.fromkeys(found) if "illustrative data" not in f and "extended by" not in f] == []


def test_headings_are_told_for_every_column():
    sib.schema("BudgetDraft")
    from sibforecast.cli.schemas import result_kinds

    columns = {c for kind in result_kinds().values() if kind.__module__.startswith("sibforecast.") for c in kind.columns}
    assert [c for c in sorted(columns) if not re.search("[一-鿿]", TELLER.heading(c))] == []
    assert [TELLER.word(w) for w in ("excess", "matched", "unmatched", "alone")] == ["偏多", "相符", "不符", "无可核对"]
    assert TELLER.heading("contribution_revenue") == CATALOGUE["contribution_revenue"].zh
    assert Teller("en").heading("months") == "months"
    assert section("level_jump") is section("level_jump")


def test_the_monitors_sentences_are_told_as_it_tells_them():
    """Every sentence of the monitor, its gaps filled, is known to the tables too."""
    from sibforecast.oversight.sentences import _SAID

    parts = {"season", "no_season", "strays", "small", "fell", "closed", "months_fall", "asof", "count", "called", "missing", "more", "nothing"}
    gaps = {"plan": "budget", "money": "1.50 (100m yuan)", "mild": "1.40 (100m yuan)", "month": "2027-03", "months": "2.4", "before": "3.1", "ordinal": "3rd",
            "number": 3, "progress": 0.5, "points": 2.5, "edge": 0.1, "level": 80, "limit": 3.0, "against": 0.6, "twelfths": 0.5, "fall": 1.0, "colour": "red",
            "rate": 0.005, "cut": 0.2, "low": 6.0, "high": 9.0}  # fmt: skip
    gaps["normal"] = _SAID["season"][0].format(**gaps)
    told = {key: TELLER.text(said.format(**gaps).removeprefix("; ")) for key, (said, _) in _SAID.items() if key not in parts}
    told |= {key: TELLER.text(_SAID["pace_below"][0].format(**gaps) + _SAID[key][0].format(**gaps)) for key in ("strays", "small", "fell", "closed")}
    assert {key: text for key, text in told.items() if english(text)} == {}
