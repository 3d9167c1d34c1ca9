"""Designs with loops, made by hand: what they compute, and their timing as one unit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.firmware.design import Design, Port
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.map.cycles.cycle_run import ready_order
from netloom.firmware.stream import Stream
from netloom.firmware.units.elements.cast import CastUnit
from netloom.firmware.units.elements.elementwise import ElementwiseUnit
from netloom.firmware.units.streams.scan_last import ScanLast
from netloom.firmware.units.streams.scan_state import ScanState
from netloom.firmware.units.streams.stream_fork import StreamFork
from netloom.firmware.units.timing import Timing
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Elementwise, ElementwiseFunction

X = FixedPoint.parse("fixed<6,3>")
STATE = FixedPoint.parse("fixed<7,3,RND_CONV,SAT>")


@dataclass(frozen=True)
class Accumulator:
    """state = cast(state + x), `steps` times; gives all states, or the last one.

    A step has `beats` beats of `lanes` elements.
    """

    steps: int
    beats: int = 1
    lanes: int = 1
    every: bool = False
    target: Family = GENERIC

    @property
    def elements(self) -> int:
        """Of a state."""
        return self.beats * self.lanes

    @property
    def initial(self) -> np.ndarray:
        """Raws of the state, which no two beats have the same of."""
        return np.arange(self.elements) % 100 - 40

    def states(self, x: np.ndarray) -> np.ndarray:
        """What it gives for raws (samples, steps * elements): (samples, elements of all steps given)."""
        found, state = [], np.broadcast_to(self.initial, (len(x), self.elements))
        finer = STATE.fraction - X.fraction
        for step in x.reshape(len(x), self.steps, self.elements).swapaxes(0, 1):
            state = STATE.cast(state + (step << finer), STATE.fraction)
            found.append(state)
        return np.concatenate(found, axis=1) if self.every else state

    def design(self) -> Design:
        """As hardware."""
        x = Stream("x", X, self.lanes, self.beats)
        before = Stream("loop_state_out", STATE, self.lanes, self.beats)
        add = ElementwiseUnit("loop_add", x, before, Elementwise(ElementwiseFunction.ADD), target=self.target)
        cast = CastUnit("loop_cast", add.outputs[0], STATE)
        fork = StreamFork("loop_fork", cast.outputs[0], 2)
        back, result = fork.outputs
        units = [
            add,
            cast,
            fork,
            ScanState("loop_state", back, self.steps, tuple(self.initial.tolist()), target=self.target),
        ]
        inside = dict.fromkeys((unit.name for unit in units), self.steps)
        shape = (self.elements,)
        if self.every:
            shape = (self.steps, *shape)
            result = self.of_all_steps(result)
        else:
            units.append(ScanLast("loop_last", result, self.steps))
            result = units[-1].outputs[0]
        return Design(
            target=self.target,
            units=tuple(units),
            layers=dict.fromkeys((unit.name for unit in units), "layer"),
            operations=dict.fromkeys((unit.name for unit in units), ()),
            inputs=(Port("x", (self.steps, self.elements), self.of_all_steps(x)),),
            outputs=(Port("y", shape, result),),
            taps=(),
            steps=inside,
        )

    def of_all_steps(self, stream: Stream) -> Stream:
        """The same stream, seen from outside the loop."""
        return Stream(stream.name, stream.element, stream.lanes, stream.beats * self.steps)


class DesignTiming(Timing):
    """All of a design as one unit, so that it can be held against Verilator like a unit, with any stalls."""

    def __init__(self, design: Design) -> None:
        timings = [unit.timing() for unit in design.units]
        units = [(timings[i], design.units[i]) for i in ready_order(design.units, timings)]
        self._units = [(t, [s.name for s in unit.inputs], [s.name for s in unit.outputs]) for t, unit in units]
        self._inputs = [port.stream.name for port in design.inputs]
        self._outputs = [port.stream.name for port in design.outputs]
        self._valid: dict[str, bool] = {}
        self._ready = dict.fromkeys(design.streams, False)

    def valid(self) -> tuple[bool, ...]:
        for timing, _, outputs in self._units:
            self._valid.update(zip(outputs, timing.valid(), strict=True))
        return tuple(self._valid[name] for name in self._outputs)

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        self._valid.update(zip(self._inputs, valid, strict=True))
        self._ready.update(zip(self._outputs, ready, strict=True))
        for timing, inputs, outputs in reversed(self._units):
            takes = timing.ready([self._valid[n] for n in inputs], [self._ready[n] for n in outputs])
            self._ready.update(zip(inputs, takes, strict=True))
        return tuple(self._ready[name] for name in self._inputs)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        moved = {name: self._valid[name] and self._ready[name] for name in self._ready}
        assert [moved[name] for name in (*self._inputs, *self._outputs)] == [*taken, *given]
        for timing, inputs, outputs in self._units:
            timing.clock([moved[n] for n in inputs], [moved[n] for n in outputs])
