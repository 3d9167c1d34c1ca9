"""`FORMS`: what every operation is in ONNX; `CONVOLUTIONS`: what those are behind windows that are one with them;
`QUANTIZED_FORMS`: what those are in QONNX that it can say."""

from netloom.hls.dataflow import (
    Cast,
    Clamp,
    DepthwiseMatVec,
    Divide,
    Elementwise,
    Gather,
    Lookup,
    MatMul,
    MatVec,
    Operation,
    Permute,
    Pool,
    Reduce,
    Scan,
    Window,
)
from netloom.sim.onnx.operations.cast import quantize_cast, write_cast
from netloom.sim.onnx.operations.clamp import quantize_clamp, write_clamp
from netloom.sim.onnx.operations.depthwise_matvec import (
    convolve_depthwise_matvec,
    quantize_depthwise_matvec,
    write_depthwise_matvec,
)
from netloom.sim.onnx.operations.divide import write_divide
from netloom.sim.onnx.operations.elementwise import quantize_elementwise, write_elementwise
from netloom.sim.onnx.operations.gather import write_gather
from netloom.sim.onnx.operations.lookup import write_lookup
from netloom.sim.onnx.operations.matmul import write_matmul
from netloom.sim.onnx.operations.matvec import convolve_matvec, quantize_matvec, write_matvec
from netloom.sim.onnx.operations.permute import quantize_permute, write_permute
from netloom.sim.onnx.operations.pool import quantize_pool, write_pool
from netloom.sim.onnx.operations.reduce import write_reduce
from netloom.sim.onnx.operations.scan import write_scan
from netloom.sim.onnx.operations.window import write_window
from netloom.sim.onnx.quantized import QuantizedForm
from netloom.sim.onnx.site import Convolution, Form

FORMS: dict[type[Operation], Form] = {
    Cast: write_cast,
    Clamp: write_clamp,
    DepthwiseMatVec: write_depthwise_matvec,
    Divide: write_divide,
    Elementwise: write_elementwise,
    Gather: write_gather,
    Lookup: write_lookup,
    MatMul: write_matmul,
    MatVec: write_matvec,
    Permute: write_permute,
    Pool: write_pool,
    Reduce: write_reduce,
    Scan: write_scan,
    Window: write_window,
}

CONVOLUTIONS: dict[type[Operation], Convolution] = {
    DepthwiseMatVec: convolve_depthwise_matvec,
    MatVec: convolve_matvec,
}

QUANTIZED_FORMS: dict[type[Operation], QuantizedForm] = {
    Cast: quantize_cast,
    Clamp: quantize_clamp,
    DepthwiseMatVec: quantize_depthwise_matvec,
    Elementwise: quantize_elementwise,
    MatVec: quantize_matvec,
    Permute: quantize_permute,
    Pool: quantize_pool,
}
