"""Exact cycles: the handshakes of all units, simulated clock by clock without their data.

No unit's timing depends on data, so what is counted here is what Verilator counts and what the board does. A design
that runs to the end here cannot deadlock at all: its units fire in fixed patterns (a marked graph), and whether such
a graph can go on does not depend on when its ends are stalled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import and_, sub

from netloom.errors import DeadlockError
from netloom.firmware.design import Design
from netloom.firmware.units.stream_fifo import StreamFifo

_STEADY = 3
_LONGEST_PATTERN = 8
_MOST_INFERENCES = 40


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


@dataclass
class _Wiring:
    """Indices of streams, so that a cycle is a loop over lists."""

    inputs: list[list[int]] = field(default_factory=list)
    outputs: list[list[int]] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)


def _wire(design: Design) -> _Wiring:
    wiring = _Wiring(names={name: index for index, name in enumerate(design.streams)})
    for unit in design.units:
        wiring.inputs.append([wiring.names[stream.name] for stream in unit.inputs])
        wiring.outputs.append([wiring.names[stream.name] for stream in unit.outputs])
    return wiring


def count_cycles(
    design: Design, inferences: int | None = None, progress: Callable[[int], None] | None = None
) -> Cycles:
    """Run inferences back to back until they follow each other at a steady interval.

    Args:
        design: whose units are timed.
        inferences: so many, and no more; None until they have long come at one pace.
        progress: called with the number of clock cycles, now and then.

    Raises:
        DeadlockError: if the units come to wait for each other.
    """
    run = _Run(design)
    patience = 4 * sum(unit.interval for unit in design.units) + 1000
    while len(run.finished) < (inferences or run.most):
        run.cycle()
        if run.time - run.last_progress > patience:
            raise DeadlockError(f"the design stops after {run.last_progress} clock cycles: {run.waiting()}")
        if progress is not None and run.time % 4096 == 0:
            progress(run.time)
        if inferences is None and run.is_steady():
            break
    waits = map(sub, run.finished[1:], run.finished)
    interval = steady_interval(run.finished, run.held) or max(waits, default=0)
    return Cycles(run.finished[0] - run.started, interval or design.interval_bound, run.occupancy())


def steady_interval(ends: Sequence[int], held: int = 0) -> int | None:
    """Clock cycles from one inference to the next, on the average and rounded up.

    Args:
        ends: clock cycles in which inferences ended.
        held: inferences under way at a time. A buffer that is too small shows once in so many.

    Returns:
        None if the last intervals are neither the same nor a pattern that repeats.
    """
    intervals = list(map(sub, ends[1:], ends))
    for period in range(1, max(_LONGEST_PATTERN, held + 1) + 1):
        window = max(_STEADY, 2 * period, held + 2)
        last = intervals[-window:]
        if len(last) == window and last[period:] == last[:-period]:
            return -(-sum(last[:period]) // period)
    return None


class _Run:
    """The state of a whole design, and what has come out of it."""

    def __init__(self, design: Design) -> None:
        self.design = design
        wiring = _wire(design)
        self._units = [
            (unit.timing(), inputs, outputs)
            for unit, inputs, outputs in zip(design.units, wiring.inputs, wiring.outputs, strict=True)
        ]
        self._backwards = self._units[::-1]
        self._valid = [False] * len(wiring.names)
        self._ready = [False] * len(wiring.names)
        self._sources = [wiring.names[port.stream.name] for port in design.inputs]
        self._sinks = [wiring.names[port.stream.name] for port in design.outputs]
        # The world outside always offers and always takes.
        for source in self._sources:
            self._valid[source] = True
        for sink in self._sinks:
            self._ready[sink] = True
        self._beats = [port.stream.beats for port in design.outputs]
        self._given = [0] * len(self._sinks)
        self._ends: list[list[int]] = [[] for _ in self._sinks]
        self._fifos = {
            unit.name: (wiring.names[unit.inputs[0].name], wiring.names[unit.outputs[0].name])
            for unit in design.units
            if isinstance(unit, StreamFifo)
        }
        self._level = dict.fromkeys(self._fifos, 0)
        self._highest = dict.fromkeys(self._fifos, 0)
        self.time = 0
        self.last_progress = 0
        self.started = -1
        self.finished: list[int] = []

    def cycle(self) -> None:
        """One clock cycle."""
        valid, ready = self._valid, self._ready
        for timing, _, outputs in self._units:
            offered = timing.valid()
            for position, index in enumerate(outputs):
                valid[index] = offered[position]
        for timing, inputs, outputs in self._backwards:
            if len(inputs) == 1 == len(outputs):
                # Nearly all units are such; this is where the time goes.
                ready[inputs[0]] = timing.ready((valid[inputs[0]],), (ready[outputs[0]],))[0]
                continue
            takes = timing.ready([valid[i] for i in inputs], [ready[i] for i in outputs])
            for position, index in enumerate(inputs):
                ready[index] = takes[position]
        transferred = list(map(and_, valid, ready))
        for timing, inputs, outputs in self._units:
            if len(inputs) == 1 == len(outputs):
                timing.clock((transferred[inputs[0]],), (transferred[outputs[0]],))
                continue
            timing.clock([transferred[i] for i in inputs], [transferred[i] for i in outputs])
        self._count(transferred)
        self.time += 1

    def _count(self, transferred: list[bool]) -> None:
        if any(transferred):
            self.last_progress = self.time
        if self.started < 0 and any(transferred[source] for source in self._sources):
            self.started = self.time
        for position, sink in enumerate(self._sinks):
            if transferred[sink]:
                self._given[position] += 1
                if self._given[position] == self._beats[position]:
                    self._given[position] = 0
                    self._ends[position].append(self.time)
        complete = min(len(ends) for ends in self._ends)
        if complete > len(self.finished):
            self.finished.append(max(ends[complete - 1] for ends in self._ends))
        for name, (source, target) in self._fifos.items():
            self._level[name] += transferred[source] - transferred[target]
            self._highest[name] = max(self._highest[name], self._level[name])

    @property
    def held(self) -> int:
        """Inferences under way at a time, at most."""
        latency = self.finished[0] - self.started if self.finished else 0
        return latency // self.design.interval_bound

    @property
    def most(self) -> int:
        """Inferences after which to give up waiting for a pace."""
        return _MOST_INFERENCES + 6 * self.held

    def is_steady(self) -> bool:
        """Whether inferences follow each other at one pace, and buffers that hid a slower one have filled."""
        settled = len(self.finished) > _STEADY + 2 * self.held
        return settled and steady_interval(self.finished, self.held) is not None

    def occupancy(self) -> dict[str, int]:
        """The most beats each FIFO held."""
        return dict(self._highest)

    def waiting(self) -> str:
        """Streams that offer a beat nobody takes."""
        names = list(self.design.streams)
        stuck = [names[i] for i, offered in enumerate(self._valid) if offered and not self._ready[i]]
        return "nobody takes from " + ", ".join(stuck[:8])
