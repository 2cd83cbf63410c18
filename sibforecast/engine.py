"""Run independent jobs here, in threads, or on a cluster: the same answer to the bit.

Everything that is long (simulations, sweeps of scenarios, backtests) hands its jobs to `run`.
It speaks to any ``concurrent.futures.Executor``: threads by default, and
``dask.distributed.Client.get_executor()`` where there is a cluster (extra ``dask``).
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Job = TypeVar("Job")
Answer = TypeVar("Answer")

#: Jobs under way or waiting to be taken, for each worker: memory stays bounded.
AHEAD = 1.5
#: The same for an executor of the caller's, whose workers nobody counts: enough for a hundred.
AHEAD_AWAY = 128


def run(
    work: Callable[[Job], Answer], jobs: Sequence[Job], on: Executor | None = None, *, title: str = "", workers: int | None = None
) -> Iterator[Answer]:
    """Do jobs and give their answers in the order of the jobs.

    Parameters
    ----------
    work : callable
        What is done with each job; for a cluster it and the jobs must be picklable.
    jobs : sequence
    on : Executor, optional
        Where; threads of this process by default, one for each processor.
    title : str
        Shown beside the progress bar, which appears on a terminal only.
    workers : int, optional
        How many threads (without `on`).

    Yields
    ------
    Answers, in order. If the caller stops or is interrupted, what has not begun is cancelled.

    Examples
    --------
    >>> list(run(abs, [-3, 2, -1]))
    [3, 2, 1]
    """
    from tqdm import tqdm

    many = workers or os.cpu_count() or 1
    own = None if on is not None else ThreadPoolExecutor(max_workers=many)
    executor = on if on is not None else own
    assert executor is not None
    waiting: deque[Future[Answer]] = deque()
    rest = iter(jobs)
    try:
        with tqdm(total=len(jobs), desc=title, disable=None, leave=False) as bar:
            window = int(AHEAD * many) if on is None else AHEAD_AWAY
            waiting.extend(executor.submit(work, job) for job in islice(rest, window))
            while waiting:
                answer = waiting.popleft().result()
                waiting.extend(executor.submit(work, job) for job in islice(rest, 1))
                bar.update()
                yield answer
    finally:
        for future in waiting:
            future.cancel()
        if own is not None:
            own.shutdown(wait=True, cancel_futures=True)
