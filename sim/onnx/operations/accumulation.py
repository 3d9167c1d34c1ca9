"""`MatVec` and `DepthwiseMatVec` in ONNX: a product with constant weights, or a loop where the order matters.

With the windows before it a product is a convolution.
"""

from collections.abc import Sequence

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import MatVec, Window
from netloom.rounding import Rounding
from netloom.sim.onnx.numbers import confined, converted
from netloom.sim.onnx.operations.window import convolved, kernel_of
from netloom.sim.onnx.quantized import QuantizedSite, write_quant
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_matvec(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """`MatMul`, the bias, and the overflow mode if a sum may leave the accumulator."""
    if site.takes_terms_in_order:
        return (_in_order(writer, site),)
    weights = writer.constant(site.operation.scaled_weights(site.types), site.dtype)
    return (finished(writer, site, writer.add("MatMul", site.taken(writer)[0], weights)),)


def write_depthwise_matvec(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """The terms of every channel, and their sum."""
    if site.takes_terms_in_order:
        return (_in_order(writer, site),)
    product = site.operation
    terms = writer.add("Mul", _columns(writer, site), writer.constant(product.scaled_weights(site.types), site.dtype))
    return (finished(writer, site, writer.reduce("ReduceSum", terms, -2)),)


def write_convolution(writer: GraphWriter, view: Window, site: OnnxSite, picture: OnnxValue) -> OnnxValue:
    """The product of a site, which takes float32, and the windows before it.

    Args:
        writer: of the graph.
        view: the windows.
        site: the product.
        picture: what the windows are of.
    """
    first = writer.channels_first(writer.cast(picture, site.dtype), len(view.kernel_size))
    kernel = writer.constant(kernel_of(site.operation, site.operation.scaled_weights(site.types), view), site.dtype)
    return finished(writer, site, convolved(writer, site.operation, view, first, kernel))


def finished(writer: GraphWriter, site: OnnxSite, total: OnnxValue) -> OnnxValue:
    """A sum of products with the bias, confined to the accumulator."""
    start = site.operation.start()
    if start.any():
        total = writer.add("Add", total, writer.constant(start, site.dtype))
    return confined(writer, total, site.operation.accum) if site.may_overflow else total


def _columns(writer: GraphWriter, site: OnnxSite) -> OnnxValue:
    """(..., K * C) as (..., K, C)."""
    return writer.reshape(site.taken(writer)[0], (*site.types[0].shape[:-1], *site.operation.weights.shape))


def _in_order(writer: GraphWriter, site: OnnxSite) -> OnnxValue:
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


def quantize_product(writer: GraphWriter, site: QuantizedSite) -> OnnxValue:
    """In QONNX: with weights and bias behind a `Quant` each."""
    if site.takes_terms_in_order or site.may_overflow:
        raise site.refusal("an accumulator that rounds or overflows")
    product, view, value = site.operation, site.view, site.values[0]
    weights = product.weights * product.weight_type.step
    if view is not None:
        kernel = _quantized_constant(writer, site, kernel_of(product, weights, view), product.weight_type)
        first = writer.channels_first(value, len(view.kernel_size))
        result = convolved(writer, product, view, first, kernel)
    elif isinstance(product, MatVec):
        result = writer.add("MatMul", value, _quantized_constant(writer, site, weights, product.weight_type))
    elif len(weights) > 1:
        raise site.refusal("a product of each channel without windows")
    else:
        result = writer.add("Mul", value, _quantized_constant(writer, site, weights[0], product.weight_type))
    if not product.bias.any():
        return result
    bias = _quantized_constant(writer, site, product.bias * product.bias_type.step, product.bias_type)
    return writer.add("Add", result, bias)


def _quantized_constant(writer: GraphWriter, site: QuantizedSite, array: np.ndarray, type_: FixedPoint) -> OnnxValue:
    type_ = type_.with_modes(Rounding.RND_CONV, Overflow.SAT)
    return write_quant(writer, writer.constant(array, np.float32), type_, f"layer {site.layer!r}")
