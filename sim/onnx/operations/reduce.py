"""`Reduce` in ONNX: `ReduceMax`, or a sum."""

from netloom.sim.onnx.numbers import summed
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_reduce(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """Along the last axis, which becomes 1."""
    reduce, (value,), shape = site.operation, site.taken(writer), site.types[0].shape
    if reduce.accum is None:
        return (writer.reduce("ReduceMax", value, -1, keep=True),)
    total = summed(writer, value, shape[-1], site.fraction, reduce.accum, reduce.summation, site.may_overflow)
    return (writer.reshape(total, (*shape[:-1], 1)),)
