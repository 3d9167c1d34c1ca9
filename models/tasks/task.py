"""`Task`: what a network is for. What it is trained and judged by, what data it needs, how its answers are read."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from netloom.errors import InputError
from netloom.models.data.examples import Arrays, Examples, only
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.pictures.shown import Shown

Outputs = np.ndarray | list[np.ndarray]
"""float64, (samples, *output shape); a list of them if the network has several."""
Predict = Callable[[Arrays], Outputs]
"""One engine, on any inputs, as often as a task wants to call it."""


@dataclass(frozen=True)
class Score:
    """One number that a task is judged by.

    Attributes:
        name: as reports and conditions call it.
        unit: `%` for a share, 0 to 1, that is shown in percent; else the number's own, often none.
        better: 1 if more is better, -1 if less is.
    """

    name: str
    unit: str = ""
    better: Literal[-1, 1] = 1


class Task(ABC):
    """What a network is for. The outputs' names and number are its network's: a task here is about one output.

    Attributes:
        name: as the command line calls it.
        scores: what it is judged by, the one that matters most first.
        has_targets: whether the data must say what is right.
        watched: metrics of Keras's that are shown in training.
        alone: whether it is about a whole network, and never about one of several outputs.
    """

    name: str
    scores: tuple[Score, ...]
    has_targets = True
    watched: tuple[str, ...] = ()
    alone = False

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """Targets as they stand in a user's file, checked; `where` begins the message.

        Raises:
            InputError: if they are none of this task's.
        """
        if array.dtype.kind not in "buif" or not array.ndim:
            raise InputError(
                f"{where} must be finite numbers, (samples, ...), not {array.dtype} of shape {array.shape}"
            )
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            raise InputError(f"{where} must be finite numbers; sample {bad[0][0]} has {array[tuple(bad[0])]}")
        return array.astype(np.float32)

    def check(self, where: str, model: str, shape: tuple[int, ...], targets: Arrays) -> None:
        """Hold targets against a network's output of shape `shape`, without the batch axis.

        Raises:
            InputError: if they do not fit.
        """
        one = only(targets)
        if int(np.prod(one.shape[1:])) != int(np.prod(shape)):
            given = one.shape[1:]
            raise InputError(f"{where} has the shape {given} a sample, but {model} gives {shape}; reshape or omit it")

    @abstractmethod
    def loss(self, model: Any, output: int = 0) -> Any:
        """The Keras loss to train a model's output by."""

    def wanted(self, examples: Examples) -> Arrays | None:
        """What the outputs should be; None if the data does not say."""
        return examples.y

    def fitted(self, model: Any, targets: Arrays, output: int = 0) -> Any:
        """Targets in the shape that `loss` takes."""
        one = only(targets)
        return one.reshape(len(one), *model.outputs[output].shape[1:])

    def deciding(self, thresholds: Sequence[float]) -> "Task":
        """This task for a network each of whose outputs, if it is single, means yes above its threshold."""
        del thresholds
        return self

    def evaluate(self, predict: Predict, examples: Examples) -> dict[str, float]:
        """The scores, by name; empty if the data does not say what is right."""
        wanted = self.wanted(examples)
        return {} if wanted is None else self.measure(only(predict(examples.x)), only(wanted))

    @abstractmethod
    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """The scores of outputs that are there already; none if the outputs are of another kind."""

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """What the host makes of the network's outputs; the outputs themselves if nothing."""
        return outputs

    def classes(self, outputs: Outputs, labelled: bool) -> int | None:
        """How many classes `decode` tells apart; None if it tells none."""
        del outputs, labelled
        return None

    def misjudged(self, outputs: Outputs, targets: Arrays) -> np.ndarray | None:
        """Which samples are wrong, (samples,); None where there is only more and less."""
        del outputs, targets
        return None

    def apart(self, one: Outputs, other: Outputs) -> np.ndarray:
        """How far the answers of two engines are apart, (samples,): the share of what the host makes of them that is
        not the same; of measured values the mean distance. 0 where nobody would see a difference.
        """
        both = np.concatenate([only(one), only(other)])  # decoded at once, which fills up answers to one length
        first, second = np.split(np.asarray(self.decode(both)), 2)
        distance = np.abs(first - second) if first.dtype.kind == "f" else first != second
        return distance.reshape(len(distance), -1).mean(axis=1)

    def pictures(self, shows: Shows) -> Sequence[Picture]:
        """Pictures for the top of the report."""
        del shows
        return ()

    def answer(self, output: np.ndarray, names: Sequence[str]) -> Shown:
        """How one output, without the batch axis, is shown; `names` are those of classes."""
        return Shown(text=self.words(output, names))

    def target(self, target: np.ndarray, names: Sequence[str]) -> Shown:
        """How what is right is shown."""
        return self.answer(np.asarray(target), names)

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """One output in a few words."""
        del names
        values = np.ravel(output)
        return ", ".join(f"{value:.4g}" for value in values[:4]) + (", …" if len(values) > 4 else "")


def last_function(model: Any, output: int = 0) -> str:
    """The name of the function that a Keras model's output ends in, before it is quantized: `linear` without one."""
    layer, node, _ = model.outputs[output]._keras_history
    while type(layer).__name__ == "QActivation":
        layer, node, _ = layer._inbound_nodes[node].input_tensors[0]._keras_history
    if type(layer).__name__ in ("Softmax", "QSoftmax"):
        return "softmax"
    return getattr(getattr(layer, "activation", None), "__name__", "linear")


def name_of(names: Sequence[str], number: int) -> str:
    """The name of a class; its number if it has none."""
    return names[number] if number < len(names) else str(number)


def described(scores: Sequence[Score], prefix: str) -> tuple[Score, ...]:
    """Scores of one output of several."""
    return tuple(Score(f"{prefix}.{score.name}", score.unit, score.better) for score in scores)


def prefixed(scores: Mapping[str, float], prefix: str) -> dict[str, float]:
    """Their values likewise."""
    return {f"{prefix}.{name}": value for name, value in scores.items()}
