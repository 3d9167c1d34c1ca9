"""Compile hls4ml's C++ project into a shared library, once for the same sources."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from netloom.errors import StorageError, ToolFailedError, ToolMissingError
from netloom.files import open_log, own_folder, storage_errors
from netloom.hls.firmware import PROJECT

_FLAGS = ("-O3", "-fPIC", "-fno-gnu-unique", "-w", "-Ifirmware/ap_types/", '-DWEIGHTS_DIR="firmware/weights"')
_SOURCES = (f"firmware/{PROJECT}.cpp", f"{PROJECT}_bridge.cpp")


@cache
def compiler() -> str:
    """Path of g++ (or what the environment variable CXX names).

    Raises:
        ToolMissingError: if there is none.
    """
    name = os.environ.get("CXX", "g++")
    path = shutil.which(name)
    if path is None:
        raise ToolMissingError(
            f"{name} is not installed, and the C-simulation needs it: install g++ (Debian, Ubuntu: apt install g++), "
            "or leave the engine csim out"
        )
    return path


@cache
def _standard() -> str:
    """The C++ standard hls4ml's own script would choose."""
    probe = subprocess.run(
        [compiler(), "-Werror", "-fsyntax-only", "-std=c++23", "-xc++", "-"],
        input=b"",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return "-std=c++23" if probe.returncode == 0 else "-std=c++11"


def library(project: Path, cache_folder: Path) -> Path:
    """The compiled project.

    Args:
        project: hls4ml's project folder.
        cache_folder: where libraries are kept, one for each state of the sources.

    Raises:
        ToolMissingError: if there is no g++.
        ToolFailedError: if g++ fails; names the log.
        StorageError: if the project's sources are missing.
    """
    target = cache_folder / f"{_digest(project)}.so"
    if target.exists():
        return target
    with storage_errors(f"cannot write {cache_folder}"):
        own_folder(cache_folder)
    log = cache_folder / "compile.log"
    with tempfile.TemporaryDirectory(dir=cache_folder) as temporary:
        objects = [Path(temporary) / f"{index}.o" for index in range(len(_SOURCES))]
        _run_all(
            [
                [compiler(), _standard(), *_FLAGS, "-c", source, "-o", str(object_.resolve())]
                for source, object_ in zip(_SOURCES, objects, strict=True)
            ],
            project,
            log,
        )
        linked = Path(temporary) / "library.so"
        _run_all(
            [[compiler(), "-shared", *(str(o.resolve()) for o in objects), "-o", str(linked.resolve())]], project, log
        )
        linked.replace(target)
    return target


def _digest(project: Path) -> str:
    digest = hashlib.sha256(repr((_FLAGS, _standard())).encode())
    try:
        sources = [project / name for name in _SOURCES]
        sources += sorted(path for path in (project / "firmware").rglob("*.h") if "ap_types" not in path.parts)
        for source in sources:
            digest.update(source.read_bytes())
    except OSError as error:
        raise StorageError(f"{error.filename}: {error.strerror}; convert the model again") from None
    return digest.hexdigest()[:32]


def _run_all(commands: list[list[str]], folder: Path, log: Path) -> None:
    """Run commands side by side; all output goes to one log."""
    with storage_errors(f"cannot write {log}"), open_log(log) as output:
        processes = [subprocess.Popen(command, cwd=folder, stdout=output, stderr=output) for command in commands]
        try:
            codes = [process.wait() for process in processes]
        except BaseException:
            for process in processes:
                process.kill()
            raise
    if any(codes):
        raise ToolFailedError(f"g++ failed on hls4ml's C++ project; its messages are in {log}")
