"""BLEU: how much of what is said stands in the right sentence too, in runs of words."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

LONGEST = 4
"""Words of a run."""


def bleu(said: Sequence[Sequence[int]], right: Sequence[Sequence[int]]) -> float:
    """Of a whole set of sentences, with one right sentence each, unsmoothed, 0 to 1.

    Papineni, Roukos, Ward, Zhu, "BLEU: a method for automatic evaluation of machine translation", ACL 2002: the
    geometric mean of the shares of runs of 1 to 4 words that the right sentence has as well, each as often as there;
    less if fewer words are said than are right.

    Args:
        said: the words of each sentence.
        right: likewise.
    """
    shared, given = np.zeros(LONGEST), np.zeros(LONGEST)
    for one, other in zip(said, right, strict=True):
        for length in range(1, LONGEST + 1):
            runs, wanted = _runs(one, length), _runs(other, length)
            shared[length - 1] += (runs & wanted).total()
            given[length - 1] += runs.total()
    if not shared.all():
        return 0.0
    words, needed = sum(map(len, said)), sum(map(len, right))
    brief = min(1.0, float(np.exp(1 - needed / words)))
    return brief * float(np.exp(np.log(shared / given).mean()))


def _runs(words: Sequence[int], length: int) -> "Counter[tuple[int, ...]]":
    return Counter(tuple(words[start : start + length]) for start in range(len(words) - length + 1))
