"""Working scales of series: logs of what grows, logits of shares, figures as they are; and what an item can be at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sibforecast import items

Floats = npt.NDArray[np.float64]

#: Shares that are a part of a whole.
PARTS = frozenset({"pooled_pay_rate", "flexible_share"})
#: Working scales: as it is, logs of what is positive, logits of shares.
PLAIN, LOG, LOGIT = 0, 1, 2


def to_scale(values: Floats, scale: int) -> Floats:
    """Values on a working scale."""
    if scale == LOG:
        return np.asarray(np.log(values))
    if scale == LOGIT:
        return np.asarray(np.log(values) - np.log1p(-values))
    return values


def from_scale(values: Floats, scale: int) -> Floats:
    """Back from a working scale."""
    if scale == LOG:
        return np.asarray(np.exp(values))
    if scale == LOGIT:
        return np.asarray(1.0 / (1.0 + np.exp(-values)))
    return values


def within(item: str, values: Floats, series: Floats | None = None) -> Floats:
    """Values held within what the item can be: heads, shares and what never was negative at 0 or more, parts at 1 or less.

    Examples
    --------
    >>> import numpy as np
    >>> within("pooled_pay_rate", np.array([-0.1, 1.2])).tolist()
    [0.0, 1.0]
    >>> within("interest", np.array([-5.0]), np.array([[0.0, 3.0]])).tolist(), within("interest", np.array([-5.0])).tolist()
    ([0.0], [-5.0])
    """
    never = items.CATALOGUE[item].unit in ("persons", "person-months", "share")
    never |= series is not None and not np.isnan(series).all() and not bool((series < 0).any())
    return np.asarray(np.clip(values, 0.0 if never else -np.inf, 1.0 if item in PARTS else np.inf))
