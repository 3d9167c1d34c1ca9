"""`LookupUnit`: a table of a function of one argument."""

from dataclasses import dataclass
from functools import cached_property

from netloom.errors import PrecisionError
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream, hex_memory
from netloom.firmware.units.elastic import ElasticTiming, elastic_resources
from netloom.firmware.units.elements.lookup_table import Addressing, addressing
from netloom.firmware.units.memories.rom_style import rom_in_block, rom_luts
from netloom.firmware.units.products.shift_add import signed_digits
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Ram, Resources, SourceUnit
from netloom.hls.dataflow import Lookup

_LARGEST = 2**31
_BLOCK_DEPTH = 1024
"""Words beyond which a table is in several blocks."""


@dataclass(frozen=True)
class LookupUnit(SourceUnit):
    """`operation.table` at an index computed from every raw. Two lanes share a memory, a read port each.

    One stage for a table in logic, two for one in block RAM; two more where the index is more than bits of the raw, and
    one where it takes a product.

    Attributes:
        source: arguments.
        operation: table and index.
        target: device family, for the choice of memories.

    Raises:
        PrecisionError: if scale or offset are beyond the 32 bits of a parameter.
    """

    module = "lookup"

    operation: Lookup
    target: Family = GENERIC

    def __post_init__(self) -> None:
        operation = self.operation
        if not self._addressing.direct and max(self._addressing.scale, abs(operation.offset)) >= _LARGEST:
            raise PrecisionError(f"{self.name}: the table's scale and offset must be below {_LARGEST}")

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """As many elements, of the table's type."""
        return (Stream(f"{self.name}_out", self.operation.element, self.source.lanes, self.source.beats),)

    @cached_property
    def _addressing(self) -> Addressing:
        return addressing(self.operation, self.source.element)

    @property
    def _block(self) -> bool:
        ports = min(self.source.lanes, 2)
        return rom_in_block(len(self._addressing.table), ports * self.operation.element.width, self.target)

    @property
    def _stages(self) -> int:
        direct = self._addressing.direct
        return 1 + self._block + (0 if direct else 2 + (self._addressing.scale != 1))

    def parameters(self) -> dict[str, int | str]:
        """Types, addressing, and the memory's file."""
        element, way = self.source.element, self._addressing
        return {
            "LANES": self.source.lanes,
            "IN_WIDTH": element.width,
            "IN_SIGNED": int(element.signed),
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
        raws = [int(raw) for raw in self._addressing.table]
        return {f"{self.name}.mem": hex_memory(raws, self.operation.element.width)}

    def timing(self) -> Timing:
        """Elastic stages: product, sum, limits, memory, its output register, as far as there are."""
        return ElasticTiming(self._stages)

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
            total += Resources(lut=lanes * width * (-(-depth // _BLOCK_DEPTH) - 1) // 3)
            total += Resources(rams=(Ram(depth, width, block=True),) * -(-lanes // ports))
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
