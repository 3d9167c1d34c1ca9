"""Files and folders that are costly to make, named after what is in them: made by one process at a time.

What is unfinished lies in a scratch folder beside the target, with a lock that the kernel drops when its holder ends,
however it ends. So a scratch folder whose lock is free is a leftover.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from netloom.common.files import SCRATCH_PREFIX, own_folder, remove, storage_errors
from netloom.errors import ToolFailedError

_LOCK = "lock"
_IN_USE_SECONDS = 3600


def made_once(target: Path, make: Callable[[Path, Path], Path], failed_log: Path) -> Path:
    """The target's absolute path; made if it is not there, or awaited if another process is at it.

    Args:
        target: file or folder whose name tells everything it depends on.
        make: makes it in the empty folder given, with its tools' messages in the log given, and says where it is.
        failed_log: where the log goes if a tool fails.

    Raises:
        StorageError: if it cannot be written.
        ToolFailedError: of `make`; names `failed_log`.
    """
    target, failed_log = target.absolute(), failed_log.absolute()
    while not target.exists():
        with storage_errors(f"cannot write {target}"):
            own_folder(target.parent)
            sweep_scratch(target.parent)
            scratch = target.with_name(f"{SCRATCH_PREFIX}{target.name}")
            with _held(scratch, wait=True) as held:
                # Whoever was waited for has made it, and whoever was killed at it has left something.
                if held and not target.exists():
                    work, log = scratch / "work", scratch / "log"
                    shutil.rmtree(work, ignore_errors=True)
                    work.mkdir()
                    try:
                        make(work, log).replace(target)
                    except ToolFailedError as error:
                        log.replace(failed_log)
                        raise ToolFailedError(str(error).replace(str(log), str(failed_log))) from None
                    failed_log.unlink(missing_ok=True)
    return target


def forget_oldest(made: Iterable[Path], most: int) -> None:
    """Keep what is made once from growing without end: of more than `most`, drop those not used for longest.

    What was used within the hour may be in use elsewhere, and stays. Time of use is that of the last change.
    """
    ages: dict[Path, float] = {}
    for path in made:
        with suppress(OSError):  # another process cleans up too
            ages[path] = path.stat().st_mtime
    for path in sorted(ages, key=lambda path: ages[path])[: max(len(ages) - most, 0)]:
        if ages[path] < time.time() - _IN_USE_SECONDS:
            with suppress(OSError):
                remove(path)


def sweep_scratch(folder: Path) -> None:
    """Delete what killed processes left unfinished in a folder of things made once."""
    for leftover in folder.glob(f"{SCRATCH_PREFIX}*/"):
        with _held(leftover, wait=False):
            pass


@contextmanager
def _held(scratch: Path, wait: bool) -> Iterator[bool]:
    """Hold a scratch folder, and delete it in the end; False if that cannot be had, or only by trying again."""
    try:
        scratch.mkdir(exist_ok=True)
        handle = os.open(scratch / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except FileNotFoundError:  # its holder has just deleted it
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        same = False
        with suppress(FileNotFoundError):
            same = os.path.samestat(os.fstat(handle), (scratch / _LOCK).stat())
        if not same:
            yield False
            return
        try:
            yield True
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)
