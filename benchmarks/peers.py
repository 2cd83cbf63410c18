"""The peers' side of the accuracy benchmark: reads series, writes forecasts. Runs in an environment of its own."""

import json
import sys
import warnings

import numpy as np
from statsforecast.models import AutoARIMA, AutoCES, AutoETS, AutoTheta

warnings.filterwarnings("ignore")
_BOUNDS = {"lower80": "lo-80", "upper80": "hi-80", "lower95": "lo-95", "upper95": "hi-95"}


def main(given: str, made: str) -> None:
    """Forecast each job with each automatic method, on logs."""
    with open(given) as file:
        jobs = json.load(file)
    rows = []
    for job in jobs:
        logs = np.log(np.array(job["history"], dtype=np.float64))
        for name, kind in (("AutoARIMA", AutoARIMA), ("AutoETS", AutoETS), ("AutoCES", AutoCES), ("AutoTheta", AutoTheta)):
            season = job["season"] if len(logs) >= 2 * job["season"] else 1
            try:
                level = {"level": [80, 95]} if name == "AutoARIMA" and "skip" not in job else {}
                told = kind(season_length=season).forecast(y=logs, h=job["ahead"], **level)
            except Exception:  # a peer that cannot fit so short a series has no forecast there
                continue
            ahead = np.exp(told["mean"])
            bounds = {n: float(np.exp(np.asarray(told[k])[-1])) for n, k in _BOUNDS.items() if k in told}
            value = float(ahead[job.get("skip", 0) :].sum() + job["plus"]) if "skip" in job else float(ahead[-1])
            rows.append({k: job[k] for k in ("task", "series", "origin", "target", "actual")} | {"method": name, "forecast": value, **bounds})
    with open(made, "w") as file:
        json.dump(rows, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
