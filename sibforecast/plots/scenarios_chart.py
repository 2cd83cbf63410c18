"""Scenarios beside each other: the gap of one year, or a line over years."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.items import CATALOGUE
from sibforecast.plots import style
from sibforecast.plots.keys import among, at_level, choose, frame_of, need, told
from sibforecast.plots.lines import draw_lines
from sibforecast.plots.palette import FUNDS, Paint, paints
from sibforecast.plots.sheet import Sheet, open_sheet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def scenarios_table(
    table: Any,
    *,
    item: str = "gap",
    region: str | None = None,
    programme: str | None = None,
    period: object = None,
    level: str | None = None,
    scenarios: Iterable[str] | None = None,
    baseline: Any = None,
) -> pd.DataFrame:
    """The numbers behind a comparison of scenarios.

    Parameters
    ----------
    table : Projection or pandas.DataFrame
        Rows of scenario (blank: the baseline), programme, item, period and value.
    item : str
        What is compared; by default the gap.
    region, programme : str, optional
        One area, one fund; by default the sum over all in the table, where the item may be added up.
    period : optional
        One year; by default all.
    level : str, optional
        Only areas of this level, where the result knows them.
    scenarios : iterable of str, optional
        Which, and in which order; the baseline stands first in any case.
    baseline : Result or pandas.DataFrame, optional
        Where the table does not hold it: a draft (its stage ``draft`` counts) or a projection.

    Returns
    -------
    pandas.DataFrame
        scenario (``""``: the baseline), programme, year, value, and difference to the baseline
        (blank where there is none).

    Raises
    ------
    SibError
        If columns are absent, a choice is open or does not occur, the item may not be added
        up, a value is blank, or one scenario lacks an area that another has.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"scenario": [None, "raise"], "programme": "oasi", "item": "gap", "period": "2027", "value": [1.0, 3.0]})
    >>> scenarios_table(t)[["scenario", "value", "difference"]].values.tolist()
    [['', 1.0, 0.0], ['raise', 3.0, 2.0]]
    """
    return _chosen(table, item, region, programme, period, level, scenarios, baseline)[0]


def _chosen(
    table: Any,
    item: str,
    region: str | None,
    programme: str | None,
    period: object,
    level: str | None,
    scenarios: Iterable[str] | None,
    baseline: Any,
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The numbers, and what they are of."""
    import pandas as pd

    frame = frame_of(table)
    need(frame, ("scenario", "programme", "item", "period", "value"), "scenarios")
    wanted = None if scenarios is None else [scenarios] if isinstance(scenarios, str) else [str(s) for s in scenarios]
    if baseline is not None:
        other = frame_of(baseline)
        other = other[(other["stage"] == "draft").to_numpy(bool)] if "stage" in other.columns else other
        own = frame["scenario"].notna() & (frame["scenario"].astype("string") != "")
        other = other.assign(scenario=None)
        frame = pd.concat(
            [other[[c for c in other.columns if c in frame.columns]].astype(object), frame[own.to_numpy(bool)].astype(object)]
        )
        frame["value"] = frame["value"].astype(float)
    if "quantile" in frame.columns:
        frame = frame[frame["quantile"].isna().to_numpy(bool)]
    frame = at_level(frame, table, level)
    keys = {"item": item, "region": region, "programme": programme, "period": period}
    frame, chosen = choose(frame, keys, together=("region", "programme", "period"), table=table)
    frame = frame.assign(scenario=frame["scenario"].astype("string").fillna("").astype(str))
    if wanted is not None:
        names = ([""] if "" in set(frame["scenario"]) else []) + [w for w in wanted if w]
        frame = among(frame, "scenario", names)
    if frame.empty:
        raise SibError("scenarios: no rows to show")
    if (
        item in CATALOGUE
        and not CATALOGUE[item].is_additive
        and (chosen["region"] is None or chosen["programme"] is None)
        and (frame.duplicated(["scenario", "period"]).any())
    ):
        raise SibError(f"scenarios: {item} of several areas or funds may not be added up; choose region=… and programme=…")
    _same_cells(frame)
    rows = frame.assign(programme=frame["programme"].astype(str), year=frame["period"].astype(str).astype(int))
    rows = rows.groupby(["scenario", "programme", "year"], sort=False)["value"].sum().reset_index()
    base = rows[rows["scenario"] == ""].set_index(["programme", "year"])["value"]
    before = [float(base.get(key, float("nan"))) for key in zip(rows["programme"], rows["year"], strict=True)]
    order = {"": -1} | {s: i for i, s in enumerate(wanted or [t for t in told(rows["scenario"]) if t])}
    rows = rows.assign(difference=rows["value"] - before)
    rank = rows["scenario"].map(order).to_numpy()
    return rows.iloc[rank.argsort(kind="stable")].reset_index(drop=True), chosen


def _same_cells(frame: pd.DataFrame) -> None:
    """Refuse sums over different areas and funds: their difference would be no effect of a scenario."""
    blank = int(frame["value"].isna().sum())
    if blank:
        raise SibError(f"scenarios: {blank} rows have no value; a sum over them would hide it")
    keys = [c for c in ("region", "programme", "period") if c in frame.columns]
    if (twice := frame.duplicated(["scenario", *keys])).any():
        raise SibError(f"scenarios: {int(twice.sum())} rows stand twice for one scenario, area, fund and year; keep one")
    cells = {name: set(map(tuple, part[keys].astype(str).to_numpy())) for name, part in frame.groupby("scenario", sort=False)}
    whole = set().union(*cells.values())
    faults = [
        f"{str(name) or 'the baseline'} lacks {len(whole - have)} of {len(whole)}"
        for name, have in cells.items()
        if have != whole
    ]
    if faults:
        raise SibError(f"scenarios: not all hold the same areas, funds and years: {'; '.join(faults)}")


def scenarios(
    table: Any,
    *,
    item: str = "gap",
    region: str | None = None,
    programme: str | None = None,
    period: object = None,
    level: str | None = None,
    scenarios: Iterable[str] | None = None,
    baseline: Any = None,
    colours: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw scenarios beside each other.

    One year: a bar for each scenario, its funds stacked in their colours where there are
    several, with the total and the difference to the baseline. Several years: a line for each.

    Parameters
    ----------
    table : Projection or pandas.DataFrame
        See `scenarios_table`.
    item, region, programme, period, level, scenarios, baseline : optional
        See `scenarios_table`.
    colours : mapping, optional
        Colours by scenario; by default each name has its own.
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SibError
        As `scenarios_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> t = pd.DataFrame({"scenario": [None, "raise"], "programme": "unemployment", "item": "gap",
    ...                   "period": "2027", "value": [1e8, 3e8]})
    >>> print(sib.plots.scenarios(t, language="en").get_title())
    unemployment, gap before filling, scenarios compared
    2027  unit: 100m yuan
    """
    import pandas as pd

    rows, chosen = _chosen(table, item, region, programme, period, level, scenarios, baseline)
    names = list(dict.fromkeys(rows["scenario"]))
    painted = paints(names, dict(colours or {}))
    sheet = open_sheet(table, ax, language, title, labels, provenance, also=(baseline,), inches=2.6 + 0.55 * len(names))
    one_year = rows["year"].nunique() == 1
    totals = rows.groupby(["scenario", "year"], sort=False)[["value", "difference"]].sum(min_count=1).reset_index()
    largest = float(pd.concat([totals["value"], rows["value"] if one_year else totals["value"]]).abs().max())
    scale = sheet.scale(largest, item)
    said = {name: sheet.look.drawable(name) or sheet.word("baseline") for name in names}
    legend: list[tuple[Any, str]] = []
    with sheet.drawn():
        if one_year:
            sheet.rows([said[name] for name in names])
            legend = _bars(sheet, rows, painted)
            _tell(sheet, rows, totals, scale, item)
        else:
            ends = dict(zip(said, style.shorts([*said.values()], 30, 1), strict=True))
            signs = 1 if item == "gap" else -1
            draw_lines(sheet, totals.assign(kind="draft"), "scenario", painted, ends, scale, solid=True, deficit=signs)
    look = sheet.look
    what = [look.name(chosen["region"]), look.name(chosen["programme"]) or sheet.word("all_funds"), look.name(item)]
    years = [str(y) for y in rows["year"]]
    return sheet.finish([*what, sheet.word("scenarios")], years, scale.unit, legend, columns=4)


def _bars(sheet: Sheet, rows: pd.DataFrame, painted: Mapping[str, Paint]) -> list[tuple[Any, str]]:
    """A bar for each scenario, funds stacked: what widens the gap right of zero, what is left over left of it."""
    names = list(painted)
    there = set(rows["programme"])
    funds = [f for f in FUNDS if f in there] + [f for f in dict.fromkeys(rows["programme"]) if f not in FUNDS]
    right, left = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    legend = []
    by_fund = paints(funds)
    for fund in funds:
        part = rows[rows["programme"] == fund]
        for name, value in zip(part["scenario"], part["value"], strict=True):
            paint = by_fund[fund] if len(funds) > 1 else painted[name]
            ends = right if value >= 0 else left
            bar = sheet.ax.barh(
                names.index(name), value, left=ends[name], height=0.6, color=paint.colour, hatch=paint.hatch,
                edgecolor="white", linewidth=0.9, zorder=3,
            )  # fmt: skip
            ends[name] += value
        if len(funds) > 1:
            legend.append((bar[0], sheet.look.name(fund)))
    return legend


def _tell(sheet: Sheet, rows: pd.DataFrame, totals: pd.DataFrame, scale: style.Scale, item: str) -> None:
    """Total and difference right of each bar, red for a deficit."""
    ends = rows["value"].clip(lower=0).groupby(rows["scenario"], sort=False).sum()
    low = min(0.0, float(rows["value"].clip(upper=0).groupby(rows["scenario"], sort=False).sum().min()))
    records = totals.to_dict("records")
    if item == "gap":  # the surplus of one fund closes no gap of another
        deficit = rows["value"].clip(lower=0).groupby(rows["scenario"], sort=False).sum()
        records = [row | {"gap": float(deficit[row["scenario"]])} for row in records]
    texts = [_total(row, sheet, scale) for row in records]
    shorter = [_total(row, sheet, scale, "") if _apart(row, scale) else _briefly(row, sheet, scale) for row in records]
    shorter = sheet.whole_or(shorter, [_briefly(row, sheet, scale) for row in records], sheet.text)
    texts = sheet.whole_or(texts, shorter, sheet.text)
    places = [float(ends[row["scenario"]]) for row in records]
    sheet.make_room(low, max(places), zip(places, texts, strict=True), size=sheet.text)
    sheet.ax.axvline(0, color=style.INK, linewidth=1.2, zorder=4)
    sheet.figures("x", scale)
    for place, (row, end, text) in enumerate(zip(records, places, texts, strict=True)):
        sheet.beside(text, end, place, deficit=row["gap"] > 0 if item == "gap" else row["value"] < 0)


def _total(row: Mapping[Any, Any], sheet: Sheet, scale: style.Scale, against: str = "against") -> str:
    """A total, or gaps and surpluses apart, and the difference to the baseline, in words."""
    text = f"{sheet.word('total')} {scale.text(row['value'])}"
    if parts := _apart(row, scale):
        text = ("、" if sheet.look.language == "zh" else ", ").join(
            sheet.word(word, part) for word, part in zip(("gap_of", "surplus_of"), parts, strict=True)
        )
    return _with_change(text, row, sheet, scale, against)


def _apart(row: Mapping[Any, Any], scale: style.Scale) -> list[str]:
    """The gaps of some funds and the surpluses of others, where there are both; else nothing."""
    gap = row.get("gap", 0.0)
    left = gap - row["value"]
    return [scale.text(gap), scale.text(left)] if min(gap, left) >= 0.5 * scale.divisor / 10**scale.places else []


def _briefly(row: Mapping[Any, Any], sheet: Sheet, scale: style.Scale) -> str:
    """The same in figures only, where there is little room."""
    return _with_change(" / ".join(_apart(row, scale)) or scale.text(row["value"]), row, sheet, scale, "")


def _with_change(text: str, row: Mapping[Any, Any], sheet: Sheet, scale: style.Scale, against: str) -> str:
    """A text with the difference to the baseline after it, where there is one."""
    if not row["scenario"] or row["difference"] != row["difference"]:
        return text
    change = scale.text(row["difference"], signed=True)
    return sheet.bracketed(text, sheet.word(against, change) if against else change)
