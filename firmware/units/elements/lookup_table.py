"""How a `Lookup` is addressed in hardware: by bits of the raw where that table is small, else by an index."""

from dataclasses import dataclass

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Lookup, integer_dtype

_WIDEST_DIRECT = 16
"""Widest word for which all raws are tried, in bits."""
_LEAST_TABLE = 64
"""A direct table of so many words is never too large."""


@dataclass(frozen=True, eq=False)
class Addressing:
    """Contents of the memory, and the way from a raw to an address.

    Direct: the address is the raw's word without its last `drop` bits. Computed: raw * `scale`, shifted right by
    `shift` (left if negative; dropped bits rounded towards zero or down), plus `offset`, limited to the table.

    Attributes:
        table: raws in the memory.
        direct: whether the address is bits of the raw.
        drop: bits below the address, if direct.
        scale: odd factor.
        shift: bits to drop from the product.
    """

    table: np.ndarray
    direct: bool
    drop: int = 0
    scale: int = 1
    shift: int = 0


def addressing(operation: Lookup, element: FixedPoint) -> Addressing:
    """The smaller of both ways, exact in either."""
    scale, shift = operation.scale, operation.shift
    while scale and scale % 2 == 0:
        scale, shift = scale // 2, shift - 1
    aligned = scale == 1 and shift > 0 and (not operation.toward_zero or not element.signed)
    drop = min(shift, element.width - 1) if aligned else 0
    width = element.width - drop
    limit = max(1 << (operation.table.size - 1).bit_length(), _LEAST_TABLE)
    if width <= _WIDEST_DIRECT:
        words: np.ndarray = np.arange(1 << width).astype(integer_dtype(2**element.width * operation.scale))
        if element.signed:
            words -= (words >> (width - 1)) << width
        table = operation.table[operation.index(words << drop)]
        while len(table) > 1 and (table[::2] == table[1::2]).all() and drop < element.width - 1:
            table, drop = table[::2], drop + 1
        if len(table) <= limit:
            return Addressing(table, True, drop=drop)
    return Addressing(operation.table, False, scale=scale, shift=shift)
