"""`written`: a network that says symbols itself, one a place, as a decoder in hardware does; each is right or wrong."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from netloom.errors import InputError, SettingsError
from netloom.models.data.examples import Arrays, only
from netloom.models.tasks.task import Outputs, Score, Task, name_of


class Written(Task):
    """Outputs are numbers of symbols, (places,), and so are targets, int64; what fills up behind an end counts too."""

    name = "written"
    scores = (Score("exact_sequences", "%"), Score("symbols_right", "%"))

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """Symbol numbers, int64."""
        array = super().read(where, array)
        if not ((array >= 0) & (array == np.floor(array))).all():
            raise InputError(f"{where} must be numbers of the symbols that are to be said, 0, 1, 2, ...")
        return array.astype(np.int64)

    def loss(self, model: Any, output: int = 0) -> Any:
        """There is none.

        Raises:
            SettingsError: always; it says what to train.
        """
        del model, output
        raise SettingsError(
            "task 'written': symbols that a network says have no gradient; train one that gives scores and is told the"
            " right symbol before each place, and give this one its layers"
        )

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """The share of sequences that are right to the last symbol; of symbols."""
        right = self.decode(outputs).reshape(targets.shape) == targets
        whole = right.reshape(len(right), -1).all(axis=1)
        return {"exact_sequences": float(whole.mean()), "symbols_right": float(right.mean())}

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """The symbols' numbers, int64."""
        return np.rint(outputs).astype(np.int64)

    def misjudged(self, outputs: Outputs, targets: Arrays) -> np.ndarray | None:
        """Sequences with a symbol that is wrong."""
        said = self.decode(only(outputs))
        wrong: np.ndarray = (said != only(targets)[: len(said)].reshape(said.shape)).reshape(len(said), -1).any(axis=1)
        return wrong

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """The symbols, one after the other."""
        symbols = self.decode(np.ravel(output))
        several = any(len(name) > 1 for name in names) or not names
        return (" " if several else "").join(name_of(names, int(one)) for one in symbols)
