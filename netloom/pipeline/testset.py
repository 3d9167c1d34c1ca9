"""`data.npz`: the test samples a run keeps, so that every later stage and check needs nothing but its directory."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from netloom.common.reading import is_numbers, read_arrays, text_of
from netloom.errors import StorageError
from netloom.models import Dataset


@dataclass(frozen=True, eq=False)
class TestSet:
    """Samples to run the engines on.

    Attributes:
        x: float32, (samples, *input shape), finite.
        y: class numbers from 0, int64, (samples,); None without labels.
        class_names: by class number; None if the classes have none.
        source: where the data came from, for people.
        digest: SHA-256 (hex) of the whole data set, training split included.
        unlabelled: why there are no labels, for people; empty if there are.
    """

    __test__ = False  # for pytest: not a test class

    x: np.ndarray
    y: np.ndarray | None
    class_names: tuple[str, ...] | None
    source: str
    digest: str
    unlabelled: str = ""

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """The test split of a data set."""
        return cls(
            dataset.x_test, dataset.y_test, dataset.class_names, dataset.source, dataset.digest, dataset.unlabelled
        )

    def part(self, start: int, stop: int | None) -> Self:
        """The samples from `start` up to `stop`, or to the end if that is None or comes first."""
        return replace(self, x=self.x[start:stop], y=None if self.y is None else self.y[start:stop])

    def save(self, path: Path) -> None:
        """Write `data.npz`; the same samples give the same bytes."""
        texts = {"source": self.source, "digest": self.digest, "unlabelled": self.unlabelled}
        arrays = {"x": self.x, **{name: np.array(text) for name, text in texts.items()}}
        if self.y is not None:
            arrays["y"] = self.y
        if self.class_names is not None:
            arrays["class_names"] = np.array(self.class_names, dtype=np.str_)
        np.savez_compressed(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            StorageError: if the file is missing or not such a file.
        """
        try:
            return cls._of(read_arrays(path))
        except FileNotFoundError:
            raise StorageError(f"{path} is missing; run `netloom run` in that directory to make it") from None
        except OSError as error:
            raise StorageError(f"cannot read {path} ({error.strerror}); delete it and run again") from None
        except ValueError as error:
            raise StorageError(f"{path} is damaged ({error}); delete it and run again") from None

    @classmethod
    def _of(cls, arrays: dict[str, np.ndarray]) -> Self:
        x, y, names = arrays.get("x"), arrays.get("y"), arrays.get("class_names")
        if x is None or x.dtype.kind != "f" or x.ndim < 2 or x.size == 0 or not np.isfinite(x).all():
            raise ValueError("x must be finite samples")
        if y is not None and not (is_numbers(y, "i", (len(x),)) and y.min() >= 0):
            raise ValueError("y must be class numbers, one a sample")
        if names is not None and (names.ndim != 1 or names.dtype.kind != "U"):
            raise ValueError("class_names must be texts")
        return cls(
            x.astype(np.float32),
            None if y is None else y.astype(np.int64),
            None if names is None else tuple(map(str, names)),
            text_of(arrays.get("source")),
            text_of(arrays.get("digest")),
            text_of(arrays.get("unlabelled")),
        )
