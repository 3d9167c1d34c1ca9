"""Engines on a test set side by side, chunk by chunk, each held against the one before it, or against `fixed`."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from netloom.hls import Conversion
from netloom.hls.dataflow import Divide
from netloom.models.data.examples import as_list
from netloom.pipeline.evaluation.testset import TestSet
from netloom.records import FidelityRecord
from netloom.sim import Comparison, Engine, Fidelity
from netloom.sim.comparison_stream import Steps
from netloom.sim.crosscheck import joined
from netloom.sim.values import kept

_TRACE_BYTES = 2**27
"""Memory for one engine's trace; the test set goes through all engines in chunks whose traces fit."""


def compare_all(
    engines: Sequence[Engine],
    tests: TestSet,
    conversion: Conversion,
    trace_samples: int | None,
    advanced: Callable[[int, int], None],
    limits: Mapping[str, int | None] | None = None,
) -> tuple[dict[str, list[np.ndarray]], list[Fidelity]]:
    """Every engine on the test set: outputs by engine, and each engine compared with the one before it.

    Those after `fixed` are compared with that. Outputs are float32 where that has every value exactly, else float64.

    Args:
        engines: in the order of the comparisons; one that runs on fewer samples than the next comes last.
        tests: what they run on.
        conversion: what they compute.
        trace_samples: how many of the first samples have their layers compared; None is all.
        advanced: told how many of all samples are done, of all engines, outputs and layers.
        limits: {engine: how many samples it runs on}; None, and missing, is all.
    """
    samples, chunk = len(tests), affordable(conversion)
    steps, origins = steps_of(conversion), {layer.name: layer.origin for layer in conversion.layers}
    quotients = quotients_of(conversion)
    outputs: dict[str, list[list[np.ndarray]]] = {engine.name: [] for engine in engines}
    comparisons: dict[tuple[str, str], Comparison] = {}
    for start in range(0, samples, chunk):
        part = tests.part(start, start + chunk)
        before: tuple[str, list[np.ndarray], dict[str, np.ndarray]] | None = None
        for place, engine in enumerate(engines):
            x = [one[: _left((limits or {}).get(engine.name), start)] for one in as_list(part.x)]
            count = len(x[0])
            if not count:
                continue
            done, all_ = 2 * (start * len(engines) + place * len(part)), 2 * samples * len(engines)
            found = engine.exact(x, partial(_advanced, advanced, done, all_))
            # Nothing is compared with the layers of the float model: its values are on no grid.
            traced = 0 if engine.name == "float" else len(x[0][: _left(trace_samples, start)])
            told = partial(_advanced, advanced, done + count, all_)
            layers = engine.exact_trace([one[:traced] for one in x], told) if traced else {}
            outputs[engine.name].append([kept(one) for one in found])
            if before is not None:
                name, first, first_layers = before
                by_keras = (origins, quotients) if name == "quantized" else (None, ())
                comparison = comparisons.setdefault(
                    (name, engine.name), Comparison((name, engine.name), steps, *by_keras)
                )
                cut = {layer: values[:traced] for layer, values in first_layers.items()}
                comparison.add([one[:count] for one in first], found, cut, layers)
            if before is None or before[0] != "fixed":
                before = (engine.name, found, layers)
    return (
        {name: joined(outputs.pop(name)) for name in list(outputs)},  # the parts of one at a time beside their whole
        [comparison.result() for comparison in comparisons.values()],
    )


def _advanced(advanced: Callable[[int, int], None], before: int, total: int, done: int, _: int) -> None:
    advanced(before + done, total)


def _left(limit: int | None, start: int) -> int | None:
    """How many samples from `start` on are within a limit; None is no limit."""
    return None if limit is None else max(0, limit - start)


def steps_of(conversion: Conversion) -> dict[str, Steps]:
    """The step of each layer's type and of each output's, as `Comparison` takes them."""
    steps: dict[str, Steps] = {layer.name: layer.type.step for layer in conversion.layers}
    for number, name in enumerate(conversion.dataflow.outputs):
        tensor, scale = conversion.dataflow.types[name], (conversion.dataflow.ends.outputs or {number: None})[number]
        times = 1.0 if scale is None else np.abs(scale.rows(len(tensor.shape))[0])
        steps[f"output {number}" if number else "output"] = tensor.element.step * times
    return steps


def quotients_of(conversion: Conversion) -> set[str]:
    """Layers that divide by what is no power of two, as a mean over 17 places: firmware rounds there, Keras does not.

    What a quantizer makes of the two is compared in the next layer.
    """
    nodes = conversion.dataflow.nodes
    return {
        node.layer for node in nodes if isinstance(node.operation, Divide) and node.operation.divisor.bit_count() > 1
    }


def affordable(conversion: Conversion) -> int:
    """Samples whose traces fit the memory for them."""
    values = sum(int(np.prod(layer.shape)) for layer in conversion.layers)
    return max(1, _TRACE_BYTES // (8 * values))


def record_of(fidelity: Fidelity) -> FidelityRecord:
    """A comparison as the report has it."""
    values = fidelity.model_dump(exclude={"scores", "layers", "layer_samples"})
    if fidelity.layers:
        values["layer_samples"] = fidelity.layer_samples
        values["layer_elements"] = sum(layer.elements for layer in fidelity.layers)
        values["layer_mismatches"] = sum(layer.mismatches for layer in fidelity.layers)
    return FidelityRecord.model_validate(values)
