"""The command `netloom`. Everything slow to import is imported by the command that needs it."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from netloom.cli.commands.board import board_app
from netloom.cli.commands.engine import engine_app
from netloom.cli.commands.options import (
    BitsOption,
    BoardOption,
    Clock,
    Data,
    DesignSeconds,
    FineTune,
    Force,
    InputShape,
    InputType,
    Interleave,
    IoType,
    NoStore,
    Output,
    PolicyFile,
    Precision,
    ReuseFactor,
    Seed,
    Strategy,
    TargetInterval,
    TargetRate,
    TaskName,
    Until,
    examples,
    network_names,
)
from netloom.cli.commands.report import report_app
from netloom.cli.failing import EXIT_INTERRUPTED, OneLineErrors, say
from netloom.common.quiet import silence_tensorflow

app = typer.Typer(
    name="netloom",
    cls=OneLineErrors,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"netloom {version('netloom')}")
        raise typer.Exit


@app.callback(
    epilog=examples("netloom run digits", "netloom run mine.keras --data mine.npz --bits 6", "netloom doctor")
)
def netloom(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Deep networks into FPGA fabric: train, quantize, convert with hls4ml, and simulate bit for bit."""
    del version  # its callback did all
    silence_tensorflow()


@app.command(epilog=examples("netloom store", "netloom store --limit 500MB", "netloom store --clear"))
def store(
    limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Drop what was not used for longest, down to this: 500MB, 2GB.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Drop everything.")] = False,
) -> None:
    """Say what earlier runs have left for later ones, or drop it."""
    from netloom.cli import store as cli_store

    if clear and limit is not None:
        raise typer.BadParameter("give --limit or --clear, not both: --clear drops everything")
    cli_store.store("0" if clear else limit)


@app.command(
    epilog=examples(
        "netloom networks",
        "netloom networks --run --markdown README.md",
        "netloom networks lenet jets --run --no-board -o runs/nightly",
    )
)
def networks(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", autocompletion=network_names, help="Only these; all if left out."),
    ] = None,
    run: Annotated[
        bool, typer.Option("--run", help="Run each as it is meant to be run, to its board; what is done is kept.")
    ] = False,
    no_board: Annotated[bool, typer.Option("--no-board", help="Run them no further than to the simulator.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where the runs are, one directory each; runs if left out."),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(
            "--markdown",
            metavar="FILE",
            help="Put what the runs came to into this file, as tables; without --run as earlier runs left it.",
        ),
    ] = None,
    no_store: NoStore = False,
) -> None:
    """List the networks that come with netloom, or run them all and make the tables of what came out."""
    from netloom.cli import networks as cli_networks

    del no_store  # its callback did all
    if (no_board and not run) or (output and not run and not markdown):
        raise typer.BadParameter("--no-board goes with --run, and -o with --run or --markdown")
    chosen = cli_networks.chosen(names or [])
    code = cli_networks.run_all(chosen, output, not no_board) if run else 0
    if markdown is not None:
        cli_networks.write_tables(chosen, output, markdown)
    if not run and markdown is None:
        cli_networks.list_networks(chosen)
    raise typer.Exit(code)


@app.command(
    epilog=examples(
        "netloom run digits",
        "netloom run lenet --bits 6 -o runs/lenet6",
        "netloom run mine.keras --data mine.npz --bits 8",
        "netloom run jets --board ULX3S-25F --clock 100MHz",
        "netloom run jets --board ULX3S-25F --until design",
    )
)
def run(
    model: Annotated[
        str,
        typer.Argument(
            metavar="NAME|MODEL.keras|.onnx",
            autocompletion=network_names,
            help="A network's name, or your own Keras, QKeras or ONNX model.",
        ),
    ],
    data: Data = None,
    input_shape: InputShape = None,
    input_type: InputType = None,
    task: TaskName = None,
    bits: BitsOption = None,
    output: Output = None,
    seed: Seed = None,
    epochs: Annotated[int | None, typer.Option(metavar="N", help="Epochs of training a network of netloom's.")] = None,
    fine_tune_epochs: FineTune = None,
    policy: PolicyFile = None,
    io_type: IoType = None,
    strategy: Strategy = None,
    reuse_factor: ReuseFactor = None,
    precision: Precision = None,
    csim: Annotated[
        bool | None, typer.Option("--csim/--no-csim", help="Compile hls4ml's C++ and hold it against the simulator.")
    ] = None,
    csim_samples: Annotated[int | None, typer.Option(metavar="N", help="Only so many test samples for csim.")] = None,
    onnx: Annotated[
        bool | None, typer.Option("--onnx", help="Hold the exact twin in onnxruntime against the simulator, too.")
    ] = None,
    board: BoardOption = None,
    clock: Clock = None,
    target_ii: TargetInterval = None,
    target_fps: TargetRate = None,
    rtl_samples: Annotated[int | None, typer.Option(metavar="N", help="Only so many test samples for rtl.")] = None,
    no_netlist: Annotated[bool, typer.Option("--no-netlist", help="Do not simulate the synthesized netlist.")] = False,
    design_seconds: DesignSeconds = None,
    interleave: Interleave = None,
    until: Until = "report",
    force: Force = False,
    no_store: NoStore = False,
) -> None:
    """Go the whole way, from a network or your own model to a report, and with --board to a bitstream.

    Stages whose inputs have not changed are kept; an interrupted run goes on where it was.
    """
    from netloom.cli import run as cli_run

    del no_store  # its callback did all
    settings = cli_run.settings(
        hls=cli_run.hls(io_type, strategy, reuse_factor, precision),
        task=task,
        bits=bits,
        policy=policy,
        seed=seed,
        epochs=epochs,
        fine_tune_epochs=fine_tune_epochs,
        csim=csim,
        csim_samples=csim_samples,
        onnx=onnx,
        hardware=cli_run.hardware(
            board,
            clock,
            target_ii,
            target_fps,
            rtl_samples=rtl_samples,
            netlist_samples=0 if no_netlist else None,
            design_seconds=design_seconds,
            interleave=interleave,
        ),
    )
    raise typer.Exit(
        cli_run.run_from_command(
            model, data, cli_run.input_shapes(input_shape), input_type, settings, output, until, force
        )
    )


@app.command(
    epilog=examples(
        "netloom convert qkeras_model.keras -o converted",
        "netloom convert float_model.keras --data mine.npz --bits 6 -o six_bits",
    )
)
def convert(
    model: Annotated[Path, typer.Argument(metavar="MODEL.keras|.onnx", help="Your Keras, QKeras or ONNX model.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where it goes.")],
    data: Data = None,
    input_shape: InputShape = None,
    input_type: InputType = None,
    task: TaskName = None,
    bits: BitsOption = None,
    seed: Seed = None,
    fine_tune_epochs: FineTune = None,
    policy: PolicyFile = None,
    io_type: IoType = None,
    strategy: Strategy = None,
    reuse_factor: ReuseFactor = None,
    precision: Precision = None,
    force: Force = False,
    no_store: NoStore = False,
) -> None:
    """Convert your own model to hls4ml's C++ and the network that is simulated and built.

    A QKeras model is converted as it is. A float Keras model is quantized first, and needs --data to calibrate on.
    """
    from netloom.cli import run as cli_run

    del no_store  # its callback did all
    settings = cli_run.settings(
        hls=cli_run.hls(io_type, strategy, reuse_factor, precision),
        task=task,
        bits=bits,
        policy=policy,
        seed=seed,
        fine_tune_epochs=fine_tune_epochs,
    )
    cli_run.convert_file(model, data, cli_run.input_shapes(input_shape), input_type, settings, output, force)


@app.command(epilog=examples("netloom doctor"))
def doctor() -> None:
    """Say what is installed, what is missing, and how to get it; exit code 1 if something needed is missing."""
    from netloom.cli import doctor as cli_doctor

    raise typer.Exit(cli_doctor.doctor())


app.add_typer(report_app)
app.add_typer(engine_app)
app.add_typer(board_app)


def main() -> None:
    """The entry point of the `netloom` command."""
    # As Ctrl-C, so that tools at work are stopped and nothing half-written stays.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        app(prog_name="netloom")
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(EXIT_INTERRUPTED)
