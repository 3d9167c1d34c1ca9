"""What the command `plan` does: the paces at which a board holds a network, before anything is trained or built."""

import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from rich.measure import measure_renderables
from rich.table import Column, Table

from netloom.api import find_conversion
from netloom.errors import FoldingError, SettingsError
from netloom.firmware.board.boards import find_board
from netloom.firmware.board.devices import GENERIC_KBIT
from netloom.firmware.map.folding.effort import minutes
from netloom.firmware.map.folding.fitting import COMFORTABLE, COMFORTABLE_MINUTES, Search
from netloom.firmware.map.interleaving import interleaved
from netloom.firmware.paces import Pace, paces
from netloom.hls import Conversion, HlsSettings, convert
from netloom.pipeline.origin import Start, find_start
from netloom.progress import Progress, showing
from netloom.settings import HardwareSettings, RunSettings

_SAMPLES = 64


@dataclass(frozen=True)
class Prospect:
    """What is looked at before it is made, as `netloom plan` takes it.

    A float model, or a network of the registry untrained, is quantized on random samples: what its constants take is
    then a guess.
    """

    source: str | Path
    bits: int | None = None
    input_shapes: Sequence[tuple[int, ...]] | None = None
    input_types: Sequence[str] | None = None

    @property
    def converted(self) -> bool:
        """Whether it is a directory, whose network is what it is."""
        return Path(self.source).is_dir()

    @property
    def start(self) -> Start:
        """Of what is not converted: the network or the model."""
        return find_start(self.source, self.input_shapes, self.input_types)

    @property
    def is_guess(self) -> bool:
        """Whether its weights or points are made up."""
        return not self.converted and (self.start.network is not None or self.start.origin(None).kind == "float")


def outlook(prospect: Prospect, settings: HardwareSettings, progress: Progress | None = None) -> list[Pace]:
    """What a network would take of a board, pace by pace.

    Raises:
        FoldingError: if the board does not hold the network.
        SettingsError: for bits, input shapes or types of what is converted already, or nothing to interleave.
        NetloomError: of reading and converting it, in all its kinds.
    """
    told = (progress or Progress()).doing
    device = find_board(settings.board).device
    with _converted(prospect) as conversion:
        dataflow = interleaved(conversion.dataflow, settings.interleave)
        found = list(paces(dataflow, device, Search(settings.design_seconds, told)))
    if not found:
        raise FoldingError(
            f"{settings.board} does not hold the network at any pace; use fewer bits or a larger board (netloom boards)"
        )
    return found


@contextmanager
def _converted(prospect: Prospect) -> Iterator[Conversion]:
    if prospect.converted:
        if any(given is not None for given in (prospect.bits, prospect.input_shapes, prospect.input_types)):
            raise SettingsError(
                f"{prospect.source} is converted, with its own bits, input shape and type; leave them out"
            )
        yield find_conversion(prospect.source)
        return
    from netloom.quantize import quantize

    start = prospect.start
    model = start.network.build() if start.network else start.load()
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    random = np.random.default_rng(0)
    samples = [random.uniform(0, 1, (_SAMPLES, *shape)).astype(np.float32) for shape in shapes]
    policy = RunSettings(bits=prospect.bits).policy_for(start.network)
    twin = quantize(model, policy, samples if len(samples) > 1 else samples[0], fine_tune_epochs=0)
    with tempfile.TemporaryDirectory(prefix="netloom-") as folder:
        yield convert(twin, HlsSettings(), Path(folder) / "conversion")


def show_paces(prospect: Prospect, settings: HardwareSettings) -> None:
    """Print the table of paces."""
    with showing("folding") as progress:
        found = outlook(prospect, settings, progress)
        guess = prospect.is_guess
    names = ("interval", "latency", "µs", "samples/s", "LUT", "FF", "DSP", "BRAM", "bitstream in")
    table = Table("", *(Column(name, justify="right", no_wrap=True) for name in names), box=None, pad_edge=False)
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
    whole = measure_renderables(console, console.options.update(width=1000), [table]).maximum
    console.width = max(console.width, whole)
    console.print(table)
    device = find_board(settings.board).device
    typer.echo(
        f"{settings.board} at {clock:g} MHz: {device.lut:,} LUT, {device.ff:,} FF, {device.dsp:,} DSP,"
        f" {device.ram_blocks:,} BRAM; interval and latency in clock cycles; estimates, nothing is synthesized"
    )
    typer.echo(
        "minutes are of the WebAssembly tools on two cores and one placement; a clock that is missed costs"
        " up to three more"
    )
    if device.family is None:
        typer.echo(
            f"block RAM is counted in blocks of {GENERIC_KBIT} kbit: those of {device.name} have {device.bram_kbit}"
        )
    if guess:
        typer.echo("the weights are made up: constants (at short intervals) may take more or less")
    ease = f"within {COMFORTABLE:.0%} of the LUTs and {COMFORTABLE_MINUTES:g} minutes"
    if any(pace.chosen for pace in found):
        typer.echo(f"→ without --target-ii: the fastest {ease}")
    else:
        typer.echo(f"none is {ease}: without --target-ii the smallest is taken")
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
