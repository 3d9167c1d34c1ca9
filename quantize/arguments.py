"""Every constructor argument of every layer and quantizer: honoured, idle at inference, or at its default.

An argument that nobody reads would change the model silently. So arguments are admitted by name: those a layer's
handling reads, in `READ`, and those that change nothing once a model is trained, in `IDLE`. Any other, one that a later
version of Keras or QKeras adds included, must be at its default.
"""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError

IDLE = frozenset(
    # What a layer is called and how it is built; its class sets the second line.
    "name trainable autocast input_dim input_shape batch_size "
    "rank pool_dimensions pool_mode "
    # Training.
    "activity_regularizer momentum renorm renorm_clipping renorm_momentum synchronized seed rate noise_shape "
    "ema_freeze_delay folding_mode "
    # QKeras keeps these, and computes nothing with them.
    "kernel_range bias_range depthwise_range beta_range gamma_range".split()
)
"""Arguments that no inference depends on."""

IDLE_ENDINGS = ("_initializer", "_regularizer", "_constraint")

_DENSE = "units activation use_bias kernel_quantizer bias_quantizer"
_CONV = (
    "filters kernel_size strides padding data_format dilation_rate groups activation use_bias kernel_quantizer "
    "bias_quantizer"
)
_DEPTHWISE = (
    "kernel_size strides padding data_format dilation_rate depth_multiplier activation use_bias depthwise_quantizer "
    "bias_quantizer"
)
_SEPARABLE = f"filters pointwise_quantizer {_DEPTHWISE}"
_FOLDED = "axis epsilon center scale"
_POOL = "pool_size strides padding data_format"

READ: dict[str, str] = {
    "InputLayer": "shape batch_shape",
    "Dense": _DENSE,
    "QDense": _DENSE,
    "QDenseBatchnorm": f"{_DENSE} {_FOLDED}",
    "Conv1D": _CONV,
    "QConv1D": _CONV,
    "Conv2D": _CONV,
    "QConv2D": f"{_CONV} mask",
    "QConv2DBatchnorm": f"{_CONV} {_FOLDED}",
    "DepthwiseConv2D": _DEPTHWISE,
    "QDepthwiseConv2D": _DEPTHWISE,
    "QDepthwiseConv2DBatchnorm": f"{_DEPTHWISE} {_FOLDED}",
    "SeparableConv1D": _SEPARABLE,
    "QSeparableConv1D": _SEPARABLE,
    "SeparableConv2D": _SEPARABLE,
    "QSeparableConv2D": _SEPARABLE,
    "QActivation": "activation",
    "Activation": "activation",
    "ReLU": "max_value negative_slope threshold",
    "LeakyReLU": "negative_slope",
    "PReLU": "shared_axes",
    "ELU": "alpha",
    "Softmax": "axis",
    "BatchNormalization": "axis epsilon center scale",
    "QBatchNormalization": (
        "axis epsilon center scale beta_quantizer gamma_quantizer mean_quantizer variance_quantizer inverse_quantizer"
    ),
    **dict.fromkeys(("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"), _POOL),
    **dict.fromkeys(("GlobalMaxPooling1D", "GlobalMaxPooling2D"), "data_format"),
    **dict.fromkeys(("GlobalAveragePooling1D", "GlobalAveragePooling2D"), "data_format"),
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Maximum", "Minimum"), ""),
    "Concatenate": "axis",
    "Flatten": "data_format",
    "Reshape": "target_shape",
    "Permute": "dims",
    "RepeatVector": "n",
    "ZeroPadding1D": "padding data_format",
    "ZeroPadding2D": "padding data_format",
    "Cropping1D": "cropping",
    "Cropping2D": "cropping data_format",
    "UpSampling1D": "size",
    "UpSampling2D": "size data_format interpolation",
    "Dropout": "",
    "SpatialDropout1D": "",
    "SpatialDropout2D": "data_format",
    "AlphaDropout": "",
    "GaussianDropout": "",
    "GaussianNoise": "stddev",
    "ActivityRegularization": "l1 l2",
}
"""Arguments that quantization and conversion read or check, by layer class."""

DEFAULT_ONLY: dict[str, str] = {
    "InputLayer": "dtype sparse ragged input_tensor optional",
    "*": "dtype lora_rank lora_alpha quantization_config keepdims mask",
    "QBatchNormalization": "dtype activation",
}
"""Arguments known and refused unless they are at their default; `*` stands for every class not named."""

_INSTEAD = {
    "keepdims": "put a Reshape layer after it",
    "activation": "put it in a QActivation of its own; QKeras ignores it here",
    "lora_rank": "merge the low-rank update into the kernel",
    "dtype": "build the model in float32",
    "mask": "set the masked weights to zero",
}


def constructor_arguments(cls: type) -> dict[str, Any]:
    """The names of all arguments a layer class takes, those of its base classes included, with their defaults."""
    found: dict[str, Any] = {}
    for base in cls.__mro__:
        if not base.__module__.startswith(("keras.", "qkeras.")) or "__init__" not in vars(base):
            continue
        parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        for parameter in parameters:
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                found.setdefault(parameter.name, parameter.default)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            break
    return found


def is_known(class_name: str, argument: str) -> bool:
    """Whether an argument of a class is in one of the lists of this file."""
    refused = DEFAULT_ONLY.get(class_name, DEFAULT_ONLY["*"])
    return _is_harmless(class_name, argument) or argument in refused.split()


def _is_harmless(class_name: str, argument: str) -> bool:
    return argument in READ[class_name].split() or argument in IDLE or argument.endswith(IDLE_ENDINGS)


def check_arguments(layer: Any) -> None:
    """Refuse an argument of a layer that nothing reads and that is not at its default.

    Args:
        layer: a Keras or QKeras layer whose class name is in `READ`.

    Raises:
        LayerNotSupportedError: naming the layer and the argument.
    """
    problem = unread_argument(type(layer), layer.get_config() | _not_in_config(layer))
    if problem is not None:
        raise LayerNotSupportedError(f"layer {layer.name!r} ({type(layer).__name__}): {problem}")


def unread_argument(cls: type, config: Mapping[str, Any]) -> str | None:
    """The first argument that is not at its default and that nothing reads: what is wrong with it; None if all is well.

    Args:
        cls: the layer's class, its name in `READ`.
        config: what the layer was made with, as `get_config` gives it.
    """
    for name, default in constructor_arguments(cls).items():
        if name not in config or _is_harmless(cls.__name__, name) or _is_default(name, config[name], default):
            continue
        value = config[name]["config"]["name"] if name == "dtype" and isinstance(config[name], dict) else config[name]
        shown = " ".join(str(value).split())
        shown = shown if len(shown) < 60 else shown[:57] + "..."
        return f"{name}={shown} is not supported; {_INSTEAD.get(name, 'leave it at its default')}"
    return None


def _not_in_config(layer: Any) -> dict[str, Any]:
    """Arguments that a layer keeps and its `get_config` leaves out or rewrites."""
    kept = {"dtype": layer.dtype if type(layer).__name__ == "InputLayer" else layer.dtype_policy.name}
    if type(layer).__name__ == "QBatchNormalization":
        kept["activation"] = layer.activation
    return kept


def _is_default(name: str, value: Any, default: Any) -> bool:
    if name == "dtype":
        return (value["config"]["name"] if isinstance(value, dict) else value) in (None, "float32")
    if default is None or default is inspect.Parameter.empty:
        return value is None or value is False
    return bool(np.array_equal(np.asarray(value, dtype=object), np.asarray(default, dtype=object)))
