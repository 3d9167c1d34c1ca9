"""`Dataset`: the arrays a network is trained and tested on, checked once and then trusted."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from netloom.models.data.examples import Arrays, as_list, members

DEFAULT_TASK = "classification"
"""What a network is for where nothing says so."""


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
    """A train and a test split. Of several inputs or targets each array has a name: `{name: array}`.

    Attributes:
        x_train: float32, or whole numbers of at most 16 bits, which are the input's type; (samples, *sample shape),
            finite; units are the data set's own.
        y_train: what the task takes, of class numbers from 0 int64, (samples,); None where there are no targets.
        x_test: float32, (samples, *sample shape), finite; the sample shape is that of `x_train`.
        y_test: as `y_train`; None where there are no targets.
        class_names: the name of each class number; None if the classes have none.
        source: which source was used and how many samples it gave, for people to read.
        unlabelled: why there is no `y_test`, for people to read; empty if there is one.
        task: name of what a network is to make of it.
        x_unlabelled: more samples like those of `x_train`, for networks that also learn from what has no target; None
            without.
        guessed: whether that was guessed from the targets.
    """

    x_train: Arrays
    y_train: Arrays | None
    x_test: Arrays
    y_test: Arrays | None
    class_names: tuple[str, ...] | None
    source: str
    unlabelled: str = ""
    task: str = DEFAULT_TASK
    guessed: bool = False
    x_unlabelled: Arrays | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over all arrays: two data sets with the same digest hold the same numbers."""
        splits = ("x_train", "y_train", "x_test", "y_test", "x_unlabelled")
        parts = {name: getattr(self, name) for name in splits}
        return digest_arrays({key: array for name, one in parts.items() for key, array in members(name, one).items()})

    @classmethod
    def from_npz(cls, path: str | Path, task: str | None = None) -> "Dataset":
        """A user's own data, from an `.npz` file.

        Args:
            path: file with `x_train` and `x_test` (integers, floats or booleans, (samples, *sample shape)) and,
                optionally, `y_train` and `y_test`, as the task takes them: class numbers from 0 or one-hot rows,
                measured values, a class for each pixel. For a model with several inputs `x_train/NAME` and
                `x_test/NAME` for each, by the inputs' names, and likewise `y_train/NAME` by the outputs'. Values are
                taken as they are, in float32, and whole numbers of at most 16 bits in `x_train` give the input their
                type; other arrays are ignored.
            task: what a network is to make of it (`netloom.models.tasks`); guessed from the targets for None.

        Raises:
            StorageError: the file is missing, unreadable, corrupt or no `.npz`.
            InputError: an array is missing or has a wrong dtype, shape or content (NaN, infinity), or targets are not
                what the task takes.
            SettingsError: there is no such task.
        """
        from netloom.models.data.npz import read_user_arrays

        arrays, found = read_user_arrays(Path(path), task)
        x_train, x_test = arrays["x_train"], arrays["x_test"]
        assert x_train is not None and x_test is not None  # read_user_arrays refuses what lacks them
        samples = [len(as_list(one)[0]) for one in (x_train, x_test)]
        source = f"{Path(path).name}, {samples[0]:,} train and {samples[1]:,} test samples"
        missing = [name for name in ("y_train", "y_test") if arrays[name] is None]
        if missing:
            source += f", no {' and no '.join(missing)}"
        unlabelled = "its test set has no labels" if "y_test" in missing else ""
        guessed = task is None and len(missing) < 2
        return cls(x_train, arrays["y_train"], x_test, arrays["y_test"], None, source, unlabelled, found.name, guessed)
