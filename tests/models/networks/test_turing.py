"""`turing`, `turing-sort`: what a machine is shown, what it is to give, and how its steps are put together."""

import numpy as np
import pytest

from netloom.errors import InputError
from netloom.models import get_network, load_dataset
from netloom.models.data.examples import Examples
from netloom.models.data.tapes import LEVELS, at_rest, drawn_priorities, drawn_sequences, tape
from netloom.models.networks import turing
from netloom.models.tasks import Shows, find_task
from netloom.models.tasks.turing import WIDTH, parted, worked
from netloom.report.pictures import drawn

TASK = find_task("turing")
SEQUENCES = drawn_sequences(40, np.arange(1, 7), np.random.default_rng(0))
PRIORITIES = drawn_priorities(40, np.arange(1, 7), np.random.default_rng(0))


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


def perfect_sorter(x):
    """Writes symbol after symbol with its priority to the next place, and reads and forgets the highest."""
    symbol, memory = x["symbol"], x["memory"].copy()
    at_write, rows, eye = x["at_write"].argmax(axis=1), np.arange(len(symbol)), np.eye(16)
    now, asked = symbol[:, 6] > 0, ~symbol.any(axis=1)
    memory[now, at_write[now], :5] = np.concatenate([2 * symbol[:, :4] - 1, symbol[:, 6:]], axis=1)[now]
    highest = memory[..., 4].argmax(axis=1)
    bits = memory[rows, highest, :4]
    memory[asked, highest[asked]] = 0
    parts = bits, np.zeros((len(symbol), 8)), memory.reshape(len(symbol), -1), eye[highest], eye[(at_write + now) % 16]
    return np.concatenate(parts, axis=1)


MACHINES = [(SEQUENCES, perfect), (PRIORITIES, perfect_sorter)]


def test_a_tape_has_the_sequence_between_marks_and_asks_for_it_afterwards() -> None:
    shown, wanted = tape(np.array([[[1, 0, 1, 1], [0, 0, 1, 0], [-1] * 4]]))
    assert shown.shape == (1, 8, 6) and wanted.shape == (1, 8, 4)
    assert shown[0, :4].tolist() == [[0, 0, 0, 0, 1, 0], [1, 0, 1, 1, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1]]
    assert not shown[0, 4:].any()
    assert wanted[0, 4:6].tolist() == [[1, 0, 1, 1], [0, 0, 1, 0]]
    assert (np.delete(wanted[0], [4, 5], axis=0) == -1).all()


def test_a_tape_shows_priorities_and_asks_for_the_highest_first() -> None:
    shown, wanted = tape(np.array([[[1, 0, 1, 1, 8], [0, 0, 1, 0, 32], [0, 1, 0, 0, 1], [-1] * 5]]))
    assert shown.shape == (1, 10, 7) and wanted.shape == (1, 10, 4)
    assert shown[0, 1:4].tolist() == [
        [1, 0, 1, 1, 0, 0, 0.25],
        [0, 0, 1, 0, 0, 0, 1],
        [0, 1, 0, 0, 0, 0, 1 / 32],
    ]
    assert (shown[0, [0, 4], 4:] == [[1, 0, 0], [0, 1, 0]]).all() and not shown[0, 5:].any()
    assert wanted[0, 5:8].tolist() == [[0, 0, 1, 0], [1, 0, 1, 1], [0, 1, 0, 0]]
    assert (np.delete(wanted[0], [5, 6, 7], axis=0) == -1).all()


def test_priorities_are_all_different_and_of_every_level() -> None:
    levels = drawn_priorities(500, np.arange(1, 7), np.random.default_rng(0))[..., 4]
    assert all(len(set(row[row > 0])) == (row > 0).sum() for row in levels)
    assert set(levels[levels > 0]) == set(range(1, LEVELS + 1))


@pytest.mark.parametrize(("sequences", "perfect"), MACHINES)
def test_a_machine_that_does_it_is_right_and_one_wrong_bit_is_a_wrong_sequence(sequences, perfect) -> None:
    examples = Examples({}, sequences)
    assert TASK.evaluate(perfect, examples) == {"exact_sequences": 1.0, "bits_right": 1.0}

    def flawed(x):
        outputs = perfect(x)
        outputs[0, :1] *= -1  # in the first sequence, every first bit
        return outputs

    found = TASK.evaluate(flawed, examples)
    assert found["exact_sequences"] == pytest.approx(39 / 40)
    length, bits = (sequences[0, :, 0] >= 0).sum(), (sequences[..., :4] >= 0).sum()
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


def test_heads_move_by_a_place() -> None:
    moves = turing._moves().reshape(16, 16, 3)
    place = np.eye(16)[5]
    assert [(place @ moves[..., by]).argmax() for by in range(3)] == [4, 5, 6]


@pytest.mark.parametrize("name", ["turing", "turing-sort"])
def test_the_state_stays_within_its_bounds(name: str) -> None:
    data, model = load_dataset(get_network(name).dataset), get_network(name).build()
    x = {name: array[:200] for name, array in data.x_train.items()}
    _, state = parted(np.asarray(model([x[one.name] for one in model.inputs])))
    assert np.abs(state["memory"]).max() <= 1
    for head in ("at_read", "at_write"):
        assert state[head].sum(axis=1) == pytest.approx(1, abs=0.05)
        assert state[head].min() >= 0


@pytest.mark.parametrize("sequences", [np.zeros((3, 4)), np.zeros((3, 5, 3)), np.full((3, 5, 4), 2)])
def test_what_are_no_sequences_is_refused(sequences: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"y must be sequences, \(samples, longest, 4\) of 0 and 1"):
        TASK.read("y", sequences)
    TASK.check("y", "m", (WIDTH,), SEQUENCES)
    with pytest.raises(InputError, match=r"y: m gives \(4,\), and a step of turing is \(172,\)"):
        TASK.check("y", "m", (4,), SEQUENCES)
    assert TASK.words(SEQUENCES[0][:1], ()) == "".join(map(str, SEQUENCES[0, 0]))


@pytest.mark.parametrize("priority", [0, 33, 1.5])
def test_what_are_no_priorities_is_refused(priority: float) -> None:
    assert (TASK.read("y", PRIORITIES.astype(float)) == PRIORITIES).all()
    wrong = PRIORITIES.astype(float)
    wrong[3, 0, 4] = priority
    with pytest.raises(InputError, match=r"y: priorities must be whole, 1 to 32"):
        TASK.read("y", wrong)
    assert TASK.words(PRIORITIES[0][:1], ()) == "".join(map(str, PRIORITIES[0, 0, :4]))


@pytest.mark.parametrize(
    ("name", "sequences", "perfect", "done"),
    [("turing", *MACHINES[0], "copied"), ("turing-sort", *MACHINES[1], "sorted")],
)
def test_its_picture_has_the_heads_and_longer_sequences(name: str, sequences, perfect, done: str) -> None:
    x, draw = load_dataset(get_network(name).dataset).x_test, get_network(name).pictures
    assert draw is not None
    (picture,) = draw(Shows(x, sequences, (), {}, lambda engine, given: {"step": perfect(given)}))
    text = drawn(picture, "done")
    assert "writes" in text and "reads" in text and f"{done} exactly" in text
