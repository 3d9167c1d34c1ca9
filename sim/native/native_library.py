"""`native_library`: netloom's C++ for engine `fixed`, made for this machine."""

import ctypes
from pathlib import Path

from netloom.common.compiled import load

SOURCE = Path(__file__).with_name("native.cpp")


def native_library() -> ctypes.CDLL | None:
    """The library; None without a compiler that makes it, for whoever has a slower way."""
    return load(SOURCE, tuned=True)
