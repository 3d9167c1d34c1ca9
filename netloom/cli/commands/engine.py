"""The commands on a converted network: engines on a user's samples, and the network as other tools read it."""

from pathlib import Path
from typing import Annotated

import typer

from netloom.cli.commands.options import Inputs, RunDirectory, TaskName, examples
from netloom.errors import SettingsError
from netloom.sim.engines import KINDS

engine_app = typer.Typer(rich_markup_mode="rich")


@engine_app.command(
    epilog=examples(
        "netloom simulate runs/digits --engine fixed --inputs x.npy -o y.npy",
        "netloom simulate runs/digits --engine csim --inputs x.npy -o y.npy --trace layers.npz",
    )
)
def simulate(
    directory: RunDirectory,
    inputs: Inputs,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="Y.npy", help="Where the outputs go, float64; several as .npz.")
    ],
    engine: Annotated[str, typer.Option(metavar="NAME", help=f"One of {', '.join(KINDS)}.")] = "fixed",
    trace: Annotated[Path | None, typer.Option(metavar="T.npz", help="Also write every layer's output.")] = None,
) -> None:
    """Run one engine on your own samples.

    Inputs off the hardware's input grid are rounded to it, as the hardware does, and you are told how many were.
    """
    from netloom.cli import simulate as cli_simulate

    cli_simulate.simulate_file(directory, engine, inputs, output, trace)


@engine_app.command(
    epilog=examples(
        "netloom crosscheck runs/digits --inputs x.npy --labels y.npy",
        "netloom crosscheck runs/digits --inputs x.npy --engine rtl",
    )
)
def crosscheck(
    directory: RunDirectory,
    inputs: Inputs,
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
    ] = "csim",
    task: TaskName = None,
) -> None:
    """Hold the simulator against the compiled firmware or the hardware, layer by layer; exit code 1 if any differs."""
    from netloom.cli import simulate as cli_simulate

    raise typer.Exit(cli_simulate.crosscheck_file(directory, inputs, labels, engine, task))


@engine_app.command(
    epilog=examples(
        "netloom export runs/digits --onnx digits.onnx", "netloom export runs/digits --qonnx digits_qonnx.onnx"
    )
)
def export(
    directory: RunDirectory,
    onnx: Annotated[Path | None, typer.Option("--onnx", metavar="FILE", help="Where the exact twin goes.")] = None,
    qonnx: Annotated[Path | None, typer.Option("--qonnx", metavar="FILE", help="Where the QONNX model goes.")] = None,
) -> None:
    """Write the exact twin as a plain ONNX graph, whose numbers are the simulator's; or the network as QONNX."""
    from netloom import api

    if onnx is None and qonnx is None:
        raise SettingsError("say which file to write: --onnx FILE or --qonnx FILE")
    for path, as_qonnx in ((onnx, False), (qonnx, True)):
        if path is not None:
            exported = api.export_onnx(directory, path, as_qonnx)
            typer.echo(f"{path}: {exported.nodes:,} nodes of opset {exported.opset}, {exported.bytes:,} bytes")
