"""Arrays into files, in one step each."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np

from netloom.common.files import replacing, storage_errors


def write_array(path: Path, array: np.ndarray) -> None:
    """Write a `.npy` file in one step."""
    with storage_errors(f"cannot write {path}"), replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an `.npz` file in one step.

    NumPy's own `savez_compressed` takes no level, and zlib's usual one takes minutes over the outputs of a language
    model, to save a tenth more.
    """
    with (
        storage_errors(f"cannot write {path}"),
        replacing(path) as temporary,
        ZipFile(temporary, "w", ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
