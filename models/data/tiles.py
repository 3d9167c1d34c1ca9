"""`Tiling`: images larger than a network's input, in tiles that overlap, and what came of them joined again."""

from dataclasses import dataclass

import numpy as np

from netloom.errors import InputError
from netloom.models.tasks.segmentation import NOT_JUDGED


@dataclass(frozen=True)
class Tiling:
    """Where the tiles of an image lie. Each pixel of it is one tile's to answer for: the one whose middle is nearest.

    Attributes:
        image: height and width, in pixels.
        tile: height and width of a tile.
        margin: so many pixels along a tile's edge are left to its neighbour, where there is one. A pixel at an edge
            sees only half of what is around it.

    Raises:
        InputError: if a tile is larger than the image, or nothing of it is left within its margin.
    """

    image: tuple[int, int]
    tile: tuple[int, int]
    margin: int = 0

    def __post_init__(self) -> None:
        if any(tile > image for tile, image in zip(self.tile, self.image, strict=True)):
            raise InputError(f"tiles of {self.tile} pixels do not fit into images of {self.image}; pad the images")
        if self.margin < 0 or min(self.tile) <= 2 * self.margin:
            raise InputError(f"tiles of {self.tile} pixels have nothing within a margin of {self.margin}; lessen it")

    @property
    def places(self) -> list[tuple[int, int]]:
        """First row and column of each tile, row by row."""
        return [(row, column) for row in self._starts(0) for column in self._starts(1)]

    def cut(self, images: np.ndarray) -> np.ndarray:
        """Images (images, height, width, ...) -> tiles (images * tiles, height, width, ...), an image's in order."""
        self._check(images, self.image, 1)
        height, width = self.tile
        tiles = [images[:, row : row + height, column : column + width] for row, column in self.places]
        return np.stack(tiles, axis=1).reshape(-1, *self.tile, *images.shape[3:])

    def cut_labels(self, labels: np.ndarray) -> np.ndarray:
        """Class numbers of pixels, cut; `NOT_JUDGED` where another tile answers, so that each pixel counts once."""
        tiles = self.cut(labels)
        answers = np.tile(self._answers(), (len(labels), 1, 1))
        return np.where(answers, tiles, NOT_JUDGED)

    def join(self, tiles: np.ndarray) -> np.ndarray:
        """What is known of tiles (images * tiles, height, width, ...) -> images (images, height, width, ...)."""
        self._check(tiles, self.tile, len(self.places))
        by_image = tiles.reshape(-1, len(self.places), *tiles.shape[1:])
        images = np.zeros((len(by_image), *self.image, *tiles.shape[3:]), tiles.dtype)
        for number, ((row, column), answers) in enumerate(zip(self.places, self._answers(), strict=True)):
            rows, columns = np.nonzero(answers)
            images[:, row + rows, column + columns] = by_image[:, number, rows, columns]
        return images

    def _starts(self, axis: int) -> list[int]:
        last = self.image[axis] - self.tile[axis]
        return [*range(0, last, self.tile[axis] - 2 * self.margin), last]

    def _answers(self) -> np.ndarray:
        """Which pixels each tile answers for, (tiles, height, width)."""
        by_axis = []
        for axis in (0, 1):
            starts, tile = np.array(self._starts(axis)), self.tile[axis]
            pixels = np.arange(self.image[axis])
            nearest = np.abs(2 * (pixels - starts[:, None]) - (tile - 1)).argmin(axis=0)
            by_axis.append([nearest[start : start + tile] == number for number, start in enumerate(starts)])
        return np.array([np.outer(rows, columns) for rows in by_axis[0] for columns in by_axis[1]])

    @staticmethod
    def _check(arrays: np.ndarray, size: tuple[int, int], each: int) -> None:
        if arrays.ndim < 3 or arrays.shape[1:3] != size or len(arrays) % each:
            raise InputError(f"arrays must be (a multiple of {each}, {size[0]}, {size[1]}, ...), not {arrays.shape}")
