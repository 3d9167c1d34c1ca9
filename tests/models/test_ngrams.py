"""N-grams: probabilities add up, the formula is the published one, and counted text is foreseen."""

import numpy as np
import pytest

from netloom.models.ngrams import NGrams

RANDOM = np.random.default_rng(0)
TEXT = RANDOM.choice(12, p=np.arange(1, 13) / 78, size=3000)


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_probabilities_of_all_words_add_up_to_one(length: int) -> None:
    model = NGrams(TEXT, length, 15)  # three words were never met
    for before in ([3, 4, 5], [14, 14, 14], [0, 11, 11]):
        every = [model.probability([*before, word][-length:]) for word in range(15)]
        assert sum(every) == pytest.approx(1)
        assert min(every) > 0


def test_pairs_are_discounted_and_what_is_left_goes_to_words_by_how_many_they_follow() -> None:
    """By hand: 0 0 1 0 2 0 0 1, of which 00 twice, 01 twice, 10, 02, 20 once."""
    model = NGrams(np.array([0, 0, 1, 0, 2, 0, 0, 1]), 2, 3)
    once = 3 / (3 + 2 * 2)  # three pairs are met once, two twice
    first, second = 1 - 2 * once * 2 / 3, 2.0  # discounts of one and two; none is met three times
    kinds = np.array([3, 1, 1])  # words before each: 0 follows 0, 1, 2; 1 and 2 follow 0
    low = 2 / (2 + 2 * 0)
    singles = [(3 - 3) / 5, (1 - 1) / 5, (1 - 1) / 5]  # one word's kinds are 3, of which all is discounted
    left = (1 * 2 + 3 * 1) / 5
    assert low == 1 and kinds.sum() == 5
    wanted = (1 - first) / 5 + (2 * second + first) / 5 * (singles[2] + left / 3)
    assert model.probability([0, 2]) == pytest.approx(wanted)


def test_a_text_that_repeats_is_foreseen_by_the_longer_ones() -> None:
    text = np.arange(900) % 9 % 5  # 0 1 2 3 4 0 1 2 3: after 3 comes 4 or 0, by what was before
    before, words = text[np.arange(880)[:, None] + np.arange(5)], text[5:885]
    found = [NGrams(text, length, 5).perplexity(before, words) for length in (1, 2, 5)]
    assert found[0] > 4 and found[0] > found[1] > found[2]


def test_the_perplexity_is_of_the_mean_logarithm() -> None:
    model, text = NGrams(TEXT, 3, 12), RANDOM.integers(0, 12, 50)
    before, words = text[np.arange(45)[:, None] + np.arange(5)], text[5:]
    each = [model.probability(text[place - 2 : place + 1].tolist()) for place in range(5, 50)]
    assert model.perplexity(before, words) == pytest.approx(np.exp(-np.log(each).mean()))
