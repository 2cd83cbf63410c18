"""The simulation against the machine's memory and against plain NumPy, and how it grows; ratios of one run.

    python benchmarks/simulation.py
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import sibforecast as sib
from sibforecast.analysis.draws import Draws
from sibforecast.analysis.jobs import work
from sibforecast.analysis.runs import Run, _Replays

sys.path.insert(0, str(Path(__file__).parent))
from national import LINES, nation, timed

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


def simulated(areas: int) -> tuple[float, float]:
    """Seconds of the simulation of some areas of one fund end to end; and of the formulas alone, shocks given."""
    with tempfile.TemporaryDirectory() as folder:
        draft = sib.draft_budget(sib.load(nation(areas, 1, Path(folder))), 2026)
    run = Run(draft.assumptions, None, DRAWS, 1, tuple(range(2026, 2026 + YEARS)), LINES, ())
    replays = _Replays(run, "fund_0")
    jobs = [replays.job(rows, {}) for _, rows, _ in run._blocks()[0]]
    whole = best(lambda: [work(job) for job in jobs], 3)
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

    def formulas() -> None:
        for _ in replay.told(0, len(rows), Given()):
            pass

    return whole, best(formulas) / len(rows)


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
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    memory = triad()
    areas = 93
    whole, formulas = simulated(areas)
    ideal = (4 + 3) * 8 * DRAWS * YEARS
    bare = best(lambda: plain(12, np.random.default_rng(1)), 2) / 12 * areas
    data = sib.load(sib.sample("nmg"))
    draft = sib.draft_budget(data, 2027)
    region = best(lambda: sib.simulate(draft.assumptions, draws=DRAWS, seed=1), 2)
    rows = [
        ("formulas with shocks given ÷ memory triad", f"{ideal / formulas / memory:.0%}", "≥ 35 %"),
        ("plain NumPy ÷ simulation, end to end", f"{bare / whole:.1f}", "≥ 3"),
        ("one region, all lines, 10,000 draws", f"{region:.1f} s", "≤ 5 s"),
        ("one region, 100,000 draws: peak memory", f"{peak(100_000):.0f} MB", "< 500 MB"),
    ]
    for what, small, large in (("areas", {"areas": 93}, {"areas": 372}), ("draws", {"draws": 5_000}, {"draws": 20_000}),
                               ("years", {"years": 2}, {"years": 5})):  # fmt: skip
        usual = {"areas": 186, "funds": 1, "draws": 5_000, "years": 3, "workers": 1}
        less, more = (timed(**usual | change)[0] for change in (small, large))
        ratio = next(iter(large.values())) / next(iter(small.values()))
        rows.append((f"log-log slope of time in {what}", f"{np.log(more / less) / np.log(ratio):.2f}", "≤ 1.05"))
    print(f"memory triad {memory / 1e9:.1f} GB/s on one thread; peak of this process "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")  # fmt: skip
    for name, value, goal in rows:
        print(f"{name:60} {value:>8} {goal:>8}")


if __name__ == "__main__":
    main()
