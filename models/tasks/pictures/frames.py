"""Pictures with boxes drawn into them: those that are there, and those that `fixed` finds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.models.tasks.measures.boxes import NONE
from netloom.models.tasks.pictures.picture import ON_IMAGES, Picture
from netloom.models.tasks.task import name_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def framed(
    title: str,
    note: str,
    images: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    said: Sequence[np.ndarray],
    names: Sequence[str],
    across: int = 4,
) -> Picture:
    """Images, each with the boxes that are there and those that were found.

    Args:
        title: of the picture.
        note: a sentence; which line is which is added.
        images: (height, width) or (height, width, 3), 0 to 1.
        truth: of each image, rows of class, top, left, bottom, right.
        said: likewise.
        names: of the classes.
        across: images in a row.
    """
    across = min(across, len(images))
    down = -(-len(images) // across)
    tallest = max(image.shape[0] / image.shape[1] for image in images)

    def draw(figure: "Figure") -> None:
        grid = figure.subplots(down, across, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for axes, image, *both in zip(grid.flat, images, truth, said, strict=False):
            axes.imshow(image, cmap="gray", vmin=0, vmax=1)
            for boxes, colour, style in zip(both, ON_IMAGES, ("solid", "dashed"), strict=True):
                for label, *edges in boxes[boxes[:, 0] != NONE]:
                    _frame(axes, np.array(edges), image.shape, colour, style)
                    if style == "dashed" and len(names) > 1:
                        axes.text(
                            edges[1] * image.shape[1],
                            edges[0] * image.shape[0] - 1,
                            name_of(names, int(label)),
                            color=colour,
                            fontsize=8,
                        )

    note += " Unbroken boxes are what is there, broken ones what the fixed-point network finds."
    return Picture(title, note, (8.4, 8.4 / across * tallest * down), draw)


def _frame(axes: "Axes", edges: np.ndarray, shape: tuple[int, ...], colour: str, style: str) -> None:
    top, left, bottom, right = edges * [shape[0], shape[1], shape[0], shape[1]] - 0.5
    axes.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color=colour, linestyle=style)
