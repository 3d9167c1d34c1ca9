"""`Kind`: what a family of layers brings to random networks; `Chance`, from which it draws; sizes and quantizers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

Options = dict[str, Any]
"""What is drawn of a layer, as plain JSON; `name`, `bits`, `integer` and `kind` are there already."""

Lengths = list[int]

MOST_ELEMENTS, MOST_SIZE = 96, 12
"""Of any tensor, so that a network compiles in seconds."""


class Chance:
    """Draws from one seed."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def pick(self, *options: Any) -> Any:
        """One of them."""
        return options[int(self._rng.integers(len(options)))]

    def below(self, first: int, last: int) -> int:
        """From `first` to one before `last`."""
        return int(self._rng.integers(first, last))

    def often(self, probability: float) -> bool:
        """Yes with a probability."""
        return bool(self._rng.random() < probability)


@dataclass(frozen=True)
class Kind:
    """A kind of layer.

    Attributes:
        draw: adds to the options of a layer on a tensor of a shape, without the batch; gives the shape of its result,
            or None where there is no such layer.
        build: the tensor that Keras layers of these options give of another.
    """

    draw: Callable[[Chance, Options, Lengths], Lengths | None]
    build: Callable[[Options, Any], Any]


def is_small(shape: Sequence[int]) -> bool:
    """Whether a tensor has something, and not too much."""
    return all(0 < size <= MOST_SIZE for size in shape) and prod(shape) <= MOST_ELEMENTS


def slid(size: int, kernel: int, stride: int, padding: str, dilation: int = 1) -> int:
    """Positions of a window along an axis; 0 or less where it does not fit."""
    return -(-size // stride) if padding == "same" else (size - (kernel - 1) * dilation - 1) // stride + 1


def bits(width: int, integer: int, **options: Any) -> Any:
    """A `quantized_bits`."""
    from qkeras import quantized_bits

    return quantized_bits(width, float(integer), alpha=1, **options)


def closing(layer: Options, **options: Any) -> Any:
    """The `quantized_bits` of a layer's own width, wide enough to be one."""
    integer = layer["integer"]
    return bits(max(layer["bits"], 2, integer + 1), integer, symmetric=layer.get("symmetric", 0), **options)


def quantized(layer: Options, x: Any, suffix: str) -> Any:
    """A tensor behind a quantizer of the layer's width: a second one to join it with, or an address of few bits."""
    from qkeras import QActivation

    return QActivation(closing(layer), name=f"{layer['name']}_{suffix}")(x)


def common(layer: Options) -> Options:
    """Arguments that all layers with weights take."""
    return {
        "use_bias": layer.get("bias", True),
        "bias_quantizer": bits(layer["bits"] + 2, 1),
        "activation": ACTIVATIONS[layer.get("activation", "linear")](layer),
        "name": layer["name"],
    }


def _relu(layer: Options) -> Any:
    from qkeras import quantized_relu

    return quantized_relu(max(layer["bits"], layer["integer"]), float(max(layer["integer"], 0)))


ACTIVATIONS: dict[str, Callable[[Options], Any]] = {
    "linear": lambda _: None,
    "relu": lambda _: "relu",
    "quantized_relu": _relu,
    "quantized_bits": closing,
}
"""Functions that a layer with weights has inside it."""


def draw_weights(chance: Chance, layer: Options) -> None:
    """What all layers with weights have."""
    layer |= {"bias": chance.often(0.6), "symmetric": chance.pick(0, 1)}
    if chance.often(0.25):
        layer["activation"] = chance.pick(*list(ACTIVATIONS)[1:])
