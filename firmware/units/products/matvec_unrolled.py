"""`MatVecUnrolled`: a constant matrix times a vector in every clock, weights built into a network of adders."""

from dataclasses import dataclass
from functools import cached_property

from netloom.errors import FoldingError
from netloom.firmware.filled import filled
from netloom.firmware.stream import Stream
from netloom.firmware.units.pipeline import PipelineUnit
from netloom.firmware.units.products.unrolled_sums import UnrolledSums
from netloom.firmware.units.products.unrolled_text import UnrolledText
from netloom.firmware.units.unit import Resources, SourceUnit
from netloom.hls.dataflow import MatVec


@dataclass(frozen=True, eq=False)
class MatVecUnrolled(PipelineUnit, SourceUnit):
    """Matrix-vector products, one a clock. The module is made for the instance: `sources`.

    Attributes:
        source: vectors, one a beat.
        operation: matrix, bias and accumulator.
        saturates: whether a sum may saturate on the way (`order_matters`).

    Raises:
        SettingsError: if a beat is not a whole vector.
        FoldingError: if a sum may saturate on the way, so that products must be added one by one.
    """

    module = "matvec_unrolled"

    operation: MatVec
    saturates: bool

    def __post_init__(self) -> None:
        inputs = self.operation.weights.shape[0]
        if self.source.lanes != inputs:
            raise self._error(f"a beat must be {inputs} elements, not {self.source.lanes}")
        if self.saturates:
            raise self._error(
                f"a sum in {self.operation.accum} may saturate on the way and cannot be unrolled; fold it, or use a "
                "wider accumulator, or one that wraps",
                FoldingError,
            )

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The results."""
        lanes = self.operation.weights.shape[1]
        return (Stream(f"{self.name}_out", self.operation.accum, lanes, self.source.beats),)

    @property
    def multipliers(self) -> int:
        """One a weight, whatever is left of it."""
        return self.operation.weights.size

    @cached_property
    def sums(self) -> UnrolledSums:
        """What is added to what."""
        return UnrolledSums(self.operation, self.source.element)

    @property
    def latency(self) -> int:
        """Clocks from a beat to its result's arrival in the output FIFO."""
        return 1 + self.sums.levels + self.sums.finishes

    @cached_property
    def _text(self) -> UnrolledText:
        return UnrolledText(self.sums, self.target)

    def parameters(self) -> dict[str, int | str]:
        """None: all is in the module's text."""
        return {}

    def sources(self) -> dict[str, str]:
        """The module, named as the instance."""
        return {f"{self.name}.sv": filled("units/products/matvec_unrolled.sv.j2", unit=self, body=self._text.body)}

    def resources(self) -> Resources:
        """Every adder and register there is."""
        return Resources(self._text.luts, self._text.registers) + self._fifo_resources()

    def least_resources(self) -> Resources:
        """What is left if all sums were free: a register for every result."""
        return Resources(ff=self.outputs[0].width)
