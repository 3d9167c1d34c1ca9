"""Reading a user's `.npz` file, taking nothing on trust. Pickled objects are refused, never loaded."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from netloom.common.reading import DAMAGE, regular
from netloom.errors import InputError, StorageError
from netloom.models.data.examples import Arrays, as_list, gathered
from netloom.models.tasks import Task, find_task, guess_task, read_targets

_INPUTS, _TARGETS = ("x_train", "x_test"), ("y_train", "y_test")


def read_user_arrays(path: Path, task: str | None) -> tuple[dict[str, Arrays | None], Task]:
    """`x_train`, `x_test` (float32) and, as the task reads them or None, `y_train`, `y_test`; and the task.

    Whole numbers of at most 16 bits in `x_train` stay as they came.

    Raises:
        StorageError: the file is missing, unreadable, corrupt or no `.npz`.
        InputError: an array is missing or has a wrong dtype, shape or content.
        SettingsError: there is no such task.
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
        held: dict[str, np.ndarray] = {}
        for name in file.files:
            kind = name.split("/")[0]
            if kind in _INPUTS:
                given = _member(path, file, name)
                samples = _samples(path, name, given)
                # Whole numbers say of which type the input is: quantization takes them as they are.
                whole = given.dtype.kind in "bui" and given.dtype.itemsize <= 2
                held[name] = given if whole and kind == "x_train" else samples
            elif kind in _TARGETS:
                held[name] = _member(path, file, name)
        found = ", ".join(map(repr, file.files)) or "nothing"
    arrays = {name: gathered(name, held) for name in (*_INPUTS, *_TARGETS)}
    for name in _INPUTS:
        if arrays[name] is None:
            raise InputError(f"{path}: array {name!r} is missing; the file holds {found}")
    targets = [arrays[name] for name in _TARGETS]
    several = next((tuple(one) for one in targets if isinstance(one, Mapping)), ())
    chosen = guess_task(*targets) if task is None else find_task(task, several)
    for name in _TARGETS:
        arrays[name] = read_targets(f"{path}: {name}", arrays[name], chosen)
    _check_agreement(path, arrays)
    return arrays, chosen


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


def _check_agreement(path: Path, arrays: Mapping[str, Arrays | None]) -> None:
    """Both splits are of the same inputs, and all arrays of a split of the same samples."""
    train, test = (_shapes(arrays[name]) for name in _INPUTS)
    if train != test:
        one, other = (next(iter(shapes.values())) if len(shapes) == 1 else shapes for shapes in (train, test))
        raise InputError(f"{path}: a sample of x_train has shape {one}, one of x_test {other}; they must agree")
    for split in ("train", "test"):
        x, y = (arrays[f"{kind}_{split}"] for kind in "xy")
        inputs, targets = ([] if one is None else as_list(one) for one in (x, y))
        samples = len(inputs[0])
        if any(len(array) != samples for array in inputs):
            raise InputError(f"{path}: the inputs of x_{split} have {[len(array) for array in inputs]} samples")
        for array in targets:
            if len(array) != samples:
                raise InputError(
                    f"{path}: y_{split} has {len(array):,} labels for the {samples:,} samples of x_{split}"
                )


def _shapes(arrays: Arrays | None) -> dict[str, tuple[int, ...]]:
    if isinstance(arrays, Mapping):
        return {name: array.shape[1:] for name, array in arrays.items()}
    return {"": arrays.shape[1:]} if arrays is not None else {}
