"""Compile hls4ml's C++ project into a shared library, once for the same sources."""

import hashlib
import os
from functools import cache
from pathlib import Path

from netloom.common.made_once import made_once
from netloom.common.process import answer, run_logged, which
from netloom.errors import StorageError, ToolMissingError
from netloom.hls.conversion import PROJECT
from netloom.sim.csim_exact import exact_bridge

FOLDER = "csim"
"""In the folder of a conversion: its compiled libraries."""

_FLAGS = ("-O3", "-fPIC", "-fno-gnu-unique", "-w", "-I.", "-Ifirmware/ap_types/", '-DWEIGHTS_DIR="firmware/weights"')
_SOURCES = (f"firmware/{PROJECT}.cpp", f"{PROJECT}_bridge.cpp")


@cache
def compiler() -> str:
    """Path of g++ (or what the environment variable CXX names).

    Raises:
        ToolMissingError: if there is none.
    """
    name = os.environ.get("CXX", "g++")
    path = which(name)
    if path is None:
        raise ToolMissingError(
            f"{name} is not installed, and the C-simulation needs it: install g++ (Debian, Ubuntu: apt install g++), "
            "or leave the engine csim out"
        )
    return path


@cache
def _standard() -> str:
    """The C++ standard hls4ml's own script would choose."""
    code, _ = answer([compiler(), "-Werror", "-fsyntax-only", "-std=c++23", "-xc++", "-"])
    return "-std=c++23" if code == 0 else "-std=c++11"


def library(project: Path, cache_folder: Path, *, exact: bool = False) -> Path:
    """The compiled project.

    Args:
        project: hls4ml's project folder.
        cache_folder: where libraries are kept, one for each state of the sources.
        exact: with the function of `exact_bridge`, too.

    Raises:
        ToolMissingError: if there is no g++.
        ToolFailedError: if g++ fails; names the log.
        StorageError: if the project's sources are missing.
    """

    def make(work: Path, log: Path) -> Path:
        sources = list(_SOURCES)
        if exact:
            bridge = (project / _SOURCES[1]).read_text(encoding="utf-8")
            sources[1] = str(work / "bridge.cpp")
            Path(sources[1]).write_text(exact_bridge(bridge), encoding="utf-8")
        objects = [str(work / f"{index}.o") for index in range(len(sources))]
        commands = [
            [compiler(), _standard(), *_FLAGS, "-c", source, "-o", object_]
            for source, object_ in zip(sources, objects, strict=True)
        ]
        linked = work / "library.so"
        run_logged(commands, project, log, "g++ on hls4ml's C++ project")
        run_logged([[compiler(), "-shared", *objects, "-o", str(linked)]], project, log, "linking hls4ml's C++ project")
        return linked

    return made_once(cache_folder / f"{_digest(project, exact)}.so", make, cache_folder / "compile.log")


def _digest(project: Path, exact: bool) -> str:
    digest = hashlib.sha256(repr((_FLAGS, _standard(), exact)).encode())
    try:
        sources = [project / name for name in _SOURCES]
        sources += sorted(path for path in (project / "firmware").rglob("*.h") if "ap_types" not in path.parts)
        for source in sources:
            digest.update(source.read_bytes())
    except OSError as error:
        raise StorageError(f"{error.filename}: {error.strerror}; convert the model again") from None
    return digest.hexdigest()[:32]
