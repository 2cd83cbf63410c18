"""The bill: which area's gap is carried by whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.plots import style
from sibforecast.plots.keys import frame_of, need, pick, told

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
        small = _label_parts(ax, rows, payers, scale)
        _label_totals(ax, rows, payers, scale, look, small)
    what = [title] if title else [
        look.name(chosen["programme"]) or look.word("all_funds"), look.drawable(chosen["scenario"] or ""), look.word("sharing"),
    ]  # fmt: skip
    heading = style.title_of(look, what, [p for p in [chosen["period"]] if p], scale.unit)
    style.finish(ax, look, heading, legend)
    ax.tick_params(axis="y", labelsize=style.TEXT, length=0)
    return ax


def _bars(ax: Axes, rows: pd.DataFrame, payers: list[str], look: style.Look) -> list[tuple[Any, str]]:
    """Stacked bars, positive parts right of zero, negative ones left."""
    legend = []
    right, left = [0.0] * len(rows), [0.0] * len(rows)
    for payer in payers:
        colour, hatch = style.PAYERS.get(payer, ("#8f8f8f", "\\\\"))
        values = [float(v) for v in rows[payer]]
        starts = [r if v >= 0 else n for v, r, n in zip(values, right, left, strict=True)]
        bars = ax.barh(
            range(len(rows)), values, left=starts, height=0.66, color=colour, hatch=hatch, edgecolor=style.INK,
            linewidth=0.7, zorder=3,
        )  # fmt: skip
        right = [r + max(v, 0.0) for v, r in zip(values, right, strict=True)]
        left = [n + min(v, 0.0) for v, n in zip(values, left, strict=True)]
        legend.append((bars[0], look.word(payer) if payer in style.WORDS else look.name(payer)))
    return legend


def _ends(rows: pd.DataFrame, payers: list[str]) -> tuple[float, float]:
    """The leftmost and the rightmost point of all bars."""
    parts = rows[payers]
    return float(parts.clip(upper=0).sum(axis=1).min()), float(parts.clip(lower=0).sum(axis=1).max())


def _finish_axes(ax: Axes, rows: pd.DataFrame, payers: list[str], look: style.Look, scale: style.Scale) -> None:
    names = [look.word("other_areas", n) if c == "others" else look.name(str(c))
             for c, n in zip(rows.index, rows["count"], strict=True)]  # fmt: skip
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    low, high = _ends(rows, payers)
    span = (high - low) or 1.0
    ax.set_xlim(low - 0.02 * span if low < 0 else 0.0, high + 0.24 * span)
    ax.axvline(0, color=style.INK, linewidth=1.2, zorder=4)
    style.figures_axis(ax.xaxis, scale)


def _label_parts(ax: Axes, rows: pd.DataFrame, payers: list[str], scale: style.Scale) -> dict[str, list[str]]:
    """Amounts inside the parts that are wide enough; the payers left over, by area."""
    low, high = ax.get_xlim()
    figure: Any = ax.get_figure(root=True)
    inches = ax.get_window_extent().width / figure.dpi  # before the layout: about right
    per_unit = inches * 72 * 1.1 / (high - low)
    small: dict[str, list[str]] = {}
    for place, (area, row) in enumerate(rows.iterrows()):
        right = left = 0.0
        for payer in payers:
            value = float(row[payer])
            start, right, left = (right, right + value, left) if value >= 0 else (left, right, left + value)
            text = scale.text(value)
            if abs(value) * per_unit < len(text) * 6.2 + 5:
                if round(abs(value) / scale.divisor, scale.places) > 0:
                    small.setdefault(str(area), []).append(payer)
                continue
            hatch = style.PAYERS.get(payer, ("", "\\\\"))[1]
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.2} if hatch else None
            dark = payer in ("region", "league")
            ax.text(start + value / 2, place, text, ha="center", va="center", fontsize=style.SMALL, zorder=6,
                    color="white" if dark else style.INK, bbox=box)  # fmt: skip
    return small


def _label_totals(
    ax: Axes, rows: pd.DataFrame, payers: list[str], scale: style.Scale, look: style.Look, small: dict[str, list[str]]
) -> None:
    """The total at the end of each bar, and the parts too narrow to be labelled inside."""
    for place, (area, row) in enumerate(rows.iterrows()):
        end = float(sum(max(float(row[p]), 0.0) for p in payers))
        text = f"{look.word('total')} {scale.text(float(row['total']))}"
        parts = [f"{look.word(p) if p in style.WORDS else look.name(p)} {scale.text(float(row[p]))}"
                 for p in small.get(str(area), [])]  # fmt: skip
        if parts and int((row[payers] != 0).sum()) > 1:
            inner = ("、" if look.language == "zh" else ", ").join(parts)
            text += f"（{inner}）" if look.language == "zh" else f" ({inner})"
        ax.annotate(
            text, (end, place), xytext=(6, 0), textcoords="offset points", va="center", fontsize=style.SMALL,
            color=style.DEFICIT if float(row["total"]) > 0 else style.INK, zorder=6,
        )  # fmt: skip
