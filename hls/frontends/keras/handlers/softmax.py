"""hls4ml handlers of softmax over any one axis: Keras's, and netloom's `QSoftmax`."""

from collections.abc import Sequence
from typing import Any

from netloom.hls.frontends.keras.handlers.activation import quantized_activation
from netloom.hls.frontends.keras.handlers.chain import chained, softmax_chain
from netloom.hls.frontends.keras.handlers.handler import NetloomHandler
from netloom.hls.layers.mask import masked


class SoftmaxHandler(NetloomHandler):
    """Keras's `Softmax`."""

    handles = ("keras.src.layers.activations.softmax.Softmax",)

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> Any:
        """hls4ml's own over the last axis."""
        shape = tuple(in_tensors[0].shape[1:])
        return chained(softmax_chain(layer.name, shape, _axis(layer, shape)), layer, in_tensors[0], out_tensors[0])


class QSoftmaxHandler(NetloomHandler):
    """netloom's `QSoftmax`: its quantizer, then a softmax with the types that netloom chooses for that."""

    handles = ("netloom.quantize.layers.softmax.QSoftmax",)

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> Any:
        """The quantizer's layer, what masks, and those of the softmax."""
        shape = tuple(in_tensors[0].shape[1:])
        quantizer = quantized_activation(layer.quantizer, f"{layer.name}_quantizer", shape)
        masks = [] if layer.mask is None else [masked(f"{layer.name}_mask", layer.mask, layer.element, shape)]
        chain = [
            quantizer | {"input_shape": [list(shape)]},
            *masks,
            *softmax_chain(layer.name, shape, _axis(layer, shape)),
        ]
        return chained(chain, layer, in_tensors[0], out_tensors[0])


def _axis(layer: Any, shape: Sequence[int]) -> int:
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    return axis % (len(shape) + 1) - 1
