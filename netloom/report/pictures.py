"""What a run's network and task draw for the top of its page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from netloom.hls import Conversion
from netloom.models.data.examples import Arrays
from netloom.models.networks.network import Network
from netloom.models.tasks import Picture, Shows, Task
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.testset import TestSet
from netloom.report.figure import drawing, new_figure, to_svg
from netloom.sim import open_engine


def pictures(
    directory: Path,
    network: Network | None,
    task: Task,
    tests: TestSet,
    conversion: Conversion,
    predictions: Mapping[str, list[np.ndarray]],
) -> list[Picture]:
    """Those of the network first; a user's model has only those of its task.

    Args:
        directory: of the run.
        network: of the registry; None for a user's model.
        task: what it is for.
        tests: the test samples.
        conversion: the network as it was converted.
        predictions: by engine, of each output.
    """

    def layers(engine: str, x: Arrays) -> Mapping[str, np.ndarray]:
        model = directory / rundir.FLOAT_MODEL if engine == "float" else None
        with open_engine(engine, conversion=conversion, model=model) as opened:
            return opened.trace(x)

    shows = Shows(tests.x, tests.y, tests.class_names or (), predictions, layers)
    own: Sequence[Picture] = network.pictures(shows) if network and network.pictures else ()
    return [*own, *task.pictures(shows)]


def drawn(picture: Picture, name: str) -> str:
    """A picture as an `<svg>` element; `name` is unique on the page."""
    with drawing():
        figure = new_figure(*picture.size)
        picture.draw(figure)
        return to_svg(figure, name, picture.title)
