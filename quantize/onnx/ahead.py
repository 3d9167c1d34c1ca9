"""`quantizers_ahead`: an input's quantizer before the nodes that only move its elements."""

from typing import Any

from netloom.quantize.onnx.attributes import attributes
from netloom.quantize.onnx.quant import QUANT_OPERATORS

_MOVES = ("Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
_SCALES = ("Add", "Div", "Mul", "Sub")
_QUANTIZERS = ("BipolarQuant", *QUANT_OPERATORS)


def quantizers_ahead(wrapped: Any) -> None:
    """Where moves, and sums and products with one number, lead from an input to a quantizer, put the moves last.

    Each element's value is the same; and it is quantized where it enters, by the host or by the hardware's first type.
    A ReLU before a quantizer that gives nothing below 0 is left out.

    Args:
        wrapped: the graph, its constants folded; changed.
    """
    for source in wrapped.graph.input:
        chain = _chain(wrapped, source.name)
        moves = [node for node in chain if node.op_type in _MOVES]
        first = [node for node in chain if node.op_type not in (*_MOVES, "Relu")]
        if first != chain:
            _reorder(wrapped, source.name, chain, first + moves)


def _chain(wrapped: Any, name: str) -> list[Any]:
    """The nodes from an input to its quantizer, each the only reader of the one before; none if there is no such."""
    found: list[Any] = []
    outputs, relu = [value.name for value in wrapped.graph.output], False
    while True:
        readers = [node for node in wrapped.graph.node if name in node.input]
        if len(readers) != 1 or name in outputs or list(readers[0].input).count(name) > 1:
            return []
        node = readers[0]
        others = [wrapped.get_initializer(one) for one in node.input if one != name]
        if any(other is None for other in others):
            return []
        if node.op_type in _QUANTIZERS:
            ready = all(other.size == 1 for other in others) and (_is_unsigned(node, others) or not relu)
            return [*found, node] if ready else []
        rank = len(wrapped.get_tensor_shape(name))
        single = node.op_type in _SCALES and all(other.size == 1 and other.ndim <= rank for other in others)
        relu = relu or node.op_type == "Relu"
        if node.op_type not in (*_MOVES, "Relu") and (not single or relu):
            return []
        found.append(node)
        name = node.output[0]


def _is_unsigned(node: Any, constants: list[Any]) -> bool:
    """Whether a quantizer gives 0 for all that is below."""
    return node.op_type in QUANT_OPERATORS and not attributes(node).get("signed", 1) and not constants[1].any()


def _reorder(wrapped: Any, name: str, before: list[Any], after: list[Any]) -> None:
    """The nodes of a chain in another order, or fewer of them, under the same names."""
    places = sorted(list(wrapped.graph.node).index(node) for node in before)
    given = [name, *(node.output[0] for node in before)]
    data = {id(node): list(node.input).index(one) for node, one in zip(before, given, strict=False)}
    shape = wrapped.get_tensor_shape(name)
    nodes = []
    for node in after:
        shape = wrapped.get_tensor_shape(node.output[0]) if node.op_type in _MOVES else shape
        copy = type(node)()
        copy.CopyFrom(node)
        copy.input[data[id(node)]] = name
        name = given[-1] if node is after[-1] else f"{node.output[0]}_ahead"
        copy.output[0] = name
        wrapped.set_tensor_shape(name, shape)
        nodes.append(copy)
    for place, node in zip(places, nodes, strict=False):
        wrapped.graph.node[place].CopyFrom(node)
    for place in reversed(places[len(nodes) :]):
        del wrapped.graph.node[place]
