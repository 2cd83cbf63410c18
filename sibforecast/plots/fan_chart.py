"""The fan: what was, what is expected, what is drafted, and how far it may come out otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.plots import style
from sibforecast.plots.keys import choose, frame_of, need, source_of
from sibforecast.plots.sheet import Sheet, open_sheet
from sibforecast.plots.yearly import ACTUAL, years_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Markers of the stages: colour, shape, whether filled.
_MARKS = {
    "budget": ("#6b6b6b", "s", False),
    "adjusted": ("#6b6b6b", "^", False),
    "reported": ("#b35900", "X", True),
    "expected": ("#b35900", "D", True),
    "draft": ("#0b2f5c", "o", True),
}
#: From which share on a draft is another figure than the forecast of the line itself.
_SAME = 0.005
#: Earlier origins of the last year ahead, below which they are few.
_FEW = 3
_LINE = {"history": "#222222", "forecast": "#2f7fb8"}


def fan_table(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    item: str | None = None,
    scenario: str | None = None,
    history: Any = None,
) -> pd.DataFrame:
    """The numbers behind a fan chart.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        A table with stages (draft, projection), with quantiles (forecast, simulation), or both.
    region, programme, item, scenario : str, optional
        What to show; each may be left out where the table holds only one.
    history : Result or pandas.DataFrame, optional
        Years at stage ``final`` or ``executed``. A draft and a forecast bring the data behind them,
        a draft also the forecast it rests on, with its intervals.

    Returns
    -------
    pandas.DataFrame
        year, kind (history, budget, adjusted, reported, expected, draft, forecast), quantile
        (blank: the point) and value in base units. Months are left out, but for a December that
        stands for a year without account; so is an expected outturn that is the account.

    Raises
    ------
    SibError
        If a choice is open or does not occur, or if a year has more than one figure of a kind.

    Examples
    --------
    >>> import pandas as pd
    >>> ahead = pd.DataFrame({"period": ["2027"] * 3, "quantile": [None, 0.1, 0.9], "value": [5.0, 4.0, 6.0]})
    >>> fan_table(ahead)["kind"].unique().tolist()
    ['forecast']
    """
    return _chosen(table, region, programme, item, scenario, history)[0]


def _chosen(
    table: Any, region: str | None, programme: str | None, item: str | None, scenario: str | None, history: Any
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The numbers, and which area, fund and item they are of."""
    import pandas as pd

    frame = frame_of(table)
    need(frame, ("period", "value"), "fan")
    frame, chosen = choose(frame, {"region": region, "programme": programme, "item": item, "scenario": scenario}, table=table)
    rows = years_of(frame)
    if "stage" in frame.columns and (ahead := getattr(table, "forecast", None)) is not None:
        rows = pd.concat([rows, years_of(_of(frame_of(ahead), chosen))], ignore_index=True)
    before = history if history is not None else source_of(table)
    if before is not None:
        past = _history(frame_of(before), chosen)
        rows = pd.concat([past, rows[~((rows["kind"] == "history") & rows["year"].isin(past["year"]))]], ignore_index=True)
    final = rows.loc[rows["kind"] == "history"].set_index("year")["value"]  # where the account is there, nothing is expected
    rows = rows[~((rows["kind"] == "expected") & ((rows["value"] - rows["year"].map(final.to_dict())).abs() < 0.005))]
    if rows.empty:
        raise SibError("fan: no yearly figure to show; months are left out")
    twice = rows[rows.duplicated(["year", "kind", "quantile"], keep=False)]
    if not twice.empty:
        year, kind = twice["year"].iloc[0], twice["kind"].iloc[0]
        raise SibError(f"fan: {len(twice)} figures for one {kind} year ({year}); keep one series of the table")
    rows = rows.astype({"year": int}).sort_values(["year", "quantile"], na_position="first", kind="stable")
    return rows.reset_index(drop=True), chosen


def _history(frame: pd.DataFrame, chosen: Mapping[str, str | None]) -> pd.DataFrame:
    """The known years of the series chosen; none where the history does not hold it."""
    need(frame, ("period", "value"), "fan: history")
    frame = _of(frame, chosen)
    if "stage" in frame.columns:
        frame = frame[frame["stage"].isin(ACTUAL).to_numpy(bool)]
        return years_of(frame)
    return years_of(frame).assign(kind="history")


def _of(frame: pd.DataFrame, chosen: Mapping[str, str | None]) -> pd.DataFrame:
    """The rows of the area, fund and item chosen."""
    for key in ("region", "programme", "item"):
        if key in frame.columns and chosen[key] is not None:
            frame = frame[(frame[key] == chosen[key]).to_numpy(bool)]
    return frame


def fan(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    item: str | None = None,
    scenario: str | None = None,
    history: Any = None,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw one series: its past, its outturn and draft, its forecast with intervals.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        A draft, projection, forecast or simulation, or a table with their columns.
    region, programme, item, scenario : str, optional
        What to show; each may be left out where the table holds only one.
    history : Result or pandas.DataFrame, optional
        The known years; a draft and a forecast bring their own.
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SibError
        If a choice is open or does not occur; the message names the choices.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> ahead = pd.DataFrame({
    ...     "region": "150100", "programme": "unemployment", "item": "contributors", "period": "2027",
    ...     "quantile": [None, 0.1, 0.9], "value": [405_000.0, 398_000.0, 412_000.0],
    ... })
    >>> ax = sib.plots.fan(ahead, language="en")
    >>> print(ax.get_title())
    150100, unemployment, contributors (employed)
    2027  unit: thousand persons
    """
    rows, chosen = _chosen(table, region, programme, item, scenario, history)
    sheet = open_sheet(table, ax, language, title, labels, provenance, also=(history,))
    code = chosen["item"]
    points = rows[rows["quantile"].isna()]
    scale = sheet.scale(rows["value"].abs().max(), code)
    with sheet.drawn():
        legend = _bands(sheet, rows)
        legend = [*_lines(sheet, points), *_stages(sheet, points), *legend]
        _label_values(sheet, rows, scale, code)
        _axes(sheet, rows, scale)
    what = [sheet.look.name(chosen[k]) for k in ("region", "programme", "item", "scenario")]
    periods = [str(y) for y in (rows["year"].min(), rows["year"].max())]
    columns = 7 if sheet.look.language == "zh" else 4
    return sheet.finish(what, periods, scale.unit, legend, columns=columns, note=_note(sheet, table, rows, chosen))


def _note(sheet: Sheet, table: Any, rows: pd.DataFrame, chosen: Mapping[str, str | None]) -> str:
    """What a reader of the intervals should know: why there are none, of which figure they are, why they widen so."""
    ahead = getattr(table, "forecast", None)
    wide = rows[(rows["kind"] == "forecast") & rows["quantile"].notna()]
    if wide.empty:
        return sheet.word("no_interval") if ahead is not None else ""
    notes = []
    point = rows[(rows["kind"] == "forecast") & rows["quantile"].isna()].set_index("year")["value"]
    drafted = rows[rows["kind"] == "draft"].set_index("year")["value"]
    apart = (drafted - point.reindex(drafted.index)).abs()
    if (apart > _SAME * drafted.abs()).any():
        notes.append(sheet.word("interval_apart"))
    tell = getattr(table if ahead is None else ahead, "origins", None)
    if callable(tell) and None not in (keys := [chosen[k] for k in ("region", "programme", "item")]):
        origins = tell(*keys)
        if origins - wide["year"].nunique() + 1 < _FEW and _jumps(wide):
            notes.append(sheet.word("few_origins", origins))
    return ("；" if sheet.look.language == "zh" else "; ").join(notes)


def _jumps(wide: pd.DataFrame) -> bool:
    """Whether the widest interval grows from one year to the next by more than the years ahead do."""
    by_year = wide.groupby("year")["value"]
    widths = [float(width) for width in by_year.max() - by_year.min()]
    return any(after > before * (step + 1) / step for step, (before, after) in enumerate(pairwise(widths), 1))


def _from_last(points: pd.DataFrame, ahead: pd.DataFrame) -> pd.DataFrame:
    """Points ahead, begun at the last known year so that the line does not start in the air."""
    import pandas as pd

    known = points[(points["kind"] == "history") & (points["year"] < ahead["year"].min())]
    return pd.concat([known.tail(1), ahead]) if len(ahead) else ahead


def _bands(sheet: Sheet, rows: pd.DataFrame) -> list[tuple[Any, str]]:
    """The intervals, the widest first, each from the last known point."""
    ahead = rows[(rows["kind"] == "forecast") & rows["quantile"].notna()]
    wide = ahead.pivot(index="year", columns="quantile", values="value")
    legend = []
    known_at = [float(q) for q in wide.columns]
    pairs = [(low, high) for low in known_at for high in known_at if low < 0.5 and abs(low + high - 1) < 1e-6]
    for q, high in pairs:
        start = _from_last(rows[rows["quantile"].isna()], ahead)[["year", "value"]].iloc[:1]
        band = wide[[q, high]].dropna()
        known = start[start["year"] < band.index.min()]
        years = [*known["year"], *band.index]
        colour = style.BAND_95 if q < 0.06 else style.BAND_80
        handle = sheet.ax.fill_between(
            years, [*known["value"], *band[q]], [*known["value"], *band[high]], color=colour, linewidth=0, zorder=1
        )
        if len(years) == 1:  # one year alone is no area: a bar stands for it
            sheet.ax.vlines(years, band[q], band[high], color=colour, linewidth=14, zorder=1)
        legend.append((handle, sheet.word("interval", f"{(high - q) * 100:g}")))
    return legend[::-1]


def _lines(sheet: Sheet, points: pd.DataFrame) -> list[tuple[Any, str]]:
    """The past and the forecast, the latter begun at the last known year."""
    from matplotlib.lines import Line2D

    legend = []
    for kind in ("history", "forecast"):
        part = points[points["kind"] == kind]
        if part.empty:
            continue
        shown = _from_last(points, part) if kind == "forecast" else part
        dash: Any = "--" if kind == "forecast" else "-"
        for (a, left), (b, right) in pairwise(zip(shown["year"], shown["value"], strict=True)):
            if b - a == 1:
                sheet.ax.plot([a, b], [left, right], dash, color=_LINE[kind], linewidth=2.2, zorder=3)
            else:  # years of which nothing is known are bridged, not claimed
                sheet.ax.plot([a, b], [left, right], ":", color=style.FAINT, linewidth=1.4, zorder=2)
        sheet.ax.plot(part["year"], part["value"], "o", color=_LINE[kind], markersize=6, zorder=4)
        handle = Line2D([], [], color=_LINE[kind], linestyle=dash, linewidth=2.2, marker="o", markersize=6)
        legend.append((handle, sheet.word(kind)))
    return legend


def _stages(sheet: Sheet, points: pd.DataFrame) -> list[tuple[Any, str]]:
    """Budget, expected outturn and draft as points; outturn and draft joined to the past."""
    path = points[points["kind"].isin(["expected", "draft"])]
    if len(path):
        shown = _from_last(points, path)
        sheet.ax.plot(shown["year"], shown["value"], ":", color=style.FAINT, linewidth=1.8, zorder=2)
    legend = []
    for kind, (colour, marker, filled) in _MARKS.items():
        part = points[points["kind"] == kind]
        if len(part):
            handle = sheet.ax.plot(
                part["year"], part["value"], marker, color=colour, markersize=10, zorder=5,
                markerfacecolor=colour if filled else "white", markeredgewidth=1.8,
            )[0]  # fmt: skip
            legend.append((handle, sheet.word(kind)))
    return legend


def _label_values(sheet: Sheet, rows: pd.DataFrame, scale: style.Scale, item: str | None) -> None:
    """Figures at the points that matter: the last known one, the stages, the forecast and its ends."""
    points = rows[rows["quantile"].isna()]
    last = points[points["kind"] == "history"].tail(1)
    ahead = points[points["kind"] == "forecast"]
    between = sheet.width / (rows["year"].max() - rows["year"].min() + 1.5)
    crowded = between < max((sheet.points(scale.text(v)) for v in ahead["value"]), default=0.0) + 8 * sheet.size
    if crowded:  # figures side by side would overprint each other: the ends are enough
        ahead = ahead.iloc[[-1]] if len(ahead) else ahead
        last = last[~last["year"].isin(points.loc[points["kind"].isin(_MARKS), "year"] - 1)]
    elif len(ahead) > 6:
        ahead = ahead.iloc[[0, -1]]
    kept = points[points["kind"].isin(_MARKS) | points.index.isin([*ahead.index, *last.index])]
    end = rows["year"].max()
    wide = rows[(rows["year"] == end) & rows["quantile"].notna()].sort_values("quantile")["value"]
    if len(wide):  # at the right edge: point and ends one above the other
        _label(sheet, scale, item, end, wide.iloc[-1], (10, 3), "left", "bottom", faint=True)
        _label(sheet, scale, item, end, wide.iloc[0], (10, -3), "left", "top", faint=True)
        for value in kept.loc[(kept["year"] == end) & (kept["kind"] == "forecast"), "value"]:
            _label(sheet, scale, item, end, value, (10, 0), "left", "center")
        kept = kept[(kept["year"] != end) | (kept["kind"] != "forecast")]
    for year, here in kept.groupby("year"):
        _label_year(sheet, scale, item, int(str(year)), here.sort_values("value")["value"].tolist())


def _label_year(sheet: Sheet, scale: style.Scale, item: str | None, year: int, values: list[float]) -> None:
    """Labels of one year: the lowest below, the highest above, any between to the right; no figure twice."""
    texts = [scale.text(v) for v in values]
    for place, value in enumerate(values):
        if texts[place] in texts[place + 1 :]:
            continue
        if place == len(values) - 1:
            _label(sheet, scale, item, year, value, (0, 10), "center", "bottom")
        elif place == 0:
            _label(sheet, scale, item, year, value, (0, -10), "center", "top")
        else:
            _label(sheet, scale, item, year, value, (12, 0), "left", "center")


def _label(
    sheet: Sheet, scale: style.Scale, item: str | None, year: int, value: float, offset: tuple[int, int],
    ha: Any, va: Any, faint: bool = False,
) -> None:  # fmt: skip
    """One figure with a white rim, red where it is a deficit."""
    from matplotlib.patheffects import withStroke

    deficit = value > 0 if item == "gap" else value < 0
    sheet.ax.annotate(
        scale.text(value), (year, value), xytext=(offset[0] * sheet.size, offset[1] * sheet.size),
        textcoords="offset points", ha=ha, va=va, zorder=6,
        fontsize=sheet.small, color=style.FAINT if faint else style.DEFICIT if deficit else style.INK,
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )  # fmt: skip


def _axes(sheet: Sheet, rows: pd.DataFrame, scale: style.Scale) -> None:
    ax = sheet.ax
    low, high = int(rows["year"].min()), int(rows["year"].max())
    sheet.years(low, high)
    ax.set_xlim(low - 0.5, high + 0.5 + 0.06 * (high - low))
    ax.margins(y=0.16)
    ax.autoscale_view(scalex=False)
    sheet.figures("y", scale)
    sheet.grid("y")
    if rows["value"].min() < 0 < rows["value"].max():
        ax.axhline(0, color=style.FAINT, linewidth=1)
