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


def scaled_to(total: float, parts: Floats, item: str, weight: Callable[[str], Floats]) -> Floats:
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

    Returns
    -------
    array (areas,)
        Unchanged where no factor can do it (a part unknown, or all zero).

    Examples
    --------
    >>> import numpy as np
    >>> scaled_to(330.0, np.array([100.0, 200.0]), "interest", lambda item: np.ones(2))
    array([110., 220.])
    """
    if np.isnan(parts).any() or np.isnan(total):
        return parts
    entry = items.CATALOGUE[item]
    if entry.is_additive:
        now = parts.sum()
    else:
        weights = weights_of(entry, weight)
        if weights is None or np.isnan(weights).any() or weights.sum() <= 0:
            return parts
        now = (parts * weights).sum() / weights.sum()
    if now == 0 or not np.isfinite(total / now) or total / now < 0:
        return parts
    return np.asarray(parts * (total / now))


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
