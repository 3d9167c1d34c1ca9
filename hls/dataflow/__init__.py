"""The dataflow graph: a small set of exact operations that simulator and hardware share."""

from netloom.hls.dataflow.cast import Cast
from netloom.hls.dataflow.clamp import Clamp
from netloom.hls.dataflow.depthwise_matvec import DepthwiseMatVec
from netloom.hls.dataflow.divide import Divide
from netloom.hls.dataflow.elementwise import Elementwise, ElementwiseFunction
from netloom.hls.dataflow.evaluator import Evaluator
from netloom.hls.dataflow.files import load_dataflow, save_dataflow
from netloom.hls.dataflow.gather import Gather
from netloom.hls.dataflow.graph import Dataflow, DataflowBuilder, Layer, Node
from netloom.hls.dataflow.lookup import Lookup
from netloom.hls.dataflow.matmul import MatMul
from netloom.hls.dataflow.matvec import MatVec
from netloom.hls.dataflow.operation import (
    EXACT_LIMIT,
    Bounds,
    Cost,
    Operation,
    Ready,
    Run,
    TensorType,
    exact_dtype,
    in_dtype,
    integer_dtype,
)
from netloom.hls.dataflow.permute import Permute
from netloom.hls.dataflow.pool import Pool, PoolFunction
from netloom.hls.dataflow.reduce import Reduce, Summation
from netloom.hls.dataflow.scan import Scan
from netloom.hls.dataflow.trace import traced
from netloom.hls.dataflow.window import Window

__all__ = [
    # graph
    "Dataflow",
    "DataflowBuilder",
    "Evaluator",
    "Layer",
    "Node",
    "load_dataflow",
    "save_dataflow",
    "traced",
    # what operations are made of
    "EXACT_LIMIT",
    "Bounds",
    "Cost",
    "Operation",
    "Ready",
    "Run",
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
