"""`doubled`: what an ONNX model gives in float64: onnx's reference evaluator, and qonnx's operators in it."""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from onnx.reference.ops import op_conv, op_max_pool
from onnx_graphs import CHANNELS_LAST, DOMAIN


class Quant(OpRun):
    op_domain = DOMAIN

    def _run(self, x, scale, zero, bits, signed=1, narrow=0, rounding_mode="ROUND"):
        from qonnx.custom_op.general.intquant import int_quant

        return (int_quant(x, scale, zero, bits, signed, narrow, rounding_mode),)


class IntQuant(Quant):
    pass


class InputQuant(OpRun):
    """A `Quant` of the model's input, which is float32: its whole numbers are found in float32, as anywhere."""

    op_domain = DOMAIN

    def _run(self, x, scale, zero, bits, signed=1, narrow=0, rounding_mode="ROUND"):
        from qonnx.custom_op.general.intquant import int_quant

        given = [np.asarray(value, np.float32) for value in (x, scale, zero)]
        found = int_quant(*given, bits, signed, narrow, rounding_mode).astype(np.float64)
        return (np.rint(found / scale) * scale,)


class BipolarQuant(OpRun):
    op_domain = DOMAIN

    def _run(self, x, scale):
        return (np.where(x >= 0, scale, -scale),)


class MultiThreshold(OpRun):
    op_domain = DOMAIN

    def _run(self, x, thresholds, data_layout="", out_bias=0.0, out_dtype="", out_scale=1.0):
        from qonnx.custom_op.general.multithreshold import multithreshold

        del out_dtype
        usual = {2: "NC", 3: "NWC", 4: "NCHW"}
        axis = (data_layout or usual[x.ndim]).index("C")
        return (multithreshold(x.swapaxes(axis, 1), thresholds, out_scale, out_bias).swapaxes(axis, 1),)


class Trunc(OpRun):
    op_domain = DOMAIN

    def _run(self, x, scale, zero, before, *after, rounding_mode="FLOOR", signed=1, narrow=0):
        from qonnx.custom_op.general.trunc import trunc_v1, trunc_v2

        if len(after) == 1:
            return (trunc_v1(x, scale, zero, before, *after, rounding_mode),)
        return (trunc_v2(x, scale, zero, before, narrow, signed, *after, rounding_mode),)


class BatchNormalization(OpRun):
    """Of inference: onnx's own of opset 9 to 13 mixes the batch's mean in (docs/upstream.md)."""

    op_domain = ""

    def _run(self, x, scale, shift, mean, variance, epsilon=1e-5, momentum=0.9, training_mode=0):
        del momentum, training_mode
        axes = (1, -1, *(1,) * (x.ndim - 2))
        scale, shift, mean, variance = (one.reshape(axes) for one in (scale, shift, mean, variance))
        return ((x - mean) / np.sqrt(variance + epsilon) * scale + shift,)


class Conv(OpRun):
    """qonnx's, channels last."""

    op_domain = CHANNELS_LAST

    def _run(self, x, kernel, *bias, **modes):
        found = op_conv.Conv.eval(np.moveaxis(x, -1, 1), np.moveaxis(kernel, -1, 1), *bias, **set_of(modes))
        return (np.moveaxis(found, 1, -1),)


class MaxPool(OpRun):
    op_domain = CHANNELS_LAST

    def _run(self, x, **modes):
        return (np.moveaxis(op_max_pool.MaxPool.eval(np.moveaxis(x, -1, 1), **set_of(modes)), 1, -1),)


class LastBatchNormalization(OpRun):
    op_domain = CHANNELS_LAST

    def _run(self, x, scale, shift, mean, variance, epsilon=1e-5, **modes):
        return ((x - mean) / np.sqrt(variance + epsilon) * scale + shift,)


LastBatchNormalization.__name__ = "BatchNormalization"


def set_of(modes: dict[str, Any]) -> dict[str, Any]:
    """Attributes that a node has."""
    return {name: value for name, value in modes.items() if value is not None}


def doubled(model: Any, x: np.ndarray) -> np.ndarray:
    """The first output, (samples, ...), in float64."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for tensor in list(copy.graph.initializer):
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
    for node in copy.graph.node:
        if node.op_type in ("Quant", "IntQuant") and node.input[0] == copy.graph.input[0].name:
            node.op_type = "InputQuant"
    for value in (*copy.graph.input, *copy.graph.output):
        value.type.tensor_type.elem_type = TensorProto.DOUBLE
    operators = [Quant, IntQuant, InputQuant, BipolarQuant, MultiThreshold, Trunc, BatchNormalization]
    operators += [Conv, MaxPool, LastBatchNormalization]
    evaluator = ReferenceEvaluator(copy, new_ops=operators)
    found = evaluator.run(None, {copy.graph.input[0].name: x.astype(np.float64)})[0]
    return np.asarray(found)
