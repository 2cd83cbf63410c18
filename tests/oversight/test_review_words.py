"""Words beside figures: texts (R-19), definitions (R-18), explanations (R-11), policy effects (R-17)."""

import pytest

import sibforecast as sib
from tests.datasets import dataset

AREA, FUND = "150100", "resident_pension"
STATEMENTS = ("region", "programme", "period", "text")
EFFECTS = ("region", "programme", "policy", "value", "unit")
POLICIES = ("id", "title", "programme", "regions", "item", "add", "multiply", "unit", "start", "end", "decided_by", "known_at_budget")


def report(revenue=1_609_558, last=1_309_956, budget=1_500_000, **more):
    rows = [(AREA, FUND, "total_revenue", "2025", last, "万元", "final")] if last else []
    return [*rows, (AREA, FUND, "total_revenue", "2026", budget, "万元", "budget"), (AREA, FUND, "total_revenue", "2026", revenue, "万元", "reported")]


def told(folder, text, **more):
    data = sib.load(dataset(folder, report(**more), statements=(STATEMENTS, [(AREA, FUND, "2026", text)])))
    found = sib.review(data).frame
    return found[found["id"] == "R-19"]


@pytest.mark.parametrize(
    "text",
    [
        "本年收入1609558万元,比上年增加299602万元,增长22.9%,完成预算的107.3%。",  # 1,609,558 − 1,309,956; ÷ 1,309,956; ÷ 1,500,000
        "2026年，基金收入达到160.96亿元，比上年同期增长29.96亿元，增长23%。",
        "本年收入 1,609,558 万元。本年支出按计划执行。",
        "基金收入160.96亿，较上年增长22.9%。",
        "参保人员持续增加。",
    ],
)
def test_a_text_that_agrees_passes(tmp_path, text):
    assert told(tmp_path, text).empty


@pytest.mark.parametrize(
    ("text", "found", "expected", "cause"),
    [
        # the published text: the base of 1,309,956 given as the increase, beside a growth that is right
        ("本年收入1609558万元,比上年同期增加1309956万元,增长23%。", 1_309_956e4, 299_602e4, "last year's figure given as the increase"),
        ("本年收入1609558万元,比上年减少299602万元。", -299_602e4, 299_602e4, "sign flipped"),
        ("本年收入1609558元。", 1_609_558, 1_609_558e4, ""),
        ("本年收入1609585万元。", 1_609_585e4, 1_609_558e4, ""),
        ("本年收入1609558万元,增长32.9%。", 1_309_956e4 * 1.329, 1_609_558e4, ""),
        ("本年收入1609558万元,完成预算的103.7%。", 1_500_000e4 * 1.037, 1_609_558e4, ""),
    ],
)
def test_a_text_that_disagrees_is_found(tmp_path, text, found, expected, cause):
    one = told(tmp_path, text)
    assert len(one) == 1
    assert one["found"].iloc[0] == f"{found:,.2f}"
    assert one["expected"].iloc[0] == f"{expected:,.2f}"
    assert one["difference"].iloc[0] == pytest.approx(found - expected)
    assert one["cause"].iloc[0] == cause
    assert (one["table"].iloc[0], one["row"].iloc[0]) == ("statements", 2)


def test_without_last_years_figure_increase_and_rate_must_agree_with_each_other(tmp_path):
    assert told(tmp_path / "a", "本年收入1609558万元,比上年增加299602万元,增长22.9%。", last=None).empty
    one = told(tmp_path / "b", "本年收入1609558万元,比上年同期增加1309956万元,增长22.9%。", last=None)
    assert one["cause"].tolist() == ["last year's figure given as the increase"]  # 1,609,558 ÷ 1,309,956 − 1 = 22.9 %


@pytest.mark.parametrize(("text", "warned"), [("", True), ("基金收入增长22.9%", True), ("基金收入增长较多,主要是提高缴费标准。", False), ("主要是利息增加。", True)])
def test_growth_is_explained_by_a_statement_that_names_it_and_a_reason(tmp_path, text, warned):
    tables = {"statements": (STATEMENTS, [(AREA, FUND, "2026", text)])} if text else {}
    found = sib.review(sib.load(dataset(tmp_path, report(), **tables)))
    assert ("R-11" in set(found.frame["id"])) == warned


def history_with_caliber(folder, now, last):
    header = "region,programme,item,period,value,unit,stage,caliber\n"
    rows = [f"{AREA},{FUND},total_revenue,2025,100,万元,final,{last}", f"{AREA},{FUND},total_revenue,2026,110,万元,reported,{now}"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "history.csv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("now", "last", "text", "warned"),
    [("不含补缴", "含补缴", "", True), ("含补缴", "含补缴", "", False), ("", "含补缴", "", False), ("不含补缴", "含补缴", "自2026年起口径不含补缴。", False)],
)
def test_a_changed_definition_needs_a_note(tmp_path, now, last, text, warned):
    dataset(tmp_path, [], **({"statements": (STATEMENTS, [(AREA, FUND, "2026", text)])} if text else {}))
    found = sib.review(sib.load(history_with_caliber(tmp_path, now, last))).frame
    assert found["id"].tolist() == (["R-18"] if warned else [])
    if warned:
        assert "含补缴 → 不含补缴" in found["message"].iloc[0]


def test_an_announced_break_needs_a_note_in_its_year(tmp_path):
    events = (("programme", "item", "start", "kind"), [(FUND, "total_revenue", "2026-01", "break")])
    found = sib.review(sib.load(dataset(tmp_path, report(revenue=1_400_000), events=events))).frame
    assert found["id"].tolist() == ["R-18"]


#: 40,000 recipients then, 42,000 now: 41,000 on average; 20 yuan a month more from July make 10 on the year's average.
PENSION = [
    (AREA, FUND, "beneficiaries", "2025", 40_000, "人", "final"), (AREA, FUND, "beneficiaries", "2026", 42_000, "人", "reported"),
    (AREA, FUND, "benefit_level", "2025", 200, "元/月", "final"), (AREA, FUND, "benefit_level", "2026", 210, "元/月", "reported"),
    (AREA, FUND, "pension_expenditure", "2026", 41_000 * 210 * 12, "元", "reported"),
]  # fmt: skip


def decision(**changed):
    row = {"id": "raise", "title": "+20", "programme": FUND, "regions": "*", "item": "benefit_level", "add": 20, "multiply": "",
           "unit": "元/月", "start": "2026-07", "end": "", "decided_by": "nation", "known_at_budget": "true"} | changed  # fmt: skip
    return [row[c] for c in POLICIES]


@pytest.mark.parametrize(
    ("claimed", "policy", "change", "said"),
    [
        (41_000 * 20 * 6, "raise", {}, None),  # 4,920,000 yuan
        (41_000 * 20 * 6 * 1.09, "raise", {}, None),
        (41_000 * 20 * 12, "raise", {}, "a full year counted for a part of it"),
        (41_000 * 20 * 6 * 1.12, "raise", {}, "the effect of raise"),
        (41_000 * 20 * 6, "rise", {}, "did you mean 'raise'?"),
        (41_000 * 20 * 6, "raise", {"start": "2027-07"}, "not in force in 2026"),
        (41_000 * 20 * 6, "raise", {"start": "2026-01", "end": "2025-12"}, "not in force in 2026"),
        (41_000 * 20 * 6, "raise", {"programme": "unemployment"}, "a decision on unemployment"),
        (41_000 * 20 * 6, "raise", {"regions": "150300"}, "holds in 150300"),
        (41_000 * 210 * 12 * (1 - 1 / 1.05), "raise", {"add": "", "multiply": 1.05, "unit": "", "start": "2026-01"}, None),
    ],
)
def test_an_effect_is_of_a_decision_in_force_and_of_its_size(tmp_path, claimed, policy, change, said):
    regions = [("150000", "内蒙古自治区", "", "region"), (AREA, "呼和浩特市", "150000", "league"), ("150300", "乌海市", "150000", "league")]
    for where in (AREA, "150000", ""):  # the area's own claim, its upper area's, and one for all
        tables = {"policies": (POLICIES, [decision(**change)]), "effects": (EFFECTS, [(where, FUND, policy, claimed / 1e4, "万元")])}
        found = sib.review(sib.load(dataset(tmp_path / (where or "all"), PENSION, regions=regions, **tables))).frame
        found = found[found["id"] == "R-17"]
        assert len(found) == (said is not None)
        if said:
            assert said in found["message"].iloc[0]
            assert (found["table"].iloc[0], found["row"].iloc[0], found["region"].iloc[0]) == ("effects", 2, AREA)


def test_a_registered_decision_explains_growth(tmp_path):
    """200 → 250 yuan is +25 %; without the 30 yuan decided from January it is +10 %."""
    rows = [r if r[2] != "benefit_level" or r[6] != "reported" else (*r[:4], 250, *r[5:]) for r in PENSION]
    rows = [r if r[2] != "pension_expenditure" else (*r[:4], 41_000 * 250 * 12, *r[5:]) for r in rows]
    assert "R-11" in set(sib.review(sib.load(dataset(tmp_path / "a", rows))).frame["id"])
    policies = (POLICIES, [decision(add=30, start="2026-01")])
    assert "R-11" not in set(sib.review(sib.load(dataset(tmp_path / "b", rows, policies=policies))).frame["id"])


@pytest.mark.parametrize(("month", "warned"), [("06", True), ("12", False)])
def test_a_decision_from_july_explains_nothing_in_june(tmp_path, month, warned):
    """260 yuan for last year's 200; 100 yuan from July are 50 on the average of the year, and nothing by June."""
    rows = [(AREA, FUND, "benefit_level", f"{y}-{month}", v, "元/月", "executed") for y, v in ((2025, 200), (2026, 260))]
    policies = (POLICIES, [decision(add=100, start="2026-07")])
    found = sib.review(sib.load(dataset(tmp_path, rows, policies=policies)), "executed").frame
    here = found[(found["id"] == "R-11") & (found["period"] == f"2026-{month}")]
    assert len(here) == warned


@pytest.mark.parametrize(("base", "said"), [(5_000, None), (3_400, "between"), (21_500, "between"), (5_700, "grows")])
def test_the_base_within_the_window_of_the_law_and_with_wages(tmp_path, base, said):
    """Average wage 72,000 a year, 6,000 a month: 60 % is 3,600 and 300 % is 18,000; wages grow by 5 %."""
    rows = [(AREA, "enterprise_pension", "contribution_base", p, v, "元/月", s) for p, v, s in (("2025", 4_900, "final"), ("2026", base, "reported"))]
    wages = [("average_wage", y, v, "元/年", "150000", "", "statistics", "office") for y, v in (("2025", 72_000), ("2026", 75_600))]
    found = sib.review(sib.load(dataset(tmp_path, rows, wages))).frame
    found = found[found["id"] == "R-10"]
    assert len(found) == (said is not None)
    if said:
        assert said in f"{found['expected'].iloc[0]} {found['message'].iloc[0]}"
        assert said != "between" or found["expected"].iloc[0] == "between 3,600.00 and 18,000.00"
