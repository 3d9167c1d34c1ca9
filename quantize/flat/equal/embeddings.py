"""Layers that read rows at whole numbers, as an `Embedding`."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.quantize.flat.equal.parts import Parts
from netloom.quantize.flat.equal.pools import reduced


def encoded(layer: Any, tensors: Sequence[Any], parts: Parts) -> Any:
    """`CategoryEncoding`: rows of a matrix of ones on its diagonal, their largest or their sum."""
    (tensor,) = tensors
    rows = _embedded(tensor, np.eye(layer.num_tokens), parts)
    shape = tuple(layer.compute_output_shape(tensor.shape))[1:]
    if layer.output_mode == "one_hot":
        return parts.reshape(rows, shape)
    rows = parts.reshape(rows, (prod(tensor.shape[1:]), layer.num_tokens))
    kind = "Max" if layer.output_mode == "multi_hot" else "Sum"
    return parts.reshape(reduced(kind, rows, 1, False, parts), shape)


def looked_up(layer: Any, tensors: Sequence[Any], parts: Parts) -> Any:
    """`ReversibleEmbedding`, forward."""
    import keras

    if layer.mask_zero:
        parts.refuse("it masks its zeros: pad to one length, and give what pads a row of its own")
    return _embedded(tensors[0], keras.ops.convert_to_numpy(layer.embeddings), parts)


def reversed_embedding(layer: Any, tensor: Any, parts: Parts) -> Any:
    """`ReversibleEmbedding` called with `reverse=True`: a product with its rows."""
    import keras

    table = layer.embeddings if layer.tie_weights else keras.ops.transpose(layer.reverse_embeddings)
    result = parts.dense(tensor, keras.ops.convert_to_numpy(table).T)
    if layer.logit_soft_cap is None:
        return result
    bounded = parts.layer("Activation", parts.affine(result, 1 / layer.logit_soft_cap, 0), "tanh")
    return parts.affine(bounded, layer.logit_soft_cap, 0)


def _embedded(tensor: Any, table: np.ndarray, parts: Parts) -> Any:
    rows, length = table.shape
    layer_options = {"weights": [table.astype(np.float32)]}
    return parts.layer("Embedding", tensor, rows, length, **layer_options)
