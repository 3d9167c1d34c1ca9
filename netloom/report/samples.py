"""Sample inputs with what each engine makes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from netloom.models.data.examples import as_list
from netloom.models.tasks.pictures.shown import Shown, shown
from netloom.report.evidence import Evidence


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
