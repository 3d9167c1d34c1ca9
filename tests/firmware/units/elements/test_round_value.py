"""`round_value` against the rounding modes of the fixed-point types, every raw in every mode."""

from itertools import product

import numpy as np

from netloom.rounding import Rounding, round_raw
from netloom.testing.clocked_bench import Instance, clocked, signed

WIDTH = 6
RAWS = range(2**WIDTH)


def test_every_raw_in_every_mode():
    cases = list(product(Rounding, (True, False), (-2, 0, 1, 2, 4, 6, 8)))
    wide = WIDTH + 4
    instances = [
        Instance(
            "round_value",
            {"rounded": wide},
            {"IN_WIDTH": WIDTH, "IN_SIGNED": int(sign), "SHIFT": shift, "ROUNDING": str(mode), "OUT_WIDTH": wide},
        )
        for mode, sign, shift in cases
    ]
    for (mode, sign, shift), result in zip(cases, clocked(instances, {"value": (WIDTH, RAWS)}), strict=True):
        raws = np.array([signed(raw, WIDTH, sign) for raw in RAWS])
        given = [signed(word, wide) for word in result["rounded"]]
        assert given == round_raw(raws, shift, mode).tolist(), (mode, sign, shift)
