"""Numbers in words: against what the two languages say, and sentences as numbers."""

import numpy as np
import pytest

from netloom.errors import InputError
from netloom.models import load_dataset
from netloom.models.data.number_words import ENGLISH, FRENCH, NUMBERS, english, french, translated
from netloom.models.data.vocabulary import END, START, Vocabulary, moved_on

KNOWN = {
    0: ("zero", "zéro"),
    21: ("twenty one", "vingt et un"),
    71: ("seventy one", "soixante et onze"),
    80: ("eighty", "quatre vingts"),
    81: ("eighty one", "quatre vingt un"),
    97: ("ninety seven", "quatre vingt dix-sept"),
    100: ("one hundred", "cent"),
    200: ("two hundred", "deux cents"),
    305: ("three hundred and five", "trois cent cinq"),
    1000: ("one thousand", "mille"),
    2017: ("two thousand and seventeen", "deux mille dix-sept"),
    9199: ("nine thousand one hundred and ninety nine", "neuf mille cent quatre vingt dix-neuf"),
}


@pytest.mark.parametrize("number", KNOWN)
def test_numbers_are_said_as_they_are_said(number: int) -> None:
    assert (" ".join(english(number)), " ".join(french(number))) == KNOWN[number]


def test_every_number_is_another_sentence_and_none_is_in_both_splits() -> None:
    x, y = translated(np.arange(NUMBERS))
    assert len(np.unique(x["english"], axis=0)) == len(np.unique(y, axis=0)) == NUMBERS
    assert (y[:, -1] == END).all()  # there is room for the end
    data = load_dataset("number-words")
    both = np.concatenate([data.x_train["english"], data.x_test["english"]])
    assert len(np.unique(both, axis=0)) == len(both)
    assert data.class_names == FRENCH.names and len(FRENCH) == len(FRENCH.names)


def test_what_is_said_so_far_are_the_words_before() -> None:
    x, y = translated(np.array([305]))
    assert ENGLISH.sentence(x["english"][0]) == "three hundred and five"
    assert FRENCH.sentence(y[0]) == "trois cent cinq"
    assert x["said"][0, 0] == START and (x["said"][0, 1:] == y[0, :-1]).all()
    assert moved_on(np.array([[7, 8, END]])).tolist() == [[START, 7, 8]]


def test_words_and_sentences_beyond_the_vocabulary_are_refused() -> None:
    words = Vocabulary(("a", "b"))
    assert words.rows([["b", "a"], []], 3).tolist() == [[3, 2, END], [END] * 3]
    with pytest.raises(InputError, match="the vocabulary of 2 words does not have 'c'"):
        words.rows([["c"]], 3)
    with pytest.raises(InputError, match="a sentence has 4 words, and the network takes 3"):
        words.rows([["a"] * 4], 3)
