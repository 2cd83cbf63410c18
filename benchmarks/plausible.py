"""How many reported figures lie in the band of our own draft: of drafts generated with seeds the package cannot know.

    python benchmarks/plausible.py [--seeds 7 42 2024]

Each seed generates the illustrative set anew (data/sample/nmg, its generator copied to a folder of its own). Counted:
figures of the reported drafts inside the 95 % interval of the forecast, which is of what will come, and inside the
band of a plan, which reaches on by the habit of earlier plans. The planted mistakes are among the figures.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import sibforecast as sib
from sibforecast.oversight.review_beside import beside

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample" / "nmg"


def generated(folder: Path, seed: int) -> sib.FundData:
    """The illustrative set of a seed."""
    copy = folder / str(seed)
    shutil.copytree(SAMPLE, copy)
    paths = copy / "generator" / "paths.py"
    paths.write_text(re.sub(r"^SEED = \d+", f"SEED = {seed}", paths.read_text("utf-8"), flags=re.M), "utf-8")
    subprocess.run([sys.executable, "generate.py"], cwd=copy, check=True, capture_output=True)
    return sib.load(copy)


def main() -> None:
    """Print one line a seed."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--seeds", type=int, nargs="*", default=[7, 42, 2024])
    seeds = reader.parse_args().seeds
    with tempfile.TemporaryDirectory() as folder:
        sets = {"as shipped": sib.load(SAMPLE)} | {f"seed {s}": generated(Path(folder), s) for s in seeds}
        for name, data in sets.items():
            table = beside(data, "reported")
            table = table[table["plausible"].notna()]
            moved = table["expected"] * np.expm1(table["habit"].fillna(0.0))
            lower, upper = table["lower"] - moved.clip(upper=0.0), table["upper"] - moved.clip(lower=0.0)
            alone = ((table["reported"] >= lower) & (table["reported"] <= upper)).mean()
            print(f"{name}: {len(table):,} figures; interval of the outturn {alone:.1%}, band of a plan {table['plausible'].mean():.1%}")


if __name__ == "__main__":
    main()
