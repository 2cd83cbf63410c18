"""The tornado: which driver moves the gap most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.plots import style
from sibforecast.plots.keys import among, at_level, choose, frame_of, need
from sibforecast.plots.sheet import Sheet, open_sheet

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
    frame = at_level(among(frame, "item", items, table), table, level)
    wanted = {"region": region, "programme": programme, "period": period, "scenario": None}
    frame, chosen = choose(frame, wanted, together=("region", "programme"), table=table)
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
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

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
    sheet = open_sheet(table, ax, language, title, labels, provenance, inches=2.4 + 0.4 * len(rows))
    look = sheet.look
    scale = sheet.scale(float(rows[["low", "high"]].abs().max().max()))
    with sheet.drawn():
        sheet.rows([look.name(c) for c in rows["item"]], below=0.2)  # room for what left and right mean
        legend = _bars(sheet, rows, scale)
        _sides_named(sheet, rows)
        sheet.figures("x", scale)
    what = [
        look.name(chosen["region"]) or sheet.word("all_areas"), look.name(chosen["programme"]) or sheet.word("all_funds"),
        sheet.word("tornado"),
    ]  # fmt: skip
    count = int(rows["of"].iloc[0])
    note = sheet.word("strongest", len(rows), count) if len(rows) < count else ""
    return sheet.finish(what, [chosen["period"]], scale.unit, legend, columns=4, note=note)


def _bars(sheet: Sheet, rows: pd.DataFrame, scale: style.Scale) -> list[tuple[Any, str]]:
    """A bar for each side moved, its figure at its end; two on one side lie in two lanes."""
    legend = []
    ends: dict[bool, list[tuple[float, str]]] = {True: [], False: []}
    for side, (colour, hatch) in _SIDES.items():
        there = rows[rows[side].notna()]
        if there.empty:
            continue
        for place, row in zip(there.index, there.to_dict("records"), strict=True):
            other = row["low" if side == "high" else "high"]
            together = other == other and (other > 0) == (row[side] > 0) and other != 0
            shift, height = ((-0.18 if side == "high" else 0.18), 0.34) if together else (0.0, 0.62)
            bar = sheet.ax.barh(
                place + shift, row[side], height=height, color=colour, hatch=hatch, edgecolor=style.INK, linewidth=0.8, zorder=3
            )
            text, right = scale.text(row[side], signed=True), row[side] >= 0
            ends[right].append((row[side], text))
            size = sheet.fitting(2 * len(rows), sheet.small) if together else sheet.fitting(len(rows))
            sheet.beside(text, row[side], place + shift, left=not right, deficit=row[side] > 0, size=size)
        moved = set(there[f"{side}_by"].dropna())
        by = f"{style.Scale(0.01, '%', 2).text(moved.pop(), signed=True)}%".replace(".00%", "%") if len(moved) == 1 else None
        legend.append((bar[0], sheet.word("driver_by", by) if by is not None else sheet.word(f"driver_{side}")))
    values = [0.0, *rows["low"].dropna(), *rows["high"].dropna()]
    sheet.make_room(min(values), max(values), ends[True], ends[False], sheet.fitting(len(rows)))
    return legend


def _sides_named(sheet: Sheet, rows: pd.DataFrame) -> None:
    """A line at nothing, and what left and right of it mean."""
    sheet.ax.axvline(0, color=style.INK, linewidth=1.2, zorder=4)
    sheet.grid("x")
    low, high = sheet.ax.get_xlim()
    middle = -low / (high - low)  # where nothing is: each word stays on its own side
    size = min(sheet.fitting(len(rows) + 1, sheet.small), sheet.small)
    for text, place, ha, room in (("gap_narrows", 0.005, "left", middle), ("gap_widens", 0.995, "right", 1.0 - middle)):
        if sheet.points(sheet.word(text), size) > room * sheet.width:
            continue
        sheet.ax.text(
            place, 0.012, sheet.word(text), transform=sheet.ax.transAxes, ha=ha, va="bottom", fontsize=size,
            color=style.DEFICIT if text == "gap_widens" else style.FAINT, zorder=7,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5 * sheet.size, "alpha": 0.85},
        )  # fmt: skip
