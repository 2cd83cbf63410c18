"""What may be right and is unlikely: ratios, bases, interest, slips of scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from sibforecast import items
from sibforecast.assumptions.policy import current_law
from sibforecast.errors import SibError
from sibforecast.oversight.review_accounts import Accounts
from sibforecast.oversight.review_growth import TOTALS
from sibforecast.oversight.review_registry import DEFAULT, Check, Hit
from sibforecast.tables.slips import DIFFERENCES, slips

Tolerance = Mapping[str, float]


def contributors(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-09: contributors are not more than the active insured, nor a small part of them."""
    active, opened = accounts.get("insured_active"), accounts.opening_heads("insured_active")
    average = np.where(np.isnan(opened), active, (active + opened) / 2.0)
    paying = accounts.get("contributors") + np.nan_to_num(accounts.get("contributors_flexible"))
    most = np.fmax(active, average)
    for i in np.flatnonzero(paying > most + 0.5):
        yield Hit(int(i), "contributors", paying[i], most[i], cause="more contributors than active insured", severity="error")
    few = (paying <= tolerance["lowest"] * average) & accounts.is_fund
    for i in np.flatnonzero(few):
        yield Hit(
            int(i),
            "contributors",
            paying[i],
            tolerance["lowest"] * average[i],
            said=f"more than {tolerance['lowest']:.0%} of the active insured",
        )


def bases(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-10: the base lies between floor and ceiling, and grows as wages do."""
    base, last = accounts.get("contribution_base"), accounts.was("contribution_base")
    wages = {(r, int(y)): _wage(accounts, r, int(y)) for r, y in set(zip(accounts.region, accounts.year, strict=True))}
    before = {(r, y): _wage(accounts, r, y - 1) for r, y in wages}
    told_low, told_high = accounts.get("base_floor"), accounts.get("base_ceiling")
    for i in np.flatnonzero(~np.isnan(base) & accounts.latest):
        place = (accounts.region[i], int(accounts.year[i]))
        wage, earlier = wages[place], before[place]
        reference = (earlier if earlier == earlier else wage) / 12.0
        low, high = _window(accounts, int(i))
        low = told_low[i] if told_low[i] == told_low[i] else low * reference
        high = told_high[i] if told_high[i] == told_high[i] else high * reference
        if base[i] < low or base[i] > high:
            edge = low if base[i] < low else high
            yield Hit(
                int(i),
                "contribution_base",
                base[i],
                edge,
                said=f"between {low:,.2f} and {high:,.2f}",
                cause="base outside floor and ceiling",
            )
            continue
        if not last[i] or not earlier:
            continue
        growth, pay = base[i] / last[i] - 1.0, wage / earlier - 1.0
        if abs(growth - pay) > tolerance["points"]:
            yield Hit(
                int(i), "contribution_base", base[i], last[i] * (1.0 + pay), detail=f"it grows {growth:+.1%}, wages {pay:+.1%}"
            )


def _wage(accounts: Accounts, region: str, year: int) -> float:
    """The average wage of a year of an area, or of the nearest area above it."""
    known: dict[tuple[str, str], float] | None = accounts.shared.get("wages")
    if known is None:
        view = accounts.data._view()
        told = view[(view["item"] == "average_wage").to_numpy()]
        known = {(str(r), str(p)): float(v) for r, p, v in told[["region", "period", "value"]].itertuples(index=False)}
        table = accounts.data.table("assumptions")
        if not table.empty:
            table = table[(table["item"] == "average_wage").to_numpy()].astype({"region": object})
            for r, p, v in table[["region", "period", "value"]].itertuples(index=False):
                known[str(r), str(p)] = float(v)
        accounts.shared["wages"] = known
    for area in (region, *accounts.data.regions.ancestors(region), ""):
        if (area, str(year)) in known:
            return known[area, str(year)]
    return float("nan")


def _window(accounts: Accounts, account: int) -> tuple[float, float]:
    """Floor and ceiling of the base as shares of the average wage, by the law of the year in the area's whole."""
    region, programme, period = accounts.keys[account]
    tree = accounts.data.regions
    top = (region, *tree.ancestors(region))[-1]
    known: dict[tuple[str, str, str], tuple[float, float]] = accounts.shared.setdefault("windows", {})
    key = (top, programme, period[:4])
    if key not in known:
        edges = []
        for name in ("base_floor_share", "base_ceiling_share"):
            try:
                edges.append(current_law().value(name, f"{period[:4]}-07-01", top, programme, tree))
            except SibError:  # the law says nothing of this fund, area or day
                edges.append(float("nan"))
        known[key] = (edges[0], edges[1])
    return known[key]


def yields(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-13: a year's interest is a likely part of the average balance.

    A fund that opens with next to nothing is not asked for interest on what it gathers.
    """
    opening, closing = accounts.get("opening_balance"), accounts.get("closing_balance")
    opening = np.where(np.isnan(opening), accounts.opened("closing_balance"), opening)
    average = (opening + closing) / 2.0
    yearly = accounts.get("interest") * 12.0 / accounts.months
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = yearly / average
        usual = accounts.was("interest") * 2.0 / (accounts.was("opening_balance") + accounts.was("closing_balance"))
    usual = np.clip(
        np.where(np.isfinite(usual), usual, np.where(rate < tolerance["low"], tolerance["low"], tolerance["high"])),
        tolerance["low"],
        tolerance["high"],
    )
    in_year = accounts.months >= tolerance["months"]  # interest is credited by the quarter
    outside = ((rate < tolerance["low"]) & (opening > tolerance["balance"])) | (rate > tolerance["high"])
    bad = (average > tolerance["balance"]) & in_year & outside & accounts.is_fund
    for i in np.flatnonzero(bad):
        yield Hit(
            int(i),
            "interest",
            accounts.get("interest")[i],
            usual[i] * average[i] * accounts.months[i] / 12.0,
            detail=f"{rate[i]:.2%} of the average balance",
            said=f"{tolerance['low']:.1%} to {tolerance['high']:.1%} of the average balance",
        )


def scale(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-16: no figure stands in another unit than the same figure of last year, or the last known one of three years.

    Where all amounts of a report slipped together, the largest is told for all.
    """
    told: dict[int, list[Hit]] = {}
    for item in accounts.columns:
        if item in DIFFERENCES:
            continue
        now, (last, _), unit = accounts.get(item), accounts.known(item), items.CATALOGUE[item].unit
        for way, words, near in slips(now, last, unit, wide=tolerance["factor"], months=tolerance["months"]):
            for i in np.flatnonzero(near):
                told.setdefault(int(i), []).append(Hit(int(i), item, now[i], now[i] / way, cause=words))
    for hits in told.values():
        own = [h for h in hits if not _is_sum(h, hits)] or hits
        money = [h for h in own if items.CATALOGUE[h.item].unit == "currency"]
        if len(money) >= tolerance["whole"] and len({h.cause for h in money}) == 1:  # the whole report: told once
            largest = max(money, key=lambda h: abs(h.found - h.expected))
            yield replace(largest, detail=f"with {len(money) - 1} other amounts of the account")
            own = [h for h in own if h not in money]
        yield from own


def _is_sum(hit: Hit, hits: list[Hit]) -> bool:
    """Whether a total only carries on the slip of one of its lines."""
    totals = ("benefit_expenditure", *TOTALS["revenue"], *TOTALS["expenditure"], "current_balance", "closing_balance")
    return hit.item in totals and any(h.item not in totals for h in hits)


_WITH_DRIVER = ("R-06", "R-08", "R-11", "R-12", "R-14")
_ALL = ("R-01", "R-02", "R-03", "R-06", "R-07", "R-08", "R-09", "R-10", "R-11", "R-12", "R-13", "R-14", "R-15", "R-04", "R-05")
CHECKS = (
    Check("R-09", "contributors do not fit the active insured", "warning", {"lowest": 0.5},
          "contributors ≤ active insured (error); ratio in (0.5, 1] (Inner Mongolia 92.8 %, a city of Sichuan 56 %)", DEFAULT,
          "correct contributors or active insured", contributors, _WITH_DRIVER),
    Check("R-10", "the contribution base is out of line", "warning", {"points": 0.05},
          "floor and ceiling of the law in force; growth within 5 percentage points of wages", DEFAULT,
          "correct the base, or explain its growth", bases, ("R-06", "R-11", "R-12")),
    Check("R-13", "interest does not fit the balance", "warning", {"low": 0.003, "high": 0.04, "balance": 1e4, "months": 12},
          "interest ÷ average balance in [0.3 %, 4 %]; whole years, balances above 10,000", DEFAULT,
          "correct interest or balances", yields, ("R-11",)),
    Check("R-16", "a figure stands in another unit", "error", {"factor": 2.0, "months": 1.15, "whole": 4},
          "jump against the last known year by 10,000 or 100,000,000 (shares by 100; levels by 12), within factor 2", DEFAULT,
          "state the figure in the unit of the form", scale, _ALL),
)  # fmt: skip
