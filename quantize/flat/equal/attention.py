"""Attention, as dense layers, products of two tensors and a softmax: each value between them gets a quantizer."""

import inspect
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.quantize.flat.equal.parts import Parts

ATTENTION = frozenset({"AdditiveAttention", "Attention", "GroupedQueryAttention", "MultiHeadAttention"})
"""Classes of Keras."""


def attended(layer: Any, args: Sequence[Any], kwargs: Mapping[str, Any], parts: Parts) -> list[Any]:
    """What a call of an attention layer gives: its result, and the weights where they are asked for.

    Its parts are `query`, `key`, `value`, `scores`, `weights`, `context`: layers `NAME.query` and so on.

    Args:
        layer: of Keras.
        args: of the call, tensors of the flat model in it; likewise `kwargs`.
        parts: makes the layers.

    Raises:
        LayerNotSupportedError: for a mask that is known at no time before the samples are, and for what no layer
            equals.
    """
    call = inspect.signature(layer.call).bind(*args, **kwargs)
    call.apply_defaults()
    given = call.arguments
    _check(given, parts)
    if "inputs" in given:
        query, value = given["inputs"][:2]
        key = given["inputs"][2] if len(given["inputs"]) > 2 else value
        result, weights = _of_one_head(layer, query, key, value, given, parts)
    else:
        key = given["value"] if given["key"] is None else given["key"]
        result, weights = _of_heads(layer, given["query"], key, given["value"], given, parts)
    return [result, weights] if given["return_attention_scores"] else [result]


def _check(given: Mapping[str, Any], parts: Parts) -> None:
    import keras

    if given["training"]:
        parts.refuse("it is called with training=True, and would drop values: call it without")
    masks = [name for name in given if name.endswith("mask") and name not in ("use_causal_mask", "attention_mask")]
    masks = [name for name in masks if given[name] is not None]
    if isinstance(given.get("attention_mask"), keras.KerasTensor):
        masks.append("attention_mask")
    if masks:
        parts.refuse(
            f"{masks[0]} comes with the samples: the firmware attends to every step; use use_causal_mask, a constant"
            " attention_mask, or pad to one length and give what pads a row of its own"
        )


def _of_one_head(
    layer: Any, query: Any, key: Any, value: Any, given: Mapping[str, Any], parts: Parts
) -> tuple[Any, Any]:
    """`Attention` and `AdditiveAttention`."""
    if any(len(tensor.shape) != 3 for tensor in (query, key, value)):
        parts.refuse("its tensors must be sequences of vectors: reshape them before")
    scores = parts.at("scores")
    scale = None if layer.scale is None else np.asarray(layer.scale)
    if type(layer).__name__ == "AdditiveAttention":
        found = _sum_of_tanh(query, key, None, np.ones(query.shape[-1]) if scale is None else scale, scores)
    elif layer.score_mode == "concat":
        weight = np.full(query.shape[-1], layer.concat_score_weight)
        found = _sum_of_tanh(query, key, scale, weight, scores)
    else:
        found = scores.product(query, key, True)
        if scale is not None:
            found = scores.affine(found, scale, 0)
    weights = _weights(scores.done(found), _mask(layer, given, found.shape, parts), parts)
    return parts.done(parts.product(weights, value, False)), weights


def _sum_of_tanh(query: Any, key: Any, scale: Any, weight: np.ndarray, parts: Parts) -> Any:
    """Over the last axis, of tanh of every sum of a row of both, times a weight."""
    (rows, depth), columns = query.shape[1:], key.shape[1]
    total = parts.layer("Add", [parts.reshape(query, (rows, 1, depth)), parts.reshape(key, (1, columns, depth))])
    if scale is not None:
        total = parts.affine(total, scale, 0)
    bent = parts.layer("Activation", total, "tanh")
    return parts.reshape(parts.dense(bent, weight[:, None].astype(np.float32)), (rows, columns))


def _of_heads(layer: Any, query: Any, key: Any, value: Any, given: Mapping[str, Any], parts: Parts) -> tuple[Any, Any]:
    """`MultiHeadAttention` and `GroupedQueryAttention`."""
    axes = getattr(layer, "_attention_axes", (1,))
    places = tuple(query.shape[1:-1])
    if len(query.shape) < 3 or tuple(axes) != tuple(range(1, len(query.shape) - 1)):
        parts.refuse("it attends over some axes of many: move the others into the batch, in TimeDistributed")
    if len(places) > 1 and (given["use_causal_mask"] or _window(layer)):
        parts.refuse("its mask is of one axis, and it attends over several: reshape them to one before")
    query, key, value = (parts.reshape(one, (prod(one.shape[1:-1]), one.shape[-1])) for one in (query, key, value))
    inverse_root = layer._query_dense.kernel.shape[-1] ** -0.5
    heads = layer._query_dense.kernel.shape[1]
    first = _projected(layer._query_dense, query, heads, parts.at("query"), inverse_root)
    second = _projected(layer._key_dense, key, heads, parts.at("key"))
    third = _projected(layer._value_dense, value, heads, parts.at("value"))
    scores = parts.at("scores").done(parts.at("scores").product(first, second, True))
    weights = _weights(scores, _mask(layer, given, scores.shape, parts), parts)
    joined = parts.at("context").done(parts.at("context").product(weights, third, False))
    if heads > 1:
        joined = parts.permute(joined, (2, 1, 3))
    joined = parts.reshape(joined, (prod(places), heads * third.shape[-1]))
    if getattr(layer, "_use_gate", False) or getattr(layer, "use_gate", False):
        gate = parts.at("gate")
        opened = gate.done(gate.layer("Activation", _dense(layer._gate_dense, query, gate), "sigmoid"))
        joined = parts.layer("Multiply", [joined, opened])
    result = _dense(layer._output_dense, joined, parts, inputs=2)
    result = parts.reshape(result, (*places, *layer._output_dense.kernel.shape[2:]))
    shown = parts.reshape(weights, (1, *weights.shape[1:])) if heads == 1 else weights
    if len(places) > 1:
        shown = parts.reshape(shown, (heads, *places, *given["value"].shape[1:-1]))
    return parts.done(result), shown


def _projected(dense: Any, tensor: Any, heads: int, parts: Parts, scale: float = 1.0) -> Any:
    """A tensor behind a dense layer, head by head; heads that queries share are repeated."""
    shared, size = dense.kernel.shape[1:]
    result = parts.done(_dense(dense, tensor, parts, scale))
    if heads == 1:
        return result
    rows = result.shape[1]
    grid = np.arange(rows * shared * size).reshape(rows, shared, size).transpose(1, 0, 2)
    return parts.rearrange(result, np.repeat(grid, heads // shared, axis=0))


def _dense(dense: Any, tensor: Any, parts: Parts, scale: float = 1.0, inputs: int = 1) -> Any:
    """An `EinsumDense` of a matrix: its kernel's first axes are the inputs."""
    import keras

    def numbers(variable: Any, size: int) -> np.ndarray:
        return (keras.ops.convert_to_numpy(variable).astype(np.float32) * np.float32(scale)).reshape(size, -1)

    bias = None if dense.bias is None else numbers(dense.bias, 1)[0]
    return parts.dense(tensor, numbers(dense.kernel, prod(dense.kernel.shape[:inputs])), bias)


def _weights(scores: Any, mask: np.ndarray | None, parts: Parts) -> Any:
    from netloom.quantize.layers import MaskedSoftmax

    weights = parts.at("weights")
    if mask is None:
        return weights.done(weights.layer("Softmax", scores))
    return MaskedSoftmax(mask.tolist(), name=weights.names.of(weights.name))(scores)


def _window(layer: Any) -> int | None:
    """Steps on either side of its own, and one, that a query attends to; None for all."""
    name = "_sliding_window" if hasattr(layer, "_sliding_window") else "sliding_window"
    window: int | None = getattr(layer, name, None)
    return window


def _mask(layer: Any, given: Mapping[str, Any], shape: Sequence[int], parts: Parts) -> np.ndarray | None:
    """Which scores count, (rows, columns); None where all do."""
    import keras

    rows, columns = shape[-2:]
    apart = np.arange(rows)[:, None] - np.arange(columns)
    mask = np.ones((rows, columns), dtype=bool)
    if given["use_causal_mask"]:
        mask &= apart >= 0
    if (window := _window(layer)) is not None:
        mask &= np.abs(apart) < window
    if given.get("attention_mask") is not None:
        asked = keras.ops.convert_to_numpy(given["attention_mask"]).astype(bool)
        if asked.size != rows * columns or asked.shape[-2:] != (rows, columns):
            parts.refuse(f"its attention_mask of shape {asked.shape} must be one of ({rows}, {columns}) for all")
        mask &= asked.reshape(rows, columns)
    if not mask.any(axis=1).all():
        parts.refuse("its mask leaves a step nothing to attend to: give it one at least")
    return None if mask.all() else mask
