"""Fetched data sets on disk: one `.npz` each, put in place whole, its checksum verified at every load."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import platformdirs

from netloom.common.files import replacing
from netloom.common.reading import DAMAGE, read_arrays
from netloom.errors import StorageError
from netloom.models.data.dataset import digest_arrays

_CHECKSUM = "sha256"


def cache_path(name: str) -> Path:
    """Where the data set `name` is cached: in NETLOOM_CACHE, else in the user's cache directory."""
    directory = os.environ.get("NETLOOM_CACHE") or platformdirs.user_cache_path("netloom")
    return Path(directory) / f"{name}.npz"


def read_cached(name: str) -> dict[str, np.ndarray] | None:
    """The cached arrays, or None if there are none.

    Raises:
        StorageError: the file cannot be read, or its content is not what was written.
    """
    path = cache_path(name)
    try:
        arrays = read_arrays(path)
    except FileNotFoundError:
        return None
    except DAMAGE as error:
        raise StorageError(f"cached file {path} is damaged or unreadable; delete it") from error
    checksum = arrays.pop(_CHECKSUM, None)
    if checksum is None or str(checksum) != digest_arrays(arrays):
        raise StorageError(f"cached file {path} fails its checksum; delete it")
    return arrays


def write_cached(name: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Put `arrays` into the cache, whole or not at all.

    Raises:
        StorageError: the directory cannot be made or written, or the disk is full.
    """
    path = cache_path(name)
    members = {**arrays, _CHECKSUM: np.array(digest_arrays(arrays))}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **members)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be written ({error.strerror or error}); free space or set NETLOOM_CACHE"
        ) from error
