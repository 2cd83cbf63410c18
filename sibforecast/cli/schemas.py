"""`schema`: the JSON Schema of every result, by name."""

from __future__ import annotations

from dataclasses import fields
from importlib import import_module
from typing import Any

from sibforecast.errors import SibError
from sibforecast.results import JSON_VERSION, NUMBERS, Findings, Result

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


def result_kinds() -> dict[str, type[Result]]:
    """All result classes known so far, by name."""
    found: dict[str, type[Result]] = {}
    queue = list(Result.__subclasses__())
    while queue:
        kind = queue.pop()
        found[kind.__name__] = kind
        queue.extend(kind.__subclasses__())
    return found


def json_schema(kind: type[Result]) -> dict[str, Any]:
    """The JSON Schema of a kind of result: its columns come first, in their order; others may follow."""
    findings = {
        "type": "array",
        "items": {
            "type": "object",
            "required": list(Findings.columns),
            "properties": {
                **{column: {"type": ["string", "number", "null"]} for column in Findings.columns},
                "severity": {"enum": ["error", "warning", "note"]},
                "row": {"type": ["integer", "null"]},
            },
            "additionalProperties": False,
        },
    }
    has_findings = any(f.name == "findings" for f in fields(kind))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.__name__,
        "type": "object",
        "required": ["kind", "version", "provenance", "columns", "rows", *(["findings"] if has_findings else [])],
        "properties": {
            "kind": {"const": kind.__name__},
            "version": {"const": JSON_VERSION},
            "provenance": {"type": "object"},
            "columns": {
                "type": "array",
                "prefixItems": [{"const": column} for column in kind.columns],
                "items": {"type": "string"},
                "minItems": len(kind.columns),
            },
            "rows": {
                "type": "array",
                "items": {
                    "type": "array",
                    "minItems": len(kind.columns),
                    "prefixItems": [{"type": _json_types(kind, column)} for column in kind.columns],
                    "items": {"type": ["string", "number", "boolean", "null"]},
                },
            },
            **({"findings": findings} if has_findings else {}),
        },
        "additionalProperties": False,
    }


def _json_types(kind: type[Result], column: str) -> list[str]:
    if column in NUMBERS - kind.words:
        return ["number", "null"]
    return ["string", "number", "boolean", "null"]
