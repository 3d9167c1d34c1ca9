"""Layers on other axes than the last: the axes moved there and back."""

from typing import Any

import numpy as np

from netloom.quantize.flat.equal.functions import activated
from netloom.quantize.flat.equal.parts import Parts

_NORMS = frozenset({"LayerNormalization", "RMSNormalization", "UnitNormalization"})


def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """One axis or several, in order, counted from the batch on."""
    return tuple(sorted(int(one) % rank for one in (axis if isinstance(axis, list | tuple) else (axis,))))


def channels_last(layer: Any, cloner: Any, tensor: Any, name: str, parts: Parts) -> Any:
    """A layer of `data_format='channels_first'` on a tensor whose channels are moved to the end, and its result's back.

    Args:
        layer: the user's.
        cloner: what makes the flat model's layers.
        tensor: what it is called on.
        name: of the layer.
        parts: makes what is beside it.
    """
    import keras

    rank = len(tensor.shape)
    activation = getattr(layer, "activation", None)
    # These run along the last axis, which is none of channels.
    along = activation in (keras.activations.softmax, keras.activations.glu, keras.activations.log_softmax)
    last = parts.permute(tensor, (*range(2, rank), 1))
    if layer.weights:
        clone = cloner.clone(layer, name, shifted=-1)
        clone.data_format, clone.input_spec = "channels_last", None
        if along:
            clone.activation = keras.activations.linear
        clone._build_shapes_dict = {"input_shape": tuple(last.shape)}
    else:
        config = {**layer.get_config(), "data_format": "channels_last", "name": cloner.names.of(name)}
        clone = type(layer).from_config(config)
    result = clone(last)
    after = len(result.shape)
    result = parts.permute(result, (after - 1, *range(1, after - 1))) if after == rank else result
    return activated(result, activation, parts) if along else result


def normalized(layer: Any, tensor: Any, parts: Parts) -> Any:
    """A normalization of each sample, or a softmax, over other axes than the last alone: over them made one."""
    import keras

    kind, axes = type(layer).__name__, axes_of(layer.axis, len(tensor.shape))

    def compute(flat: Any) -> Any:
        options = {"axis": -1, "name": parts.names.of(f"{parts.name}_of_one")}
        for option in ("epsilon", "center", "scale") if kind != "RMSNormalization" else ("epsilon",):
            if hasattr(layer, option):
                options[option] = getattr(layer, option)
        one = getattr(keras.layers, kind)(**options)
        result = one(flat)
        one.set_weights([np.ravel(value) for value in layer.get_weights()])
        return result

    return parts.gathered(tensor, axes, compute)


def is_normalized_elsewhere(layer: Any, tensor: Any) -> bool:
    """Whether a layer is a normalization or softmax over other axes than the last, or several."""
    kind, last = type(layer).__name__, (len(tensor.shape) - 1,)
    if kind in _NORMS:
        return axes_of(layer.axis, len(tensor.shape)) != last
    return kind == "Softmax" and not isinstance(layer.axis, int) and len(axes_of(layer.axis, len(tensor.shape))) > 1
