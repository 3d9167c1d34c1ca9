"""Samples, each with the classes that `fixed` finds likeliest."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import MEAN, PROVEN, TYPE
from netloom.models.tasks.pictures.picture import Picture
from netloom.models.tasks.pictures.shown import shown
from netloom.models.tasks.task import name_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CLASSES = 5
"""So many of the highest scores are drawn."""


def likeliest(x: np.ndarray, scores: np.ndarray, targets: np.ndarray | None, names: Sequence[str]) -> Picture:
    """Samples side by side, below each its highest scores as bars, from the lowest score of the sample on, and
    that of the right class.

    Args:
        x: (samples, *input shape), drawn as an image or as a line.
        scores: of each, float64 (samples, classes).
        targets: the right classes, (samples,); None where they are not known.
        names: of the classes.
    """

    def draw(figure: "Figure") -> None:
        grid = figure.subplots(2, len(x), squeeze=False, height_ratios=[3, 2])
        for number, (seen, axes) in enumerate(grid.T):
            one = shown(x[number])
            seen.set_axis_off()
            if one.image is not None:
                seen.imshow(one.image, cmap="gray", vmin=0, vmax=1)
            else:
                seen.plot(np.reshape(x[number], (len(x[number]), -1)), color=MEAN, linewidth=0.8)
            best = np.argsort(-scores[number], kind="stable")[:_CLASSES][::-1]
            right = None if targets is None else int(targets[number])
            if right is not None and right not in best:
                best[0] = right
            colours = [MEAN if one == right else TYPE for one in best]
            if right is not None and best[-1] != right:
                colours[-1] = PROVEN
            axes.barh(
                [name_of(names, int(one))[:14] for one in best],
                scores[number][best] - scores[number].min(),
                color=colours,
            )
            axes.set_xticks([])
            axes.tick_params(length=0, labelsize=7)
            axes.spines[:].set_visible(False)

    note = "Test samples, below each the highest scores in the hardware's arithmetic."
    if targets is not None:
        note += " Blue is the right class; orange is what was chosen in its stead."
    return Picture("What samples are taken for", note, (8.4, 2.6), draw)
