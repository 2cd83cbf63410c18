"""How often simulated intervals hold what came, on futures the package cannot know.

    python benchmarks/coverage.py [--replications N] [--years N] [--draws N]

An independent generator makes the drivers of a small pension fund (two leagues of four counties):
growth with memory, heavy tails, a shock all areas share in a year and one of each area's own, and a
break of level long ago. The package sees the history only. Counted: how often the year after lies
within the 80 and 95 % intervals of revenue, spending and gap, for counties, leagues and the region.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import sibforecast as sib

TREE = [("1", "R", "", "region"), *((f"1{g}", f"L{g}", "1", "league") for g in (1, 2)),
        *((f"1{g}{c}", f"C{g}{c}", f"1{g}", "county") for g in (1, 2) for c in range(4))]  # fmt: skip
COUNTIES = [code for code, _, _, level in TREE if level == "county"]
#: Item, unit, first value, growth, deviation of the shared and of the own shock.
DRIVERS = (
    ("contributors", "persons", 2e4, 0.02, 0.010, 0.015), ("contribution_base", "yuan/month", 3000.0, 0.05, 0.015, 0.010),
    ("beneficiaries", "persons", 6e3, 0.03, 0.006, 0.010), ("benefit_level", "yuan/month", 1500.0, 0.04, 0.012, 0.008),
)  # fmt: skip
RATE, MEMORY, FREEDOM = 0.2, 0.3, 5.0


def history(rng: np.random.Generator, years: int) -> dict[str, np.ndarray]:
    """Drivers (counties, years + 1): the last year is the one to be forecast."""
    out = {}
    scale = np.sqrt((FREEDOM - 2.0) / FREEDOM)
    for item, _, first, growth, shared, own in DRIVERS:
        shock = shared * scale * rng.standard_t(FREEDOM, (1, years + 1)) + own * scale * rng.standard_t(FREEDOM, (len(COUNTIES), years + 1))
        change = np.zeros_like(shock)
        for t in range(1, years + 1):
            change[:, t] = growth + MEMORY * (change[:, t - 1] - growth) * (t > 1) + shock[:, t]
        if item == "contribution_base":
            change[:, years // 3] += 0.15  # a break of level nobody announced
        out[item] = first * rng.uniform(0.5, 2.0, (len(COUNTIES), 1)) * np.exp(np.cumsum(change, axis=1))
    return out


def flows(drivers: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Revenue and spending by the formulas: heads on average over the year."""
    stock = drivers["beneficiaries"]
    mean = np.hstack([stock[:, :1], (stock[:, 1:] + stock[:, :-1]) / 2.0])
    return drivers["contributors"] * drivers["contribution_base"] * 12 * RATE, mean * drivers["benefit_level"] * 12


def written(folder: Path, drivers: dict[str, np.ndarray], years: int) -> Path:
    """The history as a data set; nothing of the last year."""
    revenue, spending = flows(drivers)
    first = 2026 - years
    with (folder / "regions.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("region", "name", "parent", "level"), *TREE])
    units = {item: unit for item, unit, *_ in DRIVERS}
    tables = {**drivers, "contribution_revenue": revenue, "pension_expenditure": spending,
              "contribution_rate": np.full_like(revenue, RATE), "closing_balance": np.full_like(revenue, 1e9)}  # fmt: skip
    with (folder / "history.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("region", "programme", "item", "period", "value", "unit", "stage"))
        for item, table in tables.items():
            unit = units.get(item, "share" if item == "contribution_rate" else "yuan")
            for row, code in enumerate(COUNTIES):
                out.writerows((code, "enterprise_pension", item, first + t, repr(float(table[row, t])), unit, "final") for t in range(years))
    return folder


def replicate(seed: int, years: int, draws: int) -> pd.DataFrame:
    """One history, one simulation, what came."""
    drivers = history(np.random.default_rng(seed), years)
    with tempfile.TemporaryDirectory() as folder:
        data = sib.load(written(Path(folder), drivers, years))
        draft = sib.draft_budget(data, 2026)
        frame = sib.simulate(draft.assumptions, draws=draws, seed=seed).frame
    revenue, spending = (table[:, -1] for table in flows(drivers))
    came = {"contribution_revenue": revenue, "benefit_expenditure": spending, "gap": spending - revenue}
    wide = frame.assign(quantile=frame["quantile"].fillna(-1.0)).astype({"region": str, "item": str})
    wide = wide.pivot_table(index=["region", "item"], columns="quantile", values="value")
    rows = []
    for code, _, _, level in TREE:
        members = [i for i, c in enumerate(COUNTIES) if c.startswith(code)]
        for item, values in came.items():
            told, actual = wide.loc[(code, item)], values[members].sum()
            inside = [low <= actual <= high for low, high in ((told[0.1], told[0.9]), (told[0.025], told[0.975]))]
            rows.append((level, item, *inside, actual < told[0.1], actual > told[0.9]))
    return pd.DataFrame(rows, columns=["level", "item", "in80", "in95", "below80", "above80"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--years", type=int, default=25)
    parser.add_argument("--draws", type=int, default=1000)
    given = parser.parse_args()
    table = pd.concat([replicate(seed, given.years, given.draws) for seed in range(given.replications)])
    print(f"{given.replications} replications, {given.years} years of history, {given.draws} draws")
    print(table.groupby(["level", "item"]).mean().round(3).to_string())
    print(table.drop(columns="item").groupby("level").mean().round(3).to_string())


if __name__ == "__main__":
    main()
