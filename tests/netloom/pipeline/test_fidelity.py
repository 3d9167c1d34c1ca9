"""Comparisons of chunks merged into the comparison of the whole."""

import numpy as np
import pytest

from netloom.pipeline.fidelity import merge
from netloom.sim import Engine, Fidelity, crosscheck

SAMPLES, STEP = 8, 0.25


class Fake(Engine):
    """Gives fixed values: its inputs, changed where it is told."""

    input_shapes = ((3,),)

    def __init__(self, name: str, changes: dict[str, list[tuple[int, int]]]) -> None:
        self.name, self.changes = name, changes

    def values(self, layer: str, x: np.ndarray) -> np.ndarray:
        values = x.copy()
        for sample, element in self.changes.get(layer, []):
            # The first element of a sample is its number.
            values[(x[:, 0] == sample), element] += 2 * STEP
        return values

    def _predict(self, inputs: list[np.ndarray], progress: object) -> list[np.ndarray]:
        return [self.values("output", inputs[0])]

    def _trace(self, inputs: list[np.ndarray], progress: object) -> dict[str, np.ndarray]:
        return {layer: self.values(layer, inputs[0]) for layer in ("first", "second")}


def compared(x: np.ndarray, changes: dict[str, list[tuple[int, int]]], trace: bool = True) -> Fidelity:
    steps = dict.fromkeys(("first", "second", "output"), STEP)
    return crosscheck(Fake("fixed", {}), Fake("csim", changes), x, steps=steps, trace=trace)


@pytest.fixture
def x() -> np.ndarray:
    x = np.zeros((SAMPLES, 3))
    x[:, 0], x[:, 1] = np.arange(SAMPLES), 3
    return x


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"output": [(5, 2)]},
        {"second": [(1, 2)], "first": [(6, 1)], "output": [(1, 0), (6, 1)]},
        {"second": [(0, 0), (7, 0)], "output": [(7, 2)]},
    ],
)
def test_merged_chunks_are_the_whole(x: np.ndarray, changes: dict[str, list[tuple[int, int]]]) -> None:
    merged = merge([compared(part, changes) for part in (x[:4], x[4:6], x[6:])])
    assert merged == compared(x, changes)


def test_a_mismatch_in_the_second_chunk_has_its_number_in_the_whole(x: np.ndarray) -> None:
    mismatch = merge([compared(part, {"second": [(5, 2)]}) for part in (x[:4], x[4:])]).first_mismatch
    assert mismatch is not None
    assert (mismatch.layer, mismatch.sample, mismatch.index) == ("second", 5, [2])


def test_chunks_beyond_the_traced_samples_have_no_layers(x: np.ndarray) -> None:
    merged = merge([compared(x[:4], {}), compared(x[4:], {"output": [(6, 1)]}, trace=False)])
    assert [layer.elements for layer in merged.layers] == [12, 12]
    assert (merged.samples, merged.mismatches) == (8, 1)
    assert merged.first_mismatch is not None
    assert merged.first_mismatch.sample == 6
