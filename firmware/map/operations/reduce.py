"""`Reduce` in hardware."""

from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.mapping import OperationMapping, order_matters
from netloom.firmware.units.elements.reduce import ReduceUnit, required_lanes
from netloom.hls.dataflow import Bounds, Node, Reduce, TensorType


def _lay_out(builder: DesignBuilder, node: Node, operation: Reduce) -> None:
    source = builder.take(node.inputs[0])
    tensor, bounds = builder.dataflow.input_types(node)[0], builder.dataflow.input_bounds(node)[0]
    size = tensor.shape[-1]
    # One unit has all groups.
    of_any = Bounds(bounds.low.reshape(-1, size).min(axis=0), bounds.high.reshape(-1, size).max(axis=0))
    saturates = order_matters(operation, [TensorType((size,), tensor.element)], [of_any])
    required = required_lanes(operation, size, saturates)
    lanes = required or builder.lanes_within(size, source.lanes, lambda lanes: tensor.size // lanes)
    stream = builder.with_lanes(node, source, lanes)
    builder.compute(node, lambda name: ReduceUnit(name, stream, operation, size, saturates))


REDUCE = OperationMapping(_lay_out)
