"""The commands `run` and `convert`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from netloom.cli import options
from netloom.cli.report import show
from netloom.errors import SettingsError
from netloom.hls import Conversion
from netloom.pipeline import run as pipeline
from netloom.pipeline import rundir
from netloom.progress import ConsoleProgress, Progress

app = typer.Typer()


@options.command(
    app,
    "netloom run digits",
    "netloom run lenet --bits 6 -o runs/lenet6",
    "netloom run mine.keras --data mine.npz --bits 8",
    "netloom run jets --board ULX3S-25F --clock 100MHz",
    "netloom run jets --board ULX3S-25F --until design",
)
def run(
    model: Annotated[
        str,
        typer.Argument(
            metavar="NAME|MODEL.keras|.onnx",
            autocompletion=options.network_names,
            help="A network's name, or your own Keras, QKeras or ONNX model.",
        ),
    ],
    data: Annotated[Path | None, options.DATA_FILE] = None,
    input_shape: Annotated[list[str] | None, options.INPUT_SHAPE] = None,
    input_type: Annotated[list[str] | None, options.INPUT_TYPE] = None,
    task: Annotated[str | None, options.TASK] = None,
    bits: Annotated[int | None, options.BITS] = None,
    output: Annotated[Path | None, options.OUTPUT] = None,
    seed: Annotated[int | None, options.SEED] = None,
    epochs: Annotated[int | None, typer.Option(metavar="N", help="Epochs of training a network of netloom's.")] = None,
    fine_tune_epochs: Annotated[int | None, options.FINE_TUNE_EPOCHS] = None,
    policy: Annotated[Path | None, options.POLICY] = None,
    io_type: Annotated[str | None, options.IO_TYPE] = None,
    strategy: Annotated[str | None, options.STRATEGY] = None,
    reuse_factor: Annotated[int | None, options.REUSE_FACTOR] = None,
    precision: Annotated[Path | None, options.PRECISION] = None,
    csim: Annotated[
        bool | None, typer.Option("--csim/--no-csim", help="Compile hls4ml's C++ and hold it against the simulator.")
    ] = None,
    csim_samples: Annotated[int | None, typer.Option(metavar="N", help="Only so many test samples for csim.")] = None,
    onnx: Annotated[
        bool | None, typer.Option("--onnx", help="Hold the exact twin in onnxruntime against the simulator, too.")
    ] = None,
    board: Annotated[str | None, options.BOARD_TOO] = None,
    clock: Annotated[str | None, options.CLOCK] = None,
    target_ii: Annotated[int | None, options.TARGET_II] = None,
    target_fps: Annotated[float | None, options.TARGET_FPS] = None,
    rtl_samples: Annotated[int | None, typer.Option(metavar="N", help="Only so many test samples for rtl.")] = None,
    no_netlist: Annotated[bool, typer.Option("--no-netlist", help="Do not simulate the synthesized netlist.")] = False,
    design_seconds: Annotated[float | None, options.DESIGN_SECONDS] = None,
    interleave: Annotated[int | None, options.INTERLEAVE] = None,
    until: Annotated[str, options.UNTIL] = pipeline.LAST_STAGE,
    force: Annotated[bool, options.FORCE] = False,
    no_store: Annotated[bool, options.NO_STORE] = False,
) -> None:
    """Go the whole way, from a network or your own model to a report, and with --board to a bitstream.

    Stages whose inputs have not changed are kept; an interrupted run goes on where it was.
    """
    given = {**locals(), "netlist_samples": 0 if no_netlist else None}
    progress = ConsoleProgress()
    finished = _run(given, until, progress)
    if until == pipeline.LAST_STAGE:
        raise typer.Exit(show(finished.report, finished.directory))
    code = 0
    # A report of what there is, if the run has come as far as one takes.
    if "simulate" in [outcome.name for outcome in finished.outcomes]:
        code = show(pipeline.write_report(finished.directory, progress), finished.directory)
    typer.echo(f"ended after {until}, in {finished.directory}; without --until the same command goes on")
    raise typer.Exit(code)


@options.command(
    app,
    "netloom convert qkeras_model.keras -o converted",
    "netloom convert float_model.keras --data mine.npz --bits 6 -o six_bits",
)
def convert(
    model: Annotated[Path, typer.Argument(metavar="MODEL.keras|.onnx", help="Your Keras, QKeras or ONNX model.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where it goes.")],
    data: Annotated[Path | None, options.DATA_FILE] = None,
    input_shape: Annotated[list[str] | None, options.INPUT_SHAPE] = None,
    input_type: Annotated[list[str] | None, options.INPUT_TYPE] = None,
    task: Annotated[str | None, options.TASK] = None,
    bits: Annotated[int | None, options.BITS] = None,
    seed: Annotated[int | None, options.SEED] = None,
    fine_tune_epochs: Annotated[int | None, options.FINE_TUNE_EPOCHS] = None,
    policy: Annotated[Path | None, options.POLICY] = None,
    io_type: Annotated[str | None, options.IO_TYPE] = None,
    strategy: Annotated[str | None, options.STRATEGY] = None,
    reuse_factor: Annotated[int | None, options.REUSE_FACTOR] = None,
    precision: Annotated[Path | None, options.PRECISION] = None,
    force: Annotated[bool, options.FORCE] = False,
    no_store: Annotated[bool, options.NO_STORE] = False,
) -> None:
    """Convert your own model to hls4ml's C++ and the network that is simulated and built.

    A QKeras model is converted as it is. A float Keras model is quantized first, and needs --data to calibrate on.
    """
    finished = _run(locals(), "convert", ConsoleProgress())
    conversion = Conversion.load(finished.directory / rundir.CONVERSION)
    typer.echo(f"{len(conversion.layers)} layers; hls4ml's C++ project: {conversion.project}")
    for line in conversion.dataflow.host_lines:
        typer.echo(line)
    several = len(conversion.dataflow.sources) > 1
    typer.echo(f"next: netloom crosscheck {finished.directory} --inputs {'x.npz' if several else 'x.npy'}")


def _run(given: Mapping[str, Any], until: str, progress: Progress) -> pipeline.Run:
    """Run the pipeline as the options of a command say."""
    settings, shapes = options.run_settings(given), options.input_shapes(given["input_shape"])
    model = given["model"]
    if isinstance(model, Path) and not model.suffix:
        raise SettingsError(f"{model} is no model file; a network of netloom's is converted by: netloom run {model}")
    return pipeline.run(
        model,
        data=given["data"],
        input_shapes=shapes,
        input_types=given["input_type"],
        settings=settings,
        directory=given["output"],
        until=until,
        force=given["force"],
        progress=progress,
    )
