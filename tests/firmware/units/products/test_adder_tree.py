"""`adder_tree` against Python's integers, of every family."""

import numpy as np
import pytest

from netloom.firmware.families import FAMILIES
from netloom.firmware.stream import Stream
from netloom.fixed_point import FixedPoint
from netloom.testing.pipeline_bench import through

slow = pytest.mark.slow

TREE = """
  logic carry;
  logic [{sum}-1:0] sum;
  adder_tree #(
      .TERMS({terms}), .TERM_WIDTH({term}), .SUM_WIDTH({sum}), .CARRIES(1'b{carries:d})
  ) add_up (
      .clk(clk), .terms(in_data[{terms}*{term}-1:0]), .carries(in_data[{terms}*{term}+:{terms}]), .sum(sum),
      .carry(carry)
  );
  assign result = {{carry, sum}};
"""


@pytest.mark.parametrize("target", tuple(FAMILIES.values()))
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
    body = TREE.format(terms=terms, term=term, sum=total, carries=carries)
    if terms == 1:
        body = body.replace("assign result =", "always_ff @(posedge clk) result <=")
    given = through(body, terms * (term + 1), total + 1, latency, words, family=target)
    result = Stream("out", FixedPoint(total + 1, 1, False), 1, 1).unpack(given).ravel()
    assert (result >> total).tolist() == ones[:, 0].tolist()
    expected = values.sum(axis=1) + ones[:, 1:].sum(axis=1)
    assert (result & ((1 << total) - 1)).tolist() == (expected & ((1 << total) - 1)).tolist()
