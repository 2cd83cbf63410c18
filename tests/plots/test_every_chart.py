"""What holds of every chart: language, fonts with and without Chinese, room from a slide down to one cell of a grid."""

from __future__ import annotations

import io
import itertools
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
import pytest
from matplotlib import font_manager, pyplot
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

import sibforecast as sib
from sibforecast.plots import fonts, style
from sibforecast.plots.room import Room, room_of
from tests.plots.charts import ALL, CHARTS, CROWDED, PERIODS, UNITS, texts

NARROW, SLIDE = (5.0, 3.5), (13.33, 7.5)


def picture(ax: Axes) -> None:
    """Draw for good: a glyph that no font has is a warning, and a warning is an error here."""
    ax.figure.savefig(io.BytesIO(), format="png", dpi=40)


def test_every_public_chart_is_among_them() -> None:
    charts = {name for name in sib.plots._PUBLIC if not name.endswith("_table")}
    assert charts == {name.split(" ")[0] for name in CHARTS}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("chart", CHARTS)
def test_title_says_period_unit_and_that_it_is_illustrative(chart: str, language: str) -> None:
    before = dict(matplotlib.rcParams)
    ax = CHARTS[chart](language=language)
    picture(ax)
    assert dict(matplotlib.rcParams) == before
    title = ax.get_title()
    assert all(year in title for year in PERIODS.get(chart, ("2027",)))
    assert (f"单位：{UNITS.get(chart, '亿元')}" if language == "zh" else "unit: ") in title
    assert title.endswith("【示例数据】" if language == "zh" else "ILLUSTRATIVE")
    assert "nmg" in ax.get_xlabel()
    assert not any("1e" in text for text in texts(ax))
    if language == "en":  # but for names that are Chinese in the data
        own = [t for t in texts(ax) if "提高" not in t]
        assert not any(map(style.has_chinese, own))


@pytest.mark.parametrize("chart", CHARTS)
def test_every_text_is_in_the_font_and_large_enough(chart: str) -> None:
    ax = CHARTS[chart](language="zh")
    picture(ax)
    shown = [t for t in ax.findobj(Text) if t.get_text()]  # type: ignore[attr-defined]
    assert {t.get_fontfamily()[0] for t in shown} == {style.chinese_font()}
    assert min(t.get_fontsize() for t in shown) >= 11


@pytest.mark.parametrize("chart", CHARTS)
def test_draws_on_given_axes_without_a_new_figure(chart: str) -> None:
    ax = Figure(figsize=(10, 6), layout="constrained").subplots()
    assert CHARTS[chart](ax=ax) is ax
    assert not pyplot.get_fignums()
    picture(ax)


# -- fonts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en", None])
@pytest.mark.parametrize("chart", CHARTS)
def test_without_a_chinese_font_labels_are_english_with_one_hint_and_no_boxes(
    chart: str, language: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(style, "chinese_font", lambda: None)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        ax = CHARTS[chart](language=language)
    assert ["pip install zhplot" in str(t.message) for t in told] == ([] if language == "en" else [True])
    assert all(t.filename.endswith("charts.py") for t in told)  # the line that asked for the chart
    picture(ax)
    assert not any(map(style.has_chinese, texts(ax)))
    assert "ILLUSTRATIVE" in ax.get_title()


def test_without_a_chinese_font_areas_are_called_by_their_english_name_else_by_their_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "chinese_font", lambda: None)
    frame = pd.DataFrame({"region": ["150100", "150999", "乌海市"], "payer": "league", "value": [3e8, 2e8, 1e8], "period": "2026"})
    with pytest.warns(UserWarning, match="no font that draws Chinese"):
        ax = sib.plots.sharing(frame, labels={"150100": "Hohhot", "150999": "某市"})
    picture(ax)
    # a code that is itself Chinese is written as what it is, letter by letter: no two areas become alike
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Hohhot", "150999", "\\u4e4c\\u6d77\\u5e02"]


@pytest.fixture
def _looked_up_anew() -> Iterator[None]:
    fonts.chinese_font.cache_clear()
    yield
    fonts.chinese_font.cache_clear()


@pytest.mark.usefixtures("_looked_up_anew")
def test_a_font_of_the_system_is_found_though_it_came_after_the_list_of_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carried = next(fonts._carried())
    file = tmp_path / f"NotoSansSC-Regular{carried.suffix}"
    shutil.copy(carried, file)
    known = [f for f in font_manager.fontManager.ttflist if f.name not in fonts._CHINESE]
    monkeypatch.setattr(fonts, "_carried", lambda: iter(()))
    monkeypatch.setattr(font_manager.fontManager, "ttflist", known)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda *a, **k: [str(file), str(tmp_path / "other.ttf")])
    assert fonts.chinese_font() == "Noto Sans SC"
    assert [f.fname for f in font_manager.fontManager.ttflist if f.name == "Noto Sans SC"] == [str(file)]


@pytest.mark.usefixtures("_looked_up_anew")
def test_with_neither_package_nor_system_font_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_carried", lambda: iter(()))
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [f for f in font_manager.fontManager.ttflist if "DejaVu" in f.name])
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda *a, **k: [])
    assert fonts.chinese_font() is None


#: Titles of scenarios that tell their whole story.
LONG = {
    "zh": "自2027年7月1日起统一提高企业职工和机关事业单位退休人员基本养老金水平百分之五并同步调整城乡居民基础养老金最低标准的全国性方案（预算执行中出台）",
    "en": "pensions of enterprise and government staff raised by five per cent from July 2027 by national decision after the budget, "
          "with a higher minimum of the resident basic pension",
}  # fmt: skip


# -- room ------------------------------------------------------------------------------------


def _beyond(axis: Any) -> list[Text]:
    """Labels of ticks outside the view: they exist and are not drawn."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if not low - 1e-9 <= tick.get_loc() <= high + 1e-9]


def overprints(figure: Any, axes: list[Axes]) -> list[str]:
    """What is cut off at the sides or above, and which two texts lie on each other."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    beyond = {id(t) for top in axes for one in (top, *top.child_axes) for axis in (one.xaxis, one.yaxis) for t in _beyond(axis)}
    boxes = []
    for text in dict.fromkeys(t for ax in axes for t in ax.findobj(Text)):
        if id(text) in beyond or not text.get_text().strip() or not text.get_visible():  # type: ignore[attr-defined]
            continue
        box = Text.get_window_extent(text, renderer)  # without the line that leads to it
        if box.width > 1:
            boxes.append((text.get_text(), box))  # type: ignore[attr-defined]
    cut = [t for t, b in boxes if b.x0 < figure.bbox.x0 - 2 or b.x1 > figure.bbox.x1 + 2 or b.y1 > figure.bbox.y1 + 2]
    faults = [f"{text!r} is cut off" for text in cut]
    for (first, a), (second, b) in itertools.combinations(boxes, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        if wide > 3 and high > 4:
            faults.append(f"{first!r} lies on {second!r}")
    return faults


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("chart", ALL)
def test_no_text_is_cut_off_or_overprints_another(chart: str, language: str) -> None:
    ax = ALL[chart](language=language)
    assert overprints(ax.figure, [ax]) == []
    for size in (SLIDE, NARROW) if language == "en" else (NARROW,):
        figure = Figure(figsize=size, layout="constrained")
        ALL[chart](ax=figure.subplots(), language=language, title=LONG[language] if size == NARROW else None)
        assert overprints(figure, list(figure.axes)) == [], size


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("four", [tuple(ALL)[i : i + 4] for i in range(0, len(ALL), 4)])
def test_four_charts_stand_in_a_grid(four: tuple[str, ...], language: str) -> None:
    figure = Figure(figsize=SLIDE, layout="constrained")
    cells = figure.subplots(2, 2)
    drawn = [ALL[chart](ax=ax, language=language, title=LONG[language]) for chart, ax in zip(four, cells.flat, strict=False)]
    assert overprints(figure, drawn) == []


def test_the_check_sees_what_lies_on_what() -> None:
    ax = Figure(figsize=NARROW).subplots()
    ax.text(0.5, 0.5, "first")
    ax.text(0.52, 0.5, "second")
    ax.text(0.9, 0.1, "far too long for the room that is left")
    assert overprints(ax.figure, [ax]) == ["'far too long for the room that is left' is cut off", "'first' lies on 'second'"]


def test_texts_grow_and_shrink_with_the_room() -> None:
    sizes = {}
    for inches in (NARROW, (10.0, 5.6), SLIDE):
        figure = Figure(figsize=inches, layout="constrained")
        sizes[inches] = CHARTS["heads"](ax=figure.subplots(), language="en").title.get_fontsize()
    # 15 points in the usual figure; 540 ÷ 403.2 points high, at most 1.3 times; 252 ÷ 380
    assert list(sizes.values()) == pytest.approx([15 * 252 / 380, 15.0, 15 * 1.3])


def test_a_cell_of_a_grid_knows_its_room_before_and_after_the_layout() -> None:
    figure = Figure(figsize=(10, 6), layout="constrained")
    wide, narrow = figure.subplots(1, 2, width_ratios=[3, 1])
    before = room_of(wide), room_of(narrow)
    assert before == (Room(540.0, 432.0), Room(180.0, 432.0))
    FigureCanvasAgg(figure).draw()
    assert (room_of(wide), room_of(narrow)) == before
    assert not room_of(Figure(figsize=(10, 6)).subplots()).laid_out


def test_little_room_asks_for_fewer_words_not_for_other_figures() -> None:
    said = {}
    for inches in (NARROW, SLIDE):
        ax = Figure(figsize=inches, layout="constrained").subplots()
        said[inches] = [t for t in texts(CROWDED["scenarios of seven funds"](ax=ax, language="en")) if "+" in t]
    # six funds have a gap, of 20 × (5 + 4 + 3 + 2 + 1 + 0) = 300 and 6 × 4 = 24 more with every scenario, one a surplus of
    # 20 and 4 less; together 7 × 4 = 28 more
    assert said[NARROW] == ["324.0 / 16.0 (+28.0)", "348.0 / 12.0 (+56.0)", "372.0 / 8.0 (+84.0)"]
    told = [t.split(" ") for t in said[NARROW]]
    assert said[SLIDE] == [f"gap {gap}, surplus {left} {more}" for gap, _, left, more in told]
