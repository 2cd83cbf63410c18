"""Making areas agree with what is known, or forecast, above them.

On a tree where each area is the sum of those below, and with a variance for each forecast,
the minimum-variance reconciliation (Wickramasuriya et al. 2019, diagonal weights) needs no
matrix: estimates are combined upwards, each area's own with the sum of its parts, and the
difference is handed down again in proportion to the parts' variances. Exact, in one pass up
and one down.

A league's months say where its year will end; its counties' forecasts are scaled to it.
Amounts and heads are scaled so that they sum to it, rates and levels so that their weighted
mean, with the weight the catalogue names, is it. Ratios are never summed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sibforecast import items

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tree:
    """Areas with the place of the one above each (-1: none), level by level from the bottom."""

    parent: npt.NDArray[np.int64]
    levels: tuple[npt.NDArray[np.int64], ...]  # places by depth, deepest first

    @classmethod
    def of(cls, parent: Sequence[int]) -> Tree:
        """A tree from each area's parent.

        Examples
        --------
        >>> [level.tolist() for level in Tree.of([-1, 0, 0, 1, 1]).levels]
        [[3, 4], [1, 2], [0]]
        """
        up = np.asarray(parent, dtype=np.int64)
        depth = np.zeros(len(up), dtype=np.int64)
        here = up.copy()
        while (here >= 0).any():
            depth += here >= 0
            here = np.where(here >= 0, up[np.maximum(here, 0)], -1)
        return cls(up, tuple(np.flatnonzero(depth == d) for d in range(int(depth.max()), -1, -1)))


def reconcile(values: Floats, variances: Floats, tree: Tree) -> Floats:
    """Forecasts that add up along a tree and are moved as little as their variances allow.

    Parameters
    ----------
    values, variances : array (areas, ...)
        Own forecasts and their error variances; NaN where an upper area has no own forecast.
    tree : Tree

    Returns
    -------
    array (areas, ...)
        Each upper area is the sum of those directly below it. A variance of nothing is a
        figure that stands.

    Examples
    --------
    >>> import numpy as np
    >>> tree = Tree.of([-1, 0, 0])
    >>> reconcile(np.array([120.0, 50.0, 60.0]), np.array([1.0, 1.0, 1.0]), tree).round(3)
    array([116.667,  53.333,  63.333])
    """
    mean, variance = values.astype(np.float64, copy=True), variances.astype(np.float64, copy=True)
    total, doubt = np.zeros_like(mean), np.zeros_like(mean)
    has_parts = np.zeros(len(mean), dtype=bool)
    has_parts[tree.parent[tree.parent >= 0]] = True
    for level in tree.levels:
        upper = level[has_parts[level]]
        if len(upper):
            own, wrong, parts, apart = mean[upper], variance[upper], total[upper], doubt[upper]
            told = ~np.isnan(own) & ~np.isnan(wrong)
            with np.errstate(invalid="ignore", divide="ignore"):
                weight = np.where(told, np.where(wrong + apart > 0, apart / (wrong + apart), 0.5), 0.0)
            mean[upper] = parts + weight * np.where(told, own - parts, 0.0)
            variance[upper] = (1.0 - weight) * apart
        inner = level[tree.parent[level] >= 0]
        if len(inner):
            above = tree.parent[inner]
            order = np.argsort(above, kind="stable")
            place = above[order]
            first = np.flatnonzero(np.diff(place, prepend=-1))
            total[place[first]] += np.add.reduceat(mean[inner][order], first, axis=0)
            doubt[place[first]] += np.add.reduceat(variance[inner][order], first, axis=0)
    out = mean.copy()
    for level in reversed(tree.levels):
        inner = level[tree.parent[level] >= 0]
        if len(inner):
            above = tree.parent[inner]
            with np.errstate(invalid="ignore", divide="ignore"):
                part = np.where(doubt[above] > 0, variance[inner] / doubt[above], 0.0)
            out[inner] = mean[inner] + part * (out[above] - total[above])
    return out


def scaled_to(
    total: float, parts: Floats, item: str, weight: Callable[[str], Floats], open_: npt.NDArray[np.bool_] | None = None
) -> Floats | None:
    """Parts moved by one common factor so that they agree with the figure above them.

    Parameters
    ----------
    total : float
        The figure of the upper area.
    parts : array (areas,)
        The forecasts below it.
    item : str
        Its roll-up rule says whether parts sum or average.
    weight : callable
        Gives the weight item of the parts.
    open_ : array of bool, optional
        Parts that may be moved; the others are known. All, by default.

    Returns
    -------
    array (areas,) or None
        ``None`` where no factor can do it (a part unknown, or all zero).

    Examples
    --------
    >>> import numpy as np
    >>> scaled_to(330.0, np.array([100.0, 200.0]), "interest", lambda item: np.ones(2))
    array([110., 220.])
    >>> scaled_to(330.0, np.array([100.0, 200.0]), "interest", lambda item: np.ones(2), np.array([False, True]))
    array([100., 230.])
    """
    if np.isnan(parts).any() or np.isnan(total):
        return None
    open_ = np.ones(len(parts), dtype=bool) if open_ is None else open_
    entry = items.CATALOGUE[item]
    weights = np.ones(len(parts))
    if not entry.is_additive:
        means = weights_of(entry, weight)
        if means is None or np.isnan(means).any() or means.sum() <= 0:
            return None
        weights, total = means, total * float(means.sum())
    fixed, moving = (parts * weights)[~open_].sum(), (parts * weights)[open_].sum()
    if moving == 0 or not np.isfinite((total - fixed) / moving) or (total - fixed) / moving < 0:
        return None
    return np.where(open_, parts * ((total - fixed) / moving), parts)


def weights_of(entry: items.Item, weight: Callable[[str], Floats]) -> Floats | None:
    """The weight of an item's mean, by the first known of the alternatives it names."""
    rule, _, names = entry.rollup.partition(":")
    if rule == "never":
        return None
    names = names if rule == "mean" else names.partition("/")[2].replace("*12", "")
    for alternative in names.split("|"):
        found = sum((weight(n) for n in alternative.split("+")), start=np.float64(0.0))
        if not np.isnan(found).all():
            return np.asarray(found)
    return None
