"""`write_onnx`: the exact twin, or a network as QONNX, as a file."""

from dataclasses import dataclass
from pathlib import Path

from netloom.common.files import replacing, storage_errors
from netloom.errors import StorageError
from netloom.hls.dataflow import Dataflow

_LARGEST = 2**31 - 1
"""Bytes of a file in one part: protobuf's own limit."""


@dataclass(frozen=True)
class ExportedOnnx:
    """What was written.

    Attributes:
        nodes: of the graph, those within its nodes aside.
        opset: whose operators it has.
        bytes: of the file.
    """

    nodes: int
    opset: int
    bytes: int


def write_onnx(dataflow: Dataflow, path: Path, qonnx: bool = False) -> ExportedOnnx:
    """Write a network's exact twin, or the network as QONNX.

    Raises:
        LayerNotSupportedError: as `onnx_model` and `qonnx_model`.
        StorageError: if it cannot be written, or is larger than an ONNX file can be.
    """
    from netloom.sim.onnx.model import OPSET, onnx_model
    from netloom.sim.onnx.qonnx import qonnx_model

    model = qonnx_model(dataflow) if qonnx else onnx_model(dataflow)
    size = model.ByteSize()
    if size > _LARGEST:
        raise StorageError(
            f"cannot write {path}: an ONNX file has 2 GB at most, and this one would have {size:,} bytes"
        )
    with storage_errors(f"cannot write {path}"), replacing(path) as temporary:
        temporary.write_bytes(model.SerializeToString())
    return ExportedOnnx(len(model.graph.node), OPSET, size)
