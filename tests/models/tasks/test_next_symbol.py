"""`characters`, `language`: how surprising the right symbol is, against what a few lines say; and what is refused."""

import numpy as np
import pytest
from scipy.special import log_softmax

from netloom.errors import InputError
from netloom.models.data.examples import Examples
from netloom.models.tasks import find_task, next_symbol

RANDOM = np.random.default_rng(0)
SCORES, RIGHT = RANDOM.normal(0, 3, (4, 6, 5)), RANDOM.integers(0, 5, (4, 6))


def nats() -> float:
    chosen = log_softmax(SCORES, axis=-1)[np.arange(4)[:, None], np.arange(6), RIGHT]
    return float(-chosen.mean())


def test_bits_and_perplexity_are_of_the_mean_over_all_places() -> None:
    samples = Examples(np.zeros(4), RIGHT)
    found = find_task("characters").evaluate(lambda x: SCORES + 7, samples)
    foreseen = (SCORES.argmax(axis=-1) == RIGHT).mean()
    assert found == {"bits_a_character": pytest.approx(nats() / np.log(2)), "foreseen": foreseen}
    found = find_task("language").evaluate(lambda x: SCORES, samples)
    assert found["perplexity"] == pytest.approx(np.exp(nats()))
    even = find_task("language").measure(np.zeros((3, 8)), np.array([0, 7, 3]))
    assert even["perplexity"] == pytest.approx(8)


def test_symbols_that_are_taken_few_at_a_time_are_as_surprising(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = next_symbol.surprise(SCORES, RIGHT)
    monkeypatch.setattr(next_symbol, "_ROWS", 7)
    np.testing.assert_array_equal(next_symbol.surprise(SCORES, RIGHT), whole)
    assert whole.mean() == pytest.approx(nats())


def test_the_loss_is_what_it_is_judged_by() -> None:
    import keras

    model = keras.Sequential([keras.Input((6, 5)), keras.layers.Activation("linear")])
    task = find_task("characters")
    loss = task.loss(model)(task.fitted(model, RIGHT), SCORES.astype(np.float32))
    assert float(loss) == pytest.approx(nats(), rel=1e-5)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (np.array([[0, 0.5]]), "y must be numbers of the symbols that come next"),
        (np.array([[0, -1]]), "y must be numbers of the symbols that come next"),
        (np.array([[0, 1, 2]]), r"a symbol for each of \(3,\) places a sample, but m gives scores for \(2,\)"),
        (np.array([[0, 5]]), "y has symbol 5, but m has scores for 5, from 0"),
    ],
)
def test_what_does_not_fit_is_refused(targets: np.ndarray, message: str) -> None:
    task = find_task("characters")
    with pytest.raises(InputError, match=message):
        task.check("y", "m", (2, 5), task.read("y", targets))


def test_outputs_are_told_in_symbols() -> None:
    task = find_task("characters")
    assert task.words(np.eye(3)[[2, 0, 1]], "abc") == "cab"
    assert task.words(np.array([1, 0]), ("the", "cat")) == "cat the"
