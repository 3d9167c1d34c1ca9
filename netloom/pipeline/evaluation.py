"""The stage that runs every engine on the test set and compares them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from netloom.common.arrays import write_arrays
from netloom.common.files import write_text
from netloom.hls import Conversion
from netloom.models.data.examples import Arrays, as_list
from netloom.models.tasks import Outputs, Task, find_task
from netloom.pipeline import rundir
from netloom.pipeline.decision import decision_thresholds
from netloom.pipeline.fidelity import merge
from netloom.pipeline.simulation import LayerFindings, Simulation, predictions_of
from netloom.pipeline.testset import TestSet
from netloom.pipeline.versions import compiler_version
from netloom.progress import Progress
from netloom.report.schema import FidelityRecord
from netloom.settings import RunSettings
from netloom.sim import ENGINES, Engine, Fidelity, crosscheck, open_engine
from netloom.sim.crosscheck import remembering
from netloom.sim.fixed import FixedEngine
from netloom.sim.statistics import LayerStatistics

_TRACE_BYTES = 2**27
"""Memory for one engine's trace; the test set goes through all engines in chunks whose traces fit."""


class Recorded(Engine):
    """What an engine made of a chunk of the test set, to be compared as often as needed without running it again.

    `predict` and `trace` give the first of what was recorded, as many samples as there are inputs.
    """

    def __init__(self, engine: Engine, x: list[np.ndarray], traced: int, advanced: Callable[[int], None]) -> None:
        self.name, self.input_names, self.input_shapes = engine.name, engine.input_names, engine.input_shapes
        self.outputs, samples = engine.exact(x, lambda done, _: advanced(done)), len(x[0])
        self.layers = (
            engine.trace([one[:traced] for one in x], lambda done, _: advanced(samples + done)) if traced else {}
        )

    def _predict(self, inputs: list[np.ndarray], progress: object) -> list[np.ndarray]:
        del progress
        return [output[: len(inputs[0])] for output in self.outputs]

    def _trace(self, inputs: list[np.ndarray], progress: object) -> dict[str, np.ndarray]:
        del progress
        return {name: values[: len(inputs[0])] for name, values in self.layers.items()}


def evaluate(directory: Path, settings: RunSettings, out: Path, progress: Progress) -> None:
    """Run the engines on the test set of a run; makes `predictions.npz` and `simulation.json`.

    Args:
        directory: of the run, with models, conversion and data.
        settings: of the run; without `csim` that engine is left out.
        out: directory that gets the two files.
        progress: told how far it is.
    """
    conversion = Conversion.load(directory / rundir.CONVERSION)
    tests = TestSet.load(directory / rundir.DATA)
    task = run_task(tests, conversion)
    statistics: list[LayerStatistics] = []
    with ExitStack() as stack:
        engines = []
        for name in ENGINES:
            model = {"float": rundir.FLOAT_MODEL, "quantized": rundir.QUANTIZED_MODEL}.get(name)
            if (name == "csim" and not settings.csim) or (model and not (directory / model).exists()):
                continue
            progress.began("compiling hls4ml's C++" if name == "csim" else name)
            path = directory / model if model else None
            engines.append(stack.enter_context(open_engine(name, conversion=conversion, model=path)))
            if isinstance(engines[-1], FixedEngine):
                statistics = engines[-1].statistics(as_list(tests.x), partial(progress.advanced, "fixed, statistics"))
        outputs, comparisons = _run(engines, tests, conversion, settings, progress)
        scores = {
            engine.name: task.evaluate(remembering(engine, tests.x, outputs[engine.name]), tests)
            for engine in engines
            if len(outputs[engine.name][0]) == len(tests)  # of a part there is nothing to compare
        }
    scores |= _before_fine_tuning(directory, tests, task, progress)
    simulation = Simulation(
        scores={name: one for name, one in scores.items() if one},
        fidelity=tuple(record_of(fidelity, settings.trace_samples) for fidelity in comparisons),
        layers=_findings(statistics, comparisons),
        compiler=compiler_version() if settings.csim else None,
    )
    write_arrays(out / rundir.PREDICTIONS, predictions_of(outputs))
    write_text(out / rundir.SIMULATION, simulation.model_dump_json(indent=2) + "\n")


def run_task(tests: TestSet, conversion: Conversion) -> Task:
    """What a run's network is for, with the threshold of its outputs."""
    return find_task(tests.task).deciding(decision_thresholds(conversion.dataflow))


def _run(
    engines: Sequence[Engine], tests: TestSet, conversion: Conversion, settings: RunSettings, progress: Progress
) -> tuple[dict[str, list[np.ndarray]], list[Fidelity]]:
    """Every engine on the test set, chunk by chunk: outputs by engine, and each engine compared with the one before."""
    samples, chunk = len(tests), affordable(conversion)
    limits = {engine.name: settings.csim_samples if engine.name == "csim" else None for engine in engines}
    outputs: dict[str, list[list[np.ndarray]]] = {engine.name: [] for engine in engines}
    comparisons: dict[tuple[str, str], list[Fidelity]] = {}
    for start in range(0, samples, chunk):
        recorded: dict[str, Recorded] = {}
        part = tests.part(start, start + chunk)
        for place, engine in enumerate(engines):
            x = [one[: _left(limits[engine.name], start)] for one in as_list(part.x)]
            if not len(x[0]):
                continue
            # Nothing is compared with the layers of the float model: its values are on no grid.
            traced = 0 if engine.name == "float" else len(x[0][: _left(settings.trace_samples, start)])
            before = 2 * (start * len(engines) + place * len(part))
            advanced = partial(_advanced, progress, before, 2 * samples * len(engines))
            recorded[engine.name] = Recorded(engine, x, traced, advanced)
            outputs[engine.name].append(recorded[engine.name].outputs)
        for fidelity in compare(recorded, part, conversion):
            comparisons.setdefault(fidelity.engines, []).append(fidelity)
    return (
        {name: joined(parts) for name, parts in outputs.items()},
        [merge(chunks) for chunks in comparisons.values()],
    )


def joined(parts: Sequence[list[np.ndarray]]) -> list[np.ndarray]:
    """The outputs of consecutive chunks as one array an output, float64."""
    return [np.concatenate(chunks).astype(np.float64) for chunks in zip(*parts, strict=True)]


def _left(limit: int | None, start: int) -> int | None:
    """How many samples from `start` on are within a limit; None is no limit."""
    return None if limit is None else max(0, limit - start)


def _advanced(progress: Progress, before: int, total: int, done: int) -> None:
    progress.advanced("engines, every layer", before + done, total)


def compare(recorded: Mapping[str, Recorded], tests: TestSet, conversion: Conversion) -> list[Fidelity]:
    """Compare each engine with the one before it, output and layers, on one chunk of the test set."""
    steps = steps_of(conversion)
    comparisons = []
    for first, second in pairwise(recorded):
        samples = len(recorded[second].outputs[0])
        comparisons.append(
            crosscheck(
                recorded[first],
                recorded[second],
                as_list(tests.part(0, samples).x),
                steps=steps,
                trace=bool(recorded[first].layers),
                origins={layer.name: layer.origin for layer in conversion.layers} if first == "quantized" else None,
            )
        )
    return comparisons


def steps_of(conversion: Conversion) -> dict[str, float]:
    """The step of each layer's type and of each output's, as `crosscheck` takes them."""
    steps = {layer.name: layer.type.step for layer in conversion.layers}
    for number, name in enumerate(conversion.dataflow.outputs):
        steps[f"output {number}" if number else "output"] = conversion.dataflow.types[name].element.step
    return steps


def affordable(conversion: Conversion) -> int:
    """Samples whose traces fit the memory for them."""
    values = sum(int(np.prod(layer.shape)) for layer in conversion.layers)
    return max(1, _TRACE_BYTES // (8 * values))


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


def record_of(fidelity: Fidelity, trace_samples: int | None) -> FidelityRecord:
    """A comparison as the report has it.

    Args:
        fidelity: what was found.
        trace_samples: how many of its samples had their layers compared; None is all.
    """
    values = fidelity.model_dump(exclude={"scores", "layers"})
    if fidelity.layers:
        values["layer_samples"] = min(fidelity.samples, trace_samples or fidelity.samples)
        values["layer_elements"] = sum(layer.elements for layer in fidelity.layers)
        values["layer_mismatches"] = sum(layer.mismatches for layer in fidelity.layers)
    return FidelityRecord.model_validate(values)


def _findings(statistics: Sequence[LayerStatistics], comparisons: Sequence[Fidelity]) -> dict[str, LayerFindings]:
    errors = {
        layer.layer: layer
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
            error_mean_steps=errors[one.layer].mean_difference_steps if one.layer in errors else None,
            error_max_steps=errors[one.layer].max_difference_steps if one.layer in errors else None,
        )
        for one in statistics
    }
