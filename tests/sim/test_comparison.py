"""A stream of chunks gives the comparison of the whole, and holds no more than a chunk."""

from collections.abc import Sequence

import numpy as np
import pytest

from netloom.sim import Comparison, Engine, Fidelity, compare_engines

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


STEPS = dict.fromkeys(("first", "second", "output"), STEP)


def whole(x: np.ndarray, changes: dict[str, list[tuple[int, int]]], chunk: int | None = None) -> Fidelity:
    return compare_engines(Fake("fixed", {}), Fake("csim", changes), x, steps=STEPS, trace=True, chunk=chunk)


def streamed(
    parts: Sequence[np.ndarray], changes: dict[str, list[tuple[int, int]]], traced: int | None = None
) -> Fidelity:
    """The parts one after the other, the layers of the first `traced`."""
    comparison = Comparison(("fixed", "csim"), STEPS)
    first, second = Fake("fixed", {}), Fake("csim", changes)
    for number, part in enumerate(parts):
        layers = [one.trace(part) for one in (first, second) if traced is None or number < traced]
        comparison.add(first.exact(part), second.exact(part), *layers)
    return comparison.result()


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
def test_chunks_are_the_whole(x: np.ndarray, changes: dict[str, list[tuple[int, int]]]) -> None:
    assert streamed([x[:4], x[4:6], x[6:]], changes) == whole(x, changes) == whole(x, changes, chunk=3)


def test_a_mismatch_in_the_second_chunk_has_its_number_in_the_whole(x: np.ndarray) -> None:
    mismatch = streamed([x[:4], x[4:]], {"second": [(5, 2)]}).first_mismatch
    assert mismatch is not None
    assert (mismatch.layer, mismatch.sample, mismatch.index) == ("second", 5, [2])


def test_chunks_beyond_the_traced_samples_have_no_layers(x: np.ndarray) -> None:
    found = streamed([x[:4], x[4:]], {"output": [(6, 1)]}, traced=1)
    assert [layer.elements for layer in found.layers] == [12, 12]
    assert (found.samples, found.layer_samples, found.mismatches) == (8, 4, 1)
    assert found.first_mismatch is not None
    assert found.first_mismatch.sample == 6


def test_quotients_that_no_type_holds_differ_from_a_step_on() -> None:
    """Within the layer that divides only; what a quantizer makes of it must be the same."""
    exact, rounded = np.array([[0.3125, 0.625], [-0.3125, 0.875]]), np.array([[0.25, 0.5], [-0.25, 0.75]])
    for wrong, count in ((0, 0), (STEP, 1), (-STEP, 1)):
        other = rounded.copy()
        other[1, 1] += wrong + np.sign(wrong) * 0.125  # 0.125 is what was dropped
        layers = {"mean": exact, "after": exact}, {"mean": other, "after": other}
        comparison = Comparison(("quantized", "fixed"), STEPS | {"mean": STEP}, quotients={"mean"})
        comparison.add([exact], [exact], *layers)
        found = {layer.layer: layer.mismatches for layer in comparison.result().layers}
        assert found == {"mean": count, "after": 4}, wrong


def test_crosscheck_has_one_chunk_of_layers_at_a_time(x: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    trace = Fake._trace

    def watched(self: Fake, inputs: list[np.ndarray], progress: object) -> dict[str, np.ndarray]:
        seen.append(len(inputs[0]))
        return trace(self, inputs, progress)

    monkeypatch.setattr(Fake, "_trace", watched)
    assert whole(x, {}, chunk=3).samples == SAMPLES
    assert seen == [3, 3, 3, 3, 2, 2]
