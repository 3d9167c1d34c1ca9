"""`sentences`: what a network says by itself, word by word, and how that is judged."""

import numpy as np
import pytest

from netloom.errors import InputError
from netloom.models.data.examples import Examples
from netloom.models.data.vocabulary import END, START, moved_on
from netloom.models.tasks import find_task

RIGHT = np.array([[4, 3, 2, END], [3, END, END, END], [5, 5, 5, END]])
SOURCE = np.array([[0], [1], [2]])
TASK = find_task("sentences")


def parrot(wrong: dict[tuple[int, int], int]):
    """A network that knows the sentences; but where it is wrong, and where what has been said is wrong, it ends."""
    asked = []

    def predict(x):
        asked.append({name: array.copy() for name, array in x.items()})
        words = RIGHT[x["source"][:, 0]].copy()
        for (sample, place), word in wrong.items():
            words[sample, place] = word
        known = np.cumsum(x["said"] != moved_on(RIGHT)[x["source"][:, 0]], axis=1) == 0
        return np.eye(7)[np.where(known, words, 6)]

    predict.asked = asked
    return predict


def test_each_word_is_what_it_says_next_by_itself() -> None:
    x = {"source": SOURCE, "said": moved_on(RIGHT)}
    predict = parrot({})
    assert TASK.evaluate(predict, Examples(x, RIGHT)) == {"exact_sentences": 1.0, "words_right": 1.0, "bleu": 0.0}
    assert len(predict.asked) == 4
    assert predict.asked[0]["said"].tolist() == [[START, END, END, END]] * 3  # what is right is not looked at
    # A wrong word is its next input: what it would have said of the right one does not count.
    said = TASK.said(parrot({(0, 1): 5}), x)
    assert said.tolist() == [[4, 5, 6, 6], [3, END, END, END], [5, 5, 5, END]]
    found = TASK.evaluate(parrot({(0, 1): 5}), Examples(x, RIGHT))
    assert (found["exact_sentences"], found["words_right"]) == pytest.approx((2 / 3, 7 / 10))


def test_bleu_is_of_the_words_before_the_ends() -> None:
    right = np.array([[4, 3, 2, 5, 6, END], [3, END, END, END, END, END]])
    x = {"source": SOURCE[:2], "said": moved_on(right)}

    def predict(given):
        return np.eye(7)[[[4, 3, 2, 5, 2, END], [3, END, 6, 6, 6, 6]]]

    found = TASK.evaluate(predict, Examples(x, right))["bleu"]
    assert found == pytest.approx((5 / 6 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)


def test_it_is_asked_no_more_when_all_have_ended() -> None:
    predict = parrot({(0, 0): END, (2, 0): END})
    x = {"source": SOURCE, "said": moved_on(RIGHT)}
    assert TASK.said(predict, x).tolist() == [[END] * 4, [3, END, END, END], [END] * 4]
    assert len(predict.asked) == 2


def test_what_comes_after_the_end_does_not_count() -> None:
    said = RIGHT.copy()
    said[1, 2:] = 6
    assert TASK.wrong(said, RIGHT).tolist() == [False, False, False]
    said[1, 1] = 6
    assert TASK.wrong(said, RIGHT).tolist() == [False, True, False]
    assert TASK.words(np.array([2, 3, END, 4]), ("", "", "un", "deux", "trois")) == "un deux"


@pytest.mark.parametrize("x", [RIGHT, {"source": SOURCE, "said": np.zeros((3, 4, 2))}])
def test_without_an_input_of_what_has_been_said_it_is_refused(x: object) -> None:
    with pytest.raises(InputError, match="has what has been said as its last input"):
        TASK.evaluate(lambda given: given, Examples(x, RIGHT))
