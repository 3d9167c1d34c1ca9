"""`Lookup` in ONNX: `Gather` from a table."""

import numpy as np

from netloom.hls.dataflow import exact_dtype
from netloom.rounding import magnitude
from netloom.sim.onnx.numbers import floor_shifted, truncated
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_lookup(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """The index in the cheapest dtype in which it is exact; the table in that of its entries."""
    lookup = site.operation
    largest = site.bounds[0].magnitude * abs(lookup.scale) + abs(lookup.offset) + (1 << lookup.shift)
    dtype = exact_dtype(max(largest, lookup.table.size))
    index = writer.times(writer.cast(site.values[0], dtype if dtype is not np.object_ else site.dtype), lookup.scale)
    if not lookup.toward_zero:
        index = floor_shifted(writer, index, lookup.shift)
    elif index.dtype is np.int64:
        index = writer.with_number("Div", index, 1 << lookup.shift)
    else:
        index = truncated(writer, writer.times(index, 2.0**-lookup.shift))
    if lookup.offset:
        index = writer.with_number("Add", index, lookup.offset)
    ends = (writer.constant(end, index.dtype) for end in (0, lookup.table.size - 1))
    index = writer.cast(writer.add("Clip", index, *ends), np.int64)
    table = writer.constant(lookup.table, exact_dtype(magnitude(lookup.table)))
    return (writer.add("Gather", table, index, axis=0),)
