"""`NATIVE_FORMS`: what every operation that the C++ has is there. NumPy computes a network that has others.

`Window` has no line: it is no step, but how the product behind it reads, which takes the graph (`GraphSteps`). So do
rewrites of several operations: `products_into_loops`, and those of `fuse`.
"""

from netloom.hls.dataflow import (
    Cast,
    Clamp,
    DepthwiseMatVec,
    Elementwise,
    Gather,
    Lookup,
    MatVec,
    Operation,
    Permute,
    Pool,
    Scan,
)
from netloom.sim.depthwise_convolution import DepthwiseConvolution
from netloom.sim.native.form import NativeForm
from netloom.sim.native.operations.cast import CAST
from netloom.sim.native.operations.clamp import CLAMP
from netloom.sim.native.operations.depthwise_matvec import DEPTHWISE_CONVOLUTION, DEPTHWISE_MATVEC
from netloom.sim.native.operations.elementwise import ELEMENTWISE
from netloom.sim.native.operations.gather import GATHER
from netloom.sim.native.operations.lookup import LOOKUP
from netloom.sim.native.operations.matvec import MATVEC
from netloom.sim.native.operations.permute import PERMUTE
from netloom.sim.native.operations.pool import POOL
from netloom.sim.native.operations.scan import SCAN

NATIVE_FORMS: dict[type[Operation], NativeForm] = {
    Cast: CAST,
    Clamp: CLAMP,
    DepthwiseConvolution: DEPTHWISE_CONVOLUTION,
    DepthwiseMatVec: DEPTHWISE_MATVEC,
    Elementwise: ELEMENTWISE,
    Gather: GATHER,
    Lookup: LOOKUP,
    MatVec: MATVEC,
    Permute: PERMUTE,
    Pool: POOL,
    Scan: SCAN,
}
