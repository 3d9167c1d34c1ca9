"""`ReduceUnit`: maximum or sum along the last axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from netloom.errors import FoldingError
from netloom.firmware.stream import Stream
from netloom.firmware.units.elastic import ElasticTiming, elastic_resources
from netloom.firmware.units.elements.casting import Casting
from netloom.firmware.units.timing import StreamTiming, Timing
from netloom.firmware.units.unit import Resources, SourceUnit
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Reduce, Summation


def required_lanes(operation: Reduce, size: int, saturates: bool) -> int | None:
    """Lanes that `ReduceUnit` needs to take `size` terms in the order asked for; None where any will do."""
    if size == 1 or not saturates:
        return None
    return size if operation.summation is Summation.TREE else 1


@dataclass(frozen=True)
class ReduceUnit(SourceUnit):
    """Groups of `size` elements to one: a tree of registered adders (or maxima) over the lanes, then beat by beat.

    Stages: of the cast (none if it is wires), one a level of the tree, and the result.

    Attributes:
        source: elements, group after group.
        operation: maximum, or sum in an accumulator.
        size: elements of a group.
        saturates: whether a term or a sum may leave a saturating accumulator (`order_matters`).

    Raises:
        FoldingError: if the lanes do not divide the size, or are not what `required_lanes` asks for.
    """

    module = "reduce"

    operation: Reduce
    size: int
    saturates: bool

    def __post_init__(self) -> None:
        lanes = self.source.lanes
        if self.size % lanes or self.source.beats % self._beats:
            raise FoldingError(
                f"{self.name}: lanes must divide the {self.size} elements of a group, and groups fill the stream, not "
                f"{self.source.beats} beats of {lanes}"
            )
        required = required_lanes(self.operation, self.size, self.saturates)
        if required is not None and lanes != required:
            raise FoldingError(
                f"{self.name}: a sum in {self.operation.accum} may overflow on the way, so its "
                f"{self.operation.summation} order takes {required} lanes, not {lanes}; fold it so, or give the "
                "accumulator more bits"
            )

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """One element a group, one a beat."""
        return (Stream(f"{self.name}_out", self._accum, 1, self.source.beats // self._beats),)

    @property
    def _accum(self) -> FixedPoint:
        return self.operation.accum or self.source.element

    @cached_property
    def _casting(self) -> Casting:
        # Where nothing can overflow, wrapping is the same, and takes no logic.
        accum = self._accum
        return Casting(self.source.element, accum if self.saturates else accum.with_modes(accum.rounding))

    @property
    def _beats(self) -> int:
        return max(self.size // self.source.lanes, 1)

    @property
    def _cast_stages(self) -> int:
        return self._casting.stages if self._casting.rounds or self._casting.confines else 0

    @property
    def _levels(self) -> int:
        return (self.source.lanes - 1).bit_length()

    def parameters(self) -> dict[str, int | str]:
        """Lanes, beats of a group, the accumulator's type and the function."""
        return {
            "LANES": self.source.lanes,
            "BEATS": self._beats,
            **self._casting.parameters(),
            "CAST_STAGES": self._cast_stages,
            "FUNCTION": "max" if self.operation.accum is None else "sum",
        }

    def timing(self) -> Timing:
        """Elastic stages, then a count of beats and a result."""
        return _ReduceTiming(self._cast_stages + self._levels, self._beats)

    def resources(self) -> Resources:
        """Casts, and one adder (or comparator and multiplexer) for every term but the first."""
        lanes, width, casting = self.source.lanes, self._accum.width, self._casting
        # Saturation is often the registers' own set and reset.
        node = width + width // 4 if casting.to.overflow is not Overflow.WRAP else width
        if self.operation.accum is None:
            node = 2 * width
        in_tree = sum(-(-lanes // 2**level) for level in range(1, self._levels + 1))
        ff = in_tree * width + lanes * width * (self._cast_stages > 0)
        ff += lanes * casting.rounded_width * (self._cast_stages == 2)
        total = Resources(lanes * casting.lut + (lanes - 1) * node, ff)
        total += elastic_resources(self._cast_stages + self._levels, 0) + elastic_resources(1, width)
        if self._beats > 1:
            count = (self._beats - 1).bit_length()
            total += Resources(node + 2 * count, width + count)
        return total


class _ReduceTiming(StreamTiming):
    """Elastic stages (or none) of casts and tree, then `beats` beats into one result, held in a register of its own."""

    twin = "reduce"

    def __init__(self, stages: int, beats: int) -> None:
        self.constants = [stages, beats]
        self._stages = ElasticTiming(stages) if stages else None
        self._beats = beats
        self._count = 0

    def _accepts(self, ready: bool) -> bool:
        """Only the last beat of a group needs the result's register."""
        return self._count < self._beats - 1 or not self.offers or ready

    def takes(self, ready: bool) -> bool:
        accepts = self._accepts(ready)
        return self._stages.takes(accepts) if self._stages else accepts

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        arrives = taken[0]
        if self._stages:
            arrives = self._stages.offers and self._accepts(given[0])
            self._stages.clock(taken, (arrives,))
        if given[0]:
            self.offers = False
        self._count += arrives
        if self._count == self._beats:
            self._count = 0
            self.offers = True
