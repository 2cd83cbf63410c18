"""Speed of the forecasting engine, in one run, as ratios: the bank, reconciliation, a nation's counties.

    python benchmarks/speed.py          # the peers' lines need statsforecast and statsmodels beside

``make bench-accuracy`` runs it in the peers' environment.
"""

from __future__ import annotations

import importlib.util
import platform
import resource
import time
import warnings
from collections.abc import Callable

import numpy as np

from sibforecast.forecasting import bank
from sibforecast.forecasting.reconcile import Tree, reconcile

SMOOTHERS = ("simple", "holt", "damped")


def per_call(work: Callable[[], object], repeats: int) -> float:
    """Median seconds of a call."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def peer_reconciliation(parent: np.ndarray, values: np.ndarray) -> float:
    """Seconds of the peer's reconciliation of the same tree, its sparse variant, by structural weights."""
    from hierarchicalforecast.methods import MinTraceSparse
    from scipy.sparse import csr_matrix

    upper = np.unique(parent[parent >= 0])
    leaves = np.setdiff1d(np.arange(len(parent)), upper)
    column = {int(leaf): i for i, leaf in enumerate(leaves)}
    order = [*upper.tolist(), *leaves.tolist()]
    rows, columns = [], []
    for leaf in leaves:
        node = int(leaf)
        while node >= 0:
            rows.append(order.index(node) if node == int(leaf) else int(np.searchsorted(upper, node)))
            columns.append(column[int(leaf)])
            node = int(parent[node])
    summing = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(parent), len(leaves)))
    told = values[order][:, None]
    return per_call(lambda: MinTraceSparse(method="wls_struct").fit_predict(S=summing, y_hat=told), 3)


def main() -> None:
    """Print the table."""
    warnings.filterwarnings("ignore")
    rng = np.random.default_rng(0)
    series = 4.0 + np.cumsum(rng.normal(0.04, 0.03, (4096, 18)), axis=1)
    bank.fit_origins(series[:8], SMOOTHERS, 2, 18)
    ours = per_call(lambda: bank.fit_origins(series, ["damped"], 2, 18), 9) / len(series)
    rows = [("one damped trend of 18 years fitted and forecast, this bank", f"{ours * 1e6:.1f} µs", "1")]
    every = per_call(lambda: bank.fit_origins(series, SMOOTHERS, 2, 18), 9) / len(series)
    rows.append(("  all 341 points of simple, Holt and damped", f"{every / ours:.1f} ×", ""))
    if importlib.util.find_spec("statsforecast"):
        from statsforecast.models import AutoETS

        peer = AutoETS(season_length=1, model="AAN", damped=True)
        peer.forecast(y=series[0], h=2)
        took = per_call(lambda: [peer.forecast(y=row, h=2) for row in series[:40]], 3) / 40
        rows.append(("  statsforecast AutoETS(AAN, damped)", f"{took / ours:,.0f} ×", "≥ 100"))
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    took = per_call(lambda: [ETSModel(r, error="add", trend="add", damped_trend=True).fit(disp=False).forecast(2) for r in series[:8]], 3) / 8
    rows.append(("  statsmodels ETSModel, damped", f"{took / ours:,.0f} ×", "≥ 1,000"))
    many = 4.0 + np.cumsum(rng.normal(0.04, 0.03, (120_000, 18)), axis=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    bank.fit_origins(many, SMOOTHERS, 1, 10)
    whole = time.perf_counter() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    rows.append(("120,000 series × 9 origins", f"{whole:.1f} s", "≤ 5 s"))
    rows.append(("  memory above the data", f"{max(grown, 0):.0f} MB", "< 200 MB"))
    parent = [-1, *[0] * 51, *(1 + rng.integers(0, 51, 3170))]
    tree, values, doubt = Tree.of(parent), rng.normal(100, 10, 3222), rng.gamma(2, 1, 3222)
    reconciled = per_call(lambda: reconcile(values, doubt, tree), 50)
    rows.append(("reconciliation of 3,222 areas", f"{reconciled * 1e3:.2f} ms", "≤ 1 ms"))
    if importlib.util.find_spec("hierarchicalforecast"):
        took = peer_reconciliation(np.array(parent), values)
        rows.append(("  hierarchicalforecast MinTrace(wls_struct), sparse", f"{took / reconciled:,.0f} ×", ""))
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}")
    for name, value, goal in rows:
        print(f"{name:66} {value:>12} {goal:>9}")


if __name__ == "__main__":
    main()
