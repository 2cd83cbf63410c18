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
    rows = [
        ("import sibforecast ÷ import numpy", f"{ours / numpy:.2f}", "≤ 1.3"),
        ("load nmg (365,000 figures)", f"{load:.2f} s", ""),
        ("draft nmg: 104 areas, 7 funds, all lines, with its frame", f"{drafted:.2f} s", "< 3 s"),
        ("scenario ÷ baseline", f"{reform / base:.2f}", "≤ 1.2"),
        ("causes and bill of the scenario", f"{bill:.2f} s", ""),
        ("ten presets on nmg, with causes and bill", f"{packages:.2f} s", "< 5 s"),
    ]
    print(f"Python {platform.python_version()}, {platform.machine()}, one core; bare interpreter {bare * 1000:.0f} ms")
    for name, value, goal in rows:
        print(f"{name:60} {value:>8} {goal:>8}")


if __name__ == "__main__":
    main()
