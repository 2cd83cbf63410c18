"""A year whose account is final is called so, and no equal outturn is expected beside it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.report.known import as_known
from sibforecast.report.story import sentence, story_table
from sibforecast.report.voice import Voice

KEY = {"region": "150100", "programme": "unemployment"}


def rows(*told: tuple[str, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame([KEY | dict(zip(("item", "period", "stage", "value"), t, strict=True)) for t in told])


def test_what_was_expected_of_a_final_year_is_left_out_and_what_only_it_held_is_kept() -> None:
    frame = as_known(rows(
        ("total_revenue", "2025", "final", 5e6), ("total_revenue", "2025", "expected", 5e6), ("beneficiaries", "2025", "expected", 7.0),
        ("interest", "2025", "final", float("nan")), ("interest", "2025", "expected", 1.0), ("total_revenue", "2026", "draft", 6e6),
    ))  # fmt: skip
    assert frame[["item", "stage", "value"]].values.tolist() == [
        ["total_revenue", "final", 5e6], ["beneficiaries", "final", 7.0], ["interest", "final", 1.0], ["total_revenue", "draft", 6e6],
    ]  # fmt: skip


@pytest.mark.parametrize("final", [5e6 + 1, float("nan")])
def test_a_year_that_came_out_otherwise_or_is_not_known_stays_expected(final: float) -> None:
    frame = rows(("total_revenue", "2025", "final", final), ("total_revenue", "2025", "expected", 5e6))
    assert as_known(frame).equals(frame)


@pytest.fixture(scope="module")
def final_year(nmg: sib.FundData) -> sib.BudgetDraft:
    """2025 is a final account: the draft of 2026 expects nothing of it."""
    return sib.roll_up(sib.draft_budget(nmg, 2026), "region")


def test_story_form_and_fan_say_final(final_year: sib.BudgetDraft, tmp_path: Path) -> None:
    fan = sib.plots.fan_table(final_year, programme="unemployment", item="total_revenue", history=final_year.frame)
    assert set(fan["kind"]) == {"history", "draft"}
    path = sib.report.workbook(final_year, tmp_path / "b.xlsx")
    book = openpyxl.load_workbook(path, read_only=True)
    assert [c.value for c in list(book["社预08 失业保险"].rows)[3]][1] == "2025年决算数"
    assert not any("预计" in str(c.value) for c in next(iter(book["草案"].rows)))
    book.close()
    page = sib.report.page(final_year, tmp_path / "p.html").read_text("utf-8")
    assert "比上年决算" in page
    assert "2025年预计执行" not in page
    frame = as_known(final_year.frame)
    told = story_table(frame)
    row = told[(told["programme"] == "unemployment") & (told["stage"] == "draft")].iloc[0].to_dict()
    assert row["compared"] == "final"
    assert "比上年决算增加" in sentence(row, Voice("zh"), Voice("zh").scale(1e9))
