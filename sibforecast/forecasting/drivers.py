"""`forecast`: every driver of every fund and area, with its method and its doubt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.forecasting import entered as en
from sibforecast.forecasting import macro
from sibforecast.forecasting import methods as m
from sibforecast.forecasting import months as mo
from sibforecast.forecasting import nowcast as nc
from sibforecast.forecasting.accuracy import beside_rules
from sibforecast.forecasting.composition import FLOWS
from sibforecast.forecasting.events import Event, events_of, jump_places, jumps, shipped
from sibforecast.forecasting.fund_forecast import FundForecast, Options
from sibforecast.forecasting.known import any_known, known_at, known_rows
from sibforecast.forecasting.law import ALWAYS, adjustments, announced
from sibforecast.forecasting.tidy import COLUMNS, frame_of, rows_of, tails_of, together
from sibforecast.forecasting.years import Span, fund_years
from sibforecast.periods import Period
from sibforecast.results import Findings, Result
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
    limit: Period = ALWAYS  # no figure after it is used
    told: Period = ALWAYS  # decisions announced until then are known
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)

    columns: ClassVar[tuple[str, ...]] = COLUMNS

    def track_record(self) -> pd.DataFrame:
        """How this forecast's methods did one year ahead at earlier origins, beside the plain rules.

        Returns
        -------
        DataFrame
            By programme and item: number of errors, mean absolute percentage error of ours,
            of last year's figure (naive), drift and growth of three years. The errors are
            those the intervals rest on; the year under way counts by its nowcast; `backtest` makes
            whole forecasts of the past anew.
        """
        rows = []
        for programme, fund in self.funds.items():
            if fund.tried is None:
                continue
            for item, errors in fund.record.items():
                series = fund.tried.items.get(item)
                if series is not None and not np.isnan(errors).all():
                    rows.append((programme, item, *beside_rules(series, errors, fund.scale[item][:, -1])))
        columns = ["programme", "item", "number", "sibforecast", "naive", "drift", "growth_of_three"]
        return pd.DataFrame(rows, columns=columns).set_index(["programme", "item"]).round(2)

    def economy(self) -> pd.DataFrame:
        """Which drivers moved with figures of the economy (average wage, GDP, urban employment), and how surely.

        Returns
        -------
        DataFrame
            programme, item, figure, elasticity (as used), estimate and error (least squares),
            years, number (of observations), shrinkage (weight of the estimate), gain (share by which
            one-year errors fall where the figure is known), gain_ahead (where it is forecast);
            empty where no figure counts.
        """
        return macro.table(self.funds)

    def moved(self, top: int = 20) -> pd.DataFrame:
        """Which areas reconciliation moved most: region, programme, item, period and by what share.

        Parameters
        ----------
        top : int
            How many rows, the largest first.
        """
        rows = []
        for programme, fund in self.funds.items():
            for item, share in fund.moved.items():
                for j in (i for i, y in enumerate(fund.years) if y in self.periods):
                    for a in np.flatnonzero(np.abs(share[:, j]) > 0):
                        rows.append((fund.panel.areas[a], programme, item, str(fund.years[j]), share[a, j]))
        table = pd.DataFrame(rows, columns=["region", "programme", "item", "period", "moved"])
        return table.iloc[table["moved"].abs().to_numpy().argsort()[::-1][:top]].reset_index(drop=True)

    def origins(self, region: str, programme: str, item: str) -> int:
        """How many earlier forecasts one year ahead tell how wrong this series' were; of later years there are fewer.

        Parameters
        ----------
        region, programme, item : str
            Codes of the series.
        """
        fund = self.funds.get(programme)
        if fund is None or fund.tried is None or item not in fund.record or region not in fund.tried.areas:
            return 0
        errors = fund.record[item][list(fund.tried.areas).index(region)]
        return int((~np.isnan(errors)).sum())

    def headline(self) -> str:
        """Series and periods."""
        series = self.frame.groupby(["region", "programme", "item"], observed=True).ngroups
        return f"{series:,} series, {self.periods[0]}-{self.periods[-1]}, as of {self.provenance.get('asof', '')}"


def forecast(
    data: FundData,
    periods: int | Iterable[int],
    *,
    asof: str | None = None,
    level: Sequence[int] = (80, 95),
    methods: Mapping[str, str] | None = None,
    events: bool = True,
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
        Method by item, a key of ``forecasting.methods.METHODS``; by default each item by what it is.
    events : bool
        Whether years that announced events mark are left out of what is fitted.

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
    wanted = _years(periods)
    tails_of(level)
    for name in (methods or {}).values():
        if name not in m.METHODS:
            raise SibError(f"unknown method {name!r}; expected one of {', '.join(m.METHODS)}")
    methods = {items.item(item).code: name for item, name in (methods or {}).items()}
    if asof:
        limit = Period.parse(asof)
        return forecast_from(data, wanted, limit, limit, level=level, methods=methods, events=events)
    limit = known_at(data, wanted[0])
    told = limit if limit.year == wanted[0] else Period(wanted[0] - 1, 12)
    return forecast_from(data, wanted, limit, told, level=level, methods=methods, events=events)


def forecast_from(
    data: FundData, wanted: tuple[int, ...], limit: Period, told: Period, *,
    level: Sequence[int] = (80, 95), methods: Mapping[str, str] | None = None, events: bool = True,
) -> Forecast:  # fmt: skip
    """A forecast from figures up to `limit`, with law and events announced up to `told`."""
    rows = known_rows(data, limit)
    ranks = panels(rows.assign(value=rows["rank"].astype(np.float32)), data)
    known_events = events_of(data, told) if events else ()
    yearly = panels(rows, data)
    lasts = {p: panel.years[int(np.flatnonzero(any_known(panel).any(axis=0))[-1])] for p, panel in yearly.items()}
    open_ = any(last < limit.year for last in lasts.values())  # a year without account has its months
    expected = nc.outturn(data, limit.year, limit, known_events) if open_ else {}
    funds: dict[str, FundForecast] = {}
    too_old: dict[str, int] = {}
    already: dict[str, int] = {}
    economy: dict[str, dict[str, en.Figure]] = {}
    for programme, panel in yearly.items():
        last = lasts[programme]
        if last >= wanted[-1]:
            already[programme] = last
            continue
        span = Span(last, wanted[0], wanted[-1], limit, max(lasts.values()))
        later = range(limit.year + 1, wanted[-1] + 1)
        economy[programme] = en.figures(data, rows, panel, later)
        law = announced(data, programme, told), adjustments(data, programme, told)
        flows = en.given(data, panel, FLOWS, later)
        options = Options(methods or {}, known_events, *law, limit, flows, economy[programme])
        fund = fund_years(data, panel, ranks[programme], span, options, expected)
        if fund is not None:
            funds[programme] = fund
        else:
            too_old[programme] = last
    if not funds and already:
        known = ", ".join(f"{p} to {y}" for p, y in already.items())
        raise SibError(f"{wanted[-1]} is already known at {limit} ({known}); ask for later years, or an earlier asof")
    if not funds:
        known = ", ".join(f"{p} to {y}" for p, y in too_old.items())
        raise SibError(f"nothing is known lately enough to forecast {wanted[0]}" + (f"; accounts end: {known}" if known else ""))
    provenance = {**data.provenance, "asof": str(limit)}
    frame_level = tuple(level)
    return Forecast(
        lambda: frame_of(funds, wanted, frame_level),
        provenance,
        funds=funds,
        too_old=too_old,
        data=data,
        periods=wanted,
        level=frame_level,
        limit=limit,
        told=told,
        findings=Findings.of([*_told(funds, known_events), *macro.unused(data, economy, funds, limit, wanted[-1])], provenance),
    )


def _taken_in(event: str) -> str:
    """How whoever wants the years of an event in the fit gets them there, with a workbook or in Python."""
    if event in {e.id for e in shipped()}:
        return f"to take them in, give the table events a row {event} of one month alone; in Python forecast(..., events=False)"
    return "to take them in, delete the event from the table events; in Python forecast(..., events=False)"


def _told(funds: Mapping[str, FundForecast], events: Sequence[Event]) -> Iterator[dict[str, Any]]:
    """What was left out of the fit, and jumps that nobody announced."""
    notes = {e.id: e for e in events}
    for programme, fund in funds.items():
        years: dict[str, set[int]] = {}
        for gone in fund.marked.values():
            for year, name in gone.items():
                years.setdefault(name, set()).add(year)
        for name, marked in years.items():
            event = notes[name]
            yield {"id": "event_left_out", "severity": "note", "programme": programme,
                   "period": ", ".join(map(str, sorted(marked))),
                   "message": f"{event.note} ({event.source}, {event.status}): these years are left out of what is fitted",
                   "mend": _taken_in(name)}
        for item, series in fund.panel.items.items():
            if item not in fund.reported or not (np.isnan(series) | (series > 0)).all():
                continue
            places = np.argwhere(jumps(np.log(series)))
            gone = fund.marked.get(item, {})  # neither the jump of a marked year nor the way back from it
            found = [(int(a), int(y)) for a, y in places if not gone.keys() & {*fund.panel.years[y - 1 : y + 1]}]
            if found:
                area, year = max(found, key=lambda at: abs(np.log(series[at[0], at[1]] / series[at[0], at[1] - 1])))
                times = jump_places(found, fund.panel.areas, fund.panel.years)
                yield {"id": "level_jump", "severity": "note", "region": fund.panel.areas[area], "programme": programme,
                       "item": item, "period": str(fund.panel.years[year]),
                       "found": f"{series[area, year] / series[area, year - 1] - 1:+.1%}",
                       "message": f"a jump nobody announced, in {times}; it is not smoothed away",
                       "mend": "if the definition changed, say so in the table events (kind break)"}


def nowcast(
    data: FundData, asof: str, *, level: Sequence[int] = (80, 95), methods: Mapping[str, str] | None = None, events: bool = True
) -> Forecast:
    """The outturn of the year under way, from its months.

    Flows are completed by four rules with equal weights (`forecasting.months`), stocks and
    levels move to December as in earlier years; a budget whose bias is known counts too.

    Parameters
    ----------
    data : FundData
        Months at stage ``executed``; for every area that reports them.
    asof : str
        The last month that may be used (``2021-09``).
    level : sequence of int
        Coverage of the intervals in per cent.
    methods : mapping, optional
        For a flow, by item, what completes its year instead of the combination: ``share``,
        ``pace``, ``quick_pace``, ``rest``, or ``seasonal``, the seasonal bank
        (`forecasting.seasons`). Where it has nothing to go on the combination stands in, and
        the method of the row says so.
    events : bool
        Whether years that announced events mark are kept from shaping others.

    Returns
    -------
    Forecast
        One period, the year of `asof`; figures in base units.

    Raises
    ------
    SibError
        If `asof` is no month, no month of its year is known, or a method is unknown or asked for
        an item that is no flow.

    Examples
    --------
    >>> import sibforecast as sib
    >>> china = sib.load(sib.sample("china"))
    >>> f = sib.nowcast(china, "2021-09").frame
    >>> year = f.query("programme == 'urban_employee_pension' and item == 'total_expenditure' and quantile.isna()")
    >>> bool(abs(year["value"].iloc[0] / 5.65e12 - 1) < 0.02)
    True
    """
    limit = Period.parse(asof)
    if not limit.is_month:
        raise SibError(f"asof must be a month such as 2021-09; found {asof!r}")
    for item, name in (methods or {}).items():
        if items.item(item).timing != "flow":
            raise SibError(f"methods: {item} is no flow of the year; expected an item such as total_revenue")
        if name not in mo.NAMED:
            raise SibError(f"unknown method {name!r}; expected one of {', '.join(mo.NAMED)}")
    methods = {items.item(item).code: name for item, name in (methods or {}).items()}
    known = events_of(data, limit) if events else ()
    found = nc.outturn(data, limit.year, limit, known, methods)
    if not found:
        raise SibError(f"no month of {limit.year} is known at {asof}")
    tails = tails_of(level)

    def build() -> pd.DataFrame:
        blocks = [
            rows_of(o.areas, programme, item, limit.year, o.value, o.deviation, o.shape, o.scale,
                  np.array(o.method, dtype=object), tails)
            for (programme, item), o in found.items()
        ]  # fmt: skip
        return together(blocks)

    provenance = {**data.provenance, "asof": str(limit)}
    return Forecast(build, provenance, data=data, periods=(limit.year,), level=tuple(level))


def showing(result: Forecast, periods: Sequence[int]) -> Forecast:
    """The same forecast whose frame shows these years, the one under way among them."""
    return replace(result, build=lambda: frame_of(result.funds, tuple(periods), result.level))


def _years(periods: int | str | Iterable[int | str]) -> tuple[int, ...]:
    """The years asked for, in order."""
    many = periods if isinstance(periods, Iterable) and not isinstance(periods, str) else (periods,)
    out = set()
    for period in many:
        try:
            year = int(period)
        except (TypeError, ValueError):
            year = 0
        if not 1000 <= year <= 9999 or (isinstance(period, float) and period != year):
            raise SibError(f"periods: expected years such as 2027; found {period!r}")
        out.add(year)
    if not out:
        raise SibError("no period to forecast")
    return tuple(sorted(out))
