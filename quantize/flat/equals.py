"""Layers with options that no firmware layer has, as several that have: a shape put back, a division as a scale."""

from collections.abc import Sequence
from math import prod
from typing import Any

from netloom.quantize.flat.affine import affine
from netloom.quantize.flat.distributed import Cloner

_DENSE_AXES = 3
"""hls4ml's dense layers take no more, the batch aside."""


def call_equal(layer: Any, cloner: Cloner, tensors: Sequence[Any], name: str) -> Any:
    """The result of layers that together equal one; None if that is best called as it is.

    Args:
        layer: the user's.
        cloner: what makes the flat model's layers.
        tensors: what it is called on, and nothing else.
        name: of the layer.
    """
    import keras

    kind, tensor = type(layer).__name__, tensors[0]
    if kind.startswith("Global") and layer.keepdims:
        pooled = type(layer).from_config({**layer.get_config(), "keepdims": False, "name": cloner.names.of(name)})
        shape = layer.compute_output_shape(tensor.shape)[1:]
        return keras.layers.Reshape(shape, name=cloner.names.of(f"{name}_kept"))(pooled(tensor))
    if kind == "Average" and len(tensors) & (len(tensors) - 1):
        total = keras.layers.Add(name=cloner.names.of(f"{name}_sum"))(tensors)
        return affine(total, 1 / len(tensors), 0, cloner.names.of(name), f"layer {name!r} ({kind})")
    if kind in ("Dense", "QDense") and len(tensor.shape) - 1 > _DENSE_AXES:
        rows = keras.layers.Reshape((prod(tensor.shape[1:-1]), tensor.shape[-1]), name=cloner.names.of(f"{name}_rows"))
        clone = cloner.clone(layer, name, shifted=len(tensor.shape) - _DENSE_AXES)
        flat = rows(tensor)
        clone._build_shapes_dict = {"input_shape": tuple(flat.shape)}  # what a saved model is built for when it loads
        shape = (*tensor.shape[1:-1], layer.units)
        return keras.layers.Reshape(shape, name=cloner.names.of(f"{name}_back"))(clone(flat))
    if kind in ("BatchNormalization", "QBatchNormalization") and _axis(layer, tensor) != len(tensor.shape) - 1:
        axis, rank = _axis(layer, tensor), len(tensor.shape)
        order = (*(one for one in range(1, rank) if one != axis), axis)
        back = tuple(order.index(one) + 1 for one in range(1, rank))
        clone = cloner.clone(layer, name, shifted=rank - 1 - axis)
        clone.axis, clone.input_spec = -1, None
        last = keras.layers.Permute(order, name=cloner.names.of(f"{name}_last"))(tensor)
        clone._build_shapes_dict = {"input_shape": tuple(last.shape)}
        return keras.layers.Permute(back, name=cloner.names.of(f"{name}_back"))(clone(last))
    if isinstance(getattr(layer, "activation", None), keras.Layer):
        clone = cloner.clone(layer, name)
        clone.activation = keras.activations.linear
        return cloner.clone(layer.activation, f"{name}_activation")(clone(*tensors))
    return None


def _axis(layer: Any, tensor: Any) -> int:
    """Counted from the batch on."""
    axis = layer.axis[0] if isinstance(layer.axis, list | tuple) else layer.axis
    return int(axis) % len(tensor.shape)
