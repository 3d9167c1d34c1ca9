"""`lookup_index` against the operation's index, every raw."""

from itertools import product

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Lookup
from netloom.testing.clocked_bench import Instance, clocked, signed

WIDTH = 7
RAWS = list(range(2**WIDTH))


def test_every_raw():
    cases = list(product((1, 3, 11), (0, 2, 5), (True, False), (True, False), (-5, 0, 9), (1, 2, 21)))
    instances = [
        Instance(
            "lookup_index",
            {"index": max((depth - 1).bit_length(), 1)},
            {
                "WIDTH": WIDTH, "SIGNED": int(sign), "SCALE": scale, "SHIFT": shift, "TOWARD_ZERO": int(toward),
                "OFFSET": offset, "DEPTH": depth,
            },
            {"enable": "2'b11" if scale == 1 else "3'b111"},
        )
        for scale, shift, sign, toward, offset, depth in cases
    ]  # fmt: skip
    results = clocked(instances, {"value": (WIDTH, RAWS + [0] * 3)})
    for (scale, shift, sign, toward, offset, depth), result in zip(cases, results, strict=True):
        operation = Lookup(
            np.zeros(depth, np.int64),
            FixedPoint(1, 1),
            scale=scale,
            shift=shift,
            toward_zero=toward,
            offset=offset,
        )
        raws = np.array([signed(raw, WIDTH, sign) for raw in RAWS])
        late = 2 if scale == 1 else 3
        given = result["index"][late : late + len(RAWS)]
        assert given == operation.index(raws).tolist(), (scale, shift, sign, toward, offset, depth)
