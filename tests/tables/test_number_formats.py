"""Per cents typed into a spreadsheet: 24% is stored as 0.24 with a format."""

import re
import shutil
import subprocess
import zipfile

import openpyxl
import pytest

import sibforecast as sib
from sibforecast.phrases import Teller
from sibforecast.tables.number_formats import per_cent_cells, shows_per_cent
from tests.bad_input.clean import PENSION, assert_only, clean, value_of


def typed(path, item, stored, format, unit, **more):
    """The clean workbook with one cell as a person's spreadsheet stores it; its row."""
    tables = clean()
    tables.figure(item).update(value=stored, unit=unit, **more)
    book = openpyxl.load_workbook(tables.workbook(path))
    row = tables.row("history", tables.figure(item))
    assert book["history"].cell(row, 5).value == stored
    book["history"].cell(row, 5).number_format = format
    book.save(path)
    return row


@pytest.mark.parametrize("unit", ["%", "share", ""])
@pytest.mark.parametrize("format", ["0%", "0.00%", "0.0##%", "0.0%;[Red]-0.0%", '"about "0.0%'])
@pytest.mark.parametrize("share", [0.24, 0.235, 0.07])
def test_a_cell_shown_in_per_cent_is_the_share_it_stores(tmp_path, share, format, unit):
    """24% typed is 0.24 stored: to the last digit the share, whatever the unit column says of it."""
    typed(tmp_path / "book.xlsx", "contribution_rate", share, format, unit)
    assert value_of(sib.load(tmp_path / "book.xlsx"), "contribution_rate") == share


@pytest.mark.parametrize("format", ["0.00", '0.0"%"', r"0.0\%", "[$%-409]0.0", "General"])
def test_a_sign_that_is_only_shown_changes_nothing(tmp_path, format):
    typed(tmp_path / "book.xlsx", "contribution_rate", 23.5, format, "%")
    assert per_cent_cells(tmp_path / "book.xlsx") == {}
    assert value_of(sib.load(tmp_path / "book.xlsx"), "contribution_rate") == pytest.approx(0.235, rel=1e-15)


def test_money_shown_in_per_cent_is_refused_as_the_text_is(tmp_path):
    row = typed(tmp_path / "book.xlsx", "contribution_revenue", 28_219, "0%", "万元")
    assert_only(sib.check(tmp_path / "book.xlsx"), "unit_conflict", row=row, column="value", holds="2821900%")


def test_a_share_too_high_is_still_told(tmp_path):
    """24 stored and shown as 2400%: not what was meant."""
    row = typed(tmp_path / "book.xlsx", "contribution_rate", 24, "0%", "%")
    assert_only(sib.check(tmp_path / "book.xlsx"), "share_out_of_range", row=row, column="value", holds="24")


def test_rates_of_other_tables(tmp_path):
    """15% typed as a deposit's rate: 0.15 alone may be 0.15% or 15%, the sign says which."""
    tables = clean()
    tables["deposits"] = [{"region": "150100", "programme": PENSION, "kind": "term", "bank": "", "balance": 1, "unit": "亿元",
                           "rate": 0.15, "start": "", "term_months": 12}]  # fmt: skip
    path = tables.workbook(tmp_path / "book.xlsx")
    assert sib.check(path).frame["id"].tolist() == ["bad_rate"]
    book = openpyxl.load_workbook(path)
    book["deposits"]["G2"].number_format = "0.00%"
    book.save(path)
    assert sib.load(path).deposits["rate"].tolist() == [0.15]


def test_cells_without_a_place_and_parts_named_from_the_top(tmp_path):
    """What other writers leave out: the place of a cell, the style of one that bears the first."""
    typed(tmp_path / "book.xlsx", "contribution_rate", 0.24, "0%", "%")
    expected = per_cent_cells(tmp_path / "book.xlsx")
    assert [len(v) for v in expected.values()] == [0, 1]
    with zipfile.ZipFile(tmp_path / "book.xlsx") as old, zipfile.ZipFile(tmp_path / "bare.xlsx", "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "xl/worksheets/sheet2.xml":
                text = re.sub(rb'(<(?:c|row)) r="[A-Z]*\d+"', rb"\1", text)
                assert b' r="' not in text
            new.writestr(name, text)
    assert per_cent_cells(tmp_path / "bare.xlsx") == expected


def test_formats():
    assert [shows_per_cent(c) for c in ("0%", '0"x%"%', "General", '0"%"', r"0\%", "_%0", "[>=1%]0")] == [
        True, True, False, False, False, False, False]  # fmt: skip


def test_a_workbook_whose_formats_cannot_be_read_says_so(tmp_path):
    typed(tmp_path / "book.xlsx", "contribution_rate", 24, "0.0", "%")
    with zipfile.ZipFile(tmp_path / "book.xlsx") as old, zipfile.ZipFile(tmp_path / "bad.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) if name != "xl/styles.xml" else b"<styleSheet><cellXfs>")
    found = sib.check(tmp_path / "bad.xlsx").frame
    assert set(found["id"]) & {"number_formats", "unreadable"}


OPEN_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 office:version="1.2"><office:body><office:spreadsheet>{sheets}</office:spreadsheet></office:body></office:document-content>"""


def open_document(path, tables, in_per_cent=(), blank_rows=0):
    """An .ods as LibreOffice writes it, as far as it is read; `in_per_cent` are records of figures shown so."""
    sheets = []
    for name, rows in tables.items():
        lines = [f'<table:table-row table:number-rows-repeated="{blank_rows}"><table:table-cell table:number-columns-repeated="9"/>'
                 "</table:table-row>"] if blank_rows else []  # fmt: skip
        for row in [dict.fromkeys(rows[0]) | {k: k for k in rows[0]}, *rows]:
            cells = []
            for column, cell in row.items():
                kind = "percentage" if column == "value" and any(row is r for r in in_per_cent) else "float"
                if isinstance(cell, (int, float)):
                    cells.append(f'<table:table-cell office:value-type="{kind}" office:value="{cell}"><text:p>x</text:p></table:table-cell>')
                elif cell:
                    cells.append(f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>')
                else:
                    cells.append('<table:table-cell table:number-columns-repeated="1"/>')
            lines.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
        sheets.append(f'<table:table table:name="{name}">{"".join(lines)}</table:table>')
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>')
        book.writestr("content.xml", OPEN_DOCUMENT.format(sheets="".join(sheets)))
    return path


@pytest.mark.parametrize("blank_rows", [0, 3])
@pytest.mark.parametrize(("shown", "share"), [(True, 0.24), (False, 0.0024)])
def test_an_open_document_says_itself_what_is_a_per_cent(tmp_path, shown, share, blank_rows):
    tables = clean()
    rate = tables.figure("contribution_rate")
    rate.update(value=0.24, unit="%")
    path = open_document(tmp_path / "book.ods", tables, [rate] if shown else [], blank_rows)
    row = tables.row("history", rate) - 1 + blank_rows
    assert per_cent_cells(path)["history"] == ([(row, 4)] if shown else [])
    data = sib.load(path)
    assert value_of(data, "contribution_rate") == pytest.approx(share, rel=1e-15)
    assert not data.findings.frame["id"].eq("per_cent_unseen").any()


def test_repeated_cells_of_an_open_document(tmp_path):
    """Two rows that stand for three, cells that stand for two: (0,1) (0,2) and the same in the rows after."""
    row = ('<table:table-row table:number-rows-repeated="{n}"><table:table-cell office:value-type="float" office:value="1"/>'
           '<table:table-cell office:value-type="percentage" office:value="0.1" table:number-columns-repeated="{m}"/></table:table-row>')  # fmt: skip
    for n, m in ((3, 2), (2_000, 1_000)):
        text = OPEN_DOCUMENT.format(sheets=f'<table:table table:name="t">{row.format(n=n, m=m)}</table:table>')
        with zipfile.ZipFile(tmp_path / f"{n}.ods", "w") as book:
            book.writestr("content.xml", text)
    assert per_cent_cells(tmp_path / "3.ods") == {"t": [(r, c) for r in range(3) for c in (1, 2)]}
    with pytest.raises(ValueError, match="2000000 cells"):
        per_cent_cells(tmp_path / "2000.ods")


def test_a_binary_workbook_does_not_show_per_cents_and_says_so(tmp_path):
    """LibreOffice writes the .xls: 0.24 shown as 24.00%, and 24 beside it, which is certain."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no LibreOffice here")
    tables = clean()
    tables.figure("contribution_rate").update(value=0.24, unit="%")
    tables["history"].append(tables.figure("contribution_rate") | {"region": "150300", "value": 24})
    tables["policies"] = [{"item": "contribution_rate", "start": "2025-01", "programme": PENSION, "add": -0.01, "unit": "%",
                           "decided_by": "region"}]  # fmt: skip
    path = tables.workbook(tmp_path / "book.xlsx")
    book = openpyxl.load_workbook(path)
    book["history"].cell(tables.row("history", tables.figure("contribution_rate")), 5).number_format = "0.00%"
    book.save(path)
    subprocess.run([office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xls", "--outdir",
                    tmp_path, path], check=True, capture_output=True, timeout=120)  # fmt: skip
    data = sib.load(tmp_path / "book.xls")
    told = data.findings.frame.query("id == 'per_cent_unseen'")
    assert told[["severity", "table", "row", "column", "found"]].values.tolist() == [
        ["warning", "history", tables.row("history", tables.figure("contribution_rate")), "value", "0.24"],
        ["warning", "policies", 2, "add", "-0.01"],
    ]  # fmt: skip
    assert told["mend"].str.contains("save it as .xlsx or CSV", regex=False).all()
    assert "more rows" not in told["message"].iloc[0]
    assert value_of(data, "contribution_rate", region="150300") == 0.24
    assert Teller("zh").text(told["message"].iloc[0], "per_cent_unseen").startswith("0.24（单位 %）按0.24%读取")
