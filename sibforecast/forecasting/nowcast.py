"""The outturn of the year under way, from its months.

For each series the plain, strong rule: what the year has brought so far, times what the
rest of the year was worth in earlier years (full year ÷ year to date, mean of up to three
years). Without an earlier year, flows are scaled by twelfths and said to be so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.periods import Period
from sibforecast.tables.data import FundData

Floats = npt.NDArray[np.float64]

YEARS_BACK = 3
BY_SHARE = "nowcast: year to date × full year / year to date of earlier years"
BY_REST = "nowcast: year to date + the rest of last year"
BY_TWELFTHS = "nowcast: year to date × 12 / months, for want of earlier months"
AS_IS = "nowcast: value of the last month, for want of earlier months"
DECEMBER = "executed: December's cumulative figure"


@dataclass(frozen=True)
class Outturn:
    """Expected full-year figures of one fund and item, by area."""

    areas: tuple[str, ...]
    value: Floats
    method: tuple[str, ...]


def month_rows(data: FundData, asof: Period) -> pd.DataFrame:
    """Monthly executed figures up to `asof`, with year and month as numbers."""
    frame = data._view()
    names = frame["period"].cat.categories
    parsed = [Period.parse(p) for p in names]
    years = np.array([p.year for p in parsed], dtype=np.int64)
    months = np.array([p.month for p in parsed], dtype=np.int64)
    codes = frame["period"].cat.codes.to_numpy()
    limit = asof.year * 12 + (asof.month or 12)
    use = (months[codes] > 0) & (years[codes] * 12 + months[codes] <= limit)
    use &= (frame["stage"] == "executed").to_numpy()
    rows = frame.loc[use, ["region", "programme", "item", "value"]]
    return rows.assign(year=years[codes][use], month=months[codes][use])


def outturn(data: FundData, year: int, asof: Period) -> dict[tuple[str, str], Outturn]:
    """Full-year expectation for each (fund, item) that has months of `year`."""
    rows = month_rows(data, asof)
    now = rows[rows["year"] == year]
    if now.empty:
        return {}
    latest = now.sort_values("month").drop_duplicates(["region", "programme", "item"], keep="last")
    keys = ["region", "programme", "item"]
    index = pd.MultiIndex.from_frame(latest[keys].astype(object))
    value, month = latest["value"].to_numpy(), latest["month"].to_numpy()
    past = rows[rows["year"] >= year - YEARS_BACK].set_index(
        [*(rows.loc[rows["year"] >= year - YEARS_BACK, k].astype(object) for k in keys), "year", "month"]
    )["value"]
    expected, method = _expected(index, value, month, past, year)
    out: dict[tuple[str, str], Outturn] = {}
    table = latest[keys].astype(object).assign(value=expected, method=method)
    for (programme, item), part in table.groupby(["programme", "item"], sort=False):
        out[str(programme), str(item)] = Outturn(
            tuple(part["region"]), part["value"].to_numpy(dtype=np.float64), tuple(part["method"])
        )
    return out


def _expected(
    index: pd.MultiIndex, value: Floats, month: npt.NDArray[np.int64], past: pd.Series, year: int
) -> tuple[Floats, npt.NDArray[np.object_]]:
    """The rule for all series together."""
    frame = index.to_frame(index=False)
    flow = np.array([items.CATALOGUE[i].timing == "flow" for i in frame["item"]])
    shares, rests = [], []
    for back in range(1, YEARS_BACK + 1):
        full = _at(past, frame, year - back, np.full(len(frame), 12))
        to_date = _at(past, frame, year - back, month)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(to_date > 0, full / to_date, np.nan)
        shares.append(share)
        rests.append(full - to_date)
    stacked = np.stack(shares)
    known = ~np.isnan(stacked)
    count = known.sum(axis=0)
    share = np.where(count > 0, np.where(known, stacked, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)
    sane = (share > 0.2) & (share < 4.0 * 12.0 / month) & (value > 0)
    twelfths = np.where(flow, value * 12.0 / month, value)
    expected = np.where(sane, value * share, np.where(np.isnan(rests[0]), twelfths, value + rests[0]))
    plain = np.where(flow, BY_TWELFTHS, AS_IS).astype(object)
    method = np.where(sane, BY_SHARE, np.where(np.isnan(rests[0]), plain, BY_REST)).astype(object)
    december = month == 12
    return np.where(december, value, expected), np.where(december, DECEMBER, method)


def _at(past: pd.Series, frame: pd.DataFrame, year: int, month: npt.NDArray[np.int64]) -> Floats:
    wanted = pd.MultiIndex.from_arrays(
        [frame["region"], frame["programme"], frame["item"], np.full(len(frame), year), month]
    )
    found: Floats = past.reindex(wanted).to_numpy()
    return found
