"""Who has not reported, and what reports say of themselves that cannot be: figures that fall, months sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast.forecasting import nowcast as nc
from sibforecast.oversight.standing import stage_rows
from sibforecast.periods import Period
from sibforecast.programmes.registry import PRINTED_TOTAL
from sibforecast.tables.data import FundData

#: A fall below a cent is none.
_CENT = 0.005


def report_findings(data: FundData, table: nc.Table, asof: Period) -> list[dict[str, Any]]:
    """Findings on the reports of the year, as records."""
    return [*_silent(data, table, asof), *_holes(table), *fallen(table), *_repeated(table), *_twice(data, asof.year)]


def months_behind(data: FundData, year: int) -> list[dict[str, Any]]:
    """What the months of a year that is settled or scored say of themselves that cannot be; printed totals apart."""
    table = nc.month_table(data, year, Period(year, 12))
    found = [*_holes(table), *fallen(table), *_repeated(table)] if table is not None else []
    return [*(f for f in found if f["programme"] != PRINTED_TOTAL), *_twice(data, year)]


def _twice(data: FundData, year: int) -> Iterator[dict[str, Any]]:
    """Figures of the year that came in twice, as the reading found them: the same figure, taken once."""
    frame = data.findings.frame
    for row in frame[(frame["id"] == "duplicate_same") & frame["period"].fillna("").str.startswith(str(year))].to_dict("records"):
        yield {str(k): v for k, v in row.items()}


def _finding(name: str, message: str, mend: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "severity": "warning", "table": "history", "message": message, "mend": mend, **more}


def _silent(data: FundData, table: nc.Table, asof: Period) -> Iterator[dict[str, Any]]:
    """Areas and funds that reported last year or earlier this year, and not to the month asked for."""
    rows = nc.month_rows(data, asof)
    before = rows[(rows["year"] == asof.year - 1) & (rows["programme"] != PRINTED_TOTAL)]
    pairs = dict.fromkeys(zip(before["region"].astype(str), before["programme"].astype(str), strict=True), 0)
    for key, month in zip(table.keys.itertuples(index=False), table.month, strict=True):
        pair = (str(key.region), str(key.programme))
        pairs[pair] = max(pairs.get(pair, 0), int(month))
    ended = {p for p in {p for _, p in pairs} if all(month == 0 for (_, fund), month in pairs.items() if fund == p)}
    for (region, programme), month in pairs.items():
        if month >= asof.month or programme in ended:
            continue
        told = f"the last report is of {Period(asof.year, month)}" if month else f"nothing is reported of {asof.year}"
        yield _finding("not_reported", f"{asof} is not reported; {told}", "ask the area for its report",
                       region=region, programme=programme, period=str(asof))  # fmt: skip
    yield from _only_budgeted(data, table, asof, set(pairs))
    for programme in sorted(ended):
        yield _finding("fund_silent", f"no area reports {programme} in {asof.year}, as they did in {asof.year - 1}",
                       "ask for the reports, or say in the table programmes what succeeded it",
                       programme=programme, period=str(asof.year))  # fmt: skip
    for key, month in zip(table.keys.itertuples(index=False), table.month, strict=True):
        last = pairs[str(key.region), str(key.programme)]
        if month < last:
            yield _finding("item_not_reported", f"the item is missing in {Period(asof.year, last)}; its last figure is of "
                           f"{Period(asof.year, int(month))}", "enter the figure", region=key.region,
                           programme=key.programme, item=key.item, period=str(Period(asof.year, last)))  # fmt: skip


def _only_budgeted(data: FundData, table: nc.Table, asof: Period, told: set[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Areas and funds with a budget of the year of which no month is known: not theirs, not of areas within or above."""
    frame, tree = data._view(), data.regions
    rows = frame[(frame["period"] == str(asof.year)) & frame["stage"].isin(["budget", "adjusted"]) & frame["value"].notna()]
    pairs = dict.fromkeys(zip(rows["region"].astype(str), rows["programme"].astype(str), strict=True))
    near = {(above, fund) for region, fund in told if region in tree.areas for above in tree.ancestors(region)}
    funds = {fund for _, fund in told}
    silent = [
        (region, fund) for region, fund in pairs
        if fund != PRINTED_TOTAL and (region, fund) not in told | near
        and not any((a, fund) in told for a in (tree.ancestors(region) if region in tree.areas else ()))
    ]  # fmt: skip
    for fund in dict.fromkeys(f for _, f in silent if f not in funds):
        yield _finding("fund_silent", f"no area reports {fund} in {asof.year}, though it has a budget", "ask for the reports",
                       programme=fund, period=str(asof.year))  # fmt: skip
    for region, fund in silent:
        if fund in funds:
            yield _finding("not_reported", f"{asof} is not reported; there is a budget of {asof.year} and no month of it",
                           "ask the area for its report", region=region, programme=fund, period=str(asof))  # fmt: skip


def _holes(table: nc.Table) -> Iterator[dict[str, Any]]:
    """Months that are missing before the last one reported; the first months of a series' first year apart."""
    now = table.data.values[:, -1]
    known = ~np.isnan(now)
    later = np.maximum.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    hole = ~known & later
    keys = table.keys.astype(str)
    for region, programme, rows in _pairs(table):
        months = np.flatnonzero(hole[rows].all(axis=0)) + 1  # no item of the fund is told
        some = np.flatnonzero(hole[rows].any(axis=0) & ~hole[rows].all(axis=0)) + 1
        if len(months):
            told = ", ".join(str(Period(table.year, int(m))) for m in months)
            yield _finding("missing_month", f"{told}: no figure; the course between is taken as a straight line",
                           "enter the month", region=region, programme=programme, period=told)  # fmt: skip
        for row in rows:
            mine = [m for m in some if hole[row, m - 1]]
            if mine:
                told = ", ".join(str(Period(table.year, int(m))) for m in mine)
                yield _finding("missing_month", f"{told}: the item has no figure", "enter the month", region=region,
                               programme=programme, item=keys["item"].iloc[row], period=told)  # fmt: skip


def _pairs(table: nc.Table) -> Iterator[tuple[str, str, npt.NDArray[np.int64]]]:
    """Area, fund and the series of it."""
    rows: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(zip(table.keys["region"].astype(str), table.keys["programme"].astype(str), strict=True)):
        rows.setdefault(key, []).append(place)
    for (region, programme), places in rows.items():
        yield region, programme, np.array(places, dtype=np.int64)


def fallen(table: nc.Table) -> Iterator[dict[str, Any]]:
    """Cumulative figures that fell from one reported month to the next."""
    for row in np.flatnonzero(table.data.flow):
        now = table.data.values[row, -1]
        months = np.flatnonzero(~np.isnan(now))
        for before, after in pairwise(months):
            if now[after] < now[before] - _CENT:
                place = dict(table.keys.iloc[row].astype(str)) | {"period": str(Period(table.year, int(after) + 1))}
                yield _finding(
                    "cumulative_fell", f"the cumulative figure is below that of {Period(table.year, int(before) + 1)}: a "
                    "correction, or the month alone instead of the sum since January",
                    "enter the sum since January, or explain the correction",
                    expected=f"at least {now[before]:,.2f}", found=f"{now[after]:,.2f}", **place,
                )  # fmt: skip


def _repeated(table: nc.Table) -> Iterator[dict[str, Any]]:
    """Reports in which no flow moved since the month before: most likely last month's sent again."""
    now = table.data.values[:, -1]
    for region, programme, rows in _pairs(table):
        flows = rows[table.data.flow[rows]]
        for month in range(1, 12):
            here, before = now[flows, month], now[flows, month - 1]
            told = ~np.isnan(here) & ~np.isnan(before) & (before > 0)
            if told.sum() > 1 and (here[told] == before[told]).all():
                yield _finding("report_repeated", f"all {int(told.sum())} flows are those of {Period(table.year, month)}: the "
                               "same report sent twice", "send the month's own figures", region=region, programme=programme,
                               period=str(Period(table.year, month + 1)))  # fmt: skip


def budgets_above(data: FundData, year: int, bare: pd.DataFrame, found: list[dict[str, Any]]) -> None:
    """Months of areas whose budget is drawn up for an area above them: that is told, not shared out."""
    rows = stage_rows(data, year, "budget")
    told = set(zip(rows["region"].astype(str), rows["programme"].astype(str), strict=True))
    seen = {
        (above, programme)
        for region, programme in set(zip(bare["region"], bare["programme"], strict=True)) if region in data.regions.areas
        for above in data.regions.ancestors(region) if (above, programme) in told
    }  # fmt: skip
    for region, programme in sorted(seen):
        found.append({
            "id": "budget_above", "severity": "warning", "region": region, "programme": programme, "period": str(year),
            "message": "the budget is this area's, the months are reported by areas within it: they are held against a forecast",
            "mend": "monitor(roll_up(data, level), ...) holds the area against its budget",
        })  # fmt: skip
