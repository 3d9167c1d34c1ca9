"""Casts and conversions against exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from exact import reference_cast
from fixed_point_cases import CARRIERS, MODES, SHAPES, VALUES, all_raws, fixed
from hypothesis import given, settings
from hypothesis import strategies as st

from netloom.fixed_point import MAX_WIDTH, FixedPoint


def of_raw(raw: int, type_: FixedPoint) -> Fraction:
    return Fraction(int(raw)) / Fraction(2) ** type_.fraction


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("carrier", CARRIERS)
def test_cast_equals_exact_fractions(shapes, carrier):
    source = fixed(shapes[0])
    raws = all_raws(source)
    for rounding, overflow in MODES:
        target = fixed(shapes[1], rounding, overflow)
        expected = [reference_cast(of_raw(raw, source), target) for raw in raws]
        given_raws = raws.astype(carrier)
        cast = target.cast(given_raws, source.fraction)
        assert cast.dtype == carrier
        assert cast.tolist() == expected, target
        assert given_raws.tolist() == raws.tolist(), "the input must stay as it is"


@settings(deadline=None, max_examples=600)
@given(data=st.data(), mode=st.sampled_from(MODES), width=st.integers(1, 128), signed=st.booleans())
def test_casts_at_any_width_equal_exact_fractions(data, mode, width, signed):
    source = FixedPoint(data.draw(st.integers(1, 128)), data.draw(st.integers(-80, 160)), data.draw(st.booleans()))
    shift = data.draw(st.integers(-90, 90))
    target = FixedPoint(width, width - source.fraction + shift, signed, *mode)
    ends = st.sampled_from([source.raw_min, source.raw_max, 0, 2 ** (source.width - 2 + (source.width < 2))])
    raws = data.draw(st.lists(ends | st.integers(source.raw_min, source.raw_max), min_size=1, max_size=5))
    expected = [reference_cast(of_raw(raw, source), target) for raw in raws]
    carriers = [object] if source.width > 62 else [np.int64, object]
    for carrier in carriers:
        cast = target.cast(np.array(raws, dtype=carrier), source.fraction)
        assert cast.tolist() == expected
        assert all(type(value) is int for value in cast.tolist())
    wide = FixedPoint(256, 256 - target.fraction, True, target.rounding)
    rounded = [reference_cast(of_raw(raw, source), wide) for raw in raws]
    overflows = target.overflows(np.array(raws, dtype=carriers[0]), source.fraction)
    assert overflows.tolist() == [not target.raw_min <= raw <= target.raw_max for raw in rounded]


@settings(deadline=None, max_examples=200)
@given(data=st.data(), width=st.integers(1, 128), integer=st.integers(-60, 130), signed=st.booleans())
def test_values_of_any_width_are_exact_as_fractions_and_nearest_as_float(data, width, integer, signed):
    type_ = FixedPoint(width, integer, signed)
    raws = data.draw(st.lists(st.integers(type_.raw_min, type_.raw_max), min_size=1, max_size=5))
    array = np.array(raws, dtype=np.int64 if width <= 62 else object)
    values = [of_raw(raw, type_) for raw in raws]
    assert type_.to_exact(array).tolist() == values
    assert type_.to_float(array).tolist() == [float(value) for value in values]
    assert type_.fits_float64 == all(
        Fraction(float(of_raw(end, type_))) == of_raw(end, type_)
        for end in (type_.raw_min + 1, type_.raw_max)
        if type_.raw_min <= end
    )


@settings(deadline=None, max_examples=100)
@given(
    raw=st.integers(-(2**40), 2**40),
    shift=st.integers(-8, 30),
    width=st.integers(1, 40),
    signed=st.booleans(),
    mode=st.sampled_from(MODES),
)
def test_wide_casts_equal_exact_fractions_in_int64_and_float64(raw, shift, width, signed, mode):
    source_fraction = 20
    fraction = source_fraction - shift
    target = FixedPoint(width, width - fraction, signed, *mode)
    expected = reference_cast(Fraction(raw) / Fraction(2) ** source_fraction, target)
    for carrier in (np.int64, np.float64):
        assert int(target.cast(np.array([raw], dtype=carrier), source_fraction)[0]) == expected


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_overflows_marks_what_the_type_cannot_hold(shapes):
    source = fixed(shapes[0])
    raws = all_raws(source)
    for rounding, overflow in MODES:
        target = fixed(shapes[1], rounding, overflow)
        wide = FixedPoint(40, 40 - target.fraction, True, rounding)
        rounded = [reference_cast(of_raw(raw, source), wide) for raw in raws]
        expected = [not target.raw_min <= raw <= target.raw_max for raw in rounded]
        assert target.overflows(raws, source.fraction).tolist() == expected, target


def test_from_float_equals_exact_fractions():
    for shape in {shape for pair in SHAPES for shape in pair}:
        for rounding, overflow in MODES:
            target = fixed(shape, rounding, overflow)
            expected = [reference_cast(Fraction(value), target) for value in VALUES]
            assert target.from_float(VALUES).tolist() == expected, target


@settings(deadline=None, max_examples=200)
@given(
    value=st.floats(allow_nan=False, allow_infinity=False),
    width=st.integers(1, MAX_WIDTH),
    integer=st.integers(-8, 40),
    signed=st.booleans(),
    mode=st.sampled_from(MODES),
)
def test_from_float_of_any_double(value, width, integer, signed, mode):
    target = FixedPoint(width, integer, signed, *mode)
    assert int(target.from_float(np.array([value]))[0]) == reference_cast(Fraction(value), target)
