"""`MAPPINGS`: what every operation is in hardware. A further operation joins with `register_mapping`, from anywhere."""

from netloom.errors import LayerNotSupportedError
from netloom.firmware.map.mapping import OperationMapping
from netloom.firmware.map.operations.cast import CAST
from netloom.firmware.map.operations.clamp import CLAMP
from netloom.firmware.map.operations.divide import DIVIDE
from netloom.firmware.map.operations.elementwise import ELEMENTWISE
from netloom.firmware.map.operations.gather import GATHER
from netloom.firmware.map.operations.lookup import LOOKUP
from netloom.firmware.map.operations.permute import PERMUTE
from netloom.firmware.map.operations.pool import POOL
from netloom.firmware.map.operations.products.depthwise_matvec import DEPTHWISE_MATVEC
from netloom.firmware.map.operations.products.matmul import MATMUL
from netloom.firmware.map.operations.products.matvec import MATVEC
from netloom.firmware.map.operations.reduce import REDUCE
from netloom.firmware.map.operations.scan import SCAN
from netloom.firmware.map.operations.window import WINDOW
from netloom.hls import dataflow
from netloom.hls.dataflow import Node, Operation

MAPPINGS: dict[type[Operation], OperationMapping] = {
    dataflow.Cast: CAST,
    dataflow.Clamp: CLAMP,
    dataflow.DepthwiseMatVec: DEPTHWISE_MATVEC,
    dataflow.Divide: DIVIDE,
    dataflow.Elementwise: ELEMENTWISE,
    dataflow.Gather: GATHER,
    dataflow.Lookup: LOOKUP,
    dataflow.MatMul: MATMUL,
    dataflow.MatVec: MATVEC,
    dataflow.Permute: PERMUTE,
    dataflow.Pool: POOL,
    dataflow.Reduce: REDUCE,
    dataflow.Scan: SCAN,
    dataflow.Window: WINDOW,
}


def register_mapping(operation: type[Operation], mapping: OperationMapping) -> None:
    """Let an operation be laid out in hardware, before the first network with it is."""
    MAPPINGS[operation] = mapping


def mapping_of(node: Node) -> OperationMapping:
    """Of a node's operation.

    Raises:
        LayerNotSupportedError: if it has none.
    """
    if (mapping := MAPPINGS.get(type(node.operation))) is not None:
        return mapping
    raise LayerNotSupportedError(
        f"layer {node.layer!r}: {type(node.operation).__name__} has no hardware unit yet; use the C++ project for it"
    )
