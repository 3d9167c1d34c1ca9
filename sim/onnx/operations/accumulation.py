"""`MatVec` and `DepthwiseMatVec` in ONNX: a product with constant weights, or a loop where the order matters."""

from collections.abc import Sequence

import numpy as np

from netloom.hls.dataflow import MatVec
from netloom.sim.onnx.numbers import confined, converted
from netloom.sim.onnx.site import Site
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_matvec(writer: GraphWriter, site: Site) -> tuple[OnnxValue]:
    """`MatMul`, the bias, and the overflow mode if a sum may leave the accumulator."""
    if takes_terms_in_order(site):
        return (_in_order(writer, site),)
    weights = writer.constant(site.operation.scaled_weights(site.types), site.dtype)
    return (finished(writer, site, writer.add("MatMul", site.taken(writer)[0], weights)),)


def write_depthwise_matvec(writer: GraphWriter, site: Site) -> tuple[OnnxValue]:
    """The terms of every channel, and their sum."""
    if takes_terms_in_order(site):
        return (_in_order(writer, site),)
    product = site.operation
    terms = writer.add("Mul", _columns(writer, site), writer.constant(product.scaled_weights(site.types), site.dtype))
    return (finished(writer, site, writer.reduce("ReduceSum", terms, -2)),)


def takes_terms_in_order(site: Site) -> bool:
    """Whether the product must be taken term by term."""
    return bool(site.operation.takes_terms_in_order(site.types, site.bounds))


def finished(writer: GraphWriter, site: Site, total: OnnxValue) -> OnnxValue:
    """A sum of products with the bias, confined to the accumulator."""
    start = site.operation.start()
    if start.any():
        total = writer.add("Add", total, writer.constant(start, site.dtype))
    return confined(writer, total, site.operation.accum) if site.may_overflow else total


def _columns(writer: GraphWriter, site: Site) -> OnnxValue:
    """(..., K * C) as (..., K, C)."""
    return writer.reshape(site.taken(writer)[0], (*site.types[0].shape[:-1], *site.operation.weights.shape))


def _in_order(writer: GraphWriter, site: Site) -> OnnxValue:
    """Every product cast to the accumulator, added there one after the other."""
    product, fraction = site.operation, site.operation.product_fraction(site.types)
    dense = isinstance(product, MatVec)
    # (..., K, 1) times (K, N) for each of K, or (..., K, C) times (K, C).
    taken = site.taken(writer)[0]
    terms = writer.reshape(taken, (*site.types[0].shape, 1)) if dense else _columns(writer, site)
    weights = product.weights
    if product.order is not None:
        terms, weights = writer.gather(terms, product.order, -2), weights[list(product.order)]
    nothing = writer.times(writer.gather(terms, 0, -2), 0)
    start = writer.add("Add", nothing, writer.constant(product.start(), site.dtype))

    def step(inner: GraphWriter, total: OnnxValue, given: Sequence[OnnxValue]) -> OnnxValue:
        term = converted(inner, inner.add("Mul", *given), fraction, product.accum)
        return confined(inner, inner.add("Add", total, term), product.accum)

    return writer.fold(start, [(terms, -2), (writer.constant(weights, np.int64), 0)], step)
