"""`adder_load` against Python's integers, of every family."""

from itertools import product

import pytest

from netloom.firmware.families import FAMILIES
from netloom.testing.clocked_bench import Instance, clocked


@pytest.mark.parametrize("family", FAMILIES.values(), ids=str)
def test_a_total_goes_on_or_begins_anew(family):
    widths = (1, 2, 3, 4)
    names = ("start", "total", "term")
    instances = [
        Instance("adder_load", {"sum": width}, {"WIDTH": width}, {name: f"{name}[{width - 1}:0]" for name in names})
        for width in widths
    ]
    rows = list(product(range(2), range(16), range(16), range(16), range(2)))
    load, start, total, term, carry = zip(*rows, strict=True)
    inputs = {"load": (1, load), "start": (4, start), "total": (4, total), "term": (4, term), "carry": (1, carry)}
    for width, result in zip(widths, clocked(instances, inputs, family=family), strict=True):
        expected = [((row[1] if row[0] else row[2]) + row[3] + row[4]) % 2**width for row in rows]
        assert result["sum"] == expected, width
