"""`FixedPoint` against exact fractions, and against the C++ class it copies."""

import importlib.util
import itertools
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from exact import reference_cast
from hypothesis import given, settings
from hypothesis import strategies as st

from netloom.errors import InputError, PrecisionError
from netloom.fixed_point import MAX_WIDTH, FixedPoint, Overflow
from netloom.rounding import Rounding, round_raw

MODES = list(itertools.product(Rounding, Overflow))
CARRIERS = (np.int64, np.float32, np.float64)

# (width, integer, signed) of source and target: narrowing and widening at both ends, changes of sign, targets whose
# step exceeds one, and targets that lie wholly right of the point.
SHAPES = [
    ((8, 4, True), (5, 3, True)),
    ((8, 4, True), (5, 3, False)),
    ((8, 4, False), (5, 3, True)),
    ((8, 3, False), (4, 3, False)),
    ((6, 2, True), (12, 5, True)),
    ((6, 2, False), (9, 2, True)),
    ((6, 6, True), (4, 6, True)),
    ((8, 2, True), (3, -1, True)),
    ((7, 3, True), (1, 1, False)),
    ((7, 3, True), (1, 1, True)),
    ((6, 3, True), (3, 3, False)),
]

VALUES = np.array(
    [
        *(sign * k / 16 for k in range(200) for sign in (1, -1)),
        *(sign * (k / 8 + 2.0**-30) for k in range(40) for sign in (1, -1)),
        *(sign * 2.0**k for k in range(-60, 61, 5) for sign in (1, -1)),
        *(sign * (2.0**k + 0.375) for k in range(2, 40, 3) for sign in (1, -1)),
        123456.7890625,
        -98765.4321,
        0.1,
        -0.1,
    ]
)


def fixed(shape, rounding=Rounding.TRN, overflow=Overflow.WRAP):
    return FixedPoint(*shape, rounding, overflow)


def all_raws(type_):
    return np.arange(type_.raw_min, type_.raw_max + 1, dtype=np.int64)


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


# The C++ itself


def drops_too_much(source: FixedPoint, target: FixedPoint) -> bool:
    """`ap_fixed` aborts when rounding drops more bits than the source has."""
    return target.rounding is not Rounding.TRN and source.fraction - target.fraction > source.width


def cpp_name(type_: FixedPoint) -> str:
    kind = "ap_fixed" if type_.signed else "ap_ufixed"
    return f"{kind}<{type_.width},{type_.integer},AP_{type_.rounding},AP_{type_.overflow}>"


# Every conversion is a template for the compiler to instantiate: these shapes are the ones that tell most.
CPP_SHAPES = [*SHAPES[:3], SHAPES[4], SHAPES[7], SHAPES[9]]
CONVERSIONS = [
    (source, target)
    for shapes in CPP_SHAPES
    for mode in MODES
    for source, target in [(fixed(shapes[0]), fixed(shapes[1], *mode))]
    if not drops_too_much(source, target)
]
FROM_DOUBLE = [fixed(shape, *mode) for shape in [(5, 3, True), (4, 6, False)] for mode in MODES]

PROGRAM = r"""
#include <cstdio>
#include "ap_fixed.h"
template <class S, class T> void raws(long low, long high) {
    for (long raw = low; raw <= high; ++raw) {
        S source;
        source.V = raw;
        T target = source;
        std::printf("%ld ", (long)target.V);
    }
    std::printf("\n");
}
template <class T> void doubles() {
    static const double values[] = {VALUES};
    for (double value : values) {
        T target = value;
        std::printf("%ld ", (long)target.V);
    }
    std::printf("\n");
}
int main() {
CALLS
}
"""


@pytest.fixture(scope="module")
def cpp(tmp_path_factory):
    """The raws that the C++ computes, one row a conversion."""
    folder = tmp_path_factory.mktemp("ap_fixed")
    calls = [
        f"raws<{cpp_name(source)}, {cpp_name(target)}>({source.raw_min}, {source.raw_max});"
        for source, target in CONVERSIONS
    ] + [f"doubles<{cpp_name(target)}>();" for target in FROM_DOUBLE]
    values = ", ".join(value.hex() for value in VALUES.tolist())
    (folder / "table.cpp").write_text(PROGRAM.replace("VALUES", values, 1).replace("CALLS", "\n".join(calls)))
    headers = Path(importlib.util.find_spec("hls4ml").origin).parent / "templates" / "vivado" / "ap_types"
    subprocess.run(
        ["g++", "-std=c++17", "-w", "-O0", f"-I{headers}", "table.cpp", "-o", "table"], cwd=folder, check=True
    )
    output = subprocess.run([folder / "table"], capture_output=True, text=True, check=True).stdout
    rows = [[int(word) for word in line.split()] for line in output.splitlines()]
    assert len(rows) == len(CONVERSIONS) + len(FROM_DOUBLE)
    return rows


def test_cast_equals_ap_fixed_for_every_raw(cpp):
    for (source, target), row in zip(CONVERSIONS, cpp, strict=False):
        raws = all_raws(source)
        for carrier in CARRIERS:
            cast = target.cast(raws.astype(carrier), source.fraction)
            assert cast.tolist() == row, f"{source} -> {target} in {carrier.__name__}"


def test_from_float_equals_assignment_of_a_double(cpp):
    for target, row in zip(FROM_DOUBLE, cpp[len(CONVERSIONS) :], strict=True):
        assert target.from_float(VALUES).tolist() == row, target


# The type itself


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
