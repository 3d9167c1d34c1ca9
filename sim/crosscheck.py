"""`compare_engines`: two engines on the same data, compared as integers; the outcome is a `Fidelity` record."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from netloom.models.tasks import Predict
from netloom.sim.comparison_stream import Comparison, Steps
from netloom.sim.engine import Engine, EngineInputs
from netloom.sim.fidelity import Fidelity
from netloom.sim.values import kept


def compare_engines(
    reference: Engine,
    engine: Engine,
    x: EngineInputs,
    *,
    evaluate: Callable[[Predict], dict[str, float]] | None = None,
    steps: Mapping[str, Steps] | None = None,
    trace: bool = False,
    origins: dict[str, str] | None = None,
    chunk: int | None = None,
) -> Fidelity:
    """Run two engines on the same inputs and compare what comes out.

    Args:
        reference: the engine to be held against.
        engine: the engine to check.
        x: inputs, as `Engine.predict` takes them.
        evaluate: gives the scores of an engine, of a task that calls its `predict` on these or any inputs.
        steps: as `Comparison` takes them.
        trace: compare every layer that both engines have, too.
        origins: as `Comparison` takes them.
        chunk: samples at a time, whose layers are in memory at once; None is all.

    Raises:
        InputError: for bad inputs, or targets that do not fit them.
    """
    inputs, engines = reference.checked_inputs(x), (reference, engine)
    samples = len(inputs[0])
    outputs: tuple[list[list[np.ndarray]], ...] = ([], [])
    comparison = Comparison((reference.name, engine.name), steps, origins)
    chunk = chunk or max(1, samples)
    for start in range(0, max(1, samples), chunk):
        part = [one[start : start + chunk] for one in inputs]
        found = [one.exact(part) for one in engines]
        layers = [one.exact_trace(part) if trace else {} for one in engines]
        comparison.add(found[0], found[1], layers[0], layers[1])
        if evaluate is not None:
            for before, one in zip(outputs, found, strict=True):
                before.append([kept(output) for output in one])
    if evaluate is None:
        return comparison.result()
    made = zip(engines, outputs, strict=True)
    return comparison.result({one.name: evaluate(remembering(one, x, joined(parts))) for one, parts in made})


def joined(parts: Sequence[list[np.ndarray]]) -> list[np.ndarray]:
    """The outputs of consecutive chunks as one array an output; float64 if one of the chunks is."""
    return [np.concatenate(chunks) for chunks in zip(*parts, strict=True)]


def remembering(engine: Engine, x: EngineInputs, outputs: list[np.ndarray]) -> Predict:
    """An engine's `predict` that does not run again on inputs whose outputs, float32 or float64, are there."""

    def predict(asked: EngineInputs) -> np.ndarray | list[np.ndarray]:
        if asked is not x:
            return engine.predict(asked)
        wide = [np.asarray(output, dtype=np.float64) for output in outputs]
        return wide[0] if len(wide) == 1 else wide

    return predict
