"""`MatMul` in ONNX."""

from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_matmul(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """Of the operation's name; the second transposed first where it is to be."""
    first, second = site.taken(writer)
    if site.operation.transposed:
        axes = len(site.types[1].shape) + 1
        second = writer.add("Transpose", second, perm=[*range(axes - 2), axes - 1, axes - 2])
    return (writer.add("MatMul", first, second),)
