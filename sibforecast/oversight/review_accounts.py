"""What is under review, side by side: the accounts of a stage, last year's, and the openings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.oversight.understood import understood
from sibforecast.programmes.registry import PRINTED_TOTAL
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Floats
from sibforecast.tables.slips import DIFFERENCES

Texts = npt.NDArray[np.object_]
Key = tuple[str, str, str]

#: Where last year's figure is looked for; the first stage that has it counts.
EARLIER_STAGES = ("final", "expected", "executed", "adjusted", "budget", "draft", "reported")
#: How many years back a figure is looked for that last year does not have.
BACK = (2, 3)
#: Stocks of heads: an unknown opening lies on the way from the last known one.
_HEADS = ("insured", "insured_active", "beneficiaries")
#: Stages that plan a year: their gap must be filled.
PLANS = ("budget", "adjusted", "reported", "draft")
KEYS = ("region", "programme", "item", "period")


@dataclass(frozen=True)
class Accounts:
    """The accounts of one stage: an account is one area, fund and period.

    `value`, `quantum` and `row` are arrays (accounts, items): the figures in base units, what
    one step of the last digit shown is worth, and the row each stands in. `last` holds the
    figures of the same period a year earlier, `before` those of the end of the year before, and
    `older` those of two and three years earlier of accounts of which last year lacks some;
    `last_stage` names the stage last year's figures are of; `closing_step` is what one step of
    the last digit of last year's closing balance is worth.
    """

    data: FundData
    stage: str
    keys: Sequence[Key]
    columns: Mapping[str, int]
    value: Floats
    quantum: Floats
    row: npt.NDArray[np.int64]
    caliber: Texts
    last: Floats
    before: Floats
    last_stage: Texts
    closing_step: Floats
    older: tuple[Floats, ...]
    strange: tuple[dict[str, Any], ...] = field(default=())
    shared: dict[str, Any] = field(default_factory=dict, repr=False)  # what several checks work out once

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def region(self) -> Texts:
        """Area of each account."""
        return np.array([k[0] for k in self.keys], dtype=object)

    @cached_property
    def programme(self) -> Texts:
        """Fund of each account."""
        return np.array([k[1] for k in self.keys], dtype=object)

    @cached_property
    def period(self) -> Texts:
        """Period of each account."""
        return np.array([k[2] for k in self.keys], dtype=object)

    @cached_property
    def year(self) -> npt.NDArray[np.int64]:
        """Year of each account."""
        return np.array([int(p[:4]) for p in self.period], dtype=np.int64)

    @cached_property
    def months(self) -> Floats:
        """Months each account covers: 12 for a year, the months elapsed for a month."""
        return np.array([float(p[5:]) if "-" in p else 12.0 for p in self.period])

    @cached_property
    def latest(self) -> npt.NDArray[np.bool_]:
        """The last period of each area, fund and year: cumulative figures hold the months before."""
        last: dict[tuple[str, str, int], float] = {}
        who = [(k[0], k[1], int(y)) for k, y in zip(self.keys, self.year, strict=True)]
        for key, months in zip(who, self.months, strict=True):
            last[key] = max(last.get(key, 0.0), float(months))
        return np.array([last[key] == months for key, months in zip(who, self.months, strict=True)], dtype=bool)

    @cached_property
    def place(self) -> dict[Key, int]:
        """Number of an account by its key."""
        return {key: i for i, key in enumerate(self.keys)}

    @cached_property
    def is_fund(self) -> npt.NDArray[np.bool_]:
        """Accounts of a fund rather than of a printed total over funds."""
        return np.array([p != PRINTED_TOTAL for p in self.programme], dtype=bool)

    @cached_property
    def kind(self) -> Texts:
        """Kind of each account's fund, by whose formulas it is computed."""
        return np.array([self.data.programmes[p].kind if p in self.data.programmes else "" for p in self.programme], dtype=object)

    def get(self, item: str) -> Floats:
        """The reported figures of an item; NaN where there is none."""
        return self._column(self.value, item)

    def was(self, item: str) -> Floats:
        """The figures of an item a year earlier."""
        return self._column(self.last, item)

    def opened(self, item: str) -> Floats:
        """The figures of an item at the end of the year before."""
        return self._column(self.before, item)

    def known(self, item: str) -> tuple[Floats, Floats]:
        """The last known figures of an item, last year's or older ones, and of how many years before they are."""
        value = self.was(item).copy()
        years = np.ones(len(self))
        for back, table in zip(BACK, self.older, strict=True):
            figure = self._column(table, item)
            fill = np.isnan(value) & ~np.isnan(figure)
            value[fill], years[fill] = figure[fill], back
        return value, years

    def opening_heads(self, item: str) -> Floats:
        """Heads at the end of the year before; where these are not known, on even growth from an older year's to now's."""
        value, (last, years) = self.opened(item).copy(), self.known(item)
        with np.errstate(divide="ignore", invalid="ignore"):
            between = last * (self.get(item) / last) ** (1.0 - 1.0 / years)
        whole = np.array(["-" not in p for p in self.period], dtype=bool)
        fill = np.isnan(value) & (years > 1) & whole & np.isfinite(between) & np.isin(item, _HEADS)
        value[fill] = between[fill]
        return value

    def not_compared(self) -> dict[Key, list[str]]:
        """Items of the last year of each area and fund that neither last year nor the two before have a figure of."""
        last: dict[tuple[str, str], int] = {}
        for (region, programme, _), year in zip(self.keys, self.year, strict=True):
            last[region, programme] = max(last.get((region, programme), 0), int(year))
        bare = ~np.isnan(self.value) & (self.value != 0) & np.isnan(self.last)
        for table in self.older:
            bare &= np.isnan(table)
        apart = (*DIFFERENCES, "opening_balance")  # held against other figures
        bare[:, [k for item, k in self.columns.items() if item in apart]] = False
        whole = np.array(["-" not in p for p in self.period], dtype=bool)  # months are held against one another
        names, rows = list(self.columns), np.flatnonzero(bare.any(axis=1) & whole & self.is_fund).tolist()
        return {
            self.keys[i]: [names[k] for k in np.flatnonzero(bare[i])]
            for i in rows if last[self.keys[i][:2]] == self.year[i]
        }  # fmt: skip

    def step(self, *names: str) -> Floats:
        """What one step of the last digit of these items is worth, added up."""
        steps = (np.where(np.isnan(self.get(n)), 0.0, self._column(self.quantum, n, 0.0)) for n in names)
        return np.sum(list(steps), axis=0) if names else np.zeros(len(self))

    def stack(self, names: Iterable[str]) -> Floats:
        """Several items side by side, one column each."""
        return np.column_stack([self.get(n) for n in names])

    def _column(self, table: Floats, item: str, absent: float = np.nan) -> Floats:
        place = self.columns.get(item)
        return table[:, place] if place is not None else np.full(len(self), absent)

    def only(self, keep: npt.NDArray[np.bool_]) -> Accounts:
        """Some of the accounts."""
        keys = [k for k, kept in zip(self.keys, keep, strict=True) if kept]
        parts = ("value", "quantum", "row", "caliber", "last", "before", "last_stage", "closing_step")
        older = tuple(table[keep] for table in self.older)
        return replace(self, keys=keys, older=older, strange=(), shared={}, **{name: getattr(self, name)[keep] for name in parts})


def accounts_of(data: FundData, stage: str) -> Accounts:
    """The accounts of a stage, and beside them what went before.

    A figure whose area, fund or item is unknown, and a second figure for the same place, are
    kept out and told in `strange`.
    """
    frame = data._view()
    here = frame[(frame["stage"] == stage).to_numpy() & frame["value"].notna().to_numpy()]
    here, strange = understood(here, data, KEYS)
    keys = _keys(here)
    earlier = _earlier(frame, keys)
    columns = _items(here, earlier)
    value, row = _spread(here, keys, columns, "value"), _spread(here, keys, columns, "row")
    quantum = _spread(here, keys, columns, "quantum") if "quantum" in here else np.zeros_like(value)
    caliber = np.full(value.shape, "", dtype=object)
    if "caliber" in here:
        words = here[here["caliber"].astype(object).fillna("") != ""]
        caliber = _words(words, keys, columns, caliber)
    a_year_before = [(r, p, _years_before(period)) for r, p, period in keys]
    year_end = [(r, p, str(int(period[:4]) - 1)) for r, p, period in keys]
    last, last_stage = _reference(earlier, a_year_before, columns)
    before, _ = _reference(earlier, year_end, columns)
    steps = _reference(earlier, year_end, {"closing_balance": 0}, "quantum")[0][:, 0]
    return Accounts(
        data,
        stage,
        keys,
        columns,
        value,
        np.nan_to_num(quantum),
        np.nan_to_num(row).astype(np.int64),
        caliber,
        last,
        before,
        last_stage,
        np.nan_to_num(steps),
        _older(frame, keys, columns, ~np.isnan(value) & np.isnan(last)),
        tuple(strange),
    )


def _years_before(period: str, back: int = 1) -> str:
    return f"{int(period[:4]) - back}{period[4:]}"


def _older(
    frame: pd.DataFrame, keys: Sequence[Key], columns: Mapping[str, int], wanted: npt.NDArray[np.bool_]
) -> tuple[Floats, ...]:
    """Figures of two and of three years before, of accounts of which last year lacks a figure that is wanted."""
    out = tuple(np.full(wanted.shape, np.nan) for _ in BACK)
    rows = np.flatnonzero(wanted.any(axis=1))
    for back, table in zip(BACK, out, strict=True):
        places = [(r, p, _years_before(period, back)) for r, p, period in (keys[int(i)] for i in rows)]
        if places:
            table[rows] = _reference(_of_periods(frame, {period for _, _, period in places}), places, columns)[0]
    return out


def _keys(frame: pd.DataFrame) -> list[Key]:
    """The accounts there are, in the order of the data."""
    there = frame[["region", "programme", "period"]].drop_duplicates()
    return [(str(a), str(b), str(c)) for a, b, c in there.itertuples(index=False)]


def _items(frame: pd.DataFrame, earlier: pd.DataFrame) -> dict[str, int]:
    """The items reported, and after them those that only last year's figures have."""
    codes = dict.fromkeys([*map(str, frame["item"].unique()), *map(str, earlier["item"].unique())])
    return {code: i for i, code in enumerate(c for c in codes if c in items.CATALOGUE)}


def _places(
    frame: pd.DataFrame, keys: Sequence[Key], columns: Mapping[str, int]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows of the frame that belong to an account and item, with the places of both."""
    words = [frame[c].astype("category") for c in ("region", "programme", "period")]
    sizes = [len(w.cat.categories) for w in words]
    flat = np.zeros(len(frame), dtype=np.int64)
    for word, size in zip(words, sizes, strict=True):
        flat = flat * max(size, 1) + word.cat.codes.to_numpy()
    lookup = [{str(c): i for i, c in enumerate(w.cat.categories)} for w in words]
    wanted = np.full(len(keys), -1, dtype=np.int64)
    for i, key in enumerate(keys):
        codes = [table.get(part, -1) for table, part in zip(lookup, key, strict=True)]
        if min(codes) >= 0:
            wanted[i] = (codes[0] * sizes[1] + codes[1]) * sizes[2] + codes[2]
    order = np.argsort(wanted, kind="stable")
    at = np.clip(np.searchsorted(wanted[order], flat), 0, max(len(keys) - 1, 0))
    account = order[at] if len(keys) else np.zeros(len(frame), dtype=np.int64)
    item = frame["item"].astype("category")
    position = np.array([*(columns.get(str(c), -1) for c in item.cat.categories), -1], dtype=np.int64)[item.cat.codes.to_numpy()]
    fits = (wanted[account] == flat) & (position >= 0) if len(keys) else np.zeros(len(frame), dtype=bool)
    here = np.flatnonzero(fits)
    return here, account[here], position[here]


def _spread(frame: pd.DataFrame, keys: Sequence[Key], columns: Mapping[str, int], what: str) -> Floats:
    out = np.full((len(keys), len(columns)), np.nan)
    if what in frame:
        here, account, position = _places(frame, keys, columns)
        out[account, position] = frame[what].to_numpy(dtype=np.float64)[here]
    return out


def _words(frame: pd.DataFrame, keys: Sequence[Key], columns: Mapping[str, int], out: Texts) -> Texts:
    here, account, position = _places(frame, keys, columns)
    out[account, position] = frame["caliber"].astype(object).to_numpy()[here]
    return out


def _earlier(frame: pd.DataFrame, keys: Sequence[Key]) -> pd.DataFrame:
    """The figures that may serve as last year's."""
    return _of_periods(frame, {_years_before(p) for _, _, p in keys} | {str(int(p[:4]) - 1) for _, _, p in keys})


def _of_periods(frame: pd.DataFrame, periods: set[str]) -> pd.DataFrame:
    """The figures of these periods, and of the Decembers of years among them."""
    periods = periods | {f"{p}-12" for p in periods if "-" not in p}
    there = frame[frame["period"].isin(periods).to_numpy() & frame["value"].notna().to_numpy()]
    return there.drop_duplicates([*KEYS, "stage"]) if there.duplicated([*KEYS, "stage"]).any() else there


def _reference(
    frame: pd.DataFrame, keys: Sequence[Key], columns: Mapping[str, int], what: str = "value"
) -> tuple[Floats, Texts]:
    """For each account the figures of an earlier period, of the first stage that has them, and that stage."""
    distinct = list(dict.fromkeys(keys))
    out = np.full((len(distinct), len(columns)), np.nan)
    told = np.full(len(distinct), "", dtype=object)
    december = [(r, p, f"{period}-12" if "-" not in period else "") for r, p, period in distinct]
    for stage in EARLIER_STAGES:
        part = frame[(frame["stage"] == stage).to_numpy()]
        if part.empty:
            continue
        for wanted in (distinct, december):
            if any(k[2] for k in wanted):
                found = _spread(part, wanted, columns, what)
                told[(told == "") & ~np.isnan(found).all(axis=1)] = stage
                out = np.where(np.isnan(out), found, out)
    position = {key: i for i, key in enumerate(distinct)}
    order = np.array([position[k] for k in keys], dtype=np.int64)
    return out[order], told[order]
