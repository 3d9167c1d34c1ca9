"""`adder_load` against Python's integers, for every target."""

from itertools import product

from netloom.firmware.families import FAMILIES
from netloom.testing.clocked_bench import Instance, clocked


def test_a_total_goes_on_or_begins_anew():
    cases = list(product(tuple(FAMILIES.values()), (1, 2, 3, 4)))
    names = ("start", "total", "term")
    instances = [
        Instance(
            "adder_load",
            {"sum": width},
            {"WIDTH": width, "TARGET": str(target)},
            {name: f"{name}[{width - 1}:0]" for name in names},
        )
        for target, width in cases
    ]
    rows = list(product(range(2), range(16), range(16), range(16), range(2)))
    load, start, total, term, carry = zip(*rows, strict=True)
    inputs = {"load": (1, load), "start": (4, start), "total": (4, total), "term": (4, term), "carry": (1, carry)}
    for (target, width), result in zip(cases, clocked(instances, inputs), strict=True):
        expected = [((row[1] if row[0] else row[2]) + row[3] + row[4]) % 2**width for row in rows]
        assert result["sum"] == expected, (target, width)
