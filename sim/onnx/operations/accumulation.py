"""What `MatVec` and `DepthwiseMatVec` have in common in ONNX: convolutions, sums in their order, the accumulator."""

from collections.abc import Sequence

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Window
from netloom.rounding import Rounding
from netloom.sim.onnx.numbers import confined, converted
from netloom.sim.onnx.operations.window import convolved, kernel_of
from netloom.sim.onnx.quantized import QuantizedSite, write_quant
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def written_convolution(
    writer: GraphWriter, view: Window, site: OnnxSite, picture: OnnxValue, groups: int
) -> OnnxValue:
    """The product of a site, which takes float32, and the windows before it.

    Args:
        writer: of the graph.
        view: the windows.
        site: the product.
        picture: what the windows are of.
        groups: of channels that have nothing to do with each other.
    """
    first = writer.channels_first(writer.cast(picture, site.dtype), len(view.kernel_size))
    kernel = writer.constant(kernel_of(site.operation.scaled_weights(site.types), view), site.dtype)
    return finished(writer, site, convolved(writer, view, first, kernel, groups))


def finished(writer: GraphWriter, site: OnnxSite, total: OnnxValue) -> OnnxValue:
    """A sum of products with the bias, confined to the accumulator."""
    start = site.operation.start()
    if start.any():
        total = writer.add("Add", total, writer.constant(start, site.dtype))
    return confined(writer, total, site.operation.accum) if site.may_overflow else total


def summed_in_order(writer: GraphWriter, site: OnnxSite, terms: OnnxValue) -> OnnxValue:
    """Every product cast to the accumulator, added there one after the other.

    Args:
        writer: of the graph.
        site: the product.
        terms: (..., K, 1) or (..., K, N), each of K to be multiplied by its row of the weights, (K, N).
    """
    product, fraction = site.operation, site.operation.product_fraction(site.types)
    weights = product.weights
    if product.order is not None:
        terms, weights = writer.gather(terms, product.order, -2), weights[list(product.order)]
    nothing = writer.times(writer.gather(terms, 0, -2), 0)
    start = writer.add("Add", nothing, writer.constant(product.start(), site.dtype))

    def step(inner: GraphWriter, total: OnnxValue, given: Sequence[OnnxValue]) -> OnnxValue:
        term = converted(inner, inner.add("Mul", *given), fraction, product.accum)
        return confined(inner, inner.add("Add", total, term), product.accum)

    return writer.fold(start, [(terms, -2), (writer.constant(weights, np.int64), 0)], step)


def check_sum(site: QuantizedSite) -> None:
    """Refuse a sum that QONNX cannot say."""
    if site.takes_terms_in_order or site.may_overflow:
        raise site.refusal("an accumulator that rounds or overflows")


def quantized_convolution(writer: GraphWriter, site: QuantizedSite, view: Window, groups: int) -> OnnxValue:
    """In QONNX: the windows before a product, and it, without the bias."""
    kernel = quantized_weights(writer, site, kernel_of(site.operation.weights, view))
    first = writer.channels_first(site.values[0], len(view.kernel_size))
    return convolved(writer, view, first, kernel, groups)


def quantized_weights(writer: GraphWriter, site: QuantizedSite, raws: np.ndarray) -> OnnxValue:
    """Weights behind a `Quant`."""
    return _quantized_constant(writer, site, raws, site.operation.weight_type)


def with_quantized_bias(writer: GraphWriter, site: QuantizedSite, total: OnnxValue) -> OnnxValue:
    """A sum of products, and the bias, behind a `Quant`, where there is one."""
    product = site.operation
    if not product.bias.any():
        return total
    return writer.add("Add", total, _quantized_constant(writer, site, product.bias, product.bias_type))


def _quantized_constant(writer: GraphWriter, site: QuantizedSite, raws: np.ndarray, type_: FixedPoint) -> OnnxValue:
    constant = writer.constant(raws * type_.step, np.float32)
    return write_quant(writer, constant, type_.with_modes(Rounding.RND_CONV, Overflow.SAT), f"layer {site.layer!r}")
