"""`Permute`: elements moved, none changed. Reshape, transpose, concatenate, slice, pad and upsample are all this."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netloom.hls.dataflow.operations.operation import Bounds, Operation, Ready, TensorType, exact_dtype


@dataclass(frozen=True, eq=False)
class Permute(Operation):
    """result[i] = element `indices[i]` of all inputs, flattened and joined; zero where the index is -1.

    All inputs have one type. The shape of `indices` is the result's.
    """

    indices: np.ndarray

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """The shape of the indices, the inputs' type."""
        return (TensorType(self.indices.shape, inputs[0].element),)

    def reshapes(self, sizes: Sequence[int]) -> bool:
        """Whether every element of inputs of these sizes stays where it is in memory, and none is left out."""
        return self._in_order and self.indices.size == sum(sizes)

    @cached_property
    def _in_order(self) -> bool:
        return bool((self.indices.ravel() == np.arange(self.indices.size)).all())

    def padding(self, inputs: Sequence[TensorType]) -> tuple[tuple[int, int], ...] | None:
        """Zeros before and after the input along every axis but the last, if they are all that it adds; else None."""
        there = np.argwhere(self.indices >= 0)
        if len(inputs) != 1 or len(inputs[0].shape) != self.indices.ndim or not len(there):
            return None
        shape = inputs[0].shape
        around = tuple(
            (int(n), int(m - n - size)) for n, m, size in zip(there[0], self.indices.shape, shape, strict=True)
        )
        if min(map(min, around)) < 0 or any(around[-1]):
            return None
        padded = np.pad(np.arange(inputs[0].size).reshape(shape), around, constant_values=-1)
        return around[:-1] if (self.indices == padded).all() else None

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """The bounds, moved alike."""
        low, high = (self._move([getattr(bound, end)[None] for bound in bounds], inputs)[0] for end in ("low", "high"))
        return (Bounds(low, high),)

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """One gather, or none at all for a reshape."""
        dtype = exact_dtype(max(bound.magnitude for bound in bounds), least)
        return lambda arrays: (self._move(arrays, inputs),), dtype

    def holds(self, inputs: Sequence[TensorType]) -> bool:
        """Whether there are indices, none below -1."""
        del inputs
        return self.indices.size >= 1 and int(self.indices.min()) >= -1

    def _move(self, arrays: Sequence[np.ndarray], inputs: Sequence[TensorType]) -> np.ndarray:
        batch = arrays[0].shape[0]
        flat = [array.reshape(batch, tensor.size) for array, tensor in zip(arrays, inputs, strict=True)]
        joined = flat[0] if len(flat) == 1 else np.concatenate(flat, axis=1)
        if self.reshapes([tensor.size for tensor in inputs]):
            return joined.reshape(batch, *self.indices.shape)
        moved = joined[:, np.maximum(self.indices.ravel(), 0)]
        missing = self.indices.ravel() < 0
        if missing.any():
            moved[:, missing] = 0
        return moved.reshape(batch, *self.indices.shape)
