"""`UnrolledSums`: the sums of an unrolled product as a network of adders, and what each begins with."""

from functools import lru_cache

import numpy as np

from netloom.firmware.units.products.shift_add import AdderNetwork, Term, linear_network, signed_digits
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import MatVec
from netloom.rounding import round_raw


class UnrolledSums:
    """What a constant matrix makes of a vector.

    Attributes:
        operation: matrix, bias and accumulator.
        element: type of the vector's elements.
        shift: fraction bits of a product minus those of the result.
        network: the adders.
        terms: every result without its bias, in its own step; None where nothing is added.
        start: what every result begins with, in its own step.
        levels: clocks from the registered inputs to the results' sums.
        finishes: whether a last adder brings in a bias, or a sum of which only the negative is there.
    """

    def __init__(self, operation: MatVec, element: FixedPoint) -> None:
        self.operation = operation
        self.element = element
        self.shift = element.fraction + operation.weight_type.fraction - operation.accum.fraction
        self.network, self.terms = self._rounded_network() if self.shift > 0 else self._shifted_network()
        self.start: list[int] = operation.start().tolist()
        self.levels = max((self.network.nodes[term.node].level for term in self.terms if term), default=0)
        self.finishes = any(self.start) or any(term is not None and term.negative for term in self.terms)

    def _shifted_network(self) -> tuple[AdderNetwork, list[Term | None]]:
        weights = self.operation.weights.astype(np.int64)
        network, sums = _kept_network(weights.shape, weights.tobytes(), self.element.raw_min, self.element.raw_max)
        below = [term and Term(term.node, term.shift - self.shift, term.negative) for term in sums]
        return network, [term if term and term.shift < self.operation.accum.width else None for term in below]

    def _rounded_network(self) -> tuple[AdderNetwork, list[Term | None]]:
        """Each product is rounded before it is added: only equal products are shared."""
        network, weights = AdderNetwork(), self.operation.weights
        inputs = [network.leaf(self.element.raw_min, self.element.raw_max) for _ in weights]
        made: dict[tuple[int, int], int] = {}
        sums: list[list[Term]] = [[] for _ in weights.T]
        for k, n in np.argwhere(weights).tolist():
            weight = int(weights[k, n])
            if (k, weight) not in made:
                made[k, weight] = self._rounded(network, inputs[k], weight)
            sums[n].append(Term(made[k, weight], 0))
        return network, [network.tree(terms) if terms else None for terms in sums]

    def _rounded(self, network: AdderNetwork, element: int, weight: int) -> int:
        product = network.tree(Term(element, *digit) for digit in signed_digits(weight))
        node = network.nodes[element]
        ends = np.array(sorted((node.low * weight, node.high * weight)), dtype=object)
        low, high = round_raw(ends, self.shift, self.operation.accum.rounding).tolist()
        return network.leaf(low, high, network.nodes[product.node].level + 1, rounded=product)


@lru_cache(maxsize=16)
def _kept_network(
    shape: tuple[int, int], weights: bytes, low: int, high: int
) -> tuple[AdderNetwork, list[Term | None]]:
    """`linear_network` of int64: one layer is looked at at many paces, and each time its adders are the same."""
    return linear_network(np.frombuffer(weights, np.int64).reshape(shape), low, high)
