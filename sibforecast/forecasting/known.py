"""What is known at a date: yearly figures, at which stage, and which years are accounts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.forecasting import nowcast as nc
from sibforecast.forecasting.methods import STALE_YEARS
from sibforecast.periods import Period
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import ECONOMY, Panel, annual_rows

Bools = npt.NDArray[np.bool_]

#: Stages a year may be known at, best first, and what a figure from there is called.
STAGE_WORDS = ("final account", "executed: the year's figure", "data (expected)", nc.DECEMBER)
_DECEMBER = len(STAGE_WORDS) - 1
_SIDES = (
    ("total_revenue", (*items.REVENUE_LINES, *items.INTER_LEVEL_REVENUE)),
    ("total_expenditure", (*items.EXPENDITURE_LINES, *items.INTER_LEVEL_EXPENDITURE)),
)


def known_rows(data: FundData, limit: Period) -> pd.DataFrame:
    """Yearly figures known at `limit`, with the place of their stage in `STAGE_WORDS` as ``rank``.

    Final accounts, else the year's execution, else December's cumulative months. Only a
    fund without any of these is known by its compilers' ``expected`` figures.
    """
    last_full = limit.year if limit.month in (0, 12) else limit.year - 1
    rows = annual_rows(data, ("final", "executed", "expected"))
    year_of = np.array([Period.parse(p).year for p in rows["period"].cat.categories], dtype=np.int64)
    rows = rows[year_of[rows["period"].cat.codes.to_numpy()] <= last_full]
    months = nc.month_rows(data, limit)
    december = months[(months["month"] == 12) & (months["year"] <= last_full)]
    accounts = set(rows.loc[rows["rank"] < 2, "programme"]) | set(december["programme"])
    rows = rows[(rows["rank"] < 2) | ~rows["programme"].isin(accounts)]
    if december.empty:
        return rows
    december = december.assign(period=pd.Categorical(december["year"].astype(str)), rank=_DECEMBER)
    keys = ["region", "programme", "item", "period", "value", "rank"]
    joined = pd.concat([rows[keys], december[keys]])
    joined["period"] = pd.Categorical(joined["period"].astype(str))
    return joined.drop_duplicates(keys[:4], keep="first")


def known_until(data: FundData, before: int) -> Period | None:
    """The end of what is known before a year: a month of the year under way, else a year's end.

    What compilers expect of a year stands where no account does; ``None`` where nothing is known.
    """
    frame = data._view()
    known: list[Period] = []
    for stages in (["final", "executed"], ["expected"]):
        told = frame.loc[frame["stage"].isin(stages), "period"].cat.remove_unused_categories()
        known = known or [p for p in map(Period.parse, told.cat.categories) if p.year < before]
    if not known:
        return None
    last = max(known, key=lambda p: (p.year, p.month or 12))
    return last if last.is_month and last.month < 12 else Period(last.year, 12)


def known_at(data: FundData, first: int) -> Period:
    """The default as-of date: the end of the data before `first`, or within it if under way."""
    frame = data._view()
    actual = frame["stage"].isin(["final", "executed"])
    years = [Period.parse(p) for p in frame.loc[actual, "period"].cat.remove_unused_categories().cat.categories]
    latest = max((p for p in years if p.year <= first), default=None, key=lambda p: (p.year, p.month or 12))
    later = any(p.year > first or (p.year == first and not p.is_month) for p in years)
    if latest is not None and latest.year == first and latest.is_month and latest.month < 12 and not later:
        return latest
    return known_until(data, first) or Period(first - 1, 12)


def any_known(panel: Panel) -> Bools:
    """Whether any item of an area is known in a year: array (areas, years).

    Figures of the economy count only for a fund that has no others.
    """
    own = [series for item, series in panel.items.items() if item not in ECONOMY] or list(panel.items.values())
    return np.asarray(np.logical_or.reduce([~np.isnan(series) for series in own]))


def account_years(panel: Panel) -> npt.NDArray[np.int64]:
    """The year of each area's last account: the one a roll-forward may start from.

    A year is an account where its closing balance is known, or where every side the area
    reports is: its total, or each line that the last account before it had. Single figures
    of a later year are overlaid on what is forecast for it. Where neither balance nor lines
    were ever known lately, the last year with any figure stands for it.

    Returns
    -------
    array of int (areas,)
        Before the panel's first year where nothing is known at all.
    """
    some = any_known(panel)
    closed = ~np.isnan(panel.get("closing_balance"))
    told, reports = np.ones(some.shape, dtype=bool), np.zeros((len(some), 1), dtype=bool)
    for total, lines in _SIDES:
        full = _side_is_full(panel, total, lines)
        here = full.any(axis=1, keepdims=True)
        reports |= here
        told &= full | ~here
    account = _last(closed | (told & reports))
    latest = _last(some)
    recent = (account >= 0) & (latest - account <= STALE_YEARS)
    return panel.years[0] + np.where(recent, account, latest)


def _last(where: Bools) -> npt.NDArray[np.int64]:
    """Index of the last true year of each row; -1 where there is none."""
    return np.asarray(np.where(where, np.arange(where.shape[1]), -1).max(axis=1), dtype=np.int64)


def _side_is_full(panel: Panel, total: str, lines: tuple[str, ...]) -> Bools:
    """Where a side is told in full: its total, or all lines the last year with lines had."""
    known = ~np.isnan(np.stack([panel.get(line) for line in lines]))
    full = ~np.isnan(panel.get(total))
    before = np.zeros(known.shape[:2], dtype=bool)  # lines of the last year that had any
    for year in range(known.shape[2]):
        now = known[:, :, year]
        full[:, year] |= now.any(axis=0) & (now | ~before).all(axis=0)
        before = np.where(full[:, year] & now.any(axis=0), now, before)
    return full
