"""Studies of doubt: which driver it comes from, what a driver does to chances, and what it would take to empty a fund."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from copy import copy
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from sibforecast import items as catalogue
from sibforecast.analysis.doubts import FundDoubts, doubts_of
from sibforecast.analysis.draws import Draws, moved
from sibforecast.analysis.jobs import Question
from sibforecast.analysis.replay import Replay, alike
from sibforecast.analysis.runs import Run
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.scenario import Change, Scenario
from sibforecast.errors import SibError
from sibforecast.projection.fund import FundPath, roll_forward
from sibforecast.projection.reach import reach
from sibforecast.results import Result

Floats = npt.NDArray[np.float64]

_GAP = (Question("gap_chance", "gap", above=0.0), Question("expected_shortfall", "gap", above=0.0, amount=True))


def fund_of(assumptions: Assumptions, programme: str) -> Assumptions:
    """The assumptions of one fund.

    Raises
    ------
    SibError
        If they hold no such fund.
    """
    from sibforecast.programmes.registry import words

    code = words(dict(assumptions.source.programmes)).get(str(programme).strip().lower(), programme)
    if code not in assumptions.funds:
        raise SibError(f"no fund {programme!r}; there are {', '.join(assumptions.funds)}")
    return replace(assumptions, funds={code: assumptions.funds[code]})


def doubt_by_driver(run: Run, item: str, on: Executor | None = None) -> pd.DataFrame:
    """How far each driver alone spreads a figure, beside all of them together.

    Parameters
    ----------
    run : Run
        The simulation asked about; its draws are made again for each driver.
    item : str
        The figure.

    Returns
    -------
    DataFrame
        region, programme, period, driver, deviation (of the figure, in its unit), share (of the variance
        of all together). What shares lack to one is what drivers make together; correlated
        ones may have more than one in sum.
    """
    reached = {code: {i for i, _ in reach(path, path.basis.base_year)} for code, path in run.paths.items()}
    names = sorted({i for code, fund in run.doubts.items() for i in fund.items if i in reached[code]})
    spread: dict[tuple[str, str, str, int], float] = {}
    for name in ("", *names):
        drivers = frozenset((code, name) for code, fund in run.doubts.items() if name in fund.items)
        part = run.of_drivers(item, drivers if name else None)
        part.go(on)
        spread |= {(name, *key): value for key, value in part.deviations.items()}
    rows = []
    for key, whole in ((k[1:], v) for k, v in spread.items() if k[0] == ""):
        for name in names:
            own = spread.get((name, *key), 0.0)
            if own > 0:
                rows.append((*key, name, own, own**2 / whole**2 if whole else float("nan")))
    table = pd.DataFrame(rows, columns=["region", "programme", "period", "driver", "deviation", "share"])
    table["period"] = table["period"].astype(str)
    order = ["region", "programme", "period", "share"]
    return table.sort_values(order, ascending=[True, True, True, False]).reset_index(drop=True)


def chances_moved(run: Run, drivers: Sequence[str], by: float, on: Executor | None = None) -> pd.DataFrame:
    """What a driver that is higher by a share does to the chance of a gap and to the expected shortfall.

    Returns
    -------
    DataFrame
        region, programme, period, item, by, gap_chance and expected_shortfall with it, and the
        differences ``more_often`` and ``more`` against the same draws without it.
    """
    keys = ["region", "programme", "period"]
    base = Run(run.assumptions, run.scenario, run.draws, run.seed, run.years, ("gap",), _GAP)
    base.go(on)
    before = base.chances().set_index(keys)
    parts = []
    for driver in drivers:
        change = Change(item=driver, multiply=1.0 + by, start=f"{run.years[0]}-01", decided_by="nation", id=f"{driver} {by:+.1%}")
        package = Scenario(f"{driver} {by:+.1%}", *(run.scenario.changes if run.scenario else ()), change)
        with_it = Run(run.assumptions, package, run.draws, run.seed, run.years, ("gap",), _GAP)
        with_it.go(on)
        after = with_it.chances().set_index(keys)
        table = after.assign(item=driver, by=by, more_often=after["gap_chance"] - before["gap_chance"],
                             more=after["expected_shortfall"] - before["expected_shortfall"])  # fmt: skip
        parts.append(table.reset_index())
    return pd.concat(parts, ignore_index=True)[[*keys, "item", "by", "gap_chance", "expected_shortfall", "more_often", "more"]]


def chance_met(run: Run, item: str, region: str, chance: float, on: Executor | None = None) -> tuple[float, float]:
    """The factor of a driver at which the chance of a gap of an area is what is wanted, and the chance there.

    Raises
    ------
    SibError
        If no factor between a half and twice does.
    """

    def apart(factor: float) -> float:
        change = Change(item=item, multiply=factor, start=f"{run.years[0]}-01", decided_by="nation", id="break-even")
        package = Scenario("break-even", *(run.scenario.changes if run.scenario else ()), change)
        part = Run(run.assumptions, package, run.draws, run.seed, run.years[:1], ("gap",), _GAP[:1])
        part.go(on)
        table = part.chances()
        return float(table.loc[table["region"] == region, "gap_chance"].iloc[0]) - chance

    from scipy.optimize import brentq  # heavy, and nothing else here needs it

    low, high = apart(0.5), apart(2.0)
    if low * high > 0:
        raise SibError(f"no {item} between a half and twice its value gives a gap in {chance:.0%} of the draws: "
                       f"{low + chance:.0%} at a half, {high + chance:.0%} at twice")  # fmt: skip
    factor = float(brentq(apart, 0.5, 2.0, xtol=1e-4))
    return factor, apart(factor) + chance


@dataclass(frozen=True, repr=False)
class Stress(Result):
    """The likeliest shocks that bring a fund where it should not be.

    The frame has programme, item, period, deviations (of a shock all areas share), before, after
    (means over areas, sums of heads and amounts) and change (a share).
    """

    sentence: str = ""
    distance: float = field(default=float("nan"))

    columns: ClassVar[tuple[str, ...]] = ("programme", "item", "period", "deviations", "before", "after", "change")

    def headline(self) -> str:
        """In words."""
        return self.sentence


def reverse_stress(
    assumptions: Assumptions, programme: str, *, item: str = "closing_balance", below: float | None = 0.0,
    above: float | None = None,
) -> Stress:  # fmt: skip
    """The likeliest combination of shocks to its drivers that empties a fund.

    The shocks are those of `simulate`: each driver is moved in all areas alike, by as many standard
    deviations of its joint error as is cheapest, correlations counted; of all combinations that
    reach the target the nearest to the draft is found (scipy, SLSQP).

    Parameters
    ----------
    assumptions : Assumptions
    programme : str
    item : str
        The figure watched, summed over the fund's areas, in the draft year.
    below, above : float
        The target, one of them, in base units: by default a closing balance of nothing.

    Returns
    -------
    Stress

    Raises
    ------
    SibError
        If the fund is unknown, the draft is there already, nothing of it is in doubt, or no
        combination within eight deviations gets there.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    >>> found = sib.reverse_stress(draft.assumptions, "di", item="gap", above=0.0)
    >>> bool(found.distance > 0)
    True
    """
    from scipy.optimize import minimize

    if (below is None) == (above is None) and not (above is not None and below == 0.0):
        raise SibError("give below or above, not both")
    alone = fund_of(assumptions, programme)
    (code, basis), = alone.funds.items()
    year = alone.first
    path = roll_forward(basis, None, year)
    fund = doubts_of(alone, {code: path}, year)[code]
    if not fund.items:
        raise SibError(f"nothing of {code} is in doubt")
    goal, sign = (above, 1.0) if above is not None else (below, -1.0)
    world = _World(path, fund, item, year)

    def short(z: Floats) -> float:
        return sign * (world.total(z) - float(goal or 0.0)) / world.unit

    start = np.zeros(len(fund.items))
    if short(start) >= 0:
        raise SibError(f"{item} of {code} is {world.total(start):,.0f} in the draft: it is there already")
    slope = np.array([short(start + 0.05 * e) - short(start) for e in np.eye(len(start))]) / 0.05
    if not slope.any():
        raise SibError(f"no driver in doubt reaches {item} of {code}")
    world = world.only(slope != 0.0)  # what moves nothing would only follow the others
    start, slope = start[slope != 0.0], slope[slope != 0.0]
    inverse, towards = np.linalg.inv(world.correlation), world.correlation @ slope
    guess = towards * min(-short(start) / max(float(slope @ towards), 1e-12), 8.0 / max(float(np.sqrt(slope @ towards)), 1e-12))
    found = minimize(lambda z: 0.5 * float(z @ inverse @ z), guess, jac=lambda z: inverse @ z, method="SLSQP",
                     constraints={"type": "ineq", "fun": short}, options={"maxiter": 100, "ftol": 1e-10})  # fmt: skip
    distance = float(np.sqrt(found.x @ inverse @ found.x))
    if short(found.x) < -1e-3 or distance > 8.0:
        raise SibError(f"no combination of shocks within eight deviations brings {item} of {code} there")
    return _told(world, found.x, distance, assumptions, code, goal or 0.0)


class _World:
    """A fund under shocks that all its areas share."""

    def __init__(self, path: FundPath, fund: FundDoubts, item: str, year: int) -> None:
        self.path, self.fund, self.item, self.year = path, fund, item, year
        common = fund.loadings @ fund.loadings.T
        self.correlation = np.where(np.eye(len(common)) > 0, 1.0, common)
        self.size = np.array([_joint(path, i, d.shared, year) for i, d in fund.items.items()])
        self.groups = alike(path, np.arange(len(fund.areas)), tuple(y for y in path.years if y <= year))
        self.replays = self._replays()
        spending = float(np.nansum(path.value("total_expenditure", year)))
        self.unit = max(abs(self.total(np.zeros(len(fund.items)))), abs(spending), 1.0)

    def only(self, which: npt.NDArray[np.bool_]) -> _World:
        """The same fund with some of its drivers in doubt."""
        out = copy(self)
        names = [i for i, keep in zip(self.fund.items, which, strict=True) if keep]
        out.fund = replace(self.fund, items={i: self.fund.items[i] for i in names})
        out.correlation, out.size = self.correlation[np.ix_(which, which)], self.size[which]
        out.replays = out._replays()
        return out

    def _replays(self) -> list[Replay]:
        return [Replay.of(self.path, rows, self.fund, None, [(self.item, self.year)]) for rows in self.groups]

    def total(self, z: Floats) -> float:
        """The figure under shocks of so many joint deviations, summed over the areas."""
        out = 0.0
        shocks = dict(zip(self.fund.items, (z * self.size).tolist(), strict=True))
        for rows, replay in zip(self.groups, self.replays, strict=True):
            for _, _, value in replay.told(0, len(rows), _Shocks(self.fund, rows, shocks)):
                out += float(np.nansum(value[:, 0]))
        return out

    def year_of(self, item: str) -> int:
        """The last year a driver is in doubt: the one under way, for what is drawn no later."""
        told = (self.fund.items[item].deviation > 0).any(axis=0)
        return self.fund.years[int(np.flatnonzero(told)[-1])]

    def figure(self, item: str, z: float) -> float:
        """A driver under a shock: heads and amounts summed, levels and rates on average."""
        place, year = list(self.fund.items).index(item), self.year_of(item)
        shocks = _Shocks(self.fund, np.arange(len(self.fund.areas)), {item: z * float(self.size[place])})
        value = self.path.years[year].get(item)[:, :1]
        with_it = shocks.move(item, year, value)[:, :1] if z else value
        return float(np.nansum(with_it) if catalogue.CATALOGUE[item].is_additive else np.nanmean(with_it))


class _Shocks(Draws):
    """One draw, given: errors of each driver in its own deviations, the same in all areas and years."""

    def __init__(self, fund: FundDoubts, rows: npt.NDArray[np.int64], shocks: dict[str, float]) -> None:
        super().__init__(fund, rows, 1, 0)
        self.shocks = shocks

    def move(self, item: str, year: int, value: Floats) -> Floats:
        doubt, column = self.doubts.items[item], self.doubts.years.index(year)
        size = doubt.deviation[self.rows, column]
        rows = [moved(float(value[p, 0]), np.array([self.shocks[item] * size[p]]), int(doubt.way[r, column]), float(size[p]),
                      *doubt.tail[r]) for p, r in enumerate(self.rows)]  # fmt: skip
        return np.stack(rows)


def _joint(path: FundPath, item: str, shared: float, year: int) -> float:
    """The deviation of the error of all areas together, in one area's: what is their own evens out."""
    value = np.abs(np.nan_to_num(path.value(item, year)[:, 0]))
    many = value.sum() ** 2 / (value**2).sum() if value.any() else 1.0
    return float(np.sqrt(shared + (1.0 - shared) / many))


def _told(world: _World, z: Floats, distance: float, assumptions: Assumptions, code: str, goal: float) -> Stress:
    rows = []
    for item, shock in zip(world.fund.items, z, strict=True):
        before, after = world.figure(item, 0.0), world.figure(item, float(shock))
        if abs(shock) >= 0.05 and before:
            rows.append((code, item, str(world.year_of(item)), round(float(shock), 2), before, after, after / before - 1.0))
    rows.sort(key=lambda r: -abs(r[3]))
    frame = pd.DataFrame(rows, columns=list(Stress.columns))
    named = ", ".join(f"{catalogue.CATALOGUE[r[1]].en} {r[6]:+.1%}" for r in rows[:4])
    chance = float(ndtr(-distance))
    reached = world.total(z)
    watched = catalogue.CATALOGUE[world.item].en
    sentence = (f"{code} {world.year}: {watched} comes to {reached:,.0f} (target {goal:,.0f}) by {named}; "
                f"{distance:.2f} deviations from the draft, about {chance:.2%} of futures lie as far that way")  # fmt: skip
    return Stress(lambda: frame, {**assumptions.provenance, "programme": code}, sentence=sentence, distance=distance)
