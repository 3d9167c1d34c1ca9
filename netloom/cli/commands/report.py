"""The commands that are about reports."""

from pathlib import Path
from typing import Annotated

import typer

from netloom.cli.commands.options import examples

report_app = typer.Typer(rich_markup_mode="rich")


@report_app.command(epilog=examples("netloom report runs/digits", "netloom report --schema > report.schema.json"))
def report(
    directory: Annotated[Path | None, typer.Argument(metavar="DIR", help="Directory of `netloom run`.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of report.json instead.")] = False,
) -> None:
    """Make report.json and report.html of a run anew."""
    from netloom.cli import run as cli_run

    if schema and directory is not None:
        raise typer.BadParameter("give the directory of a run, or --schema, not both")
    if schema:
        typer.echo(cli_run.schema())
    elif directory is None:
        raise typer.BadParameter("give the directory of a run, or --schema")
    else:
        cli_run.report(directory)


@report_app.command(
    epilog=examples(
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

    raise typer.Exit(cli_compare.compare_runs(directories, fail_if or [], html, png))
