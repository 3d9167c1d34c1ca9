"""`regression`: measured values, and `reconstruction`: the input itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from netloom.common.palette import LINE, MEAN
from netloom.models.data.examples import Arrays, Examples, only
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.pictures.shown import Shown, shown
from netloom.models.tasks.task import Score, Task

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_POINTS = 2000
"""Values that are drawn at most."""
_IMAGES = 10
"""Images that are drawn."""


class Regression(Task):
    """Outputs are estimates of measured values, float32, (samples, *output shape)."""

    name = "regression"
    scores = (Score("mean_absolute_error", better=-1), Score("root_mean_square_error", better=-1), Score("r2"))

    def loss(self, model: Any, output: int = 0) -> Any:
        """Mean squared error."""
        del model, output
        return "mse"

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Errors in the targets' unit; R2 is the mean over the outputs, 1 at best, 0 for always giving the mean."""
        targets = targets.reshape(outputs.shape).astype(np.float64)
        error = outputs - targets
        missed = (error.reshape(len(error), -1) ** 2).sum(axis=0)
        spread = ((targets - targets.mean(axis=0)) ** 2).reshape(len(error), -1).sum(axis=0)
        # Of a target that never changes nothing is explained, unless it is met exactly.
        explained = np.where(spread > 0, 1 - missed / np.where(spread > 0, spread, 1), missed == 0)
        return {
            "mean_absolute_error": float(np.abs(error).mean()),
            "root_mean_square_error": float(np.sqrt((error**2).mean())),
            "r2": float(explained.mean()),
        }

    def pictures(self, shows: Shows) -> Sequence[Picture]:
        """Estimates of `fixed` against what was measured."""
        if shows.y is None:
            return ()
        said = only(shows.predictions["fixed"])
        measured, said = only(shows.y)[: len(said)].ravel()[:_POINTS], said.ravel()[:_POINTS]

        def draw(figure: "Figure") -> None:
            axes = figure.subplots()
            axes.axline((measured[0], measured[0]), slope=1, color=LINE)
            axes.plot(measured, said, ".", color=MEAN, markersize=4, alpha=0.6)
            axes.set_xlabel("measured")
            axes.set_ylabel("estimated by fixed")

        note = f"The first {len(said):,} values of the test samples. On the line an estimate is right."
        return (Picture("Estimated and measured", note, (8.4, 4.2), draw),)


class Reconstruction(Task):
    """Outputs are the inputs once more: an autoencoder. It needs no targets, but takes them if there are any."""

    name = "reconstruction"
    scores: tuple[Score, ...] = (Score("mean_squared_error", better=-1),)
    has_targets = False

    def loss(self, model: Any, output: int = 0) -> Any:
        """Mean squared error."""
        del model, output
        return "mse"

    def wanted(self, examples: Examples) -> Arrays | None:
        """The targets or, without, the inputs."""
        return examples.x if examples.y is None else examples.y

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Mean squared error."""
        return {"mean_squared_error": float(((outputs - targets.reshape(outputs.shape)) ** 2).mean())}

    def pictures(self, shows: Shows) -> Sequence[Picture]:
        """The first samples and what the float and the fixed-point network make of them, if they are images."""
        x = only(shows.x)[:_IMAGES]
        if x.ndim != 4 or x.shape[-1] not in (1, 3):
            return ()
        rows = {"image": x} | {
            engine: np.reshape(shows.predictions[engine][0][:_IMAGES], x.shape)
            for engine in ("float", "fixed")
            if engine in shows.predictions
        }
        low, high = float(x.min()), float(x.max())

        def draw(figure: "Figure") -> None:
            grid = figure.subplots(len(rows), len(x), squeeze=False)
            for line, (name, images) in zip(grid, rows.items(), strict=True):
                for axes, image in zip(line, np.clip((images - low) / ((high - low) or 1), 0, 1), strict=True):
                    axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
                    axes.set_xticks([])
                    axes.set_yticks([])
                line[0].set_ylabel(name)

        note = "Test images, and each once more as the network gives it, in float and in the hardware's arithmetic."
        return (Picture("Images, and each again", note, (8.4, 0.9 * len(rows)), draw),)

    def answer(self, output: np.ndarray, names: Sequence[str]) -> Shown:
        """As a sample is shown."""
        del names
        return shown(only(output))
