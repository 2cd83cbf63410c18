"""The bill: which area's gap is carried by whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.plots import style
from sibforecast.plots.keys import choose, frame_of, need, pick, told
from sibforecast.plots.sheet import Sheet, open_sheet
from sibforecast.plots.words import WORDS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Areas shown one by one; the smaller ones stand together in one bar.
_SHOWN = 18


def sharing_table(
    table: Any,
    *,
    programme: str | None = None,
    period: object = None,
    scenario: str | None = None,
    largest: int | None = None,
) -> pd.DataFrame:
    """The numbers behind a sharing chart.

    Parameters
    ----------
    table : Sharing or pandas.DataFrame
        Rows of region, payer and value in base units.
    programme : str, optional
        One fund; by default, of those that causes are told of, the one with the largest gap: funds are never pooled.
    period, scenario : optional
        May be left out where the table holds only one: years and scenarios are never summed.
    largest : int, optional
        Show this many areas and put the smaller ones together in a row ``others``.

    Returns
    -------
    pandas.DataFrame
        One row per area (the index), one column per payer that occurs (region, league, county,
        nation, fund, pending; then any other), ``total``, and ``count``: how many areas a row
        stands for. The largest gap first.

    Raises
    ------
    SibError
        If columns are absent, a choice is open or does not occur, or a value is blank.

    Examples
    --------
    >>> import pandas as pd
    >>> bill = pd.DataFrame({"region": ["A", "A", "B"], "payer": ["league", "region", "fund"], "value": [2.0, 6.0, -1.0]})
    >>> sharing_table(bill)[["region", "league", "fund", "total"]].values.tolist()
    [[6.0, 2.0, 0.0, 8.0], [0.0, 0.0, -1.0, -1.0]]
    """
    return _chosen(table, programme, period, scenario, largest)[0]


def _chosen(
    table: Any, programme: str | None, period: object, scenario: str | None, largest: int | None
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The numbers, and what they are of."""
    import pandas as pd

    frame = frame_of(table)
    need(frame, ("region", "payer", "value"), "sharing")
    wanted = {"programme": programme, "period": period, "scenario": scenario}
    frame, chosen = choose(frame, wanted, together=("programme",), table=table)
    blank = frame[["region", "payer", "value"]].isna().any(axis=1)
    if blank.any():
        raise SibError(f"sharing: {int(blank.sum())} rows lack region, payer or value; a sum over them would hide it")
    if frame.empty:
        raise SibError("sharing: no rows to show")
    if "programme" in frame.columns and chosen["programme"] is None and frame["programme"].notna().any():
        frame, chosen["programme"] = pick(frame, "programme", _largest(frame), single=True)
    keys = [frame["region"].astype(str), frame["payer"].astype(str)]
    wide = frame["value"].groupby(keys, sort=False).sum().unstack().fillna(0.0)
    payers = [p for p in style.PAYERS if p in wide] + [p for p in told(frame["payer"]) if p not in style.PAYERS]
    wide = wide[payers]
    wide.columns.name = None
    wide = wide.assign(total=wide.sum(axis=1), count=1).sort_values("total", ascending=False, kind="stable")
    if largest is not None and len(wide) > largest:
        keep = wide["total"].abs().sort_values(ascending=False, kind="stable").index[: max(largest - 1, 1)]
        rest = wide[~wide.index.isin(keep)].sum().rename("others")
        wide = pd.concat([wide[wide.index.isin(keep)], rest.to_frame().T])
    wide.index.name = "region"
    return wide.astype({"count": int}), chosen


def _largest(frame: pd.DataFrame) -> str:
    """The fund with the largest gap over its areas, surpluses left out; of those that a change moved, where these have one."""
    fund = frame["programme"].astype("object")
    sums = frame["value"].groupby([fund, frame["region"].astype(str)]).sum()
    gaps = sums.clip(lower=0).groupby(level=0).sum()
    if "cause" in frame.columns:
        moved = set(fund[~frame["cause"].astype("object").fillna("").isin(["", "budget_gap"])])
        if gaps[gaps.index.isin(moved)].sum() > 0:
            gaps = gaps[gaps.index.isin(moved)]
    return str(gaps.idxmax() if gaps.max() > 0 else sums.abs().groupby(level=0).sum().idxmax())


def sharing(
    table: Any,
    *,
    programme: str | None = None,
    period: object = None,
    scenario: str | None = None,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw who carries the gap of each area.

    What the fund carries itself stands right of zero where its balance fills a gap, left of
    zero where a surplus stays in it.

    Parameters
    ----------
    table : Sharing or pandas.DataFrame
        Rows of region, payer and value in base units.
    programme : str, optional
        One fund; by default, of those that causes are told of, the one with the largest gap: funds are never pooled.
    period, scenario : optional
        May be left out where the table holds only one.
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SibError
        If columns are absent, a choice is open or does not occur, or a value is blank.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> bill = pd.DataFrame({"region": "150100", "period": "2026", "payer": ["region", "league"], "value": [6e8, 4e8]})
    >>> ax = sib.plots.sharing(bill, labels={"150100": "Hohhot"})
    >>> print(ax.get_title())
    all funds, who carries the gap
    2026  unit: 100m yuan
    """
    rows, chosen = _chosen(table, programme, period, scenario, _SHOWN)
    sheet = open_sheet(table, ax, language, title, labels, provenance, inches=2.2 + 0.42 * len(rows))
    look = sheet.look
    payers = [c for c in rows.columns if c not in ("total", "count")]
    scale = sheet.scale(rows[[*payers, "total"]].abs().to_numpy().max())
    with sheet.drawn():
        sheet.rows(
            [sheet.word("other_areas", n) if c == "others" else look.name(str(c))
             for c, n in zip(rows.index, rows["count"], strict=True)]
        )  # fmt: skip
        legend = _bars(sheet, rows, payers)
        sheet.ax.axvline(0, color=style.INK, linewidth=1.2, zorder=4)
        totals = _make_room(sheet, rows, payers, scale)
        _label_parts(sheet, rows, payers, scale)
        for place, (text, end) in enumerate(zip(totals, _ends(rows, payers), strict=True)):
            sheet.beside(text, end, place, deficit=float(rows["total"].iloc[place]) > 0, size=_small(sheet, rows))
        sheet.figures("x", scale)
    what = [look.name(chosen["programme"]) or sheet.word("all_funds"), look.drawable(chosen["scenario"] or "")]
    return sheet.finish([*what, sheet.word("sharing")], [chosen["period"]], scale.unit, legend)


def _bars(sheet: Sheet, rows: pd.DataFrame, payers: list[str]) -> list[tuple[Any, str]]:
    """Stacked bars, positive parts right of zero, negative ones left; what is pending stands out in red."""
    from matplotlib.patches import Patch

    legend: list[tuple[Any, str]] = []
    right, left = [0.0] * len(rows), [0.0] * len(rows)
    for payer in payers:
        colour, hatch = style.PAYERS.get(payer, ("#8f8f8f", "\\\\"))
        values = [float(v) for v in rows[payer]]
        starts = [r if v >= 0 else n for v, r, n in zip(values, right, left, strict=True)]
        bars = sheet.ax.barh(
            range(len(rows)), values, left=starts, height=0.66, color=colour, hatch=hatch,
            edgecolor=style.DEFICIT if payer == "pending" else style.INK, linewidth=1.6 if payer == "pending" else 0.7,
            zorder=4 if payer == "pending" else 3,
        )  # fmt: skip
        for bar, value in zip(bars, values, strict=True):
            bar.set_visible(value != 0)  # the edge of nothing is not drawn
        right = [r + max(v, 0.0) for v, r in zip(values, right, strict=True)]
        left = [n + min(v, 0.0) for v, n in zip(values, left, strict=True)]
        shown = Patch(facecolor=colour, hatch=hatch, edgecolor=bars[0].get_edgecolor(), linewidth=bars[0].get_linewidth())
        legend.append((shown, _payer(sheet, payer)))
    return legend


def _payer(sheet: Sheet, payer: str) -> str:
    return sheet.word(payer) if payer in WORDS else sheet.look.name(payer)


def _small(sheet: Sheet, rows: pd.DataFrame) -> float:
    """Points of the figures in and beside so many bars."""
    return sheet.fitting(len(rows), sheet.small)


def _ends(rows: pd.DataFrame, payers: list[str]) -> list[float]:
    """The right end of each bar."""
    return [float(end) for end in rows[payers].clip(lower=0).sum(axis=1)]


def _fits(sheet: Sheet, value: float, scale: style.Scale, size: float) -> bool:
    """Whether a part of a bar is wide enough to hold its figure."""
    low, high = sheet.ax.get_xlim()
    return abs(value) / (high - low) * sheet.width >= sheet.points(scale.text(value), size) + 6 * sheet.size


def _make_room(sheet: Sheet, rows: pd.DataFrame, payers: list[str], scale: style.Scale) -> list[str]:
    """Set the axis so that the texts at the ends of the bars fit; those texts.

    The wider the texts, the shorter the bars, and the more parts must be told in the text:
    a few rounds settle it. Where there is little room the parts are left to the bars.
    """
    low = float(rows[payers].clip(upper=0).sum(axis=1).min())
    ends, size = _ends(rows, payers), _small(sheet, rows)
    totals = [f"{sheet.word('total')} {scale.text(float(total))}" for total in rows["total"]]
    sheet.make_room(low, max(ends), zip(ends, totals, strict=True), size=size)
    told = totals
    for _ in range(3):
        told = [_told(sheet, row, payers, scale, text, size) for text, (_, row) in zip(totals, rows.iterrows(), strict=True)]
        told = sheet.whole_or(told, totals, size)
        sheet.make_room(low, max(ends), zip(ends, told, strict=True), size=size)
    return told


def _told(sheet: Sheet, row: pd.Series[Any], payers: list[str], scale: style.Scale, text: str, size: float) -> str:
    """The total of one area, and the parts too narrow to be labelled inside the bar."""
    there = [p for p in payers if row[p] != 0]
    parts = [
        f"{_payer(sheet, p)} {scale.text(float(row[p]))}"
        for p in there
        if not _fits(sheet, float(row[p]), scale, size) and round(abs(float(row[p])) / scale.divisor, scale.places) > 0
    ]
    if not parts or len(there) < 2:
        return text
    return sheet.bracketed(text, ("、" if sheet.look.language == "zh" else ", ").join(parts))


def _label_parts(sheet: Sheet, rows: pd.DataFrame, payers: list[str], scale: style.Scale) -> None:
    """Amounts inside the parts that are wide enough."""
    size = _small(sheet, rows)
    for place in range(len(rows)):
        right = left = 0.0
        for payer in payers:
            value = float(rows.iloc[place][payer])
            start, right, left = (right, right + value, left) if value >= 0 else (left, right, left + value)
            if value == 0 or not _fits(sheet, value, scale, size):
                continue
            hatch = style.PAYERS.get(payer, ("", "\\\\"))[1]
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.2 * sheet.size} if hatch else None
            sheet.ax.text(start + value / 2, place, scale.text(value), ha="center", va="center", fontsize=size,
                          zorder=6, color="white" if payer in ("region", "league") else style.INK, bbox=box)  # fmt: skip
