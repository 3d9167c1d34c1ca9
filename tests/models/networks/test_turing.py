"""`turing`: what a machine is shown, what it is to give, and how its steps are put together."""

import numpy as np
import pytest

from netloom.errors import InputError
from netloom.models import get_network, load_dataset
from netloom.models.data.copying import at_rest, drawn_sequences, tape
from netloom.models.data.examples import Examples
from netloom.models.networks import turing
from netloom.models.tasks import Shows, find_task
from netloom.models.tasks.turing import WIDTH, parted, worked
from netloom.report.pictures import drawn

TASK = find_task("turing")
SEQUENCES = drawn_sequences(40, np.arange(1, 7), np.random.default_rng(0))


def perfect(x):
    """Writes symbol after symbol to the next place, and reads from the first one after the second mark."""
    symbol, memory = x["symbol"], x["memory"].copy()
    at_write, at_read = x["at_write"].argmax(axis=1), x["at_read"].argmax(axis=1)
    rows = np.arange(len(symbol))
    writing = memory[:, -1, 0] == 0  # the last place remembers that the second mark has come
    now = writing & (symbol[:, 4:].sum(axis=1) == 0)
    memory[now, at_write[now], :4] = 2 * symbol[now, :4] - 1
    moved = at_write + now
    bits = np.where(writing[:, None], 0, memory[rows, at_read, :4])
    at_read = at_read + ~writing
    memory[:, -1, 0] = np.maximum(memory[:, -1, 0], symbol[:, 5])
    eye = np.eye(16)
    parts = bits, np.zeros((len(symbol), 8)), memory.reshape(len(symbol), -1), eye[at_read % 16], eye[moved % 16]
    return np.concatenate(parts, axis=1)


def test_a_tape_has_the_sequence_between_marks_and_asks_for_it_afterwards() -> None:
    shown, wanted = tape(np.array([[[1, 0, 1, 1], [0, 0, 1, 0], [-1] * 4]]))
    assert shown.shape == (1, 8, 6) and wanted.shape == (1, 8, 4)
    assert shown[0, :4].tolist() == [[0, 0, 0, 0, 1, 0], [1, 0, 1, 1, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1]]
    assert not shown[0, 4:].any()
    assert wanted[0, 4:6].tolist() == [[1, 0, 1, 1], [0, 0, 1, 0]]
    assert (np.delete(wanted[0], [4, 5], axis=0) == -1).all()


def test_a_machine_that_copies_is_right_and_one_wrong_bit_is_a_wrong_sequence() -> None:
    examples = Examples({}, SEQUENCES)
    assert TASK.evaluate(perfect, examples) == {"exact_sequences": 1.0, "bits_right": 1.0}

    def flawed(x):
        outputs = perfect(x)
        outputs[0, :1] *= -1  # in the first sequence, every first bit
        return outputs

    found = TASK.evaluate(flawed, examples)
    assert found["exact_sequences"] == pytest.approx(39 / 40)
    length, bits = (SEQUENCES[0, :, 0] >= 0).sum(), (SEQUENCES >= 0).sum()
    assert found["bits_right"] == pytest.approx(1 - length / bits)


def test_every_step_is_given_the_state_of_the_one_before() -> None:
    asked = []

    def predict(x):
        asked.append(x)
        return np.full((len(x["symbol"]), WIDTH), len(asked) / 8.0)

    given, states = worked(predict, np.zeros((2, 3, 6), np.float32))
    assert given.shape == (2, 3, 4) and len(states) == 3
    for name, array in at_rest(2).items():
        assert (asked[0][name] == array).all()
        assert (asked[2][name] == 2 / 8).all() and asked[2][name].shape == array.shape
    with pytest.raises(InputError, match=r"a step of the machine gives \(samples, 172\)"):
        parted(np.zeros((2, 9)))


def test_heads_move_by_a_place_and_the_state_stays_within_its_bounds() -> None:
    moves = turing._moves().reshape(16, 16, 3)
    place = np.eye(16)[5]
    assert [(place @ moves[..., by]).argmax() for by in range(3)] == [4, 5, 6]
    data, model = load_dataset("copying"), get_network("turing").build()
    x = {name: array[:200] for name, array in data.x_train.items()}
    _, state = parted(np.asarray(model([x[one.name] for one in model.inputs])))
    assert np.abs(state["memory"]).max() <= 1
    for name in ("at_read", "at_write"):
        assert state[name].sum(axis=1) == pytest.approx(1, abs=0.05)
        assert state[name].min() >= 0


@pytest.mark.parametrize("sequences", [np.zeros((3, 4)), np.zeros((3, 5, 3)), np.full((3, 5, 4), 2)])
def test_what_are_no_sequences_is_refused(sequences: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"y must be sequences, \(samples, longest, 4\) of 0 and 1"):
        TASK.read("y", sequences)
    assert TASK.words(SEQUENCES[0][:1], ()) == "".join(map(str, SEQUENCES[0, 0]))


def test_its_picture_has_the_heads_and_longer_sequences() -> None:
    x = load_dataset("copying").x_test
    (picture,) = turing.pictures(Shows(x, SEQUENCES, (), {}, lambda engine, given: {"step": perfect(given)}))
    text = drawn(picture, "copies")
    assert "writes" in text and "reads" in text and "copied exactly" in text
