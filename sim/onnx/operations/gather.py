"""`Gather` in ONNX: of a table that of ONNX, of a tensor `GatherND` sample by sample."""

import numpy as np

from netloom.hls.dataflow.operations.gather import FARTHEST_POINT
from netloom.sim.onnx.numbers import floor_shifted
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_gather(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """Rows at indices, which are rounded down and held at the ends."""
    gather = site.operation
    if gather.table is not None:
        rows = writer.constant(gather.table, site.dtype)
        return (writer.add("Gather", rows, _index(writer, site, len(gather.table)), axis=0),)
    index = writer.reshape(_index(writer, site, site.types[0].shape[0]), (*site.types[1].shape, 1))
    return (writer.add("GatherND", site.taken(writer)[0], index, batch_dims=1),)


def _index(writer: GraphWriter, site: OnnxSite, count: int) -> OnnxValue:
    raw, fraction = writer.cast(site.values[-1], site.dtype), site.types[-1].element.fraction
    if fraction < 0:
        raw = writer.times(_held(writer, raw, count), 2 ** min(-fraction, FARTHEST_POINT))
    return writer.cast(_held(writer, floor_shifted(writer, raw, max(fraction, 0)), count - 1), np.int64)


def _held(writer: GraphWriter, value: OnnxValue, last: int) -> OnnxValue:
    return writer.add("Clip", value, *(writer.constant(end, value.dtype) for end in (0, last)))
