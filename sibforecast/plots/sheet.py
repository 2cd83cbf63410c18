"""The sheet every chart is drawn on: what all charts begin and end with.

A chart opens its sheet (language, names, currency, axes, size of the texts), draws what is its
own, and finishes it (title with period and unit, legend, source line, the mark of illustrative
data, the font on every text). In between the sheet knows how much room there is: for names of
rows, for figures beside bars, for ticks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sibforecast.items import CATALOGUE
from sibforecast.plots import style
from sibforecast.plots.room import Room, inside, room_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Points that title, legend, ticks and source line take of the height, and ticks of the width.
_HEADING, _TICKS = 130.0, 46.0
#: Points of a row of the legend.
_LEGEND = 20.0
#: The most of the width that names of rows may take, and texts right and left of bars.
_NAMES, _NAMES_IN_GRID, _RIGHT, _LEFT = 0.4, 0.33, 0.62, 0.3


@dataclass(frozen=True)
class Sheet:
    """A chart under way.

    Attributes
    ----------
    ax : matplotlib.axes.Axes
        Where it is drawn.
    look : sibforecast.plots.style.Look
        Language, names, currency and marks.
    room : sibforecast.plots.room.Room
        What it may fill.
    subject : str or None
        A title of the user's own.
    """

    ax: Axes
    look: style.Look
    room: Room
    subject: str | None = None

    @property
    def size(self) -> float:
        """How large texts are, as a share of their usual size."""
        return self.room.size

    @property
    def text(self) -> float:
        """Points of a text."""
        return style.TEXT * self.size

    @property
    def small(self) -> float:
        """Points of a small text: figures, legend, source line."""
        return style.SMALL * self.size

    def word(self, key: str, *parts: object) -> str:
        """A word of the charts in the language of this one."""
        return self.look.word(key, *parts)

    def bracketed(self, text: str, more: str) -> str:
        """A text with more in brackets, as the language writes them."""
        return f"{text}（{more}）" if self.look.language == "zh" else f"{text} ({more})"

    def scale(self, largest: float, item: str | None = None, unit: str = "currency") -> style.Scale:
        """The scale that suits the largest figure of an item (or of a base unit)."""
        return style.scale_of(largest, CATALOGUE[item].unit if item in CATALOGUE else unit, self.look)

    def drawn(self) -> AbstractContextManager[None]:
        """Settings for what is made inside; undone at the end."""
        return style.drawn(self.look, self.size)

    # -- room -----------------------------------------------------------------------------

    def points(self, text: str, size: float | None = None) -> float:
        """How wide a text is, in points; a small one unless said otherwise."""
        widest = max(map(style.cells, text.split("\n")))
        return widest * style.letter() * (self.small if size is None else size) / style.SMALL

    @property
    def width(self) -> float:
        """Points between left and right edge of the axes, once names or figures at the left have their room."""
        if not self.room.laid_out:
            return inside(self.room)
        names = self._names()
        left = max(self.points(name, self.fitting(len(names))) for name in names) + 8 if names else _TICKS * self.size
        return max(self.room.wide - left - 14, 0.3 * self.room.wide)

    @property
    def _heading_width(self) -> float:
        """Points of a line of the title: in a grid the names of another chart may take room from this one."""
        return min(self.width, (1.0 - _NAMES_IN_GRID) * self.room.wide - 17) if self._under_others else self.width

    @property
    def _under_others(self) -> bool:
        """Whether other charts stand above or below in a grid: all of a column share the room of the longest names."""
        spec = self.ax.get_subplotspec()
        return spec is not None and spec.get_gridspec().nrows > 1

    def _names(self) -> list[str]:
        """Names of rows at the left, where these are no figures."""
        from matplotlib.ticker import FixedLocator

        axis = self.ax.yaxis
        return [label.get_text() for label in axis.get_ticklabels()] if isinstance(axis.get_major_locator(), FixedLocator) else []

    @property
    def height(self) -> float:
        """Points between lower and upper edge of the axes: about right, as long as title and legend are short."""
        return self.height_below()

    def height_below(self, legend: Sequence[tuple[Any, str]] = (), columns: int = 6) -> float:
        """The same below this legend, which may have several rows."""
        more = max(self._rows_of([text for _, text in legend], columns) - 1, 0) if legend else 0
        return max(self.room.high - (_HEADING + _LEGEND * more) * self.size, 0.25 * self.room.high)

    def fitting(self, count: int, size: float | None = None) -> float:
        """Points of a text that stands in each of so many rows."""
        return min(self.text if size is None else size, 0.86 * self.height / (count + 0.2))

    def ticks(self, width: float) -> int:
        """How many texts of a width (in points at the usual size) stand beside each other without touching."""
        return max(int(self.width / (width * self.size)), 1)

    def rows(self, names: Sequence[str], below: float = -0.4) -> None:
        """A row for each name, the first on top; names take two lines where there is room, else one."""
        size = self.fitting(len(names))
        lines = min(int(self.height / (len(names) + 0.2) / (1.2 * size)), 4)
        share = _NAMES_IN_GRID if self._under_others else _NAMES
        most = int(share * self.room.wide / (style.letter() * size / style.SMALL))
        longest = max(map(style.cells, names), default=0)  # wider before anything is cut
        width = min(most, max(26, -(-longest // lines) + 4)) if lines > 1 else most
        self.ax.set_yticks(range(len(names)), style.shorts(list(names), width, max(lines, 1)))
        self.ax.set_ylim(len(names) + below, -0.6)

    def beside(
        self, text: str, end: float, place: float, *, left: bool = False, deficit: bool = False, size: float | None = None
    ) -> None:
        """A text right (or left) of the end of a bar, red for a deficit; beyond the line of nothing if that would strike it."""
        from matplotlib.patheffects import withStroke

        low, high = self.ax.get_xlim()
        reach = (self.points(text, size or self.text) + 10 * self.size) / self.width * (high - low)
        if (-reach < end < 0 and not left) or (0 < end < reach and left):
            end = 0.0
        self.ax.annotate(
            text, (end, place), xytext=((-6 if left else 6) * self.size, 0), textcoords="offset points",
            ha="right" if left else "left", va="center", zorder=6, fontsize=size or self.text,
            color=style.DEFICIT if deficit else style.INK, path_effects=[withStroke(linewidth=3, foreground="white")],
        )  # fmt: skip

    def whole_or(self, texts: list[str], shorter: list[str], size: float | None = None) -> list[str]:
        """The texts, or the shorter ones where the longest would take more than half of the width."""
        return texts if max((self.points(t, size) for t in texts), default=0.0) <= 0.52 * self.width else shorter

    def make_room(
        self, low: float, high: float, right: Iterable[tuple[float, str]], left: Iterable[tuple[float, str]] = (),
        size: float | None = None,
    ) -> None:  # fmt: skip
        """Set the figures' axis so that bars and the texts at their ends fit into the width.

        A text takes its share of the axis however long that is: the span is the least one in which
        each text at the right and each at the left find their place together.
        """
        def share(text: str, most: float) -> float:
            return min((self.points(text, size) + 16 * self.size) / self.width, most)

        span = (high - low) or 1.0
        rights = [(high, 0.02), *((end, share(text, _RIGHT)) for end, text in right)]
        # names at the left are near: in a grid the widest of a column takes room from all charts above and below it
        lefts = [(low, 0.02 if low < 0 else 0.0), *((start, min(1.25 * share(text, _LEFT), _LEFT)) for start, text in left)]
        span = max(span, *((end - start) / (1.0 - r - s) for end, r in rights for start, s in lefts))
        self.ax.set_xlim(min(start - s * span for start, s in lefts), max(end + r * span for end, r in rights))

    def figures(self, axis: str, scale: style.Scale) -> None:
        """Ticks of the axis of figures, ``x`` or ``y``, as many as can be read, with faint lines."""
        along = self.ticks(62) if axis == "x" else int(self.height / (26 * self.size))
        style.figures_axis(getattr(self.ax, f"{axis}axis"), scale, max(2, min(7, along)))

    def grid(self, axis: str) -> None:
        """Faint lines behind the figures."""
        self.ax.grid(axis=axis, color="#e3e6e9", linewidth=0.8)  # type: ignore[arg-type]
        self.ax.set_axisbelow(True)

    def years(self, low: int, high: int, share: float = 1.0) -> None:
        """Ticks of years, back from the last, as many as stand beside each other in a share of the width."""
        step = -(-(high - low + 1) // max(2, int(share * self.ticks(42))))
        years = range(high, low - 1, -step)
        self.ax.set_xticks(list(years), [str(y) for y in years])

    # -- the end --------------------------------------------------------------------------

    def finish(
        self, what: Iterable[str], periods: Iterable[str | None], unit: str, legend: list[tuple[Any, str]], *,
        columns: int = 6, note: str = "",
    ) -> Axes:  # fmt: skip
        """Title, legend between title and figure, source line with a note after it, and the font on every text.

        Parameters
        ----------
        what : iterable of str
            What the title says of the subject, unless the user gave a title.
        periods : iterable of str
            What it spans.
        unit : str
            Of the figures.
        legend : list
            Marks and what they mean.
        columns : int
            Of the legend, at the most.
        note : str
            Said after the source.

        Returns
        -------
        matplotlib.axes.Axes
        """
        ax, look, rows = self.ax, self.look, 0
        if legend:
            rows = self._legend(legend, columns)
        subject = [self.subject] if self.subject else what
        heading = style.title_of(look, subject, [p for p in periods if p], unit, self._heading_width / self.size)
        over = (12 + _LEGEND * rows) * self.size  # the legend stands between figure and title
        ax.set_title(heading, fontsize=style.TITLE * self.size, color=style.INK, pad=over, linespacing=1.35)
        ax.set_xlabel(style.source_line(look, note, int(self.width / self.points("1"))), fontsize=self.small, loc="left")
        ax.xaxis.label.set_color(style.FAINT)
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(labelsize=self.small, labelfontfamily=look.families, colors=style.INK)
        if names := self._names():
            ax.tick_params(axis="y", labelsize=self.fitting(len(names)), length=0)
        style.font_on_all(ax, look)
        return ax

    def _legend(self, legend: list[tuple[Any, str]], most: int) -> int:
        """The legend over the axes, over the names of rows too where it needs their room; how many rows it has."""
        texts = [text for _, text in legend]
        columns = self._columns_of(texts, most)
        broad = style.legend_width(texts, columns) > self.width / self.size
        self.ax.legend(
            [handle for handle, _ in legend], texts, ncols=columns, frameon=False, fontsize=self.small, columnspacing=1.4,
            handlelength=1.8, borderaxespad=0.4, loc="lower right" if broad else "lower center",
            bbox_to_anchor=(1.0 if broad else 0.5, 1.0),
        )  # fmt: skip
        return self._rows_of(texts, most)

    def _columns_of(self, texts: list[str], most: int) -> int:
        room = max(self.width, self.room.wide - 14 if self.room.laid_out else 0.0)
        return style.columns_of(texts, most, room / self.size)

    def _rows_of(self, texts: list[str], most: int) -> int:
        return -(-len(texts) // self._columns_of(texts, most))


def open_sheet(
    table: Any,
    ax: Axes | None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
    *,
    also: Iterable[Any] = (),
    inches: float = 0.0,
) -> Sheet:
    """Open the sheet of a chart, with the words that every chart takes.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        What is shown.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure of pyplot, which notebooks show.
    language : {"zh", "en"}, optional
        By default that of the names: Chinese if they are, else English. English in any case where
        no font draws Chinese.
    title : str, optional
        Replaces what the title says of the subject; period, unit and the mark of illustrative data stay.
    labels : mapping, optional
        Names by code (causes too), for a plain table or to override those of the result.
    provenance : mapping, optional
        ``currency``, ``illustrative`` and ``input`` of a plain table; a result brings its own.
    also : iterable
        Other results on the chart, asked for what the first does not know.
    inches : float
        Height of a new figure, where more is needed than usual.

    Returns
    -------
    Sheet

    Raises
    ------
    SibError
        If the language is neither ``zh`` nor ``en``.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> ax = Figure(figsize=(5, 3.5), layout="constrained").subplots()
    >>> round(open_sheet(pd.DataFrame({"region": ["Ohio"]}), ax).text, 1)
    8.0
    """
    look = style.look_at(table, language=language, labels=labels, provenance=provenance, also=also)
    if ax is None:
        from matplotlib import pyplot

        with style.alone:
            # outside our settings: the first figure turns a notebook's interactive mode on, for good
            figure = pyplot.figure(figsize=(style.FIGURE[0], max(style.FIGURE[1], inches)), layout="constrained")
            with style.drawn(look):
                ax = figure.add_subplot()
    return Sheet(ax, look, room_of(ax), title)
