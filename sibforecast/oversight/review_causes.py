"""What a difference most likely comes from, what money it moves, and what follows from what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sibforecast import items
from sibforecast.oversight.review_accounts import Accounts
from sibforecast.oversight.review_registry import Check, Hit
from sibforecast.programmes.registry import PRINTED_TOTAL
from sibforecast.tables.slips import slips

#: The line that a driver moves in proportion.
_MOVES = {
    "contribution_revenue": ("contributors", "contributors_flexible", "contribution_base", "contribution_rate", "collection_rate",
                             "insured_active", "personal_contribution", "contribution_base_flexible"),
    "benefit_expenditure": ("beneficiaries", "benefit_level", "recipient_months", "insured", "cost_per_admission",
                            "admissions_per_insured", "pooled_pay_rate", "outpatient_per_insured"),
    "fiscal_subsidy": ("subsidy_per_head", "benefit_standard"),
}  # fmt: skip
_LINE_OF = {driver: line for line, drivers in _MOVES.items() for driver in drivers}
_CLOSE = 0.02
_FLIPPED = 0.2  # a sign is rarely wrong beside another mistake
_SAME = 1e-6


def likely_cause(accounts: Accounts, hit: Hit) -> str:
    """Unit slip, sign flipped, last year's figure, another line's figure; blank where none fits."""
    if hit.cause or hit.found != hit.found or hit.table != "history":
        return hit.cause
    found, due = hit.found, hit.expected
    if due and found and due == due:
        for _, words, near in slips(found, due, items.CATALOGUE[hit.item].unit, wide=1.0 + _CLOSE, months=1.0 + _CLOSE):
            if near.any():
                return words
        if abs(found / due + 1.0) < _FLIPPED:
            return "sign flipped"
    last = accounts.was(hit.item)[hit.account]
    if found and found == last:
        return "last year's figure repeated"
    lines = (*items.STATUTORY_LINES, *items.BENEFIT_LINES)
    if hit.item in items.STATUTORY_LINES:
        for other in items.STATUTORY_LINES:
            if other != hit.item and found and accounts.get(other)[hit.account] == found:
                return f"shifted column: the figure of {other}"
    for other in lines:
        if other != hit.item and found and accounts.was(other)[hit.account] == found:
            return f"shifted column: last year's figure of {other}"
    return ""


def money_at_stake(accounts: Accounts, hit: Hit) -> float:
    """The money that the difference moves: of a driver, through the line that depends on it."""
    if hit.at_stake == hit.at_stake:
        return abs(hit.at_stake)
    if items.CATALOGUE[hit.item].unit == "currency":
        return abs(hit.found - hit.expected)
    line = _LINE_OF.get(hit.item)
    if line is None or not hit.found:
        return float("nan")
    return float(abs(accounts.get(line)[hit.account]) * abs(1.0 - hit.expected / hit.found))


def mark_consequences(rows: Sequence[dict[str, Any]], checks: Mapping[str, Check], accounts: Accounts) -> None:
    """Note in `follows` which check's finding each finding follows from; roots stay blank.

    A warning follows from a finding in the same account whose check names it as a
    consequence. An error follows only where its amount is that of the other finding: a second
    mistake never hides behind a first one.
    """
    roots: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        if row["id"] in checks and not row["follows"]:
            roots.setdefault(_key(row), []).append(row)
    for row in rows:
        if row["id"] not in checks or row["follows"]:
            continue
        causes = [
            c["id"] for c in _candidates(row, roots, accounts) if row["id"] in checks[c["id"]].consequences and _explains(c, row)
        ]
        row["follows"] = min(causes, key=list(checks).index) if causes else ""


def _key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(row["region"]), str(row["programme"]), str(row["period"])


def _candidates(
    row: Mapping[str, Any], roots: Mapping[tuple[str, str, str], list[dict[str, Any]]], accounts: Accounts
) -> Iterator[dict[str, Any]]:
    """Other findings in the same account; of a sum over areas or funds those in its parts as well."""
    region, programme, period = _key(row)
    yield from (c for c in roots.get((region, programme, period), ()) if c["id"] != row["id"])
    if row["id"] == "R-04":
        for area in accounts.data.regions.below(region):
            yield from roots.get((area, programme, period), ())
    if row["id"] == "R-05" and programme == PRINTED_TOTAL:
        for fund in accounts.data.programmes:
            yield from roots.get((region, fund, period), ())


def _side(item: str) -> str:
    """The side of a fund that a line, or the line of a driver, stands on; blank for what moves both."""
    entry = items.CATALOGUE.get(_LINE_OF.get(item, item))
    side = entry.side.removesuffix("_total") if entry is not None else ""
    return {"benefit": "expenditure"}.get(side, side if side in ("revenue", "expenditure") else "")


def _explains(cause: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether an error's amount is that of the other finding, and a warning lies on the same side."""
    if row["severity"] != "error":
        sides = _side(str(cause["item"])), _side(str(row["item"]))
        return not all(sides) or sides[0] == sides[1]
    if cause["id"] == "R-16" and cause["item"] == row["item"]:
        return True  # what stands in another unit fits nothing else either
    moved = abs(cause["difference"])
    if row["id"] == "R-15":
        return bool(row["at_stake"] <= moved * (1.0 + _SAME) + 0.01)
    return bool(abs(abs(row["difference"]) - moved) <= moved * _SAME + 0.01)
