"""netloom's own C++, compiled once a machine and loaded: loops that take Python and NumPy many times as long."""

import ctypes
import hashlib
import os
from functools import cache
from pathlib import Path

import platformdirs

from netloom.common.made_once import made_once
from netloom.common.process import run_logged, which
from netloom.errors import NetloomError

_FLAGS = ("-O3", "-std=c++17", "-shared", "-fPIC")


def cache_folder() -> Path:
    """Where what was costly to make is kept: NETLOOM_CACHE, else the user's cache directory."""
    return Path(os.environ.get("NETLOOM_CACHE") or platformdirs.user_cache_path("netloom"))


@cache
def load(source: Path) -> ctypes.CDLL | None:
    """The library made of one C++ file; None without a compiler that makes it, for whoever has a slower way.

    Args:
        source: a file of netloom's; its functions are `extern "C"`, its headers lie beside it.
    """
    compiler = which(os.environ.get("CXX", "g++"))
    if compiler is None:
        return None

    def make(work: Path, log: Path) -> Path:
        library = work / "library.so"
        run_logged([[compiler, *_FLAGS, str(source), "-o", str(library)]], work, log, f"g++ on {source.name}")
        return library

    digest = hashlib.sha256(repr((compiler, _FLAGS)).encode())
    for part in (source, *sorted(source.parent.glob("*.h"))):
        digest.update(part.read_bytes())
    folder = cache_folder() / "compiled"
    library = folder / f"{source.stem}-{digest.hexdigest()[:32]}.so"
    try:
        return ctypes.CDLL(str(made_once(library, make, folder / f"{source.stem}.log")))
    except (NetloomError, OSError):
        return None
