"""netloom's own C++, compiled once a machine and loaded: loops that take Python and NumPy many times as long."""

import ctypes
import hashlib
import os
import platform
from contextlib import suppress
from functools import cache
from pathlib import Path

import platformdirs

from netloom.common.made_once import made_once
from netloom.common.process import compiler_name, run_logged, which
from netloom.errors import NetloomError

_FLAGS = ("-O3", "-std=c++17", "-shared", "-fPIC")
_TUNED = ("-march=native", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi")
_PROCESSOR = Path("/proc/cpuinfo")


def cache_folder() -> Path:
    """Where what was costly to make is kept: NETLOOM_CACHE, else the user's cache directory."""
    return Path(os.environ.get("NETLOOM_CACHE") or platformdirs.user_cache_path("netloom"))


def processor() -> str:
    """What this machine can do: another one may share the cache."""
    with suppress(OSError, StopIteration):
        lines = _PROCESSOR.read_text(encoding="utf-8").splitlines()
        return next(line for line in lines if line.startswith(("flags", "Features")))
    return platform.machine()


@cache
def load(source: Path, tuned: bool = False) -> ctypes.CDLL | None:
    """The library made of one C++ file; None without a compiler that makes it, for whoever has a slower way.

    Args:
        source: a file of netloom's; its functions are `extern "C"`, its headers lie beside it.
        tuned: with whatever instructions this machine has.
    """
    compiler = which(compiler_name())
    if compiler is None:
        return None

    flags = (*_FLAGS, *_TUNED) if tuned else _FLAGS

    def make(work: Path, log: Path) -> Path:
        library = work / "library.so"
        run_logged([[compiler, *flags, str(source), "-o", str(library)]], work, log, f"g++ on {source.name}")
        return library

    digest = hashlib.sha256(repr((compiler, flags, processor() if tuned else None)).encode())
    for part in (source, *sorted(source.parent.glob("*.h"))):
        digest.update(part.read_bytes())
    folder = cache_folder() / "compiled"
    library = folder / f"{source.stem}-{digest.hexdigest()[:32]}.so"
    try:
        return ctypes.CDLL(str(made_once(library, make, folder / f"{source.stem}.log")))
    except (NetloomError, OSError):
        return None
