"""The command `networks`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from netloom.cli.options import NO_STORE, command, network_names
from netloom.cli.report import show
from netloom.errors import NetloomError
from netloom.models import Network, get_network
from netloom.models import networks as registered
from netloom.pipeline import run as pipeline
from netloom.pipeline import rundir
from netloom.progress import ConsoleProgress
from netloom.settings import RunSettings

app = typer.Typer()


@command(
    app,
    "netloom networks",
    "netloom networks --run --markdown README.md",
    "netloom networks lenet jets --run --no-board -o runs/nightly",
)
def networks(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", autocompletion=network_names, help="Only these; all if left out."),
    ] = None,
    run: Annotated[
        bool, typer.Option("--run", help="Run each as it is meant to be run, to its board; what is done is kept.")
    ] = False,
    no_board: Annotated[bool, typer.Option("--no-board", help="Run them no further than to the simulator.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where the runs are, one directory each; runs if left out."),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Put what the runs came to into this file, as tables; without --run as earlier runs left it.",
        ),
    ] = None,
    _no_store: Annotated[bool, NO_STORE] = False,
) -> None:
    """List the networks that come with netloom, or run them all and make the tables of what came out."""
    if (no_board and not run) or (output and not run and not markdown):
        raise typer.BadParameter("--no-board goes with --run, and -o with --run or --markdown")
    found = [get_network(name) for name in names or ()]
    chosen = [network for network in registered() if network in found or not found]
    directories = {one: output / one.name if output else rundir.default_directory(one.name) for one in chosen}
    code = _run_all(directories, not no_board) if run else 0
    if markdown is not None:
        _write_tables(directories, markdown)
    if not run and markdown is None:
        table = Table.grid(padding=(0, 2))
        for network in chosen:
            asked = f"{network.task}, {_expectation(network)}, {network.bits} bits"
            told = f"{escape(network.title)}: {asked}, {network.training_seconds} s to train"
            table.add_row(f"[bold]{network.name}[/]", f"{told}\n[dim]{escape(network.review)}[/]")
        Console(highlight=False).print(table)
    raise typer.Exit(code)


def _expectation(network: Network) -> str:
    """What its score is to be, in words."""
    score, value = network.score, network.expected_score
    bound = "≥" if score.better > 0 else "≤"
    number = f"{100 * value:g} %" if score.unit == "%" else f"{value:g} {score.unit}".strip()
    return f"{score.name.replace('_', ' ')} {bound} {number}"


def _run_all(directories: Mapping[Network, Path], board: bool) -> int:
    """Run networks, each in its directory, the next one also if one fails; 1 if any is not as it must be, else 0."""
    from netloom.report.networks_table import faults

    console, failed = Console(highlight=False), []
    for place, (network, directory) in enumerate(directories.items(), start=1):
        console.print(f"[bold]{network.name}[/], {place} of {len(directories)}: {escape(network.title)}")
        try:
            finished = pipeline.run(
                network.name, settings=RunSettings.of(network, board), directory=directory, progress=ConsoleProgress()
            )
            show(finished.report, directory)
            failed += [f"{network.name}: {fault}" for fault in faults(network, finished.report)]
        except NetloomError as error:
            failed.append(f"{network.name}: {' '.join(str(error).split())}")
            console.print(f"[bold red]{escape(failed[-1])}[/]", soft_wrap=True)
    for line in failed:
        console.print(f"[bold red]✗ {escape(line)}[/]", soft_wrap=True)
    return int(bool(failed))


def _write_tables(directories: Mapping[Network, Path], path: Path) -> None:
    """Put what the runs of networks came to into a Markdown file; rows of others stay as they are."""
    from netloom.report.networks_table import tables, write_into

    finished = {
        network: directory for network, directory in directories.items() if (directory / rundir.REPORT_JSON).exists()
    }
    kept = write_into(path, tables(finished), [network.name for network in registered()])
    console = Console(highlight=False)
    console.print(f"tables: {escape(str(path))}, {len(finished)} of {len(directories)} networks", soft_wrap=True)
    if kept:
        console.print(f"[yellow]not made anew, as they stood: {', '.join(kept)}[/]", soft_wrap=True)
