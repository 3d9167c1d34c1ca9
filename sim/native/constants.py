"""`Constants`: weights, tables and sizes of steps, laid out as the C++ reads them, and kept as long as it does."""

import ctypes
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.hls.dataflow import DepthwiseMatVec, Gather, Lookup, TensorType, Window
from netloom.sim.depthwise_convolution import DepthwiseConvolution
from netloom.sim.native.steps import NativeStage, NativeStep, address

LANES = 16
_FUNCTIONS = ("add", "subtract", "multiply", "maximum", "minimum")


def group_of(bytes_: bool) -> int:
    """How many numbers of a row are multiplied at a time by each lane."""
    return 4 if bytes_ else 1


class Constants:
    """What steps point to."""

    def __init__(self) -> None:
        self._kept: list[object] = []

    def _array(self, array: Any, dtype: type) -> Any:
        made: np.ndarray = np.ascontiguousarray(array, dtype)
        self._kept.append(made)
        return address(made)

    def stages(self, step: NativeStep, stages: Sequence[NativeStage]) -> None:
        """What numbers go through before they are stored."""
        made = (NativeStage * len(stages))(*stages)
        self._kept.append(made)
        step.stages, step.stages_length = ctypes.addressof(made), len(stages)

    def pad(self, step: NativeStep, shape: Sequence[int], padding: Sequence[tuple[int, int]]) -> tuple[int, ...]:
        """Zeros around a picture; its shape with them."""
        height, width, channels = (1, *shape)[-3:]
        (top, bottom), (left, right) = ((0, 0), *padding)[-2:]
        row = (left + width + right) * channels
        step.numbers[:5] = height, width * channels, row, top, left * channels
        padded = (top + height + bottom, left + width + right, channels)
        return padded[-len(shape) :]

    def product(
        self, step: NativeStep, operation: Any, types: Sequence[TensorType], shape: Sequence[int], view: Window | None
    ) -> None:
        """A matrix for rows of a tensor of `shape`: windows of it, zeros included, or whole last axes."""
        weights = operation.scaled_weights(types)
        columns = weights.shape[1]
        if view is None:
            places, pieces = np.arange(prod(shape[:-1])) * shape[-1], np.zeros(1, np.int64)
        else:
            places, pieces = _places(shape, view)
        weights = weights.reshape(len(pieces), -1, columns)
        group = group_of(bool(step.from_bytes))
        length, panels = -(-weights.shape[1] // group), -(-columns // LANES)
        whole = np.zeros((len(pieces), length * group, panels * LANES), np.int64)
        whole[:, : weights.shape[1], :columns] = weights
        start = np.zeros(panels * LANES, np.int64)
        start[:columns] = operation.start() - int(step.fill) * weights.sum(axis=(0, 1))
        laid = whole.reshape(len(pieces), length, group, panels, LANES).transpose(3, 0, 1, 4, 2)
        step.weights = self._array(laid, np.int8 if step.from_bytes else np.float32)
        step.start = self._array(start, np.int32 if step.from_bytes else np.float32)
        step.places, step.pieces = self._array(places, np.int64), self._array(pieces, np.int64)
        step.numbers[:5] = len(places), columns, len(pieces), length, laid[0].size

    def depthwise(self, step: NativeStep, operation: Any, types: Sequence[TensorType]) -> None:
        """A depthwise convolution; one of a single place is a scale and an offset a channel."""
        if isinstance(operation, DepthwiseMatVec):
            shape = types[0].shape
            flat = TensorType((prod(shape[:-1]), shape[-1]), types[0].element)
            operation, types = DepthwiseConvolution(Window((1,), (1,), ((0, 0),)), operation), [flat]
        weights, start, places = operation.laid_out(types, np.float32)
        step.weights, step.start = self._array(weights, np.float32), self._array(start, np.float32)
        step.numbers[: len(places)] = places

    def pool(self, step: NativeStep, operation: Any, types: Sequence[TensorType], result: TensorType) -> None:
        """Sizes of pictures and windows."""
        kernel, stride = (1, *operation.kernel_size)[-2:], (1, *operation.stride)[-2:]
        rows, columns, _ = (1, *result.shape)[-3:]
        sizes = (*(1, *types[0].shape)[-3:], *kernel, *stride, rows, columns, operation.accum is None)
        step.numbers[: len(sizes)] = sizes

    def move(self, step: NativeStep, indices: np.ndarray, first: int, size: int, fills: bool) -> None:
        """Elements of a result from input elements `first` to `first + size` of all."""
        flat = indices.ravel()
        (to,) = np.nonzero((flat >= first) & (flat < first + size))
        step.places, step.pieces = self._array(to, np.int64), self._array(flat[to] - first, np.int64)
        step.numbers[:2] = len(to), fills and bool((flat < 0).any())

    def join(self, step: NativeStep, operation: Any, types: Sequence[TensorType]) -> None:
        """A function of two tensors."""
        step.numbers[:3] = (_FUNCTIONS.index(operation.function), *operation.gains(types))

    def lookup(self, step: NativeStep, operation: Lookup | Gather) -> None:
        """Rows of a table; of a function's they are of one number each."""
        assert operation.table is not None
        step.weights = self._array(operation.table, np.float32)
        offset = operation.offset if isinstance(operation, Lookup) else 0
        step.numbers[:2] = operation.table.size // len(operation.table), offset

    def fill(self, step: NativeStep, raws: np.ndarray) -> None:
        """The same numbers for every sample."""
        step.weights = self._array(raws.ravel(), np.float32)


def _places(shape: Sequence[int], view: Window) -> tuple[np.ndarray, np.ndarray]:
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
