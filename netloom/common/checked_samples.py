"""Samples that are given to a network, checked before anything is computed."""

import numpy as np

from netloom.errors import InputError


def checked_samples(array: np.ndarray, shape: tuple[int, ...], who: str) -> np.ndarray:
    """Samples, (samples, *shape) or what NumPy makes such an array of, in whatever dtype of numbers they are.

    Raises:
        InputError: if they are no numbers, or of another shape; begins with `who`.
    """
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise InputError(f"{who} must be numeric, not {array.dtype}")
    if array.shape[1:] != shape or array.ndim != len(shape) + 1:
        raise InputError(f"{who} must have shape (samples, {', '.join(map(str, shape))}), not {array.shape}")
    return array
