"""Compile hls4ml's C++ project into a shared library, once a machine for the same sources.

Libraries are kept in the user's own cache, never beside the sources: one that came with a run directory would be code
of whoever made it, whatever C++ lies there to be read.
"""

import hashlib
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from netloom.common.compiled import cache_folder
from netloom.common.files import sha256
from netloom.common.made_once import forget_oldest, made_once
from netloom.common.process import answer, compiler_name, run_logged, which
from netloom.errors import SettingsError, StorageError, ToolMissingError
from netloom.hls.conversion import PROJECT
from netloom.sim.csim.csim_exact import exact_bridge, exact_helpers
from netloom.sim.csim.csim_headers import precompiled

_FOLDER = "csim"
_MOST_LIBRARIES = 500
_BEST = "-O3"
_LEVELS = ("-O0", "-Og", "-O1", "-O2", _BEST)
_FLAGS = ("-fPIC", "-fno-gnu-unique", "-w", "-I.", "-Ifirmware/ap_types/", '-DWEIGHTS_DIR="firmware/weights"')
_HELPERS = "firmware/nnet_utils/nnet_helpers.h"
_SOURCES = (f"firmware/{PROJECT}.cpp", f"{PROJECT}_bridge.cpp")


@cache
def compiler() -> str:
    """Path of g++ (or what the environment variable CXX names).

    Raises:
        ToolMissingError: if there is none.
    """
    name = compiler_name()
    path = which(name)
    if path is None:
        raise ToolMissingError(
            f"{name} is not installed, and the C-simulation needs it: install g++ (Debian, Ubuntu: apt install g++), "
            "or leave the engine csim out"
        )
    return path


def level() -> str:
    """How g++ optimizes: -O3, or what NETLOOM_CSIM_LEVEL says. -Og takes half the time to compile, and its library
    several times as long for a sample: for who converts many networks and runs each on few.

    Raises:
        SettingsError: if it says anything else.
    """
    chosen = os.environ.get("NETLOOM_CSIM_LEVEL") or _BEST
    if chosen not in _LEVELS:
        raise SettingsError(f"NETLOOM_CSIM_LEVEL must be one of {', '.join(_LEVELS)}, not {chosen!r}")
    return chosen


@cache
def _standard() -> str:
    """The C++ standard hls4ml's own script would choose."""
    code, _ = answer([compiler(), "-Werror", "-fsyntax-only", "-std=c++23", "-xc++", "-"])
    return "-std=c++23" if code == 0 else "-std=c++11"


def compiled_library(project: Path, *, exact: bool = False) -> Path:
    """The compiled project, in the user's cache.

    Args:
        project: hls4ml's project folder.
        exact: with `exact_bridge` and `exact_helpers`.

    Raises:
        SettingsError: of `level`.
        ToolMissingError: if there is no g++.
        ToolFailedError: if g++ fails; names the log.
        StorageError: if the project's sources are missing, or links.
    """

    def make(work: Path, log: Path) -> Path:
        # All in one translation unit: reading the headers and templates a second time is a quarter of the work.
        parts = list(_SOURCES)
        if exact:
            for path, change in ((_SOURCES[1], exact_bridge), (_HELPERS, exact_helpers)):
                (work / Path(path).name).write_text(change(_text(project / path)), encoding="utf-8")
            # The header first, so that its guard keeps the project's own out.
            parts = [str(work / Path(_HELPERS).name), _SOURCES[0], str(work / Path(_SOURCES[1]).name)]
        command = [compiler(), _standard(), level(), *_FLAGS]
        # To precompile takes as long as what it saves in a few compilations.
        if level() != _BEST and (headers := precompiled(project, command)):
            parts.insert(0, str(headers))
        unit, library = work / "all.cpp", work / "library.so"
        unit.write_text("".join(f'#include "{part}"\n' for part in parts), encoding="utf-8")
        run_logged([[*command, "-shared", str(unit), "-o", str(library)]], project, log, "g++ on hls4ml's C++ project")
        return library

    folder = cache_folder() / _FOLDER
    made = made_once(folder / f"{_digest(project, exact)}.so", make, folder / "compile.log")
    with suppress(OSError):  # of a cache that can only be read
        os.utime(made)
    forget_oldest(folder.glob("*.so"), _MOST_LIBRARIES)
    return made


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise StorageError(f"{path}: there is no such text; convert the model again") from None


def _digest(project: Path, exact: bool) -> str:
    """Of all that the compiler could read there: it finds any file of the project before one of its own."""
    digest = hashlib.sha256(repr((compiler(), level(), _FLAGS, _standard(), exact)).encode())
    for name in _SOURCES:
        if not (project / name).is_file():
            raise StorageError(f"{project / name}: there is no such file; convert the model again")
    for path in sorted(project.rglob("*")):
        if path.is_symlink():
            raise StorageError(f"{path}: is a link, and no part of a conversion is; convert the model again")
        if path.is_file():
            digest.update(repr((str(path.relative_to(project)), sha256(path))).encode())
    return digest.hexdigest()[:32]
