"""Everything wrong at once is told at once, and nothing is told that is not so."""

import pytest

import sibforecast as sib
from tests.bad_input.clean import LEAGUE, PENSION, clean


def spoiled():
    """A set with a mistake in every table, two of them in accounts that also do not foot."""
    tables = clean()
    expected = []
    tables["regions"][3]["parent"] = "159999"
    expected.append(("unknown_parent", "regions", 5))
    tables["programmes"] = [{"programme": "annuity", "kind": "unheard", "name": "年金"}]
    expected.append(("unknown_kind", "programmes", 2))
    for id, item, changes in (
        ("blank_value", "collection_rate", {"value": ""}),
        ("bad_unit", "contributors", {"unit": "元"}),
        ("share_out_of_range", "contribution_rate", {"unit": "share"}),
        ("unknown_stage", "benefit_level", {"stage": "?"}),
        ("unknown_region", "contribution_base", {"region": "nowhere"}),
    ):
        record = tables.figure(item)
        expected.append((id, "history", tables.row("history", record)))
        record.update(changes)
    tables.figure("current_balance", "2023")["value"] = 1_600
    expected.append(("I2", "history", tables.row("history", tables.figure("current_balance", "2023"))))
    expected.append(("I3", "history", tables.row("history", tables.figure("closing_balance", "2023"))))
    tables["assumptions"] = [{"item": "average_wage", "period": "20255", "value": "90000", "unit": "元/年"}]
    expected.append(("bad_period", "assumptions", 2))
    tables["audits"] = [
        {"region": LEAGUE, "programme": PENSION, "period": "2024", "amount": "x", "unit": "万元", "rectified": "否"}
    ]
    expected.append(("bad_amount", "audits", 2))
    return tables, expected


def test_all_at_once(tmp_path):
    tables, expected = spoiled()
    found = tables.check(tmp_path)
    errors = found.frame[found.frame["severity"] == "error"]
    assert sorted(zip(errors["id"], errors["table"], errors["row"], strict=True)) == sorted(expected)
    assert errors["mend"].str.len().gt(0).all()
    assert errors["message"].str.contains("regions.csv|programmes.csv|history.csv|assumptions.csv|audits.csv").all()


def test_load_raises_them_together(tmp_path):
    tables, expected = spoiled()
    tables.folder(tmp_path)
    with pytest.raises(sib.DataError) as caught:
        sib.load(tmp_path)
    text = str(caught.value)
    assert f"{len(expected)} errors" in text
    for id, table, row in expected:
        assert f"error {id}: {table}, row {row}," in text
    assert caught.value.findings.count("error") == len(expected)


def test_a_faulty_line_does_not_make_its_sums_wrong_too(tmp_path):
    tables = clean()
    tables.figure("fiscal_subsidy")["value"] = "n. n."
    found = tables.check(tmp_path)
    assert found.frame["id"].tolist() == ["not_a_number", "not_checked"]
    assert "1 of 2 accounts are checked once" in found.frame["message"].iloc[1]
    with pytest.raises(sib.DataError, match="1 error; sums and balances of 1 of 2 accounts are checked once"):
        sib.load(tmp_path)


def test_an_error_in_a_line_does_not_hide_an_opening_that_is_wrong(tmp_path):
    tables = clean()
    tables.figure("fiscal_subsidy")["value"] = "n. n."
    tables.figure("opening_balance")["value"] = 36_945
    assert tables.check(tmp_path).frame["id"].tolist() == ["not_a_number", "I3_opening", "not_checked"]


def test_an_error_in_a_driver_does_not_hide_that_an_account_does_not_foot(tmp_path):
    tables = clean()
    for record in tables["history"]:
        record["programme"] = PENSION
    tables.figure("contribution_rate")["value"] = "n. n."
    tables.figure("interest")["value"] = 625
    assert tables.check(tmp_path).frame["id"].tolist() == ["not_a_number", "I1_revenue_subtotal"]


def test_where_no_row_can_be_placed_nothing_passes_for_sound(tmp_path):
    tables = clean()
    for record in tables["history"]:
        record["region"] = "nowhere"
    found = tables.check(tmp_path).frame
    assert found["id"].tolist() == ["unknown_region", "not_checked"]


def test_an_unknown_item_leaves_other_accounts_checked(tmp_path):
    tables = clean()
    tables.figure("fiscal_subsidy")["item"] = "fiscal_subsidi"
    tables.figure("closing_balance", "2023")["value"] = 1
    found = tables.check(tmp_path)
    assert sorted(found.frame["id"]) == ["I3", "not_checked", "unknown_item"]
    assert found.frame.loc[found.frame["id"] == "I3", "period"].tolist() == ["2023"]


def test_without_regions_the_rest_is_still_checked(tmp_path):
    tables = clean()
    tables.figure("contributors")["unit"] = "元"
    del tables["regions"]
    assert sorted(tables.check(tmp_path).frame["id"]) == ["bad_unit", "missing_table"]


def test_without_history_the_rest_is_still_checked(tmp_path):
    tables = clean()
    tables["regions"][3]["level"] = "village"
    del tables["history"]
    assert sorted(tables.check(tmp_path).frame["id"]) == ["missing_table", "unknown_level"]


def test_the_clean_set_has_no_finding(tmp_path):
    tables = clean()
    assert len(tables.check(tmp_path / "folder")) == 0
    assert len(sib.check(tables.workbook(tmp_path / "book.xlsx"))) == 0
