"""Progress of many: how much of the budget each area or fund has executed, against season and even pace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.periods import Period
from sibforecast.plots import style
from sibforecast.plots.keys import among, at_level, few, frame_of, need, pick
from sibforecast.plots.palette import LIGHTS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_MOST = 20
_PLAIN = "#8cb4d6"


def progress_table(
    table: Any,
    *,
    item: str | None = None,
    region: str | None = None,
    programme: str | None = None,
    regions: Iterable[str] | None = None,
    level: str | None = None,
) -> pd.DataFrame:
    """The numbers behind a chart of progress.

    Parameters
    ----------
    table : Monitoring or pandas.DataFrame
        Rows of region, programme, item, period (a month), executed, budget or adjusted,
        perhaps season_share and status.
    item, region, programme : str, optional
        What to show; either the areas or the funds may be several.
    regions : iterable of str, optional
        Several areas.
    level : str, optional
        Only areas of this level, where the result knows them.

    Returns
    -------
    pandas.DataFrame
        line (area or fund), progress (executed ÷ adjusted, else ÷ budget; blank where neither
        is known or it is nothing), season_share, time_share (months ÷ 12), deviation
        (progress − season_share), status. The table's order.

    Raises
    ------
    SibError
        If columns are absent, a choice is open or does not occur, the period is no month, or
        lines are more than can be read.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"region": ["A", "B"], "programme": "work_injury", "item": "interest", "period": "2026-06",
    ...                   "budget": [10.0, 20.0], "executed": [4.0, 12.0], "season_share": 0.5})
    >>> progress_table(t)[["progress", "time_share", "deviation"]].round(2).values.tolist()
    [[0.4, 0.5, -0.1], [0.6, 0.5, 0.1]]
    """
    return _chosen(table, item, region, programme, regions, level)[0]


def _chosen(
    table: Any, item: str | None, region: str | None, programme: str | None, regions: Iterable[str] | None, level: str | None
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The numbers, and what they are of."""
    import pandas as pd

    frame = frame_of(table)
    need(frame, ("region", "programme", "item", "period", "executed"), "progress")
    if not {"budget", "adjusted"} & set(frame.columns):
        raise SibError("progress: the table has neither budget nor adjusted to hold the year against")
    frame = at_level(among(frame, "region", regions), table, level)
    chosen: dict[str, str | None] = {}
    for key, wanted in (("item", item), ("region", region), ("programme", programme), ("period", None)):
        frame, chosen[key] = pick(frame, key, wanted, single=key in ("item", "period"))
    if frame.empty or chosen["period"] is None:
        raise SibError("progress: no rows to show")
    if chosen["region"] is None and chosen["programme"] is None:
        raise SibError("progress: several areas and several funds; choose region=… or programme=…")
    key = "programme" if chosen["programme"] is None else "region"
    few(frame, key, _MOST, "progress")
    month = Period.parse(chosen["period"]).month
    if not month:
        raise SibError(f"progress: period {chosen['period']} is no month")
    blank = pd.Series(float("nan"), index=frame.index)
    plan = frame.get("adjusted", blank).astype(float).fillna(frame.get("budget", blank).astype(float))
    done = frame["executed"].astype(float) / plan.where(plan != 0)
    season = frame.get("season_share", blank).astype(float)
    status = (
        frame["status"].astype("string").fillna("").astype(str) if "status" in frame.columns else pd.Series("", index=frame.index)
    )
    out = pd.DataFrame(
        {
            "line": frame[key].astype(str),
            "progress": done,
            "season_share": season,
            "time_share": month / 12,
            "deviation": done - season,
            "status": status,
        }
    )
    if (twice := out["line"].duplicated()).any():
        raise SibError(f"progress: {int(twice.sum())} lines have a second figure; keep one")
    return out.reset_index(drop=True), chosen


def progress(
    table: Any,
    *,
    item: str | None = None,
    region: str | None = None,
    programme: str | None = None,
    regions: Iterable[str] | None = None,
    level: str | None = None,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw the progress of each area or fund as a bar, with a mark where the season would be.

    Colour and word of a bar are its status where the table tells one.

    Parameters
    ----------
    table : Monitoring or pandas.DataFrame
        See `progress_table`.
    item, region, programme, regions, level : optional
        See `progress_table`.
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
        As `progress_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> t = pd.DataFrame({"region": ["A", "B"], "programme": "unemployment", "item": "interest", "period": "2026-06",
    ...                   "budget": [10.0, 20.0], "executed": [4.0, 12.0], "season_share": 0.5, "status": ["red", "green"]})
    >>> print(sib.plots.progress(t, language="en").get_title())
    unemployment, interest, progress against the budget
    2026-06  unit: %
    """
    rows, chosen = _chosen(table, item, region, programme, regions, level)
    look = style.look_at(table, language=language, labels=labels, provenance=provenance)
    ax = style.canvas(ax, look, (style.FIGURE[0], max(style.FIGURE[1], 2.4 + 0.42 * len(rows))))
    scale = style.Scale(0.01, "%", 1)
    with style.drawn(look):
        legend = _bars(ax, rows, look, scale)
    what = [title] if title else [look.name(chosen[k]) for k in ("region", "programme", "item")] + [look.word("progress")]
    heading = style.title_of(look, what, [str(chosen["period"])], scale.unit, style.width_of(ax))
    style.finish(ax, look, heading, legend)
    ax.tick_params(axis="y", labelsize=style.TEXT, length=0)
    return ax


def _bars(ax: Axes, rows: pd.DataFrame, look: style.Look, scale: style.Scale) -> list[tuple[Any, str]]:
    """Bars, season marks, the line of the even pace, and what each bar says."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: dict[str, Any] = {}
    texts = []
    for place, row in enumerate(rows.to_dict("records")):
        light = row["status"] if row["status"] in LIGHTS else ""
        colour, hatch = LIGHTS[light] if light else (_PLAIN, "")
        ax.barh(
            place,
            row["progress"] if row["progress"] == row["progress"] else 0.0,
            height=0.58,
            color=colour,
            hatch=hatch,
            edgecolor=style.INK,
            linewidth=0.8,
            zorder=3,
        )
        if light:
            handles.setdefault(light, Patch(facecolor=colour, hatch=hatch, edgecolor=style.INK))
        if row["season_share"] == row["season_share"]:
            ax.plot([row["season_share"]] * 2, [place - 0.42, place + 0.42], color=style.INK, linewidth=3, zorder=5)
        texts.append(_text(row, look, scale))
    time = float(rows["time_share"].iloc[0])
    ax.axvline(time, color=style.FAINT, linewidth=1.6, linestyle=":", zorder=4)
    ax.set_yticks(range(len(rows)), [style.short(look.name(str(c))) for c in rows["line"]])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    longest = max(0.0, time, *rows["progress"].dropna(), *rows["season_share"].dropna())
    share = min((max(map(style.cells, texts)) * style.letter() + 14) / style.width_of(ax), 0.5)
    ax.set_xlim(0, longest / (1 - share))
    for place, (row, text) in enumerate(zip(rows.to_dict("records"), texts, strict=True)):
        end = max([v for v in (row["progress"], row["season_share"], time) if v == v])
        ax.annotate(
            text,
            (end, place),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
            color=style.DEFICIT if row["status"] == "red" else style.INK,
            zorder=6,
        )
    style.figures_axis(ax.xaxis, scale)
    season = Line2D([], [], color=style.INK, linestyle="", marker="|", markersize=14, markeredgewidth=3)
    legend = [(handles[light], look.word(light)) for light in ("red", "orange", "yellow", "green") if light in handles]
    if rows["season_share"].notna().any():
        legend.append((season, look.word("season_mark")))
    return [*legend, (Line2D([], [], color=style.FAINT, linewidth=1.6, linestyle=":"), look.word("even"))]


def _text(row: Mapping[Any, Any], look: style.Look, scale: style.Scale) -> str:
    """What stands right of a bar: progress, distance from the season, the word of its light."""
    if row["progress"] != row["progress"]:
        return look.word("no_budget")
    parts = [f"{scale.text(row['progress'])}%"]
    if row["deviation"] == row["deviation"]:
        parts.append(look.word("deviation", scale.text(row["deviation"], signed=True)))
    if row["status"]:
        parts.append(look.word(row["status"]) if row["status"] in LIGHTS else row["status"])
    return "  ".join(parts)
