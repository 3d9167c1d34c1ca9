"""`Clamp` in ONNX: `Max` and `Min`."""

from netloom.sim.onnx.quantized import QuantizedSite
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_clamp(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """Nothing of a limit that is proven not to be reached."""
    clamp, bounds = site.operation, site.bounds[0]
    (value,) = site.taken(writer)
    if (bounds.low < clamp.low).any():
        value = writer.with_number("Max", value, clamp.low)
    if clamp.high is not None and (bounds.high > clamp.high).any():
        value = writer.with_number("Min", value, clamp.high)
    return (value,)


def quantize_clamp(writer: GraphWriter, site: QuantizedSite) -> OnnxValue:
    """In QONNX: a ReLU."""
    if (site.operation.low, site.operation.high) != (0, None):
        raise site.refusal("a Clamp of its kind")
    return writer.add("Relu", site.values[0])
