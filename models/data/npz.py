"""Reading a user's `.npz` file, taking nothing on trust. Pickled objects are refused, never loaded."""

from pathlib import Path

import numpy as np

from netloom.common.reading import DAMAGE, regular
from netloom.errors import InputError, StorageError

MAX_CLASSES = 100_000
"""Labels beyond this are taken for something else than class numbers (identifiers, measured values)."""

_OR_NONE = "number the classes from 0, or leave it out and do without accuracy"


def read_user_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """`x_train`, `x_test` (float32) and, where present, `y_train`, `y_test` (int64) of the file, validated.

    Targets that are no classes, of a regression for one, are left out: the second dictionary says by name why.

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
                arrays[name] = _targets(path, name, _member(path, file, name))
    _check_agreement(path, arrays)
    left_out = {}
    for name in ("y_train", "y_test"):
        if name in arrays:
            labels = arrays.pop(name)
            reason = _no_classes(labels)
            if reason is None:
                arrays[name] = _labels(path, name, labels)
            else:
                left_out[name] = reason
    return arrays, left_out


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


def _targets(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "buif":
        raise InputError(f"{path}: {name} must be class numbers or one-hot rows, not {array.dtype}; {_OR_NONE}")
    if not array.ndim:
        raise InputError(f"{path}: {name} must be (samples,) or (samples, classes), not one number; {_OR_NONE}")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        raise InputError(
            f"{path}: {name} must be class numbers; sample {bad[0][0]} has {array[tuple(bad[0])]}; {_OR_NONE}"
        )
    return array


def _no_classes(array: np.ndarray) -> str | None:
    """Why these targets are no classes; None if they are, or are meant to be and wrong."""
    values = array.reshape(len(array), -1)
    if values.shape[1] == 1:
        broken = np.flatnonzero(values[:, 0] != np.floor(values[:, 0]))
        return f"it holds measured values (sample {broken[0]}: {values[broken[0], 0]:g})" if len(broken) else None
    if array.ndim == 2 and np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all():
        return None
    return f"it has the shape {array.shape}, and its samples are not one-hot"


def _labels(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """Class numbers, of whole numbers one a sample or of one-hot rows."""
    if array.size > len(array):
        return array.argmax(axis=1).astype(np.int64)
    labels = array.reshape(-1)
    valid = (labels >= 0) & (labels < MAX_CLASSES)
    if not valid.all():
        index = int(np.argmin(valid))
        raise InputError(
            f"{path}: {name} must be class numbers 0, 1, 2, ... below {MAX_CLASSES:,};"
            f" sample {index} has {labels[index]}; {_OR_NONE}"
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
