"""`Elementwise` in ONNX."""

from netloom.hls.dataflow import ElementwiseFunction
from netloom.sim.onnx.quantized import QuantizedSite
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue

_ONNX_FUNCTIONS = {
    ElementwiseFunction.ADD: "Add",
    ElementwiseFunction.SUBTRACT: "Sub",
    ElementwiseFunction.MULTIPLY: "Mul",
    ElementwiseFunction.MAXIMUM: "Max",
    ElementwiseFunction.MINIMUM: "Min",
}


def write_elementwise(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """The points aligned, then one node."""
    gains = site.operation.gains(site.types)
    aligned = (writer.times(value, gain) for value, gain in zip(site.taken(writer), gains, strict=True))
    return (writer.add(_ONNX_FUNCTIONS[site.operation.function], *aligned),)


def quantize_elementwise(writer: GraphWriter, site: QuantizedSite) -> OnnxValue:
    """In QONNX: one node."""
    return writer.add(_ONNX_FUNCTIONS[site.operation.function], *site.values)
