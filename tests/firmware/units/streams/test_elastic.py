"""`elastic` and its mirror `ElasticTiming`: stages move as a plain description of them does."""

import numpy as np
import pytest

from netloom.firmware.units.elastic import ElasticTiming
from netloom.testing.clocked_bench import Instance, clocked


class PlainStages:
    """A list of stages; each takes from the one before it when it is empty or emptied."""

    def __init__(self, stages: int) -> None:
        self.full = [False] * stages

    def moves(self, out_ready: bool) -> list[bool]:
        return [out_ready or not all(self.full[i:]) for i in range(len(self.full))]

    def clock(self, taken: bool, out_ready: bool) -> None:
        moves = self.moves(out_ready)
        before = [taken, *self.full[:-1]]
        self.full = [new if move else old for move, new, old in zip(moves, before, self.full, strict=True)]


@pytest.mark.parametrize("stages", range(1, 8))
def test_same_as_a_list_of_stages(stages):
    rng = np.random.default_rng(stages)
    for offer, accept in [(0.9, 0.9), (0.9, 0.3), (0.3, 0.9), (0.5, 0.5)]:
        fast, plain = ElasticTiming(stages), PlainStages(stages)
        for _ in range(2000):
            offered, out_ready = bool(rng.random() < offer), bool(rng.random() < accept)
            assert fast.offers == plain.full[-1]
            assert fast.takes(out_ready) == plain.moves(out_ready)[0]
            taken = offered and fast.takes(out_ready)
            fast.clock((taken,), (fast.offers and out_ready,))
            plain.clock(taken, out_ready)


def test_the_module_is_a_list_of_stages():
    rng = np.random.default_rng(0)
    offered = np.concatenate([rng.random(500) < chance for chance in (0.9, 0.9, 0.3, 0.5)]).tolist()
    accepted = np.concatenate([rng.random(500) < chance for chance in (0.9, 0.3, 0.9, 0.5)]).tolist()
    sizes = range(1, 6)
    instances = [
        Instance(
            "elastic",
            {"in_ready": 1, "out_valid": 1, "enable": stages},
            {"STAGES": stages},
            {"in_valid": "offer", "out_ready": "accept"},
        )
        for stages in sizes
    ]
    results = clocked(instances, {"offer": (1, offered), "accept": (1, accepted)})
    for stages, result in zip(sizes, results, strict=True):
        plain = PlainStages(stages)
        for clock, (offer, accept) in enumerate(zip(offered, accepted, strict=True)):
            moves = plain.moves(accept)
            assert result["out_valid"][clock] == plain.full[-1]
            assert result["in_ready"][clock] == moves[0]
            assert [bool(result["enable"][clock] >> i & 1) for i in range(stages)] == moves
            plain.clock(offer, accept)
