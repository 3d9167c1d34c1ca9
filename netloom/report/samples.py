"""Samples with what each engine makes of them: some as they come, and those on which engines differ most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from netloom.models.data.examples import as_list
from netloom.models.tasks.pictures.shown import Shown, shown
from netloom.report.evidence import Evidence

SHOWN = 8
"""So many samples at most on which engines differ."""


@dataclass(frozen=True)
class Sample:
    """One sample on the page.

    Attributes:
        number: of the sample in the test set, from 0.
        inputs: of the network.
        label: what is right; None without targets, or with those of several outputs.
        answers: by engine that was run on it, what it makes of it.
        words: the same in words.
        right: whether `fixed` is; None without targets, or where there is only more and less.
        apart: by engine, whether its answer is another than that of the one before.
    """

    number: int
    inputs: tuple[Shown, ...]
    label: Shown | None
    answers: Mapping[str, Shown]
    words: Mapping[str, str]
    right: bool | None = None
    apart: Mapping[str, bool] = field(default_factory=dict)


def sample(evidence: Evidence, names: Sequence[str], number: int, **more: Any) -> Sample:
    """A sample with what engines make of it, with classes of these names; `more` is `right` or `apart`."""
    task, targets = evidence.task, evidence.targets
    given: dict[str, Any] = {
        engine: outputs[0][number] if len(outputs) == 1 else [output[number] for output in outputs]
        for engine, outputs in evidence.predictions.items()
        if number < len(outputs[0])
    }
    return Sample(
        number,
        tuple(shown(one[number]) for one in as_list(evidence.inputs)),
        task.target(targets[number], names) if targets is not None and not isinstance(targets, Mapping) else None,
        {engine: task.answer(output, names) for engine, output in given.items()},
        {engine: task.words(output, names) for engine, output in given.items()},
        **more,
    )


def samples(evidence: Evidence, names: Sequence[str]) -> list[Sample]:
    """The samples to show, of classes of these names."""
    missed = _misjudged(evidence)
    return [
        sample(evidence, names, number, right=None if missed is None else not missed[number])
        for number in pick(evidence)
    ]


def pick(evidence: Evidence, count: int = 16) -> list[int]:
    """Numbers of samples to show: the first ones, and in up to half of the places those that are misjudged."""
    total, missed = len(evidence.predictions["fixed"][0]), _misjudged(evidence)
    if missed is None:
        return list(range(min(count, total)))
    wrong = np.flatnonzero(missed)[: count // 2]
    right = np.setdiff1d(np.arange(min(total, 2 * count)), wrong)[: count - len(wrong)]
    return sorted([*right.tolist(), *wrong.tolist()])


def _misjudged(evidence: Evidence) -> np.ndarray | None:
    if evidence.targets is None:
        return None
    return evidence.task.misjudged(evidence.predictions["fixed"], evidence.targets)


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
    shown: tuple[Sample, ...]


def differences(evidence: Evidence, names: Sequence[str]) -> Differences:
    """Where engines differ in what the task makes of their outputs; and, from `fixed` on, in any bit."""
    total = len(evidence.predictions["fixed"][0])
    engines = tuple(evidence.predictions)
    apart = {engine: np.zeros(total) for engine in engines}
    for one, other in pairwise(engines):
        exact = engines.index(one) >= engines.index("fixed")  # what follows must equal `fixed`
        both = evidence.predictions["fixed" if exact else one], evidence.predictions[other]
        shared = min(len(outputs[0]) for outputs in both)
        # Most are equal to the bit, and to decode is the host's slow part.
        differ = [(a[:shared] != b[:shared]).reshape(shared, -1).any(axis=1) for a, b in zip(*both, strict=True)]
        unlike = np.flatnonzero(np.any(differ, axis=0))
        if exact:
            apart[other][unlike] = np.inf
        elif len(unlike):
            answers = ([output[unlike] for output in outputs] for outputs in both)
            apart[other][unlike] = evidence.task.apart(*(one[0] if len(one) == 1 else one for one in answers))
    furthest = np.max(list(apart.values()), axis=0)
    order = np.argsort(-furthest, kind="stable")[:SHOWN]
    shown = [
        sample(evidence, names, int(number), apart={engine: values[number] > 0 for engine, values in apart.items()})
        for number in order
        if furthest[number] > 0
    ]
    return Differences(engines, int((furthest > 0).sum()), total, tuple(shown))
