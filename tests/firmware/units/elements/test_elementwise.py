"""`elementwise`: five functions of two streams in step, clock by clock as the timing says."""

import numpy as np
import pytest
from element_cases import check_element_unit, stream_of

from netloom.errors import FoldingError
from netloom.firmware.families import ECP5, FAMILIES, ICE40
from netloom.firmware.units.elements.elementwise import ElementwiseUnit
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Elementwise, ElementwiseFunction, TensorType
from netloom.testing.unit_bench import check_unit

TYPES = {
    "equal": ("fixed<8,4>", "fixed<8,4>"),
    "other points": ("fixed<8,4>", "fixed<11,2>"),
    "unsigned and signed": ("ufixed<9,4>", "fixed<7,4>"),
    "unsigned": ("ufixed<9,4>", "ufixed<5,5>"),
    "softmax": ("ufixed<18,1>", "ufixed<18,1>"),
    "single bits": ("fixed<1,1>", "ufixed<1,1>"),
    "wide": ("fixed<30,4>", "fixed<24,2>"),
}


@pytest.mark.parametrize("types", TYPES.values(), ids=TYPES)
@pytest.mark.parametrize("function", list(ElementwiseFunction))
def test_functions_and_types(function, types):
    tensors = [TensorType((6,), FixedPoint.parse(text)) for text in types]
    operation = Elementwise(function)
    a, b = (stream_of(tensor, 2, name) for tensor, name in zip(tensors, "ab", strict=True))
    check_element_unit(ElementwiseUnit("unit", a, b, operation), operation, tensors, samples=40)


@pytest.mark.parametrize("function", [ElementwiseFunction.SUBTRACT, ElementwiseFunction.MULTIPLY])
@pytest.mark.parametrize("lanes", [(1, 4), (4, 1)], ids=["first", "second"])
def test_one_lane_serves_all(function, lanes):
    tensors = [TensorType((count * 5,), FixedPoint(7, 3)) for count in lanes]
    operation = Elementwise(function)
    a, b = (stream_of(tensor, count) for tensor, count in zip(tensors, lanes, strict=True))
    unit = ElementwiseUnit("unit", a, b, operation)
    x, y = (np.random.default_rng(count).integers(-64, 64, (30, 5 * count)) for count in lanes)
    wide = [np.repeat(raws, 4, axis=1) if count == 1 else raws for raws, count in zip((x, y), lanes, strict=True)]
    expected = wide[0] - wide[1] if function is ElementwiseFunction.SUBTRACT else wide[0] * wide[1]
    check_unit(unit, [x, y], [expected])


DSPS = {
    "ECP5": (ECP5, "ufixed<18,1>", "fixed<18,1>", None, 4),
    "ECP5, some in LUTs": (ECP5, "fixed<8,1>", "fixed<12,1>", 1, 1),
    "ECP5, too wide": (ECP5, "fixed<8,1>", "fixed<19,1>", None, 0),
    "iCE40": (ICE40, "fixed<16,1>", "ufixed<16,1>", None, 4),
}


@pytest.mark.parametrize("case", DSPS.values(), ids=DSPS)
def test_dsp_blocks(case):
    target, first, second, dsps, used = case
    tensors = [TensorType((8,), FixedPoint.parse(text)) for text in (first, second)]
    operation = Elementwise(ElementwiseFunction.MULTIPLY)
    a, b = (stream_of(tensor, 4, name) for tensor, name in zip(tensors, "ab", strict=True))
    unit = ElementwiseUnit("unit", a, b, operation, dsps, target=target)
    assert unit.resources().dsp == used
    assert unit.multipliers == 4
    check_element_unit(unit, operation, tensors, samples=40)


@pytest.mark.parametrize("function", [ElementwiseFunction.ADD, ElementwiseFunction.MULTIPLY])
def test_a_beat_a_clock(function):
    tensors = [TensorType((8,), FixedPoint(7, 3))] * 2
    operation = Elementwise(function)
    a, b = (stream_of(tensor, 1, name) for tensor, name in zip(tensors, "ab", strict=True))
    flowing = check_element_unit(ElementwiseUnit("unit", a, b, operation), operation, tensors, samples=40)[0]
    np.testing.assert_array_equal(flowing.taken[0], np.arange(320))
    np.testing.assert_array_equal(flowing.taken[1], np.arange(320))


def test_refuses_streams_out_of_step():
    a, b = (stream_of(TensorType((12,), FixedPoint(7, 3)), lanes) for lanes in (2, 3))
    with pytest.raises(FoldingError, match="unit: two streams must have the same beats and lanes"):
        ElementwiseUnit("unit", a, b, Elementwise(ElementwiseFunction.ADD))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_random_types(seed):
    rng = np.random.default_rng(seed)
    operation = Elementwise(list(ElementwiseFunction)[seed % 5])
    lanes = int(rng.integers(1, 5))
    tensors = [
        TensorType((lanes * 4,), FixedPoint(int(rng.integers(1, 25)), int(rng.integers(-3, 9)), bool(rng.integers(2))))
        for _ in range(2)
    ]
    a, b = (stream_of(tensor, lanes, name) for tensor, name in zip(tensors, "ab", strict=True))
    unit = ElementwiseUnit(
        "unit", a, b, operation, int(rng.integers(0, lanes + 1)), target=list(FAMILIES.values())[seed % 3]
    )
    check_element_unit(unit, operation, tensors, seed, samples=50)
