"""Samples of which engines make different things, with what each of them makes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from netloom.models.tasks import Outputs
from netloom.report.evidence import Evidence
from netloom.report.samples import Drawn, draw, given, one_of

SHOWN = 8
"""So many samples at most."""


@dataclass(frozen=True)
class Difference:
    """One sample on the page.

    Attributes:
        number: of the sample in the test set, from 0.
        inputs: of the network, drawn.
        label: what is right; None without targets.
        answers: by engine, what it makes of it; None where it was not run.
        words: by engine, the same in words; empty where it was not run.
        apart: by engine, whether its answer is another than that of the one before.
    """

    number: int
    inputs: tuple[Drawn, ...]
    label: Drawn | None
    answers: Mapping[str, Drawn | None]
    words: Mapping[str, str]
    apart: Mapping[str, bool]


@dataclass(frozen=True)
class Differences:
    """The samples on which engines differ most.

    Attributes:
        engines: that were run, in order.
        count: of samples on which any two that follow each other differ.
        total: of samples.
        shown: up to `SHOWN` of them, where they are furthest apart; those that `fixed` should equal to the bit and do
            not come first.
    """

    engines: tuple[str, ...]
    count: int
    total: int
    shown: tuple[Difference, ...]


def differences(evidence: Evidence, names: Sequence[str]) -> Differences:
    """Where engines differ in what the task makes of their outputs; and, from `fixed` on, in any bit.

    Args:
        evidence: the run's arrays.
        names: of the classes.
    """
    total = len(evidence.predictions["fixed"][0])
    engines = tuple(evidence.predictions)
    apart = {engine: np.zeros(total) for engine in engines}
    for one, other in pairwise(engines):
        before, outputs = evidence.predictions["fixed" if _exact(engines, one) else one], evidence.predictions[other]
        shared = min(len(before[0]), len(outputs[0]))
        # Most are equal to the bit, and to decode is the host's slow part.
        unlike = np.flatnonzero(
            np.any(
                [
                    (a[:shared] != b[:shared]).reshape(shared, -1).any(axis=1)
                    for a, b in zip(before, outputs, strict=True)
                ],
                axis=0,
            )
        )
        if _exact(engines, one):
            apart[other][unlike] = np.inf
        elif len(unlike):
            first, second = ([output[unlike] for output in both] for both in (before, outputs))
            apart[other][unlike] = evidence.task.apart(_as_given(first), _as_given(second))
    furthest = np.max(list(apart.values()), axis=0)
    order = np.argsort(-furthest, kind="stable")[:SHOWN]
    chosen = [int(number) for number in order if furthest[number] > 0]
    return Differences(
        engines,
        int((furthest > 0).sum()),
        total,
        tuple(_difference(evidence, names, number, apart) for number in chosen),
    )


def _exact(engines: Sequence[str], engine: str) -> bool:
    """Whether what follows an engine must equal `fixed`."""
    return engines.index(engine) >= engines.index("fixed")


def _as_given(outputs: list[np.ndarray]) -> Outputs:
    return outputs[0] if len(outputs) == 1 else outputs


def _difference(evidence: Evidence, names: Sequence[str], number: int, apart: Mapping[str, np.ndarray]) -> Difference:
    answers: dict[str, Drawn | None] = {}
    words: dict[str, str] = {}
    for engine, outputs in evidence.predictions.items():
        answers[engine], words[engine] = None, ""
        if number < len(outputs[0]):
            output = one_of(outputs, number)
            answers[engine] = draw(evidence.task.answer(output, names), f"{engine}{number}")
            words[engine] = evidence.task.words(output, names)
    differ = {engine: bool(values[number] > 0) for engine, values in apart.items()}
    return Difference(number, *given(evidence, names, number, "differing_"), answers, words, differ)
