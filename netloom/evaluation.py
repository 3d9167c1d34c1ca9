"""The stage that runs every engine on the test set and compares them."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from netloom import rundir
from netloom.files import write_text
from netloom.hls import Firmware
from netloom.inputs import write_arrays
from netloom.progress import Progress
from netloom.report.schema import FidelityRecord
from netloom.settings import RunSettings
from netloom.sim import ENGINES, Engine, Fidelity, crosscheck, open_engine
from netloom.sim.crosscheck import as_list
from netloom.sim.fixed import FixedEngine
from netloom.sim.statistics import LayerStatistics
from netloom.simulation import LayerFindings, Simulation
from netloom.testset import TestSet
from netloom.versions import compiler_version

_TRACE_BYTES = 2**28
"""Memory for one engine's trace; deeper networks are traced on fewer samples."""


class Recorded(Engine):
    """What an engine made of the test set, to be compared as often as needed without running it again.

    `predict` gives the first of the recorded outputs, as many as there are inputs; `trace` gives all that was traced.
    """

    def __init__(self, engine: Engine, x: np.ndarray, traced: int, progress: Progress) -> None:
        self.name, self.input_shapes = engine.name, engine.input_shapes
        self.outputs = as_list(engine.predict(x, partial(progress.advanced, self.name)))[0]
        self.layers = engine.trace(x[:traced], partial(progress.advanced, f"{self.name}, every layer"))

    def _predict(self, inputs: list[np.ndarray], progress: object) -> list[np.ndarray]:
        del progress
        return [self.outputs[: len(inputs[0])]]

    def _trace(self, inputs: list[np.ndarray], progress: object) -> dict[str, np.ndarray]:
        del inputs, progress
        return self.layers


def evaluate(directory: Path, settings: RunSettings, out: Path, progress: Progress) -> None:
    """Run the engines on the test set of a run; makes `predictions.npz` and `simulation.json`.

    Args:
        directory: of the run, with models, firmware and data.
        settings: of the run; without `csim` that engine is left out.
        out: directory that gets the two files.
        progress: told how far each engine is.
    """
    firmware = Firmware.load(directory / rundir.FIRMWARE)
    tests = TestSet.load(directory / rundir.DATA)
    traced = min(settings.trace_samples, _affordable(firmware))
    recorded: dict[str, Recorded] = {}
    statistics: list[LayerStatistics] = []
    for name in ENGINES:
        model = {"float": rundir.FLOAT_MODEL, "quantized": rundir.QUANTIZED_MODEL}.get(name)
        if (name == "csim" and not settings.csim) or (model and not (directory / model).exists()):
            continue
        x = tests.x[: settings.csim_samples] if name == "csim" else tests.x
        progress.began("compiling the firmware" if name == "csim" else name)
        with open_engine(name, firmware=firmware, model=directory / model if model else None) as engine:
            recorded[name] = Recorded(engine, x, traced, progress)
            if isinstance(engine, FixedEngine):
                statistics = engine.statistics(x, partial(progress.advanced, "fixed, statistics"))
    comparisons = compare(recorded, tests, firmware)
    simulation = Simulation(
        accuracy=_accuracies(comparisons, len(tests.x)),
        fidelity=tuple(_record(fidelity) for fidelity in comparisons),
        layers=_findings(statistics, comparisons),
        compiler=compiler_version() if settings.csim else None,
    )
    write_arrays(out / rundir.PREDICTIONS, {name: one.outputs for name, one in recorded.items()})
    write_text(out / rundir.SIMULATION, simulation.model_dump_json(indent=2) + "\n")


def compare(recorded: dict[str, Recorded], tests: TestSet, firmware: Firmware) -> list[Fidelity]:
    """Compare each engine with the one before it, output and layers."""
    steps = {layer.name: layer.type.step for layer in firmware.layers}
    steps["output"] = firmware.dataflow.types[firmware.dataflow.outputs[0]].element.step
    names = list(recorded)
    comparisons = []
    for first, second in pairwise(names):
        samples = len(recorded[second].outputs)
        comparisons.append(
            crosscheck(
                recorded[first],
                recorded[second],
                tests.x[:samples],
                None if tests.y is None else tests.y[:samples],
                steps=steps,
                trace=first != "float",
                origins={layer.name: layer.origin for layer in firmware.layers} if first == "quantized" else None,
            )
        )
    return comparisons


def _affordable(firmware: Firmware) -> int:
    values = sum(int(np.prod(layer.shape)) for layer in firmware.layers)
    return max(1, _TRACE_BYTES // (8 * values))


def _accuracies(comparisons: Sequence[Fidelity], samples: int) -> dict[str, float]:
    """Accuracies over the whole test set; an engine that saw only part of it has none to compare."""
    accuracies: dict[str, float] = {}
    for fidelity in comparisons:
        if fidelity.samples == samples:
            accuracies |= fidelity.accuracy
    return accuracies


def _record(fidelity: Fidelity) -> FidelityRecord:
    values = fidelity.model_dump(exclude={"accuracy", "layers"})
    if fidelity.layers:
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
