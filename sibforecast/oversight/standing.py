"""What was planned and what was last known, for the areas that report: their own figures, else those of the areas below.

Budgets are often drawn up by counties and months reported by leagues: the areas below are
rolled up, item by item by its own rule, with flows between levels taken out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.forecasting.known import known_rows
from sibforecast.items import did_you_mean
from sibforecast.periods import Period
from sibforecast.projection.draft import BudgetDraft, draft_budget
from sibforecast.rollup.roll import roll_items
from sibforecast.tables.data import FundData

Floats = npt.NDArray[np.float64]
KEYS = ["region", "programme", "item"]
Plan = BudgetDraft | FundData | pd.DataFrame
#: Lines that are watched: revenue, expenditure, their totals and the kinds of benefit.
LINES = frozenset(
    code for code, entry in items.CATALOGUE.items()
    if entry.side in ("revenue", "expenditure", "revenue_total", "expenditure_total", "benefit")
)  # fmt: skip
REVENUE = frozenset(code for code in LINES if items.CATALOGUE[code].side in ("revenue", "revenue_total"))
#: What balances rest on.
STOCKS = ("closing_balance", "opening_balance", "current_balance")


def whole_year(year: object) -> int:
    """A year as a number, however it was written.

    Raises
    ------
    SibError
        If it is no year.

    Examples
    --------
    >>> whole_year("2025"), whole_year(2025)
    (2025, 2025)
    """
    period = Period.parse(year)
    if period.is_month:
        raise SibError(f"expected a year such as 2025; found the month {year!r}")
    return period.year


def of_some(column: pd.Series) -> str:
    """Of how many areas and funds a sum is, where it is not of all: what is not known counts as nothing there.

    Examples
    --------
    >>> import pandas as pd
    >>> of_some(pd.Series([1.0, None])), of_some(pd.Series([1.0, 2.0]))
    (' (of 1 of 2 areas and funds; of the rest not known)', '')
    """
    known, every = int(column.notna().sum()), len(column)
    return f" (of {known} of {every} areas and funds; of the rest not known)" if known < every else ""


def at_areas(
    rows: pd.DataFrame, data: FundData, areas: Collection[str], found: list[dict[str, Any]],
    wanted_items: Collection[str] = (*LINES, *STOCKS),
) -> pd.Series:  # fmt: skip
    """Figures of these areas by region, programme and item: their own, else rolled up from below."""
    rows = rows[rows["item"].isin(list(wanted_items))].astype(dict.fromkeys(KEYS, str))
    own = rows[rows["region"].isin(areas)]
    pairs = set(zip(own["region"], own["programme"], strict=True))
    parts = [own]
    tree = data.regions
    levels = {tree.areas[a].level for a in areas if a in tree.areas}
    for level in levels:
        wanted = {a for a in areas if a in tree.areas and tree.areas[a].level == level and tree.children(a)}
        below = {b: a for a in wanted for b in tree.below(a)}
        keep = [below.get(r) is not None and (below[r], p) not in pairs
                for r, p in zip(rows["region"], rows["programme"], strict=True)]  # fmt: skip
        if any(keep):
            rolled = roll_items(rows[keep], tree, level, found)
            parts.append(rolled[rolled["region"].isin(wanted)])
    together = pd.concat(parts, ignore_index=True).astype(dict.fromkeys(KEYS, str)).drop_duplicates(KEYS)
    return together.set_index(KEYS)["value"].astype(float)


def stage_rows(data: FundData, year: int, stage: str) -> pd.DataFrame:
    """The year's figures at one stage; none where the data set has no such stage."""
    frame = data._view()
    rows = frame[(frame["period"] == str(year)) & (frame["stage"] == stage)]
    return rows[[*KEYS, "period", "stage", "value"]].astype({"period": str, "stage": str})


def last_account(data: FundData, year: int) -> pd.DataFrame:
    """What is known of a year: its final account, else its execution, else December's figures."""
    rows = known_rows(data, Period(year, 12))
    rows = rows[rows["period"].astype(str) == str(year)]
    return rows.assign(period=str(year), stage="final")[[*KEYS, "period", "stage", "value"]]


def lowest(rows: pd.DataFrame, data: FundData) -> pd.DataFrame:
    """The rows of areas that hold no other area with rows of the fund: none is counted twice."""
    tree = data.regions
    pairs = list(zip(rows["region"].astype(str), rows["programme"].astype(str), strict=True))
    held = {(above, fund) for area, fund in dict.fromkeys(pairs) if area in tree.areas for above in tree.ancestors(area)}
    return rows[np.array([pair not in held for pair in pairs], dtype=bool)]


def among_peers(
    values: Floats, groups: Sequence[tuple[object, ...]], wider: Sequence[tuple[object, ...]], fewest: int
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Of each area the median of its peers, their robust spread and their number.

    Peers are the others of the group (else of the wider group, where the group has fewer than
    `fewest` others); unknown where there are not as many there either. The spread is the median
    distance from the median ÷ 0.6745.

    Examples
    --------
    >>> values = np.array([1.0, 2.0, 4.0, 100.0])
    >>> among_peers(values, [("a",)] * 4, [("a",)] * 4, 3)[0].tolist()
    [4.0, 4.0, 2.0, 2.0]
    """
    middle, spread = np.full(len(values), np.nan), np.full(len(values), np.nan)
    number = np.zeros(len(values), dtype=np.int64)
    for keys in (wider, groups):  # the nearer group last: it wins
        places: dict[tuple[object, ...], list[int]] = {}
        for i, key in enumerate(keys):
            if np.isfinite(values[i]):
                places.setdefault(key, []).append(i)
        for members in places.values():
            if len(members) <= fewest:
                continue
            for i in members:
                others = values[[m for m in members if m != i]]
                middle[i], number[i] = np.median(others), len(others)
                spread[i] = np.median(np.abs(others - middle[i])) / 0.6745
    return middle, spread, number


def peer_groups(
    rows: pd.DataFrame, data: FundData
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Whom each row's area is like: fund, level and economic tier; and the wider group without the tier."""
    areas = data.regions.areas
    groups: list[tuple[object, ...]] = []
    wider: list[tuple[object, ...]] = []
    for region, programme in zip(rows["region"].astype(str), rows["programme"].astype(str), strict=True):
        area = areas.get(region)
        level, tier = (area.level, area.econ_tier) if area is not None else ("", "")
        wider.append((programme, level))
        groups.append((programme, level, tier))
    return groups, wider


def wide_accounts(data: FundData, year: int, stage: str = "") -> pd.DataFrame:
    """A year's accounts of the lowest areas, a column an item; of the stage, else as last known."""
    rows = stage_rows(data, year, stage) if stage else last_account(data, year)
    text = rows.astype(dict.fromkeys(KEYS, str))
    if text.empty:
        return text[KEYS[:2]]
    return lowest(text, data).pivot_table(index=KEYS[:2], columns="item", values="value", sort=False).reset_index()


def plan_rows(plan: Plan, data: FundData, year: int) -> pd.DataFrame:
    """A plan given by the user, as figures of the year.

    Raises
    ------
    SibError
        With every fault: a column that is missing, an item, fund or area nobody knows, a year
        the plan does not hold.
    """
    frame = plan.frame if isinstance(plan, (BudgetDraft, FundData)) else plan.copy()
    missing = [c for c in (*KEYS, "value") if c not in frame]
    if missing:
        raise SibError(f"the plan lacks {', '.join(missing)}; expected region, programme, item and value")
    if isinstance(plan, BudgetDraft):
        frame = frame[frame["stage"] == "draft"]
    if "period" in frame:
        frame = frame[frame["period"].astype(str) == str(year)]
    if frame.empty:
        raise SibError(f"the plan holds no figure of {year}")
    faults = list(_plan_faults(frame, data))
    if faults:
        raise SibError("\n".join(["the plan:", *(f"  - {f}" for f in faults)]))
    doubled = frame.duplicated(KEYS)
    if doubled.any():
        first = frame.loc[doubled, KEYS].astype(str).iloc[0].tolist()
        raise SibError(f"the plan names {int(doubled.sum())} figures twice, the first of {' / '.join(first)}; keep one row each")
    return frame.assign(period=str(year), stage="budget")[[*KEYS, "period", "stage", "value"]]


def _plan_faults(frame: pd.DataFrame, data: FundData) -> Iterator[str]:
    known: Iterable[tuple[str, Collection[str]]] = (
        ("item", items.CATALOGUE), ("programme", data.programmes), ("region", data.regions.areas),
    )  # fmt: skip
    for column, codes in known:
        for word in dict.fromkeys(frame[column].astype(str)):
            if word not in codes:
                yield f"unknown {column} {word!r}{did_you_mean(word, codes)}"


def forecast_plan(data: FundData, year: int, found: list[dict[str, Any]]) -> pd.DataFrame:
    """The forecast of the year made from data to the December before, where there is no budget."""
    try:
        return plan_rows(draft_budget(data, year, asof=f"{year - 1}-12"), data, year)
    except SibError as fault:
        found.append({"id": "no_plan", "severity": "warning", "period": str(year),
                      "message": f"there is no budget and none can be forecast: {str(fault).splitlines()[0]}",
                      "mend": "enter the budget, or give plan="})  # fmt: skip
        return stage_rows(data, year, "budget").iloc[:0]
