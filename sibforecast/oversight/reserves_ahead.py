"""What the year ends at: balances, months payable, deficits in a row, and the month of exhaustion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sibforecast.forecasting import nowcast as nc
from sibforecast.oversight.limits import CALLED, Limits, worst
from sibforecast.oversight.reserve_rules import spoken_of
from sibforecast.oversight.standing import KEYS, Floats, at_areas, last_account
from sibforecast.periods import Period
from sibforecast.results import round_half_up
from sibforecast.tables.data import FundData

#: Months that a balance is followed ahead.
HORIZON = 120
_TOTALS = ("total_revenue", "total_expenditure")
_INTER_LEVEL = ("upper_remittance", "lower_grant")
_BLANK = float("nan")


@dataclass(frozen=True)
class _Fund:
    """One fund of one area: a look at any figure of this year or of the years before."""

    region: str
    programme: str
    year: Mapping[str, Floats]
    place: Mapping[tuple[str, str, str], int]
    table: nc.Table
    last: Mapping[tuple[str, str, str], float]

    def now(self, item: str, column: str) -> float:
        """A figure of the year under way; NaN where there is none."""
        row = self.place.get((self.region, self.programme, item))
        return float(self.year[column][row]) if row is not None else _BLANK

    def december(self, item: str, back: int) -> float:
        """The year's figure so many years ago: its months', else the account's."""
        row = self.place.get((self.region, self.programme, item))
        years = self.table.data.values.shape[1]
        value = float(self.table.data.values[row, years - 1 - back, 11]) if row is not None and back < years else _BLANK
        if value != value and back == 1:
            value = float(self.last.get((self.region, self.programme, item), _BLANK))
        return value

    def spending(self, column: str) -> float:
        """Expenditure without what goes to other levels; its total where that is not told."""
        own = self.now("expenditure_subtotal", column)
        between = sum(v for v in (self.now(i, column) for i in _INTER_LEVEL) if v == v)
        return own if own == own else self.now("total_expenditure", column) - between

    def spent(self, back: int) -> float:
        """The same of an earlier year."""
        own = self.december("expenditure_subtotal", back)
        between = sum(v for v in (self.december(i, back) for i in _INTER_LEVEL) if v == v)
        return own if own == own else self.december("total_expenditure", back) - between

    def adjusted(self, value: float, *items: str) -> float:
        """A figure of the budget as it stands now; blank where none of its lines was adjusted."""
        return value if any(self.now(i, "adjusted") == self.now(i, "adjusted") for i in items) else _BLANK

    def net(self, column: str) -> float:
        """Revenue less expenditure of the year under way."""
        return self.now("total_revenue", column) - self.now("total_expenditure", column)


def reserve_rows(
    year: pd.DataFrame, table: nc.Table, data: FundData, limits: Limits, found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Rows of current balance, closing balance and months payable, for every fund that reports both totals."""
    place = {key: i for i, key in enumerate(zip(*(year[k] for k in KEYS), strict=True))}
    pairs = [p for p in dict.fromkeys((r, f) for r, f, _ in place) if all((*p, total) in place for total in _TOTALS)]
    known = at_areas(last_account(data, table.year - 1), data, {r for r, _ in pairs}, found)
    last = dict(zip(known.index.tolist(), known.tolist(), strict=True))
    shares = _shares(table)
    columns = {c: year[c].to_numpy(dtype=np.float64) for c in ("month", "executed", "expected", "budget", "adjusted")}
    columns["standing"] = np.where(np.isnan(columns["adjusted"]), columns["budget"], columns["adjusted"])
    rows: list[dict[str, Any]] = []
    for region, programme in pairs:
        fund = _Fund(region, programme, columns, place, table, last)
        course = [shares[place[region, programme, i]] for i in _TOTALS]
        rows += _Ahead(fund, course, limits).rows()
    return rows


def _shares(table: nc.Table) -> Floats:
    """Part of the year's flow that has come by each month, by series: of earlier years, else twelfths."""
    from sibforecast.forecasting import months as mo

    by_month = np.column_stack([mo.season_share(table.data, m) for m in range(1, 13)])
    twelfths = np.arange(1, 13) / 12.0
    return np.where(np.isfinite(by_month).all(axis=1, keepdims=True), by_month, twelfths)


@dataclass(frozen=True)
class _Ahead:
    """What one fund's year ends at."""

    fund: _Fund
    course: list[Floats]  # of revenue and of expenditure
    limits: Limits

    def rows(self) -> list[dict[str, Any]]:
        """Current balance; and closing balance and months payable where a balance is known."""
        net = self.fund.net("expected")
        if net != net:
            return []
        out = [self._current(net)]
        now, closing = self._balances(net)
        if closing == closing:
            out += [self._closing(now, closing), *self._months(now, closing)]
        kind = self.limits.data.programmes[self.fund.programme].kind
        return [self._closed_by_subsidy(row) for row in out] if kind == "closing_subsidy_pension" else out

    @property
    def _where(self) -> tuple[str, str]:
        return self.fund.programme, self.fund.region

    @property
    def _month(self) -> int:
        return int(min(self.fund.now("total_revenue", "month"), self.fund.now("total_expenditure", "month")))

    def _row(
        self, item: str, status: str, reason: str, executed: float, expected: float, budget: float, adjusted: float,
        exhaustion: str = "",
    ) -> dict[str, Any]:
        return {
            "region": self.fund.region, "programme": self.fund.programme, "item": item,
            "period": str(Period(self.fund.table.year, self._month)), "budget": budget, "adjusted": adjusted,
            "executed": executed, "expected": expected, "season_share": _BLANK, "deviation": _BLANK, "status": status,
            "reason": reason, "progress": _BLANK, "time_share": self._month / 12.0, "expected_low": _BLANK,
            "expected_high": _BLANK, "exhaustion": exhaustion, "plan": "", "season_scatter": _BLANK, "chance": _BLANK,
        }  # fmt: skip

    def _balances(self, net: float) -> tuple[float, float]:
        """The balance at the last month and at the end of the year."""
        now = self.fund.now("closing_balance", "executed")
        if now != now or self.fund.now("closing_balance", "month") != self._month:
            now = self.fund.december("closing_balance", 1) + self.fund.net("executed")
        return now, now + net - self.fund.net("executed")

    def _current(self, net: float) -> dict[str, Any]:
        running = 0
        while running < self.fund.table.data.values.shape[1]:
            revenue, expenditure = (self.fund.december(i, running) for i in _TOTALS)
            if not (net if not running else revenue - expenditure) < 0:
                break
            running += 1
        needed = self.limits.get("warning_deficit_years", *self._where)
        colour = "green" if not running else "orange" if running >= needed else "yellow"
        told = self._say("surplus", money=self._money(net))
        if running > 1:
            told = self._say("deficits", money=self._money(-net), ordinal=_ordinal(running), number=running)
        elif running:
            told = self._say("deficit", money=self._money(-net))
        adjusted = self.fund.adjusted(self.fund.net("standing"), *_TOTALS)
        return self._row("current_balance", colour, told, self.fund.net("executed"), net, self.fund.net("budget"), adjusted)

    def _closing(self, now: float, closing: float) -> dict[str, Any]:
        month = self.exhausted(now)
        told, colour = self._say("closes", money=self._money(closing)), "green"
        if month:
            at = Period.parse(month)
            ahead = (at.year - self.fund.table.year) * 12 + at.month - self._month
            near = ahead <= self.limits.get("warning_exhaustion_months", *self._where)
            colour = "red" if at.year == self.fund.table.year else "orange" if near else "yellow"
            told = self._say("balance_below" if now < 0 else "used_up", money=self._money(now), month=month)
        budget, adjusted = (self.fund.now("closing_balance", c) for c in ("budget", "adjusted"))
        return self._row("closing_balance", colour, told, now, closing, budget, adjusted, month)

    def exhausted(self, now: float) -> str:
        """The first month at whose end nothing is left: this year's rest by its season, later years like this one."""
        if now < 0:
            return str(Period(self.fund.table.year, self._month))
        path = []
        for item, share, sign in zip(_TOTALS, self.course, (1.0, -1.0), strict=True):
            whole, come = self.fund.now(item, "expected"), self.fund.now(item, "executed")
            left = 1.0 - share[self._month - 1]
            part = (share[self._month :] - share[self._month - 1]) / left if left > 0 else np.ones(12 - self._month)
            later = (np.arange(1, HORIZON // 12 + 1)[:, None] - 1 + share) * whole
            path.append(sign * np.concatenate([(whole - come) * part, whole - come + later.ravel()]))
        balance = now + path[0] + path[1]
        below = np.flatnonzero(balance < 0)
        if not len(below):
            return ""
        months = self.fund.table.year * 12 + self._month + int(below[0])
        return str(Period(months // 12, months % 12 + 1))

    def _months(self, now: float, closing: float) -> list[dict[str, Any]]:
        spending, planned = self.fund.spending("expected") / 12.0, self.fund.spending("budget") / 12.0
        if not spending > 0:
            return []
        months = closing / spending
        colour, told = self.limits.months(months, *self._where)
        spent = self.fund.spent(1) / 12.0
        before = self.fund.december("closing_balance", 1) / spent if spent > 0 else _BLANK
        fall = self.limits.get("warning_months_fall", *self._where)
        if before - months > fall:
            told += self._say("months_fall", before=round_half_up(before, 1), fall=fall)
            enough = months > self.limits.get("warning_months_excess", *self._where)  # it falls to where it should be
            colour = worst(colour, "yellow" if enough else "orange")
        for spoken in spoken_of(months, self.limits, *self._where):
            told += spoken.reason
            colour = worst(colour, spoken.colour)
        budget = self.fund.now("closing_balance", "budget") / planned if planned > 0 else _BLANK
        standing = self.fund.spending("standing") / 12.0
        adjusted = self.fund.now("closing_balance", "adjusted") / standing if standing > 0 else _BLANK
        return [self._row("months_payable", colour, told, now / spending, months, budget, adjusted)]

    def _say(self, sentence: str, **values: object) -> str:
        return self.limits.speech.say(sentence, **values)

    def _money(self, value: float) -> str:
        return self.limits.speech.money(value)

    def _closed_by_subsidy(self, row: dict[str, Any]) -> dict[str, Any]:
        """A fund whose subsidy closes it keeps no reserve: a hint at most."""
        if row["status"] not in CALLED:
            return row
        return row | {"status": "yellow", "reason": row["reason"] + self._say("closed", colour=row["status"])}


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
