"""`divide`: the quotient towards zero, of every raw, clock by clock as its timing says."""

import numpy as np
import pytest
from element_cases import all_raws, check_element_unit, stream_of

from netloom.errors import PrecisionError
from netloom.firmware.stream import Stream
from netloom.firmware.units.elements.divide import DivideUnit, reciprocal_shift
from netloom.firmware.units.products.shift_add import signed_digits
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Divide, TensorType
from netloom.testing.unit_bench import check_unit


def quotient(raw: np.ndarray, divisor: int) -> np.ndarray:
    return np.sign(raw) * (np.abs(raw) // divisor)


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("width", [1, 2, 5, 9, 12])
def test_reciprocals_are_exact_for_every_raw(width, signed):
    element = FixedPoint(width, width, signed)
    x = all_raws(element)
    for divisor in [*range(1, 70), 99, 128, 1000, 4095, 4096, 2**31 - 1]:
        shift = reciprocal_shift(divisor, element)
        reciprocal = -(-(2**shift) // divisor)
        product = np.array([int(raw) * reciprocal >> shift for raw in x[0]])
        np.testing.assert_array_equal(product + (x[0] < 0) * (divisor & (divisor - 1) != 0), exact(x[0], divisor))


def exact(raw: np.ndarray, divisor: int) -> np.ndarray:
    """Of powers of two the floor, which a shift gives; their rounding is done otherwise."""
    return raw // divisor if divisor & (divisor - 1) == 0 else quotient(raw, divisor)


def test_reciprocals_are_exact_at_the_ends_of_wide_words():
    rng = np.random.default_rng(0)
    for _ in range(300):
        element = FixedPoint(int(rng.integers(20, 63)), 10, bool(rng.integers(2)))
        divisor = int(rng.integers(3, 2 ** int(rng.integers(3, 31))) | 1)
        shift = reciprocal_shift(divisor, element)
        reciprocal = -(-(2**shift) // divisor)
        multiples = [k * divisor for k in (element.raw_min // divisor + 1, element.raw_max // divisor, 1)]
        near = {element.raw_min, element.raw_max, *(m + d for m in multiples for d in (-1, 0, 1))}
        for raw in near:
            if element.raw_min <= raw <= element.raw_max:
                towards_zero = abs(raw) // divisor * (1 if raw >= 0 else -1)
                assert (raw * reciprocal >> shift) + (raw < 0) == towards_zero


def test_signed_digits():
    # 7 = 8 - 1, 11 = 8 + 4 - 1, 0b10101 as it is.
    assert [len(signed_digits(value)) for value in (1, 2, 3, 7, 11, 21, 255)] == [1, 1, 2, 2, 3, 3, 2]


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("divisor", [1, 2, 3, 7, 9, 16, 25, 49, 128, 300])
def test_every_raw(divisor, signed):
    element = FixedPoint(8, 4, signed)
    x = all_raws(element)
    unit = DivideUnit("unit", Stream("source", element, 1, x.size), Divide(divisor))
    check_unit(unit, [x], [quotient(x, divisor)], seeds=(1,))


SHAPES = {
    "power of two, wide": ("fixed<40,20>", 64, 2),
    "average of 3 x 3": ("fixed<22,10>", 9, 4),
    "average of 7 x 7": ("ufixed<22,10>", 49, 1),
    "a single bit": ("fixed<1,1>", 3, 1),
    "a single unsigned bit": ("ufixed<1,1>", 3, 1),
    "beyond 64 bits": ("fixed<75,20>", 49, 2),
    "beyond 64 bits by a power of two": ("fixed<128,20>", 64, 1),
    "the widest": ("fixed<256,20>", 1000003, 1),
    "the widest, unsigned": ("ufixed<256,20>", 2**31 - 1, 1),
}


@pytest.mark.parametrize("case", SHAPES.values(), ids=SHAPES)
def test_shapes(case):
    element, divisor, lanes = case
    tensor = TensorType((8,), FixedPoint.parse(element))
    operation = Divide(divisor)
    check_element_unit(DivideUnit("unit", stream_of(tensor, lanes), operation), operation, [tensor], samples=60)


def test_refuses_a_divisor_out_of_range():
    with pytest.raises(PrecisionError, match="unit: the divisor must be 1 to 2147483647, not 0"):
        DivideUnit("unit", Stream("source", FixedPoint(8, 4), 1, 1), Divide(0))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_random_divisors(seed):
    rng = np.random.default_rng(seed)
    element = FixedPoint(int(rng.integers(1, 50)), 10, bool(rng.integers(2)))
    operation = Divide(int(rng.integers(1, 2 ** int(rng.integers(2, 20)))))
    lanes = int(rng.integers(1, 4))
    tensor = TensorType((lanes * 5,), element)
    unit = DivideUnit("unit", stream_of(tensor, lanes), operation)
    check_element_unit(unit, operation, [tensor], seed, samples=60)
