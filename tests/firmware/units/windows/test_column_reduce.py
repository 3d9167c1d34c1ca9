"""`column_reduce` against sums and maxima of windows, of every family, with pauses between columns."""

import numpy as np
import pytest

from netloom.firmware.families import FAMILIES
from netloom.fixed_point import FixedPoint, Overflow
from netloom.testing.clocked_bench import Instance, clocked, signed

WIDTH, LANES, CLOCKS = 5, 2, 300


def words(values):
    return [sum((int(value) & (2**WIDTH - 1)) << i * WIDTH for i, value in enumerate(row)) for row in values]


@pytest.mark.parametrize("family", FAMILIES.values(), ids=str)
@pytest.mark.parametrize("is_signed", [True, False])
@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_windows(rows, is_signed, family):
    cases = [("max", Overflow.WRAP), ("sum", Overflow.WRAP)]
    cases += [("sum", mode) for mode in Overflow if rows == 1 and mode is not Overflow.WRAP]
    instances = [
        Instance(
            "column_reduce",
            {"result": LANES * WIDTH},
            {
                "ROWS": rows,
                "LANES": LANES,
                "WIDTH": WIDTH,
                "SIGNED": int(is_signed),
                "MAXIMUM": int(name == "max"),
                "OVERFLOW": str(mode),
            },
        )
        for name, mode in cases
    ]
    rng = np.random.default_rng(rows)
    type_ = FixedPoint(WIDTH, WIDTH, is_signed)
    data = rng.integers(type_.raw_min, type_.raw_max, (CLOCKS, rows, LANES), endpoint=True)
    start = rng.integers(type_.raw_min, type_.raw_max, (CLOCKS, LANES), endpoint=True)
    valid, first = rng.random(CLOCKS) < 0.7, rng.random(CLOCKS) < 0.4
    levels = (rows - 1).bit_length()
    late = np.arange(CLOCKS) >= levels
    valid &= late
    first[np.argmax(valid)] = True
    inputs = {
        "in_data": (rows * LANES * WIDTH, words(data.reshape(CLOCKS, -1))),
        "valid": (1, valid),
        "first": (1, first),
        "start": (LANES * WIDTH, words(start)),
    }
    for (name, mode), result in zip(cases, clocked(instances, inputs, family=family), strict=True):
        confined = type_.with_modes(overflow=mode)
        total = np.zeros(LANES, np.int64)
        for clock in np.flatnonzero(valid):
            column = data[clock - levels]
            if name == "max":
                best = column.max(axis=0)
                total = best if first[clock] else np.maximum(total, best)
            else:
                total = confined.confine((start[clock] if first[clock] else total) + column.sum(axis=0))
            given = [
                signed(result["result"][clock] >> lane * WIDTH & (2**WIDTH - 1), WIDTH, is_signed)
                for lane in range(LANES)
            ]
            assert given == total.tolist(), (name, mode)
