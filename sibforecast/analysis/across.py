"""What ties the bills of areas together: a pool that is too small, and a ratio that follows figures of all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from sibforecast.analysis.bill import Unit
from sibforecast.analysis.ratio_table import Ratio
from sibforecast.analysis.rounding import no_less
from sibforecast.analysis.rules_file import SharingRules
from sibforecast.errors import SibError
from sibforecast.tables.schema import LEVELS

Floats = npt.NDArray[np.float64]
Rows = list[dict[str, Any]]
B = TypeVar("B")


def share_the_pool(bills: Sequence[tuple[Unit, Rows]], rules: SharingRules) -> None:
    """A pool that is too small pays everyone the same part of what is due, in whole steps and never more than there is.

    Each year and scenario has its pool; where it is what was remitted, so has each fund.
    """
    for pool, members in pools(bills, rules):
        due = math.fsum(max(unit.granted(rows), 0.0) for unit, rows in members)
        if due <= max(pool, 0.0):
            continue
        for unit, rows in members:
            lost = max(unit.granted(rows), 0.0) * (1.0 - pool / due)
            reason = f"the pool of {pool:,.2f} pays {pool / due:.2%} of what is due"
            numbers = {"pool": pool, "due": due, "part": pool / due}
            rows.extend(unit.cut("POOL", no_less(lost, rules.round_to), rows, pool / due, reason, numbers=numbers))


def pools(bills: Sequence[tuple[Unit, B]], rules: SharingRules) -> list[tuple[float, list[tuple[Unit, B]]]]:
    """Each pool's amount, and the bills it pays: what a level pays for itself comes from no pool."""
    caps = rules.caps
    if caps.budget_pool != caps.budget_pool and not caps.pool_remitted:
        return []
    by = ("period", "scenario", "programme") if caps.pool_remitted else ("period", "scenario")
    return [
        (math.fsum(u.facts.remitted_by(u.key) for u, _ in members) if caps.pool_remitted else caps.budget_pool, members)
        for members in grouped([(u, b) for u, b in bills if u.carrier != rules.grantor], by)
    ]


def grouped(bills: Sequence[tuple[Unit, B]], by: tuple[str, ...]) -> list[list[tuple[Unit, B]]]:
    """Bills in the scope of the rules that have a key in common."""
    groups: dict[tuple[str, ...], list[tuple[Unit, B]]] = {}
    for unit, bill in bills:
        if not unit.workings.unpooled:
            groups.setdefault(tuple(str(unit.key[k]) for k in by), []).append((unit, bill))
    return list(groups.values())


def follow(units: Sequence[Unit], rules: SharingRules) -> None:
    """Give each area the ratio that follows its figures; what exceeds the base is known from a first bill."""
    terms = rules.terms.proportional
    if terms is None:
        return
    for members in followers([(unit, np.array([unit.workings.increment])) for unit in units], rules):
        lower, figures = lower_shares([unit for unit, _ in members], np.stack([due for _, due in members]), rules)
        upper, own = levels(rules)
        for (unit, _), share, known in zip(members, lower[:, 0].tolist(), figures, strict=True):
            unit.followed = Ratio({upper: 1.0 - share, own: share}, followed=terms.to, figures=known)


def followers(bills: Sequence[tuple[Unit, Floats]], rules: SharingRules) -> list[list[tuple[Unit, Floats]]]:
    """Areas whose ratio follows a figure, by fund, year and scenario: a level that pays itself has none.

    What spending apportions needs no figure of an area with nothing due.
    """
    terms = rules.terms.proportional
    assert terms is not None  # asked only for rules that have it
    some = [(unit, due) for unit, due in bills if unit.carrier != rules.grantor
            and (terms.to != "benefit_expenditure" or bool((due > 0).any()))]  # fmt: skip
    return grouped(some, ("period", "scenario", "programme"))


def levels(rules: SharingRules) -> tuple[str, str]:
    """The upper and the lower level of a ratio between two."""
    upper, lower = (level for level in LEVELS if level in rules.default.shares)
    return upper, lower


def lower_shares(units: Sequence[Unit], due: Floats, rules: SharingRules) -> tuple[Floats, list[dict[str, float]]]:
    """The lower level's share of what is due, by area and draw, and the figures behind it.

    Following spending, the lower level's part of all that is due is apportioned among the
    areas in proportion to their benefit spending, to none more than is due there: what one
    cannot carry the others do. Following dependency, the upper level's share is the default
    times the area's own dependency ratio over that of all areas, within the bounds and to
    the hundredth of a per cent.

    Parameters
    ----------
    units : sequence of Unit
        Areas of one fund, year and scenario.
    due : array (areas, draws)
        What is to be shared, in currency units.
    rules : SharingRules

    Returns
    -------
    array (areas, draws), list of dict
        The figure of each area (``own``) and of all together (``every``).

    Raises
    ------
    SibError
        If a figure is unknown, or no head pays.
    """
    terms = rules.terms.proportional
    assert terms is not None  # asked only for rules that have it
    _, own = levels(rules)
    default = rules.default.shares[own]
    if terms.to == "benefit_expenditure":
        weights = np.array([unit.facts.figure(unit.key, "benefit_expenditure") for unit in units])
        if (weights < 0).any():
            raise SibError("benefit spending is negative: the ratio cannot follow it")
        order = sorted(range(len(units)), key=lambda i: str(units[i].key["region"]))  # the order of areas moves no sum
        parts = np.empty_like(due)
        parts[order] = apportioned(due[order], weights[order], default)
        shares = np.divide(parts, due, out=np.full_like(due, default), where=due > 0)
        whole = math.fsum(weights)
        return shares, [{"own": float(w), "every": whole} for w in weights]
    heads = [unit.facts.dependency(unit.key) for unit in units]
    drawing, paying = (math.fsum(h[i] for h in heads) for i in (0, 1))
    if not all(h[1] > 0 for h in heads) or drawing <= 0:
        raise SibError("the ratio follows the dependency ratio, and nobody pays or draws in an area: give figures=")
    mean = drawing / paying
    upper = [min(max(round((1.0 - default) * d / p / mean, 4), terms.lowest), terms.highest) for d, p in heads]
    return np.broadcast_to(1.0 - np.array(upper)[:, None], due.shape), [{"own": d / p, "every": mean} for d, p in heads]


def apportioned(due: Floats, weights: Floats, share: float) -> Floats:
    """A share of all that is due, in proportion to weights and to none more than is due there.

    Parameters
    ----------
    due : array (areas, draws)
    weights : array (areas,)
        At least nothing; where they are all nothing, what is left follows what is due.
    share : float
        The part of the sum of `due` to be apportioned.

    Examples
    --------
    >>> apportioned(np.array([[100.0], [1000.0], [500.0]]), np.array([3.0, 2.0, 1.0]), 0.4)[:, 0].tolist()
    [100.0, 360.0, 180.0]
    """
    weights = np.broadcast_to(weights[:, None], due.shape)
    total = share * due.sum(axis=0)
    full = np.zeros(due.shape, dtype=bool)
    for _ in range(len(due)):  # each round fills at least one area up, or none and is done
        rest = total - np.where(full, due, 0.0).sum(axis=0)
        by = np.where(full, 0.0, weights)
        by = np.where(by.sum(axis=0) > 0, by, np.where(full, 0.0, due))
        whole = by.sum(axis=0)
        parts = by * np.divide(rest, whole, out=np.zeros_like(rest), where=whole > 0)
        over = ~full & (parts >= due)
        if not over.any():
            break
        full |= over
    return np.where(full, due, np.minimum(parts, due))
