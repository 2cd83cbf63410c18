"""sibforecast: budgets of social insurance funds.

Public names arrive on first use; ``import sibforecast`` itself loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "load": "tables.load",
    "check": "tables.load",
    "template": "tables.template",
    "sample": "tables.samples",
    "forecast": "forecasting.drivers",
    "assume": "assumptions.basis",
    "read_scenario": "assumptions.scenario",
    "project": "projection.project",
    "run_scenarios": "projection.project",
    "draft_budget": "projection.draft",
    "explain": "projection.explain",
    "roll_up": "analysis.rollup",
    "attribute": "analysis.attribution",
    "read_rules": "analysis.rules_file",
    "share": "analysis.sharing",
    "Attribution": "analysis.attribution",
    "SharingRules": "analysis.rules_file",
    "Sharing": "analysis.sharing",
    "Explanation": "projection.explain",
    "schema": "cli.schemas",
    "Result": "results",
    "FundData": "tables.data",
    "Forecast": "forecasting.drivers",
    "Assumptions": "assumptions.basis",
    "Change": "assumptions.scenario",
    "Scenario": "assumptions.scenario",
    "Projection": "projection.project",
    "BudgetDraft": "projection.draft",
    "Findings": "results",
    "SibError": "errors",
    "DataError": "errors",
}
_ROOMS = ("plots", "report", "items")


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        value = getattr(import_module(f"sibforecast.{_PUBLIC[name]}"), name)
    elif name in _ROOMS:
        value = import_module(f"sibforecast.{name}")
    else:
        raise AttributeError(f"module 'sibforecast' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*_PUBLIC, *_ROOMS, "__version__"])
