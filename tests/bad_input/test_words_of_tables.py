"""Funds, areas and items of every table beside the figures: by each name the program shows, and unknown ones told at their place."""

import openpyxl
import pytest

import sibforecast as sib
from sibforecast.items import CATALOGUE
from sibforecast.programmes.registry import ALIASES, SEVEN
from sibforecast.report.official import FORMS
from sibforecast.tables.schema import EVENT_KINDS, HEADER_LOOKUP, TABLES
from tests.bad_input.clean import FUND, PENSION, assert_only, clean

#: One sound row of each table that names a fund, an area or an item.
ROWS = {
    "pooling": {"programme": FUND, "level": "league", "start": "2020-01", "end": "", "region": "150100"},
    "assumptions": {"item": "collection_rate", "period": "2025", "value": "97", "unit": "%", "region": "150100", "programme": FUND},
    "policies": {"item": "collection_rate", "start": "2025-01", "programme": FUND, "regions": "150100", "add": "0.01", "unit": "share",
                 "decided_by": "region", "known_at_budget": "true"},
    "deposits": {"region": "150100", "programme": FUND, "kind": "活期", "bank": "", "balance": "100", "unit": "万元", "rate": "0.35%",
                 "start": "2024-01", "term_months": ""},
    "events": {"programme": FUND, "item": "collection_rate", "start": "2020-02", "kind": "one_off", "end": "2020-06"},
    "assessments": {"region": "150100", "indicator": "预算编制", "period": "2024", "value": "90"},
    "audits": {"region": "150100", "programme": FUND, "period": "2024", "amount": "10", "unit": "万元", "rectified": "是"},
    "statements": {"region": "150100", "programme": FUND, "period": "2024", "text": "无"},
    "effects": {"region": "150100", "programme": FUND, "policy": "a", "value": "10", "unit": "万元"},
    "ledgers": {"region": "150100", "programme": FUND, "item": "collection_rate", "period": "2024", "ledger": "bank", "amount": "10",
                "unit": "万元"},
}  # fmt: skip
WORDS = {  # column: code, in Chinese, an unknown word, what is told of it, the finding
    "region": ("150100", "呼和浩特市", "呼和浩持市", "did you mean '呼和浩特市'?", "unknown_region"),
    "regions": ("150100", "呼和浩特市", "呼和浩持市", "did you mean '呼和浩特市'?", "unknown_region"),
    "programme": (FUND, "城乡居民基本医疗保险基金", "城乡居民基本医疗保障基金", "did you mean '城乡居民基本医疗保险基金'", "unknown_programme"),
    "item": ("collection_rate", "征缴率", "征缴律", "unknown item '征缴律'", "unknown_item"),
}
PLACES = [(t, c) for t, row in ROWS.items() for c in row if c in WORDS]
LISTS = [("policies", "programme"), ("policies", "regions"), ("events", "programme"), ("events", "item")]


def with_row(table, **cells):
    tables = clean()
    tables[table] = [ROWS[table] | cells]
    return tables


def read(tmp_path, table, column, word):
    return sib.load(with_row(table, **{column: word}).folder(tmp_path)).table(table)[column].iloc[0]


def test_no_table_with_such_words_is_left_out():
    with_words = {t for t, s in TABLES.items() if set(WORDS) & {*s.required, *s.optional}}
    assert with_words - {"regions", "history", "programmes"} == set(ROWS)


@pytest.mark.parametrize(("table", "column"), PLACES)
def test_a_name_is_its_code(tmp_path, table, column):
    code, name, *_ = WORDS[column]
    assert read(tmp_path, table, column, name) == code


@pytest.mark.parametrize(("table", "column"), PLACES)
def test_an_unknown_word_is_an_error_at_its_place(tmp_path, table, column):
    _, _, word, hint, id = WORDS[column]
    found = with_row(table, **{column: word}).check(tmp_path)
    assert_only(found, id, table=table, row=2, column=column, holds=hint)
    one = found.frame.set_index("id").loc[id]
    assert one["found"] == word
    assert word in one["message"]


@pytest.mark.parametrize(("table", "column"), LISTS)
@pytest.mark.parametrize("mark", [",", "，", "、", " , "])
def test_several_words_and_all(tmp_path, table, column, mark):
    code, name, wrong, _, id = WORDS[column]
    more = {"regions": "乌海", "programme": "企业养老", "item": "contribution_base"}[column]
    codes = {"regions": "150300", "programme": PENSION, "item": "contribution_base"}[column]
    assert read(tmp_path / "a", table, column, f"{name}{mark}{more}") == f"{code},{codes}"
    assert read(tmp_path / "b", table, column, "*") == "*"
    found = with_row(table, **{column: f"{wrong}{mark}{more}{mark}{wrong}二"}).check(tmp_path / "c").frame
    one = found[found["id"] == id].iloc[0]
    assert repr(wrong) in one["message"]  # both unknown words, at once
    assert repr(f"{wrong}二") in one["message"]


@pytest.mark.parametrize("table", ["policies", "events"])
def test_the_printed_total_is_no_fund(tmp_path, table):
    """合计 is no fund that is computed: taken as one, the row would concern nothing."""
    found = with_row(table, programme="合计").check(tmp_path)
    assert_only(found, "unknown_programme", table=table, row=2, column="programme", holds="write * for all of them")


def test_every_name_of_a_fund_that_is_shown(tmp_path):
    """Codes, names in both languages, short names, sheets of the forms; and a declared fund's."""
    words = {w: code for code, p in SEVEN.items() for w in (code, p.name_zh, p.name_en, FORMS[code][1], *ALIASES[code])}
    words |= {"own_fund": "own_fund", "离休、伤残医疗（统筹）": "own_fund", "Own fund (a, b)": "own_fund"}
    tables = with_row("policies")
    tables["programmes"] = [{"programme": "own_fund", "kind": "injury", "name": "离休、伤残医疗（统筹）", "name_en": "Own fund (a, b)"}]
    tables["policies"] = [ROWS["policies"] | {"programme": word} for word in words]
    assert sib.load(tables.folder(tmp_path)).table("policies")["programme"].tolist() == list(words.values())


def test_every_item_by_each_of_its_names(tmp_path):
    words = {w: code for code, i in CATALOGUE.items() for w in (code, i.zh, i.en)}
    tables = with_row("policies")
    tables["policies"] = [ROWS["policies"] | {"item": word, "add": "1", "unit": ""} for word in words]
    assert sib.load(tables.folder(tmp_path)).table("policies")["item"].tolist() == list(words.values())


def test_everything_unknown_is_told_at_once(tmp_path):
    tables = with_row("policies", programme="天上掉馅饼基金", regions="乱写县", item="不存在的项目")
    tables["events"] = [ROWS["events"] | {"programme": "天上掉馅饼基金", "kind": "不存在"}]
    found = tables.check(tmp_path).frame
    errors = found[found["severity"] == "error"]
    assert sorted(zip(errors["table"], errors["column"], strict=True)) == [
        ("events", "kind"), ("events", "programme"), ("policies", "item"), ("policies", "programme"), ("policies", "regions")]
    assert (errors["row"] == 2).all()


@pytest.mark.parametrize(("word", "kind"), [
    ("一次性事件", "one_off"), ("一次性", "one_off"), ("one_off", "one_off"), ("口径变化", "break"), ("口径调整", "break"),
    ("口径变更", "break"), ("Break", "break"),
])  # fmt: skip
def test_kinds_of_events_in_chinese(tmp_path, word, kind):
    assert read(tmp_path, "events", "kind", word) == kind


def test_an_unknown_kind_of_event(tmp_path):
    found = with_row("events", kind="口径变").check(tmp_path)
    assert_only(found, "bad_kind", table="events", row=2, column="kind", holds="'口径变更'")


@pytest.mark.parametrize(("column", "word", "hint"), [("decided_by", "乡镇", "nation, region, league, county, event"), ("known_at_budget", "也许", "neither yes nor no")])
def test_other_words_of_a_decision(tmp_path, column, word, hint):
    """Left as they stand they stop the draft later, or pass for no."""
    found = with_row("policies", **{column: word}).check(tmp_path)
    assert_only(found, f"bad_{column}", table="policies", row=2, column=column, holds=hint)


TOTAL = {"programme": "bulletin", "kind": "totals_only", "name": "医疗保险（公报）", "name_en": "Medical insurance (bulletin)"}


@pytest.mark.parametrize("word", [
    "employee_medical,resident_medical", "职工基本医疗保险基金、城乡居民基本医疗保险基金", "职工医保，居民医保",
    "Employee medical insurance fund, resident_medical",
])  # fmt: skip
def test_a_total_holds_funds_by_name(tmp_path, word):
    tables = clean()
    tables["programmes"] = [TOTAL | {"includes": word.replace("Employee medical insurance fund", SEVEN["employee_medical"].name_en)}]
    assert sib.load(tables.folder(tmp_path)).programmes["bulletin"].includes == ("employee_medical", "resident_medical")


@pytest.mark.parametrize(("word", "hint"), [
    ("resident_medcal", "did you mean 'resident_medical'"), ("职工基本医疗保障基金", "did you mean '职工基本医疗保险基金'"),
    ("*", "unknown programme '*'"), ("合计", "the printed total"),
])  # fmt: skip
def test_a_total_that_holds_an_unknown_fund(tmp_path, word, hint):
    tables = clean()
    tables["programmes"] = [TOTAL | {"includes": word}]
    found = tables.check(tmp_path)
    assert_only(found, "unknown_part", table="programmes", row=2, column="includes", holds=hint)
    assert "work_injury, unemployment" in found.frame["expected"].iloc[0]


def test_what_the_chinese_workbook_offers_is_understood(tmp_path):
    """Every word of the lists of policies and events is read as one code of its column."""
    book = openpyxl.load_workbook(sib.template(tmp_path / "b.xlsx", language="zh"))
    lists = {}
    for name, table in (("政策调整", "policies"), ("事件", "events")):
        for offer in book[name].data_validations.dataValidation:
            heading = book[name].cell(1, next(iter(offer.sqref.ranges)).min_col).value
            column = next(c for c in HEADER_LOOKUP[heading] if c in ROWS[table])
            sheet, cells = offer.formula1.lstrip("=").split("!")
            lists[table, column] = [c.value for (c,) in book[sheet][cells.replace("$", "")]]
    assert len(lists["policies", "programme"]) == len(lists["events", "programme"]) == 7
    assert lists["events", "kind"] == ["一次性事件", "口径变化"]
    for place in (("policies", "programme"), ("events", "programme"), ("events", "item"), ("events", "kind")):
        codes = {"programme": list(SEVEN), "item": list(CATALOGUE), "kind": list(EVENT_KINDS)}[place[1]]
        tables = with_row(place[0])
        tables[place[0]] = [ROWS[place[0]] | {place[1]: word} for word in lists[place]]
        assert sib.load(tables.folder(tmp_path / "_".join(place))).table(place[0])[place[1]].tolist() == codes
