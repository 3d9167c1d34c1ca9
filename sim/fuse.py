"""Rewrites of the dataflow graph that make its simulation faster and change no number.

An ordered list of passes, each graph in, graph out. Only the network's outputs are kept: traces run the graph as it is.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from netloom.fixed_point import Overflow
from netloom.hls.dataflow import (
    Cast,
    Clamp,
    Dataflow,
    DepthwiseMatVec,
    MatVec,
    Node,
    Permute,
    Pool,
    PoolFunction,
    Window,
)
from netloom.sim.depthwise_convolution import DepthwiseConvolution

GROUP_COLUMNS = 48
"""Columns a grouped matrix should have: BLAS is far from its peak with fewer."""

MAX_GROWTH = 2.0
"""How many times as many multiplications a grouped convolution may take."""


GroupSize = Callable[[Dataflow, Node, Node], int]
"""Into how many positions of a row a convolution is taken at a time: a divisor of the row's length."""


def fused(dataflow: Dataflow) -> Dataflow:
    """The same network with fewer or larger operations."""
    for rewrite in PASSES:
        dataflow = rewrite(dataflow)
    return dataflow


def drop_idle_clamps(dataflow: Dataflow) -> Dataflow:
    """ReLU before an unsigned saturating type does nothing that the type does not do anyway."""
    nodes = {node.name: node for node in dataflow.nodes}
    uses = _uses(dataflow)
    skipped: dict[str, str] = {}
    for node in dataflow.nodes:
        source = nodes.get(node.inputs[0])
        if (
            isinstance(node.operation, Cast)
            and not node.operation.to.signed
            and node.operation.to.overflow is Overflow.SAT
            and source is not None
            and source.operation == Clamp(0)
            and uses[source.name] == 1
        ):
            skipped[source.name] = source.inputs[0]
    return _rebuilt(dataflow, [_reading(node, skipped) for node in dataflow.nodes if node.name not in skipped])


def pool_first(dataflow: Dataflow) -> Dataflow:
    """A maximum over windows commutes with monotone functions: take it first, and there is less left to cast."""
    nodes = list(dataflow.nodes)
    moved = True
    while moved:
        moved = False
        index_of = {node.name: index for index, node in enumerate(nodes)}
        uses = _uses(_rebuilt(dataflow, nodes))
        for node in nodes:
            at = index_of.get(node.inputs[0], -1)
            if not (isinstance(node.operation, Pool) and node.operation.function is PoolFunction.MAX) or at < 0:
                continue
            source = nodes[at]
            if uses[source.name] == 1 and _monotone(dataflow, source):
                # The two keep each other's names, so that whoever reads the pool now reads the function of it.
                nodes[at] = replace(node, name=source.name, inputs=source.inputs)
                nodes[index_of[node.name]] = replace(source, name=node.name, inputs=(source.name,))
                moved = True
                break
    return _rebuilt(dataflow, nodes)


def _monotone(dataflow: Dataflow, node: Node) -> bool:
    """Whether a greater input never gives a smaller result."""
    if isinstance(node.operation, Clamp):
        return True
    if not isinstance(node.operation, Cast):
        return False
    saturating = node.operation.to.overflow in (Overflow.SAT, Overflow.SAT_SYM)
    original = next(other for other in dataflow.nodes if other.operation is node.operation)
    return saturating or not node.operation.may_overflow(
        dataflow.input_types(original), dataflow.input_bounds(original)
    )


def group_windows(dataflow: Dataflow, size: GroupSize | None = None) -> Dataflow:
    """Let a convolution compute several neighbouring positions in one matrix product.

    A window wide enough for `group` positions, times a matrix that holds the kernel `group` times, each shifted by one
    stride: fewer elements are copied, and the product has more columns. The added weights are zeros.

    Args:
        dataflow: the graph.
        size: how many positions, of the windows and the product; what suits BLAS if left out.
    """
    uses = _uses(dataflow)
    windows = {node.name: node for node in dataflow.nodes if isinstance(node.operation, Window)}
    nodes: list[Node] = []
    grouped: set[str] = set()
    for node in dataflow.nodes:
        source = windows.get(node.inputs[0])
        if source is not None and uses[source.name] == 1 and isinstance(node.operation, MatVec):
            group = (size or _group_size)(dataflow, source, node) if _can_be_grouped(dataflow, source, node) else 1
            if group > 1:
                nodes = [other for other in nodes if other.name != source.name]
                nodes += _grouped(dataflow, source, node, group)
                grouped.add(source.name)
                continue
        nodes.append(node)
    return _rebuilt(dataflow, nodes)


def _can_be_grouped(dataflow: Dataflow, window: Node, product: Node) -> bool:
    operation, view = product.operation, window.operation
    assert isinstance(operation, MatVec) and isinstance(view, Window)
    in_order = operation.takes_terms_in_order(dataflow.input_types(product), dataflow.input_bounds(product))
    return not in_order and view.dilation[-1] == 1


def _group_size(dataflow: Dataflow, window: Node, product: Node) -> int:
    """The smallest divisor of the row length that fills `GROUP_COLUMNS`, within `MAX_GROWTH`."""
    operation, view = product.operation, window.operation
    assert isinstance(operation, MatVec) and isinstance(view, Window)
    width, kernel, stride = dataflow.types[window.name].shape[-2], view.kernel_size[-1], view.stride[-1]
    best = 1
    for group in range(2, width + 1):
        if width % group or (kernel + (group - 1) * stride) / kernel > MAX_GROWTH:
            continue
        best = group
        if group * operation.weights.shape[1] >= GROUP_COLUMNS:
            break
    return best


def _grouped(dataflow: Dataflow, window: Node, product: Node, group: int) -> list[Node]:
    operation, view = product.operation, window.operation
    assert isinstance(operation, MatVec) and isinstance(view, Window)
    *rows, kernel = view.kernel_size
    *row_strides, stride = view.stride
    channels = dataflow.types[window.inputs[0]].shape[-1]
    filters = operation.weights.shape[1]
    wide = kernel + (group - 1) * stride
    weights = np.zeros((int(np.prod(rows)), wide, channels, group, filters), dtype=np.int64)
    single = operation.weights.reshape(-1, kernel, channels, filters)
    for position in range(group):
        weights[:, position * stride : position * stride + kernel, :, position, :] = single
    shape = dataflow.types[product.name].shape
    return [
        replace(window, operation=Window((*rows, wide), (*row_strides, stride * group), view.padding, view.dilation)),
        Node(
            f"{product.name}.grouped",
            replace(
                operation,
                weights=weights.reshape(-1, group * filters),
                bias=np.tile(operation.bias, group),
            ),
            product.inputs,
            product.layer,
        ),
        Node(
            product.name,
            Permute(np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)),
            (f"{product.name}.grouped",),
            product.layer,
        ),
    ]


def join_depthwise(dataflow: Dataflow) -> Dataflow:
    """A depthwise convolution reads the picture itself where nothing else needs its windows."""
    uses = _uses(dataflow)
    windows = {node.name: node for node in dataflow.nodes if isinstance(node.operation, Window)}
    joined: dict[str, Node] = {}
    for node in dataflow.nodes:
        source = windows.get(node.inputs[0])
        if source is None or uses[source.name] > 1 or not isinstance(node.operation, DepthwiseMatVec):
            continue
        assert isinstance(source.operation, Window)
        in_order = node.operation.takes_terms_in_order(dataflow.input_types(node), dataflow.input_bounds(node))
        if not in_order and max(source.operation.dilation) == 1:
            operation = DepthwiseConvolution(source.operation, node.operation)
            joined[source.name] = replace(node, operation=operation, inputs=source.inputs)
    replaced = {node.name for node in joined.values()}
    nodes = [joined.get(node.name, node) for node in dataflow.nodes if node.name not in replaced]
    return _rebuilt(dataflow, nodes)


def _uses(dataflow: Dataflow) -> Counter[str]:
    """How often each result is read, the network's outputs included."""
    return Counter([name for node in dataflow.nodes for name in node.inputs] + list(dataflow.outputs))


def _reading(node: Node, instead: dict[str, str]) -> Node:
    return replace(node, inputs=tuple(instead.get(name, name) for name in node.inputs))


def _rebuilt(dataflow: Dataflow, nodes: list[Node]) -> Dataflow:
    return Dataflow(dataflow.sources, tuple(nodes), dataflow.outputs, ())


PASSES: tuple[Callable[[Dataflow], Dataflow], ...] = (drop_idle_clamps, pool_first, group_windows, join_depthwise)
