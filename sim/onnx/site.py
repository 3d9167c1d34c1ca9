"""`OnnxSite`: an operation where it stands in a graph that is written as ONNX, with what its form there depends on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from netloom.hls.dataflow import Bounds, Dataflow, Window
from netloom.sim.onnx.writer import GraphWriter, OnnxValue
from netloom.sim.operation_site import OperationSite

WriteGraph = Callable[[GraphWriter, Dataflow, Mapping[str, Bounds], dict[str, OnnxValue]], None]
"""Writes the nodes of a graph, from the values of its sources, into the values of all."""


@dataclass(frozen=True)
class OnnxSite(OperationSite):
    """One operation with what reaches it.

    Attributes:
        dtype: the cheapest in which it is proven exact: that of `Operation.prepare`.
        values: the inputs, each in whatever dtype.
        write_body: writes a graph within the operation.
    """

    dtype: type
    values: Sequence[OnnxValue]
    write_body: WriteGraph

    def taken(self, writer: GraphWriter) -> list[OnnxValue]:
        """The inputs in the operation's dtype."""
        return [writer.cast(value, self.dtype) for value in self.values]


Form = Callable[[GraphWriter, OnnxSite], Sequence[OnnxValue]]
"""Writes an operation's nodes and gives its results, raws in whatever dtype that holds them."""

Convolution = Callable[[GraphWriter, Window, OnnxSite, OnnxValue], OnnxValue]
"""The same of an operation and the windows before it, from what those are of."""
