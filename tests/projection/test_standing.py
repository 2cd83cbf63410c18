"""Versions of a budget: frozen, read back to the last bit, compared line by line; the calendar of a year."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.errors import DataError, SibError
from sibforecast.projection.standing import STATUSES, compare, freeze, read_version
from sibforecast.projection.timetable import calendar
from tests import datasets

EP = "enterprise_pension"


@pytest.fixture(scope="module")
def draft(tmp_path_factory):
    return sib.draft_budget(sib.load(datasets.enterprise_pension(tmp_path_factory.mktemp("ep"))), 2026)


def frozen(draft, **words):
    return freeze(draft, **({"status": "draft", "date": "2025-11-20", "compiled_by": "budget division"} | words))


@pytest.mark.parametrize(("status", "stage"), [("draft", "draft"), ("reviewed", "draft"), ("approved", "budget"), ("adjusted", "adjusted")])
def test_a_status_maps_to_its_stage_and_the_figures_are_those_of_the_draft(draft, status, stage):
    kept = frozen(draft, status=status, reviewed_by="finance bureau", reviewed_on="2025-12-01")
    assert set(kept.frame["stage"]) == {stage}
    assert (kept.year, kept.status, kept.reviewed_by, kept.reviewed_on, kept.date) == (2026, status, "finance bureau", "2025-12-01", "2025-11-20")
    assert set(STATUSES) == {"draft", "reviewed", "approved", "adjusted"}
    drafted = draft.frame[draft.frame["stage"] == "draft"].astype({"region": str, "programme": str, "item": str, "period": str})
    keys = ["region", "programme", "item", "period"]
    assert kept.frame.set_index(keys)["value"].sort_index().equals(drafted.set_index(keys)["value"].sort_index())


def test_nothing_changes_a_version_later(draft):
    kept = frozen(draft)
    before = kept.frame
    for frame in (kept.frame, kept.build()):
        frame["value"] = 0.0
    assert kept.frame.equals(before)
    with pytest.raises(dataclasses.FrozenInstanceError):
        kept.status = "approved"
    with pytest.raises(TypeError):
        kept.provenance["status"] = "approved"


def test_a_version_is_read_back_to_the_last_bit(draft, tmp_path):
    kept = frozen(draft, status="approved", note="as passed")
    kept.to_json(tmp_path / "v.json")
    again = read_version(tmp_path / "v.json")
    assert again.frame.equals(kept.frame)
    assert (again.content, again.headline(), again.note, dict(again.kinds)) == (kept.content, kept.headline(), "as passed", dict(kept.kinds))
    assert compare(kept, again).empty
    assert json.loads(again.to_json()) == json.loads(kept.to_json())


def test_figures_changed_on_disk_are_refused(draft, tmp_path):
    path = tmp_path / "v.json"
    frozen(draft).to_json(path)
    record = json.loads(path.read_text("utf-8"))
    value = record["columns"].index("value")
    row = next(r for r in record["rows"] if r[value])
    row[value] = np.nextafter(row[value], np.inf)  # one bit
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(DataError, match="not those that were frozen"):
        read_version(path)
    for text, told in (("{", "not a JSON file"), ("[]", "not a budget version"), ('{"kind": "BudgetDraft"}', "not a budget version")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=told):
            read_version(path)
    with pytest.raises(SibError, match="there is no file"):
        read_version(tmp_path / "none.json")


def test_what_moved_and_which_drivers_by_hand(draft):
    """Collection 98 → 97 %: employed 190,080 × 1 % = 1,900.80 万元 less revenue, gap and balance by the same."""
    less = sib.Change(item="collection_rate", set=0.97, unit="share", start="2026-01", decided_by="league")
    after = freeze(sib.project(draft.assumptions, sib.Scenario("less", less)), status="adjusted", date="2026-06-30")
    table = compare(frozen(draft, status="approved"), after).set_index("item")
    got = {i: round(table.loc[i, "difference"] / 1e4, 2) for i in ("contribution_revenue", "total_revenue", "gap", "closing_balance")}
    assert got == {"contribution_revenue": -1_900.80, "total_revenue": -1_900.80, "gap": 1_900.80, "closing_balance": -1_900.80}
    assert table.loc["contribution_revenue", ["before", "after"]].tolist() == pytest.approx([237_502.40e4, 235_601.60e4])
    assert set(table["drivers"]) == {"collection_rate"}
    assert "benefit_expenditure" not in table.index  # it did not move


def test_a_line_that_only_one_version_has_is_blank_in_the_other(draft):
    rows = [("150100", EP, "total_revenue", 2026, 1, "万元", "budget")]
    extra = [*rows, ("150100", EP, "interest", 2026, 0, "万元", "budget")]
    import tempfile
    from pathlib import Path

    sides = []
    for history in (rows, extra):
        with tempfile.TemporaryDirectory() as folder:
            data = sib.load(datasets.dataset(Path(folder), history))
            sides.append(freeze(data.at("2026", "budget"), status="approved", date="2026-02-01"))
    table = compare(*sides)
    assert table["item"].tolist() == ["interest"]
    assert table[["before", "difference"]].isna().all(axis=None)
    assert table["after"].tolist() == [0.0]


def test_faults_are_told_together(draft, tmp_path):
    with pytest.raises(SibError) as told:
        freeze(draft, status="reviewed", date="20 Nov", reviewed_on="soon")
    assert str(told.value).count("\n  - ") == 3
    with pytest.raises(SibError, match="unknown status 'done'"):
        frozen(draft, status="done")
    several = sib.run_scenarios(draft.assumptions, [sib.Scenario("a"), sib.Scenario("b")])
    with pytest.raises(SibError, match="one scenario"):
        freeze(several, status="adjusted", date="2026-06-30")
    assert freeze(several, status="adjusted", date="2026-06-30", scenario="b").year == 2026
    with pytest.raises(SibError, match="one budget year"):
        freeze(sib.project(draft.assumptions, years=2), status="draft", date="2025-11-20")
    both = [("150100", EP, "total_revenue", 2026, 1, "万元", stage) for stage in ("budget", "adjusted")]
    data = sib.load(datasets.dataset(tmp_path, both))
    with pytest.raises(SibError, match="one slice"):
        freeze(data, status="draft", date="2025-11-20")
    with pytest.raises(SibError, match="versions of the same year"):
        compare(frozen(draft), dataclasses.replace(frozen(draft), year=2027))
    with pytest.raises(SibError, match="takes two versions"):
        compare(draft, draft)


def test_the_calendar_of_the_opinion():
    table = calendar(2027).set_index("step")
    assert table.loc["open_draft", ["start", "end", "status"]].tolist() == ["2026-04-01", "2026-06-30", "statute"]
    assert [table.loc[f"quarter_{q}", "end"] for q in (1, 2, 3, 4)] == ["2027-04-25", "2027-07-25", "2027-10-25", "2028-01-25"]
    assert set(table.loc[["notice", "drafts", "congress", "final_report", "final_review"], "status"]) == {"unverified"}
    assert pd.isna(table.loc["publish", "end"])
    own = calendar(2028, approved="2028-02-20", days={"drafts": ("2027-10-15", "2027-11-10")}).set_index("step")
    assert own.loc["publish", "end"] == "2028-03-11"  # 20 days on, over a leap day
    assert own.loc["drafts", ["start", "end", "status"]].tolist() == ["2027-10-15", "2027-11-10", "given"]
    with pytest.raises(SibError) as told:
        calendar(2027, approved="soon", days={"draft": ("2026-01-02", "2026-01-01")})
    assert str(told.value).count("\n  - ") == 3
