"""`Gather` in hardware: rows of a constant table."""

from netloom.errors import LayerNotSupportedError
from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.mapping import OperationMapping
from netloom.firmware.map.sliding import repeated
from netloom.firmware.units.memories.gather import GatherUnit
from netloom.hls.dataflow import Gather, Node


def _lay_out(builder: DesignBuilder, node: Node, operation: Gather) -> None:
    """Indices one by one, each as often as a row has beats, and the table."""
    table, element = operation.table, operation.element
    if table is None or element is None:
        raise LayerNotSupportedError(
            f"layer {node.layer!r}: rows of a tensor that changes have no hardware unit yet; use the C++ project for it"
        )
    rows = table.reshape(len(table), -1)
    size, length = builder.dataflow.types[node.name].size, rows.shape[1]
    lanes = builder.lanes_within(length, 1, lambda lanes: size // lanes)
    indices = builder.with_lanes(node, builder.take(node.inputs[0]), 1)
    indices = repeated(builder, node, indices, indices.beats, 1, length // lanes)
    builder.compute(node, lambda name: GatherUnit(name, indices, rows, element, lanes, target=builder.target))


GATHER = OperationMapping(_lay_out)
