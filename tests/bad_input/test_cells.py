"""Value and unit cells as people write them: read for certain, or refused by name."""

import pytest

import sibforecast as sib
from tests.bad_input.clean import LEAGUE, PENSION, assert_only, clean, value_of

WAN = 10_000.0

#: item, what stands in the cell, what in the unit column, and the figure in base units.
UNDERSTOOD = {
    "thousands separators and a no-break space": ("contribution_revenue", "28,219.00\u00a0", "万元", 28_219 * WAN),
    "full-width digits": ("contribution_revenue", "２８２１９．００", "万元", 28_219 * WAN),
    "full-width comma": ("contribution_revenue", "２８，２１９．００", "万元", 28_219 * WAN),
    "spaces inside": ("contribution_revenue", "28 219.00", "万元", 28_219 * WAN),
    "scale in the cell, plain unit": ("contribution_revenue", "2.8219亿", "元", 28_219 * WAN),
    "unit in the cell, plain unit": ("contribution_revenue", "28219万元", "元", 28_219 * WAN),
    "scale in the cell and in the unit": ("contribution_revenue", "28219万", "万元", 28_219 * WAN),
    "plain yuan": ("contribution_revenue", "282190000", "元", 28_219 * WAN),
    "hundred million": ("contribution_revenue", "2.8219", "亿元", 28_219 * WAN),
    "English unit": ("contribution_revenue", "28219", "10k yuan", 28_219 * WAN),
    "per cent": ("contribution_rate", "47.48", "%", 0.4748),
    "share": ("contribution_rate", "0.4748", "share", 0.4748),
    "per cent sign, blank unit": ("contribution_rate", "47.48%", "", 0.4748),
    "per cent sign, per cent unit": ("contribution_rate", "47.48%", "%", 0.4748),
    "per cent sign, share unit": ("contribution_rate", "47.48%", "share", 0.4748),
    "full-width per cent sign": ("contribution_rate", "４７．４８％", "share", 0.4748),
    "a year's level of a monthly item": ("benefit_level", "34800", "元/年", 2_900.0),
    "per person and month": ("benefit_level", "2900", "元/人/月", 2_900.0),
    "10,000 persons": ("contributors", "12", "万人", 120_000.0),
    "10,000 in the cell": ("contributors", "12万", "人", 120_000.0),
}


@pytest.mark.parametrize("case", UNDERSTOOD)
def test_understood(tmp_path, case):
    item, cell, unit, expected = UNDERSTOOD[case]
    tables = clean()
    tables.figure(item).update(value=cell, unit=unit)
    data = sib.load(tables.folder(tmp_path))
    assert value_of(data, item) == pytest.approx(expected, rel=1e-12)
    assert data.findings.count("warning") == 0


NEGATIVE = {"brackets": "(1619.00)", "full-width brackets": "（１，６１９）", "triangle": "▲1619", "white triangle": "△1,619.00",
            "full-width minus": "－1619", "minus sign": "−1619"}  # fmt: skip


@pytest.mark.parametrize("case", NEGATIVE)
def test_negative_money_is_accepted(tmp_path, case):
    tables = clean()
    tables["history"] = [r for r in tables["history"] if r["programme"] == PENSION]
    tables["history"].append({**tables["history"][0], "item": "current_balance", "value": NEGATIVE[case], "unit": "万元"})
    assert tables.value(tmp_path, "current_balance") == -1_619 * WAN


@pytest.mark.parametrize("mark", ["—", "–", "-", "/", "×", "…", "无", "——", "N/A", " — "])
def test_marks_of_absence_are_missing_not_zero(tmp_path, mark):
    tables = clean()
    record = tables.figure("contribution_base")
    record["value"] = mark
    found = tables.check(tmp_path)
    notes = found.frame[found.frame["id"] == "marked_missing"]
    assert notes["row"].tolist() == [tables.row("history", record)]
    assert found.count("error") == found.count("warning") == 0
    frame = sib.load(tmp_path).frame
    assert "contribution_base" not in set(frame["item"])
    assert len(frame) == len(tables["history"]) - 1


#: item, cell, unit, id of the finding, column it names, and a word it must hold.
REFUSED = {
    "blank driver": ("collection_rate", "", "share", "blank_value", "value", "blank"),
    "spaces only": ("collection_rate", " \u3000\u00a0", "share", "blank_value", "value", "blank"),
    "blank line of a series that lives": ("interest", "", "万元", "blank_value", "value", "blank"),
    "two scales that differ": ("contribution_revenue", "1.2亿", "万元", "unit_conflict", "value", "1.2亿"),
    "scale word on a share": ("contribution_rate", "24万", "share", "unit_conflict", "value", "24万"),
    "money word on heads": ("contributors", "120000元", "人", "unit_conflict", "value", "120000元"),
    "heads word on money": ("contribution_revenue", "120000人", "元", "unit_conflict", "value", "120000人"),
    "per cent of money": ("contribution_revenue", "12%", "万元", "unit_conflict", "value", "12%"),
    "98 as a share": ("collection_rate", "98", "share", "share_out_of_range", "value", "98"),
    "0.98 in per cent": ("collection_rate", "0.98", "%", "share_out_of_range", "value", "0.0098"),
    "unknown unit": ("contribution_revenue", "28219", "万圆整", "bad_unit", "unit", "万圆整"),
    "heads for money": ("contribution_revenue", "28219", "人", "bad_unit", "unit", "人"),
    "money for heads": ("contributors", "120000", "元", "bad_unit", "unit", "元"),
    "money for a share": ("contribution_rate", "24", "元", "bad_unit", "unit", "元"),
    "per month on a flow": ("contribution_revenue", "28219", "元/月", "bad_unit", "unit", "元/月"),
    "no unit": ("contribution_revenue", "28219", "", "blank_unit", "unit", "blank"),
    "no unit and no per cent sign": ("collection_rate", "0.96", "", "blank_unit", "unit", "blank"),
    "words": ("contribution_revenue", "about 28219", "万元", "not_a_number", "value", "about 28219"),
    "garbled space": ("contribution_revenue", "28,219.00?", "万元", "not_a_number", "value", "28,219.00?"),
    "two numbers": ("contribution_revenue", "28219 49755", "万元", "not_a_number", "value", "28219 49755"),
    "wrong thousands": ("contribution_revenue", "28,21", "万元", "not_a_number", "value", "28,21"),
    "two signs": ("current_balance", "▲-627", "万元", "not_a_number", "value", "▲-627"),
    "formula text": ("contribution_revenue", "=1+1", "万元", "not_a_number", "value", "=1+1"),
    "formula by at sign": ("contribution_revenue", "@SUM(A1)", "万元", "not_a_number", "value", "formula"),
    "infinite": ("contribution_revenue", "inf", "万元", "not_a_number", "value", "inf"),
    "negative heads": ("contributors", "-5", "人", "negative_heads", "value", "-5"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(tmp_path, case):
    item, cell, unit, id, column, holds = REFUSED[case]
    tables = clean()
    record = tables.figure(item)
    record.update(value=cell, unit=unit)
    found = tables.check(tmp_path)
    assert_only(found, id, row=tables.row("history", record), column=column, holds=holds)
    with pytest.raises(sib.DataError, match=f"history.csv, [EF]{tables.row('history', record)}"):
        sib.load(tmp_path)


def test_a_formula_is_never_executed(tmp_path):
    tables = clean()
    tables.figure("contributors")["value"] = "=1+1"
    path = tables.workbook(tmp_path / "book.xlsx")  # a formula cell without a stored value
    found = sib.check(path)
    assert_only(found, "not_a_number", row=tables.row("history", tables.figure("contributors")), column="value", holds="=1+1")


def test_a_truth_value_is_no_number(tmp_path):
    tables = clean()
    tables.figure("contributors")["value"] = True
    found = sib.check(tables.workbook(tmp_path / "book.xlsx"))
    assert_only(found, "not_a_number", row=tables.row("history", tables.figure("contributors")), column="value")


def test_blank_line_that_lives_nowhere_is_a_warning(tmp_path):
    tables = clean()
    record = {**tables.figure("interest"), "item": "collective_aid", "value": ""}
    tables["history"].append(record)
    found = tables.check(tmp_path)
    assert_only(found, "blank_value", "warning", row=tables.row("history", record), column="value")
    assert "collective_aid" not in set(sib.load(tmp_path).frame["item"])


def test_level_without_a_period_is_said(tmp_path):
    tables = clean()
    tables.figure("benefit_level")["unit"] = "元"
    data = sib.load(tables.folder(tmp_path))
    assert value_of(data, "benefit_level") == 2_900
    assert "period_of_level" in set(data.findings.frame["id"])


@pytest.mark.parametrize(("cell", "unit"), [("1.2亿", "万元"), ("12%", "万元")])
def test_other_tables_refuse_two_units_as_well(tmp_path, cell, unit):
    tables = clean()
    tables["audits"] = [{"region": "150100", "programme": "", "period": "2024", "amount": cell, "unit": unit, "rectified": "是"}]
    assert_only(tables.check(tmp_path), "bad_amount", table="audits", row=2, column="amount")


AMOUNTS_IN_PER_CENT = {
    "deposits": ({"region": LEAGUE, "programme": PENSION, "kind": "t", "bank": "", "balance": "12%", "unit": "亿元", "rate": "1.5%",
                  "start": "", "term_months": "12%"}, ["balance", "term_months"]),
    "audits": ({"region": LEAGUE, "programme": "", "period": "2024", "amount": "12%", "unit": "万元", "rectified": ""}, ["amount"]),
    "ledgers": ({"region": LEAGUE, "programme": PENSION, "item": "interest", "period": "2024-01", "ledger": "bank", "amount": "12%",
                 "unit": "万元"}, ["amount"]),
    "effects": ({"region": LEAGUE, "programme": PENSION, "policy": "x", "value": "12%", "unit": "万元"}, ["value"]),
    "policies": ({"item": "contribution_revenue", "start": "2024-01", "programme": PENSION, "add": "12%", "unit": ""}, ["add"]),
    "assumptions": ({"item": "gdp", "period": "2025", "value": "12%", "unit": "亿元"}, ["value"]),
}  # fmt: skip


@pytest.mark.parametrize("table", AMOUNTS_IN_PER_CENT)
def test_a_per_cent_is_no_amount_in_any_table(tmp_path, table):
    row, columns = AMOUNTS_IN_PER_CENT[table]
    tables = clean()
    tables[table] = [row]
    found = tables.check(tmp_path).frame.query("severity == 'error'")
    assert found[["table", "row", "column", "found", "mend"]].values.tolist() == [
        [table, 2, column, "12%", "write the amount itself, without %"] for column in columns]  # fmt: skip
    assert all(text.startswith("a per cent sign on a figure that is no share") for text in found["message"])


def test_a_share_may_be_set_by_its_sign_alone(tmp_path):
    tables = clean()
    tables["policies"] = [{"item": "contribution_rate", "start": "2024-01", "programme": PENSION, "set": "16%", "unit": ""}]
    assert tables.check(tmp_path).count("error") == 0


def test_two_currencies(tmp_path):
    tables = clean()
    record = tables.figure("closing_balance", "2023")
    record.update(unit="USD m")
    found = tables.check(tmp_path)
    row = tables.row("history", record)
    frame = found.frame[found.frame["id"] == "two_currencies"]
    assert frame[["severity", "row", "column", "found"]].values.tolist() == [["error", row, "unit", "USD"]]
    assert frame["mend"].iloc[0]


def test_two_currencies_over_tables(tmp_path):
    tables = clean()
    tables["assumptions"] = [{"item": "average_wage", "period": "2025", "value": 60_000, "unit": "USD/year"}]
    assert_only(tables.check(tmp_path), "two_currencies", table="assumptions", row=2, column="unit", holds="USD")


def test_two_currencies_in_an_audit(tmp_path):
    tables = clean()
    tables["audits"] = [{"region": "150100", "programme": "", "period": "2024", "amount": 1, "unit": "EUR", "rectified": "是"}]
    assert_only(tables.check(tmp_path), "two_currencies", table="audits", row=2, column="unit", holds="EUR")


@pytest.mark.parametrize("word", ["CNY m", "RMB m", "m yuan", "百万元"])
def test_yuan_by_other_names_is_one_currency(tmp_path, word):
    tables = clean()
    tables.figure("contribution_revenue").update(value="282.19", unit=word)
    data = sib.load(tables.folder(tmp_path))
    assert data.currency == "yuan"
    assert value_of(data, "contribution_revenue") == pytest.approx(28_219 * WAN)


@pytest.mark.parametrize(
    ("rate", "share"), [("1.75%", 0.0175), ("0.0175", 0.0175), ("1.75", 0.0175), ("0.15", None), ("0.05", None)]
)
def test_deposit_rates_are_never_guessed(tmp_path, rate, share):
    tables = clean()
    tables["deposits"] = [
        {"region": "150100", "programme": PENSION, "kind": "定期", "bank": "甲", "balance": "600", "unit": "万元", "rate": rate,
         "start": "2024-01", "term_months": 36}
    ]  # fmt: skip
    found = tables.check(tmp_path)
    if share is None:
        assert_only(found, "bad_rate", table="deposits", row=2, column="rate", holds=rate)
    else:
        deposit = sib.load(tmp_path).table("deposits").iloc[0]
        assert deposit["rate"] == pytest.approx(share)
        assert (deposit["balance"], deposit["unit"]) == (6_000_000, "yuan")


def test_blank_amount_of_another_table(tmp_path):
    tables = clean()
    tables["audits"] = [{"region": "150100", "programme": "", "period": "2024", "amount": "", "unit": "万元", "rectified": "否"}]
    assert_only(tables.check(tmp_path), "blank_value", table="audits", row=2, column="amount")
