"""`crosscheck`: two engines on the same data, compared as integers; the outcome is a `Fidelity` record."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from netloom.models.tasks import Predict
from netloom.sim.engine import Arrays, Engine, SamplesDone


class Mismatch(BaseModel):
    """The first element in which two engines differ: in the order of layers, then samples, then elements."""

    model_config = ConfigDict(frozen=True)

    layer: str
    sample: int
    index: list[int]
    values: list[float]


class LayerDifference(BaseModel):
    """How far two engines differ in one layer, counted in steps of its type."""

    model_config = ConfigDict(frozen=True)

    layer: str
    elements: int
    mismatches: int
    max_difference_steps: float
    mean_difference_steps: float


class Fidelity(BaseModel):
    """What comparing two engines over a data set found.

    Attributes:
        engines: names of the two, the reference first.
        samples: how many inputs were run.
        elements: how many output elements were compared.
        mismatches: how many of them differ at all.
        max_difference_steps: the largest difference, in steps of the output's type.
        argmax_agreement: share of samples in which both name the same class (None for outputs of one element).
        scores: {engine: {score: value}} of the network's task; empty if it was not evaluated.
        first_mismatch: None if all elements are equal.
        layers: layer by layer, if traces were compared.
    """

    model_config = ConfigDict(frozen=True)

    engines: tuple[str, str]
    samples: int
    elements: int
    mismatches: int
    max_difference_steps: float
    argmax_agreement: float | None = None
    scores: dict[str, dict[str, float]] = {}
    first_mismatch: Mismatch | None = None
    layers: list[LayerDifference] = []

    @property
    def equal(self) -> bool:
        """Whether every element compared, traces included, is equal."""
        return self.mismatches == 0 and all(layer.mismatches == 0 for layer in self.layers)


def crosscheck(
    reference: Engine,
    engine: Engine,
    x: Arrays,
    *,
    evaluate: Callable[[Predict], dict[str, float]] | None = None,
    steps: dict[str, float] | None = None,
    trace: bool = False,
    origins: dict[str, str] | None = None,
    progress: SamplesDone | None = None,
) -> Fidelity:
    """Run two engines on the same inputs and compare what comes out.

    Args:
        reference: the engine to be held against.
        engine: the engine to check.
        x: inputs, as `Engine.predict` takes them.
        evaluate: gives the scores of an engine, of a task that calls its `predict` on these or any inputs.
        steps: {layer: step of its type}, and under 'output' that of the output, under 'output 1' that of the second of
            several; 1.0 where missing.
        trace: compare every layer that both engines have, too.
        origins: {layer of `engine`: layer of `reference`}, where the two name layers differently.
        progress: called as samples are done, once for each engine.

    Raises:
        InputError: for bad inputs, or targets that do not fit them.
    """
    first, second = (one.exact(x, progress) for one in (reference, engine))
    samples = first[0].shape[0]
    layers: list[LayerDifference] = []
    mismatch: Mismatch | None = None
    steps = steps or {}
    if trace:
        layers, mismatch = _compare_traces(reference.trace(x), engine.trace(x), steps, origins or {})
    names = ["output", *(f"output {index}" for index in range(1, len(first)))]
    worst = max(
        (
            float(np.abs(a - b).max(initial=0.0)) / steps.get(name, 1.0)
            for name, a, b in zip(names, first, second, strict=True)
        ),
        default=0.0,
    )
    for index, (a, b) in enumerate(zip(first, second, strict=True)):
        mismatch = mismatch or first_mismatch(f"output {index}" if len(first) > 1 else "output", a, b)
    return Fidelity(
        engines=(reference.name, engine.name),
        samples=samples,
        elements=sum(a.size for a in first),
        mismatches=sum(int((a != b).sum()) for a, b in zip(first, second, strict=True)),
        max_difference_steps=worst,
        argmax_agreement=agreement(choices(first), choices(second)),
        scores={}
        if evaluate is None
        else {
            one.name: evaluate(remembering(one, x, outputs)) for one, outputs in ((reference, first), (engine, second))
        },
        first_mismatch=mismatch,
        layers=layers,
    )


def remembering(engine: Engine, x: Arrays, outputs: Sequence[np.ndarray]) -> Predict:
    """An engine's `predict` that does not run again on inputs whose outputs are there."""
    known = [np.asarray(output, dtype=np.float64) for output in outputs]
    return lambda asked: (known[0] if len(known) == 1 else known) if asked is x else engine.predict(asked)


def choices(outputs: Sequence[np.ndarray]) -> np.ndarray | None:
    """The largest of each sample's scores; None for a single score, several outputs, or other shapes."""
    if len(outputs) != 1 or outputs[0].ndim != 2 or outputs[0].shape[1] < 2:
        return None
    return outputs[0].argmax(axis=1)


def agreement(first: np.ndarray | None, second: np.ndarray | None) -> float | None:
    """The share of equal entries; None if there is nothing to compare."""
    if first is None or second is None or first.size == 0:
        return None
    return float((first == second).mean())


def first_mismatch(layer: str, a: np.ndarray, b: np.ndarray) -> Mismatch | None:
    """The first element in which two arrays (samples, ...) differ."""
    differing = np.argwhere(a != b)
    if not len(differing):
        return None
    sample, *index = (int(i) for i in differing[0])
    where = (sample, *index)
    return Mismatch(layer=layer, sample=sample, index=index, values=[float(a[where]), float(b[where])])


def _compare_traces(
    first: dict[str, np.ndarray], second: dict[str, np.ndarray], steps: dict[str, float], origins: dict[str, Any]
) -> tuple[list[LayerDifference], Mismatch | None]:
    layers: list[LayerDifference] = []
    mismatch: Mismatch | None = None
    for name, b in second.items():
        a = first.get(origins.get(name, name))
        if a is None or a.shape != b.shape:
            continue
        difference = np.abs(a - b) / steps.get(name, 1.0)
        layers.append(
            LayerDifference(
                layer=name,
                elements=a.size,
                mismatches=int((a != b).sum()),
                max_difference_steps=float(difference.max(initial=0.0)),
                mean_difference_steps=float(difference.mean()) if a.size else 0.0,
            )
        )
        mismatch = mismatch or first_mismatch(name, a, b)
    return layers, mismatch
