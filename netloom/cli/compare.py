"""What the command `compare` does."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from netloom.common.files import replacing, storage_errors, write_text
from netloom.errors import SettingsError, StorageError
from netloom.metrics import Condition
from netloom.pipeline import rundir
from netloom.pipeline.run import read_report
from netloom.report.comparison import Compared, named, page, png, rows
from netloom.report.schema import Report


def compare_runs(directories: Sequence[Path], fail_if: Sequence[str], html: Path | None, picture: Path | None) -> int:
    """Show reports side by side; the exit code is 1 if any condition holds for any of them.

    Raises:
        SettingsError: for a condition that cannot be read, or that asks for a number a report lacks.
        StorageError: if a report is missing or damaged, or a file cannot be written.
    """
    conditions = [Condition.parse(text) for text in fail_if]
    compared = named(directories, [_report(directory) for directory in directories])
    verdicts = [
        (str(condition), one.name, condition.holds(one.report, one.name))
        for condition in conditions
        for one in compared
    ]
    console = Console(highlight=False)
    console.print(_table(compared))
    if html is not None:
        write_text(html, page(compared, verdicts))
        console.print(f"page: {escape(str(html))}", soft_wrap=True)
    if picture is not None:
        _write_picture(picture, compared)
        console.print(f"plot: {escape(str(picture))}", soft_wrap=True)
    for condition, name, failed in verdicts:
        mark, style, negation = ("✗", "bold red", "") if failed else ("✓", "green", "not ")
        console.print(f"[{style}]{mark} {escape(name)}: {negation}{escape(condition)}[/]", soft_wrap=True)
    return int(any(failed for _, _, failed in verdicts))


def _report(path: Path) -> Report:
    """The report in a run directory, or of the file itself."""
    if path.name == rundir.REPORT_JSON:
        path = path.parent
    if not path.is_dir():
        raise StorageError(f"there is no directory {path}; netloom run makes one, with a report in it")
    return read_report(path)


def _table(compared: Sequence[Compared]) -> Table:
    table = Table(Column("metric", no_wrap=True), box=None, pad_edge=False)
    for one in compared:
        table.add_column(escape(one.name), justify="right", overflow="fold")
    for row in rows(compared):
        cells = [
            f"[bold green]{escape(cell)}[/]" if best else escape(cell) or "-"
            for cell, best in zip(row.cells, row.best, strict=True)
        ]
        table.add_row(row.metric.name, *cells)
    return table


def _write_picture(path: Path, compared: Sequence[Compared]) -> None:
    drawn = png(compared)
    if drawn is None:
        raise SettingsError("there is nothing to plot: none of the reports has a score of its task")
    with storage_errors(f"cannot write {path}"), replacing(path) as temporary:
        temporary.write_bytes(drawn)
