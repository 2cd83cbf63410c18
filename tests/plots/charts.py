"""Every chart of small tables, and those of crowded ones, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Text

import sibforecast as sib
from sibforecast.plots.palette import FUNDS
from tests.plots import more_tables, tables
from tests.plots.tables import named

AREAS = [f"15{i:02d}00" for i in range(1, 13)]


def backtest() -> pd.DataFrame:
    """Ours is off by 1 and 2 per cent, the rivals by 10 and 4."""
    rows = [("contributors", "sibforecast", 99.0), ("contributors", "naive", 90.0), ("contributors", "drift", 96.0),
            ("average_wage", "sibforecast", 102.0), ("average_wage", "naive", 90.0), ("average_wage", "drift", 104.0)]  # fmt: skip
    return pd.DataFrame(rows, columns=["item", "method", "forecast"]).assign(actual=100.0, horizon=1, period="2025")


def many_causes() -> pd.DataFrame:
    """A gap budgeted, and ten causes with names of up to forty letters."""
    rows = [("budget_gap", "budget", 8e8)]
    rows += [(f"decision number {i} about what is paid", "policy", (-1) ** i * (11 - i) * 2.5e8) for i in range(10)]
    return pd.DataFrame(rows, columns=["cause", "kind", "value"]).assign(period="2026", programme="unemployment")


def many_funds() -> pd.DataFrame:
    """Four futures of all seven funds."""
    rows = []
    for place, scenario in enumerate((None, "pensions raised by five per cent from July", "提高养老金", "rate cut")):
        rows += [(scenario, fund, (5 - number) * 2e9 + place * 4e8) for number, fund in enumerate(FUNDS)]
    return pd.DataFrame(rows, columns=["scenario", "programme", "value"]).assign(item="gap", period="2027", region="150100")


def many_areas() -> pd.DataFrame:
    rows = [(area, quantile, (place - 5) * 1e8 + by * 1e8)
            for place, area in enumerate(AREAS)
            for quantile, by in ((None, 0.1), (0.025, -4.0), (0.1, -2.0), (0.5, 0.0), (0.9, 2.0), (0.975, 5.0))]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["region", "quantile", "value"]).astype({"quantile": float})
    return frame.assign(programme="unemployment", item="gap", period="2027")


def many_chances() -> pd.DataFrame:
    return pd.DataFrame({"region": AREAS, "gap_chance": [i / 12 for i in range(12)], "programme": "unemployment", "period": "2027"})


def many_bills() -> pd.DataFrame:
    rows = [(area, payer, (12 - place) * share * 1e8) for place, area in enumerate(AREAS)
            for payer, share in (("region", 0.6), ("league", 0.3), ("county", 0.05), ("fund", 0.05))]  # fmt: skip
    return pd.DataFrame(rows, columns=["region", "payer", "value"]).assign(programme="unemployment", period="2026")


def many_lights() -> pd.DataFrame:
    rows = [(area, fund, (3.0 * place + 5 * number) % 31) for place, area in enumerate(AREAS) for number, fund in enumerate(FUNDS)]
    return pd.DataFrame(rows, columns=["region", "programme", "value"]).assign(item="months_payable", period="2027")


def many_months() -> pd.DataFrame:
    rows = [(area, 10e8, 7e8 + place * 1e7, 0.75, ("red", "green", "yellow")[place % 3]) for place, area in enumerate(AREAS)]
    frame = pd.DataFrame(rows, columns=["region", "budget", "executed", "season_share", "status"])
    return frame.assign(programme="unemployment", item="benefit_expenditure", period="2026-09")


def fan(**more: Any) -> Axes:
    return sib.plots.fan(named(tables.forecast()), region="150100", history=named(tables.history()), **more)


CHARTS: dict[str, Callable[..., Axes]] = {
    "fan": fan,
    "fan of a draft": lambda **more: sib.plots.fan(named(tables.draft()), region="150100", item="gap", **more),
    "waterfall": lambda **more: sib.plots.waterfall(named(tables.attribution()), **more),
    "sharing": lambda **more: sib.plots.sharing(named(tables.bill()), **more),
    "accuracy": lambda **more: sib.plots.accuracy(named(backtest()), by="item", **more),
    "tornado": lambda **more: sib.plots.tornado(named(more_tables.sensitivity()), **more),
    "multiples": lambda **more: sib.plots.multiples(named(more_tables.leagues()), item="closing_balance", **more),
    "execution": lambda **more: sib.plots.execution(named(more_tables.year_in_execution()), **more),
    "execution without budget": lambda **more: sib.plots.execution(named(more_tables.year_in_execution(budget=False)), **more),
    "progress": lambda **more: sib.plots.progress(named(more_tables.monitoring()), **more),
    "balance": lambda **more: sib.plots.balance(named(more_tables.leagues()), region="150200", **more),
    "reserves": lambda **more: sib.plots.reserves(named(more_tables.leagues()), **more),
    "heat": lambda **more: sib.plots.heat(named(more_tables.months_payable()), **more),
    "heat of warnings": lambda **more: sib.plots.heat(named(more_tables.monitoring()), **more),
    "heads": lambda **more: sib.plots.heads(named(more_tables.heads()), **more),
    "scenarios": lambda **more: sib.plots.scenarios(named(more_tables.scenarios()), **more),
    "scenarios over years": lambda **more: sib.plots.scenarios(named(more_tables.scenarios(3)), **more),
    "chances": lambda **more: sib.plots.chances(named(more_tables.simulation()), chances=more_tables.chances(), **more),
}
CROWDED: dict[str, Callable[..., Axes]] = {
    "waterfall of ten causes": lambda **more: sib.plots.waterfall(named(many_causes()), **more),
    "scenarios of seven funds": lambda **more: sib.plots.scenarios(named(many_funds()), **more),
    "chances of twelve areas": lambda **more: sib.plots.chances(named(many_areas()), chances=many_chances(), **more),
    "sharing of twelve areas": lambda **more: sib.plots.sharing(named(many_bills()), **more),
    "heat of twelve areas": lambda **more: sib.plots.heat(named(many_lights()), **more),
    "progress of twelve areas": lambda **more: sib.plots.progress(named(many_months()), **more),
}
ALL = CHARTS | CROWDED
PERIODS = {"fan": ("2020", "2027"), "fan of a draft": ("2025", "2027"), "waterfall": ("2026",), "sharing": ("2026",),
           "accuracy": ("2025",), "multiples": ("2024", "2027"), "balance": ("2024", "2027"), "reserves": ("2024", "2027"),
           "heads": ("2024", "2027"), "execution": ("2026",), "execution without budget": ("2026",), "progress": ("2026-09",),
           "heat of warnings": ("2026-09",), "scenarios over years": ("2027", "2029")}  # fmt: skip
UNITS = {"fan": "万人", "accuracy": "%", "progress": "%", "reserves": "个月", "heat": "个月", "heat of warnings": "预警等级", "heads": "万人"}


def texts(ax: Axes) -> list[str]:
    return [t.get_text() for t in ax.findobj(Text) if t.get_text()]  # type: ignore[attr-defined]
