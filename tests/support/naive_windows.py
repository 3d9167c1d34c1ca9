"""Windows laid out by loops over positions, to hold `Window` and `Pool` against."""

import itertools

import numpy as np


def naive_windows(x, kernel, stride, padding, dilation=None):
    """One sample, position by position, in the order MatVec takes it: kernel rows, kernel columns, channels."""
    x = np.pad(x, [*padding, (0, 0)])
    dilation = dilation or (1,) * len(kernel)
    span = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    positions = [range(0, size - n + 1, s) for size, n, s in zip(x.shape[:-1], span, stride, strict=True)]
    rows = [
        x[tuple(slice(start, start + n, d) for start, n, d in zip(at, span, dilation, strict=True))].ravel()
        for at in itertools.product(*positions)
    ]
    return np.array(rows).reshape(*(len(position) for position in positions), -1)
