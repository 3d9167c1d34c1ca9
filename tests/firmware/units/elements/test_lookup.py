"""`lookup`: every entry where the operation's index has it, clock by clock as the timing says."""

import numpy as np
import pytest
from element_cases import all_raws, check_element_unit, stream_of

from netloom.errors import PrecisionError
from netloom.firmware.stream import Stream
from netloom.firmware.units.elements.lookup import LookupUnit, addressing
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Lookup, TensorType
from netloom.testing.unit_bench import check_unit


def table(size: int, element: FixedPoint) -> np.ndarray:
    """Entries that tell where they are from."""
    return np.random.default_rng(size).integers(element.raw_min, element.raw_max + 1, size)


def lookup(size: int, element: str = "fixed<12,2>", **index) -> Lookup:
    kind = FixedPoint.parse(element)
    return Lookup(table(size, kind), kind, **index)


CASES = {
    # source, operation, lanes, directly addressed, latency
    "top bits of an unsigned word": ("ufixed<9,3>", lookup(128, shift=2), 1, True, 1),
    "top bits of a signed word": ("fixed<10,3>", lookup(256, shift=2, offset=128), 3, True, 2),
    "few words": ("fixed<5,3>", lookup(32, offset=16), 2, True, 1),
    "fewer raws than entries": (
        "fixed<6,2>",
        lookup(1024, scale=1024, shift=7, offset=512, toward_zero=True),
        2,
        True,
        1,
    ),
    "sigmoid of a wide word": (
        "fixed<16,6>",
        lookup(4096, scale=4096, shift=14, offset=2048, toward_zero=True),
        2,
        False,
        4,
    ),
    "down instead of towards zero": ("fixed<16,6>", lookup(512, scale=4, shift=6, offset=256), 1, False, 4),
    "an odd scale": ("fixed<18,6>", lookup(1000, scale=3000, shift=16, offset=500, toward_zero=True), 3, False, 5),
    "an odd scale, unsigned": ("ufixed<18,6>", lookup(1000, scale=5, shift=11, offset=-20), 2, False, 5),
    "bits appended": ("fixed<18,6>", lookup(300, scale=8, offset=100), 1, False, 4),
    "clamped at both ends": ("fixed<20,6>", lookup(40, shift=3, offset=20, toward_zero=True), 1, False, 3),
    "a size that is no power of two": ("fixed<18,6>", lookup(77, shift=12, offset=30), 2, True, 1),
    "beyond 64 bits": ("fixed<75,6>", lookup(1000, scale=1001, shift=72, offset=500, toward_zero=True), 1, False, 5),
    "one entry": ("fixed<18,6>", lookup(1), 1, False, 3),
    "one bit": ("fixed<1,1>", lookup(2, offset=1), 1, True, 1),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_entries(case):
    source, operation, lanes, direct, latency = case
    element = FixedPoint.parse(source)
    assert addressing(operation, element).direct is direct
    tensor = TensorType((6,), element)
    unit = LookupUnit("unit", stream_of(tensor, lanes), operation)
    flowing = check_element_unit(unit, operation, [tensor], samples=200)[0]
    np.testing.assert_array_equal(flowing.given[0], flowing.taken[0] + latency)


@pytest.mark.parametrize("toward_zero", [True, False], ids=["towards zero", "down"])
@pytest.mark.parametrize("scale", [1, 2, 3, 12])
def test_every_raw_of_a_computed_index(scale, toward_zero):
    element = FixedPoint(12, 4)
    operation = lookup(100, scale=scale, shift=4, offset=50, toward_zero=toward_zero)
    assert not addressing(operation, element).direct
    x = all_raws(element)
    unit = LookupUnit("unit", Stream("source", element, 1, x.size), operation)
    check_unit(unit, [x], [operation.table[operation.index(x)]], seeds=(1,))


def test_direct_tables_are_not_larger_than_the_operations():
    element = FixedPoint(10, 3)
    way = addressing(lookup(4096, scale=4096, shift=11, offset=2048, toward_zero=True), element)
    assert way.direct
    assert len(way.table) == 1024
    # Two raws share an entry: the last bit of the address is left out.
    way = addressing(lookup(256, scale=1, shift=2, offset=128), element)
    assert way.direct
    assert (len(way.table), way.drop) == (256, 2)


def test_refuses_a_scale_beyond_a_parameter():
    operation = lookup(1000, scale=2**31 + 1, shift=40, offset=500)
    with pytest.raises(PrecisionError, match="unit: the table's scale and offset must be below"):
        LookupUnit("unit", Stream("source", FixedPoint(50, 20), 1, 1), operation)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_random_indices(seed):
    rng = np.random.default_rng(seed)
    element = FixedPoint(int(rng.integers(1, 24)), 5, bool(rng.integers(2)))
    size = int(rng.integers(1, 300))
    operation = lookup(
        size,
        scale=int(rng.choice([1, 1, 2, 64, 3, 7, 100])),
        shift=int(rng.integers(0, 16)),
        offset=int(rng.integers(-size, size + 1)),
        toward_zero=bool(rng.integers(2)),
    )
    lanes = int(rng.integers(1, 5))
    tensor = TensorType((lanes * 5,), element)
    unit = LookupUnit("unit", stream_of(tensor, lanes), operation)
    check_element_unit(unit, operation, [tensor], seed, samples=100)
