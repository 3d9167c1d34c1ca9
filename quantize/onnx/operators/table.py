"""`BUILDERS`: what every ONNX operator that is read becomes in Keras."""

from typing import Any

from netloom.errors import LayerNotSupportedError
from netloom.quantize.onnx.edge import Edge
from netloom.quantize.onnx.keras_builder import KerasBuilder, NodeBuilder
from netloom.quantize.onnx.operators import functions
from netloom.quantize.onnx.operators.arithmetic import build_arithmetic, build_batch_normalization
from netloom.quantize.onnx.operators.products import build_gemm, build_matmul
from netloom.quantize.onnx.operators.quantizers import (
    build_bipolar,
    build_multi_threshold,
    build_quant,
    build_trunc,
)
from netloom.quantize.onnx.operators.shapes import (
    build_depth_to_space,
    build_flatten,
    build_reshape,
    build_transpose,
)
from netloom.quantize.onnx.operators.spatial import (
    build_average_pool,
    build_concat,
    build_conv,
    build_global_pool,
    build_max_pool,
    build_mean,
    build_pad,
    build_resize,
)
from netloom.quantize.onnx.quant import QUANT_OPERATORS


def build_same(builder: KerasBuilder, node: Any) -> Edge:
    """Nothing: what does nothing in inference."""
    return builder.edge(node, real=True)


def build_dropout(builder: KerasBuilder, node: Any) -> Edge:
    """Nothing, unless it is told that this is training."""
    if len(node.input) > 2 and node.input[2] and builder.weights(node, node.input[2]).any():
        raise LayerNotSupportedError(
            f"node {builder.node_name(node)!r}: a dropout that drops; export the model for inference"
        )
    return builder.edge(node, real=True)


BUILDERS: dict[str, NodeBuilder] = {
    **dict.fromkeys(("Add", "Div", "Max", "Min", "Mul", "Sub"), build_arithmetic),
    **dict.fromkeys(functions.ACTIVATION_OPERATORS, functions.build_activation),
    **dict.fromkeys(functions.FUNCTION_OPERATORS, functions.build_function),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), build_global_pool),
    **dict.fromkeys(("Reshape", "Squeeze", "Unsqueeze"), build_reshape),
    "AveragePool": build_average_pool,
    "BatchNormalization": build_batch_normalization,
    "Clip": functions.build_clip,
    "Concat": build_concat,
    "Conv": build_conv,
    "DepthToSpace": build_depth_to_space,
    "Dropout": build_dropout,
    "Elu": functions.build_elu,
    "Flatten": build_flatten,
    "Gelu": functions.build_gelu,
    "Gemm": build_gemm,
    "HardSigmoid": functions.build_hard_sigmoid,
    "HardSwish": functions.build_hard_swish,
    "Identity": build_same,
    "LeakyRelu": functions.build_leaky_relu,
    "MatMul": build_matmul,
    "MaxPool": build_max_pool,
    "PRelu": functions.build_prelu,
    "Pad": build_pad,
    "ReduceMean": build_mean,
    "Resize": build_resize,
    "Softmax": functions.build_softmax,
    "Transpose": build_transpose,
}

QUANTIZER_BUILDERS: dict[str, NodeBuilder] = {
    **dict.fromkeys(QUANT_OPERATORS, build_quant),
    "BipolarQuant": build_bipolar,
    "MultiThreshold": build_multi_threshold,
    "Trunc": build_trunc,
}

_WINDOW = ("auto_pad", "dilations", "kernel_shape", "pads", "strides")
_IDLE_IN_POOLS = ("count_include_pad", "storage_order")
"""Nothing is padded there, and no index is given."""

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("LeakyRelu", "Elu"), ("alpha",)),
    "AveragePool": (*_WINDOW, "ceil_mode", *_IDLE_IN_POOLS),
    "BatchNormalization": ("epsilon", "momentum"),
    "Clip": ("max", "min"),
    "Concat": ("axis",),
    "Conv": (*_WINDOW, "group"),
    "DepthToSpace": ("blocksize", "mode"),
    "Dropout": ("ratio", "seed"),
    "Flatten": ("axis",),
    "Gelu": ("approximate",),
    "Gemm": ("alpha", "beta", "transA", "transB"),
    "HardSigmoid": ("alpha", "beta"),
    "MaxPool": (*_WINDOW, "ceil_mode", *_IDLE_IN_POOLS),
    "Pad": ("mode", "pads", "value"),
    "ReduceMean": ("axes", "keepdims"),
    "Reshape": ("allowzero",),
    "Resize": ("coordinate_transformation_mode", "cubic_coeff_a", "extrapolation_value", "mode", "nearest_mode"),
    "Softmax": ("axis",),
    "Squeeze": ("axes",),
    "Transpose": ("perm",),
    "Unsqueeze": ("axes",),
    **dict.fromkeys((*QUANT_OPERATORS, "Trunc"), ("narrow", "rounding_mode", "signed")),
    "MultiThreshold": ("data_layout", "out_bias", "out_dtype", "out_scale"),
}
"""Attributes of each operator that its builder reads, or that mean nothing in inference; others keep their default."""
