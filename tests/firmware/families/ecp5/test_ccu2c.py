"""The model of `CCU2C` against what it is written down to be: two look-up tables, two carries."""

from itertools import product

from netloom.testing.clocked_bench import Instance, clocked

TABLES = (0x7888, 0x8777, 0x665A, 0x0008)
INPUTS = [f"{name}{half}" for half in (0, 1) for name in "ABCD"]


def half(table, a, b, c, d, carry):
    """Sum, and carry of the next half."""
    propagate = table >> (d << 3 | c << 2 | b << 1 | a) & 1
    return propagate ^ carry, carry if propagate else table >> (b << 1 | a) & 1


def test_every_input():
    cases = list(product(TABLES, repeat=2))
    ports = {name: f"pins[{i}]" for i, name in enumerate(INPUTS)} | {"CIN": "pins[8]"}
    instances = [
        Instance(
            "CCU2C",
            {"S0": 1, "S1": 1, "COUT": 1},
            {"INIT0": f"16'h{low:04x}", "INIT1": f"16'h{high:04x}", "INJECT1_0": "NO", "INJECT1_1": "NO"},
            ports,
        )
        for low, high in cases
    ]
    results = clocked(instances, {"pins": (9, range(512))})
    for (low, high), result in zip(cases, results, strict=True):
        for word in range(512):
            pins = [word >> i & 1 for i in range(9)]
            first, carry = half(low, *pins[:4], pins[8])
            second, last = half(high, *pins[4:8], carry)
            assert (result["S0"][word], result["S1"][word], result["COUT"][word]) == (first, second, last)
