"""What is given for a fund and year, and how it is made to fit together.

Where contributors are known, their ratio to the insured follows; where a closing stock is,
its entrants. A scenario may then change either side, and the baseline stays what was given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sibforecast.assumptions.effects import Effect
from sibforecast.forecasting.fund_forecast import LABELS, POLICY_ITEMS, worded
from sibforecast.items import CATALOGUE
from sibforecast.programmes.evidence import EVIDENCE
from sibforecast.programmes.implied import averages
from sibforecast.programmes.programme import Programme
from sibforecast.programmes.ties import Driven, Link, UpperSide
from sibforecast.tables.panel import Floats

Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

BEFORE_FILLING = "0 before filling"
WHOLE_LINE = "the whole line: more was forecast"
#: Lines that may fill a gap, the part that does, and the part that stands without one.
FILLED_LINES = (("fiscal_subsidy", "gap_subsidy", "standing_subsidy"), ("upper_grant", "gap_grant", "standing_grant"))


@dataclass
class YearBasis:
    """What is given for one fund and year; arrays (areas, 1)."""

    given: dict[str, Floats] = field(default_factory=dict)
    direct: dict[str, Bools] = field(default_factory=dict)
    fitted: dict[str, Bools] = field(default_factory=dict)  # computed, yet equal to what was given
    label: dict[str, Texts] = field(default_factory=dict)
    origin: dict[str, Texts] = field(default_factory=dict)
    blank: dict[str, Bools] = field(default_factory=dict)  # stays unknown: beside a total published alone
    doubt: dict[str, Floats] = field(default_factory=dict)  # the author's own spread of a judgement
    judged: dict[str, Bools] = field(default_factory=dict)  # by judgement of this year, or carried from an earlier
    unsplit: dict[str, Bools] = field(default_factory=dict)  # standing parts that rest on lines never split, by the part
    filled: dict[str, Bools] = field(default_factory=dict)  # lines that in the last account filled a gap as a whole

    def put(self, item: str, value: Floats, label: str, where: Bools | None = None) -> None:
        """Give an item a figure and say where it comes from."""
        where = ~np.isnan(value) if where is None else where
        if where.shape == value.shape and where.all():  # the usual case: nothing is copied, and one text stands for all cells
            self.given[item] = value
            self.label[item] = np.broadcast_to(np.array(label, dtype=object), value.shape)
            return
        old = self.given.get(item, np.full_like(value, np.nan))
        self.given[item] = np.where(where, value, old)
        text = self.label.get(item, np.full(value.shape, "", dtype=object))
        self.label[item] = worded(where, label, text)

    def get(self, item: str, like: Floats) -> Floats:
        """The given figure, unknown where there is none."""
        found = self.given.get(item)
        return found if found is not None else np.full_like(like, np.nan)

    def mark(self, table: dict[str, Bools], item: str, where: Bools) -> None:
        """Note cells in one of the tables of flags."""
        table[item] = table.get(item, np.zeros(where.shape, dtype=bool)) | where


@dataclass
class FundBasis:
    """One fund: its areas, the base year and each year to project."""

    programme: Programme
    areas: tuple[str, ...]
    base_year: int
    base: YearBasis
    years: dict[int, YearBasis]
    ever: dict[str, Bools]  # items with a figure in some period that is the area's own
    links: tuple[Link, ...] = ()
    upper: tuple[UpperSide, ...] = ()  # own lines of areas made of these areas
    flags: dict[str, Floats] = field(default_factory=dict)  # which sides are itemised, by the last accounts
    stocks: dict[str, Floats] = field(default_factory=dict)  # of the year before the base, for average heads
    driven: dict[str, tuple[Driven, ...]] = field(default_factory=dict)  # what moves with figures of the economy
    policy: tuple[Effect, ...] = ()  # announced decisions, laid on before any scenario


def carry(now: YearBasis, before: YearBasis, forecast_before: Mapping[str, Floats], year: int) -> None:
    """Last year's judgement goes on: rates stay, heads and levels grow from it as forecast.

    Amounts of money and flows of people are for their year; they are kept only where
    nothing else is known. Measures (deferrals, exemptions, adjustments) are not repeated.
    """
    for item, where in before.judged.items():
        if item in POLICY_ITEMS or item in ("benefit_adjustment", "gap_subsidy", "gap_grant", "balance_adjustment"):
            continue
        last, ahead = before.given[item], now.get(item, before.given[item])
        entry = CATALOGUE[item]
        if entry.timing == "flow":
            value = np.where(np.isnan(ahead), last, ahead)
        elif entry.side == "rate":
            value = last
        else:
            from_here = forecast_before.get(item, np.full_like(last, np.nan))
            with np.errstate(divide="ignore", invalid="ignore"):
                value = np.where(from_here > 0, ahead * (last / from_here), np.nan)
            value = np.where(np.isnan(value), last, value)
        where = where & ~np.isnan(value)
        if entry.timing == "flow":
            where = where & np.isnan(ahead)
        if where.any():
            now.put(item, value, f"judgement of {year - 1} carried on", where)
            now.mark(now.judged, item, where)


def settle(
    programme: Programme, now: YearBasis, before: YearBasis, ever: Mapping[str, Bools], shape: tuple[int, int]
) -> None:
    """Make the given figures fit each other, and say what stands before filling."""
    blank = np.full(shape, np.nan)

    def is_judged(item: str) -> Bools:
        return now.judged.get(item, np.zeros(shape, dtype=bool))

    heads = averages(lambda i: now.get(i, blank), lambda i: before.get(i, blank))
    active = heads["insured_active_average"]
    employed, flexible = now.get("contributors", blank), now.get("contributors_flexible", blank)
    every = employed + np.where(np.isnan(flexible), 0.0, flexible)
    contributors_judged = is_judged("contributors") | is_judged("contributors_flexible")
    fit = ~is_judged("contributor_ratio") & (contributors_judged | ~is_judged("insured_active"))
    _fit(now, "contributor_ratio", every, active, fit, ("contributors", "contributors_flexible"))
    _fit(now, "flexible_share", flexible, every, ~is_judged("flexible_share") & fit, ())
    for item in ("contributors", "contributors_flexible"):  # one judged without what it rests on stands alone
        if item in now.direct and "contributor_ratio" in now.fitted:
            now.direct[item] = now.direct[item] & ~now.fitted["contributor_ratio"]
    _level(now, before, is_judged, blank)
    _stock(now, before, is_judged, blank)
    _filling(programme, now, ever, is_judged, blank)
    for item in ("balance_adjustment", *POLICY_ITEMS):  # a measure nobody announced is none
        there = ever.get(item, np.zeros(shape, dtype=bool)) & np.isnan(now.get(item, blank))
        now.put(item, np.zeros(shape), LABELS["policy"], there)


def _fit(
    now: YearBasis, ratio: str, above: Floats, below: Floats, where: Bools, fitted: tuple[str, ...]
) -> None:
    """Let a ratio follow from its two figures."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(below > 0, above / below, np.nan)
    where = where & ~np.isnan(value)
    if where.any():
        now.put(ratio, value, "implied by its parts", where)
        now.mark(now.fitted, ratio, where)
        for item in fitted:
            now.mark(now.fitted, item, where & ~np.isnan(now.get(item, value)))


def _level(now: YearBasis, before: YearBasis, is_judged: Callable[[str], Bools], blank: Floats) -> None:
    """The benefit adjustment that leads to the level; or the level that follows from it."""
    adjustment_judged = is_judged("benefit_adjustment")
    level, last = now.get("benefit_level", blank), before.get("benefit_level", blank)
    adjustment = now.get("benefit_adjustment", blank)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(last > 0, level / last - 1.0, np.nan)
    fit = ~adjustment_judged & ~np.isnan(value)
    if fit.any():
        now.put("benefit_adjustment", value, "implied by the level", fit)
        now.mark(now.fitted, "benefit_level", fit)
    if "benefit_level" in now.direct:
        now.direct["benefit_level"] = now.direct["benefit_level"] & ~fit
    follows = adjustment_judged & ~np.isnan(last)
    if follows.any():  # next year starts from here
        now.given["benefit_level"] = np.where(follows, last * (1.0 + adjustment), level)
        label = now.label.get("benefit_level", np.full(blank.shape, "", dtype=object))
        now.label["benefit_level"] = worded(follows, "last year's level × (1 + adjustment)", label)
        now.mark(now.judged, "benefit_level", follows)


def _stock(now: YearBasis, before: YearBasis, is_judged: Callable[[str], Bools], blank: Floats) -> None:
    """A judged closing stock fixes its entrants where exits are known."""
    where = is_judged("beneficiaries") & ~is_judged("new_beneficiaries")
    value = now.get("beneficiaries", blank) - before.get("beneficiaries", blank) + now.get("beneficiary_exits", blank)
    fit = where & ~np.isnan(value)
    if fit.any():
        now.put("new_beneficiaries", value, "implied by the stock and its exits", fit)
        now.mark(now.fitted, "beneficiaries", fit)
    if "beneficiaries" in now.direct:
        now.direct["beneficiaries"] = now.direct["beneficiaries"] & ~fit


def _filling(
    programme: Programme, now: YearBasis, ever: Mapping[str, Bools], is_judged: Callable[[str], Bools], blank: Floats
) -> None:
    """Before filling, gap subsidy and gap grant are nothing; standing parts are apart.

    Of a year under way whose line is known and its filling is not, revenue before filling stays
    unknown as the gap does: the standing part is forecast, and never more than its line.
    """
    itemised = now.get("revenue_itemised", blank) == 1.0
    closing = programme.kind == "closing_subsidy_pension"
    for line, filling, standing in FILLED_LINES:
        known = is_judged(filling) | now.direct.get(filling, np.zeros(blank.shape, dtype=bool))
        stands = now.direct.get(line, np.zeros(blank.shape, dtype=bool))
        if not (closing and filling == "gap_subsidy"):
            told = itemised | ever.get(filling, np.zeros(blank.shape, dtype=bool))
            outturn = stands & ~is_judged(line) & (now.get(line, blank) != 0)  # it may hold filling: never an assumed zero
            told = told & ~outturn
            now.put(filling, np.zeros_like(blank), BEFORE_FILLING, told & ~known)
            known = known | told
        if closing and filling == "gap_subsidy":  # an outturn of the line says what closed the gap
            rest = np.maximum(now.get(line, blank) - now.get(standing, np.zeros_like(blank)), 0.0)
            outturn = stands & ~known & ~is_judged(line) & ~np.isnan(rest)
            now.put(filling, rest, "outturn of the subsidy − standing subsidy", outturn)
            now.mark(now.direct, filling, outturn)
            known = known | outturn
        unsaid = stands & ~known & ~is_judged(line) & itemised
        if unsaid.any():
            now.mark(now.blank, "revenue_before_filling", unsaid)
            more = unsaid & (now.get(standing, blank) > now.get(line, blank))
            now.put(standing, now.get(line, blank), WHOLE_LINE, more)
        value = now.get(line, blank) - np.where(known, now.get(filling, blank), 0.0)
        fit = stands & ~np.isnan(value) & (known | is_judged(line))
        if fit.any():
            now.put(standing, value, "judgement" if is_judged(line)[fit].any() else "line without filling", fit)
            now.mark(now.direct, standing, fit)
            now.mark(now.fitted, line, fit)
            now.direct[line] = now.direct[line] & ~fit
    now.put("filling_open", np.where(itemised, 1.0, np.nan), "")


def all_filled(account: YearBasis, shape: tuple[int, int]) -> dict[str, Bools]:
    """Where all of a line of an account filled a gap, so that nothing of it stands: (areas, 1) by line."""
    none = np.full(shape, np.nan)
    return {
        line: (account.get(line, none) > 0) & (account.get(filling, none) == account.get(line, none))
        for line, filling, _ in FILLED_LINES
    }


def has_evidence(fund: FundBasis, item: str) -> Bools:
    """Areas that have a figure of their own of an item, or of a driver of it, in some period."""
    shape = (len(fund.areas), 1)
    known = np.zeros(shape, dtype=bool)
    drivers = EVIDENCE.get(item, ()) if item in fund.programme.by_item else ()
    for name in (item, *drivers):
        known = known | fund.ever.get(name, np.zeros(shape, dtype=bool))
    return known
