"""The command `netloom`, and how it fails. What is slow to import is imported by the command that needs it."""

import signal
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from netloom.cli import doctor, hardware, networks, report, run, simulate, store
from netloom.cli.options import examples
from netloom.common.files import explain
from netloom.common.quiet import debugging, silence_tensorflow
from netloom.errors import NetloomError

_EXIT_ERROR, _EXIT_BUG, _EXIT_INTERRUPTED = 2, 70, 130


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
            raise typer.Exit(_EXIT_INTERRUPTED) from None
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except BrokenPipeError:
            raise typer.Exit(_EXIT_ERROR) from None
        except Exception as error:
            if debugging():
                raise
            _say(f"error: {_told(error)}")
            raise typer.Exit(_EXIT_ERROR if isinstance(error, NetloomError | OSError) else _EXIT_BUG) from None


def _told(error: Exception) -> str:
    """An error in one line."""
    if isinstance(error, OSError):
        return explain(error)
    line = " ".join(str(error).split()) or "no message"
    if isinstance(error, NetloomError):
        return line
    bug = "this is a bug in netloom: please report it, with what NETLOOM_DEBUG=1 shows"
    return f"{type(error).__name__}: {line}; {bug}"


def _say(message: str) -> None:
    """A line on standard error."""
    # A name in a file from elsewhere must not steer the terminal.
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in message)
    typer.echo(f"netloom: {shown}", err=True)


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
        _say("interrupted")
        sys.exit(_EXIT_INTERRUPTED)
