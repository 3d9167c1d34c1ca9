"""Normalization of every mode, batch normalization on every axis, softmax over every axis."""

from math import prod
from typing import Any

import numpy as np

from netloom.testing.random_networks.kind import Chance, Kind, Lengths, Options, bits

MODES = {"layer": 2.0**-10, "rms": 1e-6, "unit": 1e-12}
"""Modes of `QNormalization`, and an epsilon for each."""


def _draw_batch_norm(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    layer |= {
        "class": chance.pick("QBatchNormalization", "QBatchNormalization", "BatchNormalization"),
        "axis": chance.pick(-1, -1, chance.below(1, len(shape) + 1)),
        "inverse": chance.often(0.25),
        "weights": chance.below(0, 2**31),
    }
    return shape


def _batch_norm(layer: Options, x: Any) -> Any:
    import keras
    from qkeras import QBatchNormalization

    # With these an inverse deviation is exactly 1.
    options = {"axis": layer["axis"], "epsilon": 2**-10, "name": layer["name"]}
    if layer["class"] == "BatchNormalization":
        norm = keras.layers.BatchNormalization(**options)
    else:
        width = layer["bits"]
        norm = QBatchNormalization(
            gamma_quantizer=None if layer["inverse"] else bits(width, 0),
            beta_quantizer=bits(width, 0),
            mean_quantizer=None,
            variance_quantizer=None,
            inverse_quantizer=bits(width, 1) if layer["inverse"] else None,
            **options,
        )
    x = norm(x)
    rng = np.random.default_rng(layer["weights"])
    norm.set_weights([_parameter(weight, rng) for weight in norm.weights])
    return x


def _parameter(weight: Any, rng: np.random.Generator) -> np.ndarray:
    if "variance" in weight.name:
        return np.full(weight.shape, 1 - 2**-10)
    if "mean" in weight.name:
        return np.zeros(weight.shape)
    return np.round(rng.normal(0.5, 0.5, weight.shape) * 64) / 64


def _draw_norm(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    mode = chance.pick(*MODES)
    groups = chance.pick(None, None, *(n for n in range(1, shape[-1] + 1) if shape[-1] % n == 0))
    layer |= {"mode": mode, "groups": groups if mode == "layer" else None, "width": chance.below(3, 7)}
    return shape if (prod(shape) if layer["groups"] else shape[-1]) <= 64 else None


def _norm(layer: Options, x: Any) -> Any:
    from netloom.quantize.layers import QNormalization

    return QNormalization(
        bits(layer["width"], 1), layer["mode"], MODES[layer["mode"]], layer["groups"], name=layer["name"]
    )(x)


def _draw_softmax(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    """netloom's; Keras's takes hls4ml's tables, which QKeras does not have."""
    layer |= {"class": chance.pick("QSoftmax", "QSoftmax", "QSoftmax", "Softmax", "Activation")}
    layer |= {"axis": chance.pick(-1, chance.below(1, len(shape) + 1)), "exact": layer["class"] == "QSoftmax"}
    return shape


def _softmax(layer: Options, x: Any) -> Any:
    import keras
    from qkeras import QActivation

    from netloom.quantize.layers import QSoftmax

    width = bits(max(layer["bits"], 2) + 1, 2)
    if layer["class"] == "QSoftmax":
        return QSoftmax(width, axis=layer["axis"], name=layer["name"])(x)
    x = QActivation(width, name=f"{layer['name']}_quantizer")(x)
    if layer["class"] == "Softmax":
        return keras.layers.Softmax(layer["axis"], name=layer["name"])(x)
    return keras.layers.Activation("softmax", name=layer["name"])(x)


KINDS = {
    "batch_norm": Kind(_draw_batch_norm, _batch_norm),
    "norm": Kind(_draw_norm, _norm),
    "softmax": Kind(_draw_softmax, _softmax),
}
