"""WebAssembly tools compile themselves for this machine when they first run; here one process does it for all.

Left to themselves, YoWASP's tools write what they have compiled in place, and one that is reading it, because it was
started beside another, crashes.
"""

import hashlib
import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from netloom.common.compiled import cache_folder, processor
from netloom.common.made_once import forget_oldest, made_once
from netloom.common.process import answer, check_space
from netloom.errors import ToolFailedError

VARIABLE = "YOWASP_CACHE_DIR"
"""Where YoWASP's tools keep what they have compiled; if the user has set it, netloom's copies lie in there."""
_COMPILES = 900.0
"""Seconds."""
_MOST = 12
"""Tools that are kept, of all wheels and machines; those not used for longest go."""


def compiled_tool(name: str, command: Sequence[str], wheel: str) -> dict[str, str]:
    """The environment in which a WebAssembly tool finds itself compiled.

    Args:
        name: of the tool.
        command: what starts it.
        wheel: name of the distribution that it comes with.

    Raises:
        ToolFailedError: if it cannot be compiled; names its log.
        StorageError: if that cannot be kept.
    """
    chosen = os.environ.get(VARIABLE, "")
    folder = Path(chosen) / "netloom" if Path(chosen).is_absolute() else cache_folder() / "wasm"
    depends = (wheel, version(wheel), version("wasmtime"), processor())
    target = folder / f"{name}-{hashlib.sha256(repr(depends).encode()).hexdigest()[:32]}"

    def make(work: Path, log: Path) -> Path:
        made = work / "cache"
        try:
            # Its exit code says nothing: packers have no version to tell.
            _, said = answer([*command, "--version"], timeout=_COMPILES, extra={VARIABLE: str(made)})
            whole = made.is_dir()
        except subprocess.TimeoutExpired:
            said, whole = f"not ready after {_COMPILES:g} seconds", False
        check_space(said, [work], f"{name} ({wheel}) could not be compiled")
        if not whole:
            log.write_text(said, encoding="utf-8")
            raise ToolFailedError(f"{name} ({wheel}) could not be compiled; its messages are in {log}")
        return made

    made_once(target, make, folder / f"{name}.log")
    with suppress(OSError):  # a cache that cannot be written is used as it is
        os.utime(target)
    forget_oldest((path for path in folder.glob("[!.]*") if path.is_dir()), _MOST)
    return {VARIABLE: str(target)}
