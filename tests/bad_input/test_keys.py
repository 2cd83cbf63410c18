"""Words for areas, funds, items, periods and stages."""

import datetime

import pytest

import sibforecast as sib
from tests.bad_input.clean import FUND, LEAGUE, PENSION, assert_only, clean, value_of

#: What stands in the region column, and the area it means.
AREAS = {
    "呼市": "150100", "呼和浩特": "150100", "呼和浩特市": "150100", " 呼和浩特市 ": "150100",
    "呼盟": "150700", "呼伦贝尔": "150700", "锡盟": "152500", "锡林郭勒": "152500", "乌盟": "150900", "乌海": "150300",
    "150100.0": "150100", "１５０１００": "150100",
}  # fmt: skip


@pytest.mark.parametrize("word", AREAS)
def test_areas_by_their_names(tmp_path, word):
    tables = clean()
    tables.figure("contributors")["region"] = word
    assert tables.value(tmp_path, "contributors", region=AREAS[word]) == 120_000


def test_ambiguous_area_lists_the_candidates(tmp_path):
    tables = clean()
    record = tables.figure("contributors")
    record["region"] = "乌"
    found = tables.check(tmp_path)
    assert_only(found, "ambiguous_region", row=tables.row("history", record), column="region")
    message = found.frame["message"].iloc[0]
    assert "乌海市" in message
    assert "乌兰察布市" in message
    assert "呼和浩特市" not in message


def test_two_areas_of_one_name_are_ambiguous(tmp_path):
    tables = clean()
    tables["regions"].append({"region": "150702", "name": "新城区", "parent": "150700", "level": "county"})
    record = tables.figure("contributors")
    record["region"] = "新城区"
    assert_only(tables.check(tmp_path), "ambiguous_region", row=tables.row("history", record), column="region")


#: column, what stands in it, id of the finding, a word it must hold.
UNKNOWN = {
    "area": ("region", "北京市", "unknown_region", "北京市"),
    "area blank": ("region", "", "blank_key", "blank"),
    "fund": ("programme", "enterprise_pensoin", "unknown_programme", "did you mean 'enterprise_pension'"),
    "fund in Chinese": ("programme", "企业职工基本养老保", "unknown_programme", "did you mean '企业职工基本养老保险'"),
    "item": ("item", "contribtion_base", "unknown_item", "did you mean 'contribution_base'"),
    "item in Chinese": ("item", "缴费基", "unknown_item", "缴费基数"),
    "item blank": ("item", "", "blank_key", "blank"),
    "stage": ("stage", "finall", "unknown_stage", "budget"),
    "month 13": ("period", "2024-13", "bad_period", "2024-13"),
    "quarter": ("period", "2024Q1", "bad_period", "2024Q1"),
    "two digits": ("period", "24", "bad_period", "24"),
    "a day or January to June": ("period", "2024-1-6", "bad_period", "2024-1-6"),
    "January or a cut October": ("period", "2024.1", "bad_period", "2024.1"),
    "serial date": ("period", "45292", "bad_period", "45292"),
    "period blank": ("period", "", "blank_key", "blank"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_unknown_words(tmp_path, case):
    column, word, id, holds = UNKNOWN[case]
    tables = clean()
    record = tables.figure("contribution_base")
    record[column] = word
    assert_only(tables.check(tmp_path), id, row=tables.row("history", record), column=column, holds=holds)


def test_an_unknown_word_in_many_rows_is_one_finding(tmp_path):
    tables = clean()
    for record in tables["history"]:
        record["programme"] = "pension"
    found = tables.check(tmp_path)
    assert_only(found, "unknown_programme", row=2, column="programme", holds=f"{len(tables['history']) - 1} more rows")


PERIODS = {
    "2024年": ("2024", "final"), "2024年度": ("2024", "final"), "二○二四年": ("2024", "final"), "２０２４": ("2024", "final"),
    "2024.0": ("2024", "final"), "2024年9月": ("2024-09", "executed"), "2024-9": ("2024-09", "executed"),
    "2024/09": ("2024-09", "executed"), "2024.09": ("2024-09", "executed"), "202409": ("2024-09", "executed"),
    "2024年1-9月": ("2024-09", "executed"),
}  # fmt: skip


@pytest.mark.parametrize("word", PERIODS)
def test_periods_and_their_stage(tmp_path, word):
    tables = clean()
    tables.figure("contribution_base")["period"] = word
    frame = sib.load(tables.folder(tmp_path)).frame
    row = frame[frame["item"] == "contribution_base"].iloc[0]
    assert (row["period"], row["stage"]) == PERIODS[word]


@pytest.mark.parametrize(
    ("month", "period"), [("9", "2024-09"), ("9月", "2024-09"), ("1-9月", "2024-09"), ("", "2024"), (9.0, "2024-09")]
)
def test_a_year_and_a_month_column(tmp_path, month, period):
    tables = clean()
    for record in tables["history"]:
        record["年度"] = record.pop("period") + "年"
        record["月份"] = month if record["item"] == "contribution_base" else ""
    frame = sib.load(tables.folder(tmp_path)).frame
    assert frame.loc[frame["item"] == "contribution_base", "period"].tolist() == [period]


def test_a_date_cell_is_its_month(tmp_path):
    tables = clean()
    tables.figure("contribution_base")["period"] = datetime.date(2024, 9, 1)
    data = sib.load(tables.workbook(tmp_path / "book.xlsx"))
    assert value_of(data, "contribution_base", "2024-09") == 5_500


@pytest.mark.parametrize(("stage", "day"), [
    ("final", (2024, 12, 31)), ("budget", (2024, 1, 1)), ("决算", (2024, 12, 1)), ("reported", (2024, 6, 30)), ("", (2024, 12, 31)),
])  # fmt: skip
def test_a_date_cell_is_no_year(tmp_path, stage, day):
    """A year shown as its last day is not December: at a yearly stage no date is a month."""
    tables = clean()
    record = tables.figure("contribution_base")
    record.update(period=datetime.date(*day), stage=stage)
    found = sib.check(tables.workbook(tmp_path / "book.xlsx"))
    assert_only(found, "bad_period", row=tables.row("history", record), column="period", holds="a year is meant? write 2024;")


@pytest.mark.parametrize("months", [False, True])
def test_the_first_of_january_among_years_is_no_month(tmp_path, months):
    """2023 typed as a date reads 2023-01-01: January only where the series has another month of that year."""
    tables = clean()
    record = tables.figure("total_revenue", "2023")
    record["period"] = datetime.date(2023, 1, 1)
    tables["history"] += [record | {"period": datetime.date(2023, 2, 1), "value": 90_000}] * months
    found = sib.check(tables.workbook(tmp_path / "book.xlsx"))
    told = found.frame[found.frame["id"] == "bad_period"]
    assert told["row"].tolist() == [] if months else [tables.row("history", record)]
    assert all("a year is meant? write 2023; a month? write 2023-01" in m for m in told["message"])


@pytest.mark.parametrize(("stage", "day"), [("executed", (2024, 12, 31)), ("执行数", (2024, 12, 1)), ("", (2024, 12, 1))])
def test_a_date_cell_in_execution_is_its_month(tmp_path, stage, day):
    tables = clean()
    tables.figure("contribution_base").update(period=datetime.date(*day), stage=stage)
    assert value_of(sib.load(tables.workbook(tmp_path / "book.xlsx")), "contribution_base", "2024-12") == 5_500


@pytest.mark.parametrize("word", ["2024-12-31", "2024/12/31", "2024年12月31日", "2024-12-31 00:00:00", "2024.12.31"])
def test_a_date_as_text_says_what_to_write(tmp_path, word):
    tables = clean()
    record = tables.figure("contribution_base")
    record["period"] = word
    row = tables.row("history", record)
    assert_only(tables.check(tmp_path), "bad_period", row=row, column="period", holds="write 2024; a month? write 2024-12")


def test_a_date_in_the_year_column_beside_a_month_column(tmp_path):
    tables = clean()
    for record in tables["history"]:
        record["年度"] = datetime.date(2024, 12, 31) if record["item"] == "contribution_base" else record["period"]
        record["月份"] = ""
        del record["period"]
    row = next(i for i, r in enumerate(tables["history"], start=2) if r["item"] == "contribution_base")
    found = sib.check(tables.workbook(tmp_path / "book.xlsx"))
    assert_only(found, "bad_period", row=row, column="period", holds="write 2024;")


def test_an_assumption_dated_by_the_last_day(tmp_path):
    tables = clean()
    tables["assumptions"] = [{"item": "average_wage", "period": datetime.date(2025, 12, 31), "value": 90_000, "unit": "元/年"}]
    found = sib.check(tables.workbook(tmp_path / "book.xlsx"))
    assert_only(found, "bad_period", table="assumptions", row=2, column="period", holds="write 2025;")


def test_codes_as_numbers_and_with_leading_zeros(tmp_path):
    tables = clean()
    for record in tables["regions"]:
        record["region"] = float(record["region"])
        record["parent"] = float(record["parent"]) if record["parent"] else ""
    tables["regions"].append({"region": "011", "name": "某县", "parent": 150100.0, "level": "county"})
    for record in tables["history"]:
        record["region"] = 150100.0
    tables["history"].append({**tables.figure("contributors", region=150100.0), "region": "011", "value": 7.0})
    data = sib.load(tables.workbook(tmp_path / "book.xlsx"))
    assert data.regions.order[-1] == "011"
    assert data.regions.ancestors("011") == ("150100", "150000")
    assert value_of(data, "contributors", region="011") == 7
    assert value_of(data, "contributors", region=LEAGUE) == 120_000


def test_the_same_row_twice_is_a_warning(tmp_path):
    tables = clean()
    first = tables.figure("contributors")
    again = {**first, "value": "12", "unit": "万人"}
    tables["history"].append(again)
    row = tables.row("history", again)
    found = tables.check(tmp_path)
    assert_only(found, "duplicate_same", "warning", row=row, column="value", holds=str(tables.row("history", first)))
    assert value_of(sib.load(tmp_path), "contributors") == 120_000


def test_two_different_figures_are_an_error(tmp_path):
    tables = clean()
    again = {**tables.figure("contribution_revenue"), "value": "28220"}
    tables["history"].append(again)
    assert_only(tables.check(tmp_path), "duplicate", row=tables.row("history", again), column="value", holds="282,200,000.00")


def test_an_assumption_twice(tmp_path):
    tables = clean()
    row = {"item": "average_wage", "period": "2025", "value": "90000", "unit": "元/年", "region": "呼市", "programme": PENSION}
    tables["assumptions"] = [row, {**row, "region": "150100", "value": "91000"}]
    assert_only(tables.check(tmp_path), "duplicate", table="assumptions", row=3, column="value")


def test_chinese_headers_and_words(tmp_path):
    tables = clean()
    plain = sib.load(tables.folder(tmp_path / "codes"))
    headers = {
        "region": "地区", "programme": "险种", "item": "项目", "period": "年度", "value": "数值", "unit": "单位", "stage": "阶段",
        "name": "名称", "parent": "上级", "level": "层级",
    }  # fmt: skip
    words = {
        "contribution_revenue": "社会保险费收入", "interest": "利息收入", "collection_rate": "征缴率",
        "closing_balance": "年末滚存结余", PENSION: "企业职工基本养老保险", FUND: "居民医保", "150100": "呼市",
    }  # fmt: skip
    tables["history"] = [{headers[c]: words.get(str(v), v) for c, v in record.items()} for record in tables["history"]]
    tables["regions"] = [{headers[c]: v for c, v in record.items()} for record in tables["regions"]]
    for record in tables["history"]:
        record["阶段"] = "决算数"
    for record in tables["regions"]:
        record["层级"] = {"region": "自治区", "league": "盟市", "county": "旗县"}[record["层级"]]
    chinese = sib.load(tables.folder(tmp_path / "words"))
    columns = ["region", "programme", "item", "period", "stage", "value"]
    assert chinese.frame[columns].astype({"value": float}).equals(plain.frame[columns].astype({"value": float}))
    assert {a.code: a.level for a in chinese.regions.areas.values()} == {a.code: a.level for a in plain.regions.areas.values()}
