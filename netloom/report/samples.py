"""Sample inputs with what each engine makes of them."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib.image
import numpy as np

from netloom.models.data.examples import as_list
from netloom.models.tasks.pictures.shown import Shown, shown
from netloom.report import plots
from netloom.report.evidence import Evidence


@dataclass(frozen=True)
class Drawn:
    """Something shown on the page: an image as data URI of a PNG, a plot or a few words; the others are empty."""

    image: str = ""
    grey: bool = False
    svg: str = ""
    text: str = ""


@dataclass(frozen=True)
class Sample:
    """One sample on the page.

    Attributes:
        number: of the sample in the test set, from 0.
        inputs: of the network, drawn.
        label: what is right; None without targets, or with those of several outputs.
        words: by engine that was run on it, what it makes of it.
        answers: the same, drawn; of the engines that are asked for.
        right: whether `fixed` is; None without targets, or where there is only more and less.
        apart: by engine, whether its answer is another than that of the one before.
    """

    number: int
    inputs: tuple[Drawn, ...]
    label: Drawn | None
    words: Mapping[str, str]
    answers: Mapping[str, Drawn]
    right: bool | None = None
    apart: Mapping[str, bool] = field(default_factory=dict)


def sample(
    evidence: Evidence, names: Sequence[str], number: int, engines: Iterable[str], prefix: str = "", **more: Any
) -> Sample:
    """A sample, what all engines make of it, in words, and the answers of `engines`, drawn.

    `prefix` tells drawings apart where a sample is shown twice; `more` is `right` or `apart`.
    """
    task, targets = evidence.task, evidence.targets
    inputs = enumerate(as_list(evidence.inputs))
    drawn = tuple(draw(shown(one[number]), f"{prefix}sample{number}_{place}") for place, one in inputs)
    label = None
    if targets is not None and not isinstance(targets, Mapping):
        label = draw(task.target(targets[number], names), f"{prefix}target{number}")
    given: dict[str, Any] = {
        engine: outputs[0][number] if len(outputs) == 1 else [output[number] for output in outputs]
        for engine, outputs in evidence.predictions.items()
        if number < len(outputs[0])
    }
    words = {engine: task.words(output, names) for engine, output in given.items()}
    answers = {
        engine: draw(task.answer(given[engine], names), f"{prefix}{engine}{number}")
        for engine in engines
        if engine in given
    }
    return Sample(number, drawn, label, words, answers, **more)


def samples(evidence: Evidence, names: Sequence[str]) -> list[Sample]:
    """The samples to show, of classes of these names."""
    missed = _misjudged(evidence)
    return [
        sample(evidence, names, number, ("fixed",), right=None if missed is None else not missed[number])
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


def draw(one: Shown, name: str) -> Drawn:
    """Something that is shown, for the page; `name` tells drawings apart."""
    if one.image is not None:
        # As a PNG data URI, grey levels dark on light like ink.
        buffer = io.BytesIO()
        matplotlib.image.imsave(buffer, one.image, cmap="gray_r", vmin=0, vmax=1, format="png")
        data = base64.b64encode(buffer.getvalue()).decode("ascii")
        return Drawn(image=f"data:image/png;base64,{data}", grey=one.image.ndim == 2)
    if one.series is not None:
        return Drawn(svg=plots.profile(one.series, name))
    return Drawn(text=one.text)
