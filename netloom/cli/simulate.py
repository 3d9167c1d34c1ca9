"""The commands on a converted network: engines on a user's samples, and the network as other tools read it."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from netloom import api
from netloom.cli.inputs import moved, onto_grid, read_inputs, read_target_file, write_outputs
from netloom.cli.options import INPUTS, RUN_DIRECTORY, TASK, command
from netloom.common.arrays import write_arrays
from netloom.errors import SettingsError
from netloom.hls import Conversion
from netloom.metrics import find_metric
from netloom.models.data.examples import as_list
from netloom.progress import showing
from netloom.sim.engines import DEFAULT_ENGINE, DEFAULT_OTHER, KINDS

app = typer.Typer()


@command(
    app,
    "netloom simulate runs/digits --engine fixed --inputs x.npy -o y.npy",
    "netloom simulate runs/digits --engine csim --inputs x.npy -o y.npy --trace layers.npz",
)
def simulate(
    directory: Annotated[Path, RUN_DIRECTORY],
    inputs: Annotated[Path, INPUTS],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="Y.npy", help="Where the outputs go, float64; several as .npz.")
    ],
    engine: Annotated[str, typer.Option(metavar="NAME", help=f"One of {', '.join(KINDS)}.")] = DEFAULT_ENGINE,
    trace: Annotated[Path | None, typer.Option(metavar="T.npz", help="Also write every layer's output.")] = None,
) -> None:
    """Run one engine on your own samples.

    Inputs off the hardware's input grid are rounded to it, as the hardware does, and you are told how many were.
    """
    conversion = api.find_conversion(directory)
    raw, grid = _inputs(conversion, inputs)
    # The Keras model computes on the values themselves; all others begin with the input quantizer.
    x = raw if engine == "float" else grid
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
        _say_moved(conversion, raw, grid)


@command(
    app,
    "netloom crosscheck runs/digits --inputs x.npy --labels y.npy",
    "netloom crosscheck runs/digits --inputs x.npy --engine rtl",
)
def crosscheck(
    directory: Annotated[Path, RUN_DIRECTORY],
    inputs: Annotated[Path, INPUTS],
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="Y.npy",
            help="What is right, for the scores: class numbers, shape (N,), or what --task takes; an .npz for several"
            " outputs, by their names.",
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option(metavar="NAME", help="csim or onnx; with hardware in the directory rtl or netlist.")
    ] = DEFAULT_OTHER,
    task: Annotated[str | None, TASK] = None,
) -> None:
    """Hold the simulator against the compiled firmware or the hardware, layer by layer; exit code 1 if any differs."""
    conversion = api.find_conversion(directory)
    raw, grid = _inputs(conversion, inputs)
    wanted = read_target_file(labels, len(raw[0])) if labels else None
    with showing(f"fixed against {engine}"):
        fidelity = api.crosscheck(directory, grid, wanted, engine, task)
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
    _say_moved(conversion, raw, grid)
    typer.echo(f"fixed {'=' if fidelity.equal else '≠'} {engine}")
    raise typer.Exit(int(not fidelity.equal))


@command(app, "netloom export runs/digits --onnx digits.onnx", "netloom export runs/digits --qonnx digits_qonnx.onnx")
def export(
    directory: Annotated[Path, RUN_DIRECTORY],
    onnx: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the exact twin goes.")] = None,
    qonnx: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the QONNX model goes.")] = None,
) -> None:
    """Write the exact twin as a plain ONNX graph, whose numbers are the simulator's; or the network as QONNX."""
    if onnx is None and qonnx is None:
        raise SettingsError("say which file to write: --onnx FILE or --qonnx FILE")
    for path, as_qonnx in ((onnx, False), (qonnx, True)):
        if path is not None:
            exported = api.export_onnx(directory, path, as_qonnx)
            typer.echo(f"{path}: {exported.nodes:,} nodes of opset {exported.opset}, {exported.bytes:,} bytes")


def _inputs(conversion: Conversion, path: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The samples of a file as they are, and on the grid of the hardware's inputs."""
    sources = conversion.dataflow.sources.values()
    shapes = [source.shape for source in sources]
    raw = read_inputs(path, dict(zip(conversion.dataflow.input_names, shapes, strict=True)))
    scales = conversion.dataflow.ends.inputs or (None,) * len(raw)
    return raw, [onto_grid(x, source.element, scale) for x, source, scale in zip(raw, sources, scales, strict=True)]


def _say_moved(conversion: Conversion, raw: list[np.ndarray], grid: list[np.ndarray]) -> None:
    for (name, source), x, values in zip(conversion.dataflow.sources.items(), raw, grid, strict=True):
        count, largest = moved(x, values)
        if count:
            typer.echo(
                f"{'inputs' if len(raw) == 1 else f'input {name}'}: {count:,} of {values.size:,} were off"
                f" the grid of {source.element} and moved onto it, by at most {largest:g}",
                err=True,
            )
