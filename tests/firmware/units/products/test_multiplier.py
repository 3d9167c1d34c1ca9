"""`multiplier` against Python's integers, of every family."""

import numpy as np
import pytest

from netloom.firmware.families import ECP5, GENERIC, ICE40
from netloom.firmware.stream import Stream
from netloom.firmware.units.products.multiplier import LATENCY, multiplier_resources
from netloom.fixed_point import FixedPoint
from netloom.testing.pipeline_bench import operands, signed_words, through

slow = pytest.mark.slow

MULTIPLIER = """
  multiplier #(
      .A_WIDTH({a}), .A_SIGNED(1'b{a_signed:d}), .B_WIDTH({b}), .B_SIGNED(1'b{b_signed:d}), .DSP(1'b{dsp:d})
  ) multiply{at} (.clk(clk), .a(in_data[{a}-1:0]), .b(in_data[{a}+:{b}]), .product(result[{at}*{a}+{at}*{b}+:{a}+{b}]));
"""


SIGNS = ((True, True), (True, False), (False, True), (False, False))


@pytest.mark.parametrize(
    ("target", "dsp"),
    [(GENERIC, False), (ECP5, False), (ECP5, True), (ICE40, False), (ICE40, True)],
)
@pytest.mark.parametrize(
    "widths",
    [
        (6, 6),
        (3, 1),
        (9, 12),
        (16, 16),
        *(pytest.param(each, marks=slow) for each in [(8, 5), (1, 1), (2, 8), (18, 18)]),
    ],
)
def test_products(target, dsp, widths):
    if dsp and max(widths) > target.dsp_width:
        pytest.skip("no such DSP block")
    (a, b), width = widths, sum(widths)
    left, right = (each.ravel() for each in np.meshgrid(operands(a), operands(b)))
    body = "".join(
        MULTIPLIER.format(a=a, b=b, a_signed=signs[0], b_signed=signs[1], dsp=dsp, at=at)
        for at, signs in enumerate(SIGNS)
    )
    given = through(body, width, 4 * width, LATENCY, left | right << a, family=target)
    result = Stream("out", FixedPoint(width, width, False), 4, 1).unpack(given)
    for products, signs in zip(result.T, SIGNS, strict=True):
        expected = signed_words(left, a, signs[0]) * signed_words(right, b, signs[1])
        assert products.tolist() == (expected & ((1 << width) - 1)).tolist(), f"signs {signs}"


def test_costs():
    assert multiplier_resources(6, 6, ECP5, in_luts=0, in_dsps=1).dsp == 1
    # As synthesized, and routed with open ends of its carry chains.
    assert [multiplier_resources(*widths, ECP5).lut for widths in ((6, 6), (8, 8), (7, 5), (6, 4))] == [
        45,
        79,
        50,
        27,
    ]
    assert [multiplier_resources(*widths, ECP5).ff for widths in ((6, 6), (8, 8))] == [54, 80]
    assert ECP5.adder(8, False) == 9
    assert ECP5.adder(8, True) == 10
