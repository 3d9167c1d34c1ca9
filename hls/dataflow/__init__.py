"""The dataflow graph: a small set of exact operations that simulator and hardware share."""

from netloom.hls.dataflow.cast import Cast, Clamp
from netloom.hls.dataflow.elementwise import Elementwise, ElementwiseFunction
from netloom.hls.dataflow.files import load_dataflow, save_dataflow
from netloom.hls.dataflow.graph import Dataflow, DataflowBuilder, Layer, Node
from netloom.hls.dataflow.lookup import Lookup
from netloom.hls.dataflow.matvec import DepthwiseMatVec, MatVec
from netloom.hls.dataflow.operation import (
    EXACT_LIMIT,
    Bounds,
    Cost,
    Kernel,
    Operation,
    TensorType,
    exact_dtype,
    in_dtype,
    integer_dtype,
)
from netloom.hls.dataflow.permute import Permute
from netloom.hls.dataflow.pool import Divide, Pool, PoolFunction
from netloom.hls.dataflow.reduce import Reduce, Summation
from netloom.hls.dataflow.window import Window

__all__ = [
    # graph
    "Dataflow",
    "DataflowBuilder",
    "Layer",
    "Node",
    "load_dataflow",
    "save_dataflow",
    # what operations are made of
    "EXACT_LIMIT",
    "Bounds",
    "Cost",
    "Kernel",
    "Operation",
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
    "Lookup",
    "MatVec",
    "Permute",
    "Pool",
    "PoolFunction",
    "Reduce",
    "Summation",
    "Window",
]
