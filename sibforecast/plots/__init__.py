"""Charts: a tidy table or a result in, matplotlib ``Axes`` out.

Each chart takes what its numbers are from a plain function (``fan_table``,
``waterfall_table``, ``sharing_table``), so that they can be checked without looking.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "fan": "fan_chart",
    "fan_table": "fan_chart",
    "accuracy": "accuracy_chart",
    "accuracy_table": "accuracy_chart",
    "waterfall": "waterfall_chart",
    "waterfall_table": "waterfall_chart",
    "sharing": "sharing_chart",
    "sharing_table": "sharing_chart",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'sibforecast.plots' has no attribute {name!r}")
    value = getattr(import_module(f"sibforecast.plots.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_PUBLIC)
