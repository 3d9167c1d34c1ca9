"""Pictures that are put together of small ones: what is to be found in them, and what is not."""

from collections.abc import Sequence

import numpy as np

from netloom.models.tasks.measures.boxes import NONE

Square = tuple[int, int, int, int]
"""Top, left, bottom, right, in pixels."""


def free_place(random: np.random.Generator, taken: Sequence[Square], side: int, size: int) -> Square | None:
    """Where a square fits that lies upon no other; None if none is found.

    Args:
        random: what draws it.
        taken: places of others.
        side: of the picture, in pixels.
        size: of the square.
    """
    for _ in range(20):
        top, left = map(int, random.integers(0, side - size + 1, 2))
        place = top, left, top + size, left + size
        if not any(_upon(place, other) for other in taken):
            return place
    return None


def _upon(one: Square, other: Square) -> bool:
    return all(one[axis] < other[axis + 2] and other[axis] < one[axis + 2] for axis in (0, 1))


def enlarged(image: np.ndarray, size: int) -> np.ndarray:
    """A square image enlarged or made smaller, with straight lines between its pixels; (size, size)."""
    from scipy.ndimage import map_coordinates

    places = (np.arange(size) + 0.5) * len(image) / size - 0.5
    return map_coordinates(image, np.meshgrid(places, places, indexing="ij"), order=1, mode="nearest")


def pasted(picture: np.ndarray, image: np.ndarray, place: Square, softness: int) -> None:
    """Put a square image into a picture, in place; its edges run into what is around over `softness` pixels."""
    top, left, bottom, right = place
    inward = np.arange(bottom - top)
    ramp = np.minimum((np.minimum(inward, inward[::-1]) + 1) / (softness + 1), 1)
    weight = np.minimum.outer(ramp, ramp)
    part = picture[top:bottom, left:right]
    picture[top:bottom, left:right] = part + weight * (image - part)


def as_targets(boxes: Sequence[Sequence[tuple[int, Square]]], side: int, most: int) -> np.ndarray:
    """Classes and places in pictures -> float32 (pictures, most, 5), as the task `detection` takes boxes."""
    targets = np.zeros((len(boxes), most, 5), np.float32)
    targets[..., 0] = NONE
    for number, ones in enumerate(boxes):
        for place, (label, edges) in enumerate(ones):
            targets[number, place] = [label, *(edge / side for edge in edges)]
    return targets


def on_steps(pictures: np.ndarray) -> np.ndarray:
    """Pictures as networks take them: float32 (..., 1), 0 to 255/256 in steps of 1/256."""
    return (np.floor(np.clip(pictures * 256, 0, 255)) / 256).astype(np.float32)[..., None]
