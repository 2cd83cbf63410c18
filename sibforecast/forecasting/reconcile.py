"""Making areas agree with what is known above them.

A league's months say where its year will end; its counties' forecasts are scaled to it.
Amounts and heads are scaled so that they sum to it, rates and levels so that their weighted
mean, with the weight the catalogue names, is it. Ratios are never summed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sibforecast import items

Floats = npt.NDArray[np.float64]


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
