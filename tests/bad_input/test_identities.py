"""What must foot: within an account, from year to year, from the parts to the whole, and within tolerance."""

import pytest

import sibforecast as sib
from tests.bad_input.clean import FUND, LEAGUE, LINES, PENSION, assert_only, clean

#: The line that is changed, and the finding with the item it is reported on.
BREAKS = {
    "subtotal of revenue": ("other_revenue", 100, "I1_revenue_subtotal", "revenue_subtotal"),
    "subtotal of expenditure": ("other_expenditure", 100, "I1_expenditure_subtotal", "expenditure_subtotal"),
    "balances": ("closing_balance", 100, "I3", "closing_balance"),
}


@pytest.mark.parametrize("case", BREAKS)
@pytest.mark.parametrize(("stage", "severity"), [("final", "error"), ("budget", "error"), ("reported", "warning")])
def test_breaks(tmp_path, case, stage, severity):
    item, more, id, told = BREAKS[case]
    tables = clean()
    for record in tables["history"]:
        record["stage"] = stage if record["period"] == "2024" else ""
    record = tables.figure(item)
    record["value"] = float(record["value"]) + more
    found = tables.check(tmp_path)
    assert_only(found, id, severity, row=tables.row("history", tables.figure(told)), column="value")
    one = found.frame[found.frame["id"] == id].iloc[0]
    assert (one["region"], one["programme"], one["item"], one["period"]) == (LEAGUE, FUND, told, "2024")
    assert one["expected"] != one["found"]
    assert found.ok is (severity == "warning")


def test_total_with_inter_level_lines(tmp_path):
    tables = clean()
    tables["history"].append({**tables.figure("interest"), "item": "upper_grant", "value": 100})
    row = tables.row("history", tables.figure("total_revenue"))
    assert_only(tables.check(tmp_path), "I1_total_revenue", row=row, column="value", holds="785,990,000.00")


def test_current_balance(tmp_path):
    tables = clean()
    record = tables.figure("current_balance")
    record["value"] = 628
    tables.figure("closing_balance")["value"] = 37_473
    assert_only(tables.check(tmp_path), "I2", row=tables.row("history", record), column="value", holds="6,280,000.00")


def test_opening_is_the_closing_of_the_year_before(tmp_path):
    tables = clean()
    record = tables.figure("opening_balance")
    record["value"] = 36_945
    tables.figure("closing_balance")["value"] = 37_572
    assert_only(tables.check(tmp_path), "I3_opening", row=tables.row("history", record), column="value", holds="368,450,000.00")


@pytest.mark.parametrize("without", [(), ("current_balance",)])
def test_a_wrong_opening_is_one_finding(tmp_path, without):
    """36,945 typed for 36,845: 36,845 + 627 is the closing, so only the opening is wrong."""
    tables = clean()
    tables["history"] = [r for r in tables["history"] if r["period"] == "2023" or r["item"] not in without]
    record = tables.figure("opening_balance")
    record["value"] = 36_945
    assert_only(tables.check(tmp_path), "I3_opening", row=tables.row("history", record), column="value", holds="368,450,000.00")


def test_a_wrong_opening_and_a_wrong_closing_are_two_findings(tmp_path):
    tables = clean()
    tables.figure("opening_balance")["value"] = 36_945
    tables.figure("closing_balance")["value"] = 37_000
    assert tables.check(tmp_path).frame["id"].tolist() == ["I3_opening", "I3"]


def test_figures_are_told_in_the_unit_of_the_cell_too(tmp_path):
    """Expected is the closing of 2023, 36,845 万元, found 36,945.5 万元."""
    tables = clean()
    tables.figure("opening_balance")["value"] = "36945.50"
    one = tables.check(tmp_path).frame.iloc[0]
    assert one["expected"] == "368,450,000.00 (36,845 万元)"
    assert one["found"] == "369,455,000.00 (36,945.5 万元)"


def test_an_adjustment_explains_the_closing(tmp_path):
    tables = clean()
    tables.figure("closing_balance")["value"] = 37_572
    tables["history"].append({**tables.figure("interest"), "item": "balance_adjustment", "value": 100})
    assert len(tables.check(tmp_path)) == 0


def test_two_sides_where_the_current_balance_is_not_given(tmp_path):
    tables = clean()
    tables["history"].remove(tables.figure("current_balance"))
    record = tables.figure("closing_balance")
    record["value"] = 37_572
    assert_only(tables.check(tmp_path), "I4", row=tables.row("history", record), column="value")


@pytest.mark.parametrize(("more", "errors"), [(2, 0), (5, 1)])
def test_tolerance_is_half_a_unit_for_each_addend(tmp_path, more, errors):
    """Four lines and their total in whole 万元 may miss by 2.5."""
    tables = clean()
    for record in tables["history"]:
        if record["programme"] == FUND:
            record["value"] = str(record["value"]).removesuffix(".00")
    record = tables.figure("interest")
    record["value"] = int(record["value"]) + more
    found = tables.check(tmp_path)
    assert found.count("error") == errors
    if errors:
        assert_only(found, "I1_revenue_subtotal", row=tables.row("history", tables.figure("revenue_subtotal")), column="value")


def test_tolerance_in_a_workbook_is_that_of_whole_numbers(tmp_path):
    tables = clean()
    for record in tables["history"]:
        if record["programme"] == FUND:
            record["value"] = float(record["value"])
    tables.figure("interest")["value"] += 2
    assert sib.check(tables.workbook(tmp_path / "book.xlsx")).ok


def with_children(values, parent=LEAGUE, period="2024"):
    tables = clean()
    tables["regions"].append({"region": "150103", "name": "回民区", "parent": parent, "level": "county"})
    whole = tables.figure("contributors")
    for code, value in zip(("150102", "150103"), values, strict=True):
        tables["history"].append({**whole, "region": code, "value": value})
    return tables, whole


def test_children_do_not_add_up(tmp_path):
    tables, whole = with_children([70_000, 50_001])
    row = tables.row("history", whole)
    found = tables.check(tmp_path)
    assert_only(found, "children_sum", row=row, column="value", holds="120,001.00")
    assert found.frame[["region", "programme", "item"]].values.tolist() == [[LEAGUE, PENSION, "contributors"]]


def test_children_add_up(tmp_path):
    assert len(with_children([70_000, 50_000])[0].check(tmp_path)) == 0


@pytest.mark.parametrize(("second", "errors"), [(54_000, 0), (57_000, 1)])
def test_children_of_a_rounded_whole(tmp_path, second, errors):
    """The whole shown as 12 万人 may be off by half of one 万."""
    tables, whole = with_children([70_000, second])
    whole.update(value="12", unit="万人")
    found = tables.check(tmp_path)
    assert found.frame["id"].tolist() == ["children_sum"] * errors


def test_no_sums_over_a_broken_tree(tmp_path):
    tables, _ = with_children([70_000, 50_000], parent="150199")
    assert tables.check(tmp_path).frame["id"].tolist() == ["unknown_parent"]


def test_levels_and_rates_of_children_are_not_added(tmp_path):
    tables = clean()
    whole = tables.figure("contribution_base")
    tables["history"].append({**whole, "region": "150102", "value": 1})
    assert len(tables.check(tmp_path)) == 0


def test_a_child_without_the_figure_is_not_zero(tmp_path):
    tables, _ = with_children([70_000, 50_000])
    tables["history"] = [r for r in tables["history"] if r["region"] != "150103"]
    tables["history"].append({**tables.figure("contribution_base"), "region": "150103"})
    assert len(tables.check(tmp_path)) == 0


def test_lines_of_the_base_foot():
    """The base itself: otherwise the tests above would test nothing."""
    for position in (0, 1):
        line = {item: values[position] for item, values in LINES.items()}
        revenue = ("contribution_revenue", "fiscal_subsidy", "interest", "other_revenue")
        assert sum(line[i] for i in revenue) == line["total_revenue"]
        assert line["benefit_expenditure"] + line["other_expenditure"] == line["total_expenditure"]
        assert line["opening_balance"] + line["current_balance"] == line["closing_balance"]
