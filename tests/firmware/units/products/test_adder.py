"""`adder` against Python's integers, of every family."""

from itertools import product

import pytest

from netloom.firmware.families import FAMILIES
from netloom.testing.clocked_bench import Instance, clocked


@pytest.mark.parametrize("family", FAMILIES.values(), ids=str)
def test_sums_and_differences(family):
    cases = list(product((1, 2, 3, 5, 6), (0, 1), (0, 1)))
    instances = [
        Instance(
            "adder",
            {"sum": width},
            {"WIDTH": width, "CARRY": carry, "SUBTRACT": subtract},
            {"a": f"a[{width - 1}:0]", "b": f"b[{width - 1}:0]"},
        )
        for width, carry, subtract in cases
    ]
    a, b, carry = zip(*product(range(64), range(64), range(2)), strict=True)
    results = clocked(instances, {"a": (6, a), "b": (6, b), "carry": (1, carry)}, family=family)
    for (width, carries, subtract), result in zip(cases, results, strict=True):
        expected = [
            (x - y if subtract else x + y + carries * one) % 2**width for x, y, one in zip(a, b, carry, strict=True)
        ]
        assert result["sum"] == expected, (width, carries, subtract)
