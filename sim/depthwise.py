"""`DepthwiseConvolution`: `Window` and `DepthwiseMatVec` in one, for the simulator alone; no window is laid out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.hls.dataflow import Bounds, Cost, DepthwiseMatVec, Kernel, Operation, TensorType, Window


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
        return [self.window.output(inputs)], [self.window.bounds(inputs, bounds)]

    def output(self, inputs: Sequence[TensorType]) -> TensorType:
        """Of the product."""
        return self.product.output([self.window.output(inputs)])

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> Bounds:
        """Of the product."""
        return self.product.bounds(*self._windows(inputs, bounds))

    def headroom(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> int:
        """Of the product."""
        return self.product.headroom(*self._windows(inputs, bounds))

    def may_overflow(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> bool:
        """Of the product."""
        return self.product.may_overflow(*self._windows(inputs, bounds))

    def cost(self, inputs: Sequence[TensorType]) -> Cost:
        """Of the product."""
        return self.product.cost([self.window.output(inputs)])

    def kernel(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], dtype: type) -> Kernel:
        """Rows times rows in a float dtype; in integers first the one operation, then the other."""
        windows = self._windows(inputs, bounds)
        if np.dtype(dtype).kind != "f":
            gather = self.window.kernel(inputs, bounds, dtype)
            multiply = self.product.kernel(*windows, dtype)
            return lambda arrays: multiply([gather(arrays)])
        *_, columns, channels = self.output(inputs).shape
        weights = self.product.scaled_weights(windows[0]).astype(dtype)
        weights = weights.reshape(-1, self.window.kernel_size[-1], 1, channels).repeat(columns, axis=2)
        finish = self.product.finish(*windows, dtype)
        return lambda arrays: finish(self._sums(arrays[0], weights))

    def _sums(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Sums of products; `weights` is (kernel rows, kernel columns, result columns, channels)."""
        step, stride = (1, *self.window.stride)[-2:]
        padding = ((0, 0), *self.window.padding)[-2:]
        pictures = x if x.ndim == 4 else x[:, None]
        kernel_rows, kernel_columns, columns, channels = weights.shape
        rows = (pictures.shape[1] + sum(padding[0]) - kernel_rows) // step + 1
        parts = []
        for phase in range(min(stride, kernel_columns)):
            # Every `stride`-th column: the ones that the kernel's columns phase, phase + stride, ... meet.
            padded = _padded(pictures, padding, phase, stride)
            taps = np.ascontiguousarray(weights[:, phase::stride]).reshape(kernel_rows, -1, columns * channels)
            sample, row, column, element = padded.strides
            view = np.lib.stride_tricks.as_strided(
                padded,
                (len(x), kernel_rows, taps.shape[1], rows, columns * channels),
                (sample, row, column, row * step, element),
                writeable=False,
            )
            parts.append(np.einsum("bijhn,ijn->bhn", view, taps))
        total = parts[0]
        for part in parts[1:]:
            total += part
        return total.reshape(len(x), *(rows,) * (x.ndim == 4), columns, channels)


def _padded(x: np.ndarray, padding: Sequence[tuple[int, int]], phase: int, stride: int) -> np.ndarray:
    """Columns phase, phase + stride, ... of pictures with zeros around them, contiguous."""
    (top, bottom), (left, right) = padding
    batch, height, width, channels = x.shape
    if stride == 1 and not any((top, bottom, left, right)):
        return np.ascontiguousarray(x)
    columns = len(range(phase, left + width + right, stride))
    padded = np.empty((batch, top + height + bottom, columns, channels), x.dtype)
    given = x[:, :, (phase - left) % stride :: stride]
    before = max(0, -(-(left - phase) // stride))
    inside = slice(before, before + given.shape[2])
    padded[:, :top] = padded[:, top + height :] = 0
    padded[:, :, :before] = padded[:, :, inside.stop :] = 0
    padded[:, top : top + height, inside] = given
    return padded
