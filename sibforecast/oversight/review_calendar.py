"""Whether every report is there, once, and in its month."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sibforecast import items
from sibforecast.oversight.review_accounts import Accounts
from sibforecast.oversight.review_policies import claimed_rows
from sibforecast.oversight.review_registry import written

#: Figures that must agree for one report to count as another handed in again.
_ENOUGH = 5
#: Lines whose cumulative figure may fall only by a correction.
_CUMULATIVE = (*items.STATUTORY_LINES, *items.BENEFIT_LINES, "revenue_subtotal", "expenditure_subtotal", "total_revenue",
               "total_expenditure")  # fmt: skip

Finding = dict[str, Any]


def calendar(accounts: Accounts) -> Iterator[Finding]:
    """Findings on the reports themselves: missing, falling, handed in twice; unknown words first."""
    yield from accounts.strange
    yield from _missing_months(accounts)
    yield from _falling(accounts)
    yield from _repeated(accounts)
    yield from _months_alike(accounts)
    yield from _silent(accounts)
    yield from _drivers_left_out(accounts)
    yield from _effects_of_nobody(accounts)
    yield from _one_sided(accounts)


def _place(accounts: Accounts, account: int) -> Finding:
    region, programme, period = accounts.keys[account]
    return {"region": region, "programme": programme, "period": period, "severity": "warning"}


def _series(accounts: Accounts) -> dict[tuple[str, str, str], dict[int, int]]:
    """The months each area and fund has reported in a year, with their accounts."""
    out: dict[tuple[str, str, str], dict[int, int]] = {}
    for i, (region, programme, period) in enumerate(accounts.keys):
        if "-" in period:
            out.setdefault((region, programme, period[:4]), {})[int(period[5:])] = i
    return out


def _missing_months(accounts: Accounts) -> Iterator[Finding]:
    """Months before the last one any area of the level has reported."""
    series = _series(accounts)
    tree = accounts.data.regions
    latest: dict[tuple[str, str], int] = {}
    for (region, _, year), months in series.items():
        key = (tree.areas[region].level, year)
        latest[key] = max(latest.get(key, 0), *months)
    for (region, programme, year), months in series.items():
        last = latest[tree.areas[region].level, year]
        yield from _items_left_out(accounts, months, {"region": region, "programme": programme})
        lacking = [m for m in range(1, last + 1) if m not in months]
        if lacking:
            told = ", ".join(f"{year}-{m:02d}" for m in lacking)
            yield {
                "id": "missing_month",
                "severity": "warning",
                "region": region,
                "programme": programme,
                "period": f"{year}-{lacking[0]:02d}",
                "expected": f"{last} months",
                "found": f"{len(months)} months",
                "message": f"no report for {told}",
                "mend": "report the month; later cumulative figures hold it",
            }


def _items_left_out(accounts: Accounts, months: dict[int, int], place: Finding) -> Iterator[Finding]:
    """Lines that an earlier and a later month of the year have, and a month between them lacks."""
    order = sorted(months)
    rows = [months[m] for m in order]
    for item in (i for i in _CUMULATIVE if i in accounts.columns):
        there = np.flatnonzero(~np.isnan(accounts.get(item)[rows]))
        for k in range(there[0] + 1, there[-1]) if len(there) else ():
            if k not in there:
                yield place | {
                    "id": "missing_month", "severity": "warning", "item": item, "period": accounts.keys[rows[k]][2],
                    "expected": "a figure", "found": "none", "message": "the item has no figure in this month",
                    "mend": "enter the figure",
                }  # fmt: skip


def _falling(accounts: Accounts) -> Iterator[Finding]:
    """Cumulative figures below those of an earlier month of the year."""
    names = [n for n in _CUMULATIVE if n in accounts.columns]
    for months in _series(accounts).values():
        rows = [months[m] for m in sorted(months)]
        for item in names:
            value, step = accounts.get(item)[rows], accounts.step(item)[rows]
            for k in np.flatnonzero(np.diff(value) < -(step[1:] + step[:-1]) - 1e-9 * np.abs(value[1:])):
                i = rows[int(k) + 1]
                fall = float(value[k] - value[k + 1])
                yield _place(accounts, i) | {
                    "id": "falling_cumulative", "item": item, "expected": f"at least {written(item, value[k])}",
                    "found": written(item, value[k + 1]), "difference": -fall, "at_stake": fall,
                    "message": "a cumulative figure is below that of an earlier month", "row": _row(accounts, i, item),
                    "cause": "the month's own figure for the cumulative one" if value[k + 1] < 0.5 * value[k] else "correction",
                    "mend": "give the figure since January, or explain the correction",
                }  # fmt: skip


def _row(accounts: Accounts, account: int, item: str) -> int | None:
    return int(accounts.row[account, accounts.columns[item]]) or None


def _repeated(accounts: Accounts) -> Iterator[Finding]:
    """Reports that hold the same money as another area's, an earlier month's or last year's."""
    money = [c for i, c in accounts.columns.items() if items.CATALOGUE[i].unit == "currency"]
    table = np.nan_to_num(accounts.value[:, money])
    enough = (table != 0).sum(axis=1) >= _ENOUGH
    seen: dict[tuple[str, bytes], int] = {}
    for i in np.flatnonzero(enough & accounts.is_fund):
        mark = (str(accounts.programme[i]), np.ascontiguousarray(table[i]).tobytes())
        first = seen.setdefault(mark, int(i))
        if first != i:
            region, _, period = accounts.keys[first]
            yield _place(accounts, int(i)) | {
                "id": "duplicated_report", "found": f"the figures of {region}, {period}", "cause": "a report handed in twice",
                "message": "every amount is that of another report", "mend": "hand in this area's own report",
            }  # fmt: skip
    last = np.nan_to_num(accounts.last[:, money])
    for i in np.flatnonzero(enough & accounts.is_fund & (table == last).all(axis=1)):
        yield _place(accounts, int(i)) | {
            "id": "duplicated_report", "found": "last year's figures", "cause": "last year's figure repeated",
            "message": "every amount is last year's", "mend": "hand in this year's report",
        }  # fmt: skip


def _months_alike(accounts: Accounts) -> Iterator[Finding]:
    """Months in which no flow of a short report moved since the month before: the same report sent again."""
    flows = [c for i, c in accounts.columns.items() if i in _CUMULATIVE]
    for months in _series(accounts).values():
        for month, i in months.items():
            here, before = accounts.value[i, flows], accounts.value[months.get(month - 1, i), flows]
            told = (here > 0) & (before > 0)
            if months.get(month - 1, i) != i and 1 < told.sum() < _ENOUGH and (here[told] == before[told]).all():
                yield _place(accounts, i) | {
                    "id": "duplicated_report", "found": f"the figures of {accounts.keys[months[month - 1]][2]}",
                    "cause": "a report handed in twice", "message": "every amount is that of the month before",
                    "mend": "hand in the month's own report",
                }  # fmt: skip


def _silent(accounts: Accounts) -> Iterator[Finding]:
    """Areas that have not reported a fund that they had last year, while most of their level have."""
    tree = accounts.data.regions
    view = accounts.data._view()
    for period in sorted(set(accounts.period)):
        if "-" in period:
            continue
        before = view[(view["period"] == str(int(period) - 1)).to_numpy()][["region", "programme"]].drop_duplicates()
        had: dict[tuple[str, str], set[str]] = {}
        for region, programme in before.astype(str).itertuples(index=False, name=None):
            if region in tree.areas:
                had.setdefault((tree.areas[region].level, programme), set()).add(region)
        for (_, programme), areas in had.items():
            silent = sorted(a for a in areas if (a, programme, period) not in accounts.place)
            if len(silent) * 2 >= len(areas) > len(silent):  # one line for all of them: the round is not over
                yield {
                    "id": "many_not_reported", "severity": "warning", "region": silent[0], "programme": programme,
                    "period": period, "found": f"{len(areas) - len(silent)} of {len(areas)}", "expected": f"{len(areas)} reports",
                    "message": f"{len(silent)} areas had this fund last year and have not reported it",
                    "mend": "ask for the reports",
                }  # fmt: skip
            if silent and len(silent) * 2 < len(areas):
                for region in silent:
                    yield {
                        "id": "not_reported",
                        "severity": "warning",
                        "region": region,
                        "programme": programme,
                        "period": period,
                        "message": "the area had this fund last year and has not reported it",
                        "mend": "ask for the report",
                    }


def _drivers_left_out(accounts: Accounts) -> Iterator[Finding]:
    """Drivers that an area's account of last year had and this one lacks, while most areas report them.

    Without them the checks of formulas have nothing to say: that must not look like agreement.
    """
    drivers = [i for i in accounts.columns if items.CATALOGUE[i].side in ("driver", "rate")]
    yearly = np.array(["-" not in period for period in accounts.period])
    for fund, period in sorted(set(zip(accounts.programme, accounts.period, strict=True))):
        rows = np.flatnonzero(yearly & (accounts.programme == fund) & (accounts.period == period) & accounts.is_fund)
        for item in drivers if len(rows) > 1 else ():
            told, had = ~np.isnan(accounts.get(item)[rows]), ~np.isnan(accounts.was(item)[rows])
            if told.mean() >= 0.5:
                for i in rows[~told & had]:
                    yield _place(accounts, int(i)) | {
                        "id": "driver_left_out", "item": item, "expected": "a figure", "found": "none",
                        "message": "last year's account and most areas have this figure, and it is not reported",
                        "mend": "enter the figure; what follows from it is not checked",
                    }  # fmt: skip


def _effects_of_nobody(accounts: Accounts) -> Iterator[Finding]:
    """Effects claimed of decisions where no account is under review: nothing they could be held against."""
    for record in accounts.data.table("effects").to_dict("records"):
        region, programme = (str(record.get(c) or "") for c in ("region", "programme"))
        if not len(claimed_rows(accounts, region, programme)):
            yield {
                "id": "effect_of_nobody", "severity": "warning", "table": "effects", "row": int(record.get("row") or 0),
                "region": region, "programme": programme, "found": str(record["policy"]),
                "expected": "an account of the area and fund",
                "message": "an effect is listed where no account is under review", "mend": "correct the area or the fund",
            }  # fmt: skip


def _one_sided(accounts: Accounts) -> Iterator[Finding]:
    """Accounts of a year that close with a balance, and hold lines of one side only."""
    sides = {"revenue": ("revenue", "revenue_total"), "expenditure": ("expenditure", "expenditure_total", "benefit")}
    told = {}
    for word, kinds in sides.items():
        names = [c for i, c in accounts.columns.items() if items.CATALOGUE[i].side in kinds]
        told[word] = (~np.isnan(accounts.value[:, names])).any(axis=1)
    closed = accounts.is_fund & ~np.isnan(accounts.stack(("current_balance", "closing_balance"))).all(axis=1)
    for there, lacking in (("expenditure", "revenue"), ("revenue", "expenditure")):
        for i in np.flatnonzero(told[there] & ~told[lacking] & closed):
            if "-" not in accounts.keys[int(i)][2]:
                yield _place(accounts, int(i)) | {
                    "id": "side_missing", "item": f"total_{lacking}", "expected": f"lines of {lacking}",
                    "message": f"the account holds {there} and no {lacking}", "mend": f"enter the lines of {lacking}",
                }  # fmt: skip
