"""Refusals: what hls4ml or netloom cannot turn into exact firmware, named before anything is written.

Several of these hls4ml 1.3 would accept and silently compute something else (dilation, groups), or crash on in C++
(depth_multiplier, io_stream pooling with other strides): see docs/upstream.md.
"""

from collections.abc import Callable
from typing import Any

from netloom.errors import LayerNotSupportedError
from netloom.hls.frontends.keras.outputs import NO_CODE, check_outputs
from netloom.hls.settings import HlsSettings
from netloom.quantize.arguments import check_arguments
from netloom.quantize.functions import NOT_ELEMENTWISE, function_name

Check = Callable[[Any, HlsSettings], str | None]


def check_model(model: Any, settings: HlsSettings) -> None:
    """Refuse a model by its first layer that cannot be converted.

    Args:
        model: a Keras model.
        settings: of the conversion; some layers depend on `io_type`.

    Raises:
        LayerNotSupportedError: naming the layer, what is wrong, and what to do instead.
    """
    import keras

    if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
        raise LayerNotSupportedError("the model must be a Sequential or functional Keras model with fixed input shapes")
    for tensor in model.inputs:
        if any(size is None for size in tensor.shape[1:]):
            raise LayerNotSupportedError(
                f"input {tensor.name!r} has shape {tuple(tensor.shape[1:])}: every size must be fixed; rebuild "
                "the model with keras.Input(shape=(...)) in full"
            )
    check_outputs(model, settings)
    for layer in model.layers:
        kind = type(layer).__name__
        if kind not in SUPPORTED:
            raise LayerNotSupportedError(f"layer {layer.name!r}: {kind} is not supported; {_instead(kind)}")
        check_arguments(layer)
        _check_calls(layer)
        for check in SUPPORTED[kind]:
            problem = check(layer, settings)
            if problem:
                raise LayerNotSupportedError(f"layer {layer.name!r} ({kind}): {problem}")


def _check_calls(layer: Any) -> None:
    """Refuse what a call of a layer asks for beside its inputs: `training=True` goes on computing as in training."""
    for node in layer._inbound_nodes:
        for name, value in node.arguments.kwargs.items():
            if value is not None and value is not False:
                raise LayerNotSupportedError(
                    f"layer {layer.name!r} ({type(layer).__name__}): it is called with {name}={value!r}, which changes "
                    "what it computes; call it with its inputs alone"
                )


def _instead(kind: str) -> str:
    hints = {
        "Dense": "it is not quantized: run netloom.quantize first",
        "Conv1D": "it is not quantized: run netloom.quantize first",
        "Conv2D": "it is not quantized: run netloom.quantize first",
        "DepthwiseConv2D": "it is not quantized: run netloom.quantize first",
        "SeparableConv1D": "it is not quantized: run netloom.quantize first",
        "SeparableConv2D": "it is not quantized: run netloom.quantize first",
        "Lambda": "its code would run when the model loads; write it with ordinary layers",
        "Functional": "nested models must be flattened: call its layers one by one",
        "Sequential": "nested models must be flattened: add its layers one by one",
    }
    return hints.get(kind, f"supported are {', '.join(sorted(SUPPORTED))}")


def _channels_last(layer: Any, settings: HlsSettings) -> str | None:
    del settings
    return "data_format must be 'channels_last'" if getattr(layer, "data_format", None) == "channels_first" else None


def _no_dilation(layer: Any, settings: HlsSettings) -> str | None:
    del settings
    rate = layer.dilation_rate
    rates = rate if isinstance(rate, tuple | list) else (rate,)
    return f"dilation_rate must be 1, not {rate}; hls4ml ignores it" if any(r != 1 for r in rates) else None


def _no_groups(layer: Any, settings: HlsSettings) -> str | None:
    del settings
    return f"groups must be 1, not {layer.groups}; hls4ml ignores them" if getattr(layer, "groups", 1) != 1 else None


def _plain_padding(layer: Any, settings: HlsSettings) -> str | None:
    del settings
    return None if layer.padding in ("valid", "same") else f"padding must be 'valid' or 'same', not {layer.padding!r}"


def _stream_rows(layer: Any, settings: HlsSettings) -> str | None:
    kernel, strides = tuple(layer.kernel_size), tuple(layer.strides)
    pointwise = kernel == (1, 1) and "Depthwise" not in type(layer).__name__ and "Separable" not in type(layer).__name__
    if settings.io_type == "io_stream" and len(kernel) == 2 and kernel[0] == 1 and strides[0] > 1 and not pointwise:
        return f"with io_stream a kernel of height 1 must have row stride 1, not {strides[0]}; hls4ml ignores it there"
    return None


def _one_depth(layer: Any, settings: HlsSettings) -> str | None:
    del settings
    multiplier = layer.depth_multiplier
    return f"depth_multiplier must be 1, not {multiplier}; hls4ml's C++ asserts so" if multiplier != 1 else None


def _pool_unpadded(layer: Any, settings: HlsSettings) -> str | None:
    size, strides = tuple(layer.pool_size), tuple(layer.strides)
    if layer.padding == "same":
        spatial = layer.input.shape[1:-1]
        if any(n % s or s != k for n, s, k in zip(spatial, strides, size, strict=True)):
            return (
                f"padding='same' pads a {'x'.join(map(str, spatial))} input here, and hls4ml pools padded inputs "
                "wrong; use padding='valid' or a ZeroPadding layer"
            )
    if settings.io_type == "io_stream" and size != strides:
        return f"with io_stream strides {strides} must equal pool_size {size}; use io_parallel"
    return None


def _two_inputs(layer: Any, settings: HlsSettings) -> str | None:
    inputs = layer.input
    if len(inputs) != 2:
        return f"it must have 2 inputs, not {len(inputs)}; chain two-input layers"
    if inputs[0] is inputs[1] and settings.io_type == "io_stream":
        return "its two inputs are one and the same tensor, which hls4ml cannot stream; use io_parallel"
    return None


def _same_shapes(layer: Any, settings: HlsSettings) -> str | None:
    del settings
    shapes = [tuple(tensor.shape[1:]) for tensor in layer.input]
    return None if shapes[0] == shapes[1] else f"inputs must have one shape, not {shapes[0]} and {shapes[1]}"


def _joinable(layer: Any, settings: HlsSettings) -> str | None:
    rank = len(layer.output.shape)
    axis = layer.axis % rank
    if settings.io_type == "io_stream" and axis != rank - 1:
        return "with io_stream only the last axis can be concatenated; use io_parallel"
    return None


def _quantized_dense_rank(layer: Any, settings: HlsSettings) -> str | None:
    del settings
    rank = len(layer.input.shape) - 1
    return f"input must have 1 to 3 axes besides the batch, not {rank}" if rank > 3 else None


def _nearest(layer: Any, settings: HlsSettings) -> str | None:
    del settings
    interpolation = getattr(layer, "interpolation", "nearest")
    return None if interpolation == "nearest" else f"interpolation must be 'nearest', not {interpolation!r}"


def _last_axis(layer: Any, settings: HlsSettings) -> str | None:
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    del settings
    rank = len(layer.input.shape)
    return None if axis % rank == rank - 1 else f"axis must be the last one, not {axis}"


def _known_activation(layer: Any, settings: HlsSettings) -> str | None:
    del settings
    import keras

    if layer.activation is keras.activations.softmax or function_name(layer.activation) is not None:
        return None
    name = getattr(layer.activation, "__name__", type(layer.activation).__name__)
    reason = NOT_ELEMENTWISE.get(name, "it is not one of keras.activations, and its code cannot be read")
    return f"activation {name!r} is not supported: {reason}"


def _no_mask(layer: Any, settings: HlsSettings) -> str | None:
    del settings
    return None if not isinstance(layer.input, list) else "masks are not supported"


def _mask_of_zeros_and_ones(layer: Any, settings: HlsSettings) -> str | None:
    del settings
    import numpy as np

    mask = getattr(layer, "_mask", None)
    if mask is None or np.isin(np.asarray(mask), (0, 1)).all():
        return None
    return "mask must hold zeros and ones; multiply the kernel by anything else"


_CONV: tuple[Check, ...] = (_channels_last, _no_dilation, _no_groups, _plain_padding, _stream_rows)
_POOL: tuple[Check, ...] = (_channels_last, _pool_unpadded)
_GLOBAL: tuple[Check, ...] = (_channels_last,)
_MERGE: tuple[Check, ...] = (_two_inputs, _same_shapes)

SUPPORTED: dict[str, tuple[Check, ...]] = {
    "InputLayer": (),
    # QKeras
    "QDense": (_quantized_dense_rank,),
    "QConv1D": _CONV,
    "QConv2D": (*_CONV, _mask_of_zeros_and_ones),
    "QDepthwiseConv2D": (*_CONV, _one_depth),
    "QDenseBatchnorm": (_quantized_dense_rank,),
    "QConv2DBatchnorm": _CONV,
    "QDepthwiseConv2DBatchnorm": (*_CONV, _one_depth),
    "QSeparableConv1D": (*_CONV, _one_depth),
    "QSeparableConv2D": (*_CONV, _one_depth),
    "QActivation": (),
    "QBatchNormalization": (_last_axis,),
    # Keras
    "Activation": (_known_activation,),
    "ReLU": (),
    "LeakyReLU": (),
    "PReLU": (),
    "ELU": (),
    "Softmax": (_last_axis, _no_mask),
    "BatchNormalization": (_last_axis,),
    "MaxPooling1D": _POOL,
    "MaxPooling2D": _POOL,
    "AveragePooling1D": _POOL,
    "AveragePooling2D": _POOL,
    "GlobalMaxPooling1D": _GLOBAL,
    "GlobalMaxPooling2D": _GLOBAL,
    "GlobalAveragePooling1D": _GLOBAL,
    "GlobalAveragePooling2D": _GLOBAL,
    "Add": _MERGE,
    "Subtract": _MERGE,
    "Multiply": _MERGE,
    "Maximum": _MERGE,
    "Minimum": _MERGE,
    "Concatenate": (_two_inputs, _joinable),
    "Flatten": (_channels_last,),
    "Reshape": (),
    "Permute": (),
    "RepeatVector": (),
    "ZeroPadding1D": (_channels_last,),
    "ZeroPadding2D": (_channels_last,),
    "Cropping1D": (_channels_last,),
    "Cropping2D": (_channels_last,),
    "UpSampling1D": (_nearest,),
    "UpSampling2D": (_channels_last, _nearest),
    # nothing at inference
    **dict.fromkeys(NO_CODE, ()),
}
"""Every Keras and QKeras layer class that converts, and what its options must be."""
