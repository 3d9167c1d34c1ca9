"""Reading a user's `.npz` file, taking nothing on trust. Pickled objects are refused, never loaded."""

from pathlib import Path

import numpy as np

from netloom.errors import InputError, StorageError
from netloom.reading import DAMAGE, regular

MAX_CLASSES = 100_000
"""Labels beyond this are taken for something else than class numbers (identifiers, measured values)."""


def read_user_arrays(path: Path) -> dict[str, np.ndarray]:
    """`x_train`, `x_test` (float32) and, where present, `y_train`, `y_test` (int64) of the file, validated.

    Raises:
        StorageError: the file is missing, unreadable, corrupt or no `.npz`.
        InputError: an array is missing or has a wrong dtype, shape or content.
    """
    try:
        with regular(path):
            file = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise StorageError(f"{path}: no such file") from None
    except OSError as error:
        raise StorageError(f"{path}: cannot be read ({error.strerror or 'not a NumPy file'})") from error
    except DAMAGE as error:
        raise StorageError(
            f"{path}: not an .npz file, or a damaged one; write it with numpy.savez_compressed"
        ) from error
    if not isinstance(file, np.lib.npyio.NpzFile):
        raise StorageError(f"{path}: a single .npy array; write x_train and x_test with numpy.savez_compressed")
    with file:
        missing = [name for name in ("x_train", "x_test") if name not in file]
        if missing:
            found = ", ".join(map(repr, file.files)) or "nothing"
            raise InputError(f"{path}: array {missing[0]!r} is missing; the file holds {found}")
        arrays = {name: _samples(path, name, _member(path, file, name)) for name in ("x_train", "x_test")}
        for name in ("y_train", "y_test"):
            if name in file:
                arrays[name] = _labels(path, name, _member(path, file, name))
    _check_agreement(path, arrays)
    return arrays


def _member(path: Path, file: np.lib.npyio.NpzFile, name: str) -> np.ndarray:
    try:
        array = file[name]
    except MemoryError as error:
        raise InputError(f"{path}: {name} does not fit into memory; save fewer samples") from error
    except DAMAGE as error:
        if "allow_pickle" in str(error):
            message = f"{path}: {name} holds Python objects, which are never loaded; save a plain numeric array"
            raise InputError(message) from error
        raise StorageError(f"{path}: {name} is damaged; write the file again") from error
    if not isinstance(array, np.ndarray):
        raise StorageError(f"{path}: {name} is not a NumPy array; write the file with numpy.savez_compressed")
    return array


def _samples(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "buif":
        raise InputError(f"{path}: {name} must be integers, floats or booleans, not {array.dtype}")
    if array.ndim < 2:
        raise InputError(f"{path}: {name} must be (samples, ...features), not of shape {array.shape}")
    if array.size == 0:
        raise InputError(f"{path}: {name} is empty, its shape is {array.shape}")
    with np.errstate(over="ignore"):  # What float32 cannot hold becomes infinite, and is reported just below.
        samples = array.astype(np.float32, copy=False)
    finite = np.isfinite(samples)
    if not finite.all():
        count = samples.size - np.count_nonzero(finite)
        index = tuple(map(int, np.argwhere(~finite)[0]))
        raise InputError(
            f"{path}: {name} has {count:,} value(s) that are NaN, infinite or beyond float32,"
            f" the first at {index}: {array[index]}; remove or replace them"
        )
    return samples


def _labels(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "buif":
        raise InputError(f"{path}: {name} must be class numbers or one-hot rows, not {array.dtype}")
    if array.ndim == 2 and array.shape[1] > 1:
        if not (np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all()):
            raise InputError(
                f"{path}: {name} has shape {array.shape} but its rows are not one-hot (one 1, else 0);"
                " give class numbers from 0, one a sample"
            )
        return array.argmax(axis=1).astype(np.int64)
    if array.ndim != 1 and array.shape[1:] != (1,):
        raise InputError(f"{path}: {name} must be (samples,) or (samples, classes), not of shape {array.shape}")
    labels = array.reshape(-1)
    # Written so that NaN fails it too.
    valid = (labels >= 0) & (labels < MAX_CLASSES) & (labels == np.floor(labels))
    if not valid.all():
        index = int(np.argmin(valid))
        raise InputError(
            f"{path}: {name} must be class numbers 0, 1, 2, ... below {MAX_CLASSES:,};"
            f" sample {index} has {labels[index]}"
        )
    return labels.astype(np.int64)


def _check_agreement(path: Path, arrays: dict[str, np.ndarray]) -> None:
    train, test = arrays["x_train"].shape[1:], arrays["x_test"].shape[1:]
    if train != test:
        raise InputError(f"{path}: a sample of x_train has shape {train}, one of x_test {test}; they must agree")
    for split in ("train", "test"):
        x, y = arrays[f"x_{split}"], arrays.get(f"y_{split}")
        if y is not None and len(y) != len(x):
            raise InputError(f"{path}: y_{split} has {len(y):,} labels for the {len(x):,} samples of x_{split}")
