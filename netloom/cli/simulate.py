"""What the commands `simulate` and `crosscheck` do."""

from pathlib import Path

import numpy as np
import typer

from netloom import api
from netloom.cli.inputs import GridInputs, read_inputs, read_labels, write_array, write_arrays
from netloom.common.quiet import captured
from netloom.errors import NotSupportedError
from netloom.hls import Conversion
from netloom.progress import ConsoleProgress
from netloom.sim.crosscheck import as_list


def simulate(directory: Path, engine: str, inputs: Path, output: Path, trace: Path | None) -> None:
    """Run one engine on samples of a file and write its outputs."""
    conversion = api.find_conversion(directory)
    raw, grid = _inputs(conversion, inputs)
    # The Keras model computes on the values themselves; all others begin with the input quantizer.
    x = raw if engine == "float" else grid.values
    progress = ConsoleProgress()
    progress.stage_started(engine)
    try:
        with captured(None), api.open_run_engine(engine, directory) as opened:
            (outputs,) = as_list(opened.predict(x, lambda done, total: progress.advanced(engine, done, total)))
            layers = opened.trace(x) if trace else {}
    finally:
        progress.close()
    write_array(output, outputs)
    typer.echo(f"{engine}: {len(x):,} samples, outputs {outputs.shape} in {output}")
    if trace:
        write_arrays(trace, layers)
        typer.echo(f"{len(layers)} layers in {trace}")
    if engine != "float":
        _say_moved(grid, conversion)


def crosscheck(directory: Path, inputs: Path, labels: Path | None, engine: str) -> int:
    """Compare `fixed` with another engine on samples of a file; the exit code is 1 if anything differs."""
    conversion = api.find_conversion(directory)
    raw, grid = _inputs(conversion, inputs)
    classes = read_labels(labels, len(raw)) if labels else None
    progress = ConsoleProgress()
    progress.stage_started(f"fixed against {engine}")
    try:
        with captured(None):
            fidelity = api.crosscheck(directory, grid.values, classes, engine)
    finally:
        progress.close()
    values = sum(layer.elements for layer in fidelity.layers)
    differing = sum(layer.mismatches for layer in fidelity.layers)
    typer.echo(f"output: {fidelity.mismatches:,} mismatches in {fidelity.elements:,} elements, {len(raw):,} samples")
    if fidelity.layers:
        typer.echo(f"layers: {differing:,} mismatches in {values:,} elements of {len(fidelity.layers)} layers")
    for name, accuracy in fidelity.accuracy.items():
        typer.echo(f"accuracy of {name}: {100 * accuracy:.2f} %")
    if fidelity.first_mismatch is not None:
        first = fidelity.first_mismatch
        typer.echo(
            f"first mismatch: layer {first.layer}, sample {first.sample}, index {list(first.index)}:"
            f" fixed {first.values[0]!r}, {engine} {first.values[1]!r}"
        )
    _say_moved(grid, conversion)
    typer.echo(f"fixed {'=' if fidelity.equal else '≠'} {engine}")
    return int(not fidelity.equal)


def _inputs(conversion: Conversion, path: Path) -> tuple[np.ndarray, GridInputs]:
    sources = list(conversion.dataflow.sources.values())
    for what, count in (("inputs", len(sources)), ("outputs", len(conversion.dataflow.outputs))):
        if count != 1:
            raise NotSupportedError(
                f"the network has {count} {what}, and this command takes one;"
                " netloom.simulate and netloom.crosscheck of Python take several"
            )
    raw = read_inputs(path, sources[0].shape)
    return raw, GridInputs.of(raw, sources[0].element)


def _say_moved(grid: GridInputs, conversion: Conversion) -> None:
    if grid.moved:
        element = next(iter(conversion.dataflow.sources.values())).element
        typer.echo(
            f"inputs: {grid.moved:,} of {grid.values.size:,} were off the grid of {element} and moved onto it,"
            f" by at most {grid.largest:g}",
            err=True,
        )
