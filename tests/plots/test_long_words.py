"""Long titles and names stay within the picture; a fund that a subsidy closes has one light everywhere."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

import sibforecast as sib
from sibforecast.plots import bands, heat_table, reserves_table, style
from tests.plots.test_every_chart import LONG, NARROW, SLIDE


def test_scenarios_that_begin_alike_are_told_apart() -> None:
    """Three packages whose titles differ in their last words: three names on the axis, each with its own end."""
    rows = [(f"{LONG['zh']}之{n}", "unemployment", n * 1e8) for n in "123" for n in [int(n)]]
    frame = pd.DataFrame(rows, columns=["scenario", "programme", "value"]).assign(item="gap", period="2027", region="150100")
    ax = sib.plots.scenarios(frame, ax=Figure(figsize=NARROW, layout="constrained").subplots(), language="zh")
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert [name[-2:] for name in names] == ["之1", "之2", "之3"]
    assert all("…" in name for name in names)


@pytest.mark.parametrize(("parts", "width", "lines"), [
    (["包头市", "缺口"], 20, ["包头市 缺口"]), (["包头市", "一二三四五六七八九十"], 12, ["包头市", "一二三四五六", "七八九十"]),
    (["a", "一二三四五，六七八九十一二三四五"], 10, ["a", "一二三四", "五，六七…"]), (["no word is cut here"], 10, ["no word is", "cut here"]),
])  # fmt: skip
def test_titles_break_between_words_and_never_before_a_comma(parts: list[str], width: int, lines: list[str]) -> None:
    told = style._wrapped(parts, " ", width)
    assert told == lines
    assert max(map(style.cells, told)) <= width


def test_a_fund_closed_by_a_subsidy_has_the_monitors_light(nmg: Any, nmg_draft: Any) -> None:
    """Its balance pays nothing, and that is a hint: yellow in the heat table, the chart of reserves and the monitor."""
    rolled = sib.roll_up(nmg_draft, "league")
    areas = [c for c, a in nmg.regions.areas.items() if a.level == "league" and not nmg.regions.is_own_level(c)]
    fund = "civil_servant_pension"
    seen = heat_table(rolled, regions=areas)
    assert set(seen.loc[seen["programme"] == fund, "light"]) == {"yellow"}
    assert set(reserves_table(rolled, programme=fund, regions=areas)["light"]) == {"yellow"}
    watched = sib.monitor(nmg, "2026-09").frame
    assert set(watched.loc[(watched["programme"] == fund) & (watched["item"] == "months_payable"), "status"]) == {"yellow"}
    assert bands.bands_of(fund, {"red": 3, "orange": 6, "excess": 20}) == {"yellow": 6.0, "excess": 20.0}
    ax = sib.plots.heat(rolled, regions=areas, ax=Figure(figsize=SLIDE, layout="constrained").subplots(), language="zh")
    assert "机关事业单位基本养老保险基金由财政补助兜底，最高黄色" in ax.get_xlabel().replace("\n", "")


def test_a_declared_fund_takes_the_bands_of_its_kind() -> None:
    """As the monitor does: a closing fund is yellow at most, a fund of the injury kind has its 6, 12 and 24 months."""
    from types import SimpleNamespace

    kinds = {"staff": "closing_subsidy_pension", "mines": "injury", "other": "totals_only"}
    known = SimpleNamespace(source=SimpleNamespace(programmes={code: SimpleNamespace(kind=kind) for code, kind in kinds.items()}))
    assert bands.bands_of("staff", table=known) == {"yellow": 9.0}
    assert bands.bands_of("mines", table=known) == bands.bands_of("work_injury")
    assert bands.bands_of("other", table=known) == bands.bands_of("enterprise_pension")
    assert bands.closed_funds(["staff", "mines", "civil_servant_pension"], known) == ["staff", "civil_servant_pension"]
