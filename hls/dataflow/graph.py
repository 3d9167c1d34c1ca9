"""`Dataflow`: the contract in the middle. Simulator and hardware read this graph and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from netloom.common.ends import Ends
from netloom.errors import LayerNotSupportedError
from netloom.hls.dataflow.operations.operation import Bounds, Cost, Operation, TensorType


@dataclass(frozen=True)
class Node:
    """One operation and where its inputs come from. `name` is unique; `layer` is the hls4ml layer it is part of."""

    name: str
    operation: Operation
    inputs: tuple[str, ...]
    layer: str

    @property
    def results(self) -> tuple[str, ...]:
        """Names of its results: its own, and `name.1`, `name.2` for further ones."""
        return (self.name, *(f"{self.name}.{index}" for index in range(1, self.operation.results)))

    def inside(self) -> "Iterator[Node]":
        """The node, and all nodes of the bodies that it holds, and of those inside them."""
        yield self
        for body in self.operation.bodies:
            for node in body.nodes:
                yield from node.inside()


@dataclass(frozen=True)
class Layer:
    """One hls4ml layer: the node (or source) that carries its result, and the Keras layer it comes from.

    `kind` is hls4ml's class name; `origin` is the name in the user's model, as the user wrote it; `interval` is the
    least number of clock cycles between two inferences that hls4ml's C++ of this layer allows.
    """

    name: str
    kind: str
    node: str
    origin: str
    interval: int


@dataclass(frozen=True)
class Dataflow:
    """A graph of exact operations in topological order.

    `sources` are the network's inputs, in the model's order; `outputs` name the nodes whose results leave it. Nodes are
    told from each other by name alone, wherever they are: no two have one, in the graph and in all bodies inside.
    `ends` is what the host does before the sources and after the outputs.

    Raises:
        LayerNotSupportedError: for a name that is there twice.
    """

    sources: Mapping[str, TensorType]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    layers: tuple[Layer, ...]
    ends: Ends = field(default_factory=Ends)

    def __post_init__(self) -> None:
        seen = set(self.sources)
        for node in self.nodes:
            for name in (name for each in node.inside() for name in each.results):
                if name in seen:
                    raise LayerNotSupportedError(
                        f"layer {node.layer!r}: there are two nodes {name!r}; give each another name, also in bodies"
                    )
                seen.add(name)

    @cached_property
    def types(self) -> dict[str, TensorType]:
        """Shape and element type of every source and node."""
        types = dict(self.sources)
        for node in self.nodes:
            types.update(zip(node.results, node.operation.outputs([types[name] for name in node.inputs]), strict=True))
        return types

    @cached_property
    def bounds(self) -> dict[str, Bounds]:
        """Proven range of every source and node, from all that the sources' types can hold."""
        return self.bounds_within({name: Bounds.of(tensor) for name, tensor in self.sources.items()})

    def bounds_within(self, sources: Mapping[str, Bounds]) -> dict[str, Bounds]:
        """The same from narrower ranges of the sources."""
        bounds = dict(sources)
        for node in self.nodes:
            proven = node.operation.bounds(self.input_types(node), [bounds[name] for name in node.inputs])
            bounds.update(zip(node.results, proven, strict=True))
        return bounds

    @property
    def input_names(self) -> list[str]:
        """The sources' names in the user's model."""
        origins = {layer.node: layer.origin for layer in self.layers if layer.node == layer.name}
        return [origins.get(name, name) for name in self.sources]

    @property
    def output_names(self) -> list[str]:
        """The outputs by the user's layers that give them."""
        layers = {node.name: node.layer for node in self.nodes}
        origins = {layer.name: layer.origin for layer in self.layers}
        return [origins.get(layers.get(name, name), name) for name in self.outputs]

    @property
    def host_lines(self) -> list[str]:
        """What the host does at the network's ends, a line each, for people."""
        return self.ends.told(self.input_names, self.output_names)

    def input_types(self, node: Node) -> list[TensorType]:
        """Types of a node's inputs."""
        return [self.types[name] for name in node.inputs]

    def input_bounds(self, node: Node) -> list[Bounds]:
        """Proven ranges of a node's inputs."""
        return [self.bounds[name] for name in node.inputs]

    def layer_nodes(self, layer: str) -> list[Node]:
        """The nodes that make up one layer."""
        return [node for node in self.nodes if node.layer == layer]

    def cost(self, layer: str) -> Cost:
        """What one inference of one layer costs."""
        return sum((node.operation.cost(self.input_types(node)) for node in self.layer_nodes(layer)), Cost())


class DataflowBuilder:
    """Collects nodes while layers are lowered one after the other."""

    def __init__(self) -> None:
        self.sources: dict[str, TensorType] = {}
        self.types: dict[str, TensorType] = {}
        self.bounds: dict[str, Bounds] = {}
        self._nodes: list[Node] = []
        self._layers: list[Layer] = []

    def source(self, name: str, tensor: TensorType) -> str:
        """Add a network input."""
        self.sources[name] = self.types[name] = tensor
        self.bounds[name] = Bounds.of(tensor)
        return name

    def add(self, layer: str, suffix: str, operation: Operation, *inputs: str) -> str:
        """Add a node to a layer and give its name, `layer.suffix` or with a number: that of its first result."""
        name, number = f"{layer}.{suffix}", 2
        while name in self.types:
            name, number = f"{layer}.{suffix}{number}", number + 1
        node = Node(name, operation, inputs, layer)
        types, bounds = [self.types[source] for source in inputs], [self.bounds[source] for source in inputs]
        results, proven = operation.outputs(types), operation.bounds(types, bounds)
        self._nodes.append(node)
        self.types.update(zip(node.results, results, strict=True))
        self.bounds.update(zip(node.results, proven, strict=True))
        return node.name

    def layer(self, layer: Layer) -> None:
        """Close a layer."""
        self._layers.append(layer)

    def build(self, inputs: Sequence[str], outputs: Sequence[str]) -> Dataflow:
        """The finished graph, its sources in the order of `inputs`."""
        sources = {name: self.sources[name] for name in inputs}
        return Dataflow(sources, tuple(self._nodes), tuple(outputs), tuple(self._layers))
