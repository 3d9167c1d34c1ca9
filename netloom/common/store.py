"""What stages and tools have made, kept by fingerprint in the user's cache, for whoever asks for the same.

An entry is a folder named after the fingerprint: `entry.json` with the digest of each file, and the files. It is made
aside and renamed into place, and its files are copied out and in, so no later write to a run directory reaches it.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from netloom.common.compiled import cache_folder
from netloom.common.files import (
    digests,
    own_file,
    own_folder,
    put_in_place,
    remove,
    scratch,
    storage_errors,
    sweep,
    write_text,
)
from netloom.common.reading import FixedModel, InnerPath, Number, read_bytes
from netloom.errors import NetloomError, StorageError

LIMIT = 4 * 2**30
"""Bytes the store may hold; the entries not used for longest go first."""
_ENTRY, _FILES, _LOCK = "entry.json", "files", ".lock"


class Kept(FixedModel):
    """What a stage or a step of a build made in `seconds`: the SHA-256 of each file, by path inside its folder."""

    stage: str
    outputs: dict[InnerPath, str]
    seconds: Number


class StoreEntry(NamedTuple):
    """An entry: what made it, `?` if it is damaged, its bytes, and when it was last made or taken, in s since 1970."""

    folder: Path
    stage: str
    size: int
    used: float


@dataclass(frozen=True)
class Store:
    """The store in a folder, made when something is kept, which may hold `limit` bytes."""

    folder: Path
    limit: int = LIMIT

    @classmethod
    def open(cls) -> "Store":
        """The user's own: `store` in NETLOOM_CACHE, else in the user's cache directory."""
        return cls(cache_folder().absolute() / "store")

    def take(self, mark: str, out: Path) -> Kept | None:
        """Copy what a fingerprint stands for into a folder; None if the store does not have it, whole.

        A damaged entry is dropped.
        """
        entry = self.folder / mark
        with suppress(OSError, ValidationError, NetloomError):
            kept = Kept.model_validate_json(read_bytes(entry / _ENTRY))
            shutil.copytree(entry / _FILES, out, symlinks=True, dirs_exist_ok=True)
            if digests(out, out) == kept.outputs and not any(path.is_symlink() for path in out.rglob("*")):
                os.utime(entry / _ENTRY)
                return kept
        for path in out.iterdir():
            remove(path)
        # One that cannot be deleted stays, and is refused again.
        with suppress(OSError):
            if entry.exists():
                with self._held():
                    self._drop(entry)
        return None

    def keep(self, mark: str, kept: Kept, made: Path) -> None:
        """Copy a result's files from the folder `made` to its fingerprint, then drop what is over the store's limit.

        If it cannot be written, or the disk is full, nothing is kept, and a line printed that says so.
        """
        try:
            with storage_errors(f"cannot write {self.folder}"):
                own_folder(self.folder)
                with self._held():
                    with scratch(self.folder) as aside:
                        new = aside / "new"
                        for name in kept.outputs:
                            (new / _FILES / name).parent.mkdir(parents=True, exist_ok=True)
                            shutil.copyfile(made / name, new / _FILES / name)
                        write_text(new / _ENTRY, kept.model_dump_json())
                        put_in_place(new, self.folder / mark)
                    self._trim(self.limit)
        except StorageError as error:
            print(f"not kept for other runs: {error}")

    def entries(self) -> list[StoreEntry]:
        """All entries, those used last first."""
        found = []
        for folder in self.folder.glob("[!.]*/") if self.folder.is_dir() else ():
            size = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
            try:
                stage = Kept.model_validate_json(read_bytes(folder / _ENTRY)).stage
                used = (folder / _ENTRY).stat().st_mtime
            except (OSError, ValidationError):
                stage, used = "?", 0.0
            found.append(StoreEntry(folder, stage, size, used))
        return sorted(found, key=lambda entry: -entry.used)

    def trim(self, limit: int) -> None:
        """Drop the entries not used for longest, until the store holds at most `limit` bytes.

        Raises:
            StorageError: if one cannot be deleted.
        """
        if self.folder.is_dir():
            with storage_errors(f"cannot write {self.folder}"), self._held():
                self._trim(limit)

    def _trim(self, limit: int) -> None:
        total = 0
        for entry in self.entries():
            total += entry.size
            if total > limit:
                self._drop(entry.folder)

    def _drop(self, entry: Path) -> None:
        """Delete an entry; whoever is copying it finds a file missing, and makes its own."""
        if entry.exists():
            with scratch(self.folder) as aside:
                entry.rename(aside / "old")

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Let no other process write meanwhile; what a killed one left unfinished goes."""
        with os.fdopen(own_file(self.folder / _LOCK, os.O_RDWR), "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            sweep(self.folder)
            yield


def used_store() -> Store | None:
    """The user's store; None if NETLOOM_STORE is 0."""
    return None if os.environ.get("NETLOOM_STORE", "") in ("0", "off", "no") else Store.open()
