"""`CycleRun`: a design at work, all its units clocked together without their data."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from operator import and_
from typing import ClassVar

from netloom.errors import DeadlockError
from netloom.firmware.design import Design
from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Unit


class CycleRun:
    """Inferences that go through a design back to back; the world outside always offers and always takes.

    Here by the units' own `Timing`, in Python; `CompiledRun` is faster once it is compiled.

    Attributes:
        design: whose units are clocked.
        names: its streams -> the numbers that they have here.
        time: clock cycles so far.
        last_progress: the last one in which any beat was transferred.
        started: the one in which the first input beat was; -1 before it.
        finished: those in which inferences ended.
        remembers: whether `period` may ever tell.
    """

    remembers: ClassVar[bool] = False

    def __init__(self, design: Design, timings: Sequence[Timing]) -> None:
        """Args: the design; the timing of each of its units, fresh."""
        self.design = design
        self.time = 0
        self.last_progress = 0
        self.started = -1
        self.finished: list[int] = []
        self.names = names = {name: index for index, name in enumerate(design.streams)}
        streams = [
            ([names[s.name] for s in unit.inputs], [names[s.name] for s in unit.outputs]) for unit in design.units
        ]
        # Each stands behind those whose `ready` follows its own.
        self._units = [(timings[index], *streams[index]) for index in ready_order(design.units, timings)]
        self._sources = [names[port.stream.name] for port in design.inputs]
        self._sinks = [names[port.stream.name] for port in design.outputs]
        self._beats = [port.stream.beats for port in design.outputs]
        self._fifos = {
            unit.name: (names[unit.inputs[0].name], names[unit.outputs[0].name])
            for unit in design.units
            if isinstance(unit, StreamFifo)
        }
        self._valid = [index in self._sources for index in range(len(names))]
        self._ready = [index in self._sinks for index in range(len(names))]
        self._given = [0] * len(self._sinks)
        self._complete = [0] * len(self._sinks)
        self._level = dict.fromkeys(self._fifos, 0)
        self._highest = dict.fromkeys(self._fifos, 0)

    def waiting(self) -> str:
        """The streams that are stuck, in words."""
        names = [name for name, stuck in zip(self.names, self._stuck(), strict=True) if stuck]
        return "nobody takes from " + ", ".join(names[:8])

    def advance(self, clocks: int) -> None:
        """Run on for so many clock cycles, or to the end of an inference if one ends before."""
        before = len(self.finished)
        for _ in range(clocks):
            self._cycle()
            if len(self.finished) > before:
                return

    def _cycle(self) -> None:
        valid, ready = self._valid, self._ready
        for timing, _, outputs in self._units:
            offered = timing.valid()
            for position, index in enumerate(outputs):
                valid[index] = offered[position]
        for timing, inputs, outputs in reversed(self._units):
            if len(inputs) == 1 == len(outputs):
                # Nearly all units are such; this is where the time goes.
                ready[inputs[0]] = timing.ready((valid[inputs[0]],), (ready[outputs[0]],))[0]
                continue
            takes = timing.ready([valid[i] for i in inputs], [ready[i] for i in outputs])
            for position, index in enumerate(inputs):
                ready[index] = takes[position]
        moved = list(map(and_, valid, ready))
        for timing, inputs, outputs in self._units:
            if len(inputs) == 1 == len(outputs):
                timing.clock((moved[inputs[0]],), (moved[outputs[0]],))
                continue
            timing.clock([moved[i] for i in inputs], [moved[i] for i in outputs])
        self._count(moved)
        self.time += 1

    def _count(self, moved: list[bool]) -> None:
        if any(moved):
            self.last_progress = self.time
        if self.started < 0 and any(moved[source] for source in self._sources):
            self.started = self.time
        for position, sink in enumerate(self._sinks):
            if moved[sink]:
                self._given[position] += 1
                if self._given[position] == self._beats[position]:
                    self._given[position] = 0
                    self._complete[position] += 1
        if min(self._complete) > len(self.finished):
            self.finished.append(self.time)
        for name, (source, target) in self._fifos.items():
            if moved[source] != moved[target]:
                self._level[name] += moved[source] - moved[target]
                self._highest[name] = max(self._highest[name], self._level[name])

    def period(self) -> int | None:
        """Just after the end of an inference: how many ago everything was as it is now; None if it never was.

        Never known here: it would take longer to compare than it saves.
        """
        return None

    def occupancy(self) -> dict[str, int]:
        """The most beats each FIFO held."""
        return dict(self._highest)

    def _stuck(self) -> list[bool]:
        """Of each stream, whether it offers a beat that nobody takes."""
        return [offered and not taken for offered, taken in zip(self._valid, self._ready, strict=True)]


def ready_order(units: Sequence[Unit], timings: Sequence[Timing]) -> list[int]:
    """Indices of the units, each before those that it follows by `ready` in the same clock cycle.

    `valid` never follows anything, and a unit whose `ready` is registered follows nobody: it cuts a loop.

    Args:
        units: of a design; streams may run back.
        timings: of each.

    Raises:
        DeadlockError: if `ready` goes round without a register: hardware with no meaning, and no order.
    """
    takes = {stream.name: index for index, unit in enumerate(units) for stream in unit.inputs}
    follows: TopologicalSorter[int] = TopologicalSorter()
    for index in reversed(range(len(units))):
        outputs = () if timings[index].ready_is_registered else units[index].outputs
        follows.add(index, *(takes[stream.name] for stream in outputs if stream.name in takes))
    try:
        return [*follows.static_order()][::-1]
    except CycleError as error:
        names = " -> ".join(units[index].name for index in reversed(error.args[1]))
        raise DeadlockError(
            f"ready goes round a loop without a register, through {names}: put a ScanState or a StreamFifo in it"
        ) from None
