"""`written`: symbols that a network says itself."""

import numpy as np
import pytest

from netloom.errors import InputError, SettingsError
from netloom.models.tasks import find_task

TASK = find_task("written")
RIGHT = np.array([[4, 3, 0], [3, 0, 0], [5, 5, 1]])


def test_a_sequence_is_right_to_the_last_symbol() -> None:
    said = RIGHT.astype(np.float64)
    assert TASK.measure(said, RIGHT) == {"exact_sequences": 1.0, "symbols_right": 1.0}
    said[2, 2] = 0
    found = TASK.measure(said, RIGHT)
    assert found == {"exact_sequences": pytest.approx(2 / 3), "symbols_right": pytest.approx(8 / 9)}
    assert TASK.misjudged([said], RIGHT).tolist() == [False, False, True]
    assert TASK.apart([said], [RIGHT]).tolist() == [0, 0, pytest.approx(1 / 3)]


def test_symbols_are_shown_by_their_names() -> None:
    assert TASK.words(np.array([1.0, 0.0]), ("a", "b")) == "ba"
    assert TASK.words(np.array([1.0, 2.0]), (".", "un", "deux")) == "un deux"
    assert TASK.words(np.array([1.0, 7.0]), ()) == "1 7"


def test_what_is_no_symbol_and_training_are_refused() -> None:
    with pytest.raises(InputError, match=r"y_train must be numbers of the symbols that are to be said"):
        TASK.read("y_train", np.array([[0.5]]))
    with pytest.raises(InputError, match=r"y_train has the shape \(3,\) a sample, but model gives \(4,\)"):
        TASK.check("y_train", "model", (4,), RIGHT)
    with pytest.raises(SettingsError, match="task 'written': symbols that a network says have no gradient"):
        TASK.loss(None)
