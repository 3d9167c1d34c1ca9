"""`channels_first`: nodes of qonnx's domain of channels last, as plain ONNX nodes between two `Transpose` nodes."""

from typing import Any

import onnx
from onnx import helper

from netloom.errors import LayerNotSupportedError

CHANNELS_LAST = "qonnx.custom_op.channels_last"
OPERATORS = ("BatchNormalization", "Conv", "MaxPool")
"""All of that domain: `ConvertToChannelsLastAndClean` puts them there, and hls4ml wants them so."""

_KEEPING = frozenset(
    "Add BipolarQuant Clip Concat DequantizeLinear Div Dropout Elu HardSigmoid Identity IntQuant LeakyRelu Mul"
    " MultiThreshold PRelu Quant QuantizeLinear Relu Selu Sigmoid Sub Tanh Trunc".split()
)
"""Operators whose result has as many axes as their input, besides."""


def channels_first(model: onnx.ModelProto) -> None:
    """Put a plain node for each of that domain; the builder has no layer for the `Transpose` nodes around it.

    Before shapes are inferred: qonnx infers those of that domain by filling arrays of them.

    Args:
        model: changed.

    Raises:
        LayerNotSupportedError: naming a node, if it is not known how many axes its input has.
    """
    ranks = [_rank(model, node) if node.domain == CHANNELS_LAST else 0 for node in model.graph.node]
    nodes: list[Any] = []
    for node, rank in zip(model.graph.node, ranks, strict=True):
        nodes.extend(_plain(node, rank) if rank else [node])
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _plain(node: Any, rank: int) -> list[Any]:
    node.domain, result = "", node.output[0]
    # The second input of a convolution is its kernel, (filters, *size, channels).
    moved = node.input[: 2 if node.op_type == "Conv" else 1]
    first, last = [0, rank - 1, *range(1, rank - 1)], [0, *range(2, rank), 1]
    before = [helper.make_node("Transpose", [name], [f"{name}_{result}_first"], perm=first) for name in moved]
    for index, one in enumerate(before):
        node.input[index] = one.output[0]
    node.output[0] = f"{result}_first"
    return [*before, node, helper.make_node("Transpose", [node.output[0]], [result], perm=last)]


def _rank(model: onnx.ModelProto, node: Any) -> int:
    """How many axes a node's input has: by its window, or by what leads to it and keeps them."""
    made = {name: one for one in model.graph.node for name in one.output}
    known = {one.name: len(one.type.tensor_type.shape.dim) for one in model.graph.input}
    constants = {one.name for one in model.graph.initializer}
    one, rank = node, 0
    for _ in model.graph.node:
        given = {attribute.name: len(attribute.ints) for attribute in one.attribute}
        names = [name for name in one.input if name not in constants]
        rank = given["kernel_shape"] + 2 if "kernel_shape" in given else given.get("perm", 0)
        if rank or not names or one.op_type not in {*_KEEPING, *OPERATORS}:
            break
        rank = known.get(names[0], 0)
        if rank or names[0] not in made:
            break
        one = made[names[0]]
    if rank not in (3, 4) or not node.output:
        raise LayerNotSupportedError(
            f"node {node.name or node.op_type!r}: of qonnx's channels last, but its input is no sequence and no picture"
            " that is known to be one; leave qonnx-to-channels-last out"
        )
    return rank
