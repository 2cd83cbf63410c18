"""Revenue, expenditure and balance: two columns a year and the line of what is left."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.plots import style
from sibforecast.plots.keys import choose, frame_of, need, told
from sibforecast.plots.sheet import Sheet, open_sheet
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
    frame, chosen = choose(frame, {"region": region, "programme": programme, "scenario": scenario}, table=table)
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
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

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
    sheet = open_sheet(table, ax, language, title, labels, provenance, also=(history,))
    scale = sheet.scale(float(rows[["revenue", "expenditure", "closing"]].abs().max().max()))
    with sheet.drawn():
        legend = _columns(sheet, rows)
        legend += _line(sheet, rows)
        _limits(sheet, rows, scale)
        _label(sheet, rows, scale)
        _blanks(sheet, rows)
    what = [*(sheet.look.name(chosen[k]) for k in ("region", "programme", "scenario")), sheet.word("balance")]
    return sheet.finish(what, [str(y) for y in rows["year"]], scale.unit, legend, columns=5)


def _blanks(sheet: Sheet, rows: pd.DataFrame) -> None:
    """Where a column would stand of which nothing is known: it is not nothing."""
    known = {name: set(rows.loc[rows[name].notna(), "year"]) for name in _COLUMNS}
    for year in range(int(rows["year"].min()), int(rows["year"].max()) + 1):
        gone = [shift for name, shift in (("revenue", -_WIDTH / 2), ("expenditure", _WIDTH / 2)) if year not in known[name]]
        for place in [0.0] if len(gone) == 2 else gone:
            sheet.ax.annotate(
                sheet.word("no_figure"), (year + place, 0), xytext=(0, 4 * sheet.size), textcoords="offset points",
                rotation=90, ha="center", va="bottom", fontsize=0.9 * sheet.small, color=style.FAINT, zorder=5,
            )  # fmt: skip


def _columns(sheet: Sheet, rows: pd.DataFrame) -> list[tuple[Any, str]]:
    from matplotlib.patches import Patch

    legend: list[tuple[Any, str]] = []
    for name, shift in (("revenue", -_WIDTH / 2), ("expenditure", _WIDTH / 2)):
        known, ahead, hatch = _COLUMNS[name]
        part = rows[rows[name].notna()]
        for kind, year, value in zip(part["kind"], part["year"], part[name], strict=True):
            sheet.ax.bar(
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
        legend.append((Patch(facecolor=known, hatch=hatch, edgecolor=style.INK), sheet.word(name)))
    if (rows["kind"] != "history").any():
        legend.append((Patch(facecolor="#e3e3e3", edgecolor=style.INK, linestyle="--"), sheet.word("ahead")))
    return legend


def _line(sheet: Sheet, rows: pd.DataFrame) -> list[tuple[Any, str]]:
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
            sheet.ax.plot([a, b], [left, right], color=_LINE, linewidth=2.2, zorder=5, path_effects=rim)
        else:  # years of which nothing is known are bridged, not claimed
            sheet.ax.plot([a, b], [left, right], ":", color=style.FAINT, linewidth=1.6, zorder=5, path_effects=rim)
    sheet.ax.plot(*zip(*points, strict=True), "o", color=_LINE, markersize=7, markeredgecolor="white", zorder=6)
    return [(Line2D([], [], color=_LINE, marker="o", markersize=7, linewidth=2.2), sheet.word("closing"))]


def _limits(sheet: Sheet, rows: pd.DataFrame, scale: style.Scale) -> None:
    figures = rows[["revenue", "expenditure", "closing"]]
    low, high = min(0.0, float(figures.min().min())), float(figures.max().max())
    span = (high - low) or 1.0
    sheet.ax.set_ylim(low - (0.15 * span if low < 0 else 0.0), high + 0.26 * span)
    sheet.ax.set_xlim(rows["year"].min() - 0.7, rows["year"].max() + 0.7)
    sheet.years(int(rows["year"].min()), int(rows["year"].max()))
    sheet.figures("y", scale)
    sheet.grid("y")
    sheet.ax.axhline(0, color=style.INK, linewidth=1.2, zorder=4)


def _label(sheet: Sheet, rows: pd.DataFrame, scale: style.Scale) -> None:
    """Along the top the balance of each year; the last closing balances beside their points; what is not known is said."""
    ax = sheet.ax
    ax.text(
        0.006, 0.985, f"{sheet.word('current')}{'：' if sheet.look.language == 'zh' else ':'}", transform=ax.transAxes,
        fontsize=sheet.small, va="top", color=style.FAINT,
    )  # fmt: skip
    current = rows["current"].dropna().abs()
    # small beside its parts
    places = max(scale.places, 2) if len(current) and current.max() < 10 * scale.divisor else scale.places
    texts = [scale.text(v, signed=True, places=places) for v in rows["current"].dropna()]
    room = sheet.width / (float(rows["year"].max() - rows["year"].min()) + 1.4)
    every = -(-int(max(map(sheet.points, texts), default=0.0) + 9 * sheet.size) // max(int(room), 1))
    last = int(rows["year"].max())
    under = 0.985 - 1.35 * sheet.small / sheet.height
    for row in rows.to_dict("records"):
        if row["current"] == row["current"] and (last - row["year"]) % max(every, 1) == 0:
            ax.text(
                row["year"], under, scale.text(row["current"], signed=True, places=places),
                transform=ax.get_xaxis_transform(), ha="center", va="top", fontsize=sheet.small,
                color=style.DEFICIT if row["current"] < 0 else style.INK,
            )  # fmt: skip
    told = rows[rows["closing"].notna()]
    shown = [*told.tail(1).to_dict("records"), *told[told["kind"] == "history"].tail(1).to_dict("records")]
    apart = abs(shown[0]["year"] - shown[-1]["year"]) * room if shown else 0.0
    if shown and apart < 1.1 * sheet.points(scale.text(shown[0]["closing"]), sheet.text) + 4 * sheet.size:
        shown = shown[:1]  # two figures side by side would overprint each other: the last is enough
    for row in shown:
        below = row["closing"] < 0  # above it the line of nothing would strike it through
        ax.annotate(
            scale.text(row["closing"]), (row["year"], row["closing"]), xytext=(0, (-9 if below else 9) * sheet.size),
            textcoords="offset points", ha="center", va="top" if below else "baseline",
            fontsize=sheet.text, color=style.DEFICIT if below else style.INK, zorder=7,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 1.5 * sheet.size},  # over bars and edges
        )  # fmt: skip
