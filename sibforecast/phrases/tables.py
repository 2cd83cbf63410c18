"""Tables in the reader's language: sentences for files, headings and names as well for the screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sibforecast.items import cause_name
from sibforecast.phrases import SCREEN as SCREEN

if TYPE_CHECKING:
    import pandas as pd

    from sibforecast.phrases import Teller

#: Columns of sentences; those of findings, which are told by their id.
_SAID, _FOUND = ("method", "reason"), ("message", "mend", "expected", "found", "cause")
#: Headings of the screen, where names stand instead of codes and a month is a month.
_SHOWN = {"region": "地区", "programme": "险种", "item": "项目", "id": "编号", "period": "期间", "expected": "预计"}
_CODE = re.compile(r"[A-Za-z_]\w*")


def told_sentences(table: pd.DataFrame, teller: Teller, findings: bool = False) -> pd.DataFrame:
    """A copy of a table whose sentences are told in the language; codes, words and figures stay.

    Examples
    --------
    >>> import pandas as pd
    >>> from sibforecast.phrases import Teller
    >>> told_sentences(pd.DataFrame({"item": ["gap"], "method": ["judgement"]}), Teller("zh")).values.tolist()
    [['gap', '人工判断']]
    """
    import pandas as pd

    out = table.copy()
    ids = out["id"].astype("object").tolist() if findings else None
    for column in (*_SAID, *(_FOUND if findings else ())):
        if column in out.columns and out[column].dtype.kind not in "biufc":
            cells = teller.texts(out[column].astype("object"), ids if column in _FOUND else None)
            out[column] = pd.Series(cells, index=out.index, dtype="object")
    return out


def told_table(table: pd.DataFrame, teller: Teller) -> pd.DataFrame:
    """A table for the screen: headings, names, words and sentences in the language; in English it is as it is.

    Examples
    --------
    >>> import pandas as pd
    >>> from sibforecast.phrases import Teller
    >>> told = told_table(pd.DataFrame({"programme": ["unemployment"], "gap": [1.5]}), Teller("zh", {"unemployment": "失业保险"}))
    >>> list(told.columns), told["险种"].tolist()
    (['险种', '收支缺口'], ['失业保险'])
    """
    if teller.language != "zh":
        return table
    out = table.copy()
    for place, name in enumerate(table.columns):
        column = out.iloc[:, place]
        if column.dtype.kind not in "iufc":
            out.isetitem(place, [_cell(cell, teller, name) for cell in column.astype("object")])
    out.columns, out.index = _labels(table.columns, teller, True), _labels(table.index, teller, False)
    return out


def _labels(labels: pd.Index, teller: Teller, headings: bool) -> pd.Index:
    """Labels of columns or rows: headings where they name columns, else codes by their names."""
    import pandas as pd

    names = [heading(n, teller) if isinstance(n, str) else n for n in labels.names]
    levels: list[list[Any]] = []
    for level, name in enumerate(labels.names):
        parts, heads = labels.get_level_values(level), headings and name is None
        levels.append([_heading(part, teller) if heads else _cell(part, teller, name) for part in parts])
    if labels.nlevels > 1:
        return pd.MultiIndex.from_arrays(levels, names=names)
    told: pd.Index = pd.Index(levels[0], name=names[0])
    return told


def heading(column: str, teller: Teller) -> str:
    """The heading of a column on the screen."""
    if teller.language != "zh":
        return column
    told = _SHOWN.get(column) or teller.heading(column)
    return teller.text(column, SCREEN) if told == column else told


def _heading(label: Any, teller: Teller) -> Any:
    return heading(label, teller) if isinstance(label, str) else label


def _cell(cell: Any, teller: Teller, column: Any) -> Any:
    """A code by its name, a sentence in the language, anything else as it is; an id stays the id."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if not isinstance(cell, str) or column in ("id", "scenario"):
        return cell
    told = teller.word(cell) if _CODE.fullmatch(cell) or cell in teller.names else teller.text(cell)
    told = teller.text(cell, SCREEN) if told == cell else told
    told = cause_name(cell, teller.language) if told == cell else told
    return teller.heading(cell) if told == cell else told
