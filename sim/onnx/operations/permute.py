"""`Permute` in ONNX: `Reshape`, or `Gather` from all inputs in a row."""

import numpy as np

from netloom.sim.onnx.quantized import QuantizedSite
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_permute(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """A zero at the end is what the index -1 reads."""
    permute, sizes = site.operation, [tensor.size for tensor in site.types]
    values = site.taken(writer)
    if len(sizes) == 1 and permute.reshapes(sizes):
        return (writer.reshape(values[0], permute.indices.shape),)
    flat = [writer.reshape(value, (size,)) for value, size in zip(values, sizes, strict=True)]
    joined = flat[0] if len(flat) == 1 else writer.add("Concat", *flat, axis=1)
    if (permute.indices < 0).any():
        joined = writer.add("Pad", joined, writer.constant([0, 0, 0, 1], np.int64))
    return (writer.gather(joined, np.where(permute.indices < 0, sum(sizes), permute.indices), 1),)


def quantize_permute(writer: GraphWriter, site: QuantizedSite) -> OnnxValue:
    """In QONNX: the same."""
    return write_permute(writer, site)[0]
