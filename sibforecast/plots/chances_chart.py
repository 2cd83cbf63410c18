"""How far the gap may range, area by area, and the chance of one in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.plots import style
from sibforecast.plots.keys import among, at_level, choose, few, frame_of, need, pick
from sibforecast.plots.sheet import Sheet, open_sheet
from sibforecast.results import round_half_up

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_MOST = 20
#: Words for chances, from these shares on (rounded to whole per cents).
_WORDS = (
    (0.99, "chance_99"),
    (0.90, "chance_90"),
    (0.66, "chance_66"),
    (0.33, "chance_33"),
    (0.10, "chance_10"),
    (0.01, "chance_1"),
)


def in_words(chance: float, look: style.Look) -> str:
    """A chance in words.

    The scale is that of the IPCC (Mastrandrea and others, Guidance Note on Consistent
    Treatment of Uncertainties, 2010): from 99 % virtually certain, 90 % very likely, 66 %
    likely, 33 % about as likely as not, 10 % unlikely, 1 % very unlikely, below that
    exceptionally unlikely.

    Examples
    --------
    >>> in_words(0.46, style.Look("en"))
    'about as likely as not'
    """
    shown = float(round_half_up(chance, 2))
    return look.word(next((word for least, word in _WORDS if shown >= least), "chance_0"))


def chances_table(
    table: Any,
    *,
    programme: str | None = None,
    item: str = "gap",
    period: object = None,
    scenario: str | None = None,
    regions: Iterable[str] | None = None,
    level: str | None = None,
    chances: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The numbers behind a chart of chances.

    Parameters
    ----------
    table : Simulation or pandas.DataFrame
        Rows of region, programme, item, period, quantile (blank: the mean) and value.
    programme, period, scenario : optional
        May be left out where the table holds only one: quantiles are never summed.
    item : str
        What ranges; by default the gap.
    regions : iterable of str, optional
        Areas; by default all of the table.
    level : str, optional
        Only areas of this level, where the result knows them.
    chances : pandas.DataFrame, optional
        region, programme, period and gap_chance; a simulation brings its own.

    Returns
    -------
    pandas.DataFrame
        region, mean, one column for each quantile (as a number), and chance of a gap (blank where
        not known or for another item). The highest mean first.

    Raises
    ------
    SibError
        If columns are absent, a choice is open or does not occur, areas are more than can be
        read, or an area has two figures of one quantile.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"region": "A", "programme": "oasi", "item": "gap", "period": "2027",
    ...                   "quantile": [None, 0.1, 0.9], "value": [1.0, -2.0, 4.0]})
    >>> chances_table(t).values.tolist()
    [['A', 1.0, -2.0, 4.0, nan]]
    """
    return _chosen(table, programme, item, period, scenario, regions, level, chances)[0]


def _chosen(
    table: Any,
    programme: str | None,
    item: str,
    period: object,
    scenario: str | None,
    regions: Iterable[str] | None,
    level: str | None,
    chances: pd.DataFrame | None,
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The numbers, and what they are of."""
    frame = frame_of(table)
    need(frame, ("region", "programme", "item", "period", "quantile", "value"), "chances")
    frame = at_level(among(frame, "region", regions, table), table, level)
    frame, chosen = choose(frame, {"programme": programme, "item": item, "period": period, "scenario": scenario}, table=table)
    few(frame, "region", _MOST, "chances")
    region = frame["region"].astype(str)
    points = frame["quantile"].isna()
    if (twice := frame.assign(region=region).duplicated(["region", "quantile"])).any():
        raise SibError(f"chances: {int(twice.sum())} areas have a second figure of one quantile; keep one")
    wide = frame[~points].assign(region=region[~points]).pivot(index="region", columns="quantile", values="value")
    wide.columns = [float(q) for q in wide.columns]
    mean = frame.loc[points, "value"].groupby(region[points]).first()
    wide.insert(0, "mean", mean.reindex(wide.index))
    order = wide["mean"] if wide["mean"].notna().all() else wide.drop(columns="mean").mean(axis=1)
    wide = wide.loc[order.sort_values(ascending=False, kind="stable").index]
    told = chances if chances is not None else getattr(table, "chances", None)
    wide["chance"] = _chance(told, wide.index, chosen) if told is not None and item == "gap" else float("nan")
    return wide.reset_index(), chosen


def _chance(told: pd.DataFrame, areas: Iterable[str], chosen: Mapping[str, str | None]) -> list[float]:
    """The chance of a gap of each area; blank where it is not told."""
    need(told, ("region", "gap_chance"), "chances of a gap")
    for key in ("programme", "period"):
        told, _ = pick(told, key, chosen[key] if key in told.columns else None, single=True)
    known = dict(zip(told["region"].astype(str), told["gap_chance"].astype(float), strict=True))
    return [known.get(area, float("nan")) for area in areas]


def chances(
    table: Any,
    *,
    programme: str | None = None,
    item: str = "gap",
    period: object = None,
    scenario: str | None = None,
    regions: Iterable[str] | None = None,
    level: str | None = None,
    chances: pd.DataFrame | None = None,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw the intervals of the gap of each area, with the chance of a gap in words.

    Parameters
    ----------
    table : Simulation or pandas.DataFrame
        See `chances_table`.
    programme, item, period, scenario, regions, level, chances : optional
        See `chances_table`.
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SibError
        As `chances_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> t = pd.DataFrame({"region": "A", "programme": "unemployment", "item": "gap", "period": "2027",
    ...                   "quantile": [None, 0.1, 0.9], "value": [1e8, -2e8, 4e8]})
    >>> print(sib.plots.chances(t, language="en").get_title())
    unemployment, how far the gap may range
    2027  unit: 100m yuan
    """
    rows, chosen = _chosen(table, programme, item, period, scenario, regions, level, chances)
    sheet = open_sheet(table, ax, language, title, labels, provenance, inches=2.4 + 0.42 * len(rows))
    look = sheet.look
    quantiles = [float(c) for c in rows.columns if isinstance(c, float)]
    scale = sheet.scale(float(rows[["mean", *quantiles]].abs().max().max()), item)
    with sheet.drawn():
        sheet.rows([look.name(str(c)) for c in rows["region"]])
        legend = _bars(sheet, rows, quantiles)
        sheet.ax.axvline(0, color=style.INK, linewidth=1.4, zorder=4)
        sheet.grid("x")
        _tell(sheet, rows, quantiles, scale, item)
        sheet.figures("x", scale)
    subject = sheet.word("chances") if item == "gap" else sheet.word("chances_of", look.name(item))
    what = [look.name(chosen["programme"]), look.drawable(chosen["scenario"] or ""), subject]
    return sheet.finish(what, [chosen["period"]], scale.unit, legend)


def _bars(sheet: Sheet, rows: pd.DataFrame, quantiles: list[float]) -> list[tuple[Any, str]]:
    """A bar for each interval, the widest thin and pale; median and mean as marks."""
    from matplotlib.patches import Patch

    ax, places = sheet.ax, range(len(rows))
    legend: list[tuple[Any, str]] = []
    pairs = [(low, high) for low in quantiles for high in quantiles if low < 0.5 and abs(low + high - 1) < 1e-6]
    for low, high in pairs:
        outer = low < 0.06
        colour = style.BAND_95 if outer else style.BAND_80
        ax.barh(
            places, rows[high] - rows[low], left=rows[low], height=0.3 if outer else 0.56, color=colour,
            edgecolor=style.FAINT, linewidth=0.7, zorder=2 if outer else 3,
        )  # fmt: skip
        patch = Patch(facecolor=colour, edgecolor=style.FAINT)
        legend.append((patch, sheet.word("interval", f"{(high - low) * 100:g}")))
    legend.reverse()
    if 0.5 in quantiles:
        mark = ax.scatter(rows[0.5], places, marker="|", s=260 * sheet.size**2, color=style.INK, linewidth=2.2, zorder=4)
        legend.append((mark, sheet.word("median")))
    if rows["mean"].notna().any():
        dot = ax.scatter(rows["mean"], places, marker="o", s=60 * sheet.size**2, color="#0b2f5c", edgecolor="white", zorder=5)
        legend.append((dot, sheet.word("mean")))
    return legend


def _tell(sheet: Sheet, rows: pd.DataFrame, quantiles: list[float], scale: style.Scale, item: str) -> None:
    """Right of each bar the mean (red for a deficit) and the chance of a gap."""
    figures = rows[["mean", *quantiles]]
    low, high = min(0.0, float(figures.min().min())), max(0.0, float(figures.max().max()))
    size = sheet.fitting(len(rows), sheet.small)
    records = rows.to_dict("records")
    texts = [_text(row, sheet, scale, brief=False) for row in records]
    texts = sheet.whole_or(texts, [_text(row, sheet, scale, brief=True) for row in records], size)
    ends = [max(0.0, *(row[c] for c in ("mean", *quantiles) if row[c] == row[c])) for row in records]
    sheet.make_room(low, high, zip(ends, texts, strict=True), size=size)
    for place, (row, end, text) in enumerate(zip(records, ends, texts, strict=True)):
        sheet.beside(text, end, place, deficit=row["mean"] > 0 if item == "gap" else row["mean"] < 0, size=size)


def _text(row: Mapping[Any, Any], sheet: Sheet, scale: style.Scale, *, brief: bool) -> str:
    """The mean, and the chance of a gap as a number and, where there is room, in words."""
    parts = [f"{sheet.word('mean')} {scale.text(row['mean'])}"] if row["mean"] == row["mean"] else []
    if row["chance"] == row["chance"]:
        share = f"{round_half_up(100 * row['chance'])}%"
        words = ("chance_brief", share) if brief else ("chance", share, in_words(row["chance"], sheet.look))
        parts.append(sheet.word(*words))
    return "  ".join(parts)
