"""The commands that are about a board: `boards`, `plan`, `build`, `emulate` and `flash`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from netloom.api import find_conversion
from netloom.board import Board, find_design
from netloom.cli import options
from netloom.cli.inputs import read_inputs, write_outputs
from netloom.errors import StorageError
from netloom.firmware.board.boards import BOARDS, find_board
from netloom.firmware.build.bitstream import BUILD_FILE, Build
from netloom.firmware.build.flash import flash as load
from netloom.firmware.emit.design_file import DESIGN_FILE, read_whole_design
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.hls.dataflow.storage import DATAFLOW_FILE
from netloom.models.data.examples import as_list
from netloom.pipeline import building, rundir
from netloom.pipeline.running import check_part
from netloom.progress import ConsoleProgress, showing
from netloom.settings import HardwareSettings
from netloom.sim.hardware.emulate import emulate as start_emulation

app = typer.Typer()


@options.command(app, "netloom boards")
def boards() -> None:
    """List the boards, and what their parts hold."""
    numbers = (Column(name, justify="right") for name in ("LUT", "DSP", "block RAM", "clock"))
    table = Table("board", "part", *numbers, "", box=None, pad_edge=False)
    for board in BOARDS:
        device = board.device
        table.add_row(
            f"[bold]{board.name}[/]" if board.open else board.name,
            device.name,
            f"{device.lut:,}",
            str(device.dsp),
            f"{device.memory_kbit + device.spram_kbit:,} kbit",
            f"{board.clock_mhz:g} MHz",
            "" if board.open else f"[dim]{board.vendor}[/]",
        )
    console = Console(highlight=False)
    console.print(table)
    for board in BOARDS:
        if board.note:
            console.print(f"[bold]{board.name}[/]: [dim]{escape(board.note)}[/]", soft_wrap=True)


@options.command(app, "netloom plan runs/jets --board ULX3S-25F", "netloom plan lenet --board ULX3S-85F")
def plan(
    source: Annotated[
        str, typer.Argument(metavar="DIR|MODEL.keras|NAME", help="A run, a converted network, a model, or a name.")
    ],
    board: Annotated[str, options.BOARD],
    clock: Annotated[str | None, options.CLOCK] = None,
    bits: Annotated[int | None, options.BITS] = None,
    input_shape: Annotated[list[str] | None, options.INPUT_SHAPE] = None,
    input_type: Annotated[list[str] | None, options.INPUT_TYPE] = None,
    design_seconds: Annotated[float | None, options.DESIGN_SECONDS] = None,
    interleave: Annotated[int | None, options.INTERLEAVE] = None,
) -> None:
    """Show what a network would take of a board at several paces, and how long a bitstream would take to make.

    In seconds: nothing is trained or synthesized. A float model is quantized on random samples for it.
    """
    from netloom.cli.plan import Prospect, show_paces

    settings = HardwareSettings(**options.hardware_values(locals()))
    show_paces(Prospect(source, bits, options.input_shapes(input_shape), input_type), settings)


@options.command(
    app,
    "netloom build runs/jets --board ULX3S-25F --clock 100MHz",
    "netloom build converted --board iCEBreaker --target-fps 10000",
)
def build(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Directory of `netloom run`, `netloom convert`, or of a design.")
    ],
    board: Annotated[str, options.BOARD],
    clock: Annotated[str | None, options.CLOCK] = None,
    target_ii: Annotated[int | None, options.TARGET_II] = None,
    target_fps: Annotated[float | None, options.TARGET_FPS] = None,
    design_seconds: Annotated[float | None, options.DESIGN_SECONDS] = None,
    interleave: Annotated[int | None, options.INTERLEAVE] = None,
) -> None:
    """Make a bitstream of what is converted already; exit code 1 if the clock is missed.

    For a board that needs its vendor's tool: the design for that tool.
    """
    settings = HardwareSettings(**options.hardware_values(locals()))
    chosen = find_board(settings.board)
    if not chosen.open:
        folder = building.write_design(directory, settings, ConsoleProgress())
        design = read_whole_design(folder / DESIGN_FILE)
        area = design.area
        typer.echo(
            f"latency {design.latency:,} cycles, a sample every {design.interval:,} cycles; about "
            f"{area.lut:,} LUT, {area.dsp:,} DSP, {area.bram:,} block RAM"
        )
        typer.echo(f"design for {chosen.vendor} and {chosen.device.name}: {folder}; its README.md says how")
        return
    made = building.build_bitstream(directory, settings, ConsoleProgress())
    console = Console(highlight=False)
    for kind, use in made.report["resources"].items():
        console.print(f"  {kind.upper():<6} {use['used']:>8,} of {use['available']:,}")
    console.print(f"[{'green' if made.met else 'bold red'}]{escape(made.verdict)}[/]", soft_wrap=True)
    console.print(f"bitstream: {escape(str(made.bitstream))}", soft_wrap=True)
    raise typer.Exit(int(not made.met))


@options.command(app, "netloom emulate runs/digits", "netloom emulate runs/digits --inputs x.npy -o y.npy")
def emulate(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of a run with a design, or of a design.")],
    inputs: Annotated[
        Path | None, typer.Option(metavar="X.npy", help=f"{options.SAMPLES_HELP}; sent, instead of waiting for Ctrl-C.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="Y.npy", help="Where their outputs go, float64.")
    ] = None,
) -> None:
    """Run the board in simulation, serial link included, behind a pseudo-terminal that netloom.Board can open."""
    if (inputs is None) != (output is None):
        raise typer.BadParameter("give --inputs and --output together, or neither")
    folder = find_design(directory)
    with showing("compiling the board"):
        emulator = start_emulation(folder)
    with emulator:
        if inputs is None or output is None:
            typer.echo(f"the board is at {emulator.port} until Ctrl-C; in Python:")
            typer.echo(f"netloom.Board({emulator.port!r}, {str(directory)!r}).predict(x)")
            emulator.wait()
            return
        input_names, output_names = _names(directory, emulator.design)
        shapes = [one.shape for one in emulator.design.inputs]
        x = read_inputs(inputs, dict(zip(input_names, shapes, strict=True)))
        with Board(emulator.port, folder, samples=emulator.samples) as board:
            outputs = as_list(board.predict(x))
            cycles = board.cycles
    write_outputs(output, output_names, outputs)
    shown = " and ".join(str(one.shape) for one in outputs)
    typer.echo(f"emulated board: {len(x[0]):,} samples, outputs {shown} in {output}; last request {cycles:,} cycles")


@options.command(app, "netloom flash runs/digits", "netloom flash runs/digits --permanent")
def flash(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of a run with a bitstream.")],
    board: Annotated[str | None, typer.Option(metavar="BOARD", help="If it is not the one that was built for.")] = None,
    permanent: Annotated[
        bool, typer.Option("--permanent", help="Into the flash memory: it survives power-off.")
    ] = False,
) -> None:
    """Load a bitstream into the board that is attached, with openFPGALoader."""
    folder = next((one for one in (directory, directory / rundir.BITSTREAM) if (one / BUILD_FILE).is_file()), None)
    if folder is None:
        raise StorageError(f"there is no bitstream in {directory}; netloom build {directory} --board BOARD makes one")
    check_part(folder)
    built = Build.read(folder)
    load(built.bitstream, find_board(board or built.report["board"]), permanent=permanent, log=folder / "flash.log")
    typer.echo(f"{built.bitstream} is in the board; in Python: netloom.Board('PORT', {str(directory)!r}).predict(x)")


def _names(directory: Path, design: EmittedDesign) -> tuple[list[str], list[str]]:
    """Of inputs and outputs, by the user's model; by the design itself where its conversion is not there."""
    if any((folder / DATAFLOW_FILE).is_file() for folder in (directory, directory / rundir.CONVERSION)):
        dataflow = find_conversion(directory).dataflow
        return dataflow.input_names, dataflow.output_names
    return [one.name for one in design.inputs], [one.name for one in design.outputs]
