"""Rolling one fund forward, year by year: the one loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sibforecast.assumptions.effects import Effects, Laid
from sibforecast.assumptions.fitting import FILLED_LINES, FundBasis, YearBasis, has_evidence
from sibforecast.items import STATUTORY_LINES
from sibforecast.programmes import blocks
from sibforecast.programmes.programme import GIVEN, UNKNOWN, Programme, Year, no_change, select
from sibforecast.tables.read import Collector

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

#: Beside the method of a line, and of the gap, where an account left open what filled a gap.
UNSPLIT = "the account does not say what of it filled a gap: all of it is taken as standing"
#: Beside the method of what is collected where the line it makes up is given, by months or judgement.
BY_DRIVERS = "as the drivers give it: the line itself is given, and may differ"
#: Beside the method of a line of nothing where all of the last account's filled a gap.
ALL_FILLED = "all of the last account's filled a gap, and none is planned before filling"
MIRRORED = "sum over the areas below: the other side of their line"
_TOTAL_RULES = (
    *blocks.TOTALS,
    *select(blocks.BENEFICIARIES, "benefit_level_base", "beneficiaries_average"),
    *select(blocks.HEADS, "insured_average", "insured_active_average"),
    *select(blocks.WAGE_CONTRIBUTIONS, "wage_bill", "wage_bill_flexible"),
)


@dataclass
class FundPath:
    """A fund's years as computed; `years[base_year]` is where it starts."""

    basis: FundBasis
    years: dict[int, Year]

    def value(self, item: str, year: int) -> Floats:
        """An item as an array (areas, width)."""
        return self.years[year].get(item)


def account_year(
    programme: Programme,
    given: Mapping[str, Floats],
    areas: int,
    ever: Mapping[str, npt.NDArray[np.bool_]],
    before: Year | None = None,
    blank: Mapping[str, npt.NDArray[np.bool_]] | None = None,
) -> Year:
    """A year of accounts: figures as given, totals and balances computed where absent."""
    totals = Programme(programme.code, programme.kind, programme.name_zh, programme.name_en, _TOTAL_RULES)
    direct = {item: ~np.isnan(value) for item, value in given.items()}
    ever = {item: known for item, known in ever.items() if item != "balance_adjustment"}  # none given is none
    return Year(totals, given, areas=areas, direct=direct, ever=ever, before=before, blank=blank)


def roll_forward(basis: FundBasis, effects: Laid | None, last: int) -> FundPath:
    """Project a fund to `last`: announced decisions first, then the changes of a scenario if there are any."""
    areas = len(basis.areas)
    if basis.policy:
        effects = effects.after(basis.policy) if effects else Effects(basis.policy)
    opening = account_year(basis.programme, basis.stocks, areas, {})
    start = account_year(basis.programme, basis.base.given, areas, basis.ever, opening, basis.base.blank)
    years: dict[int, Year] = {basis.base_year: start}
    before = start
    for year, now in basis.years.items():
        if year > last:
            break
        adjust = effects.adjuster(year) if effects else no_change
        at_end = effects.adjuster(year, at_end=True) if effects else no_change
        before = Year(
            basis.programme, now.given, areas=areas, direct=now.direct, ever=basis.ever,
            before=before, adjust=adjust, adjust_end=at_end, links=basis.links, blank=now.blank, driven=basis.driven,
        ).solve()  # fmt: skip
        years[year] = before
    return FundPath(basis, years)


def labels(year: Year, item: str, basis: YearBasis | None, untouched: bool = True) -> Texts:
    """The method of each area's figure: the identity used, or where the given figure is from."""
    year.get(item)
    used = year.used[item][:, 0]
    rules = year.programme.by_item.get(item, ())
    given = basis.label.get(item) if basis else None
    table = np.array([*(rule.identity for rule in rules), MIRRORED, "", ""], dtype=object)
    out = table[used]  # from the end: GIVEN is -1, UNKNOWN -2, LINKED -3
    from_given = used == GIVEN
    if basis is not None and item in basis.fitted and untouched:
        from_given = from_given | (basis.fitted[item][:, 0] & (used >= 0))
    if given is not None:
        out = np.where(from_given, given[:, 0], out)
    else:
        out = np.where(from_given, "data", out)
    if basis is not None and basis.unsplit and untouched:
        for line, _, standing in FILLED_LINES:
            if item in (line, "gap"):
                open_ = rests_on_unsplit(year, basis, standing)[:, 0] & (used >= 0)
                out = np.where(open_, np.array([f"{text}; {UNSPLIT}" for text in out], dtype=object), out) if open_.any() else out
    for where, words in _remarks(year, item, basis):
        out = np.where(where & (used >= 0), np.array([f"{text}; {words}" for text in out], dtype=object), out)
    return np.asarray(np.where(used == UNKNOWN, "", out), dtype=object)


def _remarks(year: Year, item: str, basis: YearBasis | None) -> Iterator[tuple[npt.NDArray[np.bool_], str]]:
    """What is said beside the method of a figure, and in which areas."""
    if item == "collected":
        year.get("contribution_revenue")
        given = year.used["contribution_revenue"][:, 0] == GIVEN
        if given.any():
            yield given, BY_DRIVERS
    if basis is not None and item in basis.filled:
        none = basis.filled[item][:, 0] & (year.get(item)[:, 0] == 0.0)
        if none.any():
            yield none, ALL_FILLED


def rests_on_unsplit(year: Year, basis: YearBasis, standing: str) -> npt.NDArray[np.bool_]:
    """Where a standing part is carried on from a line whose filling is unknown: (areas, 1)."""
    nowhere = np.zeros((year.areas, 1), dtype=bool)
    year.get(standing)
    used = year.used[standing][:, :1]
    by_head = basis.unsplit.get("subsidy_per_head", nowhere) if standing == "standing_subsidy" else nowhere
    return np.asarray((basis.unsplit.get(standing, nowhere) & (used == GIVEN)) | (by_head & (used >= 0)))


def lost_lines(path: FundPath, year: int, found: Collector) -> None:
    """Lines that have a figure or driver in some period and cannot be computed now: errors."""
    basis, now = path.basis, path.years[year]
    itemised = {
        "revenue": now.given.get("revenue_itemised"),
        "expenditure": now.given.get("expenditure_itemised"),
    }
    for item in (*STATUTORY_LINES, "total_revenue", "total_expenditure"):
        value = now.get(item)[:, :1]
        lost = np.isnan(value)
        if item.startswith("total_"):
            side = item.removeprefix("total_")
            never = np.zeros_like(lost)
            lost &= np.logical_or.reduce([basis.ever.get(x, never) for x in (item, f"{side}_subtotal")])
        else:
            lost &= has_evidence(basis, item)
        side = "revenue" if item in STATUTORY_LINES[:9] else "expenditure"
        flag = itemised[side]
        if flag is not None and not item.startswith("total_"):
            lost &= flag == 1.0  # beside a published total, lines are "of which"
        for area in np.flatnonzero(lost[:, 0]):
            needed = now.missing(item, int(area))
            found.add(
                "missing_driver", "error", f"{item} cannot be computed; no figure is assumed",
                table="history", region=basis.areas[area], programme=basis.programme.code, item=needed[0],
                period=str(year), expected=f"a figure for {' and '.join(needed)}", found="none",
                mend=f"enter {needed[0]}, in history or as an assumption for {year}",
            )  # fmt: skip
