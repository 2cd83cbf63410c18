"""Lines worked out again from the drivers that the area itself reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from sibforecast import items
from sibforecast.oversight.review_accounts import Accounts
from sibforecast.oversight.review_registry import DEFAULT, Check, Hit
from sibforecast.programmes.programme import Year
from sibforecast.tables.panel import Floats

Tolerance = Mapping[str, float]

#: Regular parts of contribution revenue that a report may leave out: last year's are taken.
_REGULAR = ("arrears_recovered", "back_payments", "prepayments")
#: Parts that come once: not reported means that none is planned.
_ONCE = ("deferred_out", "deferred_in", "exempted")
#: Rates that go on where a report does not repeat them.
_STANDING = ("contribution_rate_flexible", "collection_rate_flexible")
#: Heads of which a year's average needs the opening.
_STOCKS = ("beneficiaries", "insured", "insured_active")
#: Kinds whose contributions and subsidies are yearly standards that arrive as cash by season.
_YEARLY_STANDARDS = ("flat_pension", "resident_medical")
_WORKED_OUT = ("contribution_revenue", "benefit_expenditure", "standing_subsidy", *items.BENEFIT_LINES)


def again(accounts: Accounts) -> dict[str, Floats]:
    """Each line as the fund's formulas give it from the reported drivers; NaN where they do not.

    Worked out once for all accounts, and kept with them.
    """
    out: dict[str, Floats] = accounts.shared.get("again", {})
    if out:
        return out
    out = {item: np.full(len(accounts), np.nan) for item in _WORKED_OUT}
    for code, programme in accounts.data.programmes.items():
        for months in np.unique(accounts.months[accounts.programme == code]):
            rows = np.flatnonzero((accounts.programme == code) & (accounts.months == months))
            now = _year(accounts, code, rows, float(months))
            for item in out:
                if item in programme.by_item:
                    value, used = now.get(item)[:, 0], now.used[item][:, 0]
                    out[item][rows] = np.where(used >= 0, value, np.nan)
    accounts.shared["again"] = out
    return out


def _year(accounts: Accounts, code: str, rows: np.ndarray, months: float) -> Year:
    """One fund in one kind of period: reported drivers, the year before for opening stocks."""
    size = (len(rows), 1)

    def column(table: Floats, item: str) -> Floats:
        return np.asarray(table[rows, accounts.columns[item]]).reshape(size)

    drivers = [i for i in accounts.columns if items.CATALOGUE[i].side in ("driver", "rate")]
    given = {item: column(accounts.value, item) for item in drivers}
    opened = {item: column(accounts.before, item) for item in accounts.columns}
    opened |= {item: accounts.opening_heads(item)[rows].reshape(size) for item in _STOCKS if item in accounts.columns}
    full = {item: given.get(item, np.full(size, np.nan)) for item in (*_REGULAR, *_ONCE, *_STANDING)}
    growth = _ratio(given.get("contribution_base", np.full(size, np.nan)), opened.get("contribution_base", np.full(size, np.nan)))
    for item in (*_REGULAR, *_STANDING):
        carried = accounts.was(item)[rows].reshape(size) * (growth if item in _REGULAR else 1.0)
        full[item] = np.where(np.isnan(full[item]), carried, full[item])
    given |= {item: value for item, value in full.items() if not np.isnan(value).all()}
    for item in _ONCE:
        given[item] = np.nan_to_num(full[item])
    split = np.zeros(size, dtype=bool)
    for item in items.BENEFIT_LINES:
        split |= ~np.isnan(accounts.get(item)[rows].reshape(size))
    given["benefits_itemised"] = np.where(split, 1.0, np.nan)
    given["benefits_lumped"] = np.where(split, np.nan, 1.0)
    ever = {item: ~np.isnan(value) for item, value in given.items()}
    for item, value in opened.items():
        ever[item] = ever.get(item, np.zeros(size, dtype=bool)) | ~np.isnan(value)
    programme = accounts.data.programmes[code]
    told = {i: ~np.isnan(v) for i, v in opened.items()}
    before = Year(programme, opened | {"benefits_lumped": given["benefits_lumped"]}, areas=len(rows), direct=told, ever=ever)
    if "benefit_formula" in programme.by_item:
        past = [{item: column(table, item) for item in accounts.columns} for table in accounts.older]
        lumped = {"benefits_lumped": given["benefits_lumped"]}
        older = (Year(programme, p | lumped, areas=len(rows), direct={i: ~np.isnan(v) for i, v in p.items()}, ever=ever)
                 for p in past)  # fmt: skip
        given["benefit_coverage"] = _beside(before, *older)
    direct = {item: ~np.isnan(given[item]) for item in given if item in items.CATALOGUE}
    return Year(programme, given, areas=len(rows), direct=direct, ever=ever, before=before, months=months)


def _beside(*years: Year) -> Floats:
    """What the last account that tells it had beside heads × level."""
    out = np.full((years[0].areas, 1), np.nan)
    for year in years:
        with np.errstate(divide="ignore", invalid="ignore"):
            beside = year.get("benefit_expenditure") / year.get("benefit_formula")
        out = np.where(np.isnan(out) & np.isfinite(beside), beside, out)
    return out


def _ratio(now: Floats, then: Floats) -> Floats:
    """Growth of the base since last year; 1 where it is not known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = now / then
    return np.where(np.isfinite(ratio), ratio, 1.0)


def _apart(accounts: Accounts, item: str, due: Floats, tolerance: Tolerance, unsure: Floats | float = 0.0) -> Iterator[Hit]:
    """Where a reported line is not what its drivers give."""
    found = accounts.get(item)
    bad = np.abs(found - due) > tolerance["share"] * np.abs(due) + tolerance["steps"] * accounts.step(item) + unsure
    for i in np.flatnonzero(bad & accounts.is_fund):
        yield Hit(int(i), item, found[i], due[i])


def contributions(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-06: contribution revenue is contributors × base × rate × collection, and what is beside it.

    Arrears recovered, back- and prepayments that the report leaves out are taken from last
    year; half of them is allowed beside the two per cent, for they are not known.
    """
    expected = np.where(_in_season(accounts), again(accounts)["contribution_revenue"], np.nan)
    carried = sum(np.where(np.isnan(accounts.get(i)), np.abs(np.nan_to_num(accounts.was(i))), 0.0) for i in _REGULAR)
    for hit in _apart(accounts, "contribution_revenue", expected, tolerance, tolerance["carried"] * carried):
        taken = [i for i in _REGULAR if np.isnan(accounts.get(i)[hit.account]) and accounts.was(i)[hit.account] > 0]
        yield replace(hit, detail=f"{', '.join(taken)} taken from last year" if taken else "")


def _in_season(accounts: Accounts) -> np.ndarray:
    """Accounts whose cash is driver × standard: not the residents' funds before December."""
    return ~(np.isin(accounts.kind, _YEARLY_STANDARDS) & (accounts.months < 12))


def _begun(accounts: Accounts) -> np.ndarray:
    """Accounts whose average heads are known: with an opening for each closing stock, or the average itself.

    The first account of a fund has none: what a year's average would give is not known, and no fault.
    """
    out = np.ones(len(accounts), dtype=bool)
    for stock in _STOCKS:
        bare = np.isnan(accounts.opening_heads(stock)) & np.isnan(accounts.get(f"{stock}_average"))
        out &= ~(bare & ~np.isnan(accounts.get(stock)))
    return out


def benefits(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-08: benefits are recipients × level × months, and in medical funds cases × cost × share.

    Benefits in one sum are scaled by what last year's account had beside heads × level. Its
    average heads are not known, only those at its end: half the growth of heads is allowed.
    """
    due, begun = again(accounts), _begun(accounts)
    for item in items.BENEFIT_LINES:
        for hit in _apart(accounts, item, np.where(begun, due[item], np.nan), tolerance):
            swapped = _swapped(accounts, hit, item)
            yield Hit(
                hit.account, item, hit.found, hit.expected, cause=f"figures of {item} and {swapped} swapped" if swapped else ""
            )
    lumped = np.isnan(accounts.stack(items.BENEFIT_LINES)).all(axis=1)
    expected = np.where(lumped & begun, due["benefit_expenditure"], np.nan)
    heads = accounts.get("beneficiaries"), accounts.opening_heads("beneficiaries")
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.nan_to_num(np.abs(heads[0] / heads[1] - 1.0), posinf=0.0)
    yield from _apart(accounts, "benefit_expenditure", expected, tolerance, 0.5 * moved * np.abs(np.nan_to_num(expected)))


def _swapped(accounts: Accounts, hit: Hit, item: str) -> str:
    """Another line of the account that holds what this one should."""
    for other in (*items.BENEFIT_LINES, *items.EXPENDITURE_LINES):
        value = accounts.get(other)[hit.account]
        if other != item and hit.expected and abs(value / hit.expected - 1.0) < 1e-6:
            return other
    return ""


def subsidies(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-14: the fiscal subsidy without gap filling is standard × heads."""
    filling = np.nan_to_num(accounts.get("gap_subsidy"))
    expected = np.where(_in_season(accounts), again(accounts)["standing_subsidy"] + filling, np.nan)
    based = ~np.isnan(accounts.get("subsidy_per_head")) | ~np.isnan(accounts.get("benefit_standard"))
    yield from _apart(accounts, "fiscal_subsidy", np.where(based & _begun(accounts), expected, np.nan), tolerance)


_TWO_PERCENT = {"share": 0.02, "steps": 1.0}
CHECKS = (
    Check("R-06", "contribution revenue is not what its drivers give", "warning", {**_TWO_PERCENT, "carried": 0.5},
          "contributors × base × 12 × rate × collection + others, ±2 % (compilers' formula)", DEFAULT,
          "correct the line or the driver, or report what is beside it: arrears recovered, back- and prepayments", contributions,
          ("R-11", "R-12")),
    Check("R-08", "benefits are not what recipients and level give", "warning", _TWO_PERCENT,
          "recipients × level × 12, ±2 % (real half-year figures of one city agree within 1.0 %)", DEFAULT,
          "correct the line, the heads or the level", benefits, ("R-11", "R-12")),
    Check("R-14", "the subsidy is not standard × heads", "warning", _TWO_PERCENT,
          "standard × count; ±2 % as for R-06", DEFAULT, "correct the subsidy, the standard or the heads; list what fills a gap",
          subsidies, ("R-11", "R-12")),
)  # fmt: skip
