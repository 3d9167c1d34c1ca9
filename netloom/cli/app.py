"""The command `netloom`. Everything slow to import is imported by the command that needs it."""

import signal
import sys
from typing import Annotated

import typer

from netloom.cli import doctor, hardware, networks, report, run, simulate, store
from netloom.cli.failing import EXIT_INTERRUPTED, OneLineErrors, say
from netloom.cli.options import examples
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
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Deep networks into FPGA fabric: train, quantize, convert with hls4ml, and simulate bit for bit."""
    silence_tensorflow()


for commands in (store, networks, run, doctor, report, simulate, hardware):
    app.add_typer(commands.app)


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
