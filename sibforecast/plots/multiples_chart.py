"""Small multiples: the same line of every area side by side, on one scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.items import CATALOGUE
from sibforecast.plots import style
from sibforecast.plots.keys import among, at_level, few, frame_of, need, pick
from sibforecast.plots.panels import grid
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
    frame = at_level(among(frame, "region", regions), table, level)
    chosen: dict[str, str | None] = {}
    for key, wanted in (("programme", programme), ("item", item), ("scenario", scenario)):
        frame, chosen[key] = pick(frame, key, wanted, single=True)
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
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    language : {"zh", "en"}, optional
        By default that of the names.
    title : str, optional
        Replaces what the title says of the subject; period, unit and marks stay.
    labels, provenance : mapping, optional
        Names by code, and currency, illustrative and input, of a plain table.

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
    look = style.look_at(table, language=language, labels=labels, provenance=provenance, also=(history,))
    code = chosen["item"]
    scale = style.scale_of(rows["value"].abs().max(), CATALOGUE[code].unit if code in CATALOGUE else "currency", look)
    areas = list(dict.fromkeys(rows["region"]))
    down = -(-len(areas) // columns)
    ax = style.canvas(ax, look, (style.FIGURE[0], max(style.FIGURE[1], 1.9 + 1.55 * down)))
    with style.drawn(look):
        panels = grid(ax, len(areas), min(columns, len(areas)), look)
        _limits(panels, rows, scale)
        for panel, area in zip(panels, areas, strict=True):
            _panel(panel, rows[rows["region"] == area], look.name(area), scale, code)
        legend = _legend(rows, look)
    what = (
        [title]
        if title
        else [look.name(chosen["programme"]), look.name(code), look.drawable(chosen["scenario"] or ""), look.word("own_scale")]
    )
    heading = style.title_of(look, what, [str(rows["year"].min()), str(rows["year"].max())], scale.unit, style.width_of(ax))
    style.finish(ax, look, heading, legend)
    return ax


def _limits(panels: list[Axes], rows: pd.DataFrame, scale: style.Scale) -> None:
    """The same range of years and figures in every panel; nothing is in view where it is near."""
    low, high = float(rows["value"].min()), float(rows["value"].max())
    if 0 < low < 0.6 * high:
        low = 0.0
    span = (high - low) or abs(high) or 1.0
    first, last = int(rows["year"].min()), int(rows["year"].max())
    middle = (first + last) // 2
    years = sorted({first, middle, last} if last - first > 3 else {first, last})
    for panel in panels:
        panel.set_ylim(low - (0.0 if low == 0 else 0.12 * span), high + 0.3 * span)
        panel.set_xlim(first - 0.6, last + 0.9)
        panel.set_xticks(years, [str(y) for y in years])
        ticks = panel.xaxis.get_major_ticks()
        if len(ticks) > 1:  # years of neighbours do not run together
            ticks[0].label1.set_horizontalalignment("left")
            ticks[-1].label1.set_horizontalalignment("right")
        style.figures_axis(panel.yaxis, scale, 4)
        panel.grid(axis="y", color="#e3e6e9", linewidth=0.8)
        panel.set_axisbelow(True)
        if low < 0 < high:
            panel.axhline(0, color=style.FAINT, linewidth=1)


def _panel(panel: Axes, rows: pd.DataFrame, name: str, scale: style.Scale, item: str | None) -> None:
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
    panel.set_title(style.short(name, 20).split("\n")[0], fontsize=style.TEXT, loc="left", pad=3, color=style.INK)
    last = rows.iloc[-1]
    deficit = last["value"] > 0 if item == "gap" else last["value"] < 0
    panel.annotate(
        scale.text(float(last["value"])),
        (int(last["year"]), float(last["value"])),
        xytext=(0, 8),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=style.SMALL,
        color=style.DEFICIT if deficit else style.INK,
        zorder=6,
    )


def _legend(rows: pd.DataFrame, look: style.Look) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D

    there = set(rows["kind"])
    legend: list[tuple[Any, str]] = []
    if "history" in there:
        legend.append((Line2D([], [], color="#222222", linewidth=2.2, marker="o", markersize=4), look.word("history")))
    for kind, (colour, marker) in _MARKS.items():
        if kind in there:
            legend.append((Line2D([], [], color=colour, marker=marker, linestyle="", markersize=8), look.word(kind)))
    return legend
