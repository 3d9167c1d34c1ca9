"""Layers that read rows at whole numbers, as an `Embedding`."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.quantize.flat.equal.parts import Parts
from netloom.quantize.flat.equal.pools import reduced

_MOST_NUMBERS = 2**16
"""From the least to the greatest of a vocabulary: a table has no more entries."""


def encoded(layer: Any, tensors: Sequence[Any], parts: Parts) -> Any:
    """`CategoryEncoding`: one-hot vectors, their largest or their sum."""
    if layer.sparse:
        parts.refuse("its result is sparse: use sparse=False")
    return _joined(layer, tensors[0], *_classes(tensors[0], layer.num_tokens, parts), parts)


def one_hot_vectors(tensor: Any, classes: int, parts: Parts) -> Any:
    """A vector for every whole number, one axis more, the last: 1 at its place, or zeros if there is none."""
    return rows_at(*_classes(tensor, classes, parts), parts)


def _classes(tensor: Any, classes: int, parts: Parts) -> tuple[Any, np.ndarray]:
    """A number's place in a table of one-hot vectors, and the table: its first and last row are of no class."""
    places = parts.function(tensor, "clip", {"x_min": -1.0, "x_max": float(classes)})
    return parts.function(places, "add", {"x2": 1.0}, "x1"), np.eye(classes + 2)[:, 1:-1]


def numbered(layer: Any, tensors: Sequence[Any], parts: Parts) -> Any:
    """`IntegerLookup`: what it gives for every number from below its vocabulary to above it, asked of itself."""
    import keras

    (tensor,) = tensors
    if layer.sparse:
        parts.refuse("its result is sparse: use sparse=False")
    if layer.num_oov_indices > 1:
        parts.refuse("which of its num_oov_indices it gives is said by numbers of any size: use 1")
    size = layer.vocabulary_size()
    known = np.arange(size) if layer.invert else np.array(layer.get_vocabulary(include_special_tokens=False), np.int64)
    if not layer.invert and layer.mask_token is not None:
        known = np.append(known, layer.mask_token)
    low, high = int(known.min()) - 1, int(known.max()) + 1
    if high - low >= _MOST_NUMBERS:
        parts.refuse(f"its numbers go from {low + 1} to {high - 1}, more than a table has entries: number them before")
    numbers = np.arange(low, high + 1)
    if layer.num_oov_indices == 0:
        numbers = np.where(np.isin(numbers, known), numbers, known[0])  # others end in an error
    found = keras.ops.convert_to_numpy(layer(numbers[:, None]))
    index = parts.function(tensor, "clip", {"x_min": float(low), "x_max": float(high)})
    index = parts.function(index, "add", {"x2": float(-low)}, "x1")
    if layer.output_mode == "int":
        return parts.function(index, "take", {"x": found.ravel().astype(float).tolist()}, "indices")
    return _joined(layer, tensor, index, found, parts)


def _joined(layer: Any, tensor: Any, index: Any, table: np.ndarray, parts: Parts) -> Any:
    """Rows of a table, or their largest or sum over a sample's numbers, as `output_mode` says."""
    rows = rows_at(index, table, parts)
    shape = tuple(layer.compute_output_shape(tensor.shape))[1:]
    if layer.output_mode == "one_hot":
        return parts.reshape(rows, shape)
    rows = parts.reshape(rows, (prod(tensor.shape[1:]), table.shape[-1]))
    kind = "Max" if layer.output_mode == "multi_hot" else "Sum"
    return parts.reshape(reduced(kind, rows, 1, False, parts), shape)


def looked_up(layer: Any, tensors: Sequence[Any], parts: Parts) -> Any:
    """`ReversibleEmbedding`, forward."""
    import keras

    return rows_at(tensors[0], keras.ops.convert_to_numpy(layer.embeddings), parts)


def reversed_embedding(layer: Any, tensor: Any, parts: Parts) -> Any:
    """`ReversibleEmbedding` called with `reverse=True`: a product with its rows."""
    import keras

    table = layer.embeddings if layer.tie_weights else keras.ops.transpose(layer.reverse_embeddings)
    result = parts.dense(tensor, keras.ops.convert_to_numpy(table).T)
    if layer.logit_soft_cap is None:
        return result
    bounded = parts.layer("Activation", parts.affine(result, 1 / layer.logit_soft_cap, 0), "tanh")
    return parts.affine(bounded, layer.logit_soft_cap, 0)


def rows_at(tensor: Any, table: np.ndarray, parts: Parts) -> Any:
    """The rows of a table at whole numbers: one axis more, the last."""
    rows, length = table.shape
    layer_options = {"weights": [table.astype(np.float32)]}
    return parts.layer("Embedding", tensor, rows, length, **layer_options)
