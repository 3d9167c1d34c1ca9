"""`MatMul` in hardware: rows gone through once for each group of columns, all columns once for each row."""

from dataclasses import dataclass
from math import prod

import numpy as np

from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.folding.fold import Fold, divisors
from netloom.firmware.map.mapping import OperationMapping, Product
from netloom.firmware.map.operations.permute import permuted
from netloom.firmware.map.sliding import repeated
from netloom.firmware.stream import Stream
from netloom.firmware.units.products.matmul import MatMulUnit
from netloom.hls.dataflow import Dataflow, MatMul, Node, Permute


@dataclass(frozen=True)
class MatMulProduct(Product):
    """Two tensors that both change. Its weights are a matrix of the second, which is kept while rows of the first pass.

    Attributes:
        operation: of the node.
        matrices: the number of products, one after the other.
        rows: M, of the first.
        depth: K, products summed for one output.
        columns: N, of the second, or its rows if that is transposed.
    """

    operation: MatMul
    matrices: int
    rows: int
    depth: int
    columns: int

    @classmethod
    def of(cls, dataflow: Dataflow, node: Node, operation: MatMul) -> "MatMulProduct":
        """A node of the graph."""
        first, second = dataflow.input_types(node)
        *batch, rows, depth = first.shape
        columns = second.shape[-2 if operation.transposed else -1]
        widths = first.element.width, second.element.width
        return cls(node, depth * columns, *widths, operation, prod(batch), rows, depth, columns)

    def folds_of_a_step(self) -> list[Fold]:
        """All that there are; both tensors have to be there in time."""
        folds = []
        for simd in divisors(self.depth):
            for pe in divisors(self.columns):
                beats = self.matrices * self.rows * (self.depth // simd) * (self.columns // pe)
                folds.append(Fold(pe, simd, simd, max(beats, self._ordering(pe, simd))))
        return folds

    def _ordering(self, pe: int, simd: int) -> int:
        """Clock cycles in which the second is brought into order; 0 where it lies so."""
        if self._lies_in_order(pe, simd):
            return 0
        return self.matrices * self.weights // (simd if self.operation.transposed else pe)

    def _lies_in_order(self, pe: int, simd: int) -> bool:
        whole = simd == self.depth
        return (pe == 1 or whole) if self.operation.transposed else (pe == self.columns or (self.depth == 1))

    def _order(self, pe: int, simd: int) -> np.ndarray:
        """Which element of the second comes when: group of columns by group of elements."""
        grid = np.arange(self.matrices * self.weights, dtype=np.int64)
        groups, words = self.columns // pe, self.depth // simd
        if self.operation.transposed:
            return grid.reshape(self.matrices, groups, pe, words, simd).transpose(0, 1, 3, 2, 4)
        return grid.reshape(self.matrices, words, simd, groups, pe).transpose(0, 3, 1, 2, 4)

    def cost(self, fold: Fold) -> tuple[int, ...]:
        """To be least: logic; then the second as it lies; then a narrow input."""
        reordered = self._ordering(fold.pe, fold.simd) > 0
        return (4 * fold.multipliers * self.weight_width, fold.multipliers, int(reordered), fold.lanes, fold.interval)

    def lay_out(self, builder: DesignBuilder) -> None:
        """What repeats the rows, what repeats the columns, and the multipliers."""
        node, fold = self.node, builder.folding[self.node.name]
        first, second = (builder.take(name) for name in node.inputs)
        words, groups = self.depth // fold.simd, self.columns // fold.pe
        rows = builder.with_lanes(node, first, fold.simd)
        rows = repeated(builder, node, rows, self.matrices * self.rows, words, groups)
        columns = builder.with_lanes(node, self._ordered(builder, second, fold), fold.multipliers)
        columns = repeated(builder, node, columns, self.matrices, words * groups, self.rows)
        dsps = builder.dsps.get(node.name, 0)
        builder.compute(
            node,
            lambda name: MatMulUnit(name, rows, columns, self.operation, fold.pe, words, dsps, target=builder.target),
        )

    def _ordered(self, builder: DesignBuilder, source: Stream, fold: Fold) -> Stream:
        if self._lies_in_order(fold.pe, fold.simd):
            return source
        order = Permute(np.ascontiguousarray(self._order(fold.pe, fold.simd)))
        return permuted(builder, self.node, source, order)


MATMUL = OperationMapping(product=MatMulProduct.of)
