"""`Pool` in hardware."""

from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.mapping import OperationMapping, order_matters
from netloom.firmware.map.sliding import channel_windows, columns
from netloom.firmware.units.windows.geometry import Geometry
from netloom.firmware.units.windows.pool import PoolUnit
from netloom.hls.dataflow import Node, Pool


def _lay_out(builder: DesignBuilder, node: Node, operation: Pool) -> None:
    """Pooling: columns, windows, and the maximum or sum over each."""
    source = builder.take(node.inputs[0])
    geometry = Geometry.of(operation, builder.dataflow.types[node.inputs[0]].shape)

    def beats(lanes: int) -> int:
        slices = geometry.channels // lanes
        return max(geometry.beats_in(lanes), geometry.positions * geometry.kernel[1] * slices)

    lanes = builder.lanes_within(geometry.channels, source.lanes, beats)
    stream = columns(builder, node, source, geometry, lanes)
    stream = channel_windows(builder, node, stream, geometry, lanes)
    types, bounds = builder.dataflow.input_types(node), builder.dataflow.input_bounds(node)
    saturates = order_matters(operation, types, bounds)
    in_two_axes = Pool(operation.function, geometry.kernel, geometry.stride, operation.accum, operation.summation)
    builder.compute(node, lambda name: PoolUnit(name, stream, in_two_axes, saturates, target=builder.target))


POOL = OperationMapping(_lay_out)
