"""What stands on the further charts, and that fund, scenario and light stay apart in greyscale."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from matplotlib.colors import to_rgb

import sibforecast as sib
from sibforecast.plots import palette, style
from tests.plots import more_tables as tables
from tests.plots.charts import CHARTS, texts
from tests.plots.tables import named


def grey(colour: str) -> float:
    r, g, b = to_rgb(colour)
    return 0.299 * r + 0.587 * g + 0.114 * b


def test_tornado_labels_are_signed_and_say_what_widens() -> None:
    shown = texts(CHARTS["tornado"](language="zh"))
    assert {"+5.00", "−4.00", "−1.50", "因素+1%", "因素−1%", "缺口扩大 ▶", "人均待遇水平", "征缴率"} <= set(shown)


def test_tornado_says_how_many_drivers_it_does_not_show() -> None:
    frame = pd.DataFrame({"item": [f"d{i}" for i in range(20)], "by": 0.01, "value": [float(i + 1) for i in range(20)]})
    ax = sib.plots.tornado(frame, language="en")
    assert len(ax.get_yticks()) == 12
    assert ax.get_xlabel().endswith("strongest 12 of 20 drivers")


def test_multiples_share_one_scale() -> None:
    panels = CHARTS["multiples"](language="zh").child_axes
    assert [p.get_title(loc="left") for p in panels] == ["呼和浩特市", "包头市", "乌海市"]
    assert len({p.get_ylim() for p in panels}) == 1
    assert len({p.get_xlim() for p in panels}) == 1
    assert panels[0].get_ylim()[0] == 0.0
    # the draft of each: 2.2 × 1.4 × 10, 6, 1
    assert [p.texts[0].get_text() for p in panels] == ["30.80", "18.48", "3.08"]


def test_many_panels_stand_in_rows_with_years_below_the_last() -> None:
    frame = pd.DataFrame({"region": [f"area {i}" for i in range(9)] * 2, "item": "beneficiaries", "value": [float(i) for i in range(9)] * 2,
                          "period": ["2026"] * 9 + ["2027"] * 9})  # fmt: skip
    ax = sib.plots.multiples(frame, language="en")
    below = [p.get_title(loc="left") for p in ax.child_axes if p.get_xticklabels()]
    assert below == ["area 5", "area 6", "area 7", "area 8"]
    assert [p.get_title(loc="left") for p in ax.child_axes if p.get_yticklabels()] == ["area 0", "area 4", "area 8"]


def test_execution_says_how_far_the_year_has_come() -> None:
    shown = texts(CHARTS["execution"](language="zh"))
    # 6 of 12; season (0.4 + 0.5) / 2; six months of twelve
    assert "1—6月\n完成调整预算50.0%\n季节45.0%\n时序50.0%" in shown
    assert {"预计执行 12.50", "调整预算 12.00", "预算 11.00", "季节进度：2024—2025年平均"} <= set(shown)
    bare = texts(CHARTS["execution without budget"](language="en"))
    assert "January–June\nno budget known" in bare
    assert {"2024", "2025"} <= set(bare)


def test_progress_carries_the_word_of_its_light() -> None:
    ax = CHARTS["progress"](language="zh")
    shown = texts(ax)
    assert "80.0%  偏离季节+10.0个百分点  红" in shown
    assert "75.0%  偏离季节+1.0个百分点  绿" in shown
    assert "无预算数" in shown
    assert [round(p.get_width(), 6) for p in ax.patches] == [0.8, 0.75, 0.0]  # type: ignore[attr-defined]


def test_balance_labels_each_year_and_paints_deficits_red() -> None:
    ax = CHARTS["balance"](language="zh")
    labels = {t.get_text(): t.get_color() for t in ax.texts}
    assert labels["−0.60"] == labels["−0.84"] == style.DEFICIT  # 6 − 6.6; 8.4 − 9.24
    assert "18.48" in labels  # 6 × 2.2 × 1.4
    heights = sorted(round(p.get_height() / 1e8, 6) for p in ax.patches)  # type: ignore[attr-defined]
    assert heights == pytest.approx(sorted([6, 6.6, 7.2, 8.4, 6.6, 7.26, 7.92, 9.24]))


def test_balance_does_not_claim_the_closing_balance_of_an_unknown_year() -> None:
    frame = tables.leagues().query("region == '150200' and not (item == 'closing_balance' and period == '2025')")
    lines = sib.plots.balance(frame).get_lines()
    drawn = [(list(map(int, line.get_xdata())), line.get_linestyle()) for line in lines]
    assert ([2024, 2026], ":") in drawn
    assert ([2026, 2027], "-") in drawn


def test_reserves_say_where_the_bands_come_from() -> None:
    ax = CHARTS["reserves"](language="zh")
    assert "预警线：软件默认值（2016-01-01起），无文件依据（未核实）" in ax.get_xlabel()
    assert "红：低于6" in texts(ax)
    own = sib.plots.reserves(named(tables.leagues()), bands={"red": 3}, language="en")
    assert own.get_xlabel().endswith("bands: as given")
    assert "red below 3" in texts(own)


def test_of_many_lines_those_nearest_to_trouble_are_named() -> None:
    frame = pd.DataFrame({"region": [f"area {i:02d}" for i in range(12)] * 2, "programme": "enterprise_pension", "item": "months_payable",
                          "period": ["2026"] * 12 + ["2027"] * 12, "value": [float(i) for i in range(12)] * 2})  # fmt: skip
    shown = texts(sib.plots.reserves(frame, language="en"))
    assert [t for t in shown if t.startswith("area")] == [f"area {i:02d} {i}.0" for i in range(5)]
    assert "7 others, unnamed" in shown


def test_heat_cells_carry_figure_and_word() -> None:
    shown = [t.get_text() for t in CHARTS["heat"](language="zh").texts]
    # areas downwards, funds in the fixed order: enterprise, resident, unemployment
    assert shown == ["−0.2 红", "6.0 黄", "5.9 红", "5.5 橙", "9.0 绿", "12.0 绿", "—", "3.0 橙", "24.1 偏多"]
    assert [t.get_text() for t in CHARTS["heat of warnings"](language="en").texts] == ["red", "green", "—"]


def test_heads_are_named_at_their_ends() -> None:
    shown = texts(CHARTS["heads"](language="en"))
    assert {"insured persons 3.15", "contributors (employed) 2.10", "beneficiaries 1.05"} <= set(shown)


def test_scenarios_tell_total_and_difference() -> None:
    shown = texts(CHARTS["scenarios"](language="zh"))
    # two areas: a gap of 2 × 3 in one fund, never less the surplus of 2 × 1 in the other; + 2 × 2; + 2 × 1
    assert {"缺口6.00、结余2.00", "缺口10.00、结余2.00（较基准+4.00）", "缺口8.00、结余2.00（较基准+2.00）", "基准"} <= set(shown)
    ends = {t.get_text(): t.get_color() for t in CHARTS["scenarios over years"](language="en").texts}
    assert ends["baseline 6.00"] == ends["rate cut 8.00"] == style.DEFICIT  # of 2029: 2 × (5 − 2); 2 × (6 − 2)


def test_chances_are_told_in_number_and_word() -> None:
    shown = texts(CHARTS["chances"](language="en"))
    assert "mean 4.10  a gap: 98%, very likely" in shown
    assert "mean 1.10  a gap: 66%, likely" in shown


def test_a_scenario_keeps_its_colour_whatever_stands_beside_it() -> None:
    alone = palette.paints(["raise"])
    assert palette.paints(["", "zebra", "raise", "unemployment"])["raise"] == alone["raise"]
    assert palette.paints([""])[""] == palette.BASELINE
    many = palette.paints([f"s{i}" for i in range(8)])
    assert len({p.colour for p in many.values()}) == 8
    assert palette.paints(["raise"], {"raise": "#123456"})["raise"].colour == "#123456"


def test_funds_scenarios_and_lights_stay_apart_in_greyscale() -> None:
    for a, b in itertools.combinations(palette.FUNDS.values(), 2):
        assert a.marker != b.marker
        assert abs(grey(a.colour) - grey(b.colour)) > 0.1 or a.hatch != b.hatch
    others = palette.paints([f"s{i}" for i in range(8)]).values()
    assert len({p.marker for p in others}) == len({p.hatch for p in others}) == 8
    steps = [grey(palette.LIGHTS[light][0]) for light in ("red", "orange", "yellow", "green")]
    assert all(b - a > 0.1 for a, b in itertools.pairwise(steps))


def test_what_is_pending_stands_out_and_nothing_has_no_edge() -> None:
    bill = pd.DataFrame({"region": ["A", "A", "B"], "payer": ["league", "pending", "league"], "value": [3e8, 1e8, 2e8]})
    ax = sib.plots.sharing(bill, language="en")
    pending = [p for p in ax.patches if p.get_hatch() == "xx"]
    assert [p.get_visible() for p in pending] == [True, False]
    assert pending[0].get_edgecolor()[:3] == to_rgb(style.DEFICIT)


def test_a_long_title_breaks_between_its_parts_and_a_wide_legend_into_rows() -> None:
    lines = style.title_of(style.Look("en"), ["a" * 40, "b" * 30, "c" * 30], ["2027"], "yuan", width=600).splitlines()
    assert lines[:2] == [f"{'a' * 40}, {'b' * 30},", "c" * 30]
    assert style.columns_of(["x" * 30] * 7, 7, 600.0) == 2
    assert style.columns_of(["x"] * 3, 6, 600.0) == 3


def test_a_bill_of_several_funds_shows_the_one_with_the_largest_gap() -> None:
    """Funds are never pooled: the largest surplus is no gap, and gaps of areas count without the surpluses of others."""
    keys = ["programme", "region", "payer", "value"]
    rows = [("unemployment", "A", "fund", -9e8), ("work_injury", "A", "league", 4e8), ("work_injury", "B", "fund", -5e8),
            ("enterprise_pension", "A", "league", 3e8)]  # fmt: skip
    bill = pd.DataFrame(rows, columns=keys)
    assert sib.plots.sharing_table(bill)["total"].tolist() == [4e8, -5e8]
    assert sib.plots.sharing(bill, language="en").get_title().startswith("work injury")
    assert sib.plots.sharing_table(bill[bill["value"] < -6e8])["total"].tolist() == [-9e8]
    told = bill.assign(cause=["cut", "budget_gap", "", "raise"])  # of a scenario's bill: a fund it touches
    assert sib.plots.sharing_table(told)["total"].tolist() == [3e8]


def test_a_figure_beside_the_line_of_nothing_stands_beyond_it() -> None:
    """From −1.74 by +1.65 to −0.09: beside the end of the bar the line of nothing would strike the figure."""
    rows = pd.DataFrame({"cause": ["budget_gap", "cut", "raise"], "kind": ["budget", "policy", "policy"], "value": [-1.74e8, 1.65e8, 3.88e8]})
    ax = sib.plots.waterfall(rows, language="en")
    places = {t.get_text(): t.xy for t in ax.texts if hasattr(t, "xy")}
    assert places["+1.65"] == (0.0, 1)
    assert places["+3.88"] == (pytest.approx(3.79e8), 2)
    assert places["−1.74"] == (pytest.approx(-1.74e8), 0)


def test_years_without_figures_say_so() -> None:
    t = pd.DataFrame([("total_revenue", "2014", 5e9), ("total_expenditure", "2014", 4e9), ("total_revenue", "2016", 6e9)],
                     columns=["item", "period", "value"]).assign(stage="final")  # fmt: skip
    ax = sib.plots.balance(t, language="zh")
    places = [text.xy for text in ax.texts if text.get_text() == "无数据"]
    assert places == [(2015.0, 0), (pytest.approx(2016.19), 0)]  # the year between, and one column of the last


def test_a_long_title_of_a_scenario_is_wrapped_before_it_is_cut() -> None:
    title = "自2026年7月1日起阶段性下调单位缴费比例一个百分点并同步提高退休人员基本养老金水平的情景测算（征求意见稿）"
    rows = pd.DataFrame({"cause": ["gap", "cut"], "scenario": title, "period": "2026", "region": "A", "programme": "unemployment",
                         "value": [1e8, 2e8]})  # fmt: skip
    assert title in sib.plots.waterfall(rows, language="zh").get_title().replace("\n", "")
    compared = pd.DataFrame({"scenario": [None, title], "programme": "unemployment", "item": "gap", "period": "2026", "value": [1e8, 3e8]})
    assert title in [t.get_text().replace("\n", "") for t in sib.plots.scenarios(compared, language="zh").get_yticklabels()]
