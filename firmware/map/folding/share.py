"""`share_dsps`: which products get a device's DSP blocks."""

from netloom.firmware.families import Family
from netloom.firmware.map.folding.fold import Fold
from netloom.firmware.map.folding.products import products
from netloom.hls.dataflow import Dataflow


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
