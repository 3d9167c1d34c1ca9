"""Writing so that nothing half-written can be taken for finished: build aside, then rename into place."""

import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from netloom.errors import StorageError

SCRATCH_PREFIX = ".work-"
"""How the name of everything unfinished begins."""

_STORAGE_FAULTS = {
    **dict.fromkeys((errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EINVAL, errno.ENXIO), "choose another path"),
    **dict.fromkeys((errno.EACCES, errno.EPERM), "check the permissions or choose another directory"),
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some of your quota",
    errno.EROFS: "choose a directory that can be written",
    errno.EFBIG: "choose another file system",
    errno.EIO: "check the disk",
    errno.ENOENT: "check the path",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ELOOP: "remove it or choose another path",
}


def explain(error: OSError) -> str:
    """One line for a failed file operation: what failed, on which file, and what to do."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        # Of copying a folder `shutil` gives each fault as the text of what it was.
        _, target, text = error.args[0][0]
        number = re.match(r"\[Errno (\d+)\]", text)
        error = OSError(int(number[1]), os.strerror(int(number[1])), target) if number else OSError(text)
    # The temporary name of a file (`replacing`) says nothing to its reader.
    named = error.filename and not Path(os.fsdecode(error.filename)).name.startswith(SCRATCH_PREFIX)
    where = f" ({error.filename})" if named else ""
    reason = error.strerror or " ".join(str(error).split()) or type(error).__name__
    advice = _STORAGE_FAULTS.get(error.errno or 0)
    return f"{reason}{where}" + (f"; {advice} and run again" if advice else "")


@contextmanager
def storage_errors(doing: str) -> Iterator[None]:
    """Turn the OSError of a file operation into a StorageError that begins with `doing`."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{doing}: {explain(error)}") from error


def open_regular(path: Path, flags: int) -> int:
    """Open a regular file; anything else is refused instead of waited for.

    Raises:
        OSError: as `os.open`, and if it is a directory, a pipe or a device.
    """
    try:
        handle = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except ValueError:
        raise OSError(errno.EINVAL, "there can be no file of that name", ascii(str(path))) from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise OSError(number, os.strerror(number) if stat.S_ISDIR(mode) else "is no regular file", str(path))
    return handle


def own_file(path: Path, flags: int) -> int:
    """Open a file that only netloom writes: a lock, a log. It is made if it is not there.

    Raises:
        OSError: as `open_regular`, and if a link stands in its place.
    """
    try:
        return open_regular(path, flags | os.O_CREAT | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "is a link", str(path)) from None
        raise


def open_log(path: Path, *, append: bool = False) -> IO[bytes]:
    """Open a log for writing, its earlier content gone or kept.

    Raises:
        OSError: as `own_file`.
    """
    return os.fdopen(own_file(path, os.O_WRONLY | (os.O_APPEND if append else os.O_TRUNC)), "wb")


def own_folder(path: Path) -> None:
    """Make a folder, with those above it, if it is not there.

    Raises:
        OSError: as `mkdir`, and if a link stands in its place: what is written into it would go elsewhere.
    """
    path.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        raise OSError(errno.ELOOP, "is a link", str(path))


def check_replaceable(path: Path) -> None:
    """Make sure that a file may be put at `path`: there is a regular file, or nothing.

    Raises:
        OSError: if a directory, a link, a device or a pipe is there; it would be lost.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except ValueError:
        raise OSError(errno.EINVAL, "there can be no file of that name", ascii(str(path))) from None
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        what = "a link" if stat.S_ISLNK(mode) else "a device or a pipe"
        raise OSError(errno.EINVAL, f"is {what}, and only a regular file is replaced", str(path))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`: replaces it if the block ends well, vanishes if it does not.

    Raises:
        OSError: if something else than a regular file is there.
    """
    check_replaceable(path)
    temporary = path.with_name(f"{SCRATCH_PREFIX}{secrets.token_hex(6)}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file in one step.

    Raises:
        StorageError: if it cannot be written; what was there before is then untouched.
    """
    with storage_errors(f"cannot write {path}"), replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def scratch(directory: Path) -> Iterator[Path]:
    """A new directory in `directory`, for what is to be put in place once it is whole; gone afterwards."""
    with tempfile.TemporaryDirectory(dir=directory, prefix=SCRATCH_PREFIX, ignore_cleanup_errors=True) as name:
        yield Path(name)


def put_in_place(source: Path, target: Path) -> None:
    """Move a finished file or directory to `target` on the same file system, replacing what is there."""
    if target.is_dir() and not target.is_symlink():
        # A directory cannot be replaced in one step: between the two renames there is none, never a mixture.
        with scratch(target.parent) as aside:
            old = aside / "old"
            try:
                target.rename(old)
                source.rename(target)
            except BaseException:
                # An interruption must not let the earlier result go with the scratch directory.
                if old.exists() and not target.exists():
                    old.rename(target)
                raise
    else:
        source.replace(target)


def remove(path: Path) -> None:
    """Delete a file or a directory with all it holds, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sweep(directory: Path) -> None:
    """Delete what a killed process left unfinished in a directory that no other process is writing."""
    for leftover in directory.glob(f"{SCRATCH_PREFIX}*"):
        remove(leftover)


def digests(path: Path, root: Path) -> dict[str, str]:
    """SHA-256 of a file, or of every file under a directory, by path relative to `root`."""
    files = sorted(entry for entry in path.rglob("*") if entry.is_file()) if path.is_dir() else [path]
    return {file.relative_to(root).as_posix(): sha256(file) for file in files}


def is_same(root: Path, name: str, digest: str) -> bool:
    """Whether `root` holds a regular file `name` with this SHA-256, and no link on the way to it."""
    path = root / name
    way = [path, *path.parents][: len(Path(name).parts)]
    return not any(part.is_symlink() for part in way) and path.is_file() and sha256(path) == digest


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
