"""sibforecast: budgets of social insurance funds.

Public names arrive on first use; ``import sibforecast`` itself loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what the lazy names are, for editors and type checkers
    from sibforecast import items as items
    from sibforecast import plots as plots
    from sibforecast import report as report
    from sibforecast.analysis.attribution import Attribution as Attribution
    from sibforecast.analysis.attribution import attribute as attribute
    from sibforecast.analysis.rollup import roll_up as roll_up
    from sibforecast.analysis.rules_file import SharingRules as SharingRules
    from sibforecast.analysis.rules_file import read_rules as read_rules
    from sibforecast.analysis.sensitivity import Sensitivity as Sensitivity
    from sibforecast.analysis.sensitivity import break_even as break_even
    from sibforecast.analysis.sensitivity import sensitivity as sensitivity
    from sibforecast.analysis.sharing import Sharing as Sharing
    from sibforecast.analysis.sharing import share as share
    from sibforecast.assumptions.basis import Assumptions as Assumptions
    from sibforecast.assumptions.basis import assume as assume
    from sibforecast.assumptions.policy import Policy as Policy
    from sibforecast.assumptions.policy import current_law as current_law
    from sibforecast.assumptions.scenario import Change as Change
    from sibforecast.assumptions.scenario import Scenario as Scenario
    from sibforecast.assumptions.scenario import read_scenario as read_scenario
    from sibforecast.cli.schemas import schema as schema
    from sibforecast.errors import DataError as DataError
    from sibforecast.errors import SibError as SibError
    from sibforecast.forecasting.backtest import Backtest as Backtest
    from sibforecast.forecasting.backtest import backtest as backtest
    from sibforecast.forecasting.drivers import Forecast as Forecast
    from sibforecast.forecasting.drivers import forecast as forecast
    from sibforecast.forecasting.drivers import nowcast as nowcast
    from sibforecast.oversight.review import Review as Review
    from sibforecast.oversight.review import review as review
    from sibforecast.projection.draft import BudgetDraft as BudgetDraft
    from sibforecast.projection.draft import draft_budget as draft_budget
    from sibforecast.projection.explain import Explanation as Explanation
    from sibforecast.projection.explain import explain as explain
    from sibforecast.projection.project import Projection as Projection
    from sibforecast.projection.project import project as project
    from sibforecast.projection.project import run_scenarios as run_scenarios
    from sibforecast.results import Findings as Findings
    from sibforecast.results import Result as Result
    from sibforecast.tables.data import FundData as FundData
    from sibforecast.tables.load import check as check
    from sibforecast.tables.load import load as load
    from sibforecast.tables.samples import sample as sample
    from sibforecast.tables.template import template as template

__version__ = "0.1.0"

_PUBLIC = {
    "load": "tables.load",
    "check": "tables.load",
    "template": "tables.template",
    "sample": "tables.samples",
    "forecast": "forecasting.drivers",
    "nowcast": "forecasting.drivers",
    "backtest": "forecasting.backtest",
    "Backtest": "forecasting.backtest",
    "assume": "assumptions.basis",
    "current_law": "assumptions.policy",
    "read_scenario": "assumptions.scenario",
    "project": "projection.project",
    "run_scenarios": "projection.project",
    "draft_budget": "projection.draft",
    "explain": "projection.explain",
    "review": "oversight.review",
    "Review": "oversight.review",
    "roll_up": "analysis.rollup",
    "sensitivity": "analysis.sensitivity",
    "break_even": "analysis.sensitivity",
    "Sensitivity": "analysis.sensitivity",
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
    "Policy": "assumptions.policy",
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
