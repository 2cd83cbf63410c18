"""What must hold to the last digit: sums, openings, balances, parts and wholes, both sides of a flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from sibforecast import items
from sibforecast.oversight.review_accounts import PLANS, Accounts
from sibforecast.oversight.review_registry import IDENTITY, Check, Hit
from sibforecast.programmes.registry import PRINTED_TOTAL, SEVEN
from sibforecast.tables.panel import Floats
from sibforecast.tables.slips import slipped_part

Tolerance = Mapping[str, float]

#: A subtotal and its lines.
_SUMS = (
    ("benefit_expenditure", items.BENEFIT_LINES),
    ("revenue_subtotal", items.REVENUE_LINES),
    ("expenditure_subtotal", items.EXPENDITURE_LINES),
)
#: A total, the subtotal it starts from, what is added to that, and the lines of the subtotal.
_TOTALS = (
    ("total_revenue", "revenue_subtotal", items.INTER_LEVEL_REVENUE, items.REVENUE_LINES),
    ("total_expenditure", "expenditure_subtotal", items.INTER_LEVEL_EXPENDITURE, items.EXPENDITURE_LINES),
)
#: What does not add up over areas that pay one another, and balances that follow from it.
_APART = {
    *items.INTER_LEVEL_REVENUE, *items.INTER_LEVEL_EXPENDITURE, "total_revenue", "total_expenditure", "current_balance",
}  # fmt: skip
#: A line of an upper area, and the line of those below that it mirrors.
MIRRORS = (("lower_remittance", "upper_remittance"), ("lower_grant", "upper_grant"))
#: The smallest part of a figure that counts as a difference: below it is floating-point noise.
_NOISE = 1e-12


def _added(accounts: Accounts, names: tuple[str, ...]) -> tuple[Floats, np.ndarray]:
    """The sum of what is known of some items, and how many are known."""
    table = accounts.stack(names) if names else np.zeros((len(accounts), 0))
    known = ~np.isnan(table)
    return np.where(known, table, 0.0).sum(axis=1), known.sum(axis=1)


def _off(difference: Floats, allowed: Floats, size: Floats) -> np.ndarray:
    """Where a difference is more than rounding."""
    return np.asarray(np.abs(difference) > allowed + _NOISE * np.abs(size))


def sums(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-01: subtotals and totals are the sums of their lines (I1)."""
    half, wrong = tolerance["steps"], {}
    for total, lines in _SUMS:
        whole, (added, known) = accounts.get(total), _added(accounts, lines)
        bad = (known > 0) & _off(added - whole, half * accounts.step(total, *lines), whole)
        wrong[total] = bad
        yield from _footing(accounts, bad, total, lines, added, half * accounts.step(total, *lines))
    for total, subtotal, extra, lines in _TOTALS:
        whole, part = accounts.get(total), accounts.get(subtotal)
        between, _ = _added(accounts, extra)
        added, known = _added(accounts, lines)
        allowed = half * accounts.step(total, subtotal, *extra, *lines)
        by_lines = _off(added + between - whole, allowed, whole)
        bad = _off(part + between - whole, half * accounts.step(total, subtotal, *extra), whole)
        bad &= ~(wrong[subtotal] & ~by_lines)  # the subtotal alone is wrong, and was told
        alone = np.isnan(part) & ~np.isnan(whole) & (known > 0)
        few = known < 3  # fewer lines beside a total are "of which" figures
        bad |= alone & np.where(few, added > whole + allowed, by_lines)
        expected = np.where(np.isnan(part), added + between, part + between)
        yield from _footing(accounts, bad, total, (*lines, *extra), expected, allowed)


def _footing(
    accounts: Accounts, bad: np.ndarray, total: str, lines: tuple[str, ...], expected: Floats, allowed: Floats
) -> Iterator[Hit]:
    """Totals that their lines do not come to; where one line only stands in another unit, that line."""
    whole = accounts.get(total)
    parts = accounts.stack(lines)
    for i in np.flatnonzero(bad):
        slip = slipped_part(parts[i], float(whole[i]), float(allowed[i] + _NOISE * abs(whole[i])))
        if slip is None:
            yield Hit(int(i), total, whole[i], expected[i])
        else:
            place, way, words = slip
            yield Hit(int(i), lines[place], parts[i, place], parts[i, place] / way, cause=words)


def openings(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-02: the opening balance is the closing of the year before (I3)."""
    opening, closing = accounts.get("opening_balance"), accounts.opened("closing_balance")
    bad = _off(opening - closing, tolerance["steps"] * (accounts.step("opening_balance") + accounts.closing_step), closing)
    before = accounts.opened("opening_balance")
    for i in np.flatnonzero(bad):
        repeated = before[i] == opening[i] and opening[i] != 0
        yield Hit(
            int(i),
            "opening_balance",
            opening[i],
            closing[i],
            cause="last year's opening repeated" if repeated else "opening not equal to last closing",
        )


def balances(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-03: current balance, closing and both sides of the form agree (I2, I3, I4)."""
    half = tolerance["steps"]
    revenue, spending = accounts.get("total_revenue"), accounts.get("total_expenditure")
    current, opening, closing = (accounts.get(f"{n}_balance") for n in ("current", "opening", "closing"))
    adjustment = np.nan_to_num(accounts.get("balance_adjustment"))
    due = revenue - spending
    bad2 = _off(due - current, half * accounts.step("total_revenue", "total_expenditure", "current_balance"), current)
    yield from (Hit(int(i), "current_balance", current[i], due[i]) for i in np.flatnonzero(bad2))
    ends = ("current_balance", "opening_balance", "closing_balance", "balance_adjustment")
    due3 = opening + current + adjustment
    bad3 = _off(due3 - closing, half * accounts.step(*ends), closing)
    yield from (Hit(int(i), "closing_balance", closing[i], due3[i]) for i in np.flatnonzero(bad3))
    due4 = revenue + opening - spending + adjustment
    sides = accounts.step("total_revenue", "total_expenditure", "opening_balance", "closing_balance")
    bad4 = _off(due4 - closing, half * sides, revenue + opening) & ~bad2 & ~bad3
    yield from (Hit(int(i), "closing_balance", closing[i], due4[i], detail="the two sides of the form do not agree")
                for i in np.flatnonzero(bad4))  # fmt: skip


def parts(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-04: what the areas below report adds up to what their upper area reports."""
    tree, data = accounts.data.regions, accounts.data
    additive = [(c, i) for c, i in accounts.columns.items() if items.CATALOGUE[c].is_additive and c not in _APART]
    if not additive:
        return
    names, columns = [c for c, _ in additive], np.array([i for _, i in additive])
    insured: set[tuple[str, str]] | None = None
    for upper in sorted(set(accounts.region)):
        children = tree.children(upper)
        if not children:
            continue
        if insured is None:
            view = data._view()
            insured = set(view[["region", "programme"]].drop_duplicates().astype(str).itertuples(index=False, name=None))
        for i in np.flatnonzero(accounts.region == upper):
            fund, period = accounts.programme[i], accounts.period[i]
            there = [c for c in children if (c, fund) in insured]
            below = [accounts.place.get((c, fund, period)) for c in there]
            if not below or None in below:
                continue  # an area that has not reported is told by the calendar
            rows = np.array(below, dtype=np.int64)
            values = accounts.value[rows][:, columns]
            lost = (np.isnan(values) & ~np.isnan(accounts.last[rows][:, columns])).any(axis=0)
            total = np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0))
            allowed = tolerance["steps"] * (accounts.quantum[rows][:, columns].sum(axis=0) + accounts.quantum[i, columns])
            own = accounts.value[i, columns]
            for k in np.flatnonzero(_off(total - own, allowed, own) & ~lost):
                yield Hit(int(i), names[k], own[k], total[k], cause=_left_out(values[:, k], there, own[k], total[k]))


def _left_out(values: Floats, areas: list[str], own: float, total: float) -> str:
    """Whether the difference is one area's figure: left out, or counted twice."""
    for value, area in zip(values, areas, strict=True):
        if value and abs(abs(total - own) - abs(value)) <= 0.005:
            return f"{area} left out" if (total > own) == (value > 0) else f"{area} counted twice"
    return ""


def funds(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-05: the table over all funds is the sum of the tables of the funds.

    Only where the seven funds and no others are reported: of a declared fund it is not known
    whether it holds others (a published aggregate) or stands beside them.
    """
    for i in np.flatnonzero(accounts.programme == PRINTED_TOTAL):
        same = (accounts.region == accounts.region[i]) & (accounts.period == accounts.period[i]) & accounts.is_fund
        if set(accounts.programme[same]) != set(SEVEN):
            continue
        for item, column in accounts.columns.items():
            own = accounts.value[i, column]
            values = accounts.value[same, column]
            if np.isnan(own) or np.isnan(values).all() or not items.CATALOGUE[item].is_additive:
                continue
            total = float(np.nansum(values))
            allowed = tolerance["steps"] * (accounts.quantum[same, column].sum() + accounts.quantum[i, column])
            if _off(np.array([total - own]), np.array([allowed]), np.array([own]))[0]:
                yield Hit(
                    int(i), item, float(own), total, cause=_left_out(values, list(accounts.programme[same]), float(own), total)
                )


def mirrors(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-07: what areas below pay up or receive is what the upper area received or paid."""
    for item, mirror in MIRRORS:
        own = accounts.get(item)
        for i in np.flatnonzero(~np.isnan(own)):
            rows = np.array(_nearest(accounts, int(i), mirror), dtype=np.int64)
            if not len(rows):
                continue
            values = accounts.get(mirror)[rows]
            total = float(np.nansum(values))
            allowed = tolerance["steps"] * float(accounts.step(mirror)[rows].sum() + accounts.step(item)[i])
            if abs(total - own[i]) > allowed + _NOISE * abs(own[i]):
                off = total - float(own[i])
                suspect = _suspect(accounts, rows, mirror, off)
                where = f"; the likeliest is {accounts.region[suspect]} with {mirror}" if suspect >= 0 else ""
                yield Hit(
                    int(i),
                    item,
                    own[i],
                    total,
                    cause=f"mirror items unmatched{where}",
                    detail=f"expected is the sum of {mirror} of {len(rows)} areas below",
                )
                if suspect >= 0:
                    value = float(accounts.get(mirror)[suspect])
                    yield Hit(
                        suspect,
                        mirror,
                        value,
                        value - off,
                        cause="mirror items unmatched",
                        follows="R-07",
                        severity="warning",
                        detail=f"the likeliest of {len(rows)} areas: without it, it is in line with its past or peers",
                    )


def _nearest(accounts: Accounts, upper: int, mirror: str) -> list[int]:
    """The accounts below an area that report the other side, the topmost of each branch."""
    tree, fund, period = accounts.data.regions, accounts.programme[upper], accounts.period[upper]
    area = accounts.region[upper]
    top = tree.areas[area].parent if tree.is_own_level(area) else area
    found: list[int] = []
    queue = [c for c in tree.children(top) if c != area]
    while queue:
        here = queue.pop(0)
        place = accounts.place.get((here, fund, period))
        if place is not None and not np.isnan(accounts.get(mirror)[place]):
            found.append(place)
        else:
            queue.extend(tree.children(here))
    return found


def _suspect(accounts: Accounts, rows: np.ndarray, mirror: str, difference: float) -> int:
    """The account that without the difference comes nearest to its own past or to its peers."""
    value, last = accounts.get(mirror)[rows], accounts.was(mirror)[rows]
    base_item = "contribution_revenue" if mirror == "upper_remittance" else "expenditure_subtotal"
    base, base_last = accounts.get(base_item)[rows], accounts.was(base_item)[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        usual = np.nanmedian(value / base) if np.isfinite(value / base).any() else np.nan
        likely = np.stack([usual * base, last / base_last * base])
        before = np.nanmin(np.abs(value / likely - 1.0), axis=0, initial=np.inf, where=np.isfinite(likely))
        after = np.nanmin(np.abs((value - difference) / likely - 1.0), axis=0, initial=np.inf, where=np.isfinite(likely))
    score = np.where(after < before, after, np.inf)
    best = int(np.argmin(score))
    return int(rows[best]) if np.isfinite(score[best]) else -1


def gaps(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-15: a planned deficit is covered: by the fund's own balance, a gap subsidy or a gap grant."""
    if accounts.stage not in PLANS:
        return
    current, closing = accounts.get("current_balance"), accounts.get("closing_balance")
    opening = accounts.get("opening_balance")
    open_ = np.where(np.isnan(opening), -current, -(np.maximum(opening, 0.0) + current))
    open_ = np.where(np.isnan(closing), open_, np.maximum(open_, -closing))
    listed = np.nan_to_num(accounts.get("gap")) > 0
    year = np.array(["-" not in p for p in accounts.period], dtype=bool)
    bad = year & accounts.is_fund & (current < 0) & (open_ > tolerance["money"])
    for i in np.flatnonzero(bad):
        filled = float(np.nan_to_num(accounts.get("gap_subsidy")[i]) + np.nan_to_num(accounts.get("gap_grant")[i]))
        told = "the gap is listed but not filled" if listed[i] else "no source of filling is listed"
        yield Hit(
            int(i),
            "current_balance",
            current[i],
            current[i] + open_[i],
            at_stake=float(open_[i]),
            cause="gap without a source",
            detail=f"{told}; {open_[i]:,.2f} stay open after own balance and filling of {filled:,.2f}",
        )


_STEPS = {"steps": 0.5}
_SUMS_ABOVE = ("R-04", "R-05")
_FORM = "domain rule I1–I4 of the official forms (社预01–08); identities hold by definition"
CHECKS = (
    Check("R-01", "the lines do not add up to their total", "error", _STEPS, _FORM, IDENTITY,
          "correct the line or the total, or add the line that is missing", sums, _SUMS_ABOVE),
    Check("R-02", "the opening is not the closing of the year before", "error", _STEPS, _FORM, IDENTITY,
          "correct the opening, or give the difference as balance_adjustment of the year before", openings,
          ("R-03", "R-13", "R-15", *_SUMS_ABOVE)),
    Check("R-03", "the balances do not follow from each other", "error", _STEPS, _FORM, IDENTITY,
          "correct the balances, or give the difference as balance_adjustment", balances, ("R-13", "R-15", *_SUMS_ABOVE)),
    Check("R-04", "the areas below do not add up to this area", "error", _STEPS, "roll-up of additive items", IDENTITY,
          "correct the area or its parts", parts, _SUMS_ABOVE),
    Check("R-05", "the table over all funds is not the sum of the funds", "error", _STEPS, "form 社预01 against 02–08", IDENTITY,
          "correct the table over all funds or the fund", funds),
    Check("R-07", "the two sides of a flow between levels do not match", "error", _STEPS,
          "上解/下级上解, 补助/上级补助: one flow in two accounts", IDENTITY, "agree the flow with the other side", mirrors),
    Check("R-15", "a planned deficit is not covered", "error", {"money": 0.005},
          "balanced budgets, no deficit (财政部 2010 handbook; the opinion: 做到收支平衡)", IDENTITY,
          "list the gap and what fills it: own balance, gap_subsidy or gap_grant", gaps),
)  # fmt: skip
