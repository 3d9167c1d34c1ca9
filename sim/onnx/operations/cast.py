"""`Cast` in ONNX: scale, round, clip."""

from netloom.sim.onnx.numbers import confined, rounded
from netloom.sim.onnx.site import Site
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_cast(writer: GraphWriter, site: Site) -> tuple[OnnxValue]:
    """Whichever of rounding and overflow is not proven to do nothing."""
    to = site.operation.to
    raw = rounded(writer, site.taken(writer)[0], site.fraction - to.fraction, to.rounding)
    return (confined(writer, raw, to) if site.may_overflow else raw,)
