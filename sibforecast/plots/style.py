"""The one style of all charts: fonts, colours, units, titles, words.

Nothing here changes matplotlib's global settings: the font that draws Chinese is added to
matplotlib's list of fonts and then named on every text of a chart, and on nothing else.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Any

from sibforecast.items import CATALOGUE, cause_name
from sibforecast.plots.fonts import chinese_font as chinese_font
from sibforecast.plots.fonts import has_chinese as has_chinese
from sibforecast.plots.scales import MINUS as MINUS
from sibforecast.plots.scales import Scale as Scale
from sibforecast.plots.scales import figures_axis as figures_axis
from sibforecast.plots.scales import scale_of as scale_of
from sibforecast.plots.words import WORDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIGURE = (10.0, 5.6)
TITLE, TEXT, SMALL = 15, 12, 11
INK, FAINT = "#222222", "#5f6b76"
DEFICIT, SURPLUS = "#8c1c13", "#12355b"
WORSE, BETTER = "#e0695a", "#5aa2d6"
BAND_95, BAND_80 = "#dbe8f4", "#a9c8e6"

#: What a title is broken between: words, and each Chinese character with the punctuation after it.
_WORD = re.compile(r"[\x00-\u2dff]+?(?: +|$|(?=[\u2e80-\uffff]))|[\u2e80-\uffff][，。、；：！？）》】”]*")
#: Points of a half-width letter of a title.
_TITLE_LETTER = 8.2
#: Lines that say what a chart shows; where they were more, a long part keeps one.
_TITLE_LINES = 4

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
        if not text and (told := cause_name(code, self.language)) != code:
            text = told
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
            UserWarning, stacklevel=4,  # the line that asked for a chart
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


@contextmanager
def drawn(look: Look, size: float = 1.0) -> Iterator[None]:
    """Settings for the texts made inside, of a share of their usual size, for this thread alone; undone at the end."""
    from matplotlib import rc_context

    settings: Any = {
        "font.family": look.families, "font.size": TEXT * size, "text.color": INK, "axes.labelcolor": FAINT,
        "xtick.color": INK, "ytick.color": INK, "hatch.linewidth": 0.8, "axes.edgecolor": FAINT,
    }  # fmt: skip
    with alone, rc_context(settings):
        yield


def cells(text: str) -> int:
    """The width of a text in half-width letters; a Chinese character counts as two."""
    return sum(2 if has_chinese(c) or c in "（）、：【】—…，。；◀▶" else 1 for c in text)


def letter() -> float:
    """The width of a half-width letter of a small text, in points; the font without Chinese is wider."""
    return 6.1 if chinese_font() else 6.9


def short(name: str, width: int = 26, most: int = 2) -> str:
    """A name for an axis: two lines at most, unless said otherwise.

    Examples
    --------
    >>> short("pensions of all who retired before 2014 raised")
    'pensions of all who\\nretired before 2014 raised'
    """
    if cells(name) <= width:
        return name
    lines, words = [""], name.split(" ")
    whole = len(words) > 1 and not any(cells(word) > width and has_chinese(word) for word in words)  # Chinese breaks anywhere
    for piece in words if whole else name:
        glue = " " if whole and lines[-1] else ""
        if lines[-1] and cells(lines[-1] + glue + piece) > width:
            lines.append(piece)
        else:
            lines[-1] += glue + piece
    return "\n".join(lines[:most]) + ("…" if len(lines) > most else "")


def shorts(names: list[str], width: int = 26, most: int = 2) -> list[str]:
    """Names for an axis that stay apart: of those that begin alike the end is kept as well.

    Examples
    --------
    >>> shorts(["提高企业职工基本养老金百分之三", "提高企业职工基本养老金百分之五", "降费"], 16, 1)
    ['提高企业…分之三', '提高企业…分之五', '降费']
    """
    told = [short(name, width, most) for name in names]
    alike = {one for one in told if len({name for name, other in zip(names, told, strict=True) if other == one}) > 1}
    return [_ends(name, width, most) if one in alike else one for name, one in zip(names, told, strict=True)]


def _ends(name: str, width: int, most: int) -> str:
    """Beginning and end of a name, its middle left out."""
    room = width - 1 if most == 1 else width * most // 2
    end = name
    while end and cells(end) > room // 2:
        end = end[1:]
    if most > 1:
        return f"{short(name, width, most - 1).rstrip('…')}…\n{end}"
    while cells(name) + 1 + cells(end) > width:
        name = name[:-1]
    return f"{name}…{end}"


def title_of(look: Look, what: Iterable[str], periods: Iterable[str], unit: str, width: float = 560.0) -> str:
    """A title that says what, where, when, in which unit, and whether it is real.

    Examples
    --------
    >>> print(title_of(Look("zh", illustrative=True), ["包头市", "收支缺口"], ["2025", "2027"], "亿元"))
    包头市 收支缺口
    2025—2027年  单位：亿元  【示例数据】
    """
    zh = look.language == "zh"
    years = sorted(set(periods))
    span = years[0] if len(years) == 1 else f"{years[0]}{'—' if zh else '–'}{years[-1]}" if years else ""
    if zh and span:
        span += "年" if "-" not in span else ""
    second = [span, f"{look.word('unit')}{'：' if zh else ': '}{unit}"]
    if look.illustrative:
        second.append(look.word("illustrative"))
    room, parts, between = int(width / _TITLE_LETTER), [part for part in what if part], " " if zh else ", "
    lines = _wrapped(parts, between, room, 3)
    for most in (2, 1):
        if len(lines) > _TITLE_LINES:
            lines = _wrapped(parts, between, room, most)
    return "\n".join([*lines, *_wrapped([part for part in second if part], "  ", room)])


def _wrapped(parts: list[str], between: str, width: int, most: int = 2) -> list[str]:
    """Lines of a title that fit over the axes, broken between its parts, within one only if it is too long itself.

    A part of more lines than that, such as the title of a scenario that tells its whole story, is cut.

    Examples
    --------
    >>> _wrapped(["呼和浩特市", "自2027年7月起提高企业职工基本养老金百分之五"], " ", 24)
    ['呼和浩特市', '自2027年7月起提高企业职', '工基本养老金百分之五']
    """
    lines: list[str] = []
    for part in parts:
        if lines and cells(lines[-1] + between + part) <= width:
            lines[-1] += between + part
            continue
        if lines:
            lines[-1] = (lines[-1] + between).rstrip()
        lines += _broken(part, width, most)
    return lines or [""]


def _broken(part: str, width: int, most: int) -> list[str]:
    """A part in lines: words stay whole as long as they fit, Chinese breaks anywhere but before its punctuation."""
    lines = [""]
    for word in _WORD.findall(part):
        pieces = [word] if cells(word.rstrip()) <= width else [word[i : i + width] for i in range(0, len(word), width)]
        for piece in pieces:
            if lines[-1] and cells(lines[-1] + piece.rstrip()) > width:
                lines.append("")
            lines[-1] += piece
    lines = [line.rstrip() for line in lines]
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and cells(last) > width - 2:
        last = last[:-1]
    return [*lines[: most - 1], last.rstrip() + "…"]


def columns_of(texts: list[str], most: int, width: float) -> int:
    """So many columns of a legend that it is not wider than there is room."""
    return next((count for count in range(min(most, len(texts)), 1, -1) if legend_width(texts, count) <= width), 1)


def legend_width(texts: list[str], columns: int) -> float:
    """How wide a legend is in points; it is filled column by column, the first ones longer by one."""
    each, longer = divmod(len(texts), columns)
    total, start = 0.0, 0
    for column in range(columns):
        end = start + each + (column < longer)
        total += max(map(cells, texts[start:end])) * letter() + 46
        start = end
    return total


def source_line(look: Look, note: str, width: int) -> str:
    """Where the figures come from, and a note; broken into lines of so many half-width letters.

    Examples
    --------
    >>> print(source_line(Look("en", source="final accounts 2025"), "bands: as given", 30))
    Source: final accounts 2025;
    bands: as given
    """
    zh = look.language == "zh"
    source = look.drawable(look.source) or look.word("given")
    told = f"{look.word('source')}{'：' if zh else ': '}{source}" + (f"{'；' if zh else '; '}{note}" if note else "")
    lines = [""]
    for piece in re.findall(r"[\x00-\x7f]+?(?: |$|(?=[^\x00-\x7f]))|[^\x00-\x7f]", told):
        if lines[-1] and cells((lines[-1] + piece).rstrip()) > width and piece not in "，。；：）":
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def font_on_all(ax: Axes, look: Look) -> None:
    """The font of the look on every text of a chart; a dollar sign in a name is a dollar sign."""
    from matplotlib.text import Text

    for text in ax.findobj(Text):
        text.set_fontfamily(look.families)
        text.set_parse_math(False)
