"""Which driver moves the gap, and what value of it would close the gap."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items as catalogue
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.effects import Effect, Effects
from sibforecast.assumptions.fitting import FundBasis
from sibforecast.errors import SibError
from sibforecast.forecasting.fund_forecast import COMPUTED
from sibforecast.programmes import registry
from sibforecast.programmes.programme import Adjust, Earlier
from sibforecast.projection.fund import FundPath, roll_forward
from sibforecast.projection.reach import reach
from sibforecast.results import Result
from sibforecast.tables.data import FundData

Floats = npt.NDArray[np.float64]

#: A gap closed to this share of spending is closed.
_CLOSED = 1e-9
_STEPS = 30


@dataclass(frozen=True, repr=False)
class Sensitivity(Result):
    """By how much the gap moves if a driver is a little higher all year.

    The frame has region, programme, item, period, by (the relative change), gap (of the
    baseline) and value (what the gap moves by; positive worsens it).
    """

    data: FundData | None = field(default=None, repr=False)

    columns: ClassVar[tuple[str, ...]] = ("region", "programme", "item", "period", "by", "gap", "value")

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    def headline(self) -> str:
        """Drivers and the change."""
        frame = self.frame
        by = frame["by"].iloc[0] if len(frame) else 0.0
        return f"what the gap moves by ({self._hundred_millions()}) if a driver is {by:+.1%}, {frame['item'].nunique()} drivers"

    def summary(self) -> pd.DataFrame:
        """Each driver by fund, all areas together, the strongest first."""
        table = self.frame.groupby(["item", "programme"], sort=False)["value"].sum().unstack("programme") / 1e8
        return table.loc[table.abs().max(axis=1).sort_values(ascending=False).index].round(3).head(12)


@dataclass(frozen=True)
class _Scaled:
    """Multiplies one item by a factor of each area, from January on; announced decisions come first."""

    item: str
    factor: Floats
    first: tuple[Effect, ...] = ()

    def after(self, first: tuple[Effect, ...]) -> _Scaled:
        """The same after announced decisions."""
        return replace(self, first=first)

    def adjuster(self, year: int, at_end: bool = False) -> Adjust:
        """The function that lays the factor on the item."""
        before = Effects(self.first).adjuster(year, at_end)

        def adjust(item: str, value: Floats, average: bool, earlier: Earlier) -> Floats:
            value = before(item, value, average, earlier)
            return value * self.factor if item == self.item else value

        return adjust


def _path(basis: FundBasis, item: str, factor: Floats, year: int) -> FundPath:
    return roll_forward(basis, _Scaled(item, factor), year)


def _need(assumptions: object, call: str) -> None:
    if not isinstance(assumptions, Assumptions):
        raise SibError(f"{call} takes assumptions, such as draft.assumptions; found {type(assumptions).__name__}")


def sensitivity(assumptions: Assumptions, items: Iterable[str] | None = None, by: float = 0.01) -> Sensitivity:
    """What the gap of the first year moves by if a driver is a little higher.

    Parameters
    ----------
    assumptions : Assumptions
    items : iterable of str, optional
        Drivers; by default all that lines are computed from.
    by : float
        Relative change: 0.01 is one per cent.

    Returns
    -------
    Sensitivity
        Areas whose gap is unknown have no row.

    Raises
    ------
    SibError
        If an item is unknown or a result, or `assumptions` is something else.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("nmg")), year=2027)
    >>> s = sib.sensitivity(draft.assumptions, ["collection_rate"]).frame
    >>> bool((s["value"] <= 0).all())
    True
    """
    _need(assumptions, "sensitivity")
    wanted = None if items is None else [_driver(i) for i in items]
    year = assumptions.first
    blocks = []
    for code, basis in assumptions.funds.items():
        base = roll_forward(basis, None, year)
        gap = base.value("gap", year)[:, 0]
        reached = {item for item, at in reach(base, year) if at == year}
        names = [i for i in (wanted or sorted(reached)) if i in reached and _is_driver(i)]
        for item in names:
            moved = _path(basis, item, np.full((len(basis.areas), 1), 1.0 + by), year).value("gap", year)[:, 0] - gap
            known = np.flatnonzero(~np.isnan(moved) & (moved != 0.0))
            blocks.append(pd.DataFrame({
                "region": np.array(basis.areas, dtype=object)[known], "programme": code, "item": item, "period": str(year),
                "by": by, "gap": gap[known], "value": moved[known],
            }))  # fmt: skip
    frame = pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=list(Sensitivity.columns))
    return Sensitivity(lambda: frame, assumptions.provenance, data=assumptions.source)


def break_even(assumptions: Assumptions, item: str, programme: str, target: str = "gap") -> pd.DataFrame:
    """The value of a driver that closes the gap, area by area.

    Parameters
    ----------
    assumptions : Assumptions
    item : str
        A driver, changed all year; its code or any label.
    programme : str
        The fund, by code or name.
    target : str
        What is to be nothing: ``gap`` or ``current_balance``.

    Returns
    -------
    DataFrame
        region, programme, item, period, value (of the baseline), break_even, factor; blank
        where no value from nothing to a hundredfold closes it, or the target is unknown.

    Raises
    ------
    SibError
        If the fund or item is unknown, or nothing is computed from it.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("nmg")), year=2027)
    >>> t = sib.break_even(draft.assumptions, "collection_rate", "work_injury")
    >>> list(t.columns)
    ['region', 'programme', 'item', 'period', 'value', 'break_even', 'factor']
    """
    _need(assumptions, "break_even")
    programme = registry.words(dict(assumptions.source.programmes)).get(programme.strip().lower(), programme)
    basis = assumptions.funds.get(programme)
    if basis is None:
        raise SibError(f"no fund {programme!r}; there are {', '.join(assumptions.funds)}")
    if target not in ("gap", "current_balance"):
        raise SibError(f"target must be gap or current_balance; found {target!r}")
    item = _driver(item)
    year = assumptions.first
    base = roll_forward(basis, None, year)
    if item not in {name for name, at in reach(base, year) if at == year}:
        raise SibError(f"no line of {programme} is computed from {item}")
    size = base.value("total_expenditure", year)[:, 0]

    def gap(factor: Floats) -> Floats:
        return _path(basis, item, factor[:, None], year).value(target, year)[:, 0]

    factor = _root(gap, len(basis.areas), np.abs(np.nan_to_num(size)) * _CLOSED + 0.005)
    value = base.value(item, year)[:, 0]
    return pd.DataFrame({
        "region": list(basis.areas), "programme": programme, "item": item, "period": str(year), "value": value,
        "break_even": value * factor, "factor": factor,
    })  # fmt: skip


def _root(gap: Callable[[Floats], Floats], areas: int, closed: Floats) -> Floats:
    """The factor of each area that closes its gap: secant steps kept within a bracket."""
    low, high = np.zeros(areas), np.full(areas, 2.0)
    at_low, at_high = gap(low), gap(high)
    for _ in range(6):  # widen upwards to about a hundredfold
        outside = np.sign(at_low) == np.sign(at_high)
        if not outside.any():
            break
        high = np.where(outside, high * 2.0, high)
        at_high = gap(high)
    found = np.where(np.sign(at_low) != np.sign(at_high), 1.0, np.nan)
    factor = np.full(areas, np.nan)
    for step in range(_STEPS):
        with np.errstate(invalid="ignore", divide="ignore"):
            secant = low - at_low * (high - low) / (at_high - at_low)
        trial = np.where(np.isfinite(secant) & (step % 3 < 2), secant, (low + high) / 2.0)
        value = gap(trial)
        factor = np.where(np.isnan(factor) & (np.abs(value) <= closed), trial, factor)
        left = np.sign(value) == np.sign(at_low)
        low, at_low = np.where(left, trial, low), np.where(left, value, at_low)
        high, at_high = np.where(left, high, trial), np.where(left, at_high, value)
        if (~np.isnan(factor) | np.isnan(found)).all():
            break
    return factor * found


def _driver(word: str) -> str:
    """The driver a word means."""
    item = catalogue.item(word).code
    if not _is_driver(item):
        raise SibError(f"{item} is a result; choose a driver or a line")
    return item


def _is_driver(item: str) -> bool:
    entry = catalogue.CATALOGUE.get(item)
    own = item not in COMPUTED or item == "benefit_adjustment"
    return entry is not None and own and entry.side in ("driver", "rate", "revenue", "expenditure", "benefit")
