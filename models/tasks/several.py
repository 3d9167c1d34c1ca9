"""Several outputs, each with a task of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from netloom.errors import InputError, SettingsError
from netloom.models.data.examples import Arrays, Examples, as_list
from netloom.models.tasks.task import Outputs, Predict, Score, Task, described, prefixed


class Several(Task):
    """A task an output, in the model's order; its scores are `OUTPUT.SCORE`.

    `Task`'s methods that take one array take an output of the network or targets by name here.

    Raises:
        SettingsError: for a task that is never about one of several outputs.
    """

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        for task in tasks.values():
            if task.alone:
                raise SettingsError(f"the task {task.name} is of a network with one output; give each another task")
        self.tasks = dict(tasks)
        self.name = ",".join(f"{output}={task.name}" for output, task in tasks.items())
        self.scores: tuple[Score, ...] = tuple(
            score for output, task in tasks.items() for score in described(task.scores, output)
        )
        self.has_targets = any(task.has_targets for task in tasks.values())

    def read(self, where: str, array: Any) -> Any:
        """Each target as its own task reads it, in the order of the outputs."""
        if not isinstance(array, Mapping) or set(array) != set(self.tasks):
            has = ", ".join(f"{where}/{name}" for name in array) if isinstance(array, Mapping) else where
            raise InputError(f"{has}: the task is {self.name}, of {len(self.tasks)} outputs; name a target for each")
        return {output: task.read(f"{where}/{output}", array[output]) for output, task in self.tasks.items()}

    def check(self, where: str, model: str, shape: tuple[int, ...], targets: Arrays) -> None:
        """Each output is checked by its own task."""
        del shape, targets
        raise InputError(f"{where} is of several outputs, but {model} has one; give one array, without a name")

    def loss(self, model: Any, output: int = 0) -> Any:
        """A loss an output; they are added."""
        del output
        return [task.loss(model, number) for number, task in enumerate(self.tasks.values())]

    def fitted(self, model: Any, targets: Any, output: int = 0) -> Any:
        """A list, of an array an output."""
        del output
        pairs = zip(self.tasks.values(), as_list(targets), strict=True)
        return [task.fitted(model, one, number) for number, (task, one) in enumerate(pairs)]

    def deciding(self, thresholds: Sequence[float]) -> "Several":
        """Each with its own."""
        pairs = zip(self.tasks.items(), thresholds, strict=True)
        return Several({output: task.deciding([threshold]) for (output, task), threshold in pairs})

    def evaluate(self, predict: Predict, examples: Examples) -> dict[str, float]:
        """The scores of all outputs."""
        wanted = self.wanted(examples)
        if wanted is None:
            return {}
        scores: dict[str, float] = {}
        for (output, task), outputs, targets in zip(
            self.tasks.items(), as_list(predict(examples.x)), as_list(wanted), strict=True
        ):
            scores |= prefixed(task.measure(outputs, targets), output)
        return scores

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """There is no such thing: `evaluate` measures output by output."""
        raise NotImplementedError

    def decode(self, outputs: Any) -> Any:
        """Each output by its own task, in a list."""
        return [task.decode(one) for task, one in zip(self.tasks.values(), as_list(outputs), strict=True)]

    def apart(self, one: Outputs, other: Outputs) -> np.ndarray:
        """All outputs', added."""
        each = zip(self.tasks.values(), as_list(one), as_list(other), strict=True)
        return np.sum([task.apart(first, second) for task, first, second in each], axis=0)

    def answer(self, output: Any, names: Sequence[str]) -> Any:
        """There is no one picture of several; the page shows their words."""
        from netloom.models.tasks.pictures.shown import Shown

        return Shown(self.words(output, names))

    def words(self, output: Any, names: Sequence[str]) -> str:
        """Output by output."""
        pairs = zip(self.tasks.items(), as_list(output), strict=True)
        return "; ".join(f"{name}: {task.words(one, names)}" for (name, task), one in pairs)
