"""The bill: which area's gap is carried by whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.plots import style
from sibforecast.plots.keys import frame_of, need, pick, told
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
        One fund; by default the sum over all in the table.
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
    chosen: dict[str, str | None] = {}
    for key, wanted in (("programme", programme), ("period", period), ("scenario", scenario)):
        frame, chosen[key] = pick(frame, key, wanted, single=key != "programme")
    blank = frame[["region", "payer", "value"]].isna().any(axis=1)
    if blank.any():
        raise SibError(f"sharing: {int(blank.sum())} rows lack region, payer or value; a sum over them would hide it")
    if frame.empty:
        raise SibError("sharing: no rows to show")
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
        One fund; by default the sum over all in the table.
    period, scenario : optional
        May be left out where the table holds only one.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    language : {"zh", "en"}, optional
        By default that of the names.
    title : str, optional
        Replaces what the title says of the fund; period, unit and marks stay.
    labels, provenance : mapping, optional
        Names by code, and currency, illustrative and input, of a plain table.

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
    look = style.look_at(table, language=language, labels=labels, provenance=provenance)
    payers = [c for c in rows.columns if c not in ("total", "count")]
    scale = style.scale_of(rows[[*payers, "total"]].abs().to_numpy().max(), "currency", look)
    ax = style.canvas(ax, look, (style.FIGURE[0], max(style.FIGURE[1], 2.2 + 0.42 * len(rows))))
    with style.drawn(look):
        legend = _bars(ax, rows, payers, look)
        _finish_axes(ax, rows, payers, look, scale)
        totals = _make_room(ax, rows, payers, scale, look)
        _label_parts(ax, rows, payers, scale)
        _label_totals(ax, rows, payers, totals)
    what = [title] if title else [
        look.name(chosen["programme"]) or look.word("all_funds"), look.drawable(chosen["scenario"] or ""), look.word("sharing"),
    ]  # fmt: skip
    heading = style.title_of(look, what, [p for p in [chosen["period"]] if p], scale.unit, style.width_of(ax))
    style.finish(ax, look, heading, legend)
    ax.tick_params(axis="y", labelsize=style.TEXT, length=0)
    return ax


def _bars(ax: Axes, rows: pd.DataFrame, payers: list[str], look: style.Look) -> list[tuple[Any, str]]:
    """Stacked bars, positive parts right of zero, negative ones left; what is pending stands out in red."""
    from matplotlib.patches import Patch

    legend: list[tuple[Any, str]] = []
    right, left = [0.0] * len(rows), [0.0] * len(rows)
    for payer in payers:
        colour, hatch = style.PAYERS.get(payer, ("#8f8f8f", "\\\\"))
        values = [float(v) for v in rows[payer]]
        starts = [r if v >= 0 else n for v, r, n in zip(values, right, left, strict=True)]
        bars = ax.barh(
            range(len(rows)), values, left=starts, height=0.66, color=colour, hatch=hatch,
            edgecolor=style.DEFICIT if payer == "pending" else style.INK, linewidth=1.6 if payer == "pending" else 0.7,
            zorder=4 if payer == "pending" else 3,
        )  # fmt: skip
        for bar, value in zip(bars, values, strict=True):
            bar.set_visible(value != 0)  # the edge of nothing is not drawn
        right = [r + max(v, 0.0) for v, r in zip(values, right, strict=True)]
        left = [n + min(v, 0.0) for v, n in zip(values, left, strict=True)]
        shown = Patch(facecolor=colour, hatch=hatch, edgecolor=bars[0].get_edgecolor(), linewidth=bars[0].get_linewidth())
        legend.append((shown, look.word(payer) if payer in WORDS else look.name(payer)))
    return legend


def _ends(rows: pd.DataFrame, payers: list[str]) -> tuple[float, float]:
    """The leftmost and the rightmost point of all bars."""
    parts = rows[payers]
    return float(parts.clip(upper=0).sum(axis=1).min()), float(parts.clip(lower=0).sum(axis=1).max())


def _finish_axes(ax: Axes, rows: pd.DataFrame, payers: list[str], look: style.Look, scale: style.Scale) -> None:
    names = [look.word("other_areas", n) if c == "others" else look.name(str(c))
             for c, n in zip(rows.index, rows["count"], strict=True)]  # fmt: skip
    ax.set_yticks(range(len(rows)), [style.short(name) for name in names])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.axvline(0, color=style.INK, linewidth=1.2, zorder=4)
    style.figures_axis(ax.xaxis, scale)


def _fits(ax: Axes, value: float, scale: style.Scale) -> bool:
    """Whether a part of a bar is wide enough to hold its figure."""
    low, high = ax.get_xlim()
    return abs(value) / (high - low) * style.width_of(ax) >= len(scale.text(value)) * 6.2 + 5


def _make_room(ax: Axes, rows: pd.DataFrame, payers: list[str], scale: style.Scale, look: style.Look) -> list[str]:
    """Set the axis so that the texts at the ends of the bars fit; those texts.

    The wider the texts, the shorter the bars, and the more parts must be told in the text:
    a few rounds settle it.
    """
    low, high = _ends(rows, payers)
    span = (high - low) or 1.0
    low = low - 0.02 * span if low < 0 else 0.0
    ends = [float(rows.iloc[i][payers].clip(lower=0).sum()) for i in range(len(rows))]
    right, totals = high + 0.2 * span, [""]
    for _ in range(3):
        ax.set_xlim(low, max(right, low + 1e-9))
        totals = [_total(ax, row, payers, scale, look) for _, row in rows.iterrows()]
        shares = [min((style.cells(t) * 5.7 + 12) / style.width_of(ax), 0.6) for t in totals]
        right = max((end - low * share) / (1 - share) for end, share in zip(ends, shares, strict=True))
    ax.set_xlim(low, max(right, high + 0.05 * span))
    return totals


def _total(ax: Axes, row: pd.Series[Any], payers: list[str], scale: style.Scale, look: style.Look) -> str:
    """The total of one area, and the parts too narrow to be labelled inside the bar."""
    text = f"{look.word('total')} {scale.text(float(row['total']))}"
    there = [p for p in payers if row[p] != 0]
    parts = [
        f"{look.word(p) if p in WORDS else look.name(p)} {scale.text(float(row[p]))}"
        for p in there
        if not _fits(ax, float(row[p]), scale) and round(abs(float(row[p])) / scale.divisor, scale.places) > 0
    ]
    if not parts or len(there) < 2:
        return text
    return f"{text}（{'、'.join(parts)}）" if look.language == "zh" else f"{text} ({', '.join(parts)})"


def _label_parts(ax: Axes, rows: pd.DataFrame, payers: list[str], scale: style.Scale) -> None:
    """Amounts inside the parts that are wide enough."""
    for place in range(len(rows)):
        right = left = 0.0
        for payer in payers:
            value = float(rows.iloc[place][payer])
            start, right, left = (right, right + value, left) if value >= 0 else (left, right, left + value)
            if value == 0 or not _fits(ax, value, scale):
                continue
            hatch = style.PAYERS.get(payer, ("", "\\\\"))[1]
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.2} if hatch else None
            ax.text(start + value / 2, place, scale.text(value), ha="center", va="center", fontsize=style.SMALL,
                    zorder=6, color="white" if payer in ("region", "league") else style.INK, bbox=box)  # fmt: skip


def _label_totals(ax: Axes, rows: pd.DataFrame, payers: list[str], totals: list[str]) -> None:
    """The text at the end of each bar, red for a deficit."""
    for place, text in enumerate(totals):
        row = rows.iloc[place]
        ax.annotate(
            text, (float(row[payers].clip(lower=0).sum()), place), xytext=(6, 0), textcoords="offset points", va="center",
            fontsize=style.SMALL, color=style.DEFICIT if float(row["total"]) > 0 else style.INK, zorder=6,
        )  # fmt: skip
