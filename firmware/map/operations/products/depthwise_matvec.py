"""`DepthwiseMatVec` in hardware: a product a channel, of windows that come channel slice by channel slice."""

from dataclasses import dataclass

from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.folding.fold import Fold, divisors
from netloom.firmware.map.mapping import OperationMapping
from netloom.firmware.map.operations.products.weighted import Weighted
from netloom.firmware.map.sliding import channel_windows, columns
from netloom.firmware.units.products.depthwise import DepthwiseUnit
from netloom.hls.dataflow import DepthwiseMatVec


@dataclass(frozen=True)
class DepthwiseProduct(Weighted):
    """Every channel has its own column of weights."""

    operation: DepthwiseMatVec

    def lay_out(self, builder: DesignBuilder) -> None:
        """Its windows, channel slice by channel slice, and the multipliers."""
        node, operation, fold = self.node, self.operation, builder.folding[self.node.name]
        height, width = self.geometry.kernel if self.geometry else (1, self.depth)
        source = builder.take(self.reads)
        if self.geometry is None:
            stream = builder.with_lanes(node, source, fold.lanes)
        else:
            stream = columns(builder, node, source, self.geometry, fold.lanes)
            stream = channel_windows(builder, node, stream, self.geometry, fold.lanes)
        dsps = builder.dsps.get(node.name, 0)
        builder.compute(
            node,
            lambda name: DepthwiseUnit(
                name, stream, operation, height, width, self.saturates, dsps, target=builder.target
            ),
        )

    def folds_of_a_step(self) -> list[Fold]:
        """Some channels at a time, each with one column of its window."""
        folds = []
        for lanes in divisors(self.outputs):
            if self.geometry is None:
                # Windows that come ready-made have all channels of an element side by side.
                if self.depth == 1 or lanes == self.outputs:
                    folds.append(Fold(lanes, 1, lanes, self.positions * self.depth * self.outputs // lanes))
                continue
            height, width = self.geometry.kernel
            beats = self.positions * width * (self.outputs // lanes)
            folds.append(Fold(lanes, height, lanes, max(beats, self.geometry.beats_in(lanes))))
        return folds


DEPTHWISE_MATVEC = OperationMapping(product=DepthwiseProduct.of)
