"""Texts and tables on a terminal, where a Chinese character takes two columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

if TYPE_CHECKING:
    import pandas as pd

#: Stands beside each wide character while pandas counts letters; taken out again, it is never shown.
_BESIDE = "\ue000"
#: What stands where there is no figure.
BLANK = "—"
#: Columns of a cell of a table.
_CELL = 24


def _is_wide(letter: str) -> bool:
    return east_asian_width(letter) in "WF"


def columns_of(text: str) -> int:
    """Columns a text takes on a terminal: Chinese characters take two.

    Examples
    --------
    >>> columns_of("12 万元")
    7
    """
    return sum(1 + _is_wide(letter) for letter in text)


def cut(text: str, width: int, end: str = "…") -> str:
    """A text of at most so many columns; the end says that more was there.

    Examples
    --------
    >>> cut("城乡居民基本养老保险基金", 10), cut("gap", 10)
    ('城乡居民…', 'gap')
    """
    if columns_of(text) <= width:
        return text
    while columns_of(text + end) > width:
        text = text[:-1]
    return text + end


def folded(text: str, width: int, indent: str) -> list[str]:
    """A text in lines of so many columns; words stay whole, Chinese breaks anywhere but before its punctuation.

    Examples
    --------
    >>> folded("预计全年12.06亿元，仍比预算高7.3%", 19, "  ")
    ['预计全年12.06亿元，', '  仍比预算高7.3%']
    """
    lines, line = [], ""
    for piece in re.findall(r"[\u2e80-\uffff][，。、；：！？）》】]*|[^\s\u2e80-\uffff]+[，。、；：！？）》】]*|\s+", text):
        if columns_of(line + piece.rstrip()) > width and line.strip():
            lines.append(line.rstrip())
            line = indent
        if piece.strip() or line.strip() or not lines:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def table_lines(table: pd.DataFrame, width: int = 80, *, index: bool = True, cell: int = _CELL) -> list[str]:
    """The lines of a table; its columns stand under each other, Chinese or not.

    No option of pandas is set on the way: options are one for all threads.

    Parameters
    ----------
    table : pandas.DataFrame
        What is shown.
    width : int
        Columns of the terminal; a wider table is broken into blocks, a line that is still too long is cut.
    index : bool
        Whether its index is shown.
    cell : int
        Columns of a cell at the most.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import pandas as pd
    >>> from sibforecast.screen import table_lines
    >>> areas = pd.DataFrame({"地区": ["呼和浩特市", "Wuhai"], "缺口": [1.5, 12.0]})
    >>> print(*table_lines(areas, index=False), sep="|\\n")
          地区  缺口|
    呼和浩特市   1.5|
         Wuhai  12.0
    """
    import pandas as pd

    text = table.to_string(max_colwidth=cell, line_width=width, index=index, na_rep=BLANK)
    counted_by_pandas = bool(pd.get_option("display.unicode.east_asian_width"))
    if any(map(_is_wide, text)) and not counted_by_pandas:
        cell += _CELL // 4  # the longest official name of a fund has fourteen characters
        text = _spaced(table, cell).to_string(max_colwidth=cell, line_width=width, index=index, na_rep=BLANK)
    return [cut(line.replace(_BESIDE, ""), width) for line in text.splitlines()]


def _spaced(table: pd.DataFrame, cell: int) -> pd.DataFrame:
    """The table with each wide character followed by a letter that takes its second column."""
    out = table.copy()
    for place in range(len(out.columns)):
        column = out.iloc[:, place]
        if column.dtype.kind not in "biufc":
            out.isetitem(place, [_beside(cut(c, cell, "...")) if isinstance(c, str) else c for c in column.astype("object")])
    out.columns, out.index = _labels(out.columns), _labels(out.index)
    return out


def _labels(labels: pd.Index) -> pd.Index:
    import pandas as pd

    def told(parts: Iterable[object]) -> list[object]:
        return [_beside(part) if isinstance(part, str) else part for part in parts]

    names = told(labels.names)
    if labels.nlevels > 1:
        columns = [told(labels.get_level_values(level)) for level in range(labels.nlevels)]
        return pd.MultiIndex.from_arrays(columns, names=names)
    return pd.Index(told(labels), name=names[0])


def _beside(text: str) -> str:
    return "".join(letter + _BESIDE * _is_wide(letter) for letter in text)
