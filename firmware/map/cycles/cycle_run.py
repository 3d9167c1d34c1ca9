"""`CycleRun`: a design at work, all its units clocked together without their data; `InterpretedRun`: in Python."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from operator import and_
from typing import ClassVar

from netloom.firmware.design import Design
from netloom.firmware.map.cycles.ready_order import ready_order
from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.firmware.units.timing import Timing


class CycleRun(ABC):
    """Inferences that go through a design back to back; the world outside always offers and always takes.

    Attributes:
        design: whose units are clocked.
        units: with their timing, each behind those whose `ready` follows its own.
        time: clock cycles so far.
        last_progress: the last one in which any beat was transferred.
        started: the one in which the first input beat was; -1 before it.
        finished: those in which inferences ended.
        remembers: whether `period` may ever tell.
    """

    remembers: ClassVar[bool]

    def __init__(self, design: Design, timings: Sequence[Timing]) -> None:
        """Args: the design; the timing of each of its units, fresh."""
        self.design = design
        self.units = [(design.units[index], timings[index]) for index in ready_order(design.units, timings)]
        self.names = {name: index for index, name in enumerate(design.streams)}
        self.fifos = {
            unit.name: (self.names[unit.inputs[0].name], self.names[unit.outputs[0].name])
            for unit in design.units
            if isinstance(unit, StreamFifo)
        }
        self.time = 0
        self.last_progress = 0
        self.started = -1
        self.finished: list[int] = []

    @abstractmethod
    def advance(self, clocks: int) -> None:
        """Run on for so many clock cycles, or to the end of an inference if one ends before."""

    @abstractmethod
    def period(self) -> int | None:
        """Just after the end of an inference: how many ago everything was as it is now; None if it never was."""

    @abstractmethod
    def occupancy(self) -> dict[str, int]:
        """The most beats each FIFO held."""

    @abstractmethod
    def stuck(self) -> list[bool]:
        """Of each stream, whether it offers a beat that nobody takes."""

    def waiting(self) -> str:
        """The streams that are stuck, in words."""
        names = [name for name, stuck in zip(self.names, self.stuck(), strict=True) if stuck]
        return "nobody takes from " + ", ".join(names[:8])


class InterpretedRun(CycleRun):
    """By the units' own `Timing`."""

    remembers = False

    def __init__(self, design: Design) -> None:
        super().__init__(design, [unit.timing() for unit in design.units])
        names = self.names
        self._units = [
            (timing, [names[stream.name] for stream in unit.inputs], [names[stream.name] for stream in unit.outputs])
            for unit, timing in self.units
        ]
        self._backwards = self._units[::-1]
        self._valid = [False] * len(names)
        self._ready = [False] * len(names)
        self._sources = [names[port.stream.name] for port in design.inputs]
        self._sinks = [names[port.stream.name] for port in design.outputs]
        for source in self._sources:
            self._valid[source] = True
        for sink in self._sinks:
            self._ready[sink] = True
        self._beats = [port.stream.beats for port in design.outputs]
        self._given = [0] * len(self._sinks)
        self._complete = [0] * len(self._sinks)
        self._level = dict.fromkeys(self.fifos, 0)
        self._highest = dict.fromkeys(self.fifos, 0)

    def advance(self, clocks: int) -> None:
        """See `CycleRun`."""
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
        for timing, inputs, outputs in self._backwards:
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
        for name, (source, target) in self.fifos.items():
            if moved[source] != moved[target]:
                self._level[name] += moved[source] - moved[target]
                self._highest[name] = max(self._highest[name], self._level[name])

    def period(self) -> int | None:
        """Not known: it would take longer to compare than it saves."""
        return None

    def occupancy(self) -> dict[str, int]:
        """See `CycleRun`."""
        return dict(self._highest)

    def stuck(self) -> list[bool]:
        """See `CycleRun`."""
        return [offered and not taken for offered, taken in zip(self._valid, self._ready, strict=True)]
