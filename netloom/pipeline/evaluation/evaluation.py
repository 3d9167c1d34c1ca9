"""Every engine of a run on its test set, each compared with another."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from netloom.common.arrays import write_arrays
from netloom.common.files import write_text
from netloom.hls import Conversion
from netloom.models.data.examples import Arrays, as_list
from netloom.models.tasks import Outputs, Task, find_task
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.decision import decision_thresholds
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
    conversion = Conversion.load(directory / rundir.CONVERSION)
    tests = TestSet.load(directory / rundir.DATA)
    task = run_task(tests, conversion)
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
        scores = {
            engine.name: task.evaluate(remembering(engine, tests.x, outputs[engine.name]), tests)
            for engine in engines
            if len(outputs[engine.name][0]) == len(tests)  # of a part there is nothing to compare
        }
    scores |= _before_fine_tuning(directory, tests, task, progress)
    simulation = Simulation(
        scores={name: one for name, one in scores.items() if one},
        fidelity=tuple(record_of(fidelity) for fidelity in comparisons),
        layers=_findings(statistics, comparisons),
        compiler=compiler_version() if settings.csim else None,
    )
    write_arrays(out / rundir.PREDICTIONS, predictions_of(outputs))
    write_text(out / rundir.SIMULATION, simulation.model_dump_json(indent=2) + "\n")


def run_task(tests: TestSet, conversion: Conversion) -> Task:
    """What a run's network is for, with the threshold of its outputs."""
    return find_task(tests.task).deciding(decision_thresholds(conversion.dataflow))


def _before_fine_tuning(directory: Path, tests: TestSet, task: Task, progress: Progress) -> dict[str, dict[str, float]]:
    """The scores of the model as it was before fine-tuning; empty without one or without targets."""
    path = directory / rundir.CALIBRATED_MODEL
    if task.wanted(tests) is None or not path.exists():
        return {}
    progress.began("before fine-tuning")
    with open_engine("quantized", model=path) as engine:

        def predict(x: Arrays) -> Outputs:
            return engine.predict(as_list(x), partial(progress.advanced, "before fine-tuning"))

        return {"calibrated": task.evaluate(predict, tests)}


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
