"""The hls4ml handler of an embedding, a `NetloomEmbedding`."""

from collections.abc import Sequence
from typing import Any

from netloom.hls.frontends.keras.handlers.handler import NetloomHandler
from netloom.hls.frontends.keras.handlers.quantizer import quantized_values
from netloom.hls.layers.embedding import embedding


class QEmbeddingHandler(NetloomHandler):
    """netloom's `QEmbedding`."""

    handles = ("netloom.quantize.layers.embedding.QEmbedding",)

    def lacks(self, layer: Any, in_tensors: Sequence[Any]) -> bool:
        """hls4ml has none."""
        del layer, in_tensors
        return True

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
        """One `NetloomEmbedding`."""
        del out_tensors
        values, grid = quantized_values(layer, layer.embeddings, layer.embeddings_quantizer_internal, "embeddings")
        shape = tuple(in_tensors[0].shape[1:])
        return ({**self.default_config, **embedding(layer.name, grid.from_float(values), grid, shape)},)
