"""The years of a table: one figure a year of each series, accounts before execution before December."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.periods import Period
from sibforecast.plots.keys import frame_of

if TYPE_CHECKING:
    import pandas as pd

ACTUAL = ("final", "executed")
STAGES = ("budget", "adjusted", "reported", "expected", "draft")
#: Which figure of a year a line shows, where there are several.
_BEST = ("history", "expected", "draft", "forecast", "reported", "adjusted", "budget")


def years_of(frame: pd.DataFrame, keys: Sequence[str] = ()) -> pd.DataFrame:
    """Yearly figures of a tidy table.

    Parameters
    ----------
    frame : pandas.DataFrame
        With period and value, and perhaps stage and quantile.
    keys : sequence of str
        Columns that tell series apart.

    Returns
    -------
    pandas.DataFrame
        The keys, year, kind (history, a stage, or forecast), quantile and value. Of a past
        year the account, else its execution, else December's cumulative figure. Blanks are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"period": ["2025", "2025-12"], "stage": ["final", "executed"], "value": [5.0, 4.9]})
    >>> years_of(t)["value"].tolist()
    [5.0]
    """
    import pandas as pd

    names = list(frame["period"].astype(str).unique())
    parsed = {name: Period.parse(name) for name in names}
    periods = [parsed[p] for p in frame["period"].astype(str)]
    stage = frame["stage"].astype("string") if "stage" in frame.columns else pd.Series(pd.NA, index=frame.index)
    kinds = ["history" if s in ACTUAL else s if s in STAGES else "forecast" for s in stage.fillna("")]
    rows = pd.DataFrame(
        {
            **{key: frame[key].astype("string").fillna("").astype(str).to_numpy() for key in keys},
            "year": [p.year for p in periods],
            "kind": kinds,
            "quantile": frame["quantile"].to_numpy(float) if "quantile" in frame.columns else float("nan"),
            "value": frame["value"].to_numpy(float),
        }
    )
    final = (stage == "final").fillna(False).to_numpy(bool)
    december = pd.Series([p.month == 12 for p in periods], index=rows.index, dtype=bool)  # cumulative: the year's figure
    yearly = pd.Series([not p.is_month for p in periods], index=rows.index, dtype=bool) | (december & (rows["kind"] == "history"))
    rows = rows.assign(rank=(~final).astype(int) + december.astype(int))[yearly].dropna(subset="value")
    best = rows.groupby([*keys, "year", "kind"])["rank"].transform("min")
    return rows[(rows["kind"] != "history") | (rows["rank"] == best)].drop(columns="rank")


def lines_of(
    table: Any, frame: pd.DataFrame, keys: Sequence[str], chart: str, history: Any = None, *, every: bool = False
) -> pd.DataFrame:
    """The points of a chart's lines: the known years before those of the table, one figure a year.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        What was handed to the chart; a draft brings the data behind it.
    frame : pandas.DataFrame
        The rows of it that are shown.
    keys : sequence of str
        Columns that tell the lines apart.
    chart : str
        Named in an error.
    history : Result or pandas.DataFrame, optional
        Years at stage ``final`` or ``executed``.
    every : bool
        Whether every stage of a year is kept (budget beside outturn) rather than the one nearest to the truth.

    Returns
    -------
    pandas.DataFrame
        The keys, year, kind, value.

    Raises
    ------
    SibError
        If nothing is left, or a year has two figures of one kind.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"item": "gap", "period": "2026", "stage": ["budget", "expected"], "value": [1.0, 2.0]})
    >>> lines_of(t, t, ["item"], "heads")["kind"].tolist()
    ['expected']
    """
    import pandas as pd

    points = frame[frame["quantile"].isna().to_numpy(bool)] if "quantile" in frame.columns else frame
    rows = years_of(points, keys)
    before = history if history is not None else getattr(table, "source", None)
    if before is not None:
        past = _known(frame_of(before), points, keys)
        told = pd.MultiIndex.from_frame(past[[*keys, "year"]])
        known = pd.MultiIndex.from_frame(rows[[*keys, "year"]]).isin(told) & (rows["kind"] == "history").to_numpy()
        rows = pd.concat([past, rows[~known]], ignore_index=True)
    if rows.empty:
        raise SibError(f"{chart}: no yearly figure to show; months are left out")
    twice = rows[rows.duplicated([*keys, "year", "kind"], keep=False)]
    if not twice.empty:
        where = ", ".join(f"{k} {twice[k].iloc[0]}" for k in keys)
        raise SibError(
            f"{chart}: {len(twice)} figures where one is shown ({where}, {twice['year'].iloc[0]}); keep one series of the table"
        )
    rows = rows.drop(columns="quantile").astype({"year": int})
    if not every:
        rank = rows["kind"].map(_BEST.index)
        rows = rows[rank == rank.groupby([rows[k] for k in (*keys, "year")]).transform("min")]
    return rows.sort_values([*keys, "year"], kind="stable").reset_index(drop=True)


def _known(past: pd.DataFrame, shown: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The known years of the series shown; none where the history does not hold them."""
    for key in ("region", "programme", "item"):
        if key in past.columns and key in shown.columns:
            past = past[past[key].isin(list(shown[key].unique())).to_numpy(bool)]
    if "stage" in past.columns:
        past = past[past["stage"].isin(ACTUAL).to_numpy(bool)]
    else:
        past = past.assign(stage="final")
    absent = {}
    for key in (k for k in keys if k not in past.columns):
        values = list(shown[key].astype("string").fillna("").unique())
        if len(values) > 1:
            raise SibError(f"history: it has no column {key}, but the chart shows {len(values)} values of it")
        absent[key] = values[0] if values else ""
    return years_of(past.assign(**absent), keys)
