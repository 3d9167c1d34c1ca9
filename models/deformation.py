"""`Deformation`: images as they might have been taken too, drawn anew each time that they are trained on."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Deformation:
    """How much an image is deformed, at most; how much it is, is drawn.

    Attributes:
        turn: radians, to either side.
        scale: natural logarithm of how much larger or smaller.
        stretch: the same, of height and width each by itself.
        shear: share of the height.
        shift: pixels, in either direction.
        contrast: by which share the distance from 1/2 grows or shrinks.
        brightness: what is added or taken away.
        mirror: whether half of them are mirrored, left to right.
    """

    turn: float = 0.0
    scale: float = 0.0
    stretch: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    contrast: float = 0.0
    brightness: float = 0.0
    mirror: bool = False

    def __call__(self, images: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Each image deformed in its own way.

        Args:
            images: (samples, height, width, channels), 0 to 1. Beyond the border is what is at the border; between
                pixels it is interpolated.
            random: decides how.

        Returns:
            float32, 0 to 1, of the same shape.
        """
        count, height, width, _ = images.shape
        if self.mirror:
            images = np.where(random.random((count, 1, 1, 1)) < 0.5, images[:, :, ::-1], images)
        middle = np.array([[height - 1], [width - 1]]) / 2
        shift = random.uniform(-self.shift, self.shift, (count, 2, 1))
        places = self._matrices(count, random) @ (np.indices((height, width)).reshape(2, -1) - middle) + middle + shift
        found = _interpolated(images, places)
        contrast = 1 + random.uniform(-self.contrast, self.contrast, (count, 1, 1, 1))
        brightness = random.uniform(-self.brightness, self.brightness, (count, 1, 1, 1))
        return np.clip((found - 0.5) * contrast + 0.5 + brightness, 0, 1).astype(np.float32)

    def _matrices(self, count: int, random: np.random.Generator) -> np.ndarray:
        """From places in the deformed image, about its middle, to those in the given one, (count, 2, 2)."""
        turn, shear = random.uniform(-self.turn, self.turn, count), random.uniform(-self.shear, self.shear, count)
        scale = random.uniform(-self.scale, self.scale, (count, 1))
        rows, columns = np.exp(scale + random.uniform(-self.stretch, self.stretch, (count, 2))).T
        cosine, sine = np.cos(turn), np.sin(turn)
        matrices = np.array(
            [[cosine * rows, cosine * shear - sine * columns], [sine * rows, sine * shear + cosine * columns]]
        )
        return matrices.transpose(2, 0, 1)


def _interpolated(images: np.ndarray, places: np.ndarray) -> np.ndarray:
    """What each image has at rows and columns of its own, (samples, 2, height * width), between pixels linearly."""
    count, height, width, channels = images.shape
    rows, columns = np.clip(places[:, 0], 0, height - 1), np.clip(places[:, 1], 0, width - 1)
    row, column = (np.minimum(one.astype(int), size - 2) for one, size in ((rows, height), (columns, width)))
    down, right = ((rows - row)[..., None], (columns - column)[..., None])
    flat, corner = images.reshape(count, -1, channels), (row * width + column)[..., None]

    def at(step: int) -> np.ndarray:
        return np.take_along_axis(flat, corner + step, axis=1)

    above = at(0) * (1 - right) + at(1) * right
    below = at(width) * (1 - right) + at(width + 1) * right
    return (above * (1 - down) + below * down).reshape(images.shape)
