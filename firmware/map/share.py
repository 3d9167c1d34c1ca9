"""`share_dsps`: which products get a device's DSP blocks."""

from netloom.firmware.families import Family
from netloom.firmware.map.folding import Fold, Product, products
from netloom.firmware.units.products.multiplier import multiplier_resources
from netloom.firmware.units.products.weights import can_share_blocks
from netloom.hls.dataflow import Dataflow


def share_dsps(dataflow: Dataflow, folding: dict[str, Fold], count: int, target: Family) -> dict[str, int]:
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


def _served(dataflow: Dataflow, product: Product, fold: Fold, target: Family) -> int:
    """Multipliers that a DSP block serves: two of a pair of rows, where their products fit side by side."""
    bounds = dataflow.input_bounds(product.node)[0]
    low, high = int(bounds.low.min()), int(bounds.high.max())
    signed = dataflow.input_types(product.node)[0].element.signed
    pairs = not product.depthwise and fold.pe % 2 == 0
    return 2 if pairs and can_share_blocks(product.operation.weights, low, high, signed, target) else 1


def _lut_price(dataflow: Dataflow, product: Product, target: Family) -> int:
    """LUTs of one of the product's multipliers."""
    element = dataflow.input_types(product.node)[0].element
    return multiplier_resources(element.width, product.operation.weight_type.width, target, dsp=False).lut
