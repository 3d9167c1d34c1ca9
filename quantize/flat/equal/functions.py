"""Functions: those of one value that `keras.ops` has, and activations that are several layers."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from netloom.quantize.flat.equal.parts import Parts


def is_several(activation: Any) -> bool:
    """Whether an activation is one of Keras's that several layers equal."""
    import keras

    return activation is not None and activation in (keras.activations.glu, keras.activations.log_softmax)


def activated(tensor: Any, activation: Any, parts: Parts) -> Any:
    """An activation of Keras's own, whichever it is."""
    import keras

    if activation is None or activation is keras.activations.linear:
        return tensor
    if activation is keras.activations.glu:
        return gated(tensor, -1, parts)
    if activation is keras.activations.log_softmax:
        return log_softmax(tensor, -1, parts)
    return parts.layer("Activation", tensor, activation)


def gated(tensor: Any, axis: int, parts: Parts) -> Any:
    """One half of an axis times the sigmoid of the other."""
    axis %= len(tensor.shape)
    size = tensor.shape[axis]
    if size % 2:
        parts.refuse(f"it halves an axis of {size}: give it an even number")
    grid = np.arange(int(np.prod(tensor.shape[1:]))).reshape(tensor.shape[1:])
    value, gate = (parts.rearrange(tensor, half) for half in np.split(grid, 2, axis=axis - 1))
    return parts.layer("Multiply", [value, parts.layer("Activation", gate, "sigmoid")])


def log_sum_exp(tensor: Any, parts: Parts) -> tuple[Any, Any]:
    """A tensor less its largest along the last axis, and the logarithm of the sum of the exponentials of that.

    One of the exponentials is 1, so the sum is at least that: its logarithm is one of 1 + x for an x that is not
    negative, and finite wherever rounding leads.
    """
    rows = parts.reshape(tensor, (int(np.prod(tensor.shape[1:-1])), tensor.shape[-1]))
    first = parts.layer("GlobalMaxPooling1D", parts.permute(rows, (2, 1)))
    less = parts.layer("Subtract", [rows, parts.reshape(first, (rows.shape[1], 1))])
    total = parts.sum(parts.layer("Activation", less, "exponential"))
    above = parts.layer("Activation", parts.affine(total, 1, -1), "relu")
    return less, parts.function(above, "log1p")


def log_softmax(tensor: Any, axis: int, parts: Parts) -> Any:
    """Each value less the logarithm of the sum of the exponentials of all."""

    def compute(flat: Any) -> Any:
        less, logarithm = log_sum_exp(flat, parts)
        return parts.reshape(parts.layer("Subtract", [less, logarithm]), flat.shape[1:])

    return parts.gathered(tensor, (axis % len(tensor.shape),), compute)


def discretized(layer: Any, tensors: Sequence[Any], parts: Parts) -> Any:
    """`Discretization` into whole numbers, a function of one value."""
    if layer.output_mode != "int":
        parts.refuse(f"output_mode={layer.output_mode!r}: take 'int', and an Embedding after it")
    boundaries = [float(one) for one in layer.bin_boundaries or layer.summary[0]]
    return parts.function(tensors[0], "digitize", {"bins": boundaries})


def function_called(kind: str) -> str:
    """The function of `keras.ops` that a class of `keras.src.ops` is called for."""
    return {"Abs": "absolute", "Rsqrt": "rsqrt", "Log1p": "log1p", "Expm1": "expm1"}.get(
        kind, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()
    )
