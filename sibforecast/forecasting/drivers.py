"""`forecast`: every driver of every fund and area, with its method and its doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.forecasting import methods as m
from sibforecast.forecasting.known import any_known, known_rows
from sibforecast.forecasting.years import FundForecast, Span, fund_years
from sibforecast.periods import Period
from sibforecast.results import Result
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import panels


@dataclass(frozen=True, repr=False)
class Forecast(Result):
    """Forecasts of drivers with their intervals.

    The frame has region, programme, item, period, quantile (blank: the point), value and
    method. Quantiles come from the errors of rolling origins, pooled with the same item of
    other areas where a series is short.
    """

    funds: Mapping[str, FundForecast] = field(default_factory=dict)
    too_old: Mapping[str, int] = field(default_factory=dict)  # funds left out, with their last year
    data: FundData | None = field(default=None, repr=False)
    periods: tuple[int, ...] = ()
    level: tuple[int, ...] = (80, 95)

    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "item", "period", "quantile", "value", "method",
    )  # fmt: skip

    def headline(self) -> str:
        """Series and periods."""
        series = sum(len(f.point) * len(f.panel.areas) for f in self.funds.values())
        return f"{series:,} series, {self.periods[0]}-{self.periods[-1]}"


def forecast(
    data: FundData,
    periods: int | Iterable[int],
    *,
    asof: str | None = None,
    level: Sequence[int] = (80, 95),
    methods: Mapping[str, str] | None = None,
) -> Forecast:
    """Forecast every driver.

    Parameters
    ----------
    data : FundData
        The history; months of the year under way are used for its outturn.
    periods : int or iterable of int
        Years to forecast.
    asof : str, optional
        Nothing after this period is used; by default everything before the first year, and
        the months of the first year if it is the one under way.
    level : sequence of int
        Coverage of the intervals in per cent.
    methods : mapping, optional
        Method by item: ``trend``, ``last_value`` or ``recent_mean``.

    Returns
    -------
    Forecast

    Raises
    ------
    SibError
        If nothing is known before the periods, or a method is unknown.

    Examples
    --------
    >>> import sibforecast as sib
    >>> f = sib.forecast(sib.load(sib.sample("oasdi")), 2005, asof="2004")
    >>> point = f.frame.query("item == 'beneficiaries' and programme == 'oasi' and quantile.isna()")
    >>> bool(abs(point["value"].iloc[0] / 40_128_579 - 1) < 0.01)
    True
    """
    wanted = (periods,) if isinstance(periods, int) else tuple(sorted(int(p) for p in periods))
    if not wanted:
        raise SibError("no period to forecast")
    for name in (methods or {}).values():
        if name not in m.METHODS:
            raise SibError(f"unknown method {name!r}; expected one of {', '.join(m.METHODS)}")
    limit = Period.parse(asof) if asof else _known_until(data, wanted[0])
    rows = known_rows(data, limit)
    ranks = panels(rows.assign(value=rows["rank"].astype(np.float64)), data)
    funds: dict[str, FundForecast] = {}
    too_old: dict[str, int] = {}
    for programme, panel in panels(rows, data).items():
        last = panel.years[int(np.flatnonzero(any_known(panel).any(axis=0))[-1])]
        if last >= wanted[0] and not asof:
            raise SibError(f"{programme}: {last} is already known; ask for later years")
        span = Span(last, wanted[0], wanted[-1], limit)
        fund = fund_years(data, panel, ranks[programme], span, methods or {})
        if fund is not None:
            funds[programme] = fund
        else:
            too_old[programme] = last
    if not funds:
        known = ", ".join(f"{p} to {y}" for p, y in too_old.items())
        raise SibError(f"nothing is known lately enough to forecast {wanted[0]}" + (f"; accounts end: {known}" if known else ""))
    provenance = {**data.provenance, "asof": str(limit)}
    frame_level = tuple(level)
    return Forecast(
        lambda: _frame(funds, wanted, frame_level),
        provenance,
        funds=funds,
        too_old=too_old,
        data=data,
        periods=wanted,
        level=frame_level,
    )


def showing(result: Forecast, periods: Sequence[int]) -> Forecast:
    """The same forecast whose frame shows these years, the one under way among them."""
    return replace(result, build=lambda: _frame(result.funds, tuple(periods), result.level))


def _known_until(data: FundData, first: int) -> Period:
    """The default as-of date: the end of the data before `first`, or within it if under way."""
    frame = data._view()
    actual = frame["stage"].isin(["final", "executed"])
    years = [Period.parse(p) for p in frame.loc[actual, "period"].cat.remove_unused_categories().cat.categories]
    latest = max((p for p in years if p.year <= first), default=None, key=lambda p: (p.year, p.month or 12))
    later = any(p.year > first or (p.year == first and not p.is_month) for p in years)
    if latest is not None and latest.year == first and latest.is_month and latest.month < 12 and not later:
        return latest
    return Period(first - 1, 12)


def _frame(funds: Mapping[str, FundForecast], periods: tuple[int, ...], level: tuple[int, ...]) -> pd.DataFrame:
    """The tidy table of points and quantiles."""
    tails = sorted({q for p in level for q in ((1 - p / 100) / 2, (1 + p / 100) / 2)})
    blocks = []
    for programme, fund in funds.items():
        columns = [i for i, y in enumerate(fund.years) if y in periods]
        for item, point in fund.point.items():
            for j in columns:
                known = np.flatnonzero(~np.isnan(point[:, j]))
                if len(known):
                    blocks.append(_block(programme, item, fund, j, known, tails))
    if not blocks:
        return pd.DataFrame(columns=list(Forecast.columns))
    return pd.concat(blocks, ignore_index=True).astype(
        {"region": "category", "programme": "category", "item": "category", "method": "category"}
    )


def _block(
    programme: str, item: str, fund: FundForecast, j: int, known: npt.NDArray[np.int64], tails: list[float]
) -> pd.DataFrame:
    point, spread = fund.point[item][known, j], fund.spread[item][known, j]
    values, quantiles = [point], [np.full(len(known), np.nan)]
    floor = 0.0 if items.CATALOGUE[item].unit in ("persons", "person-months", "share") else -np.inf
    for q in tails:
        z = float(ndtri(q))
        logs = fund.on_logs[item][known]
        wide = np.where(logs, point * np.exp(z * np.where(logs, spread, 0.0)), point + z * spread)
        values.append(np.maximum(wide, floor) if floor == 0.0 else wide)
        quantiles.append(np.full(len(known), round(q, 6)))
    times = len(values)
    areas = np.array(fund.panel.areas, dtype=object)[known]
    return pd.DataFrame(
        {
            "region": np.tile(areas, times),
            "programme": programme,
            "item": item,
            "period": str(fund.years[j]),
            "quantile": np.concatenate(quantiles),
            "value": np.concatenate(values),
            "method": np.tile(fund.label[item][known, j], times),
        }
    )
