"""Sample inputs with what each engine makes of them."""

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.image
import numpy as np

from netloom.report import plots
from netloom.report.evidence import Evidence


@dataclass(frozen=True)
class Sample:
    """One sample on the page.

    Attributes:
        number: of the sample in the test set, from 0.
        image: data URI of a PNG; empty if the sample is no image.
        grey: whether the image has no colour.
        svg: a plot of its values otherwise.
        label: name of its class; empty without labels.
        chosen: name of the class that `fixed` gives it; empty if the outputs are no scores.
        right: whether the two are the same; None without labels.
        tooltip: what each engine says.
    """

    number: int
    image: str
    grey: bool
    svg: str
    label: str
    chosen: str
    right: bool | None
    tooltip: str


def pick(evidence: Evidence, count: int = 16) -> list[int]:
    """Numbers of samples to show: the first ones, and in up to half of the places those that are misjudged."""
    total = len(evidence.predictions["fixed"])
    if evidence.labels is None or evidence.classes is None:
        return list(range(min(count, total)))
    wrong = np.flatnonzero(evidence.chosen() != evidence.labels[:total])[: count // 2]
    right = np.setdiff1d(np.arange(min(total, 2 * count)), wrong)[: count - len(wrong)]
    return sorted([*right.tolist(), *wrong.tolist()])


def samples(evidence: Evidence, names: Sequence[str]) -> list[Sample]:
    """The samples to show.

    Args:
        evidence: the run's arrays.
        names: of the classes.
    """
    shown = []
    choices = {} if evidence.classes is None else {name: evidence.chosen(name) for name in evidence.predictions}
    for number in pick(evidence):
        picture = as_picture(evidence.inputs[number])
        image = "" if picture is None else png(picture)
        svg = plots.profile(evidence.inputs[number], f"sample{number}") if picture is None else ""
        label = "" if evidence.labels is None else _name(names, int(evidence.labels[number]))
        chosen, lines = "", [f"sample {number}"]
        for engine, outputs in evidence.predictions.items():
            if number >= len(outputs):
                continue
            if evidence.classes is None:
                scores = ", ".join(f"{value:.4g}" for value in np.ravel(outputs[number])[:4])
                lines.append(f"{engine}: {scores}")
            else:
                best = int(choices[engine][number])
                score = outputs[number][best if outputs.shape[1] > 1 else 0]
                lines.append(f"{engine}: {_name(names, best)} (score {score:.4g})")
                chosen = _name(names, best) if engine == "fixed" else chosen
        right = chosen == label if label and chosen else None
        grey = picture is not None and picture.ndim == 2
        shown.append(Sample(number, image, grey, svg, label, chosen, right, "\n".join(lines)))
    return shown


def as_picture(values: np.ndarray) -> np.ndarray | None:
    """A sample as (height, width) or (height, width, 3) in 0 to 1, if it can be seen as an image; else None.

    A flat sample of a square number of values, 7 x 7 and more, is taken for a square image.
    """
    side = math.isqrt(values.size)
    if values.ndim == 1 and side >= 7 and side * side == values.size:
        values = values.reshape(side, side)
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if not (values.ndim == 2 or (values.ndim == 3 and values.shape[-1] == 3)) or min(values.shape[:2]) < 4:
        return None
    low, high = float(values.min()), float(values.max())
    return (values - low) / ((high - low) or 1.0)


def png(picture: np.ndarray) -> str:
    """A picture as a PNG data URI, grey levels dark on light like ink."""
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, picture, cmap="gray_r", vmin=0, vmax=1, format="png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _name(names: Sequence[str], number: int) -> str:
    return names[number] if number < len(names) else str(number)
