"""`DepthwiseMatVec` in ONNX: a product of each channel; behind windows a `Conv` with a group for each channel."""

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


def write_depthwise_matvec(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """The terms of every channel, (..., K, C), and their sum."""
    product = site.operation
    columns = writer.reshape(site.taken(writer)[0], (*site.types[0].shape[:-1], *product.weights.shape))
    if site.takes_terms_in_order:
        return (summed_in_order(writer, site, columns),)
    terms = writer.add("Mul", columns, writer.constant(product.scaled_weights(site.types), site.dtype))
    return (finished(writer, site, writer.reduce("ReduceSum", terms, -2)),)


def convolve_depthwise_matvec(writer: GraphWriter, view: Window, site: OnnxSite, picture: OnnxValue) -> OnnxValue:
    """With the windows before it: a convolution of each channel."""
    return written_convolution(writer, view, site, picture, groups=site.operation.weights.shape[1])


def quantize_depthwise_matvec(writer: GraphWriter, site: QuantizedSite) -> OnnxValue:
    """In QONNX: with weights and bias behind a `Quant` each."""
    check_sum(site)
    weights = site.operation.weights
    if site.view is not None:
        total = quantized_convolution(writer, site, site.view, groups=weights.shape[1])
    elif len(weights) > 1:
        raise site.refusal("a product of each channel without windows")
    else:
        total = writer.add("Mul", site.values[0], quantized_weights(writer, site, weights[0]))
    return with_quantized_bias(writer, site, total)
