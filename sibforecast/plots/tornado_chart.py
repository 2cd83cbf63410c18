"""The tornado: which driver moves the gap most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.plots import style
from sibforecast.plots.keys import among, at_level, frame_of, need, pick

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Drivers shown; the weaker ones are counted in the title, not added up: they are not parts of a whole.
_SHOWN = 12
#: Colour and hatch of a driver that is higher, and of one that is lower.
_SIDES = {"high": ("#12355b", ""), "low": ("#f0c987", "//")}


def tornado_table(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    period: object = None,
    items: Iterable[str] | None = None,
    level: str | None = None,
    largest: int | None = None,
) -> pd.DataFrame:
    """The numbers behind a tornado.

    Parameters
    ----------
    table : Sensitivity or pandas.DataFrame
        Either rows of item, by (the relative change of the driver) and value (what the gap
        moves by; positive widens it), perhaps for a change up and one down; or rows of item,
        low and high: what the gap moves by with the driver at its low and at its high value.
    region, programme : str, optional
        One area, one fund; by default the sum over all in the table: the driver moves everywhere at once.
    period : optional
        May be left out where the table holds only one.
    items : iterable of str, optional
        Only these drivers; a line and what it is computed from say the same twice.
    level : str, optional
        Only areas of this level, where the result knows them.
    largest : int, optional
        Keep this many drivers.

    Returns
    -------
    pandas.DataFrame
        item, low, high (what the gap moves by with the driver lower and higher; blank where it
        was not moved that way), low_by, high_by (by how much; blank where not said), and of:
        how many drivers there are. The strongest first.

    Raises
    ------
    SibError
        If columns are absent, a choice is open, a value is blank, or drivers were moved by
        more than one amount up or down.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"item": ["insured", "benefit_level", "benefit_level"], "by": [0.01, 0.01, -0.01],
    ...                   "value": [-2.0, 5.0, -4.0]})
    >>> tornado_table(t)[["item", "low", "high"]].values.tolist()
    [['benefit_level', -4.0, 5.0], ['insured', nan, -2.0]]
    """
    return _chosen(table, region, programme, period, items, level, largest)[0]


def _chosen(
    table: Any,
    region: str | None,
    programme: str | None,
    period: object,
    items: Iterable[str] | None,
    level: str | None,
    largest: int | None,
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The numbers, and what they are of."""

    frame = frame_of(table)
    pair = {"low", "high"} <= set(frame.columns)
    need(frame, ("item", "low", "high") if pair else ("item", "by", "value"), "tornado")
    frame = at_level(among(frame, "item", items), table, level)
    chosen: dict[str, str | None] = {}
    for key, wanted in (("region", region), ("programme", programme), ("period", period), ("scenario", None)):
        frame, chosen[key] = pick(frame, key, wanted, single=key in ("period", "scenario"))
    if frame.empty:
        raise SibError("tornado: no rows to show")
    shown = ["low", "high"] if pair else ["by", "value"]
    if (blank := frame[["item", *shown]].isna().any(axis=1)).any():
        raise SibError(f"tornado: {int(blank.sum())} rows lack item, {' or '.join(shown)}; a sum over them would hide it")
    item = frame["item"].astype(str)
    if pair:
        wide = frame[shown].groupby(item, sort=False).sum().assign(low_by=float("nan"), high_by=float("nan"))
    else:
        wide = _sides(frame, item)
    wide.index.name = "item"
    size = wide[["low", "high"]].abs().max(axis=1)
    wide = wide.assign(of=len(wide)).loc[size.sort_values(ascending=False, kind="stable").index]
    rows: pd.DataFrame = wide.reset_index()
    return rows.head(largest) if largest is not None else rows, chosen


def _sides(frame: pd.DataFrame, item: pd.Series[str]) -> pd.DataFrame:
    """What each driver moves the gap by when it is lower and when it is higher."""
    import pandas as pd

    columns = {}
    for side, rows in (("low", frame["by"] < 0), ("high", frame["by"] > 0)):
        part = frame[rows]
        amounts = part["by"].groupby(item[rows]).nunique()
        if (amounts > 1).any():
            raise SibError(f"tornado: {amounts.idxmax()} was moved by several amounts; keep one up and one down")
        columns[side] = part["value"].groupby(item[rows], sort=False).sum()
        columns[f"{side}_by"] = part["by"].groupby(item[rows], sort=False).first()
    return pd.DataFrame(columns, columns=["low", "high", "low_by", "high_by"]).reindex(list(dict.fromkeys(item)))


def tornado(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    period: object = None,
    items: Iterable[str] | None = None,
    level: str | None = None,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw which drivers move the gap most, the strongest on top.

    Right of zero the gap widens. A driver that was moved one way only has one bar: the other
    side is not guessed.

    Parameters
    ----------
    table : Sensitivity or pandas.DataFrame
        See `tornado_table`.
    region, programme, period, items, level : optional
        See `tornado_table`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    language : {"zh", "en"}, optional
        By default that of the names.
    title : str, optional
        Replaces what the title says of area and fund; period, unit and marks stay.
    labels, provenance : mapping, optional
        Names by code, and currency, illustrative and input, of a plain table.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SibError
        As `tornado_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> t = pd.DataFrame({"item": ["collection_rate", "benefit_level"], "period": "2027",
    ...                   "low": [1e8, -3e8], "high": [-1e8, 3e8]})
    >>> ax = sib.plots.tornado(t, language="en")
    >>> print(ax.get_title())
    all areas, all funds, what moves the gap most
    2027  unit: 100m yuan
    """
    rows, chosen = _chosen(table, region, programme, period, items, level, _SHOWN)
    look = style.look_at(table, language=language, labels=labels, provenance=provenance)
    scale = style.scale_of(
        rows[["low", "high"]].abs().to_numpy(float)[~rows[["low", "high"]].isna().to_numpy()].max(), "currency", look
    )
    ax = style.canvas(ax, look, (style.FIGURE[0], max(style.FIGURE[1], 2.4 + 0.4 * len(rows))))
    with style.drawn(look):
        legend = _bars(ax, rows, look, scale)
        _room(ax, rows, look)
    ax.set_yticks(range(len(rows)), [style.short(look.name(c)) for c in rows["item"]])
    ax.set_ylim(len(rows) + 0.2, -0.6)  # room for what left and right mean
    style.figures_axis(ax.xaxis, scale)
    what = (
        [title]
        if title
        else [
            look.name(chosen["region"]) or look.word("all_areas"),
            look.name(chosen["programme"]) or look.word("all_funds"),
            look.word("tornado"),
        ]
    )
    heading = style.title_of(look, what, [p for p in [chosen["period"]] if p], scale.unit, style.width_of(ax))
    count = int(rows["of"].iloc[0])
    style.finish(ax, look, heading, legend, columns=4, note=look.word("strongest", len(rows), count) if len(rows) < count else "")
    ax.tick_params(axis="y", labelsize=style.TEXT, length=0)
    return ax


def _bars(ax: Axes, rows: pd.DataFrame, look: style.Look, scale: style.Scale) -> list[tuple[Any, str]]:
    """A bar for each side moved, its figure at its end; two on one side lie in two lanes."""
    legend = []
    for side, (colour, hatch) in _SIDES.items():
        there = rows[rows[side].notna()]
        if there.empty:
            continue
        bars = []
        for place, row in zip(there.index, there.to_dict("records"), strict=True):
            other = row["low" if side == "high" else "high"]
            together = other == other and (other > 0) == (row[side] > 0) and other != 0
            shift, height = ((-0.18 if side == "high" else 0.18), 0.34) if together else (0.0, 0.62)
            bars.append(
                ax.barh(
                    place + shift,
                    row[side],
                    height=height,
                    color=colour,
                    hatch=hatch,
                    edgecolor=style.INK,
                    linewidth=0.8,
                    zorder=3,
                )[0]
            )
            right = row[side] >= 0
            ax.annotate(
                scale.text(row[side], signed=True),
                (row[side], place + shift),
                xytext=(6 if right else -6, 0),
                textcoords="offset points",
                ha="left" if right else "right",
                va="center",
                fontsize=style.SMALL if together else style.TEXT,
                color=style.DEFICIT if row[side] > 0 else style.INK,
                zorder=6,
            )
        moved = set(there[f"{side}_by"].dropna())
        text = (
            look.word("driver_by", f"{style.Scale(0.01, '%', 2).text(moved.pop(), signed=True)}%".replace(".00%", "%"))
            if len(moved) == 1
            else look.word(f"driver_{side}")
        )
        legend.append((bars[0], text))
    return legend


def _room(ax: Axes, rows: pd.DataFrame, look: style.Look) -> None:
    """Room for the figures, a line at nothing, and what left and right mean."""
    values = [0.0, *rows["low"].dropna(), *rows["high"].dropna()]
    low, high = min(values), max(values)
    room = 0.14 * ((high - low) or 1.0)
    ax.set_xlim(low - room, high + room)
    ax.axvline(0, color=style.INK, linewidth=1.2, zorder=4)
    ax.grid(axis="x", color="#e3e6e9", linewidth=0.8)
    ax.set_axisbelow(True)
    for text, place, ha in (("gap_narrows", 0.005, "left"), ("gap_widens", 0.995, "right")):
        ax.text(
            place,
            0.012,
            look.word(text),
            transform=ax.transAxes,
            ha=ha,
            va="bottom",
            fontsize=style.SMALL,
            color=style.DEFICIT if text == "gap_widens" else style.FAINT,
            zorder=7,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85},
        )
