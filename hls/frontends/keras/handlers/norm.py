"""hls4ml handler of netloom's `QNormalization`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from netloom.hls.frontends.keras.handlers.activation import quantized_activation
from netloom.hls.frontends.keras.handlers.chain import chained
from netloom.hls.frontends.keras.handlers.handler import NetloomHandler
from netloom.hls.layers.norm import norm_of
from netloom.hls.layers.rearrange import rearrange
from netloom.quantize.functions.norm_tables import grouped


class QNormalizationHandler(NetloomHandler):
    """Its quantizer, then a normalization of rows; groups are moved into rows and back."""

    handles = ("netloom.quantize.layers.norm.QNormalization",)

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> Any:
        """The quantizer's layer and those of the normalization."""
        shape = tuple(in_tensors[0].shape[1:])
        quantizer = quantized_activation(layer.quantizer, f"{layer.name}_quantizer", shape)
        chain = [quantizer | {"input_shape": [list(shape)]}]
        if layer.groups is None:
            chain.append(norm_of(layer.mode, layer.epsilon, layer.name, shape))
            return chained(chain, layer, in_tensors[0], out_tensors[0])
        there = grouped(shape, layer.groups)
        back = np.ascontiguousarray(np.argsort(there.ravel()).reshape(shape))
        chain += [
            rearrange(f"{layer.name}_there", there, [], "", [shape]),
            norm_of(layer.mode, layer.epsilon, f"{layer.name}_part", there.shape),
            rearrange(layer.name, back, [], "", [there.shape]),
        ]
        return chained(chain, layer, in_tensors[0], out_tensors[0])
