"""`Permute` in hardware."""

from collections.abc import Sequence
from dataclasses import replace

from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.folding.fold import divisors
from netloom.firmware.map.mapping import OperationMapping
from netloom.firmware.stream import Stream
from netloom.firmware.units.elements.permute import PermuteUnit, widest_lanes
from netloom.hls.dataflow import Node, Permute


def lay_out_permute(builder: DesignBuilder, node: Node, operation: Permute) -> None:
    """Nothing at all for a reshape; else a buffer that is written in one order and read in another."""
    tensors = builder.dataflow.input_types(node)
    sources = [builder.take(name) for name in node.inputs]
    if len(tensors) == 1 and operation.reshapes([tensors[0].size]):
        builder.give(node, sources[0])
        return
    lanes = _lanes(operation, [tensor.size for tensor in tensors], builder.interval)
    streams = tuple(builder.with_lanes(node, source, lanes) for source in sources)
    builder.compute(node, lambda name: PermuteUnit(name, streams, operation, target=builder.target))


def permuted(builder: DesignBuilder, node: Node, source: Stream, order: Permute, samples: int = 1) -> Stream:
    """A stream in another order, by a unit in front of or behind a node's own, of some samples at a time."""
    lanes = _lanes(order, [order.indices.size], builder.interval * samples)
    stream = builder.with_lanes(node, source, lanes)
    stream = replace(stream, beats=stream.beats * samples)
    moved = builder.add(
        node,
        f"{node.name}_order",
        lambda name: PermuteUnit(name, (stream,), order, target=builder.target),
        samples=samples,
    )
    return replace(moved, beats=moved.beats // samples)


def _lanes(operation: Permute, sizes: Sequence[int], interval: int) -> int:
    """The least lanes that move inputs of some sizes in an interval, or the most there can be."""
    choices = divisors(widest_lanes(operation, sizes))
    size = max(operation.indices.size, *sizes)
    return next((lanes for lanes in choices if size // lanes <= interval), choices[-1])


PERMUTE = OperationMapping(lay_out_permute)
