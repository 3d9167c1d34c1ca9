"""`MatVec` in hardware: its input in words, gone through once for each group of outputs; multipliers, or constants."""

from dataclasses import dataclass, replace

import numpy as np

from netloom.firmware.families import Family
from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.folding.fold import UNROLL_LIMIT, Fold, divisors
from netloom.firmware.map.mapping import OperationMapping
from netloom.firmware.map.operations.permute import permuted
from netloom.firmware.map.operations.products.weighted import Weighted
from netloom.firmware.map.sliding import columns, repeated, window_columns
from netloom.firmware.stream import Stream
from netloom.firmware.units.products.matvec import MatVecUnit
from netloom.firmware.units.products.matvec_unrolled import MatVecUnrolled
from netloom.firmware.units.products.weights import can_share_blocks
from netloom.firmware.units.windows.geometry import Geometry
from netloom.firmware.units.windows.window_shift import WindowShift
from netloom.hls.dataflow import MatVec, Permute


@dataclass(frozen=True)
class MatVecProduct(Weighted):
    """A matrix times vectors."""

    operation: MatVec

    def served(self, fold: Fold, target: Family) -> int:
        """Two multipliers of a pair of rows, where their products fit side by side."""
        signed = self.tensor.element.signed
        pairs = fold.pe % 2 == 0 and can_share_blocks(self.operation.weights, *self.values, signed, target)
        return 2 if pairs else 1

    def lay_out(self, builder: DesignBuilder) -> None:
        """Its words, and the multipliers or the adders of constants."""
        node, operation, fold = self.node, self.operation, builder.folding[self.node.name]
        source = builder.take(self.reads)
        if self.geometry is not None:
            stream, order = _window_words(builder, self, self.geometry, fold, source)
        else:
            stream, order = _vector_words(builder, self, fold, source)
        if fold.unrolled:
            ordered = replace(operation, weights=operation.weights[order.ravel()], order=None)
            builder.compute(
                node, lambda name: MatVecUnrolled(name, stream, ordered, self.saturates, target=builder.target)
            )
            return
        dsps = builder.dsps.get(node.name, 0)
        builder.compute(
            node,
            lambda name: MatVecUnit(
                name, stream, operation, fold.pe, order, self.values, self.saturates, dsps, target=builder.target
            ),
        )

    def folds_of_a_step(self) -> list[Fold]:
        """All foldings there are, the unrolled one last, if its adders are not too many."""
        folds = [
            Fold(pe, simd, lanes, max(self.positions * (self.depth // simd) * (self.outputs // pe), arrival))
            for simd, lanes, arrival in self._inputs()
            for pe in divisors(self.outputs)
        ]
        if self.in_order or self.weights > UNROLL_LIMIT:
            return folds
        lanes = self.geometry.channels if self.geometry else self.depth
        arrival = self.geometry.beats_in(lanes) if self.geometry else self.positions
        return [*folds, Fold(self.outputs, self.depth, lanes, max(self.positions, arrival), unrolled=True)]

    def _inputs(self) -> list[tuple[int, int, int]]:
        """Every (SIMD, channels that enter at a time, clock cycles the input takes to arrive)."""
        if self.in_order:
            return [(1, 1, self.positions * self.depth)]
        if self.geometry is None:
            return [(simd, simd, self.positions * self.depth // simd) for simd in divisors(self.depth)]
        geometry = self.geometry
        found: dict[tuple[int, int], tuple[int, int, int]] = {}
        for lanes in divisors(geometry.channels):
            column = geometry.kernel[0] * lanes
            for simd in divisors(column):
                found.setdefault((simd, geometry.beats_in(lanes)), (simd, lanes, geometry.beats_in(lanes)))
        if geometry.kernel[1] > 1:
            whole = geometry.beats_in(geometry.channels)
            found.setdefault((self.depth, whole), (self.depth, geometry.channels, whole))
        return list(found.values())


def _vector_words(
    builder: DesignBuilder, product: MatVecProduct, fold: Fold, source: Stream
) -> tuple[Stream, np.ndarray]:
    """Vectors in words of SIMD elements, and which input each lane of each word is, (SF, SIMD)."""
    node, depth = product.node, product.depth
    order = np.arange(depth)
    stream = source
    if product.in_order and product.operation.order is not None:
        order = np.array(product.operation.order)
        gather = Permute(np.arange(product.positions)[:, None] * depth + order)
        stream = permuted(builder, node, stream, gather)
    stream = builder.with_lanes(node, stream, fold.simd)
    words = depth // fold.simd
    stream = repeated(builder, node, stream, product.positions, words, product.outputs // fold.pe)
    return stream, order.reshape(words, fold.simd)


def _window_words(
    builder: DesignBuilder, product: MatVecProduct, geometry: Geometry, fold: Fold, source: Stream
) -> tuple[Stream, np.ndarray]:
    """Windows in words of SIMD elements, column by column or whole, and which input each lane of each word is."""
    node = product.node
    (height, width), channels, lanes = geometry.kernel, geometry.channels, fold.lanes
    repeats = product.outputs // fold.pe
    stream = columns(builder, node, source, geometry, lanes)
    # In the order in which columns bring them.
    order = np.arange(product.depth).reshape(height, width, channels // lanes, lanes).transpose(1, 2, 0, 3)
    if fold.simd == product.depth and width > 1:
        stream = builder.add(node, f"{node.name}_window", lambda name: WindowShift(name, stream, geometry))
        whole = Geometry(geometry.rows, geometry.columns, channels, (1, 1), (1, 1), ((0, 0), (0, 0)))
        return window_columns(builder, node, stream, whole, 1, repeats), order.reshape(1, -1)
    stream = builder.with_lanes(node, stream, fold.simd)
    slices = height * channels // fold.simd
    return window_columns(builder, node, stream, geometry, slices, repeats), order.reshape(-1, fold.simd)


MATVEC = OperationMapping(product=MatVecProduct.of)
