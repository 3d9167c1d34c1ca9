"""`Comparison`: two engines held against each other as a stream of samples; none is kept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from netloom.sim.fidelity import Fidelity, LayerDifference, Mismatch

Steps = float | np.ndarray
"""What differences of a tensor are counted in: one step, or an array that broadcasts against its samples."""


@dataclass
class _Difference:
    """How far one tensor differs so far, in steps of its type."""

    samples: int = 0
    elements: int = 0
    mismatches: int = 0
    largest: float = 0.0
    total: float = 0.0
    first: Mismatch | None = None

    def add(self, name: str, a: np.ndarray, b: np.ndarray, step: Steps, quotient: bool = False) -> None:
        differs = np.abs(a - b) >= step if quotient else a != b
        if differs.any():
            difference = np.abs(a - b) / step
            self.largest = float(np.maximum(self.largest, float(difference.max())))
            self.total += float(difference.sum())
            sample, *index = (int(i) for i in np.argwhere(differs)[0])
            where = (sample, *index)
            values = [float(a[where]), float(b[where])]
            self.first = self.first or Mismatch(layer=name, sample=self.samples + sample, index=index, values=values)
        self.samples += len(a)
        self.elements += a.size
        self.mismatches += int(differs.sum())


class Comparison:
    """Two engines, compared chunk by chunk of their results.

    Args:
        engines: names of the two, the reference first.
        steps: {layer: step of its type}, and under 'output' that of the output, under 'output 1' that of the second of
            several; 1.0 where missing.
        origins: {layer of the second: layer of the first}, where the two name layers differently.
        quotients: layers of the second that round a quotient, which no type holds, where the first does not: they
            differ where they are a step or more apart.
    """

    def __init__(
        self,
        engines: tuple[str, str],
        steps: Mapping[str, Steps] | None = None,
        origins: Mapping[str, str] | None = None,
        quotients: Collection[str] = (),
    ) -> None:
        self._engines, self._steps, self._origins = engines, steps or {}, origins or {}
        self._quotients = quotients
        self._outputs: list[_Difference] = []
        self._layers: dict[str, _Difference] = {}
        self._agreeing: int | None = 0

    def add(
        self,
        first: Sequence[np.ndarray],
        second: Sequence[np.ndarray],
        first_layers: Mapping[str, np.ndarray] | None = None,
        second_layers: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """The next samples: every output of both, (samples, ...), and layers if they are to be compared.

        Layers may be of fewer samples than the outputs; one that either lacks is left out.
        """
        self._outputs = self._outputs or [_Difference() for _ in first]
        for number, (a, b) in enumerate(zip(first, second, strict=True)):
            step = self._steps.get(f"output {number}" if number else "output", 1.0)
            self._outputs[number].add(f"output {number}" if len(first) > 1 else "output", a, b, step)
        for name, theirs in (second_layers or {}).items():
            ours = (first_layers or {}).get(self._origins.get(name, name))
            if ours is not None and ours.shape == theirs.shape:
                difference = self._layers.setdefault(name, _Difference())
                difference.add(name, ours, theirs, self._steps.get(name, 1.0), name in self._quotients)
        a_choice, b_choice = choices(first), choices(second)
        if a_choice is None or b_choice is None:
            self._agreeing = None
        elif self._agreeing is not None:
            self._agreeing += int((a_choice == b_choice).sum())

    def result(self, scores: Mapping[str, dict[str, float]] | None = None) -> Fidelity:
        """What was found, after one `add` or more.

        Args:
            scores: {engine: {score: value}} of the network's task.
        """
        samples = self._outputs[0].samples
        found = [*self._layers.values(), *self._outputs]
        return Fidelity(
            engines=self._engines,
            samples=samples,
            elements=sum(one.elements for one in self._outputs),
            mismatches=sum(one.mismatches for one in self._outputs),
            max_difference_steps=max(one.largest for one in self._outputs),
            argmax_agreement=self._agreeing / samples if self._agreeing is not None and samples else None,
            scores=dict(scores or {}),
            first_mismatch=next((one.first for one in found if one.first is not None), None),
            layers=[
                LayerDifference(
                    layer=name,
                    elements=one.elements,
                    mismatches=one.mismatches,
                    max_difference_steps=one.largest,
                    mean_difference_steps=one.total / max(1, one.elements),
                )
                for name, one in self._layers.items()
            ],
            layer_samples=max((one.samples for one in self._layers.values()), default=0),
        )


def choices(outputs: Sequence[np.ndarray]) -> np.ndarray | None:
    """The largest of each sample's scores; None for a single score, several outputs, or other shapes.

    Engines are compared without a task, which not every network has. What a task makes of outputs is compared where it
    is known: by its scores for each engine, and by `Task.apart`.
    """
    if len(outputs) != 1 or outputs[0].ndim != 2 or outputs[0].shape[1] < 2:
        return None
    return outputs[0].argmax(axis=1)
