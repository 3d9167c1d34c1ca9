"""From hls4ml's ModelGraph to the dataflow graph, layer by layer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from netloom.errors import LayerNotSupportedError
from netloom.hls.dataflow import Dataflow
from netloom.hls.lower import activation, einsum, embedding, halves, linear, merge, pooling, quantizer, shape, softmax
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.recurrent.layers import lower_bidirectional, lower_recurrent
from netloom.hls.lower.types import TypeSource

LOWERINGS: dict[str, Callable[[Any, LoweringContext], None]] = {
    "Input": shape.lower_input,
    # constant weights
    "Dense": linear.lower_dense,
    "Conv1D": linear.lower_conv,
    "Conv2D": linear.lower_conv,
    "PointwiseConv1D": linear.lower_conv,
    "PointwiseConv2D": linear.lower_conv,
    "DepthwiseConv1D": linear.lower_depthwise_conv,
    "DepthwiseConv2D": linear.lower_depthwise_conv,
    "BatchNormalization": linear.lower_batch_norm,
    "ApplyAlpha": linear.lower_batch_norm,
    "EinsumDense": einsum.lower_einsum_dense,
    "Embedding": embedding.lower_embedding,
    # activations
    "Activation": activation.lower_activation,
    "ParametrizedActivation": halves.lower_parametrized,
    "PReLU": halves.lower_prelu,
    "HardActivation": activation.lower_hard_activation,
    "Softmax": softmax.lower_softmax,
    "FixedPointQuantizer": quantizer.lower_fixed_point_quantizer,
    # steps
    "LSTM": lower_recurrent,
    "GRU": lower_recurrent,
    "Bidirectional": lower_bidirectional,
    # pooling
    "Pooling1D": pooling.lower_pooling,
    "Pooling2D": pooling.lower_pooling,
    "GlobalPooling1D": pooling.lower_global_pooling,
    "GlobalPooling2D": pooling.lower_global_pooling,
    # two inputs
    "Merge": merge.lower_merge,
    "Concatenate": merge.lower_concatenate,
    "Dot": einsum.lower_dot,
    "Einsum": einsum.lower_einsum,
    # movement
    "Reshape": shape.lower_reshape,
    "Repack": shape.lower_reshape,
    "Transpose": shape.lower_transpose,
    "ZeroPadding1D": shape.lower_zero_padding,
    "ZeroPadding2D": shape.lower_zero_padding,
    "Cropping1D": shape.lower_cropping,
    "Cropping2D": shape.lower_cropping,
    "Resize": shape.lower_resize,
    "Clone": shape.lower_clone,
}
"""hls4ml's layer classes, and what lowers each."""


def lower(
    graph: Any,
    types: TypeSource,
    io_type: str,
    origins: Mapping[str, str],
    output_shapes: Sequence[tuple[int, ...]] | None = None,
) -> Dataflow:
    """Lower a whole ModelGraph.

    Args:
        graph: hls4ml's ModelGraph, all flows applied.
        types: where accumulator, result and table types come from.
        io_type: 'io_parallel' or 'io_stream'; hls4ml computes a few things differently.
        origins: hls4ml's layer name -> the name in the user's model.
        output_shapes: the model's, without the batch axis; hls4ml drops reshapes in front of outputs, whose elements
            are flat arrays to it.

    Raises:
        LayerNotSupportedError: for a layer class or option that has no lowering.
        PrecisionError: if a type would exceed 256 bits.
    """
    context = LoweringContext(types, io_type, origins)
    for node in graph.get_layers():
        # netloom's own layers (`hls.layers`) bring what they mean.
        lowering = LOWERINGS.get(node.class_name) or getattr(type(node), "lower", None)
        if lowering is None:
            raise LayerNotSupportedError(
                f"layer {node.name!r}: hls4ml's {node.class_name} has no lowering; supported are {', '.join(LOWERINGS)}"
            )
        context.enter(node)
        lowering(node, context)
    outputs = [context.output(variable) for variable in graph.outputs]
    if output_shapes is not None:
        outputs = [context.reshaped(name, shape) for name, shape in zip(outputs, output_shapes, strict=True)]
    return context.builder.build(graph.inputs, outputs)
