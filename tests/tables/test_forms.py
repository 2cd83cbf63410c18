"""Official forms, read straight from workbooks laid out like them: merged cells, numbers, 其中, ×, notes.

Fixture A is a county's published table of resident medical insurance (万元): 2023 executed and
2024 budget. By hand: 27,362 + 50,441 + 376 + 1,474 = 79,653; 70,764 + 7,270 = 78,034; 79,653 −
78,034 = 1,619; 35,226 + 1,619 = 36,845; both sides 79,653 + 35,226 = 78,034 + 36,845 = 114,879.
Budget: 28,219 + 49,755 + 525 = 78,499; 70,965 + 6,907 = 77,872; 627; 37,472; both sides 115,344.
Source: county finance bureau, 2024 budget table of resident medical insurance; the lines 其中 are
made up for the test.
"""

import pytest
import xlsxwriter

import sibforecast as sib

X = "×"
LEFT = [
    ("一、城乡居民基本医疗保险费收入", 27_362, 28_219),
    ("    其中:医疗救助资助参保收入", 1_204, 1_190),
    ("          财政代缴收入", 88, 90),
    ("二、财政补贴收入", "50,441\u00a0", 49_755),  # a no-break space behind a text number, as on the published page
    ("三、利息收入", 376, 525),
    ("四、其他收入", 1_474, "—"),
    ("本年收入小计", 79_653, 78_499),
    ("五、上级补助收入", X, X),
    ("本 年 收 入 合 计", 79_653, 78_499),
    ("", "", ""),
    ("上年结余", 35_226, 36_845),
    ("总        计", 114_879, 115_344),
]
RIGHT = [
    ("一、城乡居民基本医疗保险待遇支出", 70_764, 70_965),
    ("    其中：住院费用支出", 55_120, 55_300),
    ("          门诊费用支出", 15_644, 15_665),
    ("二、大病保险支出", 7_270, 6_907),
    ("三、其他支出", X, X),
    ("", X, X),
    ("本年支出小计", 78_034, 77_872),
    ("四、上解上级支出", X, X),
    ("本年支出合计", 78_034, 77_872),
    ("本年收支结余", 1_619, 627),
    ("年末滚存结余", 36_845, 37_472),
    ("总        计", 114_879, 115_344),
]
FIXTURE_A = {
    "contribution_revenue": (27_362, 28_219), "fiscal_subsidy": (50_441, 49_755), "interest": (376, 525), "other_revenue": (1_474, None),
    "revenue_subtotal": (79_653, 78_499), "total_revenue": (79_653, 78_499), "benefit_expenditure": (70_764, 70_965),
    "non_benefit_expenditure": (7_270, 6_907), "expenditure_subtotal": (78_034, 77_872), "total_expenditure": (78_034, 77_872),
    "current_balance": (1_619, 627), "opening_balance": (35_226, 36_845), "closing_balance": (36_845, 37_472),
}  # fmt: skip


def form(path, left=LEFT, right=RIGHT, *, title="2024年城乡居民基本医疗保险基金收支预算表", number="社预06表", unit="单位：万元", reporter="编报单位：示例县医疗保障局",
         notes=("注：1. 本表口径含大病保险。",)):  # fmt: skip
    """The two-sided form, merged cells and all."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("社预06")
    sheet.merge_range(0, 0, 0, 7, title)
    sheet.write(1, 7, number)
    sheet.merge_range(2, 0, 2, 3, reporter)
    sheet.merge_range(2, 5, 2, 7, unit)
    for start in (0, 4):
        sheet.merge_range(3, start, 4, start, "项        目")
        sheet.merge_range(3, start + 1, 4, start + 1, "行次")
        sheet.merge_range(3, start + 2, 3, start + 3, "金额")
        sheet.write(4, start + 2, "2023年执行数")
        sheet.write(4, start + 3, "2024年预算数")
    sheet.write_row(5, 0, ["栏次", "", 1, 2, "栏次", "", 3, 4])
    for n, (one, other) in enumerate(zip(left, right, strict=True)):
        for start, (label, last, plan) in ((0, one), (4, other)):
            sheet.write_row(6 + n, start, [label, n + 1, last, plan])
    for n, note in enumerate(notes):
        sheet.merge_range(7 + len(left) + n, 0, 7 + len(left) + n, 7, note)
    book.close()
    return path


def changed(side, label, **value):
    """A side with one figure replaced: last=, plan= or name=."""
    return [(value.get("name", n), value.get("last", a), value.get("plan", b)) if label in n else (n, a, b) for n, a, b in side]


def test_fixture_a_reads_to_the_yuan(tmp_path):
    data = sib.load(form(tmp_path / "form.xlsx"))
    frame = data.frame
    assert set(frame["item"]) == set(FIXTURE_A)  # 其中 lines stay inside their line
    assert set(frame["region"]) == {"示例县"}
    assert set(frame["programme"]) == {"resident_medical"}
    for item, (last, plan) in FIXTURE_A.items():
        for period, stage, amount in (("2023", "executed", last), ("2024", "budget", plan)):
            rows = frame[(frame["item"] == item) & (frame["period"] == period) & (frame["stage"] == stage)]
            assert rows["value"].tolist() == ([] if amount is None else [amount * 1e4])
    assert frame["source"].str.startswith("社预06!").all()
    said = data.statements
    assert said["text"].tolist() == ["注:1. 本表口径含大病保险。"]  # a note on the definition, told beside the figures
    assert said[["region", "programme", "period"]].values.tolist() == [["示例县", "resident_medical", "2024"]]


@pytest.mark.parametrize("stage", ["executed", "budget"])
def test_fixture_a_passes_review(tmp_path, stage):
    found = sib.review(form(tmp_path / "form.xlsx"), stage)
    assert found.ok, found.lines()
    assert len(found.frame[found.frame["severity"] == "warning"]) == 0, found.lines()
    assert found.accounts == 1


@pytest.mark.parametrize(
    ("label", "side", "id", "item"),
    [
        ("利息收入", "left", "R-01", "revenue_subtotal"),
        ("本年收入小计", "left", "R-01", "revenue_subtotal"),
        ("本 年 收 入", "left", "R-01", "total_revenue"),
        ("大病保险支出", "right", "R-01", "expenditure_subtotal"),
        ("本年支出合计", "right", "R-01", "total_expenditure"),
        ("本年收支结余", "right", "R-03", "current_balance"),
        ("年末滚存结余", "right", "R-03", "closing_balance"),
        ("上年结余", "left", "R-02", "opening_balance"),
        ("总", "right", "I4_total", None),
    ],
)
def test_each_identity_of_the_form_is_checked(tmp_path, label, side, id, item):
    rows = {"left": LEFT, "right": RIGHT}
    value = next(plan for name, _, plan in rows[side] if label in name)
    rows[side] = changed(rows[side], label, plan=value + 40)
    found = sib.review(form(tmp_path / "form.xlsx", rows["left"], rows["right"]), "budget")
    errors = found.frame[found.frame["severity"] == "error"]
    assert id in set(errors["id"]), found.lines()
    if item:
        assert item in set(errors.loc[errors["id"] == id, "item"])
        assert errors.loc[(errors["id"] == id) & (errors["item"] == item), "at_stake"].iloc[0] == pytest.approx(40e4)


def test_what_cannot_be_read_is_named(tmp_path):
    odd = changed(LEFT, "利息收入", name="三、利息收人")
    found = sib.check(form(tmp_path / "odd.xlsx", odd))
    one = found.frame[found.frame["id"] == "unknown_item"].iloc[0]
    assert (one["found"], one["row"]) == ("三、利息收人", 11)
    found = sib.check(form(tmp_path / "head.xlsx", unit="", reporter="", title="城乡居民基本医疗保险基金收支预算表"))
    assert set(found.frame.loc[found.frame["id"] == "form_head", "column"]) == {"year", "unit", "region"}
    found = sib.check(form(tmp_path / "two.xlsx", title="2024年城乡居民基本医疗保险基金收支预算表(万元)", unit="单位:元"))
    assert found.frame.loc[found.frame["id"] == "unit_conflict", "found"].tolist() == ["万元 and 元"]
    found = sib.check(form(tmp_path / "text.xlsx", changed(LEFT, "利息收入", plan="约500")))
    assert "not_a_number" in set(found.frame["id"])
    assert not found.ok


def test_unit_and_year_words_of_the_head(tmp_path):
    path = form(tmp_path / "f.xlsx", title="二○二四年示例县城乡居民基本医疗保险基金收支预算表", number="", unit="金额单位：元", reporter="")
    frame = sib.load(path).frame
    budget = frame[(frame["stage"] == "budget") & (frame["item"] == "interest")]
    assert budget[["region", "period", "value"]].values.tolist() == [["示例县", "2024", 525.0]]


def test_the_table_over_all_funds(tmp_path):
    """社预01: one column a fund, 合计 first; the funds add up to 合计 (R-05)."""
    funds = ["企业职工基本养老保险基金", "城乡居民基本养老保险基金", "机关事业单位基本养老保险基金", "职工基本医疗保险(含生育保险)基金", "城乡居民基本医疗保险基金", "工伤保险基金", "失业保险基金"]
    amounts = {"一、收入": None, "社会保险费收入": [500, 100, 200, 300, 80, 20, 30], "本年收入合计": [700, 300, 250, 310, 240, 21, 33]}

    def total_table(path, off=0):
        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet("社预01")
        sheet.merge_range(0, 0, 0, 8, "2026年示例市社会保险基金收支预算总表")
        sheet.write(1, 8, "社预01表")
        sheet.write(2, 0, "编报单位:示例市财政局")
        sheet.write(2, 8, "单位:元")
        sheet.write_row(3, 0, ["项目", "合计", *funds])
        for n, (label, values) in enumerate(list(amounts.items())[1:]):
            sheet.write_row(4 + n, 0, [label, sum(values) + off, *values])
        book.close()
        return path

    data = sib.load(total_table(tmp_path / "t.xlsx"))
    revenue = data.frame[data.frame["item"] == "total_revenue"].set_index("programme")["value"]
    assert revenue["all"] == 700 + 300 + 250 + 310 + 240 + 21 + 33
    assert revenue["work_injury"] == 21
    assert sib.review(data, "budget").ok
    found = sib.review(sib.load(total_table(tmp_path / "off.xlsx", off=9)), "budget")
    assert found.frame.loc[found.frame["id"] == "R-05", "difference"].tolist() == [9.0, 9.0]


#: An enterprise pension form: benefits have no line of their own, single lines are split by number.
EP_LEFT = [
    ("一、基本养老保险费收入", 500, 520), ("  1. 单位缴费收入", 330, 340), ("  2. 个人缴费收入", 170, 180), ("二、财政补贴收入", 40, 42),
    ("三、利息收入", 6, 6), ("四、委托投资收益", X, X), ("五、转移收入", 4, 4), ("六、本年收入小计", 550, 572), ("七、上级补助收入", 60, 70),
    ("八、本年收入合计", 610, 642), ("九、上年结余", 200, 210), ("总计", 810, 852),
]  # fmt: skip
EP_RIGHT = [
    ("一、基本养老金支出", 560, 590), ("  其中:离休人员养老金支出", 9, 8), ("二、医疗补助金支出", 1, 1), ("三、丧葬补助金和抚恤金支出", 14, 15), ("四、转移支出", 3, 3),
    ("五、其他支出", 2, 2), ("", X, X), ("六、本年支出小计", 580, 611), ("七、上解上级支出", 20, 22),
    ("八、本年支出合计", 600, 633), ("九、年末滚存结余", 210, 219), ("总计", 810, 852),
]  # fmt: skip


def test_benefit_lines_without_a_line_of_their_own_are_summed_and_split_lines_are_not_counted_twice(tmp_path):
    path = form(tmp_path / "ep.xlsx", EP_LEFT, EP_RIGHT, title="2024年企业职工基本养老保险基金收支预算表", number="社预02表", notes=())
    data = sib.load(path)
    budget = data.frame[data.frame["stage"] == "budget"].set_index("item")
    value = (budget["value"] / 1e4).to_dict()
    assert value["contribution_revenue"] == 520  # 340 + 180 are its parts
    assert value["benefit_expenditure"] == 590 + 1 + 15  # 606; the 8 of 离休 are inside the 590
    assert value["pension_expenditure"] == 590
    assert budget.loc["benefit_expenditure", "source"].startswith("sum of 社预06!H")
    assert "investment_return" not in value  # ×
    assert sib.review(data, "budget").ok
    assert sib.review(data, "executed").ok


def test_parts_of_the_benefits_are_read_where_they_make_them_up(tmp_path):
    parts = [("  (一)失业保险金支出", 7, 8), ("  (二)代缴基本医疗保险费支出", 2, 2)]
    rows = [("一、失业保险待遇支出", 9, 10), *parts, ("二、稳定岗位补贴支出", 3, 3), ("三、技能提升补贴支出", 1, 1), ("本年支出合计", 13, 14)]
    left = [("一、失业保险费收入", 20, 21)] + [("", "", "")] * 5
    frame = sib.load(form(tmp_path / "ui.xlsx", left, rows, title="2024年失业保险基金收支预算表", number="社预08表")).frame
    value = (frame[frame["stage"] == "budget"].set_index("item")["value"] / 1e4).to_dict()
    assert (value["benefit_expenditure"], value["unemployment_expenditure"], value["medical_expenditure"]) == (10, 8, 2)
    assert value["non_benefit_expenditure"] == 4  # 3 + 1: two lines of one item
    rows[1] = ("  (一)失业保险金支出", 3, 4)  # 4 + 2 are only a part of the 10
    frame = sib.load(form(tmp_path / "part.xlsx", left, rows, title="2024年失业保险基金收支预算表", number="社预08表")).frame
    assert not {"unemployment_expenditure", "medical_expenditure"} & set(frame["item"])


def test_a_folder_of_workbooks_as_areas_hand_them_in(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    regions = "region,name,parent,level\n150000,内蒙古自治区,,region\n150100,呼和浩特市,150000,league\n150102,新城区,150100,county\n150103,回民区,150100,county\n"
    (folder / "regions.csv").write_text(regions, encoding="utf-8")
    form(folder / "a.xlsx", reporter="编报单位:新城区医疗保障局")
    off = changed(RIGHT, "年末滚存结余", plan=37_572)
    form(folder / "b.xlsx", LEFT, off, reporter="编报单位:回民区医疗保障局")
    found = sib.review(folder, "budget")
    assert found.accounts == 2
    errors = found.frame[found.frame["severity"] == "error"]
    assert errors[["id", "region", "item"]].values.tolist() == [["R-03", "150103", "closing_balance"]]
    assert errors["difference"].tolist() == [100e4]
    (folder / "broken.xlsx").write_bytes(b"no workbook")
    unreadable = sib.check(folder).frame.set_index("id").loc["unreadable"]
    assert unreadable["severity"] == "warning"
    assert "broken.xlsx" in unreadable["message"]
    form(folder / "c.xlsx", reporter="编报单位:无名县财政局")
    assert "unknown_region" in set(sib.check(folder).frame["id"])


@pytest.mark.parametrize(
    ("label", "item"),
    [
        ("上年末滚存结余", "opening_balance"), ("年末滚存结余", "closing_balance"), ("累计结余", "closing_balance"), ("加:上年结余", "opening_balance"),
        ("本年结余", "current_balance"), ("本年支出合计", "total_expenditure"), ("上级补助收入", "upper_grant"), ("补助下级支出", "lower_grant"),
        ("社会保险非待遇性支出", "non_benefit_expenditure"), ("工伤保险待遇支出", "benefit_expenditure"), ("其他收入(含滞纳金)", "other_revenue"),
        ("以前年度结余调整", "balance_adjustment"), ("养护费", ""),
    ],
)  # fmt: skip
def test_names_of_lines(label, item):
    from sibforecast.tables.form_lines import item_of

    assert item_of(label) == item


def test_a_form_of_execution(tmp_path):
    """社预执行07: budget and adjusted budget of the year, cumulative execution of this and last year's months."""
    book = xlsxwriter.Workbook(str(tmp_path / "x.xlsx"))
    sheet = book.add_worksheet("执行")
    sheet.merge_range(0, 0, 0, 7, "2022年前三季度工伤保险基金预算执行情况表")
    sheet.write(1, 7, "社预执行07表")
    sheet.write_row(2, 0, ["编报单位:示例市人力资源和社会保障局", "", "", "", "", "", "", "单位:元"])
    head = ["项目", "年预算数", "年调整后预算数", "当期执行数", "累计执行数", "上年同期累计执行数", "预算执行进度(%)", "比上年同期增长(%)"]
    sheet.write_row(3, 0, head)
    sheet.write_row(4, 0, ["一、收入"])
    sheet.write_row(5, 0, ["(一)工伤保险费收入", 1_000.5, 900.25, 200, 610.75, 580, "67.84%", 5.3])
    sheet.write_row(6, 0, ["  其中:浮动费率收入", 10, 10, 2, 6, 5, 60, 20])
    sheet.write_row(7, 0, ["二、支出"])
    sheet.write_row(8, 0, ["(一)劳动能力鉴定支出", 10, 10, 2, 6, 5, 60, 20])
    sheet.write_row(9, 0, ["(二)工伤预防费用支出", 20, 20, 4, 12, 10, 60, 20])
    book.close()
    frame = sib.load(tmp_path / "x.xlsx").frame
    wide = frame.pivot(index=["period", "stage"], columns="item", values="value")
    assert wide["contribution_revenue"].to_dict() == {
        ("2022", "budget"): 1_000.5, ("2022", "adjusted"): 900.25, ("2022-09", "executed"): 610.75, ("2021-09", "executed"): 580.0,
    }  # fmt: skip
    assert wide.loc[("2022-09", "executed"), "non_benefit_expenditure"] == 6 + 12  # two lines of one item


def test_one_form_handed_in_twice_is_told_and_a_figure_on_two_forms_is_not(tmp_path):
    """The budget of 2024 stands on its own form and, as last year's, on that of 2025: once. A copy of a form is a copy."""
    (tmp_path / "a").mkdir()
    for name in ("one", "two"):
        form(tmp_path / "a" / f"{name}.xlsx")
    assert "duplicate_same" in set(sib.check(tmp_path / "a").frame["id"])
    (tmp_path / "b").mkdir()
    form(tmp_path / "b" / "one.xlsx")
    form(tmp_path / "b" / "two.xlsx", title="2025年城乡居民基本医疗保险基金收支预算表")
    assert "duplicate_same" not in set(sib.check(tmp_path / "b").frame["id"])
