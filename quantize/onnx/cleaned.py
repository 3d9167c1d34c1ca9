"""`cleaned`: what qonnx's passes make of a model, its quantizers `Quant` nodes and its constants constants."""

from math import prod
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from netloom.errors import ModelFileError, NetloomError, QuantizerNotSupportedError, ToolMissingError
from netloom.quantize.onnx.ahead import quantizers_ahead
from netloom.quantize.onnx.attributes import attributes
from netloom.quantize.onnx.checked import LARGEST_TENSOR
from netloom.quantize.onnx.quant import QUANT_OPERATORS, QuantNode
from netloom.quantize.onnx.whole_constants import dequantized_constants, whole_constants

_OF_QONNX = {"Quant": 4, "IntQuant": 4, "BipolarQuant": 2, "Trunc": 5, "MultiThreshold": 2}
"""Operators of qonnx's domain, and how many inputs each has at least."""


def cleaned(model: onnx.ModelProto) -> tuple[Any, dict[str, np.ndarray]]:
    """A model cleaned: shapes inferred, QCDQ as `Quant`, constants folded, quantized weights among them.

    Returns:
        A `ModelWrapper` of qonnx; and the steps of those constants in it that are whole numbers.

    Raises:
        ToolMissingError: without qonnx.
        ModelFileError: if a pass cannot make anything of the model.
        QuantizerNotSupportedError: for a quantizer that no fixed-point type equals.
    """
    try:
        from qonnx.core.modelwrapper import ModelWrapper
        from qonnx.transformation.fold_constants import FoldConstants
        from qonnx.transformation.general import (
            GiveUniqueParameterTensors,
            RemoveStaticGraphInputs,
            RemoveUnusedTensors,
            SortGraph,
        )
        from qonnx.transformation.infer_shapes import InferShapes
        from qonnx.transformation.qcdq_to_qonnx import QCDQToQuant
    except ImportError:
        raise ToolMissingError("ONNX models are read with qonnx, which is not installed: pip install qonnx") from None
    for node in model.graph.node:
        if node.op_type in _OF_QONNX:
            node.domain = "qonnx.custom_op.general"
    _check_clips(model)
    kept = [*_OF_QONNX, "QuantizeLinear", "DequantizeLinear"]
    try:
        wrapped = ModelWrapper(model).transform(RemoveStaticGraphInputs()).transform(InferShapes())
        _check_sizes(wrapped)
        _settle_shapes(wrapped)
        for transformation in (
            GiveUniqueParameterTensors(),
            FoldConstants(exclude_op_types=kept),
        ):
            wrapped = wrapped.transform(transformation)
        steps = dequantized_constants(wrapped)
        for transformation in (QCDQToQuant(), SortGraph(), RemoveUnusedTensors(), InferShapes()):
            wrapped = wrapped.transform(transformation)
        for node in wrapped.graph.node:
            if node.op_type in _OF_QONNX:
                _check_node(wrapped, node)
        whole_constants(wrapped, steps)
        wrapped = wrapped.transform(FoldConstants(exclude_op_types=[]))
        quantizers_ahead(wrapped)
        return wrapped, steps
    except NetloomError:
        raise
    except Exception as error:  # noqa: BLE001  (onnx and qonnx raise whatever they meet)
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelFileError(f"qonnx cannot clean the model: {reason}") from None


def _settle_shapes(wrapped: Any) -> None:
    """What exporters compute from a tensor's shape is a constant: all shapes are known."""
    for node in [node for node in wrapped.graph.node if node.op_type == "Shape"]:
        given = {one.name: one.i for one in node.attribute}
        shape = wrapped.get_tensor_shape(node.input[0])
        wrapped.set_initializer(node.output[0], np.array(shape[given.get("start", 0) : given.get("end")], np.int64))
        wrapped.graph.node.remove(node)


def _check_sizes(wrapped: Any) -> None:
    """Constants are folded next: what they would grow to must be no larger than what a file may hold."""
    for node in wrapped.graph.node:
        for name in node.output:
            size = prod(wrapped.get_tensor_shape(name) or ())
            if size > LARGEST_TENSOR:
                raise ModelFileError(f"tensor {name!r} would have {size:,} elements, more than any network on an FPGA")


def _check_clips(model: onnx.ModelProto) -> None:
    """Limits of integers must be those of a width: qonnx only counts how many numbers lie between them."""
    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    for node in model.graph.node:
        for one in node.attribute:
            if node.op_type == "Constant" and one.name == "value":
                constants[node.output[0]] = numpy_helper.to_array(one.t)
    made = {name: node for node in model.graph.node for name in node.output}
    for node in model.graph.node:
        source = made.get(node.input[0]) if node.op_type == "Clip" else None
        if source is None or source.op_type != "QuantizeLinear":
            continue
        limits = [constants.get(name) for name in node.input[1:]]
        if len(limits) != 2 or any(limit is None or limit.size != 1 for limit in limits):
            raise QuantizerNotSupportedError(f"node {node.name or node.output[0]!r}: its limits must be two constants")
        low, high = (int(np.reshape(limit, ())) for limit in limits if limit is not None)
        widths = [bits for bits in range(1, 33) if high == 2**bits - 1]
        signed = limits[0] is not None and limits[0].dtype.kind == "i"
        if not widths or low not in ((-high, -high - 1) if signed else (0,)):
            raise QuantizerNotSupportedError(
                f"node {node.name or node.output[0]!r}: limits {low} and {high} are no range of a number of bits"
            )


def _check_node(wrapped: Any, node: Any) -> None:
    name, constants = str(node.name or node.output[0]), [wrapped.get_initializer(one) for one in node.input[1:]]
    if any(value is None for value in constants) or len(node.input) < _OF_QONNX[node.op_type]:
        raise ModelFileError(f"node {name!r}: all its inputs but the first must be constants")
    if node.op_type in QUANT_OPERATORS:
        QuantNode.of(name, attributes(node), [np.asarray(value, np.float64) for value in constants[:3]])
