"""`backtest`: what would have been forecast, and what came.

Every origin is forecast by `forecast` (and `nowcast`, where it lies within a year) from what
was known at it, never more. Beside them run the rivals everybody can work out on paper: last
year's figure, drift, growth of three years, growth and share of the year to date, the
approved budget, and the analysts' own judgement of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast.errors import SibError
from sibforecast.forecasting import accuracy as ac
from sibforecast.forecasting import methods as m
from sibforecast.forecasting import months as mo
from sibforecast.forecasting import nowcast as nc
from sibforecast.forecasting.drivers import forecast
from sibforecast.forecasting.events import events_of
from sibforecast.forecasting.fund_forecast import COMPUTED, POLICY_ITEMS, FundForecast
from sibforecast.forecasting.known import known_rows
from sibforecast.forecasting.scales import within
from sibforecast.forecasting.spread import quantile
from sibforecast.items import item
from sibforecast.periods import Period
from sibforecast.results import Findings, Result
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Panel, panels

Floats = npt.NDArray[np.float64]

#: The package's own forecast, under the name it has in the table.
OURS = "sibforecast"
#: Rivals on yearly figures, by the method of `methods` that they are.
YEARLY = {"naive": m.last_value, "drift": m.drift, "growth_of_three": m.growth_of_three}
RIVALS = (*YEARLY, "year_to_date_growth", "year_to_date_share", "seasonal_bank", "budget", "judgement")
#: How many origins are tried by default.
ORIGINS = 5
_KEYS = ("region", "programme", "item", "origin", "period", "horizon", "method")
_BOUNDS = ("lower80", "upper80", "lower95", "upper95")
_TAILS = (0.1, 0.9, 0.025, 0.975)


@dataclass(frozen=True, repr=False)
class Backtest(Result):
    """Forecasts of the past with what came, ours beside the rivals.

    The frame has region, programme, item, origin, period, horizon, method, forecast, actual
    and the bounds of the 80 and 95 % intervals (ours only). Horizon 0 is the year under way.
    """

    data: FundData | None = field(default=None, repr=False)
    scales: pd.Series | None = field(default=None, repr=False)  # mean yearly change of each series, for MASE
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)

    columns: ClassVar[tuple[str, ...]] = (*_KEYS, "forecast", "actual", *_BOUNDS)

    def headline(self) -> str:
        """Series and origins."""
        frame = self.frame
        series = frame.groupby(["region", "programme", "item"], observed=True).ngroups
        return f"{series:,} series, {frame['origin'].nunique()} origins, {len(frame):,} forecasts; errors in per cent"

    def summary(self, by: Sequence[str] = ("horizon", "method")) -> pd.DataFrame:
        """Measures by any of the key columns.

        Parameters
        ----------
        by : sequence of str
            For example ``("programme", "item", "method")``.

        Returns
        -------
        DataFrame
            number, MAPE, ours (our own MAPE on the figures the method forecast: like for like),
            WAPE, bias (per cent), MASE, coverage and interval score of the 80 and 95 % intervals.
        """
        frame = self.frame
        scale = np.full(len(frame), np.nan)
        if self.scales is not None and len(frame):
            keys = pd.MultiIndex.from_frame(frame[["region", "programme", "item"]].astype(str))
            scale = self.scales.reindex(keys).to_numpy()
        cells = pd.MultiIndex.from_frame(frame[["region", "programme", "item", "origin", "period"]].astype(str)).factorize()[0]
        own_at = np.full(len(frame), np.nan)  # our forecast of each row's figure
        is_ours = (frame["method"] == OURS).to_numpy()
        own_at[cells[is_ours]] = frame["forecast"].to_numpy()[is_ours]
        rows = []
        for key, index in frame.groupby(list(by), observed=True, sort=False).indices.items():
            part, own = frame.iloc[index], scale[index]
            told, came = part["forecast"].to_numpy(), part["actual"].to_numpy()
            low80, up80, low95, up95 = (part[c].to_numpy() for c in _BOUNDS)
            rows.append({
                **dict(zip(by, key if isinstance(key, tuple) else (key,), strict=True)), "number": len(part),
                "MAPE": ac.mape(told, came), "ours": ac.mape(own_at[cells[index]], came),
                "WAPE": ac.wape(told, came), "bias": ac.bias(told, came),
                "MASE": ac.mase(told, came, own),
                "covered80": ac.coverage(came, low80, up80), "covered95": ac.coverage(came, low95, up95),
                "score80": ac.interval_score(came, low80, up80, 0.8), "score95": ac.interval_score(came, low95, up95, 0.95),
            })  # fmt: skip
        table = pd.DataFrame(rows)
        return table.set_index(list(by)).sort_index().round(3) if rows else table


def backtest(
    data: FundData, *, horizon: int = 1, origins: Iterable[str | int] | None = None, methods: Iterable[str] | None = None,
    items: Iterable[str] | None = None,
) -> Backtest:  # fmt: skip
    """Forecast the past from what was known at earlier origins.

    Parameters
    ----------
    data : FundData
        Its final accounts (else the executed year) are what came.
    horizon : int
        Years ahead of each origin, beside the year under way where an origin lies within it.
    origins : iterable of str or int, optional
        Years (``2020``: the end of it) or months (``2020-09``); by default the last five years
        that have a year after them.
    methods : iterable of str, optional
        Rivals: naive, drift, growth_of_three, year_to_date_growth, year_to_date_share, seasonal_bank, budget,
        judgement; all by default. Ours is always there.
    items : iterable of str, optional
        Items to keep; all by default.

    Returns
    -------
    Backtest

    Raises
    ------
    SibError
        If a rival or an item is unknown, or no origin leaves anything to compare; an origin too
        early for the data is left out and told in ``findings``.

    Examples
    --------
    >>> import sibforecast as sib
    >>> b = sib.backtest(sib.load(sib.sample("oasdi")), origins=[2002, 2003], items=["contributors"])
    >>> table = b.summary()
    >>> bool(table.loc[(1, "sibforecast"), "MAPE"] < table.loc[(1, "drift"), "MAPE"] * 1.2)
    True
    """
    rivals = tuple(methods) if methods is not None else RIVALS
    for name in rivals:
        if name not in RIVALS:
            raise SibError(f"unknown rival {name!r}; expected some of {', '.join(RIVALS)}")
    truth = _truth(data)
    last = int(truth.index.get_level_values("period").max())
    wanted = [Period.parse(str(o)) for o in origins] if origins is not None else _default_origins(truth, last, horizon)
    kept = frozenset(item(i).code for i in items) if items is not None else None
    blocks: list[pd.DataFrame] = []
    judged = _judged(data)  # scored beside the forecasts, never part of them
    bare = data.replaced(data._view, tables={name: table for name, table in data.tables.items() if name != "assumptions"})
    skipped: list[dict[str, str]] = []
    for origin in wanted:
        try:
            blocks.extend(list(_at_origin(bare, judged, origin, horizon, last, rivals, kept)))
        except SibError as why:  # too early for these data: the other origins still tell
            skipped.append({"id": "origin_skipped", "severity": "note", "period": str(origin), "message": str(why),
                            "mend": "leave this origin out, or add figures of earlier years"})
    table = pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=[*_KEYS, "forecast", *_BOUNDS])
    keys = pd.MultiIndex.from_frame(table[["region", "programme", "item", "period"]].astype(str))
    table["actual"] = truth.reindex(keys).to_numpy() if len(table) else []
    table = table[table["actual"].notna() & table["forecast"].notna()]
    if table.empty:
        reasons = "; ".join(f"{row['period']}: {row['message']}" for row in skipped)
        raise SibError("no origin leaves a forecast to compare with what came" + (f" ({reasons})" if reasons else ""))
    frame = table.astype(dict.fromkeys(("region", "programme", "item", "origin", "period", "method"), "category"))
    frame = frame[list(Backtest.columns)].reset_index(drop=True)
    first = min(o.year for o in wanted)
    provenance = {**data.provenance, "origins": [str(o) for o in wanted]}
    return Backtest(lambda: frame, provenance, data=data, scales=_scales(truth, first),
                    findings=Findings.of(skipped, provenance))


def _truth(data: FundData) -> pd.Series:
    """What came: yearly figures by region, programme, item and period."""
    frame = data._view()
    latest = max(Period.parse(p).year for p in frame["period"].cat.categories)
    rows = known_rows(data, Period(latest, 12))
    rows = rows[rows["rank"] != 2]  # what compilers expected is no outturn
    keys = ["region", "programme", "item", "period"]
    return rows.astype(dict.fromkeys(keys, str)).set_index(keys)["value"]


def _default_origins(truth: pd.Series, last: int, horizon: int) -> list[Period]:
    first = int(truth.index.get_level_values("period").min())
    return [Period(y, 12) for y in range(max(first + 2, last - horizon - ORIGINS + 1), last - horizon + 1)]


def _scales(truth: pd.Series, until: int) -> pd.Series:
    """Mean absolute yearly change of each series up to the first origin."""
    past = truth[truth.index.get_level_values("period").astype(int) <= until]
    if past.empty:
        return past
    wide = past[~past.index.duplicated()].unstack("period")
    return wide.diff(axis=1).abs().mean(axis=1)


@dataclass(frozen=True)
class _Made:
    """What is forecast at one origin, and which of it is kept."""

    origin: str
    year: int
    rivals: tuple[str, ...]
    kept: frozenset[str] | None

    def wants(self, item: str) -> bool:
        return item not in COMPUTED | POLICY_ITEMS and (self.kept is None or item in self.kept)

    def block(
        self, areas: npt.NDArray[np.object_], programme: str, item: str, period: int, method: str, value: Floats,
        bounds: Sequence[Floats] = (),
    ) -> pd.DataFrame:  # fmt: skip
        """Rows of one method, fund, item and year."""
        size = len(areas)
        blank = np.full(size, np.nan)
        table = {"region": areas, "programme": [programme] * size, "item": [item] * size, "origin": [self.origin] * size,
                 "period": [str(period)] * size, "horizon": period - self.year, "method": [method] * size,
                 "forecast": value}  # fmt: skip
        return pd.DataFrame(table | dict(zip(_BOUNDS, bounds or (blank,) * 4, strict=True)))


def _at_origin(
    data: FundData, judged: pd.DataFrame, origin: Period, horizon: int, last: int, rivals: tuple[str, ...],
    kept: frozenset[str] | None,
) -> Iterator[pd.DataFrame]:
    """All forecasts made at one origin."""
    limit = Period(origin.year, origin.month or 12)
    under_way = limit.month < 12
    made = _Made(str(limit) if under_way else str(limit.year), limit.year, rivals, kept)
    if under_way:
        for (programme, item), o in nc.outturn(data, limit.year, limit, events_of(data, limit)).items():
            if made.wants(item):
                bounds = [within(item, quantile(o.value, o.deviation, o.shape, o.scale, q)) for q in _TAILS]
                yield made.block(np.array(o.areas, dtype=object), programme, item, limit.year, OURS, o.value, bounds)
        yield from _by_months(data, limit, made)
    years = [y for y in range(limit.year + 1, limit.year + 1 + horizon) if y <= last]
    if years:
        known = panels(known_rows(data, limit), data)
        for programme, fund in forecast(data, years, asof=str(limit)).funds.items():
            for item in fund.point:
                if made.wants(item):
                    yield from _ours(fund, programme, item, years, made)
                    yield from _yearly(fund, known.get(programme), item, years, made)
    drafted = limit.year + (not under_way)  # a budget is known for the year that is drafted next
    for rival, rows in (("budget", _budgets(data)), ("judgement", judged)):
        if rival in rivals:
            here = rows[(rows["period"] == str(drafted)) & np.array([made.wants(i) for i in rows["item"]], dtype=bool)]
            for index in here.groupby(["programme", "item"], sort=False).indices.values():
                some = here.iloc[index]
                areas = some["region"].to_numpy(dtype=object)
                code, name = str(some["programme"].iloc[0]), str(some["item"].iloc[0])
                yield made.block(areas, code, name, drafted, rival, some["value"].to_numpy(dtype=np.float64))


def _ours(fund: FundForecast, programme: str, item: str, years: Sequence[int], made: _Made) -> Iterator[pd.DataFrame]:
    areas = np.array(fund.panel.areas, dtype=object)
    for year in years:
        j = fund.years.index(year)
        point, doubt = fund.point[item][:, j], fund.spread[item][:, j]
        form, scale = fund.shape[item][:, j], fund.scale[item][:, j]
        bounds = [within(item, quantile(point, doubt, form, scale, q), fund.panel.items.get(item)) for q in _TAILS]
        yield made.block(areas, programme, item, year, OURS, point, bounds)


def _yearly(
    fund: FundForecast, known: Panel | None, item: str, years: Sequence[int], made: _Made
) -> Iterator[pd.DataFrame]:
    """Rivals on the yearly figures each area had at the origin; on logs where all of them are positive."""
    panel = known.only(np.isin(known.areas, fund.panel.areas)) if known is not None and item in known.items else fund.panel
    series = panel.items.get(item)
    if series is None:
        return
    horizons = np.array([y - panel.years[-1] for y in years])
    areas = np.array(panel.areas, dtype=object)
    positive = np.asarray((np.isnan(series) | (series > 0)).all(axis=1))
    logs = np.log(np.where(positive[:, None], series, 1.0))
    for name, method in YEARLY.items():
        if name in made.rivals:
            free = {} if method is m.last_value else {"limit": np.inf}
            plain, grown = method(series, horizons, **free), np.exp(method(logs, horizons))
            ahead = np.where(positive[:, None], grown, plain)
            for j, year in enumerate(years):
                yield made.block(areas, panel.programme, item, year, name, ahead[:, j])


def _by_months(data: FundData, limit: Period, made: _Made) -> Iterator[pd.DataFrame]:
    """The plain rules on the months of the year under way."""
    found = nc.month_table(data, limit.year, limit)
    if found is None:
        return
    rules = {"year_to_date_growth": mo.year_to_date_growth, "year_to_date_share": mo.year_to_date_share,
             "seasonal_bank": mo.seasonal}  # fmt: skip
    for name, rule in rules.items():
        if name not in made.rivals:
            continue
        value = np.full(len(found.keys), np.nan)
        for month in np.unique(found.month):
            rows = np.flatnonzero(found.month == month)
            months = mo.Months(found.data.values[rows], found.data.flow[rows], np.ones_like(found.data.usable[rows]))
            value[rows] = np.where(months.flow, rule(months, int(month)), np.nan)
        for index in found.keys.groupby(["programme", "item"], sort=False).indices.values():
            part = found.keys.iloc[index]
            fund, item = str(part["programme"].iloc[0]), str(part["item"].iloc[0])
            if made.wants(item):
                yield made.block(part["region"].to_numpy(dtype=object), fund, item, limit.year, name, value[index])


def _budgets(data: FundData) -> pd.DataFrame:
    """Approved budgets as forecasts of their year."""
    frame = data._view()
    keys = ["region", "programme", "item", "period"]
    use = (frame["stage"] == "budget") & frame["programme"].isin(list(data.programmes))
    rows = frame.loc[use, [*keys, "value"]].astype(dict.fromkeys(keys, str))
    return rows[~rows["period"].str.contains("-")]


def _judged(data: FundData) -> pd.DataFrame:
    """Judgement of earlier years, for single areas and funds: what analysts gave, to be scored."""
    table = data.table("assumptions")
    keys = ["region", "programme", "item", "period"]
    if table.empty:
        return pd.DataFrame(columns=[*keys, "value"])
    rows = table[[*keys, "value"]].astype(dict.fromkeys(keys, str))
    return rows[(rows["region"] != "") & (rows["programme"] != "")]

