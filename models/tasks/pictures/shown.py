"""`Shown`: how a sample or a prediction looks to people, as data for the report's page."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Shown:
    """One of three.

    Attributes:
        text: a few words.
        image: (height, width) or (height, width, 3), 0 to 1.
        series: values, (steps, ...) or (values,).
    """

    text: str = ""
    image: np.ndarray | None = None
    series: np.ndarray | None = None


def shown(values: np.ndarray) -> Shown:
    """Numbers as an image if they can be seen as one, else as a series."""
    image = as_picture(values)
    return Shown(series=values) if image is None else Shown(image=image)


def as_picture(values: np.ndarray) -> np.ndarray | None:
    """A sample as (height, width) or (height, width, 3) in 0 to 1, if it can be seen as an image; else None.

    A flat sample of a square number of values, 7 x 7 and more, is taken for a square image; of frames or slices,
    (frames, height, width, 1 or 3), all are seen, one beside the other, as are two channels.
    """
    if values.ndim == 4:
        values = np.concatenate(values, axis=1)
    if values.ndim == 3 and values.shape[-1] == 2:
        values = np.concatenate([values[..., 0], values[..., 1]], axis=1)
    side = math.isqrt(values.size)
    if values.ndim == 1 and side >= 7 and side * side == values.size:
        values = values.reshape(side, side)
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if not (values.ndim == 2 or (values.ndim == 3 and values.shape[-1] == 3)) or min(values.shape[:2]) < 4:
        return None
    low, high = float(values.min()), float(values.max())
    return (values - low) / ((high - low) or 1.0)
