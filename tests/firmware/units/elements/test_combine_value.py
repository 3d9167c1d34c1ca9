"""`combine_value` against the overflow modes of the fixed-point types, every two raws."""

from itertools import product

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.testing.clocked_bench import Instance, clocked, signed

PAIRS = list(product(range(16), repeat=2))


def test_every_sum_and_every_maximum():
    cases = [(FixedPoint(4, 4, sign, overflow=mode), name) for sign in (True, False) for mode in Overflow
             for name in ("sum", "max")]  # fmt: skip
    instances = [
        Instance(
            "combine_value",
            {"result": 4},
            {"WIDTH": 4, "SIGNED": int(type_.signed), "FUNCTION": name, "OVERFLOW": str(type_.overflow)},
        )
        for type_, name in cases
    ]
    a, b = zip(*PAIRS, strict=True)
    for (type_, name), result in zip(cases, clocked(instances, {"a": (4, a), "b": (4, b)}), strict=True):
        pairs = np.array([[signed(x, 4, type_.signed) for x in pair] for pair in PAIRS])
        expected = pairs.max(axis=1) if name == "max" else type_.confine(pairs.sum(axis=1))
        assert [signed(word, 4, type_.signed) for word in result["result"]] == expected.tolist(), (type_, name)
