"""Our own draft of the year beside what is reported, with the interval in which a figure is plausible."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sibforecast.errors import DataError, SibError
from sibforecast.forecasting.drivers import Forecast, forecast
from sibforecast.items import CATALOGUE
from sibforecast.oversight.review_accounts import PLANS
from sibforecast.projection.draft import draft_budget
from sibforecast.tables.data import FundData

_KEYS = ["region", "programme", "item", "period"]
_SHOWN = [*_KEYS, "reported", "expected", "lower", "upper", "difference", "plausible", "habit", "method"]
_LOW, _HIGH = 0.025, 0.975
#: Areas whose earlier plans are known, from which a habit of planning is told.
_FEWEST = 5


def beside(data: FundData, stage: str, year: int | None = None) -> pd.DataFrame:
    """Reported figures of a year beside a draft made without this stage and without the year itself.

    `expected` is the figure of the draft, registered decisions included; where a draft cannot
    be computed, the forecast. `lower` and `upper` are the 95 % interval of the forecast, moved
    by what the draft has above it: what may *come*. A plan is not meant to be that: revenue is planned
    with caution, and all areas alike. Where plans are under review the band therefore reaches on to
    the same interval moved by `habit`, the median of ln(plan ÷ outturn) of earlier plans of the fund and item
    (of this stage, else of approved budgets; against the account, else the outturn expected; five areas or more).
    A plan without the habit stays plausible.

    Raises
    ------
    SibError
        If nothing is reported for the year, or nothing is known before it.
    """
    view = data._view()
    own = view[(view["stage"] == stage).to_numpy() & view["item"].isin(list(CATALOGUE)).to_numpy()]
    own = own[~own["period"].astype(str).str.contains("-").to_numpy()]
    years = sorted({int(p) for p in own["period"].astype(str)})
    if not years or (year is not None and year not in years):
        raise SibError(f"no yearly figures at stage {stage}" + (f" for {year}; there are {years}" if years else ""))
    year = years[-1] if year is None else year
    before = view[((view["stage"] != stage) & (view["period"].astype(str).str[:4].astype(int) < year)).to_numpy()]
    rest = before.reset_index(drop=True)
    table = _keyed(own[own["period"].astype(str) == str(year)]).rename(columns={"value": "reported"})
    ours, outturn = _ours(data.replaced(lambda: rest), year)
    table = table.merge(ours, on=_KEYS, how="inner")
    table = _widened(table, _habit(view, outturn, stage, year) if stage in PLANS else None)
    table["difference"] = table["reported"] - table["expected"]
    inside = (table["reported"] >= table["lower"]) & (table["reported"] <= table["upper"])
    table["plausible"] = inside.astype("boolean").mask(table["lower"].isna() | table["upper"].isna())
    return table[_SHOWN]


def _keyed(frame: pd.DataFrame, *more: str) -> pd.DataFrame:
    return frame[[*_KEYS, "value", *more]].astype(dict.fromkeys(_KEYS, str))


def _ours(data: FundData, year: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Point and interval of every figure of a year by what is known before it, and the outturn expected of the year before."""
    try:
        draft = draft_budget(data, year)
    except DataError:  # a line cannot be computed: its drivers are forecast all the same
        made = forecast(data, year)
        return _banded(made, _points(made, year)), _keyed(made.frame.iloc[:0])
    drafted = draft.frame
    points = _keyed(drafted[((drafted["stage"] == "draft") & (drafted["period"].astype(str) == str(year))).to_numpy()], "method")
    if draft.forecast is None:
        raise SibError("the draft carries no forecast")
    expected = _keyed(drafted[(drafted["stage"] == "expected").to_numpy()])
    return _banded(draft.forecast, points.rename(columns={"value": "expected"})), expected


def _habit(view: pd.DataFrame, outturn: pd.DataFrame, stage: str, year: int) -> pd.DataFrame | None:
    """How plans of earlier years stray from what came, by fund and item; nothing where there are none."""
    period = view["period"].astype(str)
    earlier = view[(~period.str.contains("-") & view["value"].notna() & (period < str(year))).to_numpy()]
    plans = next((p for s in (stage, "budget") if len(p := earlier[(earlier["stage"] == s).to_numpy()])), None)
    if plans is None:
        return None
    came = pd.concat([_keyed(earlier[(earlier["stage"] == "final").to_numpy()]), outturn], ignore_index=True)
    pairs = _keyed(plans).merge(came.drop_duplicates(_KEYS), on=_KEYS, suffixes=("", "_came"))
    pairs = pairs[(pairs["value"] > 0) & (pairs["value_came"] > 0)]
    pairs["habit"] = np.log(pairs["value"] / pairs["value_came"])
    table = pairs.groupby(["programme", "item"], as_index=False).agg(habit=("habit", "median"), areas=("region", "nunique"))
    return table[table["areas"] >= _FEWEST].drop(columns="areas")


def _widened(table: pd.DataFrame, habit: pd.DataFrame | None) -> pd.DataFrame:
    """The band, reaching on to where plans have strayed."""
    if habit is None:
        return table.assign(habit=np.nan)
    table = table.merge(habit, on=["programme", "item"], how="left")
    moved = table["expected"] * np.expm1(table["habit"].fillna(0.0))
    return table.assign(lower=table["lower"] + moved.clip(upper=0.0), upper=table["upper"] + moved.clip(lower=0.0))


def _points(made: Forecast, year: int) -> pd.DataFrame:
    frame = made.frame
    rows = frame[(frame["quantile"].isna() & (frame["period"].astype(str) == str(year))).to_numpy()]
    return _keyed(rows, "method").rename(columns={"value": "expected"})


def _banded(made: Forecast, points: pd.DataFrame) -> pd.DataFrame:
    """Points with the forecast's interval, moved along with them in proportion."""
    frame = made.frame
    table = points
    for name, edge in (("middle", None), ("lower", _LOW), ("upper", _HIGH)):
        here = frame["quantile"].isna() if edge is None else (frame["quantile"] - edge).abs() < 1e-9
        side = _keyed(frame[here.to_numpy()]).rename(columns={"value": name})
        table = table.merge(side, on=_KEYS, how="left")
    moved = (table["expected"] / table["middle"]).where(table["middle"] > 0, 1.0)
    return table.assign(lower=table["lower"] * moved, upper=table["upper"] * moved).drop(columns="middle")
