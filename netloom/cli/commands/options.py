"""The options that commands share: their names, what completes them, their help."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from netloom.hls import HlsSettings
from netloom.quantize.base_settings import Settings
from netloom.quantize.policy import MAX_BITS, MIN_BITS
from netloom.settings import HardwareSettings


def _default(settings: type[Settings], name: str) -> Any:
    """What a setting is if its option is left out."""
    return settings.model_fields[name].default


def network_names() -> list[str]:
    """Of the networks that come with netloom."""
    from netloom.models import networks

    return [network.name for network in networks()]


def task_names() -> list[str]:
    """Of all tasks."""
    from netloom.models.tasks import tasks

    return [task.name for task in tasks()]


def board_names() -> list[str]:
    """Of all boards."""
    from netloom.firmware.board.boards import BOARDS

    return [board.name for board in BOARDS]


def stage_names() -> list[str]:
    """Of all stages, in order."""
    from netloom.pipeline import registry

    return list(registry.names())


def examples(*lines: str) -> str:
    """The end of a command's help."""
    return "[bold]Examples[/]\n\n" + "\n\n".join(f"  {line}" for line in lines)


def _no_store(asked: bool) -> bool:
    if asked:
        os.environ["NETLOOM_STORE"] = "0"
    return asked


Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where it goes; runs/NAME if left out.")
]
Data = Annotated[
    Path | None,
    typer.Option(
        metavar="X.npz",
        help="Your data: x_train, x_test and, if there are targets, y_train, y_test; of a model with several inputs or"
        " outputs an array for each, x_train/NAME, y_train/NAME, by the names of its inputs and output layers.",
    ),
]
InputShape = Annotated[
    list[str] | None,
    typer.Option(
        "--input-shape",
        metavar="H,W,C",
        help="Sizes of an input that your model leaves open, without the batch; once for each input, in order.",
    ),
]
InputType = Annotated[
    list[str] | None,
    typer.Option(
        "--input-type",
        metavar="TYPE",
        help="Of an input's values, such as 'fixed<16,6>', of a quantized ONNX model that has no quantizer there; once"
        " for each input, in order.",
    ),
]
TaskName = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="TASK",
        autocompletion=task_names,
        help=f"What your model is for: {', '.join(task_names())}, or"
        " OUTPUT=TASK,OUTPUT=TASK; else what the targets look like, but for detection: its targets are boxes, (samples,"
        " boxes, 5) of class, top, left, bottom, right, 0 to 1; its outputs (rows, columns, classes + 4).",
    ),
]
BitsOption = Annotated[
    int | None, typer.Option(metavar="N", help=f"Width of weights and activations, {MIN_BITS} to {MAX_BITS} bits.")
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="Widths layer by layer (YAML or JSON), instead of --bits."),
]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Seed of training and fine-tuning.")]
FineTune = Annotated[
    int | None, typer.Option("--fine-tune-epochs", metavar="N", help="Epochs of quantization-aware training.")
]
IoType = Annotated[
    str | None,
    typer.Option(
        "--io-type",
        metavar="TYPE",
        help=f"hls4ml's io_parallel or io_stream; if left out, what a network of netloom's has, else"
        f" {_default(HlsSettings, 'io_type')}.",
    ),
]
Strategy = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help=f"hls4ml's Latency or Resource; {_default(HlsSettings, 'strategy')} if left out."
    ),
]
ReuseFactor = Annotated[
    int | None,
    typer.Option("--reuse-factor", metavar="N", help="Multiplications that share one multiplier, in hls4ml's C++."),
]
Precision = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Types to use instead of the proven ones: {layer: {accum: 'fixed<16,6>'}} (YAML or JSON)."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Do everything anew, and then replace what the directory holds.")]
NoStore = Annotated[
    bool,
    typer.Option("--no-store", callback=_no_store, help="Neither take results of other runs nor leave any."),
]
BoardOption = Annotated[
    str | None,
    typer.Option(
        "--board",
        metavar="BOARD",
        autocompletion=board_names,
        help="Go on to a bitstream for this board (netloom boards).",
    ),
]
ThisBoard = Annotated[
    str,
    typer.Option("--board", metavar="BOARD", autocompletion=board_names, help="Which board (netloom boards)."),
]
Clock = Annotated[
    str | None,
    typer.Option(
        metavar="FREQUENCY",
        help="Of the network on the board: 80MHz; else what a network of netloom's has for its board, or the board.",
    ),
]
TargetInterval = Annotated[
    int | None,
    typer.Option(
        "--target-ii",
        metavar="N",
        help="Clock cycles between samples, at most; else what a network of netloom's has for its board, or the"
        " fastest of ease: netloom plan.",
    ),
]
TargetRate = Annotated[
    float | None, typer.Option("--target-fps", metavar="N", help="Samples a second, at least, instead of --target-ii.")
]
DesignSeconds = Annotated[
    float | None,
    typer.Option(
        "--design-seconds",
        metavar="N",
        help="To look for the folding, then the best found is taken:"
        f" {_default(HardwareSettings, 'design_seconds'):g} unless given.",
    ),
]
Interleave = Annotated[
    int | None,
    typer.Option(
        "--interleave",
        metavar="N",
        help="Sequences that recurrent layers work on in turn, so that none waits for a step.",
    ),
]
Until = Annotated[
    str,
    typer.Option(
        metavar="STAGE",
        autocompletion=stage_names,
        help="End after train (of a network) or load (of a model), quantize, convert or simulate;"
        " with --board design, rtl, synthesize, netlist or bitstream.",
    ),
]
RunDirectory = Annotated[Path, typer.Argument(metavar="DIR", help="Directory of `netloom run` or `netloom convert`.")]
Inputs = Annotated[
    Path,
    typer.Option(
        "--inputs",
        metavar="X.npy",
        help="Samples, shape (N, *input shape); for several inputs an .npz file with an array for each, by its name.",
    ),
]
