"""`Window`: every position a kernel visits, laid out for `MatVec`. What a line buffer does in hardware."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.hls.dataflow.operations.operation import Bounds, Operation, Ready, TensorType, exact_dtype

LARGEST_WINDOW = 2**16
"""Of any size in it, in elements: what a file may name."""


@dataclass(frozen=True)
class Window(Operation):
    """Sliding windows: (*spatial, C) -> (*positions, kernel size * C), kernel position first, channel last.

    One entry a spatial axis (one or two of them) in every field. Padding is with zeros. Dilation is the distance of the
    elements that neighbours in the kernel meet; 1 unless given.
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.dilation:
            object.__setattr__(self, "dilation", (1,) * len(self.kernel_size))

    @property
    def span(self) -> tuple[int, ...]:
        """Elements from the kernel's first to its last, those it leaves out included."""
        return tuple((size - 1) * dilation + 1 for size, dilation in zip(self.kernel_size, self.dilation, strict=True))

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Positions that fit whole into the padded input."""
        *spatial, channels = inputs[0].shape
        positions = tuple(
            (size + sum(padding) - span) // stride + 1
            for size, span, stride, padding in zip(spatial, self.span, self.stride, self.padding, strict=True)
        )
        return (TensorType((*positions, int(np.prod(self.kernel_size)) * channels), inputs[0].element),)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """The windows of the bounds; zero where padded."""
        low, high = (self._windows(raw[None])[0] for raw in (bounds[0].low, bounds[0].high))
        del inputs
        return (Bounds(low, high),)

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """A strided view of the padded input, copied once."""
        del inputs
        return lambda arrays: (self._windows(arrays[0]),), exact_dtype(bounds[0].magnitude, least)

    def holds(self, inputs: Sequence[TensorType]) -> bool:
        """Whether there are one or two axes, and sizes and padding are in range."""
        del inputs
        return (
            len(self.kernel_size) in (1, 2)
            and len(self.dilation) == len(self.kernel_size)
            and all(1 <= size <= LARGEST_WINDOW for size in (*self.kernel_size, *self.stride, *self.dilation))
            and all(0 <= size <= LARGEST_WINDOW for pair in self.padding for size in pair)
        )

    def _windows(self, x: np.ndarray) -> np.ndarray:
        rank = len(self.kernel_size)
        x = pad_spatial(x, self.padding)
        batch, *spatial, channels = x.shape
        positions = tuple(
            (size - span) // stride + 1 for size, span, stride in zip(spatial, self.span, self.stride, strict=True)
        )
        strides = x.strides
        kernel = [*self.kernel_size, channels]
        steps = [*(strides[1 + axis] * self.dilation[axis] for axis in range(rank)), strides[-1]]
        if self.dilation[-1] == 1:
            # The last kernel axis and the channels are neighbours in memory: one axis of the view.
            kernel[-2:], steps[-2:] = [kernel[-2] * channels], [strides[-1]]
        view = np.lib.stride_tricks.as_strided(
            x,
            (batch, *positions, *kernel),
            (strides[0], *(strides[1 + axis] * self.stride[axis] for axis in range(rank)), *steps),
            writeable=False,
        )
        return view.reshape(batch, *positions, int(np.prod(self.kernel_size)) * channels)


def pad_spatial(x: np.ndarray, padding: Sequence[tuple[int, int]]) -> np.ndarray:
    """Zeros around the spatial axes of (batch, *spatial, C), contiguous; the array itself if nothing is to be added."""
    if not any(any(pair) for pair in padding):
        return np.ascontiguousarray(x)
    shape = (
        x.shape[0],
        *(n + sum(pair) for n, pair in zip(x.shape[1:-1], padding, strict=True)),
        x.shape[-1],
    )
    padded = np.zeros(shape, dtype=x.dtype)
    inner = tuple(slice(before, before + n) for n, (before, _) in zip(x.shape[1:-1], padding, strict=True))
    padded[(slice(None), *inner)] = x
    return padded
