"""`in_parts`: samples in parts, one thread a core."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from netloom.sim.engine import SamplesDone


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_parts(
    work: Callable[[slice], None], samples: int, size: int, progress: SamplesDone | None, threads: bool = True
) -> None:
    """Have `work` done for all samples, `size` of them at a time; `progress` is told after each part.

    Without threads each part is done after the one before it.
    """
    parts = [slice(start, min(start + size, samples)) for start in range(0, samples, max(size, 1))]

    def done(part: slice) -> int:
        work(part)
        return part.stop

    with ExitStack() as stack:
        # Threads are not worth starting for a single part: a small network takes less time than they do.
        each = stack.enter_context(ThreadPoolExecutor(cores())).map if threads and len(parts) > 1 else map
        for count in each(done, parts):
            if progress is not None:
                progress(count, samples)
