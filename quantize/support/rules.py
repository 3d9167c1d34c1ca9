"""Rules: one a refused option, each with its reason and its way out, over plain facts of a layer.

Several of these options hls4ml 1.3 would accept and silently compute something else, or crash on in C++: see
docs/upstream.md.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from netloom.quantize.functions.one_value import NOT_ELEMENTWISE, OF_LAYERS, function_names
from netloom.quantize.support.layer import LayerFacts, per_axis


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
    found: Callable[[LayerFacts], str | None]
    instead: str
    reason: str

    def problem(self, layer: LayerFacts) -> str | None:
        """What is wrong with a layer of a class that has this rule, what to do, and why; None if nothing."""
        found = self.found(layer)
        return None if found is None else f"{found}: {self.instead} ({self.reason})"


def _activation(layer: LayerFacts, option: str = "activation", taken: Collection[str] = OF_LAYERS) -> str | None:
    function = layer.config.get(option, "linear")
    if isinstance(function, dict):
        function = function.get("class_name", "a function of its own")
    if function in ("linear", *taken, *function_names()):
        return None
    reason = NOT_ELEMENTWISE.get(function, "it is not one of keras.activations, and its code cannot be read")
    return f"{option} {function!r} is not supported, because {reason}"


def _one(option: str, instead: str, reason: str) -> Rule:
    def found(layer: LayerFacts) -> str | None:
        value = layer.config[option]
        return f"{option} must be 1, not {value}" if any(one != 1 for one in per_axis(value)) else None

    return Rule(f"`{option}` other than 1", found, instead, reason)


def _padding(layer: LayerFacts) -> str | None:
    padding = layer.config["padding"]
    return None if padding in ("valid", "same") else f"padding must be 'valid' or 'same', not {padding!r}"


def _mask(layer: LayerFacts) -> str | None:
    return "it takes a mask" if len(layer.inputs) > 1 else None


def _kernel_mask(layer: LayerFacts) -> str | None:
    mask: Any = layer.config.get("mask")
    return None if mask is None or np.isin(mask, (0, 1)).all() else "mask must hold zeros and ones"


def _given(option: str) -> Callable[[LayerFacts], str | None]:
    return lambda layer: f"{option}={layer.config[option]!r}" if layer.config.get(option) else None


def _samples(layer: LayerFacts) -> str | None:
    return "it joins samples" if layer.config["axis"] % (len(layer.inputs[0]) + 1) == 0 else None


def _states(layer: LayerFacts) -> str | None:
    units = layer.config["units"]
    initial = list(layer.inputs[1 : len(layer.inputs) - ("Masked" in layer.kind)])
    wanted = [(units,)] * (2 if layer.kind.endswith("LSTM") else 1)
    return None if initial in ([], wanted) else f"its states must begin with {wanted}, not {initial}"


def _few(layer: LayerFacts) -> str | None:
    return "it must have two inputs or more, all of them tensors" if len(layer.inputs) < 2 else None


ACTIVATION = Rule(
    "an `activation` that is no function of one value, or none of Keras's",
    _activation,
    "use one that is in keras.activations",
    "a table has an entry for every value",
)
CONVOLUTION = (
    Rule("causal `padding`", _padding, "use ZeroPadding1D before 'valid'", "neither Keras nor QKeras computes it here"),
)
TRANSPOSED = (
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
SOFTMAX_MASK = Rule("a mask", _mask, "call it with one input", "the firmware has none")
EMBEDDING_MASK = Rule(
    "`mask_zero`, in a `RecurrentDecoder`",
    lambda layer: "it masks its zeros" if layer.config["mask_zero"] else None,
    "give the decoder one of the same rows without mask_zero",
    "a decoder reads every symbol that it has said",
)
CELL_FUNCTIONS = tuple(
    Rule(
        f"in a cell, {article} `{option}` that is no function of one value, or none of Keras's",
        partial(_activation, option=option, taken=()),
        ACTIVATION.instead,
        ACTIVATION.reason,
    )
    for article, option in (("an", "activation"), ("a", "recurrent_activation"))
)
STATES = Rule(
    "states to begin with that are not one of (units,) each, two of an LSTM",
    _states,
    "give a layer's own states, or those of another with as many units",
    "that is what a cell reads",
)
SAMPLES = Rule("the axis of the samples", _samples, "join along another", "a network computes each on its own")
FEW = Rule("one input, the other a number", _few, "fold the number into the weights before it", "it is no tensor")
