"""BLEU: against counting by hand, and what it must not depend on."""

import pytest

from netloom.models.tasks.measures.bleu import bleu


def numbers(*sentences: str) -> list[list[int]]:
    return [[hash(word) for word in sentence.split()] for sentence in sentences]


def test_what_is_right_is_1_and_words_that_are_not_there_are_0() -> None:
    right = numbers("the cat is on the mat", "there is a cat on the mat")
    assert bleu(right, right) == pytest.approx(1)
    assert bleu(numbers("we", "you and they"), right) == 0
    assert bleu(numbers("", ""), right) == 0


def test_runs_of_the_whole_set_are_counted_together_and_each_as_often_as_it_is_right() -> None:
    # Of the four times that `the` is said in the first sentence two are right.
    said = numbers("the the cat is on the the", "a dog barks so")
    right = numbers("the cat is on the mat", "a dog barks so")
    shares = (5 + 4) / (7 + 4), (4 + 3) / (6 + 3), (3 + 2) / (5 + 2), (2 + 1) / (4 + 1)
    expected = (shares[0] * shares[1] * shares[2] * shares[3]) ** 0.25
    assert bleu(said, right) == pytest.approx(expected)


def test_saying_less_than_is_right_costs() -> None:
    said, right = numbers("the cat is on the"), numbers("the cat is on the mat")
    assert bleu(said, right) == pytest.approx(2.718281828 ** (1 - 6 / 5))
