"""Which classes are taken for which, and the samples that it happens to."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK, LINE, MUTED
from netloom.models.data.examples import only
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.task import name_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS, _COLUMNS = 3, 6
"""Of samples that are shown."""


def confusions(shows: Shows) -> Sequence[Picture]:
    """What `fixed` takes for something else: a table of all classes, and a sample of each of the commonest mistakes.

    Args:
        shows: of a classifier of images, (samples, height, width, 1 or 3), 0 to 1. Nothing is drawn without targets.
    """
    if shows.y is None:
        return ()
    said = shows.predictions["fixed"][0].argmax(axis=1)
    x, y = only(shows.x)[: len(said)], only(shows.y)[: len(said)]
    classes = shows.predictions["fixed"][0].shape[1]
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (y, said), 1)
    mistakes = counts * ~np.eye(classes, dtype=bool)
    commonest = [divmod(int(one), classes) for one in np.argsort(-mistakes, axis=None, kind="stable")]
    shown = [pair for pair in commonest if mistakes[pair]][: _ROWS * _COLUMNS]

    def draw(figure: "Figure") -> None:
        ((left, right),) = figure.subfigures(1, 2, squeeze=False, width_ratios=[1, 2])
        axes = left.subplots()
        # By the share of its class: a class of a thousand samples would hide one of ten.
        axes.imshow(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
        axes.set_xlabel("fixed says")
        axes.set_ylabel("is", color=MUTED)
        axes.tick_params(labelsize=7)
        for spine in axes.spines.values():
            spine.set_edgecolor(LINE)
        grid = list(right.subplots(_ROWS, _COLUMNS, squeeze=False).flat)
        for axes in grid:
            axes.set_axis_off()
        for axes, pair in zip(grid, shown, strict=False):
            image = x[np.flatnonzero((y == pair[0]) & (said == pair[1]))[0]]
            axes.imshow(image if image.shape[-1] == 3 else image[..., 0], cmap="gray", vmin=0, vmax=1)
            is_, says = (name_of(shows.names, one)[:16] for one in pair)
            axes.set_title(f"{is_}\n→ {says}, {mistakes[pair]}x", fontsize=6, color=INK)

    note = (
        f"{mistakes.sum():,} of {len(y):,} samples are misjudged. In the table, classes by number: the darker, the more"
        " of the class in its row are taken for that in its column. Beside it the commonest mistakes, a sample of each,"
        " and how often each is made."
    )
    return (Picture("What is taken for what", note, (8.4, 3.4), draw),)
