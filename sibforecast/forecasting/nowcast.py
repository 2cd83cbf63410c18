"""`nowcast`: the outturn of the year under way, from its months.

Flows are completed by the rules of `months`; where a budget of the year is known and budgets
of earlier years can be held against what came, the budget counts too, freed of its bias and
weighed by how wrong it was. Years that an event marks (`events`) do not shape others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.forecasting import months as mo
from sibforecast.forecasting import scales as sc
from sibforecast.forecasting import spread as sp
from sibforecast.forecasting.events import Event, left_out
from sibforecast.forecasting.methods import PANEL
from sibforecast.forecasting.variance import KINDS
from sibforecast.periods import Period
from sibforecast.tables.data import FundData

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Years of months that are looked back on.
YEARS = 9
#: Weight of an error one year further back.
FORGETTING = 0.85
#: Earlier years with budget and outturn from which a budget counts.
BUDGETS = 3
BY_RULES = "nowcast: year to date completed by "
BY_NAME = "nowcast: year to date completed by the method asked for, "
BY_REST = "nowcast: year to date + the rest of last year"
BY_TWELFTHS = "nowcast: year to date × 12 / months, for want of earlier months"
AS_BEFORE = "nowcast: moved to December as in earlier years"
AS_IS = "nowcast: value of the last month, for want of earlier months"
DECEMBER = "executed: December's cumulative figure"


@dataclass(frozen=True)
class Outturn:
    """Expected full-year figures of one fund and item, by area."""

    areas: tuple[str, ...]
    value: Floats
    method: tuple[str, ...]
    deviation: Floats  # on the working scale
    shape: Floats
    scale: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Table:
    """Months of all series that report in a year."""

    keys: pd.DataFrame  # region, programme, item
    data: mo.Months
    month: Ints  # the last month known of the year, by series
    year: int


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


def month_table(data: FundData, year: int, asof: Period, events: Sequence[Event] = ()) -> Table | None:
    """The months of all series that report in `year`; ``None`` where none does."""
    rows = month_rows(data, asof)
    rows = rows[(rows["year"] <= year) & (rows["year"] > year - YEARS)]
    now = rows[rows["year"] == year]
    if now.empty:
        return None
    names = ["region", "programme", "item"]
    flat = np.zeros(len(rows), dtype=np.int64)
    for code in (rows[n].astype("category") for n in names):
        flat = flat * (len(code.cat.categories) + 1) + code.cat.codes.to_numpy()
    here = np.unique(flat[(rows["year"] == year).to_numpy()])
    place = np.searchsorted(here, flat)
    place = np.where(place < len(here), place, 0)
    inside = here[place] == flat
    first = int(rows["year"].min())
    values = np.full((len(here), year - first + 1, 12), np.nan)
    column = rows["year"].to_numpy() - first
    values[place[inside], column[inside], rows["month"].to_numpy()[inside] - 1] = rows["value"].to_numpy()[inside]
    _, sample = np.unique(flat, return_index=True)
    keys = rows[names].iloc[sample].astype(str)[np.isin(flat[sample], here)].reset_index(drop=True)
    flow = np.array([items.CATALOGUE[i].timing == "flow" for i in keys["item"]], dtype=bool)
    _annual_december(data, keys, values, first, asof)
    usable = _usable(keys, first, values.shape[1], events)
    month = np.where(~np.isnan(values[:, -1]), np.arange(1, 13), 0).max(axis=1)
    return Table(keys, mo.Months(values, flow, usable), month.astype(np.int64), year)


def _annual_december(data: FundData, keys: pd.DataFrame, values: Floats, first: int, asof: Period) -> None:
    """A December that was never published is the year's account, where there is one."""
    frame = data._view()
    years = frame["period"].cat.categories
    is_year = ~years.str.contains("-")
    use = is_year[frame["period"].cat.codes.to_numpy()] & frame["stage"].isin(["final", "executed"]).to_numpy()
    use &= frame["item"].isin(keys["item"].unique()).to_numpy()
    rows = frame.loc[use, ["region", "programme", "item", "period", "stage", "value"]].astype({"period": str, "stage": str})
    rows["year"] = rows["period"].astype(int)
    rows = rows[(rows["year"] >= first) & (rows["year"] < first + values.shape[1] - 1) & (rows["year"] < asof.year)]
    if rows.empty:
        return
    rows = rows.sort_values("stage", ascending=False).drop_duplicates(["region", "programme", "item", "year"])  # final first
    number = pd.Series(np.arange(len(keys)), index=pd.MultiIndex.from_frame(keys))
    wanted = pd.MultiIndex.from_frame(rows[["region", "programme", "item"]].astype(str))
    at = number.reindex(wanted).to_numpy()
    known = ~np.isnan(at)
    row, column = at[known].astype(np.int64), rows["year"].to_numpy()[known] - first
    hole = np.isnan(values[row, column, 11]) & ~np.isnan(values[row, column]).all(axis=1)
    values[row[hole], column[hole], 11] = rows["value"].to_numpy()[known][hole]


def _usable(keys: pd.DataFrame, first: int, years: int, events: Iterable[Event]) -> npt.NDArray[np.bool_]:
    """Years whose course says something of others."""
    out = np.ones((len(keys), years), dtype=bool)
    span = range(first, first + years)
    many = list(events)
    pairs = keys[["programme", "item"]].drop_duplicates()
    for programme, item in pairs.itertuples(index=False):
        gone = left_out(many, programme, item, span)
        if gone:
            rows = ((keys["programme"] == programme) & (keys["item"] == item)).to_numpy()
            for year in gone:
                out[rows, year - first] = False
    return out


def expected(table: Table, methods: Mapping[str, str] | None = None) -> tuple[Floats, npt.NDArray[np.object_], Floats]:
    """Full-year figures of all series, how they were found, and errors of the same at earlier years.

    `methods` names a rule of `months.NAMED` for an item; other items get the combination.
    """
    size = len(table.keys)
    value, method = np.full(size, np.nan), np.full(size, "", dtype=object)
    errors = np.full((size, table.data.values.shape[1]), np.nan)
    asked = np.array([(methods or {}).get(i, "") for i in table.keys["item"]], dtype=object)
    for month, name in sorted(set(zip(table.month.tolist(), asked.tolist(), strict=True))):
        rows = np.flatnonzero((table.month == month) & (asked == name))
        part = mo.Months(table.data.values[rows], table.data.flow[rows], table.data.usable[rows])
        here = part.values[:, -1, month - 1]
        if month == 12:
            value[rows], method[rows], errors[rows] = here, DECEMBER, 0.0
            continue
        flow_value, flow_words = _flows(part, month, name)
        stocks = mo.december(part, month)
        value[rows] = np.where(part.flow, flow_value, np.where(np.isnan(stocks), here, stocks))
        method[rows] = np.where(part.flow, flow_words, np.where(np.isnan(stocks), AS_IS, AS_BEFORE))
        errors[rows] = mo.past_errors(part, month, name)
    return value, method, errors


def _flows(part: mo.Months, month: int, name: str) -> tuple[Floats, npt.NDArray[np.object_]]:
    """Full-year flows and how they were found: the rule asked for, else the combination, else without rules."""
    flows, told = mo.outturn(part, month)
    plain, words = _without_rules(part, month)
    named = [BY_RULES + ", ".join(r for r, t in zip(mo.RULES, row, strict=True) if t) for row in told]
    value = np.where(np.isnan(flows), plain, flows)
    words = np.where(np.isnan(flows), words, np.array(named, dtype=object))
    if not name:
        return value, words
    own = mo.completed(part, month, name)
    lacks = "too few months, or one of nothing or less" if name == "seasonal" else "no earlier year says"
    label = name.replace("_", " ")
    return np.where(np.isnan(own), value, own), np.where(np.isnan(own), words + f"; not by {label}: {lacks}", BY_NAME + label)


def _without_rules(part: mo.Months, month: int) -> tuple[Floats, npt.NDArray[np.object_]]:
    """Flows no rule completes: last year's rest on top, else twelfths."""
    to_date = part.values[:, -1, month - 1]
    rest = np.full(len(to_date), np.nan)
    if part.values.shape[1] > 1:
        before = part.values[:, -2]
        rest = np.where(part.usable[:, -2], before[:, 11] - before[:, month - 1], np.nan)
    words = np.where(np.isnan(rest), BY_TWELFTHS, BY_REST).astype(object)
    return np.where(np.isnan(rest), to_date * 12.0 / month, to_date + rest), words


def outturn(
    data: FundData, year: int, asof: Period, events: Sequence[Event] = (), methods: Mapping[str, str] | None = None
) -> dict[tuple[str, str], Outturn]:
    """Full-year expectation for each (fund, item) that has months of `year`; `methods` as in `expected`."""
    table = month_table(data, year, asof, events)
    if table is None:
        return {}
    value, method, errors = expected(table, methods)
    deviation, shape = _spread(table, errors)
    value, method, deviation = _with_budget(data, table, value, method, deviation)
    scale = np.where(value > 0, sc.LOG, sc.PLAIN).astype(np.int8)
    deviation = np.where(scale == sc.LOG, deviation, deviation * np.abs(value))
    out: dict[tuple[str, str], Outturn] = {}
    regions = table.keys["region"].to_numpy()
    pairs = table.keys["programme"] + "|" + table.keys["item"]
    for pair, rows in pairs.groupby(pairs, sort=False).indices.items():
        programme, _, item = str(pair).partition("|")
        out[programme, item] = Outturn(
            tuple(regions[rows]), value[rows], tuple(method[rows]), deviation[rows], shape[rows], scale[rows]
        )
    return out


def _spread(table: Table, errors: Floats) -> tuple[Floats, Floats]:
    """Deviation (on logs) and shape.

    Groups are the areas of an item of a fund; where they are few, all flows (or stocks) of
    the data at the same month: months of few years say little alone.
    """
    kind = np.where(table.data.flow, "flow", "stock")
    words = (table.keys["programme"] + "|" + table.keys["item"]).to_numpy().astype(str)
    _, place, many = np.unique(words, return_inverse=True, return_counts=True)
    words = np.where(many[place] >= PANEL, words, kind)
    months = np.char.add(np.char.add(words, "|"), table.month.astype(str))
    groups = np.unique(months, return_inverse=True)[1].astype(np.int64)
    left = np.array([max(12 - int(table.month.min()), 1) / 12.0])  # in December nothing is left, and nothing in doubt
    past = errors[:, 1:-1, None] if errors.shape[1] > 2 else errors[:, :0, None]
    kinds = np.where(table.data.flow, KINDS.index("money"), KINDS.index("heads"))
    found = sp.spread_of(past, groups, left, kinds, forgetting=FORGETTING, drift=(1.0 - FORGETTING) ** 2 / FORGETTING)
    return np.where(table.month == 12, 0.0, found.deviation[:, 0]), found.shape[:, 0]


def _with_budget(
    data: FundData, table: Table, value: Floats, method: npt.NDArray[np.object_], deviation: Floats
) -> tuple[Floats, npt.NDArray[np.object_], Floats]:
    """The budget as one more voice: freed of its bias, weighed by its own errors."""
    frame = data._view()
    rows = frame[(frame["stage"] == "budget") & frame["item"].isin(table.keys["item"].unique())]
    rows = rows[~rows["period"].astype(str).str.contains("-")]
    if rows.empty:
        return value, method, deviation
    names = ["region", "programme", "item"]
    wide = rows.assign(year=rows["period"].astype(str).astype(int)).astype(dict.fromkeys(names, str))
    budgets = wide.pivot_table(index=names, columns="year", values="value", observed=True)
    if table.year not in budgets.columns:
        return value, method, deviation
    aligned = budgets.reindex(pd.MultiIndex.from_frame(table.keys))
    first = table.year - table.data.values.shape[1] + 1
    past = aligned.reindex(columns=range(first, table.year)).to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.log(table.data.values[:, :-1, 11] / past)
    apart = np.where(np.isfinite(apart) & table.data.usable[:, :-1], apart, np.nan)
    count = (~np.isnan(apart)).sum(axis=1)
    told = (count >= BUDGETS) & table.data.flow & (table.month < 12) & (value > 0)
    now = aligned[table.year].to_numpy()
    told &= np.nan_to_num(now) > 0
    if not told.any():
        return value, method, deviation
    value, method, deviation = value.copy(), method.copy(), deviation.copy()
    for row in np.flatnonzero(told):
        known = apart[row][~np.isnan(apart[row])]
        bias, wrong = known.mean(), known.var(ddof=1) * (1.0 + 1.0 / len(known))
        own = deviation[row] ** 2
        weight = own / (own + wrong) if own + wrong > 0 else 0.0
        value[row] = np.exp((1.0 - weight) * np.log(value[row]) + weight * (np.log(now[row]) + bias))
        deviation[row] = np.sqrt((1.0 - weight) ** 2 * own + weight**2 * wrong)
        method[row] += f"; budget less its bias of {bias:+.1%} weighs {weight:.0%}"
    return value, method, deviation
