"""`FixedPoint` itself: its text, its ranges, what it refuses."""

import numpy as np
import pytest
from fixed_point_cases import MODES, SHAPES, all_raws, cpp_name, fixed
from hypothesis import given, settings
from hypothesis import strategies as st

from netloom.errors import InputError, PrecisionError
from netloom.fixed_point import MAX_WIDTH, FixedPoint, Overflow
from netloom.rounding import Rounding, round_raw


@settings(deadline=None, max_examples=100)
@given(width=st.integers(1, MAX_WIDTH), integer=st.integers(-70, 70), signed=st.booleans(), mode=st.sampled_from(MODES))
def test_parse_reads_what_str_writes(width, integer, signed, mode):
    type_ = FixedPoint(width, integer, signed, *mode)
    assert FixedPoint.parse(str(type_)) == type_
    assert FixedPoint.parse(cpp_name(type_)) == type_


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fixed<8,3>", FixedPoint(8, 3)),
        (" ap_ufixed< 8 , 3 , AP_RND , AP_SAT > ", FixedPoint(8, 3, False, Rounding.RND, Overflow.SAT)),
        ("uint<8>", FixedPoint(8, 8, False)),
        ("ap_int<4>", FixedPoint(4, 4)),
        ("fixed<16,-2,RND_CONV,SAT_SYM,0>", FixedPoint(16, -2, True, Rounding.RND_CONV, Overflow.SAT_SYM)),
    ],
)
def test_parse_accepts_the_usual_spellings(text, expected):
    assert FixedPoint.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "float",
        "fixed<8>",
        "fixed<8,3",
        "fixed<8,3,ROUND>",
        "fixed<8,3,RND,CLIP>",
        "fixed<8,3,RND,SAT,1>",
        "fixed<8,3,RND,SAT,0,0>",
        "fixed<a,3>",
        "fixed<8.5,3>",
        "fixed<0,3>",
        "fixed<257,3>",
        "fixed<8,513>",
        "fixed<8,-513>",
        "fixed<,>",
        "fixed<8,3>; rm",
        "ap_fixed<ap_fixed<8,3>,3>",
    ],
)
def test_parse_refuses_anything_else_in_one_line(text):
    with pytest.raises(PrecisionError) as caught:
        FixedPoint.parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("width", [0, -1, MAX_WIDTH + 1])
def test_width_is_limited(width):
    with pytest.raises(PrecisionError):
        FixedPoint(width, 1)


def test_ranges():
    signed = FixedPoint(8, 3)
    assert (signed.raw_min, signed.raw_max, signed.step, signed.min, signed.max) == (-128, 127, 2**-5, -4.0, 3.96875)
    unsigned = FixedPoint(8, 3, False)
    assert (unsigned.raw_min, unsigned.raw_max, unsigned.max) == (0, 255, 7.96875)
    symmetric = FixedPoint(8, 3, overflow=Overflow.SAT_SYM)
    assert (symmetric.raw_min, symmetric.raw_max) == (-127, 127)
    assert FixedPoint(8, 3, False, overflow=Overflow.SAT_SYM).raw_min == 0
    assert FixedPoint(1, 1, overflow=Overflow.SAT_SYM).raw_min == -1
    assert FixedPoint(4, 6).step == 4.0
    assert FixedPoint(4, -2).fraction == 6


@settings(deadline=None, max_examples=200)
@given(ends=st.tuples(st.integers(-(2**50), 2**50), st.integers(-(2**50), 2**50)), fraction=st.integers(-5, 40))
def test_containing_is_the_narrowest(ends, fraction):
    low, high = sorted(ends)
    type_ = FixedPoint.containing(low, high, fraction)
    assert type_.fraction == fraction
    assert type_.raw_min <= low <= high <= type_.raw_max
    assert type_.signed == (low < 0)
    if type_.width > 1:
        narrower = FixedPoint(type_.width - 1, type_.integer - 1, type_.signed)
        assert low < narrower.raw_min or high > narrower.raw_max


def test_containing_refuses_what_no_type_holds():
    with pytest.raises(PrecisionError):
        FixedPoint.containing(0, 2**MAX_WIDTH, 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_from_float_refuses_what_is_not_finite(value):
    with pytest.raises(InputError, match="finite"):
        FixedPoint(8, 3).from_float(np.array([0.0, value]))


def test_to_float_inverts_from_float():
    for shape in {shape for pair in SHAPES for shape in pair}:
        type_ = fixed(shape)
        raws = all_raws(type_)
        assert type_.from_float(type_.to_float(raws)).tolist() == raws.tolist()


def test_with_modes_keeps_the_bits():
    type_ = FixedPoint(8, 3, False, Rounding.RND, Overflow.SAT)
    assert type_.with_modes() == FixedPoint(8, 3, False)
    assert type_.with_modes(Rounding.TRN_ZERO, Overflow.SAT_SYM) == FixedPoint(
        8, 3, False, Rounding.TRN_ZERO, Overflow.SAT_SYM
    )


def test_round_raw_gives_a_new_array_even_where_nothing_is_dropped():
    raws = np.arange(4)
    round_raw(raws, 0, Rounding.TRN)[0] = 9
    assert raws.tolist() == [0, 1, 2, 3]
