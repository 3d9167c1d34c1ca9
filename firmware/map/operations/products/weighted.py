"""`Weighted`: what products with weights share, on vectors or on windows that slide."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from netloom.firmware.families import Family
from netloom.firmware.map.folding.fold import Fold
from netloom.firmware.map.mapping import Product
from netloom.firmware.units.products.multiplier import multiplier_resources
from netloom.firmware.units.products.shift_add import digit_count
from netloom.firmware.units.saturation import order_matters
from netloom.firmware.units.windows.geometry import Geometry
from netloom.hls.dataflow import Bounds, Dataflow, DepthwiseMatVec, MatVec, Node, Permute, TensorType, Window


@dataclass(frozen=True)
class Slide:
    """A window that slides over the result of a node, or of a source.

    Attributes:
        over: the name of that.
        absorbs: names of the nodes in between: the window, and zero padding before it.
        geometry: the window's form, that padding included.
    """

    over: str
    absorbs: tuple[str, ...]
    geometry: Geometry

    @classmethod
    def before(cls, dataflow: Dataflow, node: Node) -> "Slide | None":
        """The window that a node's input is, if it is one."""
        givers = {other.name: other for other in dataflow.nodes}
        window = givers.get(node.inputs[0])
        if window is None or type(window.operation) is not Window:
            return None
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
        return cls(over, absorbs, Geometry.of(operation, dataflow.types[over].shape))


@dataclass(frozen=True)
class Weighted(Product):
    """A node that multiplies by weights, and the window in front of it, if there is one.

    Attributes:
        operation: of the node.
        positions: how many vectors it is done on.
        tensor: type of its input.
        bounds: proven range of its input.
        slide: the window, if its pixels rather than what it gathers are read.
    """

    operation: MatVec | DepthwiseMatVec
    positions: int
    tensor: TensorType
    bounds: Bounds
    slide: Slide | None

    @property
    def geometry(self) -> Geometry | None:
        """Of the window."""
        return self.slide.geometry if self.slide else None

    @property
    def reads(self) -> str:
        """The node or source whose result it takes."""
        return self.slide.over if self.slide else self.node.inputs[0]

    @property
    def absorbs(self) -> tuple[str, ...]:
        """The window, and zero padding before it."""
        return self.slide.absorbs if self.slide else ()

    @property
    def depth(self) -> int:
        """K: products summed for one output."""
        return self.operation.weights.shape[0]

    @property
    def outputs(self) -> int:
        """N: outputs a position."""
        return self.operation.weights.shape[1]

    @property
    def values(self) -> tuple[int, int]:
        """Least and greatest raw of its input."""
        return int(self.bounds.low.min()), int(self.bounds.high.max())

    @property
    def saturates(self) -> bool:
        """Whether a sum may saturate on the way, as far as is proven."""
        return order_matters(self.operation, [self.tensor], [self.bounds])

    @property
    def work(self) -> int:
        """Multiply-accumulates of an inference."""
        return self.steps * self.positions * self.weights

    @property
    def weights(self) -> int:
        """The number of weights."""
        return self.operation.weights.size

    @property
    def weight_width(self) -> int:
        """Bits of a weight."""
        return self.operation.weight_type.width

    def multiplier_luts(self, target: Family) -> int:
        """Of an input element and a weight."""
        return multiplier_resources(self.tensor.element.width, self.weight_width, target).lut

    def cost(self, fold: Fold) -> tuple[int, ...]:
        """To be least: logic; then two rows, which may share DSP blocks, but few accumulators; then a narrow input."""
        # About as many LUTs a bit of an input element: two for each bit of a weight in a multiplier, and one for each
        # digit of a constant that is not zero. Constants count half as much again, since DSP blocks never serve them.
        logic = 3 * self._digits if fold.unrolled else 4 * fold.multipliers * self.weight_width
        return (logic, fold.multipliers, abs(fold.pe - 2), fold.lanes, fold.interval)

    @cached_property
    def _digits(self) -> int:
        return digit_count(self.operation.weights.astype(np.int64))
