"""`step_position` and its mirror against counting."""

import numpy as np

from netloom.firmware.units.streams.scan_loop import StepPosition
from netloom.testing.clocked_bench import Instance, clocked

SIZES = [(1, 1), (3, 1), (1, 2), (2, 2), (1, 5), (3, 4), (4, 3)]


def test_first_and_last_step_of_every_sequence():
    taken = np.random.default_rng(0).integers(0, 2, 400).tolist()
    instances = [
        Instance("step_position", {"first": 1, "last": 1}, {"BEATS": beats, "STEPS": steps}) for beats, steps in SIZES
    ]
    for (beats, steps), result in zip(SIZES, clocked(instances, {"taken": (1, taken)}), strict=True):
        step = np.concatenate([[0], np.cumsum(taken)[:-1]]) // beats % steps
        assert result["first"] == (step == 0).astype(int).tolist()
        assert result["last"] == (step == steps - 1).astype(int).tolist()
        mirror = StepPosition(beats, steps)
        for clock, beat in enumerate(taken):
            assert (mirror.first, mirror.last) == (result["first"][clock], result["last"][clock])
            mirror.clock(bool(beat))
