"""`Window` in C++: zeros around a picture, and where in it the windows are that a product reads."""

from collections.abc import Sequence

import numpy as np

from netloom.hls.dataflow import Window
from netloom.sim.native.steps import NativeStep


def pad(step: NativeStep, shape: Sequence[int], padding: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Zeros around a picture; its shape with them."""
    height, width, channels = (1, *shape)[-3:]
    (top, bottom), (left, right) = ((0, 0), *padding)[-2:]
    row = (left + width + right) * channels
    step.numbers[:5] = height, width * channels, row, top, left * channels
    padded = (top + height + bottom, left + width + right, channels)
    return padded[-len(shape) :]


def places_in(shape: Sequence[int], view: Window) -> tuple[np.ndarray, np.ndarray]:
    """Where each window of a picture begins, and where its pieces do from there, in elements."""
    height, width, channels = (1, *shape)[-3:]
    (rows, columns), (step, stride) = (1, *view.kernel_size)[-2:], (1, *view.stride)[-2:]
    apart, beside = (1, *view.dilation)[-2:]
    across = width * channels
    down = np.arange((height - (rows - 1) * apart - 1) // step + 1) * step * across
    along = np.arange((width - (columns - 1) * beside - 1) // stride + 1) * stride * channels
    lines = np.arange(rows) * apart * across
    pieces = lines if beside == 1 else (lines[:, None] + np.arange(columns) * beside * channels).ravel()
    return (down[:, None] + along).ravel(), pieces
