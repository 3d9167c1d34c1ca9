"""A run directory's artefacts to `report.json` and `report.html`."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from netloom.common.files import write_text
from netloom.errors import StorageError
from netloom.hls import Conversion, LayerSummary
from netloom.hls.dataflow import DepthwiseMatVec, MatVec
from netloom.models import Network, get_network
from netloom.models.tasks import find_task
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.evaluation import load_run
from netloom.pipeline.evaluation.simulation import LayerFindings, Simulation, load_predictions
from netloom.pipeline.evaluation.testset import TestSet
from netloom.pipeline.state import Origin, RunState
from netloom.report.evidence import Evidence
from netloom.report.hardware_record import HardwareResults, floor_plan, hardware_record
from netloom.report.html import render
from netloom.report.pictures import pictures
from netloom.report.schema import (
    DataRecord,
    LayerRecord,
    NetworkRecord,
    Report,
    ScoreRecord,
    StageRecord,
    TaskRecord,
    TimingRecord,
)
from netloom.settings import RunSettings


def build_report(directory: Path, out: Path, outcomes: Iterable[StageRecord]) -> None:
    """Make `report.json` and `report.html` in `out`, of a run with all artefacts up to the simulation.

    Raises:
        StorageError: if an artefact is missing or damaged, or the report cannot be written.
    """
    conversion, tests, task = load_run(directory)
    state = RunState.read(directory)
    if state is None:
        raise StorageError(f"{directory} holds no run; netloom run makes one")
    outcomes = tuple(outcomes)
    settings = RunSettings.model_validate(state.settings)
    stages = {outcome.name for outcome in outcomes}
    results = (
        HardwareResults.load(directory, settings.hardware, stages) if settings.hardware and "design" in stages else None
    )
    report = _record(directory, state, conversion, tests, results, outcomes)
    predictions = load_predictions(directory, len(tests), output_shapes(conversion), stages if results else ())
    evidence = Evidence(
        tests.x,
        tests.y,
        predictions,
        weight_histograms(conversion),
        results.design.model_dump() if results else None,
        floor_plan(results) if results else None,
        task,
        pictures(directory, _registered(state.origin), task, tests, conversion, predictions),
    )
    write_text(out / rundir.REPORT_JSON, report.model_dump_json(indent=2) + "\n")
    write_text(out / rundir.REPORT_HTML, render(report, evidence))


def _record(
    directory: Path,
    state: RunState,
    conversion: Conversion,
    tests: TestSet,
    results: HardwareResults | None,
    outcomes: tuple[StageRecord, ...],
) -> Report:
    """The record of a run."""
    simulation, task = Simulation.load(directory), find_task(tests.task)
    runs = results.runs.values() if results else ()
    settings, period = RunSettings.model_validate(state.settings), conversion.settings.clock_period
    layers = [_layer(layer, simulation.layers.get(layer.name, LayerFindings())) for layer in conversion.layers]
    return Report(
        created=datetime.now(UTC).replace(microsecond=0),
        network=_network(state.origin, conversion),
        settings=_settings(settings, state.origin),
        versions=state.versions | _tools(simulation, results),
        seed=settings.seed,
        data=DataRecord(
            source=tests.source,
            digest=tests.digest,
            samples=len(tests),
            labelled=tests.y is not None,
            unlabelled=tests.unlabelled or None,
            class_names=tests.class_names,
        ),
        parameters=sum(layer.parameters for layer in layers),
        task=TaskRecord(
            name=task.name,
            guessed=tests.guessed,
            scores=tuple(ScoreRecord(**asdict(one)) for one in task.scores),
        ),
        scores=simulation.scores | {name: value for run in runs for name, value in run.scores.items()},
        fidelity=(*simulation.fidelity, *(results.fidelity if results else ())),
        layers=tuple(layers),
        weight_bits=sum(layer.weight_bits for layer in layers),
        activation_bits=sum(layer.activation_bits for layer in layers),
        macs=sum(layer.macs for layer in layers),
        timing=TimingRecord(
            clock_period=period,
            initiation_interval=conversion.initiation_interval,
            latency=conversion.latency,
            samples_per_second=1e9 / (conversion.initiation_interval * period),
            latency_microseconds=conversion.latency * period / 1000,
        ),
        hardware=hardware_record(results) if results else None,
        stages=outcomes,
    )


def _tools(simulation: Simulation, results: HardwareResults | None) -> dict[str, str]:
    """Versions of the programs that had a part in the results."""
    tools = {"g++": simulation.compiler} if simulation.compiler else {}
    if results is not None:
        programs = {"rtl": "verilator", "netlist": "yosys"}
        tools |= {programs[engine]: run.tool for engine, run in results.runs.items()}
        tools |= results.build.report["tools"] if results.build else {}
    return tools


def weight_histograms(conversion: Conversion) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
    """By layer with weights, its distinct weights in ascending order, and how often each occurs."""
    histograms = {}
    for node in conversion.dataflow.nodes:
        operation = node.operation
        if isinstance(operation, MatVec | DepthwiseMatVec):
            raws, counts = np.unique(operation.weights, return_counts=True)
            histograms[node.layer] = (operation.weight_type.to_float(raws), counts)
    return histograms


def _registered(origin: Origin) -> Network | None:
    """The network of the registry; None for a user's model."""
    return get_network(origin.network) if origin.kind == "network" else None


def _network(origin: Origin, conversion: Conversion) -> NetworkRecord:
    network = _registered(origin)
    return NetworkRecord(
        name=origin.network,
        title=network.title if network else origin.network,
        review=network.review if network else None,
        model_file=origin.model_file,
        input_shapes=tuple(source.shape for source in conversion.dataflow.sources.values()),
        output_shapes=output_shapes(conversion),
        host=tuple(conversion.dataflow.host_lines),
    )


def output_shapes(conversion: Conversion) -> tuple[tuple[int, ...], ...]:
    """Of every output, without the batch axis."""
    return tuple(conversion.dataflow.types[name].shape for name in conversion.dataflow.outputs)


def _settings(settings: RunSettings, origin: Origin) -> dict[str, JsonValue]:
    """The settings with their defaults spelt out, so that the record says what was done."""
    network = _registered(origin)
    shown = settings.model_dump(mode="json", exclude={"bits", "policy", "epochs", "fine_tune_epochs"})
    if network is not None:
        shown["epochs"] = settings.epochs or network.training.epochs
    if origin.kind != "quantized":
        shown["policy"] = settings.policy_for(network).model_dump(mode="json")
        shown["fine_tune_epochs"] = settings.fine_tune_epochs_for(network, origin.model_file)
    return shown


def _layer(summary: LayerSummary, findings: LayerFindings) -> LayerRecord:
    same = {name: value for name, value in vars(summary).items() if name in LayerRecord.model_fields}
    types = ("type", "accum", "weight_type", "bias_type")
    texts = {name: None if same[name] is None else str(same[name]) for name in types}
    limits = {"type_min": summary.type.min, "type_max": summary.type.max, "step": summary.type.step}
    return LayerRecord.model_validate(same | texts | limits | findings.model_dump())
