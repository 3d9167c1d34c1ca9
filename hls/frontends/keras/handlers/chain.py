"""One Keras layer as several of hls4ml's, one after the other."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.hls.layers.rearrange import rearrange


def chained(configs: Sequence[dict[str, Any]], layer: Any, source: Any, target: Any) -> tuple[dict[str, Any], ...]:
    """The layers, joined by tensors of their own; the last gives what the Keras layer gives.

    Args:
        configs: hls4ml's descriptions, each of one input; the last has the Keras layer's name.
        layer: the Keras layer.
        source: the Keras tensor that the first reads.
        target: the Keras tensor that the last gives.
    """
    last = len(configs) - 1
    names = [source.name, *(f"{target.name}_{index}" for index in range(last)), target.name]
    return tuple(
        config
        | {
            "origin": layer.name if index == last else f"{layer.name} (part)",
            "input_keras_tensor_names": [names[index]],
            "output_keras_tensor_names": [names[index + 1]],
        }
        for index, config in enumerate(configs)
    )


def softmax_chain(name: str, shape: tuple[int, ...], axis: int) -> list[dict[str, Any]]:
    """hls4ml's layers for a softmax: its own is over the last axis, so others are moved there and back.

    Args:
        name: of the Keras layer.
        shape: without the batch.
        axis: of `shape`, from 0.
    """
    moved = (*shape[:axis], *shape[axis + 1 :], shape[axis])
    softmax = {
        "name": name,
        "class_name": "Softmax",
        "activation": "softmax",
        "n_in": prod(shape),
        "axis": -1,
        "n_outer": prod(moved[:-1]),
        "n_inner": 1,
        "input_shape": [list(moved)],
    }
    if axis == len(shape) - 1:
        return [softmax]
    there = np.ascontiguousarray(np.moveaxis(np.arange(prod(shape), dtype=np.int64).reshape(shape), axis, -1))
    back = np.ascontiguousarray(np.moveaxis(np.arange(prod(shape), dtype=np.int64).reshape(moved), -1, axis))
    return [
        rearrange(f"{name}_there", there, [], "", [shape]),
        softmax | {"name": f"{name}_part"},
        rearrange(name, back, [], "", [moved]),
    ]
