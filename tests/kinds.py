"""One result of every kind, for what holds of all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sibforecast as sib
from sibforecast.results import Result


def one_of_each(nmg: Any, draft: Any, folder: Any) -> dict[str, Callable[[], Result]]:
    """By name, how to make one anew."""
    us = sib.draft_budget(sib.load(sib.sample("oasdi")), 2006)
    scenario = sib.read_scenario("demo_nmg")
    projection = sib.project(draft.assumptions, scenario)
    causes = sib.attribute(draft, projection)
    books = [("150100", "unemployment", "contribution_revenue", "2026-01", book, 5.0, "元") for book in ("agency", "bank")]
    from tests.datasets import dataset

    columns = ("region", "programme", "item", "period", "ledger", "amount", "unit")
    path = dataset(folder, [("150100", "unemployment", "closing_balance", 2025, 1, "元", "final")], ledgers=(columns, books))
    return {
        "FundData": lambda: sib.load(sib.sample("oasdi")),
        "Forecast": lambda: sib.forecast(us.source, [2006]),
        "Backtest": lambda: sib.backtest(us.source),
        "Assumptions": lambda: sib.draft_budget(us.source, 2006).assumptions,
        "Policy": sib.current_law,
        "BudgetDraft": lambda: sib.draft_budget(us.source, 2006),
        "Projection": lambda: sib.project(draft.assumptions, scenario),
        "Explanation": lambda: sib.explain(draft, "150100", "employee_medical", "gap"),
        "BudgetVersion": lambda: sib.freeze(us, status="approved", date="2005-12-01"),
        "Attribution": lambda: sib.attribute(draft, projection),
        "Sharing": lambda: sib.share(causes, sib.read_rules("nmg_2016")),
        "Simulation": lambda: sib.simulate(us.assumptions, draws=200, seed=1),
        "Sensitivity": lambda: sib.sensitivity(us.assumptions),
        "Stress": lambda: sib.reverse_stress(us.assumptions, "di", item="gap", above=0.0),
        "Splits": lambda: sib.read_splits("observed"),
        "Monitoring": lambda: sib.monitor(nmg, "2026-09"),
        "Adjustment": lambda: sib.adjust(nmg, "2026-09"),
        "Settlement": lambda: sib.settle(nmg, 2025),
        "Review": lambda: sib.review(nmg, stage="budget"),
        "Findings": lambda: sib.check(sib.sample("nmg")),
        "Scorecard": lambda: sib.assess(nmg, 2025),
        "Collection": lambda: sib.collection(nmg, 2025),
        "BenefitStock": lambda: sib.benefit_stock(nmg, 2025),
        "Reserves": lambda: sib.reserves(nmg, 2026),
        "Ladder": lambda: sib.ladder(us.source, "di", seed=1, draws=100, unit="nation", rates={0: 0.01, 12: 0.03}),
        "LedgerMatch": lambda: sib.match_ledgers(sib.load(path)),
    }
