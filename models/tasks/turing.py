"""`turing`: a sequence is read and given again, or sorted, by a machine with a memory, whose state the host carries."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from netloom.errors import InputError
from netloom.models.data.examples import Arrays, Examples, only
from netloom.models.data.tapes import BITS, LEVELS, NUMBERS, PLACES, at_rest, tape
from netloom.models.tasks.task import Predict, Score, Task

STATE = (("read", (NUMBERS,)), ("memory", (PLACES, NUMBERS)), ("at_read", (PLACES,)), ("at_write", (PLACES,)))
"""Behind the bits, in the output of a step; by the names of the inputs that the next one has them from."""
WIDTH = BITS + sum(int(np.prod(shape)) for _, shape in STATE)


def parted(outputs: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Scores of bits, above 0 for a 1, (samples, 4), and the state after a step.

    Raises:
        InputError: if the outputs are no step of a machine.
    """
    if outputs.shape[1:] != (WIDTH,):
        raise InputError(
            f"a step of the machine gives (samples, {WIDTH}), bits and then its state, not {outputs.shape}"
        )
    state, start = {}, BITS
    for name, shape in STATE:
        size = int(np.prod(shape))
        state[name] = outputs[:, start : start + size].reshape(-1, *shape).astype(np.float32)
        start += size
    return outputs[:, :BITS], state


def worked(predict: Predict, shown: np.ndarray) -> tuple[np.ndarray, list[dict[str, np.ndarray]]]:
    """What a machine gives at every step of a tape, and its state after each.

    Args:
        predict: one step.
        shown: (sequences, steps, 6 or 7), as `tape` gives it.

    Returns:
        Scores of bits, (sequences, steps, 4), and the states.
    """
    state, given, states = at_rest(len(shown)), [], []
    for step in range(shown.shape[1]):
        bits, state = parted(only(predict({"symbol": shown[:, step], **state})))
        given.append(bits)
        states.append(state)
    return np.stack(given, axis=1), states


class Turing(Task):
    """One step of a machine: a symbol and a state to bits and the next state. Samples are steps in any state, from
    which nothing follows; targets of a test set are sequences, int64 (samples, longest, 4), that it is to give again,
    or (samples, longest, 5), with a priority behind the bits of each symbol, that it is to give sorted.
    """

    name = "turing"
    scores = (Score("exact_sequences", "%"), Score("bits_right", "%"))
    has_targets = False
    alone = True

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """Bits, and priorities if there are any, -1 behind the end of each sequence."""
        array = super().read(where, array)
        if (
            array.ndim != 3
            or array.shape[2] not in (BITS, BITS + 1)
            or not np.isin(array[..., :BITS], (-1, 0, 1)).all()
        ):
            raise InputError(
                f"{where} must be sequences, (samples, longest, {BITS}) of 0 and 1, -1 behind their ends; with"
                f" priorities (samples, longest, {BITS + 1})"
            )
        levels = array[..., BITS:]
        if not ((levels == -1) | (levels >= 1) & (levels <= LEVELS) & (levels == np.floor(levels))).all():
            raise InputError(f"{where}: priorities must be whole, 1 to {LEVELS}, -1 behind the end of a sequence")
        return array.astype(np.int64)

    def check(self, where: str, model: str, shape: tuple[int, ...], targets: Arrays) -> None:
        """A step's output: bits and a state. Sequences are no outputs, and of any length."""
        del targets
        if shape != (WIDTH,):
            raise InputError(
                f"{where}: {model} gives {shape}, and a step of {self.name} is ({WIDTH},), bits and its state"
            )

    def loss(self, model: Any, output: int = 0) -> Any:
        """Mean squared error against the steps of the float model."""
        del model, output
        return "mse"

    def evaluate(self, predict: Predict, examples: Examples) -> dict[str, float]:
        """The share of sequences that are given again, or sorted, to the last bit; and of bits."""
        if examples.y is None:
            return {}
        shown, wanted = tape(only(examples.y))
        bits, _ = worked(predict, shown)
        asked = wanted >= 0
        right = (bits > 0) == (wanted > 0)
        return {
            "exact_sequences": float((right | ~asked).all(axis=(1, 2)).mean()),
            "bits_right": float(right[asked].mean()),
        }

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Nothing follows from single steps."""
        del outputs, targets
        return {}

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """The bits, of a sequence those of each symbol."""
        del names
        if output.dtype.kind in "iu":
            return " ".join("".join(map(str, symbol[:BITS])) for symbol in output if symbol[0] >= 0)
        return "".join(str(int(score > 0)) for score in output[:BITS])
