"""N-grams with Kneser-Ney smoothing: what a language model of counted words foresees, to hold networks against."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_MOST = 3
"""Counts from here on have the same discount."""

_Gram = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class _Order:
    """N-grams of one length.

    Attributes:
        counts: how often each was met; of shorter ones than the longest, behind how many different words.
        totals: of all that begin alike, by how they begin.
        kinds: how many different ones begin alike and were met once, twice, and more often.
        discounts: of a count of 0, 1, 2, and more.
    """

    counts: Counter[_Gram]
    totals: dict[_Gram, int]
    kinds: dict[_Gram, list[int]]
    discounts: tuple[float, ...]


class NGrams:
    """Interpolated, modified Kneser-Ney smoothing (Chen, Goodman, "An empirical study of smoothing techniques for
    language modeling", 1999).

    Args:
        words: numbers of a text's words, from 0.
        length: words of an N-gram: the foreseen one and those before it.
        vocabulary: how many different words there are.
    """

    def __init__(self, words: np.ndarray, length: int, vocabulary: int) -> None:
        self.length, self.vocabulary = length, vocabulary
        text = words.tolist()
        counts = Counter(tuple(text[start : start + length]) for start in range(len(text) - length + 1))
        orders = [_order(counts)]
        for _ in range(length - 1):
            counts = Counter(gram[1:] for gram in counts)
            orders.append(_order(counts))
        self._orders = orders[::-1]

    def probability(self, gram: Sequence[int]) -> float:
        """Of the last word of an N-gram of at most this length, behind the others."""
        found = 1 / self.vocabulary
        for order, length in zip(self._orders, range(1, len(gram) + 1), strict=False):
            part = tuple(gram[len(gram) - length :])
            begin = part[:-1]
            total = order.totals.get(begin, 0)
            if not total:
                break
            count = order.counts.get(part, 0)
            left = sum(share * many for share, many in zip(order.discounts[1:], order.kinds[begin], strict=True))
            found = (max(count - order.discounts[min(count, _MOST)], 0) + left * found) / total
        return found

    def perplexity(self, before: np.ndarray, words: np.ndarray) -> float:
        """Of words, (words,), each behind those before it, (words, as many as are known)."""
        known = before[:, before.shape[1] - self.length + 1 :] if self.length > 1 else before[:, :0]
        grams = np.concatenate([known, words[:, None]], axis=1).tolist()
        return float(np.exp(-np.mean(np.log([self.probability(gram) for gram in grams]))))


def _order(counts: Counter[_Gram]) -> _Order:
    totals: dict[_Gram, int] = defaultdict(int)
    kinds: dict[_Gram, list[int]] = defaultdict(lambda: [0] * _MOST)
    for gram, count in counts.items():
        totals[gram[:-1]] += count
        kinds[gram[:-1]][min(count, _MOST) - 1] += 1
    met = Counter(counts.values())
    once = met[1] / (met[1] + 2 * met[2]) if met[1] else 0.0
    discounts = [count - (count + 1) * once * met[count + 1] / max(met[count], 1) for count in range(1, _MOST + 1)]
    # In a text of few words the formula may leave a discount out, and with it every word that was not met.
    bounded = [float(np.clip(one, 0.1, count)) for count, one in enumerate(discounts, start=1)]
    return _Order(counts, dict(totals), dict(kinds), (0.0, *bounded))
