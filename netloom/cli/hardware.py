"""What the commands `boards`, `build`, `emulate` and `flash` do."""

from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from netloom.api import find_conversion
from netloom.board import Board, find_design
from netloom.cli.inputs import read_inputs, write_outputs
from netloom.errors import StorageError
from netloom.firmware.board.boards import BOARDS, find_board
from netloom.firmware.build.bitstream import BUILD_FILE, Build
from netloom.firmware.build.flash import flash as load
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.hls.dataflow.storage import DATAFLOW_FILE
from netloom.models.data.examples import as_list
from netloom.pipeline import building, rundir
from netloom.pipeline.intact import check_part
from netloom.progress import ConsoleProgress, showing
from netloom.settings import HardwareSettings
from netloom.sim.hardware.emulate import emulate as start_emulation


def boards() -> None:
    """List all boards, and what their parts hold."""
    table = Table("board", "part", box=None, pad_edge=False)
    for name in ("LUT", "DSP", "block RAM", "clock"):
        table.add_column(name, justify="right")
    table.add_column("")
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


def build_for_board(directory: Path, settings: HardwareSettings) -> int:
    """Make a bitstream of a converted network or a design; the exit code is 1 if the clock is missed.

    For a board that needs its vendor's tool, the design for that tool.
    """
    board = find_board(settings.board)
    if not board.open:
        folder = building.write_design(directory, settings, ConsoleProgress())
        design = building.read_design(folder)
        area = design["area"]
        typer.echo(
            f"latency {design['latency']:,} cycles, a sample every {design['interval']:,} cycles; about "
            f"{area['lut']:,} LUT, {area['dsp']:,} DSP, {area['bram']:,} block RAM"
        )
        typer.echo(f"design for {board.vendor} and {board.device.name}: {folder}; its README.md says how")
        return 0
    made = building.build_bitstream(directory, settings, ConsoleProgress())
    console = Console(highlight=False)
    for kind, use in made.report["resources"].items():
        console.print(f"  {kind.upper():<6} {use['used']:>8,} of {use['available']:,}")
    console.print(f"[{'green' if made.met else 'bold red'}]{escape(made.verdict)}[/]", soft_wrap=True)
    console.print(f"bitstream: {escape(str(made.bitstream))}", soft_wrap=True)
    return int(not made.met)


def emulate_board(directory: Path, inputs: Path | None, output: Path | None) -> None:
    """Run a design as its board would behind a pseudo-terminal: until Ctrl-C, or on samples of a file."""
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


def _names(directory: Path, design: EmittedDesign) -> tuple[list[str], list[str]]:
    """Of inputs and outputs, by the user's model; by the design itself where its conversion is not there."""
    if any((folder / DATAFLOW_FILE).is_file() for folder in (directory, directory / rundir.CONVERSION)):
        dataflow = find_conversion(directory).dataflow
        return dataflow.input_names, dataflow.output_names
    return [one.name for one in design.inputs], [one.name for one in design.outputs]


def flash_board(directory: Path, board: str | None, permanent: bool) -> None:
    """Load the bitstream of a run into the board it was built for, or another with the same part."""
    folder = next((one for one in (directory, directory / rundir.BITSTREAM) if (one / BUILD_FILE).is_file()), None)
    if folder is None:
        raise StorageError(f"there is no bitstream in {directory}; netloom build {directory} --board BOARD makes one")
    check_part(folder)
    built = Build.read(folder)
    load(built.bitstream, find_board(board or built.report["board"]), permanent=permanent, log=folder / "flash.log")
    typer.echo(f"{built.bitstream} is in the board; in Python: netloom.Board('PORT', {str(directory)!r}).predict(x)")
