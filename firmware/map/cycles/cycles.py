"""Exact cycles: the handshakes of all units, simulated clock by clock without their data.

No unit's timing depends on data, so what is counted here is what Verilator counts and what the board does. A design
that runs to the end here cannot deadlock at all: its units fire in fixed patterns (a marked graph), and whether such
a graph can go on does not depend on when its ends are stalled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import sub

from netloom.errors import DeadlockError
from netloom.firmware.design import Design
from netloom.firmware.map.cycles.compiled_cycles import CompiledRun
from netloom.firmware.map.cycles.cycle_run import CycleRun

STEADY = 3
"""Intervals in a row, each the same, after which a design keeps its pace."""
_LONGEST_PATTERN = 8
_MOST_INFERENCES = 40
"""After which to give up waiting for a pace, in a design that holds none."""
STRETCH = 1 << 16
"""Clock cycles between looks at progress."""
_COMPILED_FROM = 500_000
"""Steps of single units, clock by clock, that take Python longer than compiling takes."""
_WAITS = 1_000
"""How many times longer an inference may take than the busiest unit of a loop, and be counted as often."""


@dataclass(frozen=True)
class Cycles:
    """What the design takes.

    Attributes:
        latency: clock cycles from the transfer of an inference's first input beat to that of its last output beat, in
            a design that was idle.
        interval: clock cycles between inferences that follow each other without pause.
        occupancy: the most beats each FIFO held.
    """

    latency: int
    interval: int
    occupancy: dict[str, int]


def count_cycles(design: Design, inferences: int | None = None, for_good: bool = False) -> Cycles:
    """Run inferences back to back until they follow each other at a steady interval.

    Args:
        design: whose units are timed.
        inferences: so many, and no more; None until they have long come at one pace.
        for_good: until the design is as it was before, where that can be seen: a buffer that fills by a beat now and
            then hides a slower pace for long.

    Raises:
        DeadlockError: if the units come to wait for each other.
    """
    run = _run(design, for_good)
    patience = 4 * sum(design.intervals.values()) + 1000
    interval = None
    while len(run.finished) < (inferences or _MOST_INFERENCES + 6 * (_held(run) + design.group)):
        before = len(run.finished)
        run.advance(STRETCH)
        if run.time - run.last_progress > patience:
            raise DeadlockError(f"the design stops after {run.last_progress} clock cycles: {run.waiting()}")
        if inferences is None and len(run.finished) > before:
            # A design that is as it was after an earlier inference does for ever what it has done since then.
            if (period := run.period()) is not None:
                interval = -(-(run.finished[-1] - run.finished[-1 - period]) // period)
                break
            if not (for_good and run.remembers) and _is_steady(run):
                break
    waits = map(sub, run.finished[1:], run.finished)
    interval = interval or steady_interval(run.finished, _held(run), design.group) or max(waits, default=0)
    return Cycles(run.finished[0] - run.started, interval or design.interval_bound, run.occupancy())


def steady_interval(ends: Sequence[int], held: int = 0, group: int = 1) -> int | None:
    """Clock cycles from one inference to the next, on the average and rounded up.

    Args:
        ends: clock cycles in which inferences ended.
        held: inferences under way at a time. A buffer that is too small shows once in so many.
        group: inferences that come out together: `Design.group`.

    Returns:
        None if the last intervals are neither the same nor a pattern that repeats.
    """
    intervals = list(map(sub, ends[1:], ends))
    for period in range(group, max(_LONGEST_PATTERN, held + 1, group) + 1, group):
        window = max(STEADY, 2 * period, held + 2)
        last = intervals[-window:]
        if len(last) == window and last[period:] == last[:-period]:
            return -(-sum(last[:period]) // period)
    return None


def _run(design: Design, for_good: bool) -> CycleRun:
    """Compiled if that pays, or is needed to see when all is as it was, and can be."""
    # Units in a loop wait for each other: an inference takes much longer than the busiest of them.
    waits = _WAITS if design.steps else 1
    pays = for_good or 4 * waits * design.interval_bound * len(design.units) > _COMPILED_FROM
    compiled = CompiledRun.of(design) if pays else None
    return compiled or CycleRun(design, [unit.timing() for unit in design.units])


def _held(run: CycleRun) -> int:
    """Inferences under way at a time, at most."""
    latency = run.finished[0] - run.started if run.finished else 0
    return latency // run.design.interval_bound


def _is_steady(run: CycleRun) -> bool:
    """Whether inferences follow each other at one pace, and buffers that hid a slower one have filled."""
    held = _held(run)
    group = run.design.group
    return len(run.finished) > STEADY + 2 * held and steady_interval(run.finished, held, group) is not None
