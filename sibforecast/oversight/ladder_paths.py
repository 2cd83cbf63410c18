"""What a ladder rests on: simulated needs, seasons, rates of the day and what is held today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sibforecast.analysis.runs import Run
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.policy import Policy
from sibforecast.errors import SibError, all_faults
from sibforecast.forecasting import months as mo
from sibforecast.forecasting import nowcast as nc
from sibforecast.oversight.placing import Floats, needs
from sibforecast.periods import Period
from sibforecast.tables.data import FundData

#: Terms for which money may be placed, in months; 0 is the current account.
TERMS = (0, 3, 6, 12, 24, 36, 60)
FLOWS = ("total_revenue", "interest", "total_expenditure", "opening_balance", "lower_remittance", "lower_grant")
_NEEDED = ("total_revenue", "total_expenditure", "opening_balance")
TWELFTHS = np.arange(1, 13) / 12.0
Shapes = Mapping[str, tuple[Floats, Floats]]


@dataclass(frozen=True)
class Drawn:
    """Paths of one area: the opening balance (its doubt counts as need), needs (draws, months), payments of the first year."""

    opening: float
    need: Floats
    spending: float


@dataclass(frozen=True)
class Paths:
    """The simulated needs of one fund."""

    assumptions: Assumptions
    programme: str
    unit: str
    years: int
    shapes: Shapes

    @property
    def within(self) -> int:
        """Months of the simulated years."""
        return 12 * self.years

    def drawn(self, seed: int, draws: int, on: Executor | None) -> dict[str, Drawn]:
        """The paths of each area.

        Raises
        ------
        SibError
            If a total or the opening balance of an area is unknown.
        """
        first = self.assumptions.first
        span = tuple(range(first, first + self.years))
        run = Run(self.assumptions, None, draws, seed, span, FLOWS, (), kept=FLOWS, unit=self.unit)
        run.go(on)
        out: dict[str, Drawn] = {}
        faults = []
        many = Counter(run.unit_of(a) for a in self.assumptions.funds[self.programme].areas)
        for area in dict.fromkeys(unit for unit, *_ in run.kept):
            table = {i: [run.kept.get((area, self.programme, i, y)) for y in span] for i in FLOWS}
            lacking = [i for i in _NEEDED if any(v is None or np.isnan(v).any() for v in table[i])]
            if lacking:
                faults.append(f"{area} {self.programme}: {', '.join(lacking)} unknown")
                continue
            flows = {i: np.column_stack([np.zeros(draws) if v is None else np.nan_to_num(v) for v in table[i]]) for i in FLOWS}
            between = (flows["lower_remittance"] + flows["lower_grant"]) * (many[area] > 1)  # from one hand to the other
            come, gone = flows["total_revenue"] - flows["interest"] - between, flows["total_expenditure"] - between
            start = np.asarray(table["opening_balance"][0])
            opening = float(start.mean())
            need = needs(come, gone, self.shapes.get(area, (TWELFTHS, TWELFTHS)), self.within)
            out[area] = Drawn(opening, need + (opening - start)[:, None], float(gone[:, 0].mean()))
        if faults or not out:
            raise all_faults(SibError, "nothing to place", faults or [f"no figures of {self.programme}"])
        return out


def short(need: Floats, available: Floats, months: int) -> float:
    """Part of the paths in which a month cannot be paid; half a cent apart is paid."""
    return float((need[:, :months] > available[:months] + 0.005).any(axis=1).mean())


def seasons(data: FundData, programme: str, first: int, areas: Mapping[str, str]) -> tuple[Shapes, bool]:
    """Part of a year's revenue and expenditure that has come by each month, by area; and whether months are known.

    An area takes the months of those within it, else of the nearest area above that reports, else
    of all that report; without any, twelfths.

    Parameters
    ----------
    areas : mapping of str to str
        Of each area that is drafted, the area whose balance it is part of.
    """
    table = next((t for y in (first - 1, first - 2) if (t := nc.month_table(data, y, Period(y, 12))) is not None), None)
    tree, out = data.regions, {}
    if table is None:
        return {}, False
    keys = table.keys.astype(str)
    mine = np.asarray(keys["programme"] == programme)
    known = False
    for unit in dict.fromkeys(areas.values()):
        inside = np.array([r == unit or (r in tree.areas and unit in tree.ancestors(r)) for r in keys["region"]], dtype=bool)
        above = tree.ancestors(unit) if unit in tree.areas else ()
        places = [inside, *(np.asarray(keys["region"] == a) for a in above), np.ones(len(keys), dtype=bool)]
        here = next(p for p in places if (p & mine).any() or p is places[-1])
        shape = []
        for item in ("total_revenue", "total_expenditure"):
            rows = np.flatnonzero(here & mine & np.asarray(keys["item"] == item))
            summed = table.data.values[rows].sum(axis=0)[None] if len(rows) else np.full((1, 1, 12), np.nan)
            usable = np.asarray(table.data.usable[rows].all(axis=0))[None]
            whole = mo.Months(summed, np.ones(1, dtype=bool), usable)
            share = np.array([mo.season_share(whole, m)[0] for m in range(1, 13)])
            fine = bool(np.isfinite(share).all())
            known |= fine
            shape.append(share if fine else TWELFTHS)
        out[unit] = (shape[0], shape[1])
    return out, known


def rates_told(
    given: Mapping[int, float] | None, law: Policy, year: int, programme: str | None, currency: str
) -> dict[int, tuple[float, str, str]]:
    """Rate, source and status by term: as given, else of the law in force at the start of the year.

    Raises
    ------
    SibError
        If none are given for money that the law's rates are not of.
    """
    if given is not None:
        return {int(t): (float(given[t]), "given as an argument", "") for t in sorted(given)}
    if currency != "yuan":
        raise SibError(f"the rates of the current law are of deposits in yuan, not {currency}: give rates={{0: …, 12: …}} "
                       "(on the command line --rate 0=0.005 --rate 12=0.015)")
    records = {t: law.record(f"term_rate_{t}", f"{year}-01-01", programme=programme) for t in TERMS}
    return {t: (r.value, r.source, r.status) for t, r in records.items()}


def held_today(data: FundData, programme: str, areas: Mapping[str, str], first: int) -> dict[str, pd.DataFrame]:
    """What the table ``deposits`` holds of a fund, by area: balance, rate, term, and months left at the start of the year.

    Deposits that have matured before count as renewed for the same term; one without a start as
    placed that day. Rows without balance or rate are left out.
    """
    table = data.tables.get("deposits")
    if table is None or table.empty:
        return {}
    rows = table[(table["programme"] == programme) & table["balance"].notna() & table["rate"].notna()].copy()
    rows["unit"] = rows["region"].astype(str).map(areas)
    rows = rows[rows["unit"].notna()]
    rows["term"] = rows["term_months"].astype(float).fillna(0.0).astype(int)
    left = []
    for start, term in zip(rows["start"], rows["term"], strict=True):
        begins = Period.parse(start) if isinstance(start, str) and start else None
        gone = (first * 12 - begins.year * 12 - (begins.month or 1) + 1) if begins is not None else 0
        left.append(term - gone % term if term else 0)
    rows["left"] = left
    return {str(unit): part[["balance", "rate", "term", "left"]] for unit, part in rows.groupby("unit")}


def bare_today(data: FundData, programme: str) -> pd.DataFrame:
    """A fund's deposits that have a balance and no rate."""
    table = data.table("deposits")
    if table.empty:
        return pd.DataFrame({"region": [], "programme": [], "balance": [], "rate": []})
    return table[((table["programme"] == programme) & table["balance"].notna() & table["rate"].isna()).to_numpy()]


def by_term(held: pd.DataFrame, terms: Collection[int], column: str = "balance") -> dict[int, float]:
    """Sums of a column by admissible term: each deposit at the longest that is not longer than its own."""
    out: dict[int, float] = {}
    for term, value in zip(held["term"], held[column], strict=True):
        near = max(t for t in terms if t <= term)
        out[near] = out.get(near, 0.0) + float(value)
    return out


def tied_up(kept: pd.DataFrame, months: int) -> Floats:
    """What deposits hold in each month from the first: all whose months left reach to it."""
    return np.array([float(kept.loc[kept["left"] >= m, "balance"].sum()) for m in range(1, months + 1)])
