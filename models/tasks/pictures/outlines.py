"""Images with the outlines of what is in them: what is right, and what `fixed` says."""

from typing import TYPE_CHECKING

import numpy as np

from netloom.models.tasks.pictures.picture import ON_IMAGES, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def outlines(title: str, note: str, images: np.ndarray, truth: np.ndarray, said: np.ndarray) -> Picture:
    """Images side by side, each with both outlines of every class but the first.

    Args:
        title: of the picture.
        note: a sentence; which line is which is added.
        images: (images, height, width) or (images, height, width, 3), 0 to 1.
        truth: class of each pixel, (images, height, width), negative where it does not count.
        said: likewise.
    """

    def draw(figure: "Figure") -> None:
        grid = figure.subplots(1, len(images), squeeze=False)
        for axes, image, *labels in zip(grid.flat, images, truth, said, strict=True):
            axes.imshow(image, cmap="gray", vmin=0, vmax=1)
            axes.set_axis_off()
            for classes, colour, style in zip(labels, ON_IMAGES, ("solid", "dashed"), strict=True):
                for number in range(1, int(classes.max(initial=0)) + 1):
                    inside = np.ma.masked_where(classes < 0, (classes == number).astype(float))
                    if inside.min() != inside.max():
                        axes.contour(inside, [0.5], colors=colour, linewidths=0.8, linestyles=style)

    note += " The unbroken outline is what is right, the broken one what the fixed-point network says."
    return Picture(title, note, (8.4, 8.4 / len(images)), draw)
