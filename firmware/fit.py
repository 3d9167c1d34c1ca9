"""`fit` and `fit_interval`: the fastest folding a device holds, or the smallest at a given pace."""

from collections.abc import Mapping
from dataclasses import dataclass

from netloom.errors import FoldingError
from netloom.firmware.area import Area, design_area
from netloom.firmware.buffers import sized
from netloom.firmware.cycles import Cycles, count_cycles
from netloom.firmware.design import Design
from netloom.firmware.fold import Fold, Product, fold_for_interval, intervals, products
from netloom.firmware.plan import lay_out
from netloom.firmware.target import Target
from netloom.firmware.units.multiplier import multiplier_resources
from netloom.firmware.units.weights import can_share_blocks
from netloom.hls.dataflow import Dataflow

COMFORTABLE = 0.65
"""Part of a device's LUTs taken when nobody asks for a pace: beyond it routing takes long and slows the clock."""

FULL = 0.85
"""Part of a device's LUTs that a design asked for may take: beyond it routing fails more often than not."""


@dataclass(frozen=True)
class Budget:
    """What a device has for the network, its own name included for messages."""

    device: str
    target: Target
    lut: int
    dsp: int
    bram: int


@dataclass(frozen=True)
class Fitted:
    """A design within a budget, the folding it has, and the cycles it takes."""

    design: Design
    folding: dict[str, Fold]
    area: Area
    cycles: Cycles


def fit(dataflow: Dataflow, budget: Budget) -> Fitted:
    """The fastest design that a device holds.

    Raises:
        FoldingError: if not even the smallest does; says what overflows, and by how much.
    """
    smallest, least = None, 0.0
    for interval in intervals(dataflow):
        folding, design = _laid_out(dataflow, interval, budget)
        area = design_area(design)
        if not _shortages(area, budget, COMFORTABLE):
            return _counted(folding, design)
        # Memories and multiplexers may grow as multipliers get fewer.
        size = max(area.lut / budget.lut, area.bram / max(budget.bram, 1))
        if smallest is None or size < least:
            smallest, least = (folding, design), size
    assert smallest is not None, "a network has at least one interval"
    folding, design = smallest
    shortages = _shortages(design_area(design), budget, FULL)
    if not shortages:
        return _counted(folding, design)
    raise FoldingError(
        f"the network does not fit {budget.device}, however it is folded. At its smallest, with an interval of "
        f"{design.interval_bound:,} clock cycles, it {_words(shortages)}; use "
        f"{_fewer_bits(dataflow, shortages)}a larger board"
    )


def fit_interval(dataflow: Dataflow, interval: int, budget: Budget | None = None) -> Fitted:
    """The design with the fewest multipliers that takes at most `interval` clock cycles an inference.

    Layers may have to wait for each other, so that an inference takes a few more clock cycles than its slowest layer;
    the layers are then made faster, until what is counted is no more than was asked for.

    Args:
        dataflow: the network.
        interval: clock cycles between inferences, at most.
        budget: what there is; None is as much as it takes, of no device in particular.

    Raises:
        FoldingError: if the network cannot be that fast, or the device does not hold it.
    """
    asked = interval
    while True:
        folding, design = _laid_out(dataflow, asked, budget)
        if budget is not None and (shortages := _shortages(design_area(design), budget, FULL)):
            raise FoldingError(
                f"an interval of {interval:,} clock cycles does not fit {budget.device}: it {_words(shortages)}; an "
                f"interval of {fit(dataflow, budget).cycles.interval:,} does"
            )
        found = _counted(folding, design)
        if found.cycles.interval <= interval:
            return found
        slowest = max((fold.interval for fold in folding.values()), default=0)
        if slowest <= max((min(f.interval for f in p.folds()) for p in products(dataflow)), default=0):
            raise FoldingError(
                f"the network takes at least {found.cycles.interval:,} clock cycles an inference, not {interval:,}: "
                f"ask for an interval of {found.cycles.interval:,} or more"
            )
        asked = slowest - 1


def share_dsps(dataflow: Dataflow, folding: dict[str, Fold], count: int, target: Target) -> dict[str, int]:
    """Give `count` DSP blocks to the products where each of them saves the most LUTs; node name -> blocks."""
    offers = []
    for product in products(dataflow):
        fold = folding[product.node.name]
        if not fold.unrolled:
            served = _served(dataflow, product, fold, target)
            offers.append((-served * _lut_price(dataflow, product, target), fold.multipliers // served, product))
    shares = dict.fromkeys((product.node.name for product in products(dataflow)), 0)
    for _, wanted, product in sorted(offers, key=lambda offer: offer[0]):
        shares[product.node.name] = min(wanted, count)
        count -= shares[product.node.name]
    return shares


def _served(dataflow: Dataflow, product: Product, fold: Fold, target: Target) -> int:
    """Multipliers that a DSP block serves: two of a pair of rows, where their products fit side by side."""
    bounds = dataflow.input_bounds(product.node)[0]
    low, high = int(bounds.low.min()), int(bounds.high.max())
    signed = dataflow.input_types(product.node)[0].element.signed
    pairs = not product.depthwise and fold.pe % 2 == 0
    return 2 if pairs and can_share_blocks(product.operation.weights, low, high, signed, target) else 1


def _lut_price(dataflow: Dataflow, product: Product, target: Target) -> int:
    """LUTs of one of the product's multipliers."""
    element = dataflow.input_types(product.node)[0].element
    return multiplier_resources(element.width, product.operation.weight_type.width, target, dsp=False).lut


def _laid_out(dataflow: Dataflow, interval: int, budget: Budget | None) -> tuple[dict[str, Fold], Design]:
    folding = fold_for_interval(dataflow, interval)
    if budget is None:
        return folding, lay_out(dataflow, folding, Target.GENERIC)
    dsps = share_dsps(dataflow, folding, budget.dsp, budget.target)
    return folding, lay_out(dataflow, folding, budget.target, dsps)


def _counted(folding: dict[str, Fold], design: Design) -> Fitted:
    """With its buffers as deep as they have to be."""
    tight = sized(design)
    return Fitted(tight, folding, design_area(tight), count_cycles(tight))


def _shortages(area: Area, budget: Budget, part: float) -> dict[str, tuple[int, int]]:
    """What is short: (needed, there), of its LUTs only a part."""
    limits = {
        "LUTs": (area.lut, int(budget.lut * part)),
        "DSP blocks": (area.dsp, budget.dsp),
        "block RAMs": (area.bram, budget.bram),
    }
    return {what: (need, most) for what, (need, most) in limits.items() if need > most}


def _words(shortages: Mapping[str, tuple[int, int]]) -> str:
    return ", ".join(
        f"needs about {need:,} {what} and may use {most:,} ({need - most:,} too many)"
        for what, (need, most) in shortages.items()
    )


def _fewer_bits(dataflow: Dataflow, shortages: Mapping[str, tuple[int, int]]) -> str:
    """Advice on the width of weights, which memories grow with in proportion, and logic at least."""
    widest = max((product.operation.weight_type.width for product in products(dataflow)), default=1)
    fitting = min(widest * most // need for need, most in shortages.values())
    return f"weights of about {fitting} bits instead of {widest}, or " if fitting > 1 else ""
