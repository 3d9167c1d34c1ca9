"""`confine_value` against the overflow modes of the fixed-point types, every raw in every mode."""

from itertools import product

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.testing.clocked_bench import Instance, clocked, signed

RAWS = range(2**7)


def test_every_raw_in_every_mode():
    types = [
        FixedPoint(width, width, sign, overflow=mode)
        for mode, sign, width in product(Overflow, (True, False), (1, 2, 4, 6, 7, 8))
    ]
    cases = [(type_, wide) for type_ in types for wide in (3, 7)]
    instances = [
        Instance(
            "confine_value",
            {"confined": type_.width},
            {
                "IN_WIDTH": wide,
                "OUT_WIDTH": type_.width,
                "OUT_SIGNED": int(type_.signed),
                "OVERFLOW": str(type_.overflow),
            },
            {"value": f"value[{wide - 1}:0]"},
        )
        for type_, wide in cases
    ]
    for (type_, wide), result in zip(cases, clocked(instances, {"value": (7, RAWS)}), strict=True):
        raws = np.array([signed(raw % 2**wide, wide) for raw in RAWS])
        given = [signed(word, type_.width, type_.signed) for word in result["confined"]]
        assert given == type_.confine(raws).tolist(), (type_, wide)
