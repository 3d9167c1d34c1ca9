"""`products`: what of a network is folded, found once for each network."""

from weakref import finalize

from netloom.firmware.map.mapping import Product
from netloom.firmware.map.operations.table import MAPPINGS
from netloom.hls.dataflow import Dataflow

_kept: dict[int, tuple[Product, ...]] = {}
"""By the identity of the network, for as long as that lives."""


def products(dataflow: Dataflow) -> tuple[Product, ...]:
    """All nodes that are folded, in the graph's order."""
    key = id(dataflow)
    if key not in _kept:
        mappings = ((node, MAPPINGS.get(type(node.operation))) for node in dataflow.nodes)
        _kept[key] = tuple(
            mapping.product(dataflow, node, node.operation) for node, mapping in mappings if mapping and mapping.product
        )
        finalize(dataflow, _kept.pop, key, None)
    return _kept[key]
