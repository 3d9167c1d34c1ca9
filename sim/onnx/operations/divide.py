"""`Divide` in ONNX."""

import numpy as np

from netloom.sim.onnx.numbers import truncated
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_divide(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """`Div`, which drops the remainder of integers by itself."""
    quotient = writer.with_number("Div", site.taken(writer)[0], site.operation.divisor)
    return (quotient if site.dtype is np.int64 else truncated(writer, quotient),)
