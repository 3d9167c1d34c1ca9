"""`qonnx_model`: a converted network as QONNX, numbers and `Quant` nodes, for tools that read it.

Where the exact twin (`model.py`) computes on raws, this says what is quantized to which type. All of it is float32, in
which every number of a network that is taken is exact; but for an output that the host scales, which is float64.
"""

from collections import Counter
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import (
    Cast,
    Clamp,
    Dataflow,
    DepthwiseMatVec,
    Elementwise,
    MatVec,
    Node,
    Permute,
    Pool,
    PoolFunction,
    Window,
)
from netloom.rounding import Rounding
from netloom.sim.onnx.ends import received, sent
from netloom.sim.onnx.model import IR_VERSION, OPSET, twin_outputs
from netloom.sim.onnx.operations.elementwise import KINDS
from netloom.sim.onnx.operations.permute import write_permute
from netloom.sim.onnx.site import Site
from netloom.sim.onnx.writer import GraphWriter, OnnxValue, info

if TYPE_CHECKING:
    import onnx

DOMAIN = "qonnx.custom_op.general"

_ROUNDINGS = {
    Rounding.RND_CONV: "ROUND",
    Rounding.TRN: "FLOOR",
    Rounding.TRN_ZERO: "DOWN",
    Rounding.RND_INF: "HALF_UP",
    Rounding.RND_ZERO: "HALF_DOWN",
}
"""QONNX's names. Its `HALF_UP` rounds ties away from zero."""


def qonnx_model(dataflow: Dataflow) -> "onnx.ModelProto":
    """A network as QONNX, of one sample: shapes are fixed there.

    Raises:
        LayerNotSupportedError: for what QONNX cannot say, or float32 not hold, by its layer.
    """
    names = twin_outputs(dataflow)
    writer = GraphWriter()
    values: dict[str, OnnxValue] = {}
    inputs = []
    scales = dataflow.ends.inputs or (None,) * len(dataflow.sources)
    for (name, tensor), origin, scale in zip(dataflow.sources.items(), dataflow.input_names, scales, strict=True):
        given = OnnxValue(origin, np.float32)
        inputs.append(info(given, (1, *tensor.shape)))
        writer.label = f"{name}/quantizer"
        numbers = given if scale is None else sent(writer, given, scale)
        values[name] = _quantized(writer, numbers, tensor.element, f"input {origin!r}")
    uses = Counter([name for node in dataflow.nodes for name in node.inputs] + list(dataflow.outputs))
    windows = {node.name: node for node in dataflow.nodes if isinstance(node.operation, Window)}
    for node in dataflow.nodes:
        writer.label = node.name
        if node.name not in windows:
            values[node.name] = _written(writer, dataflow, node, values, windows)
        elif uses[node.name] != 1:
            raise _refusal(node, "windows that are no convolution")
    outputs = []
    lefts = dataflow.ends.outputs or (None,) * len(names)
    for (name, node_name), left in zip(names.items(), lefts, strict=True):
        if node_name not in values:
            raise _refusal(windows[node_name], "windows that are no convolution")
        shape = dataflow.types[node_name].shape
        writer.label = f"{name}/value"
        if left is None:
            ended = writer.add("Identity", values[node_name], name=name)
        else:
            ended = received(writer, values[node_name], 1.0, left, len(shape), name)
        outputs.append(info(ended, (1, *shape)))
    return helper.make_model(
        writer.graph(inputs, outputs),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(DOMAIN, 1)],
        ir_version=IR_VERSION,
        producer_name="netloom",
        producer_version=metadata.version("netloom"),
    )


def _written(
    writer: GraphWriter, dataflow: Dataflow, node: Node, values: dict[str, OnnxValue], windows: dict[str, Node]
) -> OnnxValue:
    """The nodes of one operation, on numbers."""
    types, bounds = dataflow.input_types(node), dataflow.input_bounds(node)
    operation: Any = node.operation
    if operation.prepare(types, bounds)[1] is not np.float32:
        raise _refusal(node, "numbers that float32 does not hold")
    window = windows.get(node.inputs[0])
    given = [values[name] for name in ((window.inputs[0],) if window else node.inputs)]
    match operation:
        case MatVec() | DepthwiseMatVec():
            if operation.takes_terms_in_order(types, bounds) or operation.may_overflow(types, bounds):
                raise _refusal(node, "an accumulator that rounds or overflows")
            return _product(writer, node, given[0], window)
        case Cast(to):
            return _cast(writer, node, given[0], to, types[0].element.fraction, operation.may_overflow(types, bounds))
        case Clamp(0, None):
            return writer.add("Relu", given[0])
        case Pool(PoolFunction.MAX):
            rank = len(operation.kernel_size)
            return _channels_first(
                writer, given[0], rank, "MaxPool", kernel_shape=operation.kernel_size, strides=operation.stride
            )
        case Permute():
            return write_permute(writer, Site(operation, types, bounds, np.float32, given, _no_body))[0]
        case Elementwise() if window is None:
            return writer.add(KINDS[operation.function], *given)
    raise _refusal(node, f"a {type(operation).__name__} of its kind")


def _cast(
    writer: GraphWriter, node: Node, value: OnnxValue, to: FixedPoint, fraction: int, overflows: bool
) -> OnnxValue:
    if not overflows and fraction <= to.fraction:
        return value
    if not overflows:
        to = to.with_modes(to.rounding, Overflow.SAT)  # its range is proven to hold what comes
    return _quantized(writer, value, to, f"layer {node.layer!r}")


def _quantized(writer: GraphWriter, value: OnnxValue, to: FixedPoint, where: str) -> OnnxValue:
    """A `Quant` node to a type.

    Raises:
        LayerNotSupportedError: if QONNX has none of its modes.
    """
    if to.rounding not in _ROUNDINGS or to.overflow not in (Overflow.SAT, Overflow.SAT_SYM):
        raise LayerNotSupportedError(
            f"{where}: QONNX has no quantizer that rounds and overflows as {to} does; quantize it by a "
            "QActivation(quantized_bits(...)), which saturates"
        )
    parameters = [writer.constant(number, np.float32) for number in (to.step, 0, to.width)]
    narrow = int(to.signed and to.overflow is Overflow.SAT_SYM)
    modes: dict[str, Any] = {"signed": int(to.signed), "narrow": narrow, "rounding_mode": _ROUNDINGS[to.rounding]}
    return writer.add("Quant", value, *parameters, domain=DOMAIN, **modes)


def _product(writer: GraphWriter, node: Node, value: OnnxValue, window: Node | None) -> OnnxValue:
    product: Any = node.operation
    weight_type, bias_type = (
        type_.with_modes(Rounding.RND_CONV, Overflow.SAT) for type_ in (product.weight_type, product.bias_type)
    )
    weights = product.weights * weight_type.step
    where = f"layer {node.layer!r}"

    def constant(array: np.ndarray, type_: FixedPoint) -> OnnxValue:
        return _quantized(writer, writer.constant(array, np.float32), type_, where)

    depthwise = isinstance(product, DepthwiseMatVec)
    if window is not None:
        view: Any = window.operation
        kernel = weights.reshape(*view.kernel_size, *((1, -1) if depthwise else (-1, weights.shape[1])))
        kernel = np.moveaxis(kernel, (-1, -2), (0, 1))
        pads = [pair[end] for end in (0, 1) for pair in view.padding]
        result = _channels_first(
            writer,
            value,
            len(view.kernel_size),
            "Conv",
            constant(kernel, weight_type),
            group=weights.shape[1] if depthwise else 1,
            strides=view.stride,
            dilations=view.dilation,
            pads=pads,
        )
    elif depthwise and len(weights) > 1:
        raise _refusal(node, "a product of each channel without windows")
    else:
        result = writer.add(
            "Mul" if depthwise else "MatMul", value, constant(weights[0] if depthwise else weights, weight_type)
        )
    if not product.bias.any():
        return result
    return writer.add("Add", result, constant(product.bias * bias_type.step, bias_type))


def _channels_first(
    writer: GraphWriter, value: OnnxValue, rank: int, kind: str, *constants: OnnxValue, **attributes: Any
) -> OnnxValue:
    """A node of pictures, whose channels ONNX has first."""
    result = writer.add(kind, writer.channels_first(value, rank), *constants, **attributes)
    return writer.channels_last(result, rank)


def _refusal(node: Node, what: str) -> LayerNotSupportedError:
    return LayerNotSupportedError(
        f"layer {node.layer!r}: QONNX cannot say {what} ({type(node.operation).__name__}); the exact twin can: --onnx"
    )


def _no_body(*_: Any) -> None:
    """What is written here holds no graphs."""
