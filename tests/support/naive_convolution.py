"""Convolution and pooling by the definition: one output at a time, over Python's own numbers."""

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np


def same_padding(length: int, positions: int, span: int, stride: int) -> int:
    """Zeros in front of an axis of which `positions` = ceil(length / stride) are wanted."""
    return max((positions - 1) * stride + span - length, 0) // 2


def convolved(x: np.ndarray, layer: Any, kernel: np.ndarray, bias: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """What a Keras convolution gives for one sample: x (*spatial, C), kernel (*size, C / groups, F) -> `shape`."""
    *size, depth, filters = kernel.shape
    result = np.zeros(shape)
    rates, groups = tuple(layer.dilation_rate), getattr(layer, "groups", x.shape[-1] // depth)
    for at in itertools.product(*map(range, shape[:-1])):
        for f in range(filters):
            total = Fraction(float(bias[f]))
            first = f // (filters // groups) * depth
            for tap in itertools.product(*map(range, size)):
                pixel = [
                    o * stride + k * rate
                    - (same_padding(n, m, (s - 1) * rate + 1, stride) if layer.padding == "same" else 0)
                    for o, k, stride, rate, n, m, s in zip(
                        at, tap, layer.strides, rates, x.shape[:-1], shape[:-1], size, strict=True
                    )
                ]  # fmt: skip
                if all(0 <= p < n for p, n in zip(pixel, x.shape[:-1], strict=True)):
                    for c in range(depth):
                        total += Fraction(float(x[(*pixel, first + c)])) * Fraction(float(kernel[(*tap, c, f)]))
            result[(*at, f)] = float(total)
    return result


def transposed(x: np.ndarray, layer: Any, kernel: np.ndarray, bias: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """What a Keras transposed convolution gives: every element spreads the kernel (*size, F, C) over the result."""
    *size, filters, channels = kernel.shape
    sums = np.broadcast_to(bias, shape).astype(np.float64).copy()
    for at in itertools.product(*map(range, x.shape[:-1])):
        for tap in itertools.product(*map(range, size)):
            place = []
            for i, k, stride, rate, n, m, s in zip(
                at, tap, layer.strides, layer.dilation_rate, x.shape[:-1], shape[:-1], size, strict=True
            ):
                span = (s - 1) * rate + 1
                cut = max((n - 1) * stride + span - m, 0) // 2 if layer.padding == "same" else 0
                place.append(i * stride + k * rate - cut)
            if all(0 <= p < n for p, n in zip(place, shape[:-1], strict=True)):
                for f, c in itertools.product(range(filters), range(channels)):
                    sums[(*place, f)] += x[(*at, c)] * kernel[(*tap, f, c)]
    return sums


def windows(x: np.ndarray, layer: Any, shape: Sequence[int]) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Every position of a Keras pooling, with the pixels (n, C) of one sample that lie inside its window."""
    spatial = x.shape[:-1]
    size = tuple(getattr(layer, "pool_size", spatial))
    strides = tuple(getattr(layer, "strides", size))
    same = getattr(layer, "padding", "valid") == "same"
    positions = tuple(shape[:-1]) or (1,) * len(spatial)
    for at in itertools.product(*map(range, positions)):
        ranges = []
        for o, stride, k, n, m in zip(at, strides, size, spatial, positions, strict=True):
            start = o * stride - (same_padding(n, m, k, stride) if same else 0)
            ranges.append(range(max(start, 0), min(start + k, n)))
        yield at, np.array([x[pixel] for pixel in itertools.product(*ranges)])
