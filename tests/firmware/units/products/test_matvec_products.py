"""`matvec_products`: every multiplier's term, alone, in shared DSP blocks, rounded, and confined."""

import numpy as np
import pytest

from netloom.firmware.families import ECP5, FAMILIES, ICE40
from netloom.fixed_point import FixedPoint, Overflow
from netloom.rounding import Rounding
from netloom.testing.clocked_bench import Instance, clocked, signed

PE, SIMD, CLOCKS = 3, 2, 200


def words(values, width):
    return [sum((int(value) & (2**width - 1)) << i * width for i, value in enumerate(row)) for row in values]


def terms_of(in_type, weight_type, term, parameters, latency, seed=0):
    """Elements and weights that were drawn, and the terms that come for them: (clocks, PE, SIMD)."""
    rng = np.random.default_rng(seed)
    elements = rng.integers(in_type.raw_min, in_type.raw_max, (CLOCKS, SIMD), endpoint=True)
    weights = rng.integers(weight_type.raw_min, weight_type.raw_max, (CLOCKS, PE * SIMD))
    instance = Instance(
        "matvec_products",
        {"terms": PE * SIMD * term.width, "carries": PE * SIMD},
        {
            "PE": PE, "SIMD": SIMD, "IN_WIDTH": in_type.width, "IN_SIGNED": int(in_type.signed),
            "WEIGHT_WIDTH": weight_type.width, "WEIGHT_SIGNED": int(weight_type.signed), "TERM_WIDTH": term.width,
        } | parameters,
    )  # fmt: skip
    (result,) = clocked(
        [instance],
        {
            "elements": (SIMD * in_type.width, words(elements, in_type.width)),
            "weights": (PE * SIMD * weight_type.width, words(weights, weight_type.width)),
        },
    )
    mask = 2**term.width - 1
    given = [
        [signed(word >> i * term.width & mask, term.width, term.signed) + (ones >> i & 1) for i in range(PE * SIMD)]
        for word, ones in zip(result["terms"][latency:], result["carries"][latency:], strict=True)
    ]
    rows = weights.reshape(CLOCKS, PE, SIMD)
    if parameters.get("PACK"):
        # A weight that shares a block is written without the sign of the one below.
        rows[:, 1] += rows[:, 0] < 0
    products = elements[:, None, :] * rows
    return products.reshape(CLOCKS, -1)[: CLOCKS - latency], np.array(given)


@pytest.mark.parametrize(
    ("target", "pack", "dsps"),
    [*((target, 0, 0) for target in tuple(FAMILIES.values())), (ECP5, 0, 4), (ECP5, 10, 3), (ICE40, 0, 6)],
)
@pytest.mark.parametrize(("in_text", "weight_text"), [("fixed<5,5>", "fixed<4,4>"), ("ufixed<4,4>", "fixed<5,5>")])
def test_exact_products(target, pack, dsps, in_text, weight_text):
    parameters = {"PACK": pack, "DSPS": dsps, "TARGET": str(target)}
    products, given = terms_of(
        FixedPoint.parse(in_text), FixedPoint.parse(weight_text), FixedPoint(10, 10), parameters, 3
    )
    assert given.tolist() == products.tolist()


@pytest.mark.parametrize("rounding", Rounding)
def test_rounded_products(rounding):
    parameters = {"SHIFT": 3, "ROUNDING": str(rounding), "CAST_WORKS": int(rounding is not Rounding.TRN)}
    term = FixedPoint(8, 8, True, rounding)
    source = FixedPoint.parse("fixed<5,5>")
    products, given = terms_of(source, source, term, parameters, 3 + parameters["CAST_WORKS"])
    assert given.tolist() == term.cast(products, 3).tolist()


@pytest.mark.parametrize("overflow", [mode for mode in Overflow if mode is not Overflow.WRAP])
@pytest.mark.parametrize("to_signed", [True, False])
def test_confined_products(overflow, to_signed):
    term = FixedPoint(5, 5, to_signed, Rounding.RND, overflow)
    parameters = {
        "SHIFT": 2, "ROUNDING": "RND", "OVERFLOW": str(overflow), "OUT_SIGNED": int(to_signed), "CAST_WORKS": 1,
    }  # fmt: skip
    source = FixedPoint.parse("fixed<5,5>")
    products, given = terms_of(source, source, term, parameters, 4)
    assert given.tolist() == term.cast(products, 2).tolist()
