"""Does the last account agree with itself? What a draft rests on, told before it is used.

A draft follows the drivers. Where the drivers of the last account do not give its lines, or
its balances do not roll, the draft would depart from the account without a word: said here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sibforecast import items
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.fitting import FILLED_LINES, FundBasis
from sibforecast.programmes.programme import Year
from sibforecast.projection.fund import FundPath, account_year, rests_on_unsplit
from sibforecast.results import round_half_up
from sibforecast.tables.read import Collector

#: Beyond this share of a line, drivers and line tell two stories.
TOLERANCE = 0.02
_LINES = ("contribution_revenue", "standing_subsidy", *items.BENEFIT_LINES, "benefit_expenditure", "transfer_in", "transfer_out")


def scrutinise(assumptions: Assumptions, found: Collector) -> None:
    """Warn where the last account contradicts its own drivers or balances."""
    for fund in assumptions.funds.values():
        _drivers(fund, found)
        _balances(fund, found)
        _heads(fund, found)


def overdrawn(paths: Mapping[str, FundPath], year: int, found: Collector) -> None:
    """Warn of funds that end the budget year below nothing, whatever fills their gaps."""
    for code, path in paths.items():
        closing = path.value("closing_balance", year)[:, 0]
        bad = np.flatnonzero(np.nan_to_num(closing) < -0.005)
        if len(bad):
            worst = bad[np.argmin(closing[bad])]
            more = f" (and in {len(bad) - 1} other area{'s' * (len(bad) > 2)})" if len(bad) > 1 else ""
            opening = float(path.value("opening_balance", year)[worst, 0])
            found.add("balance_below_nothing", "warning", f"the drafted balance ends below nothing{more}",
                      region=path.basis.areas[worst], programme=code, item="closing_balance", period=str(year),
                      expected="0 or more", found=f"{_shown(closing[worst])} after an opening balance of {_shown(opening)}",
                      mend="say what fills it (gap_subsidy, gap_grant, judgement), or correct the opening balance")


def unsplit(path: FundPath, year: int, found: Collector) -> None:
    """Warn where the drafted subsidy or grant is a whole line of the last account, whose filling is unknown.

    Once a fund and line, with the money of all areas and the area with most of it.
    """
    basis = path.basis
    now = basis.years.get(year)
    if now is None:
        return
    for line, filling, standing in FILLED_LINES:
        bad = np.flatnonzero(rests_on_unsplit(path.years[year], now, standing)[:, 0])
        if not len(bad):
            continue
        money = basis.base.given[line][:, 0]
        worst = bad[np.argmax(money[bad])]
        more = f" (and in {len(bad) - 1} other area{'s' * (len(bad) > 2)})" if len(bad) > 1 else ""
        every = f", {_shown(money[bad].sum())} in all" if len(bad) > 1 else ""
        found.add("filling_unknown", "warning", f"the last account does not say what of its {line} filled a gap{more}; all of it "
                  "is carried on as standing, and the drafted gap is too small by what did",
                  region=basis.areas[worst], programme=basis.programme.code, item=filling, period=str(basis.base_year),
                  expected=f"0 to {_shown(money[worst])}", found=f"none beside {line} of {_shown(money[worst])}{every}",
                  mend=f"give {filling} of {basis.base_year}, 0 where none of it filled a gap; or enter {line} of {year}")


def _drivers(fund: FundBasis, found: Collector) -> None:
    """Recompute the account's lines from its drivers."""
    given = {i: v for i, v in fund.base.given.items() if i not in _LINES and i not in ("collected", "assessed")}
    opening = account_year(fund.programme, fund.stocks, len(fund.areas), {})
    year = Year(fund.programme, given, areas=len(fund.areas), ever=fund.ever, before=opening)
    for line in _LINES:
        told = fund.base.given.get(line)
        if told is None or line not in fund.programme.by_item:
            continue
        computed = year.get(line)
        rules = fund.programme.by_item[line]
        partial = np.array([i >= 0 and rules[i].fallback for i in year.used[line][:, 0]])[:, None]
        computed = np.where(partial, np.nan, computed)
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.abs(computed / told - 1.0)
        bad = np.flatnonzero((apart[:, 0] > TOLERANCE) & (np.abs(told[:, 0]) > 1.0))
        if not len(bad):
            continue
        worst = bad[np.argmax(np.abs(computed - told)[bad, 0])]
        more = f" (and in {len(bad) - 1} other areas)" if len(bad) > 1 else ""
        found.add("drivers_contradict_line", "warning",
                  f"the drivers of the last account do not give its {line}{more}; the draft follows the drivers",
                  region=fund.areas[worst], programme=fund.programme.code, item=line, period=str(fund.base_year),
                  expected=_shown(computed[worst, 0]), found=_shown(told[worst, 0]),
                  mend="correct the line, its unit or its drivers")


def _balances(fund: FundBasis, found: Collector) -> None:
    """Closing of the last account against the one before, where no line says why."""
    before, closing = fund.stocks.get("closing_balance"), fund.base.given.get("closing_balance")
    revenue, spending = (fund.base.given.get(f"total_{side}") for side in ("revenue", "expenditure"))
    if before is None or closing is None or revenue is None or spending is None:
        return
    adjustment = fund.base.given.get("balance_adjustment")
    moved = before + revenue - spending + (np.nan_to_num(adjustment) if adjustment is not None else 0.0)
    apart = np.abs(moved - closing)
    for area in np.flatnonzero(apart[:, 0] > 0.005 * np.maximum(np.abs(closing[:, 0]), np.abs(revenue[:, 0]))):
        found.add("balance_does_not_roll", "warning", "the closing balance is not the one before plus revenue less expenditure",
                  region=fund.areas[area], programme=fund.programme.code, item="closing_balance", period=str(fund.base_year),
                  expected=_shown(moved[area, 0]), found=_shown(closing[area, 0]),
                  mend="correct the balance, or give the difference as balance_adjustment")


def _heads(fund: FundBasis, found: Collector) -> None:
    """More contributors than insured."""
    ratio = fund.base.given.get("contributor_ratio")
    if ratio is None:
        return
    for area in np.flatnonzero(ratio[:, 0] > 1.05):
        found.add("contributors_above_insured", "warning", "there are more contributors than active insured",
                  region=fund.areas[area], programme=fund.programme.code, item="contributors", period=str(fund.base_year),
                  expected="at most the active insured", found=f"{ratio[area, 0]:.2f} of them", mend="correct one of the two")


def _shown(value: float) -> str:
    return f"{round_half_up(float(value), 2):,}"
