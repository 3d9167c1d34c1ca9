"""Every constructor argument of every layer and quantizer: honoured, idle at inference, or at its default.

An argument that nobody reads would change the model silently. So arguments are admitted by name: those a layer's
handling reads, which its entry in the table names, and those that change nothing once a model is trained (`HARMLESS`).
Any other, one that a later version of Keras or QKeras adds included, must be at its default.
"""

import inspect
from typing import Any

import numpy as np

from netloom.quantize.support.layer import LayerFacts

HARMLESS = frozenset(
    # What a layer is called and how it is built; its class sets the second line.
    "name trainable autocast input_dim input_shape batch_size "
    "rank pool_dimensions pool_mode "
    # Training.
    "activity_regularizer momentum renorm renorm_clipping renorm_momentum synchronized seed rate noise_shape "
    "dropout recurrent_dropout ema_freeze_delay folding_mode "
    # QKeras keeps these, and computes nothing with them.
    "kernel_range bias_range depthwise_range beta_range gamma_range".split()
)
"""Arguments that no inference depends on."""

IDLE_ENDINGS = ("_initializer", "_regularizer", "_constraint")

INSTEAD = {
    "keepdims": "put a Reshape layer after it",
    "activation": "put it in a QActivation of its own; QKeras ignores it here",
    "lora_rank": "merge the low-rank update into the kernel",
    "dtype": "build the model in float32",
    "stateful": "quantize the network of whole sequences, and make netloom.quantize.streaming of its twin",
    "mask": "set the masked weights to zero",
}
"""The way out of a refused argument; of any other: leave it at its default."""


_LIBRARIES = ("keras.", "qkeras.", "netloom.quantize.layers.")


def constructor_arguments(cls: type) -> dict[str, Any]:
    """The names of all arguments a layer class takes, those of its base classes included, with their defaults."""
    found: dict[str, Any] = {}
    for base in cls.__mro__:
        if not base.__module__.startswith(_LIBRARIES) or "__init__" not in vars(base):
            continue
        parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        for parameter in parameters:
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                found.setdefault(parameter.name, parameter.default)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            break
    return found


def is_harmless(argument: str, read: str) -> bool:
    """Whether an argument is among those that a layer's handling reads, or one that no inference depends on."""
    return argument in read.split() or argument in HARMLESS or argument.endswith(IDLE_ENDINGS)


def unread_argument(layer: LayerFacts, read: str) -> str | None:
    """The first argument that is not at its default and that nothing reads: what is wrong with it; None if all is well.

    Args:
        layer: what is known of it.
        read: names of the arguments that its handling reads.
    """
    config = layer.config
    for name, default in layer.defaults.items():
        if name not in config or is_harmless(name, read) or _is_default(name, config[name], default):
            continue
        value = config[name]["config"]["name"] if name == "dtype" and isinstance(config[name], dict) else config[name]
        shown = " ".join(str(value).split())
        shown = shown if len(shown) < 60 else shown[:57] + "..."
        return f"{name}={shown} is not supported; {INSTEAD.get(name, 'leave it at its default')}"
    return None


def _is_default(name: str, value: Any, default: Any) -> bool:
    if name == "dtype":
        return (value["config"]["name"] if isinstance(value, dict) else value) in (None, "float32")
    if default is None or default is inspect.Parameter.empty:
        return value is None or value is False
    return bool(np.array_equal(np.asarray(value, dtype=object), np.asarray(default, dtype=object)))
