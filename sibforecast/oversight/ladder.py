"""`ladder`: how a fund's balance is placed so that every month stays payable and the rest earns most."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from sibforecast.analysis.stress import fund_of
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.policy import Policy, current_law
from sibforecast.errors import SibError, all_faults
from sibforecast.oversight import ladder_words as words
from sibforecast.oversight.ladder_paths import Drawn, Paths, bare_today, by_term, held_today, rates_told, seasons, short, tied_up
from sibforecast.oversight.limits import standard_fund
from sibforecast.oversight.placing import Floats, Placement, best_of, covered, payable
from sibforecast.oversight.reserves import without_rate
from sibforecast.projection.draft import BudgetDraft, draft_budget
from sibforecast.results import Findings, Result
from sibforecast.tables.data import FundData
from sibforecast.tables.schema import LEVELS


@dataclass(frozen=True, repr=False)
class Ladder(Result):
    """One fund's opening balance by term, area by area; funds are never pooled.

    `amount` and `share` of each term (`term_months`, 0 is the current account) at its yearly
    `rate`; `interest` = amount × rate, of a whole year; `kept` is the part in deposits of today that stay, at the rates
    of their contracts; `present` and `present_share` is what the table
    ``deposits`` holds for the term, blank where it holds nothing of the area; `source` and
    `rate_status` of the rate. `status` is the area's: green (the level is kept, two standard errors of the paths
    beyond it), yellow (kept on these paths, within their doubt), red (not kept: in `shortfalls` and `findings`).

    Attributes
    ----------
    plan : DataFrame
        What is placed in which month for which term, what has matured placed again included.
    months : DataFrame
        By month: needed (of the opening balance, at the level asked for), available, spare, and
        price: the interest a year that one more unit of need in that month costs.
    yields : DataFrame
        By area: opening balance; yield, the interest a year of the simulated years ÷ opening, what is locked at its
        rate while it is and the rest at the current rate; present_yield, of today's structure, each deposit renewed
        as it falls due (at the same rates; with `keep` at those of its contract); present_contract, at the rates of
        the contracts; falls_short and present_falls_short, part of the paths in which a month of the simulated years
        cannot be paid without breaking a deposit; present_admissible, whether today's structure falls short no more
        often than 1 − level + 2 standard errors; gained = (yield − present_yield) × opening, a year, blank where
        either does not keep the level, for then there is nothing to compare; equal_yield, the best yield that falls
        short no more often than today's structure, whatever that is, and gained_equally = (equal_yield −
        present_yield) × opening; months_covered, average monthly payments that the current account holds; price, the
        interest a year that one more unit costs that is kept payable in every month with a need; uncovered, the need
        that the balance (less what is kept) does not meet; because, why the level is not kept: ``deposits`` of today that
        stay, or the ``balance`` itself; status.
    shortfalls : DataFrame
        Of every area that is not green the months short of the level: region, programme, month, needed, available, short,
        chosen_level, falls_short, because, status.
    findings : Findings
        One for each of these areas, with its dearest month; and deposits without a rate, which the shares of today leave out.
    """

    data: FundData | None = field(default=None, repr=False)
    months: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    yields: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    plan: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    level: float = 0.95
    seasonal: bool = True
    paths: Paths | None = field(default=None, repr=False)
    shortfalls: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)

    summed_up_in_hundreds: ClassVar[bool] = True
    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "term_months", "rate", "amount", "share", "present", "present_share", "kept", "interest",
        "source", "rate_status", "status",
    )  # fmt: skip

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    def falls_short(self, *, seed: int, draws: int = 2000, on: Executor | None = None) -> pd.DataFrame:
        """How often the ladder falls short on fresh paths.

        Parameters
        ----------
        seed : int
            Another seed than the ladder's.
        draws : int

        Returns
        -------
        DataFrame
            region, programme, chance, allowed (1 − level + 2 standard errors of the share).
        """
        if self.paths is None:
            raise SibError("this ladder has no paths behind it")
        table = self.months.set_index("region")
        allowed = _allowed(self.level, draws)
        rows = [(area, self.paths.programme, short(drawn.need, table.loc[[area], "available"].to_numpy(), self.paths.within),
                 allowed) for area, drawn in self.paths.drawn(seed, draws, on).items()]  # fmt: skip
        return pd.DataFrame(rows, columns=["region", "programme", "chance", "allowed"])

    def headline(self) -> str:
        """The fund, its year, the yield beside today's, and how many areas fall short."""
        return words.headline(self)

    def summary(self) -> pd.DataFrame:
        """Amounts by term, all areas together, in 100 million: of the balance placed, and of the deposits as entered."""
        table = self.frame.groupby(["term_months", "rate"], sort=False)[["amount", "present"]].sum(min_count=1) / 1e8
        names = {"amount": f"placed of opening {self.provenance.get('year')}", "present": "deposits as entered"}
        return table.round(2).rename(columns=names).reset_index()

    def notices(self) -> list[str]:
        """Every area that falls short, what liquidity costs, and which rates nobody has checked."""
        return words.notices(self)


def ladder(
    data: FundData | BudgetDraft | Assumptions, programme: str, *, level: float = 0.95, draws: int = 2000, seed: int,
    unit: str = "region", years: int = 1, keep: bool = True, rates: Mapping[int, float] | None = None,
    most: Mapping[int, float] | None = None, law: Policy | None = None, on: Executor | None = None,
) -> Ladder:  # fmt: skip
    """Place a fund's opening balance: every month payable at a chosen level, the rest at the best yield.

    The year is simulated (`simulate`); within it revenue (without interest, which depends on the
    placing) and expenditure take the season of earlier years, and in each month payments come
    before revenue. Kept current or maturing in time is what the paths need in every month, in
    the chosen part of them; a linear programme places the rest. Where the balance, less the deposits of today
    that stay, cannot pay that part of them, as many as it can are kept payable, and the area is told as
    short. It looks as far ahead as the simulated years: a longer term rests on the gap of each later year
    being filled within it, as the gaps of a budget are. Money is not moved between funds, nor between the areas of `unit`.

    Parameters
    ----------
    data : FundData, BudgetDraft or Assumptions
        Of a data set the year after the last account is drafted.
    programme : str
        One fund, by code or name.
    level : float
        Part of the paths in which every month is payable; from 0.5 and below 1.
    draws, seed : int
        See `simulate`.
    unit : str
        Areas of this level each keep a balance of their own (region, league, county).
    years : int
        How many years are simulated.
    keep : bool
        Whether today's term deposits stay until they mature (scaled to the opening balance) and only the rest is
        placed: breaking them costs their interest, and one near its end earns a long rate on money that is soon
        free, which no new deposit does. Today's structure then earns what its contracts say. If false the whole
        balance is placed afresh.
    rates : mapping of int to float, optional
        Yearly rate by term in months (0 the current account): the terms that are admissible. By
        default those of the law in force at the start of the year, which nobody has verified.
    most : mapping of int to float, optional
        The highest part of the balance that a term may hold.
    law : Policy, optional
        Where the default rates stand; by default `current_law`.
    on : Executor, optional
        See `simulate`.

    Returns
    -------
    Ladder

    Raises
    ------
    SibError
        With every fault of the arguments; if the fund is unknown, or its revenue, expenditure or
        balance is.

    Examples
    --------
    >>> import sibforecast as sib
    >>> data = sib.load(sib.sample("oasdi"))
    >>> made = sib.ladder(data, "di", draws=200, seed=1, unit="nation", rates={0: 0.01, 12: 0.03})
    >>> made.frame[["term_months", "share"]].round(1).to_numpy().tolist()
    [[0.0, 0.1], [12.0, 0.9]]
    """
    _checked(level, unit, {"draws": (draws, 2), "seed": (seed, 0), "years": (years, 1)}, rates, most)
    assumptions = _assumptions(data)
    alone = fund_of(assumptions, programme)
    (code,) = alone.funds
    source = alone.source
    areas = {a: source.regions.at_level(a, unit) if a in source.regions.areas else a for a in alone.funds[code].areas}
    shapes, seasonal = seasons(source, code, alone.first, areas)
    paths = Paths(alone, code, unit, years, shapes)
    told = rates_told(rates, law or current_law(), alone.first, standard_fund(source, code), source.currency)
    held = held_today(source, code, areas, alone.first)
    now = {area: held.get(area) for area in areas.values()}
    drawn = paths.drawn(seed, draws, on)
    parts = [_one(area, paths, one, level, told, most, now[area], keep) for area, one in drawn.items()]
    frame = pd.concat([p[0] for p in parts], ignore_index=True)
    months = pd.concat([p[1] for p in parts], ignore_index=True)
    plan = pd.concat([p[2] for p in parts], ignore_index=True)
    provenance = {**alone.provenance, "programme": code, "year": alone.first, "level": level, "draws": draws, "seed": seed,
                  "unit": unit, "years": years, "keep": keep}  # fmt: skip
    yields = pd.DataFrame([p[3] for p in parts])
    lacking = words.shortfalls(months, yields, level)
    bare = [*without_rate(bare_today(source, code))]
    return Ladder(lambda: frame, provenance, data=source, months=months, yields=yields, plan=plan, level=level,
                  seasonal=seasonal, paths=paths, shortfalls=lacking,
                  findings=Findings.of([*words.short_of(lacking, alone.first), *bare]))  # fmt: skip


def _checked(
    level: float, unit: str, numbers: Mapping[str, tuple[int, int]], rates: Mapping[int, float] | None,
    most: Mapping[int, float] | None,
) -> None:  # fmt: skip
    faults = [f"{name}: expected a whole number from {least}; found {number!r}" for name, (number, least) in numbers.items()
              if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < least]  # fmt: skip
    if not 0.5 <= level < 1.0:
        faults.append(f"level: expected a number from 0.5 and below 1; found {level!r}")
    if unit not in LEVELS:
        faults.append(f"unit: expected one of {', '.join(LEVELS)}; found {unit!r}")
    if rates is not None and 0 not in rates:
        faults.append("rates: expected a rate of the current account, at term 0")
    for name, table, high in (("rates", rates or {}, 0.2), ("most", most or {}, 1.0)):
        for term, value in table.items():
            if isinstance(term, bool) or not isinstance(term, int) or not 0 <= term <= 120:
                faults.append(f"{name}: expected terms in whole months from 0 to 120; found {term!r}")
            if not isinstance(value, (int, float)) or not 0.0 <= value <= high:
                faults.append(f"{name}: expected a share from 0 to {high:g} for {term!r} months; found {value!r}")
    if faults:
        raise all_faults(SibError, "ladder", faults)


def _assumptions(data: FundData | BudgetDraft | Assumptions) -> Assumptions:
    if isinstance(data, Assumptions):
        return data
    if isinstance(data, FundData):
        view = data._view()
        finals = [int(p) for p in view.loc[view["stage"] == "final", "period"].astype(str).unique() if len(p) == 4]
        if not finals:
            raise SibError("there is no account to start from; give a draft or assumptions")
        data = draft_budget(data, max(finals) + 1)
    if isinstance(data, BudgetDraft) and isinstance(data.assumptions, Assumptions):
        return data.assumptions
    raise SibError(f"ladder takes a data set, a draft or assumptions; found {type(data).__name__}")


def _one(
    area: str, paths: Paths, drawn: Drawn, level: float, told: Mapping[int, tuple[float, str, str]],
    most: Mapping[int, float] | None, held: pd.DataFrame | None, keep: bool,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, object]]:  # fmt: skip
    """The ladder of one area's balance."""
    opening, blank = round(drawn.opening, 2), float("nan")
    rates = {term: rate for term, (rate, _, _) in told.items()}
    known = by_term(held, rates) if held is not None else {}
    whole = sum(known.values())
    kept = _kept(held, opening, keep)
    tied = tied_up(kept, drawn.need.shape[1])
    made, line = best_of(opening, drawn.need, level, rates, most, tied)
    stays, earns = by_term(kept, rates), by_term(kept, rates, "interest")
    new = _new(made, opening, rates, stays)
    rows = []
    for term, (rate, source, status) in told.items():
        amount = new[term] + stays.get(term, 0.0)
        present = known.get(term, 0.0) if held is not None else blank
        rows.append((area, paths.programme, term, rate, amount, amount / opening if opening > 0 else blank, present,
                     present / whole if whole else blank, stays.get(term, 0.0), new[term] * rate + earns.get(term, 0.0), source,
                     status, ""))  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(Ladder.columns))
    number = np.arange(1, len(line) + 1)
    months = pd.DataFrame({"region": area, "programme": paths.programme, "month": number, "needed": np.maximum(line, 0.0),
                           "available": made.available, "price": made.price})  # fmt: skip
    months.insert(5, "spare", months["available"] - months["needed"])
    plan = pd.DataFrame(made.plan, columns=["month", "term_months", "amount"])
    plan.insert(0, "region", area)
    told_of = _yields(paths, drawn, months, frame, held) | {"yield": _earned(made, kept, opening, rates, paths.years)}
    if keep and held is not None and opening > 0:
        today = (float(kept["interest"].sum()) + (opening - float(kept["balance"].sum())) * rates[0]) / opening
        told_of["present_yield"] = today
    now_short, allowed = told_of["present_falls_short"], _allowed(level, len(drawn.need))
    if now_short == now_short and opening > 0:
        told_of["present_admissible"] = now_short <= allowed
        if now_short < 1.0:
            alike, _ = best_of(opening, drawn.need, 1.0 - now_short, rates, most, tied, 0.0)
            told_of["equal_yield"] = _earned(alike, kept, opening, rates, paths.years)
            told_of["gained_equally"] = (told_of["equal_yield"] - told_of["present_yield"]) * opening
    if told_of["present_admissible"] and told_of["falls_short"] <= allowed:
        told_of["gained"] = (told_of["yield"] - told_of["present_yield"]) * opening
    told_of |= _status(told_of["falls_short"], drawn.need, opening, level)
    return frame.assign(status=told_of["status"]), months, plan, told_of


def _status(chance: float, need: Floats, opening: float, level: float) -> dict[str, str]:
    """Whether the level is kept, and what stands in its way: today's deposits where the whole balance would do."""
    paid, asked = round((1.0 - chance) * len(need)), covered(len(need), level, 2.0)
    if paid >= asked:
        return {"because": "", "status": "green"}
    free = int(payable(need, np.full(need.shape[1], opening)).sum())
    return {"because": "deposits" if free >= asked else "balance", "status": "yellow" if chance <= 1.0 - level else "red"}


def _new(made: Placement, opening: float, rates: Mapping[int, float], stays: Mapping[int, float]) -> dict[int, float]:
    """What is placed at the start, by term; what is left over stays current."""
    new = {term: made.at_start(term) for term in rates if term}
    new[0] = round(max(opening, 0.0) - sum(stays.values()) - sum(new.values()), 2)
    return new


def _earned(made: Placement, kept: pd.DataFrame, opening: float, rates: Mapping[int, float], years: int) -> float:
    """Interest a year of the simulated years ÷ opening balance: what is locked at its rate while it is, the rest current."""
    if not opening > 0:
        return float("nan")
    months = np.minimum(kept["left"].astype(float), 12.0 * years)
    stays = float(((kept["interest"] - kept["balance"] * rates[0]) * months / 12.0).sum())
    return rates[0] + (made.worth + stays) / (opening * years)


def _allowed(level: float, draws: int) -> float:
    """How often a structure may fall short: 1 − level + 2 standard errors of the share."""
    return 1.0 - level + 2.0 * float(np.sqrt(level * (1.0 - level) / draws))


def _kept(held: pd.DataFrame | None, opening: float, keep: bool) -> pd.DataFrame:
    """Today's term deposits that stay, scaled to the opening balance, in whole cents; none where all is placed afresh."""
    if held is None or not keep or not opening > 0:
        return pd.DataFrame({"term": [], "left": [], "balance": [], "interest": []})
    rows = held[held["left"] > 0]
    balance = np.floor(rows["balance"] * opening / float(held["balance"].sum()) * 100.0) / 100.0
    return pd.DataFrame({"term": rows["term"], "left": rows["left"], "balance": balance, "interest": balance * rows["rate"]})


def _yields(
    paths: Paths, drawn: Drawn, months: pd.DataFrame, frame: pd.DataFrame, held: pd.DataFrame | None
) -> dict[str, Any]:
    """Yield, cover and shortfalls of an area's ladder, beside today's structure."""
    today = contract = now_short = float("nan")
    opening, available = drawn.opening, months["available"].to_numpy()
    if held is not None and (whole := float(held["balance"].sum())) > 0:
        today = float((frame["present_share"] * frame["rate"]).sum())
        contract = float((held["balance"] * held["rate"]).sum()) / whole
        current = float(held.loc[held["term"] == 0, "balance"].sum()) / whole
        now_short = short(drawn.need, np.full(len(available), opening * current), paths.within)
    current = float(frame.loc[frame["term_months"] == 0, "amount"].iloc[0])
    return {
        "region": frame["region"].iloc[0], "programme": paths.programme, "opening": opening, "yield": float("nan"),
        "present_yield": today, "present_contract": contract, "gained": float("nan"),
        "months_covered": current * 12.0 / drawn.spending if drawn.spending > 0 else float("nan"),
        "price": float(months["price"].sum()), "uncovered": max(0.0, -float(months["spare"].min()) - 0.005),
        "falls_short": short(drawn.need, available, paths.within), "present_falls_short": now_short,
        "present_admissible": None, "equal_yield": float("nan"), "gained_equally": float("nan"),
    }  # fmt: skip
