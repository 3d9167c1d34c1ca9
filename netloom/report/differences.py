"""Samples of which engines make different things, with what each of them makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from netloom.report.evidence import Evidence
from netloom.report.samples import Sample, sample

SHOWN = 8
"""So many samples at most."""


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
            first, second = ([output[unlike] for output in outputs] for outputs in both)
            single = len(first) == 1
            apart[other][unlike] = evidence.task.apart(*((first[0], second[0]) if single else (first, second)))
    furthest = np.max(list(apart.values()), axis=0)
    order = np.argsort(-furthest, kind="stable")[:SHOWN]
    shown = [
        sample(
            evidence,
            names,
            int(number),
            engines,
            "differing_",
            apart={engine: bool(values[number] > 0) for engine, values in apart.items()},
        )
        for number in order
        if furthest[number] > 0
    ]
    return Differences(engines, int((furthest > 0).sum()), total, tuple(shown))
