"""What ties a figure to others that no formula of its own area holds.

Flows between levels are one figure in two accounts, so an upper area's side mirrors those below
it; and some figures move with the economy once a change moves that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Link:
    """A line of an area's own level that mirrors a line of the areas below it.

    What the counties remit, the region's own level receives: one figure, two accounts.
    """

    item: str
    area: int
    mirror: str
    below: tuple[int, ...]


@dataclass(frozen=True)
class UpperSide:
    """The side of an area that is itself made of areas, of a flow between it and them.

    Its other figures are sums; this one is its own, and mirrors what those below report.
    """

    region: str
    item: str
    mirror: str
    below: tuple[int, ...]

    def total(self, mirrored: Floats) -> Floats:
        """The sum of the other side: (areas, width) in, (width,) out; unknown where none is known."""
        parts = mirrored[list(self.below)]
        known = ~np.isnan(parts)
        return np.where(known.any(axis=0), np.where(known, parts, 0.0).sum(axis=0), np.nan)


@dataclass(frozen=True)
class Driven:
    """What moves with a figure of the economy once a change moves that figure.

    Parameters
    ----------
    by : str
        The figure of the economy.
    elasticity : callable
        Gives the per cent it moves for each per cent; asked only where the figure is changed.
    given_only : bool
        Moves only where it is a given figure: a line that follows from its drivers moves by them.
    """

    by: str
    elasticity: Callable[[], float]
    given_only: bool = False
