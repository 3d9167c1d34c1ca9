"""`OneLineErrors`: how a command fails."""

from typing import Any

import typer
from typer.core import TyperGroup

from netloom.common.files import explain
from netloom.common.quiet import debugging
from netloom.errors import NetloomError

EXIT_ERROR, EXIT_BUG, EXIT_INTERRUPTED = 2, 70, 130


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
            say("interrupted; what is finished is kept, and the same command goes on from there")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except BrokenPipeError:
            raise typer.Exit(EXIT_ERROR) from None
        except Exception as error:
            if debugging():
                raise
            say(f"error: {_told(error)}")
            raise typer.Exit(EXIT_ERROR if isinstance(error, NetloomError | OSError) else EXIT_BUG) from None


def _told(error: Exception) -> str:
    """An error in one line."""
    if isinstance(error, OSError):
        return explain(error)
    line = " ".join(str(error).split()) or "no message"
    if isinstance(error, NetloomError):
        return line
    bug = "this is a bug in netloom: please report it, with what NETLOOM_DEBUG=1 shows"
    return f"{type(error).__name__}: {line}; {bug}"


def say(message: str) -> None:
    """A line on standard error."""
    # A name in a file from elsewhere must not steer the terminal.
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in message)
    typer.echo(f"netloom: {shown}", err=True)
