"""Functions of one value: which of Keras's activations are one, and which are lines that need no table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from netloom.quantize.double import double_precision
from netloom.quantize.quantizer_types import check_bits, quantizer_refusal

NOT_ELEMENTWISE = {
    "softmax": "a value depends on its neighbours",
    "log_softmax": "a value depends on its neighbours",
    "sparsemax": "it sorts the values first; use softmax",
    "threshold": "it takes arguments, which a name does not give; use ReLU(threshold=...)",
    "glu": "it multiplies one half of the channels by the sigmoid of the other",
}
"""Activations of Keras that are, by their name, no function of one value, and why."""

OF_LAYERS = frozenset({"softmax", "log_softmax", "glu"})
"""Those of them that layers equal."""

TRUTHS = frozenset({"equal", "greater", "greater_equal", "less", "less_equal", "not_equal"})
"""Functions of `keras.ops` that give 1 where something holds, and 0 elsewhere."""

SHORT_BITS = 8
"""Significant bits of a slope that multiplies as it is; others take a table."""

_FINEST = 2**16
"""Steps to a unit of a slope or a bound; a bound is compared with, so that it may have any number of bits."""


@dataclass(frozen=True)
class Lines:
    """min(x, bound) for x >= 0, slope * x below; in coarse steps, so that arithmetic is exact and cheap."""

    slope: float
    bound: float | None


def function_names() -> frozenset[str]:
    """Names of all activations of Keras that are functions of one value; any other function is somebody's own."""
    import keras

    names = {name for name in dir(keras.activations) if not name.startswith("_")}
    return frozenset(names - {"get", "serialize", "deserialize"} - set(NOT_ELEMENTWISE))


def function_name(activation: Any) -> str | None:
    """The name of an activation if it is Keras's own and a function of one value, else None."""
    import keras

    name = getattr(activation, "__name__", None)
    known = name in function_names() and getattr(keras.activations, name) is activation
    return name if known else None


def lines(class_name: str, config: Mapping[str, Any]) -> Lines | None:
    """What a layer is if it is made of lines; None if it takes a table.

    Args:
        class_name: of the Keras layer.
        config: its configuration.
    """
    found = None
    if class_name == "Activation":
        found = {"relu": Lines(0.0, None), "relu6": Lines(0.0, 6.0)}.get(config["activation"])
    elif class_name == "LeakyReLU":
        found = Lines(config["negative_slope"], None)
    elif class_name == "ReLU" and not config["threshold"]:
        found = Lines(config["negative_slope"], config["max_value"])
    if found is None or not _is_short(found.slope):
        return None
    return found if found.bound is None or (float(found.bound) * _FINEST).is_integer() else None


def _is_short(value: float) -> bool:
    numerator, denominator = float(value).as_integer_ratio()
    while numerator and numerator % 2 == 0:
        numerator //= 2
    return numerator.bit_length() <= SHORT_BITS and denominator <= _FINEST


def check_function_quantizer(quantizer: Any) -> None:
    """Refuse an activation quantizer that is no fixed function of one value, or that a copy of it would not be.

    Raises:
        QuantizerNotSupportedError: saying what it does instead.
    """
    from qkeras import quantizers as q

    kind = type(quantizer)
    if hasattr(quantizer, "bits"):
        check_bits(quantizer)
    settings = {name: getattr(quantizer, name, None) for name in ("alpha", "threshold")}
    if kind in (q.bernoulli, q.stochastic_ternary, q.stochastic_binary):
        raise quantizer_refusal(quantizer, "draws at random", "ternary, binary or quantized_bits")
    if getattr(quantizer, "use_stochastic_rounding", False):
        raise quantizer_refusal(quantizer, "rounds at random", "use_stochastic_rounding=False")
    for name, value in settings.items():
        if isinstance(value, str) or (value is not None and getattr(value, "size", 1) != 1):
            raise quantizer_refusal(quantizer, f"finds its scale in the data ({name}={value!r})", "one number")
    if getattr(quantizer, "qnoise_factor", 1.0) != 1.0:
        raise quantizer_refusal(
            quantizer, f"mixes in the unquantized value (qnoise_factor={quantizer.qnoise_factor!r})", "1.0"
        )
    if not getattr(quantizer, "is_quantized_clip", True):
        raise quantizer_refusal(quantizer, "has is_quantized_clip=False, which QKeras does not save", "True")
    if q._sigmoid is not q.hard_sigmoid:
        raise quantizer_refusal(quantizer, "depends on QKeras's internal sigmoid, which is not saved", "'hard'")
    instead = "quantized_bits, behind a Keras activation if need be"
    try:
        copy = kind.from_config(quantizer.get_config())
    except Exception as error:
        raise quantizer_refusal(quantizer, "cannot be made again from what QKeras saves of it", instead) from error
    try:
        with double_precision():
            copy(np.zeros((1, 1)))
    except Exception as error:
        raise quantizer_refusal(quantizer, "computes in float32 alone, which rounds", instead) from error
