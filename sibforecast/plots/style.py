"""The one style of all charts: fonts, colours, units, titles, words.

Nothing here changes matplotlib's global settings: the font that draws Chinese is added to
matplotlib's list of fonts and then named on every text of a chart, and on nothing else.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from sibforecast.items import CATALOGUE
from sibforecast.plots.scales import MINUS as MINUS
from sibforecast.plots.scales import Scale as Scale
from sibforecast.plots.scales import figures_axis as figures_axis
from sibforecast.plots.scales import scale_of as scale_of
from sibforecast.plots.words import WORDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIGURE = (10.0, 5.6)
TITLE, TEXT, SMALL = 15, 12, 11
#: Room a value label needs beside another, in points.
LABEL_WIDTH = 34

#: Families that draw Chinese, as they are called on the usual systems.
_CHINESE = (
    "Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei",
    "SimHei", "PingFang SC", "Hiragino Sans GB", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimSun",
)  # fmt: skip

INK, FAINT = "#222222", "#5f6b76"
DEFICIT, SURPLUS = "#8c1c13", "#12355b"
WORSE, BETTER = "#e0695a", "#5aa2d6"
BAND_95, BAND_80 = "#dbe8f4", "#a9c8e6"

#: matplotlib has one set of settings for all threads: who draws or saves under others than the
#: user's holds this, so that charts drawn in several threads look as if drawn one by one.
alone = RLock()

#: Colour and hatch of each payer: tiers of government from dark to light, the rest hatched,
#: so that they stay apart in greyscale and for colour-blind eyes.
PAYERS: dict[str, tuple[str, str]] = {
    "region": ("#0b2f5c", ""),
    "league": ("#2f7fb8", ""),
    "county": ("#a6d3ee", ""),
    "nation": ("#e69f00", "//"),
    "fund": ("#cfcfcf", ".."),
    "pending": ("#ffffff", "xx"),
}


def has_chinese(text: object) -> bool:
    """Whether a text holds Chinese characters.

    Examples
    --------
    >>> has_chinese("呼和浩特"), has_chinese("Hohhot")
    (True, False)
    """
    return any("⺀" <= c <= "鿿" or "豈" <= c <= "﫿" for c in str(text))


@cache
def chinese_font() -> str | None:
    """The family that draws Chinese, or None if this machine has none.

    The font file that the package zhplot carries is used without importing that package,
    which would change matplotlib's settings for everyone.
    """
    from importlib.util import find_spec

    from matplotlib import font_manager

    spec = find_spec("zhplot")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for file in sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in (".ttf", ".otf")):
            font_manager.fontManager.addfont(str(file))
            return str(font_manager.FontProperties(fname=str(file)).get_name())
    there = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CHINESE if name in there), None)


@dataclass(frozen=True)
class Look:
    """How one chart is written: its language, names, currency and marks."""

    language: str
    names: Mapping[str, str] = field(default_factory=dict)
    currency: str = "yuan"
    illustrative: bool = False
    source: str = ""

    @property
    def families(self) -> list[str]:
        """Font families in order of preference."""
        font = chinese_font()
        return [*([font] if font else []), "DejaVu Sans"]

    def word(self, key: str, *parts: object) -> str:
        """A word of the charts in this language."""
        return WORDS[key][self.language == "zh"].format(*parts)

    def drawable(self, text: str) -> str:
        """The text, or an escape of it where no font could draw it."""
        if chinese_font() is None and has_chinese(text):
            return text.encode("ascii", "backslashreplace").decode()
        return text

    def name(self, code: str | None) -> str:
        """The name of an area, fund, item or cause; without one, the code in plain words."""
        if code is None:
            return ""
        text = self.names.get(code, "")
        if chinese_font() is None and has_chinese(text):
            text = ""
        if not text and code in CATALOGUE:
            text = CATALOGUE[code].label(self.language)
        if not text and code in WORDS:
            text = self.word(code)
        return text or self.drawable(code.replace("_", " "))


def look_at(
    table: Any,
    *,
    language: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
    also: Iterable[Any] = (),
) -> Look:
    """The look of a chart of this table.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        What is shown.
    language : {"zh", "en"}, optional
        By default Chinese if names or data are Chinese, else English. English in any case
        where no font draws Chinese.
    labels : mapping, optional
        Names by code, for a plain table or to override those of the result.
    provenance : mapping, optional
        ``currency``, ``illustrative`` and ``input`` of a plain table; a result brings its own.
    also : iterable
        Other results on the chart, asked for what the first does not know.

    Returns
    -------
    Look

    Raises
    ------
    SibError
        If the language is neither ``zh`` nor ``en``.

    Examples
    --------
    >>> import pandas as pd
    >>> look_at(pd.DataFrame({"region": ["Ohio"]}), provenance={"currency": "USD"}).currency
    'USD'
    """
    from sibforecast.errors import SibError

    if language not in (None, "zh", "en"):
        raise SibError(f"unknown language {language!r}; expected 'zh' or 'en'")
    tables = [table, *(t for t in also if t is not None)]
    wanted = language or ("zh" if _speaks_chinese(tables, labels) else "en")
    if wanted == "zh" and chinese_font() is None:
        warnings.warn(
            "no font that draws Chinese was found: labels are in English; "
            "install one with `pip install zhplot` (it carries Noto Sans SC) and start Python anew",
            UserWarning, stacklevel=3,
        )  # fmt: skip
        wanted = "en"
    names: dict[str, str] = {}
    origin: dict[str, Any] = {}
    for one in reversed(tables):
        names |= _names(one, wanted)
        origin |= dict(_provenance(one))
    origin |= dict(provenance or {})
    marked = any(bool(_provenance(t).get("illustrative")) for t in tables) or bool(origin.get("illustrative"))
    return Look(
        wanted, names | dict(labels or {}), str(origin.get("currency", "yuan")), marked, str(origin.get("input", ""))
    )


def _names(table: Any, language: str) -> dict[str, str]:
    tell = getattr(table, "labels", None)
    return dict(tell(language)) if callable(tell) else {}


def _provenance(table: Any) -> Mapping[str, Any]:
    known = getattr(table, "provenance", None)
    if known is None:  # a plain table may carry its origin along
        known = getattr(table, "attrs", {}).get("provenance")
    return known if isinstance(known, Mapping) else {}


def _speaks_chinese(tables: list[Any], labels: Mapping[str, str] | None) -> bool:
    if any(map(has_chinese, (labels or {}).values())):
        return True
    for table in tables:
        if any(map(has_chinese, _names(table, "zh").values())):
            return True
        frame = table if hasattr(table, "groupby") else table.frame
        for column in ("region", "programme", "cause", "item"):
            if column in frame.columns and any(map(has_chinese, frame[column].dropna().unique())):
                return True
    return False


def canvas(ax: Axes | None, look: Look, size: tuple[float, float] = FIGURE) -> Axes:
    """The axes to draw on: those given, or those of a new figure of pyplot, which notebooks show."""
    if ax is None:
        from matplotlib import pyplot

        with alone:
            # outside our settings: the first figure turns a notebook's interactive mode on, for good
            figure = pyplot.figure(figsize=size, layout="constrained")
            with drawn(look):
                ax = figure.add_subplot()
    return ax


@contextmanager
def drawn(look: Look) -> Iterator[None]:
    """Settings for the texts made inside, for this thread alone; undone at the end."""
    from matplotlib import rc_context

    settings: Any = {
        "font.family": look.families, "font.size": TEXT, "text.color": INK, "axes.labelcolor": FAINT,
        "xtick.color": INK, "ytick.color": INK, "hatch.linewidth": 0.8, "axes.edgecolor": FAINT,
    }  # fmt: skip
    with alone, rc_context(settings):
        yield


def width_of(ax: Axes) -> float:
    """How wide the axes are in points, before a layout moves them: about right."""
    figure: Any = ax.get_figure(root=True)
    return float(ax.get_window_extent().width) / float(figure.dpi) * 72 * 1.1


def cells(text: str) -> int:
    """The width of a text in half-width letters; a Chinese character counts as two."""
    return sum(2 if has_chinese(c) or c in "（）、：【】" else 1 for c in text)


def letter() -> float:
    """The width of a half-width letter of a small text, in points; the font without Chinese is wider."""
    return 5.9 if chinese_font() else 6.9


def short(name: str, width: int = 26, most: int = 2) -> str:
    """A name for an axis: two lines at most, unless said otherwise.

    Examples
    --------
    >>> short("pensions of all who retired before 2014 raised")
    'pensions of all who\\nretired before 2014 raised'
    """
    if cells(name) <= width:
        return name
    lines = [""]
    for piece in name.split(" ") if " " in name else name:
        glue = " " if " " in name and lines[-1] else ""
        if lines[-1] and cells(lines[-1] + glue + piece) > width:
            lines.append(piece)
        else:
            lines[-1] += glue + piece
    return "\n".join(lines[:most]) + ("…" if len(lines) > most else "")


def title_of(look: Look, what: Iterable[str], periods: Iterable[str], unit: str, width: float = 560.0) -> str:
    """A title that says what, where, when, in which unit, and whether it is real.

    Examples
    --------
    >>> print(title_of(Look("zh", illustrative=True), ["包头市", "收支缺口"], ["2025", "2027"], "亿元"))
    包头市 收支缺口
    2025—2027年  单位：亿元  【示例数据 illustrative data】
    """
    zh = look.language == "zh"
    years = sorted(set(periods))
    span = years[0] if len(years) == 1 else f"{years[0]}{'—' if zh else '–'}{years[-1]}" if years else ""
    if zh and span:
        span += "年" if "-" not in span else ""
    second = [span, f"{look.word('unit')}{'：' if zh else ': '}{unit}"]
    if look.illustrative:
        second.append(look.drawable("【示例数据 illustrative data】") if chinese_font() else "[illustrative data]")
    lines = _wrapped([part for part in what if part], " " if zh else ", ", int(width / 8))
    return "\n".join([*lines, "  ".join(part for part in second if part)])


def _wrapped(parts: list[str], between: str, width: int) -> list[str]:
    """Lines of a title that fit over the axes, broken between its parts, within one only if it is too long itself."""
    lines: list[str] = []
    for part in parts:
        if lines and cells(lines[-1] + between + part) <= width:
            lines[-1] += between + part
            continue
        if lines:
            lines[-1] += between.rstrip()
        for place, word in enumerate(part.split(" ")):
            if place and cells(lines[-1]) + 1 + cells(word) <= width:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
    return lines or [""]


def finish(ax: Axes, look: Look, title: str, legend: list[tuple[Any, str]], columns: int = 6, note: str = "") -> None:
    """Title, legend between title and figure, source line with a note after it, and the font on every text."""
    from matplotlib.text import Text

    rows = 0
    if legend:
        columns = _columns_of([text for _, text in legend], columns, width_of(ax))
        rows = -(-len(legend) // columns)
        ax.legend(
            [handle for handle, _ in legend], [text for _, text in legend], ncols=min(columns, len(legend)),
            loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, fontsize=SMALL,
            columnspacing=1.4, handlelength=1.8,
        )  # fmt: skip
    ax.set_title(title, fontsize=TITLE, color=INK, pad=12 + 20 * rows, linespacing=1.35)
    source = look.drawable(look.source) or look.word("given")
    told = f"{look.word('source')}{'：' if look.language == 'zh' else ': '}{source}"
    told += f"{'；' if look.language == 'zh' else '; '}{note}" if note else ""
    ax.set_xlabel(told, fontsize=SMALL, loc="left")
    ax.xaxis.label.set_color(FAINT)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=SMALL, labelfontfamily=look.families, colors=INK)
    for text in ax.findobj(Text):
        text.set_fontfamily(look.families)
        text.set_parse_math(False)  # a dollar sign in a name is a dollar sign


def _columns_of(texts: list[str], most: int, width: float) -> int:
    """So many columns of a legend that it is not wider than the axes; it is filled column by column."""
    for count in range(min(most, len(texts)), 1, -1):
        rows = -(-len(texts) // count)
        widest = [max(map(cells, texts[i : i + rows])) for i in range(0, len(texts), rows)]
        if sum(widest) * letter() + 38 * len(widest) <= width:
            return count
    return 1
