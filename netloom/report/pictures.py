"""What a run's network and task draw for the top of its page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from netloom.hls import Conversion, convert
from netloom.models.data.examples import Arrays, only
from netloom.models.networks.network import Network
from netloom.models.tasks import Picture, Shows, Task
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.evaluation import open_in_run
from netloom.pipeline.evaluation.testset import TestSet
from netloom.quantize import load_model, streaming
from netloom.report.figure import drawing, new_figure, to_svg
from netloom.sim.fixed import FixedEngine


def pictures(
    directory: Path,
    network: Network | None,
    task: Task,
    tests: TestSet,
    conversion: Conversion,
    predictions: Mapping[str, list[np.ndarray]],
) -> list[Picture]:
    """Those of the network first; a user's model, with None for its network, has only those of its task."""

    def layers(engine: str, x: Arrays) -> Mapping[str, np.ndarray]:
        with open_in_run(engine, directory, conversion) as opened:
            traced = opened.trace(x)
        # A function that is rounded at once, a table, has the name of its quantizer alone.
        return {name.removesuffix("_quantizer"): values for name, values in traced.items()} | traced

    @contextmanager
    def steps() -> Iterator[Callable[[np.ndarray], np.ndarray]]:
        part = streaming(load_model(directory / rundir.QUANTIZED_MODEL))
        with TemporaryDirectory() as scratch:
            converted = convert(part, conversion.settings, Path(scratch) / "steps")
            with FixedEngine(converted) as engine:
                yield lambda x: only(engine.predict_next(x))

    shows = Shows(tests.x, tests.y, tests.class_names or (), predictions, layers, steps)
    own: Sequence[Picture] = network.pictures(shows) if network and network.pictures else ()
    return [*own, *task.pictures(shows)]


def drawn(picture: Picture, name: str) -> str:
    """A picture as an `<svg>` element; `name` is unique on the page."""
    with drawing():
        figure = new_figure(*picture.size)
        picture.draw(figure)
        return to_svg(figure, name, picture.title)
