"""Measure in one run, print ratios: import, draft, scenario, causes and bill.

    python benchmarks/run.py

Times differ between machines; quote the ratios, and the machine with them.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

REPEATS = 7
#: Presets that reach different funds, drivers and lines.
TEN = ("demo_nmg", "raise_pensions", "rate_cut", "collection_campaign", "deferral", "basic_pension_minimum", "subsidy_standard",
       "arrears_recovery", "unemployment_extension", "interest")  # fmt: skip


def wall(code: str) -> float:
    """Median seconds of a fresh interpreter that runs `code`."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def timed(work: Callable[[], object]) -> float:
    """Median seconds of a call in this process."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def county_months(data: object, year: int = 2025) -> object:
    """Twelve months of every county and fund, from the year's final accounts: flows by twelfths, balances that follow."""
    import pandas as pd

    from sibforecast import items

    history = data.history
    final = history[(history["stage"] == "final") & (history["period"] == str(year)) & (history["region"] != "150099")]
    since_january = ("per person-year", "currency/person-year")  # per head and year: they add up over the months
    flow = final["item"].astype(str).map(lambda i: items.CATALOGUE[i].timing == "flow" or items.CATALOGUE[i].unit in since_january).to_numpy()
    closing = (final["item"] == "closing_balance").to_numpy()
    keys = [final["region"], final["programme"]]
    by = {i: final["value"].where(final["item"] == i).groupby(keys, observed=True).transform("max") for i in ("opening_balance", "current_balance")}
    parts = []
    for month in range(1, 13):
        value = final["value"].where(~flow, final["value"] * month / 12)
        value = value.where(~closing, by["opening_balance"] + by["current_balance"] * month / 12)
        parts.append(final.assign(period=f"{year}-{month:02d}", stage="executed", value=value))
    frame = pd.concat([history[history["stage"] != "executed"], *parts], ignore_index=True)
    for column in ("region", "programme", "item", "period", "stage"):
        frame[column] = frame[column].astype(str).astype("category")
    return data.replaced(lambda: frame)


def main() -> None:
    """Print the table."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})  # one core
    bare, numpy, ours = wall("pass"), wall("import numpy"), wall("import sibforecast; sibforecast.SibError")
    import sibforecast as sib

    data = sib.load(sib.sample("nmg"))
    draft = sib.draft_budget(data, 2027)
    change = sib.Change(item="benefit_level", multiply=1.02, start="2027-07", decided_by="nation")
    scenario = sib.Scenario("raise", change)
    rules = sib.read_rules("nmg_2016.toml")
    base = timed(lambda: sib.project(draft.assumptions))
    reform = timed(lambda: sib.project(draft.assumptions, scenario))
    projected = sib.project(draft.assumptions, scenario)
    bill = timed(lambda: sib.share(sib.attribute(draft, projected), rules).frame)
    ten = [sib.read_scenario(name) for name in TEN]

    def studied() -> object:
        many = sib.run_scenarios(draft.assumptions, ten)
        return sib.share(sib.attribute(draft, many), rules).frame

    packages = timed(studied)
    load = timed(lambda: sib.load(sib.sample("nmg")))
    drafted = timed(lambda: sib.draft_budget(data, 2027).frame)
    drafts = timed(lambda: sib.review(data))
    months = county_months(data)
    accounts = sib.review(months, "executed").accounts
    monthly = timed(lambda: sib.review(months, "executed"))
    rows = [
        ("import sibforecast ÷ import numpy", f"{ours / numpy:.2f}", "≤ 1.3"),
        ("load nmg (365,000 figures)", f"{load:.2f} s", ""),
        ("draft nmg: 104 areas, 7 funds, all lines, with its frame", f"{drafted:.2f} s", "< 3 s"),
        ("scenario ÷ baseline", f"{reform / base:.2f}", "≤ 1.2"),
        ("causes and bill of the scenario", f"{bill:.2f} s", ""),
        ("ten presets on nmg, with causes and bill", f"{packages:.2f} s", "< 5 s"),
        ("review ÷ draft of nmg's reported drafts", f"{drafts / drafted:.2f}", ""),
        (f"review of 103 areas × 7 funds × 12 months ({accounts:,} accounts)", f"{monthly:.2f} s", "< 2 s"),
    ]
    print(f"Python {platform.python_version()}, {platform.machine()}, one core; bare interpreter {bare * 1000:.0f} ms")
    for name, value, goal in rows:
        print(f"{name:60} {value:>8} {goal:>8}")


if __name__ == "__main__":
    main()
