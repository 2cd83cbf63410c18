"""R-12: money per head beside other areas, judged so that one area's mistake never falls on another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.oversight.review_accounts import Accounts, Texts
from sibforecast.oversight.review_registry import DEFAULT, Check, Hit
from sibforecast.tables.panel import Floats
from sibforecast.tables.slips import slips

Tolerance = Mapping[str, float]

#: Money per head that is alike among areas.
_PER_HEAD = (
    ("contribution_revenue", ("contributors", "contributors_flexible")),
    ("benefit_expenditure", ("beneficiaries",)),
    ("benefit_expenditure", ("insured",)),
    ("fiscal_subsidy", ("insured",)),
)
TO_SIGMA = 0.6745  # of a normal sample, the median distance from the median in standard deviations


def peers(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-12: money per head is like that of the other areas of the level (robust z of its logarithm).

    Median and spread are those of sound figures. Money or heads that another check finds wrong, and what stands
    beyond z itself or in its growth, count with last year's figure moved by the growth of the others: so no area's
    mistake moves a neighbour across the border. An area that was as far from its peers last year (or within one z of
    it) is only noted.
    """
    level = levels(accounts)
    for item, heads in _PER_HEAD:
        count = _heads(accounts.get, heads)
        each, last = _logs(accounts.get(item), count), _logs(accounts.was(item), _heads(accounts.was, heads))
        each[~accounts.latest] = np.nan
        spoilt = _found_wrong(accounts, item, heads)
        for rows in groups(level, accounts.programme, accounts.period):
            group, before = each[rows], last[rows]
            if (~np.isnan(group)).sum() < tolerance["areas"] or not accounts.is_fund[rows[0]]:
                continue
            middle, z = _judged(group, before, spoilt[rows], tolerance)
            usual = before if np.isnan(before).all() else _from_peers(before, before, tolerance["spread"])[1]
            for k in np.flatnonzero(np.abs(z) > tolerance["z"]):
                i, stays = int(rows[k]), z[k] * usual[k] > 0 and abs(z[k]) <= abs(usual[k]) + 1.0
                told = f"{np.exp(each[i]):,.2f} per head of {heads[0]}, median {np.exp(middle):,.2f}, robust z {z[k]:+.1f}"
                slip = next((words for _, words, near in slips(np.exp(each[i] - middle), 1.0, "currency") if near.any()), "")
                yield Hit(i, item, accounts.get(item)[i], float(np.exp(middle) * count[i]), severity="note" if stays else "",
                          cause=slip,
                          detail=told + (f", last year {usual[k]:+.1f}" if usual[k] == usual[k] else ""))


def levels(accounts: Accounts) -> Texts:
    """Level of each account's area."""
    areas = accounts.data.regions.areas
    return np.array([areas[r].level for r in accounts.region], dtype=object)


def groups(*keys: Texts) -> Iterator[npt.NDArray[np.int64]]:
    """Rows with the same keys."""
    table: dict[tuple[object, ...], list[int]] = {}
    for i, key in enumerate(zip(*keys, strict=True)):
        table.setdefault(key, []).append(i)
    return (np.array(rows, dtype=np.int64) for rows in table.values())


def _found_wrong(accounts: Accounts, item: str, heads: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Accounts in which another check finds the money or the heads wrong."""
    named = {item, *heads, *(items.BENEFIT_LINES if item == "benefit_expenditure" else ())}
    out = np.zeros(len(accounts), dtype=bool)
    out[[account for account, found in accounts.shared.get("found", ()) if found in named]] = True
    return out


def _judged(group: Floats, before: Floats, spoilt: npt.NDArray[np.bool_], tolerance: Tolerance) -> tuple[float, Floats]:
    """Median and distances from it: at first without what other checks found, then without what stands out as well."""
    _, z = _from_peers(group, _sound(group, before, spoilt), tolerance["spread"])
    far = spoilt | (np.abs(z) > tolerance["z"])
    if (~np.isnan(grown := group - before)).any():
        far |= np.abs(_from_peers(grown, grown, tolerance["spread"])[1]) > tolerance["z"]
    return _from_peers(group, _sound(group, before, far), tolerance["spread"])


def _sound(group: Floats, before: Floats, spoilt: npt.NDArray[np.bool_]) -> Floats:
    """The figures to compare with: last year's, moved by the others' median growth, in place of those that are spoilt.

    Where last year's or the growth is not known the figure stays: a median bounds its pull.
    """
    grown = (group - before)[~spoilt]
    growth = float(np.nanmedian(grown)) if (~np.isnan(grown)).any() else np.nan
    moved = before + growth
    return np.where(spoilt & ~np.isnan(moved), moved, group)


def _from_peers(group: Floats, sound: Floats, least: float) -> tuple[float, Floats]:
    """The median of sound figures, and each one's distance from it in their robust standard deviations."""
    middle = float(np.nanmedian(sound))
    spread = max(float(np.nanmedian(np.abs(sound - middle))) / TO_SIGMA, least)
    return middle, (group - middle) / spread


def _heads(get: Callable[[str], Floats], names: tuple[str, ...]) -> Floats:
    """Heads of the first name, and of the others where they are reported."""
    out = get(names[0])
    for name in names[1:]:
        out = out + np.nan_to_num(get(name))
    return out


def _logs(money: Floats, heads: Floats) -> Floats:
    """Logarithm of money per head; NaN where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        out = np.log(money / heads)
    return np.where(np.isfinite(out), out, np.nan)


CHECKS = (
    Check("R-12", "money per head is far from other areas", "warning", {"z": 3.0, "areas": 5, "spread": 0.02},
          "robust z above 3 among areas of the level (5 or more), spread at least 2 %", DEFAULT,
          "correct money or heads, or explain the difference", peers),
)  # fmt: skip
