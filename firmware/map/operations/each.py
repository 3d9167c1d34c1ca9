"""`on_each`: operations on single elements, whatever the tensor's shape."""

from collections.abc import Callable
from typing import Any

from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.mapping import OperationMapping
from netloom.firmware.stream import Stream
from netloom.firmware.units.unit import Unit
from netloom.hls.dataflow import Node


def on_each(make: Callable[[str, Stream, Any, DesignBuilder], Unit]) -> OperationMapping:
    """One unit, from its name, its input, the operation and the builder: as many lanes as arrive, or as the interval
    asks for."""

    def lay_out(builder: DesignBuilder, node: Node, operation: Any) -> None:
        source = builder.take(node.inputs[0])
        tensor = builder.dataflow.types[node.name]
        lanes = builder.lanes_within(tensor.size, source.lanes, lambda lanes: tensor.size // lanes)
        stream = builder.with_lanes(node, source, lanes)
        builder.compute(node, lambda name: make(name, stream, operation, builder))

    return OperationMapping(lay_out)
