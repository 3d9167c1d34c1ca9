"""`Elementwise` in hardware."""

from netloom.errors import LayerNotSupportedError
from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.mapping import OperationMapping
from netloom.firmware.map.sliding import repeated
from netloom.firmware.units.elements.elementwise import ElementwiseUnit
from netloom.hls.dataflow import Elementwise, Node


def _lay_out(builder: DesignBuilder, node: Node, operation: Elementwise) -> None:
    """Two streams in step; one with a last axis of 1 is replayed along that of the other."""
    tensors = builder.dataflow.input_types(node)
    result = builder.dataflow.types[node.name]
    axis = result.shape[-1]
    sources = [builder.take(name) for name in node.inputs]
    wide = [source for source, tensor in zip(sources, tensors, strict=True) if tensor.shape == result.shape]
    if not wide or any(t.shape not in (result.shape, (*result.shape[:-1], 1)) for t in tensors):
        raise LayerNotSupportedError(
            f"layer {node.layer!r}: shapes {tensors[0].shape} and {tensors[1].shape} do not meet in hardware; only the "
            "last axis may be 1"
        )
    lanes = max(source.lanes for source in wide)
    size = result.size if len(wide) == 2 else axis
    lanes = builder.lanes_within(size, lanes, lambda lanes: result.size // lanes)
    streams = []
    for source, tensor in zip(sources, tensors, strict=True):
        if tensor.shape == result.shape:
            streams.append(builder.with_lanes(node, source, lanes))
        else:
            single = builder.with_lanes(node, source, 1)
            streams.append(repeated(builder, node, single, single.beats, 1, axis // lanes, "repeat"))
    first, second = streams
    builder.compute(node, lambda name: ElementwiseUnit(name, first, second, operation, target=builder.target))


ELEMENTWISE = OperationMapping(_lay_out)
