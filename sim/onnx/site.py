"""`Site`: an operation where it stands in a graph, with what its form in ONNX depends on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netloom.hls.dataflow import Bounds, Dataflow, TensorType
from netloom.sim.onnx.writer import GraphWriter, OnnxValue

WriteGraph = Callable[[GraphWriter, Dataflow, Mapping[str, Bounds], dict[str, OnnxValue]], None]
"""Writes the nodes of a graph, from the values of its sources, into the values of all."""


@dataclass(frozen=True)
class Site:
    """One operation with what reaches it.

    Attributes:
        operation: the operation.
        types: of its inputs.
        bounds: their proven ranges.
        dtype: the cheapest in which it is proven exact: that of `Operation.prepare`.
        values: the inputs, each in whatever dtype.
        write_body: writes a graph within the operation.
    """

    operation: Any
    types: Sequence[TensorType]
    bounds: Sequence[Bounds]
    dtype: type
    values: Sequence[OnnxValue]
    write_body: WriteGraph

    def taken(self, writer: GraphWriter) -> list[OnnxValue]:
        """The inputs in the operation's dtype."""
        return [writer.cast(value, self.dtype) for value in self.values]

    @property
    def fraction(self) -> int:
        """Fraction bits of the first input."""
        return self.types[0].element.fraction

    @property
    def may_overflow(self) -> bool:
        """Whether the result's type is not proven to hold every result."""
        return bool(self.operation.may_overflow(self.types, self.bounds))


Form = Callable[[GraphWriter, Site], Sequence[OnnxValue]]
"""Writes an operation's nodes and gives its results, raws in whatever dtype that holds them."""
