"""Writing so that nothing half-written can be taken for finished: build aside, then rename into place."""

import errno
import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netloom.errors import StorageError

SCRATCH_PREFIX = ".work-"
"""How the name of everything unfinished begins."""

_STORAGE_FAULTS = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some of your quota",
    errno.EACCES: "check the permissions or choose another directory",
    errno.EPERM: "check the permissions or choose another directory",
    errno.EROFS: "choose a directory that can be written",
    errno.EFBIG: "choose another file system",
    errno.EIO: "check the disk",
    errno.ENOTDIR: "choose another path",
    errno.EISDIR: "choose another path",
    errno.EEXIST: "choose another path",
    errno.ENOENT: "check the path",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
}


def explain(error: OSError) -> str:
    """One line for a failed file operation: what failed, on which file, and what to do."""
    where = f" ({error.filename})" if error.filename else ""
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


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`: replaces it if the block ends well, vanishes if it does not."""
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


def put_in_place(source: Path, target: Path) -> None:
    """Move a finished file or directory to `target` on the same file system, replacing what is there."""
    if target.is_dir() and not target.is_symlink():
        # A directory cannot be replaced in one step: between the two renames there is none, never a mixture.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=SCRATCH_PREFIX) as aside:
            old = Path(aside) / "old"
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


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
