"""The waterfall: from the budget gap through every cause to the gap after."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.items import cause_name
from sibforecast.plots import style
from sibforecast.plots.keys import choose, frame_of, need, pick
from sibforecast.plots.sheet import Sheet, open_sheet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Causes shown one by one; the smaller ones stand together in one bar.
_SHOWN = 10


def waterfall_table(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    period: object = None,
    scenario: str | None = None,
    largest: int | None = None,
) -> pd.DataFrame:
    """The numbers behind a waterfall.

    Parameters
    ----------
    table : Attribution or pandas.DataFrame
        Rows of cause and value; a positive value widens the gap. Rows of kind or stage
        ``budget`` are the gap that was budgeted.
    region, programme : str, optional
        One area, one fund; by default the sum over all in the table.
    period, scenario : optional
        May be left out where the table holds only one: years and scenarios are never summed.
    largest : int, optional
        Show this many causes and put the smaller ones together in a row ``others``.

    Returns
    -------
    pandas.DataFrame
        cause, role (budget, cause, others, after, change), value, start, end, and count: how
        many causes a row stands for. In base units, the causes in order of appearance. Without
        budget rows the last row is the change in all.

    Raises
    ------
    SibError
        If columns are absent, a choice is open or does not occur, or a value is blank.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"cause": ["budget_gap", "raise", "cut"], "kind": ["budget", "policy", "policy"],
    ...                      "value": [5.0, 2.0, -1.0]})
    >>> waterfall_table(rows)[["cause", "start", "end"]].values.tolist()
    [['budget_gap', 0.0, 5.0], ['raise', 5.0, 7.0], ['cut', 7.0, 6.0], ['gap_after', 0.0, 6.0]]
    """
    return _chosen(table, region, programme, period, scenario, largest)[0]


def _chosen(
    table: Any, region: str | None, programme: str | None, period: object, scenario: str | None, largest: int | None
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The numbers, and what they are of."""
    import pandas as pd

    frame = frame_of(table)
    if not hasattr(table, "groupby") and "cause" not in frame.columns:
        raise SibError(f"waterfall: a {type(table).__name__} has no causes; pass sib.attribute(before, after)")
    need(frame, ("cause", "value"), "waterfall")
    wanted = {"region": region, "programme": programme, "period": period, "scenario": scenario}
    frame, chosen = choose(frame, wanted, together=("region", "programme"), table=table)
    frame, _ = pick(frame, "item", None, single=True)
    blank = frame["value"].isna() | frame["cause"].isna()
    if blank.any():
        raise SibError(f"waterfall: {int(blank.sum())} rows have no value or no cause; a sum over them would hide it")
    if frame.empty:
        raise SibError("waterfall: no rows to show")
    budgeted = pd.Series(False, index=frame.index)
    for column in ("kind", "stage"):
        if column in frame.columns:
            budgeted |= frame[column].astype("string").eq("budget").fillna(False).astype(bool)
    causes = frame[~budgeted]
    sums = causes["value"].groupby(causes["cause"].astype(str), sort=False).sum()
    steps: list[tuple[str, str, float, int]] = []
    if budgeted.any():
        steps.append(("budget_gap", "budget", float(frame.loc[budgeted, "value"].sum()), 1))
    steps += _grouped(sums, largest)
    return _stacked(steps), chosen


def _grouped(sums: pd.Series[float], largest: int | None) -> list[tuple[str, str, float, int]]:
    """Causes in their order, the smaller ones as one step at the end; a residual stays last."""
    keep = set(sums.index)
    if largest is not None and len(sums) > largest:
        keep = set(sums.abs().sort_values(ascending=False, kind="stable").index[: max(largest - 1, 1)])
    steps = [(str(c), "cause", float(v), 1) for c, v in sums.items() if c in keep]
    rest = sums[[c for c in sums.index if c not in keep]]
    if len(rest):
        steps.append(("others", "others", float(rest.sum()), len(rest)))
    return sorted(steps, key=lambda step: step[0] == "residual")


def _stacked(steps: list[tuple[str, str, float, int]]) -> pd.DataFrame:
    """Where each bar starts and ends."""
    import pandas as pd

    rows, level = [], 0.0
    for cause, role, value, count in steps:
        rows.append((cause, role, value, level, level + value, count))
        level += value
    last = ("gap_after", "after") if steps and steps[0][1] == "budget" else ("change", "change")
    rows.append((*last, level, 0.0, level, 1))
    return pd.DataFrame(rows, columns=["cause", "role", "value", "start", "end", "count"])


def waterfall(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    period: object = None,
    scenario: str | None = None,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw how the gap moved, cause by cause.

    Parameters
    ----------
    table : Attribution or pandas.DataFrame
        Rows of cause and value; a positive value widens the gap.
    region, programme : str, optional
        One area, one fund; by default the sum over all in the table.
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
    >>> rows = pd.DataFrame({"cause": ["budget_gap", "contributors", "benefit_level"], "period": "2026",
    ...                      "kind": ["budget", "driver", "driver"], "value": [5e8, -1e8, 3e8]})
    >>> ax = sib.plots.waterfall(rows, language="en")
    >>> print(ax.get_title())
    all areas, all funds, the gap and its causes
    2026  unit: 100m yuan
    >>> [tick.get_text() for tick in ax.get_yticklabels()]
    ['budget gap', 'contributors (employed)', 'benefit level', 'gap after']
    """
    import pandas as pd

    rows, chosen = _chosen(table, region, programme, period, scenario, _SHOWN)
    one, title_of_one = _only_change(frame_of(table), chosen["scenario"]), chosen["scenario"] or ""
    sheet = open_sheet(table, ax, language, title, labels, provenance, inches=2.4 + 0.36 * len(rows))
    look = sheet.look
    one = None if one in look.names else one  # a change with a title is called by it
    scale = sheet.scale(float(pd.concat([rows["start"], rows["end"]]).abs().max()))
    with sheet.drawn():
        sheet.rows(
            [sheet.word("others", n) if role == "others" else look.drawable(title_of_one) if c == one else look.name(c)
             for c, role, n in zip(rows["cause"], rows["role"], rows["count"], strict=True)]
        )  # fmt: skip
        legend = _bars(sheet, rows)
        _label_values(sheet, rows, scale)
        sheet.ax.axvline(0, color=style.INK, linewidth=1)
        sheet.figures("x", scale)
    what = [
        look.name(chosen["region"]) or sheet.word("all_areas"), look.name(chosen["programme"]) or sheet.word("all_funds"),
        look.drawable(chosen["scenario"] or ""), sheet.word("attribution"),
    ]  # fmt: skip
    return sheet.finish(what, [chosen["period"]], scale.unit, legend, columns=4)


def _only_change(frame: pd.DataFrame, scenario: str | None) -> str | None:
    """The one change of a scenario, where it has no name of its own: the scenario's title says more than it."""
    if scenario is None or "kind" not in frame.columns:
        return None
    own = (frame["scenario"] == scenario) & (frame["kind"] == "policy")
    if "stage" in frame.columns:
        own &= frame["stage"] != "budget"  # what was announced is no change of the scenario
    causes = frame.loc[own.to_numpy(bool), "cause"].unique()
    unnamed = [c for c in map(str, causes) if cause_name(c, "en") != c]
    return unnamed[0] if len(causes) == 1 and unnamed else None


def _paint(row: Mapping[Hashable, Any]) -> str:
    """Which of the four kinds of bar a row is."""
    if row["role"] in ("cause", "others"):
        return "worse" if row["value"] > 0 else "better"
    return "deficit" if row["value"] > 0 else "surplus"


def _bars(sheet: Sheet, rows: pd.DataFrame) -> list[tuple[Any, str]]:
    """Bars and connectors; the legend holds the kinds that occur."""
    paints = {"deficit": style.DEFICIT, "surplus": style.SURPLUS, "worse": style.WORSE, "better": style.BETTER}
    handles: dict[str, Any] = {}
    for place, row in enumerate(rows.to_dict("records")):
        kind = _paint(row)
        bar = sheet.ax.barh(
            place, row["end"] - row["start"], left=row["start"], height=0.62, color=paints[kind], edgecolor=style.INK,
            linewidth=0.8, hatch="//" if kind == "worse" else "", zorder=3,
        )  # fmt: skip
        handles.setdefault(kind, bar[0])
        if place + 1 < len(rows):
            sheet.ax.plot([row["end"], row["end"]], [place + 0.31, place + 0.69], color=style.FAINT, linewidth=1.2, zorder=2)
    surplus = float(rows[["start", "end"]].to_numpy().max()) <= 0.0  # then no gap widens: a surplus shrinks
    words = {"worse": "less_surplus", "better": "more_surplus"} if surplus else {}
    return [(handles[kind], sheet.word(words.get(kind, kind))) for kind in paints if kind in handles]


def _label_values(sheet: Sheet, rows: pd.DataFrame, scale: style.Scale) -> None:
    """Each figure beside the end of its bar: signed for a cause, red for a deficit."""
    size = sheet.fitting(len(rows))
    sides: dict[bool, list[tuple[float, str]]] = {True: [], False: []}
    labels = []
    for place, row in enumerate(rows.to_dict("records")):
        text = scale.text(row["value"], signed=row["role"] in ("cause", "others"))
        right = row["value"] > 0 or (row["value"] == 0 and row["end"] >= 0)
        sides[right].append((row["end"], text))
        labels.append((text, row["end"], place, not right, _paint(row) == "deficit"))
    low, high = min(0.0, *rows["start"], *rows["end"]), max(0.0, *rows["start"], *rows["end"])
    sheet.make_room(low, high, sides[True], sides[False], size)
    for text, end, place, left, deficit in labels:
        sheet.beside(text, end, place, left=left, deficit=deficit, size=size)
