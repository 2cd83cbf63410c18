"""How much room a chart has, and how large its texts may be in it: a slide, a notebook, one cell of a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Points of the usual figure (10 by 5.6 inches); texts have their usual size in it.
_WIDE, _HIGH = 720.0, 403.2
#: Below this room texts become smaller, down to the least share of their size; above they grow, to the most.
_NARROW, _LOW = 400.0, 380.0
_LEAST, _MOST = 0.6, 1.3
#: Share of a cell that matplotlib leaves to the axes where nobody lays the figure out.
_SHARE = 0.775


@dataclass(frozen=True)
class Room:
    """What a chart may fill: its cell of the figure in points, with title, legend and names."""

    wide: float
    high: float
    laid_out: bool = True

    @property
    def size(self) -> float:
        """How large texts are, as a share of their usual size.

        Examples
        --------
        >>> Room(720.0, 403.2).size, Room(960.0, 540.0).size, Room(360.0, 252.0).size
        (1.0, 1.3, 0.6631578947368421)
        """
        grown = min(self.wide / _WIDE, self.high / _HIGH)
        if grown > 1.0:
            return min(grown, _MOST)
        return max(min(self.wide / _NARROW, self.high / _LOW, 1.0), _LEAST)


def room_of(ax: Axes) -> Room:
    """The room of axes, the same before and after a layout has moved them.

    Axes of a grid have their share of the figure; others, and all of a figure without a layout
    engine, what they cover with the margins that matplotlib leaves around them.
    """
    figure: Any = ax.get_figure(root=True)
    points = 72.0 / float(figure.dpi)
    spec = ax.get_subplotspec()
    laid_out = figure.get_layout_engine() is not None and spec is not None
    if spec is not None and laid_out and spec.get_topmost_subplotspec() is spec:
        parent: Any = ax.get_figure(root=False)
        grid = spec.get_gridspec()
        wide = _share(grid.get_width_ratios(), spec.colspan) * float(parent.bbox.width)
        high = _share(grid.get_height_ratios(), spec.rowspan) * float(parent.bbox.height)
        return Room(wide * points, high * points)
    box = ax.get_window_extent()
    return Room(float(box.width) * points / _SHARE, float(box.height) * points / _SHARE, laid_out)


def _share(ratios: Any, span: range) -> float:
    """Which share of all columns (or rows) these are."""
    weights = [float(r) for r in ratios]
    return sum(weights[i] for i in span) / sum(weights)


def inside(room: Room) -> float:
    """Points between left and right edge of axes that no layout engine moves."""
    return room.wide * _SHARE
