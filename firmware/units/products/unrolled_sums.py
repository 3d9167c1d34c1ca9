"""`UnrolledSums`: the sums of an unrolled product as a network of adders, and what each begins with."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netloom.firmware.units.products.shift_add import AdderNetwork, Term, linear_network, signed_digits
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import MatVec
from netloom.rounding import round_raw


@dataclass(frozen=True, eq=False)
class UnrolledSums:
    """What a constant matrix makes of a vector.

    Attributes:
        operation: matrix, bias and accumulator.
        element: type of the vector's elements.
    """

    operation: MatVec
    element: FixedPoint

    @property
    def accum(self) -> FixedPoint:
        """Type of the results."""
        return self.operation.accum

    @property
    def shift(self) -> int:
        """Fraction bits of a product minus those of the result."""
        return self.element.fraction + self.operation.weight_type.fraction - self.accum.fraction

    @property
    def network(self) -> AdderNetwork:
        """The adders."""
        return self._made[0]

    @property
    def terms(self) -> list[Term | None]:
        """Every result without its bias, in its own step; None where nothing is added."""
        return self._made[1]

    @cached_property
    def start(self) -> list[int]:
        """What every result begins with, in its own step."""
        start: list[int] = self.operation.start().tolist()
        return start

    @cached_property
    def levels(self) -> int:
        """Clocks from the registered inputs to the results' sums."""
        return max((self.network.nodes[term.node].level for term in self.terms if term), default=0)

    @property
    def finishes(self) -> bool:
        """Whether a last adder brings in a bias, or a sum of which only the negative is there."""
        return any(self.start) or any(term is not None and term.negative for term in self.terms)

    @cached_property
    def _made(self) -> tuple[AdderNetwork, list[Term | None]]:
        inputs = self.operation.weights.shape[0]
        low, high = np.full(inputs, self.element.raw_min), np.full(inputs, self.element.raw_max)
        if self.shift > 0:
            return self._rounded_network(low, high)
        network, sums = _shared_network(self.operation.weights, low, high)
        below = [term and Term(term.node, term.shift - self.shift, term.negative) for term in sums]
        return network, [term if term and term.shift < self.accum.width else None for term in below]

    def _rounded_network(self, low: np.ndarray, high: np.ndarray) -> tuple[AdderNetwork, list[Term | None]]:
        """Each product is rounded before it is added: only equal products are shared."""
        network, weights = AdderNetwork(), self.operation.weights
        inputs = [network.leaf(*ends) for ends in zip(low.tolist(), high.tolist(), strict=True)]
        made: dict[tuple[int, int], int] = {}
        sums: list[list[Term]] = [[] for _ in weights.T]
        for k, row in enumerate(weights.tolist()):
            for n, weight in enumerate(row):
                if weight and (k, weight) not in made:
                    made[k, weight] = self._rounded(network, inputs[k], weight)
                if weight:
                    sums[n].append(Term(made[k, weight], 0))
        return network, [network.tree(terms) if terms else None for terms in sums]

    def _rounded(self, network: AdderNetwork, element: int, weight: int) -> int:
        product = network.tree(Term(element, *digit) for digit in signed_digits(weight))
        node = network.nodes[element]
        ends = np.array(sorted((node.low * weight, node.high * weight)), dtype=object)
        low, high = round_raw(ends, self.shift, self.accum.rounding).tolist()
        return network.leaf(low, high, network.nodes[product.node].level + 1, rounded=product)


_networks: dict[tuple[bytes, ...], tuple[AdderNetwork, list[Term | None]]] = {}
"""Those made last: one layer is looked at at many paces, and each time its adders are the same."""
_KEPT = 16


def _shared_network(weights: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[AdderNetwork, list[Term | None]]:
    """`linear_network`, kept for the next time."""
    key = (repr(weights.shape).encode(), *(array.astype(np.int64).tobytes() for array in (weights, low, high)))
    if key not in _networks:
        if len(_networks) >= _KEPT:
            del _networks[next(iter(_networks))]
        _networks[key] = linear_network(weights, low, high)
    return _networks[key]
