"""What an operation is in hardware: `OperationMapping` of plain ones, and `Product` of those that are folded."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from netloom.firmware.families import Family
from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.folding.fold import Fold
from netloom.firmware.units.products.multiplier import multiplier_resources
from netloom.fixed_point import Overflow
from netloom.hls.dataflow import Bounds, Dataflow, DepthwiseMatVec, MatVec, Node, Pool, Reduce, TensorType


@dataclass(frozen=True)
class Product(ABC):
    """A node whose work is shared among multipliers. All that the choice of a folding and of DSP blocks asks of it.

    Attributes:
        node: in the dataflow graph, or in the body of a loop.
        weights: how many there are: multipliers when none is shared.
        input_width: bits of an element that is multiplied.
        weight_width: bits of a weight.
        absorbs: nodes in front of it that it computes along with itself, from the input of the first of them.
        steps: of the loops it is in: the same multipliers are used anew in each.
    """

    node: Node
    weights: int
    input_width: int
    weight_width: int
    absorbs: tuple[str, ...] = field(default=(), kw_only=True)
    steps: int = field(default=1, kw_only=True)

    @cached_property
    def folds(self) -> list[Fold]:
        """All foldings there are, at least one that is not unrolled; an unrolled one last."""
        return [replace(fold, interval=fold.interval * self.steps) for fold in self.folds_of_a_step()]

    @abstractmethod
    def folds_of_a_step(self) -> Sequence[Fold]:
        """The same, with the interval of a single step."""

    @abstractmethod
    def cost(self, fold: Fold) -> tuple[int, ...]:
        """To be least, among foldings that are fast enough: logic first, in about LUTs a bit of an input element."""

    def served(self, fold: Fold, target: Family) -> int:
        """Multipliers that one DSP block serves."""
        del fold, target
        return 1

    def multiplier_luts(self, target: Family) -> int:
        """LUTs that one multiplier takes outside a DSP block; 0 where no DSP block takes it."""
        return multiplier_resources(self.input_width, self.weight_width, target).lut

    @abstractmethod
    def lay_out(self, builder: DesignBuilder) -> None:
        """Add its units, folded as `builder.folding` says."""


@dataclass(frozen=True)
class OperationMapping:
    """How nodes with one operation become hardware. Its functions get the node, and the node's operation by itself.

    Attributes:
        lay_out: adds a node's units; None where all nodes are products.
        product: a node as a product, which lays itself out; None where nothing is folded.
        gathers: whether it only gathers windows, so that what reads it may set the lanes of a network's input.
        repeats: how many times the operation's bodies are gone through, where it has any.
    """

    lay_out: Callable[[DesignBuilder, Node, Any], None] | None = None
    product: Callable[[Dataflow, Node, Any], Product] | None = None
    gathers: bool = False
    repeats: Callable[[Any], int] = lambda _: 1


def order_matters(
    operation: MatVec | DepthwiseMatVec | Pool | Reduce, inputs: Sequence[TensorType], bounds: Sequence[Bounds]
) -> bool:
    """Whether a sum may leave a saturating accumulator on the way, so that the order of its terms matters."""
    accum = operation.accum
    return accum is not None and accum.overflow is not Overflow.WRAP and operation.may_overflow(inputs, bounds)
