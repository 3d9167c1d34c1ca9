"""`whole_constants`: quantized constants whose steps are no powers of two, as whole numbers and their steps."""

from typing import Any

import numpy as np
from onnx import helper

from netloom.quantize.onnx.graph import attributes
from netloom.quantize.onnx.quant import QUANT_OPERATORS, QuantNode, check_scale, is_power_of_two

_MOVES = ("Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten")


def whole_constants(wrapped: Any) -> dict[str, np.ndarray]:
    """Fold the quantizers of constants, and what moves those.

    A constant whose steps are powers of two gets its values, which are exact then; one with other steps its whole
    numbers.

    Args:
        wrapped: the graph, its quantizers `Quant` nodes; changed.

    Returns:
        The steps of the latter, by the constant's name, shaped as it is.

    Raises:
        QuantizerNotSupportedError: naming a node that is no quantizer.
    """
    steps: dict[str, np.ndarray] = {}
    for node in list(wrapped.graph.node):
        found = _folded(wrapped, node, steps)
        if found is not None:
            values, step = found
            if step is not None:
                steps[node.output[0]] = np.broadcast_to(step, values.shape)
            wrapped.set_initializer(node.output[0], values.astype(np.float32))
            wrapped.graph.node.remove(node)
        elif all(wrapped.get_initializer(name) is not None for name in node.input if name):
            # It is folded next, with values.
            for name in [name for name in node.input if name in steps]:
                wrapped.set_initializer(name, (wrapped.get_initializer(name) * steps.pop(name)).astype(np.float32))
    return steps


def _folded(wrapped: Any, node: Any, steps: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray | None] | None:
    """Values, or whole numbers and their steps; None of a node that is left as it is."""
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
        raws, scale = _quantized(data, quant), quant.scale
    elif node.op_type == "BipolarQuant":
        scale = np.asarray(wrapped.get_initializer(node.input[1]), np.float64)
        check_scale(str(node.name or node.output[0]), scale)
        raws = np.where(data >= 0, 1.0, -1.0)
    else:
        return None
    return (raws * scale, None) if is_power_of_two(scale) else (raws, scale)


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


def dequantized_constants(wrapped: Any) -> None:
    """`DequantizeLinear` of constants as `Quant` nodes of what they stand for; zero points that are left out are 0.

    qonnx's own pass takes a zero point from int8 in int8, which wraps, and does not know that it may be left out.
    """
    for node in wrapped.graph.node:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            continue
        if len(node.input) == 2:
            point = f"{node.output[0]}_zero_point"
            wrapped.set_initializer(point, np.zeros((), _kind(wrapped, node)))
            node.input.append(point)
        values = wrapped.get_initializer(node.input[0])
        scale, point = (wrapped.get_initializer(name) for name in node.input[1:3])
        if node.op_type == "QuantizeLinear" or values is None or scale is None or point is None:
            continue
        axis = attributes(node).get("axis", 1)
        shape = [1] * values.ndim
        if scale.size > 1:
            shape[axis] = scale.size
        scale, point = (
            scale.reshape(shape) if scale.size > 1 else scale,
            point.reshape(shape) if point.size > 1 else point,
        )
        raws = values.astype(np.float64) - point.astype(np.float64)
        bits = int(np.abs(raws).max(initial=1)).bit_length() + 1
        wrapped.set_initializer(f"{node.output[0]}_values", (raws * scale).astype(np.float32))
        wrapped.set_initializer(f"{node.output[0]}_scale", scale.astype(np.float32))
        wrapped.set_initializer(f"{node.output[0]}_zero", np.zeros((), np.float32))
        wrapped.set_initializer(f"{node.output[0]}_bits", np.array(bits, np.float32))
        made = helper.make_node(
            "Quant",
            [f"{node.output[0]}_{name}" for name in ("values", "scale", "zero", "bits")],
            list(node.output),
            node.name,
            domain="qonnx.custom_op.general",
            signed=1,
            narrow=0,
            rounding_mode="ROUND",
        )
        node.CopyFrom(made)


def _kind(wrapped: Any, node: Any) -> Any:
    values = wrapped.get_initializer(node.input[0])
    return np.uint8 if values is None else values.dtype
