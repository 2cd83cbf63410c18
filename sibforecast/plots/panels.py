"""A grid of small panels inside one axes, so that a chart of many stays one chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sibforecast.plots import style
from sibforecast.plots.sheet import Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Room at the left that the axes around the panels do not need: they have no ticks of their own.
_TICKS = 46.0
#: Room between panels, in points: beside each other, above each other (with the name of the panel).
_BESIDE, _ABOVE = 12.0, 26.0
#: Room at the left for the figures, and at the bottom for the years.
_LEFT, _BELOW = 52.0, 20.0


def grid(sheet: Sheet, count: int, columns: int) -> list[Axes]:
    """Panels in rows of `columns`, in reading order.

    The axes of the sheet keep title, legend and source line; their own frame is not shown. Only
    the left panels carry figures, only the lowest of each column years: the scale is shared.
    """
    ax = sheet.ax
    wide, high = sheet.width + _TICKS * sheet.size, sheet.height
    beside, above, edge, below = (points * sheet.size for points in (_BESIDE, _ABOVE, _LEFT, _BELOW))
    rows = -(-count // columns)
    width = (1.0 - edge / wide - beside / wide * (columns - 1)) / columns
    height = (1.0 - below / high - above / high * rows) / rows
    panels = []
    for place in range(count):
        down, right = divmod(place, columns)
        left = edge / wide + right * (width + beside / wide)
        bottom = 1.0 - (down + 1) * (height + above / high)
        panel = ax.inset_axes((left, bottom, width, height))
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(
            labelsize=sheet.small,
            labelfontfamily=sheet.look.families,
            colors=style.INK,
            labelleft=right == 0,
            labelbottom=place + columns >= count,
        )
        panels.append(panel)
    ax.spines[:].set_visible(False)
    ax.set_xticks([])
    ax.set_yticks([])
    return panels


def panel_size(sheet: Sheet, panels: list[Axes]) -> tuple[float, float]:
    """Width and height of a panel, in points: about right."""
    box, whole = panels[0].get_window_extent(), sheet.ax.get_window_extent()
    return float(box.width / whole.width) * (sheet.width + _TICKS * sheet.size), float(box.height / whole.height) * sheet.height
