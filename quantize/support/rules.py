"""Rules: one a refused option, each with its reason and its way out, over plain facts of a layer.

Several of these options hls4ml 1.3 would accept and silently compute something else, or crash on in C++: see
docs/upstream.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from netloom.quantize.functions.functions import NOT_ELEMENTWISE, function_names
from netloom.quantize.support.layer import Layer, per_axis


@dataclass(frozen=True)
class Rule:
    """An option that is refused.

    Attributes:
        refused: which, for the documentation.
        found: what is wrong with a layer; None if nothing.
        instead: the way out.
        reason: why.
    """

    refused: str
    found: Callable[[Layer], str | None]
    instead: str
    reason: str

    def problem(self, layer: Layer) -> str | None:
        """What is wrong with a layer of a class that has this rule, what to do, and why; None if nothing."""
        found = self.found(layer)
        return None if found is None else f"{found}: {self.instead} ({self.reason})"


def _activation(layer: Layer) -> str | None:
    function = layer.config.get("activation", "linear")
    if isinstance(function, dict):
        function = function.get("class_name", "a function of its own")
    if function in ("linear", "softmax", *function_names()):
        return None
    reason = NOT_ELEMENTWISE.get(function, "it is not one of keras.activations, and its code cannot be read")
    return f"activation {function!r} is not supported, because {reason}"


def _channels(layer: Layer) -> str | None:
    return "data_format must be 'channels_last'" if layer.config.get("data_format") == "channels_first" else None


def _one(option: str, instead: str, reason: str) -> Rule:
    def found(layer: Layer) -> str | None:
        value = layer.config[option]
        return f"{option} must be 1, not {value}" if any(one != 1 for one in per_axis(value)) else None

    return Rule(f"`{option}` other than 1", found, instead, reason)


def _padding(layer: Layer) -> str | None:
    padding = layer.config["padding"]
    return None if padding in ("valid", "same") else f"padding must be 'valid' or 'same', not {padding!r}"


def _interpolation(layer: Layer) -> str | None:
    interpolation, size = layer.config["interpolation"], per_axis(layer.config["size"])
    if interpolation == "bilinear":
        return f"bilinear by {size}" if any(times & (times - 1) for times in size) else None
    return (
        None if interpolation == "nearest" else f"interpolation must be 'nearest' or 'bilinear', not {interpolation!r}"
    )


def _last_axis(what: str) -> Callable[[Layer], str | None]:
    def found(layer: Layer) -> str | None:
        axis = layer.config["axis"]
        axes = per_axis(axis)
        return None if axes in ((-1,), (len(layer.inputs[0]),)) else f"{what} the last axis, not {axis}"

    return found


def _axes(layer: Layer) -> str | None:
    axes = per_axis(layer.config["axis"])
    return f"it must run over one axis, not {axes}" if len(axes) > 1 else None


def _mask(layer: Layer) -> str | None:
    return "it takes a mask" if len(layer.inputs) > 1 else None


def _kernel_mask(layer: Layer) -> str | None:
    mask: Any = layer.config.get("mask")
    return None if mask is None or np.isin(mask, (0, 1)).all() else "mask must hold zeros and ones"


def _few(layer: Layer) -> str | None:
    return "it must have two inputs or more, all of them tensors" if len(layer.inputs) < 2 else None


_AXIS = "put a Permute before it and one after it"

ACTIVATION = Rule(
    "an `activation` that is no function of one value, or none of Keras's",
    _activation,
    "use one that is in keras.activations",
    "a table has an entry for every value",
)
CHANNELS = Rule(
    "`data_format='channels_first'`",
    _channels,
    "transpose the data and rebuild the model",
    "the firmware has the channels of a pixel side by side",
)
CONVOLUTION = (
    CHANNELS,
    Rule("causal `padding`", _padding, "use ZeroPadding1D before 'valid'", "neither Keras nor QKeras computes it here"),
)
TRANSPOSED = (
    CHANNELS,
    _one(
        "dilation_rate",
        "use a dilated convolution, on zero padding where the result shall be larger",
        "TensorFlow computes no such transposed convolution on a CPU",
    ),
)
KERNEL_MASK = Rule(
    "a `mask` of other values than 0 and 1",
    _kernel_mask,
    "multiply the kernel by anything else",
    "the kernel would leave its grid",
)
INTERPOLATION = Rule(
    "any other `interpolation`, and bilinear by other than powers of two",
    _interpolation,
    "enlarge by powers of two, or let the convolution after it smooth",
    "other weights are on no grid of powers of two",
)
NORM_AXIS = Rule("any other `axis`", _last_axis("axis must be"), _AXIS, "hls4ml has one scale a channel")
SOFTMAX = (
    Rule("several axes", _axes, "Reshape them to one before it", "hls4ml has one"),
    Rule("a mask", _mask, "call it with one input", "the firmware has none"),
)
FEW = Rule("one input, the other a number", _few, "fold the number into the weights before it", "it is no tensor")
