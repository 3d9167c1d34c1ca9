"""The commands `report` and `compare`, and how a report is shown."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from netloom.cli.options import command
from netloom.common.files import replacing, storage_errors, write_text
from netloom.errors import SettingsError, StorageError
from netloom.metrics import Condition, why_no_score
from netloom.pipeline import run as pipeline
from netloom.pipeline import rundir
from netloom.progress import ConsoleProgress
from netloom.report.schema import HardwareRecord, Report, ResourceRecord

app = typer.Typer()


@command(app, "netloom report runs/digits", "netloom report --schema > report.schema.json")
def report(
    directory: Annotated[Path | None, typer.Argument(metavar="DIR", help="Directory of `netloom run`.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of report.json instead.")] = False,
) -> None:
    """Make report.json and report.html of a run anew."""
    if schema and directory is not None:
        raise typer.BadParameter("give the directory of a run, or --schema, not both")
    if schema:
        typer.echo(json.dumps(Report.model_json_schema(), indent=2))
    elif directory is None:
        raise typer.BadParameter("give the directory of a run, or --schema")
    else:
        show(pipeline.write_report(directory, ConsoleProgress()), directory)


@command(
    app,
    "netloom compare runs/jets runs/jets6 runs/jets4 --html jets.html",
    "netloom compare runs/digits --fail-if 'accuracy<0.97' --fail-if 'mismatches>0'",
)
def compare(
    directories: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Directories of `netloom run`.")],
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION", help="Exit code 1 if it holds: 'accuracy<0.97', 'mean_iou.float<0.6'. Repeatable."
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also as a page with the main score against latency.")
    ] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="The main score against latency alone.")] = None,
) -> None:
    """Put reports side by side, and hold them to conditions in continuous integration."""
    from netloom.report import comparison

    conditions = [Condition.parse(text) for text in fail_if or ()]
    compared = comparison.named(directories, [_read(directory) for directory in directories])
    verdicts = [
        (str(condition), one.name, condition.holds(one.report, one.name))
        for condition in conditions
        for one in compared
    ]
    table = Table(Column("metric", no_wrap=True), box=None, pad_edge=False)
    for one in compared:
        table.add_column(escape(one.name), justify="right", overflow="fold")
    for row in comparison.rows(compared):
        cells = zip(row.cells, row.best, strict=True)
        marked = (f"[bold green]{escape(cell)}[/]" if best else escape(cell) or "-" for cell, best in cells)
        table.add_row(row.metric.name, *marked)
    console = Console(highlight=False)
    console.print(table)
    if html is not None:
        write_text(html, comparison.page(compared, verdicts))
        console.print(f"page: {escape(str(html))}", soft_wrap=True)
    if png is not None:
        drawn = comparison.png(compared)
        if drawn is None:
            raise SettingsError("there is nothing to plot: none of the reports has a score of its task")
        with storage_errors(f"cannot write {png}"), replacing(png) as temporary:
            temporary.write_bytes(drawn)
        console.print(f"plot: {escape(str(png))}", soft_wrap=True)
    for text, name, failed in verdicts:
        mark, style, negation = ("✗", "bold red", "") if failed else ("✓", "green", "not ")
        console.print(f"[{style}]{mark} {escape(name)}: {negation}{escape(text)}[/]", soft_wrap=True)
    raise typer.Exit(int(any(failed for *_, failed in verdicts)))


def _read(path: Path) -> Report:
    """The report in a run directory, or of the file itself."""
    if path.name == rundir.REPORT_JSON:
        path = path.parent
    if not path.is_dir():
        raise StorageError(f"there is no directory {path}; netloom run makes one, with a report in it")
    return pipeline.read_report(path)


def show(report: Report, directory: Path) -> int:
    """Print a report's essence; 1 if engines differ that must not, or the clock is missed, else 0."""
    from netloom.report.html import ladders, verdict

    console = Console(highlight=False)
    if report.task.guessed:
        console.print(f"task: {escape(report.task.name)}, from what the targets look like; --task says another")
    shown = ladders(report)
    for ladder in shown:
        if len(shown) > 1 or ladder.unit != "%":
            console.print(f"  [bold]{escape(ladder.title.removesuffix(', step by step'))}[/]")
        for rung in ladder.rungs:
            console.print(
                f"  {rung.engine:<10} {ladder.value(rung):>6} {ladder.unit or ' '} {ladder.difference(rung):>14}"
            )
    result = verdict(report.fidelity)
    style = {True: "bold green", False: "bold red", None: "yellow"}[result.equal]
    console.print(f"[{style}]{escape(result.sentence)}[/]", soft_wrap=True)
    for line in report.network.host:
        console.print(escape(line), soft_wrap=True)
    if not report.scores:
        console.print(f"[yellow]no {report.task.scores[0].name}: {escape(why_no_score(report))}[/]", soft_wrap=True)
    missed = False
    if report.hardware is not None:
        missed = report.hardware.timing_met is False
        for line in _hardware_lines(report.hardware):
            console.print(f"[bold red]{escape(line)}[/]" if missed else escape(line), soft_wrap=True)
        if report.hardware.bitstream is not None:
            console.print(f"bitstream: {escape(str(directory / report.hardware.bitstream))}", soft_wrap=True)
    console.print(f"report: {escape(str(directory / rundir.REPORT_HTML))}", soft_wrap=True)
    return int(result.equal is False or missed)


def _hardware_lines(hardware: HardwareRecord) -> list[str]:
    """What came out on the board, in two lines; as predicted, as far as it has not been found yet."""
    from netloom.report.templates import brief

    clock = f"{hardware.clock_mhz:g} MHz asked for"
    if hardware.timing_met is not None:
        clock = f"{hardware.clock_mhz:g} MHz {'met' if hardware.timing_met else 'missed'}"
        clock += f" ({hardware.clock_limit_mhz:.1f} possible)"
    counted = hardware.latency is not None
    latency = hardware.latency or hardware.predicted_latency
    interval = hardware.interval or hardware.predicted_interval
    use = ", ".join(f"{_taken(one)} of {one.available:,} {one.name}" for one in hardware.resources)
    return [
        f"{hardware.board}: {clock}, latency {'' if counted else 'predicted '}{latency:,} cycles ="
        f" {brief(latency / hardware.clock_mhz)} µs, a sample every {interval:,} cycles ="
        f" {1e6 * hardware.clock_mhz / interval:,.0f} a second",
        f"{hardware.device}: {use}",
    ]


def _taken(resource: ResourceRecord) -> str:
    """What the bitstream takes of a resource, or before there is one the network."""
    if resource.used is not None:
        return f"{resource.used:,}"
    return f"about {resource.estimated:,}" if resource.network is None else f"{resource.network:,} without host link"
