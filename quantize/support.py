"""Which layers and options have an exact twin; everything else is refused by name, with the way out."""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from netloom.errors import LayerNotSupportedError
from netloom.quantize.arguments import unread_argument
from netloom.quantize.functions import NOT_ELEMENTWISE, function_names
from netloom.quantize.graph import OPERATORS, Block, Graph

Shapes = Sequence[tuple[int, ...]]

WEIGHTED = frozenset(
    {"Dense", "Conv1D", "Conv2D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"},
)
"""Layers of multipliers with a bias; batch normalizations fold into them."""

AVERAGE_POOLS = frozenset(
    {"AveragePooling1D", "AveragePooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D"},
)
TRANSPARENT = frozenset(
    {
        "MaxPooling1D",
        "MaxPooling2D",
        "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
        "Concatenate",
        "Flatten",
        "Reshape",
        "Permute",
        "RepeatVector",
        "ZeroPadding1D",
        "ZeroPadding2D",
        "UpSampling1D",
        "UpSampling2D",
        "Cropping1D",
        "Cropping2D",
    }
)
"""Layers that only move or choose values: their outputs are on the grid of their inputs."""

NO_OPERATION = frozenset(
    {
        "Dropout",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "AlphaDropout",
        "GaussianDropout",
        "GaussianNoise",
        "ActivityRegularization",
    }
)
"""Layers that do nothing at inference."""

SLOPED = frozenset({"LeakyReLU", "PReLU", "ELU"})
"""Activations that are layers and nothing else."""

_WAY_OUT = {
    "Lambda": "a Lambda layer is arbitrary Python: build it from keras layers",
    "Average": "use Add: the next layer's weights absorb the division",
    "Rescaling": "rescale the data before the network instead",
    "Normalization": "normalize the data before the network, or use BatchNormalization",
    "DepthwiseConv1D": "QKeras has no DepthwiseConv1D: use a SeparableConv1D, or DepthwiseConv2D with a height of 1",
    "Conv2DTranspose": "use UpSampling2D followed by Conv2D",
    "Conv1DTranspose": "use UpSampling1D followed by Conv1D",
    "LayerNormalization": "use BatchNormalization",
}


def check_supported(graph: Graph) -> None:
    """Refuse the first layer, or option of a layer, that has no exact twin.

    Raises:
        LayerNotSupportedError: naming the layer, the option and what to do instead.
    """
    import keras

    for step in graph.steps:
        check = _CHECKS.get(step.block.class_name)
        if check is None:
            _refuse(step.block, _WAY_OUT.get(step.block.class_name, _SUPPORTED))
        unread = unread_argument(getattr(keras.layers, step.block.class_name), step.block.config)
        if unread is not None:
            _refuse(step.block, unread)
        check(step.block, [graph.shapes[tensor] for tensor in step.inputs])


def _refuse(block: Block, reason: str) -> NoReturn:
    raise LayerNotSupportedError(f"layer {block.owner!r} ({block.owner_class}) is not supported: {reason}")


def _no_check(_block: Block, _shapes: Shapes) -> None:
    pass


def _check_activation(block: Block, _shapes: Shapes) -> None:
    function = block.config.get("activation", "linear")
    if isinstance(function, dict):
        function = function.get("class_name", function)
    if function not in ("linear", "softmax", *function_names()):
        reason = NOT_ELEMENTWISE.get(function, "it is not one of keras.activations, and its code cannot be read")
        _refuse(block, f"activation {function!r}: {reason}")


def _check_softmax(block: Block, shapes: Shapes) -> None:
    axis = block.config["axis"]
    if axis not in (-1, len(shapes[0])):
        _refuse(block, f"it must run over the last axis, not {axis}: put a Permute before it and one after it")
    if len(shapes) > 1:
        _refuse(block, "it takes a mask: call it with one input")


def _check_channels(block: Block, _shapes: Shapes) -> None:
    if block.config.get("data_format") == "channels_first":
        _refuse(block, "data_format must be 'channels_last': transpose the data and rebuild the model")


def _check_convolution(block: Block, shapes: Shapes) -> None:
    config = block.config
    _check_channels(block, shapes)
    _check_activation(block, shapes)
    if any(rate != 1 for rate in _numbers(config["dilation_rate"])):
        _refuse(block, f"dilation_rate must be 1, not {config['dilation_rate']}: use larger or more kernels")
    if config.get("groups", 1) != 1:
        _refuse(
            block,
            f"groups must be 1, not {config['groups']}: for each group take its channels with Permute, Cropping and"
            " Permute back, convolve them, and Concatenate the results; for one channel a group use DepthwiseConv2D",
        )
    if config.get("depth_multiplier", 1) != 1:
        _refuse(block, f"depth_multiplier must be 1, not {config['depth_multiplier']}: add a 1x1 convolution")
    if config["padding"] not in ("valid", "same"):
        _refuse(block, f"padding {config['padding']!r} must be 'valid' or 'same': use ZeroPadding1D before 'valid'")


def _check_pooling(block: Block, shapes: Shapes) -> None:
    config = block.config
    _check_channels(block, shapes)
    if config["padding"] != "same":
        return
    for size, pool, stride in zip(shapes[0], _numbers(config["pool_size"]), _numbers(config["strides"]), strict=False):
        if (-(-size // stride) - 1) * stride + pool > size:
            _refuse(
                block,
                f"'same' pads an input of {size} (pool {pool}, stride {stride}): use 'valid' or a size that divides",
            )


def _check_upsampling(block: Block, shapes: Shapes) -> None:
    _check_channels(block, shapes)
    interpolation = block.config.get("interpolation", "nearest")
    if interpolation != "nearest":
        _refuse(block, f"interpolation must be 'nearest', not {interpolation!r}")


def _check_batch_norm(block: Block, shapes: Shapes) -> None:
    axis = block.config["axis"]
    axis = axis[0] if isinstance(axis, list | tuple) else axis
    if axis not in (-1, len(shapes[0])):
        _refuse(block, f"axis must be the last (channels), not {axis}: put a Permute before it and one after it")


def _check_merge(block: Block, shapes: Shapes) -> None:
    if len(shapes) < 2:
        _refuse(block, "it must have two inputs or more, all of them tensors")
    if len(set(shapes)) > 1:
        _refuse(block, f"its inputs must have one shape, not {' and '.join(map(str, shapes))}")


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


_CHECKS: dict[str, Callable[[Block, Shapes], None]] = {
    "Dense": _check_activation,
    **dict.fromkeys(WEIGHTED - {"Dense"}, _check_convolution),
    **dict.fromkeys(OPERATORS, _check_merge),
    **dict.fromkeys(NO_OPERATION, _no_check),
    **dict.fromkeys(TRANSPARENT | AVERAGE_POOLS, _check_channels),
    **dict.fromkeys(
        ["MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"],
        _check_pooling,
    ),
    "UpSampling2D": _check_upsampling,
    "BatchNormalization": _check_batch_norm,
    "Activation": _check_activation,
    **dict.fromkeys(SLOPED | {"ReLU"}, _no_check),
    "Softmax": _check_softmax,
}

_SUPPORTED = "build the model from " + ", ".join(sorted(_CHECKS))
