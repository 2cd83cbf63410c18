"""Heads: how many are insured, pay, and draw benefits, year by year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.items import CATALOGUE
from sibforecast.plots.keys import among, choose, frame_of, need, told
from sibforecast.plots.lines import draw_lines, kinds_legend
from sibforecast.plots.palette import Paint
from sibforecast.plots.sheet import open_sheet
from sibforecast.plots.yearly import lines_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Heads that say most of a fund, and how each is drawn on every chart.
_PAINTS = {
    "insured": Paint("#222222", "s"),
    "insured_active": Paint("#6b7783", "D"),
    "contributors": Paint("#0072b2", "o"),
    "contributors_flexible": Paint("#56b4e9", "^"),
    "beneficiaries": Paint("#b06a00", "v"),
    "new_beneficiaries": Paint("#e0a84a", "P"),
    "deaths": Paint("#7b4a9a", "X"),
    "recipient_months": Paint("#b06a00", "v"),
}
_SHOWN = ("insured", "insured_active", "contributors", "contributors_flexible", "beneficiaries")
_FURTHER = (Paint("#00795c", "<"), Paint("#b45a92", ">"), Paint("#9a9a00", "h"), Paint("#8c1c13", "p"))


def heads_table(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    items: Iterable[str] | None = None,
    scenario: str | None = None,
    history: Any = None,
) -> pd.DataFrame:
    """The numbers behind a chart of heads.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        A draft, projection, forecast or data set, or a table of item, period, value.
    region, programme, scenario : str, optional
        What to show; each may be left out where the table holds only one.
    items : iterable of str, optional
        Counts of persons; by default insured, active insured, contributors (employed and
        flexible) and beneficiaries, as far as they are known.
    history : Result or pandas.DataFrame, optional
        The known years; a draft brings its own.

    Returns
    -------
    pandas.DataFrame
        item, year, kind (history, expected, draft, forecast, …), value in persons.

    Raises
    ------
    SibError
        If a choice is open or does not occur, an item is no count of persons, or none is known.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"item": ["insured", "gap", "beneficiaries"], "period": "2025", "value": [9.0, 1.0, 3.0]})
    >>> heads_table(t)["item"].tolist()
    ['insured', 'beneficiaries']
    """
    return _chosen(table, region, programme, items, scenario, history)[0]


def _chosen(
    table: Any, region: str | None, programme: str | None, items: Iterable[str] | None, scenario: str | None, history: Any
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The numbers, and what they are of."""
    frame = frame_of(table)
    need(frame, ("item", "period", "value"), "heads")
    frame, chosen = choose(frame, {"region": region, "programme": programme, "scenario": scenario}, table=table)
    known = told(frame.loc[frame["value"].notna(), "item"])
    shown = [i for i in _SHOWN if i in known] if items is None else [items] if isinstance(items, str) else list(items)
    if strange := [i for i in shown if i in CATALOGUE and not CATALOGUE[i].unit.startswith("person")]:
        raise SibError(f"heads: {', '.join(strange)}: no count of persons")
    if not shown:
        raise SibError(f"heads: none of {', '.join(_SHOWN)} is known; choose items=[…]")
    if len({CATALOGUE[i].unit for i in shown if i in CATALOGUE}) > 1:
        raise SibError(f"heads: persons and person-months stand on no one scale; found {', '.join(shown)}")
    frame = among(frame, "item", shown, table)
    rows = lines_of(table, frame, ["item"], "heads", history)
    rank = rows["item"].map({item: i for i, item in enumerate(shown)})
    return rows.iloc[rank.to_numpy().argsort(kind="stable")].reset_index(drop=True), chosen


def heads(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    items: Iterable[str] | None = None,
    scenario: str | None = None,
    history: Any = None,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw the heads of one fund in one area: what is known, expected and drafted.

    Parameters
    ----------
    table : Result or pandas.DataFrame
        See `heads_table`.
    region, programme, items, scenario, history : optional
        See `heads_table`.
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SibError
        As `heads_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> t = pd.DataFrame({"item": ["insured", "insured"], "period": ["2025", "2026"], "value": [2.4e6, 2.5e6]})
    >>> print(sib.plots.heads(t, language="en").get_title())
    heads
    2025–2026  unit: million persons
    """
    rows, chosen = _chosen(table, region, programme, items, scenario, history)
    sheet = open_sheet(table, ax, language, title, labels, provenance, also=(history,))
    codes = list(dict.fromkeys(rows["item"]))
    scale = sheet.scale(rows["value"].abs().max(), codes[0], "persons")
    further = iter(_FURTHER * len(codes))
    painted = {code: _PAINTS.get(code) or next(further) for code in codes}
    with sheet.drawn():
        draw_lines(sheet, rows, "item", painted, {c: sheet.look.name(c) for c in codes}, scale, floor=0.0)
    what = [*(sheet.look.name(chosen[k]) for k in ("region", "programme", "scenario")), sheet.word("heads")]
    return sheet.finish(what, [str(y) for y in rows["year"]], scale.unit, kinds_legend(sheet, rows))
