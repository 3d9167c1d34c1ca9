"""Arrays: samples checked before anything is computed, and files of arrays written in one step each."""

import zlib
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np

from netloom.common.files import replacing, storage_errors
from netloom.errors import InputError

_LEVEL = 1
"""Of zlib: its usual one takes six times as long to save a sixth more."""
_TRIED, _WORTH = 2**20, 0.7
"""An array is compressed if its first so many bytes shrink to less than this share: to take a quarter off the scores of
a language model takes longer than to compute them.
"""


def checked_samples(array: np.ndarray, shape: tuple[int, ...], who: str) -> np.ndarray:
    """Samples, (samples, *shape) or what NumPy makes such an array of, in whatever dtype of numbers they are.

    Raises:
        InputError: if they are no numbers, or of another shape; begins with `who`.
    """
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise InputError(f"{who} must be numeric, not {array.dtype}")
    if array.shape[1:] != shape or array.ndim != len(shape) + 1:
        raise InputError(f"{who} must have shape (samples, {', '.join(map(str, shape))}), not {array.shape}")
    return array


def write_array(path: Path, array: np.ndarray) -> None:
    """Write a `.npy` file in one step."""
    with storage_errors(f"cannot write {path}"), replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an `.npz` file in one step, compressed where that is worth its time."""
    with (
        storage_errors(f"cannot write {path}"),
        replacing(path) as temporary,
        ZipFile(temporary, "w", compresslevel=_LEVEL) as archive,
    ):
        for name, given in arrays.items():
            array = np.asanyarray(given)
            archive.compression = _way(array)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _way(array: np.ndarray) -> int:
    sample = array.flat[: _TRIED // array.itemsize].tobytes()
    return ZIP_DEFLATED if len(zlib.compress(sample, _LEVEL)) < _WORTH * len(sample) else ZIP_STORED
