"""What the command `store` does."""

import re

import typer
from rich.console import Console
from rich.table import Table

from netloom.common.store import Store, age
from netloom.errors import SettingsError
from netloom.pipeline import registry

_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def store(limit: str | None) -> None:
    """Show the store by stage; trimmed before that, if there is a limit.

    Raises:
        SettingsError: if the limit is no size.
    """
    kept = Store.open()
    if limit is not None:
        kept.trim(_bytes(limit))
    entries = kept.entries()
    table = Table("stage", box=None, pad_edge=False)
    for name in ("entries", "MB", "last used", "longest unused"):
        table.add_column(name, justify="right")
    stages = {entry.stage for entry in entries}
    for stage in [*(name for name in registry.names() if name in stages), *sorted(stages - {*registry.names()})]:
        of_it = [entry for entry in entries if entry.stage == stage]
        size = sum(entry.size for entry in of_it)
        table.add_row(stage, str(len(of_it)), f"{size / 1e6:.1f}", age(of_it[0].used), age(of_it[-1].used))
    if entries:
        Console(highlight=False).print(table)
    total = sum(entry.size for entry in entries)
    typer.echo(f"{len(entries)} results, {total / 1e6:.1f} of at most {kept.limit / 1e6:,.0f} MB, in {kept.folder}")


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]B|)", text.strip().upper())
    if match is None:
        raise SettingsError(f"limit {text!r} must be a size, such as 500MB")
    return int(float(match[1]) * _UNITS[match[2]])
