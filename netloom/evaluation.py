"""The stage that runs every engine on the test set and compares them."""

from collections.abc import Sequence
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
        self.outputs = as_list(engine.predict(x, lambda done, total: progress.advanced(self.name, done, total)))[0]
        what = f"{self.name}, every layer"
        self.layers = engine.trace(x[:traced], lambda done, total: progress.advanced(what, done, total))

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
    affordable = _affordable(firmware)
    traced = min(settings.trace_samples, affordable)
    recorded: dict[str, Recorded] = {}
    seen: dict[str, tuple[float, float]] = {}
    for name in ENGINES:
        model = {"float": rundir.FLOAT_MODEL, "quantized": rundir.QUANTIZED_MODEL}.get(name)
        if (name == "csim" and not settings.csim) or (model and not (directory / model).exists()):
            continue
        x = tests.x[: settings.csim_samples] if name == "csim" else tests.x
        progress.began("compiling the firmware" if name == "csim" else name)
        with open_engine(name, firmware=firmware, model=directory / model if model else None) as engine:
            recorded[name] = Recorded(engine, x, traced, progress)
            if name == "fixed":
                seen = seen_ranges(engine, x, affordable, progress)
    comparisons = compare(recorded, tests, firmware)
    simulation = Simulation(
        accuracy=_accuracies(comparisons, len(tests.x)),
        fidelity=tuple(_record(fidelity) for fidelity in comparisons),
        layers=_findings(seen, comparisons),
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


def seen_ranges(engine: Engine, x: np.ndarray, at_once: int, progress: Progress) -> dict[str, tuple[float, float]]:
    """The least and the greatest output of every layer over all samples, traced `at_once` at a time."""
    seen: dict[str, tuple[float, float]] = {}
    for start in range(0, len(x), at_once):
        for name, values in engine.trace(x[start : start + at_once]).items():
            low, high = seen.get(name, (np.inf, -np.inf))
            seen[name] = min(low, float(values.min())), max(high, float(values.max()))
        progress.advanced(f"{engine.name}, ranges", min(start + at_once, len(x)), len(x))
    return seen


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


def _findings(seen: dict[str, tuple[float, float]], comparisons: Sequence[Fidelity]) -> dict[str, LayerFindings]:
    errors = {
        layer.layer: layer
        for fidelity in comparisons
        if fidelity.engines[0] == "quantized"
        for layer in fidelity.layers
    }
    return {
        name: LayerFindings(
            seen_min=low,
            seen_max=high,
            error_mean_steps=errors[name].mean_difference_steps if name in errors else None,
            error_max_steps=errors[name].max_difference_steps if name in errors else None,
        )
        for name, (low, high) in seen.items()
    }
