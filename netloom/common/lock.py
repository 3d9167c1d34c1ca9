"""One netloom at a time in a run directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netloom.common.files import own_file, storage_errors
from netloom.errors import StorageError

LOCK_FILE = ".lock"


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold `directory` (which exists) for this process.

    The kernel drops the lock when its holder ends, however it ends, so a lock cannot go stale; the process
    number in the file is only for the message.

    Raises:
        StorageError: if another process holds it, the directory cannot be written, or its lock is a link.
    """
    with storage_errors(f"cannot work in {directory}"):
        handle = own_file(directory / LOCK_FILE, os.O_RDWR)
    with os.fdopen(handle, "r+b"):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise StorageError(
                f"another netloom (process {holder}) is at work in {directory};"
                " wait until it ends, or choose another directory with -o"
            ) from None
        with storage_errors(f"cannot work in {directory}"):
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
