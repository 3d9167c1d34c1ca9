"""`credit_pipeline` against its mirror `PipelineTiming`, clock by clock; its results in their order."""

from collections import deque

import numpy as np

from netloom.firmware.units.pipeline import PipelineTiming, fifo_depth
from netloom.testing.clocked_bench import Instance, clocked

CASES = [(1, 1, 1), (1, 3, fifo_depth(1, 3)), (2, 5, 2), (3, 4, 3), (4, 6, 17), (9, 5, 1), (1, 7, 5)]


def test_as_its_mirror_does():
    rng = np.random.default_rng(0)
    chances = [(1, 1), (0.9, 0.3), (0.3, 0.9), (0.6, 0.6)]
    offered = np.concatenate([rng.random(400) < offer for offer, _ in chances]).tolist()
    accepted = np.concatenate([rng.random(400) < accept for _, accept in chances]).tolist()
    result = rng.integers(0, 256, len(offered)).tolist()
    for lut_ram in (0, 1):
        instances = [
            Instance(
                "credit_pipeline",
                {"in_ready": 1, "valid": stages + 1, "first": stages + 1, "out_valid": 1, "out_data": 8},
                {"BEATS": beats, "STAGES": stages, "WIDTH": 8, "DEPTH": depth, "LUT_RAM": lut_ram},
                {"in_valid": "offer", "out_ready": "accept"},
            )
            for beats, stages, depth in CASES
        ]
        inputs = {"offer": (1, offered), "accept": (1, accepted), "result": (8, result)}
        for case, seen in zip(CASES, clocked(instances, inputs), strict=True):
            follow(*case, seen, offered, accepted, result)


def follow(beats, stages, depth, seen, offered, accepted, result):
    """Every clock of one instance."""
    timing = PipelineTiming(beats, stages, depth)
    taken, due, waiting = 0, deque([False] * stages), deque()
    history = deque([(False, False)] * stages)
    for clock, (offer, accept) in enumerate(zip(offered, accepted, strict=True)):
        (ready,), (out_valid,) = timing.ready([offer], [accept]), timing.valid()
        assert (seen["in_ready"][clock], seen["out_valid"][clock]) == (ready, out_valid), (beats, stages, depth, clock)
        if out_valid:
            assert seen["out_data"][clock] == waiting[0]
        beat, given = offer and ready, out_valid and accept
        history.appendleft((beat, taken % beats == 0))
        for ago, (was_taken, was_first) in enumerate(history):
            assert seen["valid"][clock] >> ago & 1 == was_taken
            assert not was_taken or seen["first"][clock] >> ago & 1 == was_first
        history.pop()
        taken += beat
        due.append(beat and taken % beats == 0)
        if given:
            waiting.popleft()
        if due.popleft():
            waiting.append(result[clock])
        timing.clock([beat], [given])
    assert taken > 4 * beats
