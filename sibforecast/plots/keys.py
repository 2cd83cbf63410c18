"""What part of a table a chart shows: one area, one fund, one year, never a silent mixture."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.items import did_you_mean
from sibforecast.items import words as words_of_items
from sibforecast.programmes import registry

if TYPE_CHECKING:
    import pandas as pd

#: How many choices an error lists before it only counts them.
_LISTED = 12


def frame_of(table: Any) -> pd.DataFrame:
    """The tidy frame of a result, or the frame itself.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        What was handed to a chart.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    SibError
        If it is neither.

    Examples
    --------
    >>> import pandas as pd
    >>> frame_of(pd.DataFrame({"value": [1.0]})).shape
    (1, 1)
    """
    frame = table if hasattr(table, "columns") and hasattr(table, "groupby") else getattr(table, "frame", None)
    if frame is None or not hasattr(frame, "groupby"):
        raise SibError(f"a chart takes a result or a tidy table; got {type(table).__name__}")
    found: pd.DataFrame = frame
    return found


def need(frame: pd.DataFrame, columns: tuple[str, ...], chart: str) -> None:
    """Refuse a table that lacks what the chart shows.

    Raises
    ------
    SibError
        Naming all absent columns.

    Examples
    --------
    >>> import pandas as pd
    >>> need(pd.DataFrame({"value": [1.0]}), ("value",), "waterfall")
    """
    absent = [c for c in columns if c not in frame.columns]
    if absent:
        raise SibError(f"{chart}: the table lacks the columns {', '.join(absent)}; it has {', '.join(map(str, frame.columns))}")


def told(values: pd.Series) -> list[str]:
    """The different texts of a column in order of appearance, blanks left out.

    Examples
    --------
    >>> import pandas as pd
    >>> told(pd.Series(["b", None, "a", "b"]))
    ['b', 'a']
    """
    return [str(v) for v in values.dropna().unique()]


def source_of(table: Any) -> Any:
    """The data set behind a table: its history, and the names of its areas and funds; none behind a plain table.

    Examples
    --------
    >>> import sibforecast as sib
    >>> data = sib.load(sib.sample("oasdi"))
    >>> source_of(sib.forecast(data, 2006)) is data, source_of(data.history) is None
    (True, True)
    """
    if hasattr(table, "groupby"):  # a plain table may have a column of this name
        return None
    source = getattr(table, "source", None)
    return source if source is not None else getattr(table, "__dict__", {}).get("data")


def coded(key: str, word: str, choices: Container[str], table: Any = None) -> str:
    """The code in a table of what somebody calls an area, fund or item; another word stays as it is.

    Parameters
    ----------
    key : str
        ``region``, ``programme`` or ``item``; words of other keys are codes.
    word : str
        A code or a name, Chinese or English.
    choices : container of str
        The codes of the table.
    table : Result, optional
        Whose data set knows the names of its areas and funds.

    Returns
    -------
    str

    Examples
    --------
    >>> coded("programme", "失业保险", ["unemployment"]), coded("item", "收支缺口", ["gap"]), coded("region", "Ohio", ["OH"])
    ('unemployment', 'gap', 'Ohio')
    """
    if word in choices or key not in ("region", "programme", "item"):
        return word
    plain, source = word.strip().lower(), source_of(table) or table
    found = None
    if key == "item":
        found = words_of_items().get(plain)
    elif key == "programme":
        found = registry.words(dict(getattr(source, "programmes", {}))).get(plain)
    else:
        found = _known(word, table)
    return found if found is not None and found in choices else word


def _known(word: str, table: Any) -> str | None:
    """The area of the data set behind a table that somebody calls so."""
    tree = getattr(table, "regions", None) or getattr(source_of(table) or table, "regions", None)
    if tree is None:
        return None
    try:
        return str(tree.resolve(word))
    except SibError:
        return None


def pick(
    frame: pd.DataFrame, key: str, wanted: object, *, single: bool, table: Any = None
) -> tuple[pd.DataFrame, str | None]:
    """The rows of one value of a key column.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    key : str
        ``region``, ``programme``, ``item``, ``period`` or ``scenario``.
    wanted : object
        The value, or None for the only one there is.
    single : bool
        Whether, without `wanted`, there may be only one value; else all rows are kept.
    table : Result, optional
        Whose data set knows the names of areas and funds.

    Returns
    -------
    tuple
        The rows, and the value if there is just one.

    Raises
    ------
    SibError
        If the value does not occur or the choice is open; the message names the choices.

    Examples
    --------
    >>> import pandas as pd
    >>> rows, value = pick(pd.DataFrame({"period": ["2026", "2027"]}), "period", 2027, single=True)
    >>> len(rows), value
    (1, '2027')
    """
    if key not in frame.columns:
        if wanted is not None:
            raise SibError(f"the table has no column {key}, so {key}={wanted!r} cannot be chosen")
        return frame, None
    texts = frame[key].astype("string")
    choices = told(frame[key])
    if wanted is not None:
        code = coded(key, str(wanted), choices, table)
        if code not in choices:
            is_above = key == "region" and _known(str(wanted), table) is not None
            above = "; the data set knows it: roll_up(…) to its level first" if is_above else ""
            hint = did_you_mean(str(wanted), choices)
            raise SibError(f"no {key} {str(wanted)!r} in the table{hint}; {_listed(choices)}{above}")
        return frame[(texts == code).fillna(False).to_numpy(dtype=bool)], code
    blanks = bool(texts.isna().any())
    if single and len(choices) + (blanks and key == "scenario") > 1:
        also = " and the baseline, whose scenario is blank" if blanks and choices else ""
        raise SibError(f"the table holds several values of {key}: choose one, {key}=…; {_listed(choices)}{also}")
    return frame, choices[0] if len(choices) == 1 else None


def choose(
    frame: pd.DataFrame, wanted: Mapping[str, object], together: Container[str] = (), table: Any = None
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The rows of one value of each key, and what they are of.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    wanted : mapping
        The value of each key, or None for the only one there is.
    together : collection of str
        Keys of which, without a value, several may be shown together.
    table : Result, optional
        Whose data set knows the names of areas and funds.

    Returns
    -------
    tuple
        The rows, and by key the value if there is just one.

    Raises
    ------
    SibError
        As `pick`.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"region": ["A", "B"], "period": "2026"})
    >>> rows, of = choose(t, {"region": None, "period": None}, together=("region",))
    >>> len(rows), of
    (2, {'region': None, 'period': '2026'})
    """
    chosen: dict[str, str | None] = {}
    for key, value in wanted.items():
        frame, chosen[key] = pick(frame, key, value, single=key not in together, table=table)
    return frame, chosen


def _listed(choices: list[str]) -> str:
    more = f" … ({len(choices)} in all)" if len(choices) > _LISTED else ""
    return f"there are: {', '.join(choices[:_LISTED])}{more}" if choices else "there is none"


def among(frame: pd.DataFrame, key: str, wanted: Iterable[object] | None, table: Any = None) -> pd.DataFrame:
    """The rows of several values of a key column, in the order they were asked for.

    Raises
    ------
    SibError
        Naming all values that do not occur.

    Examples
    --------
    >>> import pandas as pd
    >>> among(pd.DataFrame({"region": ["a", "b", "c"]}), "region", ["c", "a"])["region"].tolist()
    ['c', 'a']
    """
    if wanted is None:
        return frame
    values = [str(w) for w in ([wanted] if isinstance(wanted, str) else wanted)]
    if key not in frame.columns:
        raise SibError(f"the table has no column {key}, so none can be chosen")
    texts = frame[key].astype(str)
    choices = told(frame[key])
    values = [coded(key, v, choices, table) for v in values]
    strange = [f"{v!r}{did_you_mean(v, choices)}" for v in values if v not in choices]
    if strange:
        raise SibError(f"no {key} {', '.join(strange)} in the table; {_listed(choices)}")
    rank = texts.map({v: i for i, v in enumerate(values)})
    return frame[rank.notna().to_numpy()].iloc[rank.dropna().to_numpy().argsort(kind="stable")]


def at_level(frame: pd.DataFrame, table: Any, level: str | None) -> pd.DataFrame:
    """The rows of areas of one level of the tree, which the result behind the table knows.

    Raises
    ------
    SibError
        If the table is of no result that knows a tree, or no area shown is of that level.

    Examples
    --------
    >>> import pandas as pd
    >>> at_level(pd.DataFrame({"region": ["a"]}), None, None).shape
    (1, 1)
    """
    if level is None:
        return frame
    tree = getattr(table, "regions", None) or getattr(source_of(table), "regions", None)
    areas = getattr(tree, "areas", None)
    if areas is None:
        raise SibError(f"level={level!r}: a plain table knows no levels of areas; choose regions=[…]")
    there = told(frame["region"])
    kept = [code for code in there if code in areas and areas[code].level == level]
    if not kept:
        levels = sorted({areas[c].level for c in there if c in areas})
        raise SibError(f"no area of level {level!r} in the table; its areas are of level {', '.join(levels) or 'unknown'}")
    return frame[frame["region"].isin(kept).to_numpy(bool)]


def few(frame: pd.DataFrame, key: str, most: int, chart: str) -> list[str]:
    """The values of a key, refused where they are more than a chart can show.

    Raises
    ------
    SibError
        With how many there are and how to choose.

    Examples
    --------
    >>> import pandas as pd
    >>> few(pd.DataFrame({"region": ["a", "b"]}), "region", 12, "heat")
    ['a', 'b']
    """
    there = told(frame[key])
    if len(there) > most:
        raise SibError(
            f"{chart}: {len(there)} values of {key} are more than can be read ({most}); choose {key}s=[…], "
            "level=… of a result, or roll the table up first"
        )
    return there
