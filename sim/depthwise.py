"""`DepthwiseConvolution`: `Window` and `DepthwiseMatVec` in one, for the simulator alone; no window is laid out."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netloom.common.compiled import load
from netloom.hls.dataflow import Bounds, Cost, DepthwiseMatVec, Operation, Ready, TensorType, Window

_SOURCE = Path(__file__).with_name("depthwise.cpp")


@dataclass(frozen=True, eq=False)
class DepthwiseConvolution(Operation):
    """`product` of `window`: the same numbers, several times sooner.

    For each place of the kernel whole rows of the picture, all their channels side by side, are multiplied by a row of
    weights and added to a row of results: long loops over neighbours in memory.
    """

    window: Window
    product: DepthwiseMatVec

    def _windows(
        self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]
    ) -> tuple[Sequence[TensorType], Sequence[Bounds]]:
        return self.window.outputs(inputs), self.window.bounds(inputs, bounds)

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Of the product."""
        return self.product.outputs(self.window.outputs(inputs))

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """Of the product."""
        return self.product.bounds(*self._windows(inputs, bounds))

    def may_overflow(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> bool:
        """Of the product."""
        return self.product.may_overflow(*self._windows(inputs, bounds))

    def cost(self, inputs: Sequence[TensorType]) -> Cost:
        """Of the product."""
        return self.product.cost(self.window.outputs(inputs))

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """Rows times rows in a float dtype; in integers first the one operation, then the other."""
        windows = self._windows(inputs, bounds)
        multiply, dtype = self.product.prepare(*windows, least)
        if np.dtype(dtype).kind != "f":
            gather, _ = self.window.prepare(inputs, bounds, dtype)
            return lambda arrays: multiply(gather(arrays)), dtype
        *_, columns, channels = self.outputs(inputs)[0].shape
        weights: np.ndarray = self.product.scaled_weights(windows[0]).astype(dtype)
        weights = weights.reshape(-1, self.window.kernel_size[-1], 1, channels).repeat(columns, axis=2)
        finish = self.product.finish(*windows, dtype)
        return lambda arrays: (finish(self._sums(arrays[0], weights)),), dtype

    def _sums(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Sums of products; `weights` is (kernel rows, kernel columns, result columns, channels)."""
        step, stride = (1, *self.window.stride)[-2:]
        padding = ((0, 0), *self.window.padding)[-2:]
        pictures = np.ascontiguousarray(x if x.ndim == 4 else x[:, None])
        kernel_rows, kernel_columns, columns, channels = weights.shape
        rows = (pictures.shape[1] + sum(padding[0]) - kernel_rows) // step + 1
        total = np.zeros((len(x), rows, columns * channels), x.dtype)
        for phase in range(min(stride, kernel_columns)):
            # Every `stride`-th column: the ones that the kernel's columns phase, phase + stride, ... meet.
            every, left = _columns(pictures, padding[1], phase, stride)
            taps = np.ascontiguousarray(weights[:, phase::stride]).reshape(kernel_rows, -1, columns * channels)
            _add_sums(every, taps, total, (step, padding[0][0], left, channels))
        return total.reshape(len(x), *(rows,) * (x.ndim == 4), columns, channels)


def _add_sums(x: np.ndarray, taps: np.ndarray, total: np.ndarray, places: tuple[int, int, int, int]) -> None:
    """Add sums of products over a kernel's rows and columns.

    Args:
        x: pictures, (samples, rows, columns, channels), contiguous.
        taps: weights of every element of a result's row, (kernel rows, kernel columns, columns * channels).
        total: results, (samples, rows, columns * channels); changed.
        places: rows from one result to the next, rows of zeros above, columns of zeros on the left, channels.
    """
    library = load(_SOURCE)
    if library is not None:
        samples, height, columns, channels = x.shape
        sizes = np.array([samples, height, columns * channels, *taps.shape[:2], *total.shape[1:], *places], np.int64)
        add = getattr(library, f"sums_{x.dtype}")
        add(*(ctypes.c_void_p(array.ctypes.data) for array in (x, taps, total, sizes)))
        return
    step, top, left, channels = places
    rows, width = (total.shape[1] - 1) * step + taps.shape[0], total.shape[2] + (taps.shape[1] - 1) * channels
    padded = np.zeros((len(x), rows, width), x.dtype)
    inside = x.reshape(len(x), x.shape[1], -1)[:, : rows - top, : width - left * channels]
    padded[:, top : top + inside.shape[1], left * channels : left * channels + inside.shape[2]] = inside
    sample, row, element = padded.strides
    view = np.lib.stride_tricks.as_strided(
        padded,
        (len(x), *taps.shape[:2], *total.shape[1:]),
        (sample, row, channels * element, row * step, element),
        writeable=False,
    )
    total += np.einsum("bijhn,ijn->bhn", view, taps)


def _columns(x: np.ndarray, padding: tuple[int, int], phase: int, stride: int) -> tuple[np.ndarray, int]:
    """Columns phase, phase + stride, ... of pictures between zeros: those of the pictures, and how many zeros first."""
    if stride == 1:
        return x, padding[0]
    return np.ascontiguousarray(x[:, :, (phase - padding[0]) % stride :: stride]), max(
        0, -(-(padding[0] - phase) // stride)
    )
