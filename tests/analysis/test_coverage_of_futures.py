"""Simulated intervals on futures of an independent generator: they hold about what they say."""

import importlib.util
from pathlib import Path

import pandas as pd

FILE = Path(__file__).parents[2] / "benchmarks" / "coverage.py"


def test_intervals_hold_what_came_at_every_level():
    """Forty histories of 25 years: 80 and 95 % hold about that, counties, leagues and region; few would be a defect, all as well.

    Forty shared years say 80 % to within 6 points (one standard error), so the bounds are wide here; the benchmark
    runs hundreds.
    """
    spec = importlib.util.spec_from_file_location("coverage_benchmark", FILE)
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    table = pd.concat([generator.replicate(seed, years=25, draws=400) for seed in range(1000, 1040)])
    held = table.groupby("level")[["in80", "in95"]].mean()
    assert ((held["in80"] > 0.66) & (held["in80"] < 0.92)).all()
    assert (held["in95"] > 0.86).all()
    assert held.loc["county", "in95"] < 0.995
