"""What the command `plan` does."""

import shlex

from rich.console import Console
from rich.markup import escape
from rich.measure import measure_renderables
from rich.table import Table

from netloom.cli.outlook import Prospect, outlook
from netloom.firmware.board.boards import find_board
from netloom.firmware.board.devices import GENERIC_KBIT
from netloom.firmware.map.folding.effort import minutes
from netloom.firmware.map.folding.fitting import COMFORTABLE, COMFORTABLE_MINUTES
from netloom.firmware.paces import Pace
from netloom.progress import showing
from netloom.settings import HardwareSettings


def show_paces(prospect: Prospect, settings: HardwareSettings) -> None:
    """Print the table of paces."""
    with showing("folding") as progress:
        found = outlook(prospect, settings, progress)
        guess = prospect.is_guess
    table = Table("", box=None, pad_edge=False)
    for name in ("interval", "latency", "µs", "samples/s", "LUT", "FF", "DSP", "BRAM", "bitstream in"):
        table.add_column(name, justify="right", no_wrap=True)
    clock = settings.clock
    for pace in found:
        table.add_row(
            "[bold green]→[/]" if pace.chosen else "",
            f"{pace.interval:,}",
            *(("?", "?") if pace.latency is None else (f"{pace.latency:,}", f"{pace.latency / clock:,.1f}")),
            f"{clock * 1e6 / pace.interval:,.0f}",
            *(f"{number:,}" for number in (pace.area.lut, pace.area.ff, pace.area.dsp, pace.area.bram)),
            minutes(pace.minutes),
        )
    console = Console(highlight=False)
    # Where the terminal is narrower its lines wrap; rich would leave out the arrow, then digits.
    console.width = max(
        console.width, measure_renderables(console, console.options.update(width=1000), [table]).maximum
    )
    console.print(table)
    device = find_board(settings.board).device
    console.print(
        f"{settings.board} at {clock:g} MHz: {device.lut:,} LUT, {device.ff:,} FF, {device.dsp:,} DSP,"
        f" {device.ram_blocks:,} BRAM; interval and latency in clock cycles; estimates, nothing is synthesized",
        soft_wrap=True,
    )
    console.print(
        "minutes are of the WebAssembly tools on two cores and one placement; a clock that is missed costs"
        " up to three more",
        soft_wrap=True,
    )
    if device.family is None:
        console.print(
            f"block RAM is counted in blocks of {GENERIC_KBIT} kbit: those of {device.name} have {device.bram_kbit}",
            soft_wrap=True,
        )
    if guess:
        console.print("the weights are made up: constants (at short intervals) may take more or less", soft_wrap=True)
    console.print(
        f"→ without --target-ii: the fastest within {COMFORTABLE:.0%} of the LUTs and {COMFORTABLE_MINUTES:g} minutes"
        if any(pace.chosen for pace in found)
        else f"none is within {COMFORTABLE:.0%} of the LUTs and {COMFORTABLE_MINUTES:g} minutes: without --target-ii"
        " the smallest is taken",
        soft_wrap=True,
    )
    console.print(escape(f"{_command(prospect, settings, found[0])} takes the fastest"), soft_wrap=True)


def _command(prospect: Prospect, settings: HardwareSettings, pace: Pace) -> str:
    """What makes a bitstream of this pace."""
    if prospect.converted:
        words = ["netloom", "build", str(prospect.source)]
    else:
        words = ["netloom", "run", str(prospect.source)]
        words += ["--data", "DATA.npz"] * (prospect.start.network is None)
        for shape in prospect.input_shapes or ():
            words += ["--input-shape", ",".join(map(str, shape))]
        for one in prospect.input_types or ():
            words += ["--input-type", one]
        words += ["--bits", str(prospect.bits)] * (prospect.bits is not None)
    words += ["--board", settings.board, "--target-ii", str(pace.interval)]
    words += ["--clock", f"{settings.clock:g}MHz"] * (settings.clock_mhz is not None)
    words += ["--interleave", str(settings.interleave)] * (settings.interleave > 1)
    return shlex.join(words)
