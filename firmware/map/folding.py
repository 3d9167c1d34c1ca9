"""Folding: how many multipliers a matrix product shares its work among, as FINN's PE and SIMD.

Umuroglu et al., "FINN: a framework for fast, scalable binarized neural network inference", FPGA 2017: a unit has PE
rows of SIMD multipliers, and goes NF = N / PE times through SF = K / SIMD words of its input. hls4ml's reuse factor is
K * N / (PE * SIMD).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netloom.errors import FoldingError
from netloom.firmware.map.geometry import Geometry
from netloom.fixed_point import Overflow
from netloom.hls.dataflow import Dataflow, DepthwiseMatVec, MatVec, Node, Window


@dataclass(frozen=True)
class Fold:
    """How one matrix product is laid out.

    Attributes:
        pe: outputs computed at a time.
        simd: products summed at a time for each of them.
        lanes: channels of a pixel that enter at a time; for a dense product, `simd`.
        interval: clock cycles between inferences.
        unrolled: one multiplier, and a constant one, for every weight: one position a clock cycle.
    """

    pe: int
    simd: int
    lanes: int
    interval: int
    unrolled: bool = False

    @property
    def multipliers(self) -> int:
        """That work at a time."""
        return self.pe * self.simd


UNROLL_LIMIT = 8192
"""Most weights of a layer that become constants: each costs a few adders, and time to plan and to synthesize them."""

Folding = Mapping[str, Fold]
"""A fold for every product, by the name of its node."""


@dataclass(frozen=True)
class Product:
    """A node that multiplies by weights, and the window in front of it, if there is one.

    `in_order` says that its accumulator saturates on the way, so that terms must come one by one in the order given;
    the window is then gathered in that order, and there is no `geometry`.
    """

    node: Node
    operation: MatVec | DepthwiseMatVec
    positions: int
    geometry: Geometry | None
    in_order: bool

    @property
    def depthwise(self) -> bool:
        """Whether every channel has its own column of weights."""
        return isinstance(self.operation, DepthwiseMatVec)

    @property
    def depth(self) -> int:
        """K: products summed for one output."""
        return self.operation.weights.shape[0]

    @property
    def outputs(self) -> int:
        """N: outputs a position."""
        return self.operation.weights.shape[1]

    @property
    def work(self) -> int:
        """Multiply-accumulates of an inference."""
        return self.positions * self.operation.weights.size

    def folds(self) -> list[Fold]:
        """All foldings there are, the unrolled one last, if its adders are not too many."""
        if self.depthwise:
            return self._depthwise_folds()
        folds = [
            Fold(pe, simd, lanes, max(self.positions * (self.depth // simd) * (self.outputs // pe), arrival))
            for simd, lanes, arrival in self._inputs()
            for pe in divisors(self.outputs)
        ]
        if self.in_order or self.operation.weights.size > UNROLL_LIMIT:
            return folds
        lanes = self.geometry.channels if self.geometry else self.depth
        arrival = self.geometry.beats_in(lanes) if self.geometry else self.positions
        return [*folds, Fold(self.outputs, self.depth, lanes, max(self.positions, arrival), unrolled=True)]

    def cost(self, fold: Fold) -> tuple[int, ...]:
        """To be least: logic; then two rows, which may share DSP blocks, but few accumulators; then a narrow input."""
        # About as many LUTs a bit of an input element: two for each bit of a weight in a multiplier, and one for each
        # digit of a constant that is not zero. Constants count half as much again, since DSP blocks never serve them.
        logic = 3 * self._digits if fold.unrolled else 4 * fold.multipliers * self.operation.weight_type.width
        return (logic, fold.multipliers, abs(fold.pe - 2), fold.lanes, fold.interval)

    @cached_property
    def _digits(self) -> int:
        """Digits that are not zero of all weights, in canonical signed digit form."""
        weights = self.operation.weights.astype(np.int64)
        return int(np.bitwise_count(weights ^ 3 * weights).sum())

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

    def _depthwise_folds(self) -> list[Fold]:
        folds = []
        for lanes in divisors(self.outputs):
            if self.geometry is None:
                folds.append(Fold(lanes, 1, lanes, self.positions * self.outputs // lanes))
                continue
            height, width = self.geometry.kernel
            beats = self.positions * width * (self.outputs // lanes)
            folds.append(Fold(lanes, height, lanes, max(beats, self.geometry.beats_in(lanes))))
        return folds


def products(dataflow: Dataflow) -> list[Product]:
    """All nodes that multiply by weights, in the graph's order."""
    nodes = {node.name: node for node in dataflow.nodes}
    found = []
    for node in dataflow.nodes:
        operation = node.operation
        if not isinstance(operation, MatVec | DepthwiseMatVec):
            continue
        positions = dataflow.types[node.name].size // operation.weights.shape[1]
        source = nodes.get(node.inputs[0])
        geometry = None
        types, bounds = dataflow.input_types(node), dataflow.input_bounds(node)
        saturates = operation.accum.overflow is not Overflow.WRAP
        # A product a channel has its own ways, and refuses what it cannot do.
        single = isinstance(operation, MatVec)
        in_order = single and saturates and operation.takes_terms_in_order(types, bounds)
        if source is not None and isinstance(source.operation, Window) and not in_order:
            geometry = Geometry.of(source.operation, dataflow.types[source.inputs[0]].shape)
        found.append(Product(node, operation, positions, geometry, in_order))
    return found


def divisors(number: int) -> list[int]:
    """All divisors, ascending."""
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return small + [number // d for d in reversed(small) if d * d != number]


def fold_for_interval(dataflow: Dataflow, interval: int) -> dict[str, Fold]:
    """The fewest multipliers with which every product takes at most `interval` clock cycles an inference.

    Raises:
        FoldingError: if a layer cannot be that fast.
    """
    folding = {}
    for product in products(dataflow):
        fitting = [fold for fold in product.folds() if fold.interval <= interval]
        if not fitting:
            fastest = min(fold.interval for fold in product.folds())
            raise FoldingError(
                f"layer {product.node.layer!r} takes at least {fastest} clock cycles an inference, not {interval}: "
                f"ask for an interval of {fastest} or more"
            )
        folding[product.node.name] = min(fitting, key=product.cost)
    return folding


def fold_for_reuse(dataflow: Dataflow, reuse: Mapping[str, int], unroll: Mapping[str, bool]) -> dict[str, Fold]:
    """The folding nearest to hls4ml's reuse factors.

    Args:
        dataflow: the network.
        reuse: hls4ml layer -> multiplications that share a multiplier.
        unroll: hls4ml layer -> whether weights become constants where the reuse factor is 1 (Strategy Latency).

    Raises:
        FoldingError: if too many weights would become constants.
    """
    folding = {}
    for product in products(dataflow):
        layer = product.node.layer
        wanted = product.operation.weights.size / reuse.get(layer, 1)
        folds = [fold for fold in product.folds() if not fold.unrolled]
        unrolled = [fold for fold in product.folds() if fold.unrolled]
        if reuse.get(layer, 1) == 1 and unroll.get(layer, False):
            if product.operation.weights.size > UNROLL_LIMIT:
                raise FoldingError(
                    f"layer {layer!r} has {product.operation.weights.size:,} weights, and a layer of more than "
                    f"{UNROLL_LIMIT:,} is not unrolled: give it a ReuseFactor, or Strategy Resource"
                )
            if unrolled:
                folding[product.node.name] = unrolled[0]
                continue
        folding[product.node.name] = min(
            folds, key=lambda fold: (max(fold.multipliers, wanted) / min(fold.multipliers, wanted), *product.cost(fold))
        )
    return folding


def intervals(dataflow: Dataflow) -> list[int]:
    """Every initiation interval that some folding can have, ascending: those of single layers that all others reach.

    Where nothing is multiplied there is nothing to fold: 1 alone.
    """
    per_product = [[fold.interval for fold in product.folds()] for product in products(dataflow)]
    least = max((min(found) for found in per_product), default=1)
    return sorted({least} | {interval for found in per_product for interval in found if interval >= least})
