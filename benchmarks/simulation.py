"""The simulation against the machine's memory and against plain NumPy, and how it grows; ratios of one run.

    python benchmarks/simulation.py
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

import sibforecast as sib
from sibforecast.analysis.draws import Draws
from sibforecast.analysis.runs import Run, _Replays

sys.path.insert(0, str(Path(__file__).parent))
from national import LINES, drafted, timed

DRAWS, YEARS = 10_000, 5


def best(work: Callable[[], object], repeats: int = 5) -> float:
    """Least seconds of some repeats: what the machine can do when nothing disturbs it."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def triad() -> float:
    """Bytes a second of a = b + s · c on arrays larger than the caches, three arrays counted."""
    size = 20_000_000
    a, b, c = np.zeros(size), np.ones(size), np.ones(size)

    def work() -> None:
        np.multiply(c, 3.0, out=a)
        np.add(a, b, out=a)

    return 3 * 8 * size / best(work)


def plain(areas: int, rng: np.random.Generator) -> None:
    """What anyone writes in an afternoon: four drivers, three lines, five quantiles, years in a loop."""
    for _ in range(areas):
        drift = {d: np.zeros(DRAWS) for d in range(4)}
        balance = np.full(DRAWS, 1e9)
        before = np.full(DRAWS, 8e3)
        for _year in range(YEARS):
            for d in drift:
                drift[d] = drift[d] + 0.03 * (0.7 * rng.standard_normal(DRAWS) + 0.7 * rng.standard_normal(DRAWS))
            heads, base, stock, level = (v * np.exp(drift[d]) for d, v in enumerate((2e4, 4000.0, 8e3, 1800.0)))
            revenue = heads * base * 12 * 0.2
            spending = (stock + before) / 2 * level * 12
            balance = balance + revenue - spending
            before = stock
            for line in (revenue, spending, balance):
                np.quantile(line, (0.025, 0.1, 0.5, 0.9, 0.975))


def end_to_end(assumptions: sib.Assumptions, areas: int) -> float:
    """Plain NumPy ÷ the whole call of `simulate` on one thread, as many areas and draws; the median of turns side by side.

    Plain NumPy draws no tails, gives no figures of provinces or nation and no table.
    """
    ratios, some = [], 24
    with ThreadPoolExecutor(1) as one:
        for _ in range(5):
            bare = best(lambda: plain(some, np.random.default_rng(1)), 1) / some * areas
            ratios.append(bare / timed(assumptions, DRAWS, YEARS, one))
    return statistics.median(ratios)


def formulas(assumptions: sib.Assumptions) -> float:
    """Seconds of the formulas of an area, shocks given."""
    run = Run(assumptions, None, DRAWS, 1, tuple(range(2026, 2026 + YEARS)), LINES, ())
    replays = _Replays(run, "fund_0")
    rows = np.arange(6)
    path, doubts, cache = replays.path, replays.doubts, {}
    ready = Draws(doubts, rows, DRAWS, 1)
    for item in doubts.items:
        for year in run.years:
            cache[item, year] = ready.move(item, year, path.years[year].get(item)[rows])
    replay = replays._replay(int(replays.group[0]))

    class Given:
        def move(self, item: str, year: int, value: np.ndarray) -> np.ndarray:
            return cache[item, year]

    def told() -> None:
        for _ in replay.told(0, len(rows), Given()):
            pass

    return best(told) / len(rows)


def slope(less: Callable[[], float], more: Callable[[], float], ratio: float) -> float:
    """Log-log slope of time between two sizes: the median of turns side by side."""
    return float(np.median([np.log(more() / less()) for _ in range(5)]) / np.log(ratio))


def peak(draws: int) -> float:
    """Megabytes at most of a process that simulates the bundled region, all lines, with so many draws.

    By VmHWM (Linux): what ``getrusage`` tells of a child begins with what its parent held.
    """
    code = ("import sibforecast as sib; d = sib.draft_budget(sib.load(sib.sample('nmg')), 2027); "
            f"sib.simulate(d.assumptions, draws={draws}, seed=1); "
            "print(next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM')) / 1024)")  # fmt: skip
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Print the table."""
    memory = triad()
    drafts = {areas: drafted(areas, 1) for areas in (186, 372, 744)}
    ideal = (4 + 3) * 8 * DRAWS * YEARS
    kernel, whole = formulas(drafts[186]), end_to_end(drafts[372], 372)
    data = sib.load(sib.sample("nmg"))
    draft = sib.draft_budget(data, 2027)
    region = best(lambda: sib.simulate(draft.assumptions, draws=DRAWS, seed=1), 2)
    rows = [
        ("formulas with shocks given ÷ memory triad", f"{ideal / kernel / memory:.0%}", "≥ 35 %"),
        ("plain NumPy ÷ simulation, end to end", f"{whole:.1f}", "≥ 3"),
        ("one region, all lines, 10,000 draws", f"{region:.1f} s", "≤ 5 s"),
        ("one region, 100,000 draws: peak memory", f"{peak(100_000):.0f} MB", "< 500 MB"),
    ]
    usual = {"areas": 372, "draws": 5_000, "years": 5}
    with ThreadPoolExecutor(1) as one:
        for what, small, large in (("areas", 186, 744), ("draws", 5_000, 20_000), ("years", 2, 5)):
            less, more = (
                partial(timed, drafts[size["areas"]], size["draws"], size["years"], one)
                for size in (usual | {what: small}, usual | {what: large})
            )
            rows.append((f"log-log slope of time in {what}", f"{slope(less, more, large / small):.2f}", "≤ 1.05"))
    print(f"memory triad {memory / 1e9:.1f} GB/s on one thread; peak of this process "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")  # fmt: skip
    for name, value, goal in rows:
        print(f"{name:60} {value:>8} {goal:>8}")


if __name__ == "__main__":
    main()
