"""`DesignBuilder`: collects the units of a design while the dataflow graph is planned, node by node."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import gcd, lcm, prod

from netloom.common.ends import InputScale
from netloom.firmware.design import Design, Port, Tap
from netloom.firmware.families import Family
from netloom.firmware.map.folding.fold import Folding, divisors
from netloom.firmware.stream import Stream
from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.firmware.units.streams.stream_fork import StreamFork
from netloom.firmware.units.streams.stream_width import StreamWidth
from netloom.firmware.units.unit import Unit
from netloom.hls.dataflow import Dataflow, Node, TensorType

_INPUT_BITS = 128
"""The widest network input that is chosen only to save a converter behind it."""

_KEYWORDS = frozenset(
    "accept_on always_comb always_ff always_latch first_match reject_on s_always s_eventually s_nexttime s_until "
    "s_until_with sync_accept_on sync_reject_on until_with wait_order".split()
)
"""Words of SystemVerilog that look like a layer's name and a node's; all names here have an underscore."""


@dataclass(eq=False)
class DesignBuilder:
    """Units so far, and the stream that carries each node's result.

    Attributes:
        dataflow: what is planned.
        folding: of its products.
        target: whose primitives are named.
        dsps: node name -> how many of its multipliers sit in DSP blocks.
        windows: nodes that only gather windows.
        lay_out: adds the units of a graph: of this one, or of a body (`within`).
        interval: clock cycles between inferences that no other unit should exceed; in a body, those of a step.
        rounds: of a body, the steps of each loop it is in, from the outermost on.
        group: samples that loops work on in turn; what bypasses a loop waits for all of them.
    """

    dataflow: Dataflow
    folding: Folding
    target: Family
    dsps: Mapping[str, int]
    windows: Collection[str]
    lay_out: Callable[["DesignBuilder"], None]
    interval: int = field(init=False)
    rounds: tuple[int, ...] = ()
    group: int = field(init=False)
    _units: list[Unit] = field(default_factory=list)
    _layers: dict[str, str] = field(default_factory=dict)
    _operations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _steps: dict[str, Fraction] = field(default_factory=dict)
    _taps: list[Tap] = field(default_factory=list)
    _streams: dict[str, Stream] = field(default_factory=dict)
    _copies: dict[str, list[Stream]] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _direct: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.interval = max((fold.interval for fold in self.folding.values()), default=1)
        self.group = max((node.operation.interleave for node in self.dataflow.nodes), default=1)
        self._uses = _uses(self.dataflow, self.dataflow.outputs)
        scales = self.dataflow.ends.inputs or (None,) * len(self.dataflow.sources)
        self._inputs = tuple(
            self._input(name, tensor, scale)
            for (name, tensor), scale in zip(self.dataflow.sources.items(), scales, strict=True)
        )

    def unique(self, name: str) -> str:
        """An identifier no unit or stream has yet."""
        base = candidate = re.sub(r"\W", "_", name)
        number = 2
        while candidate in self._names or candidate in _KEYWORDS:
            candidate, number = f"{base}_{number}", number + 1
        self._names.add(candidate)
        return candidate

    def add(
        self, node: Node, name: str, make: Callable[[str], Unit], *, computes: bool = False, samples: int = 1
    ) -> Stream:
        """Add a unit to a node's layer; gives its first output.

        Args:
            node: that it is part of.
            name: of the unit; made unique.
            make: the unit, from its unique name.
            computes: whether it computes the node, rather than bring data to where it is computed.
            samples: that it goes through at a time.
        """
        unit = make(self.unique(name))
        self.place(unit, node.layer, (node.name,) if computes else (), samples)
        return unit.outputs[0]

    def place(self, unit: Unit, layer: str, operations: tuple[str, ...] = (), samples: int = 1) -> None:
        """Add a unit that has its name, to a layer; it computes the operations, if any, of some samples at a time."""
        self._units.append(unit)
        self._layers[unit.name] = layer
        self._operations[unit.name] = operations
        times = Fraction(prod(self.rounds), samples)
        if times != 1:
            self._steps[unit.name] = times

    def compute(self, node: Node, make: Callable[[str], Unit]) -> None:
        """Add the unit that computes a node, named after it, and let its output carry the result."""
        self.give(node, self.add(node, node.name, make, computes=True))

    def give(self, node: Node, stream: Stream, result: str = "") -> None:
        """Let a stream carry a node's result, or that of its results or body's sources that is named."""
        self._streams[result or node.name] = stream
        self._copy(result or node.name, node.layer, stream)

    def used(self, name: str) -> bool:
        """Whether anything takes a result or source."""
        return self._uses[name] > 0

    def _copy(self, name: str, layer: str, stream: Stream) -> None:
        uses = self._uses[name]
        if uses < 2:
            self._copies[name] = [stream]
            return
        fork = StreamFork(self.unique(f"{name}_fork"), stream, uses)
        fifos = [
            StreamFifo(self.unique(f"{name}_fifo{i}"), copy, copy.beats * self.group + 2, target=self.target)
            for i, copy in enumerate(fork.outputs[: uses - self._direct[name]])
        ]
        for unit in (fork, *fifos):
            self.place(unit, layer)
        self._copies[name] = [*(fifo.outputs[0] for fifo in fifos), *fork.outputs[len(fifos) :]]

    def take(self, name: str) -> Stream:
        """A node's or source's result, for one use of it."""
        return self._copies[name].pop(0)

    def is_input(self, stream: Stream) -> bool:
        """Whether a stream comes straight from outside."""
        return any(port.stream is stream for port in self._inputs)

    def with_lanes(self, node: Node, stream: Stream, lanes: int) -> Stream:
        """A stream with so many lanes, converted if it has others."""
        if stream.lanes == lanes:
            return stream
        if stream.lanes % lanes and lanes % stream.lanes:
            # Through whole multiples of both, where the tensor has them; else through a common part, which is slower.
            middle = lcm(stream.lanes, lanes)
            if stream.lanes * stream.beats % middle:
                middle = gcd(stream.lanes, lanes)
            stream = self.with_lanes(node, stream, middle)
        return self.add(node, f"{node.name}_width", lambda name: StreamWidth(name, stream, lanes))

    def lanes_within(self, size: int, lanes: int, beats: Callable[[int], int]) -> int:
        """The number of lanes for a unit: those its input has if they do, else the least that are fast enough.

        Args:
            size: of the axis that lanes divide.
            lanes: of the input.
            beats: what an inference takes with so many lanes.
        """
        if size % lanes == 0 and beats(lanes) <= self.interval:
            return lanes
        return next((d for d in divisors(size) if beats(d) <= self.interval), size)

    def within(self, body: Dataflow, steps: int, taken: Sequence[str], carried: Sequence[str]) -> "DesignBuilder":
        """A builder of a body that is gone through `steps` times; its units become those of this design.

        Args:
            body: whose sources are then given, whose nodes `lay_out` adds, and whose results are taken.
            steps: for each time that this graph is gone through.
            taken: results that leave the body, once for each time they are named.
            carried: results that are taken then, by what can hold a whole step of them.
        """
        inner = copy(self)
        inner.dataflow = body
        inner.interval = max(self.interval // steps, 1)
        inner.rounds = (*self.rounds, steps)
        inner._streams, inner._copies = {}, {}
        inner._uses, inner._direct = _uses(body, (*taken, *carried)), Counter(carried)
        return inner

    def tap(self, ahead: Collection[str] = ()) -> None:
        """Let the layers of the graph be watched, but for nodes and sources that run ahead of what comes in."""
        types = self.dataflow.types
        for layer in self.dataflow.layers:
            if layer.node in self._streams and layer.node not in ahead:
                stream = self._streams[layer.node]
                stream = replace(stream, beats=stream.beats * prod(self.rounds))
                shape = (*self.rounds, *types[layer.node].shape)
                self._taps.append(Tap(layer.name, shape, stream, self.group if self.rounds else 1))

    def build(self) -> Design:
        """The design, its outputs being those of the graph."""
        self._streams |= {name: port.stream for name, port in zip(self.dataflow.sources, self._inputs, strict=True)}
        types = self.dataflow.types
        scales = self.dataflow.ends.outputs or (None,) * len(self.dataflow.outputs)
        outputs = tuple(
            Port(name, types[name].shape, self.take(name), scale)
            for name, scale in zip(self.dataflow.outputs, scales, strict=True)
        )
        self.tap()
        return Design(
            target=self.target,
            units=tuple(self._units),
            layers=self._layers,
            operations=self._operations,
            inputs=self._inputs,
            outputs=outputs,
            taps=tuple(self._taps),
            steps=self._steps,
            group=self.group,
        )

    def _input(self, name: str, tensor: TensorType, scale: InputScale | None) -> Port:
        wanted = self.lanes_wanted(name, tensor.size)
        least = next(d for d in divisors(tensor.size) if tensor.size // d <= self.interval)
        fits = wanted and wanted[0] >= least and wanted[0] * tensor.element.width <= _INPUT_BITS
        lanes = wanted[0] if fits else least
        stream = Stream(self.unique(f"{name}_in"), tensor.element, lanes, tensor.size // lanes)
        self._copy(name, name, stream)
        return Port(name, tensor.shape, stream, scale)

    def lanes_wanted(self, name: str, size: int) -> list[int]:
        """Lanes in which the products that read a result or source take it, where they divide its size."""
        folds = [self.folding[node.name] for node in self._readers(name) if node.name in self.folding]
        return [fold.lanes for fold in folds if size % fold.lanes == 0]

    def _readers(self, name: str) -> list[Node]:
        """Nodes that use a result, seen through windows."""
        found = []
        for node in self.dataflow.nodes:
            if name in node.inputs:
                found += [node, *self._readers(node.name)] if node.name in self.windows else [node]
        return found


def _uses(dataflow: Dataflow, taken: Sequence[str]) -> Counter[str]:
    """How often each result or source is read, `taken` being read from outside."""
    return Counter(name for node in dataflow.nodes for name in node.inputs) + Counter(taken)
