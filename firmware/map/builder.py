"""`DesignBuilder`: collects the units of a design while the dataflow graph is planned, node by node."""

from collections import Counter
from collections.abc import Callable, Collection
from math import gcd, lcm

from netloom.firmware.design import Design, Port, Tap
from netloom.firmware.families import Family
from netloom.firmware.map.fold import Folding, divisors
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


class DesignBuilder:
    """Units so far, and the stream that carries each node's result.

    Attributes:
        dataflow: what is planned.
        folding: of its products.
        target: whose primitives are named.
        dsps: node name -> how many of its multipliers sit in DSP blocks.
        windows: nodes that only gather windows.
        interval: clock cycles between inferences that no other unit should exceed.
    """

    def __init__(
        self, dataflow: Dataflow, folding: Folding, target: Family, dsps: dict[str, int], windows: Collection[str]
    ) -> None:
        self.dataflow = dataflow
        self.folding = folding
        self.target = target
        self.dsps = dsps
        self.windows = windows
        self.interval = max((fold.interval for fold in folding.values()), default=1)
        self._units: list[Unit] = []
        self._layers: dict[str, str] = {}
        self._operations: dict[str, tuple[str, ...]] = {}
        self._streams: dict[str, Stream] = {}
        self._copies: dict[str, list[Stream]] = {}
        self._names: set[str] = set()
        self._uses = Counter(name for node in dataflow.nodes for name in node.inputs) + Counter(dataflow.outputs)
        self._inputs = tuple(self._input(name, tensor) for name, tensor in dataflow.sources.items())

    def unique(self, name: str) -> str:
        """An identifier no unit or stream has yet."""
        base = candidate = name.replace(".", "_")
        number = 2
        while candidate in self._names or candidate in _KEYWORDS:
            candidate, number = f"{base}_{number}", number + 1
        self._names.add(candidate)
        return candidate

    def add(self, node: Node, name: str, make: Callable[[str], Unit], *, computes: bool = False) -> Stream:
        """Add a unit to a node's layer; gives its first output.

        Args:
            node: that it is part of.
            name: of the unit; made unique.
            make: the unit, from its unique name.
            computes: whether it computes the node, rather than bring data to where it is computed.
        """
        unit = make(self.unique(name))
        self._units.append(unit)
        self._layers[unit.name] = node.layer
        self._operations[unit.name] = (node.name,) if computes else ()
        return unit.outputs[0]

    def compute(self, node: Node, make: Callable[[str], Unit]) -> None:
        """Add the unit that computes a node, named after it, and let its output carry the result."""
        self.give(node, self.add(node, node.name, make, computes=True))

    def give(self, node: Node, stream: Stream) -> None:
        """Let a stream carry a node's result, with a copy for every use of it."""
        self._streams[node.name] = stream
        self._copy(node.name, node.layer, stream)

    def _copy(self, name: str, layer: str, stream: Stream) -> None:
        uses = self._uses[name]
        if uses < 2:
            self._copies[name] = [stream]
            return
        fork = StreamFork(self.unique(f"{name}_fork"), stream, uses)
        fifos = [
            StreamFifo(self.unique(f"{name}_fifo{i}"), copy, copy.beats + 2, self.target)
            for i, copy in enumerate(fork.outputs)
        ]
        for unit in (fork, *fifos):
            self._units.append(unit)
            self._layers[unit.name] = layer
            self._operations[unit.name] = ()
        self._copies[name] = [fifo.outputs[0] for fifo in fifos]

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

    def build(self) -> Design:
        """The design, its outputs being those of the graph."""
        streams = {name: port.stream for name, port in zip(self.dataflow.sources, self._inputs, strict=True)}
        streams |= self._streams
        types = self.dataflow.types
        outputs = tuple(Port(name, types[name].shape, self.take(name)) for name in self.dataflow.outputs)
        taps = tuple(
            Tap(layer.name, types[layer.node].shape, streams[layer.node])
            for layer in self.dataflow.layers
            if layer.node in streams
        )
        return Design(self.target, tuple(self._units), self._layers, self._operations, self._inputs, outputs, taps)

    def _input(self, name: str, tensor: TensorType) -> Port:
        wanted = [
            fold.lanes
            for node in self._readers(name)
            if (fold := self.folding.get(node.name)) is not None and tensor.size % fold.lanes == 0
        ]
        least = next(d for d in divisors(tensor.size) if tensor.size // d <= self.interval)
        lanes = wanted[0] if wanted and least <= wanted[0] * tensor.element.width <= _INPUT_BITS else least
        stream = Stream(self.unique(f"{name}_in"), tensor.element, lanes, tensor.size // lanes)
        self._copy(name, name, stream)
        return Port(name, tensor.shape, stream)

    def _readers(self, name: str) -> list[Node]:
        """Nodes that use a result, seen through windows."""
        found = []
        for node in self.dataflow.nodes:
            if name in node.inputs:
                found += [node, *self._readers(node.name)] if node.name in self.windows else [node]
        return found
