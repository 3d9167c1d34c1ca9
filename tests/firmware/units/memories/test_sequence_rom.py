"""`sequence_rom`: words one after the other, whatever the pauses, however they are stored."""

import numpy as np
import pytest

from netloom.firmware.map.folding.fold import divisors
from netloom.firmware.stream import hex_memory
from netloom.testing.clocked_bench import Instance, clocked


@pytest.mark.parametrize("depth", [1, 2, 3, 8, 12])
def test_a_word_after_every_step(depth):
    words = np.random.default_rng(depth).integers(0, 2**9, depth).tolist()
    step = np.random.default_rng(0).integers(0, 2, 200).tolist()
    stored = [(0, 1), *((1, row) for row in divisors(depth))]
    memory = {f"rows{row}.mem": hex_memory(np.reshape(words, (-1, row)), 9) for _, row in stored}
    instances = [
        Instance(
            "sequence_rom",
            {"data": 9},
            {"WIDTH": 9, "DEPTH": depth, "BLOCK": block, "ROW": row, "FILE": f"rows{row}.mem"},
        )
        for block, row in stored
    ]
    for result in clocked(instances, {"step": (1, step)}, memory):
        steps = [clock for clock, stepped in enumerate(step[:-1]) if stepped]
        assert [result["data"][clock + 1] for clock in steps] == [words[i % depth] for i in range(len(steps))]
