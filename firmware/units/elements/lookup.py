"""`LookupUnit`: a table of a function of one argument; `addressing`, by bits of the raw where that table is small."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from netloom.errors import PrecisionError
from netloom.firmware.stream import Stream, hex_memory
from netloom.firmware.units.elastic import ElasticUnit, elastic_resources
from netloom.firmware.units.memories.styles import rom_in_block, rom_luts
from netloom.firmware.units.products.shift_add import signed_digits
from netloom.firmware.units.unit import LARGEST_PARAMETER, Resources, type_parameters
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Lookup, integer_dtype

_BLOCK_DEPTH = 1024
"""Words beyond which LUTs are counted that choose a block. An estimate on the safe side, not the shape of a family's
blocks: with one lane synthesis took none of them for 2,048 words of 16 bits.
"""
_WIDEST_DIRECT = 16
"""Widest word for which all raws are tried, in bits."""
_LEAST_TABLE = 64
"""A direct table of so many words is never too large."""


@dataclass(frozen=True, eq=False)
class Addressing:
    """Raws in the memory, `table`, and the way from a raw to an address.

    Direct: the address is the raw's word without its last `drop` bits. Computed: raw * `scale`, which is odd, shifted
    right by `shift` (left if negative; dropped bits rounded towards zero or down), plus the operation's offset, limited
    to the table.
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


@dataclass(frozen=True)
class LookupUnit(ElasticUnit):
    """`operation.table` at an index computed from every raw. Two lanes share a memory, a read port each.

    One stage for a table in logic, two for one in block RAM; two more where the index is more than bits of the raw, and
    one where it takes a product.

    Attributes:
        operation: table and index.

    Raises:
        PrecisionError: if scale or offset are beyond the 32 bits of a parameter.
    """

    module = "lookup"

    operation: Lookup

    def __post_init__(self) -> None:
        if not self._addressing.direct and max(self._addressing.scale, abs(self.operation.offset)) > LARGEST_PARAMETER:
            raise PrecisionError(f"{self.name}: the table's scale and offset must be below {LARGEST_PARAMETER + 1}")

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """As many elements, of the table's type."""
        return (replace(self.source, name=f"{self.name}_out", element=self.operation.element),)

    @cached_property
    def _addressing(self) -> Addressing:
        return addressing(self.operation, self.source.element)

    @property
    def _block(self) -> bool:
        ports = min(self.source.lanes, 2)
        return rom_in_block(len(self._addressing.table), ports * self.operation.element.width, self.target)

    @property
    def _stages(self) -> int:
        """Product, sum, limits, memory, its output register, as far as there are."""
        way = self._addressing
        return 1 + self._block + (0 if way.direct else 2 + (way.scale != 1))

    def parameters(self) -> dict[str, int | str]:
        """Types, addressing, and the memory's file."""
        way = self._addressing
        return {
            "LANES": self.source.lanes,
            **type_parameters("IN", self.source.element),
            "OUT_WIDTH": self.operation.element.width,
            "DEPTH": len(way.table),
            "FILE": f"{self.name}.mem",
            "BLOCK": int(self._block),
            "DIRECT": int(way.direct),
            "DROP": way.drop,
            "SCALE": way.scale,
            "SHIFT": way.shift,
            "TOWARD_ZERO": int(self.operation.toward_zero),
            "OFFSET": 0 if way.direct else self.operation.offset,
        }

    def memories(self) -> dict[str, str]:
        """The table, once for all lanes."""
        return {f"{self.name}.mem": hex_memory(self._addressing.table[:, None], self.operation.element.width)}

    @property
    def multipliers(self) -> int:
        """One a lane where the scale is not a power of two; in LUTs."""
        return self.source.lanes if not self._addressing.direct and self._addressing.scale != 1 else 0

    def resources(self) -> Resources:
        """Memories and their registers; the index's arithmetic where it takes any."""
        lanes, way, width = self.source.lanes, self._addressing, self.operation.element.width
        depth = len(way.table)
        total = elastic_resources(self._stages, 0) + Resources(ff=lanes * width)
        if self._block:
            ports = 2 if width <= self.target.second_port else 1
            # A memory deeper than one block is chosen from by LUTs.
            choice = lanes * width * (-(-depth // _BLOCK_DEPTH) - 1) // 3
            total += Resources(choice, rams=((depth, width),) * -(-lanes // ports))
        else:
            total += Resources(lut=lanes * rom_luts(depth, width))
        if not way.direct:
            product = self.source.element.width + way.scale.bit_length() - 1
            index = max(product - way.shift, 1) + 1
            terms = len(signed_digits(way.scale)) - 1
            address = (depth - 1).bit_length()
            total += Resources(
                lut=lanes * (terms * product + 2 * index + address),
                ff=lanes * (product * (terms > 0) + index + address),
            )
        return total
