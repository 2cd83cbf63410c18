"""The outturn of a year from its months: several plain rules, combined.

Flows are cumulative since January. Four rules say what the year will bring, with equal
weights:

* *share*: what has come so far, divided by the share that had come by this month in earlier
  years (mean of three): the plain year-to-date rule;
* *pace*, twice: the pace of recent months, freed of the season, goes on through the rest of
  the year with its season; once remembering half, once less than a third of the month before;
* *rest*: what the rest of last year brought, moved by half the growth of the last three
  months.

Where a rule has nothing to go on it is left out. Stocks, levels and rates move from here to
December as they did in earlier years.

Beside them stands a rival that can be asked for by name, *seasonal*: the rest of the year by
the seasonal smoothers of `seasons` on logs of what each month brought. A series with a month
of nothing or less among those looked at has no logs, and no such forecast. It is not one of
the rules: as a fifth one it made the combination better in some of the official years and
worse in as many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sibforecast.forecasting import seasons

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

YEARS_BACK = 3
SEASON_YEARS = 8
PACE = (0.5, 0.7)
CARRIED = 0.5
RULES = ("share", "pace", "quick pace", "rest")
#: What can be asked for by name instead of the mean of the rules.
NAMED = (*(rule.replace(" ", "_") for rule in RULES), "seasonal")
#: A year to date is worth a whole year only within these bounds of its plain twelfths.
SANE = (0.2, 4.0)


@dataclass(frozen=True)
class Months:
    """Series by year and month; cumulative where `flow`."""

    values: Floats  # (series, years, 12)
    flow: Bools  # (series,)
    usable: Bools  # (series, years): years whose shape says something of others

    def until(self, year: int, month: int) -> Months:
        """What is known at the end of a month of the year at index `year`."""
        values = self.values[:, : year + 1].copy()
        values[:, year, month:] = np.nan
        return Months(values, self.flow, self.usable[:, : year + 1])


def bridged(values: Floats) -> Floats:
    """Months that are missing between known ones of a year, on the straight line between them."""
    flat = values.reshape(-1, 12).copy()
    known = ~np.isnan(flat)
    index = np.arange(12)
    before = np.maximum.accumulate(np.where(known, index, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, index, 12)[:, ::-1], axis=1)[:, ::-1]
    hole = ~known & (before >= 0) & (after < 12)
    if not hole.any():
        return values
    row, column = np.nonzero(hole)
    low, high = before[row, column], after[row, column]
    part = (column - low) / (high - low)
    flat[row, column] = flat[row, low] + part * (flat[row, high] - flat[row, low])
    return flat.reshape(values.shape)


def steps(values: Floats) -> Floats:
    """What each month brought, from cumulative figures."""
    return np.diff(values, axis=-1, prepend=0.0)


def _mean(values: Floats, where: Bools, latest: int) -> Floats:
    """Mean over the latest years (axis 1) that count."""
    rank = where[:, ::-1].cumsum(axis=1)[:, ::-1]
    used = where & (rank <= latest)
    count = used.sum(axis=1)
    shape = used.reshape(used.shape + (1,) * (values.ndim - 2))
    total = np.where(shape, np.nan_to_num(values), 0.0).sum(axis=1)
    count = count.reshape(count.shape + (1,) * (values.ndim - 2))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _shares(values: Floats, usable: Bools, month: int) -> tuple[Floats, Bools]:
    """Part of each earlier year that had come by a month, and where it says something."""
    past = values[:, :-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = past[:, :, month - 1] / past[:, :, 11]
    return share, usable[:, :-1] & np.isfinite(share) & (share > 0)


def season_share(data: Months, month: int) -> Floats:
    """What part of a year's flow has come by the end of a month: mean of the last three years that count."""
    if data.values.shape[1] < 2:
        return np.full(len(data.values), np.nan)
    return _mean(*_shares(bridged(data.values), data.usable, month), YEARS_BACK)


def season_errors(data: Months, month: int) -> Floats:
    """How far each earlier year's share at a month lay from the season as known before it: (series, years).

    Unknown (NaN) for years that do not count and for the first that does.
    """
    share, good = _shares(bridged(data.values), data.usable, month)
    out = np.full(share.shape, np.nan)
    for year in range(1, share.shape[1]):
        before = _mean(share[:, :year], good[:, :year], YEARS_BACK)
        out[:, year] = np.where(good[:, year], share[:, year] - before, np.nan)
    return out


def rules(data: Months, month: int) -> Floats:
    """What each rule says of the last year, known to the end of a month: (series, rules)."""
    values = bridged(data.values)
    year = values.shape[1] - 1
    now, past = values[:, year], values[:, :year]
    to_date, full = now[:, month - 1], past[:, :, 11]
    out = np.full((len(values), len(RULES)), np.nan)
    if not year:
        return out
    share, good = _shares(values, data.usable, month)
    with np.errstate(invalid="ignore", divide="ignore"):
        out[:, 0] = to_date / _mean(share, good, YEARS_BACK)
        monthly = steps(past)
        season = monthly / (full[:, :, None] / 12.0)
        whole = good & np.isfinite(season).all(axis=2)
        pattern = _mean(season, whole, SEASON_YEARS)
        level = steps(now)[:, :month] / pattern[:, :month]
        steady = (pattern[:, :month] > 0).all(axis=1) & np.isfinite(level).all(axis=1)
        for place, memory in enumerate(PACE):
            weight = (1.0 - memory) ** np.arange(month)[::-1]
            pace = (level * weight).sum(axis=1) / weight.sum()
            ahead = to_date + pace * pattern[:, month:].sum(axis=1)
            out[:, 1 + place] = np.where(steady, ahead, np.nan)
        out[:, 3] = _rest(values, data.usable, good, month)
    return _sane(out, to_date, month)


def _sane(out: Floats, to_date: Floats, month: int) -> Floats:
    """Full years (a column a rule) within the bounds of what has come so far."""
    twelfths = to_date * 12.0 / month
    sane = (to_date > 0)[:, None] & (out > SANE[0] * to_date[:, None]) & (out < SANE[1] * twelfths[:, None])
    return np.where(sane, out, np.nan)


def _rest(values: Floats, usable: Bools, good: Bools, month: int) -> Floats:
    """The rest of the last full year, moved by part of the growth of the last three months."""
    year = values.shape[1] - 1
    rows = np.arange(len(values))
    last = np.where(good, np.arange(year), -1).max(axis=1)
    before = values[rows, np.maximum(last, 0)]
    back = min(3, month)
    start = month - back - 1

    def brought(cumulative: Floats) -> Floats:
        earlier = cumulative[:, start] if start >= 0 else 0.0
        return np.asarray(cumulative[:, month - 1] - earlier)

    growth = brought(values[:, year]) / brought(before)
    growth = np.where(np.isfinite(growth), np.clip(growth, 1.0 / 3.0, 3.0), np.nan)
    rest = before[:, 11] - before[:, month - 1]
    return np.where(last >= 0, values[:, year, month - 1] + rest * (1.0 + CARRIED * (growth - 1.0)), np.nan)


def outturn(data: Months, month: int) -> tuple[Floats, Bools]:
    """Expected full-year flows of the last year, and which rules had something to go on.

    The mean of the rules; unknown (NaN) where none applies.
    """
    said = rules(data, month)
    told = ~np.isnan(said)
    count = told.sum(axis=1)
    mean = np.where(told, said, 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.where(count > 0, mean, np.nan), told


def seasonal(data: Months, month: int) -> Floats:
    """The year to date, and the rest of the year by the seasonal bank on logs of what each month brought.

    Unknown (NaN) with too few months (`seasons.FEWEST`), and where a month brought nothing or less.
    """
    values = bridged(data.values)
    size, years = values.shape[:2]
    use = data.usable.copy()
    use[:, -1] = True
    brought = np.where(use[:, :, None], steps(values), np.nan).reshape(size, years * 12)[:, : years * 12 - 12 + month]
    nothing = np.asarray((brought <= 0.0).any(axis=1))[:, None]
    logs = np.log(np.where(nothing, np.nan, brought))
    to_date = values[:, -1, month - 1]
    ahead = to_date + np.exp(seasons.both(logs, 12 - month)).sum(axis=1)
    return _sane(ahead[:, None], to_date, month)[:, 0]


def completed(data: Months, month: int, name: str) -> Floats:
    """Full-year flows by one rule or rival of `NAMED`; unknown (NaN) where it has nothing to go on."""
    return seasonal(data, month) if name == "seasonal" else rules(data, month)[:, NAMED.index(name)]


def december(data: Months, month: int) -> Floats:
    """Stocks, levels and rates at the end of the last year: moved as in earlier years."""
    values = data.values
    year = values.shape[1] - 1
    here = values[:, year, month - 1]
    if not year:
        return np.full(len(values), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = values[:, :year, 11] / values[:, :year, month - 1]
    good = data.usable[:, :year] & np.isfinite(ratio) & (ratio > SANE[0]) & (ratio < SANE[1])
    return np.asarray(here * _mean(ratio, good, YEARS_BACK))


def year_to_date_growth(data: Months, month: int) -> Floats:
    """The rival: last year's outturn × growth of the year to date."""
    values = data.values
    year = values.shape[1] - 1
    if not year:
        return np.full(len(values), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(values[:, year - 1, 11] * values[:, year, month - 1] / values[:, year - 1, month - 1])


def year_to_date_share(data: Months, month: int) -> Floats:
    """The rival: the year to date ÷ the mean share of three earlier years."""
    return rules(data, month)[:, 0]


def past_errors(data: Months, month: int, name: str = "") -> Floats:
    """Errors on logs of the same combination (or rule of `NAMED`) at the same month of earlier years that count.

    An array (series, years).
    """
    years = data.values.shape[1]
    out = np.full((len(data.values), years), np.nan)
    for year in range(1, years - 1):
        part = data.until(year, month)
        known = data.usable[:, year] & np.isfinite(data.values[:, year, 11]) & np.isfinite(data.values[:, year, month - 1])
        flows, _ = outturn(part, month)
        if name:
            own = completed(part, month, name)
            flows = np.where(np.isnan(own), flows, own)
        ahead = np.where(data.flow, flows, december(part, month))
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.log(data.values[:, year, 11] / ahead)
        out[:, year] = np.where(known & np.isfinite(error), error, np.nan)
    return out
