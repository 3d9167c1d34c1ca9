"""`Repeated`: a product in the body of a loop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netloom.firmware.families import Family
from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.folding.fold import Fold
from netloom.firmware.map.mapping import Product
from netloom.hls.dataflow import Node


@dataclass(frozen=True)
class Repeated(Product):
    """The same multipliers, used anew in each of `steps` steps of an inference."""

    product: Product
    steps: int

    @property
    def node(self) -> Node:  # type: ignore[override]
        """In the body."""
        return self.product.node

    @property
    def work(self) -> int:
        """Of all steps."""
        return self.product.work * self.steps

    @property
    def weights(self) -> int:
        """Those of a step: they are the same ones."""
        return self.product.weights

    @property
    def weight_width(self) -> int:
        """Bits of a weight."""
        return self.product.weight_width

    @property
    def absorbs(self) -> tuple[str, ...]:
        """In the body."""
        return self.product.absorbs

    def folds(self) -> Sequence[Fold]:
        """With the interval of all steps."""
        return [replace(fold, interval=fold.interval * self.steps) for fold in self.product.folds()]

    def cost(self, fold: Fold) -> tuple[int, ...]:
        """See `Product`."""
        return self.product.cost(fold)

    def served(self, fold: Fold, target: Family) -> int:
        """See `Product`."""
        return self.product.served(fold, target)

    def multiplier_luts(self, target: Family) -> int:
        """See `Product`."""
        return self.product.multiplier_luts(target)

    def lay_out(self, builder: DesignBuilder) -> None:
        """In the body."""
        self.product.lay_out(builder)
