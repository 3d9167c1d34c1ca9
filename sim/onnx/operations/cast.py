"""`Cast` in ONNX: scale, round, clip."""

from netloom.fixed_point import Overflow
from netloom.sim.onnx.numbers import confined, rounded
from netloom.sim.onnx.quantized import QuantizedSite, write_quant
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_cast(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """Whichever of rounding and overflow is not proven to do nothing."""
    to = site.operation.to
    raw = rounded(writer, site.taken(writer)[0], site.fraction - to.fraction, to.rounding)
    return (confined(writer, raw, to) if site.may_overflow else raw,)


def quantize_cast(writer: GraphWriter, site: QuantizedSite) -> OnnxValue:
    """In QONNX: `Quant`, unless it changes nothing."""
    to = site.operation.to
    if not site.may_overflow:
        if site.fraction <= to.fraction:
            return site.values[0]
        to = to.with_modes(to.rounding, Overflow.SAT)  # its range is proven to hold what comes
    return write_quant(writer, site.values[0], to, f"layer {site.layer!r}")
