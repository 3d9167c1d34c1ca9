"""`DepthwiseMatVec` in hardware: a product a channel, of windows that come channel slice by channel slice."""

from dataclasses import dataclass

from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.folding.fold import Fold, divisors
from netloom.firmware.map.mapping import OperationMapping
from netloom.firmware.map.operations.products.weighted import Slide, Weighted
from netloom.firmware.map.sliding import channel_windows, columns
from netloom.firmware.stream import Stream
from netloom.firmware.units.products.depthwise import DepthwiseUnit
from netloom.hls.dataflow import Dataflow, DepthwiseMatVec, Node


@dataclass(frozen=True)
class DepthwiseProduct(Weighted):
    """Every channel has its own column of weights."""

    operation: DepthwiseMatVec

    @classmethod
    def of(cls, dataflow: Dataflow, node: Node, operation: DepthwiseMatVec) -> "DepthwiseProduct":
        """A node of the graph."""
        (tensor,), (bounds,) = dataflow.input_types(node), dataflow.input_bounds(node)
        positions = dataflow.types[node.name].size // operation.weights.shape[1]
        return cls(node, operation, positions, tensor, bounds, Slide.before(dataflow, node))

    def lay_out(self, builder: DesignBuilder) -> None:
        """Its windows, and the multipliers."""
        node, operation, fold = self.node, self.operation, builder.folding[self.node.name]
        height, width = self.geometry.kernel if self.geometry else (1, self._size)
        stream = self._channels(builder, fold, builder.take(self.reads))
        dsps = builder.dsps.get(node.name, 0)
        builder.compute(
            node,
            lambda name: DepthwiseUnit(name, stream, operation, height, width, self.saturates, builder.target, dsps),
        )

    def _channels(self, builder: DesignBuilder, fold: Fold, source: Stream) -> Stream:
        """Input of a product a channel: windows, channel slice by channel slice."""
        if self.geometry is None:
            return builder.with_lanes(self.node, source, fold.lanes)
        stream = columns(builder, self.node, source, self.geometry, fold.lanes)
        return channel_windows(builder, self.node, stream, self.geometry, fold.lanes)

    @property
    def _size(self) -> int:
        """Of a window, in elements of a channel."""
        return int(self.operation.weights.shape[0])

    def folds_of_a_step(self) -> list[Fold]:
        """Some channels at a time, each with one column of its window."""
        folds = []
        for lanes in divisors(self.outputs):
            if self.geometry is None:
                # Windows that come ready-made have all channels of an element side by side.
                if self._size == 1 or lanes == self.outputs:
                    folds.append(Fold(lanes, 1, lanes, self.positions * self._size * self.outputs // lanes))
                continue
            height, width = self.geometry.kernel
            beats = self.positions * width * (self.outputs // lanes)
            folds.append(Fold(lanes, height, lanes, max(beats, self.geometry.beats_in(lanes))))
        return folds


DEPTHWISE = OperationMapping(product=DepthwiseProduct.of)
