"""Images of another size: a constant matrix for their rows and one for their columns, or pixels moved."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from netloom.quantize.flat.equal.moves import orders
from netloom.quantize.flat.equal.parts import Parts

_NOISE = 1e-4


def is_no_firmware(layer: Any) -> bool:
    """Whether an `UpSampling2D` interpolates as no layer of netloom's does."""
    powers = all(times & (times - 1) == 0 for times in layer.size)
    return layer.interpolation != "nearest" and not (layer.interpolation == "bilinear" and powers)


def upsampled(layer: Any, tensor: Any, parts: Parts) -> Any:
    """`UpSampling2D` of any interpolation."""
    return _separated(layer, tensor, parts)


def resized(layer: Any, tensors: Sequence[Any], parts: Parts) -> Any:
    """`Resizing`, `CenterCrop`, and what `RandomCrop` is at inference: pixels moved, else a product with constants."""
    import keras

    (tensor,) = tensors
    found = orders(lambda x: layer(keras.ops.cast(x, "float32"), training=False), tensor.shape[1:])
    if found is not None:
        return parts.rearrange(tensor, found[0])
    if layer.data_format == "channels_last":
        return _separated(layer, tensor, parts)
    last = type(layer).from_config({**layer.get_config(), "data_format": "channels_last"})
    return parts.permute(_separated(last, parts.permute(tensor, (2, 3, 1)), parts), (3, 1, 2))


def _separated(layer: Any, tensor: Any, parts: Parts) -> Any:
    """The matrices of rows and columns, read off images of one row or column each, and tried on another image."""
    import keras

    def compute(images: np.ndarray) -> np.ndarray:
        result: np.ndarray = keras.ops.convert_to_numpy(layer(images.astype(np.float32), training=False))
        return result

    height, width = tensor.shape[1:3]
    rows = compute(np.repeat(np.eye(height)[:, :, None, None], width, axis=2))
    columns = compute(np.repeat(np.eye(width)[:, None, :, None], height, axis=1))
    vertical = rows[:, :, rows.shape[2] // 2, 0].T
    horizontal = columns[:, columns.shape[1] // 2, :, 0].T
    image = np.random.default_rng(0).random((1, height, width, 1))
    if np.abs(vertical @ image[0, :, :, 0] @ horizontal.T - compute(image)[0, :, :, 0]).max() > _NOISE:
        parts.refuse("its weights are no product of one for the row and one for the column: resize on the host")
    result = tensor
    for axis, matrix in ((1, vertical), (2, horizontal)):
        if matrix.shape[0] != matrix.shape[1] or (matrix != np.eye(len(matrix))).any():
            result = parts.along(result, axis, matrix)
    return result
