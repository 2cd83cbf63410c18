"""The workbook in the official layout: forms, live totals, sheets that are read back, measures to enter."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.assumptions import scenario
from sibforecast.phrases import Teller
from sibforecast.projection.draft import BudgetDraft
from sibforecast.report.entry import DECIDERS
from sibforecast.report.summaries import adjustment_form, bill_form, cause_form
from tests.datasets import dataset

X = "×"
#: 1,000 + 200 + 30 = 1,230 and 900 + 60 + 4 = 964 (万元) in 2025; opening 500, closing 500 + 1,230 − 964 = 766;
#: both sides 1,230 + 500 = 964 + 766 = 1,730. In 2026: 1,100 + 210 + 32 = 1,342; 950 + 66 + 5 = 1,021; opening 766,
#: closing 766 + 1,342 − 1,021 = 1,087; both sides 2,108.
FIGURES = {
    "contribution_revenue": (1000, 1100), "fiscal_subsidy": (200, 210), "interest": (30, 32), "benefit_expenditure": (900, 950),
    "medical_expenditure": (900, 950), "non_benefit_expenditure": (60, 66), "other_expenditure": (4, 5),
}  # fmt: skip
TOTALS = {
    "revenue_subtotal": (1230, 1342), "total_revenue": (1230, 1342), "expenditure_subtotal": (964, 1021),
    "total_expenditure": (964, 1021), "opening_balance": (500, 766), "current_balance": (266, 321), "closing_balance": (766, 1087),
}  # fmt: skip
COLUMNS = [("2025", "expected"), ("2026", "draft")]
FORM = "社预06 居民医保"


@pytest.fixture
def small(tmp_path: Path) -> sib.FundData:
    rows = [("150100", "resident_medical", "total_revenue", 2024, 1, "万元", "final")]
    regions = [("150100", "=呼和浩特市", "", "league")]
    return sib.load(dataset(tmp_path / "data", rows, regions=regions))


def drafted(data: sib.FundData, figures: dict[str, tuple[float, ...]], fund: str = "resident_medical") -> BudgetDraft:
    """A draft of these figures (万元)."""
    rows = [("150100", fund, item, *column, value * 1e4, "by hand")
            for item, values in figures.items() for column, value in zip(COLUMNS, values, strict=True)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(BudgetDraft.columns))
    basis = sib.Assumptions(lambda: frame, {"currency": "yuan"}, data=data)
    return BudgetDraft(lambda: frame, {"currency": "yuan"}, year=2026, assumptions=basis)


def cells(path: Path, name: str, values: bool = True) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(path, data_only=values, read_only=True)
    try:
        return list(book[name].iter_rows(values_only=True))
    finally:
        book.close()


def test_the_two_sided_form_by_hand(small: sib.FundData, tmp_path: Path) -> None:
    path = sib.report.workbook(drafted(small, FIGURES | TOTALS), tmp_path / "b.xlsx")
    rows = cells(path, FORM)
    assert rows[0][0] == "2026年城乡居民基本医疗保险基金收支预算表"
    assert rows[1][5] == "社预06表"
    assert (rows[2][0], rows[2][3]) == ("编报单位：=呼和浩特市", "单位：元")
    assert rows[3] == ("项目", "2025年预计执行数", "2026年预算数（草案）") * 2
    left = {r[0].strip(): r[1:3] for r in rows[4:] if r[0] and r[2] is not None}
    right = {r[3].strip(): r[4:6] for r in rows[4:] if r[3]}
    assert left["一、社会保险费收入"] == (1000e4, 1100e4)
    assert left["四、委托投资收益"] == (X, X)
    assert left["本年收入小计"] == left["本年收入合计"] == (1230e4, 1342e4)
    assert left["上年结余"] == (500e4, 766e4)
    assert left["总计"] == right["总计"] == (1730e4, 2108e4)
    assert right["其中：医疗待遇支出"] == right["一、社会保险待遇支出"] == (900e4, 950e4)
    assert right["本年支出合计"] == (964e4, 1021e4)
    assert right["本年收支结余"] == (266e4, 321e4)
    assert right["年末滚存结余"] == (766e4, 1087e4)
    formulas = {r[3].strip(): r[5] for r in cells(path, FORM, values=False)[4:] if r[3]}
    assert formulas["本年支出小计"] == "=SUM(F5,F7,F8,F9)"  # not the part in F6
    assert formulas["本年收支结余"] == "=SUM(C15)-SUM(F15)"
    assert formulas["总计"] == "=SUM(F15,F17)"


def test_a_total_that_its_lines_do_not_make_up_is_a_figure(small: sib.FundData, tmp_path: Path) -> None:
    """A published total may be off by a rounding step, or have no lines: it is never recomputed."""
    off = {"expenditure_subtotal": (965, 1021), "total_expenditure": (965, 1021)}  # 900 + 60 + 4 is 964
    path = sib.report.workbook(drafted(small, FIGURES | TOTALS | off), tmp_path / "b.xlsx")
    row = next(r for r in cells(path, FORM, values=False) if r[3] == "本年支出小计")
    assert row[4:6] == (965e4, "=SUM(F5,F7,F8,F9)")


def test_unknown_is_blank_and_of_some_funds_is_not_of_all(small: sib.FundData, tmp_path: Path) -> None:
    path = sib.report.workbook(drafted(small, FIGURES | TOTALS | {"interest": (30, math.nan)}), tmp_path / "b.xlsx")
    row = next(r for r in cells(path, FORM) if r[0] == "三、利息收入")
    assert row[1:3] == (30e4, None)
    total = {r[0]: r[1:3] for r in cells(path, "社预01 总表")[4:] if r[0]}
    assert total["利息收入"] == (None, None)
    assert total["集体补助收入"] == (X, X)
    assert total["财政补贴收入"] == (210e4, 210e4)


def test_totals_without_lines_are_unknown_lines_not_lines_that_do_not_apply(small: sib.FundData, tmp_path: Path) -> None:
    """A fund that publishes 1,230 and 1,342 in total has lines that nobody knows, and balances too: blank, no ×."""
    path = sib.report.workbook(drafted(small, {"total_revenue": (1230, 1342)}), tmp_path / "b.xlsx")
    left = {r[0]: r[1:3] for r in cells(path, FORM)[4:] if r[0]}
    assert left["一、社会保险费收入"] == left["八、上级补助收入"] == left["上年结余"] == left["总计"] == (None, None)
    assert left["本年收入合计"] == (1230e4, 1342e4)
    total = {r[0]: r[1:3] for r in cells(path, "社预01 总表")[4:] if r[0]}
    assert total["年末滚存结余"] == total["社会保险费收入"] == (None, None)
    assert total["本年收入合计"] == (1342e4, 1342e4)


def test_what_adding_the_areas_up_brings_to_light_is_told(tmp_path: Path) -> None:
    """The league says it sent 10 up, the region that it got 12: only 10 is taken out, and the forms say so."""
    rows = [("150100", "resident_medical", "total_revenue", 2024, 1, "万元", "final")]
    data = sib.load(dataset(tmp_path / "data", rows))
    made = [("150100", "resident_medical", item, "2026", "draft", value, "by hand")
            for item, value in (("total_revenue", 100.0), ("total_expenditure", 90.0), ("upper_remittance", 10.0),
                                ("lower_remittance", 0.0))]  # fmt: skip
    made.append(("150000", "resident_medical", "lower_remittance", "2026", "draft", 12.0, "by hand"))
    frame = pd.DataFrame(made, columns=list(BudgetDraft.columns))
    basis = sib.Assumptions(lambda: frame, {"currency": "yuan"}, data=data)
    path = sib.report.workbook(BudgetDraft(lambda: frame, {"currency": "yuan"}, year=2026, assumptions=basis), tmp_path / "b.xlsx")
    (line,) = [r[0] for r in cells(path, "加总检查")[1:]]
    assert "mirror_unmatched" in line
    assert "上级的下级上解收入与下级的上解上级支出不一致" in line
    assert "应为10.00；实为12.00；请核对双方一致" in line


def test_page_set_up(small: sib.FundData, tmp_path: Path) -> None:
    path = sib.report.workbook(drafted(small, FIGURES | TOTALS), tmp_path / "b.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [
        "说明", "社预01 总表", FORM, "社预附02 医疗", "收入参数表", "支出参数表", "基金平衡表", "草案",
        "政策调整", "地区", "险种", "数据", "清单",
    ]  # fmt: skip
    for sheet in book:
        assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9), sheet.title
        assert sheet.page_setup.fitToWidth in (1, 2, None), sheet.title
        assert sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.title
        assert sheet.print_title_rows, sheet.title
        assert sheet.freeze_panes, sheet.title
    assert book[FORM].print_title_rows == "$1:$4"
    assert book[FORM]["B5"].number_format == "#,##0.00;[Red]-#,##0.00"


def test_nothing_is_executed_but_our_own_totals(small: sib.FundData, tmp_path: Path) -> None:
    """Formulas hold addresses and the functions of totals alone; text beginning with = stays text."""
    path = sib.report.workbook(drafted(small, FIGURES | TOTALS), tmp_path / "b.xlsx")
    seen = 0
    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    seen += 1
                    assert re.fullmatch(r"=[A-Z0-9,:()+\-/]+", str(cell.value)), cell.value
                    assert set(re.findall(r"[A-Z]{2,}(?=\()", str(cell.value))) <= {"SUM", "ROUND"}
    assert seen > 20
    areas = openpyxl.load_workbook(path)["地区"]
    assert (areas["B2"].value, areas["B2"].data_type) == ("=呼和浩特市", "s")


def same_figures(one: pd.DataFrame, other: pd.DataFrame) -> None:
    keys = ["region", "programme", "item", "period", "stage"]
    left, right = (f[f["value"].notna()].astype(dict.fromkeys(keys, str)).set_index(keys)["value"].sort_index() for f in (one, other))
    pd.testing.assert_index_equal(left.index, right.index)
    assert np.abs(left.to_numpy() - right.to_numpy()).max() < 0.005


def test_leagues_read_back_to_the_same_figures(nmg_draft: BudgetDraft, tmp_path: Path) -> None:
    draft = sib.roll_up(nmg_draft, "league")
    path = sib.report.workbook(draft, tmp_path / "b.xlsx")
    back = sib.load(path)
    same_figures(draft.frame, back.frame)
    assert back.illustrative
    assert back.regions.areas == draft.source.regions.areas
    assert set(back.programmes) == set(draft.source.programmes)
    one, other = (sib.Scenario.from_table("in force", d.policies) for d in (draft.source, back))
    assert one.changes == other.changes
    assert len(one.changes) > 5


def test_the_forms_are_those_of_the_area_as_a_whole(nmg_draft: BudgetDraft, tmp_path: Path) -> None:
    """社预01 of leagues holds the roll-up to the region: flows inside it are not counted twice."""
    whole = sib.roll_up(nmg_draft, "region").frame.query("stage == 'draft'")
    path = sib.report.workbook(sib.roll_up(nmg_draft, "league"), tmp_path / "b.xlsx")
    rows = {r[0]: r for r in cells(path, "社预01 总表")[4:] if r[0]}
    funds = list(nmg_draft.source.programmes)
    for label, item in (("本年收入合计", "total_revenue"), ("本年支出合计", "total_expenditure"), ("年末滚存结余", "closing_balance")):
        value = whole[whole["item"] == item].set_index(whole.loc[whole["item"] == item, "programme"].astype(str))["value"]
        assert rows[label][2:] == pytest.approx([value[f] for f in funds], abs=0.005)
        assert rows[label][1] == pytest.approx(value.sum(), abs=0.005)


def test_without_the_data_sheet_the_forms_are_read(small: sib.FundData, tmp_path: Path) -> None:
    """Forms say that they repeat the data; where the data are gone they are read themselves."""
    path = sib.report.workbook(drafted(small, FIGURES | TOTALS), tmp_path / "b.xlsx")
    assert set(sib.load(path).frame["stage"]) == {"expected", "draft"}
    book = openpyxl.load_workbook(path, data_only=True)
    for name in book.sheetnames:
        if name != FORM:
            del book[name]
    book.save(tmp_path / "form.xlsx")
    frame = sib.load(tmp_path / "form.xlsx").frame
    told = {(i, s): v for i, s, v in frame[["item", "stage", "value"]].itertuples(index=False, name=None)}
    for item, (last, plan) in (FIGURES | TOTALS).items():
        assert (told[item, "expected"], told[item, "budget"]) == (last * 1e4, plan * 1e4)


def test_published_millions_read_back_without_an_error(tmp_path: Path) -> None:
    """The trustees' totals are off by a rounding step of a million: that is no error when read back."""
    draft = sib.draft_budget(sib.load(sib.sample("oasdi")), 2006)
    path = sib.report.workbook(draft, tmp_path / "b.xlsx")
    back = sib.load(path)
    assert back.currency == "USD"
    same_figures(draft.frame, back.frame)
    book = openpyxl.load_workbook(path)
    assert not any("一" <= c <= "鿿" for name in book.sheetnames for c in name)
    assert "Total table" in book.sheetnames
    rows = [r for r in cells(path, "oasi") if r[0] == "Revenue subtotal"]
    assert rows[0][1] == 604_335.0  # USD m, as published


def test_measures_are_entered_and_read(small: sib.FundData, tmp_path: Path) -> None:
    path = sib.report.workbook(drafted(small, FIGURES | TOTALS), tmp_path / "b.xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book["政策调整"]
    head = [c.value for c in sheet[1]]
    assert "示例（不读取）" in sheet["A2"].comment.text
    assert sheet["A2"].fill.fgColor.rgb == "FFFFF9DB"
    choices = {str(v.sqref).split("2:")[0]: v.formula1 for v in sheet.data_validations.dataValidation}
    letters = {h: openpyxl.utils.get_column_letter(n) for n, h in enumerate(head, start=1)}
    assert choices[letters["项目"]].startswith("'清单'!$A$2:")
    assert choices[letters["险种"]] == "'清单'!$C$2:$C$3"  # all funds, and the one there is
    assert choices[letters["决定层级"]] == '"nation,region,league,county,event"'
    lists = [c.value for c in book["清单"]["A"]][1:]
    assert lists == list(sib.items.CATALOGUE)
    entered = {"编号": "cut", "项目": "contribution_rate", "险种": "resident_medical", "适用地区": "*", "乘以": 0.9, "开始": "2026-01",
               "决定层级": "region"}  # fmt: skip
    for word, value in entered.items():
        sheet[f"{letters[word]}2"] = value
    book.save(tmp_path / "filled.xlsx")
    (change,) = sib.Scenario.from_table("entered", sib.load(tmp_path / "filled.xlsx").policies).changes
    assert (change.id, change.item, change.multiply, change.start, change.decided_by) == (
        "cut", "contribution_rate", 0.9, "2026-01", "region",
    )  # fmt: skip
    assert DECIDERS == scenario.DECIDERS


def test_balance_scenarios_causes_and_bill(nmg_draft: BudgetDraft, tmp_path: Path) -> None:
    """Their totals are those of the results: the gap by cause, the bill by payer, the balance by fund."""
    cut = sib.Change(item="contribution_rate", programme="unemployment", multiply=0.9, start="2027-01", decided_by="region", id="cut")
    runs = sib.run_scenarios(nmg_draft.assumptions, [sib.Scenario("cut", cut)])
    causes = sib.attribute(nmg_draft, sib.project(nmg_draft.assumptions, sib.Scenario("cut", cut)))
    bill = sib.share(nmg_draft, sib.read_rules("nmg_2016"))
    given = [sib.roll_up(r, "region") for r in (nmg_draft, runs, causes, bill)]
    path = sib.report.workbook(given, tmp_path / "b.xlsx")
    balance = cells(path, "基金平衡表")
    table = sib.roll_up(nmg_draft, "region").balance
    last = next(r for r in balance if r[0] == "合计")
    head = balance[3]
    assert last[head.index("收支缺口")] == pytest.approx(table["gap"].sum(), abs=0.01)
    assert last[head.index("未弥补缺口")] == pytest.approx(table["open"].sum(), abs=0.01)
    rows = [r for r in cells(path, "情景对比") if r[2] == "本年收入合计" and "失业" in str(r[0])]
    before, after = (runs.frame.query("item == 'total_revenue' and programme == 'unemployment'").pipe(
        lambda f, s=s: f[f["scenario"].fillna("") == s])["value"].sum() for s in ("", "cut"))  # fmt: skip
    assert rows[0][3:] == pytest.approx((before, after, after - before), abs=0.01)
    totals = [r[-1] for r in cells(path, "成因汇总") if r[-2] == "合计"]
    assert sum(totals) == pytest.approx(causes.frame["value"].sum(), abs=0.01)
    bill_rows = cells(path, "分担汇总")
    assert bill_rows[2][-2:] == ("合计", "结余留存（不分担）")
    each = given[3].frame.groupby("programme", observed=True)["value"].sum()  # a fund pays for no other: the two are not netted
    assert bill_rows[-1][-2:] == pytest.approx((each.clip(lower=0).sum(), -each.clip(upper=0).sum()), abs=0.01)
    assert bill_rows[-1][-1] > 0


def test_years_and_scenarios_are_never_added_up(tmp_path: Path) -> None:
    """Two scenarios of one fund: 5 + 3 = 8 in one, 4 in the other; no total is 12."""
    key = {"region": "150100", "programme": "unemployment", "period": "2027"}
    bill = pd.DataFrame([key | {"scenario": s, "payer": p, "value": v} for s, p, v in
                         (("a", "league", 5.0), ("a", "pending", 3.0), ("b", "league", 4.0))])  # fmt: skip
    made = bill_form(bill, Teller("zh"), "")
    assert made is not None
    shown = [[c.value for c in row if c is not None] for row in made.rows[2:]]
    assert shown == [
        ["险种", "年度", "情景", "盟市", "待定", "合计"],
        ["unemployment", "2027", "a", 5.0, 3.0, 8.0], ["合计", "2027", "a", 5.0, 3.0, 8.0],
        ["unemployment", "2027", "b", 4.0, 0.0, 4.0], ["合计", "2027", "b", 4.0, 0.0, 4.0],
    ]  # fmt: skip
    causes = bill.assign(line="contribution_revenue", cause=["gap", "cut", "gap"]).drop(columns="payer")
    grid = cause_form(causes, Teller("zh"), "")
    assert grid is not None
    totals = [row[-1] for row in grid.rows if row[-2] is not None and row[-2].value == "合计"]
    assert [(c.value, c.formula) for c in totals if c] == [(8.0, "=SUM(E4:E5)"), (4.0, "=SUM(E7:E7)")]


def test_an_adjustment_shows_its_difference_as_a_formula() -> None:
    """A budget of 200 raised to 230 rises by 30, 15 %."""
    row = {"region": "150100", "programme": "unemployment", "item": "benefit_expenditure", "before": 200.0, "after": 230.0,
           "difference": 30.0, "share": 0.15, "status": "adjust", "reason": None}  # fmt: skip
    grid = adjustment_form(pd.DataFrame([row]), Teller("zh", {"150100": "呼和浩特市"}), "")
    assert grid is not None
    assert [c.value for c in grid.rows[3] if c] == [
        "呼和浩特市", "unemployment", "社会保险待遇支出", 200.0, 230.0, 30.0, 0.15, "建议调整", "",
    ]  # fmt: skip
    assert [c.formula for c in grid.rows[3] if c and c.formula] == ["=E4-D4"]


def recalculated(path: Path, folder: Path) -> list[tuple[str, str, float, float]]:
    """Every formula of a workbook stripped of the numbers kept beside it: its place, the formula, our number and LibreOffice's."""
    bare = openpyxl.load_workbook(path)  # saving drops the cached numbers
    (folder / "bare").mkdir()
    bare.save(folder / "bare" / "b.xlsx")
    stripped = openpyxl.load_workbook(folder / "bare" / "b.xlsx", data_only=True)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    subprocess.run(["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(folder / "again"),
                    str(folder / "bare" / "b.xlsx")], check=True, capture_output=True, timeout=120)  # fmt: skip
    ours, theirs = (openpyxl.load_workbook(p, data_only=True) for p in (path, folder / "again" / "b.xlsx"))
    made = [(sheet.title, cell) for sheet in bare for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert all(stripped[title][cell.coordinate].value is None for title, cell in made)
    return [(f"{title} {cell.coordinate}", str(cell.value), *(book[title][cell.coordinate].value for book in (ours, theirs)))
            for title, cell in made]  # fmt: skip


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_a_spreadsheet_recalculates_every_total_to_ours(nmg_draft: BudgetDraft, tmp_path: Path) -> None:
    made = recalculated(sib.report.workbook(sib.roll_up(nmg_draft, "region"), tmp_path / "b.xlsx"), tmp_path)
    assert len(made) > 300
    for place, formula, ours, theirs in made:
        assert ours == pytest.approx(theirs, abs=0.005), (place, formula)


def test_a_line_not_reported_is_blank_and_one_the_fund_has_not_is_crossed(tmp_path: Path) -> None:
    """Transfers of 企业职工养老 that nobody reported are not known; collective aid it has not by its rules.

    Their sum over the funds is not lost by it: the lines reported make the totals up (1,100 + 210 + 32 = 1,342).
    """
    data = sib.load(dataset(tmp_path / "data", [("150100", "enterprise_pension", "total_revenue", 2024, 1, "万元", "final")]))
    path = sib.report.workbook(drafted(data, FIGURES | TOTALS, "enterprise_pension"), tmp_path / "b.xlsx")
    form = cells(path, "社预02 企业职工养老")
    left = {r[0].strip(): r[1:3] for r in form[4:] if r[0]}
    right = {r[3].strip(): r[4:6] for r in form[4:] if r[3]}
    for line in ("四、委托投资收益", "五、转移收入", "八、上级补助收入"):
        assert left[line] == (None, None)
    assert left["六、集体补助收入"] == (X, X)
    assert right["三、转移支出"] == (None, None)
    total = {r[0]: r[1:3] for r in cells(path, "社预01 总表")[4:] if r[0]}
    assert (total["转移收入"], total["集体补助收入"], total["利息收入"]) == ((None, None), (X, X), (32e4, 32e4))


def test_one_scenario_is_held_against_the_draft_and_its_title_is_whole(nmg_draft: BudgetDraft, tmp_path: Path) -> None:
    """A projection alone knows no baseline; the draft in the same workbook is it. A long title of a scenario takes its lines."""
    title = "阶段性降低失业保险费率并同步提高失业保险金标准的综合方案"
    cut = sib.Change(item="contribution_rate", programme="unemployment", multiply=0.9, start="2027-01", decided_by="region")
    reform = sib.project(nmg_draft.assumptions, sib.Scenario(title, cut))
    given = [sib.roll_up(r, "region") for r in (nmg_draft, reform, sib.attribute(nmg_draft, reform))]
    path = sib.report.workbook(given, tmp_path / "b.xlsx")
    rows = cells(path, "情景对比")
    assert rows[2][3:] == ("基准", title, "差额")  # of the one scenario, beside it
    before, after = (r.frame.query("item == 'total_revenue' and programme == 'unemployment' and period == '2027' and "
                                   "stage == 'draft'")["value"].item() for r in given[:2])  # fmt: skip
    row = next(r for r in rows if r[1:3] == ("2027", "本年收入合计") and "失业" in str(r[0]))
    assert row[3:] == pytest.approx((before, after, after - before), abs=0.005)
    assert after < before
    book = openpyxl.load_workbook(path)
    for name in ("草案", "情景", "成因"):  # on paper what is read, large enough: A4 across holds some 150 letters
        first, last = book[name].print_area.rsplit("!", 1)[-1].replace("$", "").split(":")
        head = {c.value: c for c in book[name][f"{first}:{last}"][0]}
        assert not {"地区代码", "险种代码", "项目代码", "草案方法", "情景"} & set(head)
        assert {"险种", *(["2027年草案"] if name != "成因" else ["原因", "数值"])} <= set(head)
        assert sum(book[name].column_dimensions[c.column_letter].width for c in head.values()) < 175
        assert book[name].print_title_rows == "$1:$1"
        assert (title in (book[name].oddHeader.center.text or "")) == (name != "草案")  # it is said once a page
    sheet = book["成因汇总"]
    column = next(c for c in sheet[3] if c.value == "情景")
    below = sheet.cell(4, column.column)
    assert below.value == title
    assert below.alignment.wrap_text
    lines = -(-2 * len(title) // sheet.column_dimensions[column.column_letter].width)
    assert sheet.row_dimensions[4].height >= 13 * lines
    assert "缴费比例 ×0.9" in {c.value for row in sheet.iter_rows() for c in row}
