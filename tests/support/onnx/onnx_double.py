"""`doubled`: what an ONNX model gives in float64: onnx's reference evaluator, and qonnx's operators in it."""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from onnx_graphs import DOMAIN


class Quant(OpRun):
    op_domain = DOMAIN

    def _run(self, x, scale, zero, bits, signed=1, narrow=0, rounding_mode="ROUND"):
        from qonnx.custom_op.general.intquant import int_quant

        return (int_quant(x, scale, zero, bits, signed, narrow, rounding_mode),)


class IntQuant(Quant):
    pass


class BipolarQuant(OpRun):
    op_domain = DOMAIN

    def _run(self, x, scale):
        return (np.where(x >= 0, scale, -scale),)


class MultiThreshold(OpRun):
    op_domain = DOMAIN

    def _run(self, x, thresholds, data_layout="", out_bias=0.0, out_dtype="", out_scale=1.0):
        from qonnx.custom_op.general.multithreshold import multithreshold

        del data_layout, out_dtype
        return (multithreshold(x, thresholds, out_scale, out_bias),)


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


def doubled(model: Any, x: np.ndarray) -> np.ndarray:
    """The first output, (samples, ...), in float64."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for tensor in list(copy.graph.initializer):
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
    for value in (*copy.graph.input, *copy.graph.output):
        value.type.tensor_type.elem_type = TensorProto.DOUBLE
    operators = [Quant, IntQuant, BipolarQuant, MultiThreshold, Trunc, BatchNormalization]
    evaluator = ReferenceEvaluator(copy, new_ops=operators)
    found = evaluator.run(None, {copy.graph.input[0].name: x.astype(np.float64)})[0]
    return np.asarray(found)
