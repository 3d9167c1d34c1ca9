"""A user's arrays: read, checked, and brought onto the input quantizer's grid."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from netloom.common.arrays import write_array, write_arrays
from netloom.common.ends import InputScale
from netloom.common.reading import read_array, read_arrays
from netloom.errors import InputError, StorageError
from netloom.fixed_point import FixedPoint
from netloom.models.data.examples import as_list


def onto_grid(x: np.ndarray, element: FixedPoint, scale: InputScale | None = None) -> np.ndarray:
    """Inputs, float64, finite, as the hardware takes them: rounded to values of `element`, and held within its range.

    As they are where the host has a scale to make whole numbers of them.
    """
    return x if scale is not None else element.to_float(element.from_float(x))


def moved(x: np.ndarray, values: np.ndarray) -> tuple[int, float]:
    """How many inputs were moved onto the grid, and the largest distance."""
    distance = np.abs(values - x)
    return int(np.count_nonzero(distance)), float(distance.max(initial=0.0))


def read_inputs(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> list[np.ndarray]:
    """Samples, an array an input in the order of `shapes`, each float64, (samples, *shape), finite.

    They stand in a `.npy` file, or for several inputs in an `.npz` file with an array for each, by their names.

    Raises:
        StorageError: if the file cannot be read.
        InputError: if it holds no numbers, or of a wrong shape, or NaN or infinity, or lacks an input.
    """
    if len(shapes) == 1:
        (shape,) = shapes.values()
        return [_samples(str(path), _read(path, archive=False), shape)]
    arrays = _read(path, archive=True)
    if set(arrays) != set(shapes):
        found = ", ".join(arrays) or "nothing"
        raise InputError(
            f"{path}: the network's inputs are {', '.join(shapes)}, and the file holds {found}; name them so"
        )
    inputs = [_samples(f"{path}: {name}", arrays[name], shape) for name, shape in shapes.items()]
    if len({len(one) for one in inputs}) > 1:
        raise InputError(f"{path}: all inputs must have as many samples, not {[len(one) for one in inputs]}")
    return inputs


def _samples(where: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if not array.ndim or array.shape[1:] != shape:
        hint = f"; one sample needs a batch axis: x[None], shape {(1, *shape)}" if array.shape == shape else ""
        raise InputError(f"{where}: shape must be (samples, {', '.join(map(str, shape))}), not {array.shape}{hint}")
    if len(array) == 0:
        raise InputError(f"{where}: there are no samples in it")
    if array.dtype.kind not in "biuf":
        raise InputError(f"{where}: dtype must be a real number type, such as float32, not {array.dtype}")
    x = array.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(x).reshape(len(x), -1).all(axis=1))
    if len(bad):
        raise InputError(
            f"{where}: {len(bad)} of {len(x)} samples contain NaN or infinity, first sample {bad[0]}; remove them"
        )
    return x


def read_target_file(path: Path, samples: int) -> np.ndarray | dict[str, np.ndarray]:
    """Targets from a `.npy` file, (samples, ...), or for several outputs from an `.npz` file, by their names.

    Raises:
        StorageError: if the file cannot be read.
        InputError: if it does not hold one of each for each sample.
    """
    targets: np.ndarray | dict[str, np.ndarray] = _read(path, archive=path.suffix == ".npz")
    for one in as_list(targets):
        if one.shape[:1] != (samples,):
            raise InputError(f"{path}: there must be one label a sample, shape ({samples}, ...), not {one.shape}")
    return targets


def write_outputs(path: Path, names: Sequence[str], outputs: Sequence[np.ndarray]) -> None:
    """Write one output as a `.npy` file, several as an `.npz` file with their names."""
    if len(outputs) == 1:
        write_array(path, outputs[0])
    else:
        write_arrays(path, dict(zip(names, outputs, strict=True)))


def _read(path: Path, archive: bool) -> Any:
    """The array of a user's `.npy` file, or by their names those of an `.npz` archive."""
    kind, writer = ("an .npz", "savez") if archive else ("a .npy", "save")
    try:
        return read_arrays(path) if archive else read_array(path)
    except FileNotFoundError:
        raise StorageError(f"there is no file {path}; check the path") from None
    except OSError as error:
        raise StorageError(f"{path} is not {kind} file that can be read ({error.strerror}); check the path") from None
    except ValueError as error:
        raise StorageError(
            f"{path} is not {kind} file of plain numbers ({error}); write it with numpy.{writer}"
        ) from None
    except MemoryError:
        raise StorageError(f"{path} does not fit into memory; give fewer samples") from None
