"""`Dataset`: the arrays a network is trained and tested on, checked once and then trusted."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np


def digest_arrays(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 (hex) over the names, dtypes, shapes and bytes of `arrays`, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Dataset:
    """A train and a test split.

    Attributes:
        x_train: float32, (samples, *sample shape), finite; units are the data set's own.
        y_train: int64 class numbers from 0, (samples,); None where there are no labels.
        x_test: float32, (samples, *sample shape), finite; the sample shape is that of `x_train`.
        y_test: int64 class numbers from 0, (samples,); None where there are no labels.
        class_names: the name of each class number; None if the classes have none.
        source: which source was used and how many samples it gave, for people to read.
        unlabelled: why there is no `y_test`, for people to read; empty if there is one.
    """

    x_train: np.ndarray
    y_train: np.ndarray | None
    x_test: np.ndarray
    y_test: np.ndarray | None
    class_names: tuple[str, ...] | None
    source: str
    unlabelled: str = ""

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over all arrays: two data sets with the same digest hold the same numbers."""
        arrays = {
            "x_train": self.x_train,
            "y_train": self.y_train,
            "x_test": self.x_test,
            "y_test": self.y_test,
        }
        return digest_arrays({name: array for name, array in arrays.items() if array is not None})

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample, without the batch axis."""
        return self.x_train.shape[1:]

    @classmethod
    def from_npz(cls, path: str | Path) -> "Dataset":
        """A user's own data, from an `.npz` file.

        Args:
            path: file with `x_train` and `x_test` (integers, floats or booleans, (samples, *sample shape)) and,
                optionally, `y_train` and `y_test`: class numbers from 0, (samples,) or (samples, 1), or one-hot
                rows, (samples, classes). Values are taken as they are, in float32; other arrays are ignored. Targets
                that are no classes (measured values, several classes a sample, pictures) are left out, and
                `source` says so.

        Raises:
            StorageError: the file is missing, unreadable, corrupt or no `.npz`.
            InputError: an array is missing or has a wrong dtype, shape or content (NaN, infinity).
        """
        from netloom.models.data.npz import read_user_arrays

        arrays, left_out = read_user_arrays(Path(path))
        x_train, x_test = arrays["x_train"], arrays["x_test"]
        source = f"{Path(path).name}, {len(x_train):,} train and {len(x_test):,} test samples"
        missing = [name for name in ("y_train", "y_test") if name not in arrays and name not in left_out]
        if missing:
            source += f", no {' and no '.join(missing)}"
        for name, reason in left_out.items():
            source += f"; {name} is left out, since {reason} and no class numbers"
        unlabelled = ""
        if "y_test" in left_out:
            unlabelled = f"its y_test is no class numbers: {left_out['y_test']}"
        elif "y_test" in missing:
            unlabelled = "its test set has no labels"
        return cls(x_train, arrays.get("y_train"), x_test, arrays.get("y_test"), None, source, unlabelled)
