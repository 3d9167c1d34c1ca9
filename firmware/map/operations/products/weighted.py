"""`Weighted`: what products with weights share, on vectors or on windows that slide."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from netloom.firmware.map.folding.fold import Fold
from netloom.firmware.map.mapping import Product, order_matters
from netloom.firmware.units.products.shift_add import digit_count
from netloom.firmware.units.windows.geometry import Geometry
from netloom.fixed_point import Overflow
from netloom.hls.dataflow import Bounds, Dataflow, DepthwiseMatVec, MatVec, Node, Permute, TensorType, Window


@dataclass(frozen=True)
class Weighted(Product):
    """A node that multiplies by weights, and the window in front of it, if there is one.

    Attributes:
        operation: of the node.
        depth: K, products summed for one output.
        outputs: N, of a position.
        positions: how many vectors it is done on.
        tensor: type of its input.
        bounds: proven range of its input.
        in_order: whether its accumulator saturates on the way, so that terms must come one by one in the order given;
            a window is then gathered in that order, and there is no `geometry`.
        reads: the node or source whose result it takes.
        geometry: of the window, if its pixels rather than what it gathers are read; zero padding before it included.
    """

    operation: MatVec | DepthwiseMatVec
    depth: int
    outputs: int
    positions: int
    tensor: TensorType
    bounds: Bounds
    in_order: bool
    reads: str
    geometry: Geometry | None

    @classmethod
    def of(cls, dataflow: Dataflow, node: Node, operation: Any) -> Self:
        """A node of the graph."""
        (tensor,), (bounds,) = dataflow.input_types(node), dataflow.input_bounds(node)
        in_order = (
            isinstance(operation, MatVec)
            and operation.accum.overflow is not Overflow.WRAP
            and operation.takes_terms_in_order([tensor], [bounds])
        )
        alone = (node.inputs[0], (), None)
        reads, absorbs, geometry = alone if in_order else _window_before(dataflow, node)
        depth, outputs = operation.weights.shape
        return cls(
            node,
            weights=depth * outputs,
            input_width=tensor.element.width,
            weight_width=operation.weight_type.width,
            absorbs=absorbs,
            operation=operation,
            depth=depth,
            outputs=outputs,
            positions=dataflow.types[node.name].size // outputs,
            tensor=tensor,
            bounds=bounds,
            in_order=in_order,
            reads=reads,
            geometry=geometry,
        )

    @property
    def values(self) -> tuple[int, int]:
        """Least and greatest raw of its input."""
        return int(self.bounds.low.min()), int(self.bounds.high.max())

    @property
    def saturates(self) -> bool:
        """Whether a sum may saturate on the way, as far as is proven."""
        return order_matters(self.operation, [self.tensor], [self.bounds])

    def cost(self, fold: Fold) -> tuple[int, ...]:
        """To be least: logic; then two rows, which may share DSP blocks, but few accumulators; then a narrow input."""
        # About as many LUTs a bit of an input element: two for each bit of a weight in a multiplier, and one for each
        # digit of a constant that is not zero. Constants count half as much again, since DSP blocks never serve them.
        logic = 3 * self._digits if fold.unrolled else 4 * fold.multipliers * self.weight_width
        return (logic, fold.multipliers, abs(fold.pe - 2), fold.lanes, fold.interval)

    @cached_property
    def _digits(self) -> int:
        return digit_count(self.operation.weights.astype(np.int64))


def _window_before(dataflow: Dataflow, node: Node) -> tuple[str, tuple[str, ...], Geometry | None]:
    """The window that a node's input is, if any: what it slides over, the nodes from there to here, its form."""
    givers = {other.name: other for other in dataflow.nodes}
    window = givers.get(node.inputs[0])
    if window is None or type(window.operation) is not Window:
        return node.inputs[0], (), None
    (over,) = window.inputs
    absorbs: tuple[str, ...] = (window.name,)
    operation, padder = window.operation, givers.get(over)
    read = [*dataflow.outputs, *(name for other in dataflow.nodes for name in other.inputs)]
    if padder is not None and type(padder.operation) is Permute and read.count(over) == 1:
        # What pads alone would keep whole pictures; here zeros are put in as pixels come.
        padding = padder.operation.padding(dataflow.input_types(padder))
        if padding is not None:
            both = zip(operation.padding, padding, strict=True)
            operation = replace(operation, padding=tuple((a + c, b + d) for (a, b), (c, d) in both))
            (over,), absorbs = padder.inputs, (padder.name, window.name)
    return over, absorbs, Geometry.of(operation, dataflow.types[over].shape)
