"""Workbooks as people keep them: read right, or refused with every fault at its place and what to do."""

import openpyxl
import pytest

import sibforecast as sib
from tests.bad_input.clean import value_of

REGIONS = (("地区", "名称", "上级", "层级"), ("150000", "内蒙古自治区", "", "自治区"), ("150100", "呼和浩特市", "150000", "盟市"),
           ("150300", "乌海市", "150000", "盟市"))  # fmt: skip
HEAD = ["地区", "险种", "项目", "年度", "数值", "单位", "阶段"]
#: One fund of one city, 万元: 27,362 + 50,441 + 376 = 78,179.
FIGURES = {"社会保险费收入": 27_362.0, "财政补贴收入": 50_441.0, "利息收入": 376.0, "本年收入合计": 78_179.0, "社会保险待遇支出": 70_764.0,
           "本年支出合计": 70_764.0, "年末滚存结余": 36_845.0}  # fmt: skip
SUM = sum(FIGURES.values()) * 1e4


def rows(year="2024", area="呼和浩特市"):
    return [[area, "失业保险", item, year, value, "万元", "决算"] for item, value in FIGURES.items()]


def written(path, lines, dress=lambda book, sheet: None):
    book = openpyxl.Workbook()
    book.active.title = "地区"
    for line in REGIONS:
        book.active.append(line)
    sheet = book.create_sheet("数据")
    for line in lines:
        sheet.append(line)
    dress(book, sheet)
    book.save(path / "own.xlsx")
    return path / "own.xlsx"


def changed(*cells):
    """The rows with some cells written otherwise: row, column, text."""
    out = rows()
    for row, column, text in cells:
        out[row][column] = text
    return out


def texts_for_numbers(sheet):
    """Texts that begin with = as a person's apostrophe keeps them."""
    for place, text in (("E4", "=376"), ("C5", "=本年收入合计")):
        sheet[place].value, sheet[place].data_type = text, "s"


def errors_for_numbers(sheet):
    for place, text in (("E3", "#N/A"), ("E4", "#REF!")):
        sheet[place].value, sheet[place].data_type = text, "e"


NO_UNIT = [[*r[:5], r[6]] for r in rows()]
READ = {
    "blank rows and a title above the header": [[], [None, None, "2024年失业保险基金决算表"], [None] * 6 + ["单位：万元"], [], HEAD, *rows()],
    "two header rows": [["基本信息", "", "", "", "金额"], HEAD, *rows()],
    "spaces and line breaks in the header": [["地 区", "险\n种", "项  目", "年\n度", "数 值", "单　位", "阶　段"], *rows()],
    "full-width digits and commas": [HEAD, *changed((0, 4, "２７，３６２"), (1, 4, "５０，４４１．００"), (5, 4, "70，764"), (6, 4, "36，845"),
                                                     *((n, 3, "２０２４年") for n in range(7)))],
    "unit in the header": [["地区", "险种", "项目", "年度", "数值（万元）", "阶段"], *NO_UNIT],
    "unit in the header, its column blank": [["地区", "险种", "项目", "年度", "金额(万元)", "单位", "阶段"], *([*r[:5], "", r[6]] for r in rows())],
    "unit in the title": [["某表", "", "", "", "单位：万元"], ["地区", "险种", "项目", "年度", "数值", "阶段"], *NO_UNIT],
    "dressed units": [HEAD, *changed((0, 5, "人民币万元"), (1, 5, "（万元）"), (2, 5, "万元人民币"), (3, 5, "RMB 万元"), (4, 5, "单位：万元"), (5, 5, "万 元"))],
    "spaces in words": [HEAD, *changed((0, 0, " 呼和浩特市　"), (1, 0, "呼 和 浩 特 市"), (2, 0, "　呼和浩特市"), (3, 1, "失业 保险 "),
                                       (4, 2, " 社会保险待遇支出 "), (6, 6, "决算 数"))],
    "years as people write them": [HEAD, *changed((0, 3, "2024年"), (1, 3, "2024 年度"), (2, 3, 2024.0), (3, 3, "二〇二四年"), (4, 3, "２０２４"))],
    "the same row twice": [HEAD, *rows(), rows()[2]],
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_read_right(tmp_path, case):
    data = sib.load(written(tmp_path, READ[case]))
    assert data.frame["value"].sum() == SUM
    assert set(data.frame["period"]) == {"2024"}
    assert data.findings.frame["id"].tolist() == (["duplicate_same"] if "twice" in case else [])


def test_months_and_signs_as_people_write_them(tmp_path):
    """Interest of nine months, a correction of −1,234 in brackets, one missing mark of each kind."""
    months = ["2024年1月", "2024年02月", "2024.03", "2024-4", "202405", "2024年1-6月", "2024/7", "2024年8月份", "２０２４年９月末"]
    lines = [["呼和浩特市", "失业保险", "利息收入", m, n + 1.0, "万元", "执行"] for n, m in enumerate(months)]
    lines += [["乌海市", "失业保险", "以前年度调整", str(2020 + n), t, "万元", ""] for n, t in enumerate(["(1,234)", "（1，234.50）", "▲5", "−7"])]
    lines += [["乌海市", "失业保险", "缴费人数", str(2010 + n), t, "人", ""] for n, t in enumerate(["—", "×", "…", "——", "……", "－", "不适用"])]
    data = sib.load(written(tmp_path, [HEAD, *lines]))
    assert [value_of(data, "interest", f"2024-{m:02d}") for m in range(1, 10)] == [m * 1e4 for m in range(1, 10)]
    corrected = [value_of(data, "balance_adjustment", str(y), "150300") for y in range(2020, 2024)]
    assert corrected == [-12_340_000, -12_345_000, -50_000, -70_000]
    assert data.findings.frame["id"].eq("marked_missing").sum() == 7


#: What refuses them: id, row, column and the mend of each error, in the order told.
UNDONE = "open it in a spreadsheet, let it calculate and save it; or write the number"
EVERY_ROW = "fill it in on every row; of merged cells only the first row has it"
REFUSED = {
    "merged cells": ([HEAD, *rows(), *rows("2023")], lambda s: [s.merge_cells(m) for m in ("A2:A15", "B2:B15", "D2:D8")],
                     [("blank_key", 3, c, EVERY_ROW) for c in ("region", "programme", "period")]),
    "a total and a note below": ([HEAD, *rows(), ["合计", "", "", "", 1.0], [], ["注：决算数"], ["填表人：", "甲", "", "审核：", "乙"]], None,
                                 [("total_row", 9, None, "delete the row; totals are computed"), ("heading_row", 11, None, "delete the row"),
                                  ("heading_row", 12, None, "delete the row")]),
    "a second header below": ([HEAD, ["region", "programme", "item", "period", "value", "unit", "stage"], *rows()], None,
                              [("heading_row", 2, None, "delete the row")]),
    "a row of units below the header": ([HEAD, ["代码", "代码", "名称", "年", "万元", "", ""], *rows()], None,
                                        [("heading_row", 2, None, "delete the row")]),
    "a total over areas": ([HEAD, *rows(), *rows(area="全区合计")], None,
                           [("unknown_region", 9, "region", "use the code or full name of the regions table")]),
    "the same figure twice, not alike": ([HEAD, *rows(), ["呼和浩特市", "失业保险", "利息收入", "2024", 377.0, "万元", "决算"]], None,
                                         [("duplicate", 9, "value", "keep the right one")]),
    "formulas without a stored value": ([HEAD, *changed((3, 4, "=E2+E3+E4"), (5, 4, "=SUM(E6)"))], None,
                                        [("not_a_number", 5, "value", UNDONE), ("not_a_number", 7, "value", UNDONE)]),
    "texts that begin with =": ([HEAD, *rows()], texts_for_numbers,
                                [("unknown_item", 5, "item", "use a code of the catalogue (the workbook of `sibforecast template` lists them)"),
                                 ("not_a_number", 4, "value", UNDONE)]),
    "errors of the spreadsheet": ([HEAD, *rows()], errors_for_numbers,
                                  [("not_a_number", 3, "value", "write a plain number"), ("not_a_number", 4, "value", "write a plain number")]),
    "doubtful words": ([HEAD, *changed((0, 4, "27、362"), (1, 3, "24年"), (2, 5, "万"), (3, 3, "2024年末"))], None,
                       [("bad_period", 3, "period", "write a year 2024 or a month 2024-09"),
                        ("bad_period", 5, "period", "write a year 2024 or a month 2024-09"), ("not_a_number", 2, "value", "write a plain number"),
                        ("bad_unit", 4, "unit", "state the unit of this item")]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_at_its_place(tmp_path, case):
    lines, dress, expected = REFUSED[case]
    path = written(tmp_path, lines, lambda book, sheet: dress(sheet) if dress else None)
    errors = sib.check(path).frame.query("severity == 'error'")
    got = [(r.id, r.row, r.column, r.mend) for r in errors.itertuples()]
    assert [(i, r, c if isinstance(c, str) else None, m) for i, r, c, m in got] == expected
    assert errors["found"].notna().all()
    with pytest.raises(sib.DataError, match=rf"own.xlsx, sheet 数据, \w*{expected[0][1]}|row {expected[0][1]}"):
        sib.load(path)


def test_what_is_hidden_is_read_and_said(tmp_path):
    def hide(book, sheet):
        for row in (3, 9):
            sheet.row_dimensions[row].hidden = True
        other = book.create_sheet("假设")
        other.sheet_state = "hidden"
        other.append(["项目", "年度", "数值", "单位", "险种"])
        other.append(["缴费人数", "2025", 5, "人", "失业保险"])

    data = sib.load(written(tmp_path, [HEAD, *rows(), ["乌海市", "失业保险", "利息收入", "2024", 9.0, "万元", "决算"]], hide))
    told = data.findings.frame.set_index("id")
    assert told.loc["hidden_sheet", ["severity", "table"]].tolist() == ["warning", "assumptions"]
    assert told.loc["hidden_rows", ["severity", "table", "found"]].tolist() == ["note", "history", "rows 3, 9"]
    assert (data.frame["value"].sum(), len(data.table("assumptions"))) == (SUM + 9e4, 1)


def test_two_units_for_one_table_are_not_guessed(tmp_path):
    """Heads under a heading in 万元 do not fit; two units in the title leave the unit open."""
    lines = [["地区", "险种", "项目", "年度", "数值（万元）", "阶段"], *NO_UNIT, ["乌海市", "失业保险", "缴费人数", "2024", 5.0, "决算"]]
    found = sib.check(written(tmp_path, lines)).frame.query("severity == 'error'")
    assert found[["id", "row", "found"]].values.tolist() == [["bad_unit", 9, "万元"]]
    lines = [["单位：万元", "单位：元"], ["地区", "险种", "项目", "年度", "数值", "阶段"], *NO_UNIT]
    found = sib.check(written(tmp_path, lines)).frame.query("severity == 'error'")
    assert found[["id", "row", "column"]].values.tolist() == [["missing_column", 2, "unit"]]
