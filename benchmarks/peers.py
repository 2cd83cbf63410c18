"""The peers' side of the accuracy benchmark: reads series, writes forecasts. Runs in an environment of its own."""

import json
import sys
import warnings

import numpy as np
from statsforecast.models import AutoARIMA, AutoCES, AutoETS, AutoTheta

warnings.filterwarnings("ignore")
_BOUNDS = {"lower80": "lo-80", "upper80": "hi-80", "lower95": "lo-95", "upper95": "hi-95"}


def sums_of(told: dict, skip: int, plus: float, name: str) -> list[dict]:
    """A year from its months. The peer gives bounds of single months: those of the year lie between
    months that err together (the plain row) and months that err each for itself (a second row)."""
    mean = np.asarray(told["mean"])[skip:]
    value = float(np.exp(mean).sum() + plus)
    if "lo-80" not in told:
        return [{"forecast": value}]
    together = {n: float(np.exp(np.asarray(told[k])[skip:]).sum() + plus) for n, k in _BOUNDS.items()}
    sd = (np.asarray(told["hi-80"])[skip:] - mean) / 1.2815515655446004
    draws = np.exp(mean + sd * np.random.default_rng(1).standard_normal((4000, len(mean)))).sum(axis=1) + plus
    tails = dict(zip(_BOUNDS, np.quantile(draws, [0.1, 0.9, 0.025, 0.975]).tolist(), strict=True))
    return [{"forecast": value, **together}, {"forecast": value, **tails, "method": name + ", months apart"}]


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
                level = {"level": [80, 95]} if name == "AutoARIMA" else {}
                told = kind(season_length=season).forecast(y=logs, h=job["ahead"], **level)
            except Exception:  # a peer that cannot fit so short a series has no forecast there
                continue
            ahead = np.exp(told["mean"])
            head = {k: job[k] for k in ("task", "series", "origin", "target", "actual")} | {"method": name}
            if "skip" in job:
                rows.extend(head | row for row in sums_of(told, job["skip"], job["plus"], name))
            else:
                bounds = {n: float(np.exp(np.asarray(told[k])[-1])) for n, k in _BOUNDS.items() if k in told}
                rows.append(head | {"forecast": float(ahead[-1]), **bounds})
    with open(made, "w") as file:
        json.dump(rows, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
