"""Cells are what they were: text text, numbers numbers, blanks blank."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from sibforecast.errors import SibError
from sibforecast.sheets import Sheet, sheet_name, write_sheets


def read(path: Path, name: str | None = None) -> list[list[Any]]:
    book = openpyxl.load_workbook(path)
    sheet = book[name] if name else book.worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_a_frame_reads_back_equal(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "region": pd.Categorical(["150100", "011"]), "item": ["gap", "insured"], "value": [-1234.567890123, 3.0],
            "row": pd.array([None, 7], dtype="Int64"), "known": [True, False], "note": ["ä 中", None],
        }
    )  # fmt: skip
    path = write_sheets(tmp_path / "a.xlsx", {"t": frame})
    head, first, second = read(path)
    assert head == list(frame.columns)
    assert first == ["150100", "gap", -1234.567890123, None, True, "ä 中"]
    assert second == ["011", "insured", 3, 7, False, None]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "http://x.y", "{=1}", "0011", " x "]
)
def test_text_stays_text(tmp_path: Path, text: str) -> None:
    path = write_sheets(tmp_path / "a.xlsx", {"t": (("message",), [(text,)])})
    cell = openpyxl.load_workbook(path)["t"]["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)
    assert bool(cell.quotePrefix) is (text[0] in "=+-@")


def test_codes_are_text_even_if_they_came_as_numbers(tmp_path: Path) -> None:
    path = write_sheets(tmp_path / "a.xlsx", {"t": pd.DataFrame({"region": [150100], "period": [2026], "value": [1.5]})})
    assert read(path)[1] == ["150100", "2026", 1.5]


def test_blanks_are_blank_and_infinity_is_no_number(tmp_path: Path) -> None:
    values = [None, float("nan"), pd.NA, pd.NaT, np.float64("nan"), float("inf"), 0.0]
    path = write_sheets(tmp_path / "a.xlsx", {"t": (("value",), [(v,) for v in values])})
    assert [row[0] for row in read(path)[1:]] == [None] * 5 + ["inf", 0]


def test_number_formats_follow_the_item(tmp_path: Path) -> None:
    items = ["closing_balance", "insured", "contribution_rate", "months_payable", "benefit_level", "unknown", "gap"]
    frame = pd.DataFrame({"item": items, "value": [1.0] * 7, "quantile": [0.025] * 7})
    sheet = openpyxl.load_workbook(write_sheets(tmp_path / "a.xlsx", {"t": frame}))["t"]
    money, deficit = "#,##0.00;[Red]-#,##0.00", "[Red]#,##0.00;-#,##0.00;0.00"
    formats = [sheet.cell(r, 2).number_format for r in range(2, 9)]
    assert formats == [money, "#,##0", "0.00%", "0.0", money, "General", deficit]
    assert sheet.cell(2, 3).number_format == "0.0##"


def test_header_is_frozen_filtered_and_printed_on_every_page(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(write_sheets(tmp_path / "a.xlsx", {"t": pd.DataFrame({"a": [1], "b": ["x"]})}))["t"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B2"
    assert sheet.print_title_rows in ("1:1", "$1:$1")
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)


def test_sheet_names_are_what_excel_accepts() -> None:
    taken: set[str] = set()
    long = "a very long name of a sheet that goes on"
    made = [sheet_name(n, taken) for n in ("a/b", "A:b", "", "'x'", "History", long, long)]
    assert made == ["a_b", "A_b (2)", "sheet", "x", "history_", long[:31].strip(), f"{long[:27]} (2)"]
    assert max(map(len, made)) <= 31


def test_a_long_table_goes_on_on_the_next_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sibforecast.sheets._MAX_ROWS", 3)
    path = write_sheets(tmp_path / "a.xlsx", {"t": pd.DataFrame({"value": range(7)})})
    assert openpyxl.load_workbook(path).sheetnames == ["t", "t (2)", "t (3)"]
    assert read(path, "t (3)") == [["value"], [6]]


def test_an_empty_table_is_a_sheet_with_a_header(tmp_path: Path) -> None:
    assert read(write_sheets(tmp_path / "a.xlsx", {"t": pd.DataFrame({"a": [], "b": []})})) == [["a", "b"]]


def test_nothing_half_written_is_left_behind(tmp_path: Path) -> None:
    class Bad:
        def __str__(self) -> str:
            raise RuntimeError("no text")

    with pytest.raises(RuntimeError):
        write_sheets(tmp_path / "a.xlsx", {"t": (("a",), [(Bad(),)])})
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SibError, match="2 cells under 1 columns"):
        write_sheets(tmp_path / "a.xlsx", {"t": (("a",), [(1, 2)])})
    with pytest.raises(SibError, match=r"written as \.xlsx"):
        write_sheets(tmp_path / "a.csv", {"t": (("a",), [])})
    with pytest.raises(SibError, match="no sheet"):
        write_sheets(tmp_path / "a.xlsx", {})


def test_wrapped_sentences_get_the_lines_they_need(tmp_path: Path) -> None:
    table = Sheet(["text"], [["short", "a long sentence " * 10]], wrapped={"text": 40})
    sheet = openpyxl.load_workbook(write_sheets(tmp_path / "a.xlsx", {"t": table}))["t"]
    assert sheet.row_dimensions[2].height in (None, 15)
    assert sheet.row_dimensions[3].height >= 60
    assert sheet["A3"].alignment.wrap_text
