"""Months payable: how long the reserve lasts, with the bands that warn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.plots import style
from sibforecast.plots.bands import bands_of, closed_funds, light_of, origin, ranges, said
from sibforecast.plots.keys import among, at_level, choose, frame_of, need, pick, told
from sibforecast.plots.lines import draw_lines, kinds_legend
from sibforecast.plots.palette import LIGHTS, Paint, paints
from sibforecast.plots.sheet import Sheet, open_sheet
from sibforecast.plots.yearly import lines_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Lines with a colour of their own; of more, only those nearest to trouble are named.
_COLOURED = 8
_NAMED = 5
_CROWD = Paint("#9aa5b1", "o")
_NEAR = Paint("#222222", "o")


def reserves_table(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    regions: Iterable[str] | None = None,
    level: str | None = None,
    scenario: str | None = None,
    history: Any = None,
    bands: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """The numbers behind a chart of months payable.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        A draft, projection or data set, or a table of region, programme, item, period, value.
        Where months payable are not told they are closing balance × 12 ÷ expenditure subtotal
        (else total expenditure) of the same year and stage.
    region, programme, scenario : str, optional
        What to show. Either the areas or the funds may be several: each is a line.
    regions : iterable of str, optional
        Several areas.
    level : str, optional
        Only areas of this level, where the result knows them.
    history : Result or pandas.DataFrame, optional
        The known years; a draft brings its own.
    bands : mapping, optional
        See `sibforecast.plots.bands.bands_of`.

    Returns
    -------
    pandas.DataFrame
        line (area or fund), year, kind (history, expected, draft, forecast, …), value in
        months, and light: the band the value lies in.

    Raises
    ------
    SibError
        If a choice is open or does not occur, no figure is known, or funds with different
        bands would share a chart.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"region": "A", "programme": "enterprise_pension", "item": "months_payable",
    ...                   "period": ["2025", "2026"], "stage": ["final", "draft"], "value": [7.5, 2.5]})
    >>> reserves_table(t)["light"].tolist()
    ['yellow', 'red']
    """
    return _chosen(table, region, programme, regions, level, scenario, history, bands)[0]


def _chosen(
    table: Any,
    region: str | None,
    programme: str | None,
    regions: Iterable[str] | None,
    level: str | None,
    scenario: str | None,
    history: Any,
    bands: Mapping[str, float] | None,
) -> tuple[pd.DataFrame, dict[str, str | None], dict[str, float]]:
    """The numbers, what they are of, and the limits."""
    frame = frame_of(table)
    need(frame, ("region", "programme", "item", "period", "value"), "reserves")
    frame, _ = pick(_told_or_computed(frame), "item", "months_payable", single=True)
    before = history if history is not None else getattr(table, "source", None)
    before = _told_or_computed(frame_of(before)) if before is not None else None
    frame = at_level(among(frame, "region", regions, table), table, level)
    wanted = {"region": region, "programme": programme, "scenario": scenario}
    frame, chosen = choose(frame, wanted, together=("region", "programme"), table=table)
    if chosen["region"] is None and chosen["programme"] is None:
        funds = ", ".join(told(frame["programme"]))
        raise SibError(f"reserves: several areas and several funds; choose region=… or programme=… ({funds})")
    key = "programme" if chosen["programme"] is None else "region"
    limits = [bands_of(fund, bands, table) for fund in told(frame["programme"])]
    if any(one != limits[0] for one in limits[1:]):
        raise SibError("reserves: these funds have different bands; choose programme=…, or give bands={'red': 3, …}")
    rows = lines_of(table, frame, [key], "reserves", before).rename(columns={key: "line"})
    return rows.assign(light=[light_of(v, limits[0]) for v in rows["value"]]), chosen, limits[0]


def _told_or_computed(frame: pd.DataFrame) -> pd.DataFrame:
    """Months payable as told, else closing balance ÷ a twelfth of the spending of the same year and stage."""
    import pandas as pd

    spent = ["expenditure_subtotal", "total_expenditure"]
    if "item" not in frame.columns:
        return frame
    rows = frame[frame["item"].isin(["months_payable", "closing_balance", *spent]).to_numpy(bool)]
    if "quantile" in rows.columns:
        rows = rows[rows["quantile"].isna().to_numpy(bool)]
    rows = rows[~rows["period"].astype(str).str.contains("-").to_numpy(bool)]  # a month's spending is no year's
    keys = [c for c in ("region", "programme", "period", "stage", "scenario") if c in rows.columns]
    rows = rows[[*keys, "item", "value"]].astype(dict.fromkeys([*keys, "item"], object))
    rows[keys] = rows[keys].where(rows[keys].notna(), "")
    if rows.duplicated([*keys, "item"]).any():
        return frame[(frame["item"] == "months_payable").to_numpy(bool)]  # which to divide by which is not told
    wide = rows.set_index([*keys, "item"])["value"].unstack().reindex(columns=["months_payable", "closing_balance", *spent])
    spending = wide[spent[0]].fillna(wide[spent[1]])
    months = wide["months_payable"].fillna(12 * wide["closing_balance"] / spending.where(spending > 0))
    out = months.dropna().rename("value").reset_index().assign(item="months_payable")
    for key in keys:
        out[key] = out[key].where(out[key] != "", pd.NA) if key in ("scenario", "stage") else out[key]
    return out


def reserves(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    regions: Iterable[str] | None = None,
    level: str | None = None,
    scenario: str | None = None,
    history: Any = None,
    bands: Mapping[str, float] | None = None,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw how many months of spending the balance of each year's end would pay.

    Each band carries its word. With more than eight lines only those nearest to trouble are
    named. Without `bands` the defaults count (from 2016; no document names them: status
    unverified), and the source line says so.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        See `reserves_table`.
    region, programme, regions, level, scenario, history, bands : optional
        See `reserves_table`.
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SibError
        As `reserves_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> t = pd.DataFrame({"region": "Ohio", "programme": "unemployment", "item": "months_payable",
    ...                   "period": ["2025", "2026"], "stage": ["final", "draft"], "value": [7.5, 2.5]})
    >>> ax = sib.plots.reserves(t, language="en")
    >>> print(ax.get_title())
    Ohio, unemployment, months payable
    2025–2026  unit: months
    """
    rows, chosen, limits = _chosen(table, region, programme, regions, level, scenario, history, bands)
    sheet = open_sheet(table, ax, language, title, labels, provenance, also=(history,))
    look, scale = sheet.look, style.Scale(1.0, sheet.word("months"), 1)
    painted, named = _painted(sheet, rows)
    with sheet.drawn():
        draw_lines(sheet, rows, "line", painted, named, scale, floor=0.0, deficit=-1)
        legend = [*kinds_legend(sheet, rows), *_bands(sheet, limits)]
    if len(named) < len(painted):
        from matplotlib.lines import Line2D

        others = sheet.word("other_lines", len(painted) - len(named))
        legend.append((Line2D([], [], color=_CROWD.colour, linewidth=2.2), others))
    what = [look.name(chosen["region"]), look.name(chosen["programme"]), look.drawable(chosen["scenario"] or "")]
    years = [str(y) for y in rows["year"]]
    closed = closed_funds([str(chosen["programme"])] if chosen["programme"] else rows["line"].unique(), table)
    return sheet.finish([*what, sheet.word("reserves")], years, scale.unit, legend, note=origin(bands, look, closed))


def _painted(sheet: Sheet, rows: pd.DataFrame) -> tuple[dict[str, Paint], dict[str, str]]:
    """The paint of each line and the names that are shown: of many lines only those nearest to trouble."""
    lines = list(dict.fromkeys(rows["line"]))
    named = {name: style.short(sheet.look.name(name), 36, 1) for name in lines}
    if len(lines) <= _COLOURED:
        return paints(lines), named
    near = rows.groupby("line")["value"].last().sort_values().index[:_NAMED]
    painted = {name: _CROWD for name in lines if name not in near} | dict.fromkeys(near, _NEAR)
    return painted, {name: named[name] for name in near}


def _bands(sheet: Sheet, limits: Mapping[str, float]) -> list[tuple[Any, str]]:
    """Strips of the bands that come into view, each with its word left of the lines; in the legend where it is too thin."""
    ax, look = sheet.ax, sheet.look
    bottom, top = ax.get_ylim()
    left, right = ax.get_xlim()
    share = min((max(sheet.points(said(*band, look)) for band in ranges(limits)) + 6) / sheet.width, 0.4)
    ax.set_xlim(left - (right - left) * share / (1 - share), right)
    legend: list[tuple[Any, str]] = []
    for light, low, high in ranges(limits):
        start, end = max(low, bottom), min(high, top)
        if end <= start:
            continue
        strip = ax.axhspan(start, end, facecolor=LIGHTS[light][0], alpha=0.28 if light != "green" else 0.6, zorder=0, linewidth=0)
        if low > bottom:
            ax.axhline(low, color=style.FAINT, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
        if (end - start) / (top - bottom) * sheet.height > 1.1 * sheet.small:
            ax.text(
                0.006, (start + end) / 2, said(light, low, high, look), transform=ax.get_yaxis_transform(), fontsize=sheet.small,
                va="center", ha="left", color=style.DEFICIT if light == "red" else style.INK, zorder=5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5 * sheet.size, "alpha": 0.8},
            )  # fmt: skip
        else:
            legend.append((strip, said(light, low, high, look)))
    ax.grid(visible=False)
    return legend
