"""hls4ml handlers of batch normalization that was not folded: a scale and an offset a channel."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.frontends.keras.handlers.handler import NetloomHandler
from netloom.quantize.quantizer_types import check_bits
from netloom.quantize.smallest_grid import is_fixed
from netloom.rounding import Rounding

_SCALE_BITS = 18
"""Width of scales and offsets that lie on no grid of their own: one DSP operand."""


class BatchNormHandler(NetloomHandler):
    """`BatchNormalization`: scale = gamma / sqrt(variance + epsilon), and the offset.

    Where these are exact on a grid of at most `FLOAT32_BITS` bits (netloom's own quantization makes them so) they stay
    so; otherwise they are rounded to `_SCALE_BITS` bits, and the firmware equals the model up to that rounding only.
    """

    handles = ("keras.src.layers.normalization.batch_normalization.BatchNormalization",)
    own_only = True

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> dict[str, Any]:
        """One `BatchNormalization`."""
        import keras

        del out_tensors
        shape = tuple(in_tensors[0].shape[1:])

        def parameter(name: str, quantizer: str, default: float) -> np.ndarray:
            variable = getattr(layer, name, None)
            if variable is None:
                return np.full(shape[-1], default, dtype=np.float32)
            quantize = getattr(layer, quantizer, None)
            if hasattr(quantize, "bits"):
                check_bits(quantize)
            return keras.ops.convert_to_numpy(variable if quantize is None else quantize(variable))

        mean = parameter("moving_mean", "mean_quantizer_internal", 0.0)
        variance = parameter("moving_variance", "variance_quantizer_internal", 1.0)
        gamma = parameter("gamma", "gamma_quantizer_internal", 1.0)
        beta = parameter("beta", "beta_quantizer_internal", 0.0)
        deviation = np.sqrt((variance + np.float32(layer.epsilon)).astype(np.float64))
        scale = gamma.astype(np.float64) / deviation
        inverse = getattr(layer, "inverse_quantizer_internal", None)
        if inverse is not None:
            scale = keras.ops.convert_to_numpy(inverse(scale)).astype(np.float64)
        offset = beta.astype(np.float64) - scale * mean.astype(np.float64)
        return scaled(_on_grid(scale), _on_grid(offset), [in_tensors[0].name], shape)


class QBatchNormHandler(BatchNormHandler):
    """`QBatchNormalization`: the same of its quantized parameters, which hls4ml leaves out."""

    handles = ("qkeras.qnormalization.QBatchNormalization",)
    own_only = False


def scaled(scale: Any, offset: Any, inputs: Sequence[str], shape: Sequence[int]) -> dict[str, Any]:
    """hls4ml's layer for `scale * x + offset`.

    Args:
        scale: a number, or one a channel; on a grid.
        offset: likewise.
        inputs: the name of the Keras tensor that it reads.
        shape: of that, without the batch.
    """
    return {
        "class_name": "BatchNormalization",
        "n_in": prod(shape),
        "n_out": prod(shape),
        "n_filt": -1 if len(shape) == 1 else shape[-1],
        "scale_data": np.array(np.broadcast_to(scale, shape[-1:]), dtype=np.float64),
        "bias_data": np.array(np.broadcast_to(offset, shape[-1:]), dtype=np.float64),
        "input_shape": [list(shape)],
        "input_keras_tensor_names": list(inputs),
    }


def _on_grid(values: np.ndarray) -> np.ndarray:
    """Values as they are, if a grid of `FLOAT32_BITS` has them; else rounded to `_SCALE_BITS` bits of the largest."""
    peak = float(np.abs(values).max(initial=0.0))
    if peak == 0 or is_fixed(values):
        return values
    integer = int(np.frexp(peak)[1]) + 1
    grid = FixedPoint(_SCALE_BITS, integer, True, Rounding.RND_CONV)
    return grid.to_float(grid.from_float(values))
