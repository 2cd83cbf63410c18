"""The reason to switch: one blank cell, and what a spreadsheet would have made of it."""

import csv
import shutil

import pytest

import sibforecast as sib
from sibforecast.results import round_half_up

CONTRIBUTORS, BASE, RATE, COLLECTION = 120_000, 5_500, 0.24, 0.96


def filled(folder, value):
    """The sample with the blank cell filled in."""
    shutil.copytree(sib.sample("blank_cell"), folder, dirs_exist_ok=True)
    path = folder / "history.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    blank = [r for r in rows if r[4] == ""]
    assert [r[2:4] for r in blank] == [["collection_rate", "2025"]]
    blank[0][4] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder


def test_load_names_file_row_and_cell():
    with pytest.raises(sib.DataError, match=r"history\.csv, E14") as caught:
        sib.load(sib.sample("blank_cell"))
    assert "row 14" in str(caught.value)
    assert "collection_rate" in str(caught.value)


def test_check_gives_exactly_that_error():
    frame = sib.check(sib.sample("blank_cell")).frame
    assert frame[["id", "severity", "table", "row", "column", "period"]].values.tolist() == [
        ["blank_value", "error", "history", 14, "value", "2025"]
    ]


def test_filled_in_it_loads_and_drafts(tmp_path):
    data = sib.load(filled(tmp_path, str(COLLECTION)))
    assert data.illustrative
    draft = sib.draft_budget(data, 2026).frame
    row = draft[(draft["stage"] == "draft") & (draft["item"] == "contribution_revenue")]
    assert row["value"].iloc[0] > 0


def test_zero_and_100_per_cent_are_what_the_readme_says(tmp_path):
    data = sib.load(filled(tmp_path, str(COLLECTION)))
    frame = data.frame[data.frame["period"] == "2025"].set_index("item")["value"]
    given = [frame[i] for i in ("contributors", "contribution_base", "contribution_rate", "collection_rate")]
    assert given == pytest.approx([CONTRIBUTORS, BASE, RATE, COLLECTION])
    assessed = CONTRIBUTORS * BASE * 12 * RATE / 1e4  # 万元
    told = [f"{round_half_up(assessed * rate, 2):,} 万元" for rate in (0.0, 1.0, COLLECTION)]
    assert told == ["0.00 万元", "190,080.00 万元", "182,476.80 万元"]
    readme = (sib.sample("blank_cell") / "README.md").read_text(encoding="utf-8")
    positions = [readme.index(text) for text in told]
    assert positions == sorted(positions)


def test_zero_written_by_hand_is_no_way_round(tmp_path):
    found = sib.check(filled(tmp_path, "0"))
    assert found.frame["id"].tolist() == ["share_out_of_range"]
