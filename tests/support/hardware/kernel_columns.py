"""Windows in the order in which the pooling and the depthwise unit take them."""

import numpy as np

from netloom.hls.dataflow import Pool, Window

UNPADDED = {1: ((0, 0),), 2: ((0, 0), (0, 0))}


def window_of(pool: Pool) -> Window:
    """The windows that a pooling sees."""
    return Window(pool.kernel_size, pool.stride, UNPADDED[len(pool.kernel_size)])


def kernel_columns(windows: np.ndarray, height: int, width: int, channels: int, lanes: int) -> np.ndarray:
    """What `Window` gives, (samples, *positions, kernel position and channel), as columns.

    Args:
        windows: raws.
        height: rows of a column.
        width: columns of a window.
        channels: of an element.
        lanes: channels side by side in a beat.

    Returns:
        (samples, elements): for every position, slice of `lanes` channels and column, `height` x `lanes` elements.
    """
    samples = len(windows)
    split = windows.reshape(samples, -1, height, width, channels // lanes, lanes)
    return split.transpose(0, 1, 4, 3, 2, 5).reshape(samples, -1)
