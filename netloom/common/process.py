"""Other programs: started so that nothing of the working directory runs with them, and ended when netloom ends."""

import atexit
import contextlib
import functools
import importlib.machinery
import os
import re
import shutil
import signal
import site
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from netloom.common.files import storage_errors
from netloom.errors import StorageError, ToolFailedError

PYTHON = (sys.executable, "-P")
"""How every Python child is started: -P keeps the working directory, or the folder of a script, off its path."""

_LISTS = (
    *("PATH", "PYTHONPATH", "PERLLIB", "PERL5LIB", "LD_LIBRARY_PATH"),
    *("LIBRARY_PATH", "COMPILER_PATH", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"),
)
"""Variables that list folders of programs, modules, libraries or headers. An empty entry is the working directory."""
_PLACES = (
    *("PYTHONHOME", "PYTHONUSERBASE", "PYTHONPYCACHEPREFIX", "YOWASP_CACHE_DIR", "GCC_EXEC_PREFIX"),
    *("VERILATOR_ROOT", "VERILATOR_BIN"),
)
"""Variables that name one place to take code from."""
_MARKS = ("run.json", "design.json")
"""Files by which a run or a design is known, wherever it lies."""
_FULL_DISK = re.compile(r"No space left on device|Disk quota exceeded", re.I)
_LEAST_FREE = 1 << 16
"""Bytes. With less than this, whatever a tool says of its failure, it was the disk."""
_HEARD: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
"""Options of `Popen` for a program whose messages are read."""


def environment(folder: Path) -> dict[str, str]:
    """This process's environment for a program that works in `folder`.

    Without the entries that mean another place there than here, or that lead to code in the working directory: of
    lists of folders those that are relative or empty; of Python's also those inside this process's working directory
    or `folder`, around `folder`, or in any run or design.
    """
    kept = dict(os.environ)
    for name in _LISTS:
        entries = [entry for entry in kept.pop(name, "").split(os.pathsep) if Path(entry).is_absolute()]
        if name == "PYTHONPATH":
            entries = [entry for entry in entries if not _is_foreign(Path(entry).resolve(), folder.resolve())]
        if entries:
            kept[name] = os.pathsep.join(entries)
    for name in _PLACES:
        if not Path(kept.get(name, "/")).is_absolute():
            del kept[name]
    return kept


def _is_foreign(place: Path, folder: Path) -> bool:
    """Whether modules in `place` may have come with what is being worked on."""
    return (
        place.is_relative_to(Path.cwd())
        or place.is_relative_to(folder)
        or folder.is_relative_to(place)
        or any((outer / mark).exists() for outer in (place, *place.parents) for mark in _MARKS)
    )


def compiler_name() -> str:
    """The C++ compiler: g++, or what the environment variable CXX names."""
    return os.environ.get("CXX", "g++")


def which(name: str) -> str | None:
    """The absolute path of a program: a name is looked for in the absolute entries of PATH, a path is as it is."""
    found = shutil.which(name, path=environment(Path.cwd()).get("PATH", ""))
    return None if found is None else str(Path(found).absolute())


def package_folder(name: str) -> Path | None:
    """The folder of an installed package, not imported; what merely lies in the working directory is not installed."""
    here = Path.cwd()
    trusted = [Path(sys.prefix), Path(sys.base_prefix), Path(site.getuserbase())]
    places = [
        entry
        for entry in sys.path
        if Path(entry).is_absolute()
        and (
            not _is_foreign(Path(entry).resolve(), here)
            or any(base != here and Path(entry).is_relative_to(base) for base in trusted)
        )
    ]
    spec = importlib.machinery.PathFinder.find_spec(name, places)
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def start(
    command: Sequence[str], folder: Path, extra: Mapping[str, str] | None = None, **streams: Any
) -> subprocess.Popen[Any]:
    """Start a program in a process group of its own, which ends when this process ends, however that ends.

    Whoever starts it gives it to `end`. `command` names it by an absolute path; it has the variables of
    `environment(folder)` and `extra`, and reads nothing unless `streams`, further options of `Popen`, say so.

    Raises:
        OSError: if it cannot be started.
    """
    variables = {**environment(folder), **(extra or {})}
    streams = {"stdin": subprocess.DEVNULL, **streams}
    process = subprocess.Popen(list(command), cwd=folder, env=variables, start_new_session=True, **streams)
    _tell_watcher("+", process.pid)
    return process


def end(process: subprocess.Popen[Any], patience: float = 0.0) -> None:
    """Stop a program of `start` and all that it has started; of one that has ended, what it left running.

    It has `patience` seconds to end by itself once asked.
    """
    if patience and process.poll() is None:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    _signal(process, signal.SIGKILL)
    process.wait()
    _tell_watcher("-", process.pid)


def _signal(process: subprocess.Popen[Any], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of zombies
        os.killpg(process.pid, number)


def answer(command: Sequence[str], timeout: float = 60, extra: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Exit code and output of a program that is asked something about itself.

    Raises:
        OSError: if it cannot be started.
        subprocess.TimeoutExpired: if it takes too long.
    """
    process = start(command, Path("/"), extra, **_HEARD)
    try:
        text, _ = process.communicate(timeout=timeout)
    finally:
        end(process)
    return process.returncode, text


def check_space(text: str, folders: Iterable[Path], doing: str) -> None:
    """Tell a program that failed for a full disk from one that failed at its task, by its words and its folders.

    Raises:
        StorageError: if it was the disk; begins with `doing`.
    """
    said = _FULL_DISK.search(text)
    for folder in folders:
        if said or shutil.disk_usage(folder).free < _LEAST_FREE:
            reason = said[0] if said else "No space left on device"
            raise StorageError(f"{doing}: {reason} ({folder}); free some space and run again")


def run_logged(
    commands: Sequence[Sequence[str]], folder: Path, log: Path, what: str, variables: Mapping[str, str] | None = None
) -> None:
    """Run programs, as `start` does, side by side to their end; whatever interrupts the wait kills them.

    All they say goes into `log`, and they keep their temporary files beside it; `what` is done, for the message.

    Raises:
        ToolFailedError: if an exit code is not 0; has the first line that tells of an error.
        StorageError: if that is a full disk, or the log cannot be written.
    """
    # What a killed compiler leaves behind goes the way of its log.
    extra = {"TMPDIR": str(log.parent.absolute()), **(variables or {})}
    processes: list[subprocess.Popen[str]] = []
    try:
        for command in commands:
            process = start(command, folder, extra, **_HEARD)
            processes.append(process)
        texts = [process.communicate()[0] for process in processes]
    finally:
        for process in processes:
            end(process)
    with storage_errors(f"cannot write {log}"):
        log.write_text("".join(texts), encoding="utf-8")
    code = next((process.returncode for process in processes if process.returncode), 0)
    if code:
        check_space("".join(texts), (folder, log.parent), f"{what} failed")
        raise ToolFailedError(f"{what} failed: {_first_error(texts, code)}; see {log}")


def _first_error(texts: Sequence[str], code: int) -> str:
    marks = ("%Error", "%Warning", "error:", "Error:")
    for line in "\n".join(texts).splitlines():
        # Verilator's last line only counts the others.
        if any(mark in line for mark in marks) and "Exiting due to" not in line:
            return line.strip()
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


_telling = threading.Lock()


def _tell_watcher(mark: str, group: int) -> None:
    """A process group has been started ("+") or has ended ("-")."""
    with _telling:
        pipe = _watcher(os.getpid()).stdin
        assert pipe is not None
        with contextlib.suppress(BrokenPipeError):
            pipe.write(f"{mark}{group}\n".encode())


@functools.cache
def _watcher(owner: int) -> subprocess.Popen[bytes]:
    """The process that outlives its owner, this process, for a moment, to end what that has started."""
    # Isolated and without site: it starts in a hundredth of a second, and while the program does.
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(__file__).resolve().with_name("watcher.py"))],
        cwd="/",
        env=environment(Path("/")),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,
    )

    def finish() -> None:
        """Let it end before its owner does."""
        if os.getpid() == owner:
            process.communicate()

    atexit.register(finish)
    return process
