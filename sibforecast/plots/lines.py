"""Lines over years with their names at the right end: heads, months payable, scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sibforecast.plots import style
from sibforecast.plots.palette import Paint
from sibforecast.plots.sheet import Sheet

if TYPE_CHECKING:
    import pandas as pd

#: Height of a line of text, as a share of its size.
_LINE_HEIGHT = 1.36


def draw_lines(
    sheet: Sheet,
    rows: pd.DataFrame,
    key: str,
    paints: Mapping[str, Paint],
    names: Mapping[str, str],
    scale: style.Scale,
    *,
    floor: float | None = None,
    deficit: int = 0,
    solid: bool = False,
) -> None:
    """Draw one line for each value of `key`; what is not known yet is dashed and hollow.

    Each line is named at its right end, with its last figure. `floor` is a value the axis must
    reach down to; `deficit` is the sign of a deficit, whose last
    figure is red (1: above nothing, as a gap; −1: below; 0: there is none); `solid` leaves each line
    its own dashes, where nothing on the chart is known yet.
    """
    from matplotlib.colors import to_rgba

    ax = sheet.ax
    for name, paint in paints.items():
        line = rows[rows[key] == name].sort_values("year")
        points = list(zip(line["year"], line["value"], line["kind"], strict=True))
        for (a, left, _), (b, right, kind) in pairwise(points):
            known = kind == "history"
            if b - a > 1:  # years of which nothing is known are bridged, not claimed
                ax.plot([a, b], [left, right], ":", color=style.FAINT, linewidth=1.4, zorder=2)
            else:
                dash = paint.dash if solid else "-" if known else (0, (3, 2))
                ax.plot([a, b], [left, right], linestyle=dash, color=paint.colour, linewidth=2.2, zorder=3)
        for year, value, kind in points:
            face = paint.colour if solid or kind == "history" else to_rgba("white")
            ax.plot(
                year, value, paint.marker, color=paint.colour, markerfacecolor=face, markersize=7 * min(sheet.size, 1.0),
                markeredgewidth=1.8 * min(sheet.size, 1.0), zorder=4,
            )  # fmt: skip
    _axes(sheet, rows, scale, floor)
    _name_ends(sheet, rows, key, paints, names, scale, deficit)


def _axes(sheet: Sheet, rows: pd.DataFrame, scale: style.Scale, floor: float | None) -> None:
    ax = sheet.ax
    low, high = int(rows["year"].min()), int(rows["year"].max())
    bottom, top = float(rows["value"].min()), float(rows["value"].max())
    if floor is not None:
        bottom = min(bottom, floor)
    room = 0.08 * ((top - bottom) or abs(top) or 1.0)
    ax.set_ylim(bottom - (0.0 if bottom == floor else room), top + room)
    sheet.years(low, high, 0.7)
    sheet.figures("y", scale)
    sheet.grid("y")
    if ax.get_ylim()[0] < 0 < ax.get_ylim()[1]:
        ax.plot([low - 0.5, high + 0.05], [0, 0], color=style.FAINT, linewidth=1, zorder=2)  # not through the names


def _name_ends(
    sheet: Sheet,
    rows: pd.DataFrame,
    key: str,
    paints: Mapping[str, Paint],
    names: Mapping[str, str],
    scale: style.Scale,
    deficit: int,
) -> None:
    """Names and last figures, moved apart where lines end close together."""
    from matplotlib.patheffects import withStroke

    ax = sheet.ax
    low, high = int(rows["year"].min()), int(rows["year"].max())
    ends = rows.sort_values("year").groupby(key, sort=False).tail(1)
    ends = ends[ends[key].isin([n for n in paints if n in names])].sort_values("value")
    texts = [f"{names[str(n)]} {scale.text(float(v))}" for n, v in zip(ends[key], ends["value"], strict=True)]
    if not texts:
        ax.set_xlim(low - 0.5, high + 0.5)
        return
    size = min(sheet.small, sheet.height / (1.3 * len(texts)))
    share = min((max(sheet.points(t, size) for t in texts) + 22 * sheet.size) / sheet.width, 0.5)
    span = max(high - low, 1) + 0.5
    ax.set_xlim(low - 0.5, high + 0.1 + span * share / (1 - share))
    places = spread([float(v) for v in ends["value"]], sheet, size)
    for name, year, value, place, text in zip(ends[key], ends["year"], ends["value"], places, texts, strict=True):
        beside = high + 0.02 * span / (1 - share)
        ax.annotate(
            text,
            (int(year), float(value)),
            xytext=(beside + 0.02 * span / (1 - share), place),
            textcoords="data",
            va="center",
            ha="left",
            fontsize=size,
            color=style.DEFICIT if value * deficit > 0 else style.INK,
            zorder=6,
            arrowprops={
                "arrowstyle": "-",
                "color": paints[str(name)].colour,
                "linewidth": 0.8,
                "shrinkA": 1,
                "relpos": (0, 0.5),
                "shrinkB": 5,
            },
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )


def spread(values: Sequence[float], sheet: Sheet, size: float, height: float | None = None) -> list[float]:
    """Heights for texts that would overprint each other: as near to `values` (rising) as room allows."""
    low, high = sheet.ax.get_ylim()
    least = (high - low) * _LINE_HEIGHT * size / (height or sheet.height)
    groups: list[list[float]] = []  # of neighbours that push each other: sum of wanted places, number
    for value in values:
        groups.append([value, 1])
        while len(groups) > 1 and _top(groups[-2], least) > _bottom(groups[-1], least):
            total, number = groups.pop()
            groups[-1] = [groups[-1][0] + total, groups[-1][1] + number]
    return [_bottom(g, least) + (i + 0.5) * least for g in groups for i in range(int(g[1]))]


def _bottom(group: list[float], least: float) -> float:
    return group[0] / group[1] - group[1] * least / 2


def _top(group: list[float], least: float) -> float:
    return group[0] / group[1] + group[1] * least / 2


def kinds_legend(sheet: Sheet, rows: pd.DataFrame) -> list[tuple[Any, str]]:
    """What filled and hollow marks mean."""
    from matplotlib.lines import Line2D

    legend: list[tuple[Any, str]] = []
    known = rows["kind"] == "history"
    if known.any():
        legend.append((Line2D([], [], color=style.FAINT, marker="o", markersize=7, linewidth=2.2), sheet.word("history")))
    ahead = list(dict.fromkeys(rows.loc[~known, "kind"]))
    if ahead:
        hollow = Line2D(
            [],
            [],
            color=style.FAINT,
            marker="o",
            markersize=7,
            markerfacecolor="white",
            markeredgewidth=1.8,
            linewidth=2.2,
            linestyle=(0, (3, 2)),
        )
        legend.append((hollow, (" / " if sheet.look.language == "en" else "、").join(sheet.word(k) for k in ahead)))
    return legend
