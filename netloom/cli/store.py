"""The command `store`."""

import re
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from netloom.cli.options import command
from netloom.common.store import Store
from netloom.errors import SettingsError
from netloom.pipeline import registry

_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}

app = typer.Typer()


@command(app, "netloom store", "netloom store --limit 500MB", "netloom store --clear")
def store(
    limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Drop what was not used for longest, down to this: 500MB, 2GB.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Drop everything.")] = False,
) -> None:
    """Say what earlier runs have left for later ones, or drop it."""
    if clear and limit is not None:
        raise typer.BadParameter("give --limit or --clear, not both: --clear drops everything")
    kept = Store.open()
    if clear or limit is not None:
        kept.trim(0 if limit is None else _bytes(limit))
    entries = kept.entries()
    numbers = (Column(name, justify="right") for name in ("entries", "MB", "last used", "longest unused"))
    table = Table("stage", *numbers, box=None, pad_edge=False)
    stages = {entry.stage for entry in entries}
    for stage in [*(name for name in registry.names() if name in stages), *sorted(stages - {*registry.names()})]:
        of_it = [entry for entry in entries if entry.stage == stage]
        size = sum(entry.size for entry in of_it)
        table.add_row(stage, str(len(of_it)), f"{size / 1e6:.1f}", _age(of_it[0].used), _age(of_it[-1].used))
    if entries:
        Console(highlight=False).print(table)
    total = sum(entry.size for entry in entries)
    typer.echo(f"{len(entries)} results, {total / 1e6:.1f} of at most {kept.limit / 1e6:,.0f} MB, in {kept.folder}")


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]B|)", text.strip().upper())
    if match is None:
        raise SettingsError(f"limit {text!r} must be a size, such as 500MB")
    return int(float(match[1]) * _UNITS[match[2]])


def _age(used: float) -> str:
    """How long ago, in words."""
    seconds = max(0, time.time() - used)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return "now"
