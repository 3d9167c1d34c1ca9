"""`ReduceUnit`: maximum or sum along the last axis."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from netloom.errors import FoldingError
from netloom.firmware.stream import Stream
from netloom.firmware.units.elastic import ElasticStages, elastic_resources
from netloom.firmware.units.elements.casting import Casting
from netloom.firmware.units.saturation import order_matters
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, SourceUnit
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Bounds, Reduce, Summation, TensorType


def required_lanes(operation: Reduce, element: FixedPoint, bounds: Bounds | None, size: int) -> int | None:
    """Lanes that `ReduceUnit` needs to take its terms in the order asked for; None where any will do.

    The order matters only where a saturating accumulator may overflow on the way.

    Args:
        operation: the reduction.
        element: type of the terms.
        bounds: their proven range, (..., size); None for all that the type holds.
        size: terms of a group.
    """
    if size == 1 or not _overflows(operation, element, bounds, size):
        return None
    return size if operation.summation is Summation.TREE else 1


def _overflows(operation: Reduce, element: FixedPoint, bounds: Bounds | None, size: int) -> bool:
    """Whether any term or sum may need more than to wrap."""
    tensor = TensorType((size,), element)
    if bounds is None:
        bounds = Bounds.of(tensor)
    merged = Bounds(np.min(bounds.low.reshape(-1, size), axis=0), np.max(bounds.high.reshape(-1, size), axis=0))
    return order_matters(operation, [tensor], [merged])


@dataclass(frozen=True)
class ReduceUnit(SourceUnit):
    """Groups of `size` elements to one: a tree of registered adders (or maxima) over the lanes, then beat by beat.

    Stages: of the cast (none if it is wires), one a level of the tree, and the result.

    Attributes:
        source: elements, group after group.
        operation: maximum, or sum in an accumulator.
        size: elements of a group.
        bounds: proven range of the source's tensor, (..., size); None for all that its type holds.

    Raises:
        FoldingError: if the lanes do not divide the size, or are not what `required_lanes` asks for.
    """

    module = "reduce"

    operation: Reduce
    size: int
    bounds: Bounds | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        lanes = self.source.lanes
        if self.size % lanes or self.source.beats % self._beats:
            raise FoldingError(
                f"{self.name}: lanes must divide the {self.size} elements of a group, and groups fill the stream, not "
                f"{self.source.beats} beats of {lanes}"
            )
        required = required_lanes(self.operation, self.source.element, self.bounds, self.size)
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
        if _overflows(self.operation, self.source.element, self.bounds, self.size):
            return Casting(self.source.element, self._accum)
        return Casting(self.source.element, self._accum.with_modes(self._accum.rounding))

    @property
    def _beats(self) -> int:
        return max(self.size // self.source.lanes, 1)

    @property
    def _cast_stages(self) -> int:
        return 0 if self._casting.wires else self._casting.stages

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
        return ReduceTiming(self._cast_stages + self._levels, self._beats)

    def resources(self) -> Resources:
        """Casts, and one adder (or comparator and multiplexer) for every term but the first."""
        lanes, width = self.source.lanes, self._accum.width
        casting = self._casting
        # Saturation is often the registers' own set and reset.
        node = width + width // 4 if casting.to.overflow is not Overflow.WRAP else width
        if self.operation.accum is None:
            node = 2 * width
        stages = self._cast_stages + self._levels
        in_tree = sum(-(-lanes // 2**level) for level in range(1, self._levels + 1))
        total = Resources(
            lut=lanes * casting.lut + (lanes - 1) * node,
            ff=in_tree * width
            + (lanes * width if self._cast_stages else 0)
            + (lanes * casting.rounded_width if self._cast_stages == 2 else 0),
        )
        count = (self._beats - 1).bit_length()
        total += elastic_resources(stages, 0) + elastic_resources(1, width)
        if self._beats > 1:
            total += Resources(lut=node + 2 * count, ff=width + count)
        return total


class ReduceTiming(Timing):
    """Elastic stages (or none), then `beats` beats into one result, held in a register of its own.

    Args:
        stages: of casts and tree.
        beats: of a group.
    """

    def __init__(self, stages: int, beats: int) -> None:
        self._stages = ElasticStages(stages) if stages else None
        self._beats = beats
        self._count = 0
        self._full = False

    def compiled(self) -> tuple[str, list[int]]:
        """See `Timing`."""
        return "reduce", [self._stages.count if self._stages else 0, self._beats]

    def valid(self) -> tuple[bool, ...]:
        """A result is there."""
        return (self._full,)

    def _accepts(self, out_ready: bool) -> bool:
        """Only the last beat of a group needs the result's register."""
        return self._count < self._beats - 1 or not self._full or out_ready

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """Through the stages, as far as the last one is accepted."""
        del valid
        accepts = self._accepts(ready[0])
        return (self._stages.ready(accepts) if self._stages else accepts,)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """Move the stages on, and add their last beat."""
        arrives = taken[0]
        if self._stages:
            arrives = self._stages.valid and self._accepts(given[0])
            self._stages.clock(taken[0], arrives)
        if given[0]:
            self._full = False
        if arrives:
            self._count += 1
            if self._count == self._beats:
                self._count = 0
                self._full = True
