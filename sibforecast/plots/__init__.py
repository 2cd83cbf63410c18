"""Charts: a tidy table or a result in, matplotlib ``Axes`` out.

Each chart takes its numbers from a plain function of its name (``fan_table`` for ``fan``), so
that they can be checked without looking. Texts grow and shrink with the room there is, from a
slide down to one cell of a grid: make a grid with ``plt.subplots(2, 2, layout="constrained")``,
so that titles and names find their place.
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
    "tornado": "tornado_chart",
    "tornado_table": "tornado_chart",
    "multiples": "multiples_chart",
    "multiples_table": "multiples_chart",
    "execution": "execution_chart",
    "execution_table": "execution_chart",
    "progress": "progress_chart",
    "progress_table": "progress_chart",
    "balance": "balance_chart",
    "balance_table": "balance_chart",
    "reserves": "reserves_chart",
    "reserves_table": "reserves_chart",
    "heat": "heat_chart",
    "heat_table": "heat_chart",
    "heads": "heads_chart",
    "heads_table": "heads_chart",
    "scenarios": "scenarios_chart",
    "scenarios_table": "scenarios_chart",
    "chances": "chances_chart",
    "chances_table": "chances_chart",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'sibforecast.plots' has no attribute {name!r}")
    value = getattr(import_module(f"sibforecast.plots.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_PUBLIC)
