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
    from sibforecast.analysis.rules_compared import compare_rules as compare_rules
    from sibforecast.analysis.rules_file import SharingRules as SharingRules
    from sibforecast.analysis.rules_file import read_rules as read_rules
    from sibforecast.analysis.sensitivity import Sensitivity as Sensitivity
    from sibforecast.analysis.sensitivity import break_even as break_even
    from sibforecast.analysis.sensitivity import sensitivity as sensitivity
    from sibforecast.analysis.sharing import Sharing as Sharing
    from sibforecast.analysis.sharing import share as share
    from sibforecast.analysis.simulation import Simulation as Simulation
    from sibforecast.analysis.simulation import simulate as simulate
    from sibforecast.analysis.split_records import Splits as Splits
    from sibforecast.analysis.split_records import read_splits as read_splits
    from sibforecast.analysis.stress import Stress as Stress
    from sibforecast.analysis.stress import reverse_stress as reverse_stress
    from sibforecast.assumptions import levers as levers
    from sibforecast.assumptions.basis import Assumptions as Assumptions
    from sibforecast.assumptions.basis import assume as assume
    from sibforecast.assumptions.policy import Policy as Policy
    from sibforecast.assumptions.policy import current_law as current_law
    from sibforecast.assumptions.scenario import Change as Change
    from sibforecast.assumptions.scenario import Scenario as Scenario
    from sibforecast.assumptions.scenario_files import read_scenario as read_scenario
    from sibforecast.assumptions.shipped import presets as presets
    from sibforecast.cli.schemas import schema as schema
    from sibforecast.errors import DataError as DataError
    from sibforecast.errors import SibError as SibError
    from sibforecast.forecasting.backtest import Backtest as Backtest
    from sibforecast.forecasting.backtest import backtest as backtest
    from sibforecast.forecasting.drivers import Forecast as Forecast
    from sibforecast.forecasting.drivers import forecast as forecast
    from sibforecast.forecasting.drivers import nowcast as nowcast
    from sibforecast.oversight.adjustment import Adjustment as Adjustment
    from sibforecast.oversight.adjustment import adjust as adjust
    from sibforecast.oversight.assessment import Scorecard as Scorecard
    from sibforecast.oversight.assessment import assess as assess
    from sibforecast.oversight.benefit_stock import BenefitStock as BenefitStock
    from sibforecast.oversight.benefit_stock import benefit_stock as benefit_stock
    from sibforecast.oversight.collection import Collection as Collection
    from sibforecast.oversight.collection import collection as collection
    from sibforecast.oversight.ladder import Ladder as Ladder
    from sibforecast.oversight.ladder import ladder as ladder
    from sibforecast.oversight.ledgers import LedgerMatch as LedgerMatch
    from sibforecast.oversight.ledgers import match_ledgers as match_ledgers
    from sibforecast.oversight.monitoring import Monitoring as Monitoring
    from sibforecast.oversight.monitoring import monitor as monitor
    from sibforecast.oversight.reserves import Reserves as Reserves
    from sibforecast.oversight.reserves import reserves as reserves
    from sibforecast.oversight.review import Review as Review
    from sibforecast.oversight.review import review as review
    from sibforecast.oversight.scorecard_file import read_scorecard as read_scorecard
    from sibforecast.oversight.settlement import Settlement as Settlement
    from sibforecast.oversight.settlement import settle as settle
    from sibforecast.projection.draft import BudgetDraft as BudgetDraft
    from sibforecast.projection.draft import draft_budget as draft_budget
    from sibforecast.projection.explain import Explanation as Explanation
    from sibforecast.projection.explain import explain as explain
    from sibforecast.projection.project import Projection as Projection
    from sibforecast.projection.project import project as project
    from sibforecast.projection.project import run_scenarios as run_scenarios
    from sibforecast.projection.standing import BudgetVersion as BudgetVersion
    from sibforecast.projection.standing import compare as compare
    from sibforecast.projection.standing import freeze as freeze
    from sibforecast.projection.standing import read_version as read_version
    from sibforecast.projection.timetable import calendar as calendar
    from sibforecast.results import Findings as Findings
    from sibforecast.results import Result as Result
    from sibforecast.rollup.roll import roll_up as roll_up
    from sibforecast.tables.data import FundData as FundData
    from sibforecast.tables.load import check as check
    from sibforecast.tables.load import load as load
    from sibforecast.tables.merging import merge_funds as merge_funds
    from sibforecast.tables.samples import sample as sample
    from sibforecast.tables.template import template as template

__version__ = "0.1.0"

_PUBLIC = {
    "load": "tables.load",
    "check": "tables.load",
    "template": "tables.template",
    "sample": "tables.samples",
    "merge_funds": "tables.merging",
    "forecast": "forecasting.drivers",
    "nowcast": "forecasting.drivers",
    "backtest": "forecasting.backtest",
    "Backtest": "forecasting.backtest",
    "assume": "assumptions.basis",
    "current_law": "assumptions.policy",
    "read_scenario": "assumptions.scenario_files",
    "presets": "assumptions.shipped",
    "project": "projection.project",
    "run_scenarios": "projection.project",
    "draft_budget": "projection.draft",
    "explain": "projection.explain",
    "freeze": "projection.standing",
    "compare": "projection.standing",
    "read_version": "projection.standing",
    "BudgetVersion": "projection.standing",
    "calendar": "projection.timetable",
    "review": "oversight.review",
    "Review": "oversight.review",
    "roll_up": "rollup.roll",
    "sensitivity": "analysis.sensitivity",
    "break_even": "analysis.sensitivity",
    "Sensitivity": "analysis.sensitivity",
    "attribute": "analysis.attribution",
    "read_rules": "analysis.rules_file",
    "share": "analysis.sharing",
    "simulate": "analysis.simulation",
    "reverse_stress": "analysis.stress",
    "Stress": "analysis.stress",
    "Simulation": "analysis.simulation",
    "compare_rules": "analysis.rules_compared",
    "read_splits": "analysis.split_records",
    "Splits": "analysis.split_records",
    "Attribution": "analysis.attribution",
    "SharingRules": "analysis.rules_file",
    "Sharing": "analysis.sharing",
    "reserves": "oversight.reserves",
    "Reserves": "oversight.reserves",
    "benefit_stock": "oversight.benefit_stock",
    "BenefitStock": "oversight.benefit_stock",
    "collection": "oversight.collection",
    "Collection": "oversight.collection",
    "ladder": "oversight.ladder",
    "Ladder": "oversight.ladder",
    "match_ledgers": "oversight.ledgers",
    "LedgerMatch": "oversight.ledgers",
    "monitor": "oversight.monitoring",
    "Monitoring": "oversight.monitoring",
    "adjust": "oversight.adjustment",
    "Adjustment": "oversight.adjustment",
    "assess": "oversight.assessment",
    "Scorecard": "oversight.assessment",
    "read_scorecard": "oversight.scorecard_file",
    "settle": "oversight.settlement",
    "Settlement": "oversight.settlement",
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
_ROOMS = {"plots": "plots", "report": "report", "items": "items", "levers": "assumptions.levers"}


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        value = getattr(import_module(f"sibforecast.{_PUBLIC[name]}"), name)
    elif name in _ROOMS:
        value = import_module(f"sibforecast.{_ROOMS[name]}")
    else:
        raise AttributeError(f"module 'sibforecast' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*_PUBLIC, *_ROOMS, "__version__"])
