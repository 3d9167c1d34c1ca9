"""`whole_constants`: quantized constants whose steps are no powers of two, as whole numbers and their steps."""

from typing import Any

import numpy as np

from netloom.quantize.onnx.attributes import attributes
from netloom.quantize.onnx.quant import QUANT_OPERATORS, QuantNode, check_scale, is_power_of_two

_MOVES = ("Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten")


def whole_constants(wrapped: Any, steps: dict[str, np.ndarray]) -> None:
    """Fold the quantizers of constants, and what moves those.

    A constant whose steps are powers of two gets its values, which are exact then; one with other steps its whole
    numbers.

    Args:
        wrapped: the graph, its quantizers `Quant` nodes; changed.
        steps: of the latter, by the constant's name, shaped as it is; gets those that are found.

    Raises:
        QuantizerNotSupportedError: naming a node that is no quantizer.
    """
    for node in list(wrapped.graph.node):
        found = _folded(wrapped, node, steps)
        if found is not None:
            _settle(wrapped, node, *found, steps)
        elif all(wrapped.get_initializer(name) is not None for name in node.input if name):
            # It is folded next, with values.
            for name in [name for name in node.input if name in steps]:
                wrapped.set_initializer(name, (wrapped.get_initializer(name) * steps.pop(name)).astype(np.float32))


def _settle(wrapped: Any, node: Any, raws: np.ndarray, scale: np.ndarray, steps: dict[str, np.ndarray]) -> None:
    """A node's result as a constant."""
    if is_power_of_two(scale):
        raws = raws * scale
    else:
        steps[node.output[0]] = np.broadcast_to(scale, raws.shape)
    wrapped.set_initializer(node.output[0], raws.astype(np.float32))
    wrapped.graph.node.remove(node)


def _folded(wrapped: Any, node: Any, steps: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray] | None:
    """Whole numbers and their steps; None of a node that is left as it is."""
    data = wrapped.get_initializer(node.input[0]) if node.input else None
    if data is None:
        return None
    if node.op_type in _MOVES and node.input[0] in steps:
        return _moved(wrapped, node, data), _moved(wrapped, node, steps[node.input[0]])
    if node.input[0] in steps:
        data = data * steps[node.input[0]]
    if node.op_type in QUANT_OPERATORS:
        constants = [np.asarray(wrapped.get_initializer(name), np.float64) for name in node.input[1:4]]
        quant = QuantNode.of(str(node.name or node.output[0]), attributes(node), constants)
        return _quantized(data, quant), quant.scale
    if node.op_type == "BipolarQuant":
        scale = np.asarray(wrapped.get_initializer(node.input[1]), np.float64)
        check_scale(str(node.name or node.output[0]), scale)
        return np.where(data >= 0, 1.0, -1.0), scale
    return None


def _quantized(values: np.ndarray, quant: QuantNode) -> np.ndarray:
    """What qonnx's executor makes of constants, in units of the scale."""
    from qonnx.custom_op.general.intquant import int_quant

    result = int_quant(
        values.astype(np.float32),
        quant.scale.astype(np.float32),
        np.float32(quant.zero_point),
        np.float32(quant.bits),
        quant.signed,
        quant.narrow,
        quant.rounding,
    )
    whole = np.rint(result.astype(np.float64) / quant.scale + quant.zero_point)
    return np.asarray(whole - quant.zero_point)


def _moved(wrapped: Any, node: Any, values: np.ndarray) -> np.ndarray:
    if node.op_type == "Transpose":
        return np.transpose(values, attributes(node).get("perm"))
    return np.reshape(values, wrapped.get_tensor_shape(node.output[0]))


def dequantized_constants(wrapped: Any) -> dict[str, np.ndarray]:
    """Fold each `DequantizeLinear` of a constant; zero points that are left out are put in.

    qonnx's own pass takes a zero point from int8 in int8, which wraps, and does not know that it may be left out.

    Args:
        wrapped: the graph; changed.

    Returns:
        As `whole_constants` has them.

    Raises:
        QuantizerNotSupportedError: naming a node whose scale is none.
    """
    steps: dict[str, np.ndarray] = {}
    for node in list(wrapped.graph.node):
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            continue
        if len(node.input) == 2:
            node.input.append(f"{node.output[0]}_zero_point")
            wrapped.set_initializer(node.input[2], np.zeros((), _kind(wrapped, node)))
        values, scale, point = (wrapped.get_initializer(name) for name in node.input)
        if scale is not None:
            check_scale(str(node.name or node.output[0]), scale)
        if node.op_type == "QuantizeLinear" or values is None or scale is None or point is None:
            continue
        shape = [1] * values.ndim
        if scale.size > 1:
            shape[attributes(node).get("axis", 1)] = scale.size
            scale, point = (np.reshape(np.broadcast_to(one, scale.shape), shape) for one in (scale, point))
        _settle(wrapped, node, values.astype(np.float64) - point, scale.astype(np.float64), steps)
    return steps


def _kind(wrapped: Any, node: Any) -> Any:
    values = wrapped.get_initializer(node.input[0])
    return np.uint8 if values is None else values.dtype
