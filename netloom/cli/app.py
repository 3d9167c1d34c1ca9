"""The command `netloom`. Everything slow to import is imported by the command that needs it."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from netloom.common.quiet import debugging, silence_tensorflow
from netloom.errors import NetloomError

EXIT_MISMATCH, EXIT_ERROR, EXIT_BUG, EXIT_INTERRUPTED = 1, 2, 70, 130


class OneLineErrors(TyperGroup):
    """Ends every command that fails with one line and an exit code instead of a traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse arguments that can name nothing."""
        for argument in args:
            if not argument:
                raise typer.BadParameter("an argument is empty; leave it out, or say what it names")
            try:
                argument.encode("utf-8")
            except UnicodeEncodeError:
                raise typer.BadParameter(
                    f"the argument {argument!a} is no text in UTF-8; rename what it names"
                ) from None
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed

    def invoke(self, ctx: Any) -> Any:
        """Run the command; `NETLOOM_DEBUG=1` lets tracebacks through."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _say("interrupted; what is finished is kept, and the same command goes on from there")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except BrokenPipeError:
            raise typer.Exit(EXIT_ERROR) from None
        except NetloomError as error:
            if debugging():
                raise
            _say(f"error: {_line(error)}")
            raise typer.Exit(EXIT_ERROR) from None
        except OSError as error:
            from netloom.common.files import explain

            if debugging():
                raise
            _say(f"error: {explain(error)}")
            raise typer.Exit(EXIT_ERROR) from None
        except Exception as error:
            if debugging():
                raise
            _say(
                f"error: {type(error).__name__}: {_line(error)}; this is a bug in netloom:"
                " please report it, with what NETLOOM_DEBUG=1 shows"
            )
            raise typer.Exit(EXIT_BUG) from None


app = typer.Typer(
    name="netloom",
    cls=OneLineErrors,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _networks() -> list[str]:
    from netloom.models import networks

    return [network.name for network in networks()]


def _tasks() -> list[str]:
    from netloom.models.tasks import tasks

    return [task.name for task in tasks()]


def _boards() -> list[str]:
    from netloom.firmware.board.boards import BOARDS

    return [board.name for board in BOARDS]


def _stages() -> list[str]:
    from netloom.pipeline import registry

    return list(registry.names())


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
TaskName = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="TASK",
        autocompletion=_tasks,
        help="What your model is for: classification, regression, reconstruction, segmentation, multilabel, or"
        " OUTPUT=TASK,OUTPUT=TASK; else what the targets look like.",
    ),
]
BitsOption = Annotated[int | None, typer.Option(metavar="N", help="Width of weights and activations, 2 to 16 bits.")]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="Widths layer by layer (YAML or JSON), instead of --bits."),
]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Seed of training and fine-tuning.")]
FineTune = Annotated[
    int | None, typer.Option("--fine-tune-epochs", metavar="N", help="Epochs of quantization-aware training.")
]
IoType = Annotated[
    str | None, typer.Option("--io-type", metavar="TYPE", help="hls4ml's io_parallel, unless given, or io_stream.")
]
Strategy = Annotated[str | None, typer.Option(metavar="NAME", help="hls4ml's Latency, unless given, or Resource.")]
ReuseFactor = Annotated[
    int | None, typer.Option("--reuse-factor", metavar="N", help="Multiplications that share one multiplier.")
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
        autocompletion=_boards,
        help="Go on to a bitstream for this board (netloom boards).",
    ),
]
Clock = Annotated[str | None, typer.Option(metavar="FREQUENCY", help="Of the network on the board: 80MHz.")]
TargetInterval = Annotated[
    int | None,
    typer.Option(
        "--target-ii",
        metavar="N",
        help="Clock cycles between samples, at most; else the fastest of ease: netloom plan.",
    ),
]
TargetRate = Annotated[
    float | None, typer.Option("--target-fps", metavar="N", help="Samples a second, at least, instead of --target-ii.")
]
DesignSeconds = Annotated[
    float | None,
    typer.Option("--design-seconds", metavar="N", help="To look for the folding; then the best found is taken (60)."),
]
Until = Annotated[
    str,
    typer.Option(
        metavar="STAGE",
        autocompletion=_stages,
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


def _examples(*lines: str) -> str:
    return "[bold]Examples[/]\n\n" + "\n\n".join(f"  {line}" for line in lines)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"netloom {version('netloom')}")
        raise typer.Exit


@app.callback(
    epilog=_examples("netloom run digits", "netloom run mine.keras --data mine.npz --bits 6", "netloom doctor")
)
def netloom(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Deep networks into FPGA fabric: train, quantize, convert with hls4ml, and simulate bit for bit."""
    del version  # its callback did all
    silence_tensorflow()


@app.command(epilog=_examples("netloom store", "netloom store --limit 500MB", "netloom store --clear"))
def store(
    limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Drop what was not used for longest, down to this: 500MB, 2GB.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Drop everything.")] = False,
) -> None:
    """Say what earlier runs have left for later ones, or drop it."""
    from netloom.cli import store as cli_store

    cli_store.store("0" if clear else limit)


@app.command(epilog=_examples("netloom networks"))
def networks() -> None:
    """List the networks that come with netloom."""
    from rich.console import Console
    from rich.table import Table

    from netloom.models import networks as registered

    table = Table("name", "network", "in the review “Deep learning”", "data", "bits", box=None, pad_edge=False)
    for network in registered():
        table.add_row(f"[bold]{network.name}[/]", network.title, network.review, network.dataset, str(network.bits))
    Console(highlight=False).print(table)


@app.command(
    epilog=_examples(
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
            metavar="NAME|MODEL.keras",
            autocompletion=_networks,
            help="A network's name, or your own Keras or QKeras model.",
        ),
    ],
    data: Data = None,
    input_shape: InputShape = None,
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
        bool | None, typer.Option("--csim/--no-csim", help="Compile the firmware and hold it against the simulator.")
    ] = None,
    csim_samples: Annotated[int | None, typer.Option(metavar="N", help="Only so many test samples for csim.")] = None,
    board: BoardOption = None,
    clock: Clock = None,
    target_ii: TargetInterval = None,
    target_fps: TargetRate = None,
    rtl_samples: Annotated[int | None, typer.Option(metavar="N", help="Only so many test samples for rtl.")] = None,
    no_netlist: Annotated[bool, typer.Option("--no-netlist", help="Do not simulate the synthesized netlist.")] = False,
    design_seconds: DesignSeconds = None,
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
        hardware=cli_run.hardware(
            board,
            clock,
            target_ii,
            target_fps,
            rtl_samples=rtl_samples,
            netlist_samples=0 if no_netlist else None,
            design_seconds=design_seconds,
        ),
    )
    raise typer.Exit(cli_run.run(model, data, cli_run.input_shapes(input_shape), settings, output, until, force))


@app.command(
    epilog=_examples(
        "netloom convert qkeras_model.keras -o converted",
        "netloom convert float_model.keras --data mine.npz --bits 6 -o six_bits",
    )
)
def convert(
    model: Annotated[Path, typer.Argument(metavar="MODEL.keras", help="Your Keras or QKeras model.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where it goes.")],
    data: Data = None,
    input_shape: InputShape = None,
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
    """Convert your own model to firmware.

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
    cli_run.convert(model, data, cli_run.input_shapes(input_shape), settings, output, force)


@app.command(
    epilog=_examples(
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
    engine: Annotated[
        str, typer.Option(metavar="NAME", help="float, quantized, fixed, csim, rtl or netlist.")
    ] = "fixed",
    trace: Annotated[Path | None, typer.Option(metavar="T.npz", help="Also write every layer's output.")] = None,
) -> None:
    """Run one engine on your own samples.

    Inputs off the hardware's input grid are rounded to it, as the hardware does, and you are told how many were.
    """
    from netloom.cli import simulate as cli_simulate

    cli_simulate.simulate(directory, engine, inputs, output, trace)


@app.command(
    epilog=_examples(
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
        str, typer.Option(metavar="NAME", help="csim; with hardware in the directory rtl or netlist.")
    ] = "csim",
    task: TaskName = None,
) -> None:
    """Hold the simulator against the compiled firmware or the hardware, layer by layer; exit code 1 if any differs."""
    from netloom.cli import simulate as cli_simulate

    raise typer.Exit(cli_simulate.crosscheck(directory, inputs, labels, engine, task))


@app.command(epilog=_examples("netloom report runs/digits", "netloom report --schema > report.schema.json"))
def report(
    directory: Annotated[Path | None, typer.Argument(metavar="DIR", help="Directory of `netloom run`.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of report.json instead.")] = False,
) -> None:
    """Make report.json and report.html of a run anew."""
    from netloom.cli import run as cli_run

    if schema:
        typer.echo(cli_run.schema())
    elif directory is None:
        raise typer.BadParameter("give the directory of a run, or --schema")
    else:
        cli_run.report(directory)


@app.command(
    epilog=_examples(
        "netloom compare runs/jets runs/jets6 runs/jets4 --html jets.html",
        "netloom compare runs/digits --fail-if 'accuracy<0.97' --fail-if 'mismatches>0'",
    )
)
def compare(
    directories: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Directories of `netloom run`.")],
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-if",
            metavar="CONDITION",
            help="Exit code 1 if it holds: 'accuracy<0.97', 'mean_iou.float<0.6'. Repeatable.",
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also as a page with the main score against latency.")
    ] = None,
    png: Annotated[
        Path | None, typer.Option("--png", metavar="FILE", help="The main score against latency alone.")
    ] = None,
) -> None:
    """Put reports side by side, and hold them to conditions in continuous integration."""
    from netloom.cli import compare as cli_compare

    raise typer.Exit(cli_compare.compare(directories, fail_if or [], html, png))


@app.command(epilog=_examples("netloom boards"))
def boards() -> None:
    """List the boards, and what their parts hold."""
    from netloom.cli import hardware as cli_hardware

    cli_hardware.boards()


@app.command(epilog=_examples("netloom plan runs/jets --board ULX3S-25F", "netloom plan lenet --board ULX3S-85F"))
def plan(
    source: Annotated[
        str, typer.Argument(metavar="DIR|MODEL.keras|NAME", help="A run, a converted network, a model, or a name.")
    ],
    board: Annotated[
        str,
        typer.Option("--board", metavar="BOARD", autocompletion=_boards, help="What to plan for (netloom boards)."),
    ],
    clock: Clock = None,
    bits: BitsOption = None,
    input_shape: InputShape = None,
    design_seconds: DesignSeconds = None,
) -> None:
    """Show what a network would take of a board at several paces, and how long a bitstream would take to make.

    In seconds: nothing is trained or synthesized. A float model is quantized on random samples for it.
    """
    from netloom.cli import plan as cli_plan
    from netloom.cli import run as cli_run

    settings = cli_run.hardware(board, clock, None, None, design_seconds=design_seconds)
    assert settings is not None  # there is a board
    cli_plan.plan(source, settings, bits, cli_run.input_shapes(input_shape))


@app.command(
    epilog=_examples(
        "netloom build runs/jets --board ULX3S-25F --clock 100MHz",
        "netloom build converted --board iCEBreaker --target-fps 10000",
    )
)
def build(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Directory of `netloom run`, `netloom convert`, or of a design.")
    ],
    board: Annotated[
        str,
        typer.Option("--board", metavar="BOARD", autocompletion=_boards, help="What to build for (netloom boards)."),
    ],
    clock: Clock = None,
    target_ii: TargetInterval = None,
    target_fps: TargetRate = None,
    design_seconds: DesignSeconds = None,
) -> None:
    """Make a bitstream of what is converted already; exit code 1 if the clock is missed.

    For a board that needs its vendor's tool: the design for that tool.
    """
    from netloom.cli import hardware as cli_hardware
    from netloom.cli import run as cli_run

    settings = cli_run.hardware(board, clock, target_ii, target_fps, design_seconds=design_seconds)
    assert settings is not None  # there is a board
    raise typer.Exit(cli_hardware.build(directory, settings))


@app.command(
    epilog=_examples("netloom emulate runs/digits", "netloom emulate runs/digits --inputs x.npy -o y.npy"),
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
    cli_hardware.emulate(directory, inputs, output)


@app.command(epilog=_examples("netloom flash runs/digits", "netloom flash runs/digits --permanent"))
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

    cli_hardware.flash(directory, board, permanent)


@app.command(epilog=_examples("netloom doctor"))
def doctor() -> None:
    """Say what is installed, what is missing, and how to get it; exit code 1 if something needed is missing."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from netloom.cli.doctor import examine

    marks = {"good": "[green]✓[/]", "advice": "[yellow]![/]", "missing": "[red]✗[/]"}
    findings = examine()
    table = Table("", "", "found", "what to do", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(marks[finding.status], finding.name, escape(finding.found), escape(finding.advice))
    Console(highlight=False).print(table)
    raise typer.Exit(int(any(finding.status == "missing" for finding in findings)))


def main() -> None:
    """The entry point of the `netloom` command."""
    # As Ctrl-C, so that tools at work are stopped and nothing half-written stays.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        app(prog_name="netloom")
    except KeyboardInterrupt:
        _say("interrupted")
        sys.exit(EXIT_INTERRUPTED)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or "no message"


def _say(message: str) -> None:
    # A name in a file from elsewhere must not steer the terminal.
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in message)
    typer.echo(f"netloom: {shown}", err=True)
