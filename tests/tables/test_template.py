"""The workbook to fill in: it passes its own check, and filled in it drafts."""

import numpy as np
import openpyxl
import pytest

import sibforecast as sib
from sibforecast import items
from sibforecast.oversight.adjustment import reach
from sibforecast.programmes import registry
from sibforecast.programmes.programme import Programme, Year
from sibforecast.tables.guide import COLUMNS_IN_WORDS, DRIVERS, LEAST, SHEETS_ZH, TABLES_IN_WORDS, column_in_words
from sibforecast.tables.schema import LEVELS, STAGES, TABLES
from sibforecast.tables.units import conversion, parse_unit
from tests import datasets
from tests.bad_input.clean import clean

SHEETS = ["words", "regions", "figures", "programmes", "pooling", "assumptions", "policies", "deposits", "events", "assessments", "audits", "ledgers"]


@pytest.fixture
def like(tmp_path):
    """The worked example of the enterprise pension, with a year's drivers as final figures."""
    rows = [("150100", "enterprise_pension", i, 2025, v, u, "final") for i, v, u in datasets.EP_DRIVERS]
    rows += [("150100", "enterprise_pension", i, 2025, v, u, "final") for i, v, u in datasets.EP_OPENING if i != "insured_active"]
    return datasets.dataset(tmp_path / "like", rows)


def rows_of(sheet):
    """Rows as dicts by header."""
    header, *body = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in body]


def test_blank_template_has_every_sheet_and_no_figures(tmp_path):
    path = sib.template(tmp_path / "form.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == SHEETS
    for name in SHEETS[1:]:
        header, table = [c.value for c in book[name][1]], TABLES["history" if name == "figures" else name]
        assert header[: len(table.required)] == list(table.required)
        assert set(header) >= set(table.optional)
        assert book[name].max_row == 1
    assert sib.check(path).frame["id"].tolist() == ["no_figures"]


def test_words_explain_everything(tmp_path):
    book = openpyxl.load_workbook(sib.template(tmp_path / "form.xlsx"))
    rows = [[c for c in row if c is not None] for row in book["words"].iter_rows(values_only=True)]
    first = {row[0]: row for row in rows if row}
    for item in items.CATALOGUE.values():
        assert {item.zh, item.en, item.side, item.timing, items.UNITS[item.unit][1]} <= set(first[item.code])
    assert {*registry.SEVEN, *STAGES, *LEVELS, *registry.KINDS} <= set(first)
    explained = {(row[0], row[1]) for row in rows if len(row) > 3}
    for table in TABLES_IN_WORDS:
        for column in (*TABLES[table].required, *TABLES[table].optional):
            assert ("figures" if table == "history" else table, column) in explained
            assert all(column_in_words(table, column))
    examples = [row for row in rows if row[2:3] == ["collection_rate"]]
    assert len(examples) == 1


def test_no_explanation_without_its_column():
    columns = {c for t in TABLES_IN_WORDS for c in (*TABLES[t].required, *TABLES[t].optional)} | {"source"}
    for key in COLUMNS_IN_WORDS:
        table, _, column = key.rpartition(".")
        assert column in columns
        assert not table or column in (*TABLES[table].required, *TABLES[table].optional)


def offered(book, sheet, column):
    """What the list of a column offers; it forbids nothing."""
    rules = [v for v in book[sheet].data_validations.dataValidation if f"{column}2" in v.sqref]
    assert [(v.type, v.showErrorMessage) for v in rules] == [("list", False)]
    name, _, cells = rules[0].formula1.lstrip("=").partition("!")
    return [c.value for row in book[name][cells.replace("$", "")] for c in row]


MONEY = {"en": ["yuan", "10k yuan", "100m yuan"], "zh": ["元", "万元", "亿元"]}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_lists_to_choose_from(tmp_path, language):
    zh = language == "zh"
    book = openpyxl.load_workbook(sib.template(tmp_path / "form.xlsx", language=language))
    sheet = SHEETS_ZH if zh else {t: "figures" if t == "history" else t for t in TABLES_IN_WORDS}
    wanted = {
        ("figures", "B"): [p.name_zh if zh else p.code for p in registry.SEVEN.values()],
        ("figures", "C"): [i.zh if zh else i.code for i in items.CATALOGUE.values()],
        ("figures", "G"): ["决算", "执行", "预计", "预算", "调整预算", "上报", "草案"] if zh else list(STAGES),
        ("regions", "D"): ["国家", "自治区", "盟市", "旗县"] if zh else list(LEVELS),
        ("programmes", "B"): list(registry.KINDS), ("deposits", "F"): MONEY[language],
    }  # fmt: skip
    assert {(s, c): offered(book, sheet["history" if s == "figures" else s], c) for s, c in wanted} == wanted
    assert offered(book, sheet["history"], "F")[:5] == [*MONEY[language], *(("元/月", "元/年") if zh else ("yuan/month", "yuan/year"))]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_that_the_lists_offer_is_read(tmp_path, language):
    """A row for each fund, item, stage and unit as chosen from the lists, under the headings of the language."""
    path = sib.template(tmp_path / "form.xlsx", language=language)
    book = openpyxl.load_workbook(path)
    figures, regions = ("历史数据", "地区") if language == "zh" else ("figures", "regions")
    funds, names, stages, units = (offered(book, figures, c) for c in "BCGF")
    levels = offered(book, regions, "D")
    for n, level in enumerate(levels):
        book[regions].append([str(n), f"area {n}", str(n - 1) if n else "", level])
    fits = {u: next(i for i, e in items.CATALOGUE.items() if _fits(u, e.unit)) for u in units}
    rows = [(names[n], funds[n % len(funds)], stages[n % len(stages)], _any(units, e.unit)) for n, e in enumerate(items.CATALOGUE.values())]
    rows += [(item, funds[0], stages[1], unit) for unit, item in fits.items()]
    for n, (item, fund, stage, unit) in enumerate(rows):
        book[figures].append([str(len(levels) - 1), fund, item, f"{1950 + n}", 0.5, unit, stage])
    book.save(path)
    found = sib.check(path).frame
    wrong = found[found["severity"].eq("error") & ~found["id"].eq("share_out_of_range")]
    assert wrong.empty, wrong[["id", "message"]].values.tolist()
    assert not found["id"].eq("unknown_column").any()
    assert (len(levels), len(stages), len(funds)) == (4, 7, 7)


def _fits(unit, base):
    try:
        return bool(conversion(parse_unit(unit), base))
    except sib.SibError:
        return False


def _any(units, base):
    return next(u for u in units if _fits(u, base))


def test_a_template_like_chinese_data_is_chinese_throughout(tmp_path, like):
    path = sib.template(tmp_path / "form.xlsx", like=like, language="zh")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["说明", *SHEETS_ZH.values()]
    cells = [c for row in book["说明"].iter_rows(values_only=True) for c in row]
    assert {"因素", "期末", "列须有，可留空"} <= {w for c in cells if c for w in str(c).split(" ")}
    assert not {"driver", "closing", "revenue_total", "flow"} & set(cells)
    example = next(row for row in book["说明"].iter_rows(values_only=True) if row[2] == "征缴率" and row[0] == "150100")
    assert example[1:7] == ("企业职工基本养老保险基金", "征缴率", "2025", "96", "%", "决算")
    first = rows_of(book["历史数据"])[0]
    assert first == {"地区": "150100", "险种": "企业职工基本养老保险基金", "项目": "在职参保人数", "期间": "2026", "数值": "—", "单位": "人",
                     "阶段": "决算", "口径": None, "来源": None}  # fmt: skip
    found = sib.check(path)
    assert found.count("error") == found.count("warning") == 0
    with pytest.raises(sib.SibError, match="unknown language 'fr'; expected one of en, zh"):
        sib.template(tmp_path / "other.xlsx", language="fr")


def test_like_fills_areas_and_next_years_rows(tmp_path, like):
    path = sib.template(tmp_path / "form.xlsx", like=like)
    book = openpyxl.load_workbook(path)
    assert [(r["region"], r["parent"]) for r in rows_of(book["regions"])] == [("150000", None), ("150100", "150000")]
    rows = rows_of(book["figures"])
    assert {(r["region"], r["programme"], r["period"], r["value"], r["stage"]) for r in rows} == {
        ("150100", "enterprise_pension", "2026", "—", "final")
    }
    given = {i for i, _, _ in (*datasets.EP_DRIVERS, *datasets.EP_OPENING)}
    assert [r["item"] for r in rows] == [i for i in items.CATALOGUE if i in given]
    found = sib.check(path)
    assert found.count("error") == found.count("warning") == 0
    assert found.count("note") == len(rows) + 1
    data = sib.load(path)
    assert data.frame.empty
    assert "no periods" in repr(data)


def test_filled_in_it_loads_and_drafts(tmp_path, like):
    path = sib.template(tmp_path / "form.xlsx", like=sib.load(like))
    book = openpyxl.load_workbook(path)
    sheet = book["figures"]
    given = {i: (v, u) for i, v, u in (*datasets.EP_OPENING, *datasets.EP_DRIVERS)}
    for row in sheet.iter_rows(min_row=2):
        value, unit = given[row[2].value]
        row[4].value, row[5].value = value, unit
    book.save(path)
    data = sib.load(path)
    assert set(data.frame["period"]) == {"2026"}
    assert len(data.frame) == sheet.max_row - 1
    draft = sib.draft_budget(data, 2027)
    value = draft.frame.query("stage == 'draft' and item == 'assessed'")["value"]
    # as in the worked example, with the active insured of the year itself: 220,000 × 80 % of them contribute
    share = 1 - 52_000 / 172_000
    assert value.tolist() == pytest.approx([220_000 * 0.80 * share * 5_500 * 12 * 0.24], rel=1e-9)


def test_a_cell_cleared_instead_of_filled_is_an_error(tmp_path, like):
    path = sib.template(tmp_path / "form.xlsx", like=like)
    book = openpyxl.load_workbook(path)
    book["figures"]["E2"] = None
    book.save(path)
    frame = sib.check(path).frame
    assert frame.loc[frame["severity"] == "error", ["id", "row"]].values.tolist() == [["blank_value", 2]]


def test_codes_with_leading_zeros_survive(tmp_path):
    tables = clean()
    tables["regions"].append({"region": "011", "name": "某县", "parent": "150100", "level": "county"})
    tables["history"].append({**tables.figure("contributors"), "region": "011", "value": 7})
    path = sib.template(tmp_path / "form.xlsx", like=tables.folder(tmp_path / "like"))
    book = openpyxl.load_workbook(path)
    assert "011" in [r["region"] for r in rows_of(book["figures"])]
    assert {c.number_format for c in book["figures"][2] if c.column_letter in "ABCDFG"} == {"@"}
    assert {book["figures"].column_dimensions[c].number_format for c in "ABCDFG"} == {"@"}  # rows still to come
    assert book["figures"]["E2"].number_format != "@"
    assert "011" in sib.load(path).regions.areas


def test_declared_funds_are_taken_over(tmp_path):
    path = sib.template(tmp_path / "form.xlsx", like="oasdi")
    book = openpyxl.load_workbook(path)
    assert [(r["programme"], r["kind"]) for r in rows_of(book["programmes"])] == [
        ("oasi", "wage_based_pension"), ("di", "wage_based_pension")
    ]  # fmt: skip
    units = {r["item"]: r["unit"] for r in rows_of(book["figures"])}
    assert (units["contribution_base"], units["interest"], units["contribution_rate"]) == ("USD/month", "USD", "%")
    assert sib.load(path).currency == "USD"


def test_only_xlsx_and_nothing_half_written(tmp_path, monkeypatch):
    with pytest.raises(sib.SibError, match="xlsx"):
        sib.template(tmp_path / "form.csv")
    with pytest.raises(sib.DataError):
        sib.template(tmp_path / "form.xlsx", like="blank_cell")

    def broken(*_):
        raise RuntimeError("in the middle")

    monkeypatch.setattr("sibforecast.tables.template._history", broken)
    with pytest.raises(RuntimeError, match="in the middle"):
        sib.template(tmp_path / "form.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_what_a_fund_needs_is_what_its_rules_read(tmp_path):
    """Every kind is listed; each driver is one that a rule of the fund reads; the totals alone make a draft."""
    assert set(DRIVERS) == set(registry.KINDS)
    for fund in registry.SEVEN.values():
        read = reach(fund, "total_revenue") | reach(fund, "total_expenditure")
        assert set(DRIVERS[fund.kind]) <= read, fund.code
    rows = [("150100", "unemployment", item, year, 100 + year - 2021 + extra, "万元", "final")
            for year in range(2021, 2026) for item, extra in zip(LEAST, (5, 0, 200), strict=True)]  # fmt: skip
    draft = sib.draft_budget(sib.load(datasets.dataset(tmp_path, rows)), 2026)
    assert {"total_revenue", "total_expenditure", "closing_balance"} <= set(draft.frame.query("stage == 'draft'")["item"])


MAIN = {
    "wage_based_pension": ("contribution_revenue", "pension_expenditure"), "closing_subsidy_pension": ("contribution_revenue", "pension_expenditure"),
    "flat_pension": ("contribution_revenue", "fiscal_subsidy", "pension_expenditure"),
    "employee_medical": ("contribution_revenue", "medical_expenditure"),
    "resident_medical": ("contribution_revenue", "fiscal_subsidy", "medical_expenditure"),
    "injury": ("contribution_revenue", "injury_expenditure"), "unemployment": ("contribution_revenue", "unemployment_expenditure"),
}  # fmt: skip


@pytest.mark.parametrize("kind", [k for k, drivers in DRIVERS.items() if drivers])
def test_with_the_drivers_that_the_template_asks_for_each_main_line_is_computed(kind):
    one, yes = np.ones((1, 1)), np.ones((1, 1), dtype=bool)
    given = dict.fromkeys((*DRIVERS[kind], "revenue_itemised", "expenditure_itemised", "benefits_itemised"), one)
    rules = Programme("x", kind, "x", "x", registry.KINDS[kind])
    year = Year(rules, given, areas=1, ever=dict.fromkeys(DRIVERS[kind], yes), before=Year(rules, given, areas=1))
    for line in MAIN[kind]:
        assert not np.isnan(year.get(line)).any(), line
