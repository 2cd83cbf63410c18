"""How much must be payable in which month, and where the rest earns most: a small linear programme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def needs(revenue: Floats, expenditure: Floats, shares: tuple[Floats, Floats], months: int) -> Floats:
    """What each path has drawn from the opening balance by the payments of each month: (draws, months).

    ``need(m) = Σ expenditure to month m − Σ revenue to month m − 1``: within a month payments come
    first.

    Parameters
    ----------
    revenue, expenditure : ndarray
        By draw and year, in currency units.
    shares : pair of ndarray
        Part of a year's revenue and expenditure that has come by the end of each of twelve months.
    months : int
        How many months from the first January.

    Examples
    --------
    >>> twelfths = np.arange(1, 13) / 12
    >>> needs(np.array([[120.0]]), np.array([[240.0]]), (twelfths, twelfths), 3).round(6).tolist()
    [[20.0, 30.0, 40.0]]
    """
    come, gone = revenue, expenditure
    before = np.concatenate([[0.0], shares[0][:-1]])
    out = (gone.cumsum(axis=1) - gone)[:, :, None] + gone[:, :, None] * shares[1]
    out -= (come.cumsum(axis=1) - come)[:, :, None] + come[:, :, None] * before
    return np.asarray(out.reshape(len(revenue), -1)[:, :months])


def band(paths: Floats, level: float, errors: float = 2.0) -> Floats:
    """The lowest of the paths' bands below which a share of them stays in every month together: (months,).

    Two standard errors of the share (or as many as are given) are laid on top: the paths are themselves a sample.

    Examples
    --------
    >>> band(np.array([[1.0, 5.0], [2.0, 4.0], [3.0, 3.0], [0.0, 0.0]]), 0.5).tolist()
    [3.0, 5.0]
    """
    highest = paths.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable").max(axis=1)
    kept = int(np.sort(highest)[covered(len(paths), level, errors) - 1])
    return np.asarray(np.sort(paths, axis=0)[kept])


def spared(paths: Floats, level: float, month: int, errors: float = 2.0) -> Floats:
    """The need of all paths but those that need most in one month, which are given up: (months,).

    Where liquidity costs most in one month this covers as many whole paths as a `band` at a lower need there.

    Examples
    --------
    >>> spared(np.array([[1.0, 5.0], [2.0, 4.0], [3.0, 3.0], [0.0, 0.0]]), 0.5, 1, 0.0).tolist()
    [3.0, 3.0]
    """
    order = np.argsort(paths[:, month], kind="stable")[: covered(len(paths), level, errors)]
    return np.asarray(paths[order].max(axis=0))


def payable(paths: Floats, left: Floats) -> Bools:
    """Paths that what is left of the balance, all of it kept current, pays in every month; half a cent apart is paid.

    Examples
    --------
    >>> payable(np.array([[1.0, 5.0], [2.0, 4.0]]), np.array([9.0, 4.0])).tolist()
    [False, True]
    """
    return np.asarray((paths <= left + 0.005).all(axis=1))


def covered(number: int, level: float, errors: float) -> int:
    """How many of the paths are to be covered: at least one, all at most."""
    share = min(1.0, level + errors * float(np.sqrt(level * (1.0 - level) / number)))
    return max(1, min(number, int(np.ceil(share * number - 1e-9))))


@dataclass(frozen=True)
class Placement:
    """What is placed, month by month.

    Attributes
    ----------
    plan : list of (month, term, amount)
        What is placed at the start of a month (from 1), for how many months.
    available : ndarray
        What is payable in each month, of the opening balance.
    price : ndarray
        Interest a year that one more unit of need in a month costs.
    worth : float
        What the plan earns within the horizon beyond the current rate.
    """

    plan: list[tuple[int, int, float]]
    available: Floats
    price: Floats
    worth: float = 0.0

    def at_start(self, term: int) -> float:
        """What is placed for a term in the first month."""
        return sum(amount for month, months, amount in self.plan if month == 1 and months == term)


def place(
    balance: float, need: Floats, rates: Mapping[int, float], most: Mapping[int, float] | None = None,
    tied: Floats | None = None,
) -> Placement:  # fmt: skip
    """Place an opening balance for the highest interest, with the need of every month payable.

    Maximises ``Σ amount × (rate − current rate) × months in the horizon ÷ 12`` over what is placed for
    each term at the start of each month, so that what is locked never exceeds the balance less the
    need. What matures can be placed again. Where the need is beyond the balance nothing is locked.

    Parameters
    ----------
    balance : float
    need : ndarray
        By month; below zero counts as none.
    rates : mapping of int to float
        Yearly simple rate by term in months; 0 is the current account.
    most : mapping of int to float, optional
        The highest part of the balance that a term may newly hold.
    tied : ndarray, optional
        By month, what of the balance older deposits still hold.

    Examples
    --------
    Of 1,000, of which 400 are needed in June and less after, 600 go for a year at 1.5 % and 400 stay at
    0.5 %, till they can be placed. One more needed in June is placed in July instead: half a year of 1 %.

    >>> need = np.array([100, 200, 300, 350, 380, 400, 300, 200, 100, 100, 100, 100.0])
    >>> made = place(1000.0, need, {0: 0.005, 12: 0.015})
    >>> made.plan, made.price.round(6).tolist()[4:7]
    ([(1, 12, 600.0), (7, 12, 100.0), (8, 12, 100.0), (9, 12, 100.0)], [0.0, 0.005, 0.000833])
    """
    horizon = len(need)
    left = balance - (tied if tied is not None else np.zeros(horizon))
    terms = [t for t in sorted(rates) if t > 0]
    if not balance > 0 or not terms:
        return Placement([], np.maximum(left, 0.0), np.zeros(horizon))
    from scipy import sparse
    from scipy.optimize import linprog

    choices = [(term, month) for term in terms for month in range(horizon)]
    worth = [(rates[k] - rates[0]) * min(k, horizon - t) / 12.0 for k, t in choices]
    locked = sparse.lil_matrix((horizon, len(choices)))
    for column, (term, month) in enumerate(choices):
        locked[month : month + term, column] = 1.0
    free = np.maximum(left - np.maximum(need, 0.0), 0.0) / balance
    rows: list[Any] = [locked.tocsr()]
    limits = [free]
    for term, part in (most or {}).items():
        mine = sparse.diags([float(k == term) for k, _ in choices])
        rows.append(locked.tocsr() @ mine)
        limits.append(np.full(horizon, part))
    solved = linprog(-np.array(worth), A_ub=sparse.vstack(rows).tocsr(), b_ub=np.concatenate(limits), method="highs")
    amounts = np.floor(np.maximum(solved.x, 0.0) * balance * 100.0 + 1e-4) / 100.0  # whole cents, downwards
    plan = [(month + 1, term, float(a)) for (term, month), a in zip(choices, amounts, strict=True) if a > 0]
    price = np.maximum(-solved.ineqlin.marginals[:horizon], 0.0) * 12.0 / horizon
    priced = np.where((need > 0) & (need < left), price, 0.0)
    return Placement(sorted(plan), left - locked @ amounts, priced, float(amounts @ np.array(worth)))


def best_of(
    balance: float, paths: Floats, level: float, rates: Mapping[int, float], most: Mapping[int, float] | None = None,
    tied: Floats | None = None, errors: float = 2.0,
) -> tuple[Placement, Floats]:  # fmt: skip
    """The better placement of two that cover the same share of whole paths, and the need it rests on.

    Which paths are given up is free to choose: those outside of a `band`, or those that need most in the
    month in which liquidity then costs most (`spared`); before them those that cannot be paid however the balance is
    placed, for it is too small or too much of it tied. Where so many are of these that the share cannot be covered,
    all others are, and the need is told that the share would have.

    Examples
    --------
    Four paths, half of them to be covered: the band needs 3 in the first month and 5 in the second, of the 10 that are
    there; giving up the two that need most in the second leaves 3 and 3.

    >>> paths = np.array([[1.0, 5.0], [2.0, 4.0], [3.0, 3.0], [0.0, 0.0]])
    >>> made, need = best_of(10.0, paths, 0.5, {0: 0.0, 2: 0.012}, errors=0.0)
    >>> made.plan, need.tolist()
    ([(1, 2, 7.0)], [3.0, 3.0])
    """
    asked = covered(len(paths), level, errors)
    left = balance - (tied if tied is not None else np.zeros(paths.shape[1]))
    possible = paths[payable(paths, left)]
    if len(possible) < asked:
        need = band(paths, level, errors)
        kept = np.maximum(need, possible.max(axis=0)) if len(possible) else need
        return place(balance, kept, rates, most, tied), need
    part = asked / len(possible)
    need = band(possible, part, 0.0)
    made = place(balance, need, rates, most, tied)
    if not made.price.any():
        return made, need
    other_need = spared(possible, part, int(made.price.argmax()), 0.0)
    other = place(balance, other_need, rates, most, tied)
    return (other, other_need) if other.worth > made.worth else (made, need)
