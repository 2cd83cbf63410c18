"""A grid of small panels inside one axes, so that a chart of many stays one chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sibforecast.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Room between panels, in points: beside each other, above each other (with the name of the panel).
_BESIDE, _ABOVE = 12.0, 26.0
#: Room at the left for the figures, and at the bottom for the years.
_LEFT, _BELOW = 52.0, 20.0


def grid(ax: Axes, count: int, columns: int, look: style.Look) -> list[Axes]:
    """Panels in rows of `columns`, in reading order.

    The axes given keeps title, legend and source line; its own frame is not shown. Only the
    left panels carry figures, only the lowest of each column years: the scale is shared.
    """
    figure = ax.get_figure(root=True)
    box = ax.get_window_extent()
    points = 72.0 / float(figure.dpi) * 0.9  # type: ignore[union-attr]
    wide, high = float(box.width) * points, float(box.height) * points
    rows = -(-count // columns)
    width = (1.0 - _LEFT / wide - _BESIDE / wide * (columns - 1)) / columns
    height = (1.0 - _BELOW / high - _ABOVE / high * rows) / rows
    panels = []
    for place in range(count):
        down, right = divmod(place, columns)
        left = _LEFT / wide + right * (width + _BESIDE / wide)
        bottom = 1.0 - (down + 1) * (height + _ABOVE / high)
        panel = ax.inset_axes((left, bottom, width, height))
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(
            labelsize=style.SMALL,
            labelfontfamily=look.families,
            colors=style.INK,
            labelleft=right == 0,
            labelbottom=place + columns >= count,
        )
        panels.append(panel)
    ax.spines[:].set_visible(False)
    ax.set_xticks([])
    ax.set_yticks([])
    return panels
