"""Exact Shapley values: the fair part of each player, whatever the order.

A player's value is its mean effect over all orders in which the players can come. With all
2**n coalitions evaluated it is one matrix product.
"""

from __future__ import annotations

from functools import cache
from math import factorial

import numpy as np
import numpy.typing as npt

from sibforecast.errors import SibError

Floats = npt.NDArray[np.float64]

#: Beyond this the coalitions no longer fit; group the changes first.
MOST_PLAYERS = 16


@cache
def coalitions(players: int) -> npt.NDArray[np.bool_]:
    """All coalitions as columns (players, 2**players); the first is empty, the last full.

    Raises
    ------
    SibError
        If there are too many players to evaluate all.

    Examples
    --------
    >>> coalitions(2).astype(int).tolist()
    [[0, 1, 0, 1], [0, 0, 1, 1]]
    """
    if players > MOST_PLAYERS:
        raise SibError(f"{players} changes meet one fund; at most {MOST_PLAYERS} can be told apart: group some")
    number = np.arange(2**players)
    member = ((number[None, :] >> np.arange(players)[:, None]) & 1).astype(bool)
    member.flags.writeable = False  # kept and shared
    return member


@cache
def weights(players: int) -> Floats:
    """Matrix (2**players, players) that turns coalition values into Shapley values."""
    member = coalitions(players)
    size = member.sum(axis=0)
    whole = factorial(players)
    joining = np.array([factorial(s - 1) * factorial(players - s) / whole if s else 0.0 for s in range(players + 1)])
    leaving = np.array([factorial(s) * factorial(players - s - 1) / whole if s < players else 0.0 for s in range(players + 1)])
    out = np.asarray(np.where(member, joining[size], -leaving[size]).T)
    out.flags.writeable = False
    return out


def shapley(values: Floats) -> Floats:
    """Shapley values of games whose coalition values are the last axis.

    Parameters
    ----------
    values : array (..., 2**players)
        In the order of `coalitions`.

    Returns
    -------
    array (..., players)
        Summing to the full coalition's value less the empty one's.

    Examples
    --------
    >>> import numpy as np
    >>> shapley(np.array([0.0, 2.0, 4.0, 9.0])).tolist()  # 1.5 each of what they gain together
    [3.5, 5.5]
    """
    players = int(np.log2(values.shape[-1]))
    if players == 0:
        return np.zeros((*values.shape[:-1], 0))
    # differences from the empty coalition first: large common values would swallow the digits
    return np.asarray((values - values[..., :1]) @ weights(players))
