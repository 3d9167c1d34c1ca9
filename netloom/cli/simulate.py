"""What the commands `simulate` and `crosscheck` do."""

from pathlib import Path

import numpy as np
import typer

from netloom import api
from netloom.cli.inputs import GridInputs, read_inputs, read_target_file, write_arrays, write_outputs
from netloom.hls import Conversion
from netloom.metrics import find_metric
from netloom.models.data.examples import as_list
from netloom.progress import showing


def simulate_file(directory: Path, engine: str, inputs: Path, output: Path, trace: Path | None) -> None:
    """Run one engine on samples of a file and write its outputs."""
    conversion = api.find_conversion(directory)
    raw, grid = _inputs(conversion, inputs)
    # The Keras model computes on the values themselves; all others begin with the input quantizer.
    x = raw if engine == "float" else [one.values for one in grid]
    with showing(engine) as progress, api.open_run_engine(engine, directory) as opened:
        outputs = as_list(opened.predict(x, lambda done, total: progress.advanced(engine, done, total)))
        layers = opened.trace(x) if trace else {}
    write_outputs(output, conversion.dataflow.output_names, outputs)
    shapes = " and ".join(str(one.shape) for one in outputs)
    typer.echo(f"{engine}: {len(x[0]):,} samples, outputs {shapes} in {output}")
    if trace:
        write_arrays(trace, layers)
        typer.echo(f"{len(layers)} layers in {trace}")
    if engine != "float":
        _say_moved(grid, conversion)


def crosscheck_file(directory: Path, inputs: Path, targets: Path | None, engine: str, task: str | None) -> int:
    """Compare `fixed` with another engine on samples of a file; the exit code is 1 if anything differs."""
    conversion = api.find_conversion(directory)
    raw, grid = _inputs(conversion, inputs)
    wanted = read_target_file(targets, len(raw[0])) if targets else None
    with showing(f"fixed against {engine}"):
        fidelity = api.crosscheck(directory, [one.values for one in grid], wanted, engine, task)
    values = sum(layer.elements for layer in fidelity.layers)
    differing = sum(layer.mismatches for layer in fidelity.layers)
    typer.echo(f"output: {fidelity.mismatches:,} mismatches in {fidelity.elements:,} elements, {len(raw[0]):,} samples")
    if fidelity.layers:
        typer.echo(f"layers: {differing:,} mismatches in {values:,} elements of {len(fidelity.layers)} layers")
    for name, scores in fidelity.scores.items():
        for score, value in scores.items():
            typer.echo(f"{score} of {name}: {find_metric(score).text(value)}")
    if fidelity.first_mismatch is not None:
        first = fidelity.first_mismatch
        typer.echo(
            f"first mismatch: layer {first.layer}, sample {first.sample}, index {list(first.index)}:"
            f" fixed {first.values[0]!r}, {engine} {first.values[1]!r}"
        )
    _say_moved(grid, conversion)
    typer.echo(f"fixed {'=' if fidelity.equal else '≠'} {engine}")
    return int(not fidelity.equal)


def _inputs(conversion: Conversion, path: Path) -> tuple[list[np.ndarray], list[GridInputs]]:
    sources = conversion.dataflow.sources
    shapes = [source.shape for source in sources.values()]
    raw = read_inputs(path, dict(zip(conversion.dataflow.input_names, shapes, strict=True)))
    scales = conversion.dataflow.ends.inputs or (None,) * len(sources)
    return raw, [
        GridInputs.of(one, source.element, scale)
        for one, source, scale in zip(raw, sources.values(), scales, strict=True)
    ]


def _say_moved(grid: list[GridInputs], conversion: Conversion) -> None:
    sources = conversion.dataflow.sources
    for one, (name, source) in zip(grid, sources.items(), strict=True):
        if one.moved:
            typer.echo(
                f"{'inputs' if len(sources) == 1 else f'input {name}'}: {one.moved:,} of {one.values.size:,} were off"
                f" the grid of {source.element} and moved onto it, by at most {one.largest:g}",
                err=True,
            )
