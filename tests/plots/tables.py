"""Tables in the contract's form, and a result that knows names."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from sibforecast.results import Result

NAMES = {
    "zh": {"150000": "内蒙古自治区", "150100": "呼和浩特市", "150200": "包头市", "150300": "乌海市", "unemployment": "失业保险"},
    "en": {"150000": "Inner Mongolia", "150100": "Hohhot", "150200": "Baotou", "150300": "Wuhai", "unemployment": "unemployment"},
}


@dataclass(frozen=True, repr=False)
class Named(Result):
    """A result with names, as those of the upper rooms."""

    names: dict[str, dict[str, str]] = field(default_factory=lambda: NAMES)

    def labels(self, language: str = "zh") -> dict[str, str]:
        return self.names[language]


def named(frame: pd.DataFrame, illustrative: bool = True, currency: str = "yuan") -> Named:
    return Named(lambda: frame, {"illustrative": illustrative, "currency": currency, "input": "nmg"})


def categories(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.astype(dict.fromkeys(columns, "category"))


def history() -> pd.DataFrame:
    key = ("150100", "unemployment", "contributors")
    rows = [(*key, str(y), "final", 400_000.0 + 5_000 * (y - 2020)) for y in range(2020, 2026)]
    rows += [("150100", "unemployment", "contributors", "2025", "executed", 1.0)]
    rows += [("150100", "unemployment", "contributors", "2026-03", "executed", 431_000.0)]
    rows += [("150200", "unemployment", "contributors", "2025", "final", 300_000.0)]
    rows += [("150100", "unemployment", "contributors", "2026", "budget", 430_000.0)]
    frame = pd.DataFrame(rows, columns=["region", "programme", "item", "period", "stage", "value"])
    return categories(frame, "region", "programme", "item", "period", "stage")


def forecast() -> pd.DataFrame:
    rows = []
    for region, base in (("150100", 430_000.0), ("150200", 305_000.0)):
        for year in (2026, 2027):
            for quantile, by in ((None, 1.0), (0.025, 0.94), (0.1, 0.97), (0.9, 1.03), (0.975, 1.06)):
                rows.append((region, "unemployment", "contributors", str(year), quantile, base * by, "forecast: trend"))
    frame = pd.DataFrame(rows, columns=["region", "programme", "item", "period", "quantile", "value", "method"])
    frame["quantile"] = frame["quantile"].astype(float)
    return categories(frame, "region", "programme", "item", "method")


def draft() -> pd.DataFrame:
    columns = ["region", "programme", "item", "period", "stage", "value", "method"]
    rows = []
    for region in ("150100", "150200"):
        for item, values in (
            ("contributors", (425_000.0, 430_000.0, 428_000.0, 433_000.0)),
            ("gap", (-3.2e8, 1.1e8, -0.4e8, 2.5e8)),
            ("contribution_rate", (0.01, 0.01, 0.01, 0.01)),
            ("months_payable", (14.25, None, 13.0, 12.5)),
        ):
            pairs = (("2025", "final"), ("2026", "budget"), ("2026", "expected"), ("2027", "draft"))
            for (period, stage), value in zip(pairs, values, strict=True):
                rows.append((region, "unemployment", item, period, stage, value, f"way of {stage}"))
    return categories(pd.DataFrame(rows, columns=columns), "region", "programme", "item", "period", "stage", "method")


def attribution() -> pd.DataFrame:
    causes = [
        ("budget_gap", "budget", "budget", 8e8), ("campaign", "policy", "budget", -1e8),
        ("contributors", "driver", "execution", -2.5e8), ("benefit_level", "driver", "execution", 4e8),
        ("raise-2026", "policy", "execution", 1.25e8), ("residual", "residual", "execution", 0.05e8),
    ]  # fmt: skip
    rows = []
    for region, share in (("150100", 0.75), ("150200", 0.25)):
        for cause, kind, stage, value in causes:
            for line in ("contribution_revenue", "benefit_expenditure"):
                rows.append((region, "unemployment", "gap", "2026", None, stage, line, cause, kind, value * share / 2))
    columns = ["region", "programme", "item", "period", "scenario", "stage", "line", "cause", "kind", "value"]
    return categories(pd.DataFrame(rows, columns=columns), "region", "programme", "item", "stage", "cause", "kind")


def bill() -> pd.DataFrame:
    rows = [
        ("150200", "league", 1e8), ("150200", "region", 1e8), ("150200", "pending", 0.5e8),
        ("150100", "league", 2e8), ("150100", "region", 5e8), ("150100", "fund", 1e8), ("150100", "county", 0.01e8),
        ("150100", "region", 0.5e8), ("150300", "fund", -0.7e8),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["region", "payer", "value"])
    frame = frame.assign(programme="unemployment", period="2026", scenario=None)
    return categories(frame, "region", "payer", "programme", "period")
