"""Per cents typed into a spreadsheet: 24% is stored as 0.24 with a format."""

import re
import zipfile

import openpyxl
import pytest

import sibforecast as sib
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
