"""The dataflow graph: a small set of exact operations that simulator and hardware share."""

from netloom.hls.dataflow.evaluator import Evaluator, ReadyNode
from netloom.hls.dataflow.graph import Dataflow, DataflowBuilder, Layer, Node
from netloom.hls.dataflow.operations.cast import Cast
from netloom.hls.dataflow.operations.clamp import Clamp
from netloom.hls.dataflow.operations.depthwise_matvec import DepthwiseMatVec
from netloom.hls.dataflow.operations.divide import Divide
from netloom.hls.dataflow.operations.elementwise import Elementwise, ElementwiseFunction
from netloom.hls.dataflow.operations.gather import Gather
from netloom.hls.dataflow.operations.lookup import Lookup
from netloom.hls.dataflow.operations.matmul import MatMul
from netloom.hls.dataflow.operations.matvec import MatVec
from netloom.hls.dataflow.operations.operation import (
    Bounds,
    Compute,
    Cost,
    Operation,
    Ready,
    TensorType,
    exact_dtype,
    in_dtype,
    integer_dtype,
)
from netloom.hls.dataflow.operations.permute import Permute
from netloom.hls.dataflow.operations.pool import Pool, PoolFunction
from netloom.hls.dataflow.operations.reduce import Reduce, Summation
from netloom.hls.dataflow.operations.scan import MOST_INTERLEAVED, Scan
from netloom.hls.dataflow.operations.window import Window
from netloom.hls.dataflow.storage import load_dataflow, save_dataflow
from netloom.hls.dataflow.traced import traced

__all__ = [
    "MOST_INTERLEAVED",
    # graph
    "Dataflow",
    "DataflowBuilder",
    "Evaluator",
    "Layer",
    "Node",
    "ReadyNode",
    "load_dataflow",
    "save_dataflow",
    "traced",
    # what operations are made of
    "Bounds",
    "Cost",
    "Operation",
    "Ready",
    "Compute",
    "TensorType",
    "exact_dtype",
    "in_dtype",
    "integer_dtype",
    # operations
    "Cast",
    "Clamp",
    "DepthwiseMatVec",
    "Divide",
    "Elementwise",
    "ElementwiseFunction",
    "Gather",
    "Lookup",
    "MatMul",
    "MatVec",
    "Permute",
    "Pool",
    "PoolFunction",
    "Reduce",
    "Scan",
    "Summation",
    "Window",
]
