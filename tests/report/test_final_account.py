"""The forms of the final account and of execution: by hand, read back, recalculated."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import sibforecast as sib
from tests.datasets import dataset
from tests.report.test_official import FIGURES, TOTALS, cells, drafted, recalculated

R, UI = "150100", "unemployment"
#: 万元. 2024: 100 + 10 = 110, 88; opening 40, closing 40 + 110 − 88 = 62. Budget of 2025: 120 + 10 = 130, 96; closing
#: 62 + 130 − 96 = 96; adjusted: contributions 110, so 120 and closing 86. Account: 99 + 12 = 111, 97.02; closing 62 + 111 − 97.02 = 75.98.
YEARS = {
    (2024, "final"): (100, 10, 110, 88, 40, 22, 62), (2025, "budget"): (120, 10, 130, 96, 62, 34, 96),
    (2025, "adjusted"): (110, 10, 120, 96, 62, 24, 86), (2025, "final"): (99, 12, 111, 97.02, 62, 13.98, 75.98),
}  # fmt: skip
ITEMS = ("contribution_revenue", "interest", "total_revenue", "total_expenditure", "opening_balance", "current_balance", "closing_balance")


def rows() -> list[tuple[Any, ...]]:
    out: list[tuple[Any, ...]] = []
    for (year, stage), values in YEARS.items():
        told = dict(zip(ITEMS, values, strict=True))
        told |= {"revenue_subtotal": told["total_revenue"], "benefit_expenditure": told["total_expenditure"],
                 "expenditure_subtotal": told["total_expenditure"]}  # fmt: skip
        out += [(R, UI, item, year, value, "万元", stage) for item, value in told.items()]
    return out


def months() -> list[tuple[Any, ...]]:
    """2025, by a twelfth of the budget a month: 8 of benefits, 10 of contributions; of 2024 a tenth less."""
    return [(R, UI, item, f"{year}-{m:02d}", each * m * part, "万元", "executed")
            for year, part in ((2024, 0.9), (2025, 1.0)) for m in range(1, 7)
            for item, each in (("contribution_revenue", 10), ("total_revenue", 10), ("benefit_expenditure", 8), ("total_expenditure", 8))]  # fmt: skip


def side(table: list[tuple[Any, ...]], start: int, width: int) -> dict[str, tuple[Any, ...]]:
    return {str(r[start]).strip(): r[start + 1 : start + width] for r in table[4:] if r[start]}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> tuple[sib.FundData, Path]:
    folder = tmp_path_factory.mktemp("account")
    data = sib.load(dataset(folder / "data", rows() + months(), regions=[(R, "呼和浩特市", "", "league")]))
    made = [sib.settle(data, 2025), sib.monitor(data, "2025-06")]
    return data, sib.report.workbook(made, folder / "b.xlsx")


def test_the_final_account_by_hand(account: tuple[sib.FundData, Path]) -> None:
    table = cells(account[1], "社决11 失业保险")
    assert (table[0][0], table[1][13], table[2][0], table[2][7]) == ("2025年失业保险基金收支决算表", "社决11表", "编报单位：呼和浩特市", "单位：万元")
    assert table[3] == ("项目", "2024年决算数", "2025年预算数", "2025年调整预算数", "2025年决算数", "完成预算%", "为上年%") * 2
    left, right = side(table, 0, 7), side(table, 7, 7)
    assert left["一、社会保险费收入"] == (100, 120, 110, 99, 0.9, 0.99)  # 99 / 110 and 99 / 100
    assert left["三、利息收入"] == (10, 10, 10, 12, 1.2, 1.2)
    assert left["二、财政补贴收入"][:4] == ("…",) * 4
    assert left["六、集体补助收入"] == ("×",) * 6
    assert right["本年支出合计"] == (88, 96, 96, 97.02, pytest.approx(97.02 / 96), pytest.approx(97.02 / 88))
    assert left["总计"][:4] == right["总计"][:4] == (150, 192, 182, 173)  # 110 + 40, 130 + 62, 120 + 62, 111 + 62
    formulas = side(cells(account[1], "社决11 失业保险", values=False), 7, 7)
    assert formulas["年末滚存结余"][3:] == ("=SUM(E17,L16)", "=L17/K17", "=L17/I17")
    total = {r[0]: r[1:] for r in cells(account[1], "社决02 总表")[4:] if r[0]}
    assert total["本年收入合计"] == (111, 111)


def test_execution_to_a_month_by_hand(account: tuple[sib.FundData, Path]) -> None:
    """60 since January, 10 in June alone; 54 the year before: 60 / 110 = 54.5 %, 60 / 54 − 1 = 11.1 %."""
    table = cells(account[1], "社预执行08 失业保险")
    assert table[0][0] == "2025年1-6月失业保险基金收支执行情况表"
    assert side(table, 0, 8)["本年收入小计"][:5] == (130, 120, 10, 60, 54)  # as reported; of months what the lines sum to
    assert table[3][:8] == ("项目", "年预算数", "年调整后预算数", "当期执行数", "累计执行数", "上年同期累计执行数", "预算执行进度(%)", "比上年同期增长(%)")
    assert side(table, 0, 8)["一、社会保险费收入"] == (120, 110, 10, 60, 54, pytest.approx(60 / 110), pytest.approx(60 / 54 - 1))
    assert side(table, 8, 8)["本年支出合计"] == (96, 96, 8, 48, pytest.approx(43.2), 0.5, pytest.approx(48 / 43.2 - 1))


def test_the_forms_read_back_to_the_same_figures(account: tuple[sib.FundData, Path]) -> None:
    """Without any other table: figures on the forms are the data set's, or balances and subtotals of its totals; totals over funds are one fund's."""
    data, path = account
    found = sib.check(path).frame
    assert set(found["id"]) == {"unknown_table"}, found["message"].tolist()  # a budget on two forms is one budget
    back = sib.load(path).frame
    assert set(back["region"]) == {"呼和浩特市"}
    printed, back = back[back["programme"] == "all"], back[back["programme"] != "all"]
    assert printed.query("item == 'total_revenue' and stage == 'final'")["value"].tolist() == [111e4]
    keys = ["programme", "item", "period", "stage"]
    one, other = (f.astype(dict.fromkeys(keys, str)).set_index(keys)["value"] for f in (data.frame, back))
    one = one[[not p.startswith(("2024-", "2025-")) or p.endswith("-06") for p in one.index.get_level_values("period")]]
    reckoned = {(p, i): v for (_, i, p, _), v in other[~other.index.isin(one.index)].items()}  # 10k yuan: 6 × (10 − 8) = 12; of 2024 0.9 of it
    opens = one["unemployment", "closing_balance", "2024", "final"]
    assert reckoned == pytest.approx({
        ("2024-06", "current_balance"): 10.8e4, ("2025-06", "current_balance"): 12e4, ("2025-06", "opening_balance"): opens,
        ("2025-06", "closing_balance"): opens + 12e4,  # contributions and benefits alone make the totals up: 6 × 10, 6 × 8
        ("2024-06", "revenue_subtotal"): 54e4, ("2025-06", "revenue_subtotal"): 60e4, ("2024-06", "expenditure_subtotal"): 43.2e4,
        ("2025-06", "expenditure_subtotal"): 48e4}, abs=0.005)  # fmt: skip
    assert other.reindex(one.index).to_numpy() == pytest.approx(one.to_numpy(), abs=0.005)


def test_a_year_without_a_final_account_is_called_execution(tmp_path: Path) -> None:
    """December's months stand for the year; the form says executed, and unknown stays unknown."""
    told = [r if r[3:7:3] != (2025, "final") else (*r[:3], "2025-12", *r[4:6], "executed") for r in rows()]
    data = sib.load(dataset(tmp_path / "data", told, regions=[(R, "呼和浩特市", "", "league")]))
    path = sib.report.workbook(sib.settle(data, 2025), tmp_path / "b.xlsx")
    table = cells(path, "社预执行08 失业保险")
    assert (table[0][0], table[3][4]) == ("2025年失业保险基金收支执行表", "2025年执行数")
    assert side(table, 0, 7)["三、利息收入"] == (10, 10, 10, 12, 1.2, 1.2)


def test_leagues_make_up_the_region_and_beside_a_draft_nothing_is_read_twice(tmp_path: Path) -> None:
    """Two leagues alike: 2 × 111. The draft's figures are read from its sheets; English forms hold no Chinese."""
    regions = [("150000", "内蒙古自治区", "", "region"), (R, "呼和浩特市", "150000", "league"), ("150200", "包头市", "150000", "league")]
    data = sib.load(dataset(tmp_path / "data", rows() + [("150200", *r[1:]) for r in rows()], regions=regions))
    made = [drafted(data, FIGURES | TOTALS, UI), sib.settle(data, 2025)]
    path = sib.report.workbook(made, tmp_path / "b.xlsx")
    table = cells(path, "社决11 失业保险")
    assert (table[2][0], side(table, 0, 7)["本年收入合计"][:4]) == ("编报单位：内蒙古自治区", (220, 260, 240, 222))
    back = sib.load(path).frame
    assert set(back["stage"]) == set(made[0].frame["stage"])
    assert "内蒙古自治区" not in set(back["region"])
    english = cells(sib.report.workbook(made[1], tmp_path / "e.xlsx", language="en"), "Final 11 unemployment")
    assert english[3][5:7] == ("% of budget", "% of last year")
    assert side(english, 0, 7)["Total revenue"][3:] == (222, pytest.approx(222 / 240), pytest.approx(222 / 220))
    assert not any(re.search("[一-鿿]", str(v)) for r in english[3:] for v in r)


def test_published_aggregates_are_no_fund_beside_those_they_hold(china: sib.FundData, tmp_path: Path) -> None:
    """城镇职工基本养老保险 is the only one of its pensions told by months: it counts, and has no form of its own."""
    path = sib.report.workbook(sib.monitor(china, "2016-06"), tmp_path / "b.xlsx")
    assert not any("城镇职工" in name for name in openpyxl.load_workbook(path, read_only=True).sheetnames)
    table = cells(path, "社预执行01 总表")
    rows = china.frame.query("period == '2016-06' and stage == 'executed' and item == 'total_revenue'")
    told = rows.loc[rows["programme"].isin(["urban_employee_pension", "resident_pension", "medical", "maternity", "work_injury", "unemployment"]), "value"].sum()
    shown = {str(head): cell for head, cell in zip(table[3], next(r for r in table if r[0] == "本年收入合计"), strict=True)}
    assert sum(v for k, v in shown.items() if k not in ("项目", "合计") and isinstance(v, (int, float))) == pytest.approx(told / 1e4)


@pytest.mark.parametrize(("includes", "counts", "left"), [
    ("", "职工基本医疗保险基金", "基本医疗保险"),  # nobody said what the total holds: it may hold the fund
    ("employee_medical, resident_medical", "基本医疗保险", "职工基本医疗保险基金"),  # the residents' are in the total alone
    ("employee_medical", "职工基本医疗保险基金", "基本医疗保险"),  # all it holds is there
])  # fmt: skip
def test_a_drafts_total_does_not_count_published_aggregates_twice(includes: str, counts: str, left: str, tmp_path: Path) -> None:
    """合计 is the 1,342 of one of the two, and the note says which is not in it."""
    rows_ = [("medical", "totals_only", "基本医疗保险", includes)]
    given = [(R, f, "total_revenue", 2024, 1, "万元", "final") for f in ("employee_medical", "medical")]
    data = sib.load(dataset(tmp_path / "data", given, regions=[(R, "呼和浩特市", "", "league")],
                            programmes=(("programme", "kind", "name", "includes"), rows_)))  # fmt: skip
    one, other = (drafted(data, FIGURES | TOTALS, f) for f in ("employee_medical", "medical"))
    both = pd.concat([one.frame, other.frame], ignore_index=True)
    made = replace(one, build=lambda: both)
    path = sib.report.workbook(made, tmp_path / "b.xlsx")
    table = cells(path, "社预01 总表")
    assert table[3] == ("项目", "合计", counts)
    assert next(r for r in table if r[0] == "本年收入合计")[1] == 1_342e4
    assert f"未计入合计（与所列基金重复，或未说明含哪些险种）：{left}。" in table[-1][0]
    assert next(r for r in cells(path, "基金平衡表") if r[0] == "合计")[2] == 1_342e4


def test_where_an_area_has_not_reported_the_sum_is_not_known_and_that_is_told(tmp_path: Path) -> None:
    """Of two leagues one is silent in June: half a sum is none. Last year's 2 × 54 are whole."""
    regions = [("150000", "内蒙古自治区", "", "region"), (R, "呼和浩特市", "150000", "league"), ("150200", "包头市", "150000", "league")]
    other = [("150200", *r[1:]) for r in rows() + months() if r[3] != "2025-06"]
    data = sib.load(dataset(tmp_path / "data", rows() + months() + other, regions=regions))
    table = cells(sib.report.workbook(sib.monitor(data, "2025-06"), tmp_path / "b.xlsx"), "社预执行08 失业保险")
    assert side(table, 0, 8)["一、社会保险费收入"] == (240, 220, "…", "…", 108, None, None)
    assert "1个地区未报送，合计数不明" in table[-1][0]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_a_spreadsheet_recalculates_totals_and_per_cents_to_ours(account: tuple[sib.FundData, Path], tmp_path: Path) -> None:
    made = recalculated(account[1], tmp_path)
    assert len(made) >= 100
    for place, formula, ours, theirs in made:
        assert re.fullmatch(r"=[A-Z0-9,:()+\-/]+", formula), (place, formula)
        assert ours == pytest.approx(theirs, abs=1e-9), (place, formula)
