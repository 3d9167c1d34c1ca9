"""The headers that all of hls4ml's projects read first, precompiled once a machine: half of a small network's time."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from netloom.common.compiled import cache_folder
from netloom.common.files import digests
from netloom.common.made_once import made_once
from netloom.common.process import package_folder, run_logged

_HEADERS = (
    *("algorithm", "array", "cmath", "cstddef", "cstdio", "cstdlib", "fstream", "iostream", "map", "memory", "sstream"),
    *("string", "tuple", "utility", "vector", "ap_fixed.h", "ap_int.h", "hls_stream.h"),
)
_TEXT = "".join(f"#include <{name}>\n" for name in _HEADERS)
_NAME = "headers.h"


def precompiled(project: Path, command: Sequence[str]) -> Path | None:
    """A header to include first, a precompiled one beside it; None if the project's types are not hls4ml's own.

    It is made of what is installed, never of what a project holds.

    Args:
        project: hls4ml's project folder.
        command: the compiler and its options, which both compilations must have in common.

    Raises:
        ToolFailedError: if g++ fails; names the log.
    """
    types, theirs = _types(), project / "firmware" / "ap_types"
    if types is None or not theirs.is_dir() or digests(theirs, theirs) != _held(types):
        return None

    def make(work: Path, log: Path) -> Path:
        (work / _NAME).write_text(_TEXT, encoding="utf-8")
        precompile = [*command, f"-I{types}", "-xc++-header", _NAME, "-o", f"{_NAME}.gch"]
        run_logged([precompile], work, log, "g++ on hls4ml's types")
        return work

    key = hashlib.sha256(repr((*command, _TEXT, _held(types))).encode()).hexdigest()[:32]
    folder = cache_folder() / "csim"
    return made_once(folder / f"headers-{key}", make, folder / "headers.log") / _NAME


@cache
def _types() -> Path | None:
    """Where hls4ml keeps its types, which every project gets a copy of."""
    package = package_folder("hls4ml")
    return None if package is None else package / "templates" / "vivado" / "ap_types"


@cache
def _held(folder: Path) -> dict[str, str]:
    return digests(folder, folder)
