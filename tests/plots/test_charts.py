"""What stands on the charts, in which font, and what they leave untouched."""

from __future__ import annotations

import io
import itertools
import warnings
from typing import Any

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.plots import style
from tests.plots import tables
from tests.plots.charts import CHARTS, texts


def drawn(chart: str, **more: Any) -> Axes:
    return CHARTS[chart](**more)


def picture(ax: Axes) -> None:
    """Draw for good: a glyph that no font has is a warning, and a warning is an error here."""
    ax.figure.savefig(io.BytesIO(), format="png", dpi=40)


def test_language_follows_the_names() -> None:
    assert "失业保险" in drawn("sharing").get_title()
    plain = sib.plots.sharing(tables.bill())
    assert plain.get_title().startswith("unemployment, who carries the gap")
    assert "illustrative" not in plain.get_title()
    with pytest.raises(SibError, match="expected 'zh' or 'en'"):
        sib.plots.sharing(tables.bill(), language="fr")


def test_no_hint_where_nobody_asked_for_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "chinese_font", lambda: None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = sib.plots.sharing(tables.bill())
        picture(ax)
    assert not any(map(style.has_chinese, texts(ax)))


def test_the_font_package_is_not_imported() -> None:
    import sys

    style.chinese_font()
    assert "zhplot" not in sys.modules


def test_a_dollar_sign_is_a_dollar_sign() -> None:
    frame = pd.DataFrame({"cause": ["from $5 to $6", "b_1^2$"], "value": [2.0, -1.0]})
    ax = sib.plots.waterfall(frame)
    picture(ax)
    assert "from $5 to $6" in texts(ax)


def test_waterfall_labels_are_signed_and_in_the_unit() -> None:
    shown = texts(drawn("waterfall", language="zh"))
    for label in ("7.00", "−2.50", "+4.00", "+1.25", "+0.05", "9.80", "预算缺口", "变动后缺口", "缺口扩大", "缺口缩小"):
        assert label in shown
    assert "缴费人数" in shown


def test_sharing_labels_amounts_totals_and_payers() -> None:
    ax = drawn("sharing", language="zh")
    shown = texts(ax)
    assert {"自治区", "盟市", "旗县", "基金自身", "待定"} <= set(shown)
    assert {"5.50", "2.00", "合计 −0.70"} <= set(shown)
    assert "合计 8.51（旗县 0.01）" in shown  # too narrow to hold its figure, and yet not hidden
    assert [t.get_text() for t in ax.get_yticklabels()] == ["呼和浩特市", "包头市", "乌海市"]
    assert min(p.get_x() + p.get_width() for p in ax.patches) == pytest.approx(-0.7e8)  # type: ignore[attr-defined]


def test_fan_labels_the_last_account_and_each_stage() -> None:
    shown = texts(drawn("fan of a draft", language="en"))
    assert {"−3.20", "1.10", "−0.40", "2.50"} <= set(shown)
    assert {"actual", "budget", "expected outturn", "draft"} <= set(shown)


def test_fan_brings_the_history_behind_a_draft() -> None:
    class Draft(tables.Named):
        source = tables.named(tables.history())

    made = Draft(tables.draft, {"illustrative": True})
    ax = sib.plots.fan(made, region="150100", item="contributors", title="A title of my own")
    assert ax.get_title().startswith("A title of my own\n2020—2027年  单位：万人")


def test_money_of_other_countries() -> None:
    ax = sib.plots.waterfall(pd.DataFrame({"cause": ["a"], "value": [2.5e10]}), provenance={"currency": "USD"})
    assert "unit: USD bn" in ax.get_title()


def test_payers_stay_apart_in_greyscale() -> None:
    def grey(colour: str) -> float:
        r, g, b = to_rgb(colour)
        return 0.299 * r + 0.587 * g + 0.114 * b

    for (a, first), (b, second) in itertools.combinations(style.PAYERS.values(), 2):
        assert abs(grey(a) - grey(b)) > 0.15 or first != second


@pytest.mark.parametrize(
    ("largest", "unit", "language", "expected"),
    [
        (3.2e10, "currency", "zh", (1e8, "亿元", 1)), (5e7, "currency", "zh", (1e4, "万元", 1)),
        (1.2e9, "currency", "en", (1e8, "100m yuan", 2)), (2_500.0, "currency/person-month", "zh", (1.0, "元/人·月", 1)),
        (430_000.0, "persons", "zh", (1e4, "万人", 2)), (430_000.0, "persons", "en", (1e3, "thousand persons", 1)),
        (3e6, "persons", "en", (1e6, "million persons", 2)), (0.24, "share", "zh", (0.01, "%", 2)),
        (800.0, "persons", "zh", (1.0, "人", 0)), (float("nan"), "months", "zh", (1.0, "个月", 2)),
    ],
)  # fmt: skip
def test_scales(largest: float, unit: str, language: str, expected: tuple[float, str, int]) -> None:
    scale = style.scale_of(largest, unit, style.Look(language))
    assert (scale.divisor, scale.unit, scale.places) == expected


def test_figures_are_rounded_half_up_with_a_true_minus() -> None:
    scale = style.Scale(1e4, "万元", 0)
    assert scale.text(12_345_000.0) == "1,235"
    assert scale.text(-25_000.0, signed=True) == "−3"
    assert scale.text(-1.0, signed=True) == "0"


def test_chart_names_stay_functions_after_their_modules_are_loaded() -> None:
    import importlib

    for name in ("fan", "waterfall", "sharing"):
        importlib.import_module(f"sibforecast.plots.{name}_chart")
        assert callable(getattr(sib.plots, name))
    with pytest.raises(AttributeError, match="no attribute 'pie'"):
        _ = sib.plots.pie


def test_accuracy_chart_reads_from_the_back_of_the_room():
    b = sib.backtest(sib.load(sib.sample("oasdi")), origins=[2002, 2003], items=["contributors", "average_wage"])
    ax = sib.plots.accuracy(b, by="item", language="en")
    title = ax.get_title()
    assert "1 year ahead" in title
    assert "unit: %" in title
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["this package", "as last year", "drift", "growth of three years"]
    zh = sib.plots.accuracy(b, by="item", language="zh")
    assert "提前1年" in zh.get_title()
    assert [t.get_text() for t in zh.get_yticklabels()]


def test_a_december_stands_for_a_year_without_account_and_unknown_years_are_bridged() -> None:
    history = pd.DataFrame(
        {"period": ["2015", "2016", "2018", "2019-11", "2019-12", "2018-12"], "value": [1.0, 2.0, 4.0, 4.9, 5.0, 9.0],
         "stage": ["final", "final", "final", "executed", "executed", "executed"]}
    )  # fmt: skip
    ahead = pd.DataFrame({"period": ["2020"] * 3, "quantile": [None, 0.1, 0.9], "value": [6.0, 5.5, 6.5]})
    known = sib.plots.fan_table(ahead, history=history).query("kind == 'history'")
    assert known.set_index("year")["value"].to_dict() == {2015: 1.0, 2016: 2.0, 2018: 4.0, 2019: 5.0}
    lines = [(list(map(int, line.get_xdata())), line.get_linestyle()) for line in sib.plots.fan(ahead, history=history).get_lines()]
    assert ([2016, 2018], ":") in lines
    assert ([2015, 2016], "-") in lines
    assert not any(years == [2016, 2018] and style == "-" for years, style in lines)


def test_a_surplus_does_not_widen_a_gap() -> None:
    rows = pd.DataFrame({"cause": ["budget_gap", "raise", "cut"], "kind": ["budget", "c", "c"], "value": [-9e8, 2e8, -1e8], "period": "2026"})
    legend = sib.plots.waterfall(rows, language="en").get_legend()
    assert [t.get_text() for t in legend.get_texts()] == ["negative gap (surplus)", "surplus shrinks", "surplus grows"]
