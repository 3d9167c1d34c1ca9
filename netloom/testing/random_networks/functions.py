"""Quantizers and functions of one value: casts, lines, and tables of every kind."""

from typing import Any

import numpy as np

from netloom.testing.random_networks.kind import Chance, Kind, Lengths, Options, bits, closing

DRAWN_QUANTIZERS = (
    *("quantized_tanh(5,use_real_tanh=True)", "quantized_relu(5,1,negative_slope=0.25)", "ternary()", "binary()"),
    *(
        "quantized_po2(4)",
        "quantized_relu_po2(4)",
        "quantized_sigmoid(5,symmetric=True)",
        "quantized_bits(1,0,1,alpha=1)",
    ),
    *(
        "quantized_sigmoid(5,use_real_sigmoid=True)",
        "quantized_relu(5,2,use_sigmoid=1)",
        "quantized_relu(4,2,negative_slope=0.5)",
    ),
)
"""Quantizers of QKeras that are tables."""

DRAWN_LAYERS = ("LeakyReLU", "ELU", "ReLU", "PReLU")
"""Activations that are layers of Keras's."""

DRAWN_FUNCTIONS = (
    *("arcsinh", "arctan", "cbrt", "ceil", "cos", "erf", "exp2"),
    *("floor", "round", "sign", "sin", "sinh", "trunc"),
)
"""Functions of `keras.ops` that are finite everywhere."""

_HLS4ML = ("sigmoid", "tanh", "softmax")
"""For which hls4ml has tables of its own where no quantizer stands before them."""


def activations() -> tuple[str, ...]:
    """Every activation of Keras that is a function of one value, by name."""
    from netloom.quantize.functions.one_value import function_names

    return tuple(sorted(function_names()))


def _draw_quantizer(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    """A cast, to either sign."""
    layer |= {"symmetric": chance.pick(0, 1), "signed": chance.often(0.7)}
    if not layer["signed"]:
        layer["symmetric"] = 0
    return shape


def _quantizer(layer: Options, x: Any) -> Any:
    from qkeras import QActivation

    return QActivation(closing(layer, keep_negative=layer["signed"]), name=layer["name"])(x)


def _draw_relu(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    layer["function"] = chance.pick("quantized", "quantized", "plain", "quantized_sigmoid", "quantized_tanh")
    return shape


def _relu(layer: Options, x: Any) -> Any:
    import keras
    from qkeras import QActivation, quantized_relu

    if layer["function"] == "plain":
        return keras.layers.Activation("relu", name=layer["name"])(x)
    quantizer: Any = quantized_relu(max(layer["bits"], layer["integer"]), float(layer["integer"]))
    if layer["function"] != "quantized":
        quantizer = f"{layer['function']}({max(layer['bits'], 2)})"
    return QActivation(quantizer, name=layer["name"])(x)


def _draw_function(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    """A function behind an address of few bits; mostly with a quantizer behind it, which makes it exact."""
    layer["function"] = chance.pick(
        chance.pick(*activations()),
        chance.pick(*DRAWN_QUANTIZERS),
        chance.pick(*DRAWN_LAYERS),
        chance.pick(*DRAWN_FUNCTIONS),
    )
    layer["closed"] = chance.often(0.75)
    layer["exact"] = layer["closed"]
    if layer["function"] in DRAWN_LAYERS:
        layer |= {
            "slopes": [chance.below(-6, 7) / 4 for _ in range(shape[-1])],
            "bound": chance.pick(None, 0.75, 1.3, 3.0),
            "threshold": chance.pick(0.0, 0.0, 0.2),
            "short": chance.often(0.5),
        }
    elif layer["function"] in _HLS4ML:
        layer["addressed"] = chance.often(0.8)
        layer["exact"] = layer["closed"] and layer["addressed"]
    return shape


def _function(layer: Options, x: Any) -> Any:
    from qkeras import QActivation

    name = layer["name"]
    if layer.get("addressed", True):
        x = QActivation(bits(max(layer["bits"], 2) + 2, 2), name=f"{name}_address")(x)
    x = _layer(layer, x)
    if layer["closed"]:
        x = QActivation(bits(max(layer["bits"], 4), 2), name=f"{name}_closed")(x)
    return x


def _layer(layer: Options, x: Any) -> Any:
    import keras
    from qkeras import QActivation

    function, name = layer["function"], layer["name"]
    if function in DRAWN_FUNCTIONS:
        from netloom.quantize.layers import Function

        return Function(function, name=name)(x)
    if function in DRAWN_LAYERS:
        slope = abs(layer["slopes"][0]) if layer["short"] else 0.3
    match function:
        case "LeakyReLU":
            return keras.layers.LeakyReLU(slope, name=name)(x)
        case "ELU":
            return keras.layers.ELU(0.7, name=name)(x)
        case "ReLU":
            return keras.layers.ReLU(layer["bound"], negative_slope=slope, threshold=layer["threshold"], name=name)(x)
        case "PReLU":
            leaky = keras.layers.PReLU(shared_axes=list(range(1, len(x.shape) - 1)) or None, name=name)
            x = leaky(x)
            leaky.set_weights([np.reshape(layer["slopes"], leaky.alpha.shape)])
            return x
    if function.endswith(")"):
        return QActivation(function, name=name)(x)
    return keras.layers.Activation(function, name=name)(x)


KINDS = {
    "quant": Kind(_draw_quantizer, _quantizer),
    "relu": Kind(_draw_relu, _relu),
    "function": Kind(_draw_function, _function),
}
