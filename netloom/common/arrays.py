"""Arrays into files, in one step each."""

from pathlib import Path

import numpy as np

from netloom.common.files import replacing, storage_errors


def write_array(path: Path, array: np.ndarray) -> None:
    """Write a `.npy` file in one step."""
    with storage_errors(f"cannot write {path}"), replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an `.npz` file in one step."""
    with storage_errors(f"cannot write {path}"), replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
