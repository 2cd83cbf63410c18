"""`schema`: the JSON Schema of every result, by name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sibforecast.errors import SibError
from sibforecast.results import json_schema, result_kinds

#: Rooms whose results have a JSON form; imported so that their results are known.
_ROOMS = (
    "tables.data",
    "forecasting.drivers",
    "forecasting.backtest",
    "assumptions.basis",
    "assumptions.policy",
    "projection.draft",
    "projection.explain",
    "projection.standing",
    "analysis.attribution",
    "analysis.sensitivity",
    "analysis.sharing",
    "analysis.simulation",
    "analysis.stress",
    "analysis.split_records",
    "oversight.adjustment",
    "oversight.assessment",
    "oversight.benefit_stock",
    "oversight.collection",
    "oversight.ladder",
    "oversight.ledgers",
    "oversight.monitoring",
    "oversight.reserves",
    "oversight.settlement",
    "oversight.review",
)


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a kind of result, as written by ``to_json``.

    Parameters
    ----------
    name : str
        The kind, such as ``BudgetDraft``.

    Returns
    -------
    dict
        A schema of the draft 2020-12, with the version of the form it describes.

    Raises
    ------
    SibError
        If there is no such result.

    Examples
    --------
    >>> import sibforecast as sib
    >>> sib.schema("BudgetDraft")["properties"]["kind"]
    {'const': 'BudgetDraft'}
    """
    for room in _ROOMS:
        import_module(f"sibforecast.{room}")
    kinds = result_kinds()
    if name not in kinds:
        raise SibError(f"no result {name!r}; known: {', '.join(sorted(kinds))}")
    return json_schema(kinds[name])
