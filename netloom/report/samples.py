"""Sample inputs with what each engine makes of them."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.image
import numpy as np

from netloom.models.data.examples import as_list
from netloom.models.tasks.pictures.shown import Shown, shown
from netloom.report import plots
from netloom.report.evidence import Evidence


@dataclass(frozen=True)
class Drawn:
    """Something shown on the page: one of the three, the others are empty.

    Attributes:
        image: data URI of a PNG.
        grey: whether the image has no colour.
        svg: a plot of values.
        text: a few words.
    """

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
        label: what is right; None without targets.
        chosen: what `fixed` says.
        right: whether the two are the same; None without targets, or where there is only more and less.
        tooltip: what each engine says.
    """

    number: int
    inputs: tuple[Drawn, ...]
    label: Drawn | None
    chosen: Drawn
    right: bool | None
    tooltip: str


def pick(evidence: Evidence, count: int = 16) -> list[int]:
    """Numbers of samples to show: the first ones, and in up to half of the places those that are misjudged."""
    total, missed = len(evidence.predictions["fixed"][0]), _misjudged(evidence)
    if missed is None:
        return list(range(min(count, total)))
    wrong = np.flatnonzero(missed)[: count // 2]
    right = np.setdiff1d(np.arange(min(total, 2 * count)), wrong)[: count - len(wrong)]
    return sorted([*right.tolist(), *wrong.tolist()])


def samples(evidence: Evidence, names: Sequence[str]) -> list[Sample]:
    """The samples to show.

    Args:
        evidence: the run's arrays.
        names: of the classes.
    """
    task, missed, found = evidence.task, _misjudged(evidence), []
    for number in pick(evidence):
        lines = [f"sample {number}"]
        for engine, outputs in evidence.predictions.items():
            if number < len(outputs[0]):
                lines.append(f"{engine}: {task.words(one_of(outputs, number), names)}")
        chosen = draw(task.answer(one_of(evidence.predictions["fixed"], number), names), f"answer{number}")
        right = None if missed is None else not missed[number]
        found.append(Sample(number, *given(evidence, names, number), chosen, right, "\n".join(lines)))
    return found


def given(
    evidence: Evidence, names: Sequence[str], number: int, prefix: str = ""
) -> tuple[tuple[Drawn, ...], Drawn | None]:
    """A sample's inputs and what is right, drawn; None without targets, or with those of several outputs.

    Args:
        evidence: the run's arrays.
        names: of the classes.
        number: of the sample.
        prefix: tells drawings apart where a sample is shown twice.
    """
    inputs = enumerate(as_list(evidence.inputs))
    drawn = tuple(draw(shown(one[number]), f"{prefix}sample{number}_{place}") for place, one in inputs)
    if evidence.targets is None or isinstance(evidence.targets, Mapping):
        return drawn, None
    return drawn, draw(evidence.task.target(evidence.targets[number], names), f"{prefix}target{number}")


def _misjudged(evidence: Evidence) -> np.ndarray | None:
    if evidence.targets is None:
        return None
    return evidence.task.misjudged(evidence.predictions["fixed"], evidence.targets)


def one_of(outputs: list[np.ndarray], number: int) -> Any:
    """The outputs for one sample, as tasks take them."""
    return outputs[0][number] if len(outputs) == 1 else [output[number] for output in outputs]


def draw(one: Shown, name: str) -> Drawn:
    """Something that is shown, for the page; `name` tells drawings apart."""
    if one.image is not None:
        return Drawn(image=picture_png(one.image), grey=one.image.ndim == 2)
    if one.series is not None:
        return Drawn(svg=plots.profile(one.series, name))
    return Drawn(text=one.text)


def picture_png(picture: np.ndarray) -> str:
    """A picture as a PNG data URI, grey levels dark on light like ink."""
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, picture, cmap="gray_r", vmin=0, vmax=1, format="png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
