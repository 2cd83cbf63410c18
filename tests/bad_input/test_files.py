"""Files, sheets, headers and the tables beside the figures."""

import gzip

import openpyxl
import pytest

import sibforecast as sib
from tests import datasets
from tests.bad_input.clean import FUND, PENSION, assert_only, clean, value_of


def spoiled(tmp_path, table, data):
    """The clean folder with one file replaced by these bytes."""
    folder = clean().folder(tmp_path / "set")
    (folder / f"{table}.csv").write_bytes(data)
    return folder


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "utf-8-sig"])
def test_encodings_that_are_read(tmp_path, encoding):
    tables = clean()
    for record in tables["history"]:
        record["region"] = "呼和浩特市"
    folder = tables.folder(tmp_path)
    for name in ("regions", "history"):
        (folder / f"{name}.csv").write_bytes(tables.text(name).encode(encoding))
    data = sib.load(folder)
    assert data.regions.label("150100") == "呼和浩特市"
    assert value_of(data, "contributors") == 120_000


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf_16_is_refused_by_name(tmp_path, encoding):
    folder = spoiled(tmp_path, "history", clean().text("history").encode(encoding))
    assert_only(sib.check(folder), "encoding", holds="UTF-16")


def test_neither_encoding(tmp_path):
    folder = spoiled(tmp_path, "history", clean().text("history").encode() + b"\xff\xff\xff")
    assert_only(sib.check(folder), "encoding", holds="GB18030")


@pytest.mark.parametrize("data", [b"", b"\n\n", b" , ,\n"])
def test_empty_file(tmp_path, data):
    assert_only(sib.check(spoiled(tmp_path, "history", data)), "empty_table", holds="history.csv")


def test_header_without_rows(tmp_path):
    folder = spoiled(tmp_path, "history", clean().text("history").splitlines()[0].encode())
    assert_only(sib.check(folder), "no_figures")


@pytest.mark.parametrize("table", ["regions", "history"])
def test_missing_table(tmp_path, table):
    folder = clean().folder(tmp_path)
    (folder / f"{table}.csv").unlink()
    assert_only(sib.check(folder), "missing_table", table=table)
    with pytest.raises(sib.DataError, match=table):
        sib.load(folder)


def test_missing_column(tmp_path):
    tables = clean()
    for record in tables["history"]:
        del record["unit"]
    assert_only(tables.check(tmp_path), "missing_column", row=1, column="unit", holds="history.csv lacks unit")


def test_two_columns_of_one_meaning(tmp_path):
    tables = clean()
    for record in tables["history"]:
        record["数值"] = 1
    assert_only(tables.check(tmp_path), "column_twice", row=1, column="value", holds="数值")


def test_unused_column_is_a_note(tmp_path):
    tables = clean()
    for record in tables["history"]:
        record["colour"] = "red"
    found = tables.check(tmp_path)
    assert found.frame[["id", "severity"]].values.tolist() == [["unknown_column", "note"]]
    assert "colour" in found.frame["message"].iloc[0]


def test_ragged_row(tmp_path):
    tables = clean()
    record = tables.figure("contribution_revenue")
    text = tables.text("history").replace("28219.00", "28,219.00")
    assert text.count("28,219.00") == 1
    folder = spoiled(tmp_path, "history", text.encode())
    assert_only(sib.check(folder), "ragged_row", row=tables.row("history", record))


def test_quotation_mark_never_closed_swallows_nothing_in_silence(tmp_path):
    tables = clean()
    for record in tables["history"]:
        record["source"] = "report"
    text = tables.text("history").replace("report", '"report', 1)
    assert_only(sib.check(spoiled(tmp_path, "history", text.encode())), "unclosed_quote", holds="history.csv")


def test_title_above_the_header(tmp_path):
    text = "2024年社会保险基金决算表\n\n" + clean().text("history")
    data = sib.load(spoiled(tmp_path, "history", text.encode()))
    assert value_of(data, "contributors") == 120_000
    assert data.frame["row"].min() == 4


def test_semicolons(tmp_path):
    data = sib.load(spoiled(tmp_path, "history", clean().text("history").replace(",", ";").encode()))
    assert value_of(data, "contributors") == 120_000


def test_rows_of_nothing_are_passed_over(tmp_path):
    tables = clean()
    blank = dict.fromkeys(tables["history"][0], "")
    spaces = {**blank, "region": " ", "unit": "\u3000"}
    tables["history"] = [*tables["history"][:3], blank, spaces, *tables["history"][3:], blank]
    folder = tables.folder(tmp_path)
    assert len(sib.check(folder)) == 0
    data = sib.load(folder)
    assert len(data.frame) == len(tables["history"]) - 3
    rows = data.frame.set_index(["item", "period"])["row"]
    assert rows["contributors", "2024"] == tables.row("history", tables.figure("contributors"))


def test_path_that_does_not_exist(tmp_path):
    assert_only(sib.check(tmp_path / "nowhere"), "no_such_path", table=None, holds="nowhere")
    with pytest.raises(sib.DataError, match="nowhere"):
        sib.load(tmp_path / "nowhere")


def test_neither_folder_nor_workbook(tmp_path):
    (tmp_path / "history.csv").write_text(clean().text("history"), encoding="utf-8")
    assert_only(sib.check(tmp_path / "history.csv"), "unreadable", table=None)


def test_damaged_workbook(tmp_path):
    path = clean().workbook(tmp_path / "book.xlsx")
    path.write_bytes(path.read_bytes()[:500])
    assert_only(sib.check(path), "unreadable", table=None, holds="book.xlsx")


def test_damaged_gzip(tmp_path):
    folder = clean().folder(tmp_path)
    packed = bytearray(gzip.compress((folder / "history.csv").read_bytes()))
    packed[40:60] = bytes(20)
    (folder / "history.csv").unlink()
    (folder / "history.csv.gz").write_bytes(packed)
    assert_only(sib.check(folder), "unreadable", holds="history.csv.gz")


def test_a_table_in_two_files(tmp_path):
    folder = clean().folder(tmp_path)
    (folder / "history.csv.gz").write_bytes(gzip.compress((folder / "history.csv").read_bytes()))
    assert_only(sib.check(folder), "table_twice", holds="history.csv.gz")


def test_sheets_by_chinese_names_and_a_sheet_that_is_no_table(tmp_path):
    tables = clean()
    path = tables.workbook(tmp_path / "book.xlsx", {"history": "历史数据", "regions": "地区表"})
    data = sib.load(path)
    assert value_of(data, "contributors") == 120_000
    tables["Sheet1"] = [{"a": "b"}]
    found = sib.check(tables.workbook(tmp_path / "more.xlsx"))
    assert found.frame[["id", "severity", "table"]].values.tolist() == [["unknown_table", "note", "Sheet1"]]


def test_findings_of_a_workbook_name_sheet_and_cell(tmp_path):
    tables = clean()
    record = tables.figure("collection_rate")
    record["value"] = None
    found = sib.check(tables.workbook(tmp_path / "book.xlsx"))
    row = tables.row("history", record)
    assert_only(found, "blank_value", row=row, column="value", holds=f"book.xlsx, sheet history, E{row}")


# ---- regions -------------------------------------------------------------------------------------------------


#: what is changed in the row of 呼伦贝尔 (150700, row 5), id, column, what the finding holds.
TREE = {
    "unknown parent": ({"parent": "159999"}, "unknown_parent", "parent", "159999"),
    "within itself": ({"parent": "150700"}, "circle", "parent", "150700"),
    "unknown level": ({"level": "village"}, "unknown_level", "level", "village"),
    "blank level": ({"level": ""}, "unknown_level", "level", "blank"),
    "blank code": ({"region": ""}, "blank_code", "region", "blank"),
    "twice": ({"region": "150100"}, "duplicate", "region", "3"),
    "in a lower level": ({"parent": "150102"}, "level_order", "level", "league in county"),
}


@pytest.mark.parametrize("case", TREE)
def test_faults_of_the_tree(tmp_path, case):
    changes, id, column, holds = TREE[case]
    tables = clean()
    record = tables["regions"][3]
    record.update(changes)
    assert_only(tables.check(tmp_path), id, table="regions", row=tables.row("regions", record), column=column, holds=holds)


def test_a_circle_of_two_is_told_once_and_not_of_those_below(tmp_path):
    tables = clean()
    by_code = {r["region"]: r for r in tables["regions"]}
    by_code["150300"]["parent"], by_code["150700"]["parent"] = "150700", "150300"
    tables["regions"].insert(1, {"region": "150302", "name": "海勃湾区", "parent": "150300", "level": "county"})
    row = tables.row("regions", by_code["150300"])
    assert_only(tables.check(tmp_path), "circle", table="regions", row=row, column="parent")


def test_parent_by_name(tmp_path):
    tables = clean()
    for record in tables["regions"]:
        record["parent"] = {"150000": "内蒙古自治区", "150100": "呼市"}.get(record["parent"], "")
    data = sib.load(tables.folder(tmp_path))
    assert data.regions.ancestors("150102") == ("150100", "150000")


# ---- programmes ----------------------------------------------------------------------------------------------

PROGRAMMES = {
    "unknown kind": (
        {"programme": "annuity", "kind": "wage_based_pensoin"}, "unknown_kind", "kind", "did you mean 'wage_based_pension'",
    ),
    "one of the seven by another kind": (
        {"programme": PENSION, "kind": "flat_pension"}, "kind_of_seven", "kind", "wage_based_pension",
    ),
    "blank code": ({"programme": "", "kind": "flat_pension"}, "blank_code", "programme", "blank"),
    "a part nobody declared": (
        {"programme": "medical", "kind": "totals_only", "includes": "employee_medical, residents"}, "unknown_part", "includes", "residents",
    ),
    "parts of a fund with formulas": (
        {"programme": "annuity", "kind": "flat_pension", "includes": PENSION}, "unknown_part", "includes", PENSION,
    ),
    "a total that holds itself": ({"programme": "all_pensions", "kind": "totals_only", "includes": "all_pensions"}, "unknown_part", "includes", "itself"),
}


@pytest.mark.parametrize("case", PROGRAMMES)
def test_faults_of_declared_funds(tmp_path, case):
    record, id, column, holds = PROGRAMMES[case]
    tables = clean()
    tables["programmes"] = [{**record, "name": "某基金"}]
    assert_only(tables.check(tmp_path), id, table="programmes", row=2, column=column, holds=holds)


def test_a_fund_declared_twice(tmp_path):
    tables = clean()
    tables["programmes"] = [{"programme": "annuity", "kind": "totals_only", "name": n} for n in ("甲", "乙")]
    assert_only(tables.check(tmp_path), "duplicate", table="programmes", row=3, column="programme")


def test_a_declared_fund_is_understood_by_its_name(tmp_path):
    tables = clean()
    tables["programmes"] = [{"programme": "annuity", "kind": "totals_only", "name": "职业年金"}]
    for record in tables["history"]:
        record["programme"] = "职业年金" if record["programme"] == FUND else record["programme"]
    data = sib.load(tables.folder(tmp_path))
    assert set(data.programmes) == {"annuity", PENSION}
    assert set(data.frame["programme"]) == {"annuity", PENSION}


# ---- the plain tables ----------------------------------------------------------------------------------------

AUDIT = {"region": "呼市", "programme": "", "period": "2024", "amount": 5, "unit": "万元", "rectified": ""}
SCORE = {"region": "呼市", "indicator": "x", "period": "2024", "value": 90}
POLICY = {"item": "benefit_level", "start": "2025-07", "multiply": 1.05}
PLAIN = {
    "pooling level": ("pooling", {"programme": PENSION, "level": "town", "start": "2009-10-01", "end": ""}, "bad_level", "level"),
    "pooling without start": ("pooling", {"programme": PENSION, "level": "region", "start": "", "end": ""}, "blank_key", "start"),
    "unknown item of a policy": ("policies", {**POLICY, "item": "benefit_levle"}, "unknown_item", "item"),
    "a part of an item set": ("policies", {"item": "employer_rate", "start": "2025-07", "set": 0.15}, "unknown_item", "item"),
    "policy factor": ("policies", {**POLICY, "multiply": "some"}, "bad_multiply", "multiply"),
    "policy month": ("policies", {**POLICY, "start": "2025-17"}, "bad_period", "start"),
    "unknown area": ("assessments", {**SCORE, "region": "某盟"}, "unknown_region", "region"),
    "blank score": ("assessments", {**SCORE, "value": ""}, "blank_value", "value"),
    "unit of an audit": ("audits", {**AUDIT, "unit": "人"}, "bad_unit", "unit"),
    "audit without unit": ("audits", {**AUDIT, "unit": ""}, "blank_key", "unit"),
}  # fmt: skip


@pytest.mark.parametrize("case", PLAIN)
def test_faults_of_the_other_tables(tmp_path, case):
    table, record, id, column = PLAIN[case]
    tables = clean()
    tables[table] = [record]
    assert_only(tables.check(tmp_path), id, table=table, row=2, column=column)


def test_amounts_by_a_chinese_header(tmp_path):
    tables = clean()
    tables["审计"] = [{"地区": "呼市", "险种": PENSION, "年度": "2024", "金额": "1.5", "单位": "亿元", "整改": "是"}]
    audit = sib.load(tables.folder(tmp_path)).table("audits").iloc[0]
    assert (audit["region"], audit["amount"], audit["rectified"]) == ("150100", 150_000_000, True)


@pytest.mark.parametrize(
    ("cell", "unit", "value"), [("98%", "%", 98), ("98%", "share", 0.98), ("98", "%", 98), ("1.2亿", "元", 1.2e8)]
)
def test_numbers_of_policies_stay_in_their_unit(tmp_path, cell, unit, value):
    tables = clean()
    item = "collection_rate" if "9" in cell else "contribution_revenue"
    tables["policies"] = [{"item": item, "start": "2025-07", "set": cell, "unit": unit}]
    assert sib.load(tables.folder(tmp_path)).table("policies")["set"].iloc[0] == pytest.approx(value)


@pytest.mark.parametrize("heading", ["二、城乡居民基本医疗保险基金", "注：单位为万元", "Pensions"])
@pytest.mark.parametrize("cell", ["A1", "D1"])
def test_a_heading_amid_the_data_is_one_finding(tmp_path, heading, cell):
    """A merged row holds its text in its first cell; all else is blank."""
    tables = clean()
    blank = dict.fromkeys(tables["history"][0], "")
    tables["history"].insert(5, blank | {list(blank)[ord(cell[0]) - ord("A")]: heading})
    assert_only(tables.check(tmp_path), "heading_row", row=7, holds=heading)
    book = sib.check(tables.workbook(tmp_path / "book.xlsx"))
    assert book.frame["id"].tolist() == ["heading_row"]


def test_the_header_again_is_one_finding(tmp_path):
    tables = clean()
    tables["history"].insert(5, {word: word for word in tables["history"][0]})
    assert_only(tables.check(tmp_path), "heading_row", row=7, holds="region")


@pytest.mark.parametrize(("column", "cell", "id"), [("region", "150100", "blank_key"), ("value", "12", "blank_key")])
def test_a_lone_number_is_no_heading(tmp_path, column, cell, id):
    """A code or a figure on its own is a row that lost its other cells."""
    tables = clean()
    tables["history"].insert(5, dict.fromkeys(tables["history"][0], "") | {column: cell})
    assert id in set(tables.check(tmp_path).frame["id"])


def test_a_heading_in_another_table(tmp_path):
    tables = clean()
    tables["regions"].insert(3, {"region": "盟市", "name": "", "parent": "", "level": ""})
    assert_only(tables.check(tmp_path), "heading_row", table="regions", row=5, holds="盟市")


def test_cells_far_apart_are_told_before_memory_is_gone(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "notes", 1
    book.save(tmp_path / "far.xlsx")
    told = sib.check(tmp_path / "far.xlsx").frame
    assert told["message"].str.contains("cells are used as far apart as A1:XFD1048576").any()


@pytest.mark.parametrize(("value", "unit", "told"), [("1000①", "元", "footnote mark"), ("1000²", "元", "footnote mark"), ("1e306", "亿元", "not a finite number in its unit")])
def test_marks_and_infinities_are_no_figures(tmp_path, value, unit, told):
    folder = datasets.dataset(tmp_path, [("150100", PENSION, "total_revenue", 2025, value, unit, "final")])
    found = sib.check(folder).frame
    assert found.query("severity == 'error'")["message"].str.contains(told).any()
