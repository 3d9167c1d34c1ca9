"""Samples that are given to a network, checked before anything is computed."""

import numpy as np

from netloom.errors import InputError


def checked_samples(array: np.ndarray, shape: tuple[int, ...], who: str) -> np.ndarray:
    """Samples as an array, of whatever dtype of numbers it is.

    Args:
        array: (samples, *shape), or what NumPy makes one of.
        shape: of a sample.
        who: what they are, for the message.

    Raises:
        InputError: if they are no numbers, or of another shape.
    """
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise InputError(f"{who} must be numeric, not {array.dtype}")
    if array.shape[1:] != shape or array.ndim != len(shape) + 1:
        raise InputError(f"{who} must have shape (samples, {', '.join(map(str, shape))}), not {array.shape}")
    return array
