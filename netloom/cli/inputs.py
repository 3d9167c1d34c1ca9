"""A user's arrays: read, checked, and brought onto the input quantizer's grid."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netloom.common.files import replacing, storage_errors
from netloom.common.reading import read_array
from netloom.errors import InputError, StorageError
from netloom.fixed_point import FixedPoint


@dataclass(frozen=True, eq=False)
class GridInputs:
    """Inputs on the grid of the hardware's input type.

    Attributes:
        values: float64, each a value of the type: rounded to the nearest, ties as the type's mode says, and held at
            the ends of its range, as the hardware does.
        moved: how many values were not on the grid.
        largest: the largest distance by which one was moved.
    """

    values: np.ndarray
    moved: int
    largest: float

    @classmethod
    def of(cls, x: np.ndarray, element: FixedPoint) -> "GridInputs":
        """Bring `x` (finite, any shape) onto the grid of `element`."""
        values = element.to_float(element.from_float(x))
        distance = np.abs(values - x)
        return cls(values, int(np.count_nonzero(distance)), float(distance.max(initial=0.0)))


def read_inputs(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Samples from a `.npy` file, as float64, (samples, *shape), finite.

    Raises:
        StorageError: if the file cannot be read.
        InputError: if it holds no numbers, or of a wrong shape, or NaN or infinity.
    """
    array = _read_npy(path)
    if (array.ndim and array.shape[1:] != shape) or not array.ndim:
        hint = f"; one sample needs a batch axis: x[None], shape {(1, *shape)}" if array.shape == shape else ""
        raise InputError(f"{path}: shape must be (samples, {', '.join(map(str, shape))}), not {array.shape}{hint}")
    if len(array) == 0:
        raise InputError(f"{path}: there are no samples in it")
    if array.dtype.kind not in "biuf":
        raise InputError(f"{path}: dtype must be a real number type, such as float32, not {array.dtype}")
    x = array.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(x).reshape(len(x), -1).all(axis=1))
    if len(bad):
        raise InputError(
            f"{path}: {len(bad)} of {len(x)} samples contain NaN or infinity, first sample {bad[0]}; remove them"
        )
    return x


def read_labels(path: Path, samples: int) -> np.ndarray:
    """Class numbers from a `.npy` file, int64, (samples,).

    Raises:
        StorageError: if the file cannot be read.
        InputError: if it does not hold one class number, from 0, for each sample.
    """
    labels = _read_npy(path)
    if labels.shape == (samples, 1):
        labels = labels[:, 0]
    if labels.shape != (samples,):
        raise InputError(f"{path}: there must be one label a sample, shape ({samples},), not {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise InputError(f"{path}: labels must be whole numbers from 0, not {labels.dtype}")
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < 2**31:
        raise InputError(f"{path}: labels must be whole numbers from 0, not {labels.min()} to {labels.max()}")
    return labels.astype(np.int64)


def write_array(path: Path, array: np.ndarray) -> None:
    """Write a `.npy` file in one step."""
    with storage_errors(f"cannot write {path}"), replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an `.npz` file in one step."""
    with storage_errors(f"cannot write {path}"), replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _read_npy(path: Path) -> np.ndarray:
    try:
        return read_array(path)
    except FileNotFoundError:
        raise StorageError(f"there is no file {path}; check the path") from None
    except OSError as error:
        raise StorageError(f"{path} is not a .npy file that can be read ({error.strerror}); check the path") from None
    except ValueError as error:
        raise StorageError(f"{path} is not a .npy file of plain numbers ({error}); write it with numpy.save") from None
    except MemoryError:
        raise StorageError(f"{path} does not fit into memory; give fewer samples") from None
