"""`Reduce` in hardware."""

from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.mapping import OperationMapping
from netloom.firmware.units.elements.reduce import ReduceUnit, required_lanes
from netloom.hls.dataflow import Node, Reduce


def _lay_out(builder: DesignBuilder, node: Node, operation: Reduce) -> None:
    source = builder.take(node.inputs[0])
    tensor, bounds = builder.dataflow.input_types(node)[0], builder.dataflow.input_bounds(node)[0]
    size = tensor.shape[-1]
    required = required_lanes(operation, tensor.element, bounds, size)
    lanes = required or builder.lanes_within(size, source.lanes, lambda lanes: tensor.size // lanes)
    stream = builder.with_lanes(node, source, lanes)
    builder.compute(node, lambda name: ReduceUnit(name, stream, operation, size, bounds))


REDUCE = OperationMapping(_lay_out)
