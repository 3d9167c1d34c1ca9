"""`data.npz`: the test samples a run keeps, so that every later stage and check needs nothing but its directory."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Self

import numpy as np

from netloom.common.reading import file_errors, read_arrays, text_of
from netloom.errors import NetloomError
from netloom.models import Dataset
from netloom.models.data.dataset import DEFAULT_TASK
from netloom.models.data.examples import Examples, as_list, count, gathered, members, take
from netloom.models.tasks import find_task, read_targets

_TEXTS = ("source", "digest", "unlabelled", "task")


@dataclass(frozen=True, eq=False)
class TestSet(Examples):
    """Samples to run the engines on.

    Attributes:
        x: float32, (samples, *input shape), finite; by name, in the model's order, if there are several inputs.
        y: targets as the task reads them; by name, in the model's order, if there are several outputs; None without.
        class_names: by class number; None if the classes have none.
        source: where the data came from, for people.
        digest: SHA-256 (hex) of the whole data set, training split included.
        unlabelled: why there are no targets, for people; empty if there are.
        task: name of what the network is for.
        guessed: whether that was guessed from the targets.
    """

    __test__ = False  # for pytest: not a test class

    class_names: tuple[str, ...] | None
    source: str
    digest: str
    unlabelled: str = ""
    task: str = DEFAULT_TASK
    guessed: bool = False

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """The test split of a data set."""
        told = {one.name: getattr(dataset, one.name) for one in fields(cls) if one.name not in ("x", "y")}
        return cls(dataset.x_test, dataset.y_test, **told)

    def part(self, start: int, stop: int | None) -> Self:
        """The samples from `start` up to `stop`, or to the end if that is None or comes first."""
        chosen = slice(start, stop)
        return replace(self, x=take(self.x, chosen), y=None if self.y is None else take(self.y, chosen))

    def save(self, path: Path) -> None:
        """Write `data.npz`; the same samples give the same bytes."""
        texts = {name: np.array(getattr(self, name)) for name in _TEXTS}
        arrays = members("x", self.x) | members("y", self.y) | texts | {"guessed": np.array(self.guessed)}
        if self.class_names is not None:
            arrays["class_names"] = np.array(self.class_names, dtype=np.str_)
        np.savez_compressed(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            StorageError: if the file is missing or not such a file.
        """
        missing = "is missing; run `netloom run` in that directory to make it"
        with file_errors(path, missing, "delete it and run again"):
            return cls._of(read_arrays(path))

    @classmethod
    def _of(cls, arrays: dict[str, np.ndarray]) -> Self:
        x, y = gathered("x", arrays), gathered("y", arrays)
        names, guessed = arrays.get("class_names"), arrays.get("guessed")
        texts = {name: text_of(arrays.get(name)) for name in _TEXTS}
        if x is None:
            raise ValueError("x must be finite samples")
        for one in as_list(x):
            if one.dtype.kind != "f" or one.ndim < 2 or one.size == 0 or not np.isfinite(one).all():
                raise ValueError("x must be finite samples")
            if len(one) != count(x):
                raise ValueError("x must have one number of samples")
        try:
            y = read_targets("y", y, find_task(texts["task"]))
        except NetloomError as error:
            raise ValueError(str(error)) from None
        if any(len(one) != count(x) for one in ([] if y is None else as_list(y))):
            raise ValueError("y must be targets, one a sample")
        if names is not None and (names.ndim != 1 or names.dtype.kind != "U"):
            raise ValueError("class_names must be texts")
        if guessed is None or guessed.shape or guessed.dtype.kind != "b":
            raise ValueError("guessed must be true or false")
        return cls(
            x if isinstance(x, Mapping) else x.astype(np.float32),
            y,
            None if names is None else tuple(map(str, names)),
            guessed=bool(guessed),
            **texts,
        )
