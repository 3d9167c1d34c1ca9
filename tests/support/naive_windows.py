"""Windows laid out by loops over positions, to hold `Window` and `Pool` against."""

import itertools

import numpy as np


def naive_windows(x, kernel, stride, padding):
    """One sample, position by position, in the order MatVec takes it: kernel rows, kernel columns, channels."""
    x = np.pad(x, [*padding, (0, 0)])
    positions = [range(0, size - k + 1, s) for size, k, s in zip(x.shape[:-1], kernel, stride, strict=True)]
    rows = [
        x[tuple(slice(start, start + k) for start, k in zip(at, kernel, strict=True))].ravel()
        for at in itertools.product(*positions)
    ]
    return np.array(rows).reshape(*(len(position) for position in positions), -1)
