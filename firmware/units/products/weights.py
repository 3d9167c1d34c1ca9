"""`FoldedWeights`: a matrix as a folded unit's memory holds it, narrow, and two to a DSP block where they fit."""

from dataclasses import dataclass

import numpy as np

from netloom.firmware.families import Family
from netloom.fixed_point import FixedPoint


@dataclass(frozen=True, eq=False)
class FoldedWeights:
    """Weights in the memory's order, and how the multipliers take them.

    Two rows of multipliers that share their element x may share DSP blocks: x * (upper * 2**pack + lower) has both
    products, if `pack` bits hold the lower one. Where that is negative it borrows one from the upper, which the adder
    behind gives back. The memory holds both weights beside each other, so the upper one has the lower one's sign
    already taken off.

    Attributes:
        stored: (NF, SF, PE, SIMD), as in the memory.
        type: of a weight there, its fraction of no meaning.
        shift: fraction bits of a product minus those of the result.
        product_range: least and greatest product, and 0.
        pack: bits between two weights in a block; 0 if none share one.
        blocks: DSP blocks in use.
        in_dsps: multipliers that they serve.
    """

    stored: np.ndarray
    type: FixedPoint
    shift: int
    product_range: tuple[int, int]
    pack: int
    blocks: int
    in_dsps: int


def can_share_blocks(weights: np.ndarray, low: int, high: int, signed: bool, target: Family) -> bool:
    """Whether any two of a product's weights fit one DSP block together, where they meet the same element.

    That is a raw from `low` to `high`, of a signed type or not. Where the vendor's tool decides what a block takes, no
    weights are put together.
    """
    raws, _ = trimmed(weights)
    least, greatest = int(raws.min()), int(raws.max())
    pack = bits_of_range(*product_range(raws, (low, high)), signed=signed or least < 0)
    fits = pack + FixedPoint.containing(least - 1, greatest, 0).width <= target.dsp_width
    return fits and target.packs


def product_range(raws: np.ndarray, values: tuple[int, int]) -> tuple[int, int]:
    """The least and the greatest of products of values from the first to the last, and 0."""
    ends = [0, *(value * int(weight) for value in values for weight in (raws.min(), raws.max()))]
    return min(ends), max(ends)


def trimmed(raws: np.ndarray) -> tuple[np.ndarray, int]:
    """Without the zeros that all end in, and how many."""
    used = int(np.bitwise_or.reduce(raws, axis=None))
    zeros = (used & -used).bit_length() - 1 if used else 0
    return raws >> zeros, zeros


def shared(folded: np.ndarray, dsps: int) -> tuple[np.ndarray, int, int]:
    """Weights (NF, SF, PE, SIMD), two a block where they can.

    Returns:
        Weights with signs taken off upper ones, blocks in use, multipliers they serve; lanes of pairs of rows first.
    """
    _, _, pe, simd = folded.shape
    stored = folded.copy()
    pairs = pe // 2
    for pair in range(min(dsps, pairs * simd)):
        row, lane = pair // simd * 2, pair % simd
        stored[:, :, row + 1, lane] -= folded[:, :, row, lane] < 0
    single = pe % 2 * simd
    blocks = min(dsps, pairs * simd + single)
    return stored, blocks, blocks + min(blocks, pairs * simd)


def narrowest(raws: np.ndarray, fraction: int = 0) -> FixedPoint:
    """The type that holds them in the fewest bits."""
    return FixedPoint.containing(int(raws.min()), int(raws.max()), fraction)


def bits_of_range(low: int, high: int, *, signed: bool) -> int:
    """Bits that hold all raws of a range, and one more for a sign."""
    return max(max(high, 0).bit_length(), max(-low - 1, 0).bit_length()) + signed
