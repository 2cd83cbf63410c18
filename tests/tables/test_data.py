"""A data set that was read: slices, labels, panels."""

import numpy as np
import pytest

import sibforecast as sib
from sibforecast.tables.panel import annual_rows, leaves, panels
from tests.bad_input.clean import FUND, LEAGUE, LINES, PENSION, clean
from tests.datasets import enterprise_pension


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    tables = clean()
    tables["history"] += [{**r, "stage": "budget", "value": 1} for r in tables["history"] if r["item"] == "contributors"]
    tables["history"].append({**tables.figure("interest"), "period": "2025-06", "value": 100})
    return sib.load(tables.folder(tmp_path_factory.mktemp("set")))


def test_at_is_one_slice(data):
    final = data.at("2024", "final")
    assert set(zip(final.frame["period"], final.frame["stage"], strict=True)) == {("2024", "final")}
    assert len(final.frame) == len(LINES) + 5
    budget = data.at(2024, "budget")
    assert budget.frame["value"].tolist() == [1.0]
    assert (budget.regions, budget.currency) == (data.regions, "yuan")
    assert data.at("2025-06", "executed").frame["value"].tolist() == [1_000_000.0]
    assert len(data.frame) == 2 * len(LINES) + 7


def test_at_says_what_there_is(data):
    with pytest.raises(sib.SibError, match=r"no figures of 2022 at stage final; there are: .*2024 budget"):
        data.at("2022", "final")
    with pytest.raises(sib.SibError, match="unknown stage 'outturn'; expected one of final"):
        data.at("2024", "outturn")


def test_frame_is_a_copy(data):
    frame = data.frame
    frame["value"] = 0.0
    assert data.frame["value"].sum() > 0
    assert data.table("none").empty


def test_every_figure_knows_file_and_row(data):
    assert set(data.frame["file"]) == {"history.csv"}
    assert data.frame["row"].tolist() == list(range(2, 2 + len(data.frame)))


def test_labels_and_repr(data):
    assert data.labels()[LEAGUE] == "呼和浩特市"
    assert "2 funds" in repr(data)
    assert max(map(len, repr(data).splitlines())) <= 80


def test_panels_are_areas_by_years(data):
    table = panels(annual_rows(data, ("final",)), data)
    assert set(table) == {FUND, PENSION}
    panel = table[FUND]
    assert (panel.areas, panel.years) == ((LEAGUE,), (2023, 2024))
    assert panel.get("interest").tolist() == [[3_760_000.0, 5_250_000.0]]
    assert np.isnan(panel.get("transfer_in")).all()
    assert panel.year("interest", 2024).tolist() == [[5_250_000.0]]
    assert np.isnan(panel.year("interest", 2030)).all()


def test_the_first_stage_that_has_a_figure_counts(data):
    rows = annual_rows(data, ("budget", "final"))
    value = rows.loc[(rows["item"] == "contributors"), "value"]
    assert value.tolist() == [1.0]


def test_leaves_have_nothing_below(data):
    assert leaves(data, ["150000", LEAGUE, "150102", "150300"]) == ("150300", "150102")  # in the order of the tree


def test_samples_load_without_errors_and_say_whether_they_are_made_up():
    assert sib.load(sib.sample("nmg")).illustrative
    assert not sib.load(sib.sample("oasdi")).illustrative
    with pytest.raises(sib.SibError, match="no sample 'usa'; there are nmg"):
        sib.sample("usa")


def test_provenance_follows_the_content(tmp_path):
    one = sib.load(enterprise_pension(tmp_path / "a")).provenance["input_hash"]
    same = sib.load(enterprise_pension(tmp_path / "b")).provenance["input_hash"]
    (tmp_path / "b" / "history.csv").write_text((tmp_path / "b" / "history.csv").read_text("utf-8") + "\n", "utf-8")
    assert one == same
    assert sib.load(tmp_path / "b").provenance["input_hash"] != one
