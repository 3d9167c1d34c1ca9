"""`MatVec` in ONNX: a product with constant weights, or a loop where the order matters; behind windows a `Conv`."""

from netloom.hls.dataflow import Window
from netloom.sim.onnx.operations.accumulation import (
    check_sum,
    finished,
    quantized_convolution,
    quantized_weights,
    summed_in_order,
    with_quantized_bias,
    written_convolution,
)
from netloom.sim.onnx.quantized import QuantizedSite
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_matvec(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """`MatMul`, the bias, and the overflow mode if a sum may leave the accumulator."""
    if site.takes_terms_in_order:
        terms = writer.reshape(site.taken(writer)[0], (*site.types[0].shape, 1))
        return (summed_in_order(writer, site, terms),)
    weights = writer.constant(site.operation.scaled_weights(site.types), site.dtype)
    return (finished(writer, site, writer.add("MatMul", site.taken(writer)[0], weights)),)


def convolve_matvec(writer: GraphWriter, view: Window, site: OnnxSite, picture: OnnxValue) -> OnnxValue:
    """With the windows before it: a convolution."""
    return written_convolution(writer, view, site, picture, groups=1)


def quantize_matvec(writer: GraphWriter, site: QuantizedSite) -> OnnxValue:
    """In QONNX: with weights and bias behind a `Quant` each."""
    check_sum(site)
    if site.view is not None:
        total = quantized_convolution(writer, site, site.view, groups=1)
    else:
        total = writer.add("MatMul", site.values[0], quantized_weights(writer, site, site.operation.weights))
    return with_quantized_bias(writer, site, total)
