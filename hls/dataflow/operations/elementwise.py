"""`Elementwise`: two tensors of one rank and a broadcastable shape, element by element, losing nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import prod
from typing import Any

import numpy as np

from netloom.hls.dataflow.operations.operation import (
    Bounds,
    Cost,
    Operation,
    Ready,
    TensorType,
    exact_dtype,
    exact_type,
)
from netloom.rounding import integers


class ElementwiseFunction(StrEnum):
    """What is done with two elements."""

    ADD = "add"
    SUBTRACT = "subtract"
    MULTIPLY = "multiply"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"


_FUNCTIONS: dict[ElementwiseFunction, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ElementwiseFunction.ADD: np.add,
    ElementwiseFunction.SUBTRACT: np.subtract,
    ElementwiseFunction.MULTIPLY: np.multiply,
    ElementwiseFunction.MAXIMUM: np.maximum,
    ElementwiseFunction.MINIMUM: np.minimum,
}


@dataclass(frozen=True)
class Elementwise(Operation):
    """`function` of two inputs of one rank, in a type wide enough for every result. Shapes broadcast as NumPy's do."""

    function: ElementwiseFunction

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Broadcast shape; the narrowest type for all that the inputs' types can hold."""
        ends = [Bounds.whole((1,), tensor.element) for tensor in inputs]
        result = self._extremes(inputs, ends)
        element = exact_type(
            int(result.low[0]),
            int(result.high[0]),
            self._fraction(inputs),
            f"{self.function} of {inputs[0].element} and {inputs[1].element}",
        )
        return (TensorType(np.broadcast_shapes(inputs[0].shape, inputs[1].shape), element),)

    def _fraction(self, inputs: Sequence[TensorType]) -> int:
        fractions = [tensor.element.fraction for tensor in inputs]
        return sum(fractions) if self.function is ElementwiseFunction.MULTIPLY else max(fractions)

    def gains(self, inputs: Sequence[TensorType]) -> tuple[int, int]:
        """What the raws of each input are multiplied by first, so that their points are at one place."""
        if self.function is ElementwiseFunction.MULTIPLY:
            return 1, 1
        finest = self._fraction(inputs)
        return 2 ** (finest - inputs[0].element.fraction), 2 ** (finest - inputs[1].element.fraction)

    def _extremes(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> Bounds:
        function = _FUNCTIONS[self.function]
        gains = self.gains(inputs)
        sizes = [max(bound.magnitude, 1) * gain for bound, gain in zip(bounds, gains, strict=True)]
        limit = prod(sizes) if self.function is ElementwiseFunction.MULTIPLY else sum(sizes)
        ends = [
            (integers(bound.low, limit) * gain, integers(bound.high, limit) * gain)
            for bound, gain in zip(bounds, gains, strict=True)
        ]
        corners = [function(a, b) for a in ends[0] for b in ends[1]]
        low, high = corners[0], corners[0]
        for corner in corners[1:]:
            low, high = np.minimum(low, corner), np.maximum(high, corner)
        return Bounds(low, high)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """All five functions take their extremes at corners."""
        return (self._extremes(inputs, bounds),)

    def _headroom(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> int:
        """The aligned inputs and the result."""
        gains = self.gains(inputs)
        aligned = max(max(bound.magnitude, 1) * gain for bound, gain in zip(bounds, gains, strict=True))
        return max(aligned, self._extremes(inputs, bounds).magnitude)

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """Align the points, then one ufunc."""
        dtype: Any = exact_dtype(self._headroom(inputs, bounds), least)
        function = _FUNCTIONS[self.function]
        gains = [None if gain == 1 else dtype(gain) for gain in self.gains(inputs)]

        def run(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray]:
            a, b = (x if gain is None else x * gain for x, gain in zip(arrays, gains, strict=True))
            return (function(a, b),)

        return run, dtype

    def cost(self, inputs: Sequence[TensorType]) -> Cost:
        """Only products of two tensors take multipliers."""
        count = self.outputs(inputs)[0].size if self.function is ElementwiseFunction.MULTIPLY else 0
        return Cost(multiply_accumulates=count)
