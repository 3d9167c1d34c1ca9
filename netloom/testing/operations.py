"""What every dataflow operation must hold to, checked on random inputs that reach the ends of the types."""

from collections.abc import Sequence

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Bounds, Operation, TensorType, in_dtype
from netloom.rounding import EXACT_LIMIT, INT64_LIMIT

_BATCH = 24


def tensor(shape: Sequence[int], text: str) -> TensorType:
    """A tensor type from a shape and a type's text."""
    return TensorType(tuple(shape), FixedPoint.parse(text))


def random_raws(inputs: Sequence[TensorType], seed: int = 0, batch: int = _BATCH) -> list[np.ndarray]:
    """Raws of every input: all at the least, all at the greatest, each element at either end, then random.

    int64; Python integers for types beyond 62 bits.
    """
    rng = np.random.default_rng(seed)
    arrays = []
    for each in inputs:
        low, high = each.element.raw_min, each.element.raw_max
        raws = _between(rng, low, high, (batch, *each.shape))
        raws[0], raws[1] = low, high
        ends = batch // 3
        limits = np.array([low, high], dtype=raws.dtype)
        raws[2:ends] = limits[(rng.random(raws[2:ends].shape) >= 0.5).astype(int)]
        arrays.append(raws)
    return arrays


def _between(rng: np.random.Generator, low: int, high: int, shape: tuple[int, ...]) -> np.ndarray:
    if high < INT64_LIMIT:
        return rng.integers(low, high, shape, endpoint=True)
    count = int(np.prod(shape))
    words = [int.from_bytes(rng.bytes(40), "little") for _ in range(count)]
    return np.array([low + word % (high - low + 1) for word in words], dtype=object).reshape(shape)


def full_bounds(inputs: Sequence[TensorType]) -> list[Bounds]:
    """All that the types can hold."""
    return [Bounds.of(each) for each in inputs]


def run_in_integers(operation: Operation, inputs: Sequence[TensorType], arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The operation in integers."""
    function, dtype = operation.prepare(inputs, full_bounds(inputs), np.int64)
    (result,) = function([in_dtype(array, dtype).copy() for array in arrays])
    return result


def check_operation(operation: Operation, inputs: Sequence[TensorType], seed: int = 0) -> np.ndarray:
    """Hold an operation against all that `Operation` promises, whatever it computes; gives its int64 results.

    Shape and type as declared; results within `bounds`, `bounds` within the type; the same numbers in every dtype that
    it may choose; inputs left alone; overflow reported only where it may happen.
    """
    bounds = full_bounds(inputs)
    arrays = random_raws(inputs, seed)
    (declared,) = operation.outputs(inputs)
    expected = run_in_integers(operation, inputs, arrays)
    assert expected.shape == (_BATCH, *declared.shape)
    assert expected.dtype == np.int64

    (proven,) = operation.bounds(inputs, bounds)
    assert proven.low.shape == proven.high.shape == declared.shape
    assert (proven.low <= expected).all() and (expected <= proven.high).all(), "a result leaves the proven range"
    assert not proven.exceeds(declared.element), "the proven range leaves the declared type"

    greatest = max(np.abs(array).max() for array in (*arrays, expected))
    for least in EXACT_LIMIT:
        function, dtype = operation.prepare(inputs, bounds, least)
        assert greatest <= EXACT_LIMIT.get(dtype, greatest)
        given: list[np.ndarray] = [array.astype(dtype) for array in arrays]
        (result,) = function(given)
        assert result.tolist() == expected.tolist(), f"{dtype.__name__} differs from int64"
        for array, original in zip(given, arrays, strict=True):
            assert (array == original).all(), "an operation changed its input"

    overflowing = operation.overflows(inputs, arrays)
    if overflowing is not None:
        assert overflowing.shape == expected.shape
        if not operation.may_overflow(inputs, bounds):
            assert not overflowing.any(), "overflow seen where none is possible"
    return expected


def works_in_float32(operation: Operation, inputs: Sequence[TensorType]) -> bool:
    """Whether the operation admits the cheapest dtype."""
    return operation.prepare(inputs, full_bounds(inputs))[1] is np.float32
