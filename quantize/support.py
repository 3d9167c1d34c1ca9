"""Which layers and options have an exact twin; everything else is refused by name, with the way out."""

from collections.abc import Callable, Sequence
from typing import NoReturn

from netloom.errors import LayerNotSupportedError
from netloom.quantize.arguments import unread_argument
from netloom.quantize.graph import OPERATORS, Block, Graph

Shapes = Sequence[tuple[int, ...]]

WEIGHTED = frozenset(
    {
        "Dense",
        "Conv1D",
        "Conv2D",
        "Conv3D",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "SeparableConv1D",
        "SeparableConv2D",
        "Conv1DTranspose",
        "Conv2DTranspose",
        "Conv3DTranspose",
    },
)
"""Layers of multipliers with a bias; batch normalizations fold into them."""

AVERAGE_POOLS = frozenset(
    {f"{scope}AveragePooling{rank}D" for scope in ("", "Global") for rank in (1, 2, 3)},
)
TRANSPARENT = frozenset(
    {
        *(f"{scope}MaxPooling{rank}D" for scope in ("", "Global") for rank in (1, 2, 3)),
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

TABLES = frozenset({"sigmoid", "tanh", "softmax"})
"""Activations that the firmware looks up in a table."""

ACTIVATIONS = TABLES | {"linear", "relu"}

NO_DILATED_TRANSPOSED = (
    "TensorFlow computes no such transposed convolution on a CPU: use a dilated convolution, on zero padding where the "
    "result shall be larger"
)

_WAY_OUT = {
    "Lambda": "a Lambda layer is arbitrary Python: build it from keras layers",
    "LeakyReLU": "no firmware equals it exactly: use ReLU and fine-tune",
    "PReLU": "no firmware equals it exactly: use ReLU and fine-tune",
    "ELU": "no firmware equals it exactly: use ReLU and fine-tune",
    "Average": "use Add: the next layer's weights absorb the division",
    "Rescaling": "rescale the data before the network instead",
    "Normalization": "normalize the data before the network, or use BatchNormalization",
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
    if function not in ACTIVATIONS:
        _refuse(block, f"activation {function!r} has no exact firmware: use one of {', '.join(sorted(ACTIVATIONS))}")


def _check_relu(block: Block, _shapes: Shapes) -> None:
    for option in ("negative_slope", "threshold"):
        if block.config[option]:
            _refuse(block, f"{option} must be 0, not {block.config[option]}: use a plain ReLU and fine-tune")


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
    if block.class_name.endswith("Transpose") and max(config["dilation_rate"]) > 1:
        _refuse(block, f"dilation_rate must be 1, not {max(config['dilation_rate'])}: {NO_DILATED_TRANSPOSED}")
    causal = ("causal",) if block.class_name == "Conv1D" else ()
    if config["padding"] not in ("valid", "same", *causal):
        _refuse(block, f"padding {config['padding']!r} must be 'valid' or 'same': use ZeroPadding1D before 'valid'")


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


_CHECKS: dict[str, Callable[[Block, Shapes], None]] = {
    "Dense": _check_activation,
    **dict.fromkeys(WEIGHTED - {"Dense"}, _check_convolution),
    **dict.fromkeys(OPERATORS, _check_merge),
    **dict.fromkeys(NO_OPERATION, _no_check),
    **dict.fromkeys(TRANSPARENT | AVERAGE_POOLS, _check_channels),
    "UpSampling2D": _check_upsampling,
    "BatchNormalization": _check_batch_norm,
    "Activation": _check_activation,
    "ReLU": _check_relu,
    "Softmax": _check_softmax,
}

_SUPPORTED = "build the model from " + ", ".join(sorted(_CHECKS))
