"""`Pool` in ONNX: `MaxPool`, or a sum over gathered windows."""

import numpy as np

from netloom.hls.dataflow import PoolFunction
from netloom.sim.onnx.numbers import summed
from netloom.sim.onnx.operations.window import places_of
from netloom.sim.onnx.quantized import QuantizedSite
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_pool(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """A maximum of floats is a `MaxPool`."""
    pool, (value,) = site.operation, site.taken(writer)
    rank = len(pool.kernel_size)
    if pool.accum is None and site.dtype is not np.int64:
        return (_max_pool(writer, site),)
    *spatial, channels = site.types[0].shape
    *positions, _ = pool.outputs(site.types)[0].shape
    rows = writer.reshape(value, (int(np.prod(spatial)), channels))
    windows = writer.gather(rows, places_of(spatial, positions, pool.kernel_size, pool.stride, (1,) * rank), 1)
    if pool.accum is None:
        result = writer.reduce("ReduceMax", windows, 2)
    else:
        terms, count = writer.add("Transpose", windows, perm=[0, 1, 3, 2]), int(np.prod(pool.kernel_size))
        result = summed(writer, terms, count, site.fraction, pool.accum, pool.summation, site.may_overflow)
    return (writer.reshape(result, (*positions, channels)),)


def quantize_pool(writer: GraphWriter, site: QuantizedSite) -> OnnxValue:
    """In QONNX: a maximum."""
    if site.operation.function is not PoolFunction.MAX:
        raise site.refusal("a Pool of its kind")
    return _max_pool(writer, site)


def _max_pool(writer: GraphWriter, site: OnnxSite) -> OnnxValue:
    pool, rank = site.operation, len(site.operation.kernel_size)
    first = writer.channels_first(site.taken(writer)[0], rank)
    return writer.channels_last(writer.add("MaxPool", first, kernel_shape=pool.kernel_size, strides=pool.stride), rank)
