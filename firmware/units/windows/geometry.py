"""`Geometry`: what a sliding window means for hardware, one or two spatial axes alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeVar

from netloom.hls.dataflow import Pool, Window

_T = TypeVar("_T")


def _two(values: Sequence[_T], above: _T) -> tuple[_T, _T]:
    """Values for both axes, if there are those of a sequence alone."""
    first, second = (above, *values)[-2:]
    return first, second


@dataclass(frozen=True)
class Geometry:
    """A window that slides over a picture of `height` x `width` pixels of `channels` elements.

    A sequence is a picture of height 1. `padding` is ((top, bottom), (left, right)).
    """

    height: int
    width: int
    channels: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[tuple[int, int], tuple[int, int]]
    dilation: tuple[int, int] = (1, 1)

    @classmethod
    def of(cls, operation: Window | Pool, shape: Sequence[int]) -> "Geometry":
        """Of a sliding operation on a tensor of `shape`.

        A pooling of everything is one of a sequence: no line of pixels need be kept.
        """
        *spatial, channels = shape
        kernel, stride = operation.kernel_size, operation.stride
        padding = operation.padding if isinstance(operation, Window) else tuple((0, 0) for _ in kernel)
        dilation = operation.dilation if isinstance(operation, Window) else (1,) * len(kernel)
        if isinstance(operation, Pool) and tuple(spatial) == tuple(kernel):
            spatial, kernel, stride, padding = [prod(spatial)], (prod(kernel),), (prod(kernel),), ((0, 0),)
        height, width = _two(spatial, 1)
        return cls(height, width, channels, _two(kernel, 1), _two(stride, 1), _two(padding, (0, 0)), _two(dilation, 1))

    @property
    def span(self) -> tuple[int, int]:
        """Rows and columns from the kernel's first to its last."""
        return (self.kernel[0] - 1) * self.dilation[0] + 1, (self.kernel[1] - 1) * self.dilation[1] + 1

    @property
    def padded(self) -> tuple[int, int]:
        """Rows and columns with padding."""
        return self.height + sum(self.padding[0]), self.width + sum(self.padding[1])

    @property
    def rows(self) -> int:
        """Rows of positions."""
        return (self.padded[0] - self.span[0]) // self.stride[0] + 1

    @property
    def columns(self) -> int:
        """Positions in a row."""
        return (self.padded[1] - self.span[1]) // self.stride[1] + 1

    @property
    def positions(self) -> int:
        """Positions of the window."""
        return self.rows * self.columns

    @property
    def needs_lines(self) -> bool:
        """Whether pixels must be kept, padded or skipped before columns of the window can be formed."""
        return self.kernel[0] > 1 or self.stride[0] > 1 or any(map(any, self.padding))

    def beats_in(self, lanes: int) -> int:
        """Clock cycles that all pixels take, padding included, `lanes` channels at a time."""
        return prod(self.padded) * (self.channels // lanes)
