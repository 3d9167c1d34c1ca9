"""`products`: what of a network is folded, found once for each network."""

from collections.abc import Iterator
from dataclasses import replace
from weakref import finalize

from netloom.firmware.map.mapping import Product
from netloom.firmware.map.operations.table import MAPPINGS
from netloom.hls.dataflow import Dataflow

_kept: dict[int, tuple[Product, ...]] = {}
"""By the identity of the network, for as long as that lives."""


def products(dataflow: Dataflow) -> tuple[Product, ...]:
    """All nodes that are folded, in the graph's order, those of bodies in the place of the node they are in."""
    key = id(dataflow)
    if key not in _kept:
        _kept[key] = tuple(_found(dataflow))
        finalize(dataflow, _kept.pop, key, None)
    return _kept[key]


def _found(dataflow: Dataflow) -> Iterator[Product]:
    for node in dataflow.nodes:
        if (mapping := MAPPINGS.get(type(node.operation))) is None:
            continue
        if mapping.product:
            yield mapping.product(dataflow, node, node.operation)
        for body in node.operation.bodies:
            for product in products(body):
                yield replace(product, steps=product.steps * mapping.repeats(node.operation))
