"""Simulation at national size, and how time and memory grow.

    python benchmarks/national.py [--areas N] [--draws N] [--years N] [--funds N]

A generated nation (31 provinces, counties below), funds of one formula each with four drivers in doubt
(contributors, base, beneficiaries, level) and three lines asked for; exact quantiles of every area,
province and the nation. Jobs run in threads of one process, as `simulate` does by default: one for each
processor. Drafting is not part of what is measured: the memory it no longer uses is given back before, and the
peak counts from there (Linux; the draft itself, the data behind it and all imports are in it). Without options:
national size.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pandas as pd

import sibforecast as sib

LINES = ("contribution_revenue", "benefit_expenditure", "closing_balance")
FIRST = {"contributors": (2e4, "persons"), "contribution_base": (4000.0, "yuan/month"), "contribution_rate": (0.2, "share"),
         "beneficiaries": (8e3, "persons"), "benefit_level": (1800.0, "yuan/month"), "closing_balance": (1e9, "yuan")}  # fmt: skip


def nation(areas: int, funds: int, folder: Path, years: int = 6) -> Path:
    """A data set of so many counties and funds."""
    rng = np.random.default_rng(1)
    provinces = [f"{p:02d}" for p in range(1, min(31, areas) + 1)]
    counties = [f"{provinces[i % len(provinces)]}{i:04d}" for i in range(areas)]
    tree = [("0", "nation", "", "nation"), *((p, f"p{p}", "0", "region") for p in provinces),
            *((c, f"c{c}", c[:2], "county") for c in counties)]  # fmt: skip
    pd.DataFrame(tree, columns=["region", "name", "parent", "level"]).to_csv(folder / "regions.csv", index=False)
    codes = [f"fund_{f}" for f in range(funds)]
    pd.DataFrame({"programme": codes, "kind": "wage_based_pension", "name": codes}).to_csv(folder / "programmes.csv", index=False)
    parts = []
    for code in codes:
        drawn = {}
        for item, (first, unit) in FIRST.items():
            growth = 0.0 if item == "contribution_rate" else 1.0
            steps = growth * rng.normal(0.03, 0.03, (areas, years))
            drawn[item] = first * np.exp(growth * rng.normal(0, 0.3, (areas, 1)) + steps.cumsum(axis=1)), unit
        revenue = drawn["contributors"][0] * drawn["contribution_base"][0] * 12 * drawn["contribution_rate"][0]
        drawn["contribution_revenue"] = revenue, "yuan"
        drawn["pension_expenditure"] = drawn["beneficiaries"][0] * drawn["benefit_level"][0] * 12, "yuan"
        for item, (values, unit) in drawn.items():
            parts.append(pd.DataFrame({
                "region": np.repeat(counties, years), "programme": code, "item": item, "unit": unit,
                "period": np.tile(np.arange(2026 - years, 2026), areas), "value": values.ravel(), "stage": "final"}))  # fmt: skip
    pd.concat(parts).to_csv(folder / "history.csv", index=False)
    return folder


def drafted(areas: int, funds: int) -> sib.Assumptions:
    """The assumptions of a generated nation's draft; another process generates it, so that its memory is not counted here."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, __file__, "--areas", str(areas), "--funds", str(funds), "--write", folder], check=True)
        return sib.draft_budget(sib.load(folder), 2026).assumptions


def resident(what: str) -> float:
    """Megabytes of this process: VmRSS now, VmHWM at most so far (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024.0


def count_from_here() -> None:
    """Give back what was freed (glibc), and count the peak from here on."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def timed(assumptions: sib.Assumptions, draws: int, years: int, on: Executor | None = None) -> float:
    """Seconds of a simulation."""
    start = time.perf_counter()
    made = sib.simulate(assumptions, draws=draws, seed=1, years=years, lines=LINES, on=on)
    seconds = time.perf_counter() - start
    told = made.chances  # the table of figures is made as well; reading it here would copy it
    assert told["period"].nunique() == years
    assert told["closing_below_zero"].notna().all()
    return seconds


def main() -> None:
    """Print the measurement."""
    parser = argparse.ArgumentParser()
    for name, default in (("areas", 2850), ("funds", 7), ("draws", 10_000), ("years", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    if given.write:
        nation(given.areas, given.funds, given.write)
        return
    assumptions = drafted(given.areas, given.funds)
    before = resident("VmHWM")
    count_from_here()
    held = resident("VmRSS")
    seconds = timed(assumptions, given.draws, given.years)
    print(f"{given.areas:,} areas × {given.funds} funds × {given.years} years × {given.draws:,} draws, {os.cpu_count()} thread(s): "
          f"{seconds:.1f} s; peak memory {resident('VmHWM'):.0f} MB, of which {held:.0f} MB were there before "
          f"(loading and drafting had taken {before:.0f} MB)")  # fmt: skip


if __name__ == "__main__":
    main()
