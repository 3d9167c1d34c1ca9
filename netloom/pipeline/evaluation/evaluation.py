"""Every engine of a run on its test set, each compared with another."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from netloom.common.arrays import write_arrays
from netloom.common.files import write_text
from netloom.hls import Conversion
from netloom.hls.dataflow import Cast, Clamp, Dataflow, Lookup, Permute
from netloom.models.data.examples import as_list
from netloom.models.tasks import Task, find_task
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.side_by_side import compare_all, record_of
from netloom.pipeline.evaluation.simulation import LayerFindings, Simulation, predictions_of
from netloom.pipeline.evaluation.testset import TestSet
from netloom.pipeline.versions import compiler_version
from netloom.progress import Progress
from netloom.settings import RunSettings
from netloom.sim import ENGINES, Engine, Fidelity, open_engine
from netloom.sim.crosscheck import remembering
from netloom.sim.fixed import FixedEngine
from netloom.sim.float_limits import float_warning
from netloom.sim.statistics import LayerStatistics


def open_in_run(name: str, directory: Path, conversion: Conversion) -> Engine:
    """An engine on the model that a run has for it, or else on its conversion.

    Raises:
        NetloomError: as `open_engine`.
    """
    if name in rundir.MODELS:
        return open_engine(name, model=directory / rundir.MODELS[name])
    return open_engine(name, conversion=conversion)


def evaluate(directory: Path, settings: RunSettings, out: Path, progress: Progress) -> None:
    """Run the engines on the test set of a run; makes `predictions.npz` and `simulation.json` in `out`."""
    conversion, tests, task = load_run(directory)
    if warning := float_warning(conversion):
        progress.said(warning)
    statistics: list[LayerStatistics] = []
    with ExitStack() as stack:
        engines = []
        for name in ENGINES:
            asked_for = {"csim": settings.csim, "onnx": settings.onnx}.get(name, True)
            if not asked_for or not (directory / rundir.MODELS.get(name, rundir.CONVERSION)).exists():
                continue
            progress.began("compiling hls4ml's C++" if name == "csim" else name)
            engines.append(stack.enter_context(open_in_run(name, directory, conversion)))
            if isinstance(engines[-1], FixedEngine):
                statistics = engines[-1].statistics(as_list(tests.x), partial(progress.advanced, "fixed, statistics"))
        advanced, limits = partial(progress.advanced, "engines, every layer"), {"csim": settings.csim_samples}
        outputs, comparisons = compare_all(engines, tests, conversion, settings.trace_samples, advanced, limits)
        scores = scores_of(engines, outputs, tests, task)
    simulation = Simulation(
        scores=scores | _before_fine_tuning(directory, tests, task, progress),
        fidelity=tuple(record_of(fidelity) for fidelity in comparisons),
        layers=_findings(statistics, comparisons),
        compiler=compiler_version() if settings.csim else None,
    )
    write_arrays(out / rundir.PREDICTIONS, predictions_of(outputs))
    write_text(out / rundir.SIMULATION, simulation.model_dump_json(indent=2) + "\n")


def load_run(directory: Path) -> tuple[Conversion, TestSet, Task]:
    """A run's conversion, its test set, and what its network is for, with the thresholds of its outputs.

    Raises:
        StorageError: if either is missing or damaged.
    """
    conversion, tests = Conversion.load(directory / rundir.CONVERSION), TestSet.load(directory / rundir.DATA)
    return conversion, tests, find_task(tests.task).deciding(decision_thresholds(conversion.dataflow))


def decision_thresholds(dataflow: Dataflow) -> list[float]:
    """Of every output."""
    return [decision_threshold(dataflow, output) for output in dataflow.outputs]


def decision_threshold(dataflow: Dataflow, output: str) -> float:
    """Above which a single output means class 1: 0.5 for a probability, 0 for a logit.

    A probability is what a sigmoid gives, by a table or as a clipped line, whatever types it is rounded to after that.
    """
    givers = {node.name: node for node in dataflow.nodes}
    node = givers.get(output)
    while node is not None and isinstance(node.operation, Cast | Permute):
        node = givers.get(node.inputs[0])
    if node is None or not isinstance(node.operation, Lookup | Clamp):
        return 0.0
    if isinstance(node.operation, Clamp) and node.operation.high is None:
        return 0.0
    bounds, step = dataflow.bounds[node.name], dataflow.types[node.name].element.step
    return 0.5 if bounds.low.min() >= 0 and bounds.high.max() * step <= 1 else 0.0


def scores_of(
    engines: Iterable[Engine], outputs: Mapping[str, list[np.ndarray]], tests: TestSet, task: Task
) -> dict[str, dict[str, float]]:
    """Of engines that ran on all of the tests, where there are any: of a part there is nothing to compare."""
    whole = [engine for engine in engines if len(outputs[engine.name][0]) == len(tests)]
    scores = {one.name: task.evaluate(remembering(one, tests.x, outputs[one.name]), tests) for one in whole}
    return {name: one for name, one in scores.items() if one}


def _before_fine_tuning(directory: Path, tests: TestSet, task: Task, progress: Progress) -> dict[str, dict[str, float]]:
    """The scores of the model as it was before fine-tuning; empty without one or without targets."""
    path = directory / rundir.CALIBRATED_MODEL
    if task.wanted(tests) is None or not path.exists():
        return {}
    progress.began("before fine-tuning")
    advanced = partial(progress.advanced, "before fine-tuning")
    with open_engine("quantized", model=path) as engine:
        found = task.evaluate(lambda x: engine.predict(as_list(x), advanced), tests)
    return {"calibrated": found} if found else {}


def _findings(statistics: Sequence[LayerStatistics], comparisons: Sequence[Fidelity]) -> dict[str, LayerFindings]:
    errors = {
        layer.layer: {"error_mean_steps": layer.mean_difference_steps, "error_max_steps": layer.max_difference_steps}
        for fidelity in comparisons
        if fidelity.engines[0] == "quantized"
        for layer in fidelity.layers
    }
    return {
        one.layer: LayerFindings(
            seen_min=one.seen_min,
            seen_max=one.seen_max,
            overflows=one.overflows,
            saturations=one.saturations,
            **errors.get(one.layer, {}),
        )
        for one in statistics
    }
