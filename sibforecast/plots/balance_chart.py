"""Revenue, expenditure and balance: two columns a year and the line of what is left."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.plots import style
from sibforecast.plots.keys import frame_of, need, pick, told
from sibforecast.plots.yearly import lines_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_ITEMS = {
    "total_revenue": "revenue",
    "total_expenditure": "expenditure",
    "current_balance": "current",
    "closing_balance": "closing",
}
#: Colour known, colour ahead, hatch.
_COLUMNS = {"revenue": ("#2f7fb8", "#a9d0ec", ""), "expenditure": ("#c77700", "#f0cf9a", "//")}
_LINE = "#222222"
_WIDTH = 0.38
_YEARS = 12


def balance_table(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    scenario: str | None = None,
    history: Any = None,
    years: int | None = None,
) -> pd.DataFrame:
    """The numbers behind a chart of revenue, expenditure and balance.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        A draft, projection or data set, or a table of item, period, value.
    region, programme, scenario : str, optional
        What to show; each may be left out where the table holds only one.
    history : Result or pandas.DataFrame, optional
        The known years; a draft brings its own.
    years : int, optional
        Only so many of the last years.

    Returns
    -------
    pandas.DataFrame
        year, kind (history, expected, draft, …), revenue, expenditure, current (the balance of
        the year: as given, else revenue − expenditure) and closing; blank where not known.

    Raises
    ------
    SibError
        If a choice is open or does not occur, or neither revenue nor expenditure is known.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"item": ["total_revenue", "total_expenditure"], "period": "2025", "stage": "final",
    ...                   "value": [5.0, 7.0]})
    >>> balance_table(t)["current"].tolist()
    [-2.0]
    """
    return _chosen(table, region, programme, scenario, history, years)[0]


def _chosen(
    table: Any, region: str | None, programme: str | None, scenario: str | None, history: Any, years: int | None
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The numbers, and what they are of."""
    frame = frame_of(table)
    need(frame, ("item", "period", "value"), "balance")
    chosen: dict[str, str | None] = {}
    for key, wanted in (("region", region), ("programme", programme), ("scenario", scenario)):
        frame, chosen[key] = pick(frame, key, wanted, single=True)
    there = [i for i in _ITEMS if i in told(frame["item"])]
    if not set(there) & {"total_revenue", "total_expenditure"}:
        raise SibError("balance: the table holds neither total_revenue nor total_expenditure")
    frame = frame[frame["item"].isin(there).to_numpy(bool)]
    rows = lines_of(table, frame, ["item"], "balance", history)
    kinds = rows[rows["item"].isin(["total_revenue", "total_expenditure"])].groupby("year")["kind"].first()
    wide = (
        rows.pivot(index="year", columns="item", values="value")
        .reindex(index=kinds.index, columns=list(_ITEMS))
        .rename(columns=_ITEMS)
    )
    wide["current"] = wide["current"].fillna(wide["revenue"] - wide["expenditure"])
    wide.columns.name = None
    out = wide.assign(kind=kinds)[["kind", "revenue", "expenditure", "current", "closing"]].reset_index()
    return (out.tail(years).reset_index(drop=True) if years is not None else out), chosen


def balance(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    scenario: str | None = None,
    history: Any = None,
    years: int = _YEARS,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw revenue and expenditure as columns, the balance of each year's end as a line.

    All stand on one scale. Above each year stands the balance of the year, red for a deficit.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        See `balance_table`.
    region, programme, scenario, history : optional
        See `balance_table`.
    years : int
        So many of the last years.
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

    Raises
    ------
    SibError
        As `balance_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> t = pd.DataFrame({"item": ["total_revenue", "total_expenditure"], "period": "2025", "stage": "final",
    ...                   "value": [5e9, 7e9]})
    >>> print(sib.plots.balance(t, language="en").get_title())
    revenue, expenditure and balance
    2025  unit: 100m yuan
    """
    rows, chosen = _chosen(table, region, programme, scenario, history, years)
    look = style.look_at(table, language=language, labels=labels, provenance=provenance, also=(history,))
    figures = rows[["revenue", "expenditure", "closing"]]
    scale = style.scale_of(float(figures.abs().max().max()), "currency", look)
    ax = style.canvas(ax, look)
    with style.drawn(look):
        legend = _columns(ax, rows, look)
        legend += _line(ax, rows, look)
        _limits(ax, rows, scale)
        _label(ax, rows, scale, look)
    what = [title] if title else [look.name(chosen[k]) for k in ("region", "programme", "scenario")] + [look.word("balance")]
    heading = style.title_of(look, what, [str(y) for y in rows["year"]], scale.unit, style.width_of(ax))
    style.finish(ax, look, heading, legend, columns=5)
    return ax


def _columns(ax: Axes, rows: pd.DataFrame, look: style.Look) -> list[tuple[Any, str]]:
    from matplotlib.patches import Patch

    legend: list[tuple[Any, str]] = []
    for name, shift in (("revenue", -_WIDTH / 2), ("expenditure", _WIDTH / 2)):
        known, ahead, hatch = _COLUMNS[name]
        part = rows[rows[name].notna()]
        for kind, year, value in zip(part["kind"], part["year"], part[name], strict=True):
            ax.bar(
                year + shift,
                value,
                _WIDTH,
                color=known if kind == "history" else ahead,
                hatch=hatch,
                edgecolor=style.INK,
                linewidth=0.7 if kind == "history" else 1.2,
                linestyle="-" if kind == "history" else "--",
                zorder=3,
            )
        legend.append((Patch(facecolor=known, hatch=hatch, edgecolor=style.INK), look.word(name)))
    if (rows["kind"] != "history").any():
        legend.append((Patch(facecolor="#e3e3e3", edgecolor=style.INK, linestyle="--"), look.word("ahead")))
    return legend


def _line(ax: Axes, rows: pd.DataFrame, look: style.Look) -> list[tuple[Any, str]]:
    """The balance at the end of each year."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    part = rows[rows["closing"].notna()]
    if part.empty:
        return []
    rim = [withStroke(linewidth=4, foreground="white")]
    points = list(zip(part["year"], part["closing"], strict=True))
    for (a, left), (b, right) in pairwise(points):
        if b - a == 1:
            ax.plot([a, b], [left, right], color=_LINE, linewidth=2.2, zorder=5, path_effects=rim)
        else:  # years of which nothing is known are bridged, not claimed
            ax.plot([a, b], [left, right], ":", color=style.FAINT, linewidth=1.6, zorder=5, path_effects=rim)
    ax.plot(*zip(*points, strict=True), "o", color=_LINE, markersize=7, markeredgecolor="white", zorder=6)
    return [(Line2D([], [], color=_LINE, marker="o", markersize=7, linewidth=2.2), look.word("closing"))]


def _limits(ax: Axes, rows: pd.DataFrame, scale: style.Scale) -> None:
    figures = rows[["revenue", "expenditure", "closing"]]
    low, high = min(0.0, float(figures.min().min())), float(figures.max().max())
    span = (high - low) or 1.0
    ax.set_ylim(low - (0.1 * span if low < 0 else 0.0), high + 0.26 * span)
    ax.set_xlim(rows["year"].min() - 0.7, rows["year"].max() + 0.7)
    ax.set_xticks(rows["year"].tolist(), [str(y) for y in rows["year"]])
    style.figures_axis(ax.yaxis, scale)
    ax.grid(axis="y", color="#e3e6e9", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.axhline(0, color=style.INK, linewidth=1.2, zorder=4)


def _label(ax: Axes, rows: pd.DataFrame, scale: style.Scale, look: style.Look) -> None:
    """Along the top the balance of each year; the last closing balance beside its point."""
    from matplotlib.patheffects import withStroke

    rim = [withStroke(linewidth=3, foreground="white")]
    ax.text(
        0.006,
        0.985,
        f"{look.word('current')}{'：' if look.language == 'zh' else ':'}",
        transform=ax.transAxes,
        fontsize=style.SMALL,
        va="top",
        color=style.FAINT,
    )
    room = style.width_of(ax) / (len(rows) + 0.4)
    current = rows["current"].dropna().abs()
    places = (
        max(scale.places, 2) if len(current) and current.max() < 10 * scale.divisor else scale.places
    )  # small beside its parts
    texts = [scale.text(v, signed=True, places=places) for v in rows["current"].dropna()]
    every = 1 if not texts or max(map(len, texts)) * 6.6 + 4 <= room else 2
    for back, row in enumerate(reversed(rows.to_dict("records"))):
        if row["current"] == row["current"] and back % every == 0:
            ax.text(
                row["year"],
                0.92,
                scale.text(row["current"], signed=True, places=places),
                transform=ax.get_xaxis_transform(),
                ha="center",
                va="top",
                fontsize=style.SMALL,
                color=style.DEFICIT if row["current"] < 0 else style.INK,
            )
    told = rows[rows["closing"].notna()]
    known = told[told["kind"] == "history"].tail(1)
    for row in [*known.to_dict("records"), *told.tail(1).to_dict("records")]:
        ax.annotate(
            scale.text(row["closing"]),
            (row["year"], row["closing"]),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=style.TEXT,
            color=style.DEFICIT if row["closing"] < 0 else style.INK,
            zorder=7,
            path_effects=rim,
        )
