"""A constant scale and shift as a layer: what `Rescaling`, `Normalization` and arithmetic with constants are."""

from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError

EXACT_EPSILON = 2.0**-10
EXACT_VARIANCE = 1 - EXACT_EPSILON
"""With these, sqrt(variance + epsilon) is exactly 1 in float32, and scale and shift are exactly gamma and beta."""


def affine(tensor: Any, scale: Any, shift: Any, name: str, owner: str) -> Any:
    """`tensor * scale + shift` as a `BatchNormalization` whose gamma and beta are the two.

    Constants that differ along another axis than the last take the whole tensor as a row of channels.

    Args:
        tensor: symbolic, (batch, ..., channels).
        scale: a number, or an array that broadcasts against the tensor; likewise `shift`.
        name: of the layer.
        owner: what to call it in messages.

    Raises:
        LayerNotSupportedError: if the constants make the tensor larger, or are not finite.
    """
    import keras

    shape = tuple(tensor.shape)
    gamma, beta = (_whole(np.asarray(value, np.float64), shape, owner) for value in (scale, shift))
    rows = [value.reshape(-1, shape[-1]) for value in (gamma, beta)]
    each = any((one != one[0]).any() for one in rows)
    if each:
        tensor = keras.layers.Reshape((gamma.size,), name=f"{name}_row")(tensor)
    gamma, beta = (value.ravel() for value in (gamma, beta)) if each else (one[0] for one in rows)
    layer = keras.layers.BatchNormalization(epsilon=EXACT_EPSILON, name=name)
    result = layer(tensor)
    layer.set_weights([gamma, beta, np.zeros(gamma.shape), np.full(gamma.shape, EXACT_VARIANCE)])
    return keras.layers.Reshape(shape[1:], name=f"{name}_back")(result) if each else result


def rescaling(layer: Any) -> tuple[Any, Any]:
    """Scale and shift of a `Rescaling`."""
    return layer.scale, layer.offset


def normalization(layer: Any) -> tuple[Any, Any]:
    """Scale and shift of a `Normalization`, in float64; as arrays that broadcast against its input."""
    import keras

    mean, variance = (keras.ops.convert_to_numpy(value).astype(np.float64) for value in (layer.mean, layer.variance))
    deviation = np.maximum(np.sqrt(variance), keras.config.epsilon())
    return (deviation, mean) if layer.invert else (1 / deviation, -mean / deviation)


def _whole(value: np.ndarray, shape: tuple[Any, ...], owner: str) -> np.ndarray:
    """A constant for every element of a sample."""
    if not np.isfinite(value).all():
        raise LayerNotSupportedError(f"{owner}: its constants must be finite: set them to numbers")
    if value.ndim > len(shape) or (value.ndim == len(shape) and value.shape[0] != 1):
        raise LayerNotSupportedError(f"{owner}: a constant of shape {value.shape} is no scale or shift of {shape}")
    try:
        return np.broadcast_to(value, (1, *shape[1:]))
    except ValueError:
        raise LayerNotSupportedError(
            f"{owner}: a constant of shape {value.shape} widens a tensor of shape {shape}: repeat the tensor before it"
        ) from None
