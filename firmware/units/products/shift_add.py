"""Products with constant weights as a network of additions: signed digits, shared pairs, balanced trees.

Every weight is written in canonical signed digits (Avizienis 1961), so that a product is a few shifted copies of its
input, added or subtracted. Pairs of them that occur in several sums are added once, the most frequent pair first
(Hartley 1996). What is left of each sum becomes a tree, operands that are ready first being added first.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

import numpy as np

_SHARING_LIMIT = 4_000_000
"""Pairs of terms, counted in both orders, of which shared ones are looked for; more take minutes."""


class Term(NamedTuple):
    """A node's value, shifted left, added or subtracted."""

    node: int
    shift: int
    negative: bool = False


@dataclass(frozen=True)
class AdderNode:
    """An integer of the network, in a register.

    Attributes:
        level: clocks from the registered inputs to it.
        coefficients: leaf -> factor; what it is the sum of.
        low: least value.
        high: greatest value.
        first: for a sum, the node whose value is taken as it is; None for a leaf.
        second: the node that is shifted, then added or subtracted.
        shift: of the second.
        subtract: whether the second is subtracted.
        rounded: for a leaf that is a product with its last bits rounded away, that product.
    """

    level: int
    coefficients: dict[int, int] = field(compare=False)
    low: int
    high: int
    first: int | None = None
    second: int | None = None
    shift: int = 0
    subtract: bool = False
    rounded: Term | None = None


class AdderNetwork:
    """Grows node by node; nodes are numbered in order of creation, operands before their sums."""

    def __init__(self) -> None:
        self.nodes: list[AdderNode] = []
        self._sums: dict[tuple[int, int, int, bool], int] = {}

    def leaf(self, low: int, high: int, level: int = 0, rounded: Term | None = None) -> int:
        """An input, or a product that is rounded."""
        self.nodes.append(AdderNode(level, {len(self.nodes): 1}, low, high, rounded=rounded))
        return len(self.nodes) - 1

    def add(self, a: Term, b: Term) -> Term:
        """The sum of two terms; found again if it is there."""
        a, b = sorted((a, b), key=lambda term: (term.shift, term.node, term.negative))
        key = (a.node, b.node, b.shift - a.shift, a.negative != b.negative)
        if key not in self._sums:
            self._sums[key] = len(self.nodes)
            self.nodes.append(self._sum(*key))
        return Term(self._sums[key], a.shift, a.negative)

    def _sum(self, first: int, second: int, shift: int, subtract: bool) -> AdderNode:
        a, b = self.nodes[first], self.nodes[second]
        factor = -(1 << shift) if subtract else 1 << shift
        coefficients = dict(a.coefficients)
        for leaf, coefficient in b.coefficients.items():
            coefficients[leaf] = coefficients.get(leaf, 0) + factor * coefficient
        low = high = 0
        for leaf, coefficient in coefficients.items():
            ends = (coefficient * self.nodes[leaf].low, coefficient * self.nodes[leaf].high)
            low, high = low + min(ends), high + max(ends)
        return AdderNode(max(a.level, b.level) + 1, coefficients, low, high, first, second, shift, subtract)

    def tree(self, terms: Iterable[Term]) -> Term:
        """The sum of at least one term, the ones of least level added first."""
        queue = [(self.nodes[term.node].level, index, term) for index, term in enumerate(terms)]
        heapq.heapify(queue)
        count = len(queue)
        while len(queue) > 1:
            both = self.add(heapq.heappop(queue)[2], heapq.heappop(queue)[2])
            heapq.heappush(queue, (self.nodes[both.node].level, count, both))
            count += 1
        return queue[0][2]

    def share(self, sums: list[set[Term]]) -> None:
        """Replace pairs of terms that occur in more than one place by their sum, in place, the most frequent first."""
        counts: Counter[_Pair] = Counter()
        homes: dict[int, set[int]] = defaultdict(set)
        for place, terms in enumerate(sums):
            counts.update(_pair(a, b) for a, b in combinations(terms, 2))
            for term in terms:
                homes[term.node].add(place)
        queue = [(-count, pair) for pair, count in counts.items() if count > 1]
        heapq.heapify(queue)
        while queue:
            count, pair = heapq.heappop(queue)
            if counts[pair] < 2:
                continue
            if counts[pair] != -count:
                heapq.heappush(queue, (-counts[pair], pair))
                continue
            for place in sorted(homes[pair[0]] & homes[pair[1]]):
                for new in self._replace(sums[place], pair, counts, queue):
                    homes[new].add(place)
            counts[pair] = 0

    def _replace(
        self, terms: set[Term], pair: "_Pair", counts: "Counter[_Pair]", queue: list[tuple[int, "_Pair"]]
    ) -> list[int]:
        """In one sum; gives the nodes that are new in it."""
        first, second, shift, subtract = pair
        made = []
        for a in sorted(term for term in terms if term[0] == first):
            b = Term(second, a.shift + shift, a.negative != subtract)
            if a not in terms or b not in terms or a == b:
                continue
            for old in (a, b):
                terms.remove(old)
                for other in terms:
                    counts[_pair(old, other)] -= 1
            new = self.add(a, b)
            for other in terms:
                key = _pair(new, other)
                counts[key] = count = counts[key] + 1
                if count > 1:
                    heapq.heappush(queue, (-count, key))
            terms.add(new)
            made.append(new.node)
        return made


_Pair = tuple[int, int, int, bool]


def _pair(a: Term, b: Term) -> _Pair:
    """Two terms, whatever shift and sign they have in common."""
    first, shift, negative = a
    second, other, opposite = b
    if other < shift or (other == shift and second < first):
        return second, first, shift - other, negative != opposite
    return first, second, other - shift, negative != opposite


def signed_digits(value: int) -> list[tuple[int, bool]]:
    """(position, whether negative) of the digits that are not zero in canonical signed digit form."""
    digits = []
    position = 0
    while value:
        if value & 1:
            negative = value & 3 == 3
            digits.append((position, negative))
            value += 1 if negative else -1
        value >>= 1
        position += 1
    return digits


def digit_count(weights: np.ndarray) -> int:
    """How many digits `signed_digits` finds in int64 weights altogether."""
    return int(np.bitwise_count(weights ^ 3 * weights).sum())


def linear_network(weights: np.ndarray, low: int, high: int) -> tuple[AdderNetwork, list[Term | None]]:
    """All columns' sums of inputs times weights; pairs are shared unless there are too many of them.

    Args:
        weights: integers (K, N).
        low: least value of an input.
        high: greatest value.

    Returns:
        The network, its first K nodes the inputs, and for every column its sum; None where all weights are zero.
    """
    network = AdderNetwork()
    for _ in weights:
        network.leaf(low, high)
    sums = [
        {Term(k, *digit) for k, weight in enumerate(column) for digit in signed_digits(weight)}
        for column in weights.T.tolist()
    ]
    if sum(len(terms) ** 2 for terms in sums) < _SHARING_LIMIT:
        network.share(sums)
    return network, [network.tree(sorted(terms)) if terms else None for terms in sums]
