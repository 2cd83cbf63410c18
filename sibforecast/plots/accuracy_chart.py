"""How good forecasts were: the errors of a backtest, ours beside the rivals'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sibforecast.errors import SibError
from sibforecast.plots.keys import frame_of, need, pick
from sibforecast.plots.sheet import Sheet, open_sheet
from sibforecast.results import round_half_up

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Marker and colour of each method: they stay apart in greyscale.
_LOOKS = {
    "sibforecast": ("o", "#0b2f5c", True), "naive": ("s", "#8a8a8a", False), "drift": ("^", "#8a8a8a", False),
    "growth_of_three": ("D", "#b06a00", False), "year_to_date_growth": ("v", "#2f7fb8", False),
    "year_to_date_share": ("P", "#2f7fb8", False), "budget": ("X", "#8c1c13", False), "judgement": ("*", "#8c1c13", False),
}  # fmt: skip
_MOST = 14


def accuracy_table(table: Any, *, by: str = "programme", horizon: int | None = None) -> pd.DataFrame:
    """The numbers behind an accuracy chart.

    Parameters
    ----------
    table : Backtest or pandas.DataFrame
        With method, horizon, forecast and actual.
    by : str
        What stands on the axis: programme, item, region, origin or period.
    horizon : int, optional
        Years ahead; needed where the table holds several.

    Returns
    -------
    pandas.DataFrame
        The column `by`, method, mape (per cent) and number, the least accurate first. Methods
        are compared on the forecasts that all of them made (budgets and judgement on their own).

    Raises
    ------
    SibError
        If a column is absent, or the horizon is open.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"item": ["insured"] * 2, "method": ["naive", "drift"], "horizon": 1,
    ...                   "forecast": [90.0, 99.0], "actual": [100.0, 100.0]})
    >>> accuracy_table(t, by="item")["mape"].round(6).tolist()
    [10.0, 1.0]
    """
    frame = frame_of(table)
    need(frame, (by, "method", "horizon", "forecast", "actual"), "accuracy")
    frame, _ = pick(frame, "horizon", horizon, single=True)
    actual = frame["actual"].to_numpy()
    keep = np.abs(actual) > 0
    error = np.abs(frame["forecast"].to_numpy()[keep] / actual[keep] - 1.0) * 100.0
    told = frame.loc[keep, [by, "method"]].astype(str).assign(mape=error)
    told = told[_like_for_like(frame[keep], told)]
    out = told.groupby([by, "method"], sort=False)["mape"].agg(mape="mean", number="size").reset_index()
    worst = out.groupby(by)["mape"].max().sort_values(ascending=False)
    out = out[out[by].isin(worst.index[:_MOST])]
    place = {group: i for i, group in enumerate(worst.index)}
    ordered: pd.DataFrame = out.iloc[np.argsort([place[g] for g in out[by]], kind="stable")]
    return ordered.reset_index(drop=True)


def _like_for_like(frame: pd.DataFrame, told: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Forecasts that every method of their group made; what few hold, budgets and judgement, asks nothing of the others."""
    import pandas as pd

    keys = [c for c in ("region", "programme", "item", "origin", "period") if c in frame.columns]
    usual = ~told["method"].isin(["budget", "judgement"]).to_numpy()
    group = told.iloc[:, 0].to_numpy()
    cell = pd.MultiIndex.from_arrays([group, *(frame[k].astype(str).to_numpy() for k in keys)]).factorize()[0]
    rows = pd.DataFrame({"group": group, "cell": cell, "method": told["method"].to_numpy()})
    made = rows[usual].groupby("cell")["method"].nunique().reindex(rows["cell"]).to_numpy()
    there = rows[usual].groupby("group")["method"].nunique().reindex(rows["group"]).to_numpy()
    shared = (made == there) & usual
    some = rows["group"].isin(rows.loc[shared, "group"]).to_numpy()  # a group without a common forecast is shown as it is
    return np.asarray(shared | ~usual | ~some)


def accuracy(
    table: Any,
    ax: Axes | None = None,
    *,
    by: str = "programme",
    horizon: int | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Mean errors of each method, one row for each fund (or item, area, origin).

    Parameters
    ----------
    table : Backtest or pandas.DataFrame
        What `backtest` gives.
    by, horizon
        See `accuracy_table`.
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

    Returns
    -------
    Axes

    Raises
    ------
    SibError
        As `accuracy_table`; or if nothing is left to show.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"item": ["insured"] * 2, "method": ["naive", "sibforecast"], "horizon": 1, "period": "2020",
    ...                   "forecast": [90.0, 99.0], "actual": [100.0, 100.0]})
    >>> accuracy(t, by="item", language="en").get_title().splitlines()[0]
    'mean absolute error of forecasts, 1 year ahead'
    """
    rows = accuracy_table(table, by=by, horizon=horizon)
    if rows.empty:
        raise SibError("accuracy: no forecast with a figure that came")
    groups = list(dict.fromkeys(rows[by]))
    sheet = open_sheet(table, ax, language, title, labels, provenance, inches=2.4 + 0.5 * len(groups))
    frame, _ = pick(frame_of(table), "horizon", horizon, single=True)
    years = sorted(set(frame["period"].astype(str))) if "period" in frame.columns else []
    ahead = int(frame["horizon"].iloc[0])
    with sheet.drawn():
        sheet.rows([sheet.look.name(g) for g in groups])
        legend = _marks(sheet, rows, by, groups)
        sheet.ax.set_xlim(left=0)
        sheet.ax.grid(axis="x", color="#e6e9ed", zorder=0)
    when = sheet.word("years_ahead", ahead) if ahead else sheet.word("this_year")
    return sheet.finish([sheet.word("accuracy", when)], years, "%", legend, columns=4)


def _marks(sheet: Sheet, rows: pd.DataFrame, by: str, groups: list[str]) -> list[tuple[Any, str]]:
    """A mark for each method, ours in front with its figure; a line from the best to the worst."""
    from matplotlib.lines import Line2D

    place = {group: i for i, group in enumerate(groups)}
    methods = [m for m in _LOOKS if m in set(rows["method"])]
    handles: list[tuple[Any, str]] = []
    for group in groups:
        part = rows[rows[by] == group]
        sheet.ax.plot([part["mape"].min(), part["mape"].max()], [place[group]] * 2, color="#d5dbe1", lw=2, zorder=1)
    for method in methods:
        marker, colour, filled = _LOOKS[method]
        part, face = rows[rows["method"] == method], colour if filled else "white"
        sheet.ax.scatter(
            part["mape"], [place[g] for g in part[by]], marker=marker, s=(110 if filled else 70) * sheet.size**2,
            zorder=3 if filled else 2, facecolor=face, edgecolor=colour, linewidth=1.6,
        )  # fmt: skip
        dot = Line2D([], [], marker=marker, ls="", ms=9 * sheet.size, mfc=face, mec=colour, mew=1.6)
        handles.append((dot, sheet.word(f"method_{method}")))
    ours = rows[rows["method"] == "sibforecast"]
    for group, value in zip(ours[by], ours["mape"], strict=True):
        sheet.ax.annotate(
            f"{round_half_up(value, 1)}", (value, place[group]), xytext=(0, 9 * sheet.size), textcoords="offset points",
            ha="center", fontsize=sheet.small, color=_LOOKS["sibforecast"][1],
        )  # fmt: skip
    return handles
