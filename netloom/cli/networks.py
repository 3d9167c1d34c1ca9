"""What the command `networks` does."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from netloom.models import Network, get_network
from netloom.models import networks as registered


def chosen(names: Sequence[str]) -> list[Network]:
    """The networks of these names, in the registry's order; all for none.

    Raises:
        NetworkNotFoundError: if there is none of a name.
    """
    found = [get_network(name) for name in names]
    return [network for network in registered() if network in found or not found]


def list_networks(networks: Sequence[Network]) -> None:
    """List networks: of each what it is for, how long it trains, and where it stands in the review."""
    table = Table.grid(padding=(0, 2))
    for network in networks:
        asked = f"{network.task}, {expectation(network)}, {network.bits} bits, {network.training_seconds} s to train"
        table.add_row(f"[bold]{network.name}[/]", f"{escape(network.title)}: {asked}\n[dim]{escape(network.review)}[/]")
    Console(highlight=False).print(table)


def expectation(network: Network) -> str:
    """What its score is to be, in words."""
    score, value = network.score, network.expected_score
    bound = "≥" if score.better > 0 else "≤"
    number = f"{100 * value:g} %" if score.unit == "%" else f"{value:g} {score.unit}".strip()
    return f"{score.name.replace('_', ' ')} {bound} {number}"


def run_all(networks: Sequence[Network], folder: Path | None, board: bool) -> int:
    """Run networks one after the other, each in a directory of its name; stages that are done already are kept.

    One that fails is told of, and the next one begins.

    Returns:
        1 if any failed or is not as it must be, else 0.
    """
    from netloom.cli import run as cli_run
    from netloom.errors import NetloomError
    from netloom.pipeline import run as pipeline
    from netloom.progress import ConsoleProgress
    from netloom.report.networks_table import faults
    from netloom.settings import RunSettings

    console, failed = Console(highlight=False), []
    for place, network in enumerate(networks, start=1):
        console.print(f"[bold]{network.name}[/], {place} of {len(networks)}: {escape(network.title)}")
        directory = run_directory(network, folder)
        try:
            finished = pipeline.run(
                network.name,
                settings=RunSettings.of(network, board),
                directory=directory,
                progress=ConsoleProgress(),
            )
            cli_run.show(finished.report, directory)
            failed += [f"{network.name}: {fault}" for fault in faults(network, finished.report)]
        except NetloomError as error:
            failed.append(f"{network.name}: {' '.join(str(error).split())}")
            console.print(f"[bold red]{escape(failed[-1])}[/]", soft_wrap=True)
    for line in failed:
        console.print(f"[bold red]✗ {escape(line)}[/]", soft_wrap=True)
    return int(bool(failed))


def write_tables(networks: Sequence[Network], folder: Path | None, path: Path) -> None:
    """Put what the runs of networks came to into a Markdown file; rows of others stay as they are.

    Raises:
        StorageError: if the file cannot be written or has no place for them.
    """
    from netloom.pipeline import rundir
    from netloom.report.networks_table import tables, write_into

    directories = {network: run_directory(network, folder) for network in networks}
    finished = {
        network: directory for network, directory in directories.items() if (directory / rundir.REPORT_JSON).exists()
    }
    kept = write_into(path, tables(finished), [network.name for network in registered()])
    console = Console(highlight=False)
    console.print(f"tables: {escape(str(path))}, {len(finished)} of {len(networks)} networks", soft_wrap=True)
    if kept:
        console.print(f"[yellow]not made anew, as they stood: {', '.join(kept)}[/]", soft_wrap=True)


def run_directory(network: Network, folder: Path | None) -> Path:
    """Where a network's run is: the place that `netloom run` gives it, or in a folder of one's own."""
    from netloom.pipeline import rundir

    return rundir.default_directory(network.name) if folder is None else folder / network.name
