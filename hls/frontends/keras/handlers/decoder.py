"""The hls4ml handler of a decoder, a `NetloomDecoder`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from netloom.fixed_point import ZERO
from netloom.hls.frontends.keras.handlers.handler import NetloomHandler
from netloom.hls.frontends.keras.handlers.quantizer import quantized_values
from netloom.hls.frontends.keras.handlers.recurrent import quantized_cell
from netloom.hls.layers.decoder import decoder
from netloom.hls.layers.decoding import Decoding
from netloom.quantize.quantizer_types import quantizer_type


class DecoderHandler(NetloomHandler):
    """netloom's `RecurrentDecoder`, of QKeras's layers."""

    handles = ("netloom.quantize.layers.decoder.RecurrentDecoder",)

    def lacks(self, layer: Any, in_tensors: Sequence[Any]) -> bool:
        """hls4ml has none."""
        del layer, in_tensors
        return True

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
        """One `NetloomDecoder`."""
        del out_tensors
        embedding, logits = layer.embedding, layer.logits
        rows, rows_type = quantized_values(
            embedding, embedding.embeddings, embedding.embeddings_quantizer_internal, "embeddings"
        )
        kernel, kernel_type = quantized_values(logits, logits.kernel, logits.kernel_quantizer_internal, "kernel")
        bias, bias_type = np.zeros(layer.symbols), ZERO
        if logits.use_bias:
            bias, bias_type = quantized_values(logits, logits.bias, logits.bias_quantizer_internal, "bias")
        decoding = Decoding(
            rows_type.from_float(rows),
            rows_type,
            quantized_cell(layer.recurrent),
            kernel_type.from_float(kernel),
            kernel_type,
            bias_type.from_float(bias),
            bias_type,
            None if layer.quantizer is None else quantizer_type(layer.quantizer.activation),
            layer.steps,
            layer.start,
            layer.stop,
        )
        shapes = [tuple(tensor.shape[1:]) for tensor in in_tensors]
        return ({**self.default_config, **decoder(layer.name, decoding, shapes)},)
