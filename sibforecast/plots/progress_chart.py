"""Progress of many: how much of the budget each area or fund has executed, against season and even pace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.periods import Period
from sibforecast.plots import style
from sibforecast.plots.keys import among, at_level, choose, few, frame_of, need
from sibforecast.plots.palette import LIGHTS
from sibforecast.plots.sheet import Sheet, open_sheet

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
    frame = at_level(among(frame, "region", regions, table), table, level)
    wanted = {"item": item, "region": region, "programme": programme, "period": None}
    frame, chosen = choose(frame, wanted, together=("region", "programme"), table=table)
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
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

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
    sheet = open_sheet(table, ax, language, title, labels, provenance, inches=2.4 + 0.42 * len(rows))
    scale = style.Scale(0.01, "%", 1)
    with sheet.drawn():
        legend = _bars(sheet, rows)
        _tell(sheet, rows, scale)
    what = [*(sheet.look.name(chosen[k]) for k in ("region", "programme", "item")), sheet.word("progress")]
    return sheet.finish(what, [chosen["period"]], scale.unit, legend)


def _bars(sheet: Sheet, rows: pd.DataFrame) -> list[tuple[Any, str]]:
    """Bars, season marks, and the line of the even pace."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    ax = sheet.ax
    handles: dict[str, Any] = {}
    for place, row in enumerate(rows.to_dict("records")):
        light = row["status"] if row["status"] in LIGHTS else ""
        colour, hatch = LIGHTS[light] if light else (_PLAIN, "")
        done = row["progress"] if row["progress"] == row["progress"] else 0.0
        ax.barh(place, done, height=0.58, color=colour, hatch=hatch, edgecolor=style.INK, linewidth=0.8, zorder=3)
        if light:
            handles.setdefault(light, Patch(facecolor=colour, hatch=hatch, edgecolor=style.INK))
        if row["season_share"] == row["season_share"]:
            ax.plot([row["season_share"]] * 2, [place - 0.42, place + 0.42], color=style.INK, linewidth=3, zorder=5)
    ax.axvline(float(rows["time_share"].iloc[0]), color=style.FAINT, linewidth=1.6, linestyle=":", zorder=4)
    season = Line2D([], [], color=style.INK, linestyle="", marker="|", markersize=14 * sheet.size, markeredgewidth=3)
    legend = [(handles[light], sheet.word(light)) for light in ("red", "orange", "yellow", "green") if light in handles]
    if rows["season_share"].notna().any():
        legend.append((season, sheet.word("season_mark")))
    return [*legend, (Line2D([], [], color=style.FAINT, linewidth=1.6, linestyle=":"), sheet.word("even"))]


def _tell(sheet: Sheet, rows: pd.DataFrame, scale: style.Scale) -> None:
    """Names at the left, and right of each bar what it says."""
    sheet.rows([sheet.look.name(str(c)) for c in rows["line"]])
    size = sheet.fitting(len(rows), sheet.small)
    records = rows.to_dict("records")
    texts = [_text(row, sheet, scale, "deviation") for row in records]
    texts = sheet.whole_or(texts, [_text(row, sheet, scale, "deviation_brief") for row in records], size)
    ends = [max(v for v in (row["progress"], row["season_share"], row["time_share"]) if v == v) for row in records]
    sheet.make_room(0.0, max(ends), zip(ends, texts, strict=True), size=size)
    for place, (row, end, text) in enumerate(zip(records, ends, texts, strict=True)):
        sheet.beside(text, end, place, deficit=row["status"] == "red", size=size)
    sheet.figures("x", scale)


def _text(row: Mapping[Any, Any], sheet: Sheet, scale: style.Scale, deviation: str) -> str:
    """What stands right of a bar: progress, distance from the season, the word of its light."""
    if row["progress"] != row["progress"]:
        return sheet.word("no_budget")
    parts = [f"{scale.text(row['progress'])}%"]
    if row["deviation"] == row["deviation"]:
        parts.append(sheet.word(deviation, scale.text(row["deviation"], signed=True)))
    if row["status"]:
        parts.append(sheet.word(row["status"]) if row["status"] in LIGHTS else row["status"])
    return "  ".join(parts)
