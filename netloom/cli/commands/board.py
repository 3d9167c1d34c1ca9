"""The commands that are about a board."""

from pathlib import Path
from typing import Annotated

import typer

from netloom.cli.commands.options import (
    BitsOption,
    Clock,
    DesignSeconds,
    InputShape,
    InputType,
    Interleave,
    TargetInterval,
    TargetRate,
    ThisBoard,
    examples,
)

board_app = typer.Typer(rich_markup_mode="rich")


@board_app.command(epilog=examples("netloom boards"))
def boards() -> None:
    """List the boards, and what their parts hold."""
    from netloom.cli import hardware as cli_hardware

    cli_hardware.boards()


@board_app.command(epilog=examples("netloom plan runs/jets --board ULX3S-25F", "netloom plan lenet --board ULX3S-85F"))
def plan(
    source: Annotated[
        str, typer.Argument(metavar="DIR|MODEL.keras|NAME", help="A run, a converted network, a model, or a name.")
    ],
    board: ThisBoard,
    clock: Clock = None,
    bits: BitsOption = None,
    input_shape: InputShape = None,
    input_type: InputType = None,
    design_seconds: DesignSeconds = None,
    interleave: Interleave = None,
) -> None:
    """Show what a network would take of a board at several paces, and how long a bitstream would take to make.

    In seconds: nothing is trained or synthesized. A float model is quantized on random samples for it.
    """
    from netloom.cli import outlook
    from netloom.cli import plan as cli_plan
    from netloom.cli import run as cli_run

    settings = cli_run.hardware(board, clock, None, None, design_seconds=design_seconds, interleave=interleave)
    assert settings is not None  # there is a board
    prospect = outlook.Prospect(source, bits, cli_run.input_shapes(input_shape), input_type)
    cli_plan.show_paces(prospect, settings)


@board_app.command(
    epilog=examples(
        "netloom build runs/jets --board ULX3S-25F --clock 100MHz",
        "netloom build converted --board iCEBreaker --target-fps 10000",
    )
)
def build(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Directory of `netloom run`, `netloom convert`, or of a design.")
    ],
    board: ThisBoard,
    clock: Clock = None,
    target_ii: TargetInterval = None,
    target_fps: TargetRate = None,
    design_seconds: DesignSeconds = None,
    interleave: Interleave = None,
) -> None:
    """Make a bitstream of what is converted already; exit code 1 if the clock is missed.

    For a board that needs its vendor's tool: the design for that tool.
    """
    from netloom.cli import hardware as cli_hardware
    from netloom.cli import run as cli_run

    settings = cli_run.hardware(
        board, clock, target_ii, target_fps, design_seconds=design_seconds, interleave=interleave
    )
    assert settings is not None  # there is a board
    raise typer.Exit(cli_hardware.build_for_board(directory, settings))


@board_app.command(
    epilog=examples("netloom emulate runs/digits", "netloom emulate runs/digits --inputs x.npy -o y.npy"),
)
def emulate(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of a run with a design, or of a design.")],
    inputs: Annotated[
        Path | None, typer.Option("--inputs", metavar="X.npy", help="Samples to send, instead of waiting for Ctrl-C.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="Y.npy", help="Where their outputs go, float64.")
    ] = None,
) -> None:
    """Run the board in simulation, serial link included, behind a pseudo-terminal that netloom.Board can open."""
    from netloom.cli import hardware as cli_hardware

    if (inputs is None) != (output is None):
        raise typer.BadParameter("give --inputs and --output together, or neither")
    cli_hardware.emulate_board(directory, inputs, output)


@board_app.command(epilog=examples("netloom flash runs/digits", "netloom flash runs/digits --permanent"))
def flash(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of a run with a bitstream.")],
    board: Annotated[
        str | None, typer.Option("--board", metavar="BOARD", help="If it is not the one that was built for.")
    ] = None,
    permanent: Annotated[
        bool, typer.Option("--permanent", help="Into the flash memory: it survives power-off.")
    ] = False,
) -> None:
    """Load a bitstream into the board that is attached, with openFPGALoader."""
    from netloom.cli import hardware as cli_hardware

    cli_hardware.flash_board(directory, board, permanent)
