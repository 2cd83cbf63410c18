"""Small multiples: the same line of every area side by side, on one scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.plots import style
from sibforecast.plots.keys import among, at_level, choose, few, frame_of, need
from sibforecast.plots.panels import grid, panel_size
from sibforecast.plots.sheet import Sheet, open_sheet
from sibforecast.plots.yearly import lines_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_MOST = 20
_MARKS = {
    "expected": ("#b35900", "D"),
    "draft": ("#0b2f5c", "o"),
    "forecast": ("#2f7fb8", "o"),
    "reported": ("#b35900", "X"),
    "adjusted": ("#6b6b6b", "^"),
    "budget": ("#6b6b6b", "s"),
}


def multiples_table(
    table: Any,
    *,
    programme: str | None = None,
    item: str | None = None,
    regions: Iterable[str] | None = None,
    level: str | None = None,
    scenario: str | None = None,
    history: Any = None,
) -> pd.DataFrame:
    """The numbers behind small multiples.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        A draft, projection, forecast or data set, or a table of region, period, value.
    programme, item, scenario : str, optional
        What to show; each may be left out where the table holds only one.
    regions : iterable of str, optional
        Areas, in this order; by default all of the table.
    level : str, optional
        Only areas of this level, where the result knows them.
    history : Result or pandas.DataFrame, optional
        The known years; a draft brings its own.

    Returns
    -------
    pandas.DataFrame
        region, year, kind (history, expected, draft, forecast, …), value in base units; of
        each year the figure nearest to the truth.

    Raises
    ------
    SibError
        If a choice is open or does not occur, or areas are more than can be read.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"region": ["A", "B", "A"], "period": ["2025", "2025", "2026"], "stage": ["final", "final", "draft"],
    ...                   "value": [1.0, 2.0, 1.5]})
    >>> multiples_table(t)[["region", "year", "kind"]].values.tolist()
    [['A', 2025, 'history'], ['A', 2026, 'draft'], ['B', 2025, 'history']]
    """
    return _chosen(table, programme, item, regions, level, scenario, history)[0]


def _chosen(
    table: Any,
    programme: str | None,
    item: str | None,
    regions: Iterable[str] | None,
    level: str | None,
    scenario: str | None,
    history: Any,
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The numbers, and what they are of."""
    frame = frame_of(table)
    need(frame, ("region", "period", "value"), "multiples")
    frame = at_level(among(frame, "region", regions, table), table, level)
    frame, chosen = choose(frame, {"programme": programme, "item": item, "scenario": scenario}, table=table)
    areas = few(frame, "region", _MOST, "multiples")
    rows = lines_of(table, frame, ["region"], "multiples", history)
    rank = rows["region"].map({area: i for i, area in enumerate(areas)})
    return rows.iloc[rank.to_numpy().argsort(kind="stable")].reset_index(drop=True), chosen


def multiples(
    table: Any,
    *,
    programme: str | None = None,
    item: str | None = None,
    regions: Iterable[str] | None = None,
    level: str | None = None,
    scenario: str | None = None,
    history: Any = None,
    columns: int = 4,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw a small panel for each area: its past, its outturn, its draft, all on one scale.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        See `multiples_table`.
    programme, item, regions, level, scenario, history : optional
        See `multiples_table`.
    columns : int
        Panels in a row.
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

    Returns
    -------
    matplotlib.axes.Axes
        The whole; the panels are its ``child_axes``.

    Raises
    ------
    SibError
        As `multiples_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> t = pd.DataFrame({"region": ["A", "B"], "item": "beneficiaries", "period": "2026", "value": [4e5, 5e5]})
    >>> ax = sib.plots.multiples(t, language="en")
    >>> len(ax.child_axes)
    2
    """
    rows, chosen = _chosen(table, programme, item, regions, level, scenario, history)
    areas = list(dict.fromkeys(rows["region"]))
    inches = 1.9 + 1.55 * -(-len(areas) // columns)
    sheet = open_sheet(table, ax, language, title, labels, provenance, also=(history,), inches=inches)
    look, code = sheet.look, chosen["item"]
    scale = sheet.scale(rows["value"].abs().max(), code)
    with sheet.drawn():
        panels = grid(sheet, len(areas), min(columns, len(areas)))
        names = [look.name(area) for area in areas]
        _limits(sheet, panels, rows, scale)
        for panel, area, name in zip(panels, areas, names, strict=True):
            _panel(sheet, panel, rows[rows["region"] == area], name, scale, code)
        legend = _legend(sheet, rows)
    what = [look.name(chosen["programme"]), look.name(code), look.drawable(chosen["scenario"] or ""), sheet.word("own_scale")]
    return sheet.finish(what, [str(rows["year"].min()), str(rows["year"].max())], scale.unit, legend)


def _limits(sheet: Sheet, panels: list[Axes], rows: pd.DataFrame, scale: style.Scale) -> None:
    """The same range of years and figures in every panel; nothing is in view where it is near."""
    low, high = float(rows["value"].min()), float(rows["value"].max())
    if 0 < low < 0.6 * high:
        low = 0.0
    span = (high - low) or abs(high) or 1.0
    first, last = int(rows["year"].min()), int(rows["year"].max())
    wide, tall = panel_size(sheet, panels)
    fitting = int(wide / (34 * sheet.size))  # so many years stand beside each other
    three = last - first > 3 and fitting > 2
    years = sorted({first, (first + last) // 2, last} if three else {first, last} if fitting > 1 else {last})
    for panel in panels:
        panel.set_ylim(low - (0.0 if low == 0 else 0.12 * span), high + 0.3 * span)
        panel.set_xlim(first - 0.6, last + 0.9)
        panel.set_xticks(years, [str(y) for y in years])
        ticks = panel.xaxis.get_major_ticks()
        if len(ticks) > 1:  # years of neighbours do not run together
            ticks[0].label1.set_horizontalalignment("left")
            ticks[-1].label1.set_horizontalalignment("right")
        style.figures_axis(panel.yaxis, scale, max(1, min(4, int(tall / (15 * sheet.size)))))
        panel.grid(axis="y", color="#e3e6e9", linewidth=0.8)
        panel.set_axisbelow(True)
        if low < 0 < high:
            panel.axhline(0, color=style.FAINT, linewidth=1)


def _panel(sheet: Sheet, panel: Axes, rows: pd.DataFrame, name: str, scale: style.Scale, item: str | None) -> None:
    """One area: the past as a line, what is ahead as marks, the last figure beside the name."""
    past = rows[rows["kind"] == "history"]
    ahead = rows[rows["kind"] != "history"]
    panel.plot(past["year"], past["value"], color="#222222", linewidth=2.2, marker="o", markersize=4, zorder=3)
    if len(ahead):
        joined = [*past.tail(1)[["year", "value"]].values.tolist(), *ahead[["year", "value"]].values.tolist()]
        panel.plot([p[0] for p in joined], [p[1] for p in joined], ":", color=style.FAINT, linewidth=1.8, zorder=2)
    for kind, part in ahead.groupby("kind"):
        colour, marker = _MARKS[str(kind)]
        panel.plot(part["year"], part["value"], marker, color=colour, markersize=8, zorder=4)
    text = style.short(name, 20).split("\n")[0]
    wide, _ = panel_size(sheet, [panel])
    size = min(sheet.text, sheet.text * (wide + 6) / sheet.points(text, sheet.text))
    panel.set_title(text, fontsize=size, loc="left", pad=3, color=style.INK)
    last = rows.iloc[-1]
    deficit = last["value"] > 0 if item == "gap" else last["value"] < 0
    panel.annotate(
        scale.text(float(last["value"])), (int(last["year"]), float(last["value"])), xytext=(4, 7 * sheet.size),
        textcoords="offset points", ha="right", va="bottom", fontsize=sheet.small,
        color=style.DEFICIT if deficit else style.INK, zorder=6,
    )  # fmt: skip


def _legend(sheet: Sheet, rows: pd.DataFrame) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D

    there = set(rows["kind"])
    legend: list[tuple[Any, str]] = []
    if "history" in there:
        legend.append((Line2D([], [], color="#222222", linewidth=2.2, marker="o", markersize=4), sheet.word("history")))
    for kind, (colour, marker) in _MARKS.items():
        if kind in there:
            legend.append((Line2D([], [], color=colour, marker=marker, linestyle="", markersize=8), sheet.word(kind)))
    return legend
