"""`Fold`: how many multipliers a product shares its work among, as FINN's PE and SIMD.

Umuroglu et al., "FINN: a framework for fast, scalable binarized neural network inference", FPGA 2017: a unit has PE
rows of SIMD multipliers, and goes NF = N / PE times through SF = K / SIMD words of its input. hls4ml's reuse factor is
K * N / (PE * SIMD).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Fold:
    """How one product is laid out.

    Attributes:
        pe: outputs computed at a time.
        simd: products summed at a time for each of them.
        lanes: channels of a pixel that enter at a time; for a dense product, `simd`.
        interval: clock cycles between inferences.
        unrolled: one multiplier, and a constant one, for every weight: one position a clock cycle.
    """

    pe: int
    simd: int
    lanes: int
    interval: int
    unrolled: bool = False

    @property
    def multipliers(self) -> int:
        """That work at a time."""
        return self.pe * self.simd


UNROLL_LIMIT = 8192
"""Most weights of a layer that become constants: each costs a few adders, and time to plan and to synthesize them."""

Folding = Mapping[str, Fold]
"""A fold for every product, by the name of its node."""


def divisors(number: int) -> list[int]:
    """All divisors, ascending."""
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return small + [number // d for d in reversed(small) if d * d != number]
