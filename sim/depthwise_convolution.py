"""`DepthwiseConvolution`: `Window` and `DepthwiseMatVec` in one, for the simulator alone; no window is laid out."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from netloom.hls.dataflow import Bounds, Cost, DepthwiseMatVec, Operation, Ready, TensorType, Window
from netloom.sim.native.native_library import native_library

_STRETCH_BYTES = 256
"""Of a result's row that the C++ computes at a time: weights and bias need at least so many."""


@dataclass(frozen=True, eq=False)
class DepthwiseConvolution(Operation):
    """`product` of `window`: the same numbers, several times sooner.

    For each place of the kernel whole rows of the picture, all their channels side by side, are multiplied by a row of
    weights: long loops over neighbours in memory.
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
        output = self.outputs(inputs)[0]
        weights, start, places = self.laid_out(inputs, dtype)
        confine = self.product.may_overflow(*windows)

        def run(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray]:
            x = np.ascontiguousarray(arrays[0])
            total: np.ndarray = np.empty((len(x), *output.shape), dtype)
            _convolve(x, weights, start, total, places)
            return (output.element.confine(total) if confine else total,)

        return run, dtype

    def laid_out(self, inputs: Sequence[TensorType], dtype: type) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
        """Weights and start as rows of the result, and the sizes, as the C++ takes them."""
        shape = self.outputs(inputs)[0].shape
        *_, columns, channels = shape
        row = max(columns * channels, _STRETCH_BYTES // np.dtype(dtype).itemsize)
        scaled: np.ndarray = self.product.scaled_weights(self.window.outputs(inputs))
        weights, start = (_rows(array, columns, row, dtype) for array in (scaled, self.product.start()[None]))
        return weights, start, self._places(inputs[0].shape, shape)

    def _places(self, shape: tuple[int, ...], result: tuple[int, ...]) -> tuple[int, ...]:
        """What `Sizes` of the C++ has after the samples; a sequence is a picture of one row."""
        kernel, step = (1, *self.window.kernel_size)[-2:], (1, *self.window.stride)[-2:]
        (top, _), (left, _) = ((0, 0), *self.window.padding)[-2:]
        return (*(1, *shape)[-3:], *kernel, *step, top, left, *(1, *result)[-3:-1])


def _convolve(
    x: np.ndarray, weights: np.ndarray, start: np.ndarray, total: np.ndarray, places: tuple[int, ...]
) -> None:
    """Set `total`, (samples, *result), to `start` and the products; weights and start as `_rows` gives them."""
    library = native_library()
    if library is not None:
        sizes = np.array([len(x), *places], np.int64)
        convolve = getattr(library, f"convolve_{x.dtype}")
        convolve(*(ctypes.c_void_p(array.ctypes.data) for array in (x, weights, start, total, sizes)))
    else:
        _convolve_uncompiled(x, weights, start, total, places)


def _convolve_uncompiled(
    x: np.ndarray, weights: np.ndarray, start: np.ndarray, total: np.ndarray, places: tuple[int, ...]
) -> None:
    height, width, channels, kernel_rows, kernel_columns, step, stride, top, left, rows, columns = places
    row = columns * channels
    across = max(-(-(left + width) // stride), columns + (kernel_columns - 1) // stride)
    padded = np.zeros((len(x), max(top + height, (rows - 1) * step + kernel_rows), across * stride, channels), x.dtype)
    padded[:, top : top + height, left : left + width] = x.reshape(-1, height, width, channels)
    # Columns 0, stride, 2 * stride, ..., then 1, 1 + stride, ...: what one column of the kernel meets, side by side.
    parts = padded.reshape(*padded.shape[:2], across, stride, channels).transpose(3, 0, 1, 2, 4)
    parts = np.ascontiguousarray(parts).reshape(stride, *padded.shape[:2], -1)
    sums = total.reshape(-1, rows, row)
    sums[...] = start[0, :row]
    for column in range(kernel_columns):
        first = column // stride * channels
        met = parts[column % stride, :, : (rows - 1) * step + kernel_rows, first : first + row]
        windows = sliding_window_view(met, kernel_rows, axis=1)[:, ::step]
        sums += np.einsum("bhni,in->bhn", windows, weights[column::kernel_columns, :row])


def _rows(array: np.ndarray, columns: int, row: int, dtype: type) -> np.ndarray:
    """One number a channel, (rows, channels), as one an element of a result's row: (rows, row), zeros at the end."""
    result: np.ndarray = np.zeros((len(array), row), dtype)
    result[:, : columns * array.shape[1]] = np.tile(array, columns)
    return result
