"""The font that draws Chinese: found among an optional package's files and those of the system."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

#: Families that draw Chinese, as they are called on the usual systems; the last ones are how older
#: matplotlib names a collection, by its first member.
_CHINESE = (
    "Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei",
    "SimHei", "PingFang SC", "Hiragino Sans GB", "Heiti SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
    "Droid Sans Fallback", "SimSun", "Noto Sans CJK JP", "Noto Serif CJK SC", "Noto Serif CJK JP",
)  # fmt: skip
#: What the file names of these families hold, in small letters.
_FILES = ("notosanssc", "notosanscjk", "notoserifcjk", "sourcehansans", "msyh", "simhei", "pingfang", "hiragino sans gb",
          "heiti", "wqy", "droidsansfallback", "simsun")  # fmt: skip


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
    which would change matplotlib's settings for everyone. Without it a family of the system
    is taken; files that came after matplotlib wrote its list of fonts are looked through too.
    """
    from matplotlib import font_manager

    for file in _carried():
        font_manager.fontManager.addfont(str(file))
        return str(font_manager.FontProperties(fname=str(file)).get_name())
    if (known := _listed()) is not None:
        return known
    listed = {font.fname for font in font_manager.fontManager.ttflist}
    for name in sorted(font_manager.findSystemFonts()):
        if name not in listed and any(part in Path(name).name.lower() for part in _FILES):
            font_manager.fontManager.addfont(name)
    return _listed()


def _carried() -> Iterator[Path]:
    """Font files of the package zhplot, where it is installed."""
    from importlib.util import find_spec

    spec = find_spec("zhplot")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in (".ttf", ".otf"))


def _listed() -> str | None:
    """The first of the usual families that matplotlib knows."""
    from matplotlib import font_manager

    there = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CHINESE if name in there), None)
