"""The heat table: every area by every fund as a traffic light that also carries text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.items import CATALOGUE
from sibforecast.plots import style
from sibforecast.plots.bands import bands_of, closed_funds, light_of, origin
from sibforecast.plots.keys import among, at_level, choose, few, frame_of, need, pick, told
from sibforecast.plots.palette import FUNDS, LIGHTS
from sibforecast.plots.sheet import Sheet, open_sheet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_MOST = 20
#: From well to ill: of several warnings of one fund the last in this order is shown.
_SEVERITY = ("unknown", "green", "excess", "yellow", "orange", "red")


def heat_table(
    table: Any,
    *,
    item: str | None = None,
    period: object = None,
    stage: str | None = None,
    scenario: str | None = None,
    regions: Iterable[str] | None = None,
    level: str | None = None,
    bands: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """The numbers behind a heat table.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        Either rows with a status (red, orange, yellow, excess, green), such as a monitoring; the worst
        of each area and fund is shown, for one item with its outturn (column ``expected``). Or
        figures whose bands make the light: by default the months payable.
    item : str, optional
        One line of a table with status (by default the worst over all), or the item of the figures.
    period, stage, scenario : optional
        May be left out where the table holds only one; without `stage` a draft is shown.
    regions : iterable of str, optional
        Areas, in this order.
    level : str, optional
        Only areas of this level, where the result knows them.
    bands : mapping, optional
        Limits for all funds; see `sibforecast.plots.bands.bands_of`.

    Returns
    -------
    pandas.DataFrame
        region, programme, value (blank: not known, or a table of status) and light. Every area
        by every fund, so that what is not known is seen.

    Raises
    ------
    SibError
        If columns are absent, a choice is open or does not occur, areas are more than can be
        read, a status is no light, or bands are needed for another item than months payable.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"region": ["A", "B"], "programme": "work_injury", "item": "months_payable",
    ...                   "period": "2026", "value": [30.0, 5.0]})
    >>> heat_table(t)["light"].tolist()
    ['excess', 'red']
    """
    return _chosen(table, item, period, stage, scenario, regions, level, bands)[0]


def _chosen(
    table: Any,
    item: str | None,
    period: object,
    stage: str | None,
    scenario: str | None,
    regions: Iterable[str] | None,
    level: str | None,
    bands: Mapping[str, float] | None,
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The numbers, and what they are of."""
    import pandas as pd

    frame = frame_of(table)
    lit = "status" in frame.columns
    need(frame, ("region", "programme", "status" if lit else "value"), "heat")
    frame = at_level(among(frame, "region", regions, table), table, level)
    chosen: dict[str, str | None] = {"item": item}
    if item is not None or not lit:
        shown = item or ("months_payable" if "item" in frame.columns else None)
        frame, chosen["item"] = pick(frame, "item", shown, single=True, table=table)
    if stage is None and "stage" in frame.columns and (frame["stage"] == "draft").any():
        stage = "draft"
    if not lit and bands is None and chosen["item"] not in (None, "months_payable"):
        raise SibError(f"heat: no default bands for {chosen['item']}; give bands={{'red': …, 'orange': …}}")
    frame, others = choose(frame, {"stage": stage, "scenario": scenario, "period": period}, table=table)
    chosen |= others
    areas, funds = few(frame, "region", _MOST, "heat"), told(frame["programme"])
    if not areas:
        raise SibError("heat: no rows to show")
    funds = [f for f in FUNDS if f in funds] + [f for f in funds if f not in FUNDS]
    keys = [frame["region"].astype(str), frame["programme"].astype(str)]
    cells = pd.MultiIndex.from_product([areas, funds], names=["region", "programme"])
    if lit:
        told_lights = frame["status"].astype("string").fillna("").replace("", "unknown")
        if strange := sorted(set(told_lights) - set(_SEVERITY)):
            raise SibError(f"heat: status {', '.join(strange)}: expected red, orange, yellow, excess or green")
        worst = told_lights.map(_SEVERITY.index).astype(int).groupby(keys).max().reindex(cells).fillna(0)
        values = pd.Series(float("nan"), index=cells)
        if item is not None and "expected" in frame.columns and not pd.MultiIndex.from_arrays(keys).duplicated().any():
            values = pd.Series(frame["expected"].to_numpy(float), index=pd.MultiIndex.from_arrays(keys)).reindex(cells)
        out = pd.DataFrame({"value": values, "light": [_SEVERITY[int(w)] for w in worst]}, index=cells)
    else:
        if (twice := pd.MultiIndex.from_arrays(keys).duplicated()).any():
            raise SibError(f"heat: {int(twice.sum())} areas and funds have a second figure; keep one")
        values = pd.Series(frame["value"].to_numpy(float), index=pd.MultiIndex.from_arrays(keys)).reindex(cells)
        limits = {fund: bands_of(fund, bands, table) for fund in funds}
        columns = cells.get_level_values("programme")
        lights = [light_of(float(v), limits[str(fund)]) for fund, v in zip(columns, values, strict=True)]
        out = pd.DataFrame({"value": values, "light": lights}, index=cells)
    return out.reset_index(), chosen


def heat(
    table: Any,
    *,
    item: str | None = None,
    period: object = None,
    stage: str | None = None,
    scenario: str | None = None,
    regions: Iterable[str] | None = None,
    level: str | None = None,
    bands: Mapping[str, float] | None = None,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw areas by funds as lights, each with its word and its figure.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        See `heat_table`.
    item, period, stage, scenario, regions, level, bands : optional
        See `heat_table`.
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SibError
        As `heat_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> t = pd.DataFrame({"region": ["A", "B"], "programme": "unemployment", "item": "months_payable",
    ...                   "period": "2026", "value": [14.0, 5.0]})
    >>> print(sib.plots.heat(t, language="en").get_title())
    months payable, area by fund
    2026  unit: months
    """
    rows, chosen = _chosen(table, item, period, stage, scenario, regions, level, bands)
    areas, funds = list(dict.fromkeys(rows["region"])), list(dict.fromkeys(rows["programme"]))
    sheet = open_sheet(table, ax, language, title, labels, provenance, inches=2.6 + 0.36 * len(areas))
    look, code = sheet.look, chosen["item"] or "months_payable"
    figures = rows["value"].notna().any()
    scale = style.Scale(1.0, sheet.word("months"), 1)
    if figures and code in CATALOGUE and CATALOGUE[code].unit != "months":
        scale = sheet.scale(rows["value"].abs().max(), code)
    with sheet.drawn():
        sheet.rows([look.name(a) for a in areas], below=-0.5)
        sheet.ax.set_ylim(len(areas) - 0.5, -0.5)
        sheet.ax.set_xlim(-0.5, len(funds) - 0.5)
        legend = _cells(sheet, rows, areas, funds, scale)
        _funds(sheet, funds)
    subject = look.name(code) if figures or chosen["item"] else sheet.word("status")
    what = [subject, look.drawable(chosen["scenario"] or ""), sheet.word("heat")]
    note = origin(bands, look, closed_funds(funds, table)) if "status" not in frame_of(table).columns else ""
    unit = scale.unit if figures else sheet.word("warning_level")
    below = sheet.ax.get_xticklabels()[0].get_fontsize()
    sheet.finish(what, [chosen["period"]], unit, legend, note=note)
    sheet.ax.spines[:].set_visible(False)
    sheet.ax.tick_params(length=0)
    sheet.ax.tick_params(axis="x", labelsize=below)
    return sheet.ax


def _funds(sheet: Sheet, funds: list[str]) -> None:
    """The funds below, in lines as wide as their column, and as small as the longest word asks."""
    room = sheet.width / len(funds)
    zh = sheet.look.language == "zh"
    width = max(int(min(room / sheet.points("1"), 16 if zh else 14)), 6)
    names = [style.short(sheet.look.name(fund), width, 4) for fund in funds]
    size = sheet.small * min(1.0, room / (1.12 * max(map(sheet.points, names))))
    sheet.ax.set_xticks(range(len(funds)), names, fontsize=size)


def _cells(
    sheet: Sheet, rows: pd.DataFrame, areas: list[str], funds: list[str], scale: style.Scale
) -> list[tuple[Any, str]]:
    """A rectangle for each area and fund, with figure and word."""
    from matplotlib.patches import Rectangle

    handles: dict[str, Any] = {}
    down, right = {a: i for i, a in enumerate(areas)}, {f: i for i, f in enumerate(funds)}
    figures = [f"{scale.text(v)} " if v == v else "" for v in rows["value"]]
    words = ["—" if light == "unknown" else sheet.word(light) for light in rows["light"]]
    texts = [word if word == "—" else f"{figure}{word}" for figure, word in zip(figures, words, strict=True)]
    size = sheet.fitting(len(areas))
    size *= min(1.0, sheet.width / len(funds) / (1.12 * max(sheet.points(t, size) for t in texts)))
    for row, text in zip(rows.to_dict("records"), texts, strict=True):
        light, x, y = row["light"], right[row["programme"]], down[row["region"]]
        colour, hatch = LIGHTS[light]
        box = Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, hatch=hatch, edgecolor="white", linewidth=2)
        sheet.ax.add_patch(box)
        if hatch:
            box.set(edgecolor="#8ea3c4")
        handles.setdefault(light, box)
        ink = "white" if light == "red" else style.INK
        under = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.75} if hatch else None
        sheet.ax.text(x, y, text, ha="center", va="center", fontsize=size, color=ink, zorder=4, bbox=under)
    return [
        (handles[light], f"— {sheet.word(light)}" if light == "unknown" else sheet.word(light))
        for light in ("red", "orange", "yellow", "green", "excess", "unknown")
        if light in handles
    ]
