"""R-11: what grows otherwise than the fund does, and what the whole fund does at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.oversight.review_accounts import Accounts
from sibforecast.oversight.review_peers import TO_SIGMA, groups, levels
from sibforecast.oversight.review_policies import undecided
from sibforecast.oversight.review_registry import DEFAULT, Check, Hit
from sibforecast.oversight.review_words import explained
from sibforecast.tables.panel import Floats

Tolerance = Mapping[str, float]
Truths = npt.NDArray[np.bool_]

#: Small funds, whose figures swing more from year to year.
_SMALL = ("injury", "unemployment")
#: Lines of few cases, which chance moves by more than a fifth.
_FEW_CASES = ("death_expenditure", "disability_expenditure")
#: Totals of a side, which follow from its lines.
TOTALS = {"revenue": ("revenue_subtotal", "total_revenue"), "expenditure": ("expenditure_subtotal", "total_expenditure")}
#: What grows steadily: levels and heads first, then lines, then totals that follow from them.
_STEADY = (
    ("insured", ""), ("insured_active", ""), ("contributors", ""), ("contributors_flexible", ""), ("beneficiaries", ""),
    ("benefit_level", ""), ("benefit_standard", ""), ("personal_contribution", ""), ("subsidy_per_head", ""),
    ("contribution_revenue", "revenue"),
    *((line, "expenditure") for line in items.BENEFIT_LINES if line not in _FEW_CASES),
    ("non_benefit_expenditure", "expenditure"), ("benefit_expenditure", "expenditure"),
    *((total, side) for side, totals in TOTALS.items() for total in totals),
)  # fmt: skip
#: Drivers of each side, whose growth its lines follow.
_DRIVES = {
    "revenue": ("insured", "insured_active", "contributors", "contributors_flexible", "personal_contribution",
                "subsidy_per_head", "benefit_standard"),
    "expenditure": ("insured", "beneficiaries", "benefit_level", "benefit_standard"),
}  # fmt: skip


def growth(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-11: what grows or falls by a fifth (small funds three tenths) beside its fund is explained.

    An area is held against the median growth of the areas of its level in the fund and year: ``now ÷ last ÷
    median − 1`` beyond the limit. Within `z` robust standard deviations of the areas' growth it is only noted: in a fund
    of few cases many areas swing as far. Where fewer than `areas` are known the median counts as no growth. What moves
    the median itself beyond the limit (an announced adjustment, an event all share) is no area's mistake: one finding
    for the fund. Where last year's figure is missing, the last known one of three years stands for it: growth is taken
    by the year, and the limit widens with the square root of the years.
    """
    limit = np.where(np.isin(accounts.kind, _SMALL), tolerance["small"], tolerance["share"])
    grown: dict[str, Truths] = {}
    jumps: dict[tuple[int, ...], dict[str, float]] = {}
    alone: list[Hit] = []
    decided = undecided(accounts)
    alike = [rows for rows in groups(levels(accounts), accounts.programme, accounts.period) if accounts.is_fund[rows[0]]]
    for item, side in _STEADY:
        now, (last, years) = decided.get(item, accounts.get(item)), accounts.known(item)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(years > 1, np.abs(now / last) ** (1.0 / years), now / last)
        ratio[~(np.isfinite(ratio) & (last > 0) & accounts.latest)] = np.nan
        weighty = _weighty(accounts, now, last, tolerance["weight"]) if side else np.ones(len(accounts), dtype=bool)
        common, spread = np.ones(len(accounts)), np.zeros(len(accounts))
        for rows in alike:
            if np.isfinite(ratio[rows]).sum() >= tolerance["areas"] and (middle := float(np.nanmedian(ratio[rows]))) > 0:
                common[rows], spread[rows] = middle, np.nanmedian(np.abs(ratio[rows] / middle - 1.0)) / TO_SIGMA
                if abs(middle - 1.0) > limit[rows[0]] and weighty[rows].mean() > 0.5:
                    jumps.setdefault(tuple(rows.tolist()), {})[item] = middle - 1.0
        apart, most = np.abs((ratio / common) ** years - 1.0), limit * np.sqrt(years)
        grown[item], usual = (apart > most) & weighty & accounts.is_fund, apart <= tolerance["z"] * spread
        for i in np.flatnonzero(grown[item]):
            if not explained(accounts, int(i), item):
                hit = _alone(accounts, int(i), item, now[i], last[i], common[i], most[i], int(years[i]))
                alone.append(replace(hit, severity="note" if usual[i] else "", follows=_first(grown, item, side, int(i))))
    yield from _with_jumps(accounts, alone, jumps)


def _weighty(accounts: Accounts, now: Floats, last: Floats, weight: float) -> Truths:
    """Whether a line is so large a part of its fund that its growth matters."""
    total = np.fmax(accounts.get("total_revenue"), accounts.get("total_expenditure"))
    return np.asarray(~(np.fmax(np.abs(now), np.abs(last)) < weight * total))


def _alone(
    accounts: Accounts, account: int, item: str, now: float, last: float, common: float, limit: float, years: int
) -> Hit:
    """An area that grows otherwise than its fund."""
    told, due = accounts.get(item)[account], last * common**years
    beside = " beside registered decisions" if now != told else ""
    own = f"it changes by {now / last - 1.0:+.1%}{beside}"
    since = f"; the last figure is of {accounts.year[account] - years}" if years > 1 else ""
    whose = "last year's" if years == 1 else "the last"
    if common == 1.0:
        return Hit(account, item, told, told - now + due, detail=own + since,
                   said=f"within {limit:.0%} of {whose} {last:,.2f}, or an explanation")  # fmt: skip
    return Hit(account, item, told, told - now + due,
               detail=f"{own}, the fund by {common**years - 1.0:+.1%} (median of the level){since}",
               said=f"within {limit:.0%} of {due:,.2f}, {whose} moved with the fund, or an explanation")  # fmt: skip


def _with_jumps(accounts: Accounts, alone: Sequence[Hit], jumps: Mapping[tuple[int, ...], Mapping[str, float]]) -> Iterator[Hit]:
    """Each area's own findings, and one for a fund that moves as a whole.

    Where several levels report, the one with most areas tells it; what the others and the areas above say follows from it.
    """
    tree, above, shared = accounts.data.regions, set(), []
    for places, moved in sorted(jumps.items(), key=lambda jump: -len(jump[0])):
        for hit in _together(accounts, places, moved):
            _, programme, period = accounts.keys[hit.account]
            shared.append(replace(hit, follows="R-11" if (hit.region, programme, period) in above else ""))
            above |= {(area, programme, period) for i in places for area in tree.ancestors(accounts.region[i])}
    for hit in alone:
        yield replace(hit, follows="R-11") if accounts.keys[hit.account] in above else hit
    yield from shared


def _together(accounts: Accounts, places: Sequence[int], moved: Mapping[str, float]) -> Iterator[Hit]:
    """The one finding of a fund whose areas move together; none where it is explained."""
    told = {item: rate for item, rate in moved.items() if not all(explained(accounts, i, item) for i in places)}
    if not told:
        return
    sides = dict(_STEADY)
    rows = list(places)
    sums = {i: _sums(accounts.get(i)[rows], accounts.known(i)[0][rows]) for i in told if sides[i]}
    item = max(sums, key=lambda i: abs(sums[i][0] - sums[i][1])) if sums else next(iter(told))
    now, last = sums.get(item, (float("nan"), float("nan")))
    shown = ", ".join(f"{code} {rate:+.1%}" for code, rate in told.items())
    yield Hit(places[0], item, now, last, region=_above(accounts, places),
              detail=f"{len(places)} areas move together: {shown} (medians)", cause="announced adjustment or common event",
              said="an explanation for the fund as a whole")  # fmt: skip


def _sums(now: Floats, last: Floats) -> tuple[float, float]:
    """This year's and last year's sum of the areas that have both."""
    both = ~np.isnan(now) & ~np.isnan(last)
    return float(now[both].sum()), float(last[both].sum())


def _above(accounts: Accounts, places: Sequence[int]) -> str:
    """The nearest area above all of these; blank where there is none."""
    tree = accounts.data.regions
    over = [tree.ancestors(accounts.region[i]) for i in places]
    return next((area for area in over[0] if all(area in others for others in over)), "")


def _first(grown: Mapping[str, Truths], item: str, side: str, account: int) -> str:
    """R-11 itself where a line only follows its driver, or a total its lines."""
    if not side:
        return ""
    causes = list(_DRIVES[side])
    if item in (*TOTALS[side], "benefit_expenditure"):
        causes += [line for line, s in _STEADY if s == side and line not in TOTALS[side] and line != item]
    return "R-11" if any(grown[c][account] for c in causes if c in grown) else ""


CHECKS = (
    Check("R-11", "growth needs an explanation", "warning",
          {"share": 0.20, "small": 0.30, "weight": 0.01, "z": 3.0, "areas": 5},
          "±20 %, small funds (injury, unemployment) ±30 %, beside the median growth of the fund's areas (5 or more); within "
          "robust z 3 of it a note; lines under 1 % of the fund left out", DEFAULT,
          "correct the figure, or explain it in the table statements", growth, ("R-12",)),
)  # fmt: skip
