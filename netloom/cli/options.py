"""The options that commands share: their names, what completes them, their help, and the settings they come to."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import typer

from netloom.cli.settings_file import read_settings_file
from netloom.errors import SettingsError
from netloom.firmware.board.boards import BOARDS
from netloom.firmware.map.folding.effort import SEARCH_SECONDS
from netloom.hls import HlsSettings
from netloom.models import networks
from netloom.models.tasks import tasks
from netloom.pipeline import registry
from netloom.quantize.base_settings import Settings
from netloom.quantize.policy import MAX_BITS, MIN_BITS, Policy
from netloom.settings import HardwareSettings, RunSettings

_Function = TypeVar("_Function", bound=Callable[..., Any])

_CLOCK_UNITS = {"": 1.0, "hz": 1e-6, "khz": 1e-3, "mhz": 1.0, "ghz": 1e3}


def network_names() -> list[str]:
    """Of the networks that come with netloom."""
    return [network.name for network in networks()]


def _task_names() -> list[str]:
    return [task.name for task in tasks()]


def _board_names() -> list[str]:
    return [board.name for board in BOARDS]


def examples(*lines: str) -> str:
    """The end of a command's help."""
    return "[bold]Examples[/]\n\n" + "\n\n".join(f"  {line}" for line in lines)


def command(app: typer.Typer, *lines: str) -> Callable[[_Function], _Function]:
    """Make a function a command of `app`, with these examples at the end of its help."""
    return app.command(epilog=examples(*lines))


def _forget_store(asked: bool) -> None:
    if asked:
        os.environ["NETLOOM_STORE"] = "0"


OUTPUT = typer.Option("-o", "--output", metavar="DIR", help="Where it goes; runs/NAME if left out.")
DATA_FILE = typer.Option(
    metavar="X.npz",
    help="Your data: x_train, x_test and, if there are targets, y_train, y_test; of a model with several inputs or"
    " outputs an array for each, x_train/NAME, y_train/NAME, by the names of its inputs and output layers.",
)
INPUT_SHAPE = typer.Option(
    metavar="H,W,C",
    help="Sizes of an input that your model leaves open, without the batch; once for each input, in order.",
)
INPUT_TYPE = typer.Option(
    metavar="TYPE",
    help="Of an input's values, such as 'fixed<16,6>', of a quantized ONNX model that has no quantizer there; once"
    " for each input, in order.",
)
TASK = typer.Option(
    metavar="TASK",
    autocompletion=_task_names,
    help=f"What your model is for: {', '.join(_task_names())}, or"
    " OUTPUT=TASK,OUTPUT=TASK; else what the targets look like, but for detection: its targets are boxes, (samples,"
    " boxes, 5) of class, top, left, bottom, right, 0 to 1; its outputs (rows, columns, classes + 4).",
)
BITS = typer.Option(metavar="N", help=f"Width of weights and activations, {MIN_BITS} to {MAX_BITS} bits.")
POLICY = typer.Option(metavar="FILE", help="Widths layer by layer (YAML or JSON), instead of --bits.")
SEED = typer.Option(metavar="N", help="Seed of training and fine-tuning.")
FINE_TUNE_EPOCHS = typer.Option(metavar="N", help="Epochs of quantization-aware training.")
IO_TYPE = typer.Option(
    metavar="TYPE",
    help=f"hls4ml's io_parallel or io_stream; if left out, what a network of netloom's has, else"
    f" {HlsSettings().io_type}.",
)
STRATEGY = typer.Option(metavar="NAME", help=f"hls4ml's Latency or Resource; {HlsSettings().strategy} if left out.")
REUSE_FACTOR = typer.Option(metavar="N", help="Multiplications that share one multiplier, in hls4ml's C++.")
PRECISION = typer.Option(
    metavar="FILE", help="Types to use instead of the proven ones: {layer: {accum: 'fixed<16,6>'}} (YAML or JSON)."
)
FORCE = typer.Option("--force", help="Do everything anew, and then replace what the directory holds.")
NO_STORE = typer.Option("--no-store", callback=_forget_store, help="Neither take results of other runs nor leave any.")
BOARD_TOO = typer.Option(
    metavar="BOARD", autocompletion=_board_names, help="Go on to a bitstream for this board (netloom boards)."
)
BOARD = typer.Option(metavar="BOARD", autocompletion=_board_names, help="Which board (netloom boards).")
CLOCK = typer.Option(
    metavar="FREQUENCY",
    help="Of the network on the board: 80MHz; else what a network of netloom's has for its board, or the board.",
)
TARGET_II = typer.Option(
    metavar="N",
    help="Clock cycles between samples, at most; else what a network of netloom's has for its board, or the"
    " fastest of ease: netloom plan.",
)
TARGET_FPS = typer.Option(metavar="N", help="Samples a second, at least, instead of --target-ii.")
DESIGN_SECONDS = typer.Option(
    metavar="N", help=f"To look for the folding, then the best found is taken: {SEARCH_SECONDS:g} unless given."
)
INTERLEAVE = typer.Option(
    metavar="N", help="Sequences that recurrent layers work on in turn, so that none waits for a step."
)
UNTIL = typer.Option(
    metavar="STAGE",
    autocompletion=lambda: list(registry.names()),
    help="End after train (of a network) or load (of a model), quantize, convert or simulate;"
    " with --board design, rtl, synthesize, netlist or bitstream.",
)
RUN_DIRECTORY = typer.Argument(metavar="DIR", help="Directory of `netloom run` or `netloom convert`.")
SAMPLES_HELP = "Samples, shape (N, *input shape); for several inputs an .npz file with an array for each, by its name"
INPUTS = typer.Option(metavar="X.npy", help=f"{SAMPLES_HELP}.")


def input_shapes(texts: list[str] | None) -> list[tuple[int, ...]] | None:
    """Shapes from the command line, `28,28,1` each; None without any.

    Raises:
        SettingsError: if one is no list of sizes.
    """
    for text in texts or ():
        if not re.fullmatch(r"[1-9]\d{0,6}([,x][1-9]\d{0,6})*", text):
            raise SettingsError(f"--input-shape {text!r} must be sizes, without that of the batch, such as 28,28,1")
    return [tuple(map(int, re.split("[,x]", text))) for text in texts] if texts else None


def parse_clock(text: str) -> float:
    """A frequency in MHz: '80MHz', '12.5 mhz', '80e6Hz', or a plain number of MHz.

    Raises:
        SettingsError: if it is none.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?(?:e[-+]?\d+)?)\s*([a-z]*)\s*", text.lower())
    if match is None or match[2] not in _CLOCK_UNITS:
        raise SettingsError(f"clock {text!r} must be a frequency, such as 80MHz")
    return float(match[1]) * _CLOCK_UNITS[match[2]]


def _given(kind: type[Settings], options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a kind among a command's options; of what was left out the default stands in the settings."""
    return {name: options[name] for name in kind.model_fields if options.get(name) is not None}


def hardware_values(options: Mapping[str, Any]) -> dict[str, Any]:
    """What a command's options say of `HardwareSettings`."""
    clock = options.get("clock")
    return _given(HardwareSettings, {**options, "clock_mhz": None if clock is None else parse_clock(clock)})


def run_settings(options: Mapping[str, Any]) -> RunSettings:
    """What a command's options say of a run, by their names.

    Raises:
        SettingsError: for a value out of range, or settings of a board without one.
        StorageError: if a file of settings cannot be read.
    """
    precision, policy = options["precision"], options["policy"]
    hls = HlsSettings(**_given(HlsSettings, {**options, "precision": precision and read_settings_file(precision)}))
    values = hardware_values(options)
    if values and "board" not in values:
        raise SettingsError(f"{', '.join(values)}: these are for hardware; give --board too (netloom boards)")
    hardware = HardwareSettings(**values) if values else None
    widths = policy and Policy(**read_settings_file(policy))
    return RunSettings(**_given(RunSettings, {**options, "policy": widths, "hls": hls, "hardware": hardware}))
