"""`plan_design`: from the dataflow graph to hardware units, node by node."""

from collections.abc import Callable, Mapping

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.firmware.design import Design
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.map.buffers import sized
from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.folding import Folding, divisors, products
from netloom.firmware.map.operations.products import plan_product
from netloom.firmware.map.operations.windows import plan_pool
from netloom.firmware.stream import Stream
from netloom.firmware.units.elements.cast import CastUnit
from netloom.firmware.units.elements.clamp import ClampUnit
from netloom.firmware.units.elements.divide import DivideUnit
from netloom.firmware.units.elements.elementwise import ElementwiseUnit
from netloom.firmware.units.elements.lookup import LookupUnit
from netloom.firmware.units.elements.permute import PermuteUnit, widest_lanes
from netloom.firmware.units.elements.reduce import ReduceUnit, required_lanes
from netloom.firmware.units.unit import Unit
from netloom.firmware.units.windows.replay_buffer import ReplayBuffer
from netloom.hls.dataflow import (
    Cast,
    Clamp,
    Dataflow,
    Divide,
    Elementwise,
    Lookup,
    Node,
    Permute,
    Pool,
    Reduce,
    Window,
)


def plan_design(
    dataflow: Dataflow, folding: Folding, target: Family = GENERIC, dsps: Mapping[str, int] | None = None
) -> Design:
    """Lay a network out in hardware units.

    Args:
        dataflow: the network.
        folding: of every product: `fold_for_interval`, `fold_for_reuse`, or `fit`.
        target: the device family.
        dsps: node name -> how many of its multipliers sit in DSP blocks; see `share_dsps`. None is all of them.

    Returns:
        The design, its buffers sized so that it cannot deadlock and keeps its pace.

    Raises:
        LayerNotSupportedError: for an operation with no hardware unit.
        DeadlockError: never, unless a unit is wrong.
    """
    return sized(lay_out(dataflow, folding, target, dsps))


def lay_out(dataflow: Dataflow, folding: Folding, target: Family, dsps: Mapping[str, int] | None = None) -> Design:
    """`plan_design`, with FIFOs behind forks still as deep as a whole tensor."""
    if dsps is None:
        dsps = {name: fold.multipliers for name, fold in folding.items()}
    builder = DesignBuilder(dataflow, folding, target, dict(dsps))
    by_node = {product.node.name: product for product in products(dataflow)}
    window_sources = {
        product.node.inputs[0]: _node(dataflow, product.node.inputs[0]).inputs[0]
        for product in by_node.values()
        if product.geometry is not None
    }
    for node in dataflow.nodes:
        if node.name in window_sources:
            continue
        if node.name in by_node:
            plan_product(builder, by_node[node.name], window_sources.get(node.inputs[0]))
        else:
            _plan_node(builder, node)
    return builder.build()


def _node(dataflow: Dataflow, name: str) -> Node:
    return next(node for node in dataflow.nodes if node.name == name)


def _plan_node(builder: DesignBuilder, node: Node) -> None:
    operation = node.operation
    match operation:
        case Pool():
            plan_pool(builder, node, operation)
        case Cast():
            _plan_map(builder, node, lambda name, stream: CastUnit(name, stream, operation.to))
        case Clamp():
            _plan_map(builder, node, lambda name, stream: ClampUnit(name, stream, operation))
        case Divide():
            _plan_map(builder, node, lambda name, stream: DivideUnit(name, stream, operation))
        case Lookup():
            _plan_map(builder, node, lambda name, stream: LookupUnit(name, stream, operation, builder.target))
        case Elementwise():
            _plan_elementwise(builder, node, operation)
        case Reduce():
            _plan_reduce(builder, node, operation)
        case Permute():
            _plan_permute(builder, node, operation)
        case Window():
            # Gathered in the order in which a saturating accumulator must meet it.
            tensor = builder.dataflow.types[node.inputs[0]]
            index = 1 + np.arange(tensor.size).reshape(1, *tensor.shape)
            kernel = operation.kernel([tensor], builder.dataflow.input_bounds(node), np.int64)
            _plan_permute(builder, node, Permute(kernel([index])[0] - 1))
        case _:
            raise LayerNotSupportedError(
                f"layer {node.layer!r}: {type(operation).__name__} has no hardware unit yet; use the C++ project for it"
            )


def _plan_map(builder: DesignBuilder, node: Node, make: Callable[[str, Stream], Unit]) -> None:
    """An operation on each element: as many lanes as arrive, or as the interval asks for."""
    source = builder.take(node.inputs[0])
    tensor = builder.dataflow.types[node.name]
    lanes = builder.lanes_within(tensor.size, source.lanes, lambda lanes: tensor.size // lanes)
    stream = builder.with_lanes(node, source, lanes)
    builder.compute(node, lambda name: make(name, stream))


def _plan_elementwise(builder: DesignBuilder, node: Node, operation: Elementwise) -> None:
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
            streams.append(_broadcast(builder, node, source, axis // lanes))
    first, second = streams
    builder.compute(node, lambda name: ElementwiseUnit(name, first, second, operation, builder.target))


def _broadcast(builder: DesignBuilder, node: Node, source: Stream, repeats: int) -> Stream:
    """One element after the other, each `repeats` times."""
    stream = builder.with_lanes(node, source, 1)
    if repeats == 1:
        return stream
    return builder.add(
        node,
        f"{node.name}_repeat",
        lambda name: ReplayBuffer(
            name,
            stream,
            rows=stream.beats,
            groups=1,
            row_words=1,
            step=1,
            words=1,
            word_stride=1,
            repeats=repeats,
            repeat_stride=0,
            target=builder.target,
        ),
    )


def _plan_reduce(builder: DesignBuilder, node: Node, operation: Reduce) -> None:
    source = builder.take(node.inputs[0])
    tensor, bounds = builder.dataflow.input_types(node)[0], builder.dataflow.input_bounds(node)[0]
    size = tensor.shape[-1]
    required = required_lanes(operation, tensor.element, bounds, size)
    lanes = required or builder.lanes_within(size, source.lanes, lambda lanes: tensor.size // lanes)
    stream = builder.with_lanes(node, source, lanes)
    builder.compute(node, lambda name: ReduceUnit(name, stream, operation, size, bounds))


def _plan_permute(builder: DesignBuilder, node: Node, operation: Permute) -> None:
    """Nothing at all for a reshape; else a buffer that is written in one order and read in another."""
    tensors = builder.dataflow.input_types(node)
    sources = [builder.take(name) for name in node.inputs]
    if operation.in_order and len(sources) == 1 and operation.indices.size == tensors[0].size:
        builder.give(node, sources[0])
        return
    size = max(operation.indices.size, *(tensor.size for tensor in tensors))
    choices = divisors(widest_lanes(operation, [tensor.size for tensor in tensors]))
    lanes = next((lanes for lanes in choices if size // lanes <= builder.interval), choices[-1])
    streams = tuple(builder.with_lanes(node, source, lanes) for source in sources)
    builder.compute(node, lambda name: PermuteUnit(name, streams, operation, builder.target))
