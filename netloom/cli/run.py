"""What the commands `run`, `convert` and `report` do."""

import json
import re
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from netloom.cli.settings_file import read_settings_file
from netloom.errors import SettingsError
from netloom.hls import Conversion, HlsSettings
from netloom.metrics import why_no_score
from netloom.pipeline import run as pipeline
from netloom.pipeline import rundir
from netloom.progress import ConsoleProgress
from netloom.quantize.policy import Policy
from netloom.report.html import ladders, verdict
from netloom.report.schema import HardwareRecord, Report, ResourceRecord
from netloom.report.templates import brief
from netloom.settings import HardwareSettings, RunSettings

_UNITS = {"": 1.0, "hz": 1e-6, "khz": 1e-3, "mhz": 1.0, "ghz": 1e3}


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """Without what was left out: its default stands in the settings alone."""
    return {name: value for name, value in values.items() if value is not None}


def hls(io_type: str | None, strategy: str | None, reuse_factor: int | None, precision: Path | None) -> HlsSettings:
    """The conversion's settings from the command line."""
    types = read_settings_file(precision) if precision else None
    values = {"io_type": io_type, "strategy": strategy, "reuse_factor": reuse_factor, "precision": types}
    return HlsSettings.model_validate(_given(values))


def settings(policy: Path | None, **values: Any) -> RunSettings:
    """The run's settings from the command line."""
    return RunSettings(policy=Policy(**read_settings_file(policy)) if policy else None, **_given(values))


def hardware(
    board: str | None, clock: str | None, target_ii: int | None, target_fps: float | None, **more: Any
) -> HardwareSettings | None:
    """The way to a board from the command line; None without one.

    Raises:
        SettingsError: for a value out of range, or settings of a board without one.
    """
    values = {
        "clock_mhz": None if clock is None else parse_clock(clock),
        "target_ii": target_ii,
        "target_fps": target_fps,
        **more,
    }
    given = _given(values)
    if board is None:
        if given:
            raise SettingsError(f"{', '.join(given)}: these are for hardware; give --board too (netloom boards)")
        return None
    return HardwareSettings(board=board, **given)


def parse_clock(text: str) -> float:
    """A frequency in MHz: '80MHz', '12.5 mhz', '80e6Hz', or a plain number of MHz.

    Raises:
        SettingsError: if it is none.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?(?:e[-+]?\d+)?)\s*([a-z]*)\s*", text.lower())
    if match is None or match[2] not in _UNITS:
        raise SettingsError(f"clock {text!r} must be a frequency, such as 80MHz")
    return float(match[1]) * _UNITS[match[2]]


def input_shapes(texts: list[str] | None) -> list[tuple[int, ...]] | None:
    """Shapes from the command line, `28,28,1` each; None without any.

    Raises:
        SettingsError: if one is no list of sizes.
    """
    for text in texts or ():
        if not re.fullmatch(r"[1-9]\d{0,6}([,x][1-9]\d{0,6})*", text):
            raise SettingsError(f"--input-shape {text!r} must be sizes, without that of the batch, such as 28,28,1")
    return [tuple(map(int, re.split("[,x]", text))) for text in texts] if texts else None


def run_from_command(
    model: str,
    data: Path | None,
    shapes: list[tuple[int, ...]] | None,
    types: list[str] | None,
    settings: RunSettings,
    output: Path | None,
    until: str,
    force: bool,
) -> int:
    """Run the pipeline and show the result; exit code 1 if engines differ that must not, or the clock is missed.

    A run that ends after an earlier stage gets a report of what there is, if it has come as far as one takes.
    """
    progress = ConsoleProgress()
    finished = pipeline.run(
        model,
        data=data,
        input_shapes=shapes,
        input_types=types,
        settings=settings,
        directory=output,
        until=until,
        force=force,
        progress=progress,
    )
    if until == "report":
        return show(finished.report, finished.directory)
    code = 0
    if "simulate" in [outcome.name for outcome in finished.outcomes]:
        code = show(pipeline.write_report(finished.directory, progress), finished.directory)
    typer.echo(f"ended after {until}, in {finished.directory}; without --until the same command goes on")
    return code


def convert_file(
    model: Path,
    data: Path | None,
    shapes: list[tuple[int, ...]] | None,
    types: list[str] | None,
    settings: RunSettings,
    output: Path,
    force: bool,
) -> None:
    """Run the pipeline up to the conversion and say where it is."""
    if not model.suffix:
        raise SettingsError(f"{model} is no model file; a network of netloom's is converted by: netloom run {model}")
    finished = pipeline.run(
        model,
        data=data,
        input_shapes=shapes,
        input_types=types,
        settings=settings,
        directory=output,
        until="convert",
        force=force,
        progress=ConsoleProgress(),
    )
    conversion = Conversion.load(finished.directory / rundir.CONVERSION)
    typer.echo(f"{len(conversion.layers)} layers; hls4ml's C++ project: {conversion.project}")
    for line in conversion.dataflow.host_lines:
        typer.echo(line)
    several = len(conversion.dataflow.sources) > 1
    typer.echo(f"next: netloom crosscheck {finished.directory} --inputs {'x.npz' if several else 'x.npy'}")


def report(directory: Path) -> None:
    """Make the report of a run directory anew."""
    show(pipeline.write_report(directory, ConsoleProgress()), directory)


def schema() -> str:
    """JSON Schema of report.json."""
    return json.dumps(Report.model_json_schema(), indent=2)


def show(report: Report, directory: Path) -> int:
    """Print a report's essence; 1 if engines differ that must not, or the clock is missed, else 0."""
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
        for line in hardware_lines(report.hardware):
            console.print(f"[bold red]{escape(line)}[/]" if missed else escape(line), soft_wrap=True)
        if report.hardware.bitstream is not None:
            console.print(f"bitstream: {escape(str(directory / report.hardware.bitstream))}", soft_wrap=True)
    console.print(f"report: {escape(str(directory / rundir.REPORT_HTML))}", soft_wrap=True)
    return int(result.equal is False or missed)


def hardware_lines(hardware: HardwareRecord) -> list[str]:
    """What came out on the board, in two lines; as predicted, as far as it has not been found yet."""
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
