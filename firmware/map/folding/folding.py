"""Folding a network: a fold for every product, for an interval or for hls4ml's reuse factors; who gets DSP blocks."""

from collections.abc import Mapping

from netloom.errors import FoldingError
from netloom.firmware.families import Family
from netloom.firmware.map.folding.fold import UNROLL_LIMIT, Fold
from netloom.firmware.map.folding.products import products
from netloom.hls.dataflow import Dataflow


def fold_for_interval(dataflow: Dataflow, interval: int) -> dict[str, Fold]:
    """The fewest multipliers with which every product takes at most `interval` clock cycles an inference.

    Raises:
        FoldingError: if a layer cannot be that fast.
    """
    folding = {}
    for product in products(dataflow):
        fitting = [fold for fold in product.folds if fold.interval <= interval]
        if not fitting:
            fastest = min(fold.interval for fold in product.folds)
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
        wanted = product.weights / reuse.get(layer, 1)
        if reuse.get(layer, 1) == 1 and unroll.get(layer, False):
            if product.weights > UNROLL_LIMIT:
                raise FoldingError(
                    f"layer {layer!r} has {product.weights:,} weights, and a layer of more than "
                    f"{UNROLL_LIMIT:,} is not unrolled: give it a ReuseFactor, or Strategy Resource"
                )
            if product.folds[-1].unrolled:
                folding[product.node.name] = product.folds[-1]
                continue
        folds = [fold for fold in product.folds if not fold.unrolled]
        folding[product.node.name] = min(
            folds, key=lambda fold: (max(fold.multipliers, wanted) / min(fold.multipliers, wanted), *product.cost(fold))
        )
    return folding


def intervals(dataflow: Dataflow) -> list[int]:
    """Every initiation interval that some folding can have, ascending: those of single layers that all others reach.

    Where nothing is multiplied there is nothing to fold: 1 alone.
    """
    per_product = [[fold.interval for fold in product.folds] for product in products(dataflow)]
    least = max((min(found) for found in per_product), default=1)
    return sorted({least} | {interval for found in per_product for interval in found if interval >= least})


def share_dsps(dataflow: Dataflow, folding: dict[str, Fold], count: int, target: Family) -> dict[str, int]:
    """Give `count` DSP blocks to the products where each of them saves the most LUTs; node name -> blocks."""
    offers = []
    for product in products(dataflow):
        fold = folding[product.node.name]
        if not fold.unrolled:
            served = product.served(fold, target)
            offers.append((-served * product.multiplier_luts(target), fold.multipliers // served, product))
    shares = dict.fromkeys((product.node.name for product in products(dataflow)), 0)
    for _, wanted, product in sorted(offers, key=lambda offer: offer[0]):
        shares[product.node.name] = min(wanted, count)
        count -= shares[product.node.name]
    return shares
