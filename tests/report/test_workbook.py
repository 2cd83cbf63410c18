"""The workbook of results: a cover, wide tables, long tables, names beside codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.results import Findings
from tests.plots import tables


class Draft(tables.Named):
    """A draft with a balance table and findings, as the projection makes it."""

    balance = pd.DataFrame(
        {
            "region": ["150100"], "programme": ["unemployment"], "period": ["2027"], "opening_balance": [9e8],
            "gap": [2.5e8], "own_balance": [2.5e8], "gap_subsidy": [0.0], "gap_grant": [None], "open": [0.0],
            "closing_balance": [6.5e8], "months_payable": [12.5],
        }
    )  # fmt: skip
    findings = Findings.of([{"id": "thin_reserve", "severity": "warning", "table": "draft", "message": "=below 9 months"}])


def made() -> Draft:
    return Draft(tables.draft, {"illustrative": True, "currency": "yuan", "input": "nmg", "version": "0.1.0"})


def rows(path: Path, name: str) -> list[dict[str, Any]]:
    head, *body = openpyxl.load_workbook(path)[name].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in body]


def test_a_draft_in_chinese(tmp_path: Path) -> None:
    path = sib.report.workbook({"草案": made()}, tmp_path / "book.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["说明", "草案", "草案 平衡表", "草案 检查结果", "草案 明细"]
    wide = rows(path, "草案")
    assert len(wide) == 8
    gap = next(r for r in wide if r["项目代码"] == "gap")
    assert (gap["地区代码"], gap["地区"], gap["险种"], gap["项目"], gap["单位"]) == (
        "150100", "呼和浩特市", "失业保险", "收支缺口", "元",
    )  # fmt: skip
    assert [gap[c] for c in ("2025年决算", "2026年预算", "2026年预计执行", "2027年草案")] == [
        -3.2e8, 1.1e8, -0.4e8, 2.5e8,
    ]  # fmt: skip
    assert gap["草案方法"] == "way of draft"
    months = next(r for r in wide if r["项目代码"] == "months_payable")
    assert months["2026年预算"] is None  # blank is not zero
    assert book["草案"].oddHeader.center.text == "示例数据"


def test_the_long_table_balance_and_findings_read_back_equal(tmp_path: Path) -> None:
    path = sib.report.workbook([made()], tmp_path / "book.xlsx", language="en")
    long = rows(path, "Draft long")
    frame = tables.draft()
    assert [r["value"] for r in long] == [None if v != v else v for v in frame["value"].tolist()]
    assert [r["region"] for r in long] == frame["region"].tolist()
    assert {r["area"] for r in rows(path, "Draft")} == {"Hohhot", "Baotou"}
    balance = rows(path, "Draft balance")[0]
    assert (balance["gap before filling"], balance["gap-filling grant"], balance["months payable"]) == (2.5e8, None, 12.5)
    assert rows(path, "Draft findings")[0]["message"] == "=below 9 months"
    assert "2027 draft" in rows(path, "Draft")[0]


def test_the_cover_says_what_it_is(tmp_path: Path) -> None:
    path = sib.report.workbook(made(), tmp_path / "book.xlsx")
    said = {r["事项"]: r["内容"] for r in rows(path, "说明")}
    assert "illustrative data" in said["示例数据"]
    assert said["数据集"] == "nmg"
    assert said["sibforecast 版本"] == "0.1.0"
    assert "元" in said["单位"]
    assert "空白表示没有数据" in said["单位"]


def test_other_results_are_long_tables_with_names(tmp_path: Path) -> None:
    path = sib.report.workbook({"bill": tables.named(tables.bill()), "plain": tables.attribution()}, tmp_path / "b.xlsx")
    assert openpyxl.load_workbook(path).sheetnames == ["说明", "bill", "plain"]
    first = rows(path, "bill")[0]
    assert (first["地区代码"], first["地区"], first["承担方"], first["数值"]) == ("150200", "包头市", "盟市", 1e8)


def test_a_plain_frame_is_english_and_unmarked(tmp_path: Path) -> None:
    path = sib.report.workbook(tables.bill(), tmp_path / "b.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["About", "table"]
    assert not book["table"].oddHeader.center.text


def test_names_of_sheets_are_kept_apart(tmp_path: Path) -> None:
    frame = tables.bill()
    path = sib.report.workbook([frame, frame], tmp_path / "b.xlsx")
    assert openpyxl.load_workbook(path).sheetnames == ["About", "table", "table 2"]


def test_a_scenario_is_a_key_of_the_wide_table(tmp_path: Path) -> None:
    frame = pd.concat([tables.draft().assign(scenario=None), tables.draft().assign(scenario="raise")])
    path = sib.report.workbook({"p": frame}, tmp_path / "b.xlsx")
    assert len(rows(path, "p")) == 16
    assert {r["scenario"] or "" for r in rows(path, "p")} == {"", "raise"}


@pytest.mark.parametrize(("results", "words"), [({}, "no result"), ({"a": 3}, "results and tables; got int")])
def test_what_cannot_be_written_is_said(tmp_path: Path, results: Any, words: str) -> None:
    with pytest.raises(SibError, match=words):
        sib.report.workbook(results, tmp_path / "b.xlsx")
    with pytest.raises(SibError, match="expected 'zh' or 'en'"):
        sib.report.workbook(tables.bill(), tmp_path / "b.xlsx", language="fr")
    assert list(tmp_path.iterdir()) == []


def test_any_result_saves_itself(tmp_path: Path) -> None:
    path = tables.named(tables.bill()).to_excel(tmp_path / "r.xlsx")
    assert openpyxl.load_workbook(path).sheetnames == ["Named", "provenance"]
    assert len(rows(path, "Named")) == len(tables.bill())


def test_what_nobody_pays_yet_and_what_no_list_has_stands_out(tmp_path: Path) -> None:
    """Rows of a bill that are pending or unlisted are coloured by a rule, and told on the cover."""
    causes = pd.DataFrame({"region": ["150100"] * 3, "programme": ["enterprise_pension"] * 3, "period": ["2026"] * 3, "cause": ["gap", "cut", "more"],
                           "stage": ["budget", "execution", "execution"], "side": ["", "revenue", "expenditure"],
                           "decided_by": ["", "nation", ""], "value": [5e6, 2e6, 1e6]})  # fmt: skip
    bill = sib.share(causes, sib.read_rules("nmg_2016"))
    path = sib.report.workbook({"bill": bill}, tmp_path / "bill.xlsx", language="en")
    book = openpyxl.load_workbook(path)
    sheet = book["bill"]
    (where, rules), = sheet.conditional_formatting._cf_rules.items()
    head = [c.value for c in sheet[1]]
    letter = openpyxl.utils.get_column_letter(head.index("treatment") + 1)
    assert rules[0].formula == [f'OR(${letter}2="pending",${letter}2="unlisted")']
    assert str(where.sqref) == f"A2:{openpyxl.utils.get_column_letter(len(head))}{sheet.max_row}"
    cover = [r["content"] for r in rows(path, "About") if r["subject"] == "bill !"]
    assert [line.split(":")[0] for line in cover] == ["pending", "unlisted"]


def test_every_result_of_a_year_goes_into_a_workbook(nmg, tmp_path):
    """A settlement, a collection or the reserves have a year, and are no draft: a sheet each, and no official form."""
    results = {"settled": sib.settle(nmg, 2025), "collected": sib.collection(nmg, 2025), "stock": sib.benefit_stock(nmg, 2025), "reserves": sib.reserves(nmg, 2026),
               "card": sib.assess(nmg, 2025), "watched": sib.monitor(nmg, "2026-09")}  # fmt: skip
    made = sib.report.workbook(results, tmp_path / "year.xlsx", language="en")
    book = openpyxl.load_workbook(made, read_only=True)
    assert not [n for n in book.sheetnames if n.startswith("Form")]
    assert {*results, "reserves by fund", "card in sum"} <= set(book.sheetnames)
    for name in ("collected", "stock", "reserves", "reserves by fund", "card", "settled", "watched"):
        assert "status" in next(book[name].iter_rows(values_only=True)), name
    heads, first = book["reserves by fund"].iter_rows(max_row=2)
    shown = {head.value: cell.number_format for head, cell in zip(heads, first, strict=True)}
    assert (shown["accrued"], shown["rate"]) == ("#,##0.00;[Red]-#,##0.00", "0.00%")
    told = rows(sib.report.workbook({"存放": sib.reserves(nmg, 2026)}, tmp_path / "zh.xlsx", language="zh"), "存放 按险种")
    assert set(told[0]) >= {"无利率金额", "入账利息", "状态"}
    assert {r["状态"] for r in told} == {"绿"}
