"""`group_position` against counting."""

import numpy as np

from netloom.testing.clocked_bench import Instance, clocked

SIZES = (1, 2, 3, 4, 7, 8)


def test_first_and_last_of_every_group():
    taken = np.random.default_rng(0).integers(0, 2, 400).tolist()
    instances = [Instance("group_position", {"first": 1, "last": 1}, {"BEATS": beats}) for beats in SIZES]
    for beats, result in zip(SIZES, clocked(instances, {"taken": (1, taken)}), strict=True):
        before = np.concatenate([[0], np.cumsum(taken)[:-1]]) % beats
        assert result["first"] == (before == 0).astype(int).tolist()
        assert result["last"] == (before == beats - 1).astype(int).tolist()
