"""Levers that look at a fund's own figures before they are changes.

Each function here takes assumptions (``draft.assumptions``), reads what the baseline says of
each area, and builds a scenario. Where areas differ, each has a change of its own under one id:
one measure with an amount for each area, one cause in `attribute`.

Every function takes further fields of a change by name: ``decided_by``, ``known_at_budget``,
``evidence``, ``reference``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.effects import Effects
from sibforecast.assumptions.fitting import FundBasis
from sibforecast.assumptions.scenario import Change, Scenario
from sibforecast.errors import ScenarioError, SibError
from sibforecast.programmes import cohorts
from sibforecast.programmes.programme import Year

Floats = npt.NDArray[np.float64]


def raise_retirement_age(
    assumptions: Assumptions, mix: Mapping[str, float], *, years: Iterable[int], programme: str = "enterprise_pension",
    regions: Sequence[str] = ("*",), contributing: float = 1.0, as_in: int | None = None, by_area: bool = True, **words: Any,
) -> Scenario:  # fmt: skip
    """The gradual rise of the retirement age: fewer new retirees, and longer contributions.

    New beneficiaries of a year are multiplied by the share of the cohorts that retire in it
    (`cohorts.retiring_share`). Those who wait go on contributing: the baseline's new
    beneficiaries × cohort months that wait / 12 × `contributing` come to the contributors.

    Parameters
    ----------
    assumptions : Assumptions
        Their new beneficiaries are those of a usual year, unless `as_in` says otherwise.
    mix : mapping of str to float
        Parts of ``men``, ``women_55`` and ``women_50`` among new retirees.
    years : iterable of int
        Calendar years.
    regions : sequence of str
        Areas; an upper one means all below it.
    contributing : float
        Share of those who wait that contribute.
    as_in : int, optional
        The year whose law the forecast of new beneficiaries carries on. A trend that ends in an
        account of 2025 holds that year's nine or eight of twelve already; it is taken out.
    by_area : bool
        A change of the contributors for each area, exact; otherwise one for all, by the areas'
        totals: right in sum, and in each area as far as its retirees are to its contributors as
        everywhere.

    Returns
    -------
    Scenario
        For each year a change of ``new_beneficiaries`` and one or more of ``contributors``.

    Raises
    ------
    ScenarioError
        If the fund has no such figures, or a field is wrong.
    SibError
        If a group or area is unknown.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("nmg")), year=2027)
    >>> made = raise_retirement_age(draft.assumptions, {"men": 1}, years=[2027], by_area=False)
    >>> [(c.item, round(c.multiply, 4)) for c in made.changes]
    [('new_beneficiaries', 0.75), ('contributors', 1.0255)]
    """
    fund = _Fund.of(assumptions, programme, regions)
    carried = 1.0 if as_in is None else float(cohorts.retiring_share(as_in, mix))
    already = 0.0 if as_in is None else float(cohorts.extra_months(as_in, mix))
    common = {"programme": programme, "decided_by": "nation", "reference": cohorts.SOURCE} | words
    changes = []
    for year in sorted(years):
        months = {"start": f"{year}-01", "end": f"{year}-12"}
        share = float(cohorts.retiring_share(year, mix)) / carried
        usual = fund.figures("new_beneficiaries", year)[fund.where] / carried
        more = usual * (float(cohorts.extra_months(year, mix)) - already) / 12.0 * contributing
        heads = fund.figures("contributors", year)[fund.where]
        known = ~np.isnan(more) & (heads > 0)
        if not known.any():
            raise ScenarioError(f"{programme} has no new beneficiaries and contributors in {year} to work on")
        changes.append(Change(item="new_beneficiaries", multiply=share, regions=tuple(regions), id=f"later retirement {year}",
                              **(common | months)))  # fmt: skip
        codes = [fund.basis.areas[i] for i in np.flatnonzero(fund.where)]
        parts = [((codes[i],), more[i] / heads[i]) for i in np.flatnonzero(known)] if by_area else [
            (tuple(regions), more[known].sum() / heads[known].sum())
        ]  # fmt: skip
        for area, moved in parts:
            if moved:
                changes.append(Change(item="contributors", multiply=float(1.0 + moved), regions=area,
                                      id=f"longer contribution {year}", **(common | months)))  # fmt: skip
    return Scenario("gradual rise of the retirement age", *changes, author="fund_levers.raise_retirement_age",
                    reference=cohorts.SOURCE,
                    explanation="new_beneficiaries × cohorts that retire; contributors + cohorts that wait")  # fmt: skip


def refund_employers(
    assumptions: Assumptions, *, year: int, ratio: float, eligible: float, reserve: float = 12.0,
    programme: str = "unemployment", regions: Sequence[str] = ("*",), **words: Any,
) -> Scenario:  # fmt: skip
    """Refunds to employers who keep their staff (稳岗返还), where the fund's reserve allows.

    Each area pays last year's contributions × ratio × eligible share as non-benefit
    expenditure, if last year's balance covers `reserve` months of its spending.

    Parameters
    ----------
    year : int
        Year in which it is paid.
    ratio : float
        Share of last year's contributions given back (30 % or 60 % by size).
    eligible : float
        Share of contributions paid by employers who get it.
    reserve : float
        Months of reserve the fund must hold: a year, by the rule.

    Returns
    -------
    Scenario
        One change for each area that may pay.

    Raises
    ------
    ScenarioError
        If no area may pay, or a field is wrong.
    SibError
        If an area is unknown.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("nmg")), year=2027)
    >>> made = refund_employers(draft.assumptions, year=2027, ratio=0.6, eligible=0.5, regions=["150102"])
    >>> made.changes[0].item, made.changes[0].regions
    ('non_benefit_expenditure', ('150102',))
    """
    fund = _Fund.of(assumptions, programme, regions)
    amounts = fund.figures("contribution_revenue", year - 1) * ratio * eligible
    enough = fund.figures("months_payable", year - 1) >= reserve
    common = {"decided_by": "nation", "id": f"refunds to employers {year}"} | words
    changes = fund.amounts("non_benefit_expenditure", "add", np.where(enough, amounts, np.nan), year, common)
    if not changes:
        raise ScenarioError(f"no area of {programme} had {reserve:g} months of reserve at the end of {year - 1}")
    return Scenario("refunds to employers", *changes, author="fund_levers.refund_employers",
                    explanation="non_benefit_expenditure + last year's contributions × ratio × eligible share")


def cut_by_reserve(
    assumptions: Assumptions, bands: Mapping[float, float], *, start: str, end: str = "", asof: int | None = None,
    programme: str = "work_injury", regions: Sequence[str] = ("*",), **words: Any,
) -> Scenario:  # fmt: skip
    """A rate cut that goes by the reserve: the more months it lasts, the deeper the cut.

    Parameters
    ----------
    bands : mapping of float to float
        From so many months payable on, the rate is multiplied by so much:
        ``{18: 0.8, 24: 0.5}`` is the cut of 2018 in work injury (人社部发〔2018〕25号).
    start, end : str
        Months of the cut.
    asof : int, optional
        Year whose closing balance counts; the one before the first year by default.

    Returns
    -------
    Scenario
        One change for each band that some area reaches.

    Raises
    ------
    ScenarioError
        If no area reaches a band, or a field is wrong.
    SibError
        If an area is unknown.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("nmg")), year=2027)
    >>> made = cut_by_reserve(draft.assumptions, {18: 0.8, 24: 0.5}, start="2027-05", end="2028-04")
    >>> [c.multiply for c in made.changes]
    [0.8, 0.5]
    """
    fund = _Fund.of(assumptions, programme, regions)
    months = fund.figures("months_payable", asof or assumptions.first - 1)
    steps = sorted(bands)
    changes = []
    for place, step in enumerate(steps):
        top = steps[place + 1] if place + 1 < len(steps) else np.inf
        inside = tuple(fund.basis.areas[i] for i in np.flatnonzero((months >= step) & (months < top)))
        if inside:
            name = f"rate × {bands[step]:g} from {step:g} months of reserve"
            common = {"programme": programme, "decided_by": "nation", "id": name} | words
            changes.append(Change(item="contribution_rate", multiply=bands[step], regions=inside, start=start, end=end, **common))
    if not changes:
        raise ScenarioError(f"no area of {programme} has {steps[0] if steps else 0:g} months of reserve")
    return Scenario("rate cut by reserve", *changes, author="fund_levers.cut_by_reserve",
                    explanation="contribution_rate × a factor where the reserve lasts long enough")


def cap_spending(
    assumptions: Assumptions, *, year: int, growth: float, settled: float = 0.0, item: str = "medical_expenditure",
    programme: str = "employee_medical", regions: Sequence[str] = ("*",), **words: Any,
) -> Scenario:  # fmt: skip
    """A total budget for medical spending (总额预算): paid up to a cap, a share of the rest settled next year.

    Cap = last year's spending × (1 + growth). In `year` the line is min(formula, cap); in the
    year after, settled × max(0, formula − cap) is paid on top (年终清算).

    Parameters
    ----------
    growth : float
        Growth of the total budget on last year's spending.
    settled : float
        Share of what the baseline's formula gives above the cap that is paid in the next year.
    item : str
        The line that is capped.

    Returns
    -------
    Scenario
        For each area a cap, and where something is left to settle, its payment.

    Raises
    ------
    ScenarioError
        If the line is unknown everywhere, or a field is wrong.
    SibError
        If an area is unknown.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("nmg")), year=2027)
    >>> made = cap_spending(draft.assumptions, year=2027, growth=0.0, settled=0.5, regions=["150102"])
    >>> [(c.operation, c.start) for c in made.changes]
    [('cap', '2027-01'), ('add', '2028-01')]
    """
    fund = _Fund.of(assumptions, programme, regions)
    cap = fund.figures(item, year - 1) * (1.0 + growth)
    rest = np.maximum(fund.figures(item, year) - cap, 0.0) * settled
    changes = fund.amounts(item, "cap", cap, year, words, f"total budget {year}")
    if not changes:
        raise ScenarioError(f"{item} of {programme} has no figure in {year - 1}")
    rest = np.where(rest > 0.0, rest, np.nan)
    changes += fund.amounts(item, "add", rest, year + 1, words, f"settlement of {year}")
    return Scenario("total budget of medical spending", *changes, author="fund_levers.cap_spending",
                    explanation=f"{item}: at most last year's × (1 + growth); a share of the rest in the next year")


def pool_upwards(
    assumptions: Assumptions, *, year: int, remitted: float, kept_months: float = 0.0, programme: str = "unemployment",
    regions: Sequence[str] = ("*",), own_level: str = "", **words: Any,
) -> Scenario:  # fmt: skip
    """A fund pooled at a higher level: areas remit a share of collections, old balances move up.

    In `year` each area remits `remitted` × its contributions of that year. Of the balance
    at the end of the year before it keeps `kept_months` of spending; the rest goes up as a
    balance adjustment. What the upper level grants back is another decision: a change of
    ``upper_grant``.

    Parameters
    ----------
    remitted : float
        Share of the year's contributions; for later years call again and add the scenarios.
    kept_months : float
        Months of last year's spending that stay with the area.
    own_level : str
        The upper level's own account where the fund has one: it receives what the areas give.

    Returns
    -------
    Scenario
        Where an own level is given, balance adjustments sum to nothing.

    Raises
    ------
    ScenarioError
        If the fund has no contributions, or a field is wrong.
    SibError
        If an area is unknown.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("nmg")), year=2027)
    >>> made = pool_upwards(draft.assumptions, year=2027, remitted=0.1, kept_months=12, regions=["150102"])
    >>> [c.item for c in made.changes]
    ['upper_remittance', 'balance_adjustment']
    """
    fund = _Fund.of(assumptions, programme, regions)
    basis = fund.basis
    own = basis.areas.index(_code(assumptions, own_level)) if own_level and _code(assumptions, own_level) in basis.areas else None
    if own is not None:
        fund.where[own] = False
    given = fund.figures("contribution_revenue", year) * remitted
    surplus = fund.figures("closing_balance", year - 1) - kept_months * fund.figures("total_expenditure", year - 1) / 12.0
    moved = np.where(surplus > 0.0, -surplus, np.nan)
    changes = fund.amounts("upper_remittance", "add", given, year, words, "remitted share")
    if not changes:
        raise ScenarioError(f"{programme} has no contributions in {year}")
    if own is not None:
        received = np.full(len(basis.areas), np.nan)
        received[own] = np.nansum(given)
        if not any(link.area == own and link.item == "lower_remittance" for link in basis.links):
            changes += fund.amounts("lower_remittance", "add", received, year, words, "remitted share")
        moved[own] = -np.nansum(moved)
    changes += fund.amounts("balance_adjustment", "add", moved, year, words, "old balances")
    return Scenario("pooling at a higher level", *changes, author="fund_levers.pool_upwards",
                    explanation="upper_remittance: a share of contributions; balance_adjustment: old balances move up")


def _code(assumptions: Assumptions, word: str) -> str:
    return str(assumptions.source.regions.resolve(word))


@dataclass(frozen=True)
class _Fund:
    """A fund under a lever, and which of its areas are meant."""

    assumptions: Assumptions
    programme: str
    basis: FundBasis
    where: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, assumptions: Assumptions, programme: str, regions: Sequence[str]) -> _Fund:
        """The fund of some areas; an error names what is unknown."""
        if not isinstance(assumptions, Assumptions):
            raise SibError(f"this lever takes assumptions, such as draft.assumptions; found {type(assumptions).__name__}")
        basis = assumptions.funds.get(programme)
        if basis is None:
            raise ScenarioError(f"no fund {programme!r} in the assumptions; there are {', '.join(assumptions.funds)}")
        tree = assumptions.source.regions
        meant = [_code(assumptions, word) for word in regions if word != "*"]
        codes = {c for code in meant for c in (code, *tree.below(code))}
        where = np.array(["*" in regions or a in codes for a in basis.areas], dtype=bool)
        if not where.any():
            raise ScenarioError(f"{programme} has no figures in {', '.join(regions)}")
        return cls(assumptions, programme, basis, where)

    def figures(self, item: str, year: int) -> Floats:
        """The baseline's figures of the areas meant; blank in all others."""
        return np.where(self.where, _figures(self.basis, item, year), np.nan)

    def amounts(
        self, item: str, operation: str, value: Floats, year: int, words: Mapping[str, Any], name: str = ""
    ) -> list[Change]:
        """One change for each area with an amount of its own, for one year; its region decides unless `words` say otherwise."""
        same: dict[str, Any] = {"programme": self.programme, "decided_by": "region", **words}
        same |= {"item": item, "start": f"{year}-01", "end": f"{year}-12", "unit": self.assumptions.source.currency}
        same |= {"id": name} if name else {}
        return [
            Change(**(same | {"regions": (self.basis.areas[i],), operation: float(value[i])}))
            for i in np.flatnonzero(~np.isnan(value))
        ]


def _figures(basis: FundBasis, item: str, year: int) -> Floats:
    """The baseline's figures of an item in a year, by area."""
    base, announced = basis.base.given, Effects(basis.policy)
    now = Year(basis.programme, base, areas=len(basis.areas), direct={i: ~np.isnan(v) for i, v in base.items()},
               ever=basis.ever, blank=basis.base.blank)  # fmt: skip
    if year != basis.base_year:
        for number, given in basis.years.items():
            now = Year(basis.programme, given.given, areas=len(basis.areas), direct=given.direct, ever=basis.ever, before=now,
                       adjust=announced.adjuster(number), adjust_end=announced.adjuster(number, at_end=True),
                       links=basis.links, blank=given.blank, driven=basis.driven)  # fmt: skip
            if number == year:
                break
        else:
            there = ", ".join(map(str, (basis.base_year, *basis.years)))
            raise ScenarioError(f"the assumptions know no year {year}; they know {there}")
    return np.broadcast_to(now.get(item), (len(basis.areas), 1))[:, 0]
